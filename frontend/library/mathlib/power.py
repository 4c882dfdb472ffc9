"""pow: exp(y log(x)), with the logarithm and the product as pairs of doubles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.frontend.library.mathlib.build import MathFunction
from jitpy.frontend.library.mathlib.double_double import product_error
from jitpy.frontend.library.mathlib.exponential import ORDINARY, exp_core, return_extreme
from jitpy.frontend.library.mathlib.logarithm import Reduced, log_pair

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Function
    from jitpy.frontend.library.mathlib.build import Value

_SIGN = -1 << 63
_EXPONENT = 0x7FF
#: Exponents of y: |y| below 2**-65 gives 1, above 2**64 gives 0 or infinity, for every x other than 1.
_LEAST, _MOST = 1023 - 65, 1023 + 64


def _special(m: MathFunction, x: Value, y: Value, bits: Value) -> tuple[Value, Value]:
    """Return x**y, or the bits to take the logarithm of and the sign bit of the result."""
    with m.when(y.eq(0.0)):
        m.ret(1.0)
    with m.when(x.eq(1.0)):
        m.ret(1.0)
    with m.when(m.fcmp("uno", x, y)):
        m.ret(x + y)
    # y as an integer: 0 no, 1 odd, 2 even.
    size = abs(y)
    large = size >= 2.0**53
    bounded = m.select(large, 0.0, size)
    truncated = bounded.to_int()
    whole = truncated.to_float().eq(bounded)
    odd = m.select(whole, truncated & 1, 0)
    sign = m.select(odd.ne(0), bits & _SIGN, 0)
    magnitude = abs(x)
    with m.when(size.eq(float("inf"))):
        with m.when(magnitude.eq(1.0)):
            m.ret(1.0)
        m.ret(m.select((magnitude < 1.0) ^ (y > 0.0), float("inf"), 0.0))
    with m.when(x.eq(0.0) | magnitude.eq(float("inf"))):
        result = m.select(x.eq(0.0) ^ (y > 0.0), float("inf"), 0.0)
        m.ret((result.bits() | sign).as_float())
    with m.when((x < 0.0) & (m.icmp("eq", whole, 0))):
        m.ret(float("nan"))
    with m.when(size < 2.0**-65):
        m.ret(1.0)
    with m.when(size > 2.0**64):
        with m.when(magnitude.eq(1.0)):
            m.ret(1.0)
        m.ret(m.select((magnitude < 1.0) ^ (y > 0.0), float("inf"), 0.0))
    small = magnitude < 2.0**-1022
    scaled = (magnitude * 2.0**54).bits() - (54 << 52)
    return m.select(small, scaled, magnitude.bits()), sign


def pow() -> Function:
    """x**y."""
    m = MathFunction("pow", 2)
    x, y = m.args
    bits = m.variable(x.bits())
    sign = m.variable(m.value(0, bits.get().type))
    exponent = (y.bits() >> 52) & _EXPONENT
    odd_x = m.icmp("uge", x.bits() - (1 << 52), 0x7FE << 52)
    odd_y = m.icmp("uge", exponent - _LEAST, _MOST - _LEAST)
    with m.rare(odd_x | odd_y):
        given, negative = _special(m, x, y, x.bits())
        bits.set(given)
        sign.set(negative)
    high, low = log_pair(m, Reduced(m, bits.get()))
    product = y * high
    rest = product_error(y, high, product) + y * low
    with m.rare(m.fcmp("uge", abs(product), ORDINARY)):
        bound = abs(product) < 2000.0
        power, p = exp_core(m, m.select(bound, product, 0.0), m.select(bound, rest, 0.0))
        return_extreme(m, product, power, p, sign.get())
    power, p = exp_core(m, product, rest)
    head = power.as_float()
    m.ret(((head + head * p).bits() | sign.get()).as_float())
    return m.finish()
