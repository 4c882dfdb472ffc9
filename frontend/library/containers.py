"""Ranges and tuples, None, len and print. Iteration by position, with enumerate, zip and reversed: `positions`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import opcodes as o
from jitpy.backend.ir.types import I8, I64
from jitpy.frontend.library import registry
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Const, Iterator, RangeVal, SliceVal, TupleVal, Val, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from jitpy.frontend.translate.translator import Translator

_MIN, _MAX = -(1 << 63), (1 << 63) - 1
INT = ty.py_int
#: Loops over tuples of more items of one type are loops of the machine; varying indices into more constants read a table
#: (`tuples_long`).
LONG_LOOP = 32
LONG_INDEX = 8
#: Turns of a loop over a tuple of different types.
MAX_TURNS = 256


def int_value(tr: Translator, v: Value, what: str) -> Value:
    """An int operand by ``__index__``: a Const int, or a Val of py_int."""
    if v.__class__ is Const:
        obj = v.obj
        if v.type.__class__ is ty.Scalar and v.type.kind in "iub":
            return Const(int(obj))
    t = tr.type_of(v)
    if t.__class__ is ty.Scalar and t.kind in "iub":
        if t is ty.np_bool:
            tr.error(f"{what} must be an int, not a NumPy bool")
        return Val(INT, (tr.as_index(v),))
    tr.error(f"{what} must be an int, not {v.describe()}", "Convert it with int(...).")


def _ssa(tr: Translator, v: Value) -> int:
    return tr.val(v).ssa[0]


# -- range -------------------------------------------------------------------------------------------------------------------------


@registry.call(registry.PARALLEL_RANGE)
def make_prange(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``prange(...)``: a range, with a remark that it is one."""
    tr.remark("prange runs serially for now: one thread does all iterations, in order")
    return make_range(tr, args, kwargs)


@registry.call(range)
def make_range(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``range(...)``."""
    if kwargs or not 1 <= len(args) <= 3:
        tr.error("range takes one to three positional arguments")
    values = [int_value(tr, a, "an argument of range()") for a in args]
    start, stop, step = Const(0), values[0], Const(1)  # type: Value, Value, Value
    if len(values) > 1:
        start, stop = values[0], values[1]
    if len(values) == 3:
        step = values[2]
        if step.__class__ is Const:
            tr.check(step.obj == 0, ValueError, "range() arg 3 must not be zero")
            if step.obj == 0:
                step = Const(1)
        else:
            tr.check(tr.icmp("eq", _ssa(tr, step), tr.iconst(0)), ValueError, "range() arg 3 must not be zero")
    return RangeVal(start, stop, step)


def range_count(tr: Translator, r: RangeVal) -> int:
    """The number of items, as an unsigned i64: exact for every range of 64-bit ints."""
    if all(v.__class__ is Const for v in r.children()):
        return tr.iconst(len(range(*[v.obj for v in r.children()])))
    start, stop = _ssa(tr, r.start), _ssa(tr, r.stop)
    zero = tr.iconst(0)
    if r.step.__class__ is Const:
        step = r.step.obj
        if step > 0:
            more, distance, size = tr.icmp("slt", start, stop), tr.op(o.ISUB, I64, stop, start), step
        else:
            more, distance, size = tr.icmp("sgt", start, stop), tr.op(o.ISUB, I64, start, stop), -step
        if size != 1:
            rounded = tr.op(o.ISUB, I64, distance, tr.iconst(1))
            steps = tr.op(o.UDIV_PROVEN, I64, rounded, tr.iconst(size))
            distance = tr.op(o.IADD, I64, steps, tr.iconst(1))
        return tr.select(more, distance, zero)
    step_value = _ssa(tr, r.step)
    up = tr.icmp("sgt", step_value, zero)
    low, high = tr.select(up, start, stop), tr.select(up, stop, start)
    size_value = tr.select(up, step_value, tr.op(o.INEG, I64, step_value))
    rounded = tr.op(o.ISUB, I64, tr.op(o.ISUB, I64, high, low), tr.iconst(1))
    count = tr.op(o.IADD, I64, tr.op(o.UDIV_PROVEN, I64, rounded, size_value), tr.iconst(1))
    return tr.select(tr.icmp("slt", low, high), count, zero)


class RangeIter(Iterator):
    """Steps of +1 or -1, or by any constant: the index itself runs; no overflow, as it never passes the end.

    ``end`` is ``stop`` for steps of one, else the exact value after the last.
    """

    __slots__ = ("end", "index", "start", "step_by", "stop")

    def __init__(self, index: Value, end: Value, start: Value, stop: Value, step_by: int) -> None:
        self.index = index
        self.end = end
        self.start = start
        self.stop = stop
        self.step_by = step_by

    def children(self) -> tuple[Value, ...]:
        return self.index, self.end, self.start, self.stop

    def rebuild(self, children: tuple[Value, ...]) -> Value:
        index, end, start, stop = children
        return RangeIter(index, end, start, stop, self.step_by)

    def static(self) -> Any:
        return self.step_by

    def mutable(self) -> int:
        return 1

    def step(self, tr: Translator) -> tuple[int | bool, Callable[[], Value], Callable[[], Iterator]]:
        i, end, start = self.index.parts()[0], self.end.parts()[0], self.start.parts()[0]
        step = self.step_by
        more = tr.icmp("slt" if step == 1 else "sgt" if step == -1 else "ne", i, end)
        tr.counted_loop(tr.bb, i, start, end, step)
        if step not in (1, -1):
            tr.stepped_loop(tr.bb, i, start, self.stop.parts()[0], tr.iconst(step))

        def advance() -> Iterator:
            following = tr.op(o.IADD, I64, i, tr.iconst(step))
            return RangeIter(Val(INT, (following,)), self.end, self.start, self.stop, step)

        return more, lambda: Val(INT, (i,)), advance


class CountIter(Iterator):
    """Any step known at run time only: the index and the number of turns left."""

    __slots__ = ("index", "left", "start", "step_by", "stop")

    def __init__(self, index: Value, left: Value, step_by: Value, start: Value, stop: Value) -> None:
        self.index = index
        self.left = left
        self.step_by = step_by
        self.start = start
        self.stop = stop

    def children(self) -> tuple[Value, ...]:
        return self.index, self.left, self.step_by, self.start, self.stop

    def rebuild(self, children: tuple[Value, ...]) -> Value:
        return CountIter(*children)

    def mutable(self) -> int:
        return 2

    def step(self, tr: Translator) -> tuple[int | bool, Callable[[], Value], Callable[[], Iterator]]:
        i, left, by = self.index.parts()[0], self.left.parts()[0], self.step_by.parts()[0]
        more = tr.icmp("ne", left, tr.iconst(0))
        tr.stepped_loop(tr.bb, i, self.start.parts()[0], self.stop.parts()[0], by)

        def advance() -> Iterator:
            following = Val(INT, (tr.op(o.IADD, I64, i, by),))
            rest = Val(INT, (tr.op(o.ISUB, I64, left, tr.iconst(1)),))
            return CountIter(following, rest, self.step_by, self.start, self.stop)

        return more, lambda: Val(INT, (i,)), advance


@registry.entry(registry.iterate, RangeVal)
def iterate_range(tr: Translator, obj: Value) -> Iterator:
    """``iter(range(...))``."""
    r: RangeVal = obj  # type: ignore[assignment]
    start = tr.val(r.start)
    if r.step.__class__ is Const:
        step = r.step.obj
        if step in (1, -1):
            stop = tr.val(r.stop)
            return RangeIter(start, stop, start, stop, step)
        if _MIN <= step <= _MAX:
            count = range_count(tr, r)
            end = tr.op(o.IADD, I64, start.ssa[0], tr.op(o.IMUL, I64, count, tr.iconst(step)))
            return RangeIter(start, Val(INT, (end,)), start, tr.val(r.stop), step)
    return CountIter(start, Val(INT, (range_count(tr, r),)), tr.val(r.step), start, tr.val(r.stop))


def _range_sequence(tr: Translator, obj: Value) -> tuple[int, Callable[..., Value]]:
    return range_count(tr, obj), _range_item  # type: ignore[arg-type]


def _range_item(tr: Translator, obj: Value, k: int) -> Value:
    r: RangeVal = obj  # type: ignore[assignment]
    if r.step.__class__ is Const and r.step.obj == 1:
        offset = k
    else:
        offset = tr.op(o.IMUL, I64, k, _ssa(tr, r.step))
    if r.start.__class__ is Const and r.start.obj == 0:
        return Val(INT, (offset,))
    return Val(INT, (tr.op(o.IADD, I64, _ssa(tr, r.start), offset),))


registry.sequence[RangeVal] = _range_sequence


@registry.entry(registry.getitem, RangeVal)
def range_getitem(tr: Translator, obj: Value, index: Value) -> Value:
    """``range(...)[i]``, ``range(...)[a:b:c]``."""
    if index.__class__ is SliceVal:
        from jitpy.frontend.library import ranges

        return ranges.part(tr, obj, index)
    count = range_count(tr, obj)  # type: ignore[arg-type]
    k = tr.index(_ssa(tr, int_value(tr, index, "a range index")), count, 0, "range object index out of range")
    return _range_item(tr, obj, k)


@registry.entry(registry.truth, RangeVal)
def range_truth(tr: Translator, obj: Value) -> int:
    """``bool(range(...))``."""
    return tr.icmp("ne", range_count(tr, obj), tr.iconst(0))  # type: ignore[arg-type]


# -- tuples ------------------------------------------------------------------------------------------------------------------------


class TupleIter(Iterator):
    """One version of the loop's body per item: items may have different types."""

    __slots__ = ("at", "items")

    def __init__(self, items: tuple[Value, ...], at: int) -> None:
        self.items = items
        self.at = at

    def children(self) -> tuple[Value, ...]:
        return self.items

    def rebuild(self, children: tuple[Value, ...]) -> Value:
        return TupleIter(children, self.at)

    def static(self) -> Any:
        return self.at

    def unrolled(self) -> bool:
        return True

    def step(self, tr: Translator) -> tuple[int | bool, Callable[[], Value], Callable[[], Iterator]]:
        if self.at >= len(self.items):
            return False, lambda: self.items[0], lambda: self
        return True, lambda: self.items[self.at], lambda: TupleIter(self.items, self.at + 1)


@registry.entry(registry.iterate, TupleVal)
def iterate_tuple(tr: Translator, obj: Value) -> Iterator:
    """``iter(tuple)``."""
    made = long_as_table(tr, obj)
    if made.__class__ is not TupleVal:
        from jitpy.frontend.library.positions import iterate_sequence

        return iterate_sequence(tr, made)
    if len(made.items) > MAX_TURNS:
        tr.error(
            f"a loop over a tuple of different types is translated once per item, for {MAX_TURNS} items at most",
            "Give the items one type, or use an array.",
        )
    return TupleIter(made.items, 0)


def as_table(tr: Translator, v: Value) -> Value:
    """A tuple beside something whose length is not known: a sequence if its items have one type."""
    if v.__class__ is TupleVal:
        from jitpy.frontend.library import tuples_long

        if tuples_long.item_type(v) is not None:
            return tuples_long.table(tr, v)
    return v


def long_as_table(tr: Translator, v: Value) -> Value:
    """A tuple that is too long for a version of a loop's body per item, as a sequence; anything else as it is."""
    if v.__class__ is TupleVal and len(v.items) > LONG_LOOP:
        from jitpy.frontend.library import tuples_long

        if tuples_long.is_long(v):
            return tuples_long.table(tr, v)
    return v


def _tuple_items(obj: Value) -> tuple[Value, ...]:
    return obj.items


@registry.entry(registry.unpack, TupleVal)
def unpack_tuple(tr: Translator, obj: Value, n: int) -> list[Value] | None:
    """``a, b = tuple``."""
    items = _tuple_items(obj)
    if len(items) != n:
        got = f", got {len(items)}" if len(items) < n else ""
        tr.raise_(ValueError, f"{'not enough' if got else 'too many'} values to unpack (expected {n}{got})")
        return None
    return list(items)


@registry.entry(registry.getitem, TupleVal)
def tuple_getitem(tr: Translator, obj: Value, index: Value) -> Value:
    """``tuple[i]``, ``tuple[a:b]``."""
    items = _tuple_items(obj)
    if index.__class__ is SliceVal:
        bounds = index.children()
        if any(b.__class__ is not Const for b in bounds):
            tr.error("a slice of a tuple must be known at compile time", "Use an array.")
        return TupleVal(items[slice(*[b.obj for b in bounds])])
    k = int_value(tr, index, "a tuple index")
    if k.__class__ is Const:
        i: int = k.obj
        if not -len(items) <= i < len(items):
            tr.raise_(IndexError, "tuple index out of range")
            tr.use(tr.block())
            return items[0] if items else Const(None)
        return items[i]
    if not items:
        tr.raise_(IndexError, "tuple index out of range")
        tr.use(tr.block())
        return Const(None)
    if len(items) > LONG_INDEX:
        from jitpy.frontend.library import tuples_long

        if tuples_long.is_long_constant(obj):
            return tuples_long.getitem(tr, obj, k.parts()[0])
    position = tr.index(k.parts()[0], tr.iconst(len(items)), 0, "tuple index out of range")
    values = [tr.settled_number(item) for item in items]
    t = values[0].type
    if any(v.type is not t for v in values):
        tr.error(
            "an index that varies needs a tuple whose elements have one type",
            f"This one holds {', '.join(sorted({v.type.name for v in values}))}. Index it with constants, or use an array.",
        )
    result = values[0].ssa
    for i, v in enumerate(values[1:], 1):
        here = tr.icmp("eq", position, tr.iconst(i))
        result = tuple([tr.select(here, b, a) for a, b in zip(result, v.ssa, strict=True)])
    return Val(t, result)


@registry.operator(registry.binary, "+", TupleVal, TupleVal)
def tuple_concat(tr: Translator, a: Value, b: Value) -> Value:
    """``tuple + tuple``."""
    return TupleVal(_tuple_items(a) + _tuple_items(b))


@registry.operator(registry.binary, "*", TupleVal, ty.Scalar)
def tuple_repeat(tr: Translator, a: Value, b: Value) -> Value:
    """``tuple * n`` for a constant n."""
    if b.__class__ is not Const or b.obj.__class__ is not int:
        tr.error("a tuple can be repeated a constant number of times only", "Use an array.")
    return TupleVal(_tuple_items(a) * b.obj)


@registry.operator(registry.compare, "== !=", TupleVal, TupleVal)
def tuple_equal(tr: Translator, name: str, a: Value, b: Value) -> Value:
    """``tuple == tuple``."""
    xs, ys = _tuple_items(a), _tuple_items(b)
    equal: int | bool = len(xs) == len(ys)
    if equal:
        for x, y in zip(xs, ys, strict=True):
            equal = _and(tr, equal, tr.truth(tr.compare("==", x, y)))
    if name == "!=":
        equal = (not equal) if equal.__class__ is bool else tr.icmp("eq", equal, tr.iconst(0, I8))
    return Const(equal) if equal.__class__ is bool else Val(ty.py_bool, (equal,))


def _and(tr: Translator, a: int | bool, b: int | bool) -> int | bool:
    if a is True:
        return b
    if b is True:
        return a
    if a is False or b is False:
        return False
    return tr.op(o.BAND, I8, a, b)


def _or(tr: Translator, a: int | bool, b: int | bool) -> int | bool:
    if a is False:
        return b
    if b is False:
        return a
    if a is True or b is True:
        return True
    return tr.op(o.BOR, I8, a, b)


@registry.operator(registry.compare, "< <= > >=", TupleVal, TupleVal)
def tuple_order(tr: Translator, name: str, a: Value, b: Value) -> Value:
    """Lexicographic order of tuples."""
    xs, ys = _tuple_items(a), _tuple_items(b)
    n = min(len(xs), len(ys))
    strict = name[0]
    lengths = {"<": len(xs) < len(ys), "<=": len(xs) <= len(ys), ">": len(xs) > len(ys), ">=": len(xs) >= len(ys)}
    result: int | bool = lengths[name]
    for x, y in zip(reversed(xs[:n]), reversed(ys[:n]), strict=True):
        less = tr.truth(tr.compare(strict, x, y))
        equal = tr.truth(tr.compare("==", x, y))
        result = _or(tr, less, _and(tr, equal, result))
    return Const(result) if result.__class__ is bool else Val(ty.py_bool, (result,))


@registry.operator(registry.compare, "in", None, TupleVal)
def in_tuple(tr: Translator, x: Value, items: Value) -> Value:
    """``x in tuple``."""
    found: int | bool = False
    for item in _tuple_items(items):
        found = _or(tr, found, tr.truth(tr.compare("==", x, item)))
    return Const(found) if found.__class__ is bool else Val(ty.py_bool, (found,))


@registry.entry(registry.truth, TupleVal)
def tuple_truth(tr: Translator, obj: Value) -> bool:
    """``bool(tuple)``."""
    return bool(_tuple_items(obj))


@registry.call(tuple)
def make_tuple(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``tuple(...)`` of something whose length is known."""
    if args and isinstance(args[0], Iterator):
        from jitpy.frontend.library.functions import Outcomes
        from jitpy.frontend.library.generators import unrolled_items

        ends: list[tuple[int, Value]] = []
        unrolled_items(tr, args[0], lambda items: ends.append((tr.bb, TupleVal(items))))
        if len(ends) == 1:
            tr.use(ends[0][0])
            return ends[0][1]
        return Outcomes(ends)
    return TupleVal(tuple(tr.unpack_all(args[0]))) if args else TupleVal(())


# -- None, str -------------------------------------------------------------------------------------------------------------------


@registry.operator(registry.compare, "== !=", ty.NoneType, None)
@registry.operator(registry.compare, "== !=", None, ty.NoneType)
def none_equal(tr: Translator, name: str, a: Value, b: Value) -> Value:
    """``x == None``: identity."""
    return Const((a.kind() is b.kind()) == (name == "=="))


@registry.entry(registry.truth, ty.NoneType)
def none_truth(tr: Translator, a: Value) -> bool:
    """None is false."""
    return False


@registry.operator(registry.compare, "== !=", ty.Constant, ty.Constant)
def constant_equal(tr: Translator, name: str, a: Value, b: Value) -> Value:
    """Functions, classes, dtypes: compared now."""
    return Const(bool(a.obj == b.obj) == (name == "=="))


# -- len, print --------------------------------------------------------------------------------------------------------------------


@registry.call(len)
def length(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``len(x)``."""
    (x,) = args
    if x.__class__ is TupleVal:
        return Const(len(x.items))
    if x.__class__ is Const and x.type is ty.string:
        return Const(len(x.obj))
    if x.__class__ is RangeVal:
        count = range_count(tr, x)
        tr.check(tr.icmp("slt", count, tr.iconst(0)), OverflowError, "Python int too large to convert to C ssize_t")
        return Val(INT, (count,))
    x = tr.settle(x)
    t = tr.type_of(x)
    if t.__class__ is ty.Array:
        if not t.ndim:
            tr.raise_(TypeError, "len() of unsized object")
            tr.use(tr.block())
            return Const(0)
        return Val(INT, (tr.bound(x.parts()[2], 0, _MAX),))
    if t is ty.string:
        return Val(INT, (x.parts()[2],))
    method = registry.find(registry.methods, x.kind(), (x.kind(), "__len__"))
    if method is None:
        tr.error(f"object of type {x.describe()} has no len()")
    result: Value = method(tr, [x], {})
    return result


@registry.call(print)
def print_values(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``print(..., sep=, end=)``: to sys.stdout, by the runtime."""
    from jitpy.frontend.library.control import call_with_parts, message_parts, owners_in, site_arguments

    parts: list[Any] = []
    for a in args:
        if a.__class__ is Const:
            parts.append(("const", a.obj))
            continue
        made = message_parts(tr, a)
        parts.append(made[0] if len(made) == 1 else ("text", made))
    keywords = []
    for name, v in kwargs.items():
        if name not in ("sep", "end") or v.__class__ is not Const:
            tr.error(f"print({name}=...) is not supported", "sep and end may be given as constants.")
        if v.obj is not None:
            keywords.append((name, v.obj))
    flat: list[Any] = []
    for part in parts:
        flat.extend(part[1] if part[0] == "text" else (part,))
    numbered, raw = site_arguments(flat)
    rest = iter(numbered)
    site_parts = [("text", tuple([next(rest) for _ in p[1]])) if p[0] == "text" else next(rest) for p in parts]
    site = tr.site(None, (*site_parts, *keywords), "print")
    call_with_parts(tr, site, raw, owners_in(flat))
    return Const(None)
