"""Interpreters that jitpy refuses, with a message."""

import subprocess
import sys

import pytest

from jitpy import interpreter


def test_free_threaded_builds_are_refused():
    assert "free-threaded" in interpreter.refusal("t", True)
    assert interpreter.refusal("", True) == interpreter.refusal("d", True) == ""


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="the module that makes subinterpreters has another name")
def test_subinterpreters_are_refused():
    program = (
        "import sys, _xxsubinterpreters as sub\n"
        "from jitpy import jit\n"
        "assert jit(lambda x: x + 1)(1) == 2\n"
        "i = sub.create()\n"
        "sub.run_string(i, f'import sys; sys.path[:] = {sys.path!r}\\nfrom jitpy import jit\\njit(lambda x: x)')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert "jitpy does not run in subinterpreters" in done.stderr
