"""Conversions among floats, and between floats and integers up to i128."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend.ir import types as T
from jitpy.backend.soft.format import narrowed
from jitpy.backend.soft.notation import Soft, Value

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Function
    from jitpy.backend.soft.format import SoftFormat

#: What the second result of a conversion to an integer says.
FITS, NOT_A_NUMBER, OUT_OF_RANGE = 0, 1, 2


def between(source: SoftFormat, target: SoftFormat) -> Function:
    """A float as one of another format, rounded. A NaN keeps its sign and the leading bits of its payload."""
    f = Soft(f"{source.name}_to_{target.name}", (source.type,), (target.type,))
    (x,) = (a.bits() for a in f.args)
    wide = source.int if source.bits > target.bits else target.int
    sign = _sign(x, target)
    shift = target.fraction - source.fraction
    with f.when(source.is_special(x), rare=True):
        payload = (x & ((1 << source.fraction) - 1)).to(wide)
        payload = (payload << shift if shift >= 0 else payload >> -shift).to(target.int)
        quiet = source.is_nan(x).then(target.quiet, f.value(0, target.int))
        target.ret(f, payload | quiet | sign | target.infinity)
    with f.when(source.magnitude(x).eq(0), rare=True):
        target.ret(f, sign)
    exponent, m = source.unpack(x)
    if source.wide == target.wide:
        significand = m
    elif target.wide == T.I128:
        significand = m.to(T.I128) << 64
    else:
        significand = narrowed(m, T.I64)
    target.ret(f, target.pack(sign, exponent + (target.bias - source.bias), significand))
    return f.finish()


def _sign(x: Value, target: SoftFormat) -> Value:
    """The sign bit of an integer or of a float's bits, as the target's sign bit."""
    return x.slt(0).to(target.int) << (target.bits - 1)


def _from_int(name: str, s: SoftFormat) -> Function:
    f = Soft(f"{name}_to_{s.name}", (T.I128,), (s.type,))
    (x,) = f.args
    with f.when(x.eq(0), rare=True):
        s.ret(f, f.value(0, s.int))
    sign, magnitude = f.value(0, s.int), x
    if name == "sint":
        sign = _sign(x, s)
        magnitude = x.slt(0).then(-x, x)
    zeros = magnitude.clz().to(T.I32)
    s.ret(f, s.pack(sign, s.bias + 127 - zeros, narrowed(magnitude << zeros, s.wide)))
    return f.finish()


def from_sint(s: SoftFormat) -> Function:
    """A signed i128, rounded."""
    return _from_int("sint", s)


def from_uint(s: SoftFormat) -> Function:
    """An unsigned i128, rounded."""
    return _from_int("uint", s)


def _to_int(name: str, s: SoftFormat) -> Function:
    """The float truncated, then saturated to ``bits`` bits, and FITS, NOT_A_NUMBER (then 0) or OUT_OF_RANGE."""
    f = Soft(f"{s.name}_to_{name}", (s.type, T.I32), (T.I128, T.I8))
    x, bits = f.args[0].bits(), f.args[1]
    zero = f.value(0, T.I128)
    with f.when(s.is_nan(x), rare=True):
        f.ret(zero, f.value(NOT_A_NUMBER, T.I8))
    power = s.exponent_field(x) - s.bias
    with f.when(power.slt(0)):
        f.ret(zero, f.value(FITS, T.I8))
    _, m = s.unpack(x)
    if s.wide != T.I128:
        m = m.to(T.I128) << 64
    huge = power.sgt(127)
    magnitude = m >> (127 - power)
    negative = x.slt(0)
    # The largest magnitude of each sign.
    if name == "sint":
        limit = (f.value(1, T.I128) << (bits - 1)) - 1 + negative.to(T.I128)
    else:
        limit = negative.then(zero, f.op("bnot", zero) >> (128 - bits))
    outside = huge | (magnitude > limit)
    magnitude = outside.then(limit, magnitude)
    f.ret(negative.then(-magnitude, magnitude), outside.then(OUT_OF_RANGE, f.value(FITS, T.I8)))
    return f.finish()


def to_sint(s: SoftFormat) -> Function:
    """See `_to_int`."""
    return _to_int("sint", s)


def to_uint(s: SoftFormat) -> Function:
    """See `_to_int`."""
    return _to_int("uint", s)
