"""A jitted function in place of a plain one: what else reads and sets its attributes."""

import functools
import inspect
import typing

import numpy as np
import pytest

import jitpy
from jitpy import jit


@jit
def scaled(x: float, y: int = 2, *, z: float = 3.0) -> float:
    """Scaled."""
    return x * y * z


def test_attributes_of_the_function():
    f = scaled.py_func
    for name in ("__annotations__", "__defaults__", "__kwdefaults__", "__code__", "__globals__", "__doc__", "__wrapped__"):
        assert getattr(scaled, name) == (f if name == "__wrapped__" else getattr(f, name))
    assert typing.get_type_hints(scaled) == {"x": float, "y": int, "z": float, "return": float}
    assert inspect.signature(scaled) == inspect.signature(f)
    wrapper = functools.wraps(scaled)(lambda *args: scaled(*args))
    assert (wrapper.__name__, wrapper.__doc__, wrapper.__annotations__) == ("scaled", "Scaled.", f.__annotations__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        scaled.nothing  # noqa: B018


def test_defaults_are_set_through_the_jitted_function():
    @jit
    def f(x, y=2):
        return x * y

    assert f(3) == 6
    f.__defaults__ = (5,)
    assert f(3) == 15
    f.tag = 1
    assert f.tag == 1


def test_assembly_names_helpers_and_counts_from_the_start():
    @jit
    def f(a):
        s = 0.0
        for i in range(a.shape[0]):
            s += np.exp(a[i])
        return s

    f(np.arange(3.0))
    text = f.inspect_asm(f.signatures[0])
    assert "# jitpy_math_exp" in text
    assert f"{__file__}:" in text
    rows = [line.split() for line in text.splitlines()]
    targets = [row[3] for row in rows if len(row) > 3 and row[2] in ("jmp", "jl")]
    assert targets and all(f"\n{target}:\n" in text for target in targets)
    assert ["0", "55", "push", "rbp"] in rows


def test_optional():
    @jit("optional(float64)(optional(float64))")
    def f(x):
        if x is None:
            return 0.0
        if x < 0:
            return None
        return x

    assert (f(None), f(1.5), f(-1.0), f(2)) == (0.0, 1.5, None, 2.0)
    g = jit(jitpy.float64(jitpy.types.optional(jitpy.float64)))(lambda x: 0.0 if x is None else x)
    assert (g(4.0), g(None)) == (4.0, 0.0)
    with pytest.raises(TypeError, match="optional"):
        f("a")


def test_names_of_numba_that_are_not_here_say_what_to_do():
    with pytest.raises(AttributeError, match="has no attribute 'guvectorize': write a loop"):
        jitpy.guvectorize  # noqa: B018
