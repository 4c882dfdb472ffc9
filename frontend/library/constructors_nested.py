"""Arrays from what there is: np.array and np.asarray of arrays, tuples and lists; copies; one element as a Python number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from jitpy.frontend.library import casts, elementwise, elementwise_stores, indexing, registry, views, views_reshape
from jitpy.frontend.library.arrays_arguments import bind, constant, dtype_of, is_none, sequence
from jitpy.frontend.library.arrays_shape import allocate, array, differ, extents, is_array, product
from jitpy.frontend.types import promotion
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Const, TupleVal, Val, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from jitpy.frontend.translate.translator import Translator


def strong(t: ty.Scalar) -> ty.Scalar:
    """The element type that a number of type ``t`` has in an array."""
    return promotion.DEFAULT.get(t, ty.int64 if t is ty.py_uint else t)


def as_array(tr: Translator, v: Value, dtype: ty.Scalar | None = None) -> Val:
    """``np.asarray(v, dtype)``."""
    if is_array(v):
        if dtype is None or v.type.dtype is dtype:
            return array(tr, v)
        return array(tr, elementwise.cast_tree(tr, v, dtype))
    if v.kind() is ty.Scalar:
        t = dtype or strong(v.type)
        out = allocate(tr, t, ())
        indexing.store_parts(tr, out, (), indexing.element_value(tr, v, t))
        return out
    items = sequence(v)
    if items is not None:
        return _from_tuple(tr, items, dtype)
    if v.kind() is ty.List:
        return _from_list(tr, v, dtype)
    from jitpy.frontend.values import RangeVal

    if v.__class__ is RangeVal:
        made = tr.call(Const(np.arange), v.children())
        return as_array(tr, made, dtype)
    tr.error(f"{v.describe()} cannot be made an array")


def _from_tuple(tr: Translator, v: TupleVal, dtype: ty.Scalar | None) -> Val:
    """A tuple of numbers, of equally long tuples, or of arrays of one shape."""
    items = [sequence(i) or i for i in v.items]
    if any(is_array(i) or i.kind() is ty.List for i in items):
        from jitpy.frontend.library import joining

        arrays = [as_array(tr, i, dtype) for i in items]
        return joining.stacked(tr, arrays, 0)
    lengths: list[int] = []
    leaves = items
    level: list[Any] = [TupleVal(tuple(items))]
    while level and all(x.__class__ is TupleVal for x in level):
        sizes = {len(x.items) for x in level}
        if len(sizes) != 1:
            tr.check(True, ValueError, "setting an array element with a sequence. The requested array has an inhomogeneous shape")
            tr.error("the nested tuples have different lengths")
        lengths.append(sizes.pop())
        level = [sequence(i) or i for x in level for i in x.items]
        leaves = level
    types = []
    for leaf in leaves:
        if leaf.kind() is not ty.Scalar:
            tr.error(f"{leaf.describe()} cannot be an element of an array")
        types.append(strong(leaf.type))
    t = dtype or (promotion.common(types) if types else ty.float64)
    out = allocate(tr, t, [tr.iconst(n) for n in lengths])
    flat = views_reshape.raveled(tr, out)
    for k, leaf in enumerate(leaves):
        indexing.store_parts(tr, flat, (tr.iconst(k),), indexing.element_value(tr, leaf, t))
    return out


def _list_item(t: ty.Type) -> tuple[ty.Scalar | None, int]:
    depth = 0
    while t.__class__ is ty.List:
        t = t.item
        depth += 1
    return (t if t.__class__ is ty.Scalar else None), depth


def from_line(values: Any, dtype: Any) -> Any:
    """An array of a list of numbers."""
    n = len(values)
    out = np.empty(n, dtype)
    for i in range(n):
        out[i] = values[i]
    return out


def from_rows(rows: Any, dtype: Any) -> Any:
    """An array of a list of lists of numbers."""
    n = len(rows)
    m = len(rows[0]) if n > 0 else 0
    out = np.empty((n, m), dtype)
    for i in range(n):
        row = rows[i]
        if len(row) != m:
            raise ValueError("setting an array element with a sequence. The requested array has an inhomogeneous shape")
        for j in range(m):
            out[i, j] = row[j]
    return out


def _from_list(tr: Translator, v: Value, dtype: ty.Scalar | None) -> Val:
    from jitpy.frontend.library.arrays import numpy_dtype

    item, depth = _list_item(v.type)
    if item is None or depth > 2:
        tr.error(f"an array of a {v.describe()} is not supported", "Lists of numbers and lists of lists of numbers are.")
    t = Const(numpy_dtype(dtype or strong(item)))
    result = tr.call_python(from_line if depth == 1 else from_rows, (v, t), inline=False)
    return tr.val(result)


def _converted(tr: Translator, v: Value, dtype: ty.Scalar | None, copy: bool, order: str) -> Val:
    if is_array(v) and copy and (dtype is None or v.type.dtype is dtype):
        if v.__class__ is not Val:
            return array(tr, v)
        layout = order if order in ("C", "F") else ("F" if v.type.layout == "F" else "C")
        return views.copied(tr, v, layout)
    return as_array(tr, v, dtype)


def _constructor(name: str, copy: bool) -> Callable[..., Value]:
    def handler(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
        obj, dtype, wanted, order, least = bind(
            tr, f"np.{name}", args, kwargs, "object dtype copy order ndmin" if copy else "a dtype order copy ndmin"
        )
        if not copy:
            wanted, order = order, wanted
        assert obj is not None
        copying = constant(tr, wanted, "copy", copy)
        v = _converted(tr, obj, dtype_of(tr, dtype), bool(copying), constant(tr, order, "the order", "K") or "K")
        missing = constant(tr, least, "ndmin", 0) - v.type.ndim
        if missing <= 0:
            return v
        items: list[Value] = [Const(None)] * missing
        return indexing.view(tr, array(tr, v), items + [indexing.FULL] * v.type.ndim)

    return handler


registry.call(np.array)(_constructor("array", True))
registry.call(np.asarray, np.asanyarray)(_constructor("asarray", False))


def _copier(default: str) -> Callable[..., Value]:
    def handler(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
        a, order = bind(tr, "copy", args, kwargs, "a order")
        assert a is not None
        if not is_array(a):
            return as_array(tr, a)
        wanted = constant(tr, order, "the order", default)
        like = "F" if a.type.layout == "F" else "C"
        layout = wanted if wanted in ("C", "F") else like
        if a.__class__ is not Val and like == layout:
            return array(tr, a)
        return views.copied(tr, array(tr, a), layout)

    return handler


registry.entry(registry.methods, (ty.Array, "copy"))(_copier("C"))
registry.call(np.copy)(_copier("K"))


def _contiguous(layout: str) -> Callable[..., Value]:
    def handler(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
        a, dtype = bind(tr, "np.ascontiguousarray", args, kwargs, "a dtype")
        assert a is not None
        v = as_array(tr, a, dtype_of(tr, dtype))
        t: ty.Array = v.type
        if t.ndim == 0:
            return views_reshape.reshaped(tr, v, [tr.iconst(1)])
        if t.layout == layout or (t.ndim == 1 and t.layout == "C"):
            return v
        if layout == "C":
            return views_reshape.contiguous(tr, v)
        return views.transposed(tr, views_reshape.contiguous(tr, views.transposed(tr, v)))

    return handler


registry.call(np.ascontiguousarray)(_contiguous("C"))
registry.call(np.asfortranarray)(_contiguous("F"))


@registry.call(np.atleast_1d)
def _atleast_1d(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    v = as_array(tr, args[0])
    return v if v.type.ndim else views_reshape.reshaped(tr, v, [tr.iconst(1)])


@registry.entry(registry.methods, (ty.Array, "item"))
def _item(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    v = array(tr, args[0])
    t: ty.Array = v.type
    if len(args) > 1:
        rest = args[1:]
        if len(rest) == 1 and t.ndim > 1:
            found = tr.getitem(views_reshape.raveled(tr, v), rest[0])
        else:
            found = tr.getitem(v, rest[0] if len(rest) == 1 else TupleVal(tuple(rest)))
        element = tr.val(found)
    else:
        if t.ndim:
            tr.check(
                differ(tr, product(tr, extents(v)), tr.iconst(1)), ValueError, "can only convert an array of size 1 to a scalar"
            )
        element = indexing.load(tr, v, [tr.iconst(0)] * t.ndim)
    return python_number(tr, element)


def python_number(tr: Translator, v: Val) -> Val:
    """``x.item()`` of a NumPy scalar."""
    t: ty.Scalar = v.type
    target = ty.py_uint if t is ty.uint64 else promotion.ITEM[t.kind]
    return Val(target, casts.cast(tr, v.ssa, t, target))


__all__ = ["as_array", "elementwise_stores", "is_none", "strong"]
