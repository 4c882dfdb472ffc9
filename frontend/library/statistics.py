"""median, histogram, cov: library code in Python over NumPy functions that exist already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from jitpy.frontend.library import elementwise, registry, sorting, views, views_reshape
from jitpy.frontend.library.arrays_arguments import bind, constant, is_none
from jitpy.frontend.library.arrays_shape import array
from jitpy.frontend.library.constructors_nested import as_array
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Const, TupleVal, Value

if TYPE_CHECKING:
    from jitpy.frontend.translate.translator import Translator


# -- compiled library code ---------------------------------------------------------------------------------------------


def middle(line: Any) -> Any:
    """The mean of the one or two middle elements of a sorted line; NaN, which sorts last, where there is one."""
    n = line.size
    low = (n - 1) // 2
    high = n // 2 + 1
    if n == 0:
        low = 0
    elif line[n - 1] != line[n - 1]:
        low = n - 1
        high = n
    return np.mean(line[low:high])


def middle_along(a: Any, axis: int) -> Any:
    """The same of every line along an axis."""
    lines = np.moveaxis(np.sort(a, axis=axis), axis, -1)
    n = lines.shape[-1]
    if n == 0:
        return np.mean(lines, axis=-1)
    last = lines[..., n - 1]
    return np.where(np.isnan(last), last, np.mean(lines[..., (n - 1) // 2 : n // 2 + 1], axis=-1))[()]


def outer_edges(line: Any, integers: bool) -> Any:
    """The least and the greatest element; 0 and 1 if there is none."""
    low = 0.0
    high = 1.0
    if line.size > 0:
        low = float(np.min(line))
        high = float(np.max(line))
        if not (np.isfinite(low) and np.isfinite(high)):
            raise ValueError("autodetected range is not finite")
        if integers and (low < -(2.0**53) or high > 2.0**53):
            raise ValueError("np.histogram of integers beyond 2**53 is not supported")
    return low, high


def counted(line: Any, bins: int, low: float, high: float) -> Any:
    """How many elements lie in each of ``bins`` equal parts of the range, and the edges of the parts."""
    if bins < 1:
        raise ValueError("`bins` must be positive, when an integer")
    if low > high:
        raise ValueError("max must be larger than min in range parameter.")
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ValueError("supplied range is not finite")
    if low == high:
        low = low - 0.5
        high = high + 0.5
    edges = np.linspace(low, high, bins + 1)
    counts = np.zeros(bins, np.int64)
    width = np.float64(high - low)
    for x in line:
        if x >= low and x <= high:
            k = int((x - low) / width * bins)
            if k == bins:
                k = k - 1
            if x < edges[k]:
                k = k - 1
            elif k != bins - 1 and x >= edges[k + 1]:
                k = k + 1
            counts[k] += 1
    return counts, edges


def between_edges(a: Any, edges: Any) -> Any:
    """How many elements lie between neighbouring edges, the last one included; and the edges."""
    for k in range(edges.size - 1):
        if edges[k] > edges[k + 1]:
            raise ValueError("`bins` must increase monotonically, when an array")
    line = np.sort(a.ravel())
    below = np.searchsorted(line, edges[:-1])
    counts = np.diff(np.append(below, np.searchsorted(line, edges[-1], side="right")))
    return counts, edges


def densities(counts: Any, edges: Any) -> Any:
    """Counts as a density: by the widths of the parts and the number of elements."""
    return counts / np.diff(edges).astype(np.float64) / np.sum(counts), edges


def covariance(table: Any, ddof: int) -> Any:
    """The covariance of the rows."""
    rows = table.shape[0]
    if rows == 1:
        raise ValueError("np.cov of one variable is supported for one-dimensional arrays only")
    count = table.shape[1] - ddof
    if count < 0:
        count = 0
    centred = table - np.mean(table, axis=1)[:, None]
    result = np.empty((rows, rows))
    factor = np.float64(1.0) / np.float64(count)
    for i in range(rows):
        for j in range(i + 1):
            s = np.dot(centred[i], centred[j]) * factor
            result[i, j] = s
            result[j, i] = s
    return result


# -- functions ---------------------------------------------------------------------------------------------------------


@registry.call(np.median)
def _median(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    a, axis = bind(tr, "np.median", args, kwargs, "a axis")
    assert a is not None
    if not is_none(axis):
        return tr.call_python(middle_along, (as_array(tr, a), axis), inline=True)  # type: ignore[arg-type]
    line = views.copied(tr, views_reshape.raveled(tr, as_array(tr, a)))
    sorting.sort_along(tr, line, 0)
    return tr.call_python(middle, (line,), inline=False)


@registry.call(np.histogram)
def _histogram(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    a, bins, limits, density = bind(tr, "np.histogram", args, kwargs, "a bins range density")
    assert a is not None
    wanted = constant(tr, density, "density", False)
    if wanted:
        counts, edges = tr.unpack(_histogram(tr, [a], {k: v for k, v in (("bins", bins), ("range", limits)) if v is not None}), 2)  # type: ignore[misc]
        return tr.call_python(densities, (counts, edges), inline=True)
    if bins is not None and bins.kind() is not ty.Scalar and is_none(limits):
        return tr.call_python(between_edges, (as_array(tr, a), as_array(tr, bins)), inline=False)
    line = views_reshape.raveled(tr, as_array(tr, a))
    t = line.type.dtype
    if t is not ty.float64:
        if t.kind not in "iu" or t.bits < 32:
            tr.error(f"np.histogram of {t.name} elements is not supported", "Convert with astype(np.float64).")
        line = array(tr, elementwise.cast_tree(tr, line, ty.float64))
    count = bins if bins is not None else Const(10)
    if count.kind() is not ty.Scalar or tr.val(count).type.kind not in "iu":
        tr.error("np.histogram is supported with a number of bins", "Use np.searchsorted for bins of your own.")
    if is_none(limits):
        edges = tr.unpack(tr.call_python(outer_edges, (line, Const(t.kind in "iu")), inline=False), 2)
        assert edges is not None  # a tuple of two
    elif limits.__class__ is TupleVal and len(limits.items) == 2:
        edges = [tr.call(Const(float), [v]) for v in limits.items]
    else:
        tr.error("np.histogram: the range must be a tuple of two numbers")
    return tr.call_python(counted, (line, tr.call(Const(int), [count]), *edges), inline=False)


@registry.call(np.cov)
def _cov(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    m, y, by_rows, bias, ddof = bind(tr, "np.cov", args, kwargs, "m y rowvar bias ddof")
    assert m is not None
    v = as_array(tr, m)
    if not is_none(y):
        other = as_array(tr, y)  # type: ignore[arg-type]
        if v.type.ndim != 1 or other.type.ndim != 1:
            tr.error("np.cov of two arrays is supported for one-dimensional arrays", "Stack the variables first.")
        v = array(tr, tr.call(Const(np.stack), [TupleVal((v, other))]))
    t: ty.Array = v.type
    if t.ndim != 2 or t.dtype.kind == "c":
        tr.error(f"np.cov is supported for matrices of real numbers, not for {t.name}")
    if not constant(tr, by_rows, "rowvar", True):
        v = views.transposed(tr, v)
    if t.dtype is not ty.float64:
        v = array(tr, elementwise.cast_tree(tr, v, ty.float64))
    less = constant(tr, ddof, "ddof", None)
    if less is None:
        less = 0 if constant(tr, bias, "bias", False) else 1
    return tr.call_python(covariance, (v, Const(int(less))), inline=False)
