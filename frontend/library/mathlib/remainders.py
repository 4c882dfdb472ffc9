"""fmod and remainder: exact, on the integers that the significands are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend.ir.types import F64
from jitpy.frontend.library.mathlib.build import MathFunction

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Function
    from jitpy.frontend.library.mathlib.build import Value

_SIGN = -1 << 63
_FRACTION = (1 << 52) - 1
#: A significand has 53 bits; so many more fit in front of it.
_STEP = 11


def fmod() -> Function:
    """x - n y with n the quotient truncated; the sign of x."""
    m = MathFunction("fmod", 2)
    x, y = m.args
    a, b = abs(x), abs(y)
    sign = x.bits() & _SIGN
    finite = m.icmp("ult", a.bits(), 0x7FF << 52) & m.icmp("ult", b.bits() - 1, 0x7FF << 52)
    with m.rare(m.icmp("eq", finite, 0)):
        m.ret((x * y) / (x * y))
    with m.when(a < b):
        m.ret(x)

    def parts(v: Value) -> tuple[Value, Value]:
        """Biased exponent, at least 1, and significand."""
        exponent, fraction = v.bits() >> 52, v.bits() & _FRACTION
        normal = exponent.ne(0)
        return m.select(normal, exponent, 1), m.select(normal, fraction | 1 << 52, fraction)

    a_exponent, a_integer = parts(a)
    b_exponent, b_integer = parts(b)
    left = m.variable(a_exponent - b_exponent)
    rest = m.variable(a_integer)
    # b's integer is not zero; when it is small the first step's quotient is large, which is no matter.
    with m.when(left.get() > _STEP):
        rest.set(rest.get().umod(b_integer))
        with m.repeat(lambda: left.get() > _STEP):
            rest.set((rest.get() << _STEP).umod(b_integer))
            left.set(left.get() - _STEP)
    r = (rest.get() << left.get()).umod(b_integer)
    with m.rare(b_exponent <= 52):
        # 2**(exponent - 1075) in two steps; the result is a multiple of it, so both are exact.
        scaled = r.to_float() * (((b_exponent + 600) << 52).as_float())
        m.ret(((scaled * 2.0**-652).bits() | sign).as_float())
    m.ret(((r.to_float() * ((b_exponent - 52) << 52).as_float()).bits() | sign).as_float())
    return m.finish()


def remainder() -> Function:
    """x - n y with n the quotient rounded to nearest, ties to even; IEEE 754's remainder."""
    m = MathFunction("remainder", 2)
    x, y = m.args
    a, b = abs(x), abs(y)
    sign = x.bits() & _SIGN
    finite = m.icmp("ult", a.bits(), 0x7FF << 52) & b.ne(0.0)
    with m.rare(m.icmp("eq", finite & m.fcmp("ord", b, b), 0)):
        m.ret((x * y) / (x * y))
    rest = m.variable(a)
    with m.when(b < 2.0**1023):
        rest.set(m.call("fmod", (F64,), a, b + b)[0])
    with m.when(b < 2.0**-1000):
        with m.when(rest.get() + rest.get() > b):
            rest.set(rest.get() - b)
            with m.when(rest.get() + rest.get() >= b):
                rest.set(rest.get() - b)
        m.ret((rest.get().bits() ^ sign).as_float())
    half = b * 0.5
    with m.when(rest.get() > half):
        rest.set(rest.get() - b)
        with m.when(rest.get() >= half):
            rest.set(rest.get() - b)
    m.ret((rest.get().bits() ^ sign).as_float())
    return m.finish()
