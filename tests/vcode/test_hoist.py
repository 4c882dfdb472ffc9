"""Constants of loops are made before them where that takes an instruction less."""

from __future__ import annotations

import pytest
from jitpy.backend import isa
from jitpy.backend.pipeline import compile_function
from jitpy.backend.settings import Settings
from jitpy.backend.target.row import REMAT
from jitpy.backend.text.parser import parse_function
from jitpy.backend.vcode.lower import lower
from jitpy.backend.vcode.vcode import VCode

TARGETS = ("aarch64", "riscv64", "s390x")
#: A loop inside of a loop; BODY computes v9 from v5 (and v1 outside, v4 the outer count).
LOOPS = """function %f(i64, i64) -> i64 {
    fn0 = %g() -> i64
block0(v0: i64, v1: i64):
    v20 = iconst.i64 0
    jump block1(v0, v20)
block1(v4: i64, v5: i64):
    v21 = iconst.i64 7
    jump block2(v21, v5)
block2(v7: i64, v8: i64):
    BODY
    v11 = iconst.i64 1
    v12 = isub v7, v11
    brif v12, block2(v12, v9), block3
block3:
    v22 = iconst.i64 1
    v13 = isub v4, v22
    brif v13, block1(v13, v9), block4
block4:
    return v9
}"""


def depths(name: str, body: str) -> list[int]:
    """The depths of the loops in which constants with many bits are made."""
    vcode = lowered(name, body)
    found = []
    for block, depth in enumerate(vcode.loop_depth):
        for inst in vcode.insts[vcode.block_starts[block] : vcode.block_starts[block + 1]]:
            if inst.row.flags & REMAT and isinstance(inst.imm, int) and inst.imm >> 32:
                found.append(depth)
    return sorted(found)


def lowered(name: str, body: str) -> VCode:
    func = parse_function(LOOPS.replace("BODY", body))
    compile_function(parse_function(LOOPS.replace("BODY", body)), isa.lookup(name, {}), Settings("speed", regalloc_checker=True))
    return lower(func, isa.lookup(name, {}), True)


@pytest.mark.parametrize("name", TARGETS)
def test_of_an_innermost_loop(name: str) -> None:
    """Before both loops, once for all that are alike."""
    body = "v30 = iconst.i64 0x123456789abcdef1\nv31 = imul v8, v30\nv32 = iconst.i64 0x123456789abcdef1\nv9 = udiv v31, v32"
    assert depths(name, body) == [0]
    assert all(start < end for start, end in zip(lowered(name, body).block_starts, lowered(name, body).block_starts[1:]))


@pytest.mark.parametrize("name", TARGETS)
def test_beside_a_call(name: str) -> None:
    """It would want a register that calls keep."""
    assert depths(name, "v29 = call fn0()\nv30 = iconst.i64 0x123456789abcdef1\nv9 = udiv v29, v30") == [2]


@pytest.mark.parametrize("name", TARGETS)
def test_only_passed_on(name: str) -> None:
    """A copy in the loop would be no less than the constant."""
    assert depths(name, "v9 = iconst.i64 0x123456789abcdef1") == [2]


def test_not_too_many() -> None:
    lines = [f"v{30 + i} = iconst.i64 {0x123456789ABCDEF1 + i}" for i in range(9)]
    lines += [f"v{50 + i} = udiv v{49 + i if i else 8}, v{30 + i}" for i in range(9)]
    assert depths("riscv64", "\n".join([*lines, "v9 = iadd v58, v8"])) == [0] * 4 + [2] * 5


def test_where_constants_are_operands() -> None:
    """x86-64 makes them where they are used."""
    assert depths("x64", "v30 = iconst.i64 0x123456789abcdef1\nv9 = imul v8, v30") == [2]
