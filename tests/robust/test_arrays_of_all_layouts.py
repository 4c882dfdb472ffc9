"""Arrays as they come: unaligned, with odd strides, empty, broadcast, read-only, of every rank."""

import numpy as np
import pytest

from jitpy import jit


@jit
def total(a):
    t = 0.0
    for x in a:
        t += x
    return t


@jit
def halve(a):
    for i in range(a.shape[0]):
        a[i] = a[i] / 2
    return a


def unaligned(n, dtype="f8"):
    a = np.zeros(n * np.dtype(dtype).itemsize + 1, "u1")[1:].view(dtype)
    a[...] = np.arange(n)
    return a


def of_a_record(n):
    a = np.zeros(n, dtype=[("flag", "i1"), ("x", "f8")])["x"]
    a[...] = np.arange(n)
    return a


def overlapping():
    return np.lib.stride_tricks.as_strided(np.arange(10.0), (3,), (12,))


CASES = {
    "unaligned": lambda: unaligned(5), "record": lambda: of_a_record(4), "overlapping": overlapping,
    "empty": lambda: np.zeros(0), "reversed": lambda: np.arange(5.0)[::-2], "one": lambda: np.arange(9.0)[4:5],
    "far": lambda: np.arange(4000.0)[::1999],
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_reads_and_writes(name):
    a = CASES[name]()
    assert total(a) == total.py_func(a)
    with np.errstate(all="ignore"):
        mine, theirs = CASES[name](), CASES[name]()
        result = halve(mine)
        halve.py_func(theirs)
    assert result is mine and mine.tobytes() == theirs.tobytes()


def test_views_of_unaligned_arrays_say_so():
    @jit
    def view(a):
        return a[1:], a[::2]

    a = unaligned(5)
    for got, expected in zip(view(a), (a[1:], a[::2])):
        assert not got.flags.aligned
        assert got.flags.c_contiguous == expected.flags.c_contiguous
        assert got.tolist() == expected.tolist() and np.sum(got) == np.sum(expected)


def test_broadcast_arrays_are_read_only():
    a = np.broadcast_to(np.float64(2.0), (5,))
    assert total(a) == 10.0
    with pytest.raises(Exception, match="read-only"):
        halve(a)


@pytest.mark.parametrize("dtype", ["f2", "f4", "c8", "c16", "i2", "u8", "i4"])
def test_unaligned_elements_of_every_width(dtype):
    @jit
    def double(a):
        return a * 2, a + a[::-1], np.sum(a)

    a = unaligned(7, dtype)
    for got, expected in zip(double(a), double.py_func(a)):
        assert got.dtype == expected.dtype and np.array_equal(got, expected)
