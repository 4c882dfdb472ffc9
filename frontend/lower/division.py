"""Floor division and remainder of i64 as CLIF, by what the ranges know of the operands (`ranges.Facts.division`).

Truncated division is corrected where remainder and divisor have different signs. A dividend that is at most one divisor off the
result (``(i + 1) % n``) needs no division at all. Operands that both fit 32 bits without sign, as most do, are divided in 32 bits:
x86-64 takes about twice as long for 64.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend.ir import opcodes as o
from jitpy.backend.ir.types import I8, I32, I64
from jitpy.frontend.passes.ranges import NATURAL, ONE_ABOVE, ONE_BELOW, POSITIVE

if TYPE_CHECKING:
    from collections.abc import Callable

    from jitpy.frontend.lower.lower import Lowering


def remainder(low: Lowering, a: int, b: int, known: int) -> int:
    """``a % b``."""
    constant = _is_constant(low, b)
    if known & ONE_ABOVE and known & ONE_BELOW and not constant:
        r = low.value((o.SELECT, I64, None, _compare(low, "sge", a, b), low.value((o.ISUB, I64, None, a, b), I64), a), I64)
        if known & NATURAL:
            return r
        return low.value((o.SELECT, I64, None, _negative(low, a), low.value((o.IADD, I64, None, a, b), I64), r), I64)
    if constant:
        return _remainder(low, a, b, known, o.SREM_PROVEN)
    return _small_or(low, o.UREM_PROVEN, a, b, lambda: _remainder(low, a, b, known, o.UREM_PROVEN))


def _remainder(low: Lowering, a: int, b: int, known: int, natural: int) -> int:
    if known & NATURAL:
        return low.value((natural, I64, None, a, b), I64)
    r = low.value((o.SREM_PROVEN, I64, None, a, b), I64)
    fixed = low.value((o.IADD, I64, None, r, b), I64)
    return low.value((o.SELECT, I64, None, _off(low, r, b, known), fixed, r), I64)


def quotient(low: Lowering, a: int, b: int, known: int) -> int:
    """``a // b``."""
    if _is_constant(low, b):
        return _quotient(low, a, b, known, o.SDIV_PROVEN)
    return _small_or(low, o.UDIV_PROVEN, a, b, lambda: _quotient(low, a, b, known, o.UDIV_PROVEN))


def _quotient(low: Lowering, a: int, b: int, known: int, natural: int) -> int:
    if known & NATURAL:
        return low.value((natural, I64, None, a, b), I64)
    q = low.value((o.SDIV_PROVEN, I64, None, a, b), I64)
    r = low.value((o.ISUB, I64, None, a, low.value((o.IMUL, I64, None, q, b), I64)), I64)
    one = low.value((o.UEXTEND, I64, None, _off(low, r, b, known)), I64)
    return low.value((o.ISUB, I64, None, q, one), I64)


def _small_or(low: Lowering, opcode: int, a: int, b: int, wide: Callable[[], int]) -> int:
    """``opcode`` in 32 bits where both operands fit, else ``wide``."""
    small, large, join = low.out.block(), low.out.block(), low.out.block()
    high = low.value((o.BOR, I64, None, a, b), I64)
    low.brif(_compare(low, "ult", high, low.iconst(1 << 32)), small, (), large, ())
    low.bb = small
    x, y = low.value((o.IREDUCE, I32, None, a), I32), low.value((o.IREDUCE, I32, None, b), I32)
    low.jump(join, (low.value((o.UEXTEND, I64, None, low.value((opcode, I32, None, x, y), I32)), I64),))
    low.bb = large
    low.jump(join, (wide(),))
    low.bb = join
    return low.out.param(join, I64)


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
