"""Several hundred expressions and statements over one array, each with the outcome it has in NumPy.

`expressions.txt` has one per line: over an array ``a`` of two dimensions and two ints ``i, j``. Statements are separated by ``;
``; what stands behind ``;;`` is a body, indented by its spaces. The element type, the layout and the shape rotate with the line.
"""

from __future__ import annotations

import itertools
import linecache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from differential import difference, make, outcome, replica
from jitpy.backend.errors import CompileError

import jitpy

LINES = (Path(__file__).parent / "expressions.txt").read_text().splitlines()
CASES = (
    ("float64", "C"), ("int64", "F"), ("uint8", "C"), ("float32", "S"), ("complex128", "C"), ("bool", "F"), ("int8", "N"),
    ("uint64", "C"), ("float16", "C"), ("complex64", "F"), ("uint32", "S"),
)  # fmt: skip
ARGUMENTS = (((3, 4), 1, 2), ((3, 4), 3, -1), ((3, 3), 0, 0))


def function(line: str, number: int) -> Any:
    """The line as a function of a, i, j."""
    statements = line.replace("; ", "\n").replace(";\n", "\n")
    if "\n" not in statements and not statements.startswith(("return", "assert")):
        statements = "return " + statements
    source = "def f(a, i, j):\n" + "".join(f"    {s}\n" for s in statements.split("\n"))
    filename = f"<expression {number}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    namespace: dict[str, Any] = {"np": np}
    exec(compile(source, filename, "exec"), namespace)
    return namespace["f"]


@pytest.mark.parametrize("part", range(8))
def test_expressions(part: int) -> None:
    wrong = []
    for number in range(part, len(LINES), 8):
        f = function(LINES[number], number)
        compiled = jitpy.jit(f)
        cases = [CASES[(number // 8 + 3 * k) % len(CASES)] for k in range(4)]
        for (dtype, layout), (shape, i, j) in itertools.product(cases, ARGUMENTS):
            a = make(shape, dtype, layout)
            first, second = replica(a), replica(a)
            ok, expected = outcome(f, (first, i, j))
            done, got = outcome(compiled, (second, i, j))
            refused = isinstance(got, CompileError)
            if ok and done:
                found = difference(expected, got, False) or difference(first, second, False)
            elif ok or done:
                found = f"expected {expected!r}, got {got!r}"
            else:
                builtin = next(c for c in type(expected).__mro__ if c.__module__ == "builtins")
                found = "" if refused or isinstance(got, builtin) else f"expected {expected!r}, got {got!r}"
            if found:
                wrong.append(f"{LINES[number]}   for {dtype}{shape} {layout} {i} {j}: {found}")
    assert not wrong, "\n".join(wrong)
