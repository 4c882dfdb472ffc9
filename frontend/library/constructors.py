"""New arrays of one value: empty, zeros, ones, full, their ``_like`` forms, eye and identity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jitpy.backend.ir.types import I32, I64
from jitpy.frontend.library import casts, registry
from jitpy.frontend.library.arrays_arguments import bind, constant, dtype_of, integers_of, is_none
from jitpy.frontend.library.arrays_shape import (
    add,
    allocate,
    array,
    extents,
    is_array,
    itemsize,
    known,
    maximum,
    mul,
    product,
)
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Const, Val, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jitpy.frontend.translate.translator import Translator

Parts = tuple[int, ...]


def checked_shape(tr: Translator, v: Value) -> list[int]:
    """A shape argument; ValueError for negative extents."""
    shape = integers_of(tr, v, "the shape")
    for n in shape:
        k = known(tr, n)
        bounds = tr.bounds.get(n)
        if (k is not None and k >= 0) or (bounds is not None and bounds[0] >= 0):
            continue
        tr.check(tr.icmp("slt", n, tr.iconst(0)), ValueError, "negative dimensions are not allowed")
        tr.bound(n, 0, 1 << 62)
    return shape


def _order(tr: Translator, v: Value | None, like: ty.Array | None = None) -> str:
    order = constant(tr, v, "the order", "C" if like is None else "K")
    if order in ("K", "A") and like is not None:
        return "F" if like.layout == "F" else "C"
    if order in ("C", "F"):
        return str(order)
    tr.error(f"order must be 'C' or 'F' here, not {order!r}")


def fill_zero(tr: Translator, v: Val) -> None:
    """Zero a new array."""
    nbytes = mul(tr, product(tr, extents(v)), tr.iconst(itemsize(v.type)))
    tr.call_extern("memset", (I64, I32, I64), (I64,), v.ssa[1], tr.iconst(0, I32), nbytes)
    tr.keep(v.ssa[0])


def flat_view(tr: Translator, v: Val) -> Val:
    """The elements of a contiguous array in memory order, as one dimension."""
    t: ty.Array = v.type
    if t.ndim == 1:
        return v
    return Val(
        ty.array_of(t.dtype, 1, "C", t.readonly),
        (v.ssa[0], v.ssa[1], product(tr, extents(v)), tr.iconst(itemsize(t))),
    )


def fill_parts(tr: Translator, v: Val, parts: Parts) -> None:
    """Set every element of a contiguous array."""
    from jitpy.frontend.library.indexing import store_parts

    flat = flat_view(tr, v)

    def body(i: int, _: Parts) -> Parts:
        store_parts(tr, flat, (i,), parts)
        return ()

    tr.loop(flat.ssa[2], body)


def new(tr: Translator, shape: Value, dtype: ty.Scalar, order: str, fill: object) -> Val:
    """A new array of a user's shape, filled with a number, or not at all (None)."""
    v = allocate(tr, dtype, checked_shape(tr, shape), order, checked=True)
    _fill(tr, v, dtype, fill)
    return v


def _fill(tr: Translator, v: Val, dtype: ty.Scalar, fill: object) -> None:
    if fill == 0:
        fill_zero(tr, v)
    elif fill is not None:
        fill_parts(tr, v, casts.constant_parts(tr, fill, dtype))


def _constructor(fill: object) -> Callable[..., Value]:
    def handler(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
        shape, dtype, order = bind(tr, "the constructor", args, kwargs, "shape dtype order")
        t = dtype_of(tr, dtype, ty.float64)
        assert shape is not None and t is not None
        return new(tr, shape, t, _order(tr, order), fill)

    return handler


registry.call(np.empty)(_constructor(None))
registry.call(np.zeros)(_constructor(0))
registry.call(np.ones)(_constructor(1))


def _prototype(tr: Translator, v: Value) -> tuple[ty.Scalar, Sequence[int], ty.Array | None]:
    """Element type, extents and array type of what a ``_like`` function imitates."""
    if is_array(v):
        t: ty.Array = v.type
        return t.dtype, extents(array(tr, v)), t
    if v.kind() is ty.Scalar:
        from jitpy.frontend.types.promotion import DEFAULT

        scalar: ty.Scalar = v.type
        return DEFAULT.get(scalar, scalar), (), None
    from jitpy.frontend.library.constructors_nested import as_array

    made = as_array(tr, v)
    return made.type.dtype, extents(made), made.type


def _like(fill: object) -> Callable[..., Value]:
    def handler(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
        a, dtype, order, _, shape = bind(tr, "the constructor", args, kwargs, "a dtype order subok shape")
        assert a is not None
        t, same, like = _prototype(tr, a)
        t = dtype_of(tr, dtype, t) or t
        layout = _order(tr, order, like)
        if not is_none(shape):
            assert shape is not None
            return new(tr, shape, t, layout, fill)
        v = allocate(tr, t, same, layout)
        _fill(tr, v, t, fill)
        return v

    return handler


registry.call(np.empty_like)(_like(None))
registry.call(np.zeros_like)(_like(0))
registry.call(np.ones_like)(_like(1))


def _fill_value(tr: Translator, v: Val, value: Value) -> Value:
    if value.kind() is ty.Scalar:
        target: ty.Scalar = v.type.dtype
        source: ty.Scalar = value.type
        if source.weak and source.kind in "iu":
            from jitpy.frontend.library.indexing import element_value

            fill_parts(tr, v, element_value(tr, value, target))
        else:  # only a Python int has to fit
            fill_parts(tr, v, casts.cast(tr, tr.val(value).ssa, source, target))
    else:
        from jitpy.frontend.library import elementwise_stores

        elementwise_stores.assign(tr, v, value)
    return v


@registry.call(np.full)
def _full(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    shape, value, dtype, order = bind(tr, "np.full", args, kwargs, "shape fill_value dtype order", 2)
    assert shape is not None and value is not None
    t = dtype_of(tr, dtype, None) or _prototype(tr, value)[0]
    v = allocate(tr, t, checked_shape(tr, shape), _order(tr, order), checked=True)
    return _fill_value(tr, v, value)


@registry.call(np.full_like)
def _full_like(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    a, value, dtype, order = bind(tr, "np.full_like", args, kwargs, "a fill_value dtype order", 2)
    assert a is not None and value is not None
    t, same, like = _prototype(tr, a)
    t = dtype_of(tr, dtype, t) or t
    return _fill_value(tr, allocate(tr, t, same, _order(tr, order, like)), value)


@registry.call(np.eye, np.identity)
def _eye(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    n, m, k, dtype = bind(tr, "np.eye", args, kwargs, "N M k dtype")
    if m is not None and getattr(m, "type", None).__class__ is not ty.Scalar and not is_none(m):
        dtype, m = m, None  # np.identity(n, dtype)
    assert n is not None
    t = dtype_of(tr, dtype, ty.float64)
    assert t is not None
    (rows,) = checked_shape(tr, n)
    columns = rows if is_none(m) else checked_shape(tr, m)[0]  # type: ignore[arg-type]
    v = allocate(tr, t, (rows, columns), "C", checked=True)
    fill_zero(tr, v)
    shift = tr.iconst(0) if k is None else integers_of(tr, k, "k")[0]
    offset = maximum(tr, shift, tr.iconst(0))
    back = maximum(tr, _negated(tr, shift), tr.iconst(0))
    one = casts.constant_parts(tr, 1, t)
    from jitpy.frontend.library.arrays_shape import minimum, sub
    from jitpy.frontend.library.indexing import store_parts

    count = minimum(tr, sub(tr, columns, offset), sub(tr, rows, back))

    def body(i: int, _: Parts) -> Parts:
        store_parts(tr, v, (add(tr, i, back), add(tr, i, offset)), one)
        return ()

    tr.loop(count, body)
    return v


def _negated(tr: Translator, x: int) -> int:
    from jitpy.frontend.library.arrays_shape import sub

    return sub(tr, tr.iconst(0), x)


__all__ = ["Const", "checked_shape", "fill_parts", "fill_zero", "flat_view", "new"]
