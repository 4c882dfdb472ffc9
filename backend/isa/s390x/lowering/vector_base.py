"""Vectors: how a value is spread over registers, and the operations that all themes use.

A value of a vector type is held in up to four parts of 128 bits. Lane 0 is the first element of the first register, at its
left end: so lanes stand in registers as they do in memory. A type of less than 128 bits is the first lanes of one register,
whose others are arbitrary. So operations are written for one register, a function
``v_name(t, *vregs) -> vreg``, t being a type of 128 bits, and `lanes` applies them to all parts of a value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jitpy.backend.ir.types import I64, LANE, LANE_BITS, LANES
from jitpy.backend.isa.s390x.lowering.branch import BranchLowering
from jitpy.backend.isa.s390x.rows import ROWS
from jitpy.backend.isa.vectors import VectorParts, one

#: Bits -> the letter of an element, of the format of a float.
LETTER = {8: "b", 16: "h", 32: "f", 64: "g"}
FORMAT = {32: "sb", 64: "db"}


def letter(t: Any) -> str:
    """b, h, f or g by the lanes' width."""
    return LETTER[LANE_BITS[t]]


def elements(bits: int, lane: int) -> bytes:
    """A register's bytes with ``lane`` in all elements."""
    return (lane & (1 << bits) - 1).to_bytes(bits // 8, "big") * (128 // bits)


class VectorBase(VectorParts, BranchLowering):
    """See the module's docstring."""

    def p(self, op: str, t: Any, *regs: Any, imm: Any = None) -> Any:
        """Emit the operation of t's element size."""
        return self.xop(ROWS[f"{op}.{letter(t)}"], *regs, imm=imm)

    def x(self, op: str, *regs: Any, imm: Any = None) -> Any:
        """Emit an operation without elements."""
        return self.xop(ROWS[op], *regs, imm=imm)

    # Constants.

    def constant(self, data: bytes) -> Any:
        """A register with these bytes, the leftmost first."""
        return self.xop(ROWS["vconst"], imm=data)

    def zero(self) -> Any:
        """All zeros."""
        return self.constant(bytes(16))

    def splat_of(self, bits: int, lane: int) -> Any:
        """A register with ``lane`` in all elements."""
        return self.constant(elements(bits, lane))

    # Parts of values.

    def by_lane(self, ty: Any, x: Any, f: Callable[[Any], Any]) -> Any:
        """f on each lane of x, in a register of a scalar of its type, in order; its results, such registers too, as a value of
        type ty."""
        source = self.types[x]
        lane, wanted = LANE[source], LANE[ty]
        per, count = LANES[self.parts(source)[0]], LANES[ty]
        regs = self.put_in_regs(x)
        made = [f(self.lane_out(lane, regs[i // per], i % per)) for i in range(count)]
        found = []
        per = LANES[self.parts(ty)[0]]
        for start in range(0, count, per):
            r = None
            for i, v in enumerate(made[start : start + per]):
                r = self.new_lane(wanted, v) if r is None else self.lane_in(wanted, r, i, v)
            found.append(r)
        return one(found)

    def lane_out(self, lane: Any, r: Any, i: int) -> Any:
        """An element in a scalar's register."""
        if lane <= I64:
            return self.op(ROWS["vlgv." + LETTER[LANE_BITS[lane]]], r, imm=i)
        return self.fop(ROWS["vrep." + LETTER[LANE_BITS[lane]]], r, imm=i)

    def new_lane(self, lane: Any, v: Any) -> Any:
        """A scalar in element 0, whatever in the others."""
        if lane <= I64:
            return self.xop(ROWS["new_lane." + LETTER[LANE_BITS[lane]]], v, imm=0)
        return self.x("vlr", v)

    def lane_in(self, lane: Any, r: Any, i: int, v: Any) -> Any:
        """A register with a scalar in element i."""
        bits = LANE_BITS[lane]
        if lane > I64:
            if bits == 64:
                return self.x("vpdi", v, r, imm=1) if i == 0 else self.x("vpdi", r, v, imm=0)
            v = self.bits_from(bits, v)
        return self.xop(ROWS["vlvg." + LETTER[bits]], r, v, imm=i)

    # Bits.

    def and_(self, t: Any, a: Any, b: Any) -> Any:
        """a & b."""
        return self.x("vn", a, b)

    def or_(self, t: Any, a: Any, b: Any) -> Any:
        """a | b."""
        return self.x("vo", a, b)

    def xor_(self, t: Any, a: Any, b: Any) -> Any:
        """a ^ b."""
        return self.x("vx", a, b)

    def andn(self, t: Any, a: Any, b: Any) -> Any:
        """~a & b."""
        return self.x("vnc", b, a)

    def v_not(self, t: Any, a: Any) -> Any:
        """~a."""
        return self.x("vno", a, a)

    def choose_bits(self, t: Any, c: Any, x: Any, y: Any) -> Any:
        """Per bit x where c is one, else y."""
        return self.x("vsel", x, y, c)

    # Shifts by constants.

    def shl(self, bits: int, a: Any, n: int) -> Any:
        """Elements shifted left."""
        return self.xop(ROWS["vesl." + LETTER[bits]], a, imm=n)

    def shr(self, bits: int, a: Any, n: int) -> Any:
        """Shifted right, zeros coming in."""
        return self.xop(ROWS["vesrl." + LETTER[bits]], a, imm=n)

    def sar(self, bits: int, a: Any, n: int) -> Any:
        """Shifted right, the sign coming in."""
        return self.xop(ROWS["vesra." + LETTER[bits]], a, imm=n)

    def sign_mask(self, t: Any, a: Any) -> Any:
        """All ones in lanes whose top bit is set."""
        return self.sar(LANE_BITS[t], a, LANE_BITS[t] - 1)

    def permuted(self, order: bytes, a: Any, b: Any = None) -> Any:
        """Bytes of one register or two, by a constant."""
        if order == bytes(range(16)):
            return a
        return self.x("vperm", a, a if b is None else b, self.constant(order))

    def merged(self, bits: int, a: Any, b: Any) -> Any:
        """The first ``bits`` of a, and then those of b."""
        return self.xop(ROWS["vmrh." + LETTER[bits]], a, b)
