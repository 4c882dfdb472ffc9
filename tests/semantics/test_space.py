"""The law as a property: decorating a function never changes its answer.

Every expression of `space` is walked through ``@jit``: value, type and class of the exception must be CPython's. By
default a sample that takes about a minute; ``make fuzz`` (JITPY_FUZZ_MINUTES set) walks every pair of types at many
values, other ones each time.
"""

from __future__ import annotations

import os
import random
import time

import pytest
import space

ALL = "JITPY_FUZZ_MINUTES" in os.environ
#: Type combinations per expression, values per combination, and what makes them other ones each time.
COMBINATIONS, VALUES, SEED = (10**9, 60, f" {time.time_ns()}") if ALL else (4, 12, "")


@pytest.fixture(scope="module")
def jit():
    """The decorator."""
    from jitpy import jit

    try:
        jit(lambda x: x)(1)
    except ImportError as error:
        pytest.skip(f"parts of the compiler are missing here: {error}")
    return jit


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("expression", space.EXPRESSIONS, ids=repr)
def test_decorating_changes_nothing(jit, expression):
    """The jitted expression has the outcome of the plain one."""
    function = expression.function()
    kinds = space.combinations(expression)
    if len(kinds) > COMBINATIONS:
        kinds = random.Random(expression.source).sample(kinds, COMBINATIONS)
    wrong = []
    for combination in kinds:
        jitted = jit(expression.function())
        for values in space.operands(combination, VALUES, f"{expression.source} {combination}{SEED}"):
            expected = space.outcome(function, values)
            actual = _run(jitted, values)
            if not space.agree(expected, actual, expression):
                wrong.append(f"{combination} {values}: {expected!r}, jitted {actual!r}")
    assert not wrong, f"{expression}: {len(wrong)} differ\n" + "\n".join(wrong[:20])


def _run(jitted, values):
    try:
        return jitted(*values)
    except (ArithmeticError, ValueError, TypeError) as error:
        return error


def test_masked_products_are_exact(jit):
    """Products that leave 64 bits are right where only low bits are asked for, and come back as Python ints."""
    mask = (1 << 64) - 1

    def splitmix(x):
        z = (x + 0x9E3779B97F4A7C15) & mask
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        return z ^ (z >> 31)

    jitted = jit(splitmix)
    for x in (0, 1, 12345, 2**63 - 1, -5):
        assert jitted(x) == splitmix(x)
