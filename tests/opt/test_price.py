"""What a choice between forms costs is what the target's rules make of them."""

from __future__ import annotations

import pytest
from jitpy.backend import isa
from jitpy.backend.analysis.verifier import verify
from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir import types as ty
from jitpy.backend.opt import optimize
from jitpy.backend.opt.price import Prices
from jitpy.backend.target.row import MOVE
from jitpy.backend.target.target import Target
from jitpy.backend.text.parser import parse_function
from jitpy.backend.vcode.lower import lower

#: Forms that rules rewrite, and targets on which the result takes more instructions.
CASES = {
    "less than one": (
        ["riscv64"],
        "function %f(i32) -> i8 {\nblock0(v0: i32):\n v1 = iconst.i32 1\n v2 = icmp slt v0, v1\n return v2\n}",
    ),
    "maximum of bytes": (
        ["aarch64"],
        "function %f(i8, i8) -> i8 {\nblock0(v0: i8, v1: i8):\n v2 = icmp uge v0, v1\n v3 = select v2, v0, v1\n return v3\n}",
    ),
    "minus the absolute value": (
        ["riscv64"],
        "function %f(i16) -> i16 {\nblock0(v0: i16):\n v1 = iconst.i16 0\n v2 = icmp slt v0, v1\n v3 = ineg v0\n"
        " v4 = select v2, v0, v3\n return v4\n}",
    ),
    "difference and zero": (
        ["riscv64"],
        "function %f(i8, i8) -> i8 {\nblock0(v0: i8, v1: i8):\n v2 = isub v0, v1\n v3 = iconst.i8 0\n v4 = icmp ne v2, v3\n"
        " return v4\n}",
    ),
}
TARGETS = ["x64", "aarch64", "riscv64", "s390x"]


def instructions(text: str, target: Target, told: bool) -> int:
    """How many machine instructions the optimized function takes, the mid-end being told the target or not."""
    func = parse_function(text)
    optimize(func, None, target if told else None)
    verify(func)
    return sum(not inst.row.flags & MOVE for inst in lower(func, target).insts)


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("case", CASES)
def test_the_form_with_fewer_instructions_is_taken(case: str, name: str) -> None:
    worse, text = CASES[case]
    told, untold = (instructions(text, isa.lookup(name), told) for told in (True, False))
    assert told < untold if name in worse else told <= untold


@pytest.mark.parametrize("name", TARGETS)
def test_a_constant_costs_what_is_not_folded_and_in_a_loop_nothing(name: str) -> None:
    prices = Prices(isa.lookup(name))

    def price(constant: int, in_loop: bool) -> int:
        leaf, k = (~0,), (op.ICONST, ty.I64, constant, ty.I64)
        found = prices.ask((op.IADD, ty.I64, None, ty.I64, leaf, k), (ty.I64,), in_loop)
        assert found is not None
        return found

    small, large = 7, 0x123456789ABCDEF1
    assert price(small, False) < price(large, False)
    assert price(small, True) == price(large, True) < price(small, False)


def test_products_take_longer_than_their_number_says() -> None:
    prices = Prices(isa.lookup("x64"))
    product, total = (
        prices.ask((o, ty.I64, None, ty.I64, (~0,), (~1,)), (ty.I64, ty.I64), False) for o in (op.IMUL, op.IADD)
    )  # fmt: skip
    assert product is not None and total is not None and product > total
