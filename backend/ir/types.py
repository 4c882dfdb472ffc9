"""CLIF types as dense integers.

A type is a small int: ``lane | log2(lanes) << 4``, so ``F64X2 == F64 | 1 << 4``; 0 is INVALID ("no type"). Bit 9
marks a dynamic vector (``DYNAMIC``): lanes then counts one scale unit of 128 bits. Ints are what the optimizer
hashes and compares fastest; the tables below answer everything about one by indexing (``BITS[t]``, ``LANE[t]``,
``NAME[t]``).
"""

from __future__ import annotations

Type = int

INVALID = 0
I8, I16, I32, I64, I128, F16, F32, F64, F128 = range(1, 10)
DYNAMIC = 1 << 9
_MAX_LOG2_LANES = 8

_LANE_BITS = (0, 8, 16, 32, 64, 128, 16, 32, 64, 128)
_LANE_NAMES = ("invalid", "i8", "i16", "i32", "i64", "i128", "f16", "f32", "f64", "f128")

_SIZE = DYNAMIC * 2
#: Bits of the whole type (of one scale unit for dynamic vectors), 0 where the int is no type.
BITS: list[int] = [0] * _SIZE
#: Bytes of the whole type.
BYTES: list[int] = [0] * _SIZE
#: Bits of one lane.
LANE_BITS: list[int] = [0] * _SIZE
#: Number of lanes, 1 for scalars.
LANES: list[int] = [0] * _SIZE
#: Scalar type of one lane.
LANE: list[Type] = [0] * _SIZE
#: The type's CLIF name.
NAME: list[str] = ["invalid"] * _SIZE
IS_INT: list[bool] = [False] * _SIZE  # scalar integers only
IS_FLOAT: list[bool] = [False] * _SIZE  # scalar floats only
IS_VECTOR: list[bool] = [False] * _SIZE
#: All ones in the type's width; the mask of a scalar integer's immediate.
MASK: list[int] = [0] * _SIZE
#: CLIF name -> type.
BY_NAME: dict[str, Type] = {}


def vector(lane: Type, lanes: int) -> Type:
    """The vector type of ``lanes`` (a power of two, 2 to 256) lanes of scalar type ``lane``."""
    return lane | (lanes.bit_length() - 1) << 4


for _lane in range(1, 10):
    for _log in range(_MAX_LOG2_LANES + 1):
        for _dynamic in (0, DYNAMIC):
            if _dynamic and not _log:
                continue
            _t = _lane | _log << 4 | _dynamic
            BITS[_t] = _LANE_BITS[_lane] << _log
            BYTES[_t] = BITS[_t] // 8
            LANE_BITS[_t] = _LANE_BITS[_lane]
            LANES[_t] = 1 << _log
            LANE[_t] = _lane
            _name = _LANE_NAMES[_lane] + (f"x{1 << _log}" if _log else "") + ("xN" * bool(_dynamic))
            NAME[_t] = _name
            IS_INT[_t] = _log == 0 and _lane <= I128
            IS_FLOAT[_t] = _log == 0 and _lane > I128
            IS_VECTOR[_t] = _log != 0
            MASK[_t] = (1 << BITS[_t]) - 1
            BY_NAME[_name] = _t

I8X16, I16X8, I32X4, I64X2 = vector(I8, 16), vector(I16, 8), vector(I32, 4), vector(I64, 2)
F32X4, F64X2, F16X8 = vector(F32, 4), vector(F64, 2), vector(F16, 8)

_AS_INT = (0, I8, I16, I32, I64, I128, I16, I32, I64, I128)


def as_int(t: Type) -> Type:
    """The type of the same shape with integer lanes of the same width (``f32x4 -> i32x4``)."""
    return t & ~15 | _AS_INT[t & 15]


def as_truthy(t: Type) -> Type:
    """The type of a comparison's result: i8 for scalars, integer lanes of the same width for vectors."""
    return as_int(t) if t & ~15 else I8


def half_width(t: Type) -> Type:
    """Lanes of half the width, same count (``i64 -> i32``, ``f64 -> f32``)."""
    return t - 1


def double_width(t: Type) -> Type:
    """Lanes of twice the width, same count."""
    return t + 1


def split_lanes(t: Type) -> Type:
    """Half the lane width, twice the lanes (``i32x4 -> i16x8``)."""
    return t - 1 + 16


def merge_lanes(t: Type) -> Type:
    """Twice the lane width, half the lanes (``i16x8 -> i32x4``)."""
    return t + 1 - 16


def to_signed(value: int, t: Type) -> int:
    """The signed reading of ``value`` taken modulo the width of the scalar integer type ``t``."""
    bits = BITS[t]
    value &= MASK[t]
    return value - (1 << bits) if value >> (bits - 1) else value
