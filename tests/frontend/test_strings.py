"""Strs in kernels against CPython, in all three widths."""

from __future__ import annotations

import pytest

import jitpy


@jitpy.jit
def use(m):
    return m == "fast", m != "fast", m < "fb", m >= "\u03b1x", m in ("x", "\u03b1"), len(m), m, "q" if m else "r", m == 1


@pytest.mark.parametrize("m", ["fast", "", "\u03b1", "\U0001f600", "fb", "\u03b1x", "fas"])
def test_like_python(m) -> None:
    assert use(m) == use.py_func(m)
