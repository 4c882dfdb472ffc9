"""sinh, cosh, tanh and their inverses.

The first three are polynomials near zero and else made of exp as a pair of doubles; the inverses are log1p of a pair.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.frontend.library.mathlib import coefficients as c
from jitpy.frontend.library.mathlib.build import MathFunction, estrin
from jitpy.frontend.library.mathlib.double_double import (
    fast_two_sum,
    product_error,
    quotient,
    root,
    two_product,
    two_sum,
)
from jitpy.frontend.library.mathlib.exponential import (
    ORDINARY,
    SMALL,
    exp_core,
    reduce,
    return_extreme,
    scaled_power,
)
from jitpy.frontend.library.mathlib.logarithm import HUGE, Reduced, log1p_reduced, log_sum

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Function
    from jitpy.frontend.library.mathlib.build import Value

_INFINITY = float("inf")


def tanh() -> Function:
    """Hyperbolic tangent."""
    m = MathFunction("tanh")
    (x,) = m.args
    size = abs(x)
    with m.when(size < SMALL):
        square = x * x
        m.ret(m.copysign(x + x * square * estrin(square, c.TANH), x))
    with m.rare(m.fcmp("uge", size, 20.0)):
        with m.when(m.fcmp("uno", x, x)):
            m.ret(x + x)
        m.ret(m.copysign(1.0, x))
    # 1 - 2/(exp(2 x) + 1)
    power, p = exp_core(m, size + size)
    head = power.as_float()
    d, d_low = fast_two_sum(head, m.value(1.0))
    d, d_low = fast_two_sum(d, d_low + head * p)
    q = 2.0 / d
    q_low = (product_error(q, d, m.value(2.0)) + q * d_low) * q * 0.5
    total, error = fast_two_sum(m.value(1.0), -q)
    m.ret(m.copysign(total + (error + q_low), x))
    return m.finish()


def _exponentials(m: MathFunction, size: Value, minus: bool) -> Value:
    """exp(size) plus or minus exp(-size)."""
    count, r = reduce(m, size)
    square = r * r
    even = square * (c.EXP[0] + square * c.EXP[2])
    odd = r + square * r * (c.EXP[1] + square * c.EXP[3])
    power, tail = scaled_power(m, count)
    inverse, inverse_tail = scaled_power(m, -count)
    head, other = power.as_float(), inverse.as_float()
    rest, other_rest = head * (tail + (even + odd)), other * (inverse_tail + (even - odd))
    if minus:
        total, error = fast_two_sum(head, -other)
        return total + (error + (rest - other_rest))
    total, error = fast_two_sum(head, other)
    return total + (error + (rest + other_rest))


def sinh() -> Function:
    """Hyperbolic sine."""
    m = MathFunction("sinh")
    (x,) = m.args
    size = abs(x)
    with m.when(size < SMALL):
        square = x * x
        m.ret(x + x * square * estrin(square, c.SINH))
    with m.rare(m.fcmp("uge", size, ORDINARY)):
        power, p = exp_core(m, m.select(size < 2000.0, size, 0.0))
        return_extreme(m, size, power - (1 << 52), p, x.bits() & (-1 << 63))
    m.ret(m.copysign(_exponentials(m, size, minus=True) * 0.5, x))
    return m.finish()


def cosh() -> Function:
    """Hyperbolic cosine."""
    m = MathFunction("cosh")
    (x,) = m.args
    size = abs(x)
    with m.rare(m.fcmp("uge", size, ORDINARY)):
        power, p = exp_core(m, m.select(size < 2000.0, size, 0.0))
        return_extreme(m, size, power - (1 << 52), p)
    m.ret(_exponentials(m, size, minus=False) * 0.5)
    return m.finish()


def _log_of_double(m: MathFunction, x: Value) -> Value:
    """log(2 x), for large x."""
    reduced = Reduced(m, x.bits())
    reduced.k = reduced.k + 1.0
    return log_sum(m, reduced)


def asinh() -> Function:
    """Inverse hyperbolic sine."""
    m = MathFunction("asinh")
    (x,) = m.args
    size = abs(x)
    exponent = (x.bits() >> 52) & 0x7FF
    with m.rare(m.icmp("uge", exponent - (1023 - 28), 28 + 60)):
        with m.when(m.fcmp("uno", x - x, x)):
            m.ret(x + x)
        with m.when(size < 1.0):
            m.ret(m.copysign(size - size * (size * size) * (1.0 / 6.0), x))
        m.ret(m.copysign(_log_of_double(m, size), x))
    # log(1 + u) with u = x + x**2 / (1 + sqrt(1 + x**2))
    square, square_low = two_product(size, size)
    w, w_low = two_sum(square, 1.0)
    s, s_low = root(w, w_low + square_low)
    d, d_low = fast_two_sum(s, m.value(1.0))
    t, t_low = quotient(square, square_low, d, d_low + s_low)
    u, u_low = fast_two_sum(size, t)
    m.ret(m.copysign(log_sum(m, log1p_reduced(m, u, u_low + t_low)), x))
    return m.finish()


def acosh() -> Function:
    """Inverse hyperbolic cosine."""
    m = MathFunction("acosh")
    (x,) = m.args
    with m.rare(m.fcmp("ule", x, 1.0)):
        with m.when(x.eq(1.0)):
            m.ret(0.0)
        m.ret((x - x) / (x - x))
    with m.rare(m.fcmp("uge", x, HUGE)):
        with m.when(m.fcmp("uno", x - x, x)):
            m.ret(x + x)
        m.ret(_log_of_double(m, x))
    # log(1 + u) with u = t + sqrt(t (t + 2)), t = x - 1
    t = x - 1.0
    sum_, sum_low = two_sum(t, 2.0)
    w, w_low = two_product(t, sum_)
    s, s_low = root(w, w_low + t * sum_low)
    u, u_low = two_sum(t, s)
    m.ret(log_sum(m, log1p_reduced(m, u, u_low + s_low)))
    return m.finish()


def atanh() -> Function:
    """Inverse hyperbolic tangent."""
    m = MathFunction("atanh")
    (x,) = m.args
    size = abs(x)
    with m.rare(m.fcmp("uge", size, 1.0)):
        with m.when(size.eq(1.0)):
            m.ret(m.copysign(_INFINITY, x))
        m.ret((x - x) / (x - x))
    with m.rare(size < 2.0**-28):
        m.ret(x + x * (x * x) * (1.0 / 3.0))
    # log(1 + 2 x / (1 - x)) / 2
    d, d_low = fast_two_sum(m.value(1.0), -size)
    u, u_low = quotient(size + size, 0.0, d, d_low)
    m.ret(m.copysign(log_sum(m, log1p_reduced(m, u, u_low)) * 0.5, x))
    return m.finish()
