"""The type of a live Python value, as a kernel's argument; or an error that says what to pass instead.

By exact class: ``np.float64`` derives from ``float`` and is another type (SEMANTICS C1), and subclasses of ndarray
may mean anything.
"""

from __future__ import annotations

import types as python_types

import numpy as np

from jitpy.backend.errors import UnsupportedError
from jitpy.frontend.types import types as ty
from jitpy.frontend.types.items import stored_type, united

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_SCALARS: dict[type, ty.Type] = {
    float: ty.py_float, bool: ty.py_bool, complex: ty.py_complex, type(None): ty.none, str: ty.string,
}  # fmt: skip
for _t in ty.NP_SCALARS:
    _SCALARS[getattr(np, _t.name)] = _t

#: (type number, byte order) of a dtype -> element type.
_DTYPES: dict[tuple[int, str], ty.Scalar] = {
    (np.dtype(name).num, np.dtype(name).byteorder): t for name, t in ty.BY_DTYPE_NAME.items()
}

_LONG_MIN, _LONG_MAX = -(1 << 63), (1 << 63) - 1


def typeof(value: Any) -> ty.Type:
    """The type of ``value``; UnsupportedError (a TypeError) when kernels cannot take it."""
    cls = value.__class__
    t = _SCALARS.get(cls)
    if t is not None:
        return t
    handler = _BY_CLASS.get(cls)
    if handler is not None:
        return handler(value)
    return _other(value)


def random_type(value: Any) -> ty.RandomSource | None:
    """The type of a random number generator, None for other objects."""
    if value.__class__.__module__.partition(".")[0] not in ("random", "numpy"):
        return None
    from jitpy.frontend.library.random.sources import type_of

    return type_of(value)


def _int(value: int) -> ty.Type:
    if not _LONG_MIN <= value <= _LONG_MAX:
        raise OverflowError(f"the int argument {_short(value)} needs more than 64 bits; pass np.uint64(...) or a float")
    return ty.py_int


def _short(value: int) -> str:
    return str(value) if value.bit_length() < 200 else f"of {value.bit_length()} bits"


def _array(value: np.ndarray[Any, Any]) -> ty.Type:
    dtype = value.dtype
    element = _DTYPES.get((dtype.num, dtype.byteorder))
    if element is None:
        raise UnsupportedError(f"arrays of {dtype!r} cannot be arguments; {_dtype_advice(dtype)}")
    flags = value.flags
    layout = "C" if flags.c_contiguous else "F" if flags.f_contiguous else "A"
    return ty.array_of(element, value.ndim, layout, not flags.writeable)


def _dtype_advice(dtype: np.dtype[Any]) -> str:
    if not dtype.isnative:
        return f"convert it with a.astype({dtype.newbyteorder('=').name!r})"
    if dtype.kind == "O":
        return "convert it to a numeric dtype"
    if dtype.kind in "iu":
        return f"use a.view(np.{np.dtype(f'{dtype.kind}{dtype.itemsize}').name})"
    if dtype.kind in "mM":
        return "use a.view(np.int64)"
    if dtype.names:
        return "pass its fields one by one: a['name']"
    return "convert it to float64 or another supported dtype"


def _tuple(value: tuple[Any, ...]) -> ty.Type:
    return ty.tuple_of(tuple([typeof(v) for v in value]))


def _list(value: list[Any]) -> ty.Type:
    if not value:
        return ty.list_of(ty.undetermined, reflected=True)
    item = stored_type(typeof(value[0]))
    for i, v in enumerate(value):
        t = typeof(v)
        if t is item:
            continue
        both = united(item, stored_type(t))
        if both is not None:
            item = both
        else:
            raise UnsupportedError(
                f"a list argument must have items of one type; this one has {item} and, at {i}, {t}. "
                "Pass a tuple or an array"
            )
    if isinstance(item, ty.Constant | ty.RandomSource | ty.Dict | ty.Set):
        raise UnsupportedError(f"a list of {item} cannot be an argument; pass a tuple")
    return ty.list_of(item, reflected=True)


def _dict(value: dict[Any, Any]) -> ty.Type:
    if not value:
        return ty.dict_of(ty.undetermined, ty.undetermined, reflected=True)
    return ty.dict_of(_key_type(value), _item_type(value.values(), "the values of a dict argument"), reflected=True)


def _set(value: set[Any]) -> ty.Type:
    return ty.set_of(_key_type(value) if value else ty.undetermined, reflected=True)


def _key_type(keys: Any) -> ty.Type:
    return _item_type(keys, "the keys of a dict argument, and the items of a set,")


def _item_type(items: Any, what: str) -> ty.Type:
    found: ty.Type | None = None
    for v in items:
        t = stored_type(typeof(v))
        both = t if found is None else united(found, t)
        if both is None:
            raise UnsupportedError(f"{what} must have one type; here are {found} and {t}")
        found = both
    if isinstance(found, ty.Constant | ty.RandomSource | ty.Dict | ty.Set):
        raise UnsupportedError(f"{what} cannot be {found}")
    assert found is not None
    return found


_BY_CLASS: dict[type, Callable[[Any], ty.Type]] = {
    int: _int, np.ndarray: _array, tuple: _tuple, list: _list, dict: _dict, set: _set,
    type: ty.constant, python_types.FunctionType: ty.constant, python_types.BuiltinFunctionType: ty.constant,
    python_types.ModuleType: ty.constant, np.ufunc: ty.constant,
}  # fmt: skip


def pass_as_constant(cls: type) -> None:
    """Let instances of ``cls`` be arguments that a kernel is compiled for, each by its identity."""
    _BY_CLASS[cls] = ty.constant


#: What to pass instead of objects of these classes.
_INSTEAD: dict[type, str] = {
    frozenset: "np.array(sorted(x))",
    bytes: "np.frombuffer(x, np.uint8)", bytearray: "np.frombuffer(x, np.uint8)", memoryview: "np.asarray(x)",
    range: "its start, stop and step, or np.arange of them",
    python_types.GeneratorType: "list(x)",
}  # fmt: skip


def _other(value: Any) -> ty.Type:
    cls = value.__class__
    source = random_type(value)
    if source is not None:
        return source
    name = f"{cls.__module__}.{cls.__qualname__}"
    if isinstance(value, (np.dtype, type)):
        return ty.constant(value)
    if isinstance(value, np.ma.MaskedArray):
        raise UnsupportedError(f"{name} cannot be an argument; pass x.data and np.ma.getmaskarray(x), or x.filled(value)")
    if isinstance(value, np.ndarray):
        raise UnsupportedError(f"{name}, a subclass of ndarray, may mean another arithmetic; pass np.asarray(x)")
    if cls.__module__.partition(".")[0] == "pandas":
        raise UnsupportedError(f"{name} cannot be an argument; pass x.to_numpy()")
    if isinstance(value, tuple) and hasattr(cls, "_fields") and cls.__mro__[1] is tuple:
        return ty.tuple_of(tuple([typeof(v) for v in value]), cls)
    if isinstance(value, tuple):
        raise UnsupportedError(f"the named tuple {name} cannot be an argument; pass tuple(x)")
    if isinstance(value, np.generic):
        raise UnsupportedError(f"{name} cannot be an argument; pass one of NumPy's sized types or a Python number")
    if cls in _INSTEAD:
        raise UnsupportedError(f"a {cls.__name__} cannot be an argument; pass {_INSTEAD[cls]}")
    if isinstance(value, int | float | complex | str | list):
        raise UnsupportedError(
            f"{name}, a subclass of {cls.__mro__[1].__name__}, cannot be an argument; pass the plain value"
        )
    raise UnsupportedError(
        f"an object of type {name} cannot be an argument of a jitted function; pass its numbers and arrays one by one"
        f" (a method of {cls.__name__}: jit a function of self's attributes and call it from the method)"
    )
