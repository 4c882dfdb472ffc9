"""Numbers in CLIF text: integers, exact hexadecimal floats with NaN payloads, vectors.

Floats travel as their bits. A float is written ``0x1.8p3`` (exactly), ``0.0``, ``Inf``, ``NaN``, ``NaN:0x1``
(quiet, with the payload below the quiet bit) or ``sNaN:0x1``, each with an optional sign. Decimal fractions are
read too, rounded to nearest.
"""

from __future__ import annotations

from fractions import Fraction

from jitpy.backend.ir import ieee
from jitpy.backend.ir import types as T


def parse_int(text: str) -> int:
    """A decimal or ``0x`` integer with optional sign and underscores; ValueError if it is none."""
    digits = text.replace("_", "")
    return int(digits, 16 if "x" in digits else 10)


def parse_int_bits(text: str, bits: int) -> int:
    """An integer of ``bits`` bits written signed or unsigned, as unsigned."""
    value = parse_int(text)
    if not -(1 << (bits - 1)) <= value < 1 << bits:
        raise ValueError(f"{text} does not fit {bits} bits")
    return value & ((1 << bits) - 1)


def format_int(value: int) -> str:
    """Small numbers in decimal, others in hexadecimal in groups of four digits."""
    if -10_000 < value < 10_000:
        return str(value)
    return f"{'-' if value < 0 else ''}0x{abs(value):_x}"


def parse_float(text: str, type: T.Type) -> int:
    """The bits of a float of ``type``; ValueError when it is malformed or, in hexadecimal, not exact."""
    f = ieee.FORMATS[type]
    sign = int(text[0] == "-")
    body = text[1:] if text[0] in "+-" else text
    if body == "Inf":
        return sign * f.sign | f.infinity
    if body.startswith(("NaN", "sNaN")):
        return sign * f.sign | f.infinity | _nan_fraction(body, f.quiet)
    if body.startswith("0x"):
        m, e = _hex_value(body)
        bits = ieee.pack(sign, m, e, f)
        if not _is_exact(bits, m, e, f):
            raise ValueError(f"{text} is not exactly representable in {T.NAME[type]}")
        return bits
    value = Fraction(body.replace("_", ""))
    return ieee.from_ratio(sign, value.numerator, value.denominator, f)


def _is_exact(bits: int, m: int, e: int, f: ieee.Format) -> bool:
    if ieee.is_infinite(bits, f):
        return False
    _, rounded, exponent = ieee.unpack(bits, f)
    low = min(e, exponent)
    return m << (e - low) == rounded << (exponent - low)


def _nan_fraction(body: str, quiet: int) -> int:
    signaling = body[0] == "s"
    _, _, payload_text = body.partition(":")
    payload = parse_int(payload_text) if payload_text else 0
    if payload >= quiet:
        raise ValueError(f"the payload of {body} is too wide")
    if signaling and not payload:
        raise ValueError("a signaling NaN needs a payload, as in sNaN:0x1")
    return payload if signaling else payload | quiet


def _hex_value(body: str) -> tuple[int, int]:
    """Mantissa and exponent of a hexadecimal float."""
    digits, _, exponent = body[2:].replace("_", "").partition("p")
    whole, _, fraction = digits.partition(".")
    if not whole + fraction:
        raise ValueError(f"{body} has no digits")
    power = int(exponent or "0") - 4 * len(fraction)
    if abs(power) > 100_000:
        raise ValueError(f"the exponent of {body} is out of range")
    return int(whole + fraction, 16), power


def format_float(bits: int, type: T.Type) -> str:
    """The canonical text of a float: shortest exact hexadecimal."""
    f = ieee.FORMATS[type]
    sign = "-" if bits & f.sign else ""
    magnitude = bits & (f.sign - 1)
    if magnitude >= f.infinity:
        sign = sign or "+"
        payload = magnitude - f.infinity
        if not payload:
            return sign + "Inf"
        if not payload & f.quiet:
            return f"{sign}sNaN:{payload:#x}"
        return f"{sign}NaN:{payload ^ f.quiet:#x}" if payload != f.quiet else sign + "NaN"
    if not magnitude:
        return sign + "0.0"
    exponent = magnitude >> f.fraction
    fraction = magnitude & ((1 << f.fraction) - 1)
    padding = -f.fraction % 4
    digits = f"{fraction << padding:0{(f.fraction + padding) // 4}x}".rstrip("0") or "0"
    power = max(exponent, 1) - f.bias
    return f"{sign}0x{int(exponent > 0)}.{digits}p{power}"


def parse_scalar(text: str, type: T.Type) -> int:
    """The bits of a scalar of ``type``."""
    return parse_float(text, type) if T.IS_FLOAT[type] else parse_int_bits(text, T.BITS[type])


def format_scalar(bits: int, type: T.Type, signed: bool = False) -> str:
    """The text of a scalar of ``type``."""
    if T.IS_FLOAT[type]:
        return format_float(bits, type)
    return format_int(T.to_signed(bits, type) if signed else bits)


def pack_lanes(lanes: list[int], type: T.Type) -> bytes:
    """The little-endian bytes of a vector from its lanes, lane 0 first."""
    size = T.LANE_BITS[type] // 8
    return b"".join(lane.to_bytes(size, "little") for lane in lanes)


def unpack_lanes(data: bytes, type: T.Type) -> list[int]:
    """The lanes of a vector from its bytes."""
    size = T.LANE_BITS[type] // 8
    return [int.from_bytes(data[i : i + size], "little") for i in range(0, len(data), size)]


def parse_hex_bytes(text: str, size: int) -> bytes:
    """Bytes written as one ``0x`` number, most significant first, zero-extended to ``size``."""
    digits = text[2:].replace("_", "")
    if not text.startswith("0x") or len(digits) % 2:
        raise ValueError(f"{text} is no even number of hexadecimal digits")
    data = bytes.fromhex(digits)[::-1]
    if len(data) > size:
        raise ValueError(f"{text} is longer than {size} bytes")
    return data.ljust(size, b"\0")


def format_constant(data: bytes, type: T.Type) -> str:
    """The text of a vector constant (or wide scalar) given by its bytes."""
    if not T.IS_VECTOR[type]:
        return format_scalar(int.from_bytes(data, "little"), type)
    lane = T.LANE[type]
    return f"[{' '.join(format_scalar(bits, lane) for bits in unpack_lanes(data, type))}]"
