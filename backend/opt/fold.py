"""Constant folding: what an opcode gives on known operands. Immediates are unsigned ints of the type's width, floats their bits.

Partial functions answer None where nothing may be folded (NaN results: their payload is the machine's business).
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING

from jitpy.backend.ir import types as ty
from jitpy.backend.ir.opcodes import FLOAT_CC, INT_CC
from jitpy.backend.ir.types import BITS, MASK, to_signed

if TYPE_CHECKING:
    from collections.abc import Callable

#: Lane type -> digits of a float's fraction, with the one before the point: it holds all integers of so many bits.
FLOAT_DIGITS = {ty.F16: 11, ty.F32: 24, ty.F64: 53, ty.F128: 113}
_UNSIGNED = {"ult": "slt", "ule": "sle", "ugt": "sgt", "uge": "sge"}
_COMPARE = {
    "eq": lambda a, b: a == b, "ne": lambda a, b: a != b, "slt": lambda a, b: a < b, "sle": lambda a, b: a <= b,
    "sgt": lambda a, b: a > b, "sge": lambda a, b: a >= b,
}  # fmt: skip


def complement(cc: str) -> str:
    """The integer condition that holds exactly where ``cc`` does not."""
    return INT_CC[cc][0]


def swap(cc: str) -> str:
    """The integer condition for swapped operands."""
    return INT_CC[cc][1]


def float_complement(cc: str) -> str:
    """The float condition that holds exactly where ``cc`` does not."""
    return FLOAT_CC[cc][0]


def float_swap(cc: str) -> str:
    """The float condition for swapped operands."""
    return FLOAT_CC[cc][1]


def fold_icmp(t: int, cc: str, a: int, b: int) -> int:
    """An integer comparison: 1 or 0."""
    signed = _UNSIGNED.get(cc)
    if signed is not None:
        return int(_COMPARE[signed](a, b))
    return int(_COMPARE[cc](to_signed(a, t), to_signed(b, t)))


def _float(t: int, bits: int) -> float:
    value: float = (
        struct.unpack("<d", struct.pack("<Q", bits))[0] if t == ty.F64 else struct.unpack("<f", struct.pack("<I", bits))[0]
    )
    return value


def _bits(t: int, value: float) -> int:
    found: int
    if t == ty.F64:
        (found,) = struct.unpack("<Q", struct.pack("<d", value))
    else:
        (found,) = struct.unpack("<I", struct.pack("<f", value))
    return found


def _is_float(t: int) -> bool:
    return t in (ty.F32, ty.F64)


def fold_fcmp(t: int, cc: str, a: int, b: int) -> int | None:
    """A float comparison: 1 or 0; f32 and f64 only."""
    if not _is_float(t):
        return None
    x, y = _float(t, a), _float(t, b)
    unordered = x != x or y != y
    if cc in ("ord", "uno"):
        return int(unordered == (cc == "uno"))
    if unordered:
        return int(cc in ("ne", "ueq", "ult", "ule", "ugt", "uge"))
    relation = {"one": "ne", "ueq": "eq"}.get(cc, cc.lstrip("u"))
    return int(
        {"eq": x == y, "ne": x != y, "lt": x < y, "le": x <= y, "gt": x > y, "ge": x >= y}[relation]
    )


def fold_float(name: str, t: int, a: int, b: int) -> int | None:
    """``fadd fsub fmul fdiv fmin fmax`` of two constants; None for NaN results and where Python's float64 cannot tell."""
    if not _is_float(t):
        return None
    x, y = _float(t, a), _float(t, b)
    try:
        if name == "fadd":
            r = x + y
        elif name == "fsub":
            r = x - y
        elif name == "fmul":
            r = x * y
        elif name == "fdiv":
            r = x / y
        elif name in ("fmin", "fmax"):
            return _extreme(name == "fmin", a, b, x, y)
        else:
            return None
    except ZeroDivisionError:
        if x == 0 or x != x:
            return None
        r = math.copysign(math.inf, x) * math.copysign(1.0, y)
    if r != r:
        return None
    try:
        return _bits(t, r)  # one operation in double, rounded to single, is correctly rounded
    except OverflowError:
        return _bits(t, math.copysign(math.inf, r))


def _extreme(least: bool, a: int, b: int, x: float, y: float) -> int | None:
    """The smaller or the larger of two numbers, by their bits; -0.0 is below 0.0."""
    if x != x or y != y:
        return None
    first = (x, math.copysign(1.0, x)) <= (y, math.copysign(1.0, y))
    return a if first == least else b


#: What the roundings to whole numbers are in Python.
_WHOLE: dict[str, Callable[[float], int]] = {"ceil": math.ceil, "floor": math.floor, "trunc": math.trunc, "nearest": round}


def fold_float1(name: str, t: int, a: int) -> int | None:
    """``sqrt ceil floor trunc nearest`` of a constant; None for NaN."""
    if not _is_float(t):
        return None
    x = _float(t, a)
    if x != x or (name == "sqrt" and x < 0):
        return None
    if name == "sqrt":
        return _bits(t, math.sqrt(x))
    if math.isinf(x) or x == 0:
        return a
    r = float(_WHOLE[name](x))
    return _bits(t, math.copysign(r, x))


def fold_from_int(signed: int, t: int, source: int, a: int) -> int | None:
    """``fcvt_from_sint`` (signed) or ``fcvt_from_uint`` of a constant of type ``source``."""
    if not _is_float(t) or source > ty.I64:
        return None
    n = to_signed(a, source) if signed else a
    if t == ty.F64:
        return _bits(t, float(n))
    if abs(n) <= 1 << 53:  # exact in double, so rounded once
        return _bits(t, float(n))
    return None


def fold_convert(name: str, t: int, a: int) -> int | None:
    """``fpromote`` f32 to f64 and ``fdemote`` f64 to f32 of a constant; None for NaN."""
    if name == "fpromote" and t == ty.F64:
        x = _float(ty.F32, a)
    elif name == "fdemote" and t == ty.F32:
        x = _float(ty.F64, a)
    else:
        return None
    if x != x:
        return None
    try:
        return _bits(t, x)
    except OverflowError:
        return _bits(t, math.copysign(math.inf, x))


def fold_sext(t: int, source: int, a: int) -> int:
    """Sign-extend ``a`` of type ``source`` to ``t``."""
    return to_signed(a, source) & MASK[t]


def fold_sshr(t: int, a: int, count: int) -> int:
    """Arithmetic shift right, modulo the width."""
    return (to_signed(a, t) >> (count & (BITS[t] - 1))) & MASK[t]


def fold_rotl(t: int, a: int, count: int) -> int:
    """Rotate left, modulo the width."""
    bits = BITS[t]
    k = count & (bits - 1)
    return (a << k | a >> (bits - k)) & MASK[t]


def fold_clz(t: int, a: int) -> int:
    """Leading zeros."""
    return BITS[t] - a.bit_length()


def fold_ctz(t: int, a: int) -> int:
    """Trailing zeros."""
    return (a & -a).bit_length() - 1 if a else BITS[t]


def fold_popcnt(t: int, a: int) -> int:
    """Ones."""
    return a.bit_count()


def fold_bswap(t: int, a: int) -> int:
    """Bytes reversed."""
    return int.from_bytes(a.to_bytes(BITS[t] // 8, "little"), "big")


def fold_smulhi(t: int, a: int, b: int) -> int:
    """High half of the signed product."""
    return (to_signed(a, t) * to_signed(b, t) >> BITS[t]) & MASK[t]


def fold_umulhi(t: int, a: int, b: int) -> int:
    """High half of the unsigned product."""
    return a * b >> BITS[t]


def fold_smin(t: int, a: int, b: int) -> int:
    """Signed minimum."""
    return min(to_signed(a, t), to_signed(b, t)) & MASK[t]


def fold_smax(t: int, a: int, b: int) -> int:
    """Signed maximum."""
    return max(to_signed(a, t), to_signed(b, t)) & MASK[t]


def unsigned_magic(t: int, d: int) -> tuple[int, int, int]:
    """(multiplier, add, shift) for x // d by ``umulhi``; Granlund and Montgomery 1994, Warren, Hacker's Delight 10-9.

    With ``h = umulhi(x, multiplier)``: ``h >> shift``, or where add is 1, ``(((x - h) >> 1) + h) >> (shift - 1)``.
    ``d`` is neither 0 nor a power of two.
    """
    bits = BITS[t]
    for shift in range(bits + 1):
        m = ((1 << (bits + shift)) + d - 1) // d
        if m * d - (1 << (bits + shift)) <= 1 << shift:
            if m < 1 << bits:
                return m, 0, shift
            return m - (1 << bits), 1, shift
    raise AssertionError(d)


def signed_magic(t: int, d: int) -> tuple[int, int]:
    """(multiplier, shift) for x / d truncated by ``smulhi``, d as signed, |d| >= 2; Warren, Hacker's Delight 10-4.

    The quotient is ``(smulhi(x, m) [+ x if d > 0 > m, - x if d < 0 < m]) >> shift``, plus its own sign bit. With a negative
    divisor the least number counts as 2^(bits - 1), one more than any positive number: so the error must stay below the limit.
    """
    bits = BITS[t]
    divisor = to_signed(d, t)
    a = abs(divisor)
    for shift in range(1, bits):
        m = (1 << (bits - 1 + shift)) // a + 1
        if m * a - (1 << (bits - 1 + shift)) <= (1 << shift) - (divisor < 0):
            break
    m &= MASK[t]
    if divisor < 0:
        m = -m & MASK[t]
    return m, shift - 1


def exact_demoted(t: int, a: int) -> int | None:
    """The bits as ``t``, which is f32, of an f64, if that is the same number; None for NaN."""
    found = fold_convert("fdemote", t, a)
    return found if found is not None and _float(t, found) == _float(ty.F64, a) else None


def if_unordered(cc: str) -> int:
    """Whether a float condition holds where an operand is a NaN."""
    return int(cc in ("uno", "ne", "ueq", "ult", "ule", "ugt", "uge"))


def reciprocal(t: int, a: int) -> int | None:
    """The bits of 1/x where x is a power of two and 1/x is normal: multiplying by it is dividing by x."""
    if not _is_float(t):
        return None
    mantissa, exponent_bits = (52, 11) if t == ty.F64 else (23, 8)
    bias = (1 << (exponent_bits - 1)) - 1
    exponent = a >> mantissa & ((1 << exponent_bits) - 1)
    if a & ((1 << mantissa) - 1) or not 0 < exponent < 2 * bias:
        return None
    return a >> (mantissa + exponent_bits) << (mantissa + exponent_bits) | (2 * bias - exponent) << mantissa
