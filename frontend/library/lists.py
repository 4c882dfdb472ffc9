"""Lists: displays, operators, methods.

A list display is kept as the values it was written with (`ListDisplay`) while it is on the stack, so that ``np.array([x, y])``,
``np.vstack([a, b])`` and ``a[[0, 2]]`` need no list at all. Anything else makes it a list block (`list_blocks`).

Methods that are loops are Python functions (`list_methods`), compiled like any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import opcodes as o
from jitpy.backend.ir.types import I64
from jitpy.frontend.library import control, iteration, registry
from jitpy.frontend.library import list_methods as python
from jitpy.frontend.library.containers import int_value
from jitpy.frontend.library.list_blocks import (
    LENGTH,
    append,
    changed,
    converted_item,
    determine,
    drop_last,
    handle,
    item_type,
    length,
    load_item,
    new,
    store_item,
    untouched,
)
from jitpy.frontend.library.positions import sequence
from jitpy.frontend.types import types as ty
from jitpy.frontend.types.items import owners
from jitpy.frontend.values import NONE, Compound, Const, Iterator, SliceVal, TupleVal, Val, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jitpy.frontend.translate.translator import Translator


class ListDisplay(Compound):
    """``[a, b, c]`` before anything but a function that knows displays has seen it."""

    __slots__ = ("items",)

    lazy = True

    def __init__(self, items: tuple[Value, ...]) -> None:
        self.items = items

    def children(self) -> tuple[Value, ...]:
        return self.items

    def rebuild(self, children: tuple[Value, ...]) -> Value:
        return ListDisplay(children)

    def describe(self) -> str:
        return "list"


def build(tr: Translator, items: Sequence[Value]) -> Value:
    """A list display."""
    return ListDisplay(tuple(items))


def extend(tr: Translator, target: Value, items: list[Value]) -> Value:
    """A display that goes on with more items."""
    if target.__class__ is ListDisplay:
        return ListDisplay((*target.items, *items))
    for item in items:
        append(tr, target, item)
    return target


@registry.entry(registry.settle, ListDisplay)
def _settle(tr: Translator, v: Any) -> Value:
    made = new(tr)
    for item in v.items:
        made = append(tr, made, item)
    return made


# -- operations ------------------------------------------------------------------------------------------------------------------


def _no_item(tr: Translator, v: Value, message: str) -> Any:
    """IndexError of a list that never got an item."""
    from jitpy.frontend.library.functions import Outcomes

    untouched(tr, v)
    tr.raise_(IndexError, message)
    return Outcomes([])


def _empty(v: Value) -> bool:
    return item_type(v) is ty.undetermined


@registry.entry(registry.methods, (ty.List, "__len__"))
def _len(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return Val(ty.py_int, (length(tr, args[0]),))


@registry.entry(registry.truth, ty.List)
def _truth(tr: Translator, v: Value) -> int:
    return tr.icmp("ne", length(tr, v), tr.iconst(0))


@registry.entry(registry.getitem, ty.List)
def _getitem(tr: Translator, v: Value, index: Value) -> Value:
    if index.__class__ is SliceVal:
        if _empty(v):
            untouched(tr, v)
            return new(tr)
        return tr.call_python(python.part, (v, *index.children()), inline=False)
    k = tr.val(int_value(tr, index, "a list index")).ssa[0]
    if _empty(v):
        result: Value = _no_item(tr, v, "list index out of range")
        return result
    return load_item(tr, v, tr.index(k, length(tr, v), 0, "list index out of range"))


@registry.entry(registry.setitem, ty.List)
def _setitem(tr: Translator, v: Value, index: Value, item: Value) -> None:
    if index.__class__ is SliceVal:
        items = tr.settle(item)
        if items.kind() is not ty.List:
            items = tr.call(Const(list), [items])
        if _empty(items):
            delitem(tr, v, index)
            return
        if _empty(v):
            untouched(tr, v)
            extended(tr, v, items)
            return
        tr.call_python(python.assign_part, (v, *index.children(), items), inline=False)
        return
    k = tr.val(int_value(tr, index, "a list index")).ssa[0]
    if _empty(v):
        untouched(tr, v)
        tr.check(True, IndexError, "list assignment index out of range")
        return
    v, parts = converted_item(tr, v, item)  # type: ignore[arg-type]
    store_item(tr, v, tr.index(k, length(tr, v), 0, "list assignment index out of range"), parts)


@registry.entry(registry.delitem, ty.List)
def delitem(tr: Translator, v: Value, index: Value) -> None:
    if index.__class__ is SliceVal:
        if _empty(v):
            untouched(tr, v)
        else:
            tr.call_python(python.delete_part, (v, *index.children()), inline=False)
        return
    if _empty(v):
        tr.check(True, IndexError, "list assignment index out of range")
        return
    tr.call_python(python.delete, (v, index), inline=False)


class ListIter(Iterator):
    """Iteration by position; the length is looked at anew on each turn, as Python does."""

    __slots__ = ("index", "source")

    def __init__(self, index: Value, source: Value) -> None:
        self.index = index
        self.source = source

    def children(self) -> tuple[Value, ...]:
        return self.index, self.source

    def rebuild(self, children: tuple[Value, ...]) -> Value:
        return ListIter(*children)

    def mutable(self) -> int:
        return 1

    def step(self, tr: Translator) -> tuple[int | bool, Callable[[], Value], Callable[[], Iterator]]:
        k = self.index.parts()[0]
        if _empty(self.source):
            untouched(tr, self.source)
            return False, lambda: NONE, lambda: self
        more = tr.icmp("slt", k, length(tr, self.source))

        def advance() -> Iterator:
            return ListIter(Val(ty.py_int, (tr.op(o.IADD, I64, k, tr.iconst(1)),)), self.source)

        return more, lambda: load_item(tr, self.source, k), advance


@registry.entry(registry.iterate, ty.List)
def _iterate(tr: Translator, v: Value) -> Iterator:
    return ListIter(Val(ty.py_int, (tr.iconst(0),)), v)


@registry.entry(registry.iterate, ListDisplay)
def _iterate_display(tr: Translator, v: Value) -> Iterator:
    return tr.iterate(TupleVal(v.items))


def _sequence_item(tr: Translator, v: Value, k: int) -> Value:
    if _empty(v):
        return NONE
    tr.check(tr.icmp("sge", k, length(tr, v)), IndexError, "the list became shorter while it was iterated over")
    return load_item(tr, v, k)


@registry.entry(registry.sequence, ty.List)
def _sequence(tr: Translator, v: Value) -> tuple[int, Callable[..., Value]]:
    if _empty(v):
        untouched(tr, v)
    return length(tr, v), _sequence_item


def _settled_operands(table: Any, name: str) -> None:
    """Displays are lists to operators."""

    def again(tr: Translator, a: Value, b: Value) -> Any:
        x, y = tr.settle(a), tr.settle(b)
        return tr.binary(name, x, y) if table is registry.binary else tr.compare(name, x, y)

    table[name, ListDisplay, None] = again
    table[name, None, ListDisplay] = again


for _name in ("+", "*"):
    _settled_operands(registry.binary, _name)
for _name in ("==", "!=", "<", "<=", ">", ">=", "in"):
    _settled_operands(registry.compare, _name)


@registry.operator(registry.binary, "+", ty.List, ty.List)
def _concat(tr: Translator, a: Value, b: Value) -> Value:
    made: Value = new(tr)
    for part in (a, b):
        made = extended(tr, made, part)
    return made


@registry.operator(registry.inplace, "+", ty.List, None)
def _extend_in_place(tr: Translator, a: Value, b: Value) -> Value:
    return extended(tr, a, b)


@registry.operator(registry.binary, "*", ty.List, ty.Scalar)
def _repeat(tr: Translator, a: Value, n: Value) -> Value:
    if _empty(a):
        return new(tr)
    count = int_value(tr, n, "the count of a repeated list")
    return tr.call_python(python.repeat, (a, count), inline=False)


@registry.operator(registry.binary, "*", ty.Scalar, ty.List)
def _repeat_reversed(tr: Translator, n: Value, a: Value) -> Value:
    return _repeat(tr, a, n)


@registry.operator(registry.compare, "== !=", ty.List, ty.List)
def _equal(tr: Translator, name: str, a: Value, b: Value) -> Value:
    if _empty(a) or _empty(b):
        same = tr.icmp("eq", length(tr, a), length(tr, b))
        result: Value = Val(ty.py_bool, (same,))
    else:
        result = tr.call_python(python.equal, (a, b), inline=False)
    return tr.not_(result) if name == "!=" else result


@registry.operator(registry.compare, "< <= > >=", ty.List, ty.List)
def _order(tr: Translator, name: str, a: Value, b: Value) -> Value:
    if name[0] == ">":
        a, b = b, a
    strict = len(name) == 1
    if not strict:  # a <= b is not (b < a): both look at the first items that differ
        a, b = b, a
    if _empty(a) or _empty(b):
        result: Value = control.py_bool(tr.icmp("slt", length(tr, a), length(tr, b)))
    else:
        result = tr.call_python(python.less, (a, b), inline=False)
    return result if strict else tr.not_(result)


@registry.entry(registry.unpack, ty.List)
def _unpack(tr: Translator, v: Value, n: int) -> list[Value] | None:
    found = tr.settle(v)
    count = length(tr, found)
    if _empty(found):
        untouched(tr, found)
        if n:
            tr.raise_(ValueError, f"not enough values to unpack (expected {n}, got 0)")
            return None
        return []
    got = (f"not enough values to unpack (expected {n}, got ", (count, ty.py_int), ")")
    tr.check(tr.icmp("slt", count, tr.iconst(n)), ValueError, *got)
    tr.check(tr.icmp("sgt", count, tr.iconst(n)), ValueError, f"too many values to unpack (expected {n})")
    return [load_item(tr, found, tr.iconst(k)) for k in range(n)]


def unpack_starred(tr: Translator, v: Value, before: int, after: int) -> list[Value] | None:
    """``a, *b, c = list``: the items, with a new list where the star is; None after raising."""
    count = length(tr, v)
    least = before + after
    if _empty(v):
        untouched(tr, v)
        if least:
            tr.raise_(ValueError, f"not enough values to unpack (expected at least {least}, got 0)")
            return None
        return [new(tr)]
    got = (f"not enough values to unpack (expected at least {least}, got ", (count, ty.py_int), ")")
    tr.check(tr.icmp("slt", count, tr.iconst(least)), ValueError, *got)
    first = [load_item(tr, v, tr.iconst(k)) for k in range(before)]
    end = tr.op(o.ISUB, I64, count, tr.iconst(after))
    middle = tr.getitem(v, SliceVal(Const(before), Val(ty.py_int, (end,)), NONE))
    return [*first, middle, *[load_item(tr, v, tr.op(o.IADD, I64, end, tr.iconst(k))) for k in range(after)]]


@registry.operator(registry.compare, "in", None, ty.List)
def _contains(tr: Translator, x: Value, v: Value) -> Value:
    return Const(False) if _empty(v) else tr.call_python(python.contains, (v, x), inline=False)


# -- methods ---------------------------------------------------------------------------------------------------------------------


def extended(tr: Translator, v: Value, items: Value) -> Value:
    """``v.extend(items)``; ``v`` with its item type."""
    items = tr.settle(items)
    if items.__class__ is TupleVal:
        for x in items.items:
            v = append(tr, v, x)
        return v
    if items.kind() is ty.List:
        if _empty(items):
            untouched(tr, items)
            return v
        if _empty(v):
            v = determine(tr, v, item_type(items))  # type: ignore[arg-type]
    if isinstance(items, Iterator):
        items = tr.call_python(iteration.collect, (items,), inline=True)
    if items.kind() in (ty.Dict, ty.Set):
        items = tr.call_python(iteration.collect, (tr.iterate(items),), inline=True)
    count, item = sequence(tr, items)
    holder = [v]

    def body(k: int, carried: tuple[int, ...]) -> tuple[int, ...]:
        holder[0] = append(tr, holder[0], item(tr, items, k))
        return ()

    tr.loop(count, body)
    return holder[0]


@registry.call(list)
def _make_list(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``list()``, ``list(x)``."""
    if args and isinstance(args[0], Iterator):
        return tr.call_python(iteration.collect, args, inline=True)
    return extended(tr, new(tr), args[0]) if args else ListDisplay(())


def _arguments(tr: Translator, name: str, args: list[Value], kwargs: dict[str, Value], low: int, high: int) -> None:
    if kwargs or not low <= len(args) - 1 <= high:
        tr.error(f"list.{name}() takes {low if low == high else f'{low} to {high}'} positional argument(s)")


@registry.entry(registry.methods, (ty.List, "append"))
def _append(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    _arguments(tr, "append", args, kwargs, 1, 1)
    append(tr, args[0], args[1])
    return NONE


@registry.entry(registry.methods, (ty.List, "extend"))
def _extend(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    _arguments(tr, "extend", args, kwargs, 1, 1)
    extended(tr, args[0], args[1])
    return NONE


@registry.entry(registry.methods, (ty.List, "clear"))
def _clear(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    _arguments(tr, "clear", args, kwargs, 0, 0)
    if not _empty(args[0]) and owners(item_type(args[0])):
        return tr.call_python(python.clear, args, inline=False)
    tr.store(tr.iconst(0), handle(args[0]), LENGTH)
    changed(tr, args[0])
    return NONE


@registry.entry(registry.methods, (ty.List, "pop"))
def _pop(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    _arguments(tr, "pop", args, kwargs, 0, 1)
    v = args[0]
    if _empty(v):
        result: Value = _no_item(tr, v, "pop from empty list")
        return result
    n = length(tr, v)
    tr.check(tr.icmp("eq", n, tr.iconst(0)), IndexError, "pop from empty list")
    if len(args) == 2:
        return tr.call_python(python.pop_at, (v, args[1]), inline=False)
    return drop_last(tr, v)


@registry.entry(registry.methods, (ty.List, "sort"))
def _sort(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    down = kwargs.pop("reverse", Const(False))
    key = kwargs.pop("key", NONE)
    _arguments(tr, "sort", args, kwargs, 0, 0)
    if _empty(args[0]):
        return NONE
    if not (key.__class__ is Const and key.obj is None):
        return tr.call_python(python.sort_by, (args[0], key, down))
    return tr.call_python(python.sort, (args[0], down), inline=False)


def _in_python(name: str, low: int, high: int, when_empty: Callable[..., Value]) -> None:
    function = getattr(python, name)

    def handler(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
        _arguments(tr, name, args, kwargs, low, high)
        if _empty(args[0]):
            return when_empty(tr, args)
        return tr.call_python(function, args, inline=False)

    registry.methods[ty.List, name] = handler


def _absent(tr: Translator, args: list[Value]) -> Value:
    from jitpy.frontend.library.functions import Outcomes

    tr.raise_(ValueError, "the item is not in list")
    return Outcomes([])


def _insert_first(tr: Translator, args: list[Value]) -> Value:
    append(tr, args[0], args[2])
    return NONE


_in_python("index", 1, 1, _absent)
_in_python("remove", 1, 1, _absent)
_in_python("count", 1, 1, lambda tr, args: Const(0))
_in_python("reverse", 0, 0, lambda tr, args: NONE)
_in_python("copy", 0, 0, lambda tr, args: new(tr))
_in_python("insert", 2, 2, _insert_first)

__all__ = ["ListDisplay", "append", "build", "extend", "extended", "new"]
