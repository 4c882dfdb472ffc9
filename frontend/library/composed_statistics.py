"""Averages, quantiles, correlation, binning: said in NumPy, in NumPy's order of operations."""

from __future__ import annotations

from typing import Any

import numpy as np
from jitpy.frontend.library.composed import composed, inlined


@composed(np.average)
def average(a: Any, axis: Any = None, weights: Any = None, returned: bool = False, keepdims: Any = False) -> Any:
    a = np.asarray(a)
    if weights is None:
        result = np.mean(a, axis=axis, keepdims=keepdims)
        if result.size == 0:
            raise ZeroDivisionError("division by zero")
        if returned:
            return result, np.full_like(result, a.size / result.size)
        return result
    w = np.asarray(weights)
    if w.ndim != a.ndim:
        w = np.swapaxes(np.broadcast_to(w, (1,) * (a.ndim - 1) + w.shape), -1, axis)
    if a.dtype.kind == "f" or a.dtype.kind == "c":
        t = np.result_type(a.dtype, w.dtype)
    else:
        t = np.result_type(a.dtype, w.dtype, np.float64)
    scale = np.sum(w, axis=axis, dtype=t, keepdims=keepdims)
    if np.any(scale == 0.0):
        raise ZeroDivisionError("Weights sum to zero, can't be normalized")
    result = np.sum(a.astype(t) * w.astype(t), axis=axis, keepdims=keepdims) / scale
    if returned:
        return result, scale
    return result


def between(low: Any, high: Any, t: Any) -> Any:
    """The point at ``t`` of the way from ``low`` to ``high``, from the nearer end."""
    distance = high - low
    return np.where(t >= 0.5, high - distance * (1 - t), low + distance * t)


def quantile_of(sorted_first: Any, q: float) -> Any:
    """A quantile along the first axis of sorted values."""
    if not (q >= 0.0 and q <= 1.0):
        raise ValueError("Quantiles must be in the range [0, 1]")
    n = sorted_first.shape[0]
    at = (n - 1) * q
    k = int(np.floor(at))
    low = sorted_first[min(k, n - 1)]
    high = sorted_first[min(k + 1, n - 1)]
    t = at - k if at < n - 1 else at + 1.0
    last = sorted_first[n - 1]
    return np.where(np.isnan(last), last, between(low, high, t))[()]


@inlined
def first_sorted(a: Any, axis: Any) -> Any:
    """The values sorted along an axis (all of them for None), that axis first, ready to be interpolated."""
    if a.dtype.kind == "c":
        raise TypeError("a must be an array of real numbers")
    if axis is None:
        return np.sort(a.ravel())
    return np.moveaxis(np.sort(a, axis=axis), axis, 0)


@inlined
def quantiles(a: Any, q: Any, axis: Any, scale: Any) -> Any:
    """Quantiles at ``q / scale``: one, or an array of them in front of the other axes."""
    values = first_sorted(np.asarray(a), axis)
    if isinstance(q, (int, float, np.number)):
        return quantile_of(values, q / scale)
    wanted = np.asarray(q) / scale
    result = np.empty(wanted.shape + values.shape[1:], np.float64)
    for k in range(wanted.size):
        result[k] = quantile_of(values, wanted[k])
    return result


@composed(np.quantile)
def quantile(a: Any, q: Any, axis: Any = None) -> Any:
    return quantiles(a, q, axis, 1)


@composed(np.percentile)
def percentile(a: Any, q: Any, axis: Any = None) -> Any:
    return quantiles(a, q, axis, 100)


def numbers(a: Any) -> Any:
    """The elements that are not NaN; one NaN if there are none."""
    line = np.asarray(a).ravel()
    some = line[~np.isnan(line)]
    return some if some.size > 0 else np.full(1, np.nan).astype(line.dtype)


@composed(np.nanquantile)
def nanquantile(a: Any, q: Any, axis: Any = None) -> Any:
    return quantiles(numbers(a), q, None, 1)


@composed(np.nanpercentile)
def nanpercentile(a: Any, q: Any, axis: Any = None) -> Any:
    return quantiles(numbers(a), q, None, 100)


@composed(np.corrcoef)
def corrcoef(x: Any, y: Any = None, rowvar: bool = True) -> Any:
    x = np.asarray(x)
    if y is None and x.ndim == 1:
        one = np.cov(x)
        return one / one
    c = np.cov(x, rowvar=rowvar) if y is None else np.cov(x, y, rowvar=rowvar)
    deviation = np.sqrt(np.diag(c))
    return np.clip(c / deviation[:, None] / deviation[None, :], -1, 1)


def direction(edges: Any) -> int:
    """1 for edges that never fall, -1 for edges that never rise, 0 for others."""
    up = True
    down = True
    for k in range(edges.size - 1):
        if edges[k + 1] < edges[k]:
            up = False
        if edges[k + 1] > edges[k]:
            down = False
    return 1 if up else -1 if down else 0


@composed(np.digitize)
def digitize(x: Any, bins: Any, right: bool = False) -> Any:
    edges = np.asarray(bins)
    x = np.asarray(x)[()]
    if x.dtype.kind == "c":
        raise TypeError("x may not be complex")
    way = direction(edges)
    if way == 0:
        raise ValueError("bins must be monotonically increasing or decreasing")
    side: Any = "left" if right else "right"
    if way < 0:
        return len(edges) - np.searchsorted(edges[::-1].copy(), x, side=side)
    return np.searchsorted(edges, x, side=side) + 0
