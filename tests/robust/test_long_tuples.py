"""Tuples of many items: loops over them, varying indices, displays; what is made of them does not grow with their length."""

import numpy as np
import pytest

from jitpy import CompileError, jit

INTS = tuple(range(-50, 50))
FLOATS = tuple(np.linspace(0, 1, 50).tolist())
PAIRS = tuple((i, i * 0.5) for i in range(40))
NESTED = tuple((i, (i + 1, i * 2.0)) for i in range(40))
FLAGS = tuple(i % 3 == 0 for i in range(40))
BYTES = tuple(np.arange(40, dtype=np.int8) - 20)
SINGLES = tuple(np.arange(40, dtype=np.float32))
HALVES = tuple(np.arange(40, dtype=np.float16))
COMPLEX = tuple(complex(i, -i) for i in range(40))
COMPLEX64 = tuple(np.arange(40, dtype=np.complex64) * np.complex64(1j))
MIXED = (1, 2.5) * 20
LONG = tuple(range(10_000))


def summed():
    s = 0
    for x in INTS:
        s += x * 3
    return s


def numbered():
    s = 0.0
    for i, x in enumerate(FLOATS, 2):
        s += x * i
    return s


def paired():
    s = 0
    for p, (q, r) in NESTED:
        s += p * q - r
    return s


def backwards():
    s = 0
    for x in reversed(INTS):
        s = s * 3 % 1000 + x
    return s


def zipped():
    s = 0
    for x, y in zip(INTS, FLOATS):
        s += x * y
    return s


def mixed():
    s = 0
    for x in MIXED:
        s += x
    return s


def left_early():
    for x in INTS:
        if x == 7:
            break
    else:
        x = 1000
    return x


def inner(n=3):
    s = 0
    for j in range(n):
        for x in INTS:
            s += x * j
        s += INTS[j % 100]
    return s


@pytest.mark.parametrize("f", [summed, numbered, paired, backwards, zipped, mixed, left_early, inner], ids=lambda f: f.__name__)
def test_loops(f):
    jit(f).check()


@pytest.mark.parametrize("items", [INTS, PAIRS, NESTED, FLAGS, BYTES, SINGLES, HALVES, COMPLEX, COMPLEX64])
def test_varying_indices(items):
    @jit
    def item(i):
        return items[i]

    for i in (0, 5, -1, len(items) - 1, -len(items)):
        item.check(i)
    for i in (len(items), -len(items) - 1):
        with pytest.raises(IndexError, match="tuple index out of range"):
            item(i)


def test_beside_arrays_and_lists():
    @jit
    def dot(a):
        s = 0.0
        for x, y in zip(a, INTS):
            s += x * y
        for x, y in zip((1, 2, 3), a):
            s += x * y
        return s

    dot.check(np.arange(5.0))
    dot.check([1, 2, 3, 4])


def test_arguments():
    @jit
    def total(t):
        s = 0
        for x in t:
            s += x
        return s

    total.check(tuple(range(40)))
    total.check(tuple(float(i) for i in range(40)))


def test_displays_of_more_than_thirty_items():
    items = ", ".join(f"x + {i}" for i in range(40))
    names: dict = {}
    exec(f"def as_tuple(x): return ({items})\ndef as_list(x): return [{items}]", names)
    for name in ("as_tuple", "as_list"):
        jit(names[name]).check(1.5)


def test_length_costs_nothing():
    @jit
    def f(i):
        s = 0
        for x in LONG:
            s += x
        return s + LONG[i]

    assert f(5000) == sum(LONG) + 5000
    assert f.stats()[0]["clif_instructions"] < 100


def test_too_many_items_of_different_types_are_refused_soon():
    items = (1, 2.5) * 400

    @jit
    def f():
        s = 0
        for x in items:
            s += x
        return s

    with pytest.raises(CompileError, match="translated once per item, for 256 items at most"):
        f()
