"""Lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from jitpy.frontend.translate.translator import Translator
    from jitpy.frontend.values import Value


def build(tr: Translator, items: list[Value]) -> Value:
    """A list display."""
    _refuse(tr)


def append(tr: Translator, target: Value, item: Value) -> None:
    """``list.append``."""
    _refuse(tr)


def _refuse(tr: Translator) -> NoReturn:
    tr.error("lists made inside a kernel are not supported", "Use a tuple, or an array made with np.empty.")
