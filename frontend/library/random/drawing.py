"""How NumPy's distributions are called: parameters and their limits, one draw or an array of draws.

A distribution is a row (`Row`): its parameters with defaults and limits, what it gives (float or int), and how one number is drawn
from parameters that are f64 values. ``size`` makes an array, filled in C order, one draw after the other, as NumPy fills it.
Parameters that are arrays are refused: their broadcasting is a loop that the user can write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.types import F64, I8, I64
from jitpy.frontend.library import math, scalars
from jitpy.frontend.library.arrays_arguments import bind, is_none
from jitpy.frontend.library.arrays_shape import allocate
from jitpy.frontend.library.constructors import checked_shape, flat_view
from jitpy.frontend.library.indexing import store_parts
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Const, Val, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jitpy.frontend.library.random.sources import Method
    from jitpy.frontend.translate.translator import Translator

    Draw = Callable[[Translator, Val, Sequence[int]], int]

# -- limits of parameters: what NumPy checks, as conditions that raise ValueError ------------------------------------------------


def negated(tr: Translator, condition: int) -> int:
    """Whether the condition does not hold."""
    return tr.op(op.BXOR, I8, condition, tr.iconst(1, I8))


def _within(low: str, a: float, high: str, b: float) -> Callable[[Translator, int], int]:
    """Outside of an interval, or NaN."""

    def outside(tr: Translator, x: int) -> int:
        inside = tr.op(op.BAND, I8, tr.fcmp(low, x, tr.fconst(a)), tr.fcmp(high, x, tr.fconst(b)))
        return negated(tr, inside)

    return outside


def _negative(tr: Translator, x: int) -> int:
    """Below zero, -0.0 among it; NaN is let through."""
    sign = tr.icmp("slt", tr.op(op.BITCAST, I64, x, imm=0), tr.iconst(0))
    return tr.op(op.BAND, I8, sign, tr.fcmp("ord", x, x))


_INF = float("inf")
#: The largest rate that `poisson` takes, in RandomState and Generator: their results must fit 64 bits.
_MOST = 2.0**63 - 2.0**31.5 * 10

#: A parameter's limit -> (condition that raises, what the message says).
LIMITS: dict[str, tuple[Callable[[Translator, int], int], str]] = {
    "not negative": (_negative, "{} < 0"),
    "positive": (lambda tr, x: tr.fcmp("le", x, tr.fconst(0.0)), "{} <= 0"),
    "probability": (_within("ge", 0.0, "le", 1.0), "{0} < 0, {0} > 1 or {0} is NaN"),
    "positive probability": (_within("gt", 0.0, "le", 1.0), "{0} <= 0, {0} > 1 or {0} contains NaNs"),
    "probability below 1": (_within("ge", 0.0, "lt", 1.0), "{0} < 0, {0} >= 1 or {0} is NaN"),
    "above 1": (lambda tr, x: negated(tr, tr.fcmp("gt", x, tr.fconst(1.0))), "{0} <= 1 or {0} is NaN"),
    "rate": (_within("ge", 0.0, "le", _MOST), "{0} < 0, {0} is NaN or too large"),
}


class Row:
    """A distribution: ``parameters`` are (name, default or None, limit or ""); ``result``: "float" or "int"."""

    __slots__ = ("draw", "name", "parameters", "result")

    def __init__(
        self, name: str, parameters: tuple[tuple[str, float | None, str], ...], draw: Draw, result: str = "float"
    ) -> None:
        self.name = name
        self.parameters = parameters
        self.draw = draw
        self.result = result


def parameters(text: str) -> tuple[tuple[str, float | None, str], ...]:
    """Parameters from their spelling: ``"loc=0.0, scale=1.0: not negative"``."""
    found = []
    for part in text.split(",") if text else ():
        left, _, limit = part.partition(":")
        name, _, default = left.strip().partition("=")
        found.append((name, float(default) if default else None, limit.strip()))
    return tuple(found)


def number(tr: Translator, name: str, value: Value) -> int:
    """A real parameter as an f64."""
    if value.kind() is ty.Array and tr.type_of(tr.settle(value)).ndim:  # type: ignore[union-attr]
        tr.error(f"{name} with an array as a parameter is not supported", "Draw one number per element in a loop.")
    return math.real(tr, name, value)


def limit(tr: Translator, name: str, x: int, kind: str) -> None:
    """ValueError where a parameter is outside of its limit."""
    if kind:
        condition, text = LIMITS[kind]
        tr.check(condition(tr, x), ValueError, text.format(name))


def handler(row: Row) -> Method:
    """The method that draws from a distribution."""

    def method(tr: Translator, source: Val, args: list[Value], kwargs: dict[str, Value]) -> Value:
        names = " ".join([p[0] for p in row.parameters])
        required = sum(p[1] is None for p in row.parameters)
        *given, size = bind(tr, row.name, args, kwargs, f"{names} size", required)
        values = []
        for v, (_, default, _) in zip(given, row.parameters, strict=True):
            values.append(number(tr, row.name, Const(default) if v is None else v))
        for x, (name, _, kind) in zip(values, row.parameters, strict=True):
            limit(tr, name, x, kind)
        whole = row.result == "int"
        return draws(tr, size, ty.int64 if whole else ty.float64, lambda: row.draw(tr, source, values))

    return method


_PYTHON = {ty.float64: ty.py_float, ty.int64: ty.py_int}


def draws(
    tr: Translator, size: Value | None, dtype: ty.Scalar, draw: Callable[[], int], scalar: ty.Scalar | None = None
) -> Value:
    """One number of type ``scalar`` (else Python's) where ``size`` is None, else a new array of ``dtype``."""
    if is_none(size):
        return Val(scalar or _PYTHON[dtype], (draw(),))
    assert size is not None
    out = allocate(tr, dtype, checked_shape(tr, size), checked=True)
    flat = flat_view(tr, out)

    def body(i: int, _: tuple[int, ...]) -> tuple[int, ...]:
        store_parts(tr, flat, (i,), (draw(),))
        return ()

    tr.loop(flat.ssa[2], body)
    return out


def compiled(function: object) -> Draw:
    """A draw written in Python (`algorithms`): ``function(source, *parameters)``."""

    def draw(tr: Translator, source: Val, values: Sequence[int]) -> int:
        result = tr.call_python(function, [source, *[scalars.py_float(x) for x in values]], inline=False)
        return tr.val(result).ssa[0]

    return draw


def exported(symbol: str, result: str = "float") -> Draw:
    """A draw by NumPy's own C function ``symbol(bitgen_t *, double...)``."""

    def draw(tr: Translator, source: Val, values: Sequence[int]) -> int:
        returns = I64 if result == "int" else F64
        params = (I64, *[F64] * len(values))
        return tr.call_extern(symbol, params, (returns,), source.ssa[1], *values)[0]

    return draw


def moved(standard: Draw) -> Draw:
    """loc + scale * standard number."""

    def draw(tr: Translator, source: Val, values: Sequence[int]) -> int:
        return tr.op(op.FADD, F64, values[0], tr.op(op.FMUL, F64, values[1], standard(tr, source, ())))

    return draw


def stretched(standard: Draw) -> Draw:
    """scale * standard number; the scale is the last parameter."""

    def draw(tr: Translator, source: Val, values: Sequence[int]) -> int:
        return tr.op(op.FMUL, F64, values[-1], standard(tr, source, values[:-1]))

    return draw


def interpreted(name: str, names: str, result: str) -> Method:
    """A method that is called itself for every number, through the interpreter: exact, and as slow as a call in Python."""

    def method(tr: Translator, source: Val, args: list[Value], kwargs: dict[str, Value]) -> Value:
        *given, size = bind(tr, name, args, kwargs, f"{names} size", 0)
        values = []
        for v in given:
            if v is None:  # what is missing, the method itself says
                break
            x = tr.settle(v)
            if x.kind() is not ty.Scalar:
                tr.error(f"{name} of {v.describe()} is not supported", "Draw one number per element in a loop.")
            values.append(tr.val(x))
        tr.remark(f"{name}: every number is drawn by a call of NumPy's method through the interpreter")
        parts: list[Any] = []
        raw: list[int] = []
        for v in (source, *values):
            parts.append((len(raw), v.type))
            raw += v.ssa
        site = tr.site(None, (name, *parts), "args")

        def draw() -> int:
            record, out = tr.stack_slots(raw), tr.stack_slots((tr.iconst(0),))
            where = (tr.vmctx(), tr.site_address(site), record, out)
            tr.call_extern_status("jitpy_draw", (I64, I64, I64, I64), *where)
            return tr.load(F64 if result == "float" else I64, out)

        return draws(tr, size, ty.float64 if result == "float" else ty.int64, draw)

    return method
