"""Random shapes and indices over arrays of any layout: reshape, ravel, flatten share memory where NumPy's do; index arrays of any
rank, masks of part of the axes, integers, slices and new axes in any mix, read and written.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from differential import difference, make, outcome, replica
from test_expressions import function

import jitpy

KINDS = ("float64", "int64", "uint8", "complex64", "bool")


def permuted(r: random.Random, shape: tuple[int, ...]) -> Any:
    """An array of that shape whose axes lie in memory in a random order, contiguous or with gaps."""
    order = list(range(len(shape)))
    r.shuffle(order)
    a = make(tuple(shape[k] for k in order), r.choice(KINDS), r.choice("CCFSN"))
    return a.transpose(np.argsort(order))


def agree(line: str, number: int, *args: Any) -> str:
    """What differs between the line jitted and not: the result, whether it shares memory, the arguments."""
    f = function(line, number)
    first, second = tuple(map(replica, args)), tuple(map(replica, args))
    ok, expected = outcome(f, first)
    done, got = outcome(jitpy.jit(f), second)
    if ok != done:
        return f"expected {expected!r}, got {got!r}"
    if not ok:
        return "" if type(got) is type(expected) else f"expected {expected!r}, got {got!r}"
    found = difference(expected, got, True) or difference(first, second, True)
    if not found and isinstance(expected, np.ndarray) and isinstance(got, np.ndarray):
        if np.shares_memory(expected, first[0]) != np.shares_memory(got, second[0]):
            return f"shares memory: {np.shares_memory(expected, first[0])}"
        used = [n > 1 for n in expected.shape]
        if expected.size and np.any(np.array(expected.strides)[used] != np.array(got.strides)[used]):
            return f"strides {expected.strides}, got {got.strides}"
    return found


def shapes(r: random.Random) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Two shapes of as many elements; the second may have a -1."""
    factors = [r.choice((2, 3, 2, 5)) for _ in range(r.randint(1, 4))]
    both = []
    for _ in range(2):
        dims = factors.copy()
        if r.random() < 0.4:
            r.shuffle(dims)
        while len(dims) > 1 and r.random() < 0.5:
            k = r.randrange(len(dims) - 1)
            dims[k : k + 2] = [dims[k] * dims[k + 1]]
        for _ in range(r.choice((0, 0, 1, 2))):
            dims.insert(r.randint(0, len(dims)), 1)
        both.append(dims[:6])
    if len(both[0]) == 6 or len(both[1]) == 6:
        both = [factors, [-1]]
    if r.random() < 0.3:
        both[1][r.randrange(len(both[1]))] = -1
    return tuple(both[0]), tuple(both[1])


@pytest.mark.parametrize("seed", range(4))
def test_shapes(seed: int) -> None:
    r = random.Random(seed)
    wrong = []
    for number in range(24):
        old, new = shapes(r)
        a = permuted(r, old)
        order = r.choice(("", "", ", order='F'"))
        what = r.choice((f"a.reshape({new}{order})", f"a.reshape({new}{order})", "a.ravel()", "a.ravel('F')", "a.flatten('F')"))
        line = f"b = {what}; b[...] = 1; return b" if r.random() < 0.7 else what
        found = agree(line, number, a, 0, 0)
        if found:
            wrong.append(f"{line} of {a.dtype}{a.shape}{a.strides}: {found}")
    assert not wrong, "\n".join(wrong)


def indexed(r: random.Random, shape: tuple[int, ...]) -> tuple[str, Any, Any]:
    """An index over two arrays ``i`` and ``j``, which are made for it."""
    arrays: list[Any] = []
    items: list[str] = []
    axis = 0
    while axis < len(shape):
        n, kind = shape[axis], r.random()
        if kind < 0.1:
            items.append("None")
            continue
        if kind < 0.35 and len(arrays) < 2:
            extent = r.choice(((3,), (3,), (1,), (2, 3), (2, 1), (), (0,)))
            arrays.append(np.array([r.randint(-n, n - 1) for _ in range(int(np.prod(extent)))], np.int64).reshape(extent))
            items.append("ij"[len(arrays) - 1])
        elif kind < 0.55 and len(arrays) < 2:
            rank = 2 if axis + 1 < len(shape) and r.random() < 0.5 else 1
            arrays.append(np.array([r.random() < 0.6 for _ in range(int(np.prod(shape[axis : axis + rank])))]))
            arrays[-1] = arrays[-1].reshape(shape[axis : axis + rank])
            items.append("ij"[len(arrays) - 1])
            axis += rank - 1
        elif kind < 0.7:
            items.append(str(r.randint(-n, n - 1)))
        else:
            items.append(r.choice((":", "1:", "::-1", ":2")))
        axis += 1
    if not arrays:
        items[0], arrays = "i", [np.array([0, shape[0] - 1, -1])]
    return ", ".join(items), arrays[0], arrays[1] if len(arrays) > 1 else 0


@pytest.mark.parametrize("seed", range(4))
def test_index_arrays(seed: int) -> None:
    r = random.Random(100 + seed)
    wrong = []
    for number in range(24):
        shape = tuple(r.randint(1, 4) for _ in range(r.choice((1, 2, 2, 3, 3, 4))))
        a = make(shape, r.choice(KINDS[:4]), r.choice("CCCFSN"))
        index, i, j = indexed(r, shape)
        line = r.choice((f"a[{index}]", f"a[{index}]", f"a[{index}] = 3; return a", f"a[{index}] = a[{index}] * 2; return a"))
        found = agree(line, number, a, i, j)
        if found and not (found.startswith("strides") and a.strides != np.zeros(shape, a.dtype).strides):
            wrong.append(f"{line} of {a.dtype}{a.shape}{a.strides}, {i!r}, {j!r}: {found}")
    assert not wrong, "\n".join(wrong)
