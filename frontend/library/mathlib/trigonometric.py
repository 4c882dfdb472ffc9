"""sin, cos and tan: a point of a table, and the angle from it.

x = n pi/32 + r with |r| <= pi/64, r as a pair. Up to 4096, n times each of three pieces of pi/32 is exact or nearly so
(Cody and Waite); beyond, the fraction of x/(2 pi) comes from integer products with as many of the digits of 1/(2 pi)
as matter (Payne and Hanek, "Radian reduction for trigonometric functions", 1983). The table has sine and cosine of
all n modulo 64 with their signs, so that no quadrant needs a branch:

    sin(n pi/32 + r) = S + C r + (S (cos r - 1) + C (sin r - r))
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend.ir.types import F64, I64
from jitpy.frontend.library.mathlib import coefficients as c
from jitpy.frontend.library.mathlib.build import MathFunction, Value, estrin
from jitpy.frontend.library.mathlib.double_double import fast_two_sum, quotient

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Function
    from jitpy.frontend.library.mathlib.double_double import Pair

#: Up to here n has 16 bits, and n times 36 bits is exact.
NEAR = 4096.0
#: From here up the integer reduction is good; below, an argument is near.
_WORDS = 64


def reduce_huge() -> Function:
    """(r, tail of r, n in the low bits) for NEAR <= |x| < inf."""
    m = MathFunction("reduce_huge", 1, (F64, F64, I64))
    (x,) = m.args
    bits = x.bits()
    # |x| = significand * 2**shift; bit `shift` behind the point of 1/(2 pi) is the first that matters.
    shift = ((bits >> 52) & 0x7FF) - (1023 + 52)
    significand = (bits & (1 << 52) - 1) | 1 << 52
    # Three words from that bit on; the first word ends at the point, so `position` is never negative.
    position = shift + _WORDS
    offset = position & 63
    words = m.row("table_turn", position >> 6, 1)
    first, second, third, fourth = (words(i, I64) for i in range(4))
    high, middle, low = (
        (a << offset) | ((b >> 1) >> (63 - offset)) for a, b in ((first, second), (second, third), (third, fourth))
    )
    # The product modulo 2**192: turns in units of 2**-192.
    carry = m.mulhi(significand, low)
    middle_low = significand * middle
    one = middle_low + carry
    over = m.select(m.icmp("ult", one, carry), m.value(1, I64), 0)
    two = significand * high + m.mulhi(significand, middle) + over
    # To the nearest 64th of a turn; what is left is signed.
    count = (two + (1 << 57)) >> 58
    rest = two - (count << 58)
    top = rest.to_float()
    below = (rest - top.to_int()).to_float()
    turns = top * 2.0**-64
    turns_low = below * 2.0**-64 + (one >> 1).to_float() * 2.0**-127
    turns, turns_low = fast_two_sum(turns, turns_low)
    # Times 2 pi.
    head = m.head(turns)
    product = head * c.TURN[0]
    tail = (turns - head) * c.TURN[0] + (turns * c.TURN[1] + turns_low * c.TURN[2])
    r, r_low = fast_two_sum(product, tail)
    negative = bits < 0
    m.ret(m.select(negative, -r, r), m.select(negative, -r_low, r_low), m.select(negative, -count, count))
    return m.finish()


def reduce(m: MathFunction, x: Value) -> tuple[Value, Value, Value]:
    """r, its tail, and n in the low bits of an int; returns NaN for infinity and NaN."""
    whole, count = m.round(x * c.TURN_SCALE)
    first = x - whole * c.TURN_STEP[0]
    middle = whole * c.TURN_STEP[1]
    # Where `first` is the smaller one, both are multiples of 2**-79 below 2**-26: the difference is exact.
    r = first - middle
    low = ((first - r) - middle) - whole * c.TURN_STEP[2]
    variables = m.variable(r), m.variable(low), m.variable(count)
    with m.rare(m.fcmp("uge", abs(x), NEAR)):
        with m.when(m.fcmp("uno", x - x, x)):
            m.ret(x - x)
        for variable, value in zip(variables, m.call("reduce_huge", (F64, F64, I64), x)):
            variable.set(value)
    return variables[0].get(), variables[1].get(), variables[2].get()


class Angle:
    """r and what both functions need of it."""

    def __init__(self, m: MathFunction, r: Value, low: Value) -> None:
        square = r * r
        self.r = r
        self.head = m.head(r)
        self.rest = r - self.head
        #: sin(r) - r with r's tail; cos(r) - 1
        self.sine = low + square * r * estrin(square, c.SIN)
        self.cosine = square * estrin(square, c.COS) - r * low

    def at(self, m: MathFunction, count: Value) -> Pair:
        """sin(n pi/32 + r) as an unrounded pair, the first an approximation of the sum."""
        here = m.row("table_sine", count & 63, 4)
        ahead = m.row("table_sine", (count + 16) & 63, 4)
        sine, cosine = here(0), ahead(2)
        total, error = fast_two_sum(sine, cosine * self.head)
        early = (error + cosine * self.rest) + (ahead(3) * self.r + here(1))
        return total, early + (sine * self.cosine + ahead(0) * self.sine)


def _wave(name: str, ahead: int) -> Function:
    m = MathFunction(name)
    (x,) = m.args
    if not ahead:
        # Tiny arguments are their own sines to a tenth of the last place, -0.0 included.
        with m.rare(abs(x) < 2.0**-27):
            m.ret(x)
    r, low, count = reduce(m, x)
    total, rest = Angle(m, r, low).at(m, count + ahead if ahead else count)
    m.ret(total + rest)
    return m.finish()


def sin() -> Function:
    """Sine."""
    return _wave("sin", 0)


def cos() -> Function:
    """Cosine."""
    return _wave("cos", 16)


def tan() -> Function:
    """Tangent."""
    m = MathFunction("tan")
    (x,) = m.args
    with m.rare(abs(x) < 2.0**-28):
        m.ret(x)
    r, low, count = reduce(m, x)
    angle = Angle(m, r, low)
    sine, sine_low = fast_two_sum(*angle.at(m, count))
    cosine, cosine_low = fast_two_sum(*angle.at(m, count + 16))
    q, q_low = quotient(sine, sine_low, cosine, cosine_low)
    m.ret(q + q_low)
    return m.finish()
