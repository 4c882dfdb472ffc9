"""How the meaning of an opcode is written down.

Every CLIF value is one Python int: an integer unsigned, a float as its bits, a vector as its bytes read as a
little-endian number (lane 0 lowest). The meaning of an opcode is a *maker*: from what is known before running, the
node's type, its immediate and its operands' types, it makes the function from operand values to the result (or to a
tuple of results). Themes fill one table, `MEANING`.

Most opcodes work lane by lane. They are written for one lane, as a function of the operands and of the lane's width
or format, and `lanewise` lifts them to vectors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jitpy.backend.ir import ieee, opcodes, types

#: Operand values -> result, or tuple of results.
Evaluate = Callable[..., Any]
#: (controlling type, immediate, operand types) -> Evaluate.
Maker = Callable[[types.Type, Any, tuple[types.Type, ...]], Evaluate]

#: Opcode -> maker, for every opcode that needs nothing of the frame it runs in.
MEANING: dict[int, Maker] = {}


class Trap(Exception):
    """Execution stopped by a CLIF trap: ``code``, and where (``function``, ``srcloc``, ``inst``) once known."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
        self.function = ""
        self.srcloc = 0
        self.inst = -1

    def __str__(self) -> str:
        where = f" in {self.function}, inst {self.inst}" if self.function else ""
        return f"trap {self.code}{where}{f' @{self.srcloc:04x}' if self.srcloc else ''}"


def meaning(name: str) -> Callable[[Maker], Maker]:
    """Decorator: the maker of the opcode ``name``."""

    def register(maker: Maker) -> Maker:
        MEANING[opcodes.BY_NAME[name]] = maker
        return maker

    return register


def signed(x: int, bits: int) -> int:
    """``x`` read as a two's complement number."""
    return x - (1 << bits) if x >> (bits - 1) else x


def split(x: int, type: types.Type) -> list[int]:
    """The lanes of a vector, lane 0 first."""
    bits = types.LANE_BITS[type]
    mask = (1 << bits) - 1
    return [x >> i & mask for i in range(0, types.BITS[type], bits)]


def join(lanes: list[int], bits: int) -> int:
    """A vector of lanes of ``bits`` bits; excess bits of a lane are dropped."""
    mask = (1 << bits) - 1
    x = 0
    for lane in reversed(lanes):
        x = x << bits | (lane & mask)
    return x


def lanewise(type: types.Type, result_bits: int, lane_function: Callable[..., int]) -> Evaluate:
    """Lift a function of lanes of ``type`` to the whole type; results are taken modulo ``result_bits`` bits per
    lane.
    """
    if not types.IS_VECTOR[type]:
        mask = (1 << result_bits) - 1
        return lambda *xs: lane_function(*xs) & mask
    return lambda *xs: join([lane_function(*lanes) for lanes in zip(*[split(x, type) for x in xs])], result_bits)


def integer_lanes(function: Callable[..., int]) -> Maker:
    """A maker from ``function(*lanes, bits)``, where the lanes are unsigned and all operands have the controlling
    type.
    """

    def make(type: types.Type, imm: Any, arg_types: tuple[types.Type, ...]) -> Evaluate:
        bits = types.LANE_BITS[type]
        return lanewise(type, bits, lambda *xs: function(*xs, bits))

    return make


def signed_lanes(function: Callable[..., int]) -> Maker:
    """As `integer_lanes`, with the lanes read as signed."""

    def make(type: types.Type, imm: Any, arg_types: tuple[types.Type, ...]) -> Evaluate:
        bits = types.LANE_BITS[type]
        return lanewise(type, bits, lambda *xs: function(*[signed(x, bits) for x in xs], bits))

    return make


def float_lanes(function: Callable[..., int]) -> Maker:
    """A maker from ``function(*lanes, format)``."""

    def make(type: types.Type, imm: Any, arg_types: tuple[types.Type, ...]) -> Evaluate:
        format = ieee.FORMATS[types.LANE[type]]
        return lanewise(type, format.bits, lambda *xs: function(*xs, format))

    return make


def constant(value: Any) -> Evaluate:
    """An evaluation without operands."""
    return lambda: value
