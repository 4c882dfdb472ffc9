"""A list argument that is returned is the caller's list, and no references are left behind."""

from __future__ import annotations

import gc
import sys

import pytest

from jitpy import jit


def test_identity_outlives_the_argument() -> None:
    f = jit(lambda x: x)
    given = [1.5, 2.5]
    got = f(given)
    assert got is given
    del given
    gc.collect()
    assert got == [1.5, 2.5]


def test_returned_twice() -> None:
    f = jit(lambda x: (x, x))
    given = [1.5, 2.5]
    a, b = f(given)
    assert a is given and b is given


def test_after_an_exception() -> None:
    @jit
    def f(x, fail):
        if fail:
            raise ValueError("no")
        return x

    given = [1.5, 2.5]
    f(given, 0)
    before = sys.getrefcount(given)
    for _ in range(50):
        with pytest.raises(ValueError, match="no"):
            f(given, 1)
    assert sys.getrefcount(given) == before
    assert f(given, 0) is given


def test_nothing_leaks() -> None:
    @jit
    def f(x, y):
        x[0] = y[1]
        return x, y

    x, y = [1.5] * 50, [2.5] * 50
    f(x, y)
    before = sys.getrefcount(x), sys.getrefcount(y), sys.getallocatedblocks()
    for _ in range(2000):
        f(x, y)
    gc.collect()
    assert (sys.getrefcount(x), sys.getrefcount(y)) == before[:2]
    assert sys.getallocatedblocks() - before[2] < 500
