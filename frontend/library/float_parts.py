"""The parts of floats: sign, exponent and fraction taken apart and put together, and the neighbours of a float.

Branch-free code on SSA values, which raises nothing; `ufuncs_scalar` makes NumPy's ufuncs of it, `math` Python's functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.types import F64, I8, I64, MASK
from jitpy.frontend.library import casts, floats

if TYPE_CHECKING:
    from jitpy.frontend.translate.translator import Translator
    from jitpy.frontend.types.types import Scalar


def is_inf(tr: Translator, x: int, flat: int) -> int:
    """Whether x is infinite."""
    return tr.fcmp("eq", tr.op(op.FABS, flat, x), tr.fconst(float("inf"), flat))


def is_finite(tr: Translator, x: int, flat: int) -> int:
    """Whether x is finite."""
    return tr.fcmp("lt", tr.op(op.FABS, flat, x), tr.fconst(float("inf"), flat))


def float_bits(tr: Translator, x: int, t: Scalar) -> tuple[int, int]:
    """The bits of a float as an integer of its width, and that integer type."""
    flat = t.bits.bit_length() - 3
    return tr.op(op.BITCAST, flat, x, imm=0), flat


def next_after(tr: Translator, x: int, y: int, t: Scalar) -> int:
    """The next float after x towards y: its bits one up or down; from zero the smallest denormal of y's sign."""
    bits, flat = float_bits(tr, x, t)
    target, _ = float_bits(tr, y, t)
    wide_x, wide_y = casts.widen(tr, x, t), casts.widen(tr, y, t)
    zero = tr.iconst(0, flat)
    top = 1 << (t.bits - 1)
    up = tr.fcmp("lt", wide_x, wide_y)
    negative = tr.icmp("slt", bits, zero)
    step = tr.select(
        tr.op(op.BXOR, I8, up, negative), tr.iconst(1, flat), tr.iconst(MASK[flat], flat)
    )  # fmt: skip
    moved = tr.op(op.IADD, flat, bits, step)
    smallest = tr.op(op.BOR, flat, tr.op(op.BAND, flat, target, tr.iconst(top, flat)), tr.iconst(1, flat))
    is_zero = tr.icmp("eq", tr.op(op.ISHL, flat, bits, tr.iconst(1, flat)), zero)
    moved = tr.select(is_zero, smallest, moved)
    # Of equal operands C gives the second, NumPy's float16 the first.
    moved = tr.select(tr.fcmp("eq", wide_x, wide_y), bits if t.bits == 16 else target, moved)
    result = tr.op(op.BITCAST, t.flat[0], moved, imm=0)
    nan = casts.narrow(tr, tr.op(op.FADD, casts.working_float(t), wide_x, wide_y), t)
    return tr.select(tr.fcmp("uno", wide_x, wide_y), nan, result)


def modf(tr: Translator, flat: int, x: int) -> tuple[int, int]:
    """Fractional and integral part, both with the sign of x."""
    whole = tr.op(op.TRUNC, flat, x)
    fraction = tr.op(op.FSUB, flat, x, whole)
    fraction = tr.select(is_inf(tr, x, flat), tr.fconst(0.0, flat), fraction)
    return tr.op(op.FCOPYSIGN, flat, fraction, x), whole


def _power_of_two(tr: Translator, n: int) -> int:
    """2.0 ** n for -1022 <= n <= 1023."""
    biased = tr.op(op.IADD, I64, n, tr.iconst(1023))
    return tr.op(op.BITCAST, F64, tr.op(op.ISHL, I64, biased, tr.iconst(52)), imm=0)


def ldexp(tr: Translator, x: int, n: int) -> int:
    """x * 2**n, rounded once: all but the last step stay clear of denormals by taking the exponent off the fraction
    first.
    """
    fraction, exponent = frexp(tr, x)
    n = tr.op(op.SMAX, I64, tr.op(op.SMIN, I64, n, tr.iconst(5000)), tr.iconst(-5000))
    total = tr.op(op.IADD, I64, n, exponent)
    total = tr.op(op.SMAX, I64, tr.op(op.SMIN, I64, total, tr.iconst(1026)), tr.iconst(-1100))
    # fraction * 2 * 2**(total // 2 - 1 ...): two exact factors when the result is normal, one rounding when it is not.
    near = tr.op(op.SMAX, I64, tr.op(op.SMIN, I64, total, tr.iconst(1000)), tr.iconst(-1000))
    result = tr.op(op.FMUL, F64, fraction, _power_of_two(tr, near))
    return tr.op(op.FMUL, F64, result, _power_of_two(tr, tr.op(op.ISUB, I64, total, near)))


def frexp(tr: Translator, x: int) -> tuple[int, int]:
    """Fraction (0.5 <= |f| < 1) and exponent (an i64) of an f64; (x, 0) for zero, infinities and NaN."""
    bits = tr.op(op.BITCAST, I64, x, imm=0)
    exponent_mask = tr.iconst(0x7FF)
    denormal = tr.icmp("eq", tr.op(op.BAND, I64, tr.op(op.USHR, I64, bits, tr.iconst(52)), exponent_mask), tr.iconst(0))
    scaled = tr.op(op.BITCAST, I64, tr.op(op.FMUL, F64, x, tr.fconst(2.0**54)), imm=0)
    bits = tr.select(denormal, scaled, bits)
    field = tr.op(op.BAND, I64, tr.op(op.USHR, I64, bits, tr.iconst(52)), exponent_mask)
    fraction_bits = tr.op(
        op.BOR, I64, tr.op(op.BAND, I64, bits, tr.iconst(0x800FFFFFFFFFFFFF)), tr.iconst(0x3FE0000000000000)
    )
    fraction = tr.op(op.BITCAST, F64, fraction_bits, imm=0)
    exponent = tr.op(op.ISUB, I64, field, tr.select(denormal, tr.iconst(1022 + 54), tr.iconst(1022)))
    odd = tr.op(op.BOR, I8, tr.fcmp("eq", x, tr.fconst(0.0)), floats.not_finite(tr, x))
    return tr.select(odd, x, fraction), tr.select(odd, tr.iconst(0), exponent)
