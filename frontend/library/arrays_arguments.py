"""Arguments of NumPy's functions: matching names, and the ones that must be known while compiling (dtype, axis, order, flags)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from jitpy.frontend.types import promotion
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Const, TupleVal, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jitpy.frontend.translate.translator import Translator


def bind(
    tr: Translator, name: str, args: Sequence[Value], kwargs: dict[str, Value], parameters: str, required: int = 1
) -> list[Value | None]:  # fmt: skip
    """The arguments in the order of ``parameters`` (names separated by blanks); None stands for those not given."""
    names = parameters.split()
    out: list[Value | None] = [None] * len(names)
    if len(args) > len(names):
        tr.error(f"{name} takes at most {len(names)} arguments here, {len(args)} given")
    for i, v in enumerate(args):
        out[i] = v
    for key, v in kwargs.items():
        if key not in names:
            tr.error(f"{name} with the argument {key!r} is not supported")
        i = names.index(key)
        if out[i] is not None:
            tr.error(f"{name} got multiple values for argument {key!r}")
        out[i] = v
    for i in range(required):
        if out[i] is None:
            tr.error(f"{name} misses its argument {names[i]!r}")
    return out


def sequence(v: Value) -> TupleVal | None:
    """A tuple, a list display, or what np.split gives, as a tuple of values; None for anything else."""
    if v.__class__ is TupleVal:
        return v
    if v.__class__.__name__ in ("ListDisplay", "Pieces"):
        return TupleVal(v.items)
    if v.__class__ is Const and v.obj.__class__ in (tuple, list):
        return TupleVal(tuple([Const(o) for o in v.obj]))
    return None


def is_none(v: Value | None) -> bool:
    """Whether an optional argument is absent or None."""
    return v is None or (v.__class__ is Const and v.obj is None)


def constant(tr: Translator, v: Value | None, what: str, default: Any = None) -> Any:
    """An argument that must be known while compiling."""
    if v is None:
        return default
    if v.__class__ is Const:
        return v.obj
    items = sequence(v)
    if items is not None:
        return tuple(constant(tr, item, what) for item in items.items)
    tr.error(f"{what} must be a constant here", "Write it as a literal, or keep it in a global or a default argument.")


def dtype_of(tr: Translator, v: Value | None, default: ty.Scalar | None = None) -> ty.Scalar | None:
    """The element type a dtype argument names; ``default`` where there is none."""
    if is_none(v):
        return default
    obj = constant(tr, v, "the dtype")
    try:
        dtype = np.dtype(obj)
    except TypeError:
        tr.error(f"{obj!r} is not a dtype")
    found = promotion.from_dtype(dtype)
    if found is None:
        tr.error(f"arrays of dtype {dtype} are not supported", "Supported are bool, ints of 8 to 64 bits, float16 to 64, complex.")
    return found


def axis_of(tr: Translator, v: Value | None, ndim: int, default: int | None = None) -> int | None:
    """An axis argument, wrapped; AxisError (an IndexError and ValueError) as in NumPy where there is no such axis."""
    if is_none(v):
        return default
    axis = constant(tr, v, "the axis")
    if axis.__class__ is bool or not hasattr(axis, "__index__"):
        tr.error(f"the axis must be an integer, not {axis!r}")
    return checked_axis(tr, axis.__index__(), ndim)


def checked_axis(tr: Translator, axis: int, ndim: int) -> int:
    """``axis`` in 0 .. ndim - 1."""
    if not -ndim <= axis < ndim:
        tr.error(f"axis {axis} is out of bounds for array of dimension {ndim}")
    return axis % ndim


def flag(tr: Translator, v: Value | None, what: str) -> bool:
    """A bool known while compiling, False where absent."""
    return bool(constant(tr, v, what, False))


def integers_of(tr: Translator, v: Value, what: str) -> list[int]:
    """A shape-like argument (an int or a tuple or list of ints) as i64 values."""
    from jitpy.frontend.library.indexing import as_index, is_integer

    found = sequence(v)
    items: list[Value] = list(found.items) if found is not None else [v]
    if found is None:
        if v.kind() is ty.List:
            tr.error(f"{what} must be an int or a tuple", "The number of dimensions must be known: write a tuple.")
    for item in items:
        if not is_integer(item):
            tr.error(f"{what} must be made of integers, not {item.describe()}")
    return [as_index(tr, item) for item in items]
