"""Kernels in test modules: pytest rewrites their assertions, which are assertions still."""

import numpy as np
import pytest

from jitpy import jit


@jit
def checked(a, n):
    total = 0.0
    for i in range(n):
        assert a[i] > 0
        assert a[i] < 10 and (n != 3 or a[i] != 2.0), "too large"
        assert len(a) == a.shape[0]
        assert not np.isnan(a[i]), f"{i}"
        total += a[i]
    return total


def test_assertions_that_hold():
    assert checked(np.ones(3), 3) == 3.0


@pytest.mark.parametrize(("value", "n"), [(0.0, 2), (11.0, 2), (2.0, 3), (-1.0, 1)])
def test_assertions_that_fail(value, n):
    with pytest.raises(AssertionError):
        checked.py_func(np.full(3, value), n)
    with pytest.raises(AssertionError):
        checked(np.full(3, value), n)
    assert checked(np.full(3, 2.5), n) == 2.5 * n
