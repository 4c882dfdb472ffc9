"""Complex arithmetic on SSA values (real part, imaginary part): Python's and NumPy's, which divide differently.

Python divides by Smith's method and raises for zero; NumPy scales by a reciprocal and gives inf or NaN. From
CPython 3.14 on a real operand stays real in Python's + - * / (so signed zeros and infinities survive); NumPy always
makes it complex.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.types import F64, I8
from jitpy.frontend.library import floats

if TYPE_CHECKING:
    from jitpy.frontend.translate.translator import Translator

Complex = tuple[int, int]


def add(tr: Translator, flat: int, a: Complex, b: Complex) -> Complex:
    """a + b."""
    return tr.op(op.FADD, flat, a[0], b[0]), tr.op(op.FADD, flat, a[1], b[1])


def sub(tr: Translator, flat: int, a: Complex, b: Complex) -> Complex:
    """a - b."""
    return tr.op(op.FSUB, flat, a[0], b[0]), tr.op(op.FSUB, flat, a[1], b[1])


def mul(tr: Translator, flat: int, a: Complex, b: Complex) -> Complex:
    """a * b by the textbook formula, as both Python and NumPy compute it."""
    real = tr.op(op.FSUB, flat, tr.op(op.FMUL, flat, a[0], b[0]), tr.op(op.FMUL, flat, a[1], b[1]))
    imag = tr.op(op.FADD, flat, tr.op(op.FMUL, flat, a[0], b[1]), tr.op(op.FMUL, flat, a[1], b[0]))
    return real, imag


def neg(tr: Translator, flat: int, a: Complex) -> Complex:
    """-a."""
    return tr.op(op.FNEG, flat, a[0]), tr.op(op.FNEG, flat, a[1])


def conjugate(tr: Translator, flat: int, a: Complex) -> Complex:
    """The conjugate."""
    return a[0], tr.op(op.FNEG, flat, a[1])


def both_zero(tr: Translator, flat: int, a: Complex) -> int:
    """a == 0 as an i8."""
    return tr.op(op.BAND, I8, floats.is_zero(tr, a[0], flat), floats.is_zero(tr, a[1], flat))


def py_div(tr: Translator, a: Complex, b: Complex) -> Complex:
    """a / b by Smith's method: the larger component of b is divided out first."""
    tr.check(both_zero(tr, F64, b), ZeroDivisionError, "complex division by zero")
    return _smith(tr, F64, a, b, False)


def np_div(tr: Translator, flat: int, a: Complex, b: Complex) -> Complex:
    """a / b as NumPy's loops compute it."""
    zero = both_zero(tr, flat, b)
    real, imag = _smith(tr, flat, a, b, True)
    size = tr.op(op.FABS, flat, b[0])
    real = tr.select(zero, tr.op(op.FDIV, flat, a[0], size), real)
    imag = tr.select(zero, tr.op(op.FDIV, flat, a[1], size), imag)
    return real, imag


def _smith(tr: Translator, flat: int, a: Complex, b: Complex, scaled: bool) -> Complex:
    """Both orders of Smith's method are one formula with the components of a and b exchanged.

    By the real part:       real = (ar + ai * r) / d   imag = (ai - ar * r) / d   with r = bi / br, d = br + bi * r
    By the imaginary part:  real = (ar * r + ai) / d   imag = (ai * r - ar) / d   with r = br / bi, d = br * r + bi
    """
    by_real = tr.fcmp("ge", tr.op(op.FABS, flat, b[0]), tr.op(op.FABS, flat, b[1]))

    def pick(first: int, second: int) -> int:
        return tr.select(by_real, first, second)

    large, small = pick(b[0], b[1]), pick(b[1], b[0])
    ratio = tr.op(op.FDIV, flat, small, large)
    scale = tr.op(op.FADD, flat, large, tr.op(op.FMUL, flat, small, ratio))
    near, far = pick(a[0], a[1]), pick(a[1], a[0])
    real = tr.op(op.FADD, flat, near, tr.op(op.FMUL, flat, far, ratio))
    # The sign of a difference's zero depends on its order, so the two orders are computed apart.
    product = tr.op(op.FMUL, flat, near, ratio)
    imag = pick(tr.op(op.FSUB, flat, far, product), tr.op(op.FSUB, flat, tr.op(op.FMUL, flat, a[1], ratio), a[0]))
    if scaled:
        inverse = tr.op(op.FDIV, flat, tr.fconst(1.0, flat), scale)
        return tr.op(op.FMUL, flat, real, inverse), tr.op(op.FMUL, flat, imag, inverse)
    real = tr.op(op.FDIV, flat, real, scale)
    imag = tr.op(op.FDIV, flat, imag, scale)
    # With a NaN in b Python gives NaN in both parts.
    nan = tr.fcmp("uno", b[0], b[1])
    quiet = tr.fconst(float("nan"), flat)
    return tr.select(nan, quiet, real), tr.select(nan, quiet, imag)


def reciprocal(tr: Translator, flat: int, a: Complex) -> Complex:
    """1 / a as NumPy's ufunc has it: by the ratio of the smaller to the larger part."""
    one = tr.fconst(1.0, flat)
    real, imag = a
    upright = tr.fcmp("le", tr.op(op.FABS, flat, imag), tr.op(op.FABS, flat, real))
    large, small = tr.select(upright, real, imag), tr.select(upright, imag, real)
    ratio = tr.op(op.FDIV, flat, small, large)
    # In both cases the larger part plus the smaller one times the ratio.
    size = tr.op(op.FADD, flat, large, tr.op(op.FMUL, flat, small, ratio))
    whole, part = tr.op(op.FDIV, flat, one, size), tr.op(op.FDIV, flat, ratio, size)
    return tr.select(upright, whole, part), tr.op(op.FNEG, flat, tr.select(upright, part, whole))


def equal(tr: Translator, flat: int, a: Complex, b: Complex) -> int:
    """a == b as an i8."""
    return tr.op(op.BAND, I8, tr.fcmp("eq", a[0], b[0]), tr.fcmp("eq", a[1], b[1]))


def np_less(tr: Translator, flat: int, condition: str, a: Complex, b: Complex) -> int:
    """NumPy's order of complex numbers: by real parts, then by imaginary ones; a NaN compares false."""
    strict = {"lt": "lt", "le": "lt", "gt": "gt", "ge": "gt"}[condition]
    ordered = tr.fcmp("ord", a[1], b[1])
    first = tr.op(op.BAND, I8, tr.fcmp(strict, a[0], b[0]), ordered)
    same = tr.fcmp("eq", a[0], b[0])
    second = tr.op(op.BAND, I8, same, tr.fcmp(condition, a[1], b[1]))
    return tr.op(op.BOR, I8, first, second)


def power_known(tr: Translator, flat: int, a: Complex, exponent: int, numpy: bool) -> Complex:
    """a ** exponent for a constant 0 < exponent < 100 by squaring, in each library's order of multiplications."""
    if numpy and exponent <= 3:
        result = a
        for _ in range(exponent - 1):
            result = mul(tr, flat, a, result)
        return result
    one = tr.fconst(1.0, flat), tr.fconst(0.0, flat)
    result = one
    base = a
    while True:
        if exponent & 1:
            result = mul(tr, flat, result, base)
        exponent >>= 1
        if not exponent:
            return result
        base = mul(tr, flat, base, base)


def absolute(tr: Translator, flat: int, a: Complex) -> int:
    """abs(a), without regard to overflow."""
    return floats.call_math(tr, "hypot", flat, a[0], a[1])


def py_abs(tr: Translator, a: Complex) -> int:
    """abs(a); OverflowError where finite parts give inf."""
    result = absolute(tr, F64, a)
    inf = tr.fconst(float("inf"))
    over = tr.fcmp("eq", result, inf)
    odd = tr.op(op.BOR, I8, floats.not_finite(tr, a[0]), floats.not_finite(tr, a[1]))
    finite = tr.icmp("eq", odd, tr.iconst(0, I8))
    tr.check(tr.op(op.BAND, I8, over, finite), OverflowError, "absolute value too large")
    return result
