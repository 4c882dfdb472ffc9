"""What every theme needs: the context's parts, operands, addresses, constants.

An operand of an instruction can be a register, an immediate or memory, and which is best depends on how the value
is defined:
`address` and `operand` decide that, so a rule says what is computed and not in how many forms the machine offers it.
"""

from __future__ import annotations

from typing import Any

from jitpy.backend.ir import memflags
from jitpy.backend.ir.opcodes import IADD, ICONST, IMUL, ISHL, LOAD_, STACK_ADDR
from jitpy.backend.ir.types import BITS, I64, MASK
from jitpy.backend.isa.lowering import Lowering, signed, trap_of
from jitpy.backend.isa.x64.rows import ROWS, X64Row
from jitpy.backend.target.row import FLOAT, INT, MInst
from jitpy.backend.target.target import SLOT

#: Registers, mode and displacement of an address (see `rows` for the modes).
Amode = tuple[tuple[Any, ...], Any, Any]
Family = tuple[X64Row, X64Row, X64Row]

_CONSTANT = ROWS["const"]
_SCALE = {2: 1, 4: 2, 8: 3}
_STEPS = 8  # how far an address expression is followed


def fits32(value: Any) -> bool:
    """Whether a signed 32-bit immediate can hold it."""
    return bool(-0x80000000 <= value < 0x80000000)


class Base(Lowering):
    """Operands."""

    def __init__(self, ctx: Any) -> None:
        super().__init__(ctx)
        self.avx = bool(self.features["has_avx"])

    # Emission.

    def op_mem(self, family: Family, amode: Amode, *uses: Any, imm: Any = None, trap: str | None = None) -> Any:
        """Emit an instruction with a general result and an address."""
        regs, mode, disp = amode
        where = (mode, disp, trap)
        d = self.temp(INT)
        self.emit(MInst(family[len(regs)], (d,), uses + regs, where if imm is None else (where, imm)))
        return d

    def fop_mem(self, family: Family, amode: Amode, *uses: Any, imm: Any = None, trap: str | None = None) -> Any:
        """Emit an instruction with a float result and an address."""
        regs, mode, disp = amode
        where = (mode, disp, trap)
        d = self.temp(FLOAT)
        self.emit(MInst(family[len(regs)], (d,), uses + regs, where if imm is None else (where, imm)))
        return d

    def do_mem(self, family: Family, amode: Amode, *uses: Any, imm: Any = None, trap: str | None = None) -> tuple[()]:
        """Emit an instruction with an address and no result."""
        regs, mode, disp = amode
        where = (mode, disp, trap)
        self.emit(MInst(family[len(regs)], (), uses + regs, where if imm is None else (where, imm)))
        return ()

    # Constants.

    def imm(self, value: Any) -> Any:
        """A general register with a constant. Never by xor: it may be placed between a comparison and its use."""
        return self.op(_CONSTANT, imm=value & 0xFFFFFFFFFFFFFFFF)

    # Addresses.

    def address(self, v: Any, offset: Any) -> Amode:
        """The address v + offset, with as much of its computation in the addressing mode as it holds."""
        nodes = self.nodes
        index = None
        shift = 0
        for _ in range(_STEPS):
            n = nodes[v]
            op = n[0]
            if op == IADD:
                a, b = n[3], n[4]
                nb = nodes[b]
                na = nodes[a]
                if nb[0] == ICONST:
                    k = offset + signed(nb[2], I64)
                    if fits32(k):
                        offset = k
                        v = a
                        continue
                if na[0] == ICONST:
                    k = offset + signed(na[2], I64)
                    if fits32(k):
                        offset = k
                        v = b
                        continue
                if index is None:
                    s = self._scale(nb)
                    if s is None:
                        s = self._scale(na)
                        if s is None:
                            v, index = a, b
                        else:
                            v, index, shift = b, na[3], s
                    else:
                        v, index, shift = a, nb[3], s
                    # A constant inside of the index moves into the displacement.
                    ni = nodes[index]
                    if ni[0] == IADD and nodes[ni[4]][0] == ICONST:
                        k = offset + (signed(nodes[ni[4]][2], I64) << shift)
                        if fits32(k):
                            offset = k
                            index = ni[3]
                    ni = nodes[index]
                    if shift == 0:
                        s = self._scale(ni)
                        if s is not None:
                            index, shift = ni[3], s
                    continue
            elif op == STACK_ADDR and index is None:
                slot, at = n[2]
                return (), SLOT, self.ctx.frame.slot_offset(slot) + at + offset
            break
        if index is None:
            return (self.put_in_reg(v),), 0, offset
        return (self.put_in_reg(v), self.put_in_reg(index)), shift, offset

    def _scale(self, n: Any) -> Any:
        """log2 of the factor if the node is a shift or product by 2, 4 or 8."""
        if n[0] == ISHL:
            k = self.nodes[n[4]]
            if k[0] == ICONST and 1 <= k[2] <= 3:
                return k[2]
        elif n[0] == IMUL:
            k = self.nodes[n[4]]
            if k[0] == ICONST:
                return _SCALE.get(k[2])
        return None

    def load_of(self, v: Any) -> Any:
        """(address, trap code) of a load that may be merged here as a memory operand of its own width; it is then
        merged.
        """
        n = self.nodes[v]
        if n[0] != LOAD_ or n[2][0] & memflags.BIG:
            return None
        flags, offset = n[2]
        self.sink(v)
        return self.address(n[3], offset), trap_of(flags)

    def is_load(self, v: Any) -> bool:
        """Whether `load_of` would merge v."""
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
        bits = BITS[type]
        if self.is_load(v):
            amode, trap = self.load_of(v)
            return self.op_mem(ROWS[f"movzx32_{bits}_rm" if bits < 32 else "mov32_rm"], amode, trap=trap)
        if bits == 32:
            if self.upper_half_is_zero(v):
                return self.put_in_reg(v)
            return self.op(ROWS["mov32_rr"], self.put_in_reg(v))
        return self.op(ROWS[f"movzx32_{bits}_rr"], self.put_in_reg(v))

    def sign_extended(self, v: Any, to: Any = 64) -> Any:
        """v in a register, sign-extended to ``to`` (32 or 64) bits."""
        type = self.types[v]
        bits = BITS[type]
        if bits == to:
            return self.put_in_reg(v)
        n = self.nodes[v]
        if n[0] == ICONST:
            return self.imm(signed(n[2], type) & ((1 << to) - 1))
        name = f"movsx{to}_{bits}"
        if self.is_load(v):
            amode, trap = self.load_of(v)
            return self.op_mem(ROWS[name + "_rm"], amode, trap=trap)
        return self.op(ROWS[name + "_rr"], self.put_in_reg(v))

    def upper_half_is_zero(self, v: Any) -> bool:
        """Whether the instruction that makes the i32 value v writes a 32-bit register, which clears the upper half."""
        inst = self.value_defs[v]
        return inst >= 0 and self.insts[inst][0] in CLEARS_UPPER_HALF


def _clearing() -> frozenset[Any]:
    from jitpy.backend.ir import opcodes as o

    names = "iadd isub ineg imul band bor bxor bnot ishl ushr sshr rotl rotr clz ctz popcnt smin smax umin umax"
    return frozenset(o.BY_NAME[n] for n in (*names.split(), "load", "uload8", "uload16"))


#: Opcodes whose i32 form is always done by a 32-bit instruction.
CLEARS_UPPER_HALF = _clearing()
