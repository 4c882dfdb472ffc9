"""What Python 3.14 changed: borrowed loads, ints, subscription as an operator, ``with`` in steps, NULL for no keywords."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.frontend.bytecode import instructions as n
from jitpy.frontend.bytecode import py311, py313
from jitpy.frontend.bytecode.py313 import COMPARE_SHIFT, COMPARISONS, NULL_AFTER, OPERATORS

if TYPE_CHECKING:
    from types import CodeType

__all__ = ["COMPARE_SHIFT", "COMPARISONS", "NULL_AFTER", "OPERATORS", "ROWS"]

#: What ``tuple(generator)`` is compared with, so that it goes the general way: its short cut makes a list of unknown length.
NOT_IT = object()
COMMON_CONSTANTS: tuple[object, ...] = (AssertionError, NotImplementedError, tuple, all, any)


def _common_constant(instrs: list[n.Instr], arg: int, co: CodeType, slots: tuple[str, ...]) -> n.Expansion:
    constant = COMMON_CONSTANTS[arg]
    return ((n.LOAD_CONST, NOT_IT if constant is tuple else constant),), 0


def _call_spread(instrs: list[n.Instr], arg: int, co: CodeType, slots: tuple[str, ...]) -> n.Expansion:
    if instrs[-1][0] != n.PUSH_NULL:
        return ((n.CALL_SPREAD, 1),), 0
    instrs.pop()
    return ((n.CALL_SPREAD, 0),), 0


def _special(instrs: list[n.Instr], arg: int, co: CodeType, slots: tuple[str, ...]) -> n.Expansion:
    """``with``: COPY 1, LOAD_SPECIAL __exit__, SWAP 2, SWAP 3, LOAD_SPECIAL __enter__, CALL 0 make exit, NULL or self, result."""
    if arg > 1:
        return ((n.UNSUPPORTED, ("async code", "Call the kernel from async code instead.")),), 0
    if arg == 1:
        return (), 0
    del instrs[-3:]
    return ((n.ENTER_WITH, None), (n.PUSH_NULL, None), (n.SWAP, 2)), 1


ROWS: dict[str, tuple[int, int, Any]] = {
    **py313.ROWS,
    "NOT_TAKEN": (n.NOP, n.SKIP, None),
    "LOAD_FAST_BORROW": py313.ROWS["LOAD_FAST"],
    "LOAD_FAST_BORROW_LOAD_FAST_BORROW": py313.ROWS["LOAD_FAST_LOAD_FAST"],
    "LOAD_SMALL_INT": (n.LOAD_CONST, n.RAW, None),
    "LOAD_COMMON_CONSTANT": (n.NOP, n.OWN, _common_constant),
    "POP_ITER": (n.POP, n.FIXED, 1),
    "CALL_FUNCTION_EX": (n.NOP, n.OWN, _call_spread),
    "LOAD_SPECIAL": (n.NOP, n.OWN, _special),
}
py311.refuse(ROWS, (("template strings", "Use an f-string.", "BUILD_TEMPLATE BUILD_INTERPOLATION"),))
