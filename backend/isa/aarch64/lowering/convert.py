"""Conversions. Those to integers saturate by themselves, NaN becoming 0; what traps compares first, an f32 that becomes an integer
of at most 32 bits as an f64, where all bounds are exact.
"""

from __future__ import annotations

from typing import Any

from jitpy.backend.ir.types import BITS, F16, F32, F64, I32, I64, I128
from jitpy.backend.isa.aarch64.conditions import GE, HI, LE, MI, VS
from jitpy.backend.isa.aarch64.lowering.float import LETTER, FloatLowering
from jitpy.backend.isa.aarch64.lowering.int import width
from jitpy.backend.isa.aarch64.rows import ROWS

_BAD, _RANGE = "bad_toint", "int_ovf"


class ConvertLowering(FloatLowering):
    """See the module's docstring."""

    # Integers.

    def extend(self, is_signed: bool, type: Any, x: Any) -> Any:
        """x extended to the type."""
        if type == I128:
            low = self.sign_extended(x) if is_signed else self.zero_extended(x)
            return low, (self.op(ROWS["asr64_ri"], low, imm=63) if is_signed else self.imm(0))
        return self.sign_extended(x, 64 if type == I64 else 32) if is_signed else self.zero_extended(x)

    def reduce(self, x: Any) -> Any:
        """The low part: nothing to do, upper bits are arbitrary."""
        return self.put_in_regs(x)[0]

    def concat(self, x: Any, y: Any) -> Any:
        """Two halves to a pair; narrower ones by inserting one above the other."""
        type = self.types[x]
        if type == I64:
            return self.put_in_reg(x), self.put_in_reg(y)
        bits = BITS[type]
        return self.op(ROWS["bfi64" if bits == 32 else "bfi32"], self.put_in_reg(x), self.put_in_reg(y), imm=(bits, bits))

    def split(self, x: Any) -> tuple[Any, Any]:
        """A pair's halves, as two results; those of narrower types by a shift."""
        type = self.types[x]
        if type == I128:
            return tuple(self.put_in_regs(x))
        r = self.put_in_reg(x)
        return r, self.op(ROWS[f"lsr{width(type)}_ri"], r, imm=BITS[type] // 2)

    # From integers.

    def from_sint(self, type: Any, x: Any) -> Any:
        """scvtf."""
        return self.fop(ROWS[f"scvtf_{LETTER[type]}{width(self.types[x])}"], self.extended(True, x))

    def from_uint(self, type: Any, x: Any) -> Any:
        """ucvtf."""
        return self.fop(ROWS[f"ucvtf_{LETTER[type]}{width(self.types[x])}"], self.extended(False, x))

    # To integers.

    def truncated(self, is_signed: bool, type: Any, source: Any, r: Any) -> Any:
        """A register converted to 32 or 64 bits, saturated."""
        return self.op(ROWS[f"fcvtz{'s' if is_signed else 'u'}_{LETTER[source]}{width(type)}"], r)

    def to_sint_proven(self, type: Any, x: Any) -> Any:
        """The bare instruction."""
        return self.truncated(True, type, self.types[x], self.put_in_reg(x))

    def to_uint_proven(self, type: Any, x: Any) -> Any:
        """The bare instruction."""
        return self.truncated(False, type, self.types[x], self.put_in_reg(x))

    def to_sint(self, type: Any, x: Any) -> Any:
        """Traps on NaN, and outside of -2^(n-1) - 1 < x < 2^(n-1)."""
        return self.to_sint_of(type, self.types[x], self.put_in_reg(x))

    def to_sint_of(self, type: Any, source: Any, r: Any) -> Any:
        """The same of a register with a float of type ``source``."""
        bits = BITS[type]
        source, r = self._checked(type, source, r, 2.0 ** (bits - 1))
        if type == I64:
            self.fcmp(source, r, self.float_imm(source, -(2.0**63)))
            self.do(ROWS["trap_if"], imm=(MI, _RANGE))
        else:
            self.fcmp(source, r, self.float_imm(source, -(2.0 ** (bits - 1)) - 1))
            self.do(ROWS["trap_if"], imm=(LE, _RANGE))
        return self.truncated(True, type, source, r)

    def to_uint(self, type: Any, x: Any) -> Any:
        """Traps on NaN, and outside of -1 < x < 2^n."""
        return self.to_uint_of(type, self.types[x], self.put_in_reg(x))

    def to_uint_of(self, type: Any, source: Any, r: Any) -> Any:
        """The same of a register."""
        source, r = self._checked(type, source, r, 2.0 ** BITS[type])
        self.fcmp(source, r, self.float_imm(source, -1.0))
        self.do(ROWS["trap_if"], imm=(LE, _RANGE))
        return self.truncated(False, type, source, r)

    def _checked(self, type: Any, source: Any, r: Any, limit: float) -> tuple[Any, Any]:
        """The operand as (type, vreg), after a check for NaN and of the upper bound."""
        if source == F16 or (source == F32 and type <= I32):
            r = self.fop(ROWS[f"fcvt_d{LETTER[source]}"], r)
            source = F64
        self.fcmp(source, r, r)
        self.do(ROWS["trap_if"], imm=(VS, _BAD))
        self.fcmp(source, r, self.float_imm(source, limit))
        self.do(ROWS["trap_if"], imm=(GE, _RANGE))
        return source, r

    def to_sint_sat(self, type: Any, x: Any) -> Any:
        """The bare instruction; narrow types are clamped."""
        return self.to_sint_sat_of(type, self.types[x], self.put_in_reg(x))

    def to_sint_sat_of(self, type: Any, source: Any, r: Any) -> Any:
        """The same of a register."""
        r = self.truncated(True, type, source, r)
        bits = BITS[type]
        return r if bits >= 32 else self.clamp(r, -1 << bits - 1, (1 << bits - 1) - 1)

    def to_uint_sat(self, type: Any, x: Any) -> Any:
        """The same with 0 as the lower bound."""
        return self.to_uint_sat_of(type, self.types[x], self.put_in_reg(x))

    def to_uint_sat_of(self, type: Any, source: Any, r: Any) -> Any:
        """The same of a register."""
        r = self.truncated(False, type, source, r)
        if type >= I32:
            return r
        limit = self.imm((1 << BITS[type]) - 1)
        self.compare_regs(I32, r, limit)
        return self.cmov(HI, I32, limit, r)

    def to_int_or_minimum(self, type: Any, x: Any) -> Any:
        """What x86-64's conversion gives: the minimum for NaN and whatever does not fit, also of 8 and 16 bits."""
        return self.to_int_or_minimum_of(type, self.types[x], self.put_in_reg(x))

    def to_int_or_minimum_of(self, type: Any, source: Any, x: Any) -> Any:
        """The same of a register."""
        r = self.truncated(True, type, source, x)
        bits = BITS[type]
        minimum = self.imm(1 << bits - 1)
        self.fcmp(source, x, self.float_imm(source, 2.0 ** (width(type) - 1)))
        r = self.cmov(MI, type, r, minimum)
        if bits >= 32:
            return r
        fits_not = self.narrow_fits(True, type, r)
        return self.cmov(fits_not, I32, minimum, r)

    # Among floats.

    def promote(self, type: Any, x: Any) -> Any:
        """To a wider float."""
        return self.fop(ROWS[f"fcvt_{LETTER[type]}{LETTER[self.types[x]]}"], self.put_in_reg(x))

    def demote(self, type: Any, x: Any) -> Any:
        """To a narrower float."""
        return self.promote(type, x)
