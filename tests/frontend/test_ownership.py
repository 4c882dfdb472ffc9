"""Blocks made inside kernels are freed exactly once on every path, that of exceptions too; a counter of live blocks tells."""

from __future__ import annotations

import gc

import numpy as np
import pytest

import jitpy


def reassigned_in_a_loop(n, k):
    a = np.zeros(n)
    s = 0.0
    for _ in range(k):
        a = a + 1.0
        s += a[0]
    return s


def swapped(n, double):
    a = np.zeros(n)
    b = np.ones(n)
    for _ in range(5):
        a, b = b, a
        if double:
            a = b * 2.0
    return a


def view_outlives_name(n, k):
    a = np.arange(n)
    b = a[1:]
    return b[k]


def tail(a):
    return a[1:]


def returned_twice(n):
    b = tail(np.zeros(n))
    return b, b


def argument_then_new(a, k):
    for _ in range(k):
        a = a + 1
    return a


def argument_and_view(a):
    return a, a[::2]


def raises_with_blocks_alive(n, k):
    a = np.ones(n)
    b = a * 2.0
    if k > 3:
        raise ValueError(f"{k}")
    return b[k] + a[k]


def conditional(n, c):
    if c:
        a = np.zeros(n)
    else:
        a = np.ones(2 * n)
    return a.sum()


def unused(n):
    np.zeros(n)
    return n


def with_last_sum(n, k):
    out = np.zeros(n)
    if k > n:
        return out, 0.0
    s = 0.0
    one = np.ones(n)
    for i in range(k, n):
        s += one[i]
        out[i] = s
    return out, s


def one_of_two_kinds_of_pairs(n, k):
    out, _ = with_last_sum(n, k)
    return out[:5]


CALLS = [
    (one_of_two_kinds_of_pairs, (100, 7)),
    (one_of_two_kinds_of_pairs, (10, 70000)),
    (reassigned_in_a_loop, (100, 10)),
    (reassigned_in_a_loop, (100, 0)),
    (swapped, (50, True)),
    (swapped, (50, False)),
    (view_outlives_name, (20, 5)),
    (view_outlives_name, (20, 50)),
    (returned_twice, (9,)),
    (argument_then_new, (np.zeros(8), 3)),
    (argument_then_new, (np.zeros(8), 0)),
    (argument_and_view, (np.arange(7),)),
    (raises_with_blocks_alive, (10, 2)),
    (raises_with_blocks_alive, (10, 5)),
    (raises_with_blocks_alive, (2, 3)),
    (conditional, (4, True)),
    (conditional, (4, False)),
    (unused, (6,)),
]


def resident() -> int:
    """Pages of this process in memory."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1])


@pytest.mark.parametrize(("function", "arguments"), CALLS, ids=[f"{f.__name__}-{k}" for k, (f, _) in enumerate(CALLS)])
def test_no_leak_and_no_early_free(function, arguments) -> None:
    compiled = jitpy.jit(function)

    def outcome(f):
        try:
            return repr(f(*arguments))
        except (IndexError, ValueError) as error:
            return repr(type(error))

    expected = outcome(function)
    results = [outcome(compiled) for _ in range(50)]
    assert set(results) == {expected}  # freed memory would be reused and show
    large = tuple(np.zeros(4096) if isinstance(a, np.ndarray) else a for a in arguments)
    if isinstance(large[0], int):
        large = (65_536, *large[1:])
    for _ in range(20):
        outcome(lambda *_: compiled(*large))
    gc.collect()
    before = resident()
    for _ in range(300):
        outcome(lambda *_: compiled(*large))
    gc.collect()
    assert (resident() - before) * 4096 < 20 * 65_536 * 8, "memory grows with every call"
