"""Stores that are dead, or put back what is there, go; all others stay."""

import pytest
from jitpy.backend.ir import opcodes as op
from jitpy.backend.opt import optimize
from jitpy.backend.text.parser import parse_function


def stores_left(body: str) -> int:
    text = f"""function %f(i64, i64, i32, i32) -> i32 {{
    region0 = 0 "low"
    region1 = 1 "high"
    sig0 = ()
    fn0 = %g sig0
block0(v0: i64, v1: i64, v2: i32, v3: i32):
{body}
    return v2
}}"""
    func = parse_function(text)
    optimize(func)
    return sum(func.insts[i][0] == op.STORE_ for b in func.layout for i in func.block_insts[b])


@pytest.mark.parametrize(("body", "left"), [
    ("store notrap v2, v0\n store notrap v3, v0", 1),
    ("store v2, v0\n store v3, v0", 1),
    ("store notrap v2, v0\n store notrap v3, v0+4", 2),
    ("store notrap v2, v0\n v9 = load.i32 notrap v1\n store notrap v9, v1+8\n store notrap v3, v0", 3),
    ("store notrap region0 v2, v0\n v9 = load.i32 notrap region1 v1\n store notrap region1 v9, v1+8\n"
     " store notrap region0 v3, v0", 2),
    ("store notrap v2, v0\n call fn0()\n store notrap v3, v0", 2),
    ("store notrap v2, v0\n trapz v3, user1\n store notrap v3, v0", 2),
    ("store notrap v2, v0\n v9 = load.i32 v1\n store notrap v3, v0\n store notrap v9, v0+8", 3),
    ("store notrap v2, v0\n istore8 notrap v3, v0\n store notrap v3, v0", 2),
    ("v9 = load.i32 notrap v0\n store notrap v9, v0", 0),
    ("v9 = load.i32 notrap v0\n store v9, v0", 1),
    ("v9 = load.i32 notrap v0\n store notrap v2, v1\n store notrap v9, v0", 2),
    ("store notrap v2, v0\n store notrap v2, v0", 1),
])  # fmt: skip
def test_stores(body: str, left: int) -> None:
    assert stores_left(body) == left
