"""Iteration by position: of whatever has a `registry.sequence` entry, and enumerate, zip and reversed of it.

A sequence is ``(count, item)``: an i64 SSA value (or an int) and a callback ``item(tr, obj, k)`` that gives the item at the checked
position k. From it come plain iteration, enumerate, zip and reversed alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import opcodes as o
from jitpy.backend.ir.types import I64
from jitpy.frontend.library import registry
from jitpy.frontend.library.containers import INT, as_table, int_value, long_as_table
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Compound, Const, Iterator, RangeVal, TupleVal, Val, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from jitpy.frontend.translate.translator import Translator


class SequenceIter(Iterator):
    """Position k of a sequence whose count does not change."""

    __slots__ = ("count", "index", "item", "source", "start")

    def __init__(self, index: Value, count: Value, start: Value, source: Value, item: Callable[..., Value]) -> None:
        self.index = index
        self.count = count
        self.start = start
        self.source = source
        self.item = item

    def children(self) -> tuple[Value, ...]:
        return self.index, self.count, self.start, self.source

    def rebuild(self, children: tuple[Value, ...]) -> Value:
        index, count, start, source = children
        return SequenceIter(index, count, start, source, self.item)

    def static(self) -> Any:
        return id(self.item)

    def mutable(self) -> int:
        return 1

    def step(self, tr: Translator) -> tuple[int | bool, Callable[[], Value], Callable[[], Iterator]]:
        k, count = self.index.parts()[0], self.count.parts()[0]
        more = tr.icmp("slt", k, count)
        tr.counted_loop(tr.bb, k, self.start.parts()[0], count, 1)

        def advance() -> Iterator:
            following = Val(INT, (tr.op(o.IADD, I64, k, tr.iconst(1)),))
            return SequenceIter(following, self.count, self.start, self.source, self.item)

        return more, lambda: self.item(tr, self.source, k), advance


class Zipped(Compound):
    """``zip(...)``, ``enumerate(...)``, ``reversed(...)`` before iteration: sources with their counts."""

    __slots__ = ("counts", "getters", "sources", "start", "what")

    def __init__(
        self, what: str, sources: tuple[Value, ...], counts: tuple[Value, ...], getters: tuple[Any, ...], start: Value
    ) -> None:
        self.what = what
        self.sources = sources
        self.counts = counts
        self.getters = getters
        self.start = start

    def children(self) -> tuple[Value, ...]:
        return (*self.sources, *self.counts, self.start)

    def rebuild(self, children: tuple[Value, ...]) -> Value:
        n = len(self.sources)
        return Zipped(self.what, children[:n], children[n : 2 * n], self.getters, children[-1])

    def static(self) -> Any:
        return self.what, tuple([id(g) for g in self.getters])

    def describe(self) -> str:
        return self.what


def sequence(tr: Translator, obj: Value) -> tuple[int, Callable[..., Value]]:
    """(count, item getter) of a sequence."""
    handler = registry.find(registry.sequence, obj.kind())
    if handler is None:
        tr.error(f"{obj.describe()} cannot be iterated by position here", "Iterate over ranges, arrays, lists and tuples.")
    result: tuple[int, Callable[..., Value]] = handler(tr, obj)
    return result


def _static_items(tr: Translator, obj: Value) -> tuple[Value, ...] | None:
    if obj.kind() is ty.List and obj.type.item is ty.undetermined:
        from jitpy.frontend.library.list_blocks import untouched

        untouched(tr, obj)
        return ()
    return obj.items if obj.__class__ is TupleVal else None


@registry.call(enumerate)
def make_enumerate(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``enumerate(x, start)``."""
    start = args[1] if len(args) > 1 else kwargs.get("start", Const(0))
    start = int_value(tr, start, "the start of enumerate()")
    x = long_as_table(tr, args[0])
    items = _static_items(tr, x)
    if items is not None:
        pairs = [TupleVal((tr.binary("+", start, Const(i)), v)) for i, v in enumerate(items)]
        return TupleVal(tuple(pairs))
    if isinstance(x, Iterator):
        from jitpy.frontend.library import functions, iteration

        return functions.call_function(tr, iteration.numbered, [x, start], {}, True)
    count, getter = sequence(tr, x)
    return Zipped("enumerate", (x,), (Val(INT, (count,)),), (getter,), start)


@registry.call(zip)
def make_zip(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``zip(a, b, ...)``."""
    strict = False
    for k, v in kwargs.items():
        if k != "strict" or v.__class__ is not Const:
            tr.error(f"zip({k}=...) is not supported", "strict=True and strict=False may be given as constants.")
        strict = bool(v.obj)
    if any(isinstance(a, Iterator) for a in args):
        from jitpy.frontend.library.generators import Together

        if strict:
            tr.error("zip(strict=True) of a generator is not supported", "Make lists of the generators first.")
        return Together(tuple([tr.iterate(tr.settle(a)) for a in args]))
    tables = [long_as_table(tr, a) for a in args]
    if not any(t.__class__ is TupleVal for t in tables):
        args = tables
    fixed = [_static_items(tr, a) for a in args]
    if all(f is not None for f in fixed) and (not strict or len({len(f) for f in fixed}) < 2):  # type: ignore[arg-type]
        return TupleVal(tuple([TupleVal(t) for t in zip(*fixed, strict=False)]))
    if strict and any(f is not None for f in fixed):
        tr.error("zip(strict=True) of a tuple is not supported", "Compare the lengths before.")
    args = [as_table(tr, a) for a in args]
    pairs = [sequence(tr, a) for a in args]
    counts = tuple([Val(INT, (c,)) for c, _ in pairs])
    for i, (c, _) in enumerate(pairs[1:] if strict else (), 2):
        # Python finds this out at the end of the loop; here nothing of the loop runs.
        before = "argument 1" if i == 2 else f"arguments 1-{i - 1}"
        for cc, word in (("slt", "shorter"), ("sgt", "longer")):
            tr.check(tr.icmp(cc, c, pairs[0][0]), ValueError, f"zip() argument {i} is {word} than {before}")
    return Zipped("zip", tuple(args), counts, tuple([g for _, g in pairs]), Const(0))


@registry.call(reversed)
def make_reversed(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``reversed(x)``."""
    x = long_as_table(tr, args[0])
    items = _static_items(tr, x)
    if items is not None:
        return TupleVal(tuple(reversed(items)))
    if x.__class__ is RangeVal and x.step.__class__ is Const and abs(x.step.obj) == 1:
        step = x.step.obj
        # The ends move by one; where that would leave 64 bits the range is empty or the check says so.
        first = tr.binary("-", x.stop, Const(step))
        last = tr.binary("-", x.start, Const(step))
        return RangeVal(first, last, Const(-step))
    if x.__class__ is RangeVal:
        from jitpy.frontend.library import ranges

        return ranges.backwards(tr, x)
    count, getter = sequence(tr, x)
    return Zipped("reversed", (x,), (Val(INT, (count,)),), (getter,), Const(0))


def _zipped_sequence(tr: Translator, obj: Value) -> tuple[int, Callable[..., Value]]:
    z: Zipped = obj  # type: ignore[assignment]
    counts = [c.parts()[0] for c in z.counts]
    count = counts[0]
    for other in counts[1:]:
        if other != count:
            count = tr.op(o.SMIN, I64, count, other)
    return count, _zipped_item


def _zipped_item(tr: Translator, obj: Value, k: int) -> Value:
    z: Zipped = obj  # type: ignore[assignment]
    if z.what == "reversed":
        last = tr.op(o.ISUB, I64, z.counts[0].parts()[0], tr.iconst(1))
        item: Value = z.getters[0](tr, z.sources[0], tr.op(o.ISUB, I64, last, k))
        return item
    items = [g(tr, s, k) for g, s in zip(z.getters, z.sources, strict=True)]
    if z.what == "enumerate":
        number = k
        if z.start.__class__ is not Const or z.start.obj != 0:
            number = tr.checked(o.IADD, k, tr.val(z.start).ssa[0])
        return TupleVal((Val(INT, (number,)), items[0]))
    return TupleVal(tuple(items))


registry.sequence[Zipped] = _zipped_sequence


@registry.entry(registry.iterate, Zipped)
def iterate_zipped(tr: Translator, obj: Value) -> Iterator:
    """Iterate zip, enumerate, reversed."""
    return iterate_sequence(tr, obj)


def iterate_sequence(tr: Translator, obj: Value) -> Iterator:
    """Iterate anything with a `registry.sequence` entry."""
    count, getter = sequence(tr, obj)
    zero = Val(INT, (tr.iconst(0),))
    return SequenceIter(zero, Val(INT, (count,)), zero, obj, getter)


def _array_sequence(tr: Translator, obj: Value) -> tuple[int, Callable[..., Value]]:
    if not obj.type.ndim:
        tr.error("iteration over a 0-d array")
    return obj.parts()[2], _array_item


def _array_item(tr: Translator, obj: Val, k: int) -> Value:
    from jitpy.frontend.library.indexing import at_positions

    return at_positions(tr, obj, (k,))


registry.sequence[ty.Array] = _array_sequence
