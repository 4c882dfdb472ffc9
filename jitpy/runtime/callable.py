"""The type of jitted functions: a Python type whose calls enter machine code.

Made with ``PyType_FromSpec`` through ``ctypes.pythonapi``. An instance is Python's header and five words (`record`):
the vectorcall slot points at the wrapper of its first record, so a call costs no Python. Traversal, clearing, freeing
and binding are functions of ``runtime.clif``. It takes part in garbage collection, binds as a method, has a
``__dict__`` and can be referred to weakly. Methods are given to the type from a Python class (`make_type`).
"""

from __future__ import annotations

import ctypes

from jitpy.runtime import helpers, layout, record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

# Slot numbers and flags of CPython's stable ABI.
_TP_CALL, _TP_CLEAR, _TP_DEALLOC, _TP_DESCR_GET, _TP_DOC, _TP_TRAVERSE, _TP_MEMBERS, _TP_GETSET = (
    50,
    51,
    52,
    54,
    56,
    71,
    72,
    73,
)
_HAVE_VECTORCALL, _HAVE_GC, _METHOD_DESCRIPTOR, _DISALLOW_INSTANTIATION = 1 << 11, 1 << 14, 1 << 17, 1 << 7
_READONLY, _T_PYSSIZET = 1, 19


class _Slot(ctypes.Structure):
    _fields_ = (("slot", ctypes.c_int), ("function", ctypes.c_void_p))


class _Spec(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p), ("basicsize", ctypes.c_int), ("itemsize", ctypes.c_int), ("flags", ctypes.c_uint),
        ("slots", ctypes.POINTER(_Slot)),
    )  # fmt: skip


class _Member(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p), ("type", ctypes.c_int), ("offset", ctypes.c_ssize_t), ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )  # fmt: skip


class _GetSet(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p), ("get", ctypes.c_void_p), ("set", ctypes.c_void_p), ("doc", ctypes.c_char_p),
        ("closure", ctypes.c_void_p),
    )  # fmt: skip


_keep: list[Any] = []
_allocate: Callable[..., Any] = layout.prototype(
    "PyType_GenericAlloc", ctypes.py_object, ctypes.py_object, ctypes.c_ssize_t
)


def _from_spec(name: str, size: int, flags: int, slots: list[tuple[int, Any]]) -> type:
    table = (_Slot * (len(slots) + 1))()
    for i, (slot, function) in enumerate(slots):
        table[i].slot = slot
        table[i].function = function if isinstance(function, int) else ctypes.cast(function, ctypes.c_void_p).value
    spec = _Spec(name.encode(), size, 0, flags, table)
    _keep.append((table, spec, slots))
    make = layout.prototype("PyType_FromSpec", ctypes.py_object, ctypes.c_void_p)
    made: type = make(ctypes.addressof(spec))  # type: ignore[assignment]  # what the C function gives
    return made


def make_type(name: str, namespace: Mapping[str, Any]) -> type:
    """A new type of callables with the methods and attributes of ``namespace``."""
    if not layout.KNOWN:
        from jitpy.runtime import portable

        return portable.make_type(name.rpartition(".")[2], namespace)
    code = helpers.code()
    layout.never_free(_keep)
    members = (_Member * 4)(
        _Member(b"__vectorcalloffset__", _T_PYSSIZET, record.CALLABLE_VECTORCALL, _READONLY, None),
        _Member(b"__dictoffset__", _T_PYSSIZET, record.CALLABLE_DICT, _READONLY, None),
        _Member(b"__weaklistoffset__", _T_PYSSIZET, record.CALLABLE_WEAKREFS, _READONLY, None),
    )
    getset = (_GetSet * 2)(
        _GetSet(
            b"__dict__",
            layout.c_function("PyObject_GenericGetDict"),
            layout.c_function("PyObject_GenericSetDict"),
            None,
            None,
        ),
    )
    made = _from_spec(
        name, record.CALLABLE_BYTES, _HAVE_VECTORCALL | _HAVE_GC | _METHOD_DESCRIPTOR | _DISALLOW_INSTANTIATION,
        [
            (_TP_CALL, layout.c_function("PyVectorcall_Call")), (_TP_TRAVERSE, code["jitpy_traverse"]),
            (_TP_CLEAR, code["jitpy_clear"]), (_TP_DEALLOC, code["jitpy_dealloc"]),
            (_TP_DESCR_GET, code["jitpy_descr_get"]), (_TP_MEMBERS, members), (_TP_GETSET, getset),
        ],
    )  # fmt: skip
    for key, value in namespace.items():
        if key not in _OWN:
            setattr(made, key, value)
    return made


#: What every class body defines and a made type has already.
_OWN = frozenset(
    ("__dict__", "__weakref__", "__slots__", "__annotations__", "__static_attributes__", "__firstlineno__")
)


def make_callable(cls: type, target: int, first_record: int) -> Any:
    """A new instance whose calls go to the wrapper at ``target`` with ``first_record`` as the next record."""
    if not layout.KNOWN:
        return object.__new__(cls)
    made = _allocate(cls, 0)
    point(made, target, first_record)
    return made


def point(obj: Any, target: int, first_record: int) -> None:
    """Let calls of ``obj`` start at another wrapper and record."""
    if not layout.KNOWN:
        return
    words = ctypes.c_uint64 * 2
    pair = words.from_address(id(obj) + record.CALLABLE_VECTORCALL)
    pair[1] = first_record
    pair[0] = target


assert record.NEXT == record.CALLABLE_VECTORCALL + 8


def install_block_type() -> None:
    """Make the type of the objects that keep a block for ndarrays, and tell ``runtime.clif`` where it is."""
    cell = helpers.cell("jitpy_block_type")
    if layout.word(cell) == 0:
        made = _from_spec(
            "jitpy.block", 24, _DISALLOW_INSTANTIATION, [(_TP_DEALLOC, helpers.code()["jitpy_block_dealloc"])]
        )
        _keep.append(made)
        ctypes.c_uint64.from_address(cell).value = id(made)
