"""The table of the library's functions, and what a program needs of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from jitpy.backend.ir import memflags
from jitpy.backend.ir import types as T
from jitpy.backend.soft import arith, atomic, compare, convert, integer, rounding
from jitpy.backend.soft.format import SOFT
from jitpy.backend.soft.notation import PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from jitpy.backend.ir.function import Function

_ARITHMETIC = {
    "add": arith.add, "sub": arith.sub, "mul": arith.mul, "div": arith.div, "sqrt": arith.sqrt, "fma": arith.fma,
    "min": compare.minimum, "max": compare.maximum, "compare": compare.compare, "ceil": rounding.ceil,
    "floor": rounding.floor, "trunc": rounding.trunc, "nearest": rounding.nearest,
}  # fmt: skip


def _table() -> dict[str, Callable[[], Function]]:
    f128 = SOFT[T.F128]
    table: dict[str, Callable[[], Function]] = {f"f128_{name}": partial(make, f128) for name, make in _ARITHMETIC.items()}
    for type in (T.F32, T.F64):
        table[f"{T.NAME[type]}_fma"] = partial(arith.fma, SOFT[type])
    for source, target in (
        (T.F128, T.F64), (T.F128, T.F32), (T.F128, T.F16), (T.F64, T.F128), (T.F32, T.F128), (T.F16, T.F128),
        (T.F64, T.F16), (T.F32, T.F16), (T.F16, T.F32),
    ):  # fmt: skip
        table[f"{T.NAME[source]}_to_{T.NAME[target]}"] = partial(convert.between, SOFT[source], SOFT[target])
    for s in SOFT.values():
        table[f"sint_to_{s.name}"] = partial(convert.from_sint, s)
        table[f"uint_to_{s.name}"] = partial(convert.from_uint, s)
        if s.type != T.F16:
            table[f"{s.name}_to_sint"] = partial(convert.to_sint, s)
            table[f"{s.name}_to_uint"] = partial(convert.to_uint, s)
    for make in (integer.udivmod, integer.sdiv, integer.srem, integer.umul_overflow, integer.smul_overflow):
        table[f"i128_{make.__name__}"] = make
    for operation in atomic.OPERATIONS:
        for order in (memflags.LITTLE, memflags.BIG):
            table[atomic.rmw_name(operation, T.I128, order)] = partial(atomic.rmw, operation, T.I128, order)
    return table


#: Name without the prefix -> what makes the function.
TABLE = _table()


def make(symbol: str) -> Function:
    """The function of the library behind a symbol. KeyError: there is none."""
    if not symbol.startswith(PREFIX):
        raise KeyError(symbol)
    return TABLE[symbol[len(PREFIX) :]]()


def is_soft(symbol: str) -> bool:
    """Whether the library has this symbol."""
    return symbol.startswith(PREFIX) and symbol[len(PREFIX) :] in TABLE


def needed(symbols: Iterable[str]) -> list[str]:
    """Those of ``symbols`` that the library has, and what their functions call in turn."""
    found: dict[str, None] = {}
    work = [symbol for symbol in symbols if is_soft(symbol)]
    while work:
        symbol = work.pop()
        if symbol not in found:
            found[symbol] = None
            work += [callee.name for callee in make(symbol).ext_funcs]
    return list(found)
