"""Vectors: how a value is spread over registers, and the operations that all themes use.

A value of a vector type is held in parts of 128 bits. A type of less is the low lanes of one whose upper lanes are arbitrary.
So operations are written for one part, a function ``v_name(t, *vregs) -> vreg``, t being
the type of a part, and `lanes` applies them to all parts of a value.
"""

from __future__ import annotations

from typing import Any

import jitpy.backend.isa.aarch64.insts.vectors  # noqa: F401  enters the rows
from jitpy.backend.ir.types import F16, I64, LANE, LANE_BITS
from jitpy.backend.isa.aarch64.lowering.branch import BranchLowering
from jitpy.backend.isa.aarch64.lowering.float import ZERO
from jitpy.backend.isa.aarch64.rows import ROWS
from jitpy.backend.isa.vectors import VectorParts, of_lanes, repeated
from jitpy.backend.target.row import FLOAT, MInst

#: Bits of a lane -> its letter in rows' names.
LETTERS = {8: "b", 16: "h", 32: "s", 64: "d"}
_ONES = 0x4F07E7E0


def letter(t: Any) -> str:
    """b, h, s or d by the lanes' width."""
    return LETTERS[LANE_BITS[t]]


def _byte(word: int, byte: int) -> int:
    return word | byte >> 5 << 16 | (byte & 31) << 5


def pattern(data: bytes) -> int | None:
    """The word of a movi or mvni that makes these 16 bytes, or None: one byte everywhere; bytes of all ones or none; one byte at
    one place of each 16 or 32 bits, or its complement."""
    if data == data[:8] * 2:
        if all(byte in (0, 255) for byte in data[:8]):
            return _byte(0x6F00E400, sum((byte & 1) << i for i, byte in enumerate(data[:8])))
        if data == data[:1] * 16:
            return _byte(0x4F00E400, data[0])
        for size, first in ((2, 8), (4, 0)):
            unit = data[:size]
            if data != unit * (16 // size):
                continue
            for invert, word in ((0, 0x4F000400), (255, 0x6F000400)):
                places = [i for i, byte in enumerate(unit) if byte != invert]
                if len(places) == 1:
                    return _byte(word | first + 2 * places[0] << 12, unit[places[0]] ^ invert)
    return None


class VectorBase(VectorParts, BranchLowering):
    """See the module's docstring."""

    # Emission.

    def p(self, op: str, t: Any, *regs: Any, imm: Any = None) -> Any:
        """Emit a packed operation on lanes of type t."""
        d = self.temp(FLOAT)
        self.emit(MInst(ROWS[f"{op}.{letter(t)}"], (d,), regs, imm))
        return d

    def pf(self, op: str, t: Any, *regs: Any, imm: Any = None) -> Any:
        """The same for floats: those of half precision have words of their own."""
        return self.p("h" + op.removeprefix("f") if LANE[t] == F16 else op, t, *regs, imm=imm)

    # Constants.

    def zero(self) -> Any:
        """All zeros."""
        return self.fop(ROWS["pattern"], imm=ZERO)

    def constant(self, data: bytes) -> Any:
        """A register with these 16 bytes."""
        if not any(data):
            return self.zero()
        word = _ONES if data == b"\xff" * 16 else pattern(data)
        return self.fop(ROWS["vconst"], imm=data) if word is None else self.fop(ROWS["pattern"], imm=word)

    def splat_of(self, t: Any, lane: int) -> Any:
        """A register with ``lane`` in all lanes."""
        return self.constant(repeated(t, lane))

    # Parts of values.

    def side_by_side(self, ty: Any, a: Any, b: Any) -> Any:
        """The bits that count of two registers of a small type, next to one another."""
        return self.fop(ROWS[f"zip1.{LETTERS[self.small(ty)]}"], a, b)

    # Bits.

    def and_(self, t: Any, a: Any, b: Any) -> Any:
        """a & b."""
        return self.fop(ROWS["and_v"], a, b)

    def or_(self, t: Any, a: Any, b: Any) -> Any:
        """a | b."""
        return self.fop(ROWS["orr_v"], a, b)

    def xor_(self, t: Any, a: Any, b: Any) -> Any:
        """a ^ b."""
        return self.fop(ROWS["eor_v"], a, b)

    def andn(self, t: Any, a: Any, b: Any) -> Any:
        """~a & b."""
        return self.fop(ROWS["bic_v"], b, a)

    def v_not(self, t: Any, a: Any) -> Any:
        """~a."""
        return self.fop(ROWS["mvn_v"], a)

    def choose_bits(self, t: Any, c: Any, x: Any, y: Any) -> Any:
        """Per bit x where c is one, else y."""
        return self.fop(ROWS["bsl_v"], c, x, y)

    def sign_mask(self, t: Any, a: Any) -> Any:
        """All ones in lanes whose top bit is set."""
        return self.p("cmlt0", t, a, imm=0)

    # Lanes of 64 bits in general registers.

    def long_lane(self, r: Any, lane: int) -> Any:
        """A 64-bit lane in a general register."""
        return self.op(ROWS["mov_high_x" if lane else "fmov_xd"], r)

    def by_longs(self, row: str, a: Any, b: Any) -> Any:
        """An operation of general registers on 64-bit lanes."""
        return self.joined(*[self.op(ROWS[row], self.long_lane(a, lane), self.long_lane(b, lane)) for lane in (0, 1)])


LONGS = of_lanes(I64)
