"""The methods of ufuncs: reduce, accumulate, outer, at. They are the reductions and running folds by another name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from jitpy.frontend.library import casts, elementwise, indexing, reductions, reductions_running, ufuncs_scalar
from jitpy.frontend.library.arrays_arguments import axis_of, bind, dtype_of, flag, is_none
from jitpy.frontend.library.arrays_shape import array
from jitpy.frontend.library.constructors_nested import as_array
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Const, Value

if TYPE_CHECKING:
    from jitpy.frontend.translate.translator import Translator

#: Ufuncs whose reduction has a name of its own.
NAMED = {
    np.add: "sum", np.multiply: "prod", np.minimum: "min", np.maximum: "max", np.logical_and: "all", np.logical_or: "any",
}  # fmt: skip
#: Others, with the value a reduction of nothing has (None: there is none).
STARTS: dict[Any, Any] = {
    np.fmin: None, np.fmax: None, np.bitwise_and: -1, np.bitwise_or: 0, np.bitwise_xor: 0, np.gcd: 0, np.hypot: 0,
}  # fmt: skip


def _fold(tr: Translator, ufunc: Any, t: ty.Scalar, dtype: ty.Scalar | None) -> reductions.Fold:
    name = NAMED.get(ufunc)
    if name is not None:
        return reductions.fold_of(name, t, dtype if name in ("sum", "prod") else None)
    if ufunc not in STARTS:
        tr.error(f"np.{ufunc.__name__}.reduce is not supported", "Write a loop.")
    if ufuncs_scalar.resolve(tr, ufunc, (t, t)) != (t, t, t):
        tr.error(f"np.{ufunc.__name__}.reduce of {t.name} elements is not supported", "Convert with astype first.")
    start = STARTS[ufunc]
    if start == -1 and t.kind != "i":
        start = 1 if t.kind == "b" else (1 << t.bits) - 1
    step = reductions._ufunc_step(ufunc, t)
    return reductions.Fold(ufunc.__name__, t, start, step, lambda tr, s, p: casts.cast(tr, p, s, t))


def reduce(tr: Translator, ufunc: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``ufunc.reduce(a, axis=0)``."""
    a, axis, dtype, out, keepdims = bind(tr, "reduce", args, kwargs, "array axis dtype out keepdims")
    if not is_none(out):
        tr.error("reduce with out= is not supported", "Assign the result to a slice instead.")
    v = array(tr, reductions._source(tr, a, "reduce"))
    t: ty.Array = v.type
    axes = reductions.axes_of(tr, Const(0) if axis is None and t.ndim else axis, t.ndim)
    fold = _fold(tr, ufunc, t.dtype, dtype_of(tr, dtype))
    return reductions.reduce(tr, v, axes, flag(tr, keepdims, "keepdims"), fold)


def accumulate(tr: Translator, ufunc: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``ufunc.accumulate(a, axis=0)``."""
    a, axis, dtype = bind(tr, "accumulate", args, kwargs, "array axis dtype")
    v = array(tr, reductions._source(tr, a, "accumulate"))
    t: ty.Array = v.type
    at = axis_of(tr, axis, t.ndim, 0)
    if at is None or not t.ndim:
        tr.error("accumulate needs one axis")
    return reductions_running.along(tr, v, at, _fold(tr, ufunc, t.dtype, dtype_of(tr, dtype)))


def outer(tr: Translator, ufunc: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``ufunc.outer(a, b)``: every element of ``a`` with every element of ``b``."""
    left, right = bind(tr, "outer", args, kwargs, "A B", 2)
    a, b = as_array(tr, left), as_array(tr, right)  # type: ignore[arg-type]
    ndim: int = a.type.ndim
    items: list[Value] = [indexing.FULL] * ndim
    wide = indexing.view(tr, a, items + [Const(None)] * b.type.ndim)
    return elementwise.apply(tr, ufunc, (wide, b))


def combine_at(a: Any, indices: Any, values: Any, function: Any) -> None:
    """``a[indices[k]] = function(a[indices[k]], values[k])`` one after the other; one value stands for all."""
    for k in range(indices.size):
        i = indices[k]
        a[i] = function(a[i], values[k if values.size > 1 else 0])


def at(tr: Translator, ufunc: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``ufunc.at(a, indices, b)`` along the one axis of ``a``."""
    a, indices, b = bind(tr, "at", args, kwargs, "a indices b", 3)
    target, where, values = [as_array(tr, x) for x in (a, indices, b)]  # type: ignore[arg-type]
    if target.type.ndim != 1 or where.type.ndim > 1 or values.type.ndim > 1:
        tr.error(f"np.{ufunc.__name__}.at is supported in one dimension", "Write a loop.")
    indexing.writable(tr, target)
    one: list[Value] = [Const(None)]
    lines = [v if v.type.ndim else indexing.view(tr, v, one) for v in (where, values)]
    return tr.call_python(combine_at, (target, *lines, Const(ufunc)), inline=False)


METHODS = {"reduce": reduce, "accumulate": accumulate, "outer": outer, "at": at}

__all__ = ["METHODS"]
