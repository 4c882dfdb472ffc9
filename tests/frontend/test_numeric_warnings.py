"""SEMANTICS C4: an accumulator that becomes narrower than it began is warned about, once per line."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import jitpy


def total(a):
    s = 0.0
    for x in a:
        s += x
    return s


@pytest.mark.parametrize(("dtype", "count"), [("float32", 1), ("float64", 0)])
def test_warned_where_it_is_narrow(dtype: str, count: int) -> None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        jitpy.jit(total)(np.ones(3, dtype))
    assert [w.category for w in seen] == [jitpy.NumericWarning] * count
    for w in seen:
        assert w.lineno == total.__code__.co_firstlineno + 3 and "float32" in str(w.message)


def test_once_per_function_and_line() -> None:
    f = jitpy.jit(total)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        for dtype in ("float32", "int8", "float16", "uint16"):
            f(np.ones(3, dtype))
    assert len(seen) == 1


def test_remarks_by_source_line() -> None:
    @jitpy.jit
    def mean(a, b):
        return (a + b) // 2, a * 2.0

    mean(np.uint8(3), np.uint8(4))
    first = mean.py_func.__code__.co_firstlineno
    assert [(r.line - first, r.kind, r.function) for r in mean.remarks] == [(2, "remark", "mean")]
    assert repr(mean.remarks[0]) == (
        f"{__file__}:{first + 2}: remark: uint8 arithmetic stays uint8 and wraps outside 0 .. 255, as in NumPy"
    )
    mean(np.int64(3), np.int64(4))
    assert len(mean.remarks) == 1
    f = jitpy.jit(total)
    with pytest.warns(jitpy.NumericWarning):
        f(np.ones(3, np.float32))
    assert [r.kind for r in f.remarks] == ["warning"]


def test_remarks_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    f = jitpy.jit(lambda a: a + a)
    f(np.int8(1))
    f.parallel_diagnostics()
    assert "remark: int8 arithmetic" in capsys.readouterr().out
