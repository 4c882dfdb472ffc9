"""List blocks in memory: making them, their fields, items that own memory, empty lists and their item type.

A block (``docs/contracts.md`` 2) has its fields at fixed offsets from the handle, items in slots of 8 bytes.

An empty list has the item type `types.undetermined` until something is appended: then every name that holds it gets the item type
(`determine`), and paths that meet take the determined one (`translate.state.join`). The block notes the type as a number with its
first item, so that a name this analysis lost track of raises a TypeError instead of reading the items as something else. A list
loaded from a list may be the empty one: ``rows[i].append(x)`` decides the type of ``rows``, too.

Items may own memory (arrays, lists, tuples with such in them). The list holds one reference of its own to each: a store counts
up and releases what it overwrites, a load counts up for the value it gives. The block's layout word tells `jitpy_release` which
slots of an item are owners.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import opcodes as o
from jitpy.backend.ir.types import I8, I64
from jitpy.frontend.ir import opcodes as fo
from jitpy.frontend.types import types as ty
from jitpy.frontend.types.items import layout_word, owners, stored_type, united
from jitpy.frontend.values import Compound, Val, Value

if TYPE_CHECKING:
    from jitpy.frontend.translate.translator import Translator

#: Offsets from a handle, which is the block's address + 1.
LAYOUT, LENGTH, CAPACITY, ITEMS, FLAGS, ORIGIN, TYPE = -1, 7, 15, 23, 31, 39, 47
_BLOCK_BYTES = 64
_IS_LIST = -56  # from the block's address: the size field; -1 tells `jitpy_release` that there are items to free
_MAX = (1 << 63) - 1


def new(tr: Translator) -> Val:
    """An empty list."""
    owner, data = tr.alloc(tr.iconst(_BLOCK_BYTES))
    zero = tr.iconst(0)
    tr.store(tr.iconst(-1), data, _IS_LIST)
    for at in (LAYOUT, LENGTH, CAPACITY, ITEMS, FLAGS, ORIGIN, TYPE):
        tr.store(zero, data, at + 1)
    tr.keep(owner)
    return Val(ty.list_of(ty.undetermined), (owner,))


def handle(v: Value) -> int:
    """The SSA value of a list's handle."""
    return v.parts()[0]


def length(tr: Translator, v: Value) -> int:
    """The number of items; a list without an item type has none."""
    return tr.bound(tr.load(I64, handle(v), LENGTH), 0, _MAX >> 4)


def item_type(v: Value) -> ty.Type:
    """The type of a list's items."""
    t: ty.Type = v.type.item
    return t


def untouched(tr: Translator, v: Value) -> None:
    """A list without an item type must have none in memory either."""
    lost = tr.icmp("ne", tr.load(I64, handle(v), TYPE), tr.iconst(0))
    tr.check(lost, TypeError, "the item type of an empty list was decided where it cannot be seen; append to it in this function")


def changed(tr: Translator, v: Value) -> None:
    """Note that the list differs from the one it came from."""
    tr.store(tr.iconst(1), handle(v), FLAGS)


# -- items -----------------------------------------------------------------------------------------------------------------------


def item_parts(tr: Translator, v: Value, what: str = "an item of a list") -> tuple[ty.Type, tuple[int, ...]]:
    """A value as an item: its type and parts."""
    from jitpy.frontend.library.functions import result_value
    from jitpy.frontend.translate.kernel import shape_type

    v = result_value(tr, v)
    t = shape_type(v)
    if t is ty.py_uint:
        tr.check(tr.icmp("slt", v.parts()[0], tr.iconst(0)), OverflowError, "Python int too large to convert to C long")
        t = ty.py_int
    t = stored_type(t)
    if not _storable(t) or len(t.flat) > 60:
        tr.error(f"{what} cannot be {t.name}", "Items are numbers, strs, arrays, lists, and tuples of them.")
    return t, v.parts()


def _storable(t: ty.Type) -> bool:
    level = [t]
    while level:
        if any(x.__class__ not in (ty.Scalar, ty.Str, ty.Tuple, ty.NoneType, ty.Array, ty.List) for x in level):
            return False
        level = [i for x in level if x.__class__ is ty.Tuple for i in x.items]
    return True


def converted_item(tr: Translator, v: Val, item: Value) -> tuple[Val, tuple[int, ...]]:
    """The list with its item type decided, and the item's parts."""
    t, parts = item_parts(tr, item)
    own = item_type(v)
    if t is own:
        return v, parts
    if own is ty.undetermined:
        return determine(tr, v, t), parts
    if own.__class__ is ty.List and t.__class__ is ty.List:
        both = united(own, t)
        if both is own:
            untouched(tr, Val(t, parts))
            return v, parts
        if both is not None:
            return refine(tr, v, both), parts
    if own.__class__ is ty.Array and t.__class__ is ty.Array and united(own, t) is own:
        return v, parts
    tr.error(
        f"a {t.name} cannot go into a {v.type.name}",
        "A list in a kernel holds items of one type. Convert the item, or use two lists.",
    )


def determine(tr: Translator, v: Val, t: ty.Type) -> Val:
    """From here on the empty list holds items of type ``t``: in all names and in memory."""
    number = tr.iconst(ty.list_type_number(t))
    known = tr.load(I64, handle(v), TYPE)
    wrong = tr.op(o.BAND, I8, tr.icmp("ne", known, tr.iconst(0)), tr.icmp("ne", known, number))
    tr.check(wrong, TypeError, "the list already holds items of another type")
    tr.store(number, handle(v), TYPE)
    return refine(tr, v, t)


def refine(tr: Translator, v: Val, t: ty.Type) -> Val:
    """``v`` with items of type ``t`` in all names that hold it, and in the list it was loaded from."""
    better = Val(ty.list_of(t), v.ssa)
    rename(tr, v, better)
    outer = tr.memo.get(("list of", v.ssa[0]))
    if outer is not None:
        refine(tr, outer, better.type)
    return better


def rename(tr: Translator, v: Val, better: Val) -> None:
    """Let all names that hold ``v`` hold ``better``."""
    frame: Any = tr.frame
    while frame is not None:
        frame.locals[:] = [_refined(x, v, better) for x in frame.locals]
        frame.stack[:] = [_refined(x, v, better) for x in frame.stack]
        frame = frame.outer


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


# -- slots -----------------------------------------------------------------------------------------------------------------------


def stride(v: Value) -> int:
    """Bytes per item."""
    return 8 * max(len(item_type(v).flat), 1)


def _address(tr: Translator, v: Value, k: int) -> int:
    offset = tr.op(o.IMUL, I64, k, tr.iconst(stride(v)))
    return tr.op(o.IADD, I64, tr.load(I64, handle(v), ITEMS), offset)


def load_item(tr: Translator, v: Value, k: int, take: bool = False) -> Value:
    """The item at a checked position. ``take``: the list's own reference comes with it (the caller drops the position)."""
    from jitpy.frontend.translate.kernel import value_of_type

    t = item_type(v)
    address = _address(tr, v, k)
    parts = [tr.load(f, address, 8 * i) for i, f in enumerate(t.flat)]
    for i in owners(t):
        if not take:
            tr.call_extern("jitpy_retain", (I64,), (), parts[i])
        parts[i] = tr.op(fo.ADOPT, I64, parts[i])
    tr.keep(handle(v))
    if t.__class__ is ty.List:
        key, memo = ("list of", parts[0]), tr.memo
        memo[key] = v
        tr.journal.append(lambda: memo.pop(key, None))
    return value_of_type(t, tuple(parts))


def store_item(tr: Translator, v: Value, k: int, parts: tuple[int, ...], fresh: bool = False) -> None:
    """Put an item at a checked position; ``fresh``: nothing is there yet."""
    address = _address(tr, v, k)
    held = owners(item_type(v))
    for i in held:
        tr.call_extern("jitpy_retain", (I64,), (), parts[i])
    old = [tr.load(I64, address, 8 * i) for i in held] if not fresh else []
    for i, p in enumerate(parts):
        tr.store(p, address, 8 * i)
    changed(tr, v)
    for owner in old:
        tr.call_extern("jitpy_release", (I64,), (), owner)


def append(tr: Translator, target: Value, item: Value) -> Val:
    """``list.append``; the list, with its item type."""
    v, parts = converted_item(tr, tr.val(target), item)
    h = handle(v)
    n = tr.load(I64, h, LENGTH)
    full = tr.icmp("eq", n, tr.load(I64, h, CAPACITY))

    def grow() -> tuple[int, ...]:
        (data,) = tr.call_extern("jitpy_list_grow", (I64, I64), (I64,), h, tr.iconst(stride(v)))
        tr.check(tr.icmp("eq", data, tr.iconst(0)), MemoryError)
        # Its first item tells what the list holds, whoever decided it.
        tr.store(tr.iconst(ty.list_type_number(item_type(v))), h, TYPE)
        tr.store(tr.iconst(layout_word(item_type(v))), h, LAYOUT)
        return ()

    tr.branch(full, grow, lambda: (), ())
    store_item(tr, v, n, parts, fresh=True)
    tr.store(tr.op(o.IADD, I64, n, tr.iconst(1)), h, LENGTH)
    return v


def drop_last(tr: Translator, v: Value) -> Value:
    """The last item of a list that has one; it leaves the list."""
    last = tr.op(o.ISUB, I64, length(tr, v), tr.iconst(1))
    item = load_item(tr, v, last, take=True)
    tr.store(last, handle(v), LENGTH)
    changed(tr, v)
    return item
