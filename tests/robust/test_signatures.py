"""What signatures say of results, and what they leave alone."""

import pickle

import numpy as np
import pytest

from jitpy import CompileError, jit


def same(x):
    return x


@pytest.mark.parametrize(
    "signature, argument, result",
    [
        ("float64(int64)", 3, 3.0), ("float64(float64)", 2.5, 2.5), ("float64(float64)", np.float64(2.5), np.float64(2.5)),
        ("float32(float64)", 1 / 3, np.float32(1 / 3)), ("complex128(float64)", 2.0, 2 + 0j), ("int64(boolean)", True, 1),
        ("(float64,)", 2.0, 2.0),
    ],
)  # fmt: skip
def test_results_are_of_the_declared_type(signature, argument, result):
    f = jit(signature)(same)
    got = f(argument)
    assert type(got) is type(result) and got == result
    again = pickle.loads(pickle.dumps(f))(argument)
    assert type(again) is type(result) and again == result


@pytest.mark.parametrize("signature", ["int64(float64)", "float64[::1](float64)", "void(int64)", "float64(complex128)"])
def test_wrong_results_are_refused(signature):
    with pytest.raises(CompileError, match="the signature says"):
        jit(signature)(same)


def test_a_warm_up_converts_nothing():
    f = jit(same)
    f.compile("float32(float32)")
    assert type(f(0.1)) is float and f(0.1) == 0.1
