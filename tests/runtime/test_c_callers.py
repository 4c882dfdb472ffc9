"""``f.cffi`` called by C that gcc compiled from our own declarations: arrays in and out, structs, statuses, C's own threads."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cffi import FFI

from jitpy import cabi, jit

pytestmark = pytest.mark.skipif(not shutil.which("gcc"), reason="no gcc")


@jit("(float64[:, :], int64)")
def summary(a, k):
    low, high = a[0, 0], a[0, 0]
    total = np.float64(0)
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            low, high = min(low, a[i, j]), max(high, a[i, j])
            total += a[i, j] * k
    return total, low < 0, np.int8(k), high


@jit("(float64[:, :], float64)")
def scaled(a, factor):
    return a * factor


@jit("(int32[::1], uint8, boolean)")
def fill(a, value, negative):
    for i in range(len(a)):
        a[i] = -int(value) if negative else int(value)
    return len(a)


@jit("(float64[::1], int64)")
def item(a, i):
    return a[i]


C = """
#include <stdint.h>
#include <stddef.h>
#include <pthread.h>
%s
typedef int32_t summary_f(summary_result *, const jitpy_array_float64_2d *, int64_t);
typedef int32_t scaled_f(jitpy_array_float64_2d *, const jitpy_array_float64_2d *, double);
typedef int32_t fill_f(int64_t *, const jitpy_array_int32_1d *, uint8_t, uint8_t);
typedef int32_t item_f(double *, const jitpy_array_float64_1d *, int64_t);

double sum_up(summary_f *f) {  /* every other column of a matrix, rows from the last */
    double m[3][4] = {{1, 2, 3, 4}, {5, -6, 7, 8}, {9, 10, 11, 12.5}};
    jitpy_array_float64_2d a = {&m[2][1], {3, 2}, {-(int64_t)sizeof m[0], 16}, NULL};
    summary_result r;
    if (f(&r, &a, 3)) return -1;
    return r.f0 + 1000 * r.f1 + 10000 * r.f2 + r.f3;
}
int scale(scaled_f *f, void (*release)(void *)) {
    double m[2][3] = {{1, 2, 3}, {4, 5, 6}};
    jitpy_array_float64_2d a = {m[0], {2, 3}, {24, 8}, NULL}, r;
    if (f(&r, &a, 2.5)) return -1;
    int good = r.shape[0] == 2 && r.shape[1] == 3 && r.owner;
    for (int i = 0; i < 2; i++) for (int j = 0; j < 3; j++)
        good &= *(double *)((char *)r.data + i * r.strides[0] + j * r.strides[1]) == 2.5 * m[i][j];
    if (release) release(r.owner);
    return good;
}
int64_t filled(fill_f *f) {
    int32_t data[5] = {9, 9, 9, 9, 9};
    jitpy_array_int32_1d a = {data, {4}, {4}, NULL};
    int64_t n;
    if (f(&n, &a, 200, 1)) return -1;
    return data[0] == -200 && data[3] == -200 && data[4] == 9 ? n : -2;
}
int status(item_f *f, int64_t i) {
    double data[2] = {1.5, 2.5}, x = 0;
    jitpy_array_float64_1d a = {data, {2}, {8}, NULL};
    return f(&x, &a, i) ? -1 : (int)(2 * x);
}
static void *work(void *f) {
    intptr_t bad = 0;
    for (int i = 0; i < 20000; i++) bad += status(f, i & 1) != (i & 1 ? 5 : 3);
    return (void *)bad;
}
long threads(item_f *f) {
    pthread_t t[8];
    long bad = 0;
    for (int i = 0; i < 8; i++) pthread_create(&t[i], NULL, work, (void *)f);
    for (int i = 0; i < 8; i++) { void *r; pthread_join(t[i], &r); bad += (intptr_t)r; }
    return bad;
}
"""


@pytest.fixture(scope="module")
def c(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    folder: Path = tmp_path_factory.mktemp("c")
    texts: list[str] = []
    for f in (summary, scaled, fill, item):
        (overload,) = f.overloads.values()
        text = cabi.declarations(f.__name__, overload.types, overload.module.result_types[0])
        texts += [line for line in text.splitlines() if line.startswith("typedef") and line not in texts]
    (folder / "c.c").write_text(C % "\n".join(texts))
    library = str(folder / "c.so")
    options = ["-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-pthread"]
    subprocess.run(["gcc", *options, "-o", library, str(folder / "c.c")], check=True)
    ffi = FFI()
    ffi.cdef(
        "double sum_up(void *); int scale(void *, void *); int64_t filled(void *); int status(void *, int64_t);"
        "long threads(void *);"
    )
    return ffi, ffi.dlopen(library)


def test_arrays_and_structs(c: tuple[Any, Any]) -> None:
    ffi, lib = c
    m = np.array([[1, 2, 3, 4], [5, -6, 7, 8], [9, 10, 11, 12.5]])
    total, negative, small, high = summary.py_func(m[::-1, 1::2], 3)
    assert lib.sum_up(ffi.cast("void *", summary.cffi)) == total + 1000 * negative + 10000 * int(small) + high
    assert lib.filled(ffi.cast("void *", fill.cffi)) == 4


def test_a_new_array(c: tuple[Any, Any]) -> None:
    from jitpy.runtime import helpers

    ffi, lib = c
    assert lib.scale(ffi.cast("void *", scaled.cffi), ffi.cast("void *", helpers.code()["jitpy_release"])) == 1


def test_statuses(c: tuple[Any, Any]) -> None:
    ffi, lib = c
    f = ffi.cast("void *", item.cffi)
    assert [lib.status(f, i) for i in (0, 1, -1, 2, -3, 1 << 62)] == [3, 5, 5, -1, -1, -1]
    assert item(np.array([1.0, 4.0]), 1) == 4.0


def test_threads_of_c(c: tuple[Any, Any]) -> None:
    """Threads that Python has never seen."""
    ffi, lib = c
    assert lib.threads(ffi.cast("void *", item.cffi)) == 0
