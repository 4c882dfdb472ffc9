"""Conversions. An f32 that becomes an integer of at most 32 bits is widened first, exactly, so that all bounds are
exact too.
"""

from __future__ import annotations

from typing import Any

from jitpy.backend.ir.types import BITS, F16, F32, F64, I32, I64, I128
from jitpy.backend.isa.x64.conditions import AE, BE, B, P
from jitpy.backend.isa.x64.lowering.float import FloatLowering
from jitpy.backend.isa.x64.rows import ROWS

_S = {F32: "ss", F64: "sd"}
_BAD, _RANGE = "bad_toint", "int_ovf"


class ConvertLowering(FloatLowering):
    """See the module's docstring."""

    # Integers.

    def extend(self, signed_: bool, type: Any, x: Any) -> Any:
        """x extended to the type."""
        if type == I128:
            if self.types[x] == I64:
                low = self.put_in_reg(x)
            else:
                low = self.sign_extended(x) if signed_ else self.zero_extended(x)
            return low, (self.op(ROWS["sar64_ri"], low, imm=63) if signed_ else self.imm(0))
        return self.sign_extended(x, 64 if type == I64 else 32) if signed_ else self.zero_extended(x)

    def reduce(self, x: Any) -> Any:
        """The low part: nothing to do, upper bits are arbitrary."""
        return self.put_in_regs(x)[0]

    def concat(self, x: Any, y: Any) -> Any:
        """Two halves to a pair; narrower ones by a shift."""
        type = self.types[x]
        if type == I64:
            return self.put_in_reg(x), self.put_in_reg(y)
        name = "shl64_ri" if type == I32 else "shl32_ri"
        high = self.op(ROWS[name], self.put_in_reg(y), imm=BITS[type])
        return self.alu_rr("or", I64, self.zero_extended(x), high)

    def split(self, x: Any) -> tuple[Any, Any]:
        """A pair's halves, as two results; those of narrower types by a shift."""
        type = self.types[x]
        if type == I128:
            return tuple(self.put_in_regs(x))
        r = self.put_in_reg(x)
        return r, self.op(ROWS["shr64_ri" if type == I64 else "shr32_ri"], r, imm=BITS[type] // 2)

    # From integers. The legacy forms keep upper lanes: a zeroed register goes in first, and breaks the dependency.

    def _from_int(self, type: Any, bits: Any, r: Any) -> Any:
        zero = self.float_bits(type, 0)
        return self.fop(ROWS[f"{'v' * self.avx}cvtsi2{_S[type]}{bits}_rr"], zero, r)

    def from_sint(self, type: Any, x: Any) -> Any:
        """cvtsi2sd, from memory where x is a load of 32 or 64 bits."""
        source = self.types[x]
        if source >= I32:
            bits = BITS[source]
            if self.is_load(x):
                zero = self.float_bits(type, 0)
                amode, trap = self.load_of(x)
                return self.fop_mem(ROWS[f"{'v' * self.avx}cvtsi2{_S[type]}{bits}_rm"], amode, zero, trap=trap)
            return self._from_int(type, bits, self.put_in_reg(x))
        return self._from_int(type, 32, self.sign_extended(x, 32))

    def from_uint(self, type: Any, x: Any) -> Any:
        """Narrower ones are exact as i64. An i64 with its top bit set is halved, its lowest bit kept sticky, and
        doubled again.
        """
        source = self.types[x]
        if source < I64:
            return self._from_int(type, 64, self.zero_extended(x))
        return self.from_u64(type, self.put_in_reg(x))

    def from_u64(self, type: Any, r: Any) -> Any:
        """A float of an unsigned 64-bit register."""
        half = self.alu_rr("or", I64, self.op(ROWS["shr64_ri"], r, imm=1), self.alu_imm("and", I64, r, 1))
        self.do(ROWS["test64_rr"], r, r)
        chosen = self.op(ROWS["cmovs64_rr"], r, half)
        once = self._from_int(type, 64, chosen)
        twice = self.float_rr("add", type, once, once)
        self.do(ROWS["test64_rr"], r, r)
        return self.fop(ROWS["select_float"], once, twice, imm=8)

    # To integers.

    def _truncate(self, type: Any, bits: Any, r: Any) -> Any:
        return self.op(ROWS[f"{'v' * self.avx}cvtt{_S[type]}2si{bits}_rr"], r)

    def _widened(self, target: Any, x: Any) -> tuple[Any, Any]:
        """The operand as (type, vreg), as f64 for targets up to 32 bits."""
        type = self.types[x]
        r = self.put_in_reg(x)
        if type == F32 and target <= I32:
            return F64, self._convert_float("cvtss2sd", r)
        return type, r

    def _convert_float(self, name: str, r: Any) -> Any:
        if self.avx:
            return self.fop(ROWS[f"v{name}_rr"], r, r)
        return self.fop(ROWS[name + "_rr"], self.float_bits(F64, 0), r)

    def to_sint_proven(self, type: Any, x: Any) -> Any:
        """The bare instruction."""
        source = self.types[x]
        if self.is_load(x):
            amode, trap = self.load_of(x)
            name = f"{'v' * self.avx}cvtt{_S[source]}2si{64 if type == I64 else 32}_rm"
            return self.op_mem(ROWS[name], amode, trap=trap)
        return self._truncate(source, 64 if type == I64 else 32, self.put_in_reg(x))

    def to_int_or_minimum(self, type: Any, x: Any) -> Any:
        """The bare instruction gives the minimum where the number does not fit; so do types of 8 and 16 bits."""
        r = self._truncate(self.types[x], 64 if type == I64 else 32, self.put_in_reg(x))
        bits = BITS[type]
        if bits >= 32:
            return r
        minimum = self.imm(1 << (bits - 1))
        narrowed = self.op(ROWS[f"movsx32_{bits}_rr"], r)
        self.do(ROWS["cmp32_rr"], narrowed, r)
        return self.op(ROWS["cmovne32_rr"], r, minimum)

    def to_uint_proven(self, type: Any, x: Any) -> Any:
        """Up to u32 as i64. For u64: x and x - 2^63 are both converted; one of them is too large where the top bit
        is to be set, and then the first is just the top bit: a | (b & (a >> 63))."""
        source = self.types[x]
        r = self.put_in_reg(x)
        if type < I64:
            return self._truncate(source, 64 if type == I32 else 32, r)
        return self._to_u64(source, r)

    def _to_u64(self, source: Any, r: Any) -> Any:
        low = self._truncate(source, 64, r)
        high = self._truncate(source, 64, self.float_rr("sub", source, r, self.float_imm(source, 2.0**63)))
        mask = self.op(ROWS["sar64_ri"], low, imm=63)
        return self.alu_rr("or", I64, low, self.alu_rr("and", I64, high, mask))

    def to_sint(self, type: Any, x: Any) -> Any:
        """Traps on NaN, and outside of -2^(n-1) - 1 < x < 2^(n-1)."""
        return self.to_sint_of(type, *self._widened(type, x))

    def to_sint_of(self, type: Any, source: Any, r: Any) -> Any:
        """The same of a register with a float of type ``source``."""
        bits = BITS[type]
        self.ucomi_rr(source, r, r)
        self.do(ROWS["trap_if"], imm=(P, _BAD))
        self.ucomi_rr(source, r, self.float_imm(source, 2.0 ** (bits - 1)))
        self.do(ROWS["trap_if"], imm=(AE, _RANGE))
        if type == I64:
            self.ucomi_rr(source, r, self.float_imm(source, -(2.0**63)))
            self.do(ROWS["trap_if"], imm=(B, _RANGE))
        else:
            self.ucomi_rr(source, r, self.float_imm(source, -(2.0 ** (bits - 1)) - 1))
            self.do(ROWS["trap_if"], imm=(BE, _RANGE))
        return self._truncate(source, 64 if type == I64 else 32, r)

    def to_uint(self, type: Any, x: Any) -> Any:
        """Traps on NaN, and outside of -1 < x < 2^n."""
        return self.to_uint_of(type, *self._widened(type, x))

    def to_uint_of(self, type: Any, source: Any, r: Any) -> Any:
        """The same of a register with a float of type ``source``."""
        self.ucomi_rr(source, r, r)
        self.do(ROWS["trap_if"], imm=(P, _BAD))
        self.ucomi_rr(source, r, self.float_imm(source, 2.0 ** BITS[type]))
        self.do(ROWS["trap_if"], imm=(AE, _RANGE))
        self.ucomi_rr(source, r, self.float_imm(source, -1.0))
        self.do(ROWS["trap_if"], imm=(BE, _RANGE))
        if type == I64:
            return self._to_u64(source, r)
        return self._truncate(source, 64 if type == I32 else 32, r)

    def _nan_to_zero(self, source: Any, r: Any) -> Any:
        return self.logic("and", r, self.float_rr("cmpord", source, r, r))

    def to_sint_sat(self, type: Any, x: Any) -> Any:
        """NaN becomes 0, then the value is clamped; for i64, whose maximum is no float, the result is corrected
        instead.
        """
        return self.to_sint_sat_of(type, *self._widened(type, x))

    def to_sint_sat_of(self, type: Any, source: Any, r: Any) -> Any:
        """The same of a register."""
        r = self._nan_to_zero(source, r)
        if type < I64:
            bits = BITS[type]
            r = self.float_rr("min", source, r, self.float_imm(source, 2.0 ** (bits - 1) - 1))
            r = self.float_rr("max", source, r, self.float_imm(source, -(2.0 ** (bits - 1))))
            return self._truncate(source, 32, r)
        maximum = self.imm((1 << 63) - 1)
        limit = self.float_imm(source, 2.0**63)
        result = self._truncate(source, 64, r)
        self.ucomi_rr(source, r, limit)
        return self.op(ROWS["cmovae64_rr"], result, maximum)

    def to_uint_sat(self, type: Any, x: Any) -> Any:
        """The same with 0 as the lower bound."""
        return self.to_uint_sat_of(type, *self._widened(type, x))

    def to_uint_sat_of(self, type: Any, source: Any, r: Any) -> Any:
        """The same of a register."""
        r = self._nan_to_zero(source, r)
        r = self.float_rr("max", source, r, self.float_bits(source, 0))
        if type < I64:
            r = self.float_rr("min", source, r, self.float_imm(source, 2.0 ** BITS[type] - 1))
            return self._truncate(source, 64, r)
        maximum = self.imm((1 << 64) - 1)
        limit = self.float_imm(source, 2.0**64)
        result = self._to_u64(source, r)
        self.ucomi_rr(source, r, limit)
        return self.op(ROWS["cmovae64_rr"], result, maximum)

    # Among floats. f16 lies in the low 16 bits of a float register.

    def promote(self, type: Any, x: Any) -> Any:
        """To a wider float."""
        source = self.types[x]
        r = self.put_in_reg(x)
        if source == F16:
            r = self.fop(ROWS["vcvtph2ps_rr"], r)
            return r if type == F32 else self._convert_float("cvtss2sd", r)
        return self._convert_float("cvtss2sd", r)

    def demote(self, type: Any, x: Any) -> Any:
        """To a narrower float. f64 goes to f16 through an f32 rounded to odd, or it would be rounded twice."""
        source = self.types[x]
        r = self.put_in_reg(x)
        if type == F32:
            return self._convert_float("cvtsd2ss", r)
        if source == F64:
            r = self._to_odd(r)
        return self.fop(ROWS["vcvtps2ph_rr"], r, imm=0)

    def _to_odd(self, r: Any) -> Any:
        """f64 to f32, rounded to zero with the last bit set if inexact. Where the nearest f32 is further out, one
        is taken off its bits; where it is inexact at all, the last bit is set. NaN and infinities stay as they are."""
        near = self._convert_float("cvtsd2ss", r)
        back = self._convert_float("cvtss2sd", near)
        magnitude = self.logic_const("and", r, (1 << 63) - 1)
        back_magnitude = self.logic_const("and", back, (1 << 63) - 1)
        bits = self.op(self.vrow("movd_rx"), near)
        zero = self.imm(0)
        one = self.imm(1)
        self.ucomi_rr(F64, back_magnitude, magnitude)
        step = self.op(ROWS["cmova32_rr"], zero, one)
        bits = self.alu_rr("sub", I32, bits, step)
        self.ucomi_rr(F64, back_magnitude, magnitude)
        odd = self.op(ROWS["cmovne32_rr"], zero, one)
        return self.fop(self.vrow("movd_xr"), self.alu_rr("or", I32, bits, odd))
