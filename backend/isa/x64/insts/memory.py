"""Memory alone: atomic operations, the fence, addresses of symbols and of the frame.

Plain loads and stores stand with their types in `int` and `float`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jitpy.backend.isa.x64.frame import REL4
from jitpy.backend.isa.x64.insts.int import SIZES
from jitpy.backend.isa.x64.regs import PINNED
from jitpy.backend.isa.x64.rows import macro, mem, row
from jitpy.backend.target.row import MInst

for _bits, (_k, _p) in SIZES.items():
    _wide = _bits != 8
    # xchg with memory locks the bus by itself.
    mem(f"xchg{_bits}_m", f"xchg mem.{_k} +reg.{_k}", f"{_p}{0x86 + _wide:02X} /r")
    mem(f"xadd{_bits}_m", f"lock xadd mem.{_k} +reg.{_k}", f"F0 {_p}0F {0xC0 + _wide:02X} /r")
    mem(f"cmpxchg{_bits}_m", f"lock cmpxchg mem.{_k} reg.{_k} | +$rax", f"F0 {_p}0F {0xB0 + _wide:02X} /r")
    for _digit, _op in ((0, "add"), (1, "or"), (4, "and"), (5, "sub"), (6, "xor")):
        mem(f"lock_{_op}{_bits}_mr", f"lock {_op} mem.{_k} reg.{_k}", f"F0 {_p}{8 * _digit + _wide:02X} /r")
mem("cmpxchg16b_m", "lock cmpxchg16b mem.x | +$rax +$rdx $rbx $rcx", "F0 REX.W 0F C7 /1")
row("mfence", "mfence", "0F AE F0")


def _mov_symbol(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    r = allocs[0]
    name, addend = inst.imm
    sink.code += bytes((0x48 | r >> 3, 0xB8 | r & 7)) + bytes(8)
    sink.reloc("abs8", name, addend, 8)


def _lea_symbol(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    r = allocs[0]
    name, addend = inst.imm
    sink.code += bytes((0x48 | r >> 3 << 2, 0x8D, (r & 7) << 3 | 5, 0, 0, 0, 0))
    sink.reloc("pcrel4", name, addend - 4, 4)


def _mov_from(register: int) -> Callable[[Any, MInst, tuple[int, ...]], None]:
    def encode(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
        r = allocs[0]
        sink.code += bytes((0x48 | register >> 3 << 2 | r >> 3, 0x89, 0xC0 | (register & 7) << 3 | r & 7))

    return encode


def _set_pinned(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    r = allocs[0]
    sink.code += bytes((0x49 | r >> 3 << 2, 0x89, 0xC0 | (r & 7) << 3 | PINNED & 7))


def _thread_local(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """The general dynamic model of ELF, as linkers expect it: data16 lea rdi, [rip + x@tlsgd]; data16 data16 rex.W
    call __tls_get_addr@plt."""
    sink.code += b"\x66\x48\x8d\x3d\0\0\0\0"
    sink.reloc("tlsgd4", inst.imm, -4, 4)
    sink.code += b"\x66\x66\x48\xe8\0\0\0\0"
    sink.reloc("plt4", "__tls_get_addr", -4, 4)


def _switch_stack(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """Take the other stack's three words, leave our own, go on there; a switch back arrives behind the jump.

    mov rax, [rdx]; mov rcx, [rdx + 8]; mov r8, [rdx + 16]; mov [rsi], rsp; mov [rsi + 8], rbp; lea r9, [rip + here];
    mov [rsi + 16], r9; mov rsp, rax; mov rbp, rcx; notrack jmp r8; here:
    """
    sink.code += b"\x48\x8b\x02\x48\x8b\x4a\x08\x4c\x8b\x42\x10\x48\x89\x26\x48\x89\x6e\x08\x4c\x8d\x0d\0\0\0\0"
    here = sink.label()
    sink.fixup(REL4, here, -4)
    sink.code += b"\x4c\x89\x4e\x10\x48\x89\xc4\x48\x89\xcd\x3e\x41\xff\xe0"
    sink.bind(here)


def _return_address(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    r = allocs[0]
    sink.code += bytes((0x48 | r >> 3 << 2, 0x8B, 0x45 | (r & 7) << 3, 8))


macro("thread_local", "tls_get_addr =$rax", _thread_local)
macro("switch_stack", "switch_stack =$rdi $rsi $rdx $rdi", _switch_stack)
macro("mov_symbol", "mov =rm.q", _mov_symbol)
macro("lea_symbol", "lea =rm.q", _lea_symbol)
macro("mov_sp", "mov =rm.q", _mov_from(4))
macro("mov_fp", "mov =rm.q", _mov_from(5))
macro("mov_pinned", "mov =rm.q", _mov_from(PINNED))
macro("set_pinned", "mov rm.q", _set_pinned)
macro("mov_return_address", "mov =rm.q", _return_address)
row("mov64_copy", "mov =reg.q rm.q", "REX.W 8B /r")
