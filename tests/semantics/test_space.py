"""The law as a property: decorating a function never changes its answer.

Every expression of `space` is walked through ``@jit``: value, type and class of the exception must be CPython's. By default a sample that
takes about a minute; ``JITPY_SEMANTICS=all`` (``make fuzz-semantics``) walks every pair of types at many values.
"""

from __future__ import annotations

import os
import random

import pytest
import space

ALL = os.environ.get("JITPY_SEMANTICS") == "all"
#: Type combinations per expression, and values per combination.
COMBINATIONS, VALUES = (10**9, 60) if ALL else (2, 12)


def _jit():
    try:
        from jitpy import jit
    except ImportError:
        pytest.skip("there is no jit in this build")
    return jit


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("expression", space.EXPRESSIONS, ids=repr)
def test_decorating_changes_nothing(expression):
    """The jitted expression has the outcome of the plain one."""
    function = expression.function()
    kinds = space.combinations(expression)
    if len(kinds) > COMBINATIONS:
        kinds = random.Random(expression.source).sample(kinds, COMBINATIONS)
    wrong = []
    for combination in kinds:
        jitted = _jit()(expression.function())
        for values in space.operands(combination, VALUES, f"{expression.source} {combination}"):
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
