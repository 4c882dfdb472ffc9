"""What a jitted function holds on to, and what holds on to it."""

import contextlib
import gc
import sys
import weakref

import numpy as np
import pytest

from jitpy import jit


def alive_after(make):
    gc.collect()
    reference = make()
    gc.collect()
    return reference()


def test_a_function_that_calls_itself_is_collected():
    def make():
        @jit
        def count(n):
            return 0 if n <= 0 else count(n - 1) + 1

        assert count(3) == 3
        return weakref.ref(count)

    assert alive_after(make) is None


def test_functions_that_call_each_other_are_collected():
    def make():
        @jit
        def even(n):
            return True if n == 0 else odd(n - 1)

        @jit
        def odd(n):
            return False if n == 0 else even(n - 1)

        assert even(4)
        return weakref.ref(odd)

    assert alive_after(make) is None


def frees(function, *args):
    """The calls leave nothing behind: references of arguments, blocks of Python's memory."""

    def calls(count):
        for _ in range(count):
            with contextlib.suppress(IndexError, ZeroDivisionError, ValueError):
                function(*args)
        gc.collect()

    calls(20)
    before = [sys.getrefcount(a) for a in args], sys.getallocatedblocks()
    calls(3000)
    after = [sys.getrefcount(a) for a in args], sys.getallocatedblocks()
    big = [abs(x - y) > 100 for x, y in zip(before[0], after[0])]
    assert not any(big), (before, after)
    assert after[1] - before[1] < 200


def fails_inside(n):
    a = np.zeros(n)
    if n > 5:
        raise ValueError(f"bad {n}")
    return a.sum()


def nested(a, i):
    t = a * 2.0
    u = t[1:]
    return element(u, i) + element(t, i)


@jit
def element(a, i):
    return a[i]


A = np.arange(10.0)


@pytest.mark.parametrize(
    "function, args",
    [
        (lambda x: x, (1 << 40,)), (lambda x: x, (2.5,)), (lambda x: x, (1 + 2j,)), (lambda x: x, ("text",)),
        (lambda x: x, (A,)), (lambda x: (x, x[1:], x + 1), (A,)), (lambda x: x, ((A, (3.5, A)),)),
        (fails_inside, (7,)), (fails_inside, (3,)), (nested, (A, 3)), (nested, (A, 30)), (lambda a, b: a // b, (1, 0)),
        (lambda a: a[a > 2], (A,)), (lambda a: np.sort(a), (A,)), (lambda a: np.concatenate((a, a)), (A,)),
    ],
)  # fmt: skip
def test_nothing_leaks(function, args):
    frees(jit(function), *args)
