"""Values of frontend types in slots of 8 bytes, read and written: for error messages, printing and lists.

The slow counterpart of the boxing and unboxing that wrappers do in machine code.
"""

from __future__ import annotations

import ctypes
import struct

import numpy as np

from jitpy.frontend.types import types as ty
from jitpy.runtime.boxing import dtype_name
from jitpy.runtime.layout import word
from jitpy.runtime.libc import ffi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def read(t: ty.Type, at: int, inner: Callable[[ty.List, int], list[Any]] | None = None) -> Any:
    """The object whose flat components lie in the slots from ``at``.

    ``inner(type, handle)`` gives the list of a block. With it, arrays come as a returned array does; without, as views that live
    no longer than the kernel's frame.
    """
    if isinstance(t, ty.Scalar):
        return _read_scalar(t, at)
    if isinstance(t, ty.NoneType):
        return None
    if isinstance(t, ty.Constant):
        return t.value
    if isinstance(t, ty.Tuple):
        items = []
        for item in t.items:
            items.append(read(item, at, inner))
            at += 8 * len(item.flat)
        return tuple(items) if t.cls is None else t.cls._make(items)  # type: ignore[attr-defined]  # a named tuple's class
    if isinstance(t, ty.Str | ty.RandomSource):
        return ctypes.cast(word(at), ctypes.py_object).value if word(at) else _part_of_string(at)
    if isinstance(t, ty.Array):
        return _read_array(t, at) if inner is None else _box_array(t, at)
    assert isinstance(t, ty.List)
    if inner is not None:
        return inner(t, word(at))
    from jitpy.runtime import lists

    return lists.list_of(t, word(at), {})


#: Conversions of f-strings.
_CONVERSIONS: dict[str, Callable[[object], str]] = {"s": str, "r": repr, "a": ascii}


def part(message_part: Any, arguments: int, read: Callable[[ty.Type, int], Any] = read) -> Any:
    """The object of one message part: text, ``("const", object)``, or ``(slot, type[, conversion, spec])``. ``read`` gets it from
    the slots."""
    if isinstance(message_part, str):
        return message_part
    slot, t, *form = message_part
    if slot == "const":
        return t
    obj = read(t, arguments + 8 * slot)
    if not form:
        return obj
    conversion, spec = form
    if conversion:
        obj = _CONVERSIONS[conversion](obj)
    return format(obj, spec)


def _part_of_string(at: int) -> str:
    data, length, kind = word(at + 8), word(at + 16), word(at + 24)
    return decoded(ctypes.string_at(data, length * kind), kind)


def _read_scalar(t: ty.Scalar, at: int) -> Any:
    if t is ty.py_int:
        return word(at, signed=True)
    if t is ty.py_bool:
        return bool(word(at, 1))
    if t is ty.py_float:
        return struct.unpack("d", ctypes.string_at(at, 8))[0]
    if t is ty.py_complex:
        return complex(*struct.unpack("dd", ctypes.string_at(at, 16)))
    width = t.bits // len(t.flat) // 8
    data = b"".join(ctypes.string_at(at + 8 * i, width) for i in range(len(t.flat)))
    return np.frombuffer(data, dtype_name(t))[0]


class Memory:
    """What ``np.asarray`` needs to see an array in memory, and the object that keeps this memory."""

    def __init__(self, interface: dict[str, Any], keeper: Any) -> None:
        self.__array_interface__ = interface
        self.keeper = keeper


def _read_array(t: ty.Array, at: int) -> Any:
    shape = tuple(word(at + 16 + 8 * i, signed=True) for i in range(t.ndim))
    strides = tuple(word(at + 16 + 8 * (t.ndim + i), signed=True) for i in range(t.ndim))
    dtype = np.dtype(dtype_name(t.dtype))
    if 0 in shape:
        return np.empty(shape, dtype)
    data, owner = word(at + 8), word(at)
    interface = {"version": 3, "typestr": dtype.str, "shape": shape, "strides": strides, "data": (data, t.readonly)}
    if owner & 1 or not owner:  # a block of ours, which may be gone before the array is
        return np.array(np.asarray(Memory(interface, None)))
    keeper: Any = ctypes.cast(owner, ctypes.py_object).value
    whole = keeper.__array_interface__ if keeper.__class__ is np.ndarray else None
    if whole is not None and (whole["data"][0], keeper.shape, keeper.strides, keeper.dtype) == (data, shape, strides, dtype):
        return keeper
    return np.asarray(Memory(interface, keeper))


def machine(symbol: str, declaration: str) -> Any:
    """A function of ``runtime.clif`` as a C function pointer."""
    function = _machine.get(symbol)
    if function is None:
        from jitpy.runtime.helpers import code

        function = _machine[symbol] = ffi.cast(declaration, code()[symbol])
    return function


_machine: dict[str, Any] = {}
_descriptors: dict[ty.Scalar, Any] = {}


def _box_array(t: ty.Array, at: int) -> Any:
    """The ndarray of an array in a list block, which keeps its reference."""
    machine("jitpy_retain", "void(*)(uint64_t)")(word(at))
    descriptor = _descriptors.setdefault(t.dtype, np.dtype(dtype_name(t.dtype)))
    box = _machine.get("box")
    if box is None:
        boxing = int(ffi.cast("uint64_t", machine("jitpy_box_array", "void *")))
        box = _machine["box"] = ctypes.PYFUNCTYPE(ctypes.py_object, *[ctypes.c_void_p] * 4)(boxing)
    return box(at, id(descriptor), t.ndim, 0 if t.readonly else 0x400)


def points(t: ty.Type) -> bool:
    """Whether a value of the type points at a Python object."""
    if isinstance(t, ty.Tuple):
        return any(map(points, t.items))
    return isinstance(t, (ty.Array, ty.List, ty.Str))


def same(a: Any, b: Any) -> bool:
    """Whether two objects of one class are the same value: numbers and tuples of them by value, others by identity."""
    if a is b:
        return True
    if a.__class__ is tuple:
        return len(a) == len(b) and all(x.__class__ is y.__class__ and same(x, y) for x, y in zip(a, b))
    if isinstance(a, (int, complex, str)) or (isinstance(a, float) and a):
        return bool(a == b)
    return isinstance(a, (float, np.generic)) and repr(a) == repr(b)


def write(t: ty.Type, at: int, obj: Any, inner: Callable[[ty.List, Any], int] | None = None) -> bool:
    """Store the flats of an object that an item of a list may be; False where it is not of the type.

    ``inner(type, list)`` gives the handle of a list's block, 0 where it is of another type.
    """
    if isinstance(t, ty.Tuple):
        expected: Any = t.cls or tuple
        if obj.__class__ is not expected or len(obj) != len(t.items):
            return False
        for item, o in zip(t.items, obj):
            if not write(item, at, o, inner):
                return False
            at += 8 * len(item.flat)
        return True
    if t is ty.none:
        return obj is None
    slots = ffi.cast("int64_t *", at)
    if isinstance(t, ty.Array):
        from jitpy.arguments import typeof

        own = typeof(obj) if obj.__class__ is np.ndarray else None
        if own is not t and (own.__class__ is not ty.Array or t is not ty.array_of(own.dtype, own.ndim, "A", own.readonly)):
            return False
        for k, x in enumerate((id(obj), obj.ctypes.data, *obj.shape, *obj.strides)):
            slots[k] = x
        return True
    if isinstance(t, ty.List):
        handle = inner(t, obj) if inner is not None else 0
        slots[0] = handle
        return handle != 0
    if t is ty.string:
        if obj.__class__ is not str:
            return False
        slots[0], slots[1], slots[2], slots[3] = id(obj), *characters(obj)
        return True
    data = scalar_bytes(t, obj)
    if data is None:
        return False
    ctypes.memmove(at, data, len(data))
    return True


_copies: dict[str, Any] = {}


#: Byte order, bytes per character -> how a str holds its characters.
_CODINGS = {
    ("<", 1): "latin-1", ("<", 2): "utf-16-le", ("<", 4): "utf-32-le",
    (">", 1): "latin-1", (">", 2): "utf-16-be", (">", 4): "utf-32-be",
}  # fmt: skip


def encoded(text: str, order: str = "<") -> tuple[int, bytes]:
    """Bytes per character and the characters, as a str holds them in a machine of that byte order."""
    widest = max(map(ord, text), default=0)
    width = 1 if widest < 256 else 2 if widest < 65536 else 4
    return width, text.encode(_CODINGS[order, width], "surrogatepass")


def decoded(data: bytes, width: int, order: str = "<") -> str:
    """The str of such characters."""
    return data.decode(_CODINGS[order, width], "surrogatepass")


def characters(text: str) -> tuple[int, int, int]:
    """Where a str's characters are, how many, and bytes per character."""
    from jitpy.runtime import layout

    if not layout.KNOWN:
        kind, data = encoded(text)
        copy = _copies.setdefault(text, ctypes.create_string_buffer(data))
        return ctypes.addressof(copy), len(text), kind
    state = word(id(text) + layout.STR_STATE, 4)
    header = layout.STR_ASCII_HEADER if state & layout.STR_ASCII else layout.STR_HEADER
    return id(text) + header, len(text), state >> layout.STR_KIND_SHIFT & 7


def scalar_bytes(t: ty.Type, obj: Any) -> bytes | None:
    """The slots of a number of exactly this type, or None."""
    if t is ty.py_int:
        if obj.__class__ is not int or not -(1 << 63) <= obj < 1 << 63:
            return None
        return struct.pack("q", obj)
    if t is ty.py_float:
        return struct.pack("d", obj) if obj.__class__ is float else None
    if t is ty.py_bool:
        return struct.pack("q", obj) if obj.__class__ is bool else None
    if t is ty.py_complex:
        return struct.pack("dd", obj.real, obj.imag) if obj.__class__ is complex else None
    if isinstance(t, ty.Scalar):
        if obj.__class__ is not getattr(np, t.name):
            return None
        width = t.bits // len(t.flat) // 8
        raw = obj.tobytes()
        return b"".join(raw[i : i + width].ljust(8, b"\0") for i in range(0, len(raw), width))
    return None
