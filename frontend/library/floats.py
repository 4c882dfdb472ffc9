"""Real floating-point arithmetic on SSA values: Python's ``float`` and NumPy's three widths.

``py_*`` functions raise as Python's float does; ``np_*`` take the CLIF type (f32 or f64; float16 is widened by the
caller) and give inf and NaN instead. // and % follow the one exact algorithm that CPython and NumPy share: both
start from C's ``fmod``, which is exact, and round the corrected quotient once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.types import F64, I8

if TYPE_CHECKING:
    from collections.abc import Callable

    from jitpy.frontend.translate.translator import Translator


#: Modules whose functions must give the bits that CPython and NumPy give, which are linked with the C library.
_WITH_C_LIBRARY = frozenset(("random", "jitpy.frontend.library.random.algorithms"))


def call_math(tr: Translator, name: str, flat: int, *args: int) -> int:
    """The math library's double function ``name`` on operands of f32 or f64; a float32 result is rounded once."""
    symbol = name if tr.frame.globals.get("__name__") in _WITH_C_LIBRARY else "jitpy_math_" + name
    if flat == F64:
        return tr.call_extern(symbol, (F64,) * len(args), (F64,), *args)[0]
    wide = [tr.op(op.FPROMOTE, F64, a) for a in args]
    return tr.op(op.FDEMOTE, flat, tr.call_extern(symbol, (F64,) * len(args), (F64,), *wide)[0])


def is_zero(tr: Translator, x: int, flat: int = F64) -> int:
    """x == 0 as an i8."""
    return tr.fcmp("eq", x, tr.fconst(0.0, flat))


def py_div(tr: Translator, a: int, b: int, known: float | None) -> int:
    """a / b."""
    _py_divisor(tr, b, known, "float division by zero")
    return tr.op(op.FDIV, F64, a, b)


def _py_divisor(tr: Translator, b: int, known: float | None, message: str) -> None:
    if known is None:
        tr.check(is_zero(tr, b), ZeroDivisionError, message)
    elif known == 0:
        tr.check(True, ZeroDivisionError, message)


def modulo(tr: Translator, flat: int, a: int, b: int, known: float | None) -> int:
    """a % b with the sign of b, for b that is not zero (NaN where it is)."""
    if known == 1.0:
        # The fractional part. Other powers of two would lose denormal bits on the way.
        return tr.op(op.FSUB, flat, a, tr.op(op.FLOOR, flat, a))
    return _mod_from(tr, flat, call_math(tr, "fmod", flat, a, b), b)[0]


def _mod_from(tr: Translator, flat: int, rest: int, b: int) -> tuple[int, int]:
    """The modulo from fmod's result, and whether the quotient goes down by one."""
    zero = tr.fconst(0.0, flat)
    nonzero = tr.fcmp("ne", rest, zero)
    below = tr.fcmp("lt", rest, zero)
    differ = tr.op(op.BXOR, I8, below, tr.fcmp("lt", b, zero))
    fix = tr.op(op.BAND, I8, nonzero, differ)
    moved = tr.select(fix, tr.op(op.FADD, flat, rest, b), rest)
    signed = tr.op(op.FCOPYSIGN, flat, zero, b)
    return tr.select(nonzero, moved, signed), fix


def floor_divmod(tr: Translator, flat: int, a: int, b: int) -> tuple[int, int]:
    """(a // b, a % b) for b that is not zero."""
    rest = call_math(tr, "fmod", flat, a, b)
    mod, fix = _mod_from(tr, flat, rest, b)
    div = tr.op(op.FDIV, flat, tr.op(op.FSUB, flat, a, rest), b)
    div = tr.select(fix, tr.op(op.FSUB, flat, div, tr.fconst(1.0, flat)), div)
    floor = tr.op(op.FLOOR, flat, div)
    over = tr.fcmp("gt", tr.op(op.FSUB, flat, div, floor), tr.fconst(0.5, flat))
    floor = tr.select(over, tr.op(op.FADD, flat, floor, tr.fconst(1.0, flat)), floor)
    zero = tr.op(op.FCOPYSIGN, flat, tr.fconst(0.0, flat), tr.op(op.FDIV, flat, a, b))
    return tr.select(is_zero(tr, div, flat), zero, floor), mod


def py_floordiv(tr: Translator, a: int, b: int, known: float | None) -> int:
    """a // b."""
    _py_divisor(tr, b, known, "float floor division by zero")
    return floor_divmod(tr, F64, a, b)[0]


def py_mod(tr: Translator, a: int, b: int, known: float | None) -> int:
    """a % b."""
    _py_divisor(tr, b, known, "float modulo")
    return modulo(tr, F64, a, b, known)


def py_divmod(tr: Translator, a: int, b: int, known: float | None) -> tuple[int, int]:
    """divmod(a, b)."""
    _py_divisor(tr, b, known, "float divmod()")
    return floor_divmod(tr, F64, a, b)


def np_floordiv(tr: Translator, flat: int, a: int, b: int, known: float | None) -> int:
    """a // b; a / b where b is zero."""
    quotient = floor_divmod(tr, flat, a, b)[0]
    if known:
        return quotient
    return tr.select(is_zero(tr, b, flat), tr.op(op.FDIV, flat, a, b), quotient)


def np_mod(tr: Translator, flat: int, a: int, b: int, known: float | None) -> int:
    """a % b; NaN where b is zero, which is what fmod gives there."""
    if known:
        return modulo(tr, flat, a, b, known)
    rest = call_math(tr, "fmod", flat, a, b)
    # fmod is NaN for a zero divisor: unequal to zero, not below it; b's sign must not change that.
    return _mod_from(tr, flat, rest, b)[0]


def np_divmod(tr: Translator, flat: int, a: int, b: int, known: float | None) -> tuple[int, int]:
    """divmod(a, b)."""
    quotient, mod = floor_divmod(tr, flat, a, b)
    if not known:
        quotient = tr.select(is_zero(tr, b, flat), tr.op(op.FDIV, flat, a, b), quotient)
    return quotient, mod


def not_finite(tr: Translator, x: int, flat: int = F64) -> int:
    """Whether x is infinite or NaN, as an i8."""
    difference = tr.op(op.FSUB, flat, x, x)
    return tr.fcmp("uno", difference, difference)


def py_pow(tr: Translator, x: int, y: int, known: float | None) -> int:
    """x ** y: refuses what Python gives as a complex number."""
    if known is not None:
        result = _pow_known(tr, F64, x, known)
        if result is not None:
            if known in (0.0, 1.0):
                return result
            if known == -1.0:
                tr.check(is_zero(tr, x), ZeroDivisionError, _ZERO_POWER)
                _check_power_overflow(tr, x, result)
                return result
            if known == 0.5:
                _check_negative_base(tr, x)
                return result
            _check_power_overflow(tr, x, result)
            return result
    result = call_math(tr, "pow", F64, x, y)

    def explain() -> tuple[()]:
        # Every error gives inf or NaN out of finite operands.
        odd = tr.op(op.BOR, I8, not_finite(tr, x), not_finite(tr, y))
        finite = tr.icmp("eq", odd, tr.iconst(0, I8))
        zero = tr.op(op.BAND, I8, finite, is_zero(tr, x))
        tr.check(zero, ZeroDivisionError, _ZERO_POWER)
        nan = tr.fcmp("uno", result, result)
        tr.check(tr.op(op.BAND, I8, finite, nan), ValueError, _COMPLEX_POWER)
        tr.check(finite, OverflowError, _TOO_LARGE)
        return ()

    cold(tr, not_finite(tr, result), explain)
    return result


_ZERO_POWER = "0.0 cannot be raised to a negative power"
_COMPLEX_POWER = "a negative number to a fractional power is complex: use complex(x) ** y"
_TOO_LARGE = "(34, 'Numerical result out of range')"


def _check_negative_base(tr: Translator, x: int) -> None:
    negative = tr.fcmp("lt", x, tr.fconst(0.0))
    finite = tr.fcmp("ne", x, tr.fconst(float("-inf")))
    tr.check(tr.op(op.BAND, I8, negative, finite), ValueError, _COMPLEX_POWER)


def _check_power_overflow(tr: Translator, x: int, result: int) -> None:
    inf = tr.fconst(float("inf"))
    over = tr.fcmp("eq", tr.op(op.FABS, F64, result), inf)
    was = tr.fcmp("ne", tr.op(op.FABS, F64, x), inf)
    tr.check(tr.op(op.BAND, I8, over, was), OverflowError, _TOO_LARGE)


def _pow_known(tr: Translator, flat: int, x: int, known: float) -> int | None:
    """x ** known for the exponents that need no call, NaN and inf as pow has them."""
    if known == 0.0:
        return tr.fconst(1.0, flat)
    if known == 1.0:
        return x
    if known == 2.0:
        return tr.op(op.FMUL, flat, x, x)
    if known == -1.0:
        return tr.op(op.FDIV, flat, tr.fconst(1.0, flat), x)
    if known == 0.5:
        # pow(-0.0, 0.5) is 0.0, and pow(-inf, 0.5) is inf; other negative bases must give NaN.
        root = tr.op(op.SQRT, flat, tr.op(op.FADD, flat, x, tr.fconst(0.0, flat)))
        lowest = tr.fcmp("eq", x, tr.fconst(float("-inf"), flat))
        return tr.select(lowest, tr.fconst(float("inf"), flat), root)
    return None


def np_pow(tr: Translator, flat: int, x: int, y: int, known: float | None) -> int:
    """x ** y without errors."""
    if known is not None:
        result = _pow_known(tr, flat, x, known)
        if result is not None:
            return result
    return call_math(tr, "pow", flat, x, y)


def cold(tr: Translator, cond: int, body: Callable[[], tuple[()]]) -> None:
    """Run ``body()`` where ``cond`` holds, out of the main path."""
    tr.branch(cond, body, lambda: (), ())
