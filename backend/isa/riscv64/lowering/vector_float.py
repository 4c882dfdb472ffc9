"""Packed floats: arithmetic, rounding, conversions. Without Zvfh lanes of f16 are computed as f32 (see `record`); what remains
for them here are signs, which are bits, and conversions."""

from __future__ import annotations

from typing import Any

from jitpy.backend.ir.types import BITS, F32, LANE, LANE_BITS, LANES
from jitpy.backend.isa.riscv64.lowering.float import WHOLE
from jitpy.backend.isa.riscv64.lowering.vector_lanes import VectorLanesLowering
from jitpy.backend.isa.riscv64.rows import ROWS
from jitpy.backend.isa.vectors import INT_OF_BITS, of_lanes, one

_FUSED = {"fmadd": "vfmacc", "fmsub": "vfmsac", "fnmsub": "vfnmsac", "fnmadd": "vfnmacc"}
_MODES = ("rne", "rdn", "rup", "rtz")


class VectorFloatLowering(VectorLanesLowering):
    """See the module's docstring."""

    def v_fadd(self, t: Any, a: Any, b: Any) -> Any:
        """a + b."""
        return self.p("vfadd.vv", t, a, b)

    def v_fsub(self, t: Any, a: Any, b: Any) -> Any:
        """a - b."""
        return self.p("vfsub.vv", t, a, b)

    def v_fmul(self, t: Any, a: Any, b: Any) -> Any:
        """a * b."""
        return self.p("vfmul.vv", t, a, b)

    def v_fdiv(self, t: Any, a: Any, b: Any) -> Any:
        """a / b."""
        return self.p("vfdiv.vv", t, a, b)

    def v_sqrt(self, t: Any, a: Any) -> Any:
        """Square root."""
        return self.p("vfsqrt.v", t, a)

    def _extremum(self, name: str, t: Any, a: Any, b: Any) -> Any:
        """The instruction prefers a number to a NaN: where there is one, the sum."""
        found, total = self.p(name, t, a, b), self.v_fadd(t, a, b)
        self.ordered_mask(t, a, b)
        return self.merged(t, found, total)

    def v_fmin(self, t: Any, a: Any, b: Any) -> Any:
        """The lesser one, or NaN."""
        return self._extremum("vfmin.vv", t, a, b)

    def v_fmax(self, t: Any, a: Any, b: Any) -> Any:
        """The greater one, or NaN."""
        return self._extremum("vfmax.vv", t, a, b)

    def v_fneg(self, t: Any, a: Any) -> Any:
        """Flip the signs."""
        if not self.float_lanes(LANE[t]):
            return self.p("vxor.vx", t, a, self.imm(1 << 15))
        return self.p("vfsgnjn.vv", t, a, a)

    def v_fabs(self, t: Any, a: Any) -> Any:
        """Clear the signs."""
        if not self.float_lanes(LANE[t]):
            return self.p("vand.vx", t, a, self.imm((1 << 15) - 1))
        return self.p("vfsgnjx.vv", t, a, a)

    def v_fcopysign(self, t: Any, a: Any, b: Any) -> Any:
        """|a| with b's sign."""
        if not self.float_lanes(LANE[t]):
            return self.choose_bits(t, self.splat_of(t, 1 << 15), b, a)
        return self.p("vfsgnj.vv", t, a, b)

    def round_lanes(self, mode: Any, ty: Any, x: Any) -> Any:
        """nearest, floor, ceil, trunc."""
        return self.lanes(lambda t, a: self.v_round(mode, t, a), ty, x)

    def v_round(self, mode: int, t: Any, a: Any) -> Any:
        """There and back through integers, where |x| is small enough to have a fraction; the sign is x's."""
        name = _MODES[mode]
        if name == "rtz":
            whole = self.p("vfcvt.rtz.x.f.v", t, a)
        else:
            if name != "rne":
                self.do(ROWS[f"frm.{name}"])
            whole = self.p("vfcvt.x.f.v", t, a)
            if name != "rne":
                self.do(ROWS["frm.rne"])
        back = self.p("vfsgnj.vv", t, self.p("vfcvt.f.x.v", t, whole), a)
        self.mask("vmflt.vf.m", t, self.v_fabs(t, a), self.float_imm(LANE[t], WHOLE[LANE[t]]))
        return self.merged(t, back, a)

    def fma_lanes(self, ty: Any, x: Any, y: Any, z: Any) -> Any:
        """x * y + z, rounded once."""
        return self.fused_lanes("fmadd", ty, x, y, z)

    def fused_lanes(self, op: str, ty: Any, x: Any, y: Any, z: Any) -> Any:
        """The same with signs."""
        return self.accumulated(_FUSED[op], "vf", ty, z, x, y)

    # Other widths.

    def promote_low(self, x: Any) -> Any:
        """fvpromote_low."""
        return self.p("vfwcvt.f.f.v", of_lanes(F32), self.put_in_reg(x), size=64)

    def demote_low(self, x: Any) -> Any:
        """fvdemote: zeros above."""
        t = of_lanes(F32)
        r = self.p("vfncvt.f.f.w", t, self.put_in_reg(x), size=64)
        return self.joined(t, r, self.zero(t), 2)

    def promote_lanes(self, ty: Any, x: Any) -> Any:
        """fpromote, by doubling."""
        source = self.types[x]
        regs, lanes = list(self.put_in_regs(x)), LANES[ty]
        for lane in range(LANE[source], LANE[ty]):
            regs = self.doubled("vfwcvt.f.f.v", of_lanes(lane), regs, max(lanes * 2 * LANE_BITS[lane] // 128, 1), True)
        return one(regs)

    def demote_lanes(self, ty: Any, x: Any) -> Any:
        """fdemote, by halving; f64 goes to f16 through an f32 rounded to odd, or it would be rounded twice."""
        source = self.types[x]
        regs, lanes = list(self.put_in_regs(x)), LANES[ty]
        for lane in range(LANE[source] - 1, LANE[ty] - 1, -1):
            odd = lane > LANE[ty]
            name = "vfncvt.rod.f.f.w" if odd else "vfncvt.f.f.w"
            regs = self.halved(name, of_lanes(lane), regs, max(lanes * LANE_BITS[lane] // 128, 1))
        return one(regs)

    # Integers.

    def from_ints(self, signed: bool, ty: Any, x: Any) -> Any:
        """fcvt_from_sint and _uint. One step up or down is in the instruction. Narrower integers are extended before, wider ones
        (i64 for f16) clamped to half their width, which is beyond f16's range.
        """
        source = self.types[x]
        bits, wanted = LANE_BITS[source], LANE_BITS[ty]
        kind = "x" if signed else "xu"
        parts, regs = self.parts(ty), list(self.put_in_regs(x))
        if 2 * bits < wanted:
            bits = wanted // 2
            made = self.extend_lanes(signed, source - LANE[source] + INT_OF_BITS[bits], x)
            regs = list(made) if made.__class__ is tuple else [made]
        if bits > 2 * wanted:
            bits //= 2
            t = of_lanes(INT_OF_BITS[bits])
            count = max(LANES[ty] * bits // 128, 1)
            regs = self.halved("vnclip.wi" if signed else "vnclipu.wi", t, regs, count, 0)
        if bits < wanted:
            return one(self.doubled(f"vfwcvt.f.{kind}.v", of_lanes(INT_OF_BITS[bits]), regs, len(parts), True))
        if bits > wanted:
            return one(self.halved(f"vfncvt.f.{kind}.w", parts[0], regs, len(parts)))
        return one([self.p(f"vfcvt.f.{kind}.v", t, r) for t, r in zip(parts, regs)])

    def to_ints(self, how: Any, signed: bool, ty: Any, x: Any) -> Any:
        """``how``: sat (NaN is 0), proven, trap. One step up or down is in the instruction; wider lanes come from wider floats,
        narrower ones by saturating again. What may trap goes lane by lane, in order.
        """
        source = self.types[x]
        if how == "trap":
            convert = self.to_sint_of if signed else self.to_uint_of
            return self.by_lane(ty, x, lambda r: convert(LANE[ty], LANE[source], r))
        kind = "x" if signed else "xu"
        lanes, wanted = LANES[ty], LANE_BITS[ty]
        lane, parts = LANE[source], list(zip(self.parts(source), self.put_in_regs(x)))
        regs = [r if how == "proven" else self._without_nans(t, r) for t, r in parts]
        while 2 * BITS[lane] < wanted:
            regs = self.doubled("vfwcvt.f.f.v", of_lanes(lane), regs, max(lanes * 2 * BITS[lane] // 128, 1), True)
            lane += 1
        bits = BITS[lane]
        if bits < wanted:
            return one(self.doubled(f"vfwcvt.rtz.{kind}.f.v", of_lanes(lane), regs, len(self.parts(ty)), True))
        if bits == wanted:
            return one([self.p(f"vfcvt.rtz.{kind}.f.v", t, r) for t, r in zip(self.parts(ty), regs)])
        name, imm = f"vfncvt.rtz.{kind}.f.w", None
        while bits > wanted:
            bits //= 2
            regs = self.halved(name, of_lanes(INT_OF_BITS[bits]), regs, max(lanes * bits // 128, 1), imm)
            name, imm = "vnclip.wi" if signed else "vnclipu.wi", 0
        return one(regs)

    def _without_nans(self, t: Any, a: Any) -> Any:
        """Zero in place of each NaN."""
        self.mask("vmfne.vv.m", t, a, a)
        return self.merged_constant(t, 0, a)
