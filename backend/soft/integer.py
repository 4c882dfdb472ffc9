"""Division and overflow of multiplication for i128.

Division is that of two-digit numbers with digits of 64 bits (Knuth, The Art of Computer Programming 2, 4.3.1, and
Warren, Hacker's Delight, 9-4 and 9-5): the quotient of 128 by 64 bits with halves of 32 bits as digits; with a
divisor over 64 bits the quotient has one digit, estimated from the leading 64 bits of the divisor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend.ir import types as T
from jitpy.backend.soft.notation import Soft, Value

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Function

_LOW = (1 << 32) - 1


def udivmod() -> Function:
    """Quotient and remainder of unsigned numbers; the divisor is not 0."""
    f = Soft("i128_udivmod", (T.I128, T.I128), (T.I128, T.I128))
    x, y = f.args
    zero = f.value(0, T.I128)
    with f.when(x < y):
        f.ret(zero, x)
    (x0, x1), (y0, y1) = x.halves(), y.halves()
    none = f.value(0, T.I64)
    with f.when(y1.eq(0)):
        with f.when(x1.eq(0)):
            q = x0.op("udiv_proven", y0)
            f.ret(q.to(T.I128), (x0 - q * y0).to(T.I128))
        high = x1.op("udiv_proven", y0)
        low, rest = _two_by_one(x1 - high * y0, x0, y0)
        f.ret(f.join(low, high), f.join(rest, none))
    # Both shifted so that the divisor's top digit fills its 64 bits; the dividend halved, so that it still fits.
    zeros = y1.clz().to(T.I32)
    divisor = (y << zeros) >> 64
    (h0, h1) = (x >> 1).halves()
    digit, _ = _two_by_one(h1, h0, divisor.to(T.I64))
    estimate = digit >> (63 - zeros)
    # At most one too large; taken one lower, it is at most one too small.
    estimate = estimate - estimate.ne(0).to(T.I64)
    q = estimate.to(T.I128)
    rest = x - q * y
    more = rest >= y
    f.ret(q + more.to(T.I128), more.then(rest - y, rest))
    return f.finish()


def _two_by_one(high: Value, low: Value, divisor: Value) -> tuple[Value, Value]:
    """Quotient and remainder of the 128-bit number ``high:low`` by an i64 above ``high``."""
    zeros = divisor.clz().to(T.I32)
    divisor = divisor << zeros
    d1, d0 = divisor >> 32, divisor & _LOW
    # Bits that move from low to high; none where nothing is shifted.
    high = (high << zeros) | ((low >> 1) >> (63 - zeros))
    low = low << zeros
    q1, high = _digit(high, low >> 32, divisor, d1, d0)
    q0, high = _digit(high, low & _LOW, divisor, d1, d0)
    return (q1 << 32) + q0, high >> zeros


def _digit(high: Value, next: Value, divisor: Value, d1: Value, d0: Value) -> tuple[Value, Value]:
    """One digit of 32 bits of ``high:next`` by the divisor ``d1:d0``, and what remains.

    The estimate from d1 alone is at most two too large.
    """
    q = high.op("udiv_proven", d1)
    rest = high - q * d1
    for _ in range(2):
        # While rest has 32 bits: too large if q * d0 exceeds rest:next (or q itself 32 bits).
        over = ((q >> 32).ne(0) | (q * d0 > ((rest << 32) | next))) & (rest >> 32).eq(0)
        q = q - over.to(T.I64)
        rest = rest + over.then(d1, 0)
    return q, ((high << 32) | next) - q * divisor


def _signed(which: str) -> Function:
    f = Soft(f"i128_{which}", (T.I128, T.I128), (T.I128,))
    x, y = f.args
    a, b = (v.slt(0).then(-v, v) for v in (x, y))
    quotient, remainder = f.call("i128_udivmod", (T.I128, T.I128), a, b)
    if which == "sdiv":
        f.ret((x ^ y).slt(0).then(-quotient, quotient))
    else:
        f.ret(x.slt(0).then(-remainder, remainder))
    return f.finish()


def sdiv() -> Function:
    """Quotient truncated to zero; the divisor is not 0, and the minimum over -1 wraps."""
    return _signed("sdiv")


def srem() -> Function:
    """Remainder with the sign of the dividend."""
    return _signed("srem")


def umul_overflow() -> Function:
    """The low half of the product, and whether the high half is not 0."""
    f = Soft("i128_umul_overflow", (T.I128, T.I128), (T.I128, T.I8))
    x, y = f.args
    f.ret(x * y, x.op("umulhi", y).ne(0))
    return f.finish()


def smul_overflow() -> Function:
    """The low half of the product, and whether the high half is not its sign."""
    f = Soft("i128_smul_overflow", (T.I128, T.I128), (T.I128, T.I8))
    x, y = f.args
    low = x * y
    f.ret(low, x.op("smulhi", y).ne(low.sar(127)))
    return f.finish()
