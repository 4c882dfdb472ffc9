"""Arrays and lists that are printed or carried by an exception live until they were read, and not longer."""

import contextlib

import numpy as np
import pytest

from jitpy import jit


def printed_list(n):
    print([n, n + 1], f"{[n, 2]}", ([n], np.ones(2)), [n] * 3)


def printed_array(n):
    print(np.arange(n) + 1, f"{np.arange(n)[1:]}|{list(range(n))}")


def list_in_text(n):
    raise ValueError(f"bad {[n, n]}")


def list_carried(n):
    squares = []
    for i in range(n):
        squares.append(i * i)
    raise KeyError(squares)


def array_in_assertion(n):
    a = np.arange(n) * 3
    if a[0] <= 5:
        raise AssertionError(f"{a}")


def carried_from_a_call(n):
    def inner(k):
        b = np.ones(k) * 7
        raise ValueError(b)

    inner(n)


def narrow_floats(n):
    x = np.float32(1.1) * np.float32(n)
    print(x, f"{x} {x!r} {x:.2f} {np.float16(0.1)}")


@pytest.mark.parametrize("f", [
    printed_list, printed_array, list_in_text, list_carried, array_in_assertion, carried_from_a_call, narrow_floats,
], ids=lambda f: f.__name__)  # fmt: skip
def test_same_as_python(f, capsys):
    def outcome(function):
        try:
            function(4)
            return capsys.readouterr().out
        except Exception as error:
            return type(error), repr(error)

    assert outcome(jit(f)) == outcome(f)


def test_a_carried_array_is_no_view_of_freed_memory():
    kernel = jit(carried_from_a_call)
    caught = []
    for _ in range(50):
        with pytest.raises(ValueError, match="7") as error:
            kernel(1000)
        caught.append(error.value.args[0])
    assert all((a == 7).all() for a in caught)


def test_a_carried_argument_is_the_argument():
    @jit
    def refuse(a):
        raise ValueError(a)

    a = np.arange(3.0)
    with pytest.raises(ValueError, match="0") as error:
        refuse(a)
    assert error.value.args[0] is a


@pytest.mark.parametrize("f", [list_carried, carried_from_a_call, list_in_text])
def test_nothing_leaks(f):
    kernel = jit(f)

    def resident():
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * 4

    def run(times):
        for _ in range(times):
            with contextlib.suppress(Exception):
                kernel(2000)

    run(50)
    before = resident()
    run(2000)  # 16 kB each
    assert resident() - before < 8000
