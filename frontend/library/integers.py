"""Integer arithmetic on SSA values: Python's (64 bits, checked) and NumPy's (any width, wrapping).

Functions named ``py_*`` work on i64 and raise as Python does, or OverflowError where the result leaves 64 bits.
Functions named ``np_*`` take the NumPy type and never raise (but for negative powers), without branches where the
machine allows it. ``known`` is the right operand's value where it is a compile-time constant, else None: most
checks go away then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.types import BITS, I8, I64, MASK
from jitpy.frontend.ir import opcodes as fo

if TYPE_CHECKING:
    from jitpy.frontend.translate.translator import Translator
    from jitpy.frontend.types.types import Scalar

_TOO_LARGE = "Python int too large for 64 bits"
_MIN = -(1 << 63)


def py_neg(tr: Translator, a: int) -> int:
    """-a."""
    return tr.checked(op.ISUB, tr.iconst(0), a)


def py_abs(tr: Translator, a: int) -> int:
    """abs(a)."""
    tr.check(tr.icmp("eq", a, tr.iconst(_MIN & MASK[I64])), OverflowError, _TOO_LARGE)
    return tr.op(op.IABS, I64, a)


def _log2(n: int) -> int | None:
    return n.bit_length() - 1 if n > 0 and not n & (n - 1) else None


def _floor_fix(tr: Translator, t: int, remainder: int, divisor: int, known: int | None) -> int:
    """An i8: whether a truncated division must be corrected by one to round down (remainder nonzero, of the other
    sign).
    """
    zero = tr.iconst(0, t)
    if known is not None:
        return tr.icmp("slt" if known > 0 else "sgt", remainder, zero)
    differ = tr.icmp("slt", tr.op(op.BXOR, t, remainder, divisor), zero)
    return tr.op(op.BAND, I8, differ, tr.icmp("ne", remainder, zero))


def _floor_quotient(tr: Translator, t: int, a: int, b: int, known: int | None) -> int:
    """a // b for good operands."""
    shift = _log2(known) if known is not None else None
    if shift is not None:
        return tr.op(op.SSHR, t, a, tr.iconst(shift, t)) if shift else a
    if t == I64:
        return tr.op(fo.FLOOR_DIV, t, a, b)
    q = tr.op(op.SDIV_PROVEN, t, a, b)
    r = tr.op(op.ISUB, t, a, tr.op(op.IMUL, t, q, b))
    fix = _floor_fix(tr, t, r, b, known)
    return tr.op(op.ISUB, t, q, tr.op(op.UEXTEND, t, fix) if t != I8 else fix)


def _floor_remainder(tr: Translator, t: int, a: int, b: int, known: int | None) -> int:
    """a % b for good operands."""
    if known is not None and _log2(known) is not None:
        return tr.op(op.BAND, t, a, tr.iconst(known - 1, t))
    if t == I64:
        return tr.op(fo.FLOOR_REM, t, a, b)
    r = tr.op(op.SREM_PROVEN, t, a, b)
    fixed = tr.op(op.IADD, t, r, b)
    return tr.select(_floor_fix(tr, t, r, b, known), fixed, r)


def _py_divisor(tr: Translator, a: int, b: int, known: int | None, message: str, quotient: bool) -> None:
    """The checks of a division: zero, and for a quotient -2**63 // -1."""
    if known is None:
        tr.check(tr.icmp("eq", b, tr.iconst(0)), ZeroDivisionError, message)
    elif known == 0:
        tr.check(True, ZeroDivisionError, message)
    if quotient and known in (None, -1):
        overflow = tr.icmp("eq", a, tr.iconst(_MIN & MASK[I64]))
        if known is None:
            minus = tr.icmp("eq", b, tr.iconst(MASK[I64]))
            overflow = tr.op(op.BAND, I8, overflow, minus)
        tr.check(overflow, OverflowError, _TOO_LARGE)


def py_floordiv(tr: Translator, a: int, b: int, known: int | None) -> int:
    """a // b."""
    _py_divisor(tr, a, b, known, "integer division or modulo by zero", True)
    if known == 0:
        return a
    return _floor_quotient(tr, I64, a, b, known)


def py_mod(tr: Translator, a: int, b: int, known: int | None) -> int:
    """a % b."""
    _py_divisor(tr, a, b, known, "integer modulo by zero", False)
    if known == 0:
        return a
    return _floor_remainder(tr, I64, a, b, known)


def py_divmod(tr: Translator, a: int, b: int, known: int | None) -> tuple[int, int]:
    """divmod(a, b)."""
    q = py_floordiv(tr, a, b, known)
    if known is not None and _log2(known) is not None:
        return q, tr.op(op.BAND, I64, a, tr.iconst(known - 1))
    return q, tr.op(op.ISUB, I64, a, tr.op(op.IMUL, I64, q, b))


def py_lshift(tr: Translator, a: int, n: int, known: int | None) -> int:
    """a << n."""
    if known is not None:
        if known < 0:
            tr.check(True, ValueError, "negative shift count")
            return a
        if known > 63:
            tr.check(tr.icmp("ne", a, tr.iconst(0)), OverflowError, _TOO_LARGE)
            return a
        # As a product its check goes away where the bits above are masked off.
        return tr.checked(op.IMUL, a, tr.iconst(1 << known)) if known < 63 else _shift_to_the_top(tr, a)
    _py_shift_count(tr, n)
    result = tr.op(op.ISHL, I64, a, n)
    lost = tr.icmp("ne", tr.op(op.SSHR, I64, result, n), a)
    past = tr.icmp("sgt", n, tr.iconst(63))
    past = tr.op(op.BAND, I8, past, tr.icmp("ne", a, tr.iconst(0)))
    tr.check(tr.op(op.BOR, I8, lost, past), OverflowError, _TOO_LARGE)
    return result


def _shift_to_the_top(tr: Translator, a: int) -> int:
    """a << 63, which only 0 and -1 survive."""
    tr.check(tr.icmp("ugt", tr.op(op.IADD, I64, a, tr.iconst(1)), tr.iconst(1)), OverflowError, _TOO_LARGE)
    return tr.op(op.ISHL, I64, a, tr.iconst(63))


def _py_shift_count(tr: Translator, n: int) -> None:
    tr.check(tr.icmp("slt", n, tr.iconst(0)), ValueError, "negative shift count")


def py_power(tr: Translator, a: int, n: int) -> int:
    """a ** n by squaring; ValueError for n < 0, whose result would be a float."""
    inverse_of_zero = tr.op(op.BAND, I8, tr.icmp("slt", n, tr.iconst(0)), tr.icmp("eq", a, tr.iconst(0)))
    tr.check(inverse_of_zero, ZeroDivisionError, "0.0 cannot be raised to a negative power")
    tr.check(
        tr.icmp("slt", n, tr.iconst(0)), ValueError,
        "an int to a negative power is a float: write float(x) ** n",
    )  # fmt: skip
    one = tr.iconst(1)

    def more(state: tuple[int, ...]) -> int:
        return tr.icmp("ne", state[1], tr.iconst(0))

    def turn(state: tuple[int, ...]) -> tuple[int, ...]:
        base, rest, result = state
        odd = tr.op(op.BAND, I64, rest, tr.iconst(1))
        result = tr.checked(op.IMUL, result, tr.select(odd, base, tr.iconst(1)))
        rest = tr.op(op.USHR, I64, rest, tr.iconst(1))
        # The last square is not needed, and must not overflow.
        base = tr.select(more((0, rest)), base, tr.iconst(0))
        return tr.checked(op.IMUL, base, base), rest, result

    return tr.while_((a, n, one), more, turn)[2]


def np_power(tr: Translator, t: Scalar, a: int, n: int) -> int:
    """a ** n by squaring, wrapping; as in NumPy a negative power is a ValueError."""
    flat = t.flat[0]
    if t.kind == "i":
        negative = tr.icmp("slt", n, tr.iconst(0, flat))
        tr.check(negative, ValueError, "Integers to negative integer powers are not allowed.")

    def more(state: tuple[int, ...]) -> int:
        return tr.icmp("ne", state[1], tr.iconst(0, flat))

    def turn(state: tuple[int, ...]) -> tuple[int, ...]:
        base, rest, result = state
        odd = tr.op(op.BAND, flat, rest, tr.iconst(1, flat))
        product = tr.op(op.IMUL, flat, result, base)
        result = tr.select(odd, product, result)
        return tr.op(op.IMUL, flat, base, base), tr.op(op.USHR, flat, rest, tr.iconst(1, flat)), result

    return tr.while_((a, n, tr.iconst(1, flat)), more, turn)[2]


def py_rshift(tr: Translator, a: int, n: int, known: int | None) -> int:
    """a >> n."""
    if known is not None:
        if known < 0:
            tr.check(True, ValueError, "negative shift count")
            return a
        return tr.op(op.SSHR, I64, a, tr.iconst(min(known, 63)))
    _py_shift_count(tr, n)
    return tr.op(op.SSHR, I64, a, tr.op(op.UMIN, I64, n, tr.iconst(63)))


def py_power_known(tr: Translator, a: int, exponent: int) -> int:
    """a ** exponent for a constant exponent >= 0, by squaring."""
    if exponent == 0:
        return tr.iconst(1)
    result: int | None = None
    while True:
        if exponent & 1:
            result = a if result is None else tr.checked(op.IMUL, result, a)
        exponent >>= 1
        if not exponent:
            return result  # type: ignore[return-value]
        a = tr.checked(op.IMUL, a, a)


def np_power_known(tr: Translator, t: int, a: int, exponent: int) -> int:
    """a ** exponent for a constant exponent >= 0, wrapping."""
    if exponent == 0:
        return tr.iconst(1, t)
    result: int | None = None
    while True:
        if exponent & 1:
            result = a if result is None else tr.op(op.IMUL, t, result, a)
        exponent >>= 1
        if not exponent:
            return result  # type: ignore[return-value]
        a = tr.op(op.IMUL, t, a, a)


def np_floordiv(tr: Translator, t: Scalar, a: int, b: int, known: int | None) -> int:
    """a // b as NumPy computes it: 0 for a zero divisor, the minimum for minimum // -1."""
    flat = t.flat[0]
    zero = tr.iconst(0, flat)
    if known is not None:
        if known == 0:
            return zero
        if t.kind == "u":
            shift = _log2(known)
            if shift is not None:
                return tr.op(op.USHR, flat, a, tr.iconst(shift, flat)) if shift else a
            return tr.op(op.UDIV_PROVEN, flat, a, b)
        if known == -1:
            return tr.op(op.INEG, flat, a)
        return _floor_quotient(tr, flat, a, b, known)
    by_zero = tr.icmp("eq", b, zero)
    if t.kind == "u":
        safe = tr.select(by_zero, tr.iconst(1, flat), b)
        return tr.select(by_zero, zero, tr.op(op.UDIV_PROVEN, flat, a, safe))
    # Divided by 1 the minimum stays the minimum, which is also what // -1 must give.
    minus = tr.icmp("eq", b, tr.iconst(MASK[flat], flat))
    smallest = tr.icmp("eq", a, tr.iconst(1 << (BITS[flat] - 1), flat))
    bad = tr.op(op.BOR, I8, by_zero, tr.op(op.BAND, I8, minus, smallest))
    safe = tr.select(bad, tr.iconst(1, flat), b)
    return tr.select(by_zero, zero, _floor_quotient(tr, flat, a, safe, None))


def np_mod(tr: Translator, t: Scalar, a: int, b: int, known: int | None) -> int:
    """a % b as NumPy computes it: 0 for a zero divisor."""
    return _np_remainder(tr, t, a, b, known, True)


def np_fmod(tr: Translator, t: Scalar, a: int, b: int, known: int | None) -> int:
    """np.fmod of integers: the sign of the dividend, 0 for a zero divisor."""
    return _np_remainder(tr, t, a, b, known, False)


def _np_remainder(tr: Translator, t: Scalar, a: int, b: int, known: int | None, floor: bool) -> int:
    flat = t.flat[0]
    zero = tr.iconst(0, flat)
    opcode = op.UREM_PROVEN if t.kind == "u" else op.SREM_PROVEN
    if known is not None:
        if known in (0, 1, -1):
            return zero
        if t.kind == "u" and _log2(known) is not None:
            return tr.op(op.BAND, flat, a, tr.iconst(known - 1, flat))
        if t.kind == "u" or not floor:
            return tr.op(opcode, flat, a, b)
        return _floor_remainder(tr, flat, a, b, known)
    by_zero = tr.icmp("eq", b, zero)
    # Everything is 0 modulo 1.
    safe = tr.select(by_zero, tr.iconst(1, flat), b)
    if t.kind == "u" or not floor:
        return tr.op(opcode, flat, a, safe)
    return _floor_remainder(tr, flat, a, safe, None)


def np_lshift(tr: Translator, t: Scalar, a: int, n: int, known: int | None) -> int:
    """a << n: 0 past the width (and for a negative count)."""
    flat = t.flat[0]
    if known is not None:
        return tr.op(op.ISHL, flat, a, n) if 0 <= known < t.bits else tr.iconst(0, flat)
    inside = tr.icmp("ult", n, tr.iconst(t.bits, flat))
    return tr.select(inside, tr.op(op.ISHL, flat, a, n), tr.iconst(0, flat))


def np_rshift(tr: Translator, t: Scalar, a: int, n: int, known: int | None) -> int:
    """a >> n: 0 or -1 past the width (and for a negative count)."""
    flat = t.flat[0]
    last = t.bits - 1
    if t.kind == "i":
        count = n if known is not None and 0 <= known <= last else tr.op(op.UMIN, flat, n, tr.iconst(last, flat))
        return tr.op(op.SSHR, flat, a, count)
    if known is not None:
        return tr.op(op.USHR, flat, a, n) if 0 <= known <= last else tr.iconst(0, flat)
    inside = tr.icmp("ult", n, tr.iconst(t.bits, flat))
    return tr.select(inside, tr.op(op.USHR, flat, a, n), tr.iconst(0, flat))
