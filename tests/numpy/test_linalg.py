"""np.linalg, median, histogram, cov against NumPy; flat of every layout; sorting of complex numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from differential import check, make, rng


@pytest.mark.parametrize("dtype", ["float64", "float32", "complex128", "int64"])
def test_linear_systems(dtype: str) -> None:
    def inverse(a: Any) -> Any:
        return np.linalg.inv(a), np.linalg.det(a)

    def solve(a: Any, b: Any) -> Any:
        return np.linalg.solve(a, b)

    def factor(a: Any) -> Any:
        return np.linalg.cholesky(a)

    check(inverse, make((4, 4), dtype), exact=False)
    check(inverse, np.zeros((0, 0), dtype))
    check(inverse, np.zeros((2, 2), dtype))
    check(inverse, np.ones((2, 3), dtype))
    check(solve, make((4, 4), dtype), make((4, 2), dtype, "F"), exact=False)
    check(solve, make((4, 4), dtype), make((4,)), exact=False)
    check(solve, np.ones((2, 2), dtype), np.zeros(3))
    a = make((4, 4), dtype)
    a = a @ a.conj().T + (np.eye(4) * 5).astype(dtype)
    check(factor, a, exact=False)
    check(factor, -a)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int64", "uint8", "bool"])
def test_statistics(dtype: str) -> None:
    def median(a: Any) -> Any:
        return np.median(a)

    def norm(a: Any) -> Any:
        return np.linalg.norm(a)

    for shape in ((7,), (8,), (3, 4), (), (0,)):
        a = make(shape, dtype)
        check(median, a)
        check(norm, a, exact=False)
        if dtype.startswith("f") and a.ndim:
            a[..., -1:] = np.nan
            check(median, a)


def test_histogram_and_covariance() -> None:
    def histogram(a: Any, n: Any) -> Any:
        return np.histogram(a, n)

    def within(a: Any) -> Any:
        return np.histogram(a, bins=4, range=(0, 2))[0]

    def covariance(a: Any) -> Any:
        return np.cov(a), np.cov(np.transpose(a), bias=True), np.cov(a, rowvar=False)

    for k in range(12):
        a = rng.integers(-30, 30, 50) / rng.choice([1, 2, 3, 7, 10])
        check(histogram, a, k)
        check(within, a)
    for a in (np.zeros(0), np.ones(3), np.array([1.0, np.nan]), np.arange(20), np.arange(20, dtype=np.int32)):
        check(histogram, a, 3)
    check(covariance, make((3, 5)), exact=False)


@pytest.mark.parametrize("dtype", ["complex128", "complex64"])
def test_order_of_complex_numbers(dtype: str) -> None:
    def order(a: Any) -> Any:
        b = np.sort(a)
        return b, np.searchsorted(b, a), np.unique(a)

    for n in (0, 1, 5, 300):
        a = make((n,), dtype).round()
        check(order, a)
        a[::7] = complex(np.nan, 1)
        a[1::9] = complex(1, np.nan)
        a[2::13] = complex(np.nan, np.nan)
        check(order, a)


@pytest.mark.parametrize("layout", "CFN")
def test_flat(layout: str) -> None:
    def read(a: Any) -> Any:
        s = 0.5
        for x in a.flat:
            s = s * 0.5 + x
        t = 0.0
        for k, x in enumerate(a.flat):
            t += k * x
        return s, t, len(a.flat), a.flat[-1]

    def write(a: Any) -> Any:
        a.flat[3] = 5
        a.flat[1] += 2
        for x in a.flat:
            a.flat[2] = x

    for shape in ((3, 4), (2, 3, 2), (5,), (0, 3)):
        check(read, make(shape, layout=layout))
        check(write, make(shape, layout=layout))
