"""Comparisons as masks, choices by them, and what a whole vector answers: any, all, the top bits."""

from __future__ import annotations

from typing import Any

from jitpy.backend.ir.types import BITS, I64, LANE_BITS, LANES
from jitpy.backend.isa.aarch64.conditions import EQ, NE
from jitpy.backend.isa.aarch64.lowering.vector_base import letter
from jitpy.backend.isa.aarch64.lowering.vector_int import VectorIntLowering
from jitpy.backend.isa.aarch64.rows import ROWS
from jitpy.backend.isa.vectors import one

#: Float condition -> (operation, operands swapped, inverted); those that are not here are two comparisons.
_FLOAT_CC = {
    "eq": ("fcmeq", False, False), "ne": ("fcmeq", False, True), "gt": ("fcmgt", False, False), "ge": ("fcmge", False, False),
    "lt": ("fcmgt", True, False), "le": ("fcmge", True, False), "ugt": ("fcmge", True, True), "uge": ("fcmgt", True, True),
    "ult": ("fcmge", False, True), "ule": ("fcmgt", False, True),
}  # fmt: skip


class VectorCompareLowering(VectorIntLowering):
    """See the module's docstring."""

    def compare_floats(self, ty: Any, cc: str, x: Any, y: Any) -> Any:
        """fcmp."""
        return self.lanes(lambda t, a, b: self.v_fcmp(t, cc, a, b), ty, x, y)

    def v_fcmp(self, t: Any, cc: str, a: Any, b: Any) -> Any:
        """All ones where the condition holds. Ordered: each equals itself; one of less and greater: either."""
        if cc in _FLOAT_CC:
            op, swapped, inverted = _FLOAT_CC[cc]
            r = self.pf(op, t, b, a) if swapped else self.pf(op, t, a, b)
            return self.v_not(t, r) if inverted else r
        if cc in ("ord", "uno"):
            r = self.and_(t, self.pf("fcmeq", t, a, a), self.pf("fcmeq", t, b, b))
        else:
            r = self.or_(t, self.pf("fcmgt", t, a, b), self.pf("fcmgt", t, b, a))
        return self.v_not(t, r) if cc in ("uno", "ueq") else r

    # Choices.

    def v_blend(self, t: Any, c: Any, x: Any, y: Any) -> Any:
        """Per lane x where c's top bit is set, else y."""
        return self.choose_bits(t, self.sign_mask(t, c), x, y)

    def select_vector(self, ty: Any, c: Any, x: Any, y: Any) -> Any:
        """By a scalar: jumps over moves."""
        yes, no = self.put_in_regs(x), self.put_in_regs(y)
        cc = self.condition(c)
        return one([self.fop(ROWS["select_v"], b, a, imm=cc) for a, b in zip(yes, no)])

    def guard_vector(self, ty: Any, c: Any, x: Any, y: Any) -> Any:
        """By a scalar without a jump, which could be speculated over: by a mask of its truth."""
        mask = self.fop(ROWS["dup_general.d"], self.mask_of(I64, c))
        found = [self.choose_bits(None, mask, a, b) for a, b in zip(self.put_in_regs(x), self.put_in_regs(y))]
        if self.features["use_csdb"]:
            self.do(ROWS["csdb"])
        return one(found)

    # Answers of whole vectors.

    def truth_condition(self, of_all: bool, x: Any) -> Any:
        """The flags of vall_true or vany_true, and the condition."""
        ty = self.types[x]
        t = self.parts(ty)[0]
        regs = list(self.put_in_regs(x))
        if of_all:  # that no lane is zero
            regs = [self.p("cmeq0", t, r, imm=0) for r in regs]
        r = regs[0]
        for other in regs[1:]:
            r = self.or_(t, r, other)
        bits = self.small(ty)
        if not bits:
            r = self.op(ROWS["fmov_xd"], self.fop(ROWS["umaxp.s"], r, r))
        elif bits == 16:
            r = self.op(ROWS["umov.h"], r, imm=0)
        else:
            r = self.op(ROWS["fmov_xd" if bits == 64 else "fmov_ws"], r)
        self.do(ROWS["cmp64_ri"], r, imm=0)
        return EQ if of_all else NE

    def truth(self, of_all: bool, x: Any) -> Any:
        """The same as an i8."""
        return self.set(self.truth_condition(of_all, x))

    def high_bits(self, type: Any, x: Any) -> Any:
        """The parts' top bits side by side."""
        ty = self.types[x]
        result = None
        lanes = LANES[ty & ~(1 << 9)]
        for k, (t, r) in enumerate(zip(self.parts(ty), self.put_in_regs(x))):
            at = k * LANES[t]
            if at >= min(64, BITS[type]):
                break
            piece = self.v_high_bits(t, r, min(lanes, LANES[t]))
            if result is None:
                result = piece
            else:
                result = self.op(ROWS["orr64_lsl"], result, piece, imm=at)
        return result

    def v_high_bits(self, t: Any, r: Any, lanes: int) -> Any:
        """Top bits of one part, in a general register with zeros above: each lane's weight where its bit is set, summed."""
        bits = LANE_BITS[t]
        if bits == 64:
            low, high = (self.op(ROWS["lsr64_ri"], self.long_lane(r, lane), imm=63) for lane in (0, 1))
            return self.op(ROWS["orr64_lsl"], low, high, imm=1)
        weights = b"".join((1 << (i & 7) if i < lanes else 0).to_bytes(bits // 8, "little") for i in range(128 // bits))
        r = self.and_(t, self.sign_mask(t, r), self.constant(weights))
        if bits == 8:  # the sums of both halves, as bytes of one 16-bit lane
            r = self.fop(ROWS["zip1.b"], r, self.fop(ROWS["ext.b"], r, r, imm=8))
            return self.op(ROWS["umov.h"], self.fop(ROWS["addv.h"], r), imm=0)
        return self.op(ROWS["fmov_ws"], self.fop(ROWS[f"addv.{letter(t)}"], r))
