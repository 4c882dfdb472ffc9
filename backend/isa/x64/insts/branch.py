"""Branches, conditional traps, and the short sequences with a branch inside."""

from __future__ import annotations

from typing import Any

from jitpy.backend.isa.x64.conditions import FP_EQ, FP_NE
from jitpy.backend.isa.x64.frame import REL4
from jitpy.backend.isa.x64.rows import macro, row
from jitpy.backend.target.row import BRANCH, JUMP, TERMINATOR, MInst
from jitpy.backend.target.target import Form

_P, _NP, _E, _NE = 10, 11, 4, 5


def _jcc_short(cc: int, d: int) -> bytes:
    return bytes((0x70 | cc, d - 2 & 255))


def _jcc_long(cc: int, d: int) -> bytes:
    return bytes((0x0F, 0x80 | cc)) + (d - 6 & 0xFFFFFFFF).to_bytes(4, "little")


def _jmp_short(_: Any, d: int) -> bytes:
    return bytes((0xEB, d - 2 & 255))


def _jmp_long(_: Any, d: int) -> bytes:
    return b"\xe9" + (d - 5 & 0xFFFFFFFF).to_bytes(4, "little")


_FAR = 1 << 31
JCC_FORMS = (Form(2, -126, 129, _jcc_short), Form(6, 6 - _FAR, _FAR + 5, _jcc_long))
JMP_FORMS = (Form(2, -126, 129, _jmp_short), Form(5, 5 - _FAR, _FAR + 4, _jmp_long))


def emit_jump(sink: Any, label: int) -> None:
    """jmp label."""
    sink.relax(JMP_FORMS, label, None)


def jump_if(sink: Any, cond: int, label: int) -> None:
    """To ``label`` when the condition holds; float equality needs two jumps (see `conditions`)."""
    if cond < 16:
        sink.relax(JCC_FORMS, label, cond)
    elif cond == FP_NE:
        sink.relax(JCC_FORMS, label, _P)
        sink.relax(JCC_FORMS, label, _NE)
    else:
        over = sink.label()
        sink.relax(JCC_FORMS, over, _P)
        sink.relax(JCC_FORMS, label, _E)
        sink.bind(over)


def inverse(cond: int) -> int:
    """The condition that holds where ``cond`` does not."""
    return cond ^ 1


def emit_branch(sink: Any, inst: MInst, allocs: tuple[int, ...], label: int, invert: bool) -> None:
    """A two-way branch: imm is (taken, not taken, condition)."""
    cond = inst.imm[2]
    jump_if(sink, cond ^ 1 if invert else cond, label)


def _no_encoding(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    raise AssertionError("the engine emits this row through the target's hooks")


def _trap_if(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    cond, code = inst.imm
    jump_if(sink, cond, sink.trap_label(code))


def _trap(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    sink.trap(inst.imm)
    sink.target.emit_trap(sink, inst.imm)


def _jump_table(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """lea t, table; movsxd i, [t + i*4]; add t, i; notrack jmp t.

    The table holds distances from its start, the default's last. imm: (default, *targets).
    """
    table, index = allocs[0], allocs[1]
    start = sink.label()
    t, i = table & 7, index & 7
    tb, ib = table >> 3, index >> 3
    sink.code += bytes((0x48 | tb << 2, 0x8D, t << 3 | 5, 0, 0, 0, 0))
    sink.fixup(REL4, start, -4)
    if t == 5:
        sink.code += bytes((0x48 | ib << 2 | ib << 1 | tb, 0x63, 0x44 | i << 3, 0x80 | i << 3 | t, 0))
    else:
        sink.code += bytes((0x48 | ib << 2 | ib << 1 | tb, 0x63, 0x04 | i << 3, 0x80 | i << 3 | t))
    sink.code += bytes((0x48 | ib << 2 | tb, 0x01, 0xC0 | i << 3 | t))
    # The table is read-only, so its targets need no landing mark.
    sink.code += (b"\x3e" if sink.features["enable_cet"] else b"") + (b"\x41" if tb else b"") + bytes((0xFF, 0xE0 | t))
    sink.bind(start)
    sink.data(4 * len(inst.imm))
    for k, target in enumerate((*inst.imm[1:], inst.imm[0])):
        sink.code += b"\0\0\0\0"
        sink.fixup(REL4, sink.block_label(target), 4 * k)


JMP = macro("jmp", "jmp", _no_encoding, JUMP | TERMINATOR)
macro("jcc", "jcc", _no_encoding, BRANCH | TERMINATOR)
TRAP_IF = macro("trap_if", "trap_if", _trap_if)
TRAP = macro("trap", "trap", _trap)
JUMP_TABLE = macro("jump_table", "jump_table | ~reg.q +rm.q", _jump_table, BRANCH | TERMINATOR)
JUMP_TABLE.imm = "table"
row("int3", "int3", "CC")
assert FP_EQ ^ 1 == FP_NE
