"""What a branch tells about its own condition reaches the arguments it passes."""

from __future__ import annotations

from jitpy.backend.ir import opcodes as op
from jitpy.backend.opt import optimize
from jitpy.backend.text.parser import parse_functions

TEXT = """
function %f({type}, {type}) -> {type} {{
block0(v0: {type}, v1: {type}):
    {condition}
    brif v2, {targets}
block1:
    v3 = imul v0, v1
    v4 = ireduce.i8 v3
    jump block2(v4)
block2(v5: i8):
    v6 = uextend.{type} v5
    return v6
}}
"""


def passed(text: str) -> list[object]:
    """The nodes of the arguments that the last branch of the optimized function passes."""
    func = parse_functions(text)[0]
    optimize(func)
    branches = [func.insts[i] for b in func.layout for i in func.block_insts[b] if func.insts[i][0] == op.BRIF]
    found: list[object] = []
    for a in branches[-1][4:]:
        d = func.value_defs[a]
        found.append(func.insts[d][2] if d >= 0 and func.insts[d][0] == op.ICONST else None)
    return found


def test_truth_value() -> None:
    less = {"type": "i64", "condition": "v2 = icmp slt v0, v1"}
    assert passed(TEXT.format(targets="block2(v2), block1", **less)) == [1]
    assert passed(TEXT.format(targets="block1, block2(v2)", **less)) == [0]


def test_any_number_is_known_where_it_is_zero() -> None:
    number = {"type": "i32", "condition": "v2 = ireduce.i8 v0"}
    assert passed(TEXT.format(targets="block2(v2), block1", **number)) == [None]
    assert passed(TEXT.format(targets="block1, block2(v2)", **number)) == [0]
