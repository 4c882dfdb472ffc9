"""``np.linalg.norm`` of other orders and along axes; powers of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
from jitpy.frontend.library.composed import composed, inlined


@inlined
def norm_along(x: Any, ord: Any, axis: Any, keepdims: Any) -> Any:
    """Norms of vectors along one axis, or (for two axes, or a matrix with an order) of matrices."""
    x = np.asarray(x)
    if x.dtype.kind != "f" and x.dtype.kind != "c":
        x = x.astype(np.float64)
    if axis is None and x.ndim == 1:
        return vector_norm(x, ord, 0, keepdims)
    if isinstance(axis, int):
        return vector_norm(x, ord, axis, keepdims)
    if axis is None:
        return matrix_norm(x, ord, 0, 1, keepdims)
    return matrix_norm(x, ord, axis[0], axis[1], keepdims)


@inlined
def vector_norm(x: Any, ord: Any, axis: Any, keepdims: Any) -> Any:
    if ord is None or ord == 2:
        return np.sqrt(np.add.reduce((np.conj(x) * x).real, axis=axis, keepdims=keepdims))
    if ord == np.inf:
        return np.max(np.abs(x), axis=axis, keepdims=keepdims)
    if ord == -np.inf:
        return np.min(np.abs(x), axis=axis, keepdims=keepdims)
    if ord == 0:
        return np.sum((x != 0).astype(x.real.dtype), axis=axis, keepdims=keepdims)
    if ord == 1:
        return np.add.reduce(np.abs(x), axis=axis, keepdims=keepdims)
    return np.power(np.add.reduce(np.power(np.abs(x), ord), axis=axis, keepdims=keepdims), 1 / ord)


@inlined
def matrix_norm(x: Any, ord: Any, row: Any, column: Any, keepdims: Any) -> Any:
    if ord is None or ord == "fro":
        return np.sqrt(np.sum((np.conj(x) * x).real, axis=(row, column), keepdims=keepdims))
    if ord == 1:
        return np.max(np.sum(np.abs(x), axis=row, keepdims=True), axis=(row, column), keepdims=keepdims)
    if ord == -1:
        return np.min(np.sum(np.abs(x), axis=row, keepdims=True), axis=(row, column), keepdims=keepdims)
    if ord == np.inf:
        return np.max(np.sum(np.abs(x), axis=column, keepdims=True), axis=(row, column), keepdims=keepdims)
    if ord == -np.inf:
        return np.min(np.sum(np.abs(x), axis=column, keepdims=True), axis=(row, column), keepdims=keepdims)
    raise NotImplementedError("matrix norms are supported for the orders 'fro', 1, -1, inf, -inf")


@composed(np.linalg.matrix_power)
def matrix_power(a: Any, n: int) -> Any:
    a = np.asarray(a)
    if a.shape[0] != a.shape[1]:
        raise np.linalg.LinAlgError("Last 2 dimensions of the array must be square")
    base = a.copy()
    rest = n
    if n < 0:
        raise NotImplementedError("negative powers are not supported: write np.linalg.matrix_power(np.linalg.inv(a), -n)")
    result = np.eye(a.shape[0], dtype=a.dtype)
    while rest > 0:
        if rest & 1:
            result = result @ base
        rest = rest >> 1
        if rest > 0:
            base = base @ base
    return result
