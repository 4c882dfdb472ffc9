"""Comparisons as masks, choices by them, and what a whole vector answers: any, all, the top bits."""

from __future__ import annotations

from typing import Any

from jitpy.backend.ir.opcodes import BITCAST, FCMP, ICMP
from jitpy.backend.ir.types import BITS, I8, I64, LANE_BITS, LANES
from jitpy.backend.isa.vectors import of_lanes, one
from jitpy.backend.isa.x64.conditions import NE, E
from jitpy.backend.isa.x64.lowering.int import SETCC
from jitpy.backend.isa.x64.lowering.vector_base import S, letter
from jitpy.backend.isa.x64.lowering.vector_int import TO_MASK, VectorIntLowering
from jitpy.backend.isa.x64.rows import ROWS
from jitpy.backend.target.row import MInst

#: Float condition -> (operands swapped, predicate of cmpps). Without VEX two conditions are made of two predicates.
_FLOAT_CC = {
    "eq": (False, "eq"), "ne": (False, "neq"), "lt": (False, "lt"), "le": (False, "le"), "gt": (True, "lt"),
    "ge": (True, "le"), "uno": (False, "unord"), "ord": (False, "ord"), "uge": (False, "nlt"), "ugt": (False, "nle"),
    "ule": (True, "nlt"), "ult": (True, "nle"), "one": (False, "neq_oq"), "ueq": (False, "eq_uq"),
}  # fmt: skip
_FLOAT_PAIRS = {"one": ("and_", "ord", "neq"), "ueq": ("or_", "unord", "eq")}


class VectorCompareLowering(VectorIntLowering):
    """See the module's docstring."""

    def compare_floats(self, ty: Any, cc: str, x: Any, y: Any) -> Any:
        """fcmp."""
        return self.lanes(lambda t, a, b: self.v_fcmp(t, cc, a, b), ty, x, y)

    def v_fcmp(self, t: Any, cc: str, a: Any, b: Any) -> Any:
        """All ones where the condition holds."""
        if cc in _FLOAT_PAIRS and not self.avx:
            combine, one_, other = _FLOAT_PAIRS[cc]
            made = [self.v_cmpps(t, predicate, a, b) for predicate in (one_, other)]
            return self.and_(t, *made) if combine == "and_" else self.or_(t, *made)
        swapped, predicate = _FLOAT_CC[cc]
        return self.v_cmpps(t, predicate, b, a) if swapped else self.v_cmpps(t, predicate, a, b)

    def v_cmpps(self, t: Any, predicate: str, a: Any, b: Any) -> Any:
        """One of the hardware's predicates."""
        name = f"cmp{predicate}{S[LANE_BITS[t]]}"
        if BITS[t] == 512:
            return self.from_mask(t, self.pk(name + ":k", t, a, b))
        return self.p(name, t, a, b)

    def compared_to_mask(self, c: Any, ty: Any) -> list[Any] | None:
        """The comparison that defines c as mask registers, one for each part, where parts of type ty have 512 bits."""
        n = self.nodes[c]
        if n[0] == BITCAST and LANE_BITS[self.types[n[3]]] == LANE_BITS[n[1]]:
            n = self.nodes[n[3]]
        t = self.parts(ty)[0]
        if n[0] not in (ICMP, FCMP) or BITS[t] < 512 or LANE_BITS[ty] != LANE_BITS[n[1]]:
            return None
        if n[0] == ICMP:
            sign, cc = ("s", n[2]) if len(n[2]) == 2 else (n[2][0], n[2][1:])
            name, swapped = f"pcmp{TO_MASK[cc]}{'u' * (sign == 'u')}{letter(n[1])}:k", False
        else:
            swapped, predicate = _FLOAT_CC[n[2]]
            name = f"cmp{predicate}{S[LANE_BITS[n[1]]]}:k"
        left, right = (self.put_in_regs(v) for v in ((n[4], n[3]) if swapped else (n[3], n[4])))
        return [self.pk(name, t, a, b) for a, b in zip(left, right)]

    def choose_by_comparison(self, ty: Any, c: Any, x: Any, y: Any) -> Any:
        """Per lane x where the comparison c holds, else y: by mask registers where there are such."""
        masks = self.compared_to_mask(c, ty)
        if masks is None:
            return self.lanes(self.choose_lanes, ty, c, x, y)
        t = self.parts(ty)[0]
        blend = "pblendm" + letter(ty)
        return one([self.p(blend, t, k, b, a) for k, a, b in zip(masks, self.put_in_regs(x), self.put_in_regs(y))])

    def keep_by_comparison(self, ty: Any, c: Any, x: Any) -> Any:
        """x where the comparison c holds, else zero."""
        masks = self.compared_to_mask(c, ty)
        if masks is None:
            return self.binary(self.and_, ty, c, x)
        t = self.parts(ty)[0]
        move = {8: "movdqu8:z", 16: "movdqu16:z", 32: "movdqu32:z", 64: "movdqu64:z"}[LANE_BITS[ty]]
        return one([self.p(move, t, k, r) for k, r in zip(masks, self.put_in_regs(x))])

    # Choices.

    def v_blend(self, t: Any, c: Any, x: Any, y: Any) -> Any:
        """Per lane x where c's top bit is set, else y."""
        bits = LANE_BITS[t]
        if self.sse41 and bits != 16 and not self.evex(t):
            name = {8: "pblendvb", 32: "blendvps", 64: "blendvpd"}[bits] + ":v" * self.avx
            return self.p(name, t, y, x, c)
        return self.choose_lanes(t, self.sign_mask(t, c), x, y)

    def is_lane_mask(self, c: Any) -> bool | None:
        """Whether a value is a comparison's, perhaps under another type, so that each lane is all ones or none."""
        n = self.nodes[c]
        if n[0] == BITCAST and LANE_BITS[self.types[n[3]]] == LANE_BITS[n[1]]:
            n = self.nodes[n[3]]
        return True if n[0] in (ICMP, FCMP) else None

    def select_vector(self, ty: Any, c: Any, x: Any, y: Any) -> Any:
        """By a scalar: jumps over moves."""
        yes, no = self.put_in_regs(x), self.put_in_regs(y)
        cc = self.condition(c)
        found = []
        for t, a, b in zip(self.parts(ty), yes, no):
            d = self.result(BITS[t])
            self.emit(MInst(ROWS["select_wide" if BITS[t] > 128 else "select_float"], (d,), (b, a), cc))
            found.append(d)
        return one(found)

    def guard_vector(self, ty: Any, c: Any, x: Any, y: Any) -> Any:
        """By a scalar without a jump, which could be speculated over: by a mask of its truth."""
        truth = self.op(ROWS["movzx32_8_rr"], self.flag_value(self.condition(c)))
        mask = self.fop(self.vrow("movq_xr"), self.op(ROWS["neg64_r"], truth))
        t = self.parts(ty)[0]
        spread = self.v_broadcast(of_lanes(I64, BITS[t]), mask)
        return one([self.choose_bits(t, spread, a, b) for a, b in zip(self.put_in_regs(x), self.put_in_regs(y))])

    # Answers of whole vectors.

    def counted(self, ty: Any, t: Any, r: Any) -> Any:
        """r with the lanes that do not count cleared."""
        bits = self.small(ty)
        if not bits:
            return r
        return self.pm("pand", t, b"\xff" * (bits // 8) + bytes(16 - bits // 8), r)

    def compare_with_zero(self, t: Any, r: Any, lanes: bool) -> None:
        """Flags that say equal where r is all zeros; ``lanes``: each of its lanes is all ones or none."""
        if BITS[t] == 512:
            k = self.pk("ptestmd", t, r, r)
            self.do(ROWS["kortestw"], k, k)
        elif self.sse41:
            self.do(self.row("ptest", BITS[t]), r, r)
        elif lanes:
            mask = self.pg("pmovmskb", t, r)
            self.do(ROWS["test32_rr"], mask, mask)
        else:
            mask = self.pg("pmovmskb", t, self.p("pcmpeqb", t, r, self.zero(t)))
            self.do(ROWS["cmp32_ri"], mask, imm=0xFFFF)

    def truth_condition(self, of_all: bool, x: Any) -> Any:
        """The flags of vall_true or vany_true, and the condition."""
        ty = self.types[x]
        t = self.parts(ty)[0]
        regs = list(self.put_in_regs(x))
        if of_all:  # that no lane is zero
            zero = self.zero(t)
            regs = [self.v_compare(t, "u", "eq", r, zero) for r in regs]
        r = regs[0]
        for other in regs[1:]:
            r = self.or_(t, r, other)
        lanes = of_all or self.is_lane_mask(x) is not None
        self.compare_with_zero(t, self.counted(ty, t, r), lanes)
        return E if of_all else NE

    def truth(self, of_all: bool, x: Any) -> Any:
        """The same as an i8."""
        return self.op(SETCC[self.truth_condition(of_all, x)])

    def high_bits(self, type: Any, x: Any) -> Any:
        """The parts' top bits side by side."""
        ty = self.types[x]
        result = None
        at = 0
        for t, r in zip(self.parts(ty), self.put_in_regs(x)):
            if at >= 64:
                break
            piece = self.v_high_bits(t, r)
            if at:
                piece = self.op(ROWS["shl64_ri"], piece, imm=at)
            result = piece if result is None else self.alu_rr("or", I64, result, piece)
            at += LANES[t]
        lanes = LANES[ty]
        if self.small(ty) and lanes < BITS[type]:
            result = self.alu_imm("and", I64, result, (1 << lanes) - 1)
        return result

    def v_high_bits(self, t: Any, r: Any) -> Any:
        """Top bits of one part, in a general register with zeros above."""
        bits = LANE_BITS[t]
        if BITS[t] == 512:
            return self.op(ROWS["kmovq_rk"], self.pk(f"pmov{letter(t)}2m", t, r))
        if bits == 16:
            if BITS[t] == 256:
                return self.v_high_bits(of_lanes(I8, 128), self.p("packsswb", of_lanes(I8, 128), r, self.high(t, r)))
            return self.pg("pmovmskb", t, self.p("packsswb", t, r, self.zero(t)))
        return self.pg({8: "pmovmskb", 32: "movmskps", 64: "movmskpd"}[bits], t, r)
