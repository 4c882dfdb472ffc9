"""Dynamic vectors as fixed ones: what all machines make of them.

No code here depends on a register's size that is unknown until it runs, so a dynamic type (``dt0 = i32x4*gv0``) has one scale
unit and is the fixed type it is made of, its stack slots are slots like others, and taking a fixed vector out of a dynamic one
is nothing. Code generation begins by saying so, and nothing behind that knows dynamic types.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend.ir import opcodes as O
from jitpy.backend.ir.types import DYNAMIC

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Function, Node


def make_fixed(func: Function) -> None:
    """Replace dynamic types, their slots and what is about them, in place."""
    insts, first = func.insts, len(func.stack_slots)
    func.stack_slots = func.slots()
    func.dynamic_slots, func.dynamic_types = [], {}
    func.value_types[:] = [type & ~DYNAMIC for type in func.value_types]
    same: dict[int, int] = {}
    for block in func.layout:
        kept = []
        for i in func.block_insts[block]:
            if insts[i][0] == O.EXTRACT_VECTOR:
                same[func.results[i][0]] = insts[i][3]
            else:
                kept.append(i)
        func.block_insts[block] = kept
    for body in func.block_insts:
        for i in body:
            insts[i] = _fixed(insts[i], first, same)


def _fixed(node: Node, first: int, same: dict[int, int]) -> Node:
    """A node without dynamic types. ``first``: the number of dynamic slot 0; ``same``: values that are others."""
    op, type, imm, *args = node
    if op == O.DYNAMIC_STACK_ADDR:
        return O.STACK_ADDR, type, (first + imm, 0)
    return op, type & ~DYNAMIC, imm, *[same.get(a, a) for a in args]
