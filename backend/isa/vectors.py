"""Values of vector types on any ISA: their parts, and operations applied part by part.

A value is held in parts, each a register; a type smaller than a part is the low lanes of one. An ISA's
``lowering/vector_base.py`` takes `VectorParts` beside its scalar lowering, and says how wide parts are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jitpy.backend.ir.types import BITS, I8, I16, I32, I64, LANE_BITS, vector

#: An operation on one part: its type, the registers -> the register of the result.
Part = Callable[..., Any]
INT_OF_BITS = {8: I8, 16: I16, 32: I32, 64: I64}


def of_lanes(lane: Any, bits: int = 128) -> Any:
    """The vector type of this size."""
    return vector(lane, bits // LANE_BITS[lane])


def one(parts: Any) -> Any:
    """What a rule returns for a value of these parts."""
    return parts[0] if len(parts) == 1 else tuple(parts)


def repeated(t: Any, lane: int) -> bytes:
    """A constant with ``lane`` in all lanes of type t, little-endian."""
    bits = LANE_BITS[t]
    data: bytes = (lane & ((1 << bits) - 1)).to_bytes(bits // 8, "little") * (BITS[t] // bits)
    return data


class VectorParts:
    """See the module's docstring."""

    if TYPE_CHECKING:
        ctx: Any
        put_in_regs: Any

    def parts(self, ty: Any) -> list[Any]:
        """The types of a value's parts."""
        return [t for _, t in self.ctx.target.parts_of(ty)]

    def lanes(self, f: Part, ty: Any, *values: Any) -> Any:
        """f on each part of the values, which have as many parts as type ty."""
        columns = zip(*[self.put_in_regs(v) for v in values])
        return one([f(t, *regs) for t, regs in zip(self.parts(ty), columns)])

    def binary(self, f: Part, ty: Any, x: Any, y: Any) -> Any:
        """The same of two values, one of which an ISA may take from elsewhere than from registers."""
        return self.lanes(f, ty, x, y)

    def small(self, ty: Any) -> int:
        """The bits that count, where a type has less than 128, else 0."""
        bits = BITS[ty]
        return bits if bits < 128 else 0
