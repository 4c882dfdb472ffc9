"""The math library as a whole: its functions as CLIF, its tables as bytes. `jitpy.runtime.prebuilt` compiles and links them."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from jitpy.frontend.library.mathlib import (
    error_function,
    exponential,
    gamma_function,
    hyperbolic,
    inverse_trigonometric,
    logarithm,
    power,
    remainders,
    roots,
    trigonometric,
)
from jitpy.frontend.library.mathlib.build import PREFIX
from jitpy.frontend.library.mathlib.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable

    from jitpy.backend.ir.function import Function

#: What makes each function, inner ones included.
MAKERS: tuple[Callable[[], Function], ...] = (
    exponential.exp, exponential.exp2, exponential.expm1,
    logarithm.log, logarithm.log1p, logarithm.log2, logarithm.log10,
    power.pow,
    trigonometric.reduce_huge, trigonometric.sin, trigonometric.cos, trigonometric.tan,
    inverse_trigonometric.atan, inverse_trigonometric.atan2, inverse_trigonometric.asin, inverse_trigonometric.acos,
    hyperbolic.tanh, hyperbolic.sinh, hyperbolic.cosh, hyperbolic.asinh, hyperbolic.acosh, hyperbolic.atanh,
    roots.cbrt, roots.hypot, error_function.erf, error_function.erfc, remainders.fmod, remainders.remainder,
    gamma_function.gamma, gamma_function.lgamma,
)  # fmt: skip


#: Symbol -> what makes its function.
NAMES = {PREFIX + make.__name__: make for make in MAKERS}


def make(symbol: str) -> Function:
    """The function of the library behind a symbol, as CLIF. KeyError: there is none."""
    return NAMES[symbol]()


class Table:
    """A table as the linker sees it: like a compiled function, but data."""

    align = 64
    relocs: tuple[()] = ()

    def __init__(self, name: str, values: tuple[float | int, ...], byte_order: str = "<") -> None:
        self.name = PREFIX + name
        kind = "d" if isinstance(values[0], float) else "Q"
        self.code = struct.pack(f"{byte_order}{len(values)}{kind}", *values)


def functions() -> list[Function]:
    """All functions, as CLIF."""
    return [make() for make in MAKERS]


def tables() -> list[Table]:
    """All tables, as data."""
    return [Table(name, values) for name, values in TABLES.items()]
