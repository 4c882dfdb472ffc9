"""Differences, integrals, convolution, polynomials, spacings: said in NumPy, in NumPy's order of operations."""

from __future__ import annotations

from typing import Any

import numpy as np
from jitpy.frontend.library.composed import composed, inlined


@composed(np.trapezoid)
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    y = np.moveaxis(np.asarray(y), axis, -1)
    pairs = y[..., 1:] + y[..., :-1]
    if x is None:
        return np.sum(dx * pairs / 2.0, axis=-1)
    points = np.asarray(x)
    if points.ndim == 1:
        return np.sum(np.diff(points) * pairs / 2.0, axis=-1)
    return np.sum(np.diff(np.moveaxis(points, axis, -1)) * pairs / 2.0, axis=-1)


def slope(f: Any, h: Any) -> Any:
    """Central differences along the last axis, one-sided at the ends."""
    if f.shape[-1] < 2:
        raise ValueError("Shape of array too small to calculate a numerical gradient, at least 2 elements are required.")
    out = np.empty_like(f)
    out[..., 1:-1] = (f[..., 2:] - f[..., :-2]) / (2.0 * h)
    out[..., 0] = (f[..., 1] - f[..., 0]) / h
    out[..., -1] = (f[..., -1] - f[..., -2]) / h
    return out


def slope_at(f: Any, x: Any) -> Any:
    """The same at points of uneven distances."""
    if f.shape[-1] < 2:
        raise ValueError("Shape of array too small to calculate a numerical gradient, at least 2 elements are required.")
    if x.size != f.shape[-1]:
        raise ValueError("when 1d, distances must match the length of the corresponding dimension")
    d = np.diff(x.astype(np.float64)) if x.dtype.kind == "i" or x.dtype.kind == "u" else np.diff(x)
    if np.all(d == d[0]):
        return slope(f, d[0])
    left, right = d[:-1], d[1:]
    out = np.empty_like(f)
    a = -(right) / (left * (left + right))
    b = (right - left) / (left * right)
    c = left / (right * (left + right))
    out[..., 1:-1] = a * f[..., :-2] + b * f[..., 1:-1] + c * f[..., 2:]
    out[..., 0] = (f[..., 1] - f[..., 0]) / d[0]
    out[..., -1] = (f[..., -1] - f[..., -2]) / d[-1]
    return out


@inlined
def along(f: Any, spacing: Any, axis: int) -> Any:
    """The gradient along one axis."""
    line = np.moveaxis(f, axis, -1)
    if np.ndim(spacing) == 0:
        return np.ascontiguousarray(np.moveaxis(slope(line, spacing), -1, axis))
    return np.ascontiguousarray(np.moveaxis(slope_at(line, np.asarray(spacing)), -1, axis))


@composed(np.gradient)
def gradient(f: Any, spacing: Any = 1.0, second: Any = None, third: Any = None, *, axis: Any = None) -> Any:
    f = np.asarray(f)
    if f.dtype.kind == "i" or f.dtype.kind == "u":
        f = f.astype(np.float64)
    if axis is not None:
        return along(f, spacing, axis)
    if f.ndim == 1:
        return along(f, spacing, 0)
    if f.ndim == 2:
        return along(f, spacing, 0), along(f, spacing if second is None else second, 1)
    if second is None:
        return along(f, spacing, 0), along(f, spacing, 1), along(f, spacing, 2)
    return along(f, spacing, 0), along(f, second, 1), along(f, third, 2)


def correlated(a: Any, v: Any, out: Any, first: int) -> None:
    """``out[k]``: the sum of products of ``v`` with ``a`` shifted by ``first + k`` (positions outside ``a`` are left out)."""
    n = a.size
    m = v.size
    for k in range(out.size):
        start = first + k
        low = -start if start < 0 else 0
        high = m if start + m <= n else n - start
        s = out[k]
        for j in range(low, high):
            s = s + a[start + j] * v[j]
        out[k] = s


def correlation(a: Any, v: Any, mode: str) -> Any:
    """The correlation of the longer ``a`` with the shorter ``v``."""
    n = a.size
    m = v.size
    t = np.result_type(a.dtype, v.dtype)
    if mode == "valid":
        count, first = n - m + 1, 0
    elif mode == "same":
        count, first = n, -(m // 2)
    else:
        count, first = n + m - 1, 1 - m
    out = np.zeros(count, t)
    correlated(a.astype(t), v.astype(t), out, first)
    return out


@composed(np.convolve)
def convolve(a: Any, v: Any, mode: str = "full") -> Any:
    a, v = np.asarray(a), np.asarray(v)
    if a.size == 0:
        raise ValueError("a cannot be empty")
    if v.size == 0:
        raise ValueError("v cannot be empty")
    if v.size > a.size:
        return correlation(v, a[::-1], mode)
    return correlation(a, v[::-1], mode)


@composed(np.correlate)
def correlate(a: Any, v: Any, mode: str = "valid") -> Any:
    a, v = np.asarray(a), np.asarray(v)
    if v.dtype.kind == "c":
        v = np.conj(v)
    if a.size == 0:
        raise ValueError("first array argument cannot be empty")
    if v.size == 0:
        raise ValueError("second array argument cannot be empty")
    if v.size > a.size:
        return correlation(v, a, mode)[::-1].copy()
    return correlation(a, v, mode)


@composed(np.cross)
def cross(a: Any, b: Any) -> Any:
    a, b = np.asarray(a), np.asarray(b)
    if a.shape[-1] != 3 or b.shape[-1] != 3:
        raise ValueError("Both input arrays must be (arrays of) 3-dimensional vectors here")
    x, y = a[..., 0], a[..., 1]
    first = y * b[..., 2] - a[..., 2] * b[..., 1]
    second = a[..., 2] * b[..., 0] - x * b[..., 2]
    third = x * b[..., 1] - y * b[..., 0]
    return np.stack((np.asarray(first), np.asarray(second), np.asarray(third)), axis=-1)


@composed(np.unwrap)
def unwrap(p: Any, discont: Any = None, axis: int = -1, *, period: float = 2 * np.pi) -> Any:
    p = np.asarray(p)
    d = np.diff(p, axis=axis)
    limit = period / 2 if discont is None else discont
    half = period / 2
    m = np.mod(d + half, period) - half
    m = np.where((m == -half) & (d > 0), half, m)
    turn = np.where(np.abs(d) < limit, 0, m - d)
    up = p.astype(np.result_type(p.dtype, np.float64)) if p.dtype.kind != "f" else p.copy()
    line, first = np.moveaxis(up, axis, -1), np.moveaxis(p, axis, -1)
    line[..., 1:] = first[..., 1:] + np.cumsum(np.moveaxis(turn, axis, -1), axis=-1)
    return up


@composed(np.ediff1d)
def ediff1d(ary: Any) -> Any:
    line = np.asarray(ary).ravel()
    return line[1:] - line[:-1]


@composed(np.polyval)
def polyval(p: Any, x: Any) -> Any:
    p, x = np.asarray(p), np.asarray(x)
    y = np.zeros_like(x).astype(np.result_type(x.dtype, p.dtype))
    for k in range(p.size):
        y = y * x + p[k]
    return y


@composed(np.logspace)
def logspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10.0) -> Any:
    return np.power(base, np.linspace(start, stop, num, endpoint=endpoint))


@composed(np.bartlett)
def bartlett(M: Any) -> Any:
    n = np.arange(1.0 - M, float(M), 2.0)
    return np.where(n <= 0, 1 + n / (M - 1.0), 1 - n / (M - 1.0)) if M != 1 else np.ones(1)


@composed(np.hanning)
def hanning(M: Any) -> Any:
    n = np.arange(1.0 - M, float(M), 2.0)
    return 0.5 + 0.5 * np.cos(np.pi * n / (M - 1.0)) if M != 1 else np.ones(1)


@composed(np.hamming)
def hamming(M: Any) -> Any:
    n = np.arange(1.0 - M, float(M), 2.0)
    return 0.54 + 0.46 * np.cos(np.pi * n / (M - 1.0)) if M != 1 else np.ones(1)


@composed(np.blackman)
def blackman(M: Any) -> Any:
    n = np.arange(1.0 - M, float(M), 2.0)
    return 0.42 + 0.5 * np.cos(np.pi * n / (M - 1.0)) + 0.08 * np.cos(2.0 * np.pi * n / (M - 1.0)) if M != 1 else np.ones(1)


@composed(np.sinc)
def sinc(x: Any) -> Any:
    x = np.pi * np.asarray(x)
    eps = np.finfo(x.dtype).eps if x.dtype.kind == "f" else 1e-20
    y = np.where(x, x, eps)
    return np.sin(y) / y


@composed(np.angle)
def angle(z: Any, deg: bool = False) -> Any:
    z = np.asarray(z)
    a = np.arctan2(z.imag, z.real)
    if deg:
        return a * (180 / np.pi)
    return a[()]


@composed(np.fix)
def fix(x: Any) -> Any:
    return np.trunc(x)


@composed(np.isreal)
def isreal(x: Any) -> Any:
    return np.asarray(x).imag == 0


@composed(np.iscomplex)
def iscomplex(x: Any) -> Any:
    return np.asarray(x).imag != 0


@composed(np.isneginf)
def isneginf(x: Any) -> Any:
    return np.isinf(x) & np.signbit(x)


@composed(np.isposinf)
def isposinf(x: Any) -> Any:
    return np.isinf(x) & ~np.signbit(x)
