"""``fastmath``: what each flag changes, and that NaN tests stay."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from jitpy.backend.isa.x64.features import host

import jitpy
from jitpy import jit

needs_fma = pytest.mark.skipif(not host()["has_fma"], reason="this machine has no fma")
X = 1 + 2.0**-30
Z = -(X * X)


def _exact(x: float, y: float, z: float) -> float:
    return float(Fraction(x) * Fraction(y) + Fraction(z))


@needs_fma
@pytest.mark.parametrize("flags", [True, {"contract"}, {"fast"}, {"contract": True}])
def test_products_and_sums_are_contracted(flags) -> None:
    assert jit(lambda x, y, z: x * y + z, fastmath=flags)(X, X, Z) == _exact(X, X, Z) != 0
    assert jit(lambda x, y, z: z + x * y, fastmath=flags)(X, X, Z) == _exact(X, X, Z)
    assert jit(lambda x, y, z: x * y - z, fastmath=flags)(X, X, -Z) == _exact(X, X, Z)
    assert jit(lambda x, y, z: z - x * y, fastmath=flags)(X, X, -Z) == -_exact(X, X, Z)
    assert jit(lambda x, y, z: x * y - z * 3.0, fastmath=flags)(2.0, 3.0, 4.0) == -6.0
    assert jit(lambda x, y, z: x * y + (z + 1.0), fastmath=flags)(2.0, 3.0, 4.0) == 11.0
    assert jit(lambda x, y, z: x * y - (z + 1.0), fastmath=flags)(2.0, 3.0, 4.0) == 1.0


@needs_fma
def test_loops_over_arrays() -> None:
    @jit(fastmath=True)
    def each(a, b, out):
        for i in range(len(a)):
            out[i] = a[i] * b[i] + out[i]

    out = np.array([Z, Z])
    each(np.array([1.0, X]), np.array([X, X]), out)
    assert list(out) == [X + Z, _exact(X, X, Z)]


def test_sums_of_loops_stay() -> None:
    @jit(fastmath=True)
    def dot(a, b):
        s = 0.0
        for i in range(len(a)):
            s += a[i] * b[i]
        return s

    assert dot(np.array([1.0, X]), np.array([Z, X])) == 0.0


@needs_fma
def test_single_precision() -> None:
    x = np.float32(1 + 2.0**-13)
    f = jit(lambda x, z: x * x + z, fastmath=True)
    assert f(x, -(x * x)) == np.float32(_exact(float(x), float(x), float(-(x * x)))) != 0


@pytest.mark.parametrize("flags", [False, set(), {"nnan", "ninf", "nsz", "afn", "reassoc"}, {"contract": False}])
def test_without_the_flag_nothing_changes(flags) -> None:
    assert jit(lambda x, y, z: x * y + z, fastmath=flags)(X, X, Z) == 0.0
    assert jit(lambda x: x / 3.0, fastmath=flags)(5.0) == 5.0 / 3.0


def test_reciprocals() -> None:
    f = jit(lambda x: x / 3.0, fastmath={"arcp"})
    for x in (5.0, 7.0, 11.0, 1e300):
        assert f(x) == x * (1 / 3.0)
    assert jit(lambda x: x / 1e-310, fastmath=True)(1e-310) == 1.0
    with pytest.raises(ZeroDivisionError):
        jit(lambda x: x / 0.0, fastmath=True)(1.0)


def test_a_product_used_twice_stays() -> None:
    @jit(fastmath=True)
    def f(x, y, z):
        p = x * y
        return p + z, p

    assert f(X, X, Z) == (0.0, X * X)


def test_nan_tests_stay() -> None:
    f = jit(lambda x: (math.isnan(x), x != x, np.isnan(x)), fastmath=True)
    assert f(float("nan")) == (True, True, True)
    assert f(1.0) == (False, False, False)


def test_unknown_flags() -> None:
    with pytest.raises(jitpy.CompileError, match="fastmath"):
        jit(fastmath={"quick"})
