"""Exceptions of kernels, shown by everything that shows exceptions."""

import inspect
import re
import subprocess
import sys
import traceback

import numpy as np
import pytest

from jitpy import jit


@jit
def inner(a, i):
    b = a * 2
    return b[i]


@jit
def middle(a, i):
    return inner(a, i) + 1


@jit
def outer(a, i):
    total = 0.0
    total += middle(a, i)
    return total


def test_every_kernel_has_its_line():
    with pytest.raises(IndexError, match="index 7 is out of bounds for axis 0 with size 3") as caught:
        outer(np.zeros(3), 7)
    entries = traceback.extract_tb(caught.value.__traceback__)[1:]
    assert [(e.name, e.line) for e in entries] == [
        ("outer", "total += middle(a, i)"), ("middle", "return inner(a, i) + 1"), ("inner", "return b[i]"),
    ]  # fmt: skip
    assert {e.filename for e in entries} == {__file__}
    frames = inspect.getinnerframes(caught.value.__traceback__)[1:]
    assert [f.lineno for f in frames] == [f.frame.f_lineno for f in frames] == [e.lineno for e in entries]


def test_notebooks_show_them():
    """Positions of instructions that do not exist send IPython's formatter round in circles."""
    program = (
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance()\n"
        "shell.run_cell('from jitpy import jit\\nimport numpy as np\\n@jit\\ndef f(a):\\n    return a[7]\\nf(np.zeros(2))')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    shown = re.sub("\x1b\\[[0-9;]*m", "", done.stdout)
    assert "index 7 is out of bounds" in shown and "return a[7]" in shown
