"""Objects that live for ever (3.12 on): machine code that hands them out leaves reference counts as they were."""

from __future__ import annotations

import sys

import pytest

import jitpy


def pick(x):
    return x


def nothing(x):
    if x == 0:
        return None
    return x > 1


def three(x):
    return x, None, True, 7, 1.5, ""


@pytest.mark.parametrize("value", [None, True, False, 0, 1, -5, 256, 257, 10**12, "", "a", (), (1, None)], ids=repr)
def test_reference_counts_stay(value: object) -> None:
    f = jitpy.jit(pick)
    f(value)
    watched = [value, None, True, False, 1]
    before = [sys.getrefcount(v) for v in watched]
    for _ in range(2000):
        f(value)
    after = [sys.getrefcount(v) for v in watched]
    assert all(abs(a - b) < 10 for a, b in zip(before, after, strict=True)), (before, after)


def test_singletons_are_the_same_objects() -> None:
    f = jitpy.jit(nothing)
    for _ in range(2000):
        assert f(0) is None and f(1) is False and f(2) is True
    g = jitpy.jit(three)
    for _ in range(500):
        x = g(5)
        assert x == three(5) and x[1] is None and x[2] is True
    hash(x)  # 3.14 keeps a tuple's hash in it
    assert hash(x) == hash(three(5)) and len({x, three(5)}) == 1
