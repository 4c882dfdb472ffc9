"""Functions made of others: allclose, array_equal, interp, bincount, triu, tril."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from jitpy.frontend.library import elementwise, elementwise_functions, elementwise_loops, indexing, reductions, registry
from jitpy.frontend.library.arrays_arguments import bind, constant
from jitpy.frontend.library.arrays_shape import allocate, array, differ, either, extents, is_array
from jitpy.frontend.library.constructors_nested import as_array
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Const, Val, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from jitpy.frontend.translate.translator import Translator

Parts = tuple[int, ...]


def _all(tr: Translator, v: Value) -> Val:
    if not is_array(v):
        return tr.val(v)
    return reductions.reduce_all(tr, array(tr, v), reductions.fold_of("all", ty.np_bool))


@registry.call(np.allclose)
def _allclose(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    result = _all(tr, elementwise_functions.close(tr, args, kwargs, "np.allclose"))
    return Val(ty.py_bool, result.ssa)


@registry.call(np.array_equal)
def _array_equal(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    a, b = bind(tr, "np.array_equal", args, kwargs, "a1 a2", 2)
    x, y = as_array(tr, a), as_array(tr, b)  # type: ignore[arg-type]
    if x.type.ndim != y.type.ndim:
        return Const(False)
    other: int | bool = False
    for n, m in zip(extents(x), extents(y), strict=True):
        other = either(tr, other, differ(tr, n, m))

    def same_shape() -> Parts:
        return _all(tr, elementwise.apply(tr, np.equal, (x, y))).ssa

    return Val(ty.py_bool, tr.branch(other, lambda: (tr.iconst(0, 1),), same_shape, (1,)))


def interpolate(x: Any, xs: Any, ys: Any, left: Any, right: Any) -> Any:
    """The piecewise linear function through the points at ``x``, by NumPy's formula."""
    n = xs.size
    if x != x:
        return x
    if x > xs[n - 1]:
        return right
    if x < xs[0]:
        return left
    low = 0
    high = n
    while low < high:
        middle = (low + high) >> 1
        if x >= xs[middle]:
            low = middle + 1
        else:
            high = middle
    j = low - 1
    if j == n - 1:
        return ys[j]
    if xs[j] == x:
        return ys[j]
    slope = (ys[j + 1] - ys[j]) / (xs[j + 1] - xs[j])
    result = slope * (x - xs[j]) + ys[j]
    if result != result:
        result = slope * (x - xs[j + 1]) + ys[j + 1]
        if result != result and ys[j] == ys[j + 1]:
            result = ys[j]
    return result


@registry.call(np.interp)
def _interp(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    x, xp, fp, left, right = bind(tr, "np.interp", args, kwargs, "x xp fp left right", 3)
    if fp.type.__class__ is ty.Array and fp.type.dtype.kind == "c":  # type: ignore[union-attr]
        tr.error("np.interp of complex values is not supported", "Interpolate the real and the imaginary part.")
    xs, ys = as_array(tr, xp, ty.float64), as_array(tr, fp, ty.float64)  # type: ignore[arg-type]
    n = xs.ssa[2]
    tr.check(tr.icmp("eq", n, tr.iconst(0)), ValueError, "array of sample points is empty")
    tr.check(differ(tr, n, ys.ssa[2]), ValueError, "fp and xp are not of the same length.")

    def as_double(v: Value) -> Value:
        from jitpy.frontend.library import ufuncs_scalar

        return Val(ty.float64, ufuncs_scalar.convert(tr, v, ty.float64))

    zero = tr.iconst(0)
    first = as_double(left) if left is not None else indexing.load(tr, ys, (zero,))
    last = as_double(right) if right is not None else indexing.load(tr, ys, (tr.op(_isub(), 4, n, tr.iconst(1)),))

    def at(v: Value) -> Parts:
        return tr.val(tr.call_python(interpolate, (v, xs, ys, first, last), inline=False)).ssa

    assert x is not None
    if x.kind() is ty.Scalar:
        return Val(ty.float64, at(as_double(x)))
    points = as_array(tr, x, ty.float64)
    if not points.type.ndim:
        return Val(ty.float64, at(indexing.load(tr, points, ())))
    out = allocate(tr, ty.float64, extents(points))
    elementwise_loops.nest(tr, extents(points), "C", lambda k: indexing.store_parts(tr, out, k, at(indexing.load(tr, points, k))))
    return out


def _isub() -> int:
    from jitpy.backend.ir import opcodes as op

    return op.ISUB


def count_values(values: Any, minlength: Any) -> Any:
    """How often each of 0, 1, 2 ... occurs."""
    n = values.size
    top = -1
    for i in range(n):
        v = int(values[i])
        if v < 0:
            raise ValueError("'list' argument must have no negative elements")
        if v > top:
            top = v
    out = np.zeros(max(top + 1, minlength), np.int64)
    for i in range(n):
        out[int(values[i])] += 1
    return out


def add_weights(values: Any, weights: Any, minlength: Any) -> Any:
    """The sum of the weights of each of 0, 1, 2 ..."""
    n = values.size
    if weights.size != n:
        raise ValueError("The weights and list don't have the same length.")
    top = -1
    for i in range(n):
        v = int(values[i])
        if v < 0:
            raise ValueError("'list' argument must have no negative elements")
        if v > top:
            top = v
    out = np.zeros(max(top + 1, minlength), np.float64)
    for i in range(n):
        out[int(values[i])] += weights[i]
    return out


@registry.call(np.bincount)
def _bincount(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    x, weights, minlength = bind(tr, "np.bincount", args, kwargs, "x weights minlength")
    v = as_array(tr, x)  # type: ignore[arg-type]
    t: ty.Array = v.type
    if t.ndim != 1 or t.dtype.kind not in "biu" or t.dtype is ty.uint64:
        tr.error("np.bincount wants a one-dimensional array of integers")
    least = minlength if minlength is not None else Const(0)
    if weights is None:
        return tr.call_python(count_values, (v, least), inline=False)
    return tr.call_python(add_weights, (v, as_array(tr, weights, ty.float64), least), inline=False)


def _triangle(upper: bool) -> Callable[..., Value]:
    def handler(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
        from jitpy.backend.ir import opcodes as op
        from jitpy.frontend.library import casts

        m, k = bind(tr, "np.triu", args, kwargs, "m k")
        v = as_array(tr, m)  # type: ignore[arg-type]
        t: ty.Array = v.type
        if t.ndim != 2:
            tr.error("np.triu and np.tril are supported for matrices")
        shift = tr.iconst(constant(tr, k, "k", 0))
        out = allocate(tr, t.dtype, extents(v))
        zero = casts.constant_parts(tr, 0, t.dtype)

        def cell(at: list[int]) -> None:
            distance = tr.op(op.ISUB, 4, at[1], at[0])
            inside = tr.icmp("sge" if upper else "sle", distance, shift)
            parts = indexing.load_parts(tr, v, at)
            indexing.store_parts(tr, out, at, tuple([tr.select(inside, p, z) for p, z in zip(parts, zero, strict=True)]))

        elementwise_loops.nest(tr, extents(v), "C", cell)
        return out

    return handler


registry.call(np.triu)(_triangle(True))
registry.call(np.tril)(_triangle(False))
