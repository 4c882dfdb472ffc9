"""Numbers in CLIF text: integers, exact hexadecimal floats with NaN payloads, vectors.

Floats travel as their bits. A float is written ``0x1.8p3`` (exactly), ``0.0``, ``Inf``, ``NaN``, ``NaN:0x1``
(quiet, with the payload below the quiet bit) or ``sNaN:0x1``, each with an optional sign. Decimal fractions are
read too, rounded to nearest.
"""

from __future__ import annotations

from fractions import Fraction

from jitpy.backend.ir import types as T

#: Scalar float type -> (exponent bits, fraction bits).
FLOAT_LAYOUT = {T.F16: (5, 10), T.F32: (8, 23), T.F64: (11, 52), T.F128: (15, 112)}


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
    exponent_bits, fraction_bits = FLOAT_LAYOUT[type]
    sign = (text[0] == "-") << (exponent_bits + fraction_bits)
    body = text[1:] if text[0] in "+-" else text
    infinity = ((1 << exponent_bits) - 1) << fraction_bits
    quiet = 1 << (fraction_bits - 1)
    if body == "Inf":
        return sign | infinity
    if body.startswith(("NaN", "sNaN")):
        return sign | infinity | _nan_fraction(body, quiet)
    if body.startswith("0x"):
        value = _hex_value(body)
        bits = round_to_float(value, type)
        if float_value(bits, type) != value:
            raise ValueError(f"{text} is not exactly representable in {T.NAME[type]}")
        return sign | bits
    return sign | round_to_float(Fraction(body.replace("_", "")), type)


def _nan_fraction(body: str, quiet: int) -> int:
    signaling = body[0] == "s"
    _, _, payload_text = body.partition(":")
    payload = parse_int(payload_text) if payload_text else 0
    if payload >= quiet:
        raise ValueError(f"the payload of {body} is too wide")
    if signaling and not payload:
        raise ValueError("a signaling NaN needs a payload, as in sNaN:0x1")
    return payload if signaling else payload | quiet


def _hex_value(body: str) -> Fraction:
    digits, _, exponent = body[2:].replace("_", "").partition("p")
    whole, _, fraction = digits.partition(".")
    if not whole + fraction:
        raise ValueError(f"{body} has no digits")
    power = int(exponent or "0") - 4 * len(fraction)
    if abs(power) > 100_000:
        raise ValueError(f"the exponent of {body} is out of range")
    mantissa = int(whole + fraction, 16)
    return Fraction(mantissa << power) if power >= 0 else Fraction(mantissa, 1 << -power)


def round_to_float(value: Fraction, type: T.Type) -> int:
    """The bits of the float of ``type`` nearest to ``value`` (not negative), ties to even; overflow gives infinity."""
    exponent_bits, fraction_bits = FLOAT_LAYOUT[type]
    if not value:
        return 0
    bias = (1 << (exponent_bits - 1)) - 1
    exponent = value.numerator.bit_length() - value.denominator.bit_length()
    if Fraction(2) ** exponent > value:
        exponent -= 1
    exponent = max(exponent, 1 - bias)
    scaled = value / Fraction(2) ** (exponent - fraction_bits)
    mantissa = round(scaled)  # ties to even
    # A subnormal keeps exponent field 0; a carry out of the mantissa adds one to the exponent field by itself.
    bits = ((exponent + bias - 1) << fraction_bits) + mantissa
    infinity = ((1 << exponent_bits) - 1) << fraction_bits
    return min(bits, infinity)


def float_value(bits: int, type: T.Type) -> Fraction:
    """The exact value of a finite float given by its bits."""
    exponent_bits, fraction_bits = FLOAT_LAYOUT[type]
    exponent = bits >> fraction_bits & ((1 << exponent_bits) - 1)
    fraction = bits & ((1 << fraction_bits) - 1)
    bias = (1 << (exponent_bits - 1)) - 1
    if exponent:
        fraction |= 1 << fraction_bits
    else:
        exponent = 1
    power = exponent - bias - fraction_bits
    value = Fraction(fraction << power) if power >= 0 else Fraction(fraction, 1 << -power)
    return -value if bits >> (exponent_bits + fraction_bits) & 1 else value


def format_float(bits: int, type: T.Type) -> str:
    """The canonical text of a float: shortest exact hexadecimal."""
    exponent_bits, fraction_bits = FLOAT_LAYOUT[type]
    sign = "-" if bits >> (exponent_bits + fraction_bits) & 1 else ""
    top = (1 << exponent_bits) - 1
    exponent = bits >> fraction_bits & top
    fraction = bits & ((1 << fraction_bits) - 1)
    if exponent == top:
        sign = sign or "+"
        quiet = 1 << (fraction_bits - 1)
        if not fraction:
            return sign + "Inf"
        if not fraction & quiet:
            return f"{sign}sNaN:{fraction:#x}"
        payload = fraction ^ quiet
        return f"{sign}NaN:{payload:#x}" if payload else sign + "NaN"
    if not exponent and not fraction:
        return sign + "0.0"
    padding = -fraction_bits % 4
    digits = f"{fraction << padding:0{(fraction_bits + padding) // 4}x}".rstrip("0") or "0"
    bias = (1 << (exponent_bits - 1)) - 1
    power = exponent - bias if exponent else 1 - bias
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
