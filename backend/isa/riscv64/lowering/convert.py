"""Conversions. Those to integers never trap and saturate, NaN to the greatest: what is checked is checked on the result where
that is possible, else on the float.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.ir.opcodes import BY_NAME
from jitpy.backend.ir.types import BITS, F16, F32, F128, I8, I16, I32, I64, I128
from jitpy.backend.isa.riscv64.conditions import EQ, LT, LTU, NE
from jitpy.backend.isa.riscv64.lowering.float import LETTER, FloatLowering
from jitpy.backend.isa.riscv64.rows import ROWS

_BAD, _RANGE = "bad_toint", "int_ovf"
_PAIRS = (I128, F128)
_ROUNDS = {BY_NAME["nearest"]: "rne", BY_NAME["floor"]: "rdn", BY_NAME["ceil"]: "rup", BY_NAME["trunc"]: "rtz"}
#: Zbkb's instructions that put the halves of a register together.
_PACKS = {I8: "packh", I16: "packw", I32: "pack"}


class ConvertLowering(FloatLowering):
    """See the module's docstring."""

    if TYPE_CHECKING:

        def trap_if(self, condition: Any, code: str) -> None:
            """A trap where the condition holds."""

    # Integers.

    def extend(self, signed_: bool, type: Any, x: Any) -> Any:
        """x extended to the type."""
        low = self.extended(signed_, x)
        if type == I128:
            return low, (self.with_imm("srai", low, 63) if signed_ else self.imm(0))
        return low

    def reduce(self, x: Any) -> Any:
        """The low part: nothing to do, upper bits are arbitrary."""
        return self.put_in_regs(x)[0]

    def concat(self, x: Any, y: Any) -> Any:
        """Two halves to a pair; narrower ones by a shift."""
        type = self.types[x]
        if type == I64:
            return self.put_in_reg(x), self.put_in_reg(y)
        if self.features["has_zbkb"]:
            return self.three(_PACKS[type], self.put_in_reg(x), self.put_in_reg(y))
        high = self.with_imm("slli", self.put_in_reg(y), BITS[type])
        return self.three("or", self.zero_extended(x), high)

    def split(self, x: Any) -> tuple[Any, Any]:
        """A pair's halves, as two results; those of narrower types by a shift."""
        type = self.types[x]
        if type == I128:
            return tuple(self.put_in_regs(x))
        r = self.put_in_reg(x)
        return r, self.with_imm("srli", r, BITS[type] // 2)

    # From integers.

    def from_sint(self, type: Any, x: Any) -> Any:
        """Of a word or doubleword."""
        source = self.types[x]
        r = self.put_in_reg(x) if source >= I32 else self.sign_extended(x)
        return self.fop(ROWS[f"fcvt.{LETTER[type]}.{'l' if source == I64 else 'w'}"], r)

    def from_uint(self, type: Any, x: Any) -> Any:
        """Of a word or doubleword."""
        source = self.types[x]
        r = self.put_in_reg(x) if source >= I32 else self.zero_extended(x)
        return self.fop(ROWS[f"fcvt.{LETTER[type]}.{'lu' if source == I64 else 'wu'}"], r)

    # To integers.

    def _converted(self, width: str, source: Any, r: Any, mode: str = "rtz") -> Any:
        return self.op(ROWS[f"fcvt.{width}.{LETTER[source]}.{mode}"], r)

    def _unrounded(self, x: Any) -> tuple[Any, Any, str]:
        """Type, register and mode of rounding: a float that is rounded first need not be."""
        n = self.nodes[x]
        mode = _ROUNDS.get(n[0])
        v = x if mode is None else n[3]
        return self.types[v], self.put_in_reg(v), mode or "rtz"

    def to_sint_proven(self, type: Any, x: Any) -> Any:
        """The bare instruction."""
        return self._converted("l" if type == I64 else "w", *self._unrounded(x))

    def to_uint_proven(self, type: Any, x: Any) -> Any:
        """The bare instruction."""
        return self._converted("lu" if type == I64 else "wu", *self._unrounded(x))

    def _widened(self, source: Any, r: Any, always: bool = False) -> tuple[Any, Any]:
        """An f16 as an f32, where there is no arithmetic of f16 or ``always``."""
        if source == F16 and (always or not self.features["has_zfh"]):
            return F32, self.fop(ROWS["fcvt.s.h"], r)
        return source, r

    def to_sint(self, type: Any, x: Any) -> Any:
        """Traps on NaN, and outside of -2^(n-1) - 1 < x < 2^(n-1)."""
        return self.to_sint_of(type, *self._unrounded(x))

    def to_sint_of(self, type: Any, source: Any, r: Any, mode: str = "rtz") -> Any:
        """The same of a register with a float of type ``source``."""
        source, r = self._widened(source, r, type == I64)  # f16 has no numbers for those bounds
        s = LETTER[source]
        self.trap_if((EQ, self.op(ROWS[f"feq.{s}"], r, r), None), _BAD)
        result = self._converted("l", source, r, mode)
        if type < I64:
            self.trap_if((NE, self.sext(BITS[type], result), result), _RANGE)
        else:
            self.trap_if((NE, self.op(ROWS[f"fle.{s}"], self.float_imm(source, 2.0**63), r), None), _RANGE)
            self.trap_if((NE, self.op(ROWS[f"flt.{s}"], r, self.float_imm(source, -(2.0**63))), None), _RANGE)
        return result

    def to_uint(self, type: Any, x: Any) -> Any:
        """Traps on NaN, and outside of -1 < x < 2^n."""
        if type == I64:  # its bounds are those of the float, toward zero
            return self.to_uint_of(type, self.types[x], self.put_in_reg(x))
        return self.to_uint_of(type, *self._unrounded(x))

    def to_uint_of(self, type: Any, source: Any, r: Any, mode: str = "rtz") -> Any:
        """The same of a register with a float of type ``source``."""
        source, r = self._widened(source, r, type == I64)  # f16 has no numbers for those bounds
        s = LETTER[source]
        self.trap_if((EQ, self.op(ROWS[f"feq.{s}"], r, r), None), _BAD)
        if type < I64:
            result = self._converted("l", source, r, mode)
            self.trap_if((NE, self.with_imm("srli", result, BITS[type]), None), _RANGE)
            return result
        self.trap_if((NE, self.op(ROWS[f"fle.{s}"], r, self.float_imm(source, -1.0)), None), _RANGE)
        self.trap_if((NE, self.op(ROWS[f"fle.{s}"], self.float_imm(source, 2.0**64), r), None), _RANGE)
        return self._converted("lu", source, r)

    def _zero_if_nan(self, source: Any, r: Any, result: Any) -> Any:
        """The result, or zero where the float is NaN."""
        number = self.op(ROWS[f"feq.{LETTER[source]}"], r, r)
        if self.features["has_zicond"]:
            return self.three("czero.eqz", result, number)
        return self.three("and", result, self.one("neg", number))

    def _clamped(self, signed_: bool, bits: Any, r: Any) -> Any:
        """An integer that is clamped to a narrower type."""
        top = self.imm((1 << bits - signed_) - 1)
        if not signed_:
            return self.three("minu", r, top) if self.features["has_zbb"] else self.choose((LTU, top, r), top, r)
        bottom = self.imm(-(1 << bits - 1))
        if self.features["has_zbb"]:
            return self.three("max", self.three("min", r, top), bottom)
        r = self.choose((LT, top, r), top, r)
        return self.choose((LT, r, bottom), bottom, r)

    def to_sint_sat(self, type: Any, x: Any) -> Any:
        """Saturated by the instruction; NaN becomes 0."""
        return self._saturated(True, type, x)

    def to_uint_sat(self, type: Any, x: Any) -> Any:
        """The same with 0 as the lower bound."""
        return self._saturated(False, type, x)

    def _saturated(self, signed_: bool, type: Any, x: Any) -> Any:
        source, r, mode = self._unrounded(x)
        if signed_:
            width = "l" if type == I64 else "w"
        else:
            width = "wu" if type == I32 else "lu"
        result = self._converted(width, source, r, mode)
        if type < I32:
            result = self._clamped(signed_, BITS[type], result)
        return self._zero_if_nan(source, r, result)

    # Among floats.

    def promote(self, type: Any, x: Any) -> Any:
        """To a wider float."""
        return self.fop(ROWS[f"fcvt.{LETTER[type]}.{LETTER[self.types[x]]}"], self.put_in_reg(x))

    def demote(self, type: Any, x: Any) -> Any:
        """To a narrower float, rounded once."""
        return self.promote(type, x)

    def bitcast(self, type: Any, x: Any) -> Any:
        """Between general and float registers; within one class nothing is to be done."""
        source = self.types[x]
        if source in _PAIRS:
            return self.put_in_regs(x)
        r = self.put_in_reg(x)
        if source <= I64 and type > I128:
            return self.float_in(type, r)
        return self.bits_in(source, r) if source > I128 and type <= I64 else r
