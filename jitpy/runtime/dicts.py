"""Python dicts and sets as arguments and results of kernels (`frontend.library.dict_methods` says what they are inside).

What the lists of entries are in memory is the business of `lists`. The index of an argument stays empty: the kernel makes it with
the first operation. A word behind the block of the entries holds the index's handle.
"""

from __future__ import annotations

import ctypes

from jitpy.frontend.types import types as ty
from jitpy.runtime import lists, values
from jitpy.runtime.layout import word
from jitpy.runtime.libc import C, address, ffi, pointer
from jitpy.runtime.record import INDEX_OF_ENTRIES as INDEX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any



def entries_type(t: ty.Type) -> ty.List:
    """The type of the list of entries."""
    return ty.list_of(ty.undetermined if t.key is ty.undetermined else ty.entry_of(t))  # type: ignore[attr-defined]  # a Dict or a Set


def entries_of(t: ty.Type, obj: Any) -> list[Any]:
    """The entries of an object; hashes are left to the kernel."""
    if isinstance(t, ty.Dict):
        return [(0, k, v) for k, v in obj.items()]
    return [(0, k) for k in obj]


def new_index(entries: int) -> None:
    """An empty index for a list of entries that came from Python."""
    memory = address(C.malloc(8))
    ffi.cast("uint64_t *", pointer(entries + INDEX))[0] = lists.make_block(ty.list_of(ty.py_int), memory, 0)


def object_of(t: ty.Type, entries: list[Any]) -> Any:
    """The dict or set of these entries."""
    if isinstance(t, ty.Dict):
        return {k: v for h, k, v in entries if h >= 0}
    return {k for h, k in entries if h >= 0}


def write_back(target: Any, t: ty.Type, entries: list[Any]) -> None:
    """Give a dict or set the entries of its block; objects that did not change stay."""
    new = object_of(t, entries)
    if isinstance(t, ty.Dict):
        kept = {k: k for k in target}
        old = dict(target)
        target.clear()
        for k, v in new.items():
            before = old.get(k)
            same = before.__class__ is v.__class__ and values.same(before, v)
            target[kept.get(k, k)] = before if same else v
    else:
        for k in target - new:
            target.discard(k)
        for k in new:
            target.add(k)


def box(entries: int, index: int, type_address: int, unused: int) -> int:
    """The dict or set (the one it came from, or a new one) as an address that owns a reference; drops both blocks."""
    origin = word(entries + lists.ORIGIN)
    t = ctypes.cast(type_address, ctypes.py_object).value
    if origin:
        result = ctypes.cast(origin, ctypes.py_object).value
    else:
        result = object_of(t, lists.read_block(entries_type(t), entries))
    lists.release(entries)
    lists.release(index)
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(result))
    return id(result)
