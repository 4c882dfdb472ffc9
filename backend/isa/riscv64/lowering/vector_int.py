"""Packed integers."""

from __future__ import annotations

from typing import Any

from jitpy.backend.ir.types import I8, LANE_BITS
from jitpy.backend.isa.riscv64.lowering.vector_base import VectorBase
from jitpy.backend.isa.vectors import of_lanes, one

_SHIFTS = {"psll": "vsll", "psrl": "vsrl", "psra": "vsra"}


class VectorIntLowering(VectorBase):
    """See the module's docstring."""

    def v_iadd(self, t: Any, a: Any, b: Any) -> Any:
        """a + b."""
        return self.p("vadd.vv", t, a, b)

    def v_isub(self, t: Any, a: Any, b: Any) -> Any:
        """a - b."""
        return self.p("vsub.vv", t, a, b)

    def v_ineg(self, t: Any, a: Any) -> Any:
        """0 - a."""
        return self.p("vrsub.vi", t, a, imm=0)

    def v_iabs(self, t: Any, a: Any) -> Any:
        """max(a, -a)."""
        return self.v_smax(t, a, self.v_ineg(t, a))

    def v_imul(self, t: Any, a: Any, b: Any) -> Any:
        """Low halves of the products."""
        return self.p("vmul.vv", t, a, b)

    def accumulated(self, name: str, form: str, ty: Any, z: Any, x: Any, y: Any) -> Any:
        """A product added to z or taken from it; a factor may be a scalar. ``form``: vx or vf, how the instruction takes one."""
        if self.scalar_of(x) is None and self.scalar_of(y) is not None:
            x, y = y, x
        s = self.scalar_of(x)
        if s is not None:
            r = self.put_in_reg(s)
            return self.lanes(lambda t, c, b: self.p(f"{name}.{form}", t, c, r, b), ty, z, y)
        return self.lanes(lambda t, c, a, b: self.p(name + ".vv", t, c, a, b), ty, z, x, y)

    def mul_add(self, ty: Any, z: Any, x: Any, y: Any) -> Any:
        """z + x * y."""
        return self.accumulated("vmacc", "vx", ty, z, x, y)

    def mul_sub(self, ty: Any, z: Any, x: Any, y: Any) -> Any:
        """z - x * y."""
        return self.accumulated("vnmsac", "vx", ty, z, x, y)

    def v_umulhi(self, t: Any, a: Any, b: Any) -> Any:
        """High halves."""
        return self.p("vmulhu.vv", t, a, b)

    def v_smulhi(self, t: Any, a: Any, b: Any) -> Any:
        """High halves of signed ones."""
        return self.p("vmulh.vv", t, a, b)

    def v_sqmul(self, t: Any, a: Any, b: Any) -> Any:
        """Products of fractions, rounded and saturated."""
        self.do_vxrm()
        return self.p("vsmul.vv", t, a, b)

    def do_vxrm(self) -> None:
        """Fixed-point operations round up from the half on."""
        from jitpy.backend.isa.riscv64.rows import ROWS

        self.do(ROWS["vxrm"])

    def v_smin(self, t: Any, a: Any, b: Any) -> Any:
        """The lesser one."""
        return self.p("vmin.vv", t, a, b)

    def v_smax(self, t: Any, a: Any, b: Any) -> Any:
        """The greater one."""
        return self.p("vmax.vv", t, a, b)

    def v_umin(self, t: Any, a: Any, b: Any) -> Any:
        """The lesser one, unsigned."""
        return self.p("vminu.vv", t, a, b)

    def v_umax(self, t: Any, a: Any, b: Any) -> Any:
        """The greater one, unsigned."""
        return self.p("vmaxu.vv", t, a, b)

    def v_uadd_sat(self, t: Any, a: Any, b: Any) -> Any:
        """Saturated."""
        return self.p("vsaddu.vv", t, a, b)

    def v_sadd_sat(self, t: Any, a: Any, b: Any) -> Any:
        """Saturated."""
        return self.p("vsadd.vv", t, a, b)

    def v_usub_sat(self, t: Any, a: Any, b: Any) -> Any:
        """Saturated."""
        return self.p("vssubu.vv", t, a, b)

    def v_ssub_sat(self, t: Any, a: Any, b: Any) -> Any:
        """Saturated."""
        return self.p("vssub.vv", t, a, b)

    def v_avg_round(self, t: Any, a: Any, b: Any) -> Any:
        """(a + b + 1) / 2."""
        self.do_vxrm()
        return self.p("vaaddu.vv", t, a, b)

    def v_popcnt(self, t: Any, a: Any) -> Any:
        """Zvbb's, or sums of ever wider fields, those of bytes added up by a product."""
        if self.features["has_zvbb"]:
            return self.p("vcpop.v", t, a)
        bytes_ = of_lanes(I8)
        fives, threes = self.imm(0x55), self.imm(0x33)
        a = self.v_isub(bytes_, a, self.p("vand.vx", bytes_, self.p("vsrl.vi", bytes_, a, imm=1), fives))
        low = self.p("vand.vx", bytes_, a, threes)
        a = self.v_iadd(bytes_, low, self.p("vand.vx", bytes_, self.p("vsrl.vi", bytes_, a, imm=2), threes))
        a = self.p("vand.vi", bytes_, self.v_iadd(bytes_, a, self.p("vsrl.vi", bytes_, a, imm=4)), imm=15)
        bits = LANE_BITS[t]
        if bits == 8:
            return a
        total = self.p("vmul.vx", t, a, self.imm(((1 << bits) - 1) // 255))
        return self.shifted("vsrl", t, total, bits - 8)

    # Shifts: counts are modulo the width by themselves.

    def shifted(self, name: str, t: Any, a: Any, k: int) -> Any:
        """By a constant."""
        return self.p(name + ".vi", t, a, imm=k) if k < 32 else self.p(name + ".vx", t, a, self.imm(k))

    def shift_lanes(self, op: Any, ty: Any, x: Any, k: Any) -> Any:
        """All lanes by one scalar."""
        name = _SHIFTS[op]
        amount = self.constant_of(k)
        if amount is not None and amount % LANE_BITS[ty] < 32:
            return self.lanes(lambda t, a: self.shifted(name, t, a, amount % LANE_BITS[ty]), ty, x)
        r = self.put_in_regs(k)[0]
        return self.lanes(lambda t, a: self.p(name + ".vx", t, a, r), ty, x)

    def rotate_lanes(self, left: bool, ty: Any, x: Any, k: Any) -> Any:
        """Zvbb's, or two shifts."""
        amount = self.constant_of(k)
        if self.features["has_zvbb"] and amount is not None:
            right = (-amount if left else amount) % LANE_BITS[ty]
            return self.lanes(lambda t, a: self.p("vror.vi", t, a, imm=right), ty, x)
        r = self.put_in_regs(k)[0]
        if self.features["has_zvbb"]:
            return self.lanes(lambda t, a: self.p("vrol.vx" if left else "vror.vx", t, a, r), ty, x)
        other = self.one("neg", r)
        up, down = (r, other) if left else (other, r)
        made = []
        for t, a in zip(self.parts(ty), self.put_in_regs(x)):
            made.append(self.or_(t, self.p("vsll.vx", t, a, up), self.p("vsrl.vx", t, a, down)))
        return one(made)
