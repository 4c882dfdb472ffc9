"""Constructors, shapes, sorting, joining and products."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from differential import DTYPES, check, make, rng


def test_constructors() -> None:
    def new(n: Any) -> Any:
        return np.zeros(n), np.ones((n, 2)), np.full((2, n), 3), np.full(n, 2.5, np.float32), np.eye(n), np.eye(3, n, 1)

    def ranges(n: Any) -> Any:
        return (
            np.arange(n), np.arange(2, n), np.arange(n, 0, -1), np.arange(0, n, 3), np.arange(n * 1.0), np.arange(0, 1, 0.1),
            np.arange(1.5, n, 0.3), np.arange(5, dtype=np.int8), np.arange(0.0, 2.0, 0.1, dtype=np.float32),
        )  # fmt: skip

    def spaced(n: Any) -> Any:
        return np.linspace(0, 1, n), np.linspace(-1, 1, n, endpoint=False), np.linspace(0, 10, n, dtype=np.int64)

    def nested(a: Any, x: Any) -> Any:
        return (
            np.array((1, 2.5)), np.array([x, x + 1]), np.array([[1, 2], [3, 4]]), np.array(a), np.asarray((a[0], a[1])),
            np.array(a, dtype=np.float32), np.array([a, a]),
        )  # fmt: skip

    def like(a: Any) -> Any:
        return np.zeros_like(a), np.ones_like(a, dtype=np.int32), np.full_like(a, 7)

    for n in (3, 0, -1):
        check(new, n)
        check(spaced, n)
    for n in (7, 0, -3):
        check(ranges, n)
    check(spaced, 50)
    check(nested, make((3,)), 2.5)
    for layout in "CF":
        check(like, make((3, 4), layout=layout))


@pytest.mark.parametrize("layout", "CFS")
def test_shapes(layout: str) -> None:
    def f(a: Any) -> Any:
        return (
            a.reshape(-1), a.reshape(4, 3), a.reshape((2, -1)), a.ravel(), a.flatten(), a.T.reshape(2, 6), a.T.copy(),
            np.expand_dims(a, 0), np.transpose(a), np.ascontiguousarray(a.T), a.shape, a.strides, len(a), a.size,
        )  # fmt: skip

    check(f, make((3, 4), layout=layout))


def test_sorting() -> None:
    def sort(a: Any) -> Any:
        b = np.sort(a)
        a.sort()
        return b, np.sort(a[::-1])

    def order(a: Any) -> Any:
        return np.argsort(a), np.searchsorted(np.sort(a), a[:3], side="right"), np.unique(a)

    for dtype in DTYPES[:-1]:
        for n in (0, 1, 17, 1000):
            check(sort, make((n,), dtype))
    x = rng.standard_normal(2000)
    check(order, x)
    x[::7] = np.nan
    for y in (x, np.arange(2000.0)[::-1], np.tile(np.arange(5.0), 400), make((5, 6))):
        check(sort, y)


def test_joining() -> None:
    def lines(a: Any, b: Any) -> Any:
        return np.concatenate((a, b)), np.hstack([a, b]), np.append(a, b), np.append(a, 1.5), np.roll(a, 2), np.repeat(a, 3)

    def tables(a: Any, b: Any) -> Any:
        return np.concatenate((a, b), axis=1), np.vstack((a, b)), np.stack((a, b), axis=2), np.tile(a, (2, 3)), np.flip(a, 0)

    check(lines, make((3,)), make((4,), "int32"))
    check(tables, make((3, 2)), make((3, 2)))
    check(tables, make((3, 2)), make((4, 2)))


@pytest.mark.parametrize("dtype", ["float64", "float32", "int8", "bool", "complex128", "float16"])
def test_products(dtype: str) -> None:
    def f(a: Any, b: Any) -> Any:
        return a @ b, np.dot(a, b)

    for s1, s2 in (((5,), (5,)), ((3, 5), (5,)), ((3,), (3, 5)), ((3, 4), (4, 5)), ((3,), (4,)), ((3, 0), (0, 4))):
        check(f, make(s1, dtype), make(s2, dtype), exact=False)
