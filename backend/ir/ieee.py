"""IEEE 754 binary formats as exact integer arithmetic on bits.

A float is an int holding its bits. Finite values unpack to ``sign, m, e`` meaning ``(-1)**sign * m * 2**e``; every
operation computes its exact result on such integers and rounds it once, to nearest, ties to even. One
implementation serves f16 to f128.

NaN: an operation with NaN operands gives the first of them, quieted; an invalid operation gives the positive quiet NaN.
"""

from __future__ import annotations

from math import isqrt

from jitpy.backend.ir import types as T

#: Scalar float type -> (exponent bits, fraction bits).
LAYOUT = {T.F16: (5, 10), T.F32: (8, 23), T.F64: (11, 52), T.F128: (15, 112)}


class Format:
    """The constants of one format."""

    __slots__ = ("bias", "bits", "fraction", "infinity", "min_lsb", "nan", "quiet", "sign", "type")

    def __init__(self, type: T.Type, exponent_bits: int, fraction_bits: int) -> None:
        self.type = type
        self.bits = 1 + exponent_bits + fraction_bits
        self.fraction = fraction_bits
        self.bias = (1 << (exponent_bits - 1)) - 1
        self.sign = 1 << (exponent_bits + fraction_bits)
        self.infinity = ((1 << exponent_bits) - 1) << fraction_bits
        self.quiet = 1 << (fraction_bits - 1)
        self.nan = self.infinity | self.quiet
        self.min_lsb = 1 - self.bias - fraction_bits  # exponent of the smallest subnormal


FORMATS = {type: Format(type, *layout) for type, layout in LAYOUT.items()}


def is_nan(x: int, f: Format) -> bool:
    return x & (f.sign - 1) > f.infinity


def is_infinite(x: int, f: Format) -> bool:
    return x & (f.sign - 1) == f.infinity


def unpack(x: int, f: Format) -> tuple[int, int, int]:
    """``sign, m, e`` of a finite float."""
    exponent = x >> f.fraction & (f.infinity >> f.fraction)
    m = x & ((1 << f.fraction) - 1)
    sign = x // f.sign
    if exponent:
        return sign, m | 1 << f.fraction, exponent + f.min_lsb - 1
    return sign, m, f.min_lsb


def pack(sign: int, m: int, e: int, f: Format, sticky: bool = False) -> int:
    """Round ``m * 2**e`` (plus something below its last bit, if ``sticky``; then m must have two bits more than a
    fraction has).
    """
    if not m:
        return sign * f.sign
    lsb = max(m.bit_length() - 1 + e - f.fraction, f.min_lsb)
    shift = lsb - e
    if shift <= 0:
        q = m << -shift
    else:
        q = m >> shift
        rest = m & ((1 << shift) - 1)
        half = 1 << (shift - 1)
        if rest > half or (rest == half and (sticky or q & 1)):
            q += 1
    # A subnormal has exponent field 0; a carry out of the fraction raises the exponent field by itself.
    return sign * f.sign | min(((lsb - f.min_lsb) << f.fraction) + q, f.infinity)


def from_ratio(sign: int, n: int, d: int, f: Format) -> int:
    """Round ``n / d``, both positive (or n zero)."""
    shift = f.fraction + 3 - (n.bit_length() - d.bit_length())
    q, rest = divmod(n << shift, d) if shift >= 0 else divmod(n, d << -shift)
    return pack(sign, q, -shift, f, rest != 0)


def from_int(value: int, f: Format) -> int:
    return pack(int(value < 0), abs(value), 0, f)


def to_int(x: int, f: Format) -> int:
    """A finite float truncated to an integer."""
    sign, m, e = unpack(x, f)
    magnitude = m << e if e >= 0 else m >> -e
    return -magnitude if sign else magnitude


def _nan_of(operands: tuple[int, ...], f: Format) -> int | None:
    """The result that NaN operands force, or None."""
    for x in operands:
        if is_nan(x, f):
            return x | f.quiet
    return None


def add(x: int, y: int, f: Format) -> int:
    nan = _nan_of((x, y), f)
    if nan is not None:
        return nan
    if is_infinite(x, f):
        return f.nan if is_infinite(y, f) and x != y else x
    if is_infinite(y, f):
        return y
    return _sum(unpack(x, f), unpack(y, f), f)


def _sum(x: tuple[int, int, int], y: tuple[int, int, int], f: Format) -> int:
    e = min(x[2], y[2])
    a, b = x[1] << (x[2] - e), y[1] << (y[2] - e)
    total = (-a if x[0] else a) + (-b if y[0] else b)
    if not total:
        # Only zeros that are both negative sum to the negative zero.
        return f.sign if x[0] and y[0] else 0
    return pack(int(total < 0), abs(total), e, f)


def sub(x: int, y: int, f: Format) -> int:
    return add(x, y if is_nan(y, f) else y ^ f.sign, f)


def mul(x: int, y: int, f: Format) -> int:
    nan = _nan_of((x, y), f)
    if nan is not None:
        return nan
    sign = (x ^ y) & f.sign
    if is_infinite(x, f) or is_infinite(y, f):
        zero = not x & (f.sign - 1) or not y & (f.sign - 1)
        return f.nan if zero else sign | f.infinity
    (xs, xm, xe), (ys, ym, ye) = unpack(x, f), unpack(y, f)
    return pack(xs ^ ys, xm * ym, xe + ye, f)


def div(x: int, y: int, f: Format) -> int:
    nan = _nan_of((x, y), f)
    if nan is not None:
        return nan
    sign = (x ^ y) & f.sign
    if is_infinite(x, f):
        return f.nan if is_infinite(y, f) else sign | f.infinity
    if is_infinite(y, f):
        return sign
    (xs, xm, xe), (ys, ym, ye) = unpack(x, f), unpack(y, f)
    if not ym:
        return sign | f.infinity if xm else f.nan
    shift = xe - ye
    return from_ratio(xs ^ ys, xm << max(shift, 0), ym << max(-shift, 0), f)


def fma(x: int, y: int, z: int, f: Format) -> int:
    """``x * y + z``, rounded once."""
    nan = _nan_of((x, y, z), f)
    if nan is not None:
        return nan
    if is_infinite(x, f) or is_infinite(y, f):
        return add(mul(x, y, f), z, f)
    if is_infinite(z, f):
        return z
    (xs, xm, xe), (ys, ym, ye) = unpack(x, f), unpack(y, f)
    return _sum((xs ^ ys, xm * ym, xe + ye), unpack(z, f), f)


def sqrt(x: int, f: Format) -> int:
    if is_nan(x, f):
        return x | f.quiet
    if not x & (f.sign - 1):
        return x
    if x & f.sign:
        return f.nan
    if is_infinite(x, f):
        return x
    _, m, e = unpack(x, f)
    shift = 2 * f.fraction + 6
    shift += (e - shift) & 1  # an even exponent has an exact half
    root = isqrt(m << shift)
    return pack(0, root, (e - shift) // 2, f, root * root != m << shift)


def compare(x: int, y: int, f: Format) -> int | None:
    """-1, 0 or 1; None when unordered."""
    if is_nan(x, f) or is_nan(y, f):
        return None
    a, b = _order(x, f), _order(y, f)
    return (a > b) - (a < b)


def _order(x: int, f: Format) -> int:
    magnitude = x & (f.sign - 1)
    return -magnitude if x & f.sign else magnitude


def minimum(x: int, y: int, f: Format) -> int:
    """NaN if either is; -0 below +0."""
    nan = _nan_of((x, y), f)
    if nan is not None:
        return nan
    # Negative floats sort downwards by their bits; the sign decides between zeros.
    return x if (_order(x, f), -(x & f.sign)) <= (_order(y, f), -(y & f.sign)) else y


def maximum(x: int, y: int, f: Format) -> int:
    nan = _nan_of((x, y), f)
    if nan is not None:
        return nan
    return y if minimum(x, y, f) == x else x


def round_integral(x: int, f: Format, mode: str) -> int:
    """Round to an integral float: ``mode`` is floor, ceil, trunc or nearest (ties to even). The sign stays, also of
    zero.
    """
    if is_nan(x, f):
        return x | f.quiet
    if is_infinite(x, f):
        return x
    sign, m, e = unpack(x, f)
    if e >= 0:
        return x
    whole, rest = m >> -e, m & ((1 << -e) - 1)
    half = 1 << (-e - 1)
    up = {
        "trunc": False,
        "floor": sign and rest,
        "ceil": not sign and rest,
        "nearest": rest > half or (rest == half and whole & 1),
    }[mode]
    return pack(sign, whole + bool(up), 0, f)


def convert(x: int, source: Format, target: Format) -> int:
    """To another format, rounded; a NaN keeps its sign and the leading bits of its payload, quieted."""
    sign = x // source.sign
    magnitude = x & (source.sign - 1)
    if magnitude >= source.infinity:
        payload = magnitude - source.infinity
        shift = target.fraction - source.fraction
        payload = payload << shift if shift >= 0 else payload >> -shift
        quiet = target.quiet if magnitude > source.infinity else 0
        return sign * target.sign | target.infinity | payload | quiet
    _, m, e = unpack(x, source)
    return pack(sign, m, e, target)
