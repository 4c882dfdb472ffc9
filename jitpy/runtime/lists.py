"""Python lists and list blocks (``docs/contracts.md`` 2): the slow side of passing lists, in Python.

A block is 40 bytes: count of references, length, capacity, address of the items, flags (bit 0: changed). The items
are made by malloc, ``8 * len(item.flat)`` bytes each.
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

COUNT, LENGTH, CAPACITY, ITEMS, FLAGS, BLOCK_BYTES = 0, 8, 16, 24, 32, 40
CHANGED = 1


def _object(at: int) -> Any:
    return ctypes.cast(at, ctypes.py_object).value


def unbox(list_address: int, type_address: int, unused: int, unused2: int) -> int:
    """A new block of the list's items, or 0 when they do not all have the item type."""
    return make_block(_object(type_address), _object(list_address))


def make_block(t: ty.List, items: list[Any]) -> int:
    """A new block of these items, or 0."""
    stride = 8 * len(t.item.flat)
    data = address(C.malloc(max(stride * len(items), 8)))
    if not data:
        raise MemoryError
    for i, obj in enumerate(items):
        if isinstance(t.item, ty.List):
            inner = make_block(t.item, obj) if obj.__class__ is list else 0
            good = bool(inner)
            ffi.cast("uint64_t *", pointer(data + stride * i))[0] = inner
        else:
            good = values.write(t.item, data + stride * i, obj)
        if not good:
            C.free(pointer(data))
            return 0
    block = ffi.cast("uint64_t *", C.malloc(BLOCK_BYTES))
    block[0], block[1], block[2], block[3], block[4] = 1, len(items), len(items), data, 0
    return address(block)


def read_block(t: ty.List, handle: int) -> list[Any]:
    """The items of a block as a Python list."""
    stride = 8 * len(t.item.flat)
    data = word(handle + ITEMS)
    return [values.read(t.item, data + stride * i) for i in range(word(handle + LENGTH))]


def release(handle: int) -> None:
    """Drop one reference to a block."""
    count = ffi.cast("uint64_t *", pointer(handle))
    count[0] -= 1
    if not count[0]:
        C.free(pointer(word(handle + ITEMS)))
        C.free(pointer(handle))


def box(handle: int, type_address: int, unused: int, unused2: int) -> int:
    """A new list of the block's items, as an address that owns a reference; drops the block's."""
    result = read_block(_object(type_address), handle)
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
