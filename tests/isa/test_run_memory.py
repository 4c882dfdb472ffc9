"""Loads, stores, addresses, atomics, branches tables, frames."""

from __future__ import annotations

import itertools

import pytest
from run import Check, values

INTS = ("i8", "i16", "i32", "i64")
pairs = {t: list(itertools.product(values(t), repeat=2)) for t in (*INTS, "i128")}


def test_stack_slots(check: Check) -> None:
    for t in (*INTS, "i128", "f32", "f64", "f16"):
        body = f"v1 = stack_addr.i64 ss0\nstore a0, v1+8\nr0 = load.{t} v1+8"
        check(body, (t,), (t,), [(v,) for v in values(t)], slots="ss0 = explicit_slot 48")


@pytest.mark.parametrize("flags", ("", "little", "big"))
def test_extending_loads(check: Check, flags: str) -> None:
    for op, t in itertools.product(("uload8", "sload8", "uload16", "sload16", "uload32", "sload32"), INTS):
        n = int(op[5:])
        if int(t[1:]) <= n or (n == 32 and t != "i64"):
            continue
        name = op if n == 32 else f"{op}.{t}"
        body = f"v1 = stack_addr.i64 ss0\nstore {flags} a0, v1+8\nr0 = {name} {flags} v1+8"
        check(body, (t,), (t,), [(v,) for v in values(t)], slots="ss0 = explicit_slot 48")
    for op, t in (("istore8", "i32"), ("istore16", "i64"), ("istore32", "i64"), ("istore8", "i16")):
        body = f"v1 = stack_addr.i64 ss0\nstore a0, v1\n{op} {flags} a1, v1+0\nr0 = load.{t} {flags} v1"
        check(body, (t, t), (t,), pairs[t], slots="ss0 = explicit_slot 48")
    for t in (*INTS, "i128", "f32", "f64", "f16"):
        body = f"v1 = stack_addr.i64 ss0\nstore {flags} a0, v1\nr0 = load.{t} v1\nr1 = load.{t} {flags} v1"
        check(body, (t,), (t, t), [(v,) for v in values(t)], slots="ss0 = explicit_slot 48")


def test_address_forms(check: Check) -> None:
    for scale in (0, 1, 2, 3, 4):
        body = f"""v1 = stack_addr.i64 ss0
        v2 = iconst.i64 {scale}
        v3 = iconst.i64 2
        v4 = iadd a0, v3
        v5 = ishl v4, v2
        v6 = iadd v1, v5
        store a1, v6+4
        v7 = iadd v5, v1
        v8 = iconst.i64 -4
        v9 = iadd v7, v8
        r0 = load.i32 v9+8
        r1 = isub v9, v1"""
        check(body, ("i64", "i32"), ("i32", "i64"), [(i, 0x1234567) for i in range(4)], slots="ss0 = explicit_slot 160")


@pytest.mark.parametrize("op", ("iadd", "isub", "band", "bor", "bxor"))
def test_in_place(check: Check, op: str) -> None:
    for t in INTS:
        for operand in ("a1", "v5"):
            body = f"""v5 = iconst.{t} 3
            v1 = stack_addr.i64 ss0
            store notrap a0, v1
            v2 = load.{t} notrap v1
            v3 = {op} v2, {operand}
            store notrap v3, v1
            r0 = load.{t} notrap v1"""
            check(body, (t, t), (t,), pairs[t], slots="ss0 = explicit_slot 16")
            swapped = body.replace(f"{op} v2, {operand}", f"{op} {operand}, v2")
            check(swapped, (t, t), (t,), pairs[t], slots="ss0 = explicit_slot 16")


@pytest.mark.parametrize("op", ("add", "sub", "and", "nand", "or", "xor", "xchg", "umin", "umax", "smin", "smax"))
def test_atomic_rmw(check: Check, op: str) -> None:
    for t in INTS:
        body = f"v1 = stack_addr.i64 ss0\nstore a0, v1\nr0 = atomic_rmw.{t} {op} v1, a1\nr1 = load.{t} v1"
        check(body, (t, t), (t, t), pairs[t], slots="ss0 = explicit_slot 16")


def test_atomic_rest(check: Check) -> None:
    for t in INTS:
        body = f"v1 = stack_addr.i64 ss0\nstore a0, v1\nr0 = atomic_cas.{t} v1, a1, a2\nr1 = atomic_load.{t} v1\nfence"
        inputs = [(a, b, 5) for a, b in pairs[t]]
        check(body, (t, t, t), (t, t), inputs, slots="ss0 = explicit_slot 16")
        body = f"v1 = stack_addr.i64 ss0\natomic_store a0, v1\nr0 = atomic_load.{t} v1"
        check(body, (t,), (t,), [(v,) for v in values(t)], slots="ss0 = explicit_slot 16")


def test_br_table(check: Check) -> None:
    body = "br_table a0, block8, [block9, block8, block10, block9]\n"
    body += "block8:\nv1 = iconst.i32 100\njump block11(v1)\nblock9:\nv2 = iconst.i32 200\njump block11(v2)\n"
    body += "block10:\nv3 = iconst.i32 300\njump block11(v3)\nblock11(r0: i32):"
    check(body, ("i32",), ("i32",), [(i,) for i in (0, 1, 2, 3, 4, 5, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)])


def test_large_frame(check: Check) -> None:
    body = "v1 = stack_addr.i64 ss0\nstore a0, v1\nstore a0, v1+99992\nr0 = load.i64 v1+99992"
    check(body, ("i64",), ("i64",), [(v,) for v in values("i64")], slots="ss0 = explicit_slot 100000")


@pytest.mark.parametrize("regalloc", ("onepass", "linear"))
def test_many_live_values(check: Check, regalloc: str) -> None:
    """More values than registers, of both kinds: spilled operands are used from memory."""
    lines = [f"v{i} = iadd a0, v{i - 1}" if i > 10 else f"v{i} = iadd a0, a1" for i in range(10, 40)]
    lines += [f"v{i} = fcvt_from_sint.f64 v{i - 40}" for i in range(50, 80)]
    total, ftotal = "v10", "v50"
    for i in range(11, 40):
        lines.append(f"v{100 + i} = bxor {total}, v{i}")
        lines.append(f"v{200 + i} = fadd {ftotal}, v{i + 40}")
        total, ftotal = f"v{100 + i}", f"v{200 + i}"
    lines += [f"r0 = iadd {total}, a1", f"r1 = fsub {ftotal}, v50"]
    check("\n".join(lines), ("i64", "i64"), ("i64", "f64"), pairs["i64"][::7], regalloc=regalloc)
