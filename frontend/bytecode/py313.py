"""What Python 3.13 changed: pairs of locals, NULL above the callable, cells loaded as locals, keyword names on the stack,
f-string fields and function attributes in steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.frontend.bytecode import instructions as n
from jitpy.frontend.bytecode import py311, py312
from jitpy.frontend.bytecode.py311 import COMPARISONS, OPERATORS

if TYPE_CHECKING:
    from types import CodeType

__all__ = ["COMPARE_SHIFT", "COMPARISONS", "NULL_AFTER", "OPERATORS", "ROWS"]

#: Bit 4 asks for a bool, which the jump that follows finds out anyway.
COMPARE_SHIFT = 5
NULL_AFTER = True


def load_fast(arg: int, co: CodeType, slots: tuple[str, ...]) -> n.Instr:
    """One half of a pair of loads: a local, or the cell itself for MAKE_FUNCTION's closure."""
    if arg >= len(co.co_varnames) or slots[arg] in co.co_cellvars:
        return n.LOAD_CLOSURE, slots[arg]
    return n.LOAD_LOCAL, arg


def _load_load(instrs: list[n.Instr], arg: int, co: CodeType, slots: tuple[str, ...]) -> n.Expansion:
    return (load_fast(arg >> 4, co, slots), load_fast(arg & 15, co, slots)), 0


def _store_load(instrs: list[n.Instr], arg: int, co: CodeType, slots: tuple[str, ...]) -> n.Expansion:
    return ((n.STORE_LOCAL, arg >> 4), load_fast(arg & 15, co, slots)), 0


def _store_store(instrs: list[n.Instr], arg: int, co: CodeType, slots: tuple[str, ...]) -> n.Expansion:
    return ((n.STORE_LOCAL, arg >> 4), (n.STORE_LOCAL, arg & 15)), 0


def _call_kw(instrs: list[n.Instr], arg: int, co: CodeType, slots: tuple[str, ...]) -> n.Expansion:
    _, names = instrs.pop()  # LOAD_CONST
    return ((n.CALL, (arg, names)),), 0


def _convert(instrs: list[n.Instr], arg: int, co: CodeType, slots: tuple[str, ...]) -> n.Expansion:
    return ((n.FORMAT, (("", "s", "r", "a")[arg], False)),), 0


def end_for(instrs: list[n.Instr], arg: int, co: CodeType, slots: tuple[str, ...]) -> n.Expansion:
    """FOR_ITER's target: the pop of the iterator that follows is done already."""
    return (), 1


ROWS: dict[str, tuple[int, int, Any]] = {
    **py312.ROWS,
    "END_FOR": (n.NOP, n.OWN, end_for),
    # A jump, `not` and an assertion find out the truth themselves.
    "TO_BOOL": (n.NOP, n.SKIP, None),
    "LOAD_FAST": (n.LOAD_LOCAL, n.LOCAL_OR_CELL, None),
    "LOAD_FAST_LOAD_FAST": (n.NOP, n.OWN, _load_load),
    "STORE_FAST_LOAD_FAST": (n.NOP, n.OWN, _store_load),
    "STORE_FAST_STORE_FAST": (n.NOP, n.OWN, _store_store),
    "CALL_KW": (n.NOP, n.OWN, _call_kw),
    "CONVERT_VALUE": (n.NOP, n.OWN, _convert),
    "FORMAT_SIMPLE": (n.FORMAT, n.FIXED, ("", False)),
    "FORMAT_WITH_SPEC": (n.FORMAT, n.FIXED, ("", True)),
    "MAKE_FUNCTION": (n.MAKE_FUNCTION, n.FIXED, 0),
    "SET_FUNCTION_ATTRIBUTE": (n.SET_FUNCTION, n.RAW, None),
}
py311.refuse(ROWS, (("generators", "Return a list or fill an array instead.", "EXIT_INIT_CHECK"),))
