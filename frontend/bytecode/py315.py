"""What Python 3.15 changed: an iterator takes two places on the stack, more common constants, lazy imports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.frontend.bytecode import instructions as n
from jitpy.frontend.bytecode import py314
from jitpy.frontend.bytecode.py313 import COMPARE_SHIFT, COMPARISONS, NULL_AFTER, OPERATORS

if TYPE_CHECKING:
    from types import CodeType

__all__ = ["COMPARE_SHIFT", "COMPARISONS", "NULL_AFTER", "OPERATORS", "ROWS"]

COMMON_CONSTANTS: tuple[object, ...] = (*py314.COMMON_CONSTANTS, list, set, None, "", True, False, -1)


def _common_constant(instrs: list[n.Instr], arg: int, co: CodeType, slots: tuple[str, ...]) -> n.Expansion:
    # The short cuts of all, any, list, set and tuple are taken for none of them: see py314.NOT_IT.
    constant = COMMON_CONSTANTS[arg]
    return ((n.LOAD_CONST, py314.NOT_IT if constant in (tuple, all, any, list, set) else constant),), 0


def _get_iter(instrs: list[n.Instr], arg: int, co: CodeType, slots: tuple[str, ...]) -> n.Expansion:
    # The second place stays empty. It lies below the iterator, which FOR_ITER wants on top.
    return ((n.GET_ITER, None), (n.PUSH_NULL, None), (n.SWAP, 2)), 0


def _end_for(instrs: list[n.Instr], arg: int, co: CodeType, slots: tuple[str, ...]) -> n.Expansion:
    """FOR_ITER's target: of what POP_ITER, which follows, pops, the iterator is gone already."""
    return ((n.POP, 1),), 1


def _import(instrs: list[n.Instr], arg: int, co: CodeType, slots: tuple[str, ...]) -> n.Expansion:
    return ((n.IMPORT_NAME, co.co_names[arg >> 2]),), 0


ROWS: dict[str, tuple[int, int, Any]] = {
    **py314.ROWS,
    "LOAD_COMMON_CONSTANT": (n.NOP, n.OWN, _common_constant),
    "GET_ITER": (n.NOP, n.OWN, _get_iter),
    "END_FOR": (n.NOP, n.OWN, _end_for),
    "POP_ITER": (n.POP, n.FIXED, 2),
    "IMPORT_NAME": (n.NOP, n.OWN, _import),
}
