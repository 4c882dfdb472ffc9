"""Immediates: how each kind of them lies in the instruction word, prints, and which values try its bounds.

`IMMEDIATES` has, for each name that a row's text may use, (encode, print, samples): ``encode(value)`` the bits to add to the word.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jitpy.backend.isa.aarch64.conditions import CC_NAMES


def _bits_of(value: int, width: int) -> int | None:
    """N, immr and imms of a logical immediate, as the 13-bit number they form; None where the value is none.

    It is a pattern of 2 to 64 bits, repeated, and the pattern a run of ones, rotated. Of the smallest such pattern: rotate it so
    that the run begins at bit 0; imms says its length and the pattern's width, immr the rotation back.
    """
    size = width
    while size > 2 and value >> size // 2 & (1 << size // 2) - 1 == value & (1 << size // 2) - 1:
        size //= 2
    element = value & (1 << size) - 1
    ones = element.bit_count()
    if not 0 < ones < size:
        return None
    full = (1 << size) - 1
    # The lowest bit of the run: behind it, going around, is a zero.
    start = ((element & ~(element << 1 | element >> size - 1)) & full)
    if start & start - 1:
        return None  # several runs
    low = start.bit_length() - 1
    rotation = -low % size
    imms = (-2 * size & 63 if size < 64 else 0) | ones - 1
    return (size == 64) << 12 | rotation << 6 | imms


_known: dict[tuple[int, int], int | None] = {}


def logical(value: int, width: int) -> int | None:
    """The 13-bit encoding of a logical immediate of 32 or 64 bits, or None."""
    key = value, width
    if key not in _known:
        if len(_known) > 1 << 12:
            _known.clear()
        _known[key] = _bits_of(value, width)
    return _known[key]


def add_immediate(value: int) -> bool:
    """Whether 12 bits hold it, or 12 bits shifted by 12."""
    return 0 <= value < 4096 or (not value & 4095 and 0 <= value < 1 << 24)


def float_immediate(bits: int, width: int) -> int | None:
    """The 8 bits by which fmov writes a float with these bits: sign, three bits of exponent around 1, four of fraction; or None."""
    fraction = {16: 10, 32: 23, 64: 52}[width]
    exponent_bits = width - 1 - fraction
    if bits & (1 << fraction - 4) - 1:
        return None
    exponent = bits >> fraction & (1 << exponent_bits) - 1
    top = exponent >> 2
    if top not in (1 << exponent_bits - 3, (1 << exponent_bits - 3) - 1):
        return None
    return bits >> width - 1 << 7 | (top >> exponent_bits - 3 ^ 1) << 6 | (exponent & 3) << 4 | bits >> fraction - 4 & 15


def float_of_immediate(imm: int) -> float:
    """The number that such 8 bits stand for."""
    exponent = (imm >> 4 & 7 ^ 4) - 3
    size: float = (16 + (imm & 15)) / 16 * 2.0**exponent
    return -size if imm >> 7 else size


def _plain(shift: int, samples: tuple[Any, ...], bias: int = 0) -> tuple[Any, Any, Any]:
    return lambda v: (v + bias) << shift, lambda v: f"#{v}", samples


def _shifted(name: str, samples: tuple[int, ...]) -> tuple[Any, Any, Any]:
    return lambda v: v << 10, lambda v: f"{name} #{v}", samples


def _extended(option: str) -> tuple[Any, Any, Any]:
    return lambda v: v << 10, lambda v: f"{option} #{v}" if v else option, (0, 1, 2, 3, 4)


def _field(width: int, insert: bool) -> tuple[Any, Any, Any]:
    """(lsb, bits) of the extracting and the inserting forms of bfm."""

    def encode(v: tuple[int, int]) -> int:
        lsb, bits = v
        return (-lsb % width << 16 | bits - 1 << 10) if insert else (lsb << 16 | lsb + bits - 1 << 10)

    return encode, lambda v: f"#{v[0]}, #{v[1]}", ((1, 3), (5, width - 7), (8, 9), (width - 4, 2), (3, 1))


def _left(width: int) -> Callable[[int], int]:
    return lambda v: -v % width << 16 | width - 1 - v << 10


def _right(bits: int) -> tuple[Any, Any, Any]:
    return lambda v: 2 * bits - v << 16, lambda v: f"#{v}", (1, 2, bits)


def _lane(bits: int) -> tuple[Any, Any, Any]:
    unit = bits // 8
    return lambda v: (2 * v + 1) * unit << 16, lambda v: f"[{v}]", tuple(dict.fromkeys((0, 1, 16 // unit - 1)))


def _lane_pair(bits: int) -> tuple[Any, Any, Any]:
    """(destination, source) lanes of ins."""
    unit = bits // 8
    last = 16 // unit - 1
    return lambda v: (2 * v[0] + 1) * unit << 16 | v[1] * unit << 11, lambda v: v, ((0, last), (last, 0), (1, 1))


def _bits(width: int) -> tuple[Any, Any, Any]:
    ones = (1 << width) - 1
    samples = (1, 2, 0xFF, ones ^ 1, 0x0F0F0F0F0F0F0F0F & ones, 0x5555555555555555 & ones, 1 << width - 1 | 1, ones >> 1, 0xFF00)
    return lambda v: _known_logical(v, width) << 10, lambda v: f"#{v:#x}", samples


def _known_logical(value: int, width: int) -> int:
    found = logical(value, width)
    assert found is not None, hex(value)
    return found


IMMEDIATES: dict[str, tuple[Callable[[Any], int], Callable[[Any], Any], tuple[Any, ...]]] = {
    # An unsigned number of 12 bits, perhaps shifted by 12.
    "i12": (
        lambda v: v << 10 if v < 4096 else 1 << 22 | v >> 12 << 10,
        lambda v: f"#{v:#x}" if v < 4096 else f"#{v >> 12:#x}, lsl #12", (1, 2, 4095, 4096, 4095 << 12),
    ),
    "bits32": _bits(32), "bits64": _bits(64),
    # (16 bits, their place / 16) of movz, movn, movk.
    "i16": (
        lambda v: v[1] << 21 | v[0] << 5, lambda v: f"#{v[0]:#x}" + f", lsl #{16 * v[1]}" * bool(v[1]),
        ((1, 0), (0xFFFF, 1), (0x1234, 1), (0x8000, 0)),
    ),
    "lsl": _shifted("lsl", (1, 5, 31)), "lsr": _shifted("lsr", (1, 5, 31)), "asr": _shifted("asr", (1, 5, 31)),
    "ror": _shifted("ror", (1, 5, 31)),
    "uxtb": _extended("uxtb"), "uxth": _extended("uxth"), "uxtw": _extended("uxtw"), "sxtb": _extended("sxtb"),
    "sxth": _extended("sxth"), "sxtw": _extended("sxtw"),
    # Shifts by constants, which are forms of bfm.
    "left32": (_left(32), lambda v: f"#{v}", (1, 5, 30)), "left64": (_left(64), lambda v: f"#{v}", (1, 31, 33, 62)),
    "right": _plain(16, (1, 5, 31)), "lsb": _plain(10, (1, 5, 31)),
    "take32": _field(32, False), "take64": _field(64, False), "put32": _field(32, True), "put64": _field(64, True),
    "cond": (lambda v: v << 12, lambda v: CC_NAMES[v], tuple(range(14))),
    # Of aliases that invert the condition.
    "if": (lambda v: (v ^ 1) << 12, lambda v: CC_NAMES[v], tuple(range(14))),
    # The zero register.
    "zw": (lambda v: 0, lambda v: "wzr", (0,)), "zx": (lambda v: 0, lambda v: "xzr", (0,)),
    "nzcv": (lambda v: v, lambda v: f"#{v:#x}", (0, 1, 8, 15)),
    "i5": (lambda v: v << 16, lambda v: f"#{v:#x}", (0, 1, 31)),
    "i16t": (lambda v: v << 5, lambda v: f"#{v:#x}", (0, 1, 0xFFFF)),
    "i0": (lambda v: 0, lambda v: "#0", (0,)),
    "f0": (lambda v: 0, lambda v: "#0.0", (0,)),
    "f8": (lambda v: v << 13, lambda v: f"#{float_of_immediate(v):.18e}", (0, 0x70, 0x78, 0xF0, 0x1F, 0xFF)),
    # Of vectors: 8 bits in two fields; those of fmov.
    "v8": (lambda v: v >> 5 << 16 | (v & 31) << 5, lambda v: f"#{v:#x}", (0, 1, 0x55, 0xFF)),
    "vf8": (lambda v: v >> 5 << 16 | (v & 31) << 5, lambda v: f"#{float_of_immediate(v):.18e}", (0, 0x70, 0x78, 0xF0, 0x1F)),
    "ext": (lambda v: v << 11, lambda v: f"#{v}", (1, 7, 15)),
    **{f"shl{b}": _plain(16, (0, 1, b - 1), b) for b in (8, 16, 32, 64)},
    **{f"shr{b}": _right(b) for b in (8, 16, 32, 64)},
    **{f"lane{b}": _lane(b) for b in (8, 16, 32, 64)},
    **{f"lanes{b}": _lane_pair(b) for b in (8, 16, 32, 64)},
}  # fmt: skip
