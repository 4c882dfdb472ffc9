"""Scalar floats. f16 and f128 live in vector registers, f16 in the low 16 bits, with arbitrary bits above."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.ir.opcodes import FMUL, FNEG
from jitpy.backend.ir.types import BITS, F16, F32, F64, F128
from jitpy.backend.isa.aarch64.conditions import EQ, FP_ONE, GT, MI, VS
from jitpy.backend.isa.aarch64.immediates import float_immediate
from jitpy.backend.isa.aarch64.lowering.memory import MemoryLowering
from jitpy.backend.isa.aarch64.rows import ROWS

LETTER = {F16: "h", F32: "s", F64: "d"}
#: movi d, 0, which clears all of a register.
ZERO = 0x2F00E400
SIGN = {F16: 1 << 15, F32: 1 << 31, F64: 1 << 63, F128: 1 << 127}
_ROUND = ("frintn", "frintm", "frintp", "frintz")


class FloatLowering(MemoryLowering):
    """See the module's docstring."""

    # Constants.

    def float_bits(self, type: Any, bits: Any) -> Any:
        """A float constant by its bits: zero, the 256 numbers that fmov holds, others from the pool."""
        if bits == 0:
            return self.fop(ROWS["pattern"], imm=ZERO)
        if type != F16 or self.features["has_fp16"]:
            imm = float_immediate(bits, BITS[type])
            if imm is not None:
                return self.fop(ROWS["pattern"], imm=ROWS[f"fmov_{LETTER[type]}i"].word | imm << 13)
        return self.fop(ROWS["vconst"], imm=bits.to_bytes(8, "little"))

    def float_imm(self, type: Any, x: float) -> Any:
        """A float constant of a power of two, or one off."""
        import struct

        return self.float_bits(type, int.from_bytes(struct.pack("<f" if type == F32 else "<d", x), "little"))

    def quad_const(self, data: bytes) -> Any:
        """An f128 constant from the pool."""
        return self.fop(ROWS["vconst"], imm=data) if any(data) else self.fop(ROWS["pattern"], imm=ZERO)

    def quad_bits(self, bits: int) -> Any:
        """The same by a number."""
        return self.quad_const(bits.to_bytes(16, "little"))

    # Arithmetic.

    def float_binary(self, op: str, type: Any, x: Any, y: Any) -> Any:
        """x op y."""
        return self.fop(ROWS[f"f{op}_{LETTER[type]}"], self.put_in_reg(x), self.put_in_reg(y))

    def has_type(self, type: Any) -> bool:
        """Whether there are instructions for a float type."""
        return type in (F32, F64) or (type == F16 and bool(self.features["has_fp16"]))

    def float_neg(self, type: Any, x: Any) -> Any:
        """Flip the sign; of a product while it is formed."""
        n = self.nodes[x]
        if n[0] == FMUL and self.uses[x] == 1 and self.has_type(type):
            return self.fop(ROWS[f"fnmul_{LETTER[type]}"], self.put_in_reg(n[3]), self.put_in_reg(n[4]))
        if self.has_type(type):
            return self.fop(ROWS[f"fneg_{LETTER[type]}"], self.put_in_reg(x))
        return self.fop(ROWS["eor_v"], self.put_in_reg(x), self.quad_bits(SIGN[type]))

    def float_abs(self, type: Any, x: Any) -> Any:
        """Clear the sign."""
        if self.has_type(type):
            return self.fop(ROWS[f"fabs_{LETTER[type]}"], self.put_in_reg(x))
        return self.fop(ROWS["bic_v"], self.put_in_reg(x), self.quad_bits(SIGN[type]))

    def copy_sign(self, type: Any, x: Any, y: Any) -> Any:
        """x with y's sign bit inserted."""
        return self.fop(ROWS["bit_v"], self.put_in_reg(x), self.put_in_reg(y), self.quad_bits(SIGN[type]))

    def float_sqrt(self, type: Any, x: Any) -> Any:
        """fsqrt."""
        return self.fop(ROWS[f"fsqrt_{LETTER[type]}"], self.put_in_reg(x))

    def extremum(self, op: str, type: Any, x: Any, y: Any) -> Any:
        """fmin and fmax are what CLIF wants: NaN if either is, -0 below +0."""
        return self.float_binary(op, type, x, y)

    def round(self, mode: Any, type: Any, x: Any) -> Any:
        """By the instruction with the mode in its name."""
        return self.fop(ROWS[f"{_ROUND[mode]}_{LETTER[type]}"], self.put_in_reg(x))

    def fma(self, type: Any, x: Any, y: Any, z: Any) -> Any:
        """x * y + z, rounded once; with negations of x, y and z."""
        minus = False
        for v in (x, y):
            minus ^= self.nodes[v][0] == FNEG
        x, y = (self.nodes[v][3] if self.nodes[v][0] == FNEG else v for v in (x, y))
        from_z = self.nodes[z][0] == FNEG
        if from_z:
            z = self.nodes[z][3]
        name = {(False, False): "fmadd", (True, False): "fmsub", (True, True): "fnmadd", (False, True): "fnmsub"}[minus, from_z]
        return self.fop(ROWS[f"{name}_{LETTER[type]}"], self.put_in_reg(x), self.put_in_reg(y), self.put_in_reg(z))

    # Comparison and selection.

    if TYPE_CHECKING:

        def condition(self, v: Any) -> Any:
            """Emit what sets the flags for a value that is not zero: `branch` knows how."""

    def fcmp(self, type: Any, x: Any, y: Any) -> None:
        """Compare vregs."""
        self.do(ROWS[f"fcmp_{LETTER[type]}"], x, y)

    def fcsel(self, cc: Any, type: Any, yes: Any, no: Any) -> Any:
        """By the flags; some conditions are two."""
        row = ROWS[f"fcsel_{'s' if type == F16 else LETTER[type]}"]
        for one in (cc,) if cc < 16 else (MI, GT) if cc == FP_ONE else (EQ, VS):
            no = self.fop(row, yes, no, imm=one)
        return no

    def select_float(self, type: Any, c: Any, x: Any, y: Any) -> Any:
        """fcsel; of f128 by a jump over a move."""
        yes, no = self.put_in_reg(x), self.put_in_reg(y)
        cc = self.condition(c)
        if type == F128:
            return self.fop(ROWS["select_v"], no, yes, imm=cc)
        return self.fcsel(cc, type, yes, no)

    def guard_float(self, type: Any, c: Any, x: Any, y: Any) -> Any:
        """The same, without a jump, which could be speculated over: f128 by a mask."""
        yes, no = self.put_in_reg(x), self.put_in_reg(y)
        cc = self.condition(c)
        if type == F128:
            mask = self.op(ROWS["csetm64"], imm=cc) if cc < 16 else self.op(ROWS["neg64_r"], self.flag_value(cc))
            r = self.fop(ROWS["bsl_v"], self.joined(mask, mask), yes, no)
        else:
            r = self.fcsel(cc, type, yes, no)
        if self.features["use_csdb"]:
            self.do(ROWS["csdb"])
        return r

    if TYPE_CHECKING:

        def flag_value(self, cc: Any) -> Any:
            """A condition as an i8."""

    # Bits as bits.

    def float_logic(self, op: str, x: Any, y: Any) -> Any:
        """and, or, xor of two floats."""
        return self.fop(ROWS[{"and": "and_v", "or": "orr_v", "xor": "eor_v"}[op]], self.put_in_reg(x), self.put_in_reg(y))

    def float_not(self, x: Any) -> Any:
        """All bits flipped."""
        return self.fop(ROWS["mvn_v"], self.put_in_reg(x))

    def float_bit_select(self, c: Any, x: Any, y: Any) -> Any:
        """Per bit of c, x or y."""
        return self.fop(ROWS["bsl_v"], *[self.put_in_reg(v) for v in (c, x, y)])

    # Bits between the register classes.

    def joined(self, low: Any, high: Any) -> Any:
        """Two general registers as the halves of a vector register."""
        return self.fop(ROWS["insert_high"], self.fop(ROWS["fmov_dx"], low), high)

    def parted(self, r: Any) -> tuple[Any, Any]:
        """The halves of a vector register in general ones."""
        return self.op(ROWS["fmov_xd"], r), self.op(ROWS["mov_high_x"], r)

    def bits_of(self, type: Any, x: Any) -> Any:
        """A float's bits in a general register."""
        return self.op(ROWS["fmov_xd" if type == F64 else "fmov_ws"], self.put_in_reg(x))

    def float_of_bits(self, type: Any, x: Any) -> Any:
        """A float from bits in a general register."""
        return self.fop(ROWS["fmov_dx" if type == F64 else "fmov_sw"], self.put_in_reg(x))
