"""``f.check`` finds differences that are planted, says where they are, and calls both functions on true copies."""

import contextlib

import numpy as np
import pytest

from jitpy import jit
from jitpy.checking import copied


def planted(compiled, python, *args):
    """The message of a check in which the Python function is another one."""
    f = jit(compiled)
    with contextlib.suppress(ZeroDivisionError):
        f(*copied(args))
    f.py_func = python
    with pytest.raises(AssertionError) as caught:
        f.check(*args)
    return str(caught.value)


def write(a):
    a[2] = 7.0


def write_otherwise(a):
    a[2] = 8.0
    a[4] = 1.0


def test_the_first_difference_is_named():
    message = planted(write, write_otherwise, np.arange(1000.0))
    assert message.startswith("write(): argument a[2]: np.float64(8.0), the compiled function gives np.float64(7.0)")
    assert message.endswith("; 2 elements differ") and len(message) < 200
    assert "()[0, 1]: " in planted(lambda: np.array([[1.0, 2.0]]), lambda: np.array([[1.0, 3.0]]))
    assert "()[1][0]: 3, " in planted(lambda x: (1, (x, 2.0)), lambda x: (1, (x + 1, 2.0)), 2)
    assert "argument items[1]: " in planted(lambda items: items.append(1), lambda items: items.append(2), [1])


def test_signs_of_zero_and_last_bits():
    assert "-0.0, the compiled function gives 0.0" in planted(lambda: 0.0, lambda: -0.0)
    assert "[1]: np.float64(-0.0)" in planted(lambda a: None, lambda a: a.__setitem__(1, -0.0), np.zeros(3))
    assert "(1 ulp apart)" in planted(lambda x: x * 3.0, lambda x: float(np.nextafter(x * 3.0, 9)), 1.1)
    assert jit(lambda x: x - x).check(float("inf")) != 0  # any NaN equals any NaN


def test_types_and_exceptions():
    assert "np.int64(1) is int64, the compiled function gives 1 of int" in planted(lambda x: x, np.int64, 1)
    assert "Python gives IndexError" in planted(lambda x: 1 // x, lambda x: [][x], 0)
    with pytest.raises(ZeroDivisionError):
        jit(lambda x: 1 // x).check(0)


def test_copies_share_memory_as_the_arguments_do():
    @jit
    def through(a, b):
        a[0] = 5.0
        return b[0] + b[-1]

    base = np.zeros(10)
    for pair in ((base, base), (base[:5], base[:3]), (base, base[::-1]), (base[::-1], base[::-3]), (base[:4], base[6:])):
        expected = through.py_func(*copied(pair))
        assert through.check(*pair) == expected
    assert not base.any()


@pytest.mark.parametrize("a", [
    np.zeros(20)[::2], np.zeros(20)[::-2], np.broadcast_to(np.zeros(1), 3), np.zeros((0, 3)), np.zeros((3, 4)).T,
    np.zeros(17, np.uint8)[1:].view(np.float64), np.array(3.0),
])  # fmt: skip
def test_copies_keep_the_layout(a):
    b = copied(a)
    assert (b.strides, b.shape, b.dtype, b.flags.aligned, b.flags.writeable, b.flags.num) == (
        a.strides, a.shape, a.dtype, a.flags.aligned, a.flags.writeable, b.flags.num
    )  # fmt: skip
    assert not np.shares_memory(a, b)


def test_read_only_stays_read_only():
    a = np.zeros(3)
    a.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        jit(write).check(a)
