"""What every theme needs: operands, addresses, constants.

An operand of an instruction can be a register, an immediate or memory, and which is best depends on how the value is
defined: `address` and `load_of` decide that, so a rule says what is computed and not in how many forms the machine offers it.
"""

from __future__ import annotations

from typing import Any

from jitpy.backend.ir import memflags
from jitpy.backend.ir.opcodes import FCMP, IADD, ICMP, ICONST, ISHL, LOAD_, SEXTEND, STACK_ADDR, UEXTEND, ULOAD8, ULOAD16
from jitpy.backend.ir.types import BITS, I8, I16, I32, I64, MASK
from jitpy.backend.isa.lowering import Lowering, signed, trap_of
from jitpy.backend.isa.s390x.rows import ROWS, S390xRow
from jitpy.backend.target.row import FLOAT, INT, VECTOR, MInst
from jitpy.backend.target.target import SLOT

#: Registers, mode and displacement of an address (see `rows` for the modes).
Amode = tuple[tuple[Any, ...], Any, Any]
Family = tuple[S390xRow, ...]

_CONSTANT = ROWS["const"]
_ZEROS_ABOVE = frozenset((ICMP, FCMP, ULOAD8, ULOAD16))
_STEPS = 8  # how far an address expression is followed
#: Index, extended by its sign or not, and scaled -> the instruction of z17.
_SCALED = {SEXTEND: [ROWS["lxa" + letter][2] for letter in "bhfgq"], UEXTEND: [ROWS["llxa" + letter][2] for letter in "bhfgq"]}
_ZERO_EXTENDED = {I8: ROWS["llgcr"], I16: ROWS["llghr"], I32: ROWS["llgfr"]}
_SIGN_EXTENDED = {I8: ROWS["lgbr"], I16: ROWS["lghr"], I32: ROWS["lgfr"]}
ZERO_EXTENDING_LOADS = {8: ROWS["llgc"], 16: ROWS["llgh"], 32: ROWS["llgf"], 64: ROWS["lg"]}
SIGN_EXTENDING_LOADS = {8: ROWS["lgb"], 16: ROWS["lgh"], 32: ROWS["lgf"], 64: ROWS["lg"]}


def fits(value: Any, bits: int) -> bool:
    """Whether a signed immediate of so many bits can hold it."""
    return bool(-1 << bits - 1 <= value < 1 << bits - 1)


class Base(Lowering):
    """See the module's docstring."""

    # Emission.

    def op_mem(self, family: Family, amode: Amode, *uses: Any, imm: Any = None, trap: str | None = None, cls: Any = INT) -> Any:
        """Emit an instruction with an address and a result of class ``cls``."""
        d = self.temp(cls)
        self.emit_mem(family, (d,), amode, uses, imm, trap)
        return d

    def fop_mem(self, family: Family, amode: Amode, *uses: Any, imm: Any = None, trap: str | None = None) -> Any:
        """The same with a scalar float as result."""
        return self.op_mem(family, amode, *uses, imm=imm, trap=trap, cls=FLOAT)

    def do_mem(self, family: Family, amode: Amode, *uses: Any, imm: Any = None, trap: str | None = None) -> tuple[()]:
        """Emit an instruction with an address and no result."""
        self.emit_mem(family, (), amode, uses, imm, trap)
        return ()

    def emit_mem(self, family: Family, defs: Any, amode: Amode, uses: Any, imm: Any, trap: str | None) -> None:
        """Emit an instruction with an address; two registers are added up first where the format has no index."""
        regs, mode, disp = amode
        if len(regs) == len(family):
            regs, mode, disp = (self.op(ROWS["la"][2], *regs, imm=(0, disp, None)),), 0, 0
        where = (mode, disp, trap)
        self.emit(MInst(family[len(regs)], defs, uses + regs, where if imm is None else (where, imm)))

    def xop(self, row: S390xRow, *uses: Any, imm: Any = None) -> Any:
        """Emit an instruction with one vector as result; its vreg."""
        d = self.temp(VECTOR)
        self.emit(MInst(row, (d,), uses, imm))
        return d

    def imm(self, value: Any) -> Any:
        """A general register with a constant."""
        return self.op(_CONSTANT, imm=value & 0xFFFFFFFFFFFFFFFF)

    # Addresses.

    def address(self, v: Any, offset: Any) -> Amode:
        """The address v + offset, with as much of its computation in the addressing mode as it holds."""
        nodes = self.nodes
        index = None
        for _ in range(_STEPS):
            n = nodes[v]
            op = n[0]
            if op == IADD:
                a, b = n[3], n[4]
                if nodes[a][0] == ICONST:
                    a, b = b, a
                if nodes[b][0] == ICONST:
                    k = offset + signed(nodes[b][2], I64)
                    if fits(k, 20):
                        offset = k
                        v = a
                        continue
                elif index is None:
                    scaled = self.scaled_sum(a, b) if fits(offset, 20) else None
                    if scaled is not None:
                        return (scaled,), 0, offset
                    v, index = a, b
                    n = nodes[index]
                    if n[0] == IADD and nodes[n[4]][0] == ICONST:
                        k = offset + signed(nodes[n[4]][2], I64)
                        if fits(k, 20):
                            offset, index = k, n[3]
                    continue
            elif op == STACK_ADDR and index is None:
                slot, at = n[2]
                if 0 <= offset < 1 << 30:
                    return (), SLOT, self.ctx.frame.slot_offset(slot) + at + offset
            break
        if not fits(offset, 20):
            far = self.imm(offset)
            base = self.put_in_reg(v)
            if index is not None:
                base = self.op(ROWS["la"][2], base, self.put_in_reg(index), imm=(0, 0, None))
            return (base, far), 0, 0
        if index is None:
            return (self.put_in_reg(v),), 0, offset
        return (self.put_in_reg(v), self.put_in_reg(index)), 0, offset

    def scaled_sum(self, x: Any, y: Any) -> Any:
        """A base and an extended i32, to which a number may have been added, shifted left by up to 4: their sum, one instruction of
        z17. None where that is not what is summed up."""
        if not self.features["has_mie4"]:
            return None
        for base, v in ((x, y), (y, x)):
            n, scale = self.nodes[v], 0
            if n[0] == ISHL and self.constant_of(n[4]) in (0, 1, 2, 3, 4):
                scale = self.constant_of(n[4])
                n = self.nodes[n[3]]
            if n[0] not in _SCALED or self.types[n[3]] != I32:
                continue
            index, number = n[3], 0
            m = self.nodes[index]
            if m[0] == IADD and fits(self.constant_of(m[4]) or 1 << 20, 20):
                index, number = m[3], self.constant_of(m[4])
            return self.op(_SCALED[n[0]][scale], self.put_in_reg(base), self.put_in_reg(index), imm=(0, number, None))
        return None

    def address_register(self, v: Any) -> Any:
        """The address v in a register, for what has no displacement."""
        return self.put_in_reg(v)

    def load_of(self, v: Any) -> Any:
        """(address, trap code) of a load that may be merged here as a memory operand of its own width; it is then merged."""
        flags, offset = self.nodes[v][2]
        self.sink(v)
        return self.address(self.nodes[v][3], offset), trap_of(flags)

    def is_load(self, v: Any) -> bool:
        """Whether `load_of` would merge v: its bytes are in our order."""
        n = self.nodes[v]
        return bool(n[0] == LOAD_ and n[2][0] & memflags.BIG)

    # The general registers' narrow values: their upper bits are arbitrary.

    def zero_extended(self, v: Any) -> Any:
        """v in a register, zero-extended to 64 bits."""
        return self._extended(v, _ZERO_EXTENDED, ZERO_EXTENDING_LOADS, False)

    def sign_extended(self, v: Any) -> Any:
        """v in a register, sign-extended to 64 bits."""
        return self._extended(v, _SIGN_EXTENDED, SIGN_EXTENDING_LOADS, True)

    def extended(self, signed_: bool, v: Any) -> Any:
        """One or the other."""
        return self.sign_extended(v) if signed_ else self.zero_extended(v)

    def _extended(self, v: Any, rows: Any, loads: Any, signed_: bool) -> Any:
        type = self.types[v]
        if type == I64:
            return self.put_in_reg(v)
        n = self.nodes[v]
        if n[0] == ICONST:
            return self.imm(signed(n[2], type) if signed_ else n[2] & MASK[type])
        if n[0] >= 0 and self.is_load(v):
            amode, trap = self.load_of(v)
            return self.op_mem(loads[BITS[type]], amode, trap=trap)
        if not signed_ and self.is_zero_extended(v):
            return self.put_in_reg(v)
        return self.op(rows[type], self.put_in_reg(v))

    def is_zero_extended(self, v: Any) -> bool:
        """Whether the instruction that makes a narrow value v leaves zeros above it in its register: loads of our byte order,
        and truths. A rule that returned an operand's register for such an opcode would break that."""
        inst = self.value_defs[v]
        if inst < 0:
            return False
        n = self.insts[inst]
        if n[0] == LOAD_:
            return bool(n[1] < I32 and n[2][0] & memflags.BIG)
        return n[0] in _ZEROS_ABOVE
