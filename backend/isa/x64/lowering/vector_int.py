"""Packed integers: arithmetic, extrema, saturation, products, shifts, bit counts; comparisons, which extrema need."""

from __future__ import annotations

from typing import Any

from jitpy.backend.ir.types import BITS, I8, I16, I32, I64, LANE_BITS
from jitpy.backend.isa.vectors import of_lanes
from jitpy.backend.isa.x64.insts.vectors import vector as rows
from jitpy.backend.isa.x64.lowering.vector_base import VectorBase, letter
from jitpy.backend.isa.x64.rows import ROWS
from jitpy.backend.target.row import INT, MInst

#: How many ones a nibble has.
_NIBBLE_ONES = bytes(n.bit_count() for n in range(16))
#: Predicates of EVEX comparisons.
TO_MASK = {"eq": "eq", "ne": "neq", "lt": "lt", "le": "le", "ge": "nlt", "gt": "nle"}
_MIRRORED = {"lt": "gt", "le": "ge"}
#: The level at which SSE has a minimum and maximum, by sign and lane: SSE2 (0) or SSE4.1 (1).
_EXTREMA = {("u", 8): 0, ("s", 16): 0, ("s", 8): 1, ("u", 16): 1, ("s", 32): 1, ("u", 32): 1}


class VectorIntLowering(VectorBase):
    """See the module's docstring."""

    # Sums.

    def v_iadd(self, t: Any, a: Any, b: Any) -> Any:
        """a + b."""
        return self.p("padd" + letter(t), t, a, b)

    def v_isub(self, t: Any, a: Any, b: Any) -> Any:
        """a - b."""
        return self.p("psub" + letter(t), t, a, b)

    def v_ineg(self, t: Any, a: Any) -> Any:
        """0 - a."""
        return self.v_isub(t, self.zero(t), a)

    def v_iabs(self, t: Any, a: Any) -> Any:
        """Without an instruction for it: (a ^ sign) - sign."""
        bits = LANE_BITS[t]
        if (bits < 64 and self.ssse3) or (bits == 64 and self.evex(t)):
            return self.p("pabs" + letter(t), t, a)
        sign = self.sign_mask(t, a)
        return self.v_isub(t, self.xor_(t, a, sign), sign)

    # Extrema.

    def extremum_op(self, t: Any, sign: str) -> str:
        """The letters behind pmin and pmax where the instructions exist, else nothing."""
        bits = LANE_BITS[t]
        if bits == 64:
            return f"{sign}q" if self.evex(t) else ""
        return f"{sign}{letter(t)}" if self.sse41 or not _EXTREMA[sign, bits] else ""

    def _extremum(self, which: str, sign: str, t: Any, a: Any, b: Any) -> Any:
        op = self.extremum_op(t, sign)
        if op:
            return self.p(f"p{which}{op}", t, a, b)
        greater = self.v_compare(t, sign, "gt", a, b)
        return self.choose_lanes(t, greater, a, b) if which == "max" else self.choose_lanes(t, greater, b, a)

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

    # Comparisons: all ones where they hold.

    def v_compare(self, t: Any, sign: str, cc: str, a: Any, b: Any) -> Any:
        """``sign`` s or u, ``cc`` eq, ne, lt, le, gt or ge. SSE has eq and signed gt alone."""
        if BITS[t] == 512:
            return self.from_mask(t, self.pk(f"pcmp{TO_MASK[cc]}{'u' * (sign == 'u')}{letter(t)}:k", t, a, b))
        if cc in _MIRRORED:
            a, b, cc = b, a, _MIRRORED[cc]
        if cc == "eq":
            return self._equal(t, a, b)
        if cc == "ne":
            return self.v_not(t, self._equal(t, a, b))
        if cc == "ge":
            op = self.extremum_op(t, sign)
            if op:
                return self._equal(t, self.p("pmax" + op, t, a, b), a)
            if sign == "u" and LANE_BITS[t] == 16:
                return self._equal(t, self.p("psubusw", t, b, a), self.zero(t))
            return self.v_not(t, self.v_compare(t, sign, "gt", b, a))
        if sign == "s":
            return self._greater(t, a, b)
        op = self.extremum_op(t, "u")
        if op:  # a > b where not a <= b
            return self.v_not(t, self._equal(t, self.p("pmin" + op, t, a, b), a))
        if LANE_BITS[t] == 64 and not self.sse42:
            return self._greater_quads(t, a, b, 0x8000000080000000)
        top = 1 << (LANE_BITS[t] - 1)
        return self._greater(t, self.pc("pxor", t, a, top), self.pc("pxor", t, b, top))

    def _equal(self, t: Any, a: Any, b: Any) -> Any:
        if LANE_BITS[t] < 64 or self.sse41:
            return self.p("pcmpeq" + letter(t), t, a, b)
        halves = self.p("pcmpeqd", t, a, b)
        return self.and_(t, halves, self.p("pshufd", t, halves, imm=0xB1))

    def _greater(self, t: Any, a: Any, b: Any) -> Any:
        if LANE_BITS[t] < 64 or self.sse42:
            return self.p("pcmpgt" + letter(t), t, a, b)
        return self._greater_quads(t, a, b, 0x80000000)

    def _greater_quads(self, t: Any, a: Any, b: Any, flip: int) -> Any:
        """By halves: the upper ones greater, or equal and the lower ones greater. ``flip`` makes unsigned halves signed."""
        a, b = self.pc("pxor", t, a, flip), self.pc("pxor", t, b, flip)
        greater, equal = self.p("pcmpgtd", t, a, b), self.p("pcmpeqd", t, a, b)
        lower = self.and_(t, self.p("pshufd", t, greater, imm=0xA0), equal)
        return self.p("pshufd", t, self.or_(t, greater, lower), imm=0xF5)

    # Saturation and averages.

    def _saturates_by_itself(self, t: Any) -> bool:
        return bool(LANE_BITS[t] <= 16)

    def v_uadd_sat(self, t: Any, a: Any, b: Any) -> Any:
        """All ones where the sum is less than a summand."""
        if self._saturates_by_itself(t):
            return self.p("paddus" + letter(t), t, a, b)
        total = self.v_iadd(t, a, b)
        return self.or_(t, total, self.v_compare(t, "u", "gt", a, total))

    def v_usub_sat(self, t: Any, a: Any, b: Any) -> Any:
        """max(a, b) - b."""
        if self._saturates_by_itself(t):
            return self.p("psubus" + letter(t), t, a, b)
        return self.v_isub(t, self.v_umax(t, a, b), b)

    def v_sadd_sat(self, t: Any, a: Any, b: Any) -> Any:
        """It overflowed where both summands' signs differ from the sum's."""
        if self._saturates_by_itself(t):
            return self.p("padds" + letter(t), t, a, b)
        total = self.v_iadd(t, a, b)
        over = self.and_(t, self.xor_(t, a, total), self.xor_(t, b, total))
        return self._saturated(t, total, over)

    def v_ssub_sat(self, t: Any, a: Any, b: Any) -> Any:
        """It overflowed where a's sign differs from b's and from the difference's."""
        if self._saturates_by_itself(t):
            return self.p("psubs" + letter(t), t, a, b)
        total = self.v_isub(t, a, b)
        over = self.and_(t, self.xor_(t, a, total), self.xor_(t, a, b))
        return self._saturated(t, total, over)

    def _saturated(self, t: Any, total: Any, over: Any) -> Any:
        """The limit on the other side of the wrapped total where ``over`` has the top bit."""
        limit = self.pc("pxor", t, self.sign_mask(t, total), 1 << (LANE_BITS[t] - 1))
        return self.choose_lanes(t, self.sign_mask(t, over), limit, total)

    def v_avg_round(self, t: Any, a: Any, b: Any) -> Any:
        """(a | b) - ((a ^ b) >> 1)."""
        if LANE_BITS[t] <= 16:
            return self.p("pavg" + letter(t), t, a, b)
        return self.v_isub(t, self.or_(t, a, b), self.shr(t, self.xor_(t, a, b), 1))

    # Products.

    def v_imul(self, t: Any, a: Any, b: Any) -> Any:
        """Bytes as the low halves of words; longs by their halves where AVX-512DQ is missing."""
        bits = LANE_BITS[t]
        if bits == 16:
            return self.p("pmullw", t, a, b)
        if bits == 32:
            if self.sse41:
                return self.p("pmulld", t, a, b)
            even = self.p("pmuludq", t, a, b)
            odd = self.p("pmuludq", t, self.shr(t, a, 32, 64), self.shr(t, b, 32, 64))
            pick = 0b1000
            return self.p("punpckldq", t, self.p("pshufd", t, even, imm=pick), self.p("pshufd", t, odd, imm=pick))
        if bits == 8:
            even = self.pm("pand", t, b"\xff\0" * (BITS[t] // 16), self.p("pmullw", t, a, b))
            odd = self.p("pmullw", t, self.shr(t, a, 8, 16), self.shr(t, b, 8, 16))
            return self.or_(t, even, self.shl(t, odd, 8, 16))
        if self.evex(t, "avx512dq"):
            return self.p("pmullq", t, a, b)
        low = self.p("pmuludq", t, a, b)
        cross = self.v_iadd(t, self.p("pmuludq", t, self.shr(t, a, 32), b), self.p("pmuludq", t, a, self.shr(t, b, 32)))
        return self.v_iadd(t, low, self.shl(t, cross, 32))

    def wide_products(self, t: Any, signed: bool, a: Any, b: Any) -> Any:
        """The 64-bit products of the even 32-bit lanes. A signed one lacks, above, b where a < 0, and a where b < 0."""
        if not signed:
            return self.p("pmuludq", t, a, b)
        if self.sse41:
            return self.p("pmuldq", t, a, b)
        extra = self.v_iadd(t, self.and_(t, self.sar(t, a, 31, 32), b), self.and_(t, self.sar(t, b, 31, 32), a))
        return self.p("psubq", t, self.p("pmuludq", t, a, b), self.shl(t, extra, 32, 64))

    def _odd(self, t: Any, a: Any) -> Any:
        """The odd 32-bit lanes in the places of the even ones."""
        return self.shr(t, a, 32, 64)

    def _evens_and_odds(self, t: Any, even: Any, odd: Any) -> Any:
        """The upper halves of 64-bit lanes: of ``even`` to even places, of ``odd`` to odd ones."""
        return self.or_(t, self.shr(t, even, 32, 64), self.pc("pand", of_lanes(I64, BITS[t]), odd, 0xFFFFFFFF << 32))

    def _high_product(self, signed: bool, t: Any, a: Any, b: Any) -> Any:
        bits = LANE_BITS[t]
        if bits == 16:
            return self.p("pmulhw" if signed else "pmulhuw", t, a, b)
        if bits == 32:
            even = self.wide_products(t, signed, a, b)
            return self._evens_and_odds(t, even, self.wide_products(t, signed, self._odd(t, a), self._odd(t, b)))
        if bits == 8:
            return self._high_of_bytes(signed, t, a, b)
        return self.by_128(self._high_longs_signed if signed else self._high_longs, t, a, b)

    def _high_of_bytes(self, signed: bool, t: Any, a: Any, b: Any) -> Any:
        """Even and odd bytes extended to words."""
        words = of_lanes(I16, BITS[t])
        down = self.sar if signed else self.shr
        even = self.p("pmullw", t, *[down(words, self.shl(words, r, 8), 8) for r in (a, b)])
        odd = self.p("pmullw", t, *[down(words, r, 8) for r in (a, b)])
        return self.or_(t, self.shr(words, even, 8), self.pc("pand", words, odd, 0xFF00))

    def _high_longs(self, t: Any, a: Any, b: Any) -> Any:
        """One after the other in general registers."""
        return self._longs("mul64_wide", t, a, b)

    def _high_longs_signed(self, t: Any, a: Any, b: Any) -> Any:
        return self._longs("imul64_wide", t, a, b)

    def _longs(self, row: str, t: Any, a: Any, b: Any) -> Any:
        halves = []
        for lane in (0, 1):
            low, high = self.temp(INT), self.temp(INT)
            self.emit(MInst(ROWS[row], (low, high), (self.long_lane(t, b, lane), self.long_lane(t, a, lane))))
            halves.append(high)
        return self.of_longs(t, *halves)

    def long_lane(self, t: Any, r: Any, lane: int) -> Any:
        """A 64-bit lane in a general register."""
        return self.op(self.vrow("movq_rx"), self.p("pshufd", t, r, imm=0xEE) if lane else r)

    def of_longs(self, t: Any, low: Any, high: Any) -> Any:
        """128 bits of two general registers."""
        halves = [self.fop(self.vrow("movq_xr"), r) for r in (low, high)]
        return self.p("punpcklqdq", t, *halves)

    def wide_product(self, signed: bool, high: bool, x: Any, y: Any) -> Any:
        """The products of the lower or upper lanes, extended: i32x4 to i64x2, or i16x8 to i32x4."""
        t = self.parts(self.types[x])[0]
        a, b = self.put_in_reg(x), self.put_in_reg(y)
        if LANE_BITS[t] == 32:
            spread = 0xFA if high else 0x50
            return self.wide_products(t, signed, *[self.p("pshufd", t, r, imm=spread) for r in (a, b)])
        low, upper = self.p("pmullw", t, a, b), self.p("pmulhw" if signed else "pmulhuw", t, a, b)
        return self.p(f"punpck{'h' if high else 'l'}wd", t, low, upper)

    def dot(self, x: Any, y: Any) -> Any:
        """Signed products of words, neighbours added."""
        return self.p("pmaddwd", self.parts(self.types[x])[0], self.put_in_reg(x), self.put_in_reg(y))

    def sum_of_pairs(self, signed: bool, t: Any, x: Any) -> Any:
        """Neighbours added in lanes of twice the width: products with one. Unsigned words are made signed, and the sum of
        what that took off is given back.
        """
        r = self.put_in_reg(x)
        ones = self.splat_of(t, 1)
        if LANE_BITS[t] == 8:  # of the instruction's operands the first is unsigned
            return self.p("pmaddubsw", t, ones, r) if signed else self.p("pmaddubsw", t, r, ones)
        if signed:
            return self.p("pmaddwd", t, r, ones)
        return self.pc("paddd", of_lanes(I32, BITS[t]), self.p("pmaddwd", t, self.pc("pxor", t, r, 0x8000), ones), 0x10000)

    def v_umulhi(self, t: Any, a: Any, b: Any) -> Any:
        """Upper halves of unsigned products."""
        return self._high_product(False, t, a, b)

    def v_smulhi(self, t: Any, a: Any, b: Any) -> Any:
        """Upper halves of signed products."""
        return self._high_product(True, t, a, b)

    def v_pmulhrsw(self, t: Any, a: Any, b: Any) -> Any:
        """(a * b + half) >> (width - 1), wrapping."""
        if LANE_BITS[t] == 32:
            quads = of_lanes(I64, BITS[t])

            def rounded(x: Any) -> Any:
                return self.shl(quads, self.p("paddq", t, x, self.splat_of(quads, 1 << 30)), 1)

            even = rounded(self.wide_products(t, True, a, b))
            return self._evens_and_odds(t, even, rounded(self.wide_products(t, True, self._odd(t, a), self._odd(t, b))))
        if self.ssse3:
            return self.p("pmulhrsw", t, a, b)
        # Twice the upper half, and the lower half's top two bits rounded to one more.
        high, low = self.p("pmulhw", t, a, b), self.p("pmullw", t, a, b)
        rest = self.shr(t, self.pc("paddw", t, self.shr(t, low, 14), 1), 1)
        return self.v_iadd(t, self.v_iadd(t, high, high), rest)

    def v_sqmul(self, t: Any, a: Any, b: Any) -> Any:
        """The same saturated: only the minimum's square is too large, and it comes out as the minimum."""
        product = self.v_pmulhrsw(t, a, b)
        least = self.splat_of(t, 1 << (LANE_BITS[t] - 1))
        return self.xor_(t, product, self.v_compare(t, "s", "eq", product, least))

    def v_pmaddubsw(self, t: Any, a: Any, b: Any) -> Any:
        """Signed bytes of a times unsigned ones of b, pairs added with saturation."""
        if self.ssse3:
            return self.p("pmaddubsw", t, b, a)
        words = of_lanes(I16, BITS[t])
        even = self.p("pmullw", t, self.sar(words, self.shl(words, a, 8), 8), self.pc("pand", words, b, 0xFF))
        odd = self.p("pmullw", t, self.sar(words, a, 8), self.shr(words, b, 8))
        return self.p("paddsw", t, even, odd)

    # Bit counts.

    def v_popcnt(self, t: Any, a: Any) -> Any:
        """Of bytes, by a table of nibbles or in parallel; wider lanes add their bytes' counts."""
        bits = LANE_BITS[t]
        if self.evex(t, "avx512bitalg" if bits <= 16 else "avx512vpopcntdq"):
            return self.p("popcnt" + letter(t), t, a)
        octets, words = of_lanes(I8, BITS[t]), of_lanes(I16, BITS[t])
        if self.ssse3:
            table = self.constant(t, _NIBBLE_ONES * (BITS[t] // 128))
            low = self.p("pshufb", t, table, self.pc("pand", octets, a, 0x0F))
            high = self.p("pshufb", t, table, self.pc("pand", octets, self.shr(words, a, 4), 0x0F))
            count = self.p("paddb", t, low, high)
        else:
            pairs = self.p("psubb", t, a, self.pc("pand", octets, self.shr(words, a, 1), 0x55))
            fours = self.p(
                "paddb", t, self.pc("pand", octets, pairs, 0x33), self.pc("pand", octets, self.shr(words, pairs, 2), 0x33)
            )
            count = self.pc("pand", octets, self.p("paddb", t, fours, self.shr(words, fours, 4)), 0x0F)
        if bits == 64:
            return self.p("psadbw", t, count, self.zero(t))
        if bits >= 16:
            count = self.shr(words, self.p("paddb", t, count, self.shl(words, count, 8)), 8)
        if bits == 32:
            count = self.p("pmaddwd", t, count, self.splat_of(words, 1))
        return count

    # Shifts and rotations, all lanes by one amount.

    def shift_lanes(self, op: Any, ty: Any, x: Any, k: Any) -> Any:
        """``op`` psll, psrl or psra. The amount counts modulo the lanes' width."""
        bits = LANE_BITS[ty]
        fixed = self.constant_of(k)
        if fixed is not None:
            fixed &= bits - 1
            amount: Any = fixed
        else:
            r = self.put_in_regs(k)[0]
            amount = self.fop(self.vrow("movd_xr"), self.op(ROWS["and32_ri"], r, imm=bits - 1))
        return self.lanes(lambda t, a: self._shift(op, t, a, amount, fixed is not None), ty, x)

    def _shift(self, op: str, t: Any, a: Any, amount: Any, fixed: bool) -> Any:
        if fixed and not amount:
            return a
        if LANE_BITS[t] == 8:
            return self._shift_bytes(op, t, a, amount, fixed)
        name = op + letter(t)
        if name in rows.OPS and (name != "psraq" or self.evex(t)):
            return self.p(name + ":i", t, a, imm=amount) if fixed else self.p(name, t, a, amount)
        # psraq: the sign bit, shifted along, is spread by subtracting it.
        top = self._shift("psrl", t, self.splat_of(t, 1 << 63), amount, fixed)
        return self.v_isub(t, self.xor_(t, self._shift("psrl", t, a, amount, fixed), top), top)

    def _shift_bytes(self, op: str, t: Any, a: Any, amount: Any, fixed: bool) -> Any:
        """Even and odd bytes as the lower and upper halves of words."""
        words = of_lanes(I16, BITS[t])

        def shift(op: str, r: Any) -> Any:
            return self._shift(op, words, r, amount, fixed)

        if op == "psll":
            even = self.pc("pand", words, shift(op, a), 0x00FF)
            return self.or_(t, even, shift(op, self.pc("pand", words, a, 0xFF00)))
        odd = self.pc("pand", words, shift(op, a), 0xFF00)
        if op == "psrl":
            return self.or_(t, shift(op, self.pc("pand", words, a, 0x00FF)), odd)
        return self.or_(t, self.shr(words, shift(op, self.shl(words, a, 8)), 8), odd)

    def rotate_lanes(self, left: bool, ty: Any, x: Any, k: Any) -> Any:
        """Two shifts, the second by what is left of the width; by it itself lanes become zero."""
        bits = LANE_BITS[ty]
        fixed = self.constant_of(k)
        if fixed is not None:
            fixed = (fixed if left else -fixed) & (bits - 1)
            return self.lanes(lambda t, a: self._rotated(t, a, fixed, bits - fixed, True), ty, x)
        r = self.put_in_regs(k)[0]
        if not left:
            r = self.op(ROWS["neg32_r"], r)
        r = self.op(ROWS["and32_ri"], r, imm=bits - 1)
        rest = self.alu_rr("sub", I32, self.imm(bits), r)
        near, far = (self.fop(self.vrow("movd_xr"), n) for n in (r, rest))
        return self.lanes(lambda t, a: self._rotated(t, a, near, far, False), ty, x)

    def _rotated(self, t: Any, a: Any, left: Any, right: Any, fixed: bool) -> Any:
        if fixed and not left:
            return a
        if fixed and LANE_BITS[t] >= 32 and self.evex(t):
            return self.p(f"prol{letter(t)}:i", t, a, imm=left)
        return self.or_(t, self._shift("psll", t, a, left, fixed), self._shift("psrl", t, a, right, fixed))
