"""Numbers in text against Python's own readings."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jitpy.backend.ir import types as T
from jitpy.backend.text import numbers


@given(st.integers(0, (1 << 64) - 1))
def test_every_f64_survives(bits: int) -> None:
    assert numbers.parse_float(numbers.format_float(bits, T.F64), T.F64) == bits


@given(st.sampled_from([T.F16, T.F32, T.F128]), st.integers(0, (1 << 128) - 1))
def test_every_float_survives(type: int, bits: int) -> None:
    bits &= T.MASK[type]
    assert numbers.parse_float(numbers.format_float(bits, type), type) == bits


@given(st.floats(allow_nan=False))
def test_hexadecimal_and_decimal_agree_with_python(x: float) -> None:
    bits = struct.unpack("<Q", struct.pack("<d", x))[0]
    if abs(x) != float("inf"):
        assert numbers.parse_float(x.hex(), T.F64) == bits
        assert numbers.parse_float(repr(x), T.F64) == bits


@given(st.sampled_from([T.I8, T.I16, T.I32, T.I64, T.I128]), st.integers(0, (1 << 128) - 1))
def test_integers_survive(type: int, value: int) -> None:
    value &= T.MASK[type]
    assert numbers.parse_int_bits(numbers.format_int(value), T.BITS[type]) == value
    assert numbers.parse_int_bits(str(T.to_signed(value, type)), T.BITS[type]) == value


@pytest.mark.parametrize("text", ["0x", "sNaN", "NaN:0x400000", "0x1.0p200"])
def test_refused_floats(text: str) -> None:
    with pytest.raises(ValueError):
        numbers.parse_float(text, T.F32)


def test_vectors() -> None:
    assert numbers.parse_hex_bytes("0x0102", 4) == b"\x02\x01\0\0"
    data = numbers.pack_lanes([1, 2, 3, 0xFFFF_FFFF], T.I32X4)
    assert numbers.unpack_lanes(data, T.I32X4) == [1, 2, 3, 0xFFFF_FFFF]
