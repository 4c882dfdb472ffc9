"""``locals=``: names hold the types that the user gives them."""

from __future__ import annotations

import numpy as np
import pytest

import jitpy
from jitpy import float32, float64, int8, int32, jit


def test_stored_values_are_converted() -> None:
    @jit(locals={"s": float32, "n": int32})
    def total(a):
        s = 0
        n = 0
        for v in a:
            s = s + v
            n += 1
        return s, n

    a = np.linspace(0, 1, 1000)
    want = np.float32(0)
    for v in a:
        want = np.float32(np.float64(want) + v)
    s, n = total(a)
    assert type(s) is np.float32 and type(n) is np.int32
    assert s == want and n == 1000


def test_arguments_are_converted() -> None:
    f = jit(lambda x: x, locals={"x": float32})
    assert type(f(0.1)) is np.float32 and f(0.1) == np.float32(0.1)
    assert type(f(1)) is np.float32


def test_types_of_64_bits_convert_neither_kind() -> None:
    f = jit(lambda x: x, locals={"x": float64})
    assert type(f(0.5)) is float
    assert type(f(np.float64(0.5))) is np.float64
    assert type(f(2)) is float


def test_loop_at_the_start_and_recursion() -> None:
    @jit(locals={"n": int32})
    def down(n):
        while n > 3:
            n = n - 1
        return n if n == 0 else down(n - 1)

    assert type(down(9)) is np.int32 and down(9) == 0


def test_types_by_name() -> None:
    assert type(jit(lambda x: x, locals={"x": "float32"})(1.5)) is np.float32


def test_pickled_types() -> None:
    import pickle

    f = jit(lambda x: x, locals={"x": float32})
    again = pickle.loads(pickle.dumps(f))
    assert type(again(1)) is np.float32


def test_unknown_names_and_types() -> None:
    def f(value):
        result = value + 1
        return result

    with pytest.raises(jitpy.CompileError, match="no local name 'resalt'; did you mean 'result'"):
        jit(locals={"resalt": float32})(f)
    with pytest.raises(jitpy.CompileError, match="the type of 'result'"):
        jit(locals={"result": 17})(f)
    with pytest.raises(jitpy.CompileError, match="locals= says that 'result' is int8, here it is"):
        jit(locals={"result": int8})(f)(1.5)
    with pytest.raises(jitpy.CompileError, match="locals= says that 'result' is float32"):
        jit(locals={"result": float32})(f)(1j)
