"""Python lists and list blocks (``docs/contracts.md`` 2): the slow side of passing lists, in Python.

A handle is the block's address + 1, as with the owners of arrays' blocks: 64 bytes of header (count at -64, -1 at -56), then
length (at 8), capacity, address of the items, flags (bit 0: changed), the list it came from or 0, number of the item
type, the handle of the list argument before it. The items are made by malloc, ``8 * len(item.flat)`` bytes each.
"""

from __future__ import annotations

import ctypes

from jitpy.frontend.types import types as ty
from jitpy.runtime import values
from jitpy.runtime.layout import word
from jitpy.runtime.libc import C, address, ffi, pointer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: Offsets from a handle.
COUNT, SIZE, LENGTH, CAPACITY, ITEMS, FLAGS, ORIGIN, TYPE, BEFORE = -65, -57, 7, 15, 23, 31, 39, 47, 55
BLOCK_BYTES = 128
CHANGED = 1


def _object(at: int) -> Any:
    return ctypes.cast(at, ctypes.py_object).value


def unbox(list_address: int, type_address: int, before: int, unused: int) -> int:
    """A block of the list's items, or 0 when they do not all have the item type.

    ``before`` is the handle made for the list argument before this one, or 0; the handles of one call are linked, and a list
    that is passed twice is one block, so that both names see what either does.
    """
    earlier = before
    while earlier:
        if word(earlier + ORIGIN) == list_address:
            ffi.cast("uint64_t *", pointer(earlier + COUNT))[0] += 1
            return earlier
        earlier = word(earlier + BEFORE)
    handle = make_block(_object(type_address), _object(list_address), list_address)
    if handle:
        ffi.cast("uint64_t *", pointer(handle + BEFORE))[0] = before
    return handle


def make_block(t: ty.List, items: list[Any], origin: int = 0) -> int:
    """A new block of these items, or 0."""
    if t.item is ty.undetermined and items:
        return 0
    stride = 8 * max(len(t.item.flat), 1)
    data = address(C.malloc(max(stride * len(items), 8)))
    if not data:
        raise MemoryError
    for i, obj in enumerate(items):
        if not values.write(t.item, data + stride * i, obj):
            C.free(pointer(data))
            return 0
    memory = C.malloc(BLOCK_BYTES)
    if memory == ffi.NULL:
        C.free(pointer(data))
        raise MemoryError
    block = ffi.cast("uint64_t *", memory)
    number = 0 if t.item is ty.undetermined else ty.list_type_number(t.item)
    block[0], block[1] = 1, (1 << 64) - 1
    block[8], block[9], block[10], block[11], block[12], block[13], block[14], block[15] = (
        0, len(items), len(items), data, 0, origin, number, 0,
    )  # fmt: skip
    return address(memory) + 65


def read_block(t: ty.List, handle: int) -> list[Any]:
    """The items of a block as a Python list."""
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
    return [values.read(item, data + stride * i) for i in range(count)]


def release(handle: int) -> None:
    """Drop one reference to a block."""
    count = ffi.cast("uint64_t *", pointer(handle + COUNT))
    count[0] -= 1
    if not count[0]:
        C.free(pointer(word(handle + ITEMS)))
        C.free(pointer(handle + COUNT))


def box(handle: int, type_address: int, unused: int, unused2: int) -> int:
    """The list of the block's items (the one it came from, or a new one) as an address that owns a reference; drops the block's."""
    origin = word(handle + ORIGIN)
    result = _object(origin) if origin else read_block(_object(type_address), handle)
    release(handle)
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(result))
    return id(result)


def reflect(list_address: int, handle: int, type_address: int, unused: int) -> int:
    """Write a changed block back to its list, keeping items that did not change; drops the block."""
    t: ty.List = _object(type_address)
    if word(handle + FLAGS) & CHANGED:
        target: list[Any] = _object(list_address)
        new = read_block(t, handle)
        for i, (old, obj) in enumerate(zip(target, new)):
            if old.__class__ is obj.__class__ and old == obj:
                new[i] = old
        target[:] = new
    release(handle)
    return 0
