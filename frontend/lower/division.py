"""Floor division and remainder of i64 as CLIF, by what the ranges know of the operands (`ranges.Facts.division`).

Truncated division is corrected where remainder and divisor have different signs. A dividend that is at most one divisor off the
result (``(i + 1) % n``) needs no division at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend.ir import opcodes as o
from jitpy.backend.ir.types import I8, I64
from jitpy.frontend.passes.ranges import NATURAL, ONE_ABOVE, ONE_BELOW, POSITIVE

if TYPE_CHECKING:
    from jitpy.frontend.lower.lower import Lowering


def remainder(low: Lowering, a: int, b: int, known: int) -> int:
    """``a % b``."""
    constant = _is_constant(low, b)
    if known & ONE_ABOVE and known & ONE_BELOW and not constant:
        r = low.value((o.SELECT, I64, None, _compare(low, "sge", a, b), low.value((o.ISUB, I64, None, a, b), I64), a), I64)
        if known & NATURAL:
            return r
        return low.value((o.SELECT, I64, None, _negative(low, a), low.value((o.IADD, I64, None, a, b), I64), r), I64)
    if known & NATURAL:
        return low.value((o.SREM_PROVEN if constant else o.UREM_PROVEN, I64, None, a, b), I64)
    r = low.value((o.SREM_PROVEN, I64, None, a, b), I64)
    fixed = low.value((o.IADD, I64, None, r, b), I64)
    return low.value((o.SELECT, I64, None, _off(low, r, b, known), fixed, r), I64)


def quotient(low: Lowering, a: int, b: int, known: int) -> int:
    """``a // b``."""
    if known & NATURAL:
        return low.value((o.SDIV_PROVEN if _is_constant(low, b) else o.UDIV_PROVEN, I64, None, a, b), I64)
    q = low.value((o.SDIV_PROVEN, I64, None, a, b), I64)
    r = low.value((o.ISUB, I64, None, a, low.value((o.IMUL, I64, None, q, b), I64)), I64)
    one = low.value((o.UEXTEND, I64, None, _off(low, r, b, known)), I64)
    return low.value((o.ISUB, I64, None, q, one), I64)


def _off(low: Lowering, r: int, b: int, known: int) -> int:
    """An i8: the truncated remainder ``r`` is not 0 and has the other sign than the divisor."""
    if known & POSITIVE:
        return _negative(low, r)
    mixed = _negative(low, low.value((o.BXOR, I64, None, r, b), I64))
    return low.value((o.BAND, I8, None, mixed, _compare(low, "ne", r, low.iconst(0))), I8)


def _negative(low: Lowering, v: int) -> int:
    return _compare(low, "slt", v, low.iconst(0))


def _compare(low: Lowering, cc: str, a: int, b: int) -> int:
    return low.value((o.ICMP, I64, cc, a, b), I8)


def _is_constant(low: Lowering, v: int) -> bool:
    d = low.out.value_defs[v]
    return d >= 0 and low.out.insts[d][0] == o.ICONST
