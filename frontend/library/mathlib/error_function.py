"""erf and erfc.

erf is x times a polynomial near zero, and up to 6 one of 48 polynomials around the middles of intervals of 1/8. erfc
is one minus that below 1/2; above it is exp(-x**2) times a slowly varying function of u = 4/(4 + x), again by
polynomials around the middles of intervals; the square, the exponential and the product are pairs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.frontend.library.mathlib import coefficients as c
from jitpy.frontend.library.mathlib.build import MathFunction, estrin
from jitpy.frontend.library.mathlib.double_double import fast_two_sum, product_error, quotient, two_product, two_sum
from jitpy.frontend.library.mathlib.exponential import exp_core

if TYPE_CHECKING:
    from collections.abc import Callable

    from jitpy.backend.ir.function import Function
    from jitpy.frontend.library.mathlib.build import Value
    from jitpy.frontend.library.mathlib.double_double import Pair

_NEAR = 0.25


def _near(x: Value) -> Value:
    """erf(x) - x for |x| < _NEAR."""
    square = x * x
    return x * c.ERF_HEAD[0] + x * (c.ERF_HEAD[1] + square * estrin(square, c.ERF))


def _around(row: Callable[..., Value], t: Value, columns: int) -> Value:
    """The rest of a row at a distance t from its middle; nearly all of it is one product."""
    return t * row(2) + ((row(0) + t * row(3)) + (t * t) * estrin(t, [row(i) for i in range(4, columns)]))


def _far(m: MathFunction, size: Value) -> Pair:
    """erf(size) as an unrounded pair, for _NEAR <= size < 6."""
    count = (size * 8.0).to_int()
    row = m.row("table_erf", count, 16)
    t = size - (count.to_float() + 0.5) * 0.125
    return row(1), _around(row, t, 14)


def erf() -> Function:
    """The error function."""
    m = MathFunction("erf")
    (x,) = m.args
    size = abs(x)
    with m.when(size < _NEAR):
        with m.rare(size < 2.0**-1000):
            # Without losing bits below the smallest normal number.
            scaled = x * 2.0**60
            m.ret((scaled + (scaled * c.ERF_HEAD[0])) * 2.0**-60)
        m.ret(x + _near(x))
    with m.rare(m.fcmp("uge", size, 6.0)):
        with m.when(m.fcmp("uno", x, x)):
            m.ret(x + x)
        m.ret(m.copysign(1.0, x))
    head, rest = _far(m, size)
    m.ret(m.copysign(head + rest, x))
    return m.finish()


def erfc() -> Function:
    """1 - erf(x), accurate where that is tiny."""
    m = MathFunction("erfc")
    (x,) = m.args
    size = abs(x)
    with m.when(size < _NEAR):
        total, error = fast_two_sum(m.value(1.0), -x)
        m.ret(total + (error - _near(x)))
    with m.rare(m.fcmp("uge", size, 28.0)):
        with m.when(m.fcmp("uno", x, x)):
            m.ret(x + x)
        m.ret(m.select(x < 0.0, 2.0, 0.0))
    with m.when(x < 0.5):
        with m.when(x <= -6.0):
            m.ret(2.0)
        head, rest = _far(m, size)
        with m.when(x < 0.0):
            total, error = fast_two_sum(m.value(1.0), head)
            m.ret(total + (error + rest))
        total, error = fast_two_sum(m.value(1.0), -head)
        m.ret(total + (error - rest))
    d, d_low = two_sum(x, 4.0)
    u, u_low = quotient(m.value(4.0), 0.0, d, d_low)
    count = (u * 16.0).to_int()
    row = m.row("table_erfcx", count, 16)
    t = (u - (count.to_float() + 0.5) * 0.0625) + u_low
    factor, factor_low = fast_two_sum(row(1), _around(row, t, 16))
    square, square_low = two_product(x, x)
    power, p = exp_core(m, -square, -square_low)
    deep = square > 600.0
    power = m.select(deep, power + (600 << 52), power)
    scale = m.select(deep, 2.0**-600, 1.0)
    head = power.as_float()
    e, e_low = fast_two_sum(head, head * p)
    product = e * factor
    rest = product_error(e, factor, product) + (e * factor_low + e_low * factor)
    m.ret((product + rest) * scale)
    return m.finish()
