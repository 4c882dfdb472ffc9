"""Reading a value of a frontend type from slots of 8 bytes: for error messages, printing and lists.

The slow counterpart of the boxing that wrappers do in machine code.
"""

from __future__ import annotations

import ctypes
import struct

import numpy as np

from jitpy.frontend.types import types as ty
from jitpy.runtime.boxing import dtype_name
from jitpy.runtime.layout import word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def read(t: ty.Type, at: int) -> Any:
    """The object whose flat components lie in the slots from ``at``."""
    if isinstance(t, ty.Scalar):
        return _read_scalar(t, at)
    if isinstance(t, ty.NoneType):
        return None
    if isinstance(t, ty.Constant):
        return t.value
    if isinstance(t, ty.Tuple):
        items = []
        for item in t.items:
            items.append(read(item, at))
            at += 8 * len(item.flat)
        return tuple(items)
    if isinstance(t, ty.Str | ty.RandomSource):
        return ctypes.cast(word(at), ctypes.py_object).value
    if isinstance(t, ty.Array):
        return _read_array(t, at)
    from jitpy.runtime import lists

    assert isinstance(t, ty.List)
    return lists.read_block(t, word(at))


#: Conversions of f-strings.
_CONVERSIONS: dict[str, Callable[[object], str]] = {"s": str, "r": repr, "a": ascii}


def part(message_part: Any, arguments: int) -> Any:
    """The object of one message part: text, ``("const", object)``, or ``(slot, type[, conversion, spec])``."""
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


class _Memory:
    """What ``np.asarray`` needs to see an array in memory."""

    def __init__(self, interface: dict[str, Any]) -> None:
        self.__array_interface__ = interface


def _read_array(t: ty.Array, at: int) -> Any:
    shape = tuple(word(at + 16 + 8 * i, signed=True) for i in range(t.ndim))
    strides = tuple(word(at + 16 + 8 * (t.ndim + i), signed=True) for i in range(t.ndim))
    dtype = np.dtype(dtype_name(t.dtype))
    if 0 in shape:
        return np.empty(shape, dtype)
    data = word(at + 8)
    return np.asarray(
        _Memory({"version": 3, "typestr": dtype.str, "shape": shape, "strides": strides, "data": (data, t.readonly)})
    )


def write(t: ty.Type, at: int, obj: Any) -> bool:
    """Store the flats of a scalar or a tuple of scalars; False where the object is not of the type."""
    if isinstance(t, ty.Tuple):
        if obj.__class__ is not tuple or len(obj) != len(t.items):
            return False
        for item, o in zip(t.items, obj):
            if not write(item, at, o):
                return False
            at += 8 * len(item.flat)
        return True
    if t is ty.none:
        return obj is None
    data = scalar_bytes(t, obj)
    if data is None:
        return False
    ctypes.memmove(at, data, len(data))
    return True


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
