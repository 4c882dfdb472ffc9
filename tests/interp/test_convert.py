"""Conversions against NumPy where C defines them, and their limits."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jitpy.backend.interp.meaning import MEANING, Trap
from jitpy.backend.ir import types as T
from jitpy.backend.ir.opcodes import BY_NAME

INTS = {T.I8: np.int8, T.I16: np.int16, T.I32: np.int32, T.I64: np.int64}
FLOATS = {T.F16: np.float16, T.F32: np.float32, T.F64: np.float64}


def evaluate(name: str, type: int, arg_type: int, x: int, imm: object = None) -> int:
    return MEANING[BY_NAME[name]](type, imm, (arg_type,))(x)


def bits(x: float, type: int = T.F64) -> int:
    return int.from_bytes(FLOATS[type](x).tobytes(), "little")


@given(st.sampled_from([*INTS]), st.sampled_from([*FLOATS]), st.integers(0, (1 << 64) - 1))
def test_from_int(int_type: int, float_type: int, x: int) -> None:
    x &= T.MASK[int_type]
    signed = INTS[int_type]
    unsigned = np.dtype(f"u{np.dtype(signed).itemsize}").type
    with np.errstate(over="ignore"):
        assert evaluate("fcvt_from_uint", float_type, int_type, x) == bits(unsigned(x), float_type)
        assert evaluate("fcvt_from_sint", float_type, int_type, x) == bits(signed(T.to_signed(x, int_type)), float_type)


@given(st.sampled_from([*INTS, T.I128]), st.floats(allow_nan=False, allow_infinity=False, width=64), st.booleans())
def test_to_int(type: int, x: float, signed: bool) -> None:
    low = -(1 << (T.BITS[type] - 1)) if signed else 0
    high = low + T.MASK[type]
    name = f"fcvt_to_{'s' if signed else 'u'}int"
    truncated = int(x)
    clamped = max(low, min(truncated, high))
    assert evaluate(name + "_sat", type, T.F64, bits(x)) == clamped & T.MASK[type]
    if clamped == truncated:
        assert evaluate(name, type, T.F64, bits(x)) == truncated & T.MASK[type]
    else:
        with pytest.raises(Trap, match="int_ovf"):
            evaluate(name, type, T.F64, bits(x))


def test_nan_and_infinity_to_int() -> None:
    nan, infinity = bits(float("nan")), bits(float("inf"))
    with pytest.raises(Trap, match="bad_toint"):
        evaluate("fcvt_to_sint", T.I32, T.F64, nan)
    with pytest.raises(Trap, match="int_ovf"):
        evaluate("fcvt_to_uint", T.I32, T.F64, infinity)
    assert evaluate("fcvt_to_sint_sat", T.I32, T.F64, nan) == 0
    assert evaluate("fcvt_to_sint_sat", T.I32, T.F64, infinity) == 0x7FFF_FFFF
    assert evaluate("x86_cvtt2dq", T.I32X4, T.F32X4, 0x7FC0_0000) == 0x8000_0000


def test_integers_of_other_widths() -> None:
    assert evaluate("sextend", T.I32, T.I8, 0x80) == 0xFFFF_FF80
    assert evaluate("uextend", T.I32, T.I8, 0x80) == 0x80
    assert evaluate("ireduce", T.I8, T.I32, 0x1234) == 0x34
    assert evaluate("bmask", T.I16, T.I64, 8) == 0xFFFF


def test_nan_payloads_follow_conversions() -> None:
    signaling = 0x7FF0_0000_2000_0000
    assert evaluate("fdemote", T.F32, T.F64, signaling) == 0x7FC0_0001
    assert evaluate("fpromote", T.F64, T.F32, 0xFF80_0001) == 0xFFF8_0000_2000_0000


def test_bitcast_of_big_endian_vectors() -> None:
    x = int.from_bytes(struct.pack("<2Q", 0x0102030405060708, 0x1112131415161718), "little")
    little = evaluate("bitcast", T.I32X4, T.I64X2, x, imm=8)
    big = evaluate("bitcast", T.I32X4, T.I64X2, x, imm=16)
    assert struct.unpack("<4I", little.to_bytes(16, "little")) == (0x05060708, 0x01020304, 0x15161718, 0x11121314)
    assert struct.unpack("<4I", big.to_bytes(16, "little")) == (0x01020304, 0x05060708, 0x11121314, 0x15161718)
