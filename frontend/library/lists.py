"""Lists: displays, blocks in memory, methods.

A list display is kept as the values it was written with (`ListDisplay`) while it is on the stack, so that ``np.array([x, y])``,
``np.vstack([a, b])`` and ``a[[0, 2]]`` need no list at all. Anything else makes it a list block (``docs/contracts.md`` 2): a
handle whose fields lie at fixed offsets, and items in slots of 8 bytes.

An empty list has the item type `types.undetermined` until something is appended: then every name that holds it gets the item type
(`_determine`), and paths that meet take the determined one (`translate.state.join`). The block notes the type as a number, so
that a name this analysis lost track of raises a TypeError instead of reading the items as something else.

Methods that are loops are Python functions (`list_methods`), compiled like any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import opcodes as o
from jitpy.backend.ir.types import I8, I64
from jitpy.frontend.library import iteration, registry
from jitpy.frontend.library import list_methods as python
from jitpy.frontend.library.containers import int_value, sequence
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import NONE, Compound, Const, Iterator, SliceVal, TupleVal, Val, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jitpy.frontend.translate.translator import Translator

#: Offsets from a handle, which is the block's address + 1.
_LENGTH, _CAPACITY, _ITEMS, _FLAGS, _ORIGIN, _TYPE = 7, 15, 23, 31, 39, 47
_BLOCK_BYTES = 64
_IS_LIST = -56  # from the block's address: the size field; -1 tells `jitpy_release` that there are items to free
_MAX = (1 << 63) - 1


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
    made = new(tr, len(v.items))
    for item in v.items:
        made = append(tr, made, item)
    return made


# -- blocks ----------------------------------------------------------------------------------------------------------------------


def new(tr: Translator, capacity: int = 0) -> Val:
    """An empty list."""
    owner, data = tr.alloc(tr.iconst(_BLOCK_BYTES))
    zero = tr.iconst(0)
    tr.store(tr.iconst(-1), data, _IS_LIST)
    for at in (_LENGTH, _CAPACITY, _ITEMS, _FLAGS, _ORIGIN, _TYPE):
        tr.store(zero, data, at + 1)
    return Val(ty.list_of(ty.undetermined), (owner,))


def _handle(v: Value) -> int:
    return v.parts()[0]


def _length(tr: Translator, v: Value) -> int:
    """The number of items; a list without an item type has none."""
    return tr.bound(tr.load(I64, _handle(v), _LENGTH), 0, _MAX >> 4)


def _item(v: Value) -> ty.Type:
    return v.type.item  # type: ignore[attr-defined, no-any-return]


def _untouched(tr: Translator, v: Value) -> None:
    """A list without an item type must have none in memory either."""
    lost = tr.icmp("ne", tr.load(I64, _handle(v), _TYPE), tr.iconst(0))
    tr.check(lost, TypeError, "the item type of an empty list was decided where it cannot be seen; append to it in this function")


def _item_parts(tr: Translator, v: Value, what: str = "an item of a list") -> tuple[ty.Type, tuple[int, ...]]:
    """A value as an item: its type and parts."""
    from jitpy.frontend.library.functions import result_value
    from jitpy.frontend.translate.kernel import shape_type

    v = result_value(tr, v)
    t = shape_type(v)
    if t is ty.py_uint:
        tr.check(tr.icmp("slt", v.parts()[0], tr.iconst(0)), OverflowError, "Python int too large to convert to C long")
        t = ty.py_int
    if not _storable(t):
        tr.error(f"{what} cannot be {t.name}", "Items are numbers, strs, and tuples of them. Use an array with one more dimension.")
    return t, v.parts()


def _storable(t: ty.Type) -> bool:
    level = [t]
    while level:
        if any(x.__class__ not in (ty.Scalar, ty.Str, ty.Tuple, ty.NoneType) for x in level):
            return False
        level = [i for x in level if x.__class__ is ty.Tuple for i in x.items]
    return True


def _converted_item(tr: Translator, v: Val, item: Value) -> tuple[Val, tuple[int, ...]]:
    """The list with its item type decided, and the item's parts."""
    t, parts = _item_parts(tr, item)
    if _item(v) is ty.undetermined:
        v = _determine(tr, v, t)
    elif t is not _item(v):
        tr.error(
            f"a {t.name} cannot go into a {v.type.name}",
            "A list in a kernel holds items of one type. Convert the item, or use two lists.",
        )
    return v, parts


def _determine(tr: Translator, v: Val, t: ty.Type) -> Val:
    """From here on the empty list holds items of type ``t``: in all names and in memory."""
    number = tr.iconst(ty.list_type_number(t))
    known = tr.load(I64, _handle(v), _TYPE)
    wrong = tr.op(o.BAND, I8, tr.icmp("ne", known, tr.iconst(0)), tr.icmp("ne", known, number))
    tr.check(wrong, TypeError, "the list already holds items of another type")
    tr.store(number, _handle(v), _TYPE)
    better = Val(ty.list_of(t), v.ssa)
    frame: Any = tr.frame
    while frame is not None:
        frame.locals[:] = [_refined(x, v, better) for x in frame.locals]
        frame.stack[:] = [_refined(x, v, better) for x in frame.stack]
        frame = frame.outer
    return better


def _refined(x: Value, old: Val, new: Val) -> Value:
    """``x`` with ``old`` replaced inside it."""
    if x.__class__ is Val:
        return new if x.ssa == old.ssa and x.type is old.type else x
    if isinstance(x, Compound):
        children = x.children()
        made = tuple([_refined(c, old, new) for c in children])
        if any(a is not b for a, b in zip(children, made, strict=True)):
            return x.rebuild(made)
    return x


def _stride(v: Value) -> int:
    return 8 * max(len(_item(v).flat), 1)


def _address(tr: Translator, v: Value, k: int) -> int:
    offset = tr.op(o.IMUL, I64, k, tr.iconst(_stride(v)))
    return tr.op(o.IADD, I64, tr.load(I64, _handle(v), _ITEMS), offset)


def _load(tr: Translator, v: Value, k: int) -> Value:
    """The item at a checked position."""
    from jitpy.frontend.translate.kernel import value_of_type

    t = _item(v)
    address = _address(tr, v, k)
    parts = tuple([tr.load(f, address, 8 * i) for i, f in enumerate(t.flat)])
    tr.keep(_handle(v))
    return value_of_type(t, parts)


def _store(tr: Translator, v: Value, k: int, parts: tuple[int, ...]) -> None:
    address = _address(tr, v, k)
    for i, p in enumerate(parts):
        tr.store(p, address, 8 * i)
    tr.store(tr.iconst(1), _handle(v), _FLAGS)


def append(tr: Translator, target: Value, item: Value) -> Val:
    """``list.append``; the list, with its item type."""
    v, parts = _converted_item(tr, tr.val(target), item)
    h = _handle(v)
    n = tr.load(I64, h, _LENGTH)
    full = tr.icmp("eq", n, tr.load(I64, h, _CAPACITY))

    def grow() -> tuple[int, ...]:
        (data,) = tr.call_extern("jitpy_list_grow", (I64, I64), (I64,), h, tr.iconst(_stride(v)))
        tr.check(tr.icmp("eq", data, tr.iconst(0)), MemoryError)
        return ()

    tr.branch(full, grow, lambda: (), ())
    _store(tr, v, n, parts)
    tr.store(tr.op(o.IADD, I64, n, tr.iconst(1)), h, _LENGTH)
    return v


# -- operations ------------------------------------------------------------------------------------------------------------------


def _no_item(tr: Translator, v: Value, message: str) -> Any:
    """IndexError of a list that never got an item."""
    from jitpy.frontend.library.functions import Outcomes

    _untouched(tr, v)
    tr.raise_(IndexError, message)
    return Outcomes([])


def _empty(v: Value) -> bool:
    return _item(v) is ty.undetermined


@registry.entry(registry.methods, (ty.List, "__len__"))
def _len(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return Val(ty.py_int, (_length(tr, args[0]),))


@registry.entry(registry.truth, ty.List)
def _truth(tr: Translator, v: Value) -> int:
    return tr.icmp("ne", _length(tr, v), tr.iconst(0))


@registry.entry(registry.getitem, ty.List)
def _getitem(tr: Translator, v: Value, index: Value) -> Value:
    if index.__class__ is SliceVal:
        if _empty(v):
            _untouched(tr, v)
            return new(tr)
        return tr.call_python(python.part, (v, *index.children()), inline=False)
    k = tr.val(int_value(tr, index, "a list index")).ssa[0]
    if _empty(v):
        result: Value = _no_item(tr, v, "list index out of range")
        return result
    return _load(tr, v, tr.index(k, _length(tr, v), 0, "list index out of range"))


@registry.entry(registry.setitem, ty.List)
def _setitem(tr: Translator, v: Value, index: Value, item: Value) -> None:
    if index.__class__ is SliceVal:
        tr.error("assignment to a slice of a list is not supported", "Assign the items one by one, or use an array.")
    k = tr.val(int_value(tr, index, "a list index")).ssa[0]
    if _empty(v):
        _untouched(tr, v)
        tr.check(True, IndexError, "list assignment index out of range")
        return
    v, parts = _converted_item(tr, v, item)  # type: ignore[arg-type]
    _store(tr, v, tr.index(k, _length(tr, v), 0, "list assignment index out of range"), parts)


@registry.entry(registry.delitem, ty.List)
def _delitem(tr: Translator, v: Value, index: Value) -> None:
    if index.__class__ is SliceVal:
        tr.error("deleting a slice of a list is not supported", "Make a new list of what stays.")
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
            _untouched(tr, self.source)
            return False, lambda: NONE, lambda: self
        more = tr.icmp("slt", k, _length(tr, self.source))

        def advance() -> Iterator:
            return ListIter(Val(ty.py_int, (tr.op(o.IADD, I64, k, tr.iconst(1)),)), self.source)

        return more, lambda: _load(tr, self.source, k), advance


@registry.entry(registry.iterate, ty.List)
def _iterate(tr: Translator, v: Value) -> Iterator:
    return ListIter(Val(ty.py_int, (tr.iconst(0),)), v)


@registry.entry(registry.iterate, ListDisplay)
def _iterate_display(tr: Translator, v: Value) -> Iterator:
    return tr.iterate(TupleVal(v.items))  # type: ignore[attr-defined]


def _sequence_item(tr: Translator, v: Value, k: int) -> Value:
    if _empty(v):
        return NONE
    tr.check(tr.icmp("sge", k, _length(tr, v)), IndexError, "the list became shorter while it was iterated over")
    return _load(tr, v, k)


@registry.entry(registry.sequence, ty.List)
def _sequence(tr: Translator, v: Value) -> tuple[int, Callable[..., Value]]:
    if _empty(v):
        _untouched(tr, v)
    return _length(tr, v), _sequence_item


def _settled_operands(table: Any, name: str) -> None:
    """Displays are lists to operators."""

    def again(tr: Translator, a: Value, b: Value) -> Any:
        x, y = tr.settle(a), tr.settle(b)
        return tr.binary(name, x, y) if table is registry.binary else tr.compare(name, x, y)

    table[name, ListDisplay, None] = again
    table[name, None, ListDisplay] = again


for _name in ("+", "*"):
    _settled_operands(registry.binary, _name)
for _name in ("==", "!=", "in"):
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
        same = tr.icmp("eq", _length(tr, a), _length(tr, b))
        result: Value = Val(ty.py_bool, (same,))
    else:
        result = tr.call_python(python.equal, (a, b), inline=False)
    return tr.not_(result) if name == "!=" else result


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
            _untouched(tr, items)
            return v
        if _empty(v):
            v = _determine(tr, v, _item(items))  # type: ignore[arg-type]
    if isinstance(items, Iterator):
        items = tr.call_python(iteration.collect, (items,), inline=True)
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
    tr.store(tr.iconst(0), _handle(args[0]), _LENGTH)
    tr.store(tr.iconst(1), _handle(args[0]), _FLAGS)
    return NONE


@registry.entry(registry.methods, (ty.List, "pop"))
def _pop(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    _arguments(tr, "pop", args, kwargs, 0, 1)
    v = args[0]
    if _empty(v):
        result: Value = _no_item(tr, v, "pop from empty list")
        return result
    n = _length(tr, v)
    tr.check(tr.icmp("eq", n, tr.iconst(0)), IndexError, "pop from empty list")
    if len(args) == 2:
        return tr.call_python(python.pop_at, (v, args[1]), inline=False)
    last = tr.op(o.ISUB, I64, n, tr.iconst(1))
    item = _load(tr, v, last)
    tr.store(last, _handle(v), _LENGTH)
    tr.store(tr.iconst(1), _handle(v), _FLAGS)
    return item


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
