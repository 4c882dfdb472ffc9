"""exp, exp2, expm1, and e to the power of a pair of doubles for the functions made of it.

As in Tang, "Table-driven implementation of the exponential function" (1989): x = (128 k + j) log(2)/128 + r with
|r| < log(2)/256, so that exp(x) = 2**k * 2**(j/128) * exp(r); the middle factor comes from a table, with its tail;
the last from a short polynomial.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.frontend.library.mathlib import coefficients as c
from jitpy.frontend.library.mathlib.build import MathFunction, estrin
from jitpy.frontend.library.mathlib.double_double import fast_two_sum, two_sum

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Function
    from jitpy.frontend.library.mathlib.build import Operand, Value

#: For arguments of less magnitude nothing overflows, and even the corrections of a result are normal numbers.
ORDINARY = 690.0


def scaled_power(m: MathFunction, count: Value) -> tuple[Value, Value]:
    """For n in the low bits of an int: the bits of 2**(n/128), and the tail relative to it."""
    row = m.row("table_exp", count & 127, 2)
    return row(1).bits() + ((count >> 7) << 52), row(0)


def reduce(m: MathFunction, x: Value, low: Operand | None = None) -> tuple[Value, Value]:
    """n in the low bits of an int, and r with x + low = n log(2)/128 + r."""
    whole, count = m.round((x if low is None else x + low) * c.EXP_SCALE)
    rest = (x - whole * c.EXP_STEP[0]) - whole * c.EXP_STEP[1]
    return count, rest if low is None else rest + low


def exp_core(m: MathFunction, x: Value, low: Operand | None = None) -> tuple[Value, Value]:
    """exp(x + low) = 2**(n/128) (1 + p): the bits of the power, which may have left the exponent's range, and p."""
    count, rest = reduce(m, x, low)
    power, tail = scaled_power(m, count)
    return power, tail + rest + (rest * rest) * estrin(rest, c.EXP)


def exp_pair(m: MathFunction, x: Value, low: Operand | None = None) -> tuple[Value, Value]:
    """exp(x + low) as a normalized pair; |x| < ORDINARY."""
    power, p = exp_core(m, x, low)
    head = power.as_float()
    return fast_two_sum(head, head * p)


def return_extreme(m: MathFunction, x: Value, power: Value, p: Value, sign: Value | None = None) -> None:
    """Return 2**(n/128) (1 + p) for x, its logarithm, that is out of the ordinary range, or NaN.

    Half of the scaling is left to a multiplication, which overflows, or rounds to a subnormal number.
    """

    def signed(value: Operand) -> Value:
        return m.value(value) if sign is None else (m.value(value).bits() | sign).as_float()

    with m.when(m.fcmp("uno", x, x)):
        m.ret(x + x)
    with m.when(x > 1024.0):
        m.ret(signed(float("inf")))
    with m.when(x < -1100.0):
        m.ret(signed(0.0))
    with m.when(x > 0.0):
        half = (power - (1000 << 52)).as_float()
        m.ret(signed((half + half * p) * 2.0**1000))
    half = (power + (1022 << 52)).as_float()
    # Below 1, rounding once more to the bits that are left: add and take off 1 with the error kept.
    total, error = fast_two_sum(half, half * p)
    with m.when(total < 1.0):
        whole, rest = fast_two_sum(m.value(1.0), total)
        m.ret(signed(((whole + (rest + error)) - 1.0) * 2.0**-1022))
    m.ret(signed(total * 2.0**-1022))


def exp() -> Function:
    """e**x."""
    m = MathFunction("exp")
    (x,) = m.args
    with m.rare(m.fcmp("uge", abs(x), ORDINARY)):
        bound = m.select(abs(x) < 2000.0, x, 0.0)
        power, p = exp_core(m, bound)
        return_extreme(m, x, power, p)
    power, p = exp_core(m, x)
    head = power.as_float()
    m.ret(head + head * p)
    return m.finish()


def exp2() -> Function:
    """2**x."""
    m = MathFunction("exp2")
    (x,) = m.args

    def core(x: Value) -> tuple[Value, Value]:
        whole, count = m.round(x * 128.0)
        rest = x - whole * (1.0 / 128.0)
        power, tail = scaled_power(m, count)
        return power, (tail + rest * c.EXP2_LOW) + rest * estrin(rest, c.EXP2)

    with m.rare(m.fcmp("uge", abs(x), 1000.0)):
        bound = m.select(abs(x) < 2000.0, x, 0.0)
        power, p = core(bound)
        with m.when(m.fcmp("uno", x, x)):
            m.ret(x + x)
        # return_extreme asks for the natural logarithm, only to tell results apart that are zero or infinite.
        return_extreme(m, x * 0.6931471805599453, power, p)
    power, p = core(x)
    head = power.as_float()
    m.ret(head + head * p)
    return m.finish()


#: Below this magnitude expm1, sinh and tanh are polynomials.
SMALL = 0.35


def expm1() -> Function:
    """e**x - 1."""
    m = MathFunction("expm1")
    (x,) = m.args
    with m.rare(m.fcmp("uge", abs(x), ORDINARY)):
        with m.when(m.fcmp("uno", x, x)):
            m.ret(x + x)
        with m.when(x < 0.0):
            m.ret(-1.0)
        bound = m.select(abs(x) < 2000.0, x, 0.0)
        power, p = exp_core(m, bound)
        return_extreme(m, x, power, p)
    with m.when(abs(x) < SMALL):
        square = x * x
        cube = (square * x) * estrin(x, c.EXPM1)
        # x**2/2 is up to a sixth of the result: its head is added exactly.
        head = m.head(x, 27)
        low = x - head
        total, error = fast_two_sum(x, head * head * 0.5)
        m.ret(m.copysign(total + (error + (low * (x + head) * 0.5 + cube)), x))
    power, p = exp_core(m, x)
    head = power.as_float()
    total, error = two_sum(head, -1.0)
    m.ret(total + (error + head * p))
    return m.finish()
