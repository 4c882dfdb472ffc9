"""``vectorize``: every element is what the Python function gives for the elements of the arguments, of any shapes and types."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

import jitpy
from jitpy import float32, float64, int64, vectorize


def clip(x: Any, low: Any) -> Any:
    return x if x > low else low


def poly(x: Any, y: Any) -> Any:
    return x * x - y + 1


def half(x: Any) -> Any:
    return math.sin(x) / 2.0


def above(x: Any, y: Any) -> Any:
    return x > y


def by_hand(function: Any, *args: Any) -> Any:
    """The function of every element of the broadcast arguments, in the dtype that its results have together."""
    shapes = [np.shape(a) for a in args]
    shape = np.broadcast_shapes(*shapes)
    spread = [np.broadcast_to(a, shape) if np.ndim(a) else a for a in args]
    items = [function(*[a[i] if np.ndim(a) else a for a in spread]) for i in np.ndindex(shape)]
    return np.array(items, np.result_type(*items) if items else None).reshape(shape)


A = np.linspace(-2, 2, 24).reshape(2, 3, 4)
CASES: list[tuple[Any, ...]] = [
    (A, 0.5), (0.5, A), (A, A), (A, A[0]), (A, A[:, :1]), (A[:, 0, 0].reshape(2, 1), np.arange(5.0)), (A.T, A.T + 1),
    (A[::-1, ::2], 1),
    (A[:, 1], 1), (np.arange(6), 3), (np.arange(6, dtype=np.uint8), np.uint8(250)), (np.arange(6, dtype=np.int8), 1),
    (A.astype(np.float32), 0.1), (A.astype(np.float32), np.float64(0.1)), (np.arange(4), np.arange(4.0)),
    (np.array([True, False]), True),
    (np.zeros((2,) * 8), np.ones(2)), (np.zeros((2,) * 8).T[::-1], np.ones((2,) * 8)), ([1, 2, 3], 2.5),
]  # fmt: skip


@pytest.mark.parametrize("function", [clip, poly, above])
@pytest.mark.parametrize("args", CASES, ids=lambda args: "-".join(str(getattr(a, "shape", a)) for a in args))
def test_elements(function: Any, args: Any) -> None:
    if function is poly and any(np.asarray(a).dtype == bool for a in args):
        pytest.skip("NumPy does not subtract bools")
    args = tuple(np.asarray(a) if isinstance(a, list) else a for a in args)
    with np.errstate(over="ignore"):
        expected = by_hand(function, *args)
    got = vectorize(function)(*args)
    assert got.dtype == expected.dtype
    assert got.shape == expected.shape
    assert got.tobytes() == np.ascontiguousarray(expected).tobytes()


def test_numbers_are_a_plain_call() -> None:
    f = vectorize(poly)
    for x, y in itertools.product((3, 2.5, np.float32(1.5), np.int8(4)), repeat=2):
        expected = poly(x, y)
        assert type(f(x, y)) is type(expected)
        assert f(x, y) == expected
    assert f.py_func is poly
    assert (f.nin, f.nout, f.nargs, f.types) == (2, 1, 3, [])
    zero = np.array(2.0)
    assert f(zero, 1.0) == 4.0


def test_empty() -> None:
    got = vectorize(half)(np.zeros((0, 3)))
    assert (got.shape, got.dtype) == ((0, 3), np.float64)


def test_out_and_where() -> None:
    f = vectorize(clip)
    out = np.full((2, 3, 4), 9.0)
    assert f(A, 0.0, out=out) is out
    assert np.array_equal(out, np.maximum(A, 0))
    single = np.zeros((2, 3, 4), np.float32)
    f(A, 0.0, out=(single,))
    assert np.array_equal(single, np.maximum(A, 0).astype(np.float32))
    kept = np.full((2, 3, 4), 9.0)
    f(A, 0.0, out=kept, where=A > 1)
    assert np.array_equal(kept, np.where(A > 1, A, 9.0))
    f(A, 0.0, out=kept, where=False)
    assert np.array_equal(kept, np.where(A > 1, A, 9.0))
    row = np.arange(6.0)
    f(row[:-1], 2.0, out=row[1:])  # as if the argument were copied
    assert list(row) == [0, 2, 2, 2, 3, 4]
    for out, error in ((np.zeros(3), ValueError), (np.zeros((2, 3, 4), np.int64), TypeError), ([0.0], TypeError)):
        with pytest.raises(error):
            f(A, 0.0, out=out)
    with pytest.raises(ValueError, match="broadcast"):
        f(np.zeros(3), np.zeros(4))
    with pytest.raises(TypeError, match="2 arguments"):
        f(A)


def test_signatures_choose_and_convert() -> None:
    f = vectorize([int64(int64, int64), float32(float32, float32), "float64(float64, float64)"])(lambda x, y: x + y)
    assert f.types == ["ll->l", "ff->f", "dd->d"]
    assert f.ntypes == 3
    for args, dtype in (
        ((np.arange(3), 1), np.int64), ((np.arange(3, dtype=np.int8), 1), np.int64), ((np.float32([1, 2]), 1), np.float32),
        ((np.float32([1, 2]), 1.5), np.float32), ((np.arange(3), 1.5), np.float64), ((np.ones(2), np.float32(1)), np.float64),
        ((1, 2), np.int64), ((1, 2.5), np.float32),
    ):  # fmt: skip
        got = f(*args)
        assert got.dtype == dtype, args
        assert np.array_equal(got, np.asarray(args[0]) + args[1])
    with pytest.raises(TypeError, match="takes ll->l"):
        f(1j, 2)
    with pytest.raises(jitpy.CompileError):
        vectorize(["float64(float64)"])(lambda x, y: x)


def test_integers_wrap_in_the_type_of_the_signature() -> None:
    f = vectorize(["uint8(uint8, uint8)"])(lambda x, y: x + y)
    assert list(f(np.array([250, 3], np.uint8), 10)) == [4, 13]
    with pytest.raises(TypeError):
        f(np.array([1, 2], np.uint8), 300)


@pytest.mark.parametrize("axis", [0, 1, 2, -1, (0, 2), (2, 0), None])
@pytest.mark.parametrize("dtype", [np.float64, np.int32, np.float32])
def test_reduce(axis: Any, dtype: Any) -> None:
    """Beside NumPy's ufuncs, in whole numbers, which any order adds alike."""
    a = np.arange(24, dtype=dtype).reshape(2, 3, 4) - 7
    for function, ufunc in ((lambda x, y: x + y, np.add), (lambda x, y: x if x > y else y, np.maximum)):
        f = vectorize(function)
        for keepdims in (False, True):
            expected = ufunc.reduce(a, axis, keepdims=keepdims, **({"dtype": dtype} if ufunc is np.add else {}))
            got = f.reduce(a, axis, keepdims=keepdims)
            assert np.array_equal(got, expected)
            assert got.dtype == a.dtype
            assert np.shape(got) == np.shape(expected)
        assert np.array_equal(f.reduce(a, axis, initial=5), ufunc.reduce(a, axis, initial=5))


def test_reduce_of_nothing() -> None:
    f = vectorize(lambda x, y: x + y)
    with pytest.raises(ValueError, match="no identity"):
        f.reduce(np.zeros((0, 3)))
    assert f.reduce(np.zeros((3, 0))).shape == (0,)
    assert list(vectorize(lambda x, y: x + y, identity=0).reduce(np.zeros((0, 3)))) == [0, 0, 0]
    with pytest.raises(ValueError, match="functions of two"):
        vectorize(half).reduce(A)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_accumulate_outer_at(axis: int) -> None:
    f = vectorize(lambda x, y: x + 2 * y)
    a = np.arange(24).reshape(2, 3, 4)
    got = f.accumulate(a, axis)
    expected = a.copy()
    moved = np.moveaxis(expected, axis, 0)
    for k in range(1, len(moved)):
        moved[k] = moved[k - 1] + 2 * moved[k]
    assert np.array_equal(got, expected)
    assert np.array_equal(f.outer(np.arange(3), np.arange(4)), np.arange(3)[:, None] + 2 * np.arange(4))
    b = np.zeros(4, np.int64)
    f.at(b, [1, 1, 3], [1, 2, 3])
    assert list(b) == [0, 6, 0, 6]


def test_errors_and_options() -> None:
    f = vectorize(lambda x: 1 // x)
    with pytest.raises(TypeError):
        f(np.array(["a"]))
    with pytest.raises(ValueError, match="must be positive"):
        vectorize(lambda x: _positive(x))(np.array([1.0, -1.0]))
    with pytest.raises(jitpy.CompileError, match="one number"):
        vectorize(lambda x: (x, x))(A)
    with pytest.raises(jitpy.CompileError, match="no option"):
        vectorize(quick=True)(half)
    with pytest.raises(jitpy.CompileError, match="target"):
        vectorize(target="cuda")(half)
    assert vectorize(target="parallel", nopython=True, cache=False)(half)(A).shape == A.shape
    assert vectorize(lambda x, y: x / y, error_model="numpy")(np.arange(2), 0).shape == (2,)


def _positive(x: float) -> float:
    if x <= 0:
        raise ValueError("x must be positive")
    return x


SCALE = 2.0


def test_the_outside_is_live() -> None:
    global SCALE
    f = vectorize(lambda x: x * SCALE)
    SCALE = 2.0
    assert f(np.ones(2))[0] == 2.0
    SCALE = 3
    got = f(np.arange(2))
    assert got.dtype == np.int64
    SCALE = 0.5
    assert list(f(np.arange(2))) == [0.0, 0.5]
    SCALE = 2.0


def test_called_in_a_kernel() -> None:
    f = vectorize(poly)
    g = jitpy.jit(lambda x, y: f(x, y) + 1.0)
    assert g(2.0, 1.0) == poly(2.0, 1.0) + 1.0
    with pytest.raises(jitpy.CompileError, match="vectorized"):
        jitpy.jit(lambda a: f(a, 1.0))(A)
    assert float64 is jitpy.float64
