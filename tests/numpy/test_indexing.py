"""Elements, slices, views, masks and index arrays, read and written."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from differential import DTYPES, check, make

import jitpy


def element(a: Any, i: Any, j: Any) -> Any:
    return a[i, j]


def store(a: Any, i: Any, j: Any, v: Any) -> None:
    a[i, j] = v


@pytest.mark.parametrize("layout", "CFSN")
def test_elements(layout: str) -> None:
    for i, j in ((0, 0), (2, 3), (-1, -4), (3, 0), (0, 4), (-4, 0)):
        check(element, make((3, 4), layout=layout), i, j)
        check(store, make((3, 4), layout=layout), i, j, 1.5)


STORED = (
    1, 2.7, True, 300, -1, float("nan"), float("inf"), 3e9, 1e30, np.int64(300), np.float64("nan"), np.float64(300),
    np.float32(2.5), np.uint64(2**64 - 1), 1 << 40, 1 + 2j, np.complex128(1 + 2j),
)  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES)
def test_what_an_element_can_hold(dtype: str) -> None:
    for v in STORED:
        check(store, make((3, 4), dtype), 1, 2, v)


def test_slices_are_pythons() -> None:
    @jitpy.jit
    def part(a: Any, i: Any, j: Any, k: Any) -> Any:
        return a[i:j:k]

    a = np.arange(5.0)
    bounds = (-10, -3, -1, 0, 1, 3, 10)
    for i, j, k in itertools.product(bounds, bounds, (1, 2, -1, -2)):
        np.testing.assert_array_equal(part(a, i, j, k), a[i:j:k])
    with pytest.raises(ValueError, match="slice step cannot be zero"):
        part(a, 0, 1, 0)


def test_views() -> None:
    def line(a: Any) -> Any:
        return a[1:], a[:-1], a[::2], a[::-1], a[-2:], a[5:2], a[10:], a[-100:100], a[3:0:-1], a[::-2], a[2:100:3]

    def table(a: Any) -> Any:
        return a[0], a[:, 1], a[1:, ::2], a[..., 0], a[None], a[:, None, :], a[-1, 1:], a[:, ::-1], a.T, a.T[1], a[...]

    for n in (0, 1, 2, 5):
        check(line, make((n,)))
    for layout in "CFSN":
        check(table, make((3, 4), layout=layout))


def test_views_share_memory() -> None:
    def write(a: Any) -> Any:
        b = a.reshape(-1)
        b[0] = 99
        c = a.T
        c[1, 0] = 5
        for row in a:
            row[-1] = 7
        return a

    check(write, make((3, 4)))


@pytest.mark.parametrize("layout", "CFS")
def test_masks(layout: str) -> None:
    def read(a: Any, m: Any) -> Any:
        return a[m], a[~m], a[m].sum()

    def fill(a: Any, m: Any, v: Any) -> Any:
        a[m] = 0
        a[~m] = v
        return a

    def add(a: Any, m: Any) -> Any:
        a[m] += 1
        a[a > 0] *= 2
        return a

    for shape in ((7,), (3, 4)):
        m, a = make(shape, "bool", layout), make(shape, layout=layout)
        check(read, a, m)
        check(add, a, m)
        check(fill, a, m, 5.0)
        check(fill, a, m, make((int((~m).sum()),)))
    check(fill, make((7,)), np.array([True] * 3 + [False] * 4), make((2,)))
    check(read, make((7,)), make((6,), "bool"))


def test_index_arrays() -> None:
    def read(a: Any, i: Any) -> Any:
        return a[i], a[i][:1]

    def write(a: Any, i: Any, v: Any) -> None:
        a[i] = v
        a[i] += 1

    def beside(a: Any, i: Any) -> Any:
        return a[:, i], a[1, i], a[1:, i], a[i, 1], a[i, i], a[[0, 2]]

    for i in ([0, 2, 1], [], [6, 6, 0], [-1, -7], [7], [-8]):
        index = np.array(i, np.int64)
        check(read, make((7,)), index)
        check(read, make((7, 3)), index)
        check(write, make((7,)), index, 3.0)
    check(write, make((7, 3)), np.array([0, 1]), make((2, 3)))
    check(write, make((7,)), np.array([0, 1]), make((3,)))
    check(beside, make((4, 5)), np.array([0, 3, 1]))


def test_read_only() -> None:
    a = np.zeros(3)
    a.flags.writeable = False

    @jitpy.jit
    def write(a: Any) -> None:
        a[0] = 1

    with pytest.raises(ValueError, match="read-only"):
        write(a)
