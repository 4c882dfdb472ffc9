"""Comparison, minimum and maximum."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend.ir import types as T
from jitpy.backend.soft.notation import Soft, Value

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Function
    from jitpy.backend.soft.format import SoftFormat

#: What `compare` answers.
LESS, EQUAL, GREATER, UNORDERED = 1, 2, 4, 8
#: Float condition -> the answers for which it holds.
HOLDS: dict[str, int] = {
    "ord": LESS | EQUAL | GREATER, "uno": UNORDERED, "eq": EQUAL, "ne": LESS | GREATER | UNORDERED,
    "one": LESS | GREATER, "ueq": EQUAL | UNORDERED, "lt": LESS, "le": LESS | EQUAL, "gt": GREATER,
    "ge": GREATER | EQUAL, "ult": LESS | UNORDERED, "ule": LESS | EQUAL | UNORDERED, "ugt": GREATER | UNORDERED,
    "uge": GREATER | EQUAL | UNORDERED,
}  # fmt: skip


def _order(s: SoftFormat, x: Value) -> Value:
    """A signed integer that is ordered as the float: both zeros are 0."""
    magnitude = s.magnitude(x)
    return x.slt(0).then(-magnitude, magnitude)


def compare(s: SoftFormat) -> Function:
    """LESS, EQUAL, GREATER or UNORDERED, an i32."""
    f = Soft(f"{s.name}_compare", (s.type, s.type), (T.I32,))
    x, y = (a.bits() for a in f.args)
    a, b = _order(s, x), _order(s, y)
    answer = a.slt(b).then(f.value(LESS, T.I32), a.eq(b).then(f.value(EQUAL, T.I32), GREATER))
    f.ret((s.is_nan(x) | s.is_nan(y)).then(UNORDERED, answer))
    return f.finish()


def _extremum(name: str, s: SoftFormat) -> Function:
    """A NaN if either is; of zeros, the one whose sign says so."""
    f = Soft(f"{s.name}_{name}", (s.type, s.type), (s.type,))
    x, y = (a.bits() for a in f.args)
    with f.when(s.is_nan(x) | s.is_nan(y), rare=True):
        s.first_nan(f, x)
        s.ret(f, y | s.quiet)
    # Bits of negative floats sort downwards; as integers with that corrected, -0 is below +0.
    a, b = (v ^ (v.sar(s.bits - 1) & (s.sign - 1)) for v in (x, y))
    less = b.slt(a) if name == "max" else a.slt(b)
    s.ret(f, less.then(x, y))
    return f.finish()


def minimum(s: SoftFormat) -> Function:
    """The smaller."""
    return _extremum("min", s)


def maximum(s: SoftFormat) -> Function:
    """The larger."""
    return _extremum("max", s)
