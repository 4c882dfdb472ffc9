"""Scalar floats: f32 and f64 at the left end of a vector register, f128 in a whole one, f16 as bits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.ir.opcodes import F32CONST, F64CONST
from jitpy.backend.ir.types import BITS, F16, F32, F64, F128
from jitpy.backend.isa.s390x.frame import CONST
from jitpy.backend.isa.s390x.insts.vector import run_of_ones
from jitpy.backend.isa.s390x.lowering.memory import MemoryLowering
from jitpy.backend.isa.s390x.lowering.pair import PairLowering
from jitpy.backend.isa.s390x.rows import ROWS
from jitpy.backend.target.row import FLOAT, VECTOR, MInst

SUFFIX = {F32: "sb", F64: "db", F128: "xb"}
_LETTER = {8: "b", 16: "h", 32: "f", 64: "g"}
#: CLIF's rounding modes (nearest even, down, up, to zero) as the hardware numbers them.
_ROUNDING = (4, 7, 6, 5)
#: No inexact exception.
QUIET = 4
#: Extrema that propagate NaN and order the zeros.
_JAVA = 1
_COMMUTATIVE = ("add", "mul")
_CONSTANTS = (F32CONST, F64CONST)
_LOGIC = {"and": "vn", "or": "vo", "xor": "vx"}


def sign(bits: int) -> bytes:
    """A register with the sign of each float of so many bits set."""
    return (1 << bits - 1).to_bytes(bits // 8, "big") * (128 // bits)


class FloatLowering(PairLowering, MemoryLowering):
    """See the module's docstring."""

    def scalar(self, type: Any, row: Any, *uses: Any, imm: Any = None) -> Any:
        """Emit an instruction whose result is a float of this type."""
        d = self.temp(VECTOR if type == F128 else FLOAT)
        self.emit(MInst(row, (d,), uses, imm))
        return d

    # Constants.

    def float_bits(self, type: Any, bits: Any) -> Any:
        """A float constant by its bits: small sets of bytes by an instruction, others from the pool."""
        size = BITS[type] // 8
        data = bits.to_bytes(size, "big")
        if self.is_short(type, bits):
            return self.fop(ROWS["vconst"], imm=data * (16 // size))
        if type == F16 or (type == F32 and not bits & 0xFFFF):
            # As a repeated number of 16 bits, which an instruction holds: an f16, or the upper half of an f32.
            row = ROWS["vlei.h"]
            zero = self.fop(ROWS["vconst"], imm=bytes(16))
            value = bits if type == F16 else bits >> 16
            return self.fop(row, zero, imm=(value - (value >> 15 << 16), 0))
        return self.fop(ROWS["fconst"], imm=data.ljust(8, b"\0"))

    def is_short(self, type: Any, bits: int) -> bool:
        """Whether one instruction makes the constant: its bytes are 0 or 255, or its ones are neighbours."""
        data = bits.to_bytes(BITS[type] // 8, "big")
        return all(b in (0, 255) for b in data) or run_of_ones(data * (16 // len(data))) is not None

    def quad_const(self, data: bytes) -> Any:
        """An f128 constant, given little-endian."""
        return self.xop(ROWS["vconst"], imm=bytes(data[::-1]))

    # Arithmetic.

    def float_binary(self, op: str, type: Any, x: Any, y: Any) -> Any:
        """x op y; y may be a load or a constant of the pool."""
        if op in _COMMUTATIVE and self.in_memory(type, x) and not self.in_memory(type, y):
            x, y = y, x
        if self.in_memory(type, y):
            amode, trap = self.memory_operand(type, y)
            return self.fop_mem(ROWS[f"f{op[0]}{SUFFIX[type]}:m"], amode, self.put_in_reg(x), trap=trap)
        row = ROWS[f"wf{op[0]}{SUFFIX[type]}"]
        return self.scalar(type, row, self.put_in_reg(x), self.put_in_reg(y))

    def in_memory(self, type: Any, v: Any) -> bool:
        """Whether `memory_operand` finds an f32 or f64 there: a load, or a constant that nothing else wants."""
        n = self.nodes[v]
        if type == F128 or n[0] < 0:
            return False
        return self.is_load(v) or (n[0] in _CONSTANTS and self.uses[v] == 1 and not self.is_short(type, n[2]))

    def memory_operand(self, type: Any, v: Any) -> Any:
        """Its address and trap code; a load is then merged."""
        n = self.nodes[v]
        if n[0] in _CONSTANTS:
            return ((), CONST, n[2].to_bytes(BITS[type] // 8, "big").ljust(8, b"\0")), None
        return self.load_of(v)

    def extremum(self, op: str, type: Any, x: Any, y: Any) -> Any:
        """fmin and fmax."""
        row = ROWS[f"wf{op}{SUFFIX[type]}"]
        return self.scalar(type, row, self.put_in_reg(x), self.put_in_reg(y), imm=_JAVA)

    def float_sqrt(self, type: Any, x: Any) -> Any:
        """Square root."""
        return self.scalar(type, ROWS["wfsq" + SUFFIX[type]], self.put_in_reg(x))

    def round(self, mode: int, type: Any, x: Any) -> Any:
        """0 nearest, 1 down, 2 up, 3 to zero."""
        return self.scalar(type, ROWS["wfi" + SUFFIX[type]], self.put_in_reg(x), imm=(QUIET, _ROUNDING[mode]))

    def fma(self, type: Any, x: Any, y: Any, z: Any) -> Any:
        """x * y + z, rounded once."""
        row = ROWS["wfma:xb" if type == F128 else "wfma" + SUFFIX[type]]
        return self.scalar(type, row, *[self.put_in_reg(v) for v in (x, y, z)])

    # Signs.

    def float_neg(self, type: Any, x: Any) -> Any:
        """Flip the sign."""
        if type == F16:
            return self.fop(ROWS["vx"], self.put_in_reg(x), self.fop(ROWS["vconst"], imm=sign(16)))
        return self.scalar(type, ROWS["wflc" + SUFFIX[type]], self.put_in_reg(x))

    def float_abs(self, type: Any, x: Any) -> Any:
        """Clear the sign."""
        if type == F16:
            return self.fop(ROWS["vnc"], self.put_in_reg(x), self.fop(ROWS["vconst"], imm=sign(16)))
        return self.scalar(type, ROWS["wflp" + SUFFIX[type]], self.put_in_reg(x))

    def copy_sign(self, type: Any, x: Any, y: Any) -> Any:
        """|x| with y's sign."""
        mask = self.fop(ROWS["vconst"], imm=sign(BITS[type]))
        return self.scalar(type, ROWS["vsel"], self.put_in_reg(y), self.put_in_reg(x), mask)

    # Comparison and selection.

    def compare_floats_flags(self, type: Any, x: Any, y: Any) -> None:
        """Set the condition code; y may be a load or a constant of the pool."""
        if self.in_memory(type, y):
            amode, trap = self.memory_operand(type, y)
            self.do_mem(ROWS[f"fc{SUFFIX[type]}:m"], amode, self.put_in_reg(x), trap=trap)
        else:
            self.do(ROWS["wfc" + SUFFIX[type]], self.put_in_reg(x), self.put_in_reg(y))

    def select_float(self, type: Any, c: Any, x: Any, y: Any) -> Any:
        """A jump over a copy."""
        yes, no = self.put_in_reg(x), self.put_in_reg(y)
        return self.scalar(type, ROWS["select_vector"], no, yes, imm=self.condition(c))

    def guard_float(self, type: Any, c: Any, x: Any, y: Any) -> Any:
        """By conditional moves on the bits: what must not be speculated must not branch."""
        if type == F128:
            yes, no = self.parted(self.put_in_reg(x)), self.parted(self.put_in_reg(y))
            mask = self.condition(c)
            return self.joined(*[self.choose(mask, a, b) for a, b in zip(yes, no)])
        yes, no = (self.bits_from(64, self.put_in_reg(v)) for v in (x, y))
        return self.float_from(64, self.choose(self.condition(c), yes, no))

    if TYPE_CHECKING:

        def condition(self, v: Any) -> int:
            """Emit what sets the condition code for a value that is not zero: `branch` knows how."""

    # Bits as bits.

    def float_logic(self, op: str, x: Any, y: Any) -> Any:
        """and, or, xor of two floats."""
        return self.scalar(self.types[x], ROWS[_LOGIC[op]], self.put_in_reg(x), self.put_in_reg(y))

    def float_not(self, x: Any) -> Any:
        """All bits flipped."""
        r = self.put_in_reg(x)
        return self.scalar(self.types[x], ROWS["vno"], r, r)

    def float_bit_select(self, c: Any, x: Any, y: Any) -> Any:
        """Per bit of c, x or y."""
        return self.scalar(self.types[x], ROWS["vsel"], *[self.put_in_reg(v) for v in (x, y, c)])

    # Bits between the register classes.

    def joined(self, low: Any, high: Any) -> Any:
        """Two general registers as a vector register."""
        return self.xop(ROWS["vlvgp"], high, low)

    def parted(self, r: Any) -> tuple[Any, Any]:
        """The halves of a vector register in general ones."""
        return self.to_pair(r)

    def bits_from(self, bits: int, r: Any) -> Any:
        """The left end of a vector register in a general one, zeros above."""
        return self.op(ROWS["vlgv." + _LETTER[bits]], r, imm=0)

    def float_from(self, bits: int, r: Any) -> Any:
        """A general register's low bits at the left end of a vector register."""
        return self.fop(ROWS["new_lane." + _LETTER[bits]], r, imm=0)

    def bits_of(self, type: Any, x: Any) -> Any:
        """A float's bits in a general register."""
        return self.bits_from(BITS[type], self.put_in_reg(x))

    def float_of_bits(self, type: Any, x: Any) -> Any:
        """A float from bits in a general register."""
        return self.float_from(BITS[type], self.put_in_reg(x))
