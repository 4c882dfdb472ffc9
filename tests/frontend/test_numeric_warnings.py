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
