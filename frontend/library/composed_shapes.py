"""Arrays turned, split, stacked, repeated and laid out: said as views, copies and concatenations."""

from __future__ import annotations

from typing import Any

import numpy as np
from jitpy.frontend.library.composed import composed, inlined


@composed(np.rot90)
def rot90(m: Any, k: int = 1, axes: Any = (0, 1)) -> Any:
    m = np.asarray(m)
    if k % 4 == 0:
        return m[:]
    if k % 4 == 2:
        return np.flip(np.flip(m, axes[0]), axes[1])
    if k % 4 == 1:
        return np.swapaxes(np.flip(m, axes[1]), axes[0], axes[1])
    return np.flip(np.swapaxes(m, axes[0], axes[1]), axes[1])


@composed(np.rollaxis)
def rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    n = a.ndim
    at = axis % n
    to = start + n if start < 0 else start
    return np.moveaxis(a, at, to - 1 if at < to else to)


@composed(np.atleast_2d)
def atleast_2d(x: Any) -> Any:
    a = np.asarray(x)
    if a.ndim == 0:
        return a.reshape(1, 1)
    if a.ndim == 1:
        return a[None, :]
    return a


@composed(np.atleast_3d)
def atleast_3d(x: Any) -> Any:
    a = np.asarray(x)
    if a.ndim == 0:
        return a.reshape(1, 1, 1)
    if a.ndim == 1:
        return a[None, :, None]
    if a.ndim == 2:
        return a[:, :, None]
    return a


@composed(np.diagflat)
def diagflat(v: Any, k: int = 0) -> Any:
    return np.diag(np.asarray(v).ravel(), k)


@composed(np.tri)
def tri(N: int, M: Any = None, k: int = 0, dtype: Any = np.float64) -> Any:
    columns = N if M is None else M
    return (np.arange(N)[:, None] >= np.arange(-k, columns - k)[None, :]).astype(dtype)


@composed(np.vander)
def vander(x: Any, N: Any = None, increasing: bool = False) -> Any:
    x = np.asarray(x)
    n = x.size if N is None else N
    t = np.promote_types(x.dtype, np.int64)
    v = np.empty((x.size, n), t)
    view = v if increasing else v[:, ::-1]
    if n > 0:
        view[:, 0] = 1
    if n > 1:
        view[:, 1] = x
    for k in range(2, n):
        view[:, k] = view[:, k - 1] * view[:, 1]
    return v


@composed(np.kron)
def kron(a: Any, b: Any) -> Any:
    a, b = np.asarray(a), np.asarray(b)
    if a.ndim == 0 or b.ndim == 0:
        return np.multiply(a, b)
    if a.ndim == 1 and b.ndim == 1:
        return np.outer(a, b).ravel()
    x, y = np.atleast_2d(a), np.atleast_2d(b)
    product = x[:, None, :, None] * y[None, :, None, :]
    return product.reshape(x.shape[0] * y.shape[0], x.shape[1] * y.shape[1])


@composed(np.meshgrid)
def meshgrid(x: Any, y: Any, *, sparse: bool = False, indexing: str = "xy") -> Any:
    a, b = np.asarray(x).ravel(), np.asarray(y).ravel()
    if indexing == "xy":
        first, second = a[None, :], b[:, None]
        shape = (b.size, a.size)
    else:
        first, second = a[:, None], b[None, :]
        shape = (a.size, b.size)
    if sparse:
        return first.copy(), second.copy()
    return np.broadcast_to(first, shape).copy(), np.broadcast_to(second, shape).copy()


@composed(np.broadcast_arrays)
def broadcast_arrays(a: Any, b: Any) -> Any:
    x, y = np.asarray(a), np.asarray(b)
    shape = (np.zeros(x.shape, np.bool_) | np.zeros(y.shape, np.bool_)).shape
    return np.broadcast_to(x, shape), np.broadcast_to(y, shape)


@composed(np.argwhere)
def argwhere(a: Any) -> Any:
    a = np.asarray(a)
    if a.ndim == 0:
        return np.empty((1 if a[()] else 0, 0), np.int64)
    return np.stack(np.nonzero(a), axis=1)


@composed(np.extract)
def extract(condition: Any, arr: Any) -> Any:
    return np.asarray(arr).ravel()[np.flatnonzero(condition)]


@composed(np.compress)
def compress(condition: Any, a: Any, axis: Any = None) -> Any:
    a = np.asarray(a)
    chosen = np.flatnonzero(np.asarray(condition))
    if axis is None:
        return a.ravel()[chosen]
    return np.take(a, chosen, axis=axis)


@composed(np.delete)
def delete(arr: Any, obj: Any, axis: Any = None) -> Any:
    if axis is None:
        return removed(np.asarray(arr).ravel(), obj)
    return np.moveaxis(removed(np.moveaxis(arr, axis, 0), obj), 0, axis)


@inlined
def removed(a: Any, obj: Any) -> Any:
    """The items along the first axis without those at one index, several, or where a mask is true."""
    n = a.shape[0]
    keep = np.ones(n, np.bool_)
    if isinstance(obj, (int, np.integer)):
        if obj < -n or obj >= n:
            raise IndexError(f"index {obj} is out of bounds for axis 0 with size {n}")
        keep[obj] = False
        return a[keep]
    indices = np.asarray(obj)
    if indices.dtype.kind == "b":
        if indices.size != n:
            raise ValueError("boolean array argument obj to delete must be one dimensional and match the axis length")
        return a[~indices]
    keep[indices] = False
    return a[keep]


@composed(np.insert)
def insert(arr: Any, obj: int, values: Any, axis: Any = None) -> Any:
    a = np.asarray(arr).ravel() if axis is None else np.asarray(arr)
    line = np.moveaxis(a, 0 if axis is None else axis, 0)
    n = line.shape[0]
    if obj < -n or obj > n:
        raise IndexError(f"index {obj} is out of bounds for axis 0 with size {n}")
    at = obj + n if obj < 0 else obj
    new = np.asarray(values).astype(a.dtype)
    if a.ndim == 1:
        return np.concatenate((a[:at], new.ravel(), a[at:]))
    out = np.empty((n + 1, *line.shape[1:]), a.dtype)
    out[:at] = line[:at]
    out[at] = new
    out[at + 1 :] = line[at:]
    return np.moveaxis(out, 0, axis)


@composed(np.take_along_axis)
def take_along_axis(arr: Any, indices: Any, axis: int = -1) -> Any:
    a = np.moveaxis(arr, axis, -1)
    at = np.moveaxis(indices, axis, -1)
    if a.ndim == 1:
        return a[at]
    if a.ndim > 2:
        raise NotImplementedError("np.take_along_axis is supported for one and two dimensions: loop over the other axes")
    out = np.empty(at.shape, a.dtype)
    for i in range(at.shape[0]):
        out[i] = a[i % a.shape[0]][at[i]]
    return np.moveaxis(out, -1, axis)


@composed(np.fill_diagonal)
def fill_diagonal(a: Any, val: Any) -> None:
    for i in range(min(a.shape)):
        a[i, i] = val


@composed(np.tril_indices)
def tril_indices(n: int, k: int = 0, m: Any = None) -> Any:
    return np.nonzero(np.tri(n, m, k, np.bool_))


@composed(np.triu_indices)
def triu_indices(n: int, k: int = 0, m: Any = None) -> Any:
    return np.nonzero(~np.tri(n, m, k - 1, np.bool_))


@composed(np.diag_indices)
def diag_indices(n: int) -> Any:
    line = np.arange(n)
    return line, line


@composed(np.resize)
def resize(a: Any, new_shape: Any) -> Any:
    line = np.asarray(a).ravel()
    out = np.empty(new_shape, line.dtype)
    flat = out.reshape(-1)
    if line.size == 0:
        return np.zeros(new_shape, line.dtype)
    for k in range(flat.size):
        flat[k] = line[k % line.size]
    return out


@composed(np.trim_zeros)
def trim_zeros(filt: Any, trim: str = "fb") -> Any:
    first = 0
    last = filt.size
    if trim != "b":
        while first < last and filt[first] == 0:
            first += 1
    if trim != "f":
        while last > first and filt[last - 1] == 0:
            last -= 1
    return filt[first:last]
