"""Reductions: NumPy's results to the last bit, its types and its errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from differential import DTYPES, check, make, spread


def whole(a: Any) -> Any:
    return (
        a.sum(), a.mean(), a.min(), a.max(), a.argmin(), a.argmax(), a.all(), np.any(a), np.count_nonzero(a), a.std(), np.var(a),
        np.ptp(a),
    )  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES[1:-1])
def test_whole(dtype: str) -> None:
    for shape, layout in (((), "C"), ((1,), "C"), ((129,), "N"), ((1000,), "S"), ((20, 30), "F"), ((2, 3, 4), "S"), ((30, 1), "C")):
        check(whole, make(shape, dtype, layout))


def test_complex_and_bool() -> None:
    def f(a: Any) -> Any:
        return a.sum(), a.mean(), a.all(), np.count_nonzero(a)

    for dtype in ("bool", "complex128"):
        for layout in "CFS":
            check(f, make((20, 30), dtype, layout))


@pytest.mark.parametrize("n", [0, 1, 7, 8, 127, 128, 129, 1000, 20000])
def test_sums_are_pairwise(n: int) -> None:
    def f(a: Any) -> Any:
        return a.sum(), a[::3].sum(), a[::-1].sum(), a.sum(dtype=np.float64)

    for dtype in ("float64", "float32"):
        check(f, spread((n,), dtype))


def test_sums_of_scattered_arrays() -> None:
    def f(a: Any) -> Any:
        return a.sum()

    for shape in ((300, 200), (12, 20000), (40, 30, 20), (12, 180, 200)):
        x = spread(shape)
        for y in (x, x.T, x[::2], x[:, ::2], x[::2, ::3].T, x[::-1, ::2]):
            check(f, y)


def axes(a: Any) -> Any:
    return (
        a.sum(axis=0), a.sum(axis=1), a.sum(axis=-1, keepdims=True), a.mean(axis=0), a.mean(1), a.max(axis=0), a.min(axis=1),
        a.argmax(axis=0), a.argmin(axis=1), a.std(axis=0), a.var(axis=1, ddof=1), a.all(axis=0), a.cumsum(axis=0), a.cumsum(1),
    )  # fmt: skip


@pytest.mark.parametrize("dtype", ["float64", "float32", "uint8"])
def test_axes(dtype: str) -> None:
    for shape in ((7, 150), (1, 5), (5, 1)):
        for layout in "CFSN":
            check(axes, make(shape, dtype, layout))


def test_three_axes() -> None:
    def f(a: Any) -> Any:
        return a.sum(axis=0), a.sum(axis=1), a.sum(axis=2), a.max(axis=1)

    def pairs(a: Any) -> Any:
        return a.sum(axis=(0, 1)), a.sum(axis=(1, 2)), a.sum(axis=(0, 1, 2))

    x = spread((5, 20, 30))
    check(pairs, x)
    for order in ((0, 1, 2), (1, 0, 2), (2, 1, 0), (0, 2, 1)):
        check(f, x.transpose(order))


def test_empty_and_nan() -> None:
    def sums(a: Any) -> Any:
        return a.sum(), a.prod(), a.all(), a.any()

    def largest(a: Any) -> Any:
        return a.max()

    def where(a: Any) -> Any:
        return a.argmax(axis=0)

    for shape in ((0,), (0, 3), (3, 0)):
        check(sums, np.zeros(shape))
        check(largest, np.zeros(shape))
        check(where, np.zeros(shape))
    check(whole, np.array([1.0, np.nan, 3.0, np.nan]))
    check(whole, np.array([[np.inf, -np.inf], [3.0, 0.0]]))
    check(sums, np.array([-0.0, -0.0]))


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "complex128", "int32", "bool"])
def test_several_axes(dtype: str) -> None:
    """Along several axes, neighbours or not, of arrays in C and F order and parts of them."""
    cases = ((5, 3, 9), (0, 2)), ((3, 130, 4), (0, 1)), ((2, 5, 3, 7), (1, 3)), ((4, 3, 2, 9), (0, 2, 3)), ((3, 0, 2), (0, 2))
    for shape, axes in cases:
        for layout in ("C", "F", "part"):
            a = spread(shape, dtype) if dtype[0] == "f" else make(shape, dtype)
            a = np.asfortranarray(a) if layout == "F" else a[..., 1:] if layout == "part" else a
            for name in ("sum", "max", "any", "mean"):
                if name == "max" and not a.size:
                    continue
                namespace: dict[str, Any] = {"np": np}
                exec(f"def f(a):\n    return np.{name}(a, axis={axes}), np.{name}(a, axis={axes}, keepdims=True)", namespace)
                check(namespace["f"], a)


def test_half_extremes() -> None:
    """Of equal float16 zeros minimum and maximum keep the first."""

    def extremes(a: Any) -> Any:
        return np.minimum(a, -a), np.maximum(a, -a), a.min(), a.max()

    check(extremes, np.array([0.0, -0.0], np.float16))
    check(extremes, np.array([-0.0, 0.0, 0.0], np.float16))


def test_axis_of_one_element() -> None:
    """An axis of extent 1 may have any stride in an array that NumPy calls contiguous."""

    def sums(a: Any) -> Any:
        return a.sum(axis=(0, 1)), a.max(axis=(0, 1)), a.sum(axis=1), a.sum()

    a = spread((5, 1, 2))
    check(sums, np.lib.stride_tricks.as_strided(a, a.shape, (16, -16, 8)))
