"""What a choice between forms costs is what the target's rules make of them."""

from __future__ import annotations

import pytest
from jitpy.backend import isa
from jitpy.backend.analysis.verifier import verify
from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir import types as ty
from jitpy.backend.opt import optimize, price, run
from jitpy.backend.opt.egraph import EGraph
from jitpy.backend.opt.price import Prices
from jitpy.backend.target.row import MOVE
from jitpy.backend.target.target import Target
from jitpy.backend.text.parser import parse_function
from jitpy.backend.text.printer import print_function
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
        leaf, k = (ty.I64,), (op.ICONST, ty.I64, constant, ty.I64)
        found = prices.of(((op.IADD, ty.I64, None, ty.I64, 1, 2), leaf, k), 0, in_loop)
        assert found is not None
        return found

    small, large = 7, 0x123456789ABCDEF1
    one = 4
    assert price(small, False) == one < price(large, False)
    assert price(small, True) == price(large, True) == one


def test_products_take_longer_than_their_number_says() -> None:
    prices = Prices(isa.lookup("x64"))
    product, total = (
        prices.of(((o, ty.I64, None, ty.I64, 1, 2), (ty.I64,), (ty.I64,)), 0, False) for o in (op.IMUL, op.IADD)
    )  # fmt: skip
    assert product is not None and total is not None and product > total


def comparisons() -> list[str]:
    """Functions in which a choice depends on a constant, a type, a condition and on being in a loop."""
    found = [text for _, text in CASES.values()]
    for t, greatest in (("i8", 127), ("i32", (1 << 31) - 1), ("i64", (1 << 63) - 1)):
        for c in op.INT_CC:
            for k in (0, 1, 2047, greatest - 1, greatest, -1):
                if k <= greatest:
                    found.append(
                        f"function %f({t}) -> i8 {{\nblock0(v0: {t}):\n jump block1(v0)\nblock1(v1: {t}):\n v2 = iconst.{t} {k}\n"
                        f" v3 = icmp {c} v1, v2\n brif v3, block1(v2), block2\nblock2:\n v4 = icmp {c} v2, v0\n return v4\n}}"
                    )  # fmt: skip
            found.append(
                f"function %f({t}, {t}) -> i64 {{\nblock0(v0: {t}, v1: {t}):\n v2 = icmp {c} v0, v1\n v3 = iconst.i64 -1\n"
                " v4 = iconst.i64 0\n v5 = select v2, v3, v4\n return v5\n}"
            )
    return found


@pytest.mark.parametrize("name", TARGETS)
def test_what_was_compiled_before_changes_no_choice(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    target, texts = isa.lookup(name), comparisons()

    def optimized(text: str) -> str:
        func = parse_function(text)
        optimize(func, None, target)
        return print_function(func)

    alone = []
    for text in texts:
        monkeypatch.setattr(target, "prices", None)
        alone.append(optimized(text))
    assert [optimized(text) for text in reversed(texts)] == alone[::-1]
    monkeypatch.setattr(price, "_REMEMBERED", 3)
    assert [optimized(text) for text in texts] == alone


def test_forms_end_where_they_meet() -> None:
    """In an expression of many different operations each product by eight becomes a shift, for one verdict."""
    lines = ["function %f(i64, i64) -> i64 {", "block0(v0: i64, v1: i64):", " v2 = iconst.i64 8"]
    v = 3
    for turn in range(60):
        for line in (
            f"imul v{v - 1 if turn else 0}, v2",
            f"{('iadd', 'bxor', 'bor')[turn % 3]} v{v}, v{turn % 2}",
            f"{('umax', 'umin', 'smax', 'smin', 'rotl')[turn // 3 % 5]} v{v + 1}, v{turn // 2 % 2}",
        ):
            lines.append(f" v{len(lines)} = {line}")
        v += 3
    target = isa.lookup("x64")
    func = parse_function("\n".join([*lines, f" return v{v - 1}", "}"]))
    graph = EGraph()
    graph.target, before = target, target.prices
    target.prices = prices = Prices(target)
    try:
        run(func, graph)
    finally:
        target.prices = before
    assert sum(node[0] == op.ISHL for node in func.insts) == 60
    assert len(prices.known) <= 12
