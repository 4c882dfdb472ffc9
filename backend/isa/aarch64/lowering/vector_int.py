"""Packed integers."""

from __future__ import annotations

from typing import Any

from jitpy.backend.ir.types import I8, I16, I32, LANE, LANE_BITS
from jitpy.backend.isa.aarch64.lowering.vector_base import LETTERS, VectorBase, letter
from jitpy.backend.isa.aarch64.rows import ROWS
from jitpy.backend.isa.vectors import of_lanes

#: Comparison -> (operation, operands swapped); of signed and unsigned lanes.
_COMPARE = {
    "seq": ("cmeq", False), "ueq": ("cmeq", False), "sgt": ("cmgt", False), "sge": ("cmge", False), "slt": ("cmgt", True),
    "sle": ("cmge", True), "ugt": ("cmhi", False), "uge": ("cmhs", False), "ult": ("cmhi", True), "ule": ("cmhs", True),
}  # fmt: skip
_SHIFT = {"psll": "shl", "psrl": "ushr", "psra": "sshr"}


class VectorIntLowering(VectorBase):
    """See the module's docstring."""

    def v_iadd(self, t: Any, a: Any, b: Any) -> Any:
        """a + b."""
        return self.p("add", t, a, b)

    def v_isub(self, t: Any, a: Any, b: Any) -> Any:
        """a - b."""
        return self.p("sub", t, a, b)

    def v_ineg(self, t: Any, a: Any) -> Any:
        """-a."""
        return self.p("neg", t, a)

    def v_iabs(self, t: Any, a: Any) -> Any:
        """|a|, wrapping."""
        return self.p("abs", t, a)

    def v_mla(self, t: Any, z: Any, a: Any, b: Any) -> Any:
        """z + a * b."""
        return self.p("mla", t, z, a, b)

    def v_mls(self, t: Any, z: Any, a: Any, b: Any) -> Any:
        """z - a * b."""
        return self.p("mls", t, z, a, b)

    # Extrema and comparisons: all ones where they hold.

    def v_compare(self, t: Any, sign: str, cc: str, a: Any, b: Any) -> Any:
        """``sign`` s or u, ``cc`` eq, ne, lt, le, gt or ge."""
        if cc == "ne":
            return self.v_not(t, self.p("cmeq", t, a, b))
        op, swapped = _COMPARE[sign + cc]
        return self.p(op, t, b, a) if swapped else self.p(op, t, a, b)

    def _extremum(self, which: str, sign: str, t: Any, a: Any, b: Any) -> Any:
        if LANE_BITS[t] < 64:
            return self.p(sign + which, t, a, b)
        greater = self.v_compare(t, sign, "gt", a, b)
        return self.choose_bits(t, greater, a, b) if which == "max" else self.choose_bits(t, greater, b, a)

    def v_smin(self, t: Any, a: Any, b: Any) -> Any:
        """Signed minimum."""
        return self._extremum("min", "s", t, a, b)

    def v_smax(self, t: Any, a: Any, b: Any) -> Any:
        """Signed maximum."""
        return self._extremum("max", "s", t, a, b)

    def v_umin(self, t: Any, a: Any, b: Any) -> Any:
        """Unsigned minimum."""
        return self._extremum("min", "u", t, a, b)

    def v_umax(self, t: Any, a: Any, b: Any) -> Any:
        """Unsigned maximum."""
        return self._extremum("max", "u", t, a, b)

    # Saturation and averages.

    def v_uadd_sat(self, t: Any, a: Any, b: Any) -> Any:
        """uqadd."""
        return self.p("uqadd", t, a, b)

    def v_usub_sat(self, t: Any, a: Any, b: Any) -> Any:
        """uqsub."""
        return self.p("uqsub", t, a, b)

    def v_sadd_sat(self, t: Any, a: Any, b: Any) -> Any:
        """sqadd."""
        return self.p("sqadd", t, a, b)

    def v_ssub_sat(self, t: Any, a: Any, b: Any) -> Any:
        """sqsub."""
        return self.p("sqsub", t, a, b)

    def v_avg_round(self, t: Any, a: Any, b: Any) -> Any:
        """urhadd; of longs (a | b) - ((a ^ b) >> 1)."""
        if LANE_BITS[t] < 64:
            return self.p("urhadd", t, a, b)
        return self.v_isub(t, self.or_(t, a, b), self.p("ushr", t, self.xor_(t, a, b), imm=1))

    # Products.

    def v_imul(self, t: Any, a: Any, b: Any) -> Any:
        """Longs by their halves: the cross products' sum, moved up, and the product of the lower halves."""
        if LANE_BITS[t] < 64:
            return self.p("mul", t, a, b)
        words = of_lanes(I32)
        cross = self.p("mul", words, self.p("rev64", words, b), a)
        cross = self.p("shl", t, self.p("uaddlp", words, cross), imm=32)
        return self.v_iadd(t, cross, self.p("umull", words, self.p("xtn", words, a), self.p("xtn", words, b)))

    def _high_product(self, sign: str, t: Any, a: Any, b: Any) -> Any:
        if LANE_BITS[t] == 64:
            return self.by_longs(sign + "mulh", a, b)
        low, high = self.p(sign + "mull", t, a, b), self.p(sign + "mull2", t, a, b)
        return self.p("uzp2", t, low, high)

    def v_umulhi(self, t: Any, a: Any, b: Any) -> Any:
        """Upper halves of unsigned products."""
        return self._high_product("u", t, a, b)

    def v_smulhi(self, t: Any, a: Any, b: Any) -> Any:
        """Upper halves of signed products."""
        return self._high_product("s", t, a, b)

    def v_sqmul(self, t: Any, a: Any, b: Any) -> Any:
        """sqrdmulh."""
        return self.p("sqrdmulh", t, a, b)

    def v_pmulhrsw(self, t: Any, a: Any, b: Any) -> Any:
        """The same wrapping: the minimum's square comes out as the minimum, which no other product does as the maximum."""
        least = self.splat_of(t, 1 << LANE_BITS[t] - 1)
        both = self.and_(t, self.p("cmeq", t, a, least), self.p("cmeq", t, b, least))
        return self.xor_(t, self.v_sqmul(t, a, b), both)

    def v_pmaddubsw(self, t: Any, a: Any, b: Any) -> Any:
        """Signed bytes of a times unsigned ones of b, pairs added with saturation."""
        octets, words = of_lanes(I8), of_lanes(I16)
        products = [
            self.p("mul", words, self.p("sxtl" + half, octets, a), self.p("uxtl" + half, octets, b)) for half in ("", "2")
        ]  # fmt: skip
        return self.p("sqadd", words, self.p("uzp1", words, *products), self.p("uzp2", words, *products))

    def long_product(self, is_signed: bool, high: bool, x: Any, y: Any) -> Any:
        """The products of the lower or upper lanes, extended."""
        t = self.parts(self.types[x])[0]
        return self.p(f"{'s' if is_signed else 'u'}mull{'2' * high}", t, self.put_in_reg(x), self.put_in_reg(y))

    def sum_of_pairs(self, is_signed: bool, x: Any) -> Any:
        """Neighbours added in lanes of twice the width."""
        return self.p("saddlp" if is_signed else "uaddlp", self.parts(self.types[x])[0], self.put_in_reg(x))

    def dot(self, op: str, x: Any, y: Any) -> Any:
        """Four neighbouring products of bytes each, summed."""
        return self.fop(ROWS[op + ".b"], self.zero(), self.put_in_reg(x), self.put_in_reg(y))

    def dot_onto(self, op: str, z: Any, x: Any, y: Any) -> Any:
        """The same onto sums."""
        return self.fop(ROWS[op + ".b"], self.put_in_reg(z), self.put_in_reg(x), self.put_in_reg(y))

    # Bit counts.

    def v_popcnt(self, t: Any, a: Any) -> Any:
        """Of bytes; wider lanes add their bytes' counts."""
        octets = of_lanes(I8)
        count = self.p("cnt", octets, a)
        for bits in (8, 16, 32):
            if bits < LANE_BITS[t]:
                count = self.fop(ROWS[f"uaddlp.{LETTERS[bits]}"], count)
        return count

    # Shifts and rotations, all lanes by one amount.

    def shift_lanes(self, op: Any, ty: Any, x: Any, k: Any) -> Any:
        """``op`` psll, psrl or psra. The amount counts modulo the lanes' width; to the right it is negative."""
        bits = LANE_BITS[ty]
        fixed = self.constant_of(k)
        if fixed is not None:
            fixed &= bits - 1
            return self.lanes(lambda t, a: self.p(_SHIFT[op], t, a, imm=fixed) if fixed else a, ty, x)
        r = self.ri("and", I32, self.put_in_regs(k)[0], bits - 1)
        if op != "psll":
            r = self.op(ROWS["neg64_r"], r)
        amount = self.fop(ROWS[f"dup_general.{letter(ty)}"], r)
        return self.lanes(lambda t, a: self.p("sshl" if op == "psra" else "ushl", t, a, amount), ty, x)

    def rotate_lanes(self, left: bool, ty: Any, x: Any, k: Any) -> Any:
        """Two shifts, the second by what is left of the width; by all of it lanes become zero."""
        bits = LANE_BITS[ty]
        fixed = self.constant_of(k)
        if fixed is not None:
            fixed = (fixed if left else -fixed) & bits - 1
            return self.lanes(lambda t, a: self._rotated(t, a, fixed) if fixed else a, ty, x)
        r = self.put_in_regs(k)[0]
        if not left:
            r = self.op(ROWS["neg32_r"], r)
        r = self.ri("and", I32, r, bits - 1)
        near = self.fop(ROWS[f"dup_general.{letter(ty)}"], r)
        far = self.v_isub(of_lanes(LANE[ty]), near, self.splat_of(of_lanes(LANE[ty]), bits))
        return self.lanes(lambda t, a: self.or_(t, self.p("ushl", t, a, near), self.p("ushl", t, a, far)), ty, x)

    def _rotated(self, t: Any, a: Any, left: int) -> Any:
        return self.p("sli", t, self.p("ushr", t, a, imm=LANE_BITS[t] - left), a, imm=left)
