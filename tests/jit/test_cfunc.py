"""``cfunc``: callbacks called from C (by ctypes, cffi and the C library), their types and errors."""

from __future__ import annotations

import ctypes
import gc
import random
import sys
import threading
from typing import Any

import pytest

import jitpy
from jitpy import cfunc


@cfunc("float64(float64, float64)")
def ratio(x: float, y: float) -> float:
    return x / y


def test_the_same_function_from_all_sides() -> None:
    assert ratio.ctypes(3.0, 2.0) == ratio.cffi(3.0, 2.0) == ratio(3.0, 2.0) == 1.5
    assert ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double, ctypes.c_double)(ratio.address)(1.0, 4.0) == 0.25
    assert ratio.declaration == "double ratio(double, double)"
    assert ratio.py_func(1.0, 2.0) == 0.5
    assert "float64" in repr(ratio)


TYPES = [
    ("int8", -5), ("int16", -300), ("int32", -70000), ("int64", -(2**40)), ("uint8", 200), ("uint16", 60000),
    ("uint32", 4 * 10**9), ("uint64", 2**63 + 5), ("float32", 0.5), ("float64", 0.1), ("boolean", 1),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), TYPES)
def test_types(name: str, value: Any) -> None:
    same = cfunc(f"{name}({name})")(lambda x: x)
    assert same.ctypes(value) == value
    assert same.cffi(value) == value


def test_many_arguments() -> None:
    kinds = ["float64", "int32"] * 8
    names = [f"x{k}" for k in range(16)]
    namespace: dict[str, Any] = {}
    exec(f"def f({', '.join(names)}): return " + " + ".join(f"{k + 1} * x{k}" for k in range(16)), namespace)
    f = cfunc(f"float64({', '.join(kinds)})")(namespace["f"])
    args = [x if k % 2 else float(x) for k, x in enumerate(range(1, 17))]
    assert f.ctypes(*args) == f(*args)


def test_void() -> None:
    f = cfunc("void(int32)")(lambda x: None)
    assert f.ctypes(1) is None
    assert f.declaration.startswith("void ")


def test_the_c_library_calls_it() -> None:
    @cfunc("int32(int64, int64)")
    def compare(p: int, q: int) -> int:
        return 0  # qsort of equal elements

    libc = ctypes.CDLL(None)
    data = (ctypes.c_int * 4)(4, 3, 2, 1)
    libc.qsort(data, 4, 4, ctypes.c_void_p(compare.address))
    assert sorted(data) == [1, 2, 3, 4]


def test_errors_are_printed_and_zero_is_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda u: seen.append((u.exc_type, u.exc_traceback.tb_frame.f_code.co_name)))
    assert ratio.ctypes(1.0, 0.0) == 0.0
    assert ratio.cffi(1.0, 0.0) == 0.0
    threads = [threading.Thread(target=lambda: ratio.cffi(1.0, 0.0)) for _ in range(2)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert seen == [(ZeroDivisionError, "ratio")] * 4


def test_code_lives_as_long_as_its_pointers() -> None:
    pointers = [_adder(k) for k in range(5)]
    gc.collect()
    assert [p(10) for p in pointers] == [10, 11, 12, 13, 14]


def _adder(k: int) -> Any:
    return cfunc("int64(int64)")(lambda x: x + k).ctypes


def test_random_numbers_and_printing_need_no_gil(capfd: pytest.CaptureFixture[str]) -> None:
    @cfunc("float64(int64)")
    def draw(n: int) -> float:
        s = 0.0
        for _ in range(n):
            s += random.gauss(0.0, 1.0)
        print(n)
        return s

    random.seed(3)
    mine = draw.cffi(5)
    random.seed(3)
    assert mine == sum([random.gauss(0.0, 1.0) for _ in range(5)])


def test_options_and_refusals() -> None:
    f = cfunc("float64(float64)", error_model="numpy")(lambda x: 1.0 / x)
    assert f.ctypes(0.0) == float("inf")
    for signature in ("float64(float64[:])", "(float64,)", "complex128(complex128)", "complex128(float64)"):
        with pytest.raises(jitpy.CompileError):
            cfunc(signature)(lambda x: x)
    with pytest.raises(jitpy.CompileError, match="no option"):
        cfunc("float64(float64)", fast=True)(lambda x: x)
    with pytest.raises(jitpy.CompileError):
        cfunc("float64(float64)")(lambda x: (x, x))
