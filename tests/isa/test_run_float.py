"""Every float opcode and conversion over edge values, compiled (with and without AVX) and interpreted."""

from __future__ import annotations

import itertools

import pytest
from run import Check, bits_of, values

FLOATS = ("f16", "f32", "f64")
INTS = ("i8", "i16", "i32", "i64")
CONDITIONS = ("ord", "uno", "eq", "ne", "one", "ueq", "lt", "uge", "le", "ugt", "gt", "ule", "ge", "ult")


def pairs(t: str) -> list[tuple[int, ...]]:
    return list(itertools.product(values(t)[::2], values(t)[1::2])) + [(v, v) for v in values(t)] + [
        (a, b) for a in values(t)[:4] for b in (*values(t)[:4], values(t)[-5])
    ]  # fmt: skip


def ones(t: str) -> list[tuple[int, ...]]:
    return [(v,) for v in values(t)]


@pytest.mark.parametrize("op", ("fadd", "fsub", "fmul", "fdiv", "fmin", "fmax", "fcopysign"))
def test_binary(check: Check, op: str) -> None:
    for t in FLOATS:
        check(f"r0 = {op} a0, a1", (t, t), (t,), pairs(t))
        check(f"r0 = {op} a1, a0\nr1 = {op} a1, a1", (t, t), (t, t), pairs(t))


@pytest.mark.parametrize("op", ("sqrt", "fneg", "fabs", "ceil", "floor", "trunc", "nearest"))
def test_unary(check: Check, op: str) -> None:
    for t in FLOATS:
        check(f"r0 = {op} a0", (t,), (t,), ones(t))


def test_fma(check: Check) -> None:
    for t in FLOATS:
        v = values(t)[::3]
        check("r0 = fma a0, a1, a2", (t, t, t), (t,), list(itertools.product(v, v, v)))


@pytest.mark.parametrize("cc", CONDITIONS)
def test_compare(check: Check, cc: str) -> None:
    for t in FLOATS:
        check(f"r0 = fcmp {cc} a0, a1", (t, t), ("i8",), pairs(t))
        check(f"v1 = fcmp {cc} a0, a1\nr0 = select v1, a0, a1", (t, t), (t,), pairs(t))
        check(f"v1 = fcmp {cc} a0, a1\nr0 = select v1, a1, a0", (t, t), (t,), pairs(t))
        check(
            f"v1 = fcmp {cc} a0, a1\nv2 = iconst.i64 5\nv3 = iconst.i64 6\nr0 = select v1, v2, v3",
            (t, t),
            ("i64",),
            pairs(t),
        )
        body = f"v1 = fcmp {cc} a0, a1\nbrif v1, block8, block9\nblock8:\njump block10(a0)\nblock9:\njump block10(a1)\n"
        check(body + f"block10(r0: {t}):", (t, t), (t,), pairs(t))


def test_select(check: Check) -> None:
    for t in FLOATS:
        inputs = [(c, a, b) for c in (0, 1, 5) for a, b in pairs(t)[:40]]
        check("r0 = select a0, a1, a2", ("i32", t, t), (t,), inputs)


def test_constants(check: Check) -> None:
    for t in FLOATS:
        least = {"f16": -14, "f32": -126, "f64": -1022}[t]
        for text in ("0.0", "-0.0", "0x1.8p0", "NaN", "+Inf", "-0x1.0p-3", "sNaN:0x1", f"0x1.0p{least}", "0x1.0p-15", "-0x1.0p0"):
            check(f"v1 = {t}const {text}\nr0 = fadd a0, v1\nr1 = fcopysign v1, v1", (t,), (t, t), ones(t))


def test_from_int(check: Check) -> None:
    for op, t, i in itertools.product(("fcvt_from_sint", "fcvt_from_uint"), FLOATS, INTS):
        extra = (
            [((1 << 63) + 1025,), ((1 << 64) - 1024,), ((1 << 53) + 1,), (0x7FFFFF8000000001,)] if i == "i64" else []
        )
        check(f"r0 = {op}.{t} a0", (i,), (t,), ones(i) + extra)


@pytest.mark.parametrize("op", ("fcvt_to_sint", "fcvt_to_uint", "fcvt_to_sint_sat", "fcvt_to_uint_sat"))
def test_to_int(check: Check, op: str) -> None:
    for t, i in itertools.product(FLOATS, INTS):
        check(f"r0 = {op}.{i} a0", (t,), (i,), ones(t))


def test_to_int_proven(check: Check) -> None:
    for t, i in itertools.product(FLOATS, INTS):
        inputs = [(bits_of(x, t),) for x in (0.0, 1.5, 127.0, 0.1)]
        check(f"r0 = fcvt_to_sint_proven.{i} a0\nr1 = fcvt_to_uint_proven.{i} a0", (t,), (i, i), inputs)
    check("r0 = fcvt_to_uint_proven.i64 a0", ("f64",), ("i64",), [(0x43E0000000000001,), (0x43EFFFFFFFFFFFFF,)])


def test_among_floats(check: Check) -> None:
    check("r0 = fpromote.f64 a0", ("f32",), ("f64",), ones("f32"))
    check("r0 = fdemote.f32 a0", ("f64",), ("f32",), ones("f64"))


def test_half(check: Check) -> None:
    check("r0 = fpromote.f32 a0\nr1 = fpromote.f64 a0", ("f16",), ("f32", "f64"), ones("f16"))
    check("r0 = fdemote.f16 a0", ("f32",), ("f16",), [*ones("f32"), (0x3F801000,), (0x3F803000,), (0x33000001,)])
    ties = [
        (0x3FF0020000000001,),
        (0x3FF0020000000000,),
        (0x3FF001FFFFFFFFFF,),
        (0x3E60000000000001,),
        (0x40EFFFFFFFFFFFFF,),
    ]
    check("r0 = fdemote.f16 a0", ("f64",), ("f16",), ones("f64") + ties + [(v | 1 << 63,) for (v,) in ties])
    check("r0 = bitcast.i16 a0\nr1 = bitcast.f16 r0", ("f16",), ("i16", "f16"), ones("f16"))


def test_bitcast(check: Check) -> None:
    for i, f in (("i32", "f32"), ("i64", "f64")):
        check(f"r0 = bitcast.{f} a0\nr1 = bitcast.{i} r0", (i,), (f, i), ones(i) + ones(f))


def test_extend(check: Check) -> None:
    for a, b in itertools.combinations((*INTS, "i128"), 2):
        check(f"r0 = uextend.{b} a0\nr1 = sextend.{b} a0", (a,), (b, b), ones(a))
        check(f"r0 = ireduce.{a} a0", (b,), (a,), ones(b))
        check(f"v1 = iadd a0, a0\nr0 = uextend.{b} v1\nr1 = sextend.{b} v1", (a,), (b, b), ones(a))
    check("r0, r1 = isplit a0\nr2 = iconcat r1, r0", ("i128",), ("i64", "i64", "i128"), ones("i128"))
