"""What Python 3.12 changed: inlined comprehensions, constants returned at once, slices and intrinsics as opcodes of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.frontend.bytecode import instructions as n
from jitpy.frontend.bytecode import py311
from jitpy.frontend.bytecode.py311 import COMPARISONS, NULL_AFTER, OPERATORS

if TYPE_CHECKING:
    from types import CodeType

__all__ = ["COMPARE_SHIFT", "COMPARISONS", "NULL_AFTER", "OPERATORS", "ROWS"]

COMPARE_SHIFT = 4


def _return_const(instrs: list[n.Instr], arg: int, co: CodeType, slots: tuple[str, ...]) -> n.Expansion:
    return ((n.LOAD_CONST, co.co_consts[arg]), (n.RETURN, None)), 0


#: CALL_INTRINSIC_1's argument; the others belong to generators, modules and type parameters.
_INTRINSICS: dict[int, n.Instr] = {5: (n.UNARY, "+"), 6: (n.LIST_TO_TUPLE, None)}
_NO_INTRINSIC: n.Instr = (n.UNSUPPORTED, ("generators and type parameters", "Use plain functions."))


def _intrinsic(instrs: list[n.Instr], arg: int, co: CodeType, slots: tuple[str, ...]) -> n.Expansion:
    return (_INTRINSICS.get(arg, _NO_INTRINSIC),), 0


ROWS: dict[str, tuple[int, int, Any]] = {
    **py311.ROWS,
    "POP_JUMP_IF_FALSE": (n.JUMP_IF, n.FORWARD, False),
    "POP_JUMP_IF_TRUE": (n.JUMP_IF, n.FORWARD, True),
    "POP_JUMP_IF_NOT_NONE": (n.JUMP_IF_NONE, n.FORWARD, False),
    "POP_JUMP_IF_NONE": (n.JUMP_IF_NONE, n.FORWARD, True),
    # FOR_ITER's target: reached with the iterator gone already.
    "END_FOR": (n.NOP, n.SKIP, None),
    "LOAD_ATTR": (n.LOAD_ATTR, n.ATTRIBUTE, None),
    "LOAD_FAST_CHECK": (n.LOAD_LOCAL, n.LOCAL, None),
    "LOAD_FAST_AND_CLEAR": (n.LOAD_CLEAR, n.LOCAL, None),
    "RETURN_CONST": (n.NOP, n.OWN, _return_const),
    "BINARY_SLICE": (n.GETSLICE, n.FIXED, None),
    "STORE_SLICE": (n.SETSLICE, n.FIXED, None),
    "CALL_INTRINSIC_1": (n.NOP, n.OWN, _intrinsic),
}
py311.refuse(
    ROWS,
    (
        ("generators", "Return a list or fill an array instead.", "END_SEND CLEANUP_THROW"),
        ("type parameters of inner functions", "Leave the annotations out.", "CALL_INTRINSIC_2"),
        ("super()", "Use plain functions.", "LOAD_SUPER_ATTR"),
    ),
)
