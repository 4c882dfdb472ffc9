"""The memory of a program under the emulator, as Python sees it: values in, values out, in the target's byte order.

`Image` lays out what a call is given: arrays (those that share memory still do), lists, dicts, strs, in the forms that kernels
know (docs/contracts.md 2), at the addresses they will have. `Guest` reads what came back. Where an object has an identity, in the
program it has a small cell whose address stands for it.
"""

from __future__ import annotations

import struct

import numpy as np

from jitpy.backend.errors import UnsupportedError
from jitpy.backend.ir import types as ir
from jitpy.frontend.types import types as ty
from jitpy.frontend.types.items import layout_word
from jitpy.runtime import dicts, lists, values
from jitpy.runtime.boxing import dtype_name
from jitpy.runtime.record import INDEX_OF_ENTRIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, Literal

_MASK = (1 << 64) - 1
#: What blocks of `blocks.clif` have in front, and what the program's malloc has.
_BLOCK_HEAD, _MALLOC_HEAD = 80, 16


def bounds(a: np.ndarray[Any, Any]) -> tuple[int, int]:
    """The first address of an array's items and the one behind the last."""
    low = high = a.ctypes.data
    if not a.size:
        return low, low
    for extent, stride in zip(a.shape, a.strides):
        if stride < 0:
            low += (extent - 1) * stride
        else:
            high += (extent - 1) * stride
    return low, high + a.itemsize


class _Region:
    """Memory that arrays share: host addresses, and where it is in the program."""

    __slots__ = ("arrays", "at", "end", "start")

    def __init__(self, start: int, end: int, arrays: list[np.ndarray[Any, Any]]) -> None:
        self.start = start
        self.end = end
        self.arrays = arrays
        self.at = 0


class Image:
    """Memory from ``base`` on, filled before a call. ``objects``: address of a cell -> the object it stands for."""

    def __init__(self, base: int, order: Literal["<", ">"]) -> None:
        self.base = base
        self.order = order
        self.data = bytearray()
        self.objects: dict[int, Any] = {}
        self.regions: list[_Region] = []
        self.handles: list[tuple[ty.Type, Any, int, list[Any]]] = []  # type, list or dict, handle, the items it had
        self._cells: dict[int, int] = {}
        self._lists: dict[int, int] = {}

    # -- bytes -------------------------------------------------------------------------------------------------------------

    def reserve(self, size: int, align: int = 16) -> int:
        """The address of fresh zeros."""
        self.data += bytes(-(self.base + len(self.data)) % align)
        at = self.base + len(self.data)
        self.data += bytes(size)
        return at

    def put(self, at: int, data: bytes) -> None:
        """Bytes to an address."""
        self.data[at - self.base : at - self.base + len(data)] = data

    def words(self, at: int, *numbers: int) -> None:
        """64-bit words to an address."""
        self.put(at, struct.pack(f"{self.order}{len(numbers)}Q", *[n & _MASK for n in numbers]))

    def cell(self, obj: Any) -> int:
        """The address that stands for an object."""
        at = self._cells.get(id(obj))
        if at is None:
            at = self._cells[id(obj)] = self.reserve(16)
            self.objects[at] = obj
        return at

    def block(self, size: int) -> int:
        """A block as `jitpy_aligned_alloc` of `blocks.clif` would give it, on top of the program's malloc."""
        k = (size + _BLOCK_HEAD + _MALLOC_HEAD - 1).bit_length()
        start = self.reserve(1 << k)
        self.words(start, k)
        raw = start + _MALLOC_HEAD
        at = raw + 79 & ~63
        self.words(at - 16, size, raw)
        return at

    # -- arrays ------------------------------------------------------------------------------------------------------------

    def share(self, arrays: Iterable[np.ndarray[Any, Any]]) -> None:
        """Lay out these arrays; where their memory overlaps it is one region. To be called once, first.

        Raises UnsupportedError where items of different sizes overlap and the target has another byte order.
        """
        regions: list[_Region] = []
        for a in sorted({id(a): a for a in arrays}.values(), key=bounds):
            low, high = bounds(a)
            if regions and low < regions[-1].end:
                regions[-1].end = max(regions[-1].end, high)
                regions[-1].arrays.append(a)
            else:
                regions.append(_Region(low, high, [a]))
        for region in regions:
            size = region.end - region.start
            start = self.reserve(size + 64, 64)
            region.at = start + region.start % 64  # as aligned as it was
            content = np.zeros(max(size, 1), np.uint8)
            views = [(a, _view(content, a, region.start, self.order)) for a in region.arrays]
            for a, view in views:
                view[...] = a
            if not all(_bits(view) == _bits(a) for a, view in views):
                raise UnsupportedError(
                    "arrays of different item types share memory, which a big-endian target reads otherwise; pass copies"
                )
            self.put(region.at, content[:size].tobytes())
        self.regions = regions

    def array_address(self, a: np.ndarray[Any, Any]) -> int:
        """Where the first item of an array is."""
        at = a.ctypes.data
        for region in self.regions:
            if any(a is b for b in region.arrays):
                return region.at + at - region.start
        raise AssertionError("an array that was not shared")

    # -- values ------------------------------------------------------------------------------------------------------------

    def flats(self, t: ty.Type, obj: Any) -> list[bytes] | None:
        """The flat components of an argument, each as a slot of 8 bytes; None where it is not of the type."""
        if isinstance(t, ty.Tuple):
            found: list[bytes] = []
            expected: Any = t.cls or tuple
            if obj.__class__ is not expected or len(obj) != len(t.items):
                return None
            for item, o in zip(t.items, obj):
                more = self.flats(item, o)
                if more is None:
                    return None
                found += more
            return found
        if isinstance(t, ty.NoneType):
            return [] if obj is None else None
        if isinstance(t, ty.Constant):
            return []
        if isinstance(t, ty.Array):
            return self._slots(self.cell(obj), self.array_address(obj), *obj.shape, *obj.strides)
        if isinstance(t, ty.Str):
            kind, text = values.encoded(obj, self.order)
            at = self.reserve(max(len(text), 1))
            self.put(at, text)
            return self._slots(self.cell(obj), at, len(obj), kind)
        if isinstance(t, ty.List):
            handle = self.list_handle(t, obj)
            return self._slots(handle) if handle else None
        if isinstance(t, ty.Dict | ty.Set):
            return self._dict(t, obj)
        if isinstance(t, ty.Scalar):
            return self._number(t, obj)
        raise UnsupportedError(f"an argument of type {t} needs the Python interpreter, which the target has not")

    def _slots(self, *numbers: int) -> list[bytes]:
        return [struct.pack(f"{self.order}Q", n & _MASK) for n in numbers]

    def _number(self, t: ty.Scalar, obj: Any) -> list[bytes] | None:
        data = values.scalar_bytes(t, obj)
        if data is None:
            return None
        found = []
        for i, flat in enumerate(t.flat):
            raw = data[8 * i : 8 * i + ir.BYTES[flat]]
            found.append((raw if self.order == "<" else raw[::-1]).ljust(8, b"\0"))
        return found

    def list_handle(self, t: ty.List, obj: list[Any]) -> int:
        """The handle of a list's block, one for each list; 0 where an item is not of the type."""
        known = self._lists.get(id(obj))
        if known is not None:
            count = known - 65
            self.words(count, struct.unpack_from(f"{self.order}Q", self.data, count - self.base)[0] + 1)
            return known
        return self._list_block(t, obj, obj)

    def _list_block(self, t: ty.List, items: list[Any], origin: Any) -> int:
        if t.item is ty.undetermined and items:
            return 0
        stride = 8 * max(len(t.item.flat), 1)
        data = self.block(max(stride * len(items), 8))
        at = self.block(lists.BLOCK_BYTES)
        handle = at + 65
        if origin is not None:
            self._lists[id(origin)] = handle
            self.handles.append((t, origin, handle, list(items)))
        number = 0 if t.item is ty.undetermined else ty.list_type_number(t.item)
        cell = 0 if origin is None else self.cell(origin)
        self.words(at, 2 if origin is not None else 1, _MASK)  # the second is ours: it is read when the call is over
        self.words(at + 64, layout_word(t.item), len(items), len(items), data, 0, cell, number, 0)
        for i, item in enumerate(items):
            if isinstance(t.item, ty.List) and item.__class__ is not list:
                return 0
            slots = self.flats(t.item, item)
            if slots is None:
                return 0
            self.put(data + stride * i, b"".join(slots))
        return handle

    def _dict(self, t: ty.Type, obj: Any) -> list[bytes] | None:
        known = self._lists.get(id(obj))
        if known is None:
            known = self._list_block(dicts.entries_type(t), dicts.entries_of(t, obj), obj)
            if not known:
                return None
            index = self._list_block(ty.list_of(ty.py_int), [], None)
            self.words(known + INDEX_OF_ENTRIES, index)
            self.handles[-1] = (t, *self.handles[-1][1:])
        (index,) = struct.unpack_from(f"{self.order}Q", self.data, known + INDEX_OF_ENTRIES - self.base)
        return self._slots(known, index)


def _view(content: np.ndarray[Any, Any], a: np.ndarray[Any, Any], start: int, order: Literal["<", ">"]) -> np.ndarray[Any, Any]:
    """The array's items in a copy of the memory from host address ``start``."""
    offset = a.ctypes.data - start if a.size else 0
    return np.ndarray(a.shape, a.dtype.newbyteorder(order), content, offset, a.strides)


def _bits(a: np.ndarray[Any, Any]) -> bytes:
    return a.astype(a.dtype.newbyteorder("<")).tobytes()


class Guest:
    """The program's memory after a call. ``peek(address, size)`` gets bytes of it."""

    def __init__(self, peek: Callable[[int, int], bytes], image: Image) -> None:
        self.peek = peek
        self.image = image
        self.order = image.order
        self.made: dict[int, Any] = {}  # handle -> list or dict made of it

    def word(self, at: int) -> int:
        """A word, unsigned."""
        found: int = struct.unpack(f"{self.order}Q", self.peek(at, 8))[0]
        return found

    def signed(self, at: int, count: int) -> tuple[int, ...]:
        """Words, signed."""
        return struct.unpack(f"{self.order}{count}q", self.peek(at, 8 * count)) if count else ()

    def read(self, t: ty.Type, at: int) -> Any:
        """The object whose flat components lie in the slots from ``at``."""
        if isinstance(t, ty.Scalar):
            return self._number(t, at)
        if isinstance(t, ty.NoneType):
            return None
        if isinstance(t, ty.Constant):
            return t.value
        if isinstance(t, ty.Tuple):
            items = []
            for item in t.items:
                items.append(self.read(item, at))
                at += 8 * len(item.flat)
            return tuple(items) if t.cls is None else t.cls._make(items)  # type: ignore[attr-defined]  # a named tuple's class
        if isinstance(t, ty.Record):
            found = {}
            for key, item in zip(t.keys, t.items):
                found[key] = self.read(item, at)
                at += 8 * len(item.flat)
            return found
        if isinstance(t, ty.Str):
            obj = self.image.objects.get(self.word(at))
            if obj is not None:
                return obj
            data, length, kind = self.word(at + 8), self.word(at + 16), self.word(at + 24)
            return values.decoded(self.peek(data, length * kind), kind, self.order)
        if isinstance(t, ty.Array):
            return self._array(t, at)
        if isinstance(t, ty.List):
            return self._list(t, self.word(at))
        assert isinstance(t, ty.Dict | ty.Set), t
        return self._dict(t, self.word(at))

    def _number(self, t: ty.Scalar, at: int) -> Any:
        width = t.bits // len(t.flat) // 8
        raw = b"".join(self.peek(at + 8 * i, width) for i in range(len(t.flat)))
        if t.weak and t.kind in "iu":
            return int.from_bytes(raw, "little" if self.order == "<" else "big", signed=t.kind == "i")
        value = np.frombuffer(raw, np.dtype(dtype_name(t)).newbyteorder(self.order))[0]
        native = value.astype(np.dtype(dtype_name(t)))
        return native.item() if t.weak else native

    def _array(self, t: ty.Array, at: int) -> Any:
        owner, data = self.word(at), self.word(at + 8)
        extents = self.signed(at + 16, 2 * t.ndim)
        shape, strides = extents[: t.ndim], extents[t.ndim :]
        dtype = np.dtype(dtype_name(t.dtype))
        keeper = self.image.objects.get(owner)
        if keeper is None:  # a block of the program's
            found = self.copy_of(data, shape, strides, dtype)
            if t.readonly:
                found.flags.writeable = False
            return found
        start = keeper.ctypes.data - self.image.array_address(keeper)
        if data + start == keeper.ctypes.data and (shape, strides, dtype) == (keeper.shape, keeper.strides, keeper.dtype):
            return keeper
        interface = {"version": 3, "typestr": dtype.str, "shape": shape, "strides": strides, "data": (data + start, t.readonly)}
        return np.asarray(values.Memory(interface, keeper))

    def copy_of(self, data: int, shape: tuple[int, ...], strides: tuple[int, ...], dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
        """The items of an array in the program, in an array laid out the same way."""
        spans = [(n - 1) * s for n, s in zip(shape, strides)]
        if 0 in shape:
            return np.ndarray(shape, dtype, bytearray(dtype.itemsize), 0, strides)
        low, high = sum(s for s in spans if s < 0), sum(s for s in spans if s > 0) + dtype.itemsize
        raw = bytearray(self.peek(data + low, high - low))
        view = np.ndarray(shape, dtype.newbyteorder(self.order), raw, -low, strides)
        if self.order == "<":
            return view
        own = np.ndarray(shape, dtype, bytearray(len(raw)), -low, strides)
        own[...] = view
        return own

    def _list(self, t: ty.List, handle: int) -> list[Any]:
        origin = self.word(handle + lists.ORIGIN)
        if origin:
            return self.image.objects[origin]  # type: ignore[no-any-return]  # a list, as the block says
        found = self.made.get(handle)
        if found is None:
            found = self.made[handle] = []
            found.extend(self.items(t, handle))
        return found

    def items(self, t: ty.List, handle: int) -> list[Any]:
        """What a list block holds."""
        item = t.item
        count = self.word(handle + lists.LENGTH)
        if item is ty.undetermined:
            known = ty.list_type_from(self.word(handle + lists.TYPE))
            if known is None:
                if count:
                    raise TypeError("the item type of a list was decided where it cannot be seen")
                return []
            item = known
        stride = 8 * max(len(item.flat), 1)
        data = self.word(handle + lists.ITEMS)
        return [self.read(item, data + stride * i) for i in range(count)]

    def _dict(self, t: ty.Type, handle: int) -> Any:
        origin = self.word(handle + lists.ORIGIN)
        if origin:
            return self.image.objects[origin]
        found = self.made.get(handle)
        if found is None:
            found = self.made[handle] = dicts.object_of(t, self.items(dicts.entries_type(t), handle))
        return found

    # -- after the call ----------------------------------------------------------------------------------------------------

    def write_back(self) -> None:
        """Give the arrays, lists and dicts of the arguments what the program left in theirs."""
        for region in self.image.regions:
            size = region.end - region.start
            if not size or not any(a.flags.writeable for a in region.arrays):
                continue
            content = np.frombuffer(self.peek(region.at, size), np.uint8).copy()
            for a in region.arrays:
                if a.flags.writeable:
                    view = _view(content, a, region.start, self.order)
                    if _bits(view) != _bits(a):
                        a[...] = view
        for t, target, handle, before in self.image.handles:
            if not self.word(handle + lists.FLAGS) & lists.CHANGED:
                continue
            if not isinstance(t, ty.List):
                dicts.write_back(target, t, self.items(dicts.entries_type(t), handle))
                continue
            new = self.items(t, handle)
            for i, (old, obj) in enumerate(zip(before, new)):
                if old.__class__ is obj.__class__ and values.same(old, obj):
                    new[i] = old
            target[:] = new


__all__ = ["Guest", "Image", "bounds"]
