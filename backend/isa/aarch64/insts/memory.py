"""Loads and stores of the general registers, and addresses: of the stack, of symbols, of the frame."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jitpy.backend.isa.aarch64.frame import add_constant, base_address, literal_address, word
from jitpy.backend.isa.aarch64.regs import FP, PINNED, SP, TEMPORARY
from jitpy.backend.isa.aarch64.rows import macro, mem, row
from jitpy.backend.target.row import CALL, MInst

# Loads clear what they do not fill; the s forms fill with the sign, up to 32 or 64 bits.
mem("ldr8", "ldrb =Rd.w mem", 0x38400000, 0)
mem("ldr16", "ldrh =Rd.w mem", 0x78400000, 1)
mem("ldr32", "ldr =Rd.w mem", 0xB8400000, 2, 0x18000000)
mem("ldr64", "ldr =Rd.x mem", 0xF8400000, 3, 0x58000000)
for _bits, _scale, _name, _word in ((8, 0, "b", 0x38800000), (16, 1, "h", 0x78800000)):
    mem(f"ldrs{_bits}_32", f"ldrs{_name} =Rd.w mem", _word | 1 << 22, _scale)
    mem(f"ldrs{_bits}_64", f"ldrs{_name} =Rd.x mem", _word, _scale)
mem("ldrs32_64", "ldrsw =Rd.x mem", 0xB8800000, 2)
mem("str8", "strb Rd.w mem", 0x38000000, 0)
mem("str16", "strh Rd.w mem", 0x78000000, 1)
mem("str32", "str Rd.w mem", 0xB8000000, 2)
mem("str64", "str Rd.x mem", 0xF8000000, 3)
# Zeros, without a register that holds one.
mem("zero8", "strb zw mem", 0x3800001F, 0)
mem("zero16", "strh zw mem", 0x7800001F, 1)
mem("zero32", "str zw mem", 0xB800001F, 2)
mem("zero64", "str zx mem", 0xF800001F, 3)


def _stack_address(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    mode, disp, _ = inst.imm
    add_constant(sink.code, allocs[0], *base_address(sink, mode, disp))


def _add_any(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    add_constant(sink.code, allocs[0], allocs[1], inst.imm)


def _mov_symbol(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    name, addend = inst.imm
    literal_address(sink, allocs[0], "abs8", name, addend)


def _near_symbol(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """The constant pool has the distance from itself: ldr r, that; x17 = its address; add r, r, x17."""
    from jitpy.backend.isa.aarch64.insts.branch import address_of

    name, addend = inst.imm
    r = allocs[0]
    literal_address(sink, r, "pcrel8", name, addend)
    address_of(sink, TEMPORARY, sink.address_constant("pcrel8", name, addend))
    sink.code += word(0x8B000000 | TEMPORARY << 16 | r << 5 | r)


def _mov_from(register: int) -> Callable[[Any, MInst, tuple[int, ...]], None]:
    def encode(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
        sink.code += word(0x91000000 | register << 5 | allocs[0])

    return encode


def _return_address(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """From the frame record; signed ones stripped of their signature: that instruction works on x30, which is kept."""
    r = allocs[0]
    sink.code += word(0xF94007A0 | r)
    if sink.features["sign_return_address"]:  # mov x17, x30; mov x30, r; xpaclri; mov r, x30; mov x30, x17
        for w in (0xAA1E03F1, 0xAA0003FE | r << 16, 0xD50320FF, 0xAA1E03E0 | r, 0xAA1103FE):
            sink.code += word(w)


def _thread_local(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """TLS descriptors of ELF, in the order that linkers expect: adrp x0, x; ldr x1, [x0, x]; add x0, x0, x; blr x1; then x0 is the
    distance from the thread pointer: mrs x1, tpidr_el0; add x0, x0, x1."""
    for w, kind in (
        (0x90000000, "tlsdesc_page"), (0xF9400001, "tlsdesc_load"), (0x91000000, "tlsdesc_add"), (0xD63F0020, "tlsdesc_call"),
    ):  # fmt: skip
        sink.code += word(w)
        sink.reloc(kind, inst.imm)
    sink.code += word(0xD53BD041) + word(0x8B010000)


def _switch_stack(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """Take the other stack's three words (at x2), leave our own (at x1), go on there; a switch back arrives behind the jump."""
    from jitpy.backend.isa.aarch64.insts.branch import address_of

    here = sink.label()
    for w in (0xF9400043, 0xF9400444, 0xF9400850, 0x910003E5, 0xF9000025, 0xF900043D):
        sink.code += word(w)  # ldr x3, x4, x16 from [x2]; mov x5, sp; str x5, x29 to [x1]
    address_of(sink, TEMPORARY, here)
    for w in (0xF9000831, 0x9100007F, 0xAA0403FD, 0xD65F0200):
        sink.code += word(w)  # str x17, [x1, 16]; mov sp, x3; mov x29, x4; ret x16
    sink.bind(here)


macro("stack_address", "add =Rd.x", _stack_address)
macro("add_any", "add =Rd.x Rn.x", _add_any)
macro("mov_symbol", "ldr =Rd.x", _mov_symbol)
macro("near_symbol", "ldr =Rd.x", _near_symbol)
macro("mov_sp", "mov =Rd.x", _mov_from(SP))
macro("mov_fp", "mov =Rd.x", _mov_from(FP))
macro("mov_pinned", "mov =Rd.x", _mov_from(PINNED))
macro("set_pinned", "mov Rn.x", lambda sink, inst, allocs: sink.code.extend(word(0xAA0003E0 | allocs[0] << 16 | PINNED)))
macro("mov_return_address", "ldr =Rd.x", _return_address)
macro("thread_local", "tlsdesc =Rd.x", _thread_local, CALL)
macro("switch_stack", "switch_stack =Rd.x Rn.x Rm.x Ra.x", _switch_stack)
row("csdb", "csdb", 0xD503229F)
macro("dmb_ish", "dmb ish", lambda sink, inst, allocs: sink.code.extend(word(0xD5033BBF)))
