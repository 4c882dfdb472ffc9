"""Operators and ufuncs on arrays: types, broadcasting, storing, overlap, and when things are computed."""

from __future__ import annotations

import pathlib
import subprocess
import sys
import tempfile
from typing import Any

import numpy as np
import pytest
from differential import DTYPES, check, make

import jitpy


def arithmetic(a: Any, b: Any) -> Any:
    return a + b, a * b - a, a / b, a // b, a % b, -a, abs(a), a**2, a < b, (a >= b) & (a != b), np.maximum(a, b), 2 - a


@pytest.mark.parametrize("dtype", [d for d in DTYPES if d not in ("bool", "complex128")])
def test_arithmetic(dtype: str) -> None:
    for shape, layout in (((), "C"), ((0,), "C"), ((7,), "S"), ((3, 4), "C"), ((3, 4), "F"), ((2, 3, 4), "N")):
        check(arithmetic, make(shape, dtype, layout), make(shape, dtype, layout), exact=False)


def test_mixed_types() -> None:
    def f(a: Any, b: Any) -> Any:
        return a + b, a * b, a < b

    for d1 in DTYPES:
        for d2 in ("bool", "uint8", "int64", "uint64", "float32"):
            if "c" not in d1[0]:
                check(f, make((5,), d1), make((5,), d2))


def test_python_numbers_are_weak() -> None:
    def f(a: Any, i: Any, x: Any) -> Any:
        return a + i, a * x, x - a, a > i, i < a, a == x

    for dtype in DTYPES[:-1]:
        for i in (1, -1, 300, 1 << 40):
            check(f, make((5,), dtype), i, 0.5)


SHAPES = [
    ((3, 4), (4,)), ((3, 1), (1, 4)), ((3, 4), (3, 1)), ((1,), (5,)), ((3,), (4,)), ((2, 3, 4), (3, 1)), ((0,), (1,)),
    ((3, 4), (3, 4)), ((2, 3), (3, 2)), ((0, 3), (1, 3)),
]  # fmt: skip


@pytest.mark.parametrize("shapes", SHAPES)
def test_broadcasting(shapes: Any) -> None:
    def f(a: Any, b: Any) -> Any:
        return a + b

    for layout in "CFS":
        check(f, make(shapes[0], layout=layout), make(shapes[1]))


def test_storing() -> None:
    def f(a: Any, b: Any) -> None:
        a[1:, :] = a[:-1, :]
        a[:, 0] = b[:, 1]
        a[:, 1:] += b[:, :-1]
        a += b
        a[1:] += a[:-1]
        a -= a[0]
        a[0] += a[1]
        a[:] = b[:] = a + 1

    def g(a: Any, b: Any) -> None:
        a[:] = b

    for l1 in "CFSN":
        check(f, make((4, 5), layout=l1), make((4, 5)))
    for s1, s2 in (((3, 4), (4,)), ((3, 4), (3, 1)), ((3, 4), (1, 3, 4)), ((3, 4), (2, 4)), ((4,), (3,)), ((1,), (4,))):
        check(g, make(s1), make(s2))


def test_overlapping_arguments() -> None:
    def f(a: Any, b: Any) -> None:
        a[1:] = b[:-1] + 1
        b[:] = a * 2

    for shift in (0, 1):
        x, y = np.arange(6.0), np.arange(6.0)
        f(x[: 6 - shift], x[shift:])
        jitpy.jit(f)(y[: 6 - shift], y[shift:])
        np.testing.assert_array_equal(x, y)


def test_casting_of_results() -> None:
    def f(a: Any, b: Any) -> Any:
        a += b
        return a

    for d1 in DTYPES[:-1]:
        for d2 in ("bool", "int8", "uint64", "float32"):
            check(f, make((5,), d1), make((5,), d2))


def test_out() -> None:
    def f(a: Any, b: Any) -> Any:
        c = np.empty_like(a)
        np.add(a, b, out=c)
        np.multiply(c, 2, c)
        d = np.sqrt(np.abs(c), out=a)
        return c, d

    check(f, make((5,)), make((5,)))


def change(a: Any) -> Any:
    a[0] = 100
    return a[1]


def test_operands_are_read_when_python_reads_them() -> None:
    def call(a: Any) -> Any:
        return (a + 1) * change(a)

    def walrus(a: Any) -> Any:
        return (b := a * 2) + b

    def branch(a: Any, c: Any) -> Any:
        return (a + 1) * (2 if c else 3)

    def names(a: Any) -> Any:
        x, y = a + 1, a * 2
        a[0] = 5
        return x, y, (a + x, a - y)

    for f in (call, walrus, names):
        check(f, make((5,)))
    check(branch, make((5,)), True)


def test_functions() -> None:
    def f(c: Any, a: Any, b: Any) -> Any:
        return (
            np.where(c > 0, a, b), np.where(c > 0, a, 0), np.where(c > 0, 1, 0), np.clip(a, -1, 1), a.clip(0), a.round(2),
            a.astype(np.float32), np.isnan(a), np.isclose(a, b), np.minimum(a, 0),
        )  # fmt: skip

    def two(a: Any, b: Any) -> Any:
        return np.divmod(a, b), np.modf(a)

    def has(a: Any, x: Any) -> Any:
        return x in a, 100 not in a, np.round(a, 1), np.round(x, 1)

    check(has, np.array([1.25, 2.0, -3.0]), 2.0)
    check(has, np.array([1.25, 2.0, -3.0]), 2.625)
    for dtype in ("float64", "float32", "int32"):
        check(f, make((7,)), make((7,), dtype), make((7,), dtype))
    check(two, make((5,)), make((5,)))


def test_the_first_kernel_of_a_process() -> None:
    """A ufunc alone, before anything else has loaded what arrays need, is computed all the same."""
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import kernels_first, numpy as np; from jitpy import jit\n"
        "print(jit(kernels_first.f)(np.zeros(2)))"
    )



    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "kernels_first.py").write_text("import numpy as np\n\n\ndef f(a):\n    return np.exp(a)\n")
        done = subprocess.run([sys.executable, "-c", program, folder], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[1. 1.]", done.stderr


def power(a: Any, b: Any) -> Any:
    return np.power(a, b), a**b


LOWEST = (-np.inf, -0.0, 4.0)
HALVES = (
    0.5, np.float64(0.5), np.float32(0.5), np.float16(0.5), np.array([0.5]), np.array([0.5], "f4"), np.array([[0.5]], "f4"),
    np.array([[0.5]]), np.array([0.5, 0.5, 0.25]),
)  # fmt: skip


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_one_exponent_for_all_is_a_square_root(dtype: str) -> None:
    """NumPy's fast path, seen at -inf and -0.0: of scalars only by the function's name; not where each element has its own."""
    several = np.array(LOWEST, dtype)
    for half in HALVES:
        check(power, several, half)
        if np.ndim(half) < 2:  # else NumPy's answer for one element hangs on its loops
            check(power, several[::2][:1], half)
            for x in LOWEST:
                check(power, several.dtype.type(x), half)
                check(power, x, half)
    for n in (2, 3):
        check(power, several, np.broadcast_to(np.array([0.5])[:1], (3,)))
        check(power, several[:n].reshape(n, 1), np.array([[0.5]]))
        check(power, several[:1], np.full(n, 0.5))
    for known in (lambda x: np.power(x, 0.5), lambda x: x**0.5, lambda x: np.power(x, x.dtype.type(0.5)) * 2):
        check(known, several)
        check(known, several.dtype.type(-0.0))
