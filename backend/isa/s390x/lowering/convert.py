"""Conversions. What becomes an integer of up to 64 bits goes through f64, exactly if it was an f32, and through 64 bits."""

from __future__ import annotations

import struct
from typing import Any

from jitpy.backend.ir.types import BITS, F32, F64, F128, I64, I128, IS_INT
from jitpy.backend.isa.s390x.conditions import HE, LE, H, L, O
from jitpy.backend.isa.s390x.lowering.float import QUIET, FloatLowering
from jitpy.backend.isa.s390x.regs import V0
from jitpy.backend.isa.s390x.rows import ROWS
from jitpy.backend.target.row import FLOAT, REG, MInst

_BAD, _RANGE = "bad_toint", "int_ovf"
_TO_ZERO = (QUIET, 5)
_AS_THE_MODE = (0, 0)
#: To be rounded again: no bit that decides is lost.
_PREPARE = (0, 3)


class ConvertLowering(FloatLowering):
    """See the module's docstring."""

    # Integers.

    def extend(self, signed_: bool, type: Any, x: Any) -> Any:
        """x extended to the type."""
        low = self.extended(signed_, x)
        if type != I128:
            return low
        return low, (self.shifted("sar", low, 63) if signed_ else self.imm(0))

    def reduce(self, x: Any) -> Any:
        """The low part: nothing to do, upper bits are arbitrary."""
        return self.put_in_regs(x)[0]

    def concat(self, x: Any, y: Any) -> Any:
        """Two halves to a pair; narrower ones by a shift."""
        type = self.types[x]
        if type == I64:
            return self.put_in_reg(x), self.put_in_reg(y)
        high = self.shifted("shl", self.put_in_reg(y), BITS[type])
        return self.alu_rr("or", I64, self.zero_extended(x), high)

    def split(self, x: Any) -> tuple[Any, Any]:
        """A pair's halves, as two results; those of narrower types by a shift."""
        type = self.types[x]
        if type == I128:
            low, high = self.put_in_regs(x)
            return low, high
        r = self.put_in_reg(x)
        return r, self.shifted("shr", r, BITS[type] // 2)

    def bitcast(self, type: Any, x: Any) -> Any:
        """Bits of scalars as they are."""
        source = self.types[x]
        if IS_INT[source] == IS_INT[type]:
            regs = self.put_in_regs(x)
            return regs if len(regs) > 1 else regs[0]
        if type == F128:
            return self.joined(*self.put_in_regs(x))
        if source == F128:
            return self.parted(self.put_in_reg(x))
        return self.bits_of(source, x) if IS_INT[type] else self.float_of_bits(type, x)

    # Integers to floats.

    def from_sint(self, type: Any, x: Any) -> Any:
        """From 64 bits."""
        return self.from_long(True, type, self.sign_extended(x))

    def from_uint(self, type: Any, x: Any) -> Any:
        """From 64 bits."""
        return self.from_long(False, type, self.zero_extended(x))

    def from_long(self, signed_: bool, type: Any, r: Any) -> Any:
        """f64 in any register; f32 in f0, since the instruction knows floating-point registers alone."""
        if type == F64:
            return self.fop(ROWS["wcdgb" if signed_ else "wcdlgb"], self.float_from(64, r), imm=_AS_THE_MODE)
        d = self.temp(FLOAT)
        row, imm = (ROWS["cegbr"], None) if signed_ else (ROWS["celgbr"], (0, 0))
        self.emit(MInst(row, (d,), (r,), imm, ((V0,), (REG,), 0)))
        return d

    # Floats to integers.

    def as_double(self, x: Any) -> Any:
        """x as f64."""
        r = self.put_in_reg(x)
        return self.fop(ROWS["wflls"], r) if self.types[x] == F32 else r

    def to_long(self, signed_: bool, double: Any) -> Any:
        """An f64 as 64 bits: truncated, the nearest extreme beyond, NaN as the minimum."""
        r = self.fop(ROWS["wcgdb" if signed_ else "wclgdb"], double, imm=_TO_ZERO)
        return self.bits_from(64, r)

    def double(self, x: float) -> Any:
        """An f64 constant."""
        return self.float_bits(F64, int.from_bytes(struct.pack(">d", x), "big"))

    # From an f64 in a vreg, which is how the lanes of vectors come.

    def _checked(self, signed_: bool, type: Any, d: Any) -> Any:
        bits = BITS[type]
        self.do(ROWS["wfcdb"], d, d)
        self.do(ROWS["trap_if"], imm=(O, _BAD))
        top = 2.0 ** (bits - signed_)
        # The least double that is out of range below: MIN - 1, where that is exact.
        bottom, mask = (-1.0, LE) if not signed_ else (-(2.0**63), L) if bits == 64 else (-(2.0 ** (bits - 1)) - 1, LE)
        self.do(ROWS["wfcdb"], d, self.double(top))
        self.do(ROWS["trap_if"], imm=(HE, _RANGE))
        self.do(ROWS["wfcdb"], d, self.double(bottom))
        self.do(ROWS["trap_if"], imm=(mask, _RANGE))
        return self.to_long(signed_, d)

    def to_sint_of(self, type: Any, d: Any) -> Any:
        """Traps beyond the range and for NaN."""
        return self._checked(True, type, d)

    def to_uint_of(self, type: Any, d: Any) -> Any:
        """The same."""
        return self._checked(False, type, d)

    def to_sint_sat_of(self, type: Any, d: Any) -> Any:
        """The nearest; zero for NaN."""
        r = self.to_long(True, d)
        self.do(ROWS["wfcdb"], d, d)
        r = self.op(ROWS["locghi"], r, imm=(0, O))
        if type != I64:
            top = (1 << BITS[type] - 1) - 1
            r = self.clamped("cgr", self.clamped("cgr", r, top, H), -top - 1, L)
        return r

    def to_uint_sat_of(self, type: Any, d: Any) -> Any:
        """The nearest; zero for NaN, as the instruction has it for unsigned numbers."""
        r = self.to_long(False, d)
        return r if type == I64 else self.clamped("clgr", r, (1 << BITS[type]) - 1, H)

    def to_sint_proven_of(self, type: Any, d: Any) -> Any:
        """Without checks."""
        return self.to_long(True, d)

    def to_uint_proven_of(self, type: Any, d: Any) -> Any:
        """Without checks."""
        return self.to_long(False, d)

    def clamped(self, compare: str, r: Any, bound: int, mask: int) -> Any:
        """r, or the bound where r is beyond it."""
        limit = self.imm(bound)
        self.do(ROWS[compare], r, limit)
        return self.op(ROWS["locgr"], r, limit, imm=mask)

    def to_sint(self, type: Any, x: Any) -> Any:
        """fcvt_to_sint."""
        return self.to_sint_of(type, self.as_double(x))

    def to_uint(self, type: Any, x: Any) -> Any:
        """fcvt_to_uint."""
        return self.to_uint_of(type, self.as_double(x))

    def to_sint_sat(self, type: Any, x: Any) -> Any:
        """fcvt_to_sint_sat."""
        return self.to_sint_sat_of(type, self.as_double(x))

    def to_uint_sat(self, type: Any, x: Any) -> Any:
        """fcvt_to_uint_sat."""
        return self.to_uint_sat_of(type, self.as_double(x))

    def to_sint_proven(self, type: Any, x: Any) -> Any:
        """fcvt_to_sint_proven."""
        return self.to_sint_proven_of(type, self.as_double(x))

    def to_uint_proven(self, type: Any, x: Any) -> Any:
        """fcvt_to_uint_proven."""
        return self.to_uint_proven_of(type, self.as_double(x))

    # Between floats.

    def promote(self, type: Any, x: Any) -> Any:
        """To a wider format, exactly."""
        source = self.types[x]
        if source == type:
            return self.put_in_reg(x)
        d = self.as_double(x)
        return self.xop(ROWS["wflld"], d) if type == F128 else d

    def demote(self, type: Any, x: Any) -> Any:
        """To a narrower format; from f128 to f32 in two steps, of which the first keeps what the second must know."""
        r = self.put_in_reg(x)
        source = self.types[x]
        if source == type:
            return r
        if source == F128:
            r = self.fop(ROWS["wflrx"], r, imm=_PREPARE if type == F32 else _AS_THE_MODE)
        return r if type == F64 else self.fop(ROWS["wflrd"], r, imm=_AS_THE_MODE)
