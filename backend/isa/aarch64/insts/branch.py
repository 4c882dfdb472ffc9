"""Branches, conditional traps, and the short sequences with a branch inside.

The imm of a two-way branch is (taken, not taken, test); a test is a condition of the flags, a number (see `conditions`), or what to
look at in the row's register: ("z", bits) nonzero? ("nz", bits) is zero? ("bit", n) set? ("clear", n) clear? Each has its inverse.
"""

from __future__ import annotations

from typing import Any

from jitpy.backend.isa.aarch64.conditions import EQ, FP_ONE, FP_UEQ, GT, MI, NE, VS
from jitpy.backend.isa.aarch64.frame import BTI_J, REL4, REL26, word
from jitpy.backend.isa.aarch64.regs import TEMPORARY
from jitpy.backend.isa.aarch64.rows import macro, row
from jitpy.backend.target.row import BRANCH, JUMP, TERMINATOR, MInst
from jitpy.backend.target.target import Form

_FAR = 1 << 27


def _b(d: int) -> bytes:
    return word(0x14000000 | d >> 2 & 0x3FFFFFF)


def _short19(base: int, d: int) -> bytes:
    return word(base | (d >> 2 & 0x7FFFF) << 5)


def _short14(base: int, d: int) -> bytes:
    return word(base | (d >> 2 & 0x3FFF) << 5)


def _over_condition(base: int, d: int) -> bytes:
    return word((base ^ 1) | 2 << 5) + _b(d - 4)


def _over_compare(base: int, d: int) -> bytes:
    return word((base ^ 1 << 24) | 2 << 5) + _b(d - 4)


#: b.cond; cbz, cbnz; tbz, tbnz. Beyond their reach the inverse jumps over a b.
BCOND_FORMS = (Form(4, -(1 << 20), (1 << 20) - 4, _short19), Form(8, 4 - _FAR, _FAR, _over_condition))
CB_FORMS = (Form(4, -(1 << 20), (1 << 20) - 4, _short19), Form(8, 4 - _FAR, _FAR, _over_compare))
TB_FORMS = (Form(4, -(1 << 15), (1 << 15) - 4, _short14), Form(8, 4 - _FAR, _FAR, _over_compare))


def _adr(reg: int, d: int) -> bytes:
    return word(0x10000000 | (d & 3) << 29 | (d >> 2 & 0x7FFFF) << 5 | reg)


def _far_address(reg: int, d: int) -> bytes:
    """adr reg, here; add or sub its pages; add or sub the rest."""
    op = 0xD1000000 if d < 0 else 0x91000000
    both = reg << 5 | reg
    return word(0x10000000 | reg) + word(op | 1 << 22 | abs(d) >> 12 << 10 | both) + word(op | (abs(d) & 4095) << 10 | both)


ADR_FORMS = (Form(4, -(1 << 20), (1 << 20) - 1, _adr), Form(12, 1 - (1 << 24), (1 << 24) - 1, _far_address))


def address_of(sink: Any, reg: int, label: int) -> None:
    """reg = the address of a label."""
    sink.relax(ADR_FORMS, label, reg)


def emit_jump(sink: Any, label: int) -> None:
    """b label."""
    sink.code += b"\0\0\0\x14"
    sink.fixup(REL26, label)


def jump_if(sink: Any, cond: int, label: int) -> None:
    """To ``label`` when the flags say so; two conditions need two jumps (see `conditions`)."""
    if cond < 16:
        sink.relax(BCOND_FORMS, label, 0x54000000 | cond)
    elif cond == FP_ONE:
        sink.relax(BCOND_FORMS, label, 0x54000000 | MI)
        sink.relax(BCOND_FORMS, label, 0x54000000 | GT)
    else:
        sink.relax(BCOND_FORMS, label, 0x54000000 | EQ)
        sink.relax(BCOND_FORMS, label, 0x54000000 | VS)


_INVERSE = {"z": "nz", "nz": "z", "bit": "clear", "clear": "bit"}


def inverse(test: Any) -> Any:
    """The test that holds where ``test`` does not."""
    return test ^ 1 if test.__class__ is int else (_INVERSE[test[0]], test[1])


def branch_if(sink: Any, test: Any, reg: int, label: int) -> None:
    """To ``label`` when the test of the flags or of a register holds."""
    if test.__class__ is int:
        jump_if(sink, test, label)
        return
    kind, n = test
    if kind in ("z", "nz"):
        sink.relax(CB_FORMS, label, 0x34000000 | (n == 64) << 31 | (kind == "nz") << 24 | reg)
    else:
        sink.relax(TB_FORMS, label, 0x36000000 | n >> 5 << 31 | (n & 31) << 19 | (kind == "bit") << 24 | reg)


def emit_branch(sink: Any, inst: MInst, allocs: tuple[int, ...], label: int, invert: bool) -> None:
    """A two-way branch."""
    test = inst.imm[2]
    branch_if(sink, inverse(test) if invert else test, allocs[0] if allocs else 0, label)


def _no_encoding(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    raise AssertionError("the engine emits this row through the target's hooks")


def _trap_if(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    test, code = inst.imm
    branch_if(sink, test, allocs[0] if allocs else 0, sink.trap_label(code))


def _trap(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    sink.trap(inst.imm)
    sink.target.emit_trap(sink, inst.imm)


def _jump_table(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """adr x17, table; ldrsw i, [x17, i, lsl 2]; add x17, x17, i; br x17.

    The table holds distances from its start, the default's last. imm: (default, *targets). Where what is jumped to must have a
    landing mark, the table consists of marks and jumps instead.
    """
    spent, index = allocs[0], allocs[1]
    start = sink.label()
    address_of(sink, TEMPORARY, start)
    targets = (*inst.imm[1:], inst.imm[0])
    both = TEMPORARY << 5 | TEMPORARY
    if sink.features["use_bti"]:
        sink.code += word(0x8B000C00 | index << 16 | both) + word(0xD61F0000 | TEMPORARY << 5)
        sink.bind(start)
        for target in targets:
            sink.code += word(BTI_J)
            emit_jump(sink, sink.block_label(target))
        return
    sink.code += word(0xB8A07800 | index << 16 | TEMPORARY << 5 | spent) + word(0x8B000000 | spent << 16 | both)
    sink.code += word(0xD61F0000 | TEMPORARY << 5)
    sink.bind(start)
    sink.data(4 * len(targets))
    for k, target in enumerate(targets):
        sink.code += b"\0\0\0\0"
        sink.fixup(REL4, sink.block_label(target), 4 * k)


JMP = macro("jmp", "b", _no_encoding, JUMP | TERMINATOR)
#: By the flags; by a register.
macro("bcond", "b.cond", _no_encoding, BRANCH | TERMINATOR)
macro("breg", "cbz Rd.x", _no_encoding, BRANCH | TERMINATOR)
TRAP_IF = macro("trap_if", "trap_if", _trap_if)
macro("trap_reg", "trap_if Rd.x", _trap_if)
TRAP = macro("trap", "trap", _trap)
JUMP_TABLE = macro("jump_table", "jump_table ~Rd.x Rn.x", _jump_table, BRANCH | TERMINATOR)
JUMP_TABLE.imm = "table"
row("brk", "brk i16t", 0xD4200000)
assert FP_ONE ^ 1 == FP_UEQ
assert EQ ^ 1 == NE
