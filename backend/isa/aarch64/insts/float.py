"""Scalar floats: arithmetic, comparison, rounding, moves; s, d, and h where the processor has half precision."""

from __future__ import annotations

from typing import Any

from jitpy.backend.isa.aarch64.encode import LITERAL
from jitpy.backend.isa.aarch64.frame import word
from jitpy.backend.isa.aarch64.insts.branch import jump_if
from jitpy.backend.isa.aarch64.insts.convert import TYPES
from jitpy.backend.isa.aarch64.regs import FLOAT_SCRATCH
from jitpy.backend.isa.aarch64.rows import macro, mem, row
from jitpy.backend.target.row import MOVE, REMAT, MInst

for _f, _type in TYPES.items():
    for _op, _code in (("fmul", 0), ("fdiv", 1), ("fadd", 2), ("fsub", 3), ("fmax", 4), ("fmin", 5), ("fnmul", 8)):
        row(f"{_op}_{_f}", f"{_op} =Rd.{_f} Rn.{_f} Rm.{_f}", 0x1E200800 | _type | _code << 12)
    for _op, _code in (
        ("fabs", 1), ("fneg", 2), ("fsqrt", 3), ("frintn", 8), ("frintp", 9), ("frintm", 10), ("frintz", 11),
    ):  # fmt: skip
        row(f"{_op}_{_f}", f"{_op} =Rd.{_f} Rn.{_f}", 0x1E204000 | _type | _code << 15)
    # n * m + a; n * m - a has n in the name, negated products m.
    for _op, _code in (("fmadd", 0), ("fmsub", 1 << 15), ("fnmadd", 1 << 21), ("fnmsub", 1 << 21 | 1 << 15)):
        row(f"{_op}_{_f}", f"{_op} =Rd.{_f} Rn.{_f} Rm.{_f} Ra.{_f}", 0x1F000000 | _type | _code)
    row(f"fcmp_{_f}", f"fcmp Rn.{_f} Rm.{_f}", 0x1E202000 | _type)
    row(f"fcmp0_{_f}", f"fcmp Rn.{_f} f0", 0x1E202008 | _type)
    row(f"fcsel_{_f}", f"fcsel =Rd.{_f} Rn.{_f} Rm.{_f} cond", 0x1E200C00 | _type)
    row(f"fmov_{_f}i", f"fmov =Rd.{_f} f8", 0x1E201000 | _type, REMAT)
for _f, _scale, _word, _literal in (
    ("h", 1, 0x7C000000, 0), ("s", 2, 0xBC000000, 0x1C000000), ("d", 3, 0xFC000000, 0x5C000000),
    ("q", 4, 0x3C800000, 0x9C000000),
):  # fmt: skip
    mem(f"ldr_{_f}", f"ldr =Rd.{_f} mem", _word | 1 << 22, _scale, _literal)
    mem(f"str_{_f}", f"str Rd.{_f} mem", _word, _scale)
# Whole registers: the allocator's move.
row("mov_v", "mov =Rd.16b Rnm.16b", 0x4EA01C00, MOVE)
# Bits as bits. The last three change their first operand: it chooses; where the last has ones, where it has zeros, the other's bits
# come in.
for _op, _word in (("and", 0), ("bic", 1 << 22), ("orr", 2 << 22), ("orn", 3 << 22), ("eor", 1 << 29)):
    row(f"{_op}_v", f"{_op} =Rd.16b Rn.16b Rm.16b", 0x4E201C00 | _word)
for _op, _word in (("bsl", 1 << 22), ("bit", 2 << 22), ("bif", 3 << 22)):
    row(f"{_op}_v", f"{_op} +Rd.16b Rn.16b Rm.16b", 0x6E201C00 | _word)
row("mvn_v", "mvn =Rd.16b Rn.16b", 0x6E205800)


def _select(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """The first operand, or where the condition holds the second, by a jump over a move."""
    over = sink.label()
    jump_if(sink, inst.imm ^ 1, over)
    sink.code += word(0x4EA01C00 | (allocs[2] & 31) * (1 << 16 | 1 << 5) | allocs[0] & 31)
    sink.bind(over)


macro("select_v", "select +Rd.16b Rn.16b", _select)


def _literal_load(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """From the constant pool, 8 or 16 bytes; into a spill slot by way of v31."""
    data: bytes = inst.imm
    to = allocs[0] if allocs[0] >= 0 else FLOAT_SCRATCH
    wide = len(data) == 16
    form = (0x9C000000, to & 31, 0x3CC00000 << 3 | 4) if wide else (0x5C000000, to & 31, 0xFC400000 << 3 | 3)
    sink.relax(LITERAL, sink.constant(data), form)
    if allocs[0] < 0:
        sink.target.emit_move(sink, to, allocs[0], 1)


def _pattern(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """An instruction that writes a pattern to a register and reads nothing: its word is the imm."""
    to = allocs[0] if allocs[0] >= 0 else FLOAT_SCRATCH
    sink.code += word(inst.imm | to & 31)
    if allocs[0] < 0:
        sink.target.emit_move(sink, to, allocs[0], 1)


#: 8 or 16 bytes, the rest of the register being zero; a word of movi, mvni or fmov.
macro("vconst", "ldr =Rd.q", _literal_load, REMAT)
macro("pattern", "movi =Rd.16b", _pattern, REMAT)
