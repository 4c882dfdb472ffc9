"""The oracle of these tests: the undecorated function under CPython and NumPy.

`check` calls a function as it is and jitted, each with its own copies of the arguments (same strides and offsets), and compares
type, dtype, shape, value (bits, but for NaN), what became of the arguments, and the class of the exception.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

import jitpy

DTYPES = (
    "bool", "int8", "uint8", "int32", "uint32", "int64", "uint64", "float16", "float32", "float64", "complex128",
)  # fmt: skip
rng = np.random.default_rng(0)


def make(shape: tuple[int, ...], dtype: str = "float64", layout: str = "C") -> Any:
    """Random numbers; layouts: C, F, S (every second element of a larger array), N (reversed)."""
    x: Any = rng.integers(-5, 6, shape)
    if dtype.startswith("f"):
        x = rng.standard_normal(shape) * 3
    elif dtype.startswith("c"):
        x = rng.standard_normal(shape) + 1j * rng.standard_normal(shape)
    elif dtype == "bool":
        x = x > 0
    x = np.asarray(x).astype(dtype)
    if layout == "F":
        x = np.asfortranarray(x)
    elif layout == "S":
        large = np.zeros([2 * n + 1 for n in shape], dtype)
        v = large[tuple(slice(1, 2 * n + 1, 2) for n in shape)]
        v[...] = x
        x = v
    elif layout == "N":
        x = x[tuple(slice(None, None, -1) for _ in shape)]
    return x


def spread(shape: tuple[int, ...], dtype: str = "float64") -> Any:
    """Numbers of very different sizes: sums of them show the order of the additions."""
    return (rng.standard_normal(shape) * 10.0 ** rng.integers(-5, 5, shape)).astype(dtype)


def replica(a: Any) -> Any:
    """A copy of an array in memory of its own, with the same strides and offsets; anything else as it is."""
    if not isinstance(a, np.ndarray):
        return a
    low, high = np.lib.array_utils.byte_bounds(a)
    memory = np.zeros(max(high - low, 1), np.uint8)
    v: Any = np.ndarray(a.shape, a.dtype, memory.data, a.__array_interface__["data"][0] - low, a.strides)
    v[...] = a
    return v


def difference(a: Any, b: Any, exact: bool) -> str:
    """What differs between the expected and the computed value, nothing if they agree."""
    if type(a) is not type(b):
        return f"type {type(a).__name__}, not {type(b).__name__}"
    if isinstance(a, tuple):
        if len(a) != len(b):
            return "lengths"
        return next((f"[{k}] {d}" for k, (x, y) in enumerate(zip(a, b, strict=True)) if (d := difference(x, y, exact))), "")
    if isinstance(a, np.ndarray) and (a.dtype != b.dtype or a.shape != b.shape):
        return f"{a.dtype}{a.shape}, not {b.dtype}{b.shape}"
    if a is None:
        return ""
    x, y = np.asarray(a), np.asarray(b)
    same = (x == y) | ((x != x) & (y != y))
    if x.dtype.kind == "f":
        same &= (np.signbit(x) == np.signbit(y)) | (x != x)
    if not exact:
        error = {2: 1e-2, 4: 1e-5}.get(x.real.dtype.itemsize, 1e-12)
        same |= np.isclose(x, y, rtol=error, atol=error, equal_nan=True)
    return "" if np.all(same) else f"expected {a!r}, got {b!r}"


def outcome(function: Any, args: tuple[Any, ...]) -> Any:
    """(True, result) or (False, exception)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return True, function(*args)
        except Exception as error:
            return False, error


def check(function: Any, *args: Any, exact: bool = True) -> None:
    """Assert that the jitted function has the outcome of the function itself."""
    first, second = tuple(map(replica, args)), tuple(map(replica, args))
    ok, expected = outcome(function, first)
    done, result = outcome(jitpy.jit(function), second)
    shown = ", ".join(f"{a.dtype}{a.shape}{a.strides}" if isinstance(a, np.ndarray) else repr(a) for a in args)
    text = f"{function.__name__}({shown}): "
    assert ok == done, f"{text}expected {expected!r}, got {result!r}"
    if not ok:
        builtin = next(c for c in type(expected).__mro__ if c.__module__ == "builtins")
        assert isinstance(result, builtin), f"{text}expected {expected!r}, got {result!r}"
        return
    found = difference(expected, result, exact)
    assert not found, text + found
    for a, b in zip(first, second, strict=True):
        if isinstance(a, np.ndarray):
            changed = difference(a, b, exact)
            assert not changed, f"{text}argument: {changed}"
