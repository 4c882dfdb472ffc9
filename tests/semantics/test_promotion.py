"""The promotion tables against NumPy: every pair of the 4 Python and 14 NumPy scalar types, and every ufunc's loops."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest
from jitpy.frontend.types import promotion
from jitpy.frontend.types import types as ty

WEAK = {ty.py_bool: True, ty.py_int: 1, ty.py_float: 1.0, ty.py_complex: 1j}
ALL = ty.PY_SCALARS + ty.NP_SCALARS


def dtype(t):
    return WEAK[t] if t.weak else np.dtype("bool" if t.kind == "b" else t.name)


@pytest.mark.parametrize("a", ALL, ids=repr)
def test_pairs(a):
    for b in ALL:
        ours = promotion.promote(a, b)
        theirs = promotion.from_dtype(np.result_type(dtype(a), dtype(b)))
        assert promotion.DEFAULT.get(ours, ours) is theirs, (a, b)


def test_triples():
    for types in itertools.combinations(ALL, 3):
        ours = promotion.common(types)
        theirs = promotion.from_dtype(np.result_type(*map(dtype, types)))
        assert promotion.DEFAULT.get(ours, ours) is theirs, types


def test_loops_are_those_that_run():
    """Result types as evaluation gives them, scalars and arrays alike."""
    sample = (
        np.add,
        np.true_divide,
        np.power,
        np.arctan2,
        np.less,
        np.left_shift,
        np.hypot,
        np.remainder,
        np.logical_and,
    )
    for ufunc, a, b in itertools.product(sample, ALL, ALL):
        if a.weak and b.weak:
            continue
        values = [WEAK[t] if t.weak else np.ones(2, dtype(t)) for t in (a, b)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                result = promotion.from_dtype(ufunc(*values).dtype)
            except TypeError:
                result = None
        found = promotion.loop(ufunc, (a, b))
        assert (found and found[-1]) is result, (ufunc, a, b)


def test_c_integer_aliases():
    for code in "bhilqBHILQ":
        assert promotion.from_dtype(np.dtype(code)).bits == 8 * np.dtype(code).itemsize
    assert promotion.from_dtype(np.dtype(">i4")) is None
    assert promotion.from_dtype(np.dtype("O")) is None
