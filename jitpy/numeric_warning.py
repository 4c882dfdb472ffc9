"""The warning for sums that lose width (SEMANTICS C4)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class NumericWarning(UserWarning):
    """A name begins as a Python number and becomes narrower than 64 bits in a loop, as in Python with NumPy."""


def issue(module: Any, warned: set[tuple[str, int]]) -> None:
    """Warn at the user's lines, but those in ``warned``: once per function and line, whatever types it is compiled for."""
    import warnings

    registry = module.py_func.__globals__.setdefault("__warningregistry__", {})
    for remark in module.remarks:
        place = remark.filename, remark.line
        if remark.kind == "warning" and place not in warned:
            warned.add(place)
            warnings.warn_explicit(remark.text, NumericWarning, remark.filename, remark.line, registry=registry)
