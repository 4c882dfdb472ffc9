"""Branches, conditional traps, and the short sequences with a branch inside.

A conditional branch reaches 4 KB (compressed: 256 bytes), a jump 1 MB (compressed: 2 KB). Further away the inverted branch
leads over a jump, which beyond its own reach goes by the scratch register.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jitpy.backend.isa.riscv64.conditions import EQ, GEU, NE, ZERO_FIRST
from jitpy.backend.isa.riscv64.encode import put, r_type, set_state
from jitpy.backend.isa.riscv64.frame import PAIR, REL4, branch_word, emit_move, upper
from jitpy.backend.isa.riscv64.insts.int import into_temp
from jitpy.backend.isa.riscv64.regs import TEMP, V0, ZERO
from jitpy.backend.isa.riscv64.rows import macro, row
from jitpy.backend.target.row import BRANCH, JUMP, TERMINATOR, MInst
from jitpy.backend.target.target import Form


def _jal(_: Any, d: int) -> bytes:
    word = 0x6F | (d >> 20 & 1) << 31 | (d >> 1 & 0x3FF) << 21 | (d >> 11 & 1) << 20 | (d >> 12 & 255) << 12
    return word.to_bytes(4, "little")


def _far(_: Any, d: int) -> bytes:
    word: int = 0x17 | TEMP << 7 | (upper(d) & 0xFFFFF) << 12
    return word.to_bytes(4, "little") + (0x67 | TEMP << 15 | (d & 0xFFF) << 20).to_bytes(4, "little")


def _c_j(_: Any, d: int) -> bytes:
    word = 0xA001 | (d >> 11 & 1) << 12 | (d >> 4 & 1) << 11 | (d >> 8 & 3) << 9 | (d >> 10 & 1) << 8 | (d >> 6 & 1) << 7
    return (word | (d >> 7 & 1) << 6 | (d >> 1 & 7) << 3 | (d >> 5 & 1) << 2).to_bytes(2, "little")


def _branch(data: Any, d: int) -> bytes:
    cc, a, b = data
    return branch_word(0x63 | cc << 12, a, b, d).to_bytes(4, "little")


def _over(data: Any, size: int) -> bytes:
    cc, a, b = data
    return branch_word(0x63 | (cc ^ 1) << 12, a, b, size).to_bytes(4, "little")


def _branch_jal(data: Any, d: int) -> bytes:
    return _over(data, 8) + _jal(None, d - 4)


def _branch_far(data: Any, d: int) -> bytes:
    return _over(data, 12) + _far(None, d - 4)


def _c_branch(data: Any, d: int) -> bytes:
    cc, a, _ = data
    word: int = (0xC001 if cc == EQ else 0xE001) | a - 8 << 7 | (d >> 8 & 1) << 12 | (d >> 3 & 3) << 10 | (d >> 6 & 3) << 5
    return (word | (d >> 1 & 3) << 3 | (d >> 5 & 1) << 2).to_bytes(2, "little")


_REACH = 1 << 31
_MB = 1 << 20
_JAL_FORM = Form(4, -_MB, _MB - 2, _jal)
JUMP_FORMS = (_JAL_FORM, Form(8, -_REACH, _REACH - 0x802, _far))
C_JUMP_FORMS = (Form(2, -2048, 2046, _c_j), *JUMP_FORMS)
BRANCH_FORMS = (
    Form(4, -4096, 4094, _branch), Form(8, 4 - _MB, _MB + 2, _branch_jal), Form(12, 4 - _REACH, _REACH - 0x802, _branch_far),
)  # fmt: skip
C_BRANCH_FORMS = (Form(2, -256, 254, _c_branch), *BRANCH_FORMS)


def emit_jump(sink: Any, label: int) -> None:
    """j label."""
    sink.relax(C_JUMP_FORMS if sink.features["has_zca"] else JUMP_FORMS, label, None)


def jump_if(sink: Any, cc: int, a: int, b: int, label: int) -> None:
    """To ``label`` where a cc b."""
    if cc in (EQ, NE) and sink.features["has_zca"]:
        if a == ZERO:
            a, b = b, a
        if b == ZERO and 8 <= a < 16:
            sink.relax(C_BRANCH_FORMS, label, (cc, a, b))
            return
    sink.relax(BRANCH_FORMS, label, (cc, a, b))


def compared(cc: int, allocs: Sequence[int]) -> tuple[int, int, int]:
    """Condition and registers of a row that compares two registers, or one with zero."""
    if len(allocs) == 2:
        return cc, allocs[0], allocs[1]
    return (cc - ZERO_FIRST, ZERO, allocs[0]) if cc & ZERO_FIRST else (cc, allocs[0], ZERO)


def emit_branch(sink: Any, inst: MInst, allocs: tuple[int, ...], label: int, invert: bool) -> None:
    """A two-way branch: imm is (taken, not taken, condition)."""
    cc, a, b = compared(inst.imm[2], allocs)
    jump_if(sink, cc ^ 1 if invert else cc, a, b, label)


def _no_encoding(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    raise AssertionError("the engine emits this row through the target's hooks")


def _trap_if(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    code, cc = inst.imm
    jump_if(sink, *compared(cc, allocs), sink.trap_label(code))


def _trap(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    sink.trap(inst.imm)
    sink.target.emit_trap(sink, inst.imm)


def _select(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """The result is in the register of ``no``: a move of ``yes`` there, and a branch over it."""
    d, _, yes, *operands = allocs
    if d == yes:
        return
    if d >= V0 and sink.mode is None:
        set_state(sink, 16, 0xC0)
    start = len(sink.code)
    sink.code += bytes(4)
    emit_move(sink, yes, d, 0)
    sink.code[start : start + 4] = _over(compared(inst.imm, operands), len(sink.code) - start)


def _conditional(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """d = d op x, or d op a constant, where the condition holds: a branch over it. imm: the condition, the instruction."""
    cc, word = inst.imm
    if inst.row.name.startswith("if_op"):
        d, _, x, *operands = allocs
        word |= x << 20
    else:
        d, _, *operands = allocs
    start = len(sink.code)
    sink.code += bytes(4)
    put(sink, r_type(word, d, d, 0))
    sink.code[start : start + 4] = _over(compared(cc, operands), len(sink.code) - start)


def _jump_table(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """To the default where the index is beyond the table; else load an entry's distance from the table's start and jump.
    imm: (default, *targets)."""
    table, index = allocs
    default, *targets = inst.imm
    jump_if(sink, GEU, index, into_temp(sink, len(targets)), sink.block_label(default))
    start = sink.label()
    sink.code += (0x17 | table << 7).to_bytes(4, "little") + (0x13 | table << 7 | table << 15).to_bytes(4, "little")
    sink.fixup(PAIR, start, 0, 8)
    if sink.features["has_zba"]:
        put(sink, r_type(0x20004033, TEMP, index, table))
    else:
        put(sink, 0x1013 | TEMP << 7 | index << 15 | 2 << 20)
        put(sink, r_type(0x33, TEMP, TEMP, table))
    put(sink, 0x2003 | TEMP << 7 | TEMP << 15)
    put(sink, r_type(0x33, TEMP, TEMP, table))
    put(sink, 0x67 | TEMP << 15)
    sink.bind(start)
    sink.data(4 * len(targets))
    for k, target in enumerate(targets):
        sink.code += b"\0\0\0\0"
        sink.fixup(REL4, sink.block_label(target), 4 * k)


JMP = macro("j", "j", _no_encoding, JUMP | TERMINATOR)
macro("branch", "b rs1 rs2", _no_encoding, BRANCH | TERMINATOR)
macro("branch_zero", "b rs1 zero", _no_encoding, BRANCH | TERMINATOR)
TRAP_IF = macro("trap_if", "trap_if rs1 rs2", _trap_if)
macro("trap_if_zero", "trap_if rs1 zero", _trap_if)
TRAP = macro("trap", "trap", _trap)
SELECT = macro("select", "select +rd rs2 rs1 rs3", _select)
macro("select_zero", "select +rd rs2 rs1", _select)
for _zero, _second in (("", " rs3"), ("_zero", "")):
    macro(f"if_op{_zero}", f"if_op +rd rs2 rs1{_second}", _conditional)
    macro(f"if_imm{_zero}", f"if_imm +rd rs1{_second}", _conditional)
JUMP_TABLE = macro("jump_table", "jump_table ~rd rs1", _jump_table, BRANCH | TERMINATOR)
JUMP_TABLE.imm = "table"
row("ebreak", "ebreak", 0x00100073)
