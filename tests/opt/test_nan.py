"""NaN canonicalization: operations give the one NaN; what only moves bits keeps them."""

import pytest
from jitpy.backend.analysis.verifier import verify
from jitpy.backend.interp.interpreter import Interpreter
from jitpy.backend.opt.nan import canonicalize
from jitpy.backend.text.parser import parse_function

ODD = {"f32": 0xFFC1_2345, "f64": 0xFFF8_0000_0000_1234}
CANONICAL = {"f32": 0x7FC0_0000, "f64": 0x7FF8_0000_0000_0000}


def run(body: str, type: str, argument: int) -> int:
    func = parse_function(f"function %f({type}) -> {type} {{\nblock0(v0: {type}):\n    v1 = {body}\n    return v1\n}}")
    canonicalize(func)
    verify(func)
    return Interpreter([func]).call("f", [argument])[0]


@pytest.mark.parametrize("type", ["f32", "f64"])
@pytest.mark.parametrize("body", ["fadd v0, v0", "fmin v0, v0", "sqrt v0", "nearest v0", "fma v0, v0, v0"])
def test_arithmetic_gives_one_nan(body: str, type: str) -> None:
    assert run(body, type, ODD[type]) == CANONICAL[type]


@pytest.mark.parametrize("type", ["f32", "f64"])
@pytest.mark.parametrize("body", ["fabs v0", "fcopysign v0, v0"])
def test_bit_operations_keep_the_payload(body: str, type: str) -> None:
    assert run(body, type, ODD[type]) not in (CANONICAL[type], 0)


def test_lanes_one_by_one() -> None:
    numbers = 0x3F80_0000_3F80_0000_3F80_0000_3F80_0000
    mixed = numbers & ~(0xFFFF_FFFF << 32) | ODD["f32"] << 32
    assert run("fadd v0, v0", "f32x4", mixed) == 0x4000_0000_4000_0000_7FC0_0000_4000_0000


def test_numbers_stay() -> None:
    assert run("fadd v0, v0", "f64", 0x3FF0_0000_0000_0000) == 0x4000_0000_0000_0000
