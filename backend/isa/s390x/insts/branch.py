"""Branches, conditional traps, and the short sequences with a branch inside.

A comparison of registers, or of a register with a byte, and the branch on it are one instruction where its 16 bits reach.
"""

from __future__ import annotations

from typing import Any

from jitpy.backend.isa.s390x.frame import HALF, WORD, vector_copy
from jitpy.backend.isa.s390x.rows import macro
from jitpy.backend.target.row import BRANCH, JUMP, TERMINATOR, MInst
from jitpy.backend.target.target import Form

_NEAR = 1 << 16
_FAR = 1 << 32


def _half(d: int, size: int) -> bytes:
    return (d // 2 & (1 << 8 * size) - 1).to_bytes(size, "big")


def _brc(mask: int, d: int) -> bytes:
    return bytes((0xA7, mask << 4 | 4)) + _half(d, 2)


def _brcl(mask: int, d: int) -> bytes:
    return bytes((0xC0, mask << 4 | 4)) + _half(d, 4)


FORMS = (Form(4, -_NEAR, _NEAR - 2, _brc), Form(6, -_FAR, _FAR - 2, _brcl))
_ALWAYS = 15


class Fused:
    """A comparison with its branch: ``opcode`` of the fused form, the long form's comparison, whether it has a byte."""

    __slots__ = ("compare", "forms", "immediate", "opcode")

    def __init__(self, opcode: int, compare: str, size: int, immediate: bool) -> None:
        self.opcode = opcode
        self.compare = bytes.fromhex(compare)
        self.immediate = immediate
        self.forms = (Form(6, -_NEAR, _NEAR - 2, self.near), Form(6 + size, size - _FAR, size + _FAR - 2, self.far))

    def near(self, data: tuple[int, int, int], d: int) -> bytes:
        """One instruction."""
        mask, a, b = data
        if self.immediate:
            return bytes((0xEC, a << 4 | mask)) + _half(d, 2) + bytes((b & 255, self.opcode))
        return bytes((0xEC, a << 4 | b)) + _half(d, 2) + bytes((mask << 4, self.opcode))

    def far(self, data: tuple[int, int, int], d: int) -> bytes:
        """The comparison, and a branch that reaches everything."""
        mask, a, b = data
        head = self.compare
        if self.immediate:
            size = 4 if head[0] == 0xA7 else 6
            code = bytes((head[0], head[1] | a << 4)) + (b & (1 << 8 * size - 16) - 1).to_bytes(size - 2, "big")
        elif len(head) == 1:
            code = head + bytes((a << 4 | b,))
        else:
            code = head + bytes((0, a << 4 | b))
        return code + _brcl(mask, d - len(code))


#: (signed, 64 bits, with a byte) -> the fused form.
FUSED = {
    (True, False, False): Fused(0x76, "19", 2, False), (True, True, False): Fused(0x64, "b920", 4, False),
    (False, False, False): Fused(0x77, "15", 2, False), (False, True, False): Fused(0x65, "b921", 4, False),
    (True, False, True): Fused(0x7E, "a70e", 4, True), (True, True, True): Fused(0x7C, "a70f", 4, True),
    (False, False, True): Fused(0x7F, "c20f", 6, True), (False, True, True): Fused(0x7D, "c20e", 6, True),
}  # fmt: skip


def emit_jump(sink: Any, label: int) -> None:
    """j label."""
    sink.relax(FORMS, label, _ALWAYS)


def jump_if(sink: Any, mask: int, label: int) -> None:
    """To ``label`` when the condition holds."""
    sink.relax(FORMS, label, mask)


def _compare_jump(sink: Any, fused: Any, mask: int, allocs: tuple[int, ...], label: int) -> None:
    kind, value = fused
    form = FUSED[kind]
    sink.relax(form.forms, label, (mask & 14, allocs[0], value if form.immediate else allocs[1]))


def emit_branch(sink: Any, inst: MInst, allocs: tuple[int, ...], label: int, invert: bool) -> None:
    """A two-way branch: imm is (taken, not taken, mask), and of a fused one (..., mask, (kind, byte))."""
    mask = inst.imm[2] ^ 15 if invert else inst.imm[2]
    if len(inst.imm) > 3:
        _compare_jump(sink, inst.imm[3], mask, allocs, label)
    else:
        jump_if(sink, mask, label)


def _no_encoding(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    raise AssertionError("the engine emits this row through the target's hooks")


def _trap_if(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    mask, code = inst.imm
    jump_if(sink, mask, sink.trap_label(code))


def _compare_trap(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    mask, code, fused = inst.imm
    _compare_jump(sink, fused, mask, allocs, sink.trap_label(code))


def _trap(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    sink.trap(inst.imm)
    sink.target.emit_trap(sink, inst.imm)


def _debug_trap(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    sink.code += b"\0\1"  # what gdb plants


def _jump_table(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """larl t, table; lgf i, 0(i, t); la t, 0(i, t); br t, i being scaled already.

    The table holds distances from its start, the default's last. imm: (default, *targets).
    """
    t, i = allocs[0], allocs[1]
    start = sink.label()
    sink.code += bytes((0xC0, t << 4, 0, 0, 0, 0))
    sink.fixup(HALF, start, 2)
    sink.code += bytes((0xE3, i << 4 | i, t << 4, 0, 0, 0x14, 0x41, t << 4 | i, t << 4, 0, 0x07, 0xF0 | t))
    sink.bind(start)
    sink.data(4 * len(inst.imm))
    for k, target in enumerate((*inst.imm[1:], inst.imm[0])):
        sink.code += b"\0\0\0\0"
        sink.fixup(WORD, sink.block_label(target), 4 * k)


def _select(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """Vector registers have no conditional move: a jump over a copy. d is the register of the other value. imm: mask."""
    sink.code += bytes((0xA7, (inst.imm ^ 15) << 4 | 4, 0, 5)) + vector_copy(allocs[0], allocs[2])


JMP = macro("jump", "j", _no_encoding, JUMP | TERMINATOR)
macro("branch", "jg", _no_encoding, BRANCH | TERMINATOR)
macro("compare_branch", "cgrj r1 r2", _no_encoding, BRANCH | TERMINATOR)
macro("compare_branch:i", "cgij r1", _no_encoding, BRANCH | TERMINATOR)
macro("trap_if", "jg", _trap_if)
macro("compare_trap", "cgrj r1 r2", _compare_trap)
macro("compare_trap:i", "cgij r1", _compare_trap)
macro("trap", "trap", _trap)
macro("debug_trap", "trap", _debug_trap)
JUMP_TABLE = macro("jump_table", "br ~r1 +r2", _jump_table, BRANCH | TERMINATOR)
JUMP_TABLE.imm = "table"
macro("select_vector", "vlr +v1 v2", _select)
