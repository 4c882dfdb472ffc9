"""Memory alone: atomic operations, the fence, addresses of symbols and of the frame.

Plain loads and stores stand with their types in `int` and `float`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jitpy.backend.isa.x64.insts.int import SIZES
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
        sink.code += bytes((0x48 | r >> 3, 0x89, 0xC0 | register << 3 | r & 7))

    return encode


def _return_address(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    r = allocs[0]
    sink.code += bytes((0x48 | r >> 3 << 2, 0x8B, 0x45 | (r & 7) << 3, 8))


macro("mov_symbol", "mov =rm.q", _mov_symbol)
macro("lea_symbol", "lea =rm.q", _lea_symbol)
macro("mov_rsp", "mov =rm.q", _mov_from(4))
macro("mov_rbp", "mov =rm.q", _mov_from(5))
macro("mov_return_address", "mov =rm.q", _return_address)
row("mov64_copy", "mov =reg.q rm.q", "REX.W 8B /r")
