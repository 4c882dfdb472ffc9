"""Every integer opcode on every scalar type over edge values, compiled and interpreted."""

from __future__ import annotations

import itertools

import pytest
from run import Check, values

NARROW = ("i8", "i16", "i32", "i64")
ALL = (*NARROW, "i128")
CONDITIONS = ("eq", "ne", "slt", "sge", "sgt", "sle", "ult", "uge", "ugt", "ule")

BINARY = {
    **dict.fromkeys(("iadd", "isub", "imul", "band", "bor", "bxor", "smin", "umin", "smax", "umax"), ALL),
    **dict.fromkeys(("umulhi", "smulhi", "udiv", "sdiv", "urem", "srem"), NARROW),
}
UNARY = {
    **dict.fromkeys(("ineg", "iabs", "bnot", "bitrev", "clz", "ctz", "popcnt"), ALL),
    "cls": NARROW, "bswap": ("i16", "i32", "i64", "i128"),
}  # fmt: skip
OVERFLOW = {
    **dict.fromkeys(("uadd_overflow", "sadd_overflow", "usub_overflow", "ssub_overflow"), ALL),
    **dict.fromkeys(("umul_overflow", "smul_overflow"), NARROW),
}


def pairs(t: str) -> list[tuple[int, ...]]:
    return list(itertools.product(values(t), repeat=2))


@pytest.mark.parametrize("op", BINARY)
def test_binary(check: Check, op: str) -> None:
    for t in BINARY[op]:
        check(f"r0 = {op} a0, a1", (t, t), (t,), pairs(t))


@pytest.mark.parametrize("op", ("uadd_sat", "sadd_sat", "usub_sat", "ssub_sat", "avg_round"))
def test_vectors_operations_on_scalars(check: Check, op: str) -> None:
    """CLIF has them for vectors alone; x86-64 lowers more than that."""
    if check.isa != "x64":
        pytest.skip("not CLIF")
    check.verify = False
    for t in NARROW:
        check(f"r0 = {op} a0, a1", (t, t), (t,), pairs(t))


@pytest.mark.parametrize("op", ("iadd", "isub", "imul", "band", "bor", "bxor", "udiv", "sdiv", "urem", "srem"))
def test_constant(check: Check, op: str) -> None:
    for t in NARROW:
        for k in values(t):
            check(f"v1 = iconst.{t} {k}\nr0 = {op} a0, v1", (t,), (t,), [(v,) for v in values(t)])
            check(f"v1 = iconst.{t} {k}\nr0 = {op} v1, a0", (t,), (t,), [(v,) for v in values(t)])


@pytest.mark.parametrize("op", ("udiv_proven", "sdiv_proven", "urem_proven", "srem_proven"))
def test_proven(check: Check, op: str) -> None:
    for t in NARROW:
        low = 1 << (int(t[1:]) - 1)
        inputs = [(x, y) for x, y in pairs(t) if y and not (op == "sdiv_proven" and x == low and y == 2 * low - 1)]
        check(f"r0 = {op} a0, a1", (t, t), (t,), inputs)


@pytest.mark.parametrize("op", UNARY)
def test_unary(check: Check, op: str) -> None:
    for t in UNARY[op]:
        check(f"r0 = {op} a0", (t,), (t,), [(v,) for v in values(t)])


@pytest.mark.parametrize("op", ("ishl", "ushr", "sshr", "rotl", "rotr"))
def test_shift(check: Check, op: str) -> None:
    for t in ALL:
        for count in ("i8", "i32") if t != "i128" else ("i64", "i128"):
            inputs = list(itertools.product(values(t), (*values(count), 13, 100)))
            check(f"r0 = {op} a0, a1", (t, count), (t,), inputs)
        for k in (0, 1, 3, 7, 13, 31, 63, 64, 127):
            check(f"v1 = iconst.i8 {k}\nr0 = {op} a0, v1", (t,), (t,), [(v,) for v in values(t)])


@pytest.mark.parametrize("op", OVERFLOW)
def test_overflow(check: Check, op: str) -> None:
    for t in OVERFLOW[op]:
        check(f"r0, r1 = {op} a0, a1", (t, t), (t, "i8"), pairs(t))
        if t != "i128":
            body = f"v1, v2 = {op} a0, a1\nbrif v2, block8, block9\nblock8:\nv3 = iconst.{t} 77\njump block10(v3)\n"
            body += f"block9:\njump block10(v1)\nblock10(r0: {t}):"
            check(body, (t, t), (t,), pairs(t))
            check(f"v1, v2 = {op} a0, a1\ntrapnz v2, user1\nr0 = bxor v1, a0", (t, t), (t,), pairs(t))
            for k in (2, 3, -1, 100):
                for operands in ("a0, v9", "v9, a0"):
                    body = f"v9 = iconst.{t} {k}\nv1, v2 = {op} {operands}\ntrapnz v2, user1\nr0 = bxor v1, a0"
                    check(body, (t,), (t,), [(v,) for v in values(t)])
    if op == "uadd_overflow":
        for t in NARROW:
            check("r0 = uadd_overflow_trap a0, a1, user2", (t, t), (t,), pairs(t))


@pytest.mark.parametrize("op", ("iadd", "isub", "bor"))
def test_branch_on_the_flags_of_its_operation(check: Check, op: str) -> None:
    """The result is tested and used: the operation's own flags tell."""
    for t in ("i8", "i16", "i32", "i64"):
        body = f"v1 = {op} a0, a1\nbrif v1, block8, block9\nblock8:\njump block10(v1)\n"
        body += f"block9:\nv3 = iconst.{t} 77\njump block10(v3)\nblock10(r0: {t}):"
        check(body, (t, t), (t,), pairs(t))
        check(body.replace("a0, a1", "a0, a0"), (t,), (t,), [(v,) for v in values(t)])


@pytest.mark.parametrize("op", ("uadd_overflow_cin", "sadd_overflow_cin", "usub_overflow_bin", "ssub_overflow_bin"))
def test_carry(check: Check, op: str) -> None:
    for t in NARROW:
        check(f"r0, r1 = {op} a0, a1, a2", (t, t, "i8"), (t, "i8"), [(*p, c) for p in pairs(t) for c in (0, 1)])


@pytest.mark.parametrize("cc", CONDITIONS)
def test_compare(check: Check, cc: str) -> None:
    for t in ALL:
        check(f"r0 = icmp {cc} a0, a1", (t, t), ("i8",), pairs(t))
        choose = f"v1 = icmp {cc} a0, a1\nr0 = select v1, a0, a1"
        check(choose, (t, t), (t,), pairs(t))
        body = f"v1 = icmp {cc} a0, a1\nbrif v1, block8, block9\nblock8:\njump block10(a0)\nblock9:\njump block10(a1)\n"
        check(body + f"block10(r0: {t}):", (t, t), (t,), pairs(t))
        if t != "i128":
            for k in values(t):
                one = [(v,) for v in values(t)]
                check(f"v1 = iconst.{t} {k}\nr0 = icmp {cc} a0, v1", (t,), ("i8",), one)
                check(f"v1 = iconst.{t} {k}\nr0 = icmp {cc} v1, a0", (t,), ("i8",), one)


def test_select_and_masks(check: Check) -> None:
    for t in ALL:
        check("r0 = select a0, a1, a2", ("i8", t, t), (t,), [(c, *p) for c in (0, 1, 0xFF) for p in pairs(t)])
        for c in ALL:
            check(f"r0 = bmask.{t} a0", (c,), (t,), [(v,) for v in values(c)])
            check("trapz a0, user7\nr0 = iconst.i8 1", (c,), ("i8",), [(v,) for v in values(c)])
        if t != "i128":
            check("r0 = bitselect a0, a1, a2", (t, t, t), (t,), [(c, *p) for c in values(t)[:5] for p in pairs(t)])
            check("v1 = bnot a0\nr0 = band v1, a1", (t, t), (t,), pairs(t))
            for cc in ("eq", "ne"):
                body = f"v1 = band a0, a1\nv2 = iconst.{t} 0\nv3 = icmp {cc} v1, v2\nr0 = select v3, a0, a1"
                check(body, (t, t), (t,), pairs(t))


def test_lea_forms(check: Check) -> None:
    for t in ("i32", "i64"):
        for k in (1, 2, 3, 5):
            body = f"v1 = iconst.{t} {k}\nv2 = ishl a1, v1\nr0 = iadd a0, v2\nr1 = iadd v2, r0"
            check(body, (t, t), (t, t), pairs(t))
        for k in (3, 5, 9, 8, 7):
            check(f"v1 = iconst.{t} {k}\nv2 = imul a1, v1\nr0 = iadd a0, v2", (t, t), (t,), pairs(t))
        body = f"v1 = iadd a0, a1\nv2 = iconst.{t} 100\nr0 = iadd v1, v2\nr1 = isub a0, v2\nr2 = iadd a0, a1"
        check(body, (t, t), (t, t, t), pairs(t))
