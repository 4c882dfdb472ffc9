"""atan, atan2, asin, acos.

atan(a/b) for 0 <= a <= b takes k/32 near the quotient and adds atan(r) to atan(k/32) from a table, where
r = (a - b k/32) / (b + a k/32) is below 1/63 and known as a pair. The octants are put together from there.
asin is a polynomial below 1/2; above, asin(x) = pi/2 - 2 asin(sqrt((1 - x)/2)).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.frontend.library.mathlib import coefficients as c
from jitpy.frontend.library.mathlib.build import MathFunction, estrin
from jitpy.frontend.library.mathlib.double_double import fast_two_sum, product_error, root, two_sum

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Function
    from jitpy.frontend.library.mathlib.build import Operand, Value
    from jitpy.frontend.library.mathlib.double_double import Pair

_INFINITY = float("inf")
#: A quotient that is its own arc tangent, beside which nothing else changes.
_TINY = 2.0**-60


def ratio_angle(m: MathFunction, a: Value, b: Value, q: Value) -> Pair:
    """atan(a/b) as an unrounded pair, for _TINY < q < 1.0001 with q near a/b."""
    whole, count = m.round(q * 32.0)
    point = whole * (1.0 / 32.0)
    # The numerator exactly: point has 6 bits, and a is near point * b.
    b_head = m.head(b)
    n, n_low = two_sum(a - point * b_head, -(point * (b - b_head)))
    d, d_low = fast_two_sum(b, point * a)
    inverse = 1.0 / d
    r = n * inverse
    r_low = ((n_low - product_error(r, d, n)) - r * d_low) * inverse
    square = r * r
    series = r_low + square * r * estrin(square, c.ATAN)
    row = m.row("table_atan", count & 63, 2)
    total, error = fast_two_sum(row(0), r)
    return total, (error + row(1)) + series


def atan() -> Function:
    """Arc tangent."""
    m = MathFunction("atan")
    (x,) = m.args
    size = abs(x)
    exponent = (x.bits() >> 52) & 0x7FF
    with m.rare(m.icmp("uge", exponent - (1023 - 28), 28 + 60)):
        with m.when(m.fcmp("uno", x, x)):
            m.ret(x + x)
        with m.when(size < 1.0):
            m.ret(m.copysign(size - size * (size * size) * (1.0 / 3.0), x))
        m.ret(m.copysign(c.HALF_PI[0], x))
    with m.when(size <= 1.0):
        total, rest = ratio_angle(m, size, m.value(1.0), size)
        m.ret(m.copysign(total + rest, x))
    total, rest = ratio_angle(m, m.value(1.0), size, 1.0 / size)
    angle, error = fast_two_sum(m.value(c.HALF_PI[0]), -total)
    m.ret(m.copysign(angle + ((error + c.HALF_PI[1]) - rest), x))
    return m.finish()


def atan2() -> Function:
    """The angle of the point (x, y)."""
    m = MathFunction("atan2", 2)
    y, x = m.args
    height, width = abs(y), abs(x)
    steep = height > width
    a, b = m.select(steep, width, height), m.select(steep, height, width)
    q = a / b
    a_, b_, q_ = m.variable(a), m.variable(b), m.variable(q)
    exponent = b.bits() >> 52
    unusual = m.icmp("uge", exponent - (1023 - 800), 1600)
    with m.rare(unusual | m.fcmp("ult", q, _TINY)):
        with m.when(m.fcmp("uno", x, y)):
            m.ret(x + y)
        infinite = b.eq(_INFINITY)
        equal = a.eq(b)
        # Two infinities count as equal numbers; two zeros as a zero above a one.
        b = m.select(infinite | b.eq(0.0), 1.0, b)
        a = m.select(infinite, m.select(equal, 1.0, 0.0), a)
        q = a / b
        flat = m.icmp("eq", steep | (x.bits() >> 63).ne(0), 0)
        tiny = q < _TINY
        with m.when(flat & tiny):
            m.ret(m.copysign(q, y))
        scale = m.select(b > 1.0, 2.0**-400, 2.0**400)
        a_.set(m.select(tiny, _TINY * 2.0**-40, a * scale))
        b_.set(m.select(tiny, 1.0, b * scale))
        q_.set(m.select(tiny, 0.0, q))
    total, rest = ratio_angle(m, a_.get(), b_.get(), q_.get())
    left = x.bits() < 0
    # Steep: pi/2 minus or plus it; left and not steep: pi minus it.
    minus = steep ^ left
    total, rest = m.select(minus, -total, total), m.select(minus, -rest, rest)
    base = m.select(steep, c.HALF_PI[0], m.select(left, c.PI[0], 0.0))
    base_low = m.select(steep, c.HALF_PI[1], m.select(left, c.PI[1], 0.0))
    angle, error = fast_two_sum(base, total)
    m.ret(m.copysign(angle + ((error + base_low) + rest), y))
    return m.finish()


def _half(m: MathFunction, size: Value) -> tuple[Value, Value]:
    """s = sqrt((1 - size)/2), and asin(s) - s with the error of s."""
    z = (1.0 - size) * 0.5
    s, s_low = root(m.select(z.eq(0.0), 2.0**-200, z), 0.0)
    return s, s_low + s * z * estrin(z, c.ASIN)


def asin() -> Function:
    """Arc sine."""
    m = MathFunction("asin")
    (x,) = m.args
    size = abs(x)
    with m.when(size < 0.5):
        square = x * x
        m.ret(x + x * square * estrin(square, c.ASIN))
    with m.rare(m.fcmp("ugt", size, 1.0)):
        m.ret((x - x) / (x - x))
    s, more = _half(m, size)
    total, error = fast_two_sum(m.value(c.HALF_PI[0]), s * -2.0)
    m.ret(m.copysign(total + ((error + c.HALF_PI[1]) - (more + more)), x))
    return m.finish()


def acos() -> Function:
    """Arc cosine."""
    m = MathFunction("acos")
    (x,) = m.args
    size = abs(x)

    def below(constant: tuple[float, ...], head: Value, rest: Operand) -> Value:
        total, error = fast_two_sum(m.value(constant[0]), -head)
        return total + ((error + constant[1]) - rest)

    with m.when(size < 0.5):
        square = x * x
        m.ret(below(c.HALF_PI, x, x * square * estrin(square, c.ASIN)))
    with m.rare(m.fcmp("uge", size, 1.0)):
        with m.when(x.eq(1.0)):
            m.ret(0.0)
        with m.when(x.eq(-1.0)):
            m.ret(c.PI[0])
        m.ret((x - x) / (x - x))
    s, more = _half(m, size)
    with m.when(x > 0.0):
        m.ret(s * 2.0 + more * 2.0)
    m.ret(below(c.PI, s * 2.0, more * 2.0))
    return m.finish()
