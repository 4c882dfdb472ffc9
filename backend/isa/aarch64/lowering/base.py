"""What every theme needs: operands, addresses, constants.

Instructions have registers and immediates as operands, some of the registers shifted or extended on the way, and which is best
depends on how the value is defined: a rule says what is computed, the helpers here in which form.
"""

from __future__ import annotations

from typing import Any

from jitpy.backend.ir import memflags
from jitpy.backend.ir.opcodes import (
    BY_NAME,
    FCMP,
    IADD,
    ICMP,
    ICONST,
    IMUL,
    ISHL,
    LOAD_,
    SEXTEND,
    STACK_ADDR,
    UEXTEND,
    ULOAD8,
    ULOAD16,
)
from jitpy.backend.ir.types import BITS, I8, I16, I32, I64, MASK
from jitpy.backend.isa.aarch64.rows import LSL, ROWS, SCALED, SXTW, UXTW, A64Row
from jitpy.backend.isa.lowering import Lowering, signed, trap_of
from jitpy.backend.target.row import FLOAT, INT, MInst
from jitpy.backend.target.target import SLOT

#: Registers, mode and displacement of an address (see `rows` for the modes).
Amode = tuple[tuple[Any, ...], Any, Any]
Family = tuple[A64Row, A64Row, A64Row]

_CONSTANT = ROWS["const"]
_STEPS = 8  # how far an address expression is followed
_REACH = 1 << 31


class Base(Lowering):
    """See the module's docstring."""

    # Emission.

    def op_mem(self, family: Family, amode: Amode, *uses: Any, trap: str | None = None) -> Any:
        """Emit an instruction with a general result and an address."""
        regs, mode, disp = amode
        d = self.temp(INT)
        self.emit(MInst(family[len(regs)], (d,), uses + regs, (mode, disp, trap)))
        return d

    def fop_mem(self, family: Family, amode: Amode, *uses: Any, trap: str | None = None) -> Any:
        """Emit an instruction with a float result and an address."""
        regs, mode, disp = amode
        d = self.temp(FLOAT)
        self.emit(MInst(family[len(regs)], (d,), uses + regs, (mode, disp, trap)))
        return d

    def do_mem(self, family: Family, amode: Amode, *uses: Any, trap: str | None = None) -> tuple[()]:
        """Emit an instruction with an address and no result."""
        regs, mode, disp = amode
        self.emit(MInst(family[len(regs)], (), uses + regs, (mode, disp, trap)))
        return ()

    # Constants.

    def imm(self, value: Any) -> Any:
        """A general register with a constant."""
        return self.op(_CONSTANT, imm=value & 0xFFFFFFFFFFFFFFFF)

    # Addresses.

    def address(self, v: Any, offset: Any, size: int) -> Amode:
        """The address v + offset of an access of ``size`` bytes: base and displacement, or base and an index that may be 32 bits,
        extended, and may count accesses.
        """
        nodes = self.nodes
        for _ in range(_STEPS):
            n = nodes[v]
            op = n[0]
            if op == IADD:
                a, b = n[3], n[4]
                if nodes[b][0] != ICONST:
                    a, b = b, a
                if nodes[b][0] == ICONST:
                    k = offset + signed(nodes[b][2], I64)
                    if -_REACH <= k < _REACH:
                        offset = k
                        v = a
                        continue
            elif op == STACK_ADDR:
                slot, at = n[2]
                return (), SLOT, self.ctx.frame.slot_offset(slot) + at + offset
            break
        n = nodes[v]
        if n[0] != IADD:
            return (self.put_in_reg(v),), 0, offset
        base, index, mode, extra = self._indexed(n[3], n[4], size)
        offset += extra
        if not offset:
            return (self.put_in_reg(base), self.put_in_reg(index)), mode, 0
        return (self._sum(self.put_in_reg(base), self.put_in_reg(index), mode, size),), 0, offset

    def _sum(self, base: Any, index: Any, mode: int, size: int) -> Any:
        """base + index in a register."""
        shift = (size - 1).bit_length() if mode & SCALED else 0
        mode &= ~SCALED
        if mode != LSL:
            return self.op(ROWS["add64_uxtw" if mode == UXTW else "add64_sxtw"], base, index, imm=shift)
        return self.op(ROWS["add64_lsl"], base, index, imm=shift) if shift else self.op(ROWS["add64_rr"], base, index)

    def _indexed(self, a: Any, b: Any, size: int) -> tuple[Any, Any, int, int]:
        """Base, index, mode and what a constant within the index adds, of a + b."""
        nodes = self.nodes
        for base, v in ((a, b), (b, a)):
            scaled = 0
            inner = self._scaled(nodes[v], size)
            if inner is not None:
                v, scaled = inner, SCALED
            extra = 0
            n = nodes[v]
            if n[0] == IADD and nodes[n[4]][0] == ICONST:
                k = signed(nodes[n[4]][2], I64) * (size if scaled else 1)
                if -_REACH <= k < _REACH:
                    v, extra = n[3], k
                    n = nodes[v]
            if n[0] in (UEXTEND, SEXTEND) and self.types[n[3]] == I32:
                return base, n[3], (UXTW if n[0] == UEXTEND else SXTW) | scaled, extra
            if scaled:
                return base, v, LSL | SCALED, extra
        return a, b, LSL, 0

    def _scaled(self, n: Any, size: int) -> Any:
        """What the node multiplies by ``size``, if it does."""
        if n[0] in (ISHL, IMUL) and size > 1:
            k = self.nodes[n[4]]
            if k[0] == ICONST and (1 << k[2] if n[0] == ISHL and k[2] < 8 else k[2]) == size:
                return n[3]
        return None

    def is_load(self, v: Any) -> bool:
        """Whether v is a load that may be done here."""
        n = self.nodes[v]
        return bool(n[0] == LOAD_ and not n[2][0] & memflags.BIG)

    # The general registers' narrow values: their upper bits are arbitrary.

    def zero_extended(self, v: Any) -> Any:
        """v in a register, zero-extended to 64 bits."""
        type = self.types[v]
        if type == I64:
            return self.put_in_reg(v)
        n = self.nodes[v]
        if n[0] == ICONST:
            return self.imm(n[2] & MASK[type])
        if self.upper_is_zero(v):
            return self.put_in_reg(v)
        return self.op(ROWS["mov32_rr" if type == I32 else f"uxt{'b' if type == I8 else 'h'}32_r"], self.put_in_reg(v))

    def sign_extended(self, v: Any, to: Any = 64) -> Any:
        """v in a register, sign-extended to ``to`` (32 or 64) bits."""
        type = self.types[v]
        bits = BITS[type]
        if bits == to:
            return self.put_in_reg(v)
        n = self.nodes[v]
        if n[0] == ICONST:
            return self.imm(signed(n[2], type) & ((1 << to) - 1))
        if self.is_load(v):
            flags, offset = n[2]
            self.sink(v)
            return self.op_mem(ROWS[f"ldrs{bits}_{to}"], self.address(n[3], offset, bits // 8), trap=trap_of(flags))
        return self.op(ROWS["sxtw64_r" if bits == 32 else f"sxt{'b' if bits == 8 else 'h'}{to}_r"], self.put_in_reg(v))

    def upper_is_zero(self, v: Any) -> bool:
        """Whether what makes the value v, of at most 32 bits, clears the rest of its register."""
        inst = self.value_defs[v]
        if inst < 0:
            return False
        n = self.insts[inst]
        if self.types[v] == I32:
            return n[0] in CLEARS_UPPER_HALF
        return n[0] in (ICMP, FCMP) or (n[0] in (LOAD_, ULOAD8, ULOAD16) and not n[2][0] & memflags.BIG)


def _clearing() -> frozenset[Any]:
    names = "iadd isub ineg imul band bor bxor bnot ishl ushr sshr rotl rotr clz ctz popcnt smin smax umin umax"
    return frozenset(BY_NAME[n] for n in (*names.split(), "load", "uload8", "uload16"))


#: Opcodes whose i32 form is always done by a 32-bit instruction.
CLEARS_UPPER_HALF = _clearing()
NARROW = (I8, I16)
