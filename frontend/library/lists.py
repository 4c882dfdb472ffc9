"""Lists made inside a kernel.

A list display is kept as the values it was written with (`ListDisplay`) while it is on the stack, so that ``np.array([x, y])``,
``np.vstack([a, b])`` and ``a[[0, 2]]`` need no list at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from jitpy.frontend.library import registry
from jitpy.frontend.values import Compound, Value

if TYPE_CHECKING:
    from jitpy.frontend.translate.translator import Translator


class ListDisplay(Compound):
    """``[a, b, c]`` before anything but a function that knows displays has seen it."""

    __slots__ = ("items",)

    lazy = True

    def __init__(self, items: tuple[Value, ...]) -> None:
        self.items = items

    def children(self) -> tuple[Value, ...]:
        return self.items

    def rebuild(self, children: tuple[Value, ...]) -> Value:
        return ListDisplay(children)

    def describe(self) -> str:
        return "list"


def build(tr: Translator, items: list[Value]) -> Value:
    """A list display."""
    return ListDisplay(tuple(items))


def extend(tr: Translator, target: Value, items: list[Value]) -> Value:
    """A display that goes on with more items."""
    if target.__class__ is ListDisplay:
        return ListDisplay((*target.items, *items))
    for item in items:
        append(tr, target, item)
    return target


def append(tr: Translator, target: Value, item: Value) -> None:
    """``list.append``."""
    _refuse(tr)


@registry.entry(registry.settle, ListDisplay)
def _settle(tr: Translator, v: Any) -> Value:
    _refuse(tr)


def _refuse(tr: Translator) -> NoReturn:
    tr.error("lists made inside a kernel are not supported", "Use a tuple, or an array made with np.empty.")
