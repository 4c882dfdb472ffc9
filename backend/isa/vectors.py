"""Values of vector types on any ISA: their parts, and operations applied part by part.

A value is held in parts, each a register; a type smaller than a part is the low lanes of one. An ISA's
``lowering/vector_base.py`` takes `VectorParts` beside its scalar lowering, and says how wide parts are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import memflags
from jitpy.backend.ir.types import BITS, I8, I16, I32, I64, IS_VECTOR, LANE_BITS, LANES, vector

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
        types: Any
        put_in_reg: Any
        put_in_regs: Any

        def v_compare(self, t: Any, sign: str, code: str, a: Any, b: Any) -> Any:
            """Ones where a code b holds: "s" or "u", eq, ne, lt, le, gt or ge."""

        def v_extract(self, t: Any, r: Any, lane: int) -> Any:
            """A lane as a scalar."""

        def v_insert(self, t: Any, r: Any, s: Any, lane: int) -> Any:
            """A register with the scalar s in a lane."""

        def shuffle_one(self, order: bytes, r: Any) -> Any:
            """The bytes of a register in another order."""

        def recast(self, ty: Any, source: Any, regs: tuple[Any, ...]) -> Any:
            """The registers of type ``source`` as those of type ``ty``."""

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

    # Operations that are made of those on parts in the same way wherever an ISA has nothing better.

    def compare_ints(self, ty: Any, cc: str, x: Any, y: Any) -> Any:
        """icmp."""
        sign, code = ("s", cc) if len(cc) == 2 else (cc[0], cc[1:])
        return self.lanes(lambda t, a, b: self.v_compare(t, sign, code, a, b), ty, x, y)

    def extract(self, lane: int, x: Any) -> Any:
        """extractlane."""
        t = self.parts(self.types[x])[0]
        part, lane = divmod(lane, LANES[t])
        return self.v_extract(t, self.put_in_regs(x)[part], lane)

    def insert(self, ty: Any, lane: int, x: Any, y: Any) -> Any:
        """insertlane."""
        regs = list(self.put_in_regs(x))
        t = self.parts(ty)[0]
        part, lane = divmod(lane, LANES[t])
        regs[part] = self.insert_value(t, regs[part], y, lane)
        return one(regs)

    def insert_value(self, t: Any, r: Any, y: Any, lane: int) -> Any:
        """A register with y in a lane; an ISA may take y from elsewhere than from a register."""
        return self.v_insert(t, r, self.put_in_reg(y), lane)

    def reordered(self, t: Any, order: bytes, r: Any) -> Any:
        """The bytes of each 128 bits in another order."""
        return self.shuffle_one(order, r)

    def bitcast_vector(self, ty: Any, flags: Any, x: Any) -> Any:
        """Nothing to do within a class of registers. Lanes of another width have another order in a big-endian memory: the
        narrower ones are reversed within each of the wider ones."""
        source = self.types[x]
        regs = self.put_in_regs(x)
        if not flags & memflags.BIG or LANE_BITS[source] == LANE_BITS[ty]:
            return self.recast(ty, source, regs)
        wide, unit = sorted((LANE_BITS[source] // 8, LANE_BITS[ty] // 8), reverse=True)
        order = bytes(i // wide * wide + wide - unit - i % wide // unit * unit + i % unit for i in range(16))
        vector_type = source if IS_VECTOR[source] else ty
        regs = self.recast(vector_type, source, regs)
        regs = regs if regs.__class__ is tuple else (regs,)
        made = tuple([self.reordered(t, order, r) for t, r in zip(self.parts(vector_type), regs)])
        return self.recast(ty, vector_type, made)
