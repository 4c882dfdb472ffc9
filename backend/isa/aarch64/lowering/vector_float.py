"""Packed floats: arithmetic, rounding, conversions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jitpy.backend.ir.types import F16, F32, F64, LANE, LANE_BITS, LANES, as_int
from jitpy.backend.isa.aarch64.lowering.float import LETTER, SIGN
from jitpy.backend.isa.aarch64.lowering.vector_lanes import VectorLanesLowering
from jitpy.backend.isa.aarch64.rows import ROWS
from jitpy.backend.isa.vectors import of_lanes, one

#: Bits of a lane -> 128 bits of floats that wide.
FLOAT_OF = {16: of_lanes(F16), 32: of_lanes(F32), 64: of_lanes(F64)}
_ROUND = ("frintn", "frintm", "frintp", "frintz")


class VectorFloatLowering(VectorLanesLowering):
    """See the module's docstring."""

    def v_fadd(self, t: Any, a: Any, b: Any) -> Any:
        """a + b."""
        return self.pf("fadd", t, a, b)

    def v_fsub(self, t: Any, a: Any, b: Any) -> Any:
        """a - b."""
        return self.pf("fsub", t, a, b)

    def v_fmul(self, t: Any, a: Any, b: Any) -> Any:
        """a * b."""
        return self.pf("fmul", t, a, b)

    def v_fdiv(self, t: Any, a: Any, b: Any) -> Any:
        """a / b."""
        return self.pf("fdiv", t, a, b)

    def v_sqrt(self, t: Any, a: Any) -> Any:
        """Square root."""
        return self.pf("fsqrt", t, a)

    def v_fmin(self, t: Any, a: Any, b: Any) -> Any:
        """fmin: NaN if either is, -0 below +0."""
        return self.pf("fmin", t, a, b)

    def v_fmax(self, t: Any, a: Any, b: Any) -> Any:
        """fmax."""
        return self.pf("fmax", t, a, b)

    def _sign(self, t: Any) -> Any:
        return self.splat_of(t, SIGN[LANE[t]])

    def v_fneg(self, t: Any, a: Any) -> Any:
        """Flip the sign."""
        return self.pf("fneg", t, a) if self.has_type(LANE[t]) else self.xor_(t, a, self._sign(t))

    def v_fabs(self, t: Any, a: Any) -> Any:
        """Clear the sign."""
        return self.pf("fabs", t, a) if self.has_type(LANE[t]) else self.andn(t, self._sign(t), a)

    def v_fcopysign(self, t: Any, a: Any, b: Any) -> Any:
        """a with b's sign bit inserted."""
        return self.fop(ROWS["bit_v"], a, b, self._sign(t))

    def round_lanes(self, mode: Any, ty: Any, x: Any) -> Any:
        """0 nearest, 1 down, 2 up, 3 to zero."""
        return self.lanes(lambda t, a: self.pf(_ROUND[mode], t, a), ty, x)

    def fma_lanes(self, ty: Any, x: Any, y: Any, z: Any) -> Any:
        """x * y + z, rounded once."""
        return self.lanes(lambda t, a, b, c: self.pf("fmla", t, c, a, b), ty, x, y, z)

    def fma_minus(self, ty: Any, x: Any, y: Any, z: Any) -> Any:
        """z - x * y, rounded once."""
        return self.lanes(lambda t, a, b, c: self.pf("fmls", t, c, a, b), ty, x, y, z)

    # Lanes of other widths: as many of them, in more or fewer registers.

    def doubled(self, op: str, t: Any, regs: list[Any], count: int) -> list[Any]:
        """``op`` makes lanes of twice the width out of a register's lower half, ``op`` with 2 out of the upper one."""
        halves = ("",) if count == len(regs) else ("", "2")
        return [self.p(op.replace("#", half), t, r) for r in regs for half in halves]

    def halved(self, op: str, t: Any, regs: list[Any], count: int) -> list[Any]:
        """``op`` makes lanes of half the width, those of type t."""
        low = op.replace("#", "")
        if count == len(regs):
            return [self.p(low, t, r) for r in regs]
        return [self.p(op.replace("#", "2"), t, self.p(low, t, a), b) for a, b in zip(regs[::2], regs[1::2])]

    def by_lane(self, ty: Any, x: Any, f: Callable[[Any], Any]) -> Any:
        """f on each lane as a scalar, in order."""
        source, regs = self.types[x], self.put_in_regs(x)
        t = self.parts(source)[0]
        made = [self.zero() for _ in self.parts(ty)]
        u = self.parts(ty)[0]
        for i in range(LANES[ty]):
            part, lane = divmod(i, LANES[t])
            value = f(self.v_extract(t, regs[part], lane))
            part, lane = divmod(i, LANES[u])
            made[part] = self.v_insert(u, made[part], value, lane)
        return one(made)

    def promote_low(self, x: Any) -> Any:
        """fvpromote_low."""
        return self.fop(ROWS["fcvtl_s.s"], self.put_in_reg(x))

    def demote_low(self, x: Any) -> Any:
        """fvdemote."""
        return self.fop(ROWS["fcvtn_s.s"], self.put_in_reg(x))

    def promote_lanes(self, ty: Any, x: Any) -> Any:
        """fpromote; halves by way of f32."""
        source, regs = self.types[x], list(self.put_in_regs(x))
        if LANE[source] == F16:
            regs = self.doubled("fcvtl#_h", of_lanes(F16), regs, len(self.parts(ty - LANE[ty] + F32)))
        if LANE[ty] == F64:
            regs = self.doubled("fcvtl#_s", of_lanes(F32), regs, len(self.parts(ty)))
        return one(regs)

    def demote_lanes(self, ty: Any, x: Any) -> Any:
        """fdemote; f64 to f16 by way of an f32 rounded to odd, so as not to round twice."""
        source, regs = self.types[x], list(self.put_in_regs(x))
        if LANE[source] == F64:
            op = "fcvtn#_s" if LANE[ty] == F32 else "fcvtxn#_s"
            regs = self.halved(op, of_lanes(F32), regs, len(self.parts(ty - LANE[ty] + F32)))
        if LANE[ty] == F16:
            regs = self.halved("fcvtn#_h", of_lanes(F16), regs, len(self.parts(ty)))
        return one(regs)

    # From integers.

    def from_ints(self, is_signed: bool, ty: Any, x: Any) -> Any:
        """fcvt_from_sint and _uint. Narrower integers are extended; i64 becomes f32 one by one, for it must not round twice."""
        source, regs = self.types[x], list(self.put_in_regs(x))
        if LANE_BITS[source] > LANE_BITS[ty]:
            name = f"{'s' if is_signed else 'u'}cvtf_{LETTER[LANE[ty]]}{LANE_BITS[source]}"
            return self.by_lane(ty, x, lambda r: self.fop(ROWS[name], r))
        regs = self.extended_parts(is_signed, source, as_int(LANE[ty]), regs)
        return one([self.pf("scvtf" if is_signed else "ucvtf", self.parts(ty)[0], r) for r in regs])

    # To integers.

    def to_ints(self, how: Any, is_signed: bool, ty: Any, x: Any) -> Any:
        """``how``: sat (NaN is 0), proven, trap, x86. Lanes of the same width at once, others one by one; so are those
        that may trap, in order.
        """
        source = self.types[x]
        if how in ("sat", "proven") and LANE_BITS[source] == LANE_BITS[ty]:
            return self.lanes(lambda t, a: self.pf("fcvtzs" if is_signed else "fcvtzu", FLOAT_OF[LANE_BITS[t]], a), ty, x)
        return self.by_lane(ty, x, lambda r: self._lane_to_int(how, is_signed, LANE[ty], LANE[source], r))

    def _lane_to_int(self, how: str, is_signed: bool, type: Any, source: Any, r: Any) -> Any:
        """One lane, as of scalars."""
        if how == "x86":
            return self.to_int_or_minimum_of(type, source, r)
        if how == "proven":
            return self.truncated(is_signed, type, source, r)
        name = f"to_{'s' if is_signed else 'u'}int_{'sat_' if how == 'sat' else ''}of"
        return getattr(self, name)(type, source, r)
