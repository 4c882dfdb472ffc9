"""Packed floats: arithmetic, rounding, conversions."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from jitpy.backend.ir.types import BITS, F16, F32, F64, I32, I64, LANE, LANE_BITS, LANES
from jitpy.backend.isa.vectors import of_lanes, one
from jitpy.backend.isa.x64.lowering.vector_base import S
from jitpy.backend.isa.x64.lowering.vector_lanes import VectorLanesLowering
from jitpy.backend.isa.x64.rows import ROWS

_SIGN = {16: 1 << 15, 32: 1 << 31, 64: 1 << 63}


def bits_of_float(lane_bits: int, x: float) -> int:
    """A float's bits."""
    return int.from_bytes(struct.pack("<f" if lane_bits == 32 else "<d", x), "little")


class VectorFloatLowering(VectorLanesLowering):
    """See the module's docstring."""

    def s(self, t: Any) -> str:
        """ps or pd."""
        return S[LANE_BITS[t]]

    def float_splat(self, t: Any, x: float) -> Any:
        """A constant in all lanes."""
        return self.splat_of(t, bits_of_float(LANE_BITS[t], x))

    def v_fadd(self, t: Any, a: Any, b: Any) -> Any:
        """a + b."""
        return self.p("add" + self.s(t), t, a, b)

    def v_fsub(self, t: Any, a: Any, b: Any) -> Any:
        """a - b."""
        return self.p("sub" + self.s(t), t, a, b)

    def v_fmul(self, t: Any, a: Any, b: Any) -> Any:
        """a * b."""
        return self.p("mul" + self.s(t), t, a, b)

    def v_fdiv(self, t: Any, a: Any, b: Any) -> Any:
        """a / b."""
        return self.p("div" + self.s(t), t, a, b)

    def v_sqrt(self, t: Any, a: Any) -> Any:
        """Square root."""
        return self.p("sqrt" + self.s(t), t, a)

    def v_fmin(self, t: Any, a: Any, b: Any) -> Any:
        """As of scalars (lowering/float.py): both orders, or-ed. A NaN is the canonical one, with its sign set."""
        name = "min" + self.s(t)
        nan = self.v_cmpps(t, "unord", a, b)
        either = self.or_(t, self.p(name, t, a, b), self.p(name, t, b, a))
        return self._canonical(t, nan, self.or_(t, either, nan))

    def v_fmax(self, t: Any, a: Any, b: Any) -> Any:
        """Both orders, and-ed. A NaN is the canonical one, with the sign of the sum, which is the operand's."""
        name = "max" + self.s(t)
        nan = self.v_cmpps(t, "unord", a, b)
        both = self.and_(t, self.p(name, t, a, b), self.p(name, t, b, a))
        return self._canonical(t, nan, self.choose_lanes(t, nan, self.v_fadd(t, a, b), both))

    def _canonical(self, t: Any, nan: Any, r: Any) -> Any:
        """r, whose lanes under the mask ``nan`` are quiet NaNs and lose what is below the quiet bit."""
        fraction = 22 if LANE_BITS[t] == 32 else 51
        return self.andn(t, self.shr(t, nan, LANE_BITS[t] - fraction), r)

    def v_pmin(self, t: Any, a: Any, b: Any) -> Any:
        """a < b ? a : b, which is minps itself."""
        return self.p("min" + self.s(t), t, a, b)

    def v_pmax(self, t: Any, a: Any, b: Any) -> Any:
        """a > b ? a : b, which is maxps itself."""
        return self.p("max" + self.s(t), t, a, b)

    def v_fneg(self, t: Any, a: Any) -> Any:
        """Flip the sign."""
        return self.pc("pxor", t, a, _SIGN[LANE_BITS[t]])

    def v_fabs(self, t: Any, a: Any) -> Any:
        """Clear the sign."""
        return self.pc("pand", t, a, _SIGN[LANE_BITS[t]] - 1)

    def v_fcopysign(self, t: Any, a: Any, b: Any) -> Any:
        """|a| with b's sign."""
        return self.or_(t, self.v_fabs(t, a), self.pc("pand", t, b, _SIGN[LANE_BITS[t]]))

    def round_lanes(self, mode: Any, ty: Any, x: Any) -> Any:
        """0 nearest, 1 down, 2 up, 3 to zero."""
        return self.lanes(lambda t, a: self.v_round(mode, t, a), ty, x)

    def v_round(self, mode: int, t: Any, a: Any) -> Any:
        """Without SSE4.1 as of scalars: 2^p added and taken off rounds to nearest; then one step where that went wrong."""
        if BITS[t] == 512:
            return self.p("rndscale" + self.s(t), t, a, imm=mode | 8)
        if self.sse41:
            return self.p("round" + self.s(t), t, a, imm=mode | 8)
        top = _SIGN[LANE_BITS[t]]
        limit = self.float_splat(t, 2.0**52 if LANE_BITS[t] == 64 else 2.0**23)
        one_ = self.float_splat(t, 1.0)
        sign, magnitude = self.pc("pand", t, a, top), self.v_fabs(t, a)
        near = self.v_fsub(t, self.v_fadd(t, magnitude, limit), limit)
        if mode == 3:
            near = self.v_fsub(t, near, self.and_(t, self.v_cmpps(t, "lt", magnitude, near), one_))
        near = self.or_(t, near, sign)
        if mode == 1:
            near = self.v_fsub(t, near, self.and_(t, self.v_cmpps(t, "lt", a, near), one_))
        elif mode == 2:
            near = self.v_fadd(t, near, self.and_(t, self.v_cmpps(t, "lt", near, a), one_))
        near = self.or_(t, near, sign)
        # NaN stays as it is, quieted by an addition.
        small = self.v_cmpps(t, "lt", magnitude, limit)
        return self.choose_lanes(t, small, near, self.v_fadd(t, a, self.zero(t)))

    def fma_lanes(self, ty: Any, x: Any, y: Any, z: Any) -> Any:
        """x * y + z, rounded once."""
        return self.lanes(lambda t, a, b, c: self.p("vfmadd231" + self.s(t), t, c, a, b), ty, x, y, z)

    # Lanes of other widths: as many of them, in more or fewer registers.

    def doubled(self, op: str, t: Any, regs: list[Any], wide: list[Any]) -> list[Any]:
        """``op`` makes lanes of twice the width out of a register's lower half; t: the registers' type, wide: the results'."""
        u = wide[0]
        if BITS[u] == 2 * BITS[t] or len(wide) == len(regs):
            return [self.p(op, u, r) for r in regs]
        found = []
        for r in regs:
            high = self.high(t, r) if BITS[t] > 128 else self.p("pshufd", t, r, imm=0xEE)
            found += [self.p(op, u, r), self.p(op, u, high)]
        return found

    def halved(self, op: str, t: Any, regs: list[Any], narrow: list[Any], imm: int | None = None) -> list[Any]:
        """``op`` makes half a register of a whole one; t: the registers' type, narrow: the results'."""
        u = narrow[0]
        half = of_lanes(LANE[u], max(BITS[t] // 2, 128))
        made = [self.p(op, t, r, to=half, imm=imm) for r in regs]
        if len(narrow) == len(regs):
            return made
        if BITS[t] == 128:
            return [self.p("punpcklqdq", u, a, b) for a, b in zip(made[::2], made[1::2])]
        return [self.two_halves(u, a, b) for a, b in zip(made[::2], made[1::2])]

    def by_lane(self, ty: Any, x: Any, f: Callable[[Any], Any]) -> Any:
        """f on each lane as a scalar, in order."""
        source, regs = self.types[x], self.put_in_regs(x)
        t = self.parts(source)[0]
        parts = self.parts(ty)
        u = parts[0]
        pieces = [self.zero(of_lanes(LANE[u], 128)) for _ in parts for _ in range(BITS[u] // 128)]
        for i in range(LANES[ty]):
            part, lane = divmod(i, LANES[t])
            here, r, lane = self._piece(t, regs[part], lane)
            value = f(self.v_extract(here, r, lane))
            at, lane = divmod(i, LANES[of_lanes(LANE[u], 128)])
            pieces[at] = self.v_insert(of_lanes(LANE[u], 128), pieces[at], value, lane)
        return one(self._gathered(u, pieces))

    def _gathered(self, t: Any, pieces: list[Any]) -> list[Any]:
        """Registers of type t out of pieces of 128 bits."""
        bits = 128
        while bits < BITS[t]:
            bits *= 2
            wide = of_lanes(LANE[t], bits)
            pieces = [self.two_halves(wide, a, b) for a, b in zip(pieces[::2], pieces[1::2])]
        return pieces

    def promote_low(self, x: Any) -> Any:
        """fvpromote_low."""
        return self.p("cvtps2pd", of_lanes(F64, 128), self.put_in_reg(x))

    def demote_low(self, x: Any) -> Any:
        """fvdemote."""
        return self.p("cvtpd2ps", of_lanes(F64, 128), self.put_in_reg(x), to=of_lanes(F32, 128))

    def promote_lanes(self, ty: Any, x: Any) -> Any:
        """fpromote; halves by way of f32."""
        source = self.types[x]
        t, regs = self.parts(source)[0], list(self.put_in_regs(x))
        if LANE[source] == F16:
            middle = self.parts(ty - LANE[ty] + F32)
            regs = self.doubled("cvtph2ps", t, regs, middle)
            t = middle[0]
        return one(self.doubled("cvtps2pd", t, regs, self.parts(ty)) if LANE[ty] == F64 else regs)

    def demote_lanes(self, ty: Any, x: Any) -> Any:
        """fdemote; f64 to f16 one by one, for it must not round twice."""
        source = self.types[x]
        if LANE[source] == F64 and LANE[ty] == F16:
            return self.by_lane(ty, x, lambda r: self.fop(ROWS["vcvtps2ph_rr"], self._to_odd(r), imm=0))
        t, regs = self.parts(source)[0], list(self.put_in_regs(x))
        if LANE[ty] == F16:
            return one(self.halved("cvtps2ph", t, regs, self.parts(ty), imm=0))
        return one(self.halved("cvtpd2ps", t, regs, self.parts(ty)))

    # From integers.

    def from_ints(self, signed: bool, ty: Any, x: Any) -> Any:
        """fcvt_from_sint and _uint. Narrow integers are extended, and are then signed."""
        source = self.types[x]
        bits, wanted = LANE_BITS[source], LANE_BITS[ty]
        regs = list(self.put_in_regs(x))
        t = self.parts(source)[0]
        if bits < 32 or (bits < wanted and not signed):
            lane = I64 if bits == 32 else I32
            made = self.extend_lanes(signed, source - LANE[source] + lane, x)
            regs = list(made) if made.__class__ is tuple else [made]
            source = source - LANE[source] + lane
            t = self.parts(source)[0]
            signed, bits = True, LANE_BITS[source]
        if bits == wanted:
            return one([self.v_from_int(u, signed, r) for u, r in zip(self.parts(ty), regs)])
        if bits < wanted:
            return one(self.doubled("cvtdq2pd", t, regs, self.parts(ty)))
        scalar = self._float_of_signed if signed else self._float_of_unsigned
        return self.by_lane(ty, x, lambda r: scalar(LANE[ty], r))

    def _float_of_signed(self, type: Any, r: Any) -> Any:
        return self._from_int(type, 64, r)

    def _float_of_unsigned(self, type: Any, r: Any) -> Any:
        return self.from_u64(type, r)

    def v_from_int(self, t: Any, signed: bool, a: Any) -> Any:
        """Lanes of the same width. Without an instruction the halves are converted exactly and added, which rounds once."""
        if LANE_BITS[t] == 32:
            if signed:
                return self.p("cvtdq2ps", t, a)
            if self.evex(t):
                return self.p("cvtudq2ps", t, a)
            low, high = self.pc("pand", t, a, 0xFFFF), self.shr(t, a, 16)
            high = self.p("mulps", t, self.p("cvtdq2ps", t, high), self.float_splat(t, 65536.0))
            return self.v_fadd(t, high, self.p("cvtdq2ps", t, low))
        if self.evex(t, "avx512dq"):
            return self.p("cvtqq2pd" if signed else "cvtuqq2pd", t, a)
        # As fractions of doubles: 2^52 + lower half; 2^84 + upper half * 2^32, the sign bit flipped to be unsigned.
        low = self.or_(t, self.pc("pand", t, a, 0xFFFFFFFF), self.splat_of(t, 0x4330000000000000))
        high = self.pc("pxor", t, self.shr(t, a, 32), 0x4530000080000000 if signed else 0x4530000000000000)
        base = 2.0**84 + 2.0**52 + (2.0**63 if signed else 0.0)
        return self.v_fadd(t, self.v_fsub(t, high, self.float_splat(t, base)), low)

    def from_low_ints(self, x: Any) -> Any:
        """f64x2 of the low lanes of i32x4."""
        return self.p("cvtdq2pd", of_lanes(F64, 128), self.put_in_reg(x))

    # To integers.

    def to_low_ints(self, signed: bool, x: Any) -> Any:
        """f64x2 to saturated 32 bits, zeros above. What is too low comes out as the minimum by itself; unsigned numbers are
        the lower halves of doubles with 2^52 added.
        """
        t = of_lanes(F64, 128)
        a = self.put_in_reg(x)
        if signed:
            a = self.and_(t, a, self.v_cmpps(t, "ord", a, a))
            return self.p("cvttpd2dq", t, self.p("minpd", t, a, self.float_splat(t, 2.0**31 - 1)))
        a = self.p("minpd", t, self.p("maxpd", t, a, self.zero(t)), self.float_splat(t, 2.0**32 - 1))
        a = self.v_fadd(t, self.v_round(3, t, a), self.float_splat(t, 2.0**52))
        return self.p("shufps", t, a, self.zero(t), imm=0x88)

    def to_ints(self, how: Any, signed: bool, ty: Any, x: Any) -> Any:
        """``how``: sat (NaN is 0), proven, trap, x86. Lanes of the same width at once, others one by one; so are those
        that may trap, in order.
        """
        source = self.types[x]
        if how == "x86" and LANE_BITS[ty] < 32:
            return None
        whole = LANE_BITS[ty] == 32 or (LANE_BITS[ty] == 64 and self.evex(self.parts(ty)[0], "avx512dq"))
        if how != "trap" and LANE_BITS[source] == LANE_BITS[ty] and whole:
            convert = self._truncated if how in ("x86", "proven") and signed else self._saturated_int
            return self.lanes(lambda t, a: convert(t, signed, a), ty, x)
        return self.by_lane(ty, x, lambda r: self._lane_to_int(how, signed, LANE[ty], LANE[source], r))

    def _truncated(self, t: Any, signed: bool, a: Any) -> Any:
        """The bare instruction."""
        return self.p("cvttps2dq" if LANE_BITS[t] == 32 else "cvttpd2qq", t, a)

    def _saturated_int(self, t: Any, signed: bool, a: Any) -> Any:
        """t: the integers' type."""
        bits = LANE_BITS[t]
        f = of_lanes(F32 if bits == 32 else F64, BITS[t])
        if signed:
            # NaN becomes 0; what is too large comes out as the minimum, whose complement is the maximum.
            a = self.and_(t, a, self.v_cmpps(f, "ord", a, a))
            over = self.v_cmpps(f, "le", self.float_splat(f, 2.0 ** (bits - 1)), a)
            return self.xor_(t, self._truncated(t, True, a), over)
        a = self.p("max" + self.s(f), f, a, self.zero(f))  # the second operand where the first is NaN
        if self.evex(t):
            return self.p("cvttps2udq" if bits == 32 else "cvttpd2uqq", t, a)
        # Above 2^31 the rest is converted: the two results together. Above 2^32 the rest's is the top bit alone.
        half = self.float_splat(f, 2.0**31)
        low, rest = self._truncated(t, True, a), self.v_fsub(f, a, half)
        over = self.v_cmpps(f, "le", half, rest)
        high = self.or_(t, self._truncated(t, True, rest), over)
        return self.or_(t, low, self.and_(t, high, self.sign_mask(t, low)))

    def _lane_to_int(self, how: str, signed: bool, type: Any, source: Any, r: Any) -> Any:
        """One lane, as of scalars."""
        if how == "x86" or (how == "proven" and signed):
            return self._truncate(source, 64 if type == I64 else 32, r)
        if source == F32 and type <= I32:
            source, r = F64, self._convert_float("cvtss2sd", r)
        name = f"to_{'s' if signed else 'u'}int_{'sat_' if how == 'sat' else ''}of"
        if how == "proven":
            name = "to_uint_sat_of"
        return getattr(self, name)(type, source, r)

