"""Random programs over whole arrays have the same outcome in NumPy and under `@jit`; what NumPy rejects may be a compile error.

`JITPY_FUZZ_MINUTES`: for so long, on new seeds.
"""

from __future__ import annotations

import copy
import linecache
import sys
from pathlib import Path

import numpy as np
import pytest
from jitpy.backend.errors import CompileError
from minutes import for_minutes, search
from random_arrays import Generator

import jitpy

sys.path.append(str(Path(__file__).parent.parent / "numpy"))
from differential import difference, outcome


def check(seed: int) -> str:
    """Whether it "agrees", is "rejected" (by NumPy too) or "refused" (an int beyond
    64 bits); AssertionError where they differ."""
    generator = Generator(seed)
    source = generator.source()
    filename = f"<array program {seed}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    namespace = {"np": np}
    exec(compile(source, filename, "exec"), namespace)
    function = namespace["f"]
    compiled = jitpy.jit(function)
    result = "agrees"
    for _ in range(3):
        arguments = generator.arguments()
        first, second = copy.deepcopy(arguments), copy.deepcopy(arguments)
        ok, expected = outcome(function, first)
        done, got = outcome(compiled, second)
        text = f"seed {seed}\n{source}\n{arguments!r}\nNumPy {expected!r}\njitpy {got!r}\n"
        if ok and done:
            found = difference(expected, got, False)
            assert not found, text + found
            for a, b in zip(first, second, strict=True):
                changed = difference(a, b, False)
                assert not changed, text + f"argument: {changed}"
        elif isinstance(got, OverflowError):
            result = "refused"
        else:
            assert not ok and not done, text
            builtin = next(c for c in type(expected).__mro__ if c.__module__ == "builtins")
            assert isinstance(got, (CompileError, builtin)), text
            result = "rejected"
    return result


@pytest.mark.parametrize("chunk", range(6))
def test_random_arrays(chunk: int) -> None:
    found = [check(seed) for seed in range(chunk * 25, chunk * 25 + 25)]
    assert found.count("agrees") > 2, found


@for_minutes
def test_for_minutes() -> None:
    search("arrays", lambda seed: check(seed) and None)
