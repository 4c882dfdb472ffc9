"""Random values of any type, as the interpreter's ints: small ones, long ones, and often one at an edge."""

from __future__ import annotations

from random import Random

from jitpy.backend.ir import ieee
from jitpy.backend.ir import types as T

_NUMBERS = (0, 1, 2, 3, 7, 8, 15, 16, 31, 63, 64, 100, 127, 128, 255, 256, 1 << 15, (1 << 31) - 1, 1 << 31, 1 << 63, 1 << 127)
#: Exponent and fraction bits by float type.
_FLOATS = {T.F16: (5, 10), T.F32: (8, 23), T.F64: (11, 52), T.F128: (15, 112)}


def value_bits(r: Random, type: T.Type) -> int:
    """A value, lane 0 lowest."""
    lane = T.LANE[type]
    if T.LANES[type] > 1 and r.random() < 0.2:
        one = lane_bits(r, lane)
        return sum(one << T.BITS[lane] * k for k in range(T.LANES[type]))
    return sum(lane_bits(r, lane) << T.BITS[lane] * k for k in range(T.LANES[type]))


def lane_bits(r: Random, lane: T.Type) -> int:
    """A scalar. NaN are quiet."""
    if lane in _FLOATS:
        return _limit(r, lane) if r.random() < 0.2 else _float(r, lane)
    if r.random() < 0.4:
        n = r.getrandbits(T.BITS[lane])
        return n >> r.randrange(T.BITS[lane]) if r.random() < 0.5 else n
    n = r.choice(_NUMBERS)
    return (-n if r.random() < 0.3 else n) & T.MASK[lane]


def _float(r: Random, lane: T.Type) -> int:
    """Zeros, ones, infinities, NaN, the smallest numbers, fractions of few and of many bits."""
    exponent, fraction = _FLOATS[lane]
    bias = (1 << exponent - 1) - 1
    kind = r.random()
    e = r.choice((0, bias, bias + 1, bias - 1, bias + 7, bias + 8, bias + 31, bias + 63, 2 * bias, 2 * bias + 1, bias + 127))
    f = 0 if kind < 0.4 else r.choice((1, (1 << fraction) - 1, 1 << fraction - 1)) if kind < 0.6 else r.getrandbits(fraction)
    if kind > 0.85:
        e = r.getrandbits(exponent)
    if e >= 2 * bias + 1:
        e, f = 2 * bias + 1, (1 << fraction - 1) * (f != 0)  # infinity, or a quiet NaN
    return r.getrandbits(1) << T.BITS[lane] - 1 | e << fraction | f


def _limit(r: Random, lane: T.Type) -> int:
    """The float at or next to a limit of some integer type, where conversions change their mind."""
    format = ieee.FORMATS[lane]
    limit = (1 << r.choice((0, 7, 8, 15, 16, 31, 32, 63, 64, 127, 128))) + r.choice((-1, 0, 1))
    bits = ieee.from_int(r.choice((limit, -limit)), format)
    return bits if not limit or ieee.is_infinite(bits, format) else bits + r.choice((-1, 0, 1))
