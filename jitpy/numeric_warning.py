"""The warning for sums that lose width (SEMANTICS C4)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class NumericWarning(UserWarning):
    """A name begins as a Python number and becomes narrower than 64 bits in a loop, as in Python with NumPy."""


def issue(module: Any) -> None:
    """Warn at the user's lines; Python's filters show each line once."""
    import warnings

    registry = module.py_func.__globals__.setdefault("__warningregistry__", {})
    for remark in module.remarks:
        if remark.kind == "warning":
            warnings.warn_explicit(remark.text, NumericWarning, remark.filename, remark.line, registry=registry)
