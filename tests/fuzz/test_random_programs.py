"""Random programs have the same outcome in CPython and under `@jit`: value, types, changed arguments, exception class.

`JITPY_FUZZ_MINUTES`: for so long, on new seeds.
"""

from __future__ import annotations

import copy
import linecache
import math
import warnings

import numpy as np
import pytest
from jitpy.backend.errors import CompileError
from minutes import for_minutes, search
from random_python import Generator

import jitpy

#: What jitpy may raise where CPython returns (SEMANTICS C2): an int beyond 64 bits, somewhere on the way; results whose type
#: depends on values.
REFUSALS = (OverflowError, ValueError)


def same(a: object, b: object) -> bool:
    """Equal in type and to the bit; any NaN equals any NaN."""
    if type(a) is not type(b):
        return False
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and bool(np.array_equal(a, b, equal_nan=a.dtype.kind in "fc"))
    return a == b or (a != a and b != b)


def outcome(function, arguments):
    arguments = copy.deepcopy(arguments)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ("returned", function(*arguments)), arguments
        except CompileError:
            raise
        except Exception as error:
            return ("raised", type(error)), arguments


def check(seed: int) -> str:
    """"agrees", "refused" (an int beyond 64 bits) or "not compiled"; raises AssertionError with the program where they differ."""
    generator = Generator(seed)
    source = generator.source()
    filename = f"<program {seed}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    namespace = {"np": np, "math": math}
    exec(compile(source, filename, "exec"), namespace)
    function = namespace["f"]
    compiled = jitpy.jit(function)
    result = "agrees"
    for _ in range(3):
        arguments = generator.arguments()
        expected, expected_arguments = outcome(function, arguments)
        try:
            got, changed = outcome(compiled, arguments)
        except CompileError as error:
            # A refusal at compile time is right where the types make the operation an error, whether it is reached or not.
            text = str(error)
            known = ("four", "4", "complex", "not supported", "is not defined for")
            assert expected[0] == "raised" or any(word in text for word in known), f"seed {seed}: {error}\n{source}"
            return "not compiled"
        # An int beyond 64 bits. CPython may stumble later, over an index that large, or over another number.
        if got == ("raised", OverflowError) and (got != expected or not all(map(same, expected_arguments, changed))):
            result = "refused"
            continue
        assert got[0] == expected[0] and (got[1] is expected[1] if got[0] == "raised" else same(got[1], expected[1])), (
            f"seed {seed}\n{source}\narguments {arguments!r}\nCPython {expected!r}\njitpy   {got!r}"
        )
        assert all(map(same, expected_arguments, changed)), (
            f"seed {seed}\n{source}\narguments {arguments!r}\nCPython leaves {expected_arguments!r}\njitpy leaves   {changed!r}"
        )
    return result


@pytest.mark.parametrize("seed", [553, 2112])
def test_once_wrong(seed: int) -> None:
    """Programs that were miscompiled once. 553: a constant recomputed into a spill slot by way of another file's register."""
    assert check(seed) == "agrees"


@pytest.mark.parametrize("chunk", range(8))
def test_random_programs(chunk: int) -> None:
    found = [check(seed) for seed in range(chunk * 20, chunk * 20 + 20)]
    assert found.count("agrees") > 8, found


@for_minutes
def test_for_minutes() -> None:
    search("program", lambda seed: check(seed) and None)
