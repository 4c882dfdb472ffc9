"""Scalar floats. f16 lies in the low bits of a float register (with Zfhmin with ones above), f128 in two general ones."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from jitpy.backend.ir.types import BITS, F16, F32, F64
from jitpy.backend.isa.riscv64.conditions import NE
from jitpy.backend.isa.riscv64.insts.float import FLI
from jitpy.backend.isa.riscv64.lowering.int import IntLowering
from jitpy.backend.isa.riscv64.lowering.memory import MemoryLowering
from jitpy.backend.isa.riscv64.rows import ROWS
from jitpy.backend.target.row import FLOAT

#: The letter of a type's instructions.
LETTER = {F16: "h", F32: "s", F64: "d"}
#: How `struct` packs one.
_PACKED = {F16: "<e", F32: "<f", F64: "<d"}
#: Type -> the least number from which all are whole.
WHOLE = {F16: 2.0**10, F32: 2.0**23, F64: 2.0**52}
#: The bits of the least normal number, which is fli's number 1.
_LEAST = {F16: 1 << 10, F32: 1 << 23, F64: 1 << 52}
#: CLIF's modes of rounding, by number.
_MODES = ("rne", "rdn", "rup", "rtz")


def _fli(type: Any, bits: Any) -> int | None:
    """The number of the constant among those of Zfa's fli, if it is one."""
    least, top = _LEAST[type], 1 << BITS[type] - 1
    if bits == least:
        return 1
    if bits & top - 1 > top - least:  # of NaNs the canonical one
        return 31 if bits == top - least // 2 else None
    x = struct.unpack(_PACKED[type], bits.to_bytes(BITS[type] // 8, "little"))[0]
    number = FLI.get(int.from_bytes(struct.pack("<d", x), "little"))
    return None if number == 1 else number


class FloatLowering(IntLowering, MemoryLowering):
    """See the module's docstring."""

    #: The bits of floats are worked on in general registers: see `record`.
    float_logic = float_not = float_bit_select = None

    # Constants.

    def float_bits(self, type: Any, bits: Any) -> Any:
        """A float constant by its bits."""
        if bits == 0:  # narrower ones have ones above in a register, else they would be NaN
            half = type == F16 and self.features["has_zfhmin"]
            return self.fop(ROWS["fzero.h" if half else "fzero.d" if type == F64 else "fzero.s"])
        if self.features["has_zfa"] and (type != F16 or self.features["has_zfh"]):
            number = _fli(type, bits)
            if number is not None:
                return self.fop(ROWS[f"fli.{LETTER[type]}"], imm=number)
        if type == F16:
            return self.float_in(F16, self.imm(bits))
        return self.fop(ROWS["fconst32" if type == F32 else "fconst64"], imm=bits)

    def float_imm(self, type: Any, x: float) -> Any:
        """A float constant."""
        return self.float_bits(type, int.from_bytes(struct.pack(_PACKED[type], x), "little"))

    def quad_const(self, data: bytes) -> Any:
        """An f128 constant."""
        return self.imm(int.from_bytes(data[:8], "little")), self.imm(int.from_bytes(data[8:], "little"))

    # Arithmetic.

    def float_binary(self, op: str, type: Any, x: Any, y: Any) -> Any:
        """x op y."""
        return self.fop(ROWS[f"f{op}.{LETTER[type]}"], self.put_in_reg(x), self.put_in_reg(y))

    def float_neg(self, type: Any, x: Any) -> Any:
        """Flip the sign."""
        r = self.put_in_reg(x)
        return self.fop(ROWS[f"fsgnjn.{LETTER[type]}"], r, r)

    def float_abs(self, type: Any, x: Any) -> Any:
        """Clear the sign."""
        r = self.put_in_reg(x)
        return self.fop(ROWS[f"fsgnjx.{LETTER[type]}"], r, r)

    def copy_sign(self, type: Any, x: Any, y: Any) -> Any:
        """|x| with y's sign."""
        return self.fop(ROWS[f"fsgnj.{LETTER[type]}"], self.put_in_reg(x), self.put_in_reg(y))

    def float_sqrt(self, type: Any, x: Any) -> Any:
        """The square root."""
        return self.fop(ROWS[f"fsqrt.{LETTER[type]}"], self.put_in_reg(x))

    def extremum(self, op: str, type: Any, x: Any, y: Any) -> Any:
        """fmin and fmax prefer a number to a NaN, Zfa's fminm and fmaxm do not: elsewhere a sum gives the NaN."""
        a, b = self.put_in_reg(x), self.put_in_reg(y)
        s = LETTER[type]
        if self.features["has_zfa"]:
            return self.fop(ROWS[f"f{op}m.{s}"], a, b)
        ordered = self.three("and", self.op(ROWS[f"feq.{s}"], a, a), self.op(ROWS[f"feq.{s}"], b, b))
        found = self.fop(ROWS[f"f{op}.{s}"], a, b)
        return self.choose((NE, ordered, None), found, self.fop(ROWS[f"fadd.{s}"], a, b), FLOAT)

    if TYPE_CHECKING:

        def choose(self, condition: Any, yes: Any, no: Any, cls: Any = 0) -> Any:
            """yes where the condition holds, else no."""

    def round(self, mode: Any, type: Any, x: Any) -> Any:
        """Zfa's fround, or there and back through an integer where |x| is small enough to have a fraction; the sign is x's."""
        r = self.put_in_reg(x)
        s, name = LETTER[type], _MODES[mode]
        if self.features["has_zfa"]:
            return self.fop(ROWS[f"fround.{s}.{name}"], r)
        limit = self.float_imm(type, WHOLE[type])
        small = self.op(ROWS[f"flt.{s}"], self.fop(ROWS[f"fsgnjx.{s}"], r, r), limit)
        w = "l" if type == F64 else "w"
        whole = self.op(ROWS[f"fcvt.{w}.{s}.{name}"], r)
        back = self.fop(ROWS[f"fsgnj.{s}"], self.fop(ROWS[f"fcvt.{s}.{w}"], whole), r)
        return self.choose((NE, small, None), back, r, FLOAT)

    def fma(self, type: Any, x: Any, y: Any, z: Any) -> Any:
        """x * y + z, rounded once."""
        return self.fused("fmadd", type, x, y, z)

    def fused(self, op: str, type: Any, x: Any, y: Any, z: Any) -> Any:
        """The same with signs."""
        return self.fop(ROWS[f"{op}.{LETTER[type]}"], self.put_in_reg(x), self.put_in_reg(y), self.put_in_reg(z))

    # Bits between the register classes.

    def bits_in(self, type: Any, r: Any) -> Any:
        """The bits of a float register in a general one."""
        if type == F16 and self.features["has_zfhmin"]:
            return self.op(ROWS["fmv.x.h"], r)
        return self.op(ROWS["fmv.x.d" if type == F64 else "fmv.x.w"], r)

    def float_in(self, type: Any, r: Any) -> Any:
        """Bits of a general register as a float."""
        if type == F16 and self.features["has_zfhmin"]:
            return self.fop(ROWS["fmv.h.x"], r)
        return self.fop(ROWS["fmv.d.x" if type == F64 else "fmv.w.x"], r)
