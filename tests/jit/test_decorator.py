"""From the decorator to the result: functions compiled whole, against what Python does."""

import pickle
import subprocess
import sys

import numpy as np
import pytest

import jitpy
from jitpy import jit


@jit
def add(x, y):
    return x + y


@jit
def total(a):
    s = 0.0
    for i in range(a.shape[0]):
        s += a[i]
    return s


@jit
def countdown(n):
    return 0 if n <= 0 else countdown(n - 1)


SCALE = 3


@jit
def scaled(x):
    return x * SCALE


@pytest.mark.parametrize(
    "x, y",
    [(1, 2), (1.5, 2), (2**40, -3), (np.float32(1.5), 2), (np.int64(1), 2.5), (True, True),
     (1 + 2j, 3)],
)  # fmt: skip
def test_scalars(x, y):
    for _ in range(2):
        got, expected = add(x, y), add.py_func(x, y)
        assert type(got) is type(expected) and got == expected


def test_ints_overflow_with_an_error():
    assert add(2**62, 2**62 - 1) == 2**63 - 1
    with pytest.raises(OverflowError):
        add(2**62, 2**62)


def test_arrays():
    a = np.arange(10.0)
    got, expected = total(a), total.py_func(a)
    assert got == expected and type(got) is type(expected)
    assert total(a[::2]) == 20.0 and total(np.arange(3)) == 3.0


def test_index_errors_show_the_line():
    @jit
    def get(a, i):
        return a[i]

    assert get(np.arange(3), 2) == 2 and get(np.arange(3), -1) == 2
    with pytest.raises(IndexError) as info:
        get(np.arange(3), 3)
    last = info.traceback[-1]
    assert last.name == "get" and last.lineno + 1 == get.py_func.__code__.co_firstlineno + 2


def test_recursion_ends_in_an_error():
    assert countdown(100) == 0
    with pytest.raises(RecursionError):
        countdown(10**9)


def test_globals_are_live(monkeypatch):
    assert scaled(2) == 6
    monkeypatch.setattr(sys.modules[__name__], "SCALE", 5)
    assert scaled(2) == 10
    monkeypatch.setattr(sys.modules[__name__], "SCALE", 0.5)
    assert scaled(2) == 1.0


def test_signatures_are_compiled_at_once_and_closed():
    f = jitpy.njit(["float64(float64)", "int64(int64)"])(lambda x: x + 1)
    assert [t[0].name for t in f.signatures] == ["float", "int"]
    assert f(1) == 2 and f(1.5) == 2.5 and type(f(np.float64(1.5))) is np.float64
    with pytest.raises(TypeError, match="takes"):
        f("x")
    g = jit("float32(float32)")(lambda x: x * 2)
    assert type(g(1.5)) is np.float32
    h = jit("f8(f8[:])")(lambda a: a[0])
    assert (
        h(np.arange(3.0)[::2]) == 0.0 and len(h.signatures) == 1 and h(np.arange(3.0)) == 0.0 and len(h.signatures) == 1
    )


def test_methods_and_closures():
    k = 10

    class A:
        @staticmethod
        @jit
        def s(x):
            return x + k

    assert A.s(1) == 11 and A().s(2.5) == 12.5
    k = 20
    assert A.s(1) == 21


def test_pickling():
    assert pickle.loads(pickle.dumps(add)) is add
    k = 7
    f = jit(lambda x: x + k + SCALE)
    g = pickle.loads(pickle.dumps(f))
    assert g is not f and g(1) == f(1) == 11


def test_check():
    assert add.check(1, 2) == 3
    wrong = jit(lambda x: x)
    assert wrong(1) == 1
    wrong.py_func = lambda x: x + 1
    with pytest.raises(AssertionError, match="gives"):
        wrong.check(1)


def test_inspection(capsys):
    add(1.0, 2.0)
    assert "fadd" in add.inspect_clif("(f8, f8)")
    text = add.inspect_asm("(f8, f8)")
    assert "addsd" in text and "return x + y" in text
    add.inspect_types(signature="(f8, f8)")
    assert "x :: float" in capsys.readouterr().out
    assert "digraph" in add.inspect_cfg("(f8, f8)")


def test_recompile_and_metadata():
    f = jit(lambda x: x + 1)
    assert f(1) == 2 and len(f.signatures) == 1
    assert next(iter(f.get_metadata().values()))["bytes"] > 0
    f.recompile()
    assert f.signatures == [] and f(1) == 2
    f.disable_compile()
    with pytest.raises(TypeError, match="disabled"):
        f(1.5)


def test_the_process_ends_well():
    code = "import jitpy, atexit\nf = jitpy.jit(lambda x: x + 1)\nprint(f(1))\natexit.register(lambda: print(f(2.5)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "2\n3.5\n", "")
