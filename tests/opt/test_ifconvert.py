"""Branches over next to nothing become selections; those over work, floats or cold blocks stay."""

from __future__ import annotations

import pytest
from jitpy.backend.ir import opcodes as op
from jitpy.backend.opt import optimize
from jitpy.backend.text.parser import parse_function

_TEXT = """
function %f(i64, i64, f64) -> {type} {{
block0(v0: i64, v1: i64, v2: f64):
    v3 = icmp slt v0, v1
    brif v3, {targets}
block1{cold}:
    {then}
    jump block3({passed})
block2:
    v8 = isub v0, v1
    jump block3(v8)
block3(v9: {type}):
    return v9
}}
"""


@pytest.mark.parametrize(
    "changes, branches",
    [
        ({}, 0),
        ({"targets": "block3(v1), block1"}, 0),
        ({"targets": "block3(v1), block3(v0)"}, 0),
        ({"targets": "block1, block2"}, 0),
        ({"then": "v4 = imul v0, v1"}, 1),
        ({"then": "v4 = load.i64 v0"}, 1),
        ({"then": "v5 = iadd v0, v1\n v6 = bxor v5, v0\n v4 = iadd v6, v1"}, 1),
        ({"cold": " cold"}, 1),
        ({"type": "f64", "targets": "block1, block3(v2)", "then": "v4 = fneg v2"}, 1),
    ],
)
def test_branches_left(changes: dict[str, str], branches: int) -> None:
    usual = {"type": "i64", "targets": "block1, block3(v1)", "then": "v4 = bnot v0", "passed": "v4", "cold": ""}
    text = _TEXT.format(**usual | changes)
    func = parse_function(text if changes.get("type") != "f64" else text.replace("isub v0, v1", "fabs v2"))
    optimize(func)
    assert sum(func.insts[i][0] == op.BRIF for b in func.layout for i in func.block_insts[b]) == branches
