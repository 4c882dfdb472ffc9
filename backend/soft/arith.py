"""Sum, product, quotient, square root and fused multiply-add.

All follow one plan: NaN, infinities and zeros return early; significands are computed exactly, or with everything
beyond them jammed into the lowest bit; `SoftFormat.pack` rounds once.

Sums are formed in a *window*: an integer, or for the f128 product a pair of them, in which both summands have their
top bit one below the window's. The smaller one is shifted right and jammed. That is exact where it matters: bits are
lost only where the summands' exponents differ by more than the window has room below a significand, and then the sum
loses at most one leading bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend.ir import types as T
from jitpy.backend.soft.format import jam, narrowed
from jitpy.backend.soft.notation import Soft, Value

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Function
    from jitpy.backend.soft.format import SoftFormat


class Window:
    """An integer of one part or two of the same type (high first), as wide as a sum needs."""

    __slots__ = ("parts",)

    def __init__(self, *parts: Value) -> None:
        self.parts = parts

    def is_zero(self) -> Value:
        """Whether it is 0."""
        return _or(self.parts).eq(0)

    def right(self, count: Value) -> Window:
        """Shifted right and jammed."""
        if len(self.parts) == 1:
            return Window(jam(self.parts[0], count))
        high, low = self.parts
        width = T.BITS[high.type]
        far = count >= width
        over = far.then(count - width, count)
        # Bits of the high part that move into the low one; nothing where the count is 0.
        crossing = (high << 1) << (width - 1 - over)
        near_low = jam(low, over) | crossing
        far_low = jam(high, over) | low.ne(0).to(low.type)
        return Window(far.then(0, high >> over), far.then(far_low, near_low))

    def left(self, count: Value) -> Window:
        """Shifted left."""
        if len(self.parts) == 1:
            return Window(self.parts[0] << count)
        high, low = self.parts
        width = T.BITS[high.type]
        far = count >= width
        over = far.then(count - width, count)
        crossing = (low >> 1) >> (width - 1 - over)
        return Window(far.then(low << over, (high << over) | crossing), far.then(0, low << over))

    def clz(self) -> Value:
        """Leading zeros, an i32."""
        zeros = self.parts[0].clz().to(T.I32)
        if len(self.parts) == 1:
            return zeros
        return self.parts[0].eq(0).then(self.parts[1].clz().to(T.I32) + T.BITS[self.parts[0].type], zeros)

    def sum(self, other: Window, subtract: Value) -> tuple[Window, Value]:
        """The sum, or the absolute difference, and whether that was negative."""
        plus, minus = self.add(other), self.sub(other)
        negative = minus.parts[0].slt(0)
        absolute = choose(negative, minus.negated(), minus)
        return choose(subtract, absolute, plus), negative & subtract

    def add(self, other: Window) -> Window:
        """Sum."""
        if len(self.parts) == 1:
            return Window(self.parts[0] + other.parts[0])
        low = self.parts[1] + other.parts[1]
        carry = (low < self.parts[1]).to(low.type)
        return Window(self.parts[0] + other.parts[0] + carry, low)

    def sub(self, other: Window) -> Window:
        """Difference."""
        if len(self.parts) == 1:
            return Window(self.parts[0] - other.parts[0])
        borrow = (self.parts[1] < other.parts[1]).to(self.parts[1].type)
        return Window(self.parts[0] - other.parts[0] - borrow, self.parts[1] - other.parts[1])

    def negated(self) -> Window:
        """Its negation."""
        if len(self.parts) == 1:
            return Window(-self.parts[0])
        high, low = self.parts
        return Window(~high + low.eq(0).to(high.type), -low)

    def top(self, type: T.Type) -> Value:
        """Its leading bits as one integer of ``type``, the rest jammed."""
        high = self.parts[0]
        if len(self.parts) == 2:
            high = high | self.parts[1].ne(0).to(high.type)
        return narrowed(high, type)


def _or(parts: tuple[Value, ...]) -> Value:
    return parts[0] if len(parts) == 1 else parts[0] | parts[1]


def choose(condition: Value, yes: Window, no: Window) -> Window:
    """``yes`` where the condition is not zero, else ``no``."""
    return Window(*[condition.then(y, n) for y, n in zip(yes.parts, no.parts)])


_LOWEST = -(1 << 20)  # an exponent below all others
Term = tuple[Value, Value, Window]  # sign bit, exponent of the window's top bit, significand there


def _add_terms(f: Soft, s: SoftFormat, x: Term, y: Term) -> None:
    """Return the rounded sum of two finite terms, either of which may be zero with the least exponent."""
    one = f.value(1, T.I32)
    swapped = x[1].slt(y[1])
    exponent = swapped.then(y[1], x[1])
    distance = exponent - swapped.then(x[1], y[1])
    large = choose(swapped, y[2], x[2]).right(one)
    small = choose(swapped, x[2], y[2]).right(distance + 1)
    sign = swapped.then(y[0], x[0])
    total, negative = large.sum(small, x[0].ne(y[0]))
    with f.when(total.is_zero(), rare=True):
        # Only zeros that are both negative sum to the negative zero.
        s.ret(f, x[0] & y[0])
    sign = sign ^ (negative.to(s.int) << (s.bits - 1))
    zeros = total.clz()
    s.ret(f, s.pack(sign, exponent + 1 - zeros, total.left(zeros).top(s.wide)))


def _sum(name: str, s: SoftFormat) -> Function:
    f = Soft(f"{s.name}_{name}", (s.type, s.type), (s.type,))
    x, y = (a.bits() for a in f.args)
    with f.when(s.is_special(x) | s.is_special(y), rare=True):
        s.first_nan(f, x, y)
        other = y ^ s.sign if name == "sub" else y
        with f.when(s.is_special(x)):
            opposite = s.is_special(other) & x.ne(other)
            s.ret(f, opposite.then(s.nan, x))
        s.ret(f, other)
    if name == "sub":
        y = y ^ s.sign
    (ex, mx), (ey, my) = s.unpack(x), s.unpack(y)
    _add_terms(f, s, (s.sign_of(x), ex, Window(mx)), (s.sign_of(y), ey, Window(my)))
    return f.finish()


def add(s: SoftFormat) -> Function:
    """x + y."""
    return _sum("add", s)


def sub(s: SoftFormat) -> Function:
    """x - y."""
    return _sum("sub", s)


def mul(s: SoftFormat) -> Function:
    """x * y."""
    f = Soft(f"{s.name}_mul", (s.type, s.type), (s.type,))
    x, y = (a.bits() for a in f.args)
    sign = s.sign_of(x ^ y)
    zero = s.magnitude(x).eq(0) | s.magnitude(y).eq(0)
    with f.when(s.is_special(x) | s.is_special(y), rare=True):
        s.first_nan(f, x, y)
        s.ret(f, zero.then(s.nan, sign | s.infinity))
    with f.when(zero, rare=True):
        s.ret(f, sign)
    exponent, product = _product(s, x, y)
    zeros = product.clz()
    s.ret(f, s.pack(sign, exponent - zeros, product.left(zeros).top(s.wide)))
    return f.finish()


def _product(s: SoftFormat, x: Value, y: Value) -> tuple[Value, Window]:
    """The exact product of finite bits: the exponent of its window's top bit, and the window, twice as wide as W."""
    (ex, mx), (ey, my) = s.unpack(x), s.unpack(y)
    return ex + ey - (s.bias - 1), Window(mx.op("umulhi", my), mx * my)


def fma(s: SoftFormat) -> Function:
    """x * y + z, rounded once."""
    f = Soft(f"{s.name}_fma", (s.type, s.type, s.type), (s.type,))
    x, y, z = (a.bits() for a in f.args)
    sign = s.sign_of(x ^ y)
    with f.when(s.is_special(x) | s.is_special(y) | s.is_special(z), rare=True):
        s.first_nan(f, x, y, z)
        with f.when(s.is_special(x) | s.is_special(y)):
            zero = s.magnitude(x).eq(0) | s.magnitude(y).eq(0)
            infinity = sign | s.infinity
            opposite = s.is_special(z) & z.ne(infinity)
            s.ret(f, (zero | opposite).then(s.nan, infinity))
        s.ret(f, z)
    exponent, product = _product(s, x, y)
    zeros = product.clz()
    product = product.left(zeros & (2 * s.width - 1))
    ez, mz = s.unpack(z)
    # Zeros lie below everything, whatever exponent they seem to have.
    exponent = product.is_zero().then(_LOWEST, exponent - zeros)
    ez = mz.eq(0).then(_LOWEST, ez)
    low = f.value(0, s.wide)
    _add_terms(f, s, (sign, exponent, product), (s.sign_of(z), ez, Window(mz, low)))
    return f.finish()


_DIGIT = 29  # bits of the quotient found at a time


def div(s: SoftFormat) -> Function:
    """x / y. See `_quotient`."""
    f = Soft(f"{s.name}_div", (s.type, s.type), (s.type,))
    x, y = (a.bits() for a in f.args)
    sign = s.sign_of(x ^ y)
    x_zero, y_zero = s.magnitude(x).eq(0), s.magnitude(y).eq(0)
    with f.when(s.is_special(x) | s.is_special(y), rare=True):
        s.first_nan(f, x, y)
        with f.when(s.is_special(x)):
            s.ret(f, s.is_special(y).then(s.nan, sign | s.infinity))
        s.ret(f, sign)
    with f.when(y_zero, rare=True):
        s.ret(f, x_zero.then(s.nan, sign | s.infinity))
    with f.when(x_zero, rare=True):
        s.ret(f, sign)
    (ex, mx), (ey, my) = s.unpack(x), s.unpack(y)
    below = mx < my
    quotient = _quotient(f, below.then(mx, mx >> 1), my)
    s.ret(f, s.pack(sign, ex - ey + s.bias - below.to(T.I32), narrowed(quotient, s.wide)))
    return f.finish()


def _quotient(f: Soft, x: Value, y: Value) -> Value:
    """The leading 116 bits of x / y as an i128 whose top bit is set, the rest jammed; x < y <= 2 x.

    By digits of `_DIGIT` bits, each estimated from the leading 61 bits of the remainder and the leading 32 of the
    divisor, which is rounded up: so an estimate is never too large, and at most one too small. The divisor has 124
    bits, so that the remainder, which is only computed modulo 2**128, fits before it is corrected.
    """
    shift = 128 - T.BITS[y.type]
    x, y = (x.to(T.I128) << shift) >> 4, (y.to(T.I128) << shift) >> 4
    leading = (y >> 92).to(T.I64) + 1
    remainder, quotient = x, f.value(0, T.I128)
    for _ in range(4):
        digit = (remainder >> 63).to(T.I64).op("udiv_proven", leading).to(T.I128)
        remainder = (remainder << _DIGIT) - y * digit
        more = remainder >= y
        remainder = more.then(remainder - y, remainder)
        quotient = (quotient << _DIGIT) + digit + more.to(T.I128)
    return (quotient << 12) | remainder.ne(0).to(T.I128)


_TAIL = 52  # bits of a root behind its first 64


def sqrt(s: SoftFormat) -> Function:
    """The square root of an f128: its first 64 bits, and the rest by one division (Zimmermann, Karatsuba Square Root, 1999).

    With N = T * 2**(2k), a root s of T and its remainder r: (q, u) = divmod(r * 2**k, 2 s) makes s * 2**k + q the root of
    N, whose remainder is u * 2**k - q**2; where that is negative the root is one less.
    """
    f = Soft(f"{s.name}_sqrt", (s.type,), (s.type,))
    (x,) = (a.bits() for a in f.args)
    with f.when(s.magnitude(x).eq(0), rare=True):
        s.ret(f, x)
    with f.when(s.is_special(x) | x.slt(0), rare=True):
        s.first_nan(f, x)
        s.ret(f, x.slt(0).then(s.nan, x))
    exponent, m = s.unpack(x)
    # An even exponent has an exact half.
    power = exponent - s.bias
    odd = power & 1
    head, remainder = _root_of_128_bits(f, (m >> 1) << odd)
    q, u = f.call("i128_udivmod", (T.I128, T.I128), remainder << _TAIL, head << 1)
    rest = (u << _TAIL) - q * q
    root = (head << _TAIL) + q - rest.slt(0).to(T.I128)
    # Where the root was one too large, the remainder is not 0 either.
    m = (root << (63 - _TAIL + 1)) | rest.ne(0).to(T.I128)
    s.ret(f, s.pack(f.value(0, s.int), (power - odd).sar(1) + s.bias, m))
    return f.finish()


def _root_of_128_bits(f: Soft, x: Value) -> tuple[Value, Value]:
    """The root of an i128 of at least 2**126, and the remainder.

    The root of the upper half as an f64 is good to 52 bits, so one step of Newton's method is off by two at most.
    """
    _, high = x.halves()
    guess = (high.to_float().op("sqrt") * f.f64(2.0**32)).to_int()
    error = x - _square(guess)
    step = error.sar(14).to(T.I64).op("sdiv_proven", guess >> 13)
    wide = guess.to(T.I128) + f.join(step, step.sar(63))
    remainder = x - wide * wide
    for _ in range(2):
        over = remainder.slt(0)
        wide = wide - over.to(T.I128)
        remainder = over.then(remainder + (wide << 1) + 1, remainder)
    for _ in range(2):
        under = remainder.sgt(wide << 1)
        remainder = under.then(remainder - (wide << 1) - 1, remainder)
        wide = wide + under.to(T.I128)
    return wide, remainder


def _square(x: Value) -> Value:
    wide = x.to(T.I128)
    return wide * wide
