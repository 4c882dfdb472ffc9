"""Packed floats: arithmetic, rounding, conversions."""

from __future__ import annotations

from typing import Any

from jitpy.backend.ir.types import F32, F64, LANE, LANE_BITS
from jitpy.backend.isa.s390x.lowering.float import QUIET
from jitpy.backend.isa.s390x.lowering.vector_base import FORMAT, elements
from jitpy.backend.isa.s390x.lowering.vector_lanes import VectorLanesLowering
from jitpy.backend.isa.s390x.rows import ROWS
from jitpy.backend.isa.vectors import one

_ROUNDING = (4, 7, 6, 5)
_AS_THE_MODE = (0, 0)
_TO_ZERO = (QUIET, 5)


class VectorFloatLowering(VectorLanesLowering):
    """See the module's docstring."""

    def f(self, op: str, t: Any, *regs: Any, imm: Any = None) -> Any:
        """Emit the operation of t's format."""
        return self.xop(ROWS[f"vf{op}{FORMAT[LANE_BITS[t]]}"], *regs, imm=imm)

    def v_fadd(self, t: Any, a: Any, b: Any) -> Any:
        """a + b."""
        return self.f("a", t, a, b)

    def v_fsub(self, t: Any, a: Any, b: Any) -> Any:
        """a - b."""
        return self.f("s", t, a, b)

    def v_fmul(self, t: Any, a: Any, b: Any) -> Any:
        """a * b."""
        return self.f("m", t, a, b)

    def v_fdiv(self, t: Any, a: Any, b: Any) -> Any:
        """a / b."""
        return self.f("d", t, a, b)

    def v_sqrt(self, t: Any, a: Any) -> Any:
        """Square root."""
        return self.f("sq", t, a)

    def v_fmin(self, t: Any, a: Any, b: Any) -> Any:
        """NaN where an operand is; -0 is less than +0."""
        return self.f("min", t, a, b, imm=1)

    def v_fmax(self, t: Any, a: Any, b: Any) -> Any:
        """The same for the greater."""
        return self.f("max", t, a, b, imm=1)

    def sign_bits(self, t: Any) -> Any:
        """The sign of each lane."""
        bits = LANE_BITS[t]
        return self.constant(elements(bits, 1 << bits - 1))

    def v_fneg(self, t: Any, a: Any) -> Any:
        """Flip the sign."""
        return self.f("lc", t, a) if LANE_BITS[t] > 16 else self.x("vx", a, self.sign_bits(t))

    def v_fabs(self, t: Any, a: Any) -> Any:
        """Clear the sign."""
        return self.f("lp", t, a) if LANE_BITS[t] > 16 else self.x("vnc", a, self.sign_bits(t))

    def v_fcopysign(self, t: Any, a: Any, b: Any) -> Any:
        """|a| with b's sign."""
        return self.x("vsel", b, a, self.sign_bits(t))

    def round_lanes(self, mode: int, ty: Any, x: Any) -> Any:
        """0 nearest, 1 down, 2 up, 3 to zero."""
        return self.lanes(lambda t, a: self.f("i", t, a, imm=(QUIET, _ROUNDING[mode])), ty, x)

    def fma_lanes(self, ty: Any, x: Any, y: Any, z: Any) -> Any:
        """x * y + z, rounded once."""
        return self.lanes(lambda t, a, b, c: self.f("ma", t, a, b, c), ty, x, y, z)

    # Other formats: instructions work on every second lane of 32 bits.

    def v_promote(self, r: Any, second: bool) -> Any:
        """f64x2 of the first or second two lanes of f32x4."""
        return self.x("vflls", self.xop(ROWS["vmrl.f" if second else "vmrh.f"], r, r))

    def v_demote(self, a: Any, b: Any) -> Any:
        """f32x4 of two f64x2."""
        halves = [self.shr(64, self.x("vflrd", r, imm=_AS_THE_MODE), 32) for r in (a, b)]
        return self.xop(ROWS["vpk.g"], *halves)

    def promote_low(self, x: Any) -> Any:
        """fvpromote_low."""
        return self.v_promote(self.put_in_regs(x)[0], False)

    def demote_low(self, x: Any) -> Any:
        """fvdemote: the upper lanes are zero."""
        r = self.put_in_reg(x)
        half = self.shr(64, self.x("vflrd", r, imm=_AS_THE_MODE), 32)
        return self.xop(ROWS["vpk.g"], half, self.zero())

    def promote_lanes(self, ty: Any, x: Any) -> Any:
        """As many lanes, so twice the bits."""
        if LANE[ty] != F64 or LANE[self.types[x]] != F32:
            return None
        found = [self.v_promote(r, second) for r in self.put_in_regs(x) for second in (False, True)]
        return one(found[: len(self.parts(ty))])

    def demote_lanes(self, ty: Any, x: Any) -> Any:
        """As many lanes, so half the bits."""
        if LANE[ty] != F32 or LANE[self.types[x]] != F64:
            return None
        regs = list(self.put_in_regs(x))
        if len(regs) & 1:
            regs += regs
        return one([self.v_demote(a, b) for a, b in zip(regs[::2], regs[1::2])])

    # Integers.

    def from_ints(self, signed: bool, ty: Any, x: Any) -> Any:
        """fcvt_from_sint and _uint. 32-bit lanes become f64 exactly, which is then rounded once; other widths lane by lane."""
        source = self.types[x]
        bits, wanted = LANE_BITS[source], LANE_BITS[ty]
        if bits == wanted == 64:
            return self.lanes(lambda t, a: self._from_longs(signed, a), ty, x)
        if bits == wanted == 32:
            if self.features["has_vxrs_ext2"]:
                row = "vcefb" if signed else "vcelfb"
                return self.lanes(lambda t, a: self.x(row, a, imm=_AS_THE_MODE), ty, x)
            return self.lanes(lambda t, a: self._from_words(signed, a), ty, x)
        lane = LANE[ty]
        extend = self._extend_lane(signed, bits)
        return self.by_lane(ty, x, lambda r: self.from_long(signed, lane, extend(r)))

    def _from_longs(self, signed: bool, r: Any) -> Any:
        return self.x("vcdgb" if signed else "vcdlgb", r, imm=_AS_THE_MODE)

    def _from_words(self, signed: bool, r: Any) -> Any:
        doubles = [self._from_longs(signed, self.v_widen(signed, 32, r, second)) for second in (False, True)]
        return self.v_demote(*doubles)

    def _extend_lane(self, signed: bool, bits: int) -> Any:
        """What makes 64 bits of a lane, which came zero-extended."""
        if not signed or bits == 64:
            return lambda r: r
        row = ROWS[{8: "lgbr", 16: "lghr", 32: "lgfr"}[bits]]
        return lambda r: self.op(row, r)

    def to_ints(self, how: str, signed: bool, ty: Any, x: Any) -> Any:
        """``how``: sat (NaN is 0), proven, trap. Lanes of the same width at once, others one by one; so are those that may
        trap, in order.
        """
        source = self.types[x]
        bits = LANE_BITS[ty]
        if how != "trap" and bits == LANE_BITS[source] and bits >= 32:
            convert = self._to_longs if bits == 64 else self._to_words
            return self.lanes(lambda t, a: convert(signed, a), ty, x)
        lane, of = LANE[ty], LANE[source]
        name = f"to_{'s' if signed else 'u'}int{'' if how == 'trap' else '_' + how}"
        return self.by_lane(ty, x, lambda r: self.lane_to_int(name, lane, of, r))

    def lane_to_int(self, name: str, type: Any, source: Any, r: Any) -> Any:
        """One lane, as a scalar is converted."""
        d = self.fop(ROWS["wflls"], r) if source == F32 else r
        return getattr(self, name + "_of")(type, d)

    def _numbers(self, t_bits: int, r: Any) -> Any:
        """r with zeros instead of NaN."""
        return self.x("vn", r, self.x("vfce" + FORMAT[t_bits], r, r))

    def _to_longs(self, signed: bool, r: Any) -> Any:
        if signed:
            return self.x("vcgdb", self._numbers(64, r), imm=_TO_ZERO)
        return self.x("vclgdb", r, imm=_TO_ZERO)

    def _to_words(self, signed: bool, r: Any) -> Any:
        """By way of f64 and 64 bits, saturated again, before z15."""
        if self.features["has_vxrs_ext2"]:
            if signed:
                return self.x("vcfeb", self._numbers(32, r), imm=_TO_ZERO)
            return self.x("vclfeb", r, imm=_TO_ZERO)
        longs = [self._to_longs(signed, self.v_promote(r, second)) for second in (False, True)]
        return self.xop(ROWS["vpks.g" if signed else "vpkls.g"], *longs)


