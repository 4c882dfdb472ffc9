"""log, log1p, log2, log10, and the logarithm as a pair of doubles for pow and the inverse hyperbolic functions.

As in Tang, "Table-driven implementation of the logarithm function" (1990): x = 2**k z, and a table holds for the
interval of z a short reciprocal 1/c of its middle and log(c) to 95 bits. r = z/c - 1 is below 2**-8 and known exactly
as the sum of two doubles, because the reciprocal has 20 bits; log(x) = k log(2) + log(c) + log(1 + r). The interval
around 1 has c = 1, so that there r = x - 1 and the result is accurate relative to it, with no case of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.frontend.library.mathlib import coefficients as c
from jitpy.frontend.library.mathlib.build import MathFunction, estrin
from jitpy.frontend.library.mathlib.double_double import fast_two_sum, two_sum

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Function
    from jitpy.frontend.library.mathlib.build import Value
    from jitpy.frontend.library.mathlib.double_double import Pair

_INFINITY = float("inf")
#: Above, adding 1 changes no logarithm.
HUGE = 2.0**60
#: Bits of the smallest normal number, and how many from it to infinity.
_NORMAL, _NORMALS = 1 << 52, 0x7FE << 52


class Reduced:
    """x + low = 2**k c (1 + r + s + low): ``table`` the row of c, ``k`` as a float, r and s exact."""

    def __init__(self, m: MathFunction, bits: Value, low: Value | None = None) -> None:
        position = bits - c.LOG_OFFSET
        self.m = m
        self.index = (position >> 45) & 127
        self.table = m.row("table_log", self.index, 4)
        exponent = position & (-1 << 52)
        self.k = position.sar(52).to_float()
        z = (bits - exponent).as_float()
        inverse = self.table(0)
        head = m.head(z, 32)
        self.r = head * inverse - 1.0
        self.s = (z - head) * inverse
        # Scaled by 2**-k; x is not HUGE.
        self.low = None if low is None else (low * ((1023 << 52) - exponent).as_float()) * inverse

    def head(self) -> Value:
        """k log(2) + log(c), exact but for `tail`."""
        return self.k * c.LN2[0] + self.table(1)

    def tail(self) -> Value:
        """The rest of k log(2) + log(c)."""
        return self.k * c.LN2[1] + self.table(2)


def reenter_special(m: MathFunction, x: Value, bits: Value) -> Value:
    """The bits to take the logarithm of, for all x; returns where the logarithm is special. Subnormal numbers come
    scaled by 2**54 with their exponent corrected, which the arithmetic on bits undoes."""
    variable = m.variable(bits)
    with m.rare(m.icmp("uge", bits - _NORMAL, _NORMALS)):
        with m.when(x.eq(0.0)):
            m.ret(-_INFINITY)
        with m.when(x.eq(_INFINITY)):
            m.ret(x)
        with m.when(m.fcmp("uno", x, x)):
            m.ret(x + x)
        with m.when(x < 0.0):
            m.ret(float("nan"))
        variable.set((x * 2.0**54).bits() - (54 << 52))
    return variable.get()


def log_sum(m: MathFunction, reduced: Reduced) -> Value:
    """The logarithm, rounded."""
    r, s = fast_two_sum(reduced.r, reduced.s)
    total, error = fast_two_sum(reduced.head(), r)
    rest = (error + s) + reduced.tail()
    if reduced.low is not None:
        rest = rest + reduced.low
        r = r + reduced.low
    return total + (rest + (r * r) * estrin(r, c.LOG))


def log_pair(m: MathFunction, reduced: Reduced) -> Pair:
    """The logarithm as a pair, to about 2**-67 of it; the second is up to 2**-16 of the first."""
    r, s = fast_two_sum(reduced.r, reduced.s)
    head = m.head(r)
    low = r - head
    square = head * head * -0.5
    rest = low * (r + head) * -0.5 - s * r
    series = (r * r * r) * estrin(r, c.LOG_LONG[1:])
    total, error = fast_two_sum(reduced.head(), r)
    total, more = fast_two_sum(total, square)
    return total, ((error + more) + (reduced.tail() + s)) + (rest + series)


def log() -> Function:
    """The natural logarithm."""
    m = MathFunction("log")
    (x,) = m.args
    bits = reenter_special(m, x, x.bits())
    m.ret(log_sum(m, Reduced(m, bits)))
    return m.finish()


def log1p_reduced(m: MathFunction, x: Value, low: Value | None = None) -> Reduced:
    """1 + x + low, ready for `log_sum` and `log_pair`."""
    one, error = two_sum(x, 1.0)
    return Reduced(m, one.bits(), error if low is None else error + low)


def log1p() -> Function:
    """log(1 + x)."""
    m = MathFunction("log1p")
    (x,) = m.args
    with m.rare(m.fcmp("ule", x, -1.0)):
        with m.when(x.eq(-1.0)):
            m.ret(-_INFINITY)
        with m.when(m.fcmp("uno", x, x)):
            m.ret(x + x)
        m.ret(float("nan"))
    with m.rare(x > HUGE):
        with m.when(x.eq(_INFINITY)):
            m.ret(x)
        m.ret(log_sum(m, Reduced(m, x.bits())))
    with m.rare(abs(x) < 2.0**-46):
        # 1 + x would keep too few bits of x for its two parts to be of different size.
        m.ret(x - x * x * 0.5)
    m.ret(log_sum(m, log1p_reduced(m, x)))
    return m.finish()


def log2() -> Function:
    """The logarithm to base 2: k is a whole part of it, and the other parts are logarithms to base 2 themselves."""
    m = MathFunction("log2")
    (x,) = m.args
    reduced = Reduced(m, reenter_special(m, x, x.bits()))
    row = m.row("table_log2", reduced.index, 2)
    r, s = fast_two_sum(reduced.r, reduced.s)
    head = m.head(r)
    total, error = fast_two_sum(reduced.k + row(0), head * c.LOG2_E[0])
    rest = ((r - head) + s) * c.LOG2_E[0] + (r * c.LOG2_E[1] + row(1))
    m.ret(total + ((error + rest) + (r * r) * estrin(r, c.LOG2)))
    return m.finish()


def log10() -> Function:
    """The logarithm to base 10: the natural one, as a pair, times a pair."""
    m = MathFunction("log10")
    (x,) = m.args
    high, low = log_pair(m, Reduced(m, reenter_special(m, x, x.bits())))
    head = m.head(high)
    rest = (high - head) * c.LOG10_E[0] + ((high + low) * c.LOG10_E[1] + low * c.LOG10_E[0])
    m.ret(head * c.LOG10_E[0] + rest)
    return m.finish()
