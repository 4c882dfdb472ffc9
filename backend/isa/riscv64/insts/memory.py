"""Loads, stores, addresses of symbols, constants of floats."""

from __future__ import annotations

from typing import Any

from jitpy.backend.isa.riscv64 import frame
from jitpy.backend.isa.riscv64.encode import address_access, i_type, put, r_type, s_type
from jitpy.backend.isa.riscv64.frame import CONST, near
from jitpy.backend.isa.riscv64.insts.int import constant_words
from jitpy.backend.isa.riscv64.regs import A0, F0, FP, RA, SP, T6, TEMP
from jitpy.backend.isa.riscv64.rows import macro, mem, row
from jitpy.backend.target.row import REMAT, MInst

for _name, _f3 in (("lb", 0), ("lh", 1), ("lw", 2), ("ld", 3), ("lbu", 4), ("lhu", 5), ("lwu", 6)):
    mem(_name, f"{_name} =rd mem", 0x03 | _f3 << 12)
for _name, _f3 in (("sb", 0), ("sh", 1), ("sw", 2), ("sd", 3)):
    mem(_name, f"{_name} rs2 mem", 0x23 | _f3 << 12, store=True)
for _name, _f3 in (("flh", 1), ("flw", 2), ("fld", 3)):
    mem(_name, f"{_name} =rd.f mem", 0x07 | _f3 << 12)
for _name, _f3 in (("fsh", 1), ("fsw", 2), ("fsd", 3)):
    mem(_name, f"{_name} rs2.f mem", 0x27 | _f3 << 12, store=True)

row("fence", "fence rw rw", 0x0330000F)


def _store_zero(word: int, addr: int) -> Any:
    def encode(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
        mode, disp, trap = inst.imm
        if addr:
            base, disp = near(sink, allocs[0], disp)
        else:
            base, disp, _ = frame.address(sink, mode, disp)
            base, disp = near(sink, base, disp)
        if trap is not None:
            sink.trap(trap)
        put(sink, s_type(word, 0, base, disp))

    return encode


#: Bits -> rows that store zero.
STORE_ZERO = {
    bits: (
        macro(f"s{8 << f3}_zero", f"s{'bhwd'[f3]} zero mem", _store_zero(0x23 | f3 << 12, 0), addr=0),
        macro(f"s{8 << f3}_zero_r", f"s{'bhwd'[f3]} zero mem", _store_zero(0x23 | f3 << 12, 1), addr=1),
    )
    for f3, bits in enumerate((8, 16, 32, 64))
}


def _stack_address(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    mode, disp, _ = inst.imm
    base, disp, _ = frame.address(sink, mode, disp)
    frame.add(sink, allocs[0], base, disp)


macro("stack_address", "addi =rd sp mem", _stack_address, addr=0)


def symbol_into(sink: Any, rd: int, name: str, addend: int) -> None:
    """The address of a symbol anywhere, from the constant pool: auipc and ld."""
    sink.code += (0x17 | rd << 7).to_bytes(4, "little") + (0x3003 | rd << 7 | rd << 15).to_bytes(4, "little")
    sink.fixup(frame.PAIR, sink.address_constant("abs8", name, addend), 0, 8)


def _symbol(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    symbol_into(sink, allocs[0], *inst.imm)


def _near_symbol(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """auipc and addi, for a symbol of the same module."""
    rd = allocs[0]
    sink.code += (0x17 | rd << 7).to_bytes(4, "little") + (0x13 | rd << 7 | rd << 15).to_bytes(4, "little")
    sink.reloc("riscv_pcrel", inst.imm[0], inst.imm[1], 8)


def _thread_local(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """The general dynamic model: the place of the symbol's descriptor in a0, and a call of the C library."""
    sink.code += (0x17 | A0 << 7).to_bytes(4, "little") + (0x13 | A0 << 7 | A0 << 15).to_bytes(4, "little")
    sink.reloc("riscv_tls_gd", inst.imm, 0, 8)
    sink.code += (0x17 | RA << 7).to_bytes(4, "little") + (0x67 | RA << 7 | RA << 15).to_bytes(4, "little")
    sink.reloc("riscv_call", "__tls_get_addr", 0, 8)
    sink.mode = None


def _float_constant(bits: int) -> Any:
    """From the pool, or by a general register where its upper bits are all there is to it."""

    def encode(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
        value = inst.imm
        words = constant_words(value - (value >> 31 << 32) if bits == 32 else value, TEMP, sink.features["has_zbs"])
        if len(words) > 1:
            word = (0x3007 if bits == 64 else 0x2007) | allocs[0] - F0 << 7
            address_access(sink, word, False, CONST, value.to_bytes(8, "little"), None)
            return
        for word in words:
            put(sink, word)
        put(sink, r_type(0xF2000053 if bits == 64 else 0xF0000053, allocs[0] - F0, TEMP, 0))

    return encode


macro("lea_symbol", "la =rd symbol", _near_symbol, REMAT)
macro("mov_symbol", "la =rd symbol", _symbol, REMAT)
macro("thread_local", "la.tls.gd =rd symbol", _thread_local)
macro("fconst64", "fli.d =rd.f imm", _float_constant(64), REMAT)
macro("fconst32", "fli.s =rd.f imm", _float_constant(32), REMAT)

row("mov_fp", "addi =rd s0 0", 0x13 | FP << 15)
row("mov_sp", "addi =rd sp 0", 0x13 | SP << 15)
row("mov_return_address", "ld =rd 8(s0)", 0x00803003 | FP << 15)
row("mov_pinned", "addi =rd s11 0", 0x13 | 27 << 15)
row("set_pinned", "addi s11 rs1 0", 0x13 | 27 << 7)


def _switch_stack(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """A control context is stack pointer, frame pointer, program counter. Take those at a2, leave ours at a1 (to go on behind
    the jump); the payload travels in a0, all else is lost."""
    t0, t1, a1, a2 = 5, 6, 11, 12
    for reg, at in ((t0, 0), (t1, 8), (TEMP, 16)):
        put(sink, i_type(0x3003, reg, a2, at))
    here = sink.label()
    sink.code += (0x17 | T6 << 7).to_bytes(4, "little") + (0x13 | T6 << 7 | T6 << 15).to_bytes(4, "little")
    sink.fixup(frame.PAIR, here, 0, 8)
    for reg, at in ((SP, 0), (FP, 8), (T6, 16)):
        put(sink, s_type(0x3023, reg, a1, at))
    put(sink, i_type(0x13, SP, t0, 0))
    put(sink, i_type(0x13, FP, t1, 0))
    put(sink, 0x67 | TEMP << 15)
    sink.bind(here)
    sink.mode = None


macro("switch_stack", "switch_stack", _switch_stack)
