"""Where CPython and NumPy keep the fields that machine code reads, and where their C functions are.

Besides the bytecode reader this is the only place that depends on the Python version. Every offset is checked on live
objects when the module is first imported; where one is not what we know, `KNOWN` is false and kernels are called
through `portable` rather than by guessing. Offsets are bytes from the start of the object.

Type objects and singletons are named like the C symbols (``PyFloat_Type``); NumPy's as ``numpy_float64``; its dtype
singletons as ``descr_float64``. `symbol` resolves all of these and the C API's functions to addresses.
"""

from __future__ import annotations

import ctypes
import os
import sys

import numpy as np

from jitpy.backend.errors import CompileError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class LayoutError(CompileError):
    """This interpreter or NumPy lays out an object in a way we do not know."""


REFCOUNT, TYPE, SIZE = 0, 8, 16
FLOAT_VALUE = 16
COMPLEX_REAL, COMPLEX_IMAG = 16, 24
TUPLE_ITEMS = 24 if sys.version_info < (3, 14) else 32
LIST_ITEMS = 24  # pointer to the items
LONG_DIGITS = 24
#: True: sign and number of digits in one word at 16, number << 3 | sign (3.12); False: a signed count of digits.
LONG_TAGGED = sys.version_info >= (3, 12)
DIGIT_BITS = sys.int_info.bits_per_digit
CELL_VALUE = 16
STR_LENGTH, STR_STATE = 16, 32
TYPE_ALLOC, TYPE_FREE = 304, 320

DICT_KEYS = 32
KEYS_LOG2_INDEX_BYTES, KEYS_KIND, KEYS_ENTRY_COUNT, KEYS_INDICES = 9, 10, 24, 32
KEYS_GENERAL, KEYS_UNICODE = 0, 1
#: The flag of classes that are made at run time: their attributes can be set.
HEAP_TYPE = 1 << 9

ARRAY_DATA, ARRAY_NDIM, ARRAY_SHAPE, ARRAY_STRIDES, ARRAY_BASE, ARRAY_DESCR, ARRAY_FLAGS = 16, 24, 32, 40, 48, 56, 64
DESCR_BYTEORDER, DESCR_TYPE_NUM = 26, 28
SCALAR_VALUE = 16
#: In NumPy's ``bitgen_t``: the function that draws a float.
NEXT_DOUBLE = 24
FLAG_C, FLAG_F, FLAG_ALIGNED, FLAG_WRITEABLE = 1, 2, 0x100, 0x400

#: NumPy's C API table (`_ARRAY_API`), entries that have kept their place since NumPy 1.7.
ARRAY_API = {"PyArray_NewFromDescr": 94, "PyArray_SetBaseObject": 282}


def word(at: int, width: int = 8, signed: bool = False) -> int:
    """The integer at an address."""
    return int.from_bytes(ctypes.string_at(at, width), "little", signed=signed)


def _require(what: str, got: object, expected: object) -> None:
    if got != expected:
        raise LayoutError(
            f"the layout of {what} is unknown on Python {sys.version.split()[0]} with NumPy {np.__version__}"
        )


def _verify() -> None:
    _require("pointers", (ctypes.sizeof(ctypes.c_void_p), sys.byteorder), (8, "little"))
    probe = 1234.5
    _require("float", (word(id(probe) + TYPE), word(id(probe) + FLOAT_VALUE)), (id(float), 0x40934A0000000000))
    number = complex(1.0, -2.0)
    _require(
        "complex",
        (word(id(number) + COMPLEX_REAL), word(id(number) + COMPLEX_IMAG)),
        (0x3FF0000000000000, 0xC000000000000000),
    )
    for value in (0, 1, -1, 12345, -12345, 1 << 40, -(1 << 40), (1 << 62) + 5):
        _require("int", _long_at(id(value)), value)
    items = (probe, number)
    _require(
        "tuple",
        (word(id(items) + SIZE), word(id(items) + TUPLE_ITEMS), word(id(items) + TUPLE_ITEMS + 8)),
        (2, id(probe), id(number)),
    )
    alist = [probe, number]
    _require("list", (word(id(alist) + SIZE), word(word(id(alist) + LIST_ITEMS) + 8)), (2, id(number)))
    array = np.zeros((2, 3), np.int32)
    at = id(array)
    _require(
        "ndarray",
        (
            word(at + ARRAY_DATA), word(at + ARRAY_NDIM, 4), word(word(at + ARRAY_SHAPE)),
            word(word(at + ARRAY_STRIDES)), word(at + ARRAY_DESCR), word(at + ARRAY_FLAGS, 4) & 0x503,
        ),
        (array.ctypes.data, 2, 2, 12, id(array.dtype), FLAG_C | FLAG_ALIGNED | FLAG_WRITEABLE),
    )  # fmt: skip
    view = array[1:]
    _require("ndarray's base", word(id(view) + ARRAY_BASE), id(array))
    for dtype in (np.dtype(np.int16), np.dtype(np.float64), np.dtype(">i4")):
        _require(
            "dtype",
            (word(id(dtype) + DESCR_BYTEORDER, 1), word(id(dtype) + DESCR_TYPE_NUM, 4)),
            (ord(dtype.byteorder), dtype.num),
        )
    for scalar in (np.float64(1.5), np.int8(-3), np.uint32(7), np.complex64(1 - 2j), np.bool_(True)):
        data = scalar.tobytes()
        _require("NumPy's scalars", ctypes.string_at(id(scalar) + SCALAR_VALUE, len(data)), data)


def _long_at(at: int) -> int:
    if LONG_TAGGED:
        tag = word(at + SIZE)
        count, sign = tag >> 3, (1, 0, -1)[tag & 3]
    else:
        count = word(at + SIZE, signed=True)
        sign = -1 if count < 0 else 1
        count = abs(count)
    value = 0
    for i in range(count):
        value |= word(at + LONG_DIGITS + 4 * i, 4) << DIGIT_BITS * i
    return sign * value


def dict_slot(table: dict[str, object], name: str) -> tuple[int, int, int] | None:
    """(keys object, address of the entry's key, address of its value) of ``name``, or None for a layout without such
    a slot.
    """
    keys = word(id(table) + DICT_KEYS)
    kind = word(keys + KEYS_KIND, 1)
    first = keys + KEYS_INDICES + (1 << word(keys + KEYS_LOG2_INDEX_BYTES, 1))
    if kind == KEYS_UNICODE:
        stride, key_at, value_at = 16, 0, 8
    elif kind == KEYS_GENERAL:
        stride, key_at, value_at = 24, 8, 16
    else:
        return None
    value = id(table[name])
    count = word(keys + KEYS_ENTRY_COUNT)
    entries = ctypes.string_at(first, count * stride)
    wanted = value.to_bytes(8, "little")
    found = entries.find(wanted)
    while found >= 0:
        row, column = divmod(found, stride)
        if column == value_at:
            key = word(first + row * stride + key_at)
            if key and ctypes.cast(key, ctypes.py_object).value == name:
                return keys, first + row * stride + key_at, first + row * stride + value_at
        found = entries.find(wanted, found + 1)
    return None


def shares_keys(table: dict[Any, Any]) -> bool:
    """Whether a dict's table of keys belongs to other dicts too."""
    return word(word(id(table) + DICT_KEYS) + KEYS_KIND, 1) not in (KEYS_GENERAL, KEYS_UNICODE)


def class_dict(cls: type) -> dict[str, object]:
    """The dict behind a class's ``__dict__`` (which is a read-only view of it)."""
    import gc

    for referent in gc.get_referents(cls.__dict__):
        if isinstance(referent, dict):
            return referent
    raise LayoutError("the layout of classes is unknown on this Python")


def _field_of(owner: object, value: object, what: str) -> int:
    """The offset at which ``owner`` points to ``value``, found by looking."""
    for offset in range(16, 160, 8):
        if word(id(owner) + offset) == id(value):
            return offset
    raise LayoutError(f"the layout of {what} is unknown on Python {sys.version.split()[0]}")


def _function_fields() -> tuple[int, int, int]:
    def probe(x: object = _verify, *, y: object = _require) -> object:
        return x, y

    return (
        _field_of(probe, probe.__code__, "functions"),
        _field_of(probe, probe.__defaults__, "functions"),
        _field_of(probe, probe.__kwdefaults__, "functions"),
    )


def _string_layout() -> tuple[int, int, int, int]:
    """(header of ASCII strings, header of others, position of the kind in the state word, the compact bit)."""
    ascii_header = sys.getsizeof("") - 1
    other_header = sys.getsizeof("\u0100") - 2 * 2
    states = [word(id(text) + STR_STATE) & 0xFFFFFFFF for text in ("\xe9\xea", "\u0100\u0101", "\U00010000\U00010001")]
    for shift in (2, 16):
        kinds = [state >> shift & 7 for state in states]
        if kinds == [1, 2, 4]:
            return ascii_header, other_header, shift, 1 << shift + 3
    raise LayoutError(f"the layout of str is unknown on Python {sys.version.split()[0]}")


#: Whether every object looks as we know it. Otherwise calls go the way of `portable`.
KNOWN = not os.environ.get("JITPY_PORTABLE_CALLS")
FUNCTION_CODE = FUNCTION_DEFAULTS = FUNCTION_KWDEFAULTS = STR_ASCII_HEADER = STR_HEADER = STR_KIND_SHIFT = STR_COMPACT = 0
if KNOWN:
    try:
        _verify()
        FUNCTION_CODE, FUNCTION_DEFAULTS, FUNCTION_KWDEFAULTS = _function_fields()
        STR_ASCII_HEADER, STR_HEADER, STR_KIND_SHIFT, STR_COMPACT = _string_layout()
    except LayoutError:
        KNOWN = False
STR_ASCII = STR_COMPACT << 1


def dtype_identity(name: str) -> tuple[int, int]:
    """(type number, byte order character) of a native dtype."""
    dtype = np.dtype(name)
    return dtype.num, ord(dtype.byteorder)


_array_api: int = 0


def _numpy_function(name: str) -> int:
    global _array_api
    if not _array_api:
        from numpy._core import multiarray

        get = ctypes.pythonapi.PyCapsule_GetPointer
        get.restype = ctypes.c_void_p
        get.argtypes = [ctypes.py_object, ctypes.c_char_p]
        _array_api = get(multiarray._ARRAY_API, None)
    return word(_array_api + 8 * ARRAY_API[name])


#: Objects whose address is a C symbol's (or stands for one).
OBJECTS: dict[str, object] = {
    "PyFloat_Type": float, "PyLong_Type": int, "PyBool_Type": bool, "PyComplex_Type": complex, "PyTuple_Type": tuple,
    "PyList_Type": list, "PyUnicode_Type": str, "PyArray_Type": np.ndarray,
    "str_gauss_next": sys.intern("gauss_next"),
    "Py_None": None, "Py_True": True, "Py_False": False, "np_True": np.True_, "np_False": np.False_,
}  # fmt: skip

#: Functions that had another name before 3.13.
_OLD_NAMES = {"PyThreadState_GetUnchecked": "_PyThreadState_UncheckedGet"} if sys.version_info < (3, 13) else {}

_resolved: dict[str, int] = {}


def c_function(name: str) -> int:
    """The address of a function of the C API; `AttributeError` when there is none."""
    name = _OLD_NAMES.get(name, name)
    got = ctypes.cast(getattr(ctypes.pythonapi, name), ctypes.c_void_p).value
    assert got is not None
    return got


def never_free(obj: object) -> None:
    """Let an object live until the process ends: machine code, which is not freed when the interpreter ends, has its
    address.
    """
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(obj))


def symbol(name: str) -> int:
    """The address behind an extern symbol of the C API or NumPy."""
    got = _resolved.get(name)
    if got is None:
        if name in OBJECTS:
            got = id(OBJECTS[name])
        elif name.startswith("numpy_"):
            got = id(getattr(np, name[6:]))
        elif name.startswith("descr_"):
            got = id(np.dtype(name[6:]))
        elif name in ARRAY_API:
            got = _numpy_function(name)
        else:
            got = c_function(name)
        _resolved[name] = got
    return got


def prototype(name: str, result: object, *arguments: object) -> Callable[..., object]:
    """A C API function callable from Python, with the GIL held."""
    return ctypes.PYFUNCTYPE(result, *arguments)(c_function(name))  # type: ignore[arg-type]  # ctypes types, which have no public name
