"""Where elaboration puts what it computes: out of loops, constants that no instruction holds included."""

from __future__ import annotations

import pytest
from jitpy.backend import isa
from jitpy.backend.analysis.verifier import verify
from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.function import Function
from jitpy.backend.opt import optimize
from jitpy.backend.text.parser import parse_function
from jitpy.backend.vcode.lower import lower

LOOP = """function %f(i64) -> i64 {{
block0(v0: i64):
    v1 = iconst.i64 {first}
    jump block1(v0, v1)
block1(v2: i64, v3: i64):
    v4 = iconst.i64 {constant}
    v5 = bxor v3, v4
    v6 = iconst.i64 -1
    v7 = iadd v2, v6
    brif v7, block1(v7, v5), block2
block2:
    return v5
}}
"""
#: The instruction that takes the constant, the counter, the branch; moves are the allocator's.
_NEEDED = 3


def optimized(text: str) -> Function:
    func = parse_function(text)
    optimize(func)
    verify(func)
    return func


def opcodes_of(func: Function, block: int) -> list[int]:
    return [func.insts[i][0] for i in func.block_insts[block]]


@pytest.mark.parametrize("name", ["x64", "aarch64", "riscv64", "s390x"])
@pytest.mark.parametrize("constant", ["5", "0x123456789abcdef1"])
def test_no_constant_is_made_in_a_loop(name: str, constant: str) -> None:
    """A small one is held by the instruction, a large one is made before the loop."""
    vcode = lower(optimized(LOOP.format(first="0", constant=constant)), isa.lookup(name))
    loop = vcode.loop_depth.index(1)
    rows = [i.row.name for i in vcode.insts[vcode.block_starts[loop] : vcode.block_starts[loop + 1]]]
    assert len(rows) == _NEEDED, rows


def test_what_is_passed_is_made_in_place() -> None:
    """A constant that a jump passes is loaded into the parameter's register; it holds none of its own through the loop."""
    text = LOOP.format(first="0", constant="5")
    text = text.replace("brif v7, block1(v7, v5)", "v8 = iconst.i64 77\n    brif v7, block1(v7, v8)")
    func = optimized(text)
    assert opcodes_of(func, 1)[-2:] == [op.ICONST, op.BRIF]
    assert opcodes_of(func, 0).count(op.ICONST) == 2  # what it passes, and what the loop counts by

