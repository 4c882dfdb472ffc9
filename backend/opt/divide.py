"""Quotients by constants as multiplications and shifts.

Granlund and Montgomery, PLDI 1994; Warren, Hacker's Delight, chapter 10.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.types import BITS, MASK, to_signed
from jitpy.backend.opt.fold import signed_magic, unsigned_magic

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Node

Make = Callable[["Node"], int]


def unsigned_divisor(t: int, d: int) -> int | None:
    """``d`` where an unsigned quotient by it can be made: not 0."""
    return d or None


def signed_divisor(t: int, d: int) -> int | None:
    """``d`` where a signed quotient by it can be made: not 0, 1 or -1 (which may overflow)."""
    return None if d in (0, 1, MASK[t]) else d


def unsigned_quotient(make: Make, t: int, x: int, d: int) -> int:
    """x // d, unsigned."""
    if d & (d - 1) == 0:
        return _shift(make, op.USHR, t, x, d.bit_length() - 1)
    m, add, shift = unsigned_magic(t, d)
    high = make((op.UMULHI, t, None, x, make((op.ICONST, t, m))))
    if not add:
        return _shift(make, op.USHR, t, high, shift)
    half = _shift(make, op.USHR, t, make((op.ISUB, t, None, x, high)), 1)
    return _shift(make, op.USHR, t, make((op.IADD, t, None, half, high)), shift - 1)


def signed_quotient(make: Make, t: int, x: int, d: int) -> int:
    """x / d truncated, signed; |d| >= 2."""
    divisor = to_signed(d, t)
    size = abs(divisor)
    top = BITS[t] - 1
    if size & (size - 1) == 0:
        # Round to zero: add size - 1 to negative numbers, then shift.
        k = size.bit_length() - 1
        sign = _shift(make, op.SSHR, t, x, top)
        bias = _shift(make, op.USHR, t, sign, BITS[t] - k)
        q = _shift(make, op.SSHR, t, make((op.IADD, t, None, x, bias)), k)
        return make((op.INEG, t, None, q)) if divisor < 0 else q
    m, shift = signed_magic(t, d)
    q = make((op.SMULHI, t, None, x, make((op.ICONST, t, m))))
    if divisor > 0 > to_signed(m, t):
        q = make((op.IADD, t, None, q, x))
    elif divisor < 0 < to_signed(m, t):
        q = make((op.ISUB, t, None, q, x))
    q = _shift(make, op.SSHR, t, q, shift)
    return make((op.IADD, t, None, q, _shift(make, op.USHR, t, q, top)))


def _shift(make: Make, opcode: int, t: int, x: int, count: int) -> int:
    return make((opcode, t, None, x, make((op.ICONST, t, count)))) if count else x
