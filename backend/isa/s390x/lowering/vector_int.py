"""Packed integers: arithmetic, saturation, shifts, comparisons."""

from __future__ import annotations

from typing import Any

from jitpy.backend.ir.types import IS_VECTOR, LANE_BITS
from jitpy.backend.isa.s390x.lowering.vector_base import LETTER
from jitpy.backend.isa.s390x.lowering.vector_logic import VectorLogic
from jitpy.backend.isa.s390x.rows import ROWS

_SHIFTS = {"psll": "vesl", "psrl": "vesrl", "psra": "vesra"}


class VectorIntLowering(VectorLogic):
    """See the module's docstring."""

    def v_iadd(self, t: Any, a: Any, b: Any) -> Any:
        """a + b."""
        return self.p("va", t, a, b)

    def v_isub(self, t: Any, a: Any, b: Any) -> Any:
        """a - b."""
        return self.p("vs", t, a, b)

    def v_ineg(self, t: Any, a: Any) -> Any:
        """-a."""
        return self.p("vlc", t, a)

    def v_iabs(self, t: Any, a: Any) -> Any:
        """|a|."""
        return self.p("vlp", t, a)

    def longs(self, r: Any) -> list[Any]:
        """Both 64-bit elements in general registers."""
        return [self.op(ROWS["vlgv.g"], r, imm=i) for i in (0, 1)]

    def v_imul(self, t: Any, a: Any, b: Any) -> Any:
        """a * b; 64-bit elements in general registers before z17."""
        if LANE_BITS[t] < 64 or self.has_whole():
            return self.p("vml", t, a, b)
        products = [self.op(ROWS["msgrkc"], m, n) for m, n in zip(self.longs(a), self.longs(b))]
        return self.x("vlvgp", *products)

    def v_multiply_add(self, t: Any, a: Any, b: Any, c: Any) -> Any:
        """a * b + c."""
        return self.p("vmal", t, a, b, c)

    def multiplied_lanes(self, ty: Any) -> Any:
        """ty, where `v_multiply_add` has its lanes."""
        return ty if IS_VECTOR[ty] and (LANE_BITS[ty] < 64 or self.has_whole()) else None

    def v_umulhi(self, t: Any, a: Any, b: Any) -> Any:
        """Upper half of the unsigned product."""
        return self._mul_high(False, t, a, b)

    def v_smulhi(self, t: Any, a: Any, b: Any) -> Any:
        """Upper half of the signed product."""
        return self._mul_high(True, t, a, b)

    def _mul_high(self, signed_: bool, t: Any, a: Any, b: Any) -> Any:
        if LANE_BITS[t] < 64 or self.has_whole():
            return self.p("vmh" if signed_ else "vmlh", t, a, b)
        products = [self.mul_wide(signed_, m, n)[1] for m, n in zip(self.longs(a), self.longs(b))]
        return self.x("vlvgp", *products)

    def v_sqmul(self, t: Any, a: Any, b: Any) -> Any:
        """Fixed-point product, rounded and saturated: products of even and odd lanes, of twice the width."""
        bits = LANE_BITS[t]
        half = self.splat_of(2 * bits, 1 << bits - 2)
        wide = [self.p(op, t, a, b) for op in ("vme", "vmo")]
        add = ROWS["va." + LETTER[2 * bits]]
        even, odd = (self.sar(2 * bits, self.xop(add, r, half), bits - 1) for r in wide)
        merged = [self.xop(ROWS[f"{op}.{LETTER[2 * bits]}"], even, odd) for op in ("vmrh", "vmrl")]
        return self.xop(ROWS["vpks." + LETTER[2 * bits]], *merged)

    def v_smin(self, t: Any, a: Any, b: Any) -> Any:
        """The lesser, signed."""
        return self.p("vmn", t, a, b)

    def v_smax(self, t: Any, a: Any, b: Any) -> Any:
        """The greater, signed."""
        return self.p("vmx", t, a, b)

    def v_umin(self, t: Any, a: Any, b: Any) -> Any:
        """The lesser, unsigned."""
        return self.p("vmnl", t, a, b)

    def v_umax(self, t: Any, a: Any, b: Any) -> Any:
        """The greater, unsigned."""
        return self.p("vmxl", t, a, b)

    def v_uadd_sat(self, t: Any, a: Any, b: Any) -> Any:
        """The sum, all ones where it is less than a summand."""
        total = self.v_iadd(t, a, b)
        return self.x("vo", total, self.p("vchl", t, a, total))

    def v_usub_sat(self, t: Any, a: Any, b: Any) -> Any:
        """max(a, b) - b."""
        return self.v_isub(t, self.v_umax(t, a, b), b)

    def v_sadd_sat(self, t: Any, a: Any, b: Any) -> Any:
        """The extreme of a's sign where the sum has neither summand's sign."""
        total = self.v_iadd(t, a, b)
        lost = self.x("vn", self.x("vx", a, total), self.x("vx", b, total))
        return self._saturated(t, a, total, lost)

    def v_ssub_sat(self, t: Any, a: Any, b: Any) -> Any:
        """The same where the difference has not a's sign, and b has not either."""
        difference = self.v_isub(t, a, b)
        lost = self.x("vn", self.x("vx", a, b), self.x("vx", a, difference))
        return self._saturated(t, a, difference, lost)

    def _saturated(self, t: Any, a: Any, r: Any, lost: Any) -> Any:
        bits = LANE_BITS[t]
        extreme = self.x("vx", self.sign_mask(t, a), self.splat_of(bits, (1 << bits - 1) - 1))
        return self.x("vsel", extreme, r, self.sign_mask(t, lost))

    def v_avg_round(self, t: Any, a: Any, b: Any) -> Any:
        """(a + b + 1) >> 1."""
        return self.p("vavgl", t, a, b)

    def v_popcnt(self, t: Any, a: Any) -> Any:
        """The ones of each lane."""
        return self.p("vpopct", t, a)

    # Shifts by a scalar, modulo the width.

    def shift_lanes(self, op: str, ty: Any, x: Any, k: Any) -> Any:
        """All lanes by the same count."""
        return self._by_count(_SHIFTS[op], ty, x, k, False)

    def rotate_lanes(self, left: bool, ty: Any, x: Any, k: Any) -> Any:
        """Rotated left, or by the negated count."""
        return self._by_count("verll", ty, x, k, not left)

    def _by_count(self, op: str, ty: Any, x: Any, k: Any, negated: bool) -> Any:
        bits = LANE_BITS[ty]
        n = self.constant_of(k)
        if n is not None:
            return self.lanes(lambda t, a: self.p(op, t, a, imm=(-n if negated else n) % bits), ty, x)
        count = self.put_in_regs(k)[0]
        count = self.op(ROWS["lcgr"], count) if negated else count
        count = self.op(ROWS["nilf"], count, imm=bits - 1)
        return self.lanes(lambda t, a: self.p(op + ":r", t, a, count), ty, x)

    # Comparisons as masks.

    def v_compare(self, t: Any, sign: str, code: str, a: Any, b: Any) -> Any:
        """All ones where the condition holds. ``sign``: s or u; ``code``: eq, ne, lt, ..."""
        if code in ("eq", "ne"):
            r = self.p("vceq", t, a, b)
        else:
            if code in ("lt", "ge"):
                a, b = b, a
            r = self.p("vch" if sign == "s" else "vchl", t, a, b)
        return self.v_not(t, r) if code in ("ne", "le", "ge") else r


