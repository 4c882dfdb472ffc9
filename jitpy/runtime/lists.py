"""Python lists and list blocks (``docs/contracts.md`` 2): the slow side of passing lists, in Python.

A handle is the block's address + 1, as with the owners of arrays' blocks: 64 bytes of header (count at -64, -1 at -56), then
the layout word, length (at 8), capacity, address of the items, flags (bit 0: changed), the list it came from or 0, number of the
item type, the handle of the block made before it for the same call. The items are made by malloc, ``8 * len(item.flat)`` bytes
each.

A list argument may hold lists and arrays. Its blocks (its own and those of the lists in it, at any depth) are chained through one
call, so that a list that is met twice is one block; while the call lasts, `_passed` keeps the objects that blocks point at.
"""

from __future__ import annotations

import ctypes
from _thread import get_ident

from jitpy.frontend.types import types as ty
from jitpy.frontend.types.items import layout_word
from jitpy.runtime import values
from jitpy.runtime.layout import word
from jitpy.runtime.libc import C, address, ffi, pointer
from jitpy.runtime.record import INDEX_OF_ENTRIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: Offsets from a handle.
COUNT, SIZE, LENGTH, CAPACITY, ITEMS, FLAGS, ORIGIN, TYPE, BEFORE = -65, -57, 7, 15, 23, 31, 39, 47, 55
BLOCK_BYTES = 136
CHANGED = 1


class _Passed:
    """What belongs to one list argument: the lists in it as (place in objects, list, handle, type), and what blocks point at."""

    __slots__ = ("inner", "objects")

    def __init__(self) -> None:
        self.inner: list[tuple[int, list[Any], int, ty.List]] = []
        self.objects: list[tuple[Any, ...]] = []  # the argument's items, then those of each list in it


#: handle of a list argument -> what to keep and to write back after the call.
_passed: dict[int, _Passed] = {}
#: By thread: what a call took out of its lists. Its result may still be made of it; kept until the thread's next call.
_departed: dict[int, list[Any]] = {}


def _object(at: int) -> Any:
    return ctypes.cast(at, ctypes.py_object).value


def _retain(handle: int) -> None:
    ffi.cast("uint64_t *", pointer(handle + COUNT))[0] += 1


def unbox(list_address: int, type_address: int, before: int, unused: int) -> int:
    """A block of the list's items, or 0 when they do not all have the item type.

    ``before`` is the handle made for the list argument before this one, or 0; the handles of one call are linked, and a list
    that is passed twice is one block, so that both names see what either does.
    """
    if not before:
        _departed.pop(get_ident(), None)
    t = _object(type_address)
    known = _known(list_address, before)
    if known:
        if t.__class__ is not ty.List:
            _retain(word(known + INDEX_OF_ENTRIES))
        return known
    passed = _Passed()
    obj = _object(list_address)
    if t.__class__ is ty.List:
        handle = _block_of(t, obj, list_address, before, passed)
    else:
        from jitpy.runtime import dicts

        handle = _block_of(dicts.entries_type(t), dicts.entries_of(t, obj), list_address, before, passed)
        if handle:
            dicts.new_index(handle)
    if handle and (passed.inner or passed.objects[0]):
        _passed[handle] = passed
    return handle


def _known(list_address: int, before: int) -> int:
    """The block that this call made of a list, with one more reference, or 0."""
    while before:
        if word(before + ORIGIN) == list_address:
            _retain(before)
            return before
        before = word(before + BEFORE)
    return 0


def _block_of(t: ty.List, items: list[Any], origin: int, before: int, passed: _Passed) -> int:
    """A new block of a list (the items of ``origin``) and, behind it in the chain, of the lists in it; 0 where an item is not of
    its type.
    """
    item = t.item
    if item is ty.undetermined and items:
        return 0
    stride = 8 * max(len(item.flat), 1)
    place = len(passed.objects)
    passed.objects.append(tuple(items) if values.points(item) else ())
    data = address(C.malloc(max(stride * len(items), 8)))
    if not data:
        raise MemoryError
    chain = before

    def inner(inner_type: ty.List, obj: Any) -> int:
        nonlocal chain
        if obj.__class__ is not list:
            return 0
        handle = _known(id(obj), chain)
        if not handle:
            handle = _block_of(inner_type, obj, id(obj), chain, passed)
            if handle:
                chain = handle
                _retain(handle)  # ours, until it is written back
        return handle

    for i, obj in enumerate(items):
        if not values.write(item, data + stride * i, obj, inner):
            release(make_block(t, data, i))  # with what the items before own
            while passed.inner and not place:
                release(passed.inner.pop()[2])
            return 0
    made = make_block(t, data, len(items), origin, chain)
    if place:
        passed.inner.append((place, items, made, t))
    return made


def make_block(t: ty.List, data: int, count: int, origin: int = 0, before: int = 0) -> int:
    """The handle of a new block that takes over the items at ``data``."""
    memory = C.malloc(BLOCK_BYTES)
    if memory == ffi.NULL:
        C.free(pointer(data))
        raise MemoryError
    block = ffi.cast("uint64_t *", memory)
    number = 0 if t.item is ty.undetermined else ty.list_type_number(t.item)
    block[0], block[1] = 1, (1 << 64) - 1
    block[8], block[9], block[10], block[11], block[12], block[13], block[14], block[15] = (
        layout_word(t.item), count, count, data, 0, origin, number, before,
    )  # fmt: skip
    return address(memory) + 65


def read_block(t: ty.List, handle: int, made: dict[int, list[Any]] | None = None) -> list[Any]:
    """The items of a block as a Python list. ``made``: the lists that were made of other blocks, by handle."""
    item = t.item
    count = word(handle + LENGTH)
    if item is ty.undetermined:
        known = ty.list_type_from(word(handle + TYPE))
        if known is None:
            if count:
                raise TypeError("the item type of a list was decided where it cannot be seen")
            return []
        item = known
    stride = 8 * max(len(item.flat), 1)
    data = word(handle + ITEMS)
    made = {} if made is None else made
    result: list[Any] = []
    made[handle] = result

    def inner(inner_type: ty.List, at: int) -> list[Any]:
        return list_of(inner_type, at, made)

    result.extend([values.read(item, data + stride * i, inner) for i in range(count)])
    return result


def list_of(t: ty.List, handle: int, made: dict[int, list[Any]]) -> list[Any]:
    """The list of a block: the one it came from, one that was made of it already, or a new one."""
    origin = word(handle + ORIGIN)
    if origin:
        return _object(origin)  # type: ignore[no-any-return]  # a list, as the block says
    found = made.get(handle)
    return read_block(t, handle, made) if found is None else found


def release(handle: int) -> None:
    """Drop one reference to a block."""
    values.machine("jitpy_release", "void(*)(uint64_t)")(handle)


def box(handle: int, type_address: int, unused: int, unused2: int) -> int:
    """The list of the block's items (the one it came from, or a new one) as an address that owns a reference; drops the block's."""
    result = list_of(_object(type_address), handle, {})
    release(handle)
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(result))
    return id(result)


def reflect(list_address: int, handle: int, type_address: int, unused: int) -> int:
    """Write changed blocks back to their lists, keeping items that did not change; drops the argument's block."""
    passed = _passed.pop(handle, None)
    made: dict[int, list[Any]] = {}
    blocks = [(0, _object(list_address), handle, _object(type_address)), *(passed.inner if passed is not None else ())]
    for place, target, block, t in blocks:
        if word(block + FLAGS) & CHANGED:
            ffi.cast("uint64_t *", pointer(block + FLAGS))[0] = 0
            if t.__class__ is not ty.List:
                from jitpy.runtime import dicts

                dicts.write_back(target, t, read_block(dicts.entries_type(t), block, made))
                if passed is not None:
                    _departed.setdefault(get_ident(), []).extend(passed.objects[place])
                continue
            new = read_block(t, block, made)
            for i, (old, obj) in enumerate(zip(target, new)):
                if old.__class__ is obj.__class__ and values.same(old, obj):
                    new[i] = old
            target[:] = new
            if passed is not None and values.points(t.item):
                here = {id(obj) for obj in new}
                gone = [obj for obj in passed.objects[place] if id(obj) not in here]
                if gone:
                    _departed.setdefault(get_ident(), []).extend(gone)
    for _, _, block, t in blocks:
        if t.__class__ is not ty.List:
            release(word(block + INDEX_OF_ENTRIES))
        release(block)
    return 0
