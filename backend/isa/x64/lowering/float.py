"""Scalar floats. With AVX every operation has three operands; without it the first is overwritten."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from jitpy.backend.ir.opcodes import FCMP
from jitpy.backend.ir.types import F16, F32, F64, F128, I64
from jitpy.backend.isa.x64.frame import CONST
from jitpy.backend.isa.x64.lowering.base import Amode
from jitpy.backend.isa.x64.lowering.int import IntLowering
from jitpy.backend.isa.x64.lowering.memory import MemoryLowering
from jitpy.backend.isa.x64.rows import ROWS

_S = {F32: "ss", F64: "sd"}
_COMMUTATIVE = frozenset(("add", "mul"))
#: (AVX, operation, type) -> rows for a register, for memory.
_BINARY = {
    (avx, op, type): (ROWS[f"{'v' * avx}{op}{s}_rr"], ROWS[f"{'v' * avx}{op}{s}_rm"])
    for avx in (False, True)
    for type, s in _S.items()
    for op in ("add", "sub", "mul", "div", "min", "max", "cmpunord", "cmpord")
}
_UCOMI = {
    (avx, type): (ROWS[f"{'v' * avx}ucomi{s}_rr"], ROWS[f"{'v' * avx}ucomi{s}_rm"])
    for avx in (False, True)
    for type, s in _S.items()
}
#: Float condition -> (operands swapped, predicate of cmpsd): those that are true or false of NaN as CLIF wants.
_MASK_CC = {
    "eq": (False, "eq"), "ne": (False, "neq"), "lt": (False, "lt"), "le": (False, "le"), "gt": (True, "lt"),
    "ge": (True, "le"), "uno": (False, "unord"), "ord": (False, "ord"), "uge": (False, "nlt"), "ugt": (False, "nle"),
    "ule": (True, "nlt"),
    "ult": (True, "nle"),
}  # fmt: skip
SIGN = {F16: 1 << 15, F32: 1 << 31, F64: 1 << 63, F128: 1 << 127}


def lanes(type: Any, bits: Any) -> bytes:
    """16 bytes with these bits in lane 0 and zeros elsewhere, for packed logic."""
    data: bytes = bits.to_bytes(16, "little")
    return data


class FloatLowering(IntLowering, MemoryLowering):
    """See the module's docstring."""

    # Constants.

    def float_bits(self, type: Any, bits: Any) -> Any:
        """A float constant by its bits: zero by xorps (floats leave the flags alone), others from the pool."""
        if bits == 0:
            return self.fop(ROWS["vfzero" if self.avx else "fzero"])
        if type == F16:
            return self.fop(self.vrow("movd_xr"), self.imm(bits))
        size = 4 if type == F32 else 8
        if size == 4:  # the pool's smallest constant has 8 bytes
            return self.fop(ROWS["vfconst32" if self.avx else "fconst32"], imm=bits.to_bytes(8, "little"))
        return self.fop(ROWS["vfconst64" if self.avx else "fconst64"], imm=bits.to_bytes(8, "little"))

    def float_imm(self, type: Any, x: float) -> Any:
        """A float constant."""
        return self.float_bits(type, int.from_bytes(struct.pack("<f" if type == F32 else "<d", x), "little"))

    def pool(self, data: bytes) -> Amode:
        """The address of a constant."""
        return (), CONST, data

    # Arithmetic.

    def float_binary(self, op: str, type: Any, x: Any, y: Any) -> Any:
        """x op y; y may be a load or a constant in memory."""
        row, family = _BINARY[self.avx, op, type]
        nodes = self.nodes
        if op in _COMMUTATIVE:
            nx, ny = nodes[x], nodes[y]
            if not self.in_memory(y, ny) and (
                self.in_memory(x, nx) or (not self.avx and self.uses[x] > 1 and self.uses[y] == 1)
            ):
                x, y = y, x
        if nodes[y][0] >= 0 and self.is_load(y):
            amode, trap = self.load_of(y)
            return self.fop_mem(family, amode, self.put_in_reg(x), trap=trap)
        return self.fop(row, self.put_in_reg(x), self.put_in_reg(y))

    def in_memory(self, v: Any, n: Any) -> bool:
        """Whether v can be a memory operand."""
        return n[0] >= 0 and self.is_load(v)

    def float_rr(self, op: str, type: Any, x: Any, y: Any) -> Any:
        """x op y for vregs."""
        return self.fop(_BINARY[self.avx, op, type][0], x, y)

    def logic(self, op: str, x: Any, y: Any) -> Any:
        """and, andn (~x & y), or, xor of all bits."""
        return self.fop(ROWS[f"{'v' * self.avx}{op}ps_rr"], x, y)

    def logic_const(self, op: str, x: Any, bits: Any) -> Any:
        """The same with a constant in lane 0."""
        return self.fop_mem(ROWS[f"{'v' * self.avx}{op}ps_rm"], self.pool(lanes(F64, bits)), x)

    def float_neg(self, type: Any, x: Any) -> Any:
        """Flip the sign."""
        return self.logic_const("xor", self.put_in_reg(x), SIGN[type])

    def float_abs(self, type: Any, x: Any) -> Any:
        """Clear the sign."""
        return self.logic_const("and", self.put_in_reg(x), SIGN[type] - 1)

    def copy_sign(self, type: Any, x: Any, y: Any) -> Any:
        """|x| with y's sign."""
        magnitude = self.logic_const("and", self.put_in_reg(x), SIGN[type] - 1)
        return self.logic("or", magnitude, self.logic_const("and", self.put_in_reg(y), SIGN[type]))

    def float_sqrt(self, type: Any, x: Any) -> Any:
        """sqrtsd; the VEX form takes the upper lanes from x itself, so nothing else is waited for."""
        r = self.put_in_reg(x)
        name = f"sqrt{_S[type]}_rr"
        return self.fop(ROWS["v" + name], r, r) if self.avx else self.fop(ROWS[name], r)

    def extremum(self, op: str, type: Any, x: Any, y: Any) -> Any:
        """Branch-free. minsd gives its second operand where the two are equal or unordered.

        So op(x, y) and op(y, x) differ only for zeros of different signs and for NaN. ``or`` of the two is -0 and a
        NaN, as fmin wants; ``and`` of the two is +0, as fmax wants, and NaN is or-ed in by a mask.
        """
        a, b = self.put_in_reg(x), self.put_in_reg(y)
        one, other = self.float_rr(op, type, a, b), self.float_rr(op, type, b, a)
        if op == "min":
            return self.logic("or", one, other)
        both = self.logic("and", one, other)
        return self.logic("or", both, self.float_rr("cmpunord", type, a, b))

    def round(self, mode: Any, type: Any, x: Any) -> Any:
        """roundsd. Mode: 0 nearest, 1 down, 2 up, 3 to zero; 8: no inexact exception."""
        if not self.features["has_sse41"]:
            return self.round_by_adding(mode, type, x)
        r = self.put_in_reg(x)
        name = f"round{_S[type]}_rr"
        if self.avx:
            return self.fop(ROWS["v" + name], r, r, imm=mode | 8)
        return self.fop(ROWS[name], r, imm=mode | 8)

    def round_by_adding(self, mode: Any, type: Any, x: Any) -> Any:
        """Without SSE4.1. Where |x| < 2^p (p = 52 or 23) adding and subtracting 2^p rounds |x| to nearest; then one
        is taken off or
        added where that went the wrong way. Larger values and NaN stay. The sign is x's, also of zero."""
        s = _S[type]
        r = self.put_in_reg(x)
        limit = self.float_imm(type, 2.0**52 if type == F64 else 2.0**23)
        sign = self.logic_const("and", r, SIGN[type])
        magnitude = self.logic_const("and", r, SIGN[type] - 1)
        near = self.float_rr("sub", type, self.float_rr("add", type, magnitude, limit), limit)
        one = self.float_imm(type, 1.0)
        if mode == 3:
            over = self.fop(ROWS[f"cmplt{s}_rr"], magnitude, near)
            near = self.float_rr("sub", type, near, self.logic("and", over, one))
        near = self.logic("or", near, sign)
        if mode == 1:
            over = self.fop(ROWS[f"cmplt{s}_rr"], r, near)
            near = self.float_rr("sub", type, near, self.logic("and", over, one))
        elif mode == 2:
            under = self.fop(ROWS[f"cmplt{s}_rr"], near, r)
            near = self.float_rr("add", type, near, self.logic("and", under, one))
        near = self.logic("or", near, sign)
        small = self.fop(ROWS[f"cmplt{s}_rr"], magnitude, limit)
        kept = self.logic("andn", small, r)
        return self.logic("or", self.logic("and", small, near), kept)

    def fma(self, type: Any, x: Any, y: Any, z: Any) -> Any:
        """x * y + z, rounded once; z is overwritten, as suits an accumulator."""
        s = _S[type]
        if self.is_load(x) and not self.is_load(y):
            x, y = y, x
        if self.is_load(y):
            amode, trap = self.load_of(y)
            return self.fop_mem(ROWS[f"vfmadd231{s}_rm"], amode, self.put_in_reg(z), self.put_in_reg(x), trap=trap)
        return self.fop(ROWS[f"vfmadd231{s}_rr"], self.put_in_reg(z), self.put_in_reg(x), self.put_in_reg(y))

    # Comparison and selection.

    def ucomi(self, type: Any, x: Any, y: Any) -> None:
        """Compare x with y, which may be a load."""
        row, family = _UCOMI[self.avx, type]
        if self.nodes[y][0] >= 0 and self.is_load(y):
            amode, trap = self.load_of(y)
            self.do_mem(family, amode, self.put_in_reg(x), trap=trap)
        else:
            self.do(row, self.put_in_reg(x), self.put_in_reg(y))

    def ucomi_rr(self, type: Any, x: Any, y: Any) -> None:
        """Compare vregs."""
        self.do(_UCOMI[self.avx, type][0], x, y)

    def select_float(self, type: Any, c: Any, x: Any, y: Any) -> Any:
        """By a float comparison's mask without a branch, by other conditions with a short jump."""
        n = self.nodes[c]
        if n[0] == FCMP and n[1] == type:
            # x > y ? x : y is maxsd, x < y ? x : y is minsd, to the NaN and the zero.
            a, b, cc = n[3], n[4], n[2]
            if cc == "gt" or cc == "lt":
                if (a, b) == (y, x):
                    a, b, cc = b, a, "gt" if cc == "lt" else "lt"
                if (a, b) == (x, y):
                    row = ROWS[f"{'v' * self.avx}{'max' if cc == 'gt' else 'min'}{_S[type]}_rr"]
                    return self.fop(row, self.put_in_reg(x), self.put_in_reg(y))
        yes, no = self.put_in_reg(x), self.put_in_reg(y)
        if n[0] == FCMP and n[1] == type and n[2] in _MASK_CC:
            swapped, predicate = _MASK_CC[n[2]]
            a, b = self.put_in_reg(n[3]), self.put_in_reg(n[4])
            if swapped:
                a, b = b, a
            mask = self.fop(ROWS[f"{'v' * self.avx}cmp{predicate}{_S[type]}_rr"], a, b)
            return self.blend(type, mask, yes, no)
        return self.fop(ROWS["select_float"], no, yes, imm=self.condition(c))

    def blend(self, type: Any, mask: Any, yes: Any, no: Any) -> Any:
        """Per lane by a mask of all ones or none."""
        if self.avx:
            return self.fop(ROWS[f"vblendvp{'s' if type == F32 else 'd'}_rr"], no, yes, mask)
        return self.logic("or", self.logic("and", mask, yes), self.logic("andn", mask, no))

    if TYPE_CHECKING:

        def condition(self, v: Any) -> Any:
            """Emit what sets the flags for a value that is not zero: `branch` knows how."""

        def choose(self, cc: Any, type: Any, yes: Any, no: Any) -> Any:
            """cmov."""

    def guard_float(self, type: Any, c: Any, x: Any, y: Any) -> Any:
        """By cmov on the bits: what must not be speculated must not branch."""
        if type == F128:
            yes, no = self.parted(self.put_in_reg(x)), self.parted(self.put_in_reg(y))
            cc = self.condition(c)
            return self.joined(self.choose(cc, I64, yes[0], no[0]), self.choose(cc, I64, yes[1], no[1]))
        yes_bits, no_bits = (self.op(self.vrow("movq_rx"), self.put_in_reg(v)) for v in (x, y))
        return self.fop(self.vrow("movq_xr"), self.choose(self.condition(c), I64, yes_bits, no_bits))

    # Bits as bits.

    def float_logic(self, op: str, x: Any, y: Any) -> Any:
        """and, or, xor of two floats."""
        return self.logic(op, self.put_in_reg(x), self.put_in_reg(y))

    def float_not(self, x: Any) -> Any:
        """All bits flipped."""
        return self.logic_const("xor", self.put_in_reg(x), (1 << 128) - 1)

    def float_bit_select(self, c: Any, x: Any, y: Any) -> Any:
        """Per bit of c, x or y."""
        mask = self.put_in_reg(c)
        return self.logic("or", self.logic("and", mask, self.put_in_reg(x)), self.logic("andn", mask, self.put_in_reg(y)))

    def quad_const(self, data: bytes) -> Any:
        """An f128 constant from the pool."""
        return self.fop_mem(self.vrow("movups_rm"), self.pool(data))

    # Bits between the register classes.

    def joined(self, low: Any, high: Any) -> Any:
        """Two general registers as the halves of a vector register."""
        a, b = self.fop(self.vrow("movq_xr"), low), self.fop(self.vrow("movq_xr"), high)
        return self.fop(self.vrow("movlhps_rr"), a, b)

    def parted(self, r: Any) -> tuple[Any, Any]:
        """The halves of a vector register in general ones."""
        low = self.op(self.vrow("movq_rx"), r)
        return low, self.op(self.vrow("movq_rx"), self.fop(self.vrow("movhlps_rr"), r, r))

    def bits_of(self, type: Any, x: Any) -> Any:
        """A float's bits in a general register."""
        return self.op(self.vrow("movq_rx" if type == F64 else "movd_rx"), self.put_in_reg(x))

    def float_of_bits(self, type: Any, x: Any) -> Any:
        """A float from bits in a general register; f16 keeps zeros above."""
        if type == F16:
            return self.fop(self.vrow("movd_xr"), self.op(ROWS["movzx32_16_rr"], self.put_in_reg(x)))
        return self.fop(self.vrow("movq_xr" if type == F64 else "movd_xr"), self.put_in_reg(x))
