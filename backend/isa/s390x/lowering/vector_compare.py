"""Comparisons as masks, choices by them, and what a whole vector answers: any, all, the top bits."""

from __future__ import annotations

from typing import Any

from jitpy.backend.ir.types import BITS, I64, LANE_BITS, LANES
from jitpy.backend.isa.s390x.conditions import NE, E, O
from jitpy.backend.isa.s390x.lowering.vector_base import FORMAT
from jitpy.backend.isa.s390x.lowering.vector_int import VectorIntLowering
from jitpy.backend.isa.s390x.rows import ROWS
from jitpy.backend.isa.vectors import one
from jitpy.backend.target.row import VECTOR, MInst

#: Float condition -> (comparison, operands swapped, inverted); of two comparisons or-ed: (first, second, inverted).
_ONE = {
    "eq": ("fce", False, False), "ne": ("fce", False, True), "gt": ("fch", False, False), "lt": ("fch", True, False),
    "ge": ("fche", False, False), "le": ("fche", True, False), "ule": ("fch", False, True), "uge": ("fch", True, True),
    "ult": ("fche", False, True), "ugt": ("fche", True, True),
}  # fmt: skip
_TWO = {
    "ord": ("fche", "fch", False), "uno": ("fche", "fch", True), "one": ("fch", "fch", False), "ueq": ("fch", "fch", True),
}  # fmt: skip


class VectorCompareLowering(VectorIntLowering):
    """See the module's docstring."""

    def compare_floats(self, ty: Any, cc: str, x: Any, y: Any) -> Any:
        """fcmp."""
        return self.lanes(lambda t, a, b: self.v_fcmp(t, cc, a, b), ty, x, y)

    def v_fcmp(self, t: Any, cc: str, a: Any, b: Any) -> Any:
        """All ones where the condition holds."""
        f = FORMAT[LANE_BITS[t]]
        if cc in _ONE:
            op, swapped, inverted = _ONE[cc]
            r = self.x(f"v{op}{f}", *((b, a) if swapped else (a, b)))
        else:
            first, second, inverted = _TWO[cc]
            r = self.x("vo", self.x(f"v{first}{f}", a, b), self.x(f"v{second}{f}", b, a))
        return self.v_not(t, r) if inverted else r

    # Choices.

    def v_blend(self, t: Any, c: Any, x: Any, y: Any) -> Any:
        """Per lane x where c's top bit is set, else y."""
        return self.p("vblend", t, x, y, c) if self.has_whole() else self.x("vsel", x, y, self.sign_mask(t, c))

    def select_vector(self, ty: Any, c: Any, x: Any, y: Any) -> Any:
        """By a scalar: jumps over copies."""
        yes, no = self.put_in_regs(x), self.put_in_regs(y)
        mask = self.condition(c)
        found = []
        for a, b in zip(yes, no):
            d = self.temp(VECTOR)
            self.emit(MInst(ROWS["select_vector"], (d,), (b, a), mask))
            found.append(d)
        return one(found)

    def guard_vector(self, ty: Any, c: Any, x: Any, y: Any) -> Any:
        """By a scalar without a jump, which could be speculated over: by a mask of its truth."""
        truth = self.op(ROWS["locghi"], self.imm(0), imm=(-1, self.condition(c)))
        spread = self.x("vlvgp", truth, truth)
        return one([self.x("vsel", a, b, spread) for a, b in zip(self.put_in_regs(x), self.put_in_regs(y))])

    # Answers of whole vectors.

    def counted(self, ty: Any, r: Any) -> Any:
        """r with the lanes that do not count cleared."""
        bits = self.small(ty)
        return self.x("vn", r, self.constant(b"\xff" * (bits // 8) + bytes(16 - bits // 8))) if bits else r

    def truth_condition(self, of_all: bool, x: Any) -> int:
        """The condition code of vall_true or vany_true, and the mask."""
        ty = self.types[x]
        t = self.parts(ty)[0]
        regs = list(self.put_in_regs(x))
        if of_all:
            if len(regs) == 1 and not self.small(ty):
                self.p("vceqs", t, regs[0], self.zero())
                return O  # none is zero
            regs = [self.p("vceq", t, r, self.zero()) for r in regs]
        r = regs[0]
        for other in regs[1:]:
            r = self.x("vo", r, other)
        r = self.counted(ty, r)
        self.do(ROWS["vtm"], r, r)
        return E if of_all else NE

    def truth(self, of_all: bool, x: Any) -> Any:
        """The same as an i8."""
        return self.flag_value(self.truth_condition(of_all, x))

    def high_bits(self, type: Any, x: Any) -> Any:
        """The parts' top bits side by side, lane 0 lowest."""
        ty = self.types[x]
        t = self.parts(ty)[0]
        bits = LANE_BITS[t]
        lanes = min(LANES[t], BITS[ty] // bits)
        order = bytes([128] * (16 - lanes) + [bits * i for i in reversed(range(lanes))])
        which = self.constant(order)
        result = None
        for at, r in enumerate(self.put_in_regs(x)):
            if at * lanes >= 64:
                break
            piece = self.op(ROWS["vlgv.h"], self.x("vbperm", r, which), imm=3)
            if at:
                piece = self.shifted("shl", piece, at * lanes)
            result = piece if result is None else self.alu_rr("or", I64, result, piece)
        return result


