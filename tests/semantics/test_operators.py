"""Scalar operations through the library's handlers, evaluated directly: value, type and exception as CPython and NumPy
give them.
"""

from __future__ import annotations

import os

import pytest
import space
from evaluator import evaluate_expression, expression_action

LIMIT = int(os.environ.get("JITPY_SEMANTICS_VALUES", "3"))
GROUPS = sorted({e.group for e in space.EXPRESSIONS})


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("group", GROUPS)
def test_group(group):
    """Every expression of the group on every combination of scalar types, at a few values each; operands known and
    unknown.
    """
    wrong = []
    for expression in space.EXPRESSIONS:
        if expression.group != group:
            continue
        function, action = expression.function(), expression_action(expression)
        for kinds in space.combinations(expression):
            seed = f"{expression.source} {kinds}"
            for i, values in enumerate(space.operands(kinds, LIMIT, seed)):
                expected = space.outcome(function, values)
                for known in ((), (expression.arity - 1,), (0,))[: 3 if i == 0 and expression.arity > 1 else 1]:
                    actual = evaluate_expression(action, kinds, values, known)
                    if not space.agree(expected, actual, expression):
                        wrong.append(f"{expression.source}: {kinds} {values} {known}: {expected!r}, here {actual!r}")
    assert not wrong, f"{len(wrong)} differ:\n" + "\n".join(wrong[:20])


def _one(source, kinds, *values):
    expression = next(e for e in space.EXPRESSIONS if e.source == source)
    return evaluate_expression(expression_action(expression), [space.KINDS[k] for k in kinds], values)


def test_masks_are_exact():
    """Where low bits are all that is asked for, products may leave 64 bits: splitmix64 and its like are right."""
    from evaluator import build, run
    from jitpy.frontend.types import types as ty
    from jitpy.frontend.values import Const

    mask = (1 << 64) - 1

    def splitmix(x):
        z = (x + 0x9E3779B97F4A7C15) & mask
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        return z ^ (z >> 31)

    def translated(tr, values):
        def mixed(z, shift, factor):
            z = tr.binary("^", z, tr.binary(">>", z, Const(shift)))
            return tr.binary("&", tr.binary("*", z, Const(factor)), Const(mask))

        z = tr.binary("&", tr.binary("+", values[0], Const(0x9E3779B97F4A7C15)), Const(mask))
        z = mixed(mixed(z, 30, 0xBF58476D1CE4E5B9), 27, 0x94D049BB133111EB)
        return tr.binary("^", z, tr.binary(">>", z, Const(31)))

    from jitpy.frontend.ir import opcodes as fo

    for t, starts in ((ty.py_int, (0, 1, 12345, 2**63 - 1)), (ty.py_uint, (0, 2**64 - 1, 2**63 + 9))):
        tr, result = build(translated, [t])
        assert result.type is ty.py_uint
        # Nothing checks the intermediate values: those that still do are not used.
        used = {v for node in tr.func.insts for v in node[3:]}
        for inst, node in enumerate(tr.func.insts):
            if node[0] in fo.CHECKED_ARITHMETIC:
                assert all(tr.func.insts[tr.func.value_defs[u]][0] for u in used)
                node_used = tr.func.results[inst][0] in used
                tr.func.insts[inst] = (
                    (fo.CHECKED_ARITHMETIC and _unchecked(node)) if not node_used else _unchecked(node)
                )
        for x in starts:
            assert run(tr, result, [(x, t)]) == splitmix(x)


def _unchecked(node):
    """The node without its check (dead code elimination drops the checked ones that nobody uses)."""
    from jitpy.frontend.translate.emitter import _UNCHECKED

    return (_UNCHECKED[node[0]], node[1], None, *node[3:])


def test_float_floor_division_is_exact():
    assert _one("x // y", ["float", "float"], 1.0, 0.1) == 1.0 // 0.1 == 9.0
    assert _one("x % y", ["float", "float"], -1.0, 3.0) == 2.0


def test_int_division_rounds_once():
    a, b = 2**63 - 1, 10**18 + 7
    assert _one("x / y", ["int", "int"], a, b) == a / b
