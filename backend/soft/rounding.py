"""Rounding to an integral float: ceil, floor, trunc, nearest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend.ir import types as T
from jitpy.backend.soft.notation import Soft, Value

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Function
    from jitpy.backend.soft.format import SoftFormat


def _rounded(name: str, s: SoftFormat) -> Function:
    """Something is added to the bits below the point, so that clearing them then rounds as wanted; a carry raises the
    exponent by itself. What is smaller than one has no such bits and is decided apart."""
    f = Soft(f"{s.name}_{name}", (s.type,), (s.type,))
    (x,) = (a.bits() for a in f.args)
    exponent = s.exponent_field(x)
    with f.when(exponent.sgt(s.bias + s.fraction - 1)):
        s.ret(f, s.is_nan(x).then(x | s.quiet, x))
    sign = s.sign_of(x)
    magnitude = s.magnitude(x)
    one = s.bias << s.fraction
    with f.when(exponent.slt(s.bias)):
        s.ret(f, _small(f, name, s, x, magnitude).then(one, f.value(0, s.int)) | sign)
    unit = f.value(1, s.int) << (s.bias + s.fraction - exponent)
    below = unit - 1
    s.ret(f, (magnitude + _added(f, name, x, magnitude, unit)) & ~below | sign)
    return f.finish()


def _small(f: Soft, name: str, s: SoftFormat, x: Value, magnitude: Value) -> Value:
    """Whether a number below one is rounded to one (with its sign)."""
    if name == "trunc":
        return f.value(0, T.I8)
    if name == "nearest":
        return magnitude > (s.bias - 1) << s.fraction
    negative = x.slt(0)
    return (negative if name == "floor" else negative ^ 1) & magnitude.ne(0)


def _added(f: Soft, name: str, x: Value, magnitude: Value, unit: Value) -> Value:
    if name == "trunc":
        return f.value(0, unit.type)
    if name == "nearest":
        # Just under a half, and more where the number would go from an odd one.
        even = (magnitude & unit).eq(0).to(unit.type)
        return (unit >> 1) - even
    away = x.slt(0) if name == "floor" else x.slt(0) ^ 1
    return away.then(unit - 1, 0)


def ceil(s: SoftFormat) -> Function:
    """Up."""
    return _rounded("ceil", s)


def floor(s: SoftFormat) -> Function:
    """Down."""
    return _rounded("floor", s)


def trunc(s: SoftFormat) -> Function:
    """To zero."""
    return _rounded("trunc", s)


def nearest(s: SoftFormat) -> Function:
    """To the nearest, ties to even."""
    return _rounded("nearest", s)
