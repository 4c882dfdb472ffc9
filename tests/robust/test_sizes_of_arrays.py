"""Extents at the edge of what an array may have: the outcome is NumPy's."""

import numpy as np
import pytest

from jitpy import jit


@jit
def line(n):
    return np.zeros(n).size


@jit
def plane(n, m):
    return np.zeros((n, m)).size


@jit
def cube(n, m, k):
    return np.empty((n, m, k), np.int16).size


def outcome(f, *args):
    try:
        return f(*args)
    except ValueError:
        return ValueError


EDGES = (0, 1, 3, 2**31, 2**40, 2**59, 2**60 - 1, 2**60, 2**60 + 1, 2**61, 2**62, 2**63 - 1, -1, -(2**63))


def asks_for_memory(shape, itemsize):
    """Whether the array is possible and so large that it is a matter of the machine."""
    size = itemsize
    for n in shape:
        size *= n
    return 2**28 < size < 2**63 and min(shape) > 0


@pytest.mark.parametrize("n", EDGES)
@pytest.mark.parametrize("m", EDGES)
def test_outcome(n, m):
    for f, shape, itemsize in (
        (line, (n,), 8), (plane, (n, m), 8), (cube, (n, 0, m), 2), (cube, (0, n, m), 2), (cube, (n, m, 1), 2),
    ):  # fmt: skip
        if not asks_for_memory(shape, itemsize):
            assert outcome(f, *shape) == outcome(f.py_func, *shape), shape
