"""Lists and arrays that nobody looks at again: their memory is given back once, after it was written."""

import numpy as np
import pytest

from jitpy import jit


def dropped_at_once(n):
    items = []
    items = None  # noqa: F841
    return n


def dropped_in_a_loop(n):
    total = 0
    for i in range(n):
        items = []
        flags = [i]
        items = flags = None  # noqa: F841
        total += i
    return total


def dropped_on_a_path(n):
    items = []
    if n > 2:
        items = None
    return n if items is None else n + 1


def of_two_kinds(n):
    for i in range(n):
        if i == 1:
            items = []
        elif i == 2:
            items = None  # noqa: F841
    return n


def arrays(n):
    for i in range(n):
        a = np.zeros(i)
        b = np.full(3, 2.0)
        c = np.arange(n)[::2]
        d = np.array([i, n])
        a = b = c = d = None  # noqa: F841
    return n


@pytest.mark.parametrize("f", [dropped_at_once, dropped_in_a_loop, dropped_on_a_path, of_two_kinds, arrays])
def test_dropped(f):
    kernel = jit(f)
    for _ in range(100):
        for n in (0, 1, 2, 3, 7):
            assert kernel(n) == f(n)
