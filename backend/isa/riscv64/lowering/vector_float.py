"""Packed floats: arithmetic, rounding, conversions. Lanes of f16 are computed as f32 (see `record`); what remains for them here
are signs, which are bits, and conversions."""

from __future__ import annotations

from typing import Any

from jitpy.backend.ir.types import F16, F32, F64, LANE, LANE_BITS, LANES
from jitpy.backend.isa.riscv64.lowering.vector_lanes import VectorLanesLowering
from jitpy.backend.isa.riscv64.rows import ROWS
from jitpy.backend.isa.vectors import INT_OF_BITS, of_lanes, one

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
        if LANE[t] == F16:
            return self.p("vxor.vx", t, a, self.imm(1 << 15))
        return self.p("vfsgnjn.vv", t, a, a)

    def v_fabs(self, t: Any, a: Any) -> Any:
        """Clear the signs."""
        if LANE[t] == F16:
            return self.p("vand.vx", t, a, self.imm((1 << 15) - 1))
        return self.p("vfsgnjx.vv", t, a, a)

    def v_fcopysign(self, t: Any, a: Any, b: Any) -> Any:
        """|a| with b's sign."""
        if LANE[t] == F16:
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
        limit = self.float_imm(F32, 2.0**23) if LANE_BITS[t] == 32 else self.float_imm(F64, 2.0**52)
        self.mask("vmflt.vf.m", t, self.v_fabs(t, a), limit)
        return self.merged(t, back, a)

    def fma_lanes(self, ty: Any, x: Any, y: Any, z: Any) -> Any:
        """x * y + z, rounded once."""
        return self.lanes(lambda t, a, b, c: self.p("vfmacc.vv", t, c, a, b), ty, x, y, z)

    def fused_lanes(self, op: str, ty: Any, x: Any, y: Any, z: Any) -> Any:
        """The same with signs."""
        name = {"fmsub": "vfmsac.vv", "fnmsub": "vfnmsac.vv", "fnmadd": "vfnmacc.vv"}[op]
        return self.lanes(lambda t, a, b, c: self.p(name, t, c, a, b), ty, x, y, z)

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
        """fcvt_from_sint and _uint. Narrow integers are extended, wide ones converted to half their width."""
        source = self.types[x]
        bits, wanted = LANE_BITS[source], LANE_BITS[ty]
        kind = "x" if signed else "xu"
        regs = list(self.put_in_regs(x))
        if bits < wanted:
            made = self.extend_lanes(signed, source - LANE[source] + INT_OF_BITS[wanted], x)
            regs = list(made) if made.__class__ is tuple else [made]
        elif bits > wanted:
            if bits != 2 * wanted:
                return None
            return one(self.halved(f"vfncvt.f.{kind}.w", self.parts(ty)[0], regs, len(self.parts(ty))))
        return one([self.p(f"vfcvt.f.{kind}.v", t, r) for t, r in zip(self.parts(ty), regs)])

    def to_ints(self, how: Any, signed: bool, ty: Any, x: Any) -> Any:
        """``how``: sat (NaN is 0), proven, trap. Lanes of the same width at once, others one by one; so are those that may
        trap, in order.
        """
        source = self.types[x]
        if how != "trap" and LANE_BITS[source] == LANE_BITS[ty]:
            name = f"vfcvt.rtz.{'x' if signed else 'xu'}.f.v"

            def convert(t: Any, a: Any) -> Any:
                r = self.p(name, t, a)
                if how == "proven":
                    return r
                self.mask("vmfne.vv.m", t, a, a)
                return self.merged_constant(t, 0, r)

            return self.lanes(convert, ty, x)
        return self.by_lane(ty, x, lambda r: self._lane_to_int(how, signed, LANE[ty], LANE[source], r))

    def _lane_to_int(self, how: str, signed: bool, type: Any, source: Any, r: Any) -> Any:
        """One lane, as of scalars."""
        return getattr(self, f"to_{'s' if signed else 'u'}int_{'' if how == 'trap' else 'sat_'}of")(type, source, r)
