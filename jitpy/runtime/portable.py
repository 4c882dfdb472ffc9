"""Calls without knowing how CPython and NumPy lay out objects: the same kernels, entered from Python.

Where `layout` finds an object that is not laid out as we know (or where ``JITPY_PORTABLE_CALLS`` is set), jitted functions
are objects of an ordinary class. A call finds its overload as the slow path does, looks at every guard, turns the
arguments into flat values through Python's and NumPy's public interfaces, calls the kernel by the C convention, and
makes the result's object. It takes some 20 us instead of 25 ns, and the answers are the same; tracebacks have two frames
more.

Kernels read the fields of global arrays; they are given a record of the same form, filled before each call. What a kernel
returns as the owner of memory is looked up among these records and objects.
"""

from __future__ import annotations

import ctypes
import struct
from types import MethodType

import numpy as np

from jitpy.backend.errors import CompileError
from jitpy.backend.ir import types as ir
from jitpy.frontend.types import types as ty
from jitpy.runtime import boxing, errors, helpers, interrupts, layout, lists, values
from jitpy.runtime import record as rec
from jitpy.runtime.layout import word
from jitpy.runtime.libc import address, ffi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from jitpy.compiler import Overload

_C_TYPES: dict[int, Any] = {
    ir.I8: ctypes.c_uint8, ir.I16: ctypes.c_uint16, ir.I32: ctypes.c_uint32, ir.I64: ctypes.c_uint64,
    ir.F32: ctypes.c_float, ir.F64: ctypes.c_double, ir.F16: ctypes.c_float,
}  # fmt: skip


def make_type(name: str, namespace: Mapping[str, Any]) -> type:
    """A class of callables with the methods and attributes of ``namespace``."""
    own = {key: value for key, value in namespace.items() if key not in ("__dict__", "__weakref__")}
    return type(name, (), {**own, "__new__": _refuse, "__call__": call, "__get__": _bind})


def _refuse(cls: type) -> Any:
    raise TypeError(f"cannot create {cls.__name__!r} instances")


def _bind(self: Any, instance: Any, owner: Any = None) -> Any:
    return self if instance is None else MethodType(self, instance)


def call(self: Any, /, *args: Any, **kwargs: Any) -> Any:
    """Call a jitted function."""
    from jitpy import dispatcher

    try:
        bound, _ = self._bind(args, kwargs)
        bound, overload, _ = self._find(bound)
    except CompileError as error:
        if dispatcher.FULL_TRACEBACKS:
            raise
        raise error.with_traceback(None) from None
    return run(overload, bound)


def run(overload: Overload, arguments: tuple[Any, ...]) -> Any:
    """Call a kernel, with the GIL: others have their turn at its polls. So an exception that a helper has set (status 2) is
    raised when it returns.
    """
    code = _Call(overload)
    flats = [flat for obj, t in zip(arguments, overload.types) for flat in code.flats(obj, t)]
    results = overload.module.result_types
    record = ffi.new("uint64_t[]", 1 + max((len(t.flat) for t in results), default=0))
    context = ffi.new("uint64_t[]", rec.CTX_BYTES // 8)
    lowest, size = interrupts.stack_of_this_thread()
    context[rec.CTX_STACK_LIMIT // 8] = lowest + min(interrupts.HEADROOM, size // 2)
    context[rec.CTX_COUNTDOWN // 8] = rec.POLL_EVERY
    for stand_in in overload.stand_ins:
        stand_in.fill()
    if overload.entry is None:
        kinds = [_C_TYPES[f] for t in overload.types for f in t.flat]
        overload.entry = ctypes.PYFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, *kinds)(overload.kernel)
    try:
        status = overload.entry(address(context), address(record), *flats)
    finally:
        code.write_back()
    if status == rec.STATUS_RAISED:
        raise errors.make_exception(address(context))
    number = record[0] if len(results) > 1 else 0
    return code.box(results[number], address(record) + 8)


class _Call:
    """What must live during a call, and the objects behind addresses."""

    def __init__(self, overload: Overload) -> None:
        self.keep: list[Any] = []
        self.lists: list[tuple[int, int, int]] = []  # addresses of the list, of its block, of its type
        self.owners: dict[int, Any] = {s.address: s.array for s in overload.stand_ins}

    def flats(self, obj: Any, t: ty.Type) -> list[Any]:
        """The flat values of an argument, as ctypes takes them."""
        if isinstance(t, ty.Scalar):
            data = values.scalar_bytes(t, obj)
            assert data is not None, (t, obj)
            return [_flat(f, data[8 * i : 8 * i + 8]) for i, f in enumerate(t.flat)]
        if isinstance(t, ty.Array):
            self.owners[id(obj)] = obj
            return [id(obj), obj.ctypes.data, *obj.shape, *obj.strides]
        if isinstance(t, ty.Tuple):
            return [flat for o, item in zip(obj, t.items) for flat in self.flats(o, item)]
        if isinstance(t, ty.Str):
            widest = max(map(ord, obj), default=0)
            kind, coding = (1, "latin-1") if widest < 256 else (2, "utf-16-le") if widest < 65536 else (4, "utf-32-le")
            characters = ctypes.create_string_buffer(obj.encode(coding, "surrogatepass"))
            self.keep.append(characters)
            return [id(obj), ctypes.addressof(characters), len(obj), kind]
        if isinstance(t, ty.List):
            handle = lists.unbox(id(obj), id(t), self.lists[-1][1] if self.lists else 0, 0)
            self.lists.append((id(obj), handle, id(t)))
            return [handle]
        if isinstance(t, ty.Dict | ty.Set):
            handle = lists.unbox(id(obj), id(t), self.lists[-1][1] if self.lists else 0, 0)
            self.lists.append((id(obj), handle, id(t)))
            return [handle, word(handle + rec.INDEX_OF_ENTRIES)]
        if isinstance(t, ty.RandomSource):
            from jitpy.runtime import random_layout

            return [id(obj), id(obj) + random_layout.offset(t.family)]
        return []

    def write_back(self) -> None:
        """Give lists what the kernel did to their blocks."""
        for origin, handle, t in self.lists:
            lists.reflect(origin, handle, t, 0)

    def box(self, t: ty.Type, at: int) -> Any:
        """The object of the flats at an address."""
        if t is ty.py_uint:
            return word(at)
        if isinstance(t, ty.Tuple):
            items = []
            for item in t.items:
                items.append(self.box(item, at))
                at += 8 * len(item.flat)
            return tuple(items) if t.cls is None else t.cls._make(items)  # type: ignore[attr-defined]  # a named tuple's class
        if isinstance(t, ty.Record):
            made = {}
            for key, item in zip(t.keys, t.items):
                made[key] = self.box(item, at)
                at += 8 * len(item.flat)
            return made
        if isinstance(t, ty.Dict | ty.Set):
            from jitpy.runtime import dicts

            got = ctypes.cast(dicts.box(word(at), word(at + 8), id(t), 0), ctypes.py_object).value
            ctypes.pythonapi.Py_DecRef(ctypes.py_object(got))
            return got
        if isinstance(t, ty.Array):
            return self.box_array(t, at)
        if isinstance(t, ty.List):
            handle = word(at)
            origin = word(handle + lists.ORIGIN)
            got = ctypes.cast(origin, ctypes.py_object).value if origin else lists.read_block(t, handle)
            lists.release(handle)
            return got
        return values.read(t, at)

    def box_array(self, t: ty.Array, at: int) -> Any:
        """The array that came in, or a new one on its memory or on a block."""
        owner, data = word(at), word(at + 8)
        sizes = [word(at + 16 + 8 * i, signed=True) for i in range(2 * t.ndim)]
        dtype = np.dtype(boxing.dtype_name(t.dtype))
        base = _Block(owner) if owner & 1 else self.owners.get(owner)
        if base is None and owner:
            base = ctypes.cast(owner, ctypes.py_object).value
        if isinstance(base, np.ndarray):
            if (base.ctypes.data, [*base.shape, *base.strides], base.dtype) == (data, sizes, dtype):
                return base
        new, set_base = _numpy()
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(dtype))  # the reference that the new array takes
        flags = 0 if t.readonly else layout.FLAG_WRITEABLE
        made = new(np.ndarray, dtype, t.ndim, at + 16, at + 16 + 8 * t.ndim, data, flags, None)
        if base is not None:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(base))  # likewise
            set_base(made, base)
        return made


_functions: list[Any] = []


def _numpy() -> list[Any]:
    """PyArray_NewFromDescr and PyArray_SetBaseObject."""
    if not _functions:
        obj, pointer, number = ctypes.py_object, ctypes.c_void_p, ctypes.c_int
        new = ctypes.PYFUNCTYPE(obj, obj, obj, number, pointer, pointer, pointer, number, pointer)
        set_base = ctypes.PYFUNCTYPE(number, obj, obj)
        _functions[:] = new(layout.symbol("PyArray_NewFromDescr")), set_base(layout.symbol("PyArray_SetBaseObject"))
    return _functions


class _Block:
    """One reference to a block of memory that a kernel made."""

    def __init__(self, owner: int, release: Callable[[int], None] | None = None) -> None:
        self.owner = owner
        self.release = release or ffi.cast("void (*)(uint64_t)", helpers.code()["jitpy_release"])

    def __del__(self) -> None:
        self.release(self.owner)


class StandIn:
    """A record of the form that kernels expect behind the address of a global array."""

    def __init__(self, array: Any) -> None:
        self.array = array
        self.words = (ctypes.c_uint64 * (16 + 2 * array.ndim))()
        self.address = ctypes.addressof(self.words)
        self.words[4] = self.address + 128
        self.words[5] = self.address + 128 + 8 * array.ndim
        self.fill()

    def fill(self) -> None:
        """Take over what the array is now; its rank cannot change without the guard seeing it."""
        array = self.array
        if 16 + 2 * array.ndim == len(self.words):
            self.words[2] = array.ctypes.data
            self.words[16:] = [x & 0xFFFFFFFFFFFFFFFF for x in (*array.shape, *array.strides)]


def _flat(f: int, data: bytes) -> Any:
    """A slot as the value that ctypes passes: a half lies in the low bits of a float register."""
    if f == ir.F64:
        return struct.unpack("d", data)[0]
    if f in (ir.F32, ir.F16):
        return struct.unpack("f", data[:4])[0]
    return int.from_bytes(data, "little")
