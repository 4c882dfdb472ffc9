"""Calls where the layout of objects is unknown: the same programs, the same answers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENV = {**os.environ, "PYTHONPATH": str(ROOT)}


@pytest.mark.parametrize(
    "tests",
    [
        ["tests/jit/test_programs.py"],
        ["tests/frontend/test_lists.py", "tests/frontend/test_strings.py"],
        ["tests/runtime/test_callable.py", "tests/runtime/test_cabi.py"],
    ],
    ids=lambda tests: tests[0],
)
def test_the_same_answers(tests: list[str]) -> None:
    """The tests of programs, lists, strings, arrays, shapes of calls and threads, run in a process of that kind."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *tests], capture_output=True, text=True, timeout=600, cwd=ROOT,
        env={**ENV, "JITPY_PORTABLE_CALLS": "1"},
    )  # fmt: skip
    assert done.returncode == 0 and " passed" in done.stdout, done.stdout[-4000:]


BROKEN = """
import ctypes
import numpy as np
import jitpy
real = ctypes.string_at
ctypes.string_at = lambda at, size=-1: bytes(size) if size == 8 else real(at, size)  # nothing is where it should be
from jitpy.runtime import layout
ctypes.string_at = real
assert not layout.KNOWN

@jitpy.jit
def f(x, k=2):
    return (x * k).sum()

table = np.arange(5.0)

@jitpy.jit
def g(i):
    return table[i], table[1:]

assert f(np.arange(4.0)) == 12.0 and f(np.arange(4), k=3) == 18
value, view = g(3)
assert value == 3.0 and view.base is table and view[0] == 1.0
table[3] = 7
assert g(3)[0] == 7.0
table = np.arange(3)
assert g(2)[0] == 2 and f.signatures and len(f.recompilations) == 0 and len(g.recompilations) == 1
try:
    g(9)
except IndexError as error:
    assert "9" in str(error)
else:
    raise AssertionError
print("same")
"""


def test_an_unknown_layout_is_noticed() -> None:
    done = subprocess.run([sys.executable, "-c", BROKEN], capture_output=True, text=True, timeout=120, env=ENV)
    assert (done.returncode, done.stdout) == (0, "same\n"), done.stderr
