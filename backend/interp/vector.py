"""Lanes and whole vectors: building, taking apart, permuting, testing."""

from __future__ import annotations

from typing import Any

from jitpy.backend.interp.meaning import Evaluate, join, meaning, signed, split
from jitpy.backend.ir import types

Types = tuple[types.Type, ...]


@meaning("splat")
def _splat(type: types.Type, imm: Any, arg_types: Types) -> Evaluate:
    bits, count = types.LANE_BITS[type], types.LANES[type]
    return lambda x: join([x] * count, bits)


@meaning("scalar_to_vector")
def _scalar_to_vector(type: types.Type, imm: Any, arg_types: Types) -> Evaluate:
    return lambda x: x


@meaning("insertlane")
def _insertlane(type: types.Type, imm: Any, arg_types: Types) -> Evaluate:
    shift = imm * types.LANE_BITS[type]
    hole = ~(((1 << types.LANE_BITS[type]) - 1) << shift)
    return lambda x, lane: x & hole | lane << shift


@meaning("extractlane")
def _extractlane(type: types.Type, imm: Any, arg_types: Types) -> Evaluate:
    shift, mask = imm * types.LANE_BITS[type], (1 << types.LANE_BITS[type]) - 1
    return lambda x: x >> shift & mask


@meaning("extract_vector")
def _extract_vector(type: types.Type, imm: Any, arg_types: Types) -> Evaluate:
    """Dynamic vectors have one scale unit of 128 bits, so the only fixed vector in one is all of it."""
    return lambda x: x


def _permute(source: list[int], indices: list[int]) -> int:
    return join([source[i] if i < len(source) else 0 for i in indices], 8)


@meaning("swizzle")
def _swizzle(type: types.Type, imm: Any, arg_types: Types) -> Evaluate:
    return lambda x, indices: _permute(split(x, types.I8X16), split(indices, types.I8X16))


@meaning("x86_pshufb")
def _pshufb(type: types.Type, imm: Any, arg_types: Types) -> Evaluate:
    """Only the low four bits of an index count, unless its top bit is set: then the lane is zero."""
    return lambda x, indices: _permute(split(x, types.I8X16), [i & 0x8F for i in split(indices, types.I8X16)])


@meaning("shuffle")
def _shuffle(type: types.Type, imm: Any, arg_types: Types) -> Evaluate:
    mask = list(imm)
    return lambda x, y: _permute(split(x, types.I8X16) + split(y, types.I8X16), mask)


@meaning("x86_pmaddubsw")
def _pmaddubsw(type: types.Type, imm: Any, arg_types: Types) -> Evaluate:
    """Signed bytes of the first times unsigned bytes of the second; neighbours added with saturation."""

    def evaluate(x: int, y: int) -> int:
        products = [signed(a, 8) * b for a, b in zip(split(x, types.I8X16), split(y, types.I8X16))]
        sums = [a + b for a, b in zip(products[::2], products[1::2])]
        return join([max(-0x8000, min(total, 0x7FFF)) for total in sums], 16)

    return evaluate


@meaning("vany_true")
def _vany_true(type: types.Type, imm: Any, arg_types: Types) -> Evaluate:
    return lambda x: int(x != 0)


@meaning("vall_true")
def _vall_true(type: types.Type, imm: Any, arg_types: Types) -> Evaluate:
    return lambda x: int(all(split(x, arg_types[0])))


@meaning("vhigh_bits")
def _vhigh_bits(type: types.Type, imm: Any, arg_types: Types) -> Evaluate:
    shift, mask = types.LANE_BITS[arg_types[0]] - 1, types.MASK[type]

    def evaluate(x: int) -> int:
        lanes = split(x, arg_types[0])
        return sum([lane >> shift << i for i, lane in enumerate(lanes)]) & mask

    return evaluate
