"""Conversions between types: widths, integers and floats, bits, vector narrowing and widening."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jitpy.backend.interp.meaning import Evaluate, Maker, Trap, join, lanewise, meaning, signed, split
from jitpy.backend.ir import ieee, memflags, types
from jitpy.backend.ir.ieee import Format

Types = tuple[types.Type, ...]


@meaning("uextend")
def _uextend(type: types.Type, imm: Any, arg_types: Types) -> Evaluate:
    return lanewise(arg_types[0], types.LANE_BITS[type], lambda x: x)


@meaning("sextend")
def _sextend(type: types.Type, imm: Any, arg_types: Types) -> Evaluate:
    bits = types.LANE_BITS[arg_types[0]]
    return lanewise(arg_types[0], types.LANE_BITS[type], lambda x: signed(x, bits))


@meaning("ireduce")
def _ireduce(type: types.Type, imm: Any, arg_types: Types) -> Evaluate:
    return lanewise(arg_types[0], types.LANE_BITS[type], lambda x: x)


@meaning("bmask")
def _bmask(type: types.Type, imm: Any, arg_types: Types) -> Evaluate:
    return lanewise(arg_types[0], types.LANE_BITS[type], lambda x: -int(x != 0))


@meaning("bitcast")
def _bitcast(type: types.Type, imm: Any, arg_types: Types) -> Evaluate:
    """Bits are reinterpreted as if stored and loaded; big-endian storage puts lane 0 at the other end."""
    if not imm & memflags.BIG:
        return lambda x: x
    source_bits, target_bits = types.LANE_BITS[arg_types[0]], types.LANE_BITS[type]

    def evaluate(x: int) -> int:
        stored = join(split(x, arg_types[0])[::-1], source_bits)
        return join(split(stored, type)[::-1], target_bits)

    return evaluate


# Floats


@meaning("fpromote")
@meaning("fdemote")
def _convert_float(type: types.Type, imm: Any, arg_types: Types) -> Evaluate:
    source, target = ieee.FORMATS[types.LANE[arg_types[0]]], ieee.FORMATS[types.LANE[type]]
    return lanewise(arg_types[0], target.bits, lambda x: ieee.convert(x, source, target))


@meaning("fvdemote")
def _fvdemote(type: types.Type, imm: Any, arg_types: Types) -> Evaluate:
    source, target = ieee.FORMATS[types.F64], ieee.FORMATS[types.F32]
    return lambda x: join([ieee.convert(lane, source, target) for lane in split(x, types.F64X2)], 32)


@meaning("fvpromote_low")
def _fvpromote_low(type: types.Type, imm: Any, arg_types: Types) -> Evaluate:
    source, target = ieee.FORMATS[types.F32], ieee.FORMATS[types.F64]
    return lambda x: join([ieee.convert(lane, source, target) for lane in split(x, types.F32X4)[:2]], 64)


def _limits(bits: int, is_signed: bool) -> tuple[int, int]:
    return (-1 << (bits - 1), (1 << (bits - 1)) - 1) if is_signed else (0, (1 << bits) - 1)


def _trapping(x: int, format: Format, low: int, high: int) -> int:
    if ieee.is_nan(x, format):
        raise Trap("bad_toint")
    value = _clamped(x, format, low - 1, high + 1)
    if not low <= value <= high:
        raise Trap("int_ovf")
    return value


def _clamped(x: int, format: Format, low: int, high: int) -> int:
    if ieee.is_infinite(x, format):
        return low if x & format.sign else high
    return max(low, min(ieee.to_int(x, format), high))


def _saturating(x: int, format: Format, low: int, high: int) -> int:
    return 0 if ieee.is_nan(x, format) else _clamped(x, format, low, high)


def _indefinite(x: int, format: Format, low: int, high: int) -> int:
    """As x86: the minimum stands for everything that does not fit."""
    if ieee.is_nan(x, format):
        return low
    value = _clamped(x, format, low - 1, high + 1)
    return value if low <= value <= high else low


def _to_int(function: Callable[[int, Format, int, int], int], is_signed: bool) -> Maker:
    def make(type: types.Type, imm: Any, arg_types: Types) -> Evaluate:
        format = ieee.FORMATS[types.LANE[arg_types[0]]]
        bits = types.LANE_BITS[type]
        low, high = _limits(bits, is_signed)
        return lanewise(arg_types[0], bits, lambda x: function(x, format, low, high))

    return make


meaning("fcvt_to_sint")(_to_int(_trapping, True))
meaning("fcvt_to_uint")(_to_int(_trapping, False))
meaning("fcvt_to_sint_proven")(_to_int(_trapping, True))
meaning("fcvt_to_uint_proven")(_to_int(_trapping, False))
meaning("fcvt_to_sint_sat")(_to_int(_saturating, True))
meaning("fcvt_to_uint_sat")(_to_int(_saturating, False))
meaning("x86_cvtt2dq")(_to_int(_indefinite, True))


@meaning("fcvt_from_uint")
def _fcvt_from_uint(type: types.Type, imm: Any, arg_types: Types) -> Evaluate:
    format = ieee.FORMATS[types.LANE[type]]
    return lanewise(arg_types[0], format.bits, lambda x: ieee.from_int(x, format))


@meaning("fcvt_from_sint")
def _fcvt_from_sint(type: types.Type, imm: Any, arg_types: Types) -> Evaluate:
    format = ieee.FORMATS[types.LANE[type]]
    bits = types.LANE_BITS[arg_types[0]]
    return lanewise(arg_types[0], format.bits, lambda x: ieee.from_int(signed(x, bits), format))


# Vectors of other lane widths


def _narrow(from_signed: bool, to_signed: bool) -> Maker:
    """Both operands' lanes saturated to half their width, one after the other."""

    def make(type: types.Type, imm: Any, arg_types: Types) -> Evaluate:
        bits = types.LANE_BITS[type]
        low, high = _limits(bits // 2, to_signed)

        def evaluate(x: int, y: int) -> int:
            lanes = split(x, type) + split(y, type)
            if from_signed:
                lanes = [signed(lane, bits) for lane in lanes]
            return join([max(low, min(lane, high)) for lane in lanes], bits // 2)

        return evaluate

    return make


meaning("snarrow")(_narrow(True, True))
meaning("unarrow")(_narrow(True, False))
meaning("uunarrow")(_narrow(False, False))


def _widen(is_signed: bool, high: bool) -> Maker:
    def make(type: types.Type, imm: Any, arg_types: Types) -> Evaluate:
        bits, half = types.LANE_BITS[type], types.LANES[type] // 2

        def evaluate(x: int) -> int:
            lanes = split(x, type)
            lanes = lanes[half:] if high else lanes[:half]
            return join([signed(lane, bits) for lane in lanes] if is_signed else lanes, 2 * bits)

        return evaluate

    return make


for _prefix, _is_signed in (("s", True), ("u", False)):
    meaning(f"{_prefix}widen_low")(_widen(_is_signed, False))
    meaning(f"{_prefix}widen_high")(_widen(_is_signed, True))
