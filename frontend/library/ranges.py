"""Ranges and slices as values: membership, slicing, comparison, attributes; methods of tuples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import opcodes as o
from jitpy.backend.ir.types import I8
from jitpy.frontend.library import registry
from jitpy.frontend.library.containers import INT, int_value, range_count
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import NONE, Const, RangeVal, SliceVal, TupleVal, Val, Value

if TYPE_CHECKING:
    from jitpy.frontend.translate.translator import Translator


def _bounds(n: int, start: Any, stop: Any, step: Any) -> tuple[int, int, int]:
    """``slice(start, stop, step).indices(n)``."""
    by = 1 if step is None else step
    if by == 0:
        raise ValueError("slice step cannot be zero")
    low = 0 if by > 0 else -1
    high = n if by > 0 else n - 1
    first = (low if by > 0 else high) if start is None else start
    last = (high if by > 0 else low) if stop is None else stop
    if start is not None:
        first = max(first + n, low) if first < 0 else min(first, high)
    if stop is not None:
        last = max(last + n, low) if last < 0 else min(last, high)
    return first, last, by


def _contains(start: int, count: int, step: int, x: int) -> bool:
    """``x in range(...)`` of ``count`` items."""
    if count == 0:
        return False
    last = start + (count - 1) * step
    if step > 0:
        return start <= x <= last and (x - start) % step == 0
    return last <= x <= start and (start - x) % -step == 0


def _position(start: int, count: int, step: int, x: int) -> int:
    """``range(...).index(x)``."""
    if not _contains(start, count, step, x):
        raise ValueError(f"{x} is not in range")
    return (x - start) // step


def _is_int(tr: Translator, x: Value) -> bool:
    t = tr.type_of(x)
    return t.__class__ is ty.Scalar and t.kind in "iub"


def _fields(tr: Translator, r: Any, x: Value) -> tuple[Value, ...]:
    return r.start, Val(INT, (range_count(tr, r),)), r.step, int_value(tr, x, "an item of a range")


@registry.operator(registry.compare, "in", None, RangeVal)
def contains(tr: Translator, x: Value, r: Value) -> Value:
    """``x in range(...)``."""
    t = tr.type_of(x)
    if t.__class__ is ty.Scalar and not _is_int(tr, x):
        x = tr.settled_number(x)
        if t.kind != "f":
            tr.error("a complex number in a range is not supported", "Test its real part.")
        whole = tr.call(Const(int), [x])
        return tr.call_python(_contains_float, (x, whole, *_fields(tr, r, whole)), inline=True)
    if t.__class__ is not ty.Scalar:
        return Const(False)
    return tr.call_python(_contains, _fields(tr, r, x), inline=True)


def _contains_float(x: float, whole: int, start: int, count: int, step: int, item: int) -> bool:
    return x == whole and _contains(start, count, step, item)


@registry.entry(registry.methods, (RangeVal, "index"))
def index(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``range(...).index(x)``."""
    return tr.call_python(_position, _fields(tr, args[0], args[1]), inline=True)


@registry.entry(registry.methods, (RangeVal, "count"))
def count(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``range(...).count(x)``."""
    return tr.call(Const(int), [tr.compare("in", args[1], args[0])])


def part(tr: Translator, r: Any, index: SliceVal) -> Value:
    """``range(...)[a:b:c]``: a range."""
    n = Val(INT, (range_count(tr, r),))
    got: Any = tr.call_python(_bounds, (n, *index.children()), inline=True)
    first, last, by = got.items
    at = [tr.binary("+", r.start, tr.binary("*", k, r.step)) for k in (first, last)]
    return RangeVal(at[0], at[1], tr.binary("*", r.step, by))


def backwards(tr: Translator, r: Any) -> Value:
    """``reversed(range(...))``."""
    if r.step.__class__ is Const and abs(r.step.obj) == 1:
        # The ends move by one; where that would leave 64 bits the range is empty or the check says so.
        return RangeVal(tr.binary("-", r.stop, r.step), tr.binary("-", r.start, r.step), Const(-r.step.obj))
    n = Val(INT, (range_count(tr, r),))
    last = tr.binary("+", r.start, tr.binary("*", tr.binary("-", n, Const(1)), r.step))
    before = tr.binary("-", r.start, r.step)
    return RangeVal(last, before, tr.unary("-", r.step))


@registry.operator(registry.compare, "== !=", RangeVal, RangeVal)
def equal(tr: Translator, name: str, a: Any, b: Any) -> Value:
    """``range(...) == range(...)``: the same items."""
    n, m = range_count(tr, a), range_count(tr, b)
    starts, steps = (tr.icmp("eq", tr.val(x).ssa[0], tr.val(y).ssa[0]) for x, y in ((a.start, b.start), (a.step, b.step)))
    few = tr.icmp("ult", n, tr.iconst(2))
    rest = tr.op(o.BAND, I8, starts, tr.op(o.BOR, I8, steps, few))
    same = tr.op(o.BAND, I8, tr.icmp("eq", n, m), tr.op(o.BOR, I8, rest, tr.icmp("eq", n, tr.iconst(0))))
    result = Val(ty.py_bool, (same,))
    return tr.not_(result) if name == "!=" else result


def _register_fields(kind: type) -> None:
    for name in ("start", "stop", "step"):
        registry.entry(registry.attributes, (kind, name))(lambda tr, v, name=name: getattr(v, name))


_register_fields(RangeVal)
_register_fields(SliceVal)


# -- slices ----------------------------------------------------------------------------------------------------------------------


@registry.call(slice)
def make_slice(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``slice(stop)``, ``slice(start, stop, step)``."""
    if kwargs or not 1 <= len(args) <= 3:
        tr.error("slice takes one to three positional arguments")
    if len(args) == 1:
        return SliceVal(NONE, args[0], NONE)
    return SliceVal(args[0], args[1], args[2] if len(args) == 3 else NONE)


@registry.entry(registry.methods, (SliceVal, "indices"))
def indices(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``slice.indices(n)``."""
    return tr.call_python(_bounds, (args[1], *args[0].children()), inline=True)  # type: ignore[attr-defined]


# -- tuples ----------------------------------------------------------------------------------------------------------------------


@registry.entry(registry.methods, (TupleVal, "index"))
def tuple_index(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``tuple.index(x)``."""
    from jitpy.frontend.library import iteration

    return tr.call_python(iteration.position, tuple(args), inline=True)


@registry.entry(registry.methods, (TupleVal, "count"))
def tuple_count(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``tuple.count(x)``."""
    from jitpy.frontend.library import iteration

    return tr.call_python(iteration.count, tuple(args), inline=True)


# -- constants -------------------------------------------------------------------------------------------------------------------


def number_of(v: Value) -> Value | None:
    """An int enum's member as the number it is; None for other constants."""
    if v.__class__ is Const and isinstance(v.obj, int) and type(v.obj).__add__ is int.__add__:
        return Const(int(v.obj))
    return None


def _as_numbers(table: Any, names: str) -> None:
    """Operators between members of int enums and numbers."""

    def again(tr: Translator, name: str, a: Value, b: Value) -> Any:
        x, y = number_of(a), number_of(b)
        if x is None and y is None:
            return _other_constants(tr, name, a, b)
        return (tr.compare if table is registry.compare else tr.binary)(name, x or a, y or b)

    for left, right in ((ty.Constant, ty.Scalar), (ty.Scalar, ty.Constant)):
        registry.operator(table, names, left, right)(again)


def _other_constants(tr: Translator, name: str, a: Value, b: Value) -> Value:
    if name in ("==", "!="):
        for v in (a, b):
            if v.__class__ is Const and v.kind() is ty.Constant and getattr(type(v.obj), "__eq__", None) is object.__eq__:
                return Const(name == "!=")
    tr.error(f"{name} is not supported between {a.describe()} and {b.describe()}", "Convert one of them to a number.")


_as_numbers(registry.compare, "== != < <= > >=")
_as_numbers(registry.binary, "+ - * // % / **")


@registry.operator(registry.compare, "in", None, ty.Constant)
def in_constant(tr: Translator, x: Value, items: Value) -> Value:
    """``x in {1, 2}`` of constants."""
    from jitpy.frontend.library.functions import outside_value

    obj = items.obj
    if obj.__class__ is not frozenset:
        tr.error(f"in is not supported for {items.describe()}", "Use a tuple, a list or an array.")
    return tr.compare("in", x, TupleVal(tuple([outside_value(tr, v) for v in obj])))
