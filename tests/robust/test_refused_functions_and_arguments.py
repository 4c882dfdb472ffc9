"""What is refused before anything is compiled: the message names the function, the parameter, and what to pass instead."""

import functools

import numpy as np
import pytest

from jitpy import CompileError, jit


@jit
def f(x, s):
    return x


@pytest.mark.parametrize(("value", "advice"), [
    (frozenset({1}), r"np.array\(sorted\(x\)\)"), (b"ab", r"np.frombuffer\(x, np.uint8\)"), (range(3), "its start, stop and step"),
    ((i for i in "a"), r"list\(x\)"),
    (np.ma.array([1.0]), r"x.data and np.ma.getmaskarray\(x\)"), (object(), "its numbers and arrays one by one"),
    (np.zeros(2, ">f8"), r"a.astype\('float64'\)"),
])  # fmt: skip
def test_arguments(value, advice):
    with pytest.raises(CompileError, match=rf"^f\(\): s: .*{advice}"):
        f(1, value)


def test_functions():
    async def coroutine():
        return 1

    async def generator():
        yield 1

    for function in (coroutine, generator):
        with pytest.raises(TypeError, match="asynchronous"):
            jit(function)
    for function in (len, np.sin, functools.partial(f.py_func, 1)):
        with pytest.raises(TypeError, match="write a function that calls it"):
            jit(function)


def test_eager_compile_errors_show_the_users_source_alone():
    with pytest.raises(CompileError, match="says that g returns int64") as caught:

        @jit("int64(int64)")
        def g(x):
            return x * 1.5

    frames = [entry.frame.code.path for entry in caught.traceback]
    assert not any("frontend" in str(path) for path in frames)
