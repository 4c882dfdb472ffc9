"""Integer opcodes against ctypes, NumPy and Python's own arithmetic, written independently of the interpreter."""

import random

import numpy as np
import pytest
from jitpy.backend.interp.interpreter import Interpreter
from jitpy.backend.interp.meaning import MEANING, Trap
from jitpy.backend.ir import infer, opcodes, types
from jitpy.backend.ir.opcodes import BY_NAME
from jitpy.backend.text.parser import parse_functions

WIDTHS = {types.I8: np.int8, types.I16: np.int16, types.I32: np.int32, types.I64: np.int64}


def evaluate(name: str, type: int, *args: int, imm: object = None, arg_types: tuple[int, ...] = ()) -> object:
    op = BY_NAME[name]
    arg_types = arg_types or tuple(t or types.I32 for t in infer.arg_types(op, type))
    return MEANING[op](type, imm, arg_types)(*args)


def samples(type: int, seed: int) -> list[int]:
    bits = types.BITS[type]
    rng = random.Random(seed)
    edges = [0, 1, 2, (1 << (bits - 1)) - 1, 1 << (bits - 1), (1 << bits) - 1, (1 << bits) - 2]
    return edges + [rng.getrandbits(bits) >> rng.randrange(bits) for _ in range(20)]


BINARY = {
    "iadd": np.add, "isub": np.subtract, "imul": np.multiply, "band": np.bitwise_and, "bor": np.bitwise_or,
    "bxor": np.bitwise_xor, "smin": np.minimum, "smax": np.maximum,
}  # fmt: skip


@pytest.mark.parametrize("type", WIDTHS, ids=[types.NAME[t] for t in WIDTHS])
@pytest.mark.parametrize("name", BINARY)
def test_binary(name: str, type: int) -> None:
    mask, signed = types.MASK[type], WIDTHS[type]
    with np.errstate(over="ignore"):
        for x in samples(type, 1):
            for y in samples(type, 2):
                a, b = (np.array([v], dtype=f"u{signed().itemsize}").view(signed) for v in (x, y))
                assert evaluate(name, type, x, y) == int(BINARY[name](a, b)[0]) & mask


@pytest.mark.parametrize("type", [*WIDTHS, types.I128], ids=lambda t: types.NAME[t])
def test_division(type: int) -> None:
    minimum = -1 << (types.BITS[type] - 1)
    for x in samples(type, 3):
        for y in samples(type, 4):
            a, b = types.to_signed(x, type), types.to_signed(y, type)
            if not y:
                for name in ("udiv", "urem", "sdiv", "srem"):
                    with pytest.raises(Trap, match="int_divz"):
                        evaluate(name, type, x, y)
                continue
            assert evaluate("udiv", type, x, y) == x // y
            assert evaluate("urem", type, x, y) == x % y
            remainder = types.to_signed(evaluate("srem", type, x, y), type)
            if (a, b) == (minimum, -1):
                assert remainder == 0
                with pytest.raises(Trap, match="int_ovf"):
                    evaluate("sdiv", type, x, y)
                continue
            quotient = types.to_signed(evaluate("sdiv", type, x, y), type)
            # What defines truncated division: it recombines, the rest is small, and has the dividend's sign.
            assert quotient * b + remainder == a
            assert abs(remainder) < abs(b) and remainder * a >= 0


@pytest.mark.parametrize("type", [*WIDTHS, types.I128], ids=lambda t: types.NAME[t])
def test_shifts_and_counts(type: int) -> None:
    bits, mask = types.BITS[type], types.MASK[type]
    for x in samples(type, 5):
        text = f"{x:0{bits}b}"
        assert evaluate("clz", type, x) == len(text) - len(text.lstrip("0"))
        assert evaluate("ctz", type, x) == len(text) - len(text.rstrip("0"))
        assert evaluate("cls", type, x) == len(text) - len(text.lstrip(text[0])) - 1
        assert evaluate("popcnt", type, x) == text.count("1")
        assert evaluate("bitrev", type, x) == int(text[::-1], 2)
        for k in (0, 1, bits - 1, bits, bits + 3):
            r = k % bits
            assert evaluate("rotl", type, x, k) == int(text[r:] + text[:r], 2)
            assert evaluate("rotr", type, x, k) == int(text[bits - r :] + text[: bits - r], 2)
            assert evaluate("ishl", type, x, k) == int(text + "0" * r, 2) & mask
            assert evaluate("ushr", type, x, k) == int("0" + text[: bits - r], 2)
            assert evaluate("sshr", type, x, k) == int(text[0] * r + text[: bits - r], 2)


def test_overflow_flags() -> None:
    assert evaluate("uadd_overflow", types.I8, 200, 100) == (44, 1)
    assert evaluate("sadd_overflow", types.I8, 100, 27) == (127, 0)
    assert evaluate("sadd_overflow", types.I8, 100, 28) == (128, 1)
    assert evaluate("usub_overflow", types.I8, 1, 2) == (255, 1)
    assert evaluate("ssub_overflow", types.I8, 0x80, 1) == (0x7F, 1)
    assert evaluate("umul_overflow", types.I8, 16, 16) == (0, 1)
    assert evaluate("smul_overflow", types.I8, 0x80, 0xFF) == (0x80, 1)
    assert evaluate("uadd_overflow_cin", types.I8, 255, 0, 1) == (0, 1)
    assert evaluate("usub_overflow_bin", types.I8, 0, 255, 1) == (0, 1)
    with pytest.raises(Trap, match="user3"):
        evaluate("uadd_overflow_trap", types.I8, 255, 1, imm="user3")


def test_saturation_and_high_halves() -> None:
    assert evaluate("sadd_sat", types.I8X16, 0x7F, 1) == 0x7F
    assert evaluate("ssub_sat", types.I8X16, 0x80, 1) == 0x80
    assert evaluate("uadd_sat", types.I8X16, 0xFF, 1) == 0xFF
    assert evaluate("usub_sat", types.I8X16, 0, 1) == 0
    assert evaluate("umulhi", types.I64, (1 << 64) - 1, (1 << 64) - 1) == (1 << 64) - 2
    assert evaluate("smulhi", types.I64, (1 << 64) - 1, (1 << 64) - 1) == 0
    assert evaluate("sqmul_round_sat", types.I16X8, 0x8000, 0x8000) == 0x7FFF
    assert evaluate("x86_pmulhrsw", types.I16X8, 0x8000, 0x8000) == 0x8000


@pytest.mark.parametrize("cc", opcodes.INT_CC)
def test_conditions_agree_with_their_tables(cc: str) -> None:
    complement, swapped = opcodes.INT_CC[cc]
    for x in samples(types.I16, 6):
        for y in samples(types.I16, 7):
            holds = evaluate("icmp", types.I16, x, y, imm=cc)
            assert evaluate("icmp", types.I16, x, y, imm=complement) == 1 - holds
            assert evaluate("icmp", types.I16, y, x, imm=swapped) == holds


def test_every_opcode_has_a_meaning() -> None:
    from jitpy.backend.interp.interpreter import _CONTROL

    missing = [name for op, name in enumerate(opcodes.NAME) if op not in MEANING and op not in _CONTROL]
    assert missing == []


def test_i128_travels_through_functions() -> None:
    (func,) = parse_functions(
        """function %f(i64, i64) -> i128 {
        block0(v0: i64, v1: i64): v2 = iconcat v0, v1 v3 = imul v2, v2 return v3 }"""
    )
    x = 5 | 9 << 64
    assert Interpreter([func]).call("f", [5, 9]) == [x * x & (1 << 128) - 1]
