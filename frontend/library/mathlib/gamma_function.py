"""gamma and lgamma, by Stirling's series where the argument is at least 8, which smaller ones are brought to by the recurrence.

    log gamma(y) = (y - 1/2) log(y) - y + log(2 pi)/2 + s(y)/y        s a polynomial of 1/y**2, y >= 8
    gamma(x) = gamma(x + n) / (x (x + 1) ... (x + n - 1))

Logarithm, products and quotient are pairs of doubles; what x + n loses in rounding goes into the logarithm by its slope. The
factors x + k are exact as pairs, so that poles cost no accuracy. Near its zeros at 1 and 2 lgamma has polynomials of its own;
near its other zeros, all negative, its error is absolute, below 2**-58, not relative to the result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.frontend.library.mathlib import coefficients as c
from jitpy.frontend.library.mathlib.build import MathFunction, estrin
from jitpy.frontend.library.mathlib.double_double import fast_two_sum, product_error, quotient, two_product, two_sum
from jitpy.frontend.library.mathlib.exponential import exp_pair
from jitpy.frontend.library.mathlib.logarithm import Reduced, log_pair

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Function
    from jitpy.frontend.library.mathlib.build import Value
    from jitpy.frontend.library.mathlib.double_double import Pair

_INFINITY = float("inf")
#: From here on Stirling's series holds.
LEAST = 8.0
#: gamma overflows above the one, is zero below the other.
_LARGEST, _SMALLEST = 171.7, -186.0


def stirling(m: MathFunction, y: Value, low: Value) -> Pair:
    """log(gamma(y + low)) as a pair, y >= 8, low below y's last place."""
    log, log_low = log_pair(m, Reduced(m, y.bits()))
    w = y - 0.5
    product, error = two_product(log, w)
    total, more = two_sum(product, -y)
    total, most = two_sum(total, c.HALF_LOG_TAU[0])
    inverse = 1.0 / y
    series = inverse * estrin(inverse * inverse, c.STIRLING)
    slope = low * (log - 0.5 * inverse)
    rest = (error + (more + most)) + (log_low * w + c.HALF_LOG_TAU[1]) + (series + slope)
    return fast_two_sum(total, rest)


def _times(m: MathFunction, a: Value, a_low: Value, b: Value, b_low: Value) -> Pair:
    product = a * b
    return fast_two_sum(product, product_error(a, b, product) + (a * b_low + a_low * b))


def raised(m: MathFunction, x: Value, fold: bool) -> tuple[Pair, Pair, Pair]:
    """x + n at least 8 for the least such n, and x (x + 1) ... (x + n - 1), all as pairs; the third is what the product has been
    divided by on the way (``fold``), so that it does not overflow: a power of two as (it, 0)."""
    zero = m.value(0.0)
    k, high, low = m.variable(zero), m.variable(m.value(1.0)), m.variable(zero)
    scale = m.variable(m.value(1.0))
    with m.repeat(lambda: x + k.get() < LEAST):
        factor, factor_low = two_sum(x, k.get())
        h, lo = _times(m, high.get(), low.get(), factor, factor_low)
        high.set(h)
        low.set(lo)
        k.set(k.get() + 1.0)
        if fold:
            with m.rare(abs(high.get()) > 2.0**500):
                high.set(high.get() * 2.0**-500)
                low.set(low.get() * 2.0**-500)
                scale.set(scale.get() * 2.0**-500)
    return two_sum(x, k.get()), (high.get(), low.get()), (scale.get(), zero)


def gamma() -> Function:
    """The gamma function."""
    m = MathFunction("gamma")
    (x,) = m.args
    with m.rare(m.fcmp("uge", x, _LARGEST)):
        with m.when(m.fcmp("uno", x, x)):
            m.ret(x + x)
        m.ret(_INFINITY)
    with m.rare(x <= 0.0):
        with m.when(x.eq(0.0)):
            m.ret(1.0 / x)
        with m.when(m.trunc(x).eq(x)):
            m.ret(float("nan"))
        with m.when(x < _SMALLEST):
            half = m.trunc(x * 0.5)
            even = (m.trunc(x) - half * 2.0).eq(0.0)
            m.ret(m.select(even, -0.0, 0.0))
    with m.rare(abs(x) < 2.0**-60):
        m.ret(1.0 / x)
    with m.when(x >= LEAST):
        with m.rare(x > 150.0):
            # Half of the power, twice: the whole may overflow on the way.
            log, log_low = stirling(m, x, m.value(0.0))
            power, power_low = exp_pair(m, log * 0.5, log_low * 0.5)
            product, low = _times(m, power, power_low, power, power_low)
            m.ret(m.select(product.eq(_INFINITY), product, product + low))
        power, power_low = exp_pair(m, *stirling(m, x, m.value(0.0)))
        m.ret(power + power_low)
    (y, y_low), (product, product_low), (scale, _) = raised(m, x, True)
    power, power_low = exp_pair(m, *stirling(m, y, y_low))
    result, low = quotient(power, power_low, product, product_low)
    m.ret((result + low) * scale)
    return m.finish()


def lgamma() -> Function:
    """The logarithm of the magnitude of the gamma function."""
    m = MathFunction("lgamma")
    (x,) = m.args
    with m.rare(m.fcmp("uge", abs(x), _INFINITY)):
        m.ret(m.select(m.fcmp("uno", x, x), x + x, _INFINITY))
    with m.rare(x > 2.0**58):
        log, low = log_pair(m, Reduced(m, x.bits()))
        m.ret(x * ((log - 1.0) + low))
    with m.when(x >= LEAST):
        total, rest = stirling(m, x, m.value(0.0))
        m.ret(total + rest)
    for zero, name in ((1.0, "LGAMMA_1"), (2.0, "LGAMMA_2")):
        t = x - zero
        with m.when(abs(t) <= 0.14):
            slope, slope_low, *others = getattr(c, name)
            product, error = two_product(t, m.value(slope))
            m.ret(product + (error + (t * slope_low + t * t * estrin(t, others))))
    with m.rare(x <= 0.0):
        with m.when(m.trunc(x).eq(x)):
            m.ret(_INFINITY)
        with m.when(x < -150.0):
            # log(pi / |x sin(pi x)|) - lgamma(-x)
            y = -x
            whole, _ = m.round(m.select(y < 2.0**50, y, 0.0))
            (sine,) = m.call("sin", (x.type,), (y - whole) * 3.141592653589793)
            (log,) = m.call("log", (x.type,), abs(y * sine) / 3.141592653589793)
            total, rest = stirling(m, y, m.value(0.0))
            m.ret(-(total + (rest + log)))
    with m.rare(abs(x) < 2.0**-60):
        (log,) = m.call("log", (x.type,), abs(x))
        m.ret(-log)
    (y, y_low), (product, product_low), _ = raised(m, x, False)
    log, low = log_pair(m, Reduced(m, abs(product).bits()))
    low = low + product_low / product
    total, rest = stirling(m, y, y_low)
    difference, error = two_sum(total, -log)
    m.ret(difference + (error + (rest - low)))
    return m.finish()
