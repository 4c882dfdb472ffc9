"""A float taken apart and put together, for every binary format.

A nonzero finite float is ``(-1)**sign * 1.f * 2**(exponent - bias)``. Here its *significand* is an integer ``m`` of
type ``W`` (i64, i128 for f128) shifted left until its top bit is set, whatever the float was: subnormals have been
normalized, their exponent is less than 1. Results are rounded from that form, to nearest, ties to even: the bits of
``W`` below the fraction decide, the lowest of them stands for all that were shifted out (`jam`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend.ir import types as T
from jitpy.backend.ir.ieee import FORMATS

if TYPE_CHECKING:
    from jitpy.backend.soft.notation import Soft, Value


class SoftFormat:
    """A format's constants: ``type``, ``int`` (its bits), ``wide`` (of significands) and their widths."""

    def __init__(self, type: T.Type) -> None:
        f = FORMATS[type]
        self.type = type
        self.name = T.NAME[type]
        self.int = T.as_int(type)
        self.bits = f.bits
        self.wide = T.I128 if type == T.F128 else T.I64
        self.width = T.BITS[self.wide]
        self.fraction = f.fraction
        self.bias = f.bias
        self.most = (1 << (f.bits - 1 - f.fraction)) - 1  # the exponent field of infinities and NaN
        self.sign = f.sign
        self.infinity = f.infinity
        self.quiet = f.quiet
        self.nan = f.nan

    # Taking apart. Exponents are i32.

    def magnitude(self, x: Value) -> Value:
        """The bits without the sign."""
        return x & (self.sign - 1)

    def sign_of(self, x: Value) -> Value:
        """The sign bit of bits, in place."""
        return x & self.sign

    def exponent_field(self, x: Value) -> Value:
        """The exponent field."""
        high = (x >> self.fraction).to(T.I32) if self.bits >= 32 else (x.to(T.I32) >> self.fraction)
        return high & self.most

    def is_special(self, x: Value) -> Value:
        """Whether the bits are an infinity or a NaN."""
        return self.magnitude(x) >= self.infinity

    def unpack(self, x: Value) -> tuple[Value, Value]:
        """Exponent and significand of finite bits; a zero has significand 0 and an exponent below all others."""
        field = self.exponent_field(x)
        hidden = field.ne(0)
        m = (x & ((1 << self.fraction) - 1)) | (hidden.to(self.int) << self.fraction)
        m = m.to(self.wide) << (self.width - 1 - self.fraction)
        zeros = m.clz()
        exponent = hidden.then(field, 1) - zeros.to(T.I32)
        return exponent, m << zeros.to(T.I32)

    # Putting together.

    def pack(self, sign: Value, exponent: Value, m: Value) -> Value:
        """Round. ``sign``: the sign bit in place; ``m`` has its top bit set."""
        # Below the least exponent the significand moves down, and the field stays 0.
        small = exponent.slt(1)
        m = small.then(jam(m, 1 - exponent), m)
        exponent = small.then(1, exponent)
        kept = m >> (self.width - 1 - self.fraction)
        rest = m << (self.fraction + 1)
        half = 1 << (self.width - 1)
        up = (rest > half) | (rest.eq(half) & (kept & 1).to(T.I8))
        bits = kept.to(self.int) + up.to(self.int)
        # The hidden bit, and a carry out of the fraction, raise the exponent field by themselves.
        bits = bits + ((exponent - 1).to(self.int) << self.fraction)
        return exponent.slt(self.most).then(bits, m.f.value(self.infinity, self.int)) | sign

    # NaN and infinities.

    def is_nan(self, x: Value) -> Value:
        """Whether the bits are a NaN."""
        return self.magnitude(x) > self.infinity

    def first_nan(self, f: Soft, *operands: Value) -> None:
        """Return the first operand that is a NaN, quieted."""
        for x in operands:
            with f.when(self.is_nan(x)):
                f.ret((x | self.quiet).cast(self.type))

    def ret(self, f: Soft, bits: Value) -> None:
        """Return the float with these bits."""
        f.ret(bits.cast(self.type))


def jam(m: Value, count: Value) -> Value:
    """``m >> count`` for any count from 0, its lowest bit set too where ones were shifted out."""
    width = T.BITS[m.type]
    lost = m & ((m.f.value(1, m.type) << count) - 1)
    near = (m >> count) | lost.ne(0).to(m.type)
    return (count < width).then(near, m.ne(0).to(m.type))


def narrowed(m: Value, type: T.Type) -> Value:
    """An i128 significand as one of ``type``."""
    if type == m.type:
        return m
    low, high = m.halves()
    return high | low.ne(0).to(T.I64)


SOFT = {type: SoftFormat(type) for type in (T.F16, T.F32, T.F64, T.F128)}
