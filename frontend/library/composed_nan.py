"""Reductions that leave out NaN: said by NumPy's way of replacing it with the neutral element and counting the rest."""

from __future__ import annotations

from typing import Any

import numpy as np
from jitpy.frontend.library.composed import composed


@composed(np.nansum)
def nansum(a: Any, axis: Any = None, dtype: Any = None, keepdims: Any = False) -> Any:
    a = np.asarray(a)
    if a.dtype.kind == "f" or a.dtype.kind == "c":
        return np.sum(np.where(np.isnan(a), 0, a), axis=axis, dtype=dtype, keepdims=keepdims)
    return np.sum(a, axis=axis, dtype=dtype, keepdims=keepdims)


@composed(np.nanprod)
def nanprod(a: Any, axis: Any = None, dtype: Any = None, keepdims: Any = False) -> Any:
    a = np.asarray(a)
    if a.dtype.kind == "f" or a.dtype.kind == "c":
        return np.prod(np.where(np.isnan(a), 1, a), axis=axis, dtype=dtype, keepdims=keepdims)
    return np.prod(a, axis=axis, dtype=dtype, keepdims=keepdims)


@composed(np.nancumsum)
def nancumsum(a: Any, axis: Any = None, dtype: Any = None) -> Any:
    a = np.asarray(a)
    if a.dtype.kind == "f" or a.dtype.kind == "c":
        return np.cumsum(np.where(np.isnan(a), 0, a), axis=axis, dtype=dtype)
    return np.cumsum(a, axis=axis, dtype=dtype)


@composed(np.nancumprod)
def nancumprod(a: Any, axis: Any = None, dtype: Any = None) -> Any:
    a = np.asarray(a)
    if a.dtype.kind == "f" or a.dtype.kind == "c":
        return np.cumprod(np.where(np.isnan(a), 1, a), axis=axis, dtype=dtype)
    return np.cumprod(a, axis=axis, dtype=dtype)


@composed(np.nanmin)
def nanmin(a: Any, axis: Any = None, keepdims: Any = False) -> Any:
    return np.fmin.reduce(np.asarray(a), axis=axis, keepdims=keepdims)


@composed(np.nanmax)
def nanmax(a: Any, axis: Any = None, keepdims: Any = False) -> Any:
    return np.fmax.reduce(np.asarray(a), axis=axis, keepdims=keepdims)


@composed(np.nanargmin)
def nanargmin(a: Any, axis: Any = None, keepdims: Any = False) -> Any:
    a = np.asarray(a)
    if a.dtype.kind == "f" or a.dtype.kind == "c":
        missing = np.isnan(a)
        if np.any(np.all(missing, axis=axis)):
            raise ValueError("All-NaN slice encountered")
        return np.argmin(np.where(missing, np.inf, a), axis=axis, keepdims=keepdims)
    return np.argmin(a, axis=axis, keepdims=keepdims)


@composed(np.nanargmax)
def nanargmax(a: Any, axis: Any = None, keepdims: Any = False) -> Any:
    a = np.asarray(a)
    if a.dtype.kind == "f" or a.dtype.kind == "c":
        missing = np.isnan(a)
        if np.any(np.all(missing, axis=axis)):
            raise ValueError("All-NaN slice encountered")
        return np.argmax(np.where(missing, -np.inf, a), axis=axis, keepdims=keepdims)
    return np.argmax(a, axis=axis, keepdims=keepdims)


@composed(np.nanmean)
def nanmean(a: Any, axis: Any = None, dtype: Any = None, keepdims: Any = False) -> Any:
    a = np.asarray(a)
    if a.dtype.kind == "f" or a.dtype.kind == "c":
        missing = np.isnan(a)
        count = np.sum(~missing, axis=axis, dtype=np.int64, keepdims=keepdims)
        total = np.sum(np.where(missing, 0, a), axis=axis, dtype=dtype, keepdims=keepdims)
        return (total / count).astype(total.dtype)
    return np.mean(a, axis=axis, dtype=dtype, keepdims=keepdims)


@composed(np.nanvar)
def nanvar(a: Any, axis: Any = None, dtype: Any = None, ddof: Any = 0, keepdims: Any = False) -> Any:
    a = np.asarray(a)
    if a.dtype.kind == "f" or a.dtype.kind == "c":
        missing = np.isnan(a)
        values = np.where(missing, 0, a)
        count = np.sum(~missing, axis=axis, dtype=np.int64, keepdims=True)
        mean = (np.sum(values, axis=axis, keepdims=True) / count).astype(a.dtype)
        distance = np.where(missing, 0, (values - mean).astype(a.dtype))
        if a.dtype.kind == "c":
            total = np.sum((distance * np.conj(distance)).real, axis=axis, keepdims=keepdims)
        else:
            total = np.sum(distance * distance, axis=axis, keepdims=keepdims)
        free = np.sum(~missing, axis=axis, dtype=np.int64, keepdims=keepdims) - ddof
        result = (total / free).astype(total.dtype)
        return np.where(free <= 0, np.nan, result).astype(total.dtype)[()]
    return np.var(a, axis=axis, ddof=ddof, keepdims=keepdims)


@composed(np.nanstd)
def nanstd(a: Any, axis: Any = None, dtype: Any = None, ddof: Any = 0, keepdims: Any = False) -> Any:
    return np.sqrt(np.nanvar(a, axis=axis, ddof=ddof, keepdims=keepdims))


@composed(np.nanmedian)
def nanmedian(a: Any, axis: Any = None) -> Any:
    a = np.asarray(a)
    if axis is None:
        line = a.ravel()
        return np.median(line[~np.isnan(line)])
    lines = np.moveaxis(a, axis, -1)
    shape = lines.shape[:-1]
    rows = lines.reshape((np.zeros(shape, np.bool_).size, a.shape[axis]))
    if rows.shape[0] == 1 and len(shape) == 0:
        return np.median(rows[0][~np.isnan(rows[0])])
    result = np.empty(rows.shape[0], a.dtype if a.dtype.kind == "f" or a.dtype.kind == "c" else np.float64)
    for k in range(rows.shape[0]):
        result[k] = np.median(rows[k][~np.isnan(rows[k])])
    return result.reshape(shape)


@composed(np.nan_to_num)
def nan_to_num(x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    a = np.asarray(x)
    if not copy:
        raise NotImplementedError("np.nan_to_num with copy=False is not supported: assign the result")
    if a.dtype.kind == "c":
        raise NotImplementedError("np.nan_to_num of complex numbers is not supported: use their real and imaginary parts")
    if a.dtype.kind == "f":
        high = np.finfo(a.dtype).max if posinf is None else posinf
        low = np.finfo(a.dtype).min if neginf is None else neginf
        return np.where(np.isnan(a), nan, np.where(a == np.inf, high, np.where(a == -np.inf, low, a)))[()]
    return np.array(a)[()]
