"""``prange`` is a range that says so."""

from __future__ import annotations

import numpy as np
from jitpy.frontend.pipeline import compile_kernel

import jitpy
from jitpy.arguments import typeof


def squares(a):
    s = 0.0
    for i in jitpy.prange(len(a)):
        s += a[i] * a[i]
    for i in jitpy.prange(2, 5, 2):
        s += i
    return s


def test_prange_is_a_range_and_leaves_a_remark() -> None:
    a = np.arange(6.0)
    assert jitpy.jit(squares, parallel=True)(a) == squares(a) == 61.0
    module = compile_kernel(squares, (typeof(a),), {})
    assert any("prange runs serially" in remark.text for remark in module.remarks)
