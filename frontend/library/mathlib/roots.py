"""cbrt and hypot: an approximation, then one step with the exact remainder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.frontend.library.mathlib import coefficients as c
from jitpy.frontend.library.mathlib.build import MathFunction, estrin
from jitpy.frontend.library.mathlib.double_double import fast_two_sum, product_error, root, square_error

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Function

_SIGN = -1 << 63
_FRACTION = (1 << 52) - 1


def cbrt() -> Function:
    """Cube root."""
    m = MathFunction("cbrt")
    (x,) = m.args
    bits = m.variable(abs(x).bits())
    third = m.variable(m.value(341 << 52, bits.get().type))
    with m.rare(m.icmp("uge", bits.get() - (1 << 52), 0x7FE << 52)):
        with m.when(x.eq(0.0) | m.fcmp("uno", x - x, x)):
            m.ret(x + x)
        bits.set((abs(x) * 2.0**54).bits())
        third.set(m.value((341 + 18) << 52, bits.get().type))
    # |x| = z 2**(3 k + j)
    exponent = bits.get() >> 52
    k = (exponent * 43691) >> 17
    j = exponent - k * 3
    z = (bits.get() & _FRACTION | 1023 << 52).as_float()
    a = (z.bits() + (j << 52)).as_float()
    factor = m.select(j.eq(0), 1.0, m.select(j.eq(1), c.CBRT_TWO[1], c.CBRT_TWO[2]))
    y = estrin(z, c.CBRT) * factor
    # Halley: cubic convergence.
    cube = y * y * y
    y = y * ((cube + (a + a)) / ((cube + cube) + a))
    square = y * y
    cube = square * y
    error = product_error(square, y, cube) + square_error(y, square) * y
    y = y + ((a - cube) - error) / (square * 3.0)
    m.ret(((y.bits() + ((k << 52) - third.get())) | (x.bits() & _SIGN)).as_float())
    return m.finish()


def hypot() -> Function:
    """The length of (x, y), without overflow on the way."""
    m = MathFunction("hypot", 2)
    x, y = (abs(v) for v in m.args)
    steep = y > x
    a, b = m.variable(m.select(steep, y, x)), m.variable(m.select(steep, x, y))
    scale = m.variable(m.value(1.0))
    with m.rare(m.fcmp("ugt", a.get(), 2.0**500) | m.fcmp("ult", b.get(), 2.0**-400)):
        infinity = float("inf")
        with m.when(x.eq(infinity) | y.eq(infinity)):
            m.ret(infinity)
        # NaN, or one that the other does not change.
        with m.when(m.fcmp("uge", a.get(), b.get() * 2.0**60) | m.fcmp("uno", x, y)):
            m.ret(x + y)
        large = a.get() > 1.0
        factor = m.select(large, 2.0**-600, 2.0**600)
        a.set(a.get() * factor)
        b.set(b.get() * factor)
        scale.set(m.select(large, 2.0**600, 2.0**-600))
    a_, b_ = a.get(), b.get()
    a_square, b_square = a_ * a_, b_ * b_
    total, error = fast_two_sum(a_square, b_square)
    s, s_low = root(total, error + (square_error(a_, a_square) + square_error(b_, b_square)))
    m.ret((s + s_low) * scale.get())
    return m.finish()
