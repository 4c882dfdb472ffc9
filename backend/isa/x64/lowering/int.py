"""Integer operations. i8 and i16 values live in 32-bit registers with arbitrary upper bits and are computed in 32 bits
wherever the low bits of the result depend on the low bits of the operands alone; otherwise operands are extended first.
"""

from __future__ import annotations

from typing import Any

from jitpy.backend.ir.opcodes import BAND, BY_NAME, IADD
from jitpy.backend.ir.types import BITS, I8, I16, I32, I64, MASK
from jitpy.backend.isa.pairs import PairShifts
from jitpy.backend.isa.x64.conditions import AE, CC_NAMES, NE, NS, A, B, E, G, L, O
from jitpy.backend.isa.x64.conditions import INT as CONDITION
from jitpy.backend.isa.x64.lowering.base import Base, fits32
from jitpy.backend.isa.x64.rows import ROWS
from jitpy.backend.target.row import INT, MInst

#: What the high half of an i128 does where the low half leaves a carry.
_WITH_CARRY = {"add": "adc", "sub": "sbb"}
_COMMUTATIVE = frozenset(("add", "and", "or", "xor"))
#: (operation, form) -> row by type; i8 and i16 use the 32-bit row.
_ALU: dict[tuple[str, str], tuple[Any, ...]] = {
    (op, form): (None, *(ROWS[f"{op}{bits}_{form}"] for bits in (32, 32, 32, 64)))
    for op in ("add", "or", "adc", "sbb", "and", "sub", "xor")
    for form in ("rr", "ri", "rm")
}
_UNARY = {op: (None, *(ROWS[f"{op}{bits}_r"] for bits in (32, 32, 32, 64))) for op in ("neg", "not")}
_CMP = {
    form: (None, *(ROWS[f"cmp{bits}_{form}"] for bits in (8, 16, 32, 64))) for form in ("rr", "ri", "rm", "mr", "mi")
}
_TEST = {form: (None, *(ROWS[f"test{bits}_{form}"] for bits in (8, 16, 32, 64))) for form in ("rr", "ri", "mr", "mi")}
_CMOV = {bits: tuple(ROWS[f"cmov{cc}{bits}_rr"] for cc in CC_NAMES) for bits in (32, 64)}
SETCC = tuple(ROWS["set" + cc] for cc in CC_NAMES)


def width(type: Any) -> Any:
    """The operand size in bits of an instruction for this type: 32 or 64."""
    return 64 if type == I64 else 32


class IntLowering(PairShifts, Base):
    """See the module's docstring."""

    # Two operands.

    def alu(self, op: str, type: Any, x: Any, y: Any) -> Any:
        """x op y with y an immediate, a load, or a register; commutative operations choose which is which."""
        nodes = self.nodes
        if op in _COMMUTATIVE and self._better_swapped(x, y):
            x, y = y, x
        k = self.constant_of(y)
        if k is not None and fits32(k):
            return self.op(_ALU[op, "ri"][type], self.put_in_reg(x), imm=k)
        if type >= I32 and nodes[y][0] >= 0 and self.is_load(y):
            amode, trap = self.load_of(y)
            return self.op_mem(_ALU[op, "rm"][type], amode, self.put_in_reg(x), trap=trap)
        return self.op(_ALU[op, "rr"][type], self.put_in_reg(x), self.put_in_reg(y))

    def _better_swapped(self, x: Any, y: Any) -> bool:
        """The first operand is overwritten: better one that dies here; the second may be a constant or a load."""
        nodes = self.nodes
        if self.constant_of(y) is not None or (nodes[y][0] >= 0 and self.is_load(y)):
            return False
        if self.constant_of(x) is not None or (nodes[x][0] >= 0 and self.is_load(x)):
            return True
        return bool(self.uses[x] > 1 and self.uses[y] == 1)

    def alu_imm(self, op: str, type: Any, x: Any, k: Any) -> Any:
        """x op k for a vreg x."""
        return self.op(_ALU[op, "ri"][type], x, imm=k)

    def alu_rr(self, op: str, type: Any, x: Any, y: Any) -> Any:
        """x op y for vregs."""
        return self.op(_ALU[op, "rr"][type], x, y)

    def add(self, type: Any, x: Any, y: Any) -> Any:
        """x + y: add where an operand dies or memory helps, lea where that saves a copy or a shift."""
        nodes = self.nodes
        if self._better_swapped(x, y):
            x, y = y, x
        ny = nodes[y]
        k = self.constant_of(y)
        scaled = k is None and (self._scale(ny) is not None or self._scale(nodes[x]) is not None)
        if k is not None:
            inner = nodes[x]
            if fits32(k) and (self.uses[x] > 1 or (inner[0] == IADD and self.constant_of(inner[4]) is None)):
                return self.lea(type, x, k)
        elif scaled or (self.uses[x] > 1 and self.uses[y] > 1):
            return self.lea_sum(type, x, y)
        return self.alu("add", type, x, y)

    def lea(self, type: Any, x: Any, k: Any) -> Any:
        """x + k into another register."""
        if type == I64:
            return self.op_mem(ROWS["add_lea64"], self.address(x, k))
        return self.op_mem(ROWS["add_lea32"], ((self.put_in_reg(x),), 0, k))

    def lea_sum(self, type: Any, x: Any, y: Any) -> Any:
        """x + y, one of them possibly scaled, into another register."""
        s = self._scale(self.nodes[y])
        if s is None:
            x, y = y, x
            s = self._scale(self.nodes[y])
        if s is None:
            s, index = 0, y
        else:
            index = self.nodes[y][3]
        regs = (self.put_in_reg(x), self.put_in_reg(index))
        return self.op_mem(ROWS["add_lea64" if type == I64 else "add_lea32"], (regs, s, 0))

    def sub(self, type: Any, x: Any, y: Any) -> Any:
        """x - y; a constant subtracted is a constant added."""
        k = self.constant_of(y)
        if k is not None and fits32(-k) and self.uses[x] > 1:
            return self.lea(type, x, -k)
        return self.alu("sub", type, x, y)

    def unary(self, op: str, type: Any, x: Any) -> Any:
        """neg or not."""
        return self.op(_UNARY[op][type], self.put_in_reg(x))

    def mul(self, type: Any, x: Any, y: Any) -> Any:
        """Low half of the product."""
        bits = width(type)
        if self._better_swapped(x, y):
            x, y = y, x
        k = self.constant_of(y)
        if k is not None:
            if k in (3, 5, 9):
                r = self.put_in_reg(x)
                return self.op_mem(ROWS[f"lea{bits}"], ((r, r), (k - 1).bit_length() - 1, 0))
            if k > 0 and k & (k - 1) == 0:
                return self.op(ROWS[f"shl{bits}_ri"], self.put_in_reg(x), imm=k.bit_length() - 1)
            if fits32(k):
                if type >= I32 and self.is_load(x):
                    amode, trap = self.load_of(x)
                    return self.op_mem(ROWS[f"imul{bits}_rmi"], amode, imm=k, trap=trap)
                return self.op(ROWS[f"imul{bits}_rri"], self.put_in_reg(x), imm=k)
        if type >= I32 and self.is_load(y):
            amode, trap = self.load_of(y)
            return self.op_mem(ROWS[f"imul{bits}_rm"], amode, self.put_in_reg(x), trap=trap)
        return self.op(ROWS[f"imul{bits}_rr"], self.put_in_reg(x), self.put_in_reg(y))

    def mul_high(self, signed_: bool, type: Any, x: Any, y: Any) -> Any:
        """High half of the product: rdx of the widening multiplication; narrow types by a wider product."""
        if type < I32:
            a, b = (self.extended(signed_, v) for v in (x, y))
            bits = BITS[type]
            return self.op(ROWS["shr32_ri"], self.op(ROWS["imul32_rr"], a, b), imm=bits)
        return self.mul_wide(signed_, type, self.put_in_reg(x), self.put_in_reg(y))[1]

    def mul_wide(self, signed_: bool, type: Any, x: Any, y: Any) -> tuple[Any, Any]:
        """Low and high half of the product of vregs."""
        low, high = self.temp(INT), self.temp(INT)
        self.emit(MInst(ROWS[f"{'imul' if signed_ else 'mul'}{BITS[type]}_wide"], (low, high), (y, x)))
        return low, high

    def extended(self, signed_: bool, v: Any) -> Any:
        """v extended to at least 32 bits."""
        if self.types[v] >= I32:
            return self.put_in_reg(v)
        return self.sign_extended(v, 32) if signed_ else self.zero_extended(v)

    # Shifts and rotates.

    def shift(self, op: str, type: Any, x: Any, y: Any) -> Any:
        """shl, shr or sar by y modulo the width."""
        bits = width(type)
        narrow = type < I32
        k = self.count_of(y)
        if narrow and op != "shl":
            reg = self.extended(op == "sar", x)
        else:
            reg = None
        if k is not None:
            k %= BITS[type]
            if op == "shl" and k == 1 and self.uses[x] > 1:
                r = self.put_in_reg(x)
                return self.op_mem(ROWS[f"lea{bits}"], ((r, r), 0, 0))
            return self.op(ROWS[f"{op}{bits}_ri"], self.put_in_reg(x) if reg is None else reg, imm=k)
        count = self.put_in_regs(y)[0]
        if narrow:
            count = self.op(ROWS["and32_ri"], count, imm=BITS[type] - 1)
        if self.features["has_bmi2"]:
            if reg is None and type >= I32 and self.is_load(x):
                amode, trap = self.load_of(x)
                return self.op_mem(ROWS[f"{op}x{bits}_rm"], amode, count, trap=trap)
            return self.op(ROWS[f"{op}x{bits}_rr"], self.put_in_reg(x) if reg is None else reg, count)
        return self.op(ROWS[f"{op}{bits}_rc"], self.put_in_reg(x) if reg is None else reg, count)

    def count_of(self, y: Any) -> Any:
        """A constant shift count, else None."""
        return self.constant_of(y)

    def rotate(self, op: str, type: Any, x: Any, y: Any) -> Any:
        """rol or ror by y modulo the width; the 8- and 16-bit instructions do narrow types."""
        bits = BITS[type]
        k = self.count_of(y)
        if k is not None:
            k %= bits
            if type >= I32 and self.features["has_bmi2"]:
                return self.op(ROWS[f"rorx{bits}_rr"], self.put_in_reg(x), imm=k if op == "ror" else -k % bits)
            return self.op(ROWS[f"{op}{bits}_ri"], self.put_in_reg(x), imm=k)
        return self.op(ROWS[f"{op}{bits}_rc"], self.put_in_reg(x), self.put_in_regs(y)[0])

    # Division.

    def divide(self, signed_: bool, remainder: bool, proven: bool, type: Any, x: Any, y: Any) -> Any:
        """Quotient or remainder; checks divisor and overflow unless proven. i8 and i16 divide in 32 bits, where MIN /
        -1 is exact.
        """
        bits = width(type)
        narrow = type < I32
        k = self.constant_of(y)
        a = self.extended(signed_, x)
        b = self.extended(signed_, y)
        if not proven and not k:
            self.do(ROWS[f"test{bits}_rr"], b, b)
            self.do(ROWS["trap_if"], imm=(E, "int_divz"))
        if signed_ and not narrow and (k is None or k == -1):
            if remainder:
                # x % -1 = 0 = x % 1; the instruction would fault at the minimum.
                one = self.imm(1)
                self.do(ROWS[f"cmp{bits}_ri"], b, imm=-1)
                b = self.op(_CMOV[bits][E], b, one)
            elif not proven:
                # Zero iff x = MIN and y = -1: (x ^ MIN) | (y + 1).
                low = self.op(ROWS[f"xor{bits}_rr"], a, self.imm(1 << (bits - 1)))
                high = self.op_mem(ROWS[f"lea{bits}"], ((b,), 0, 1))
                self.op(ROWS[f"or{bits}_rr"], low, high)
                self.do(ROWS["trap_if"], imm=(E, "int_ovf"))
        quotient, rest, upper = self.temp(INT), self.temp(INT), self.temp(INT)
        if signed_:
            self.emit(MInst(ROWS["cqo" if bits == 64 else "cdq"], (upper,), (a,)))
        else:
            self.emit(MInst(ROWS["zero"], (upper,), ()))
        self.emit(MInst(ROWS[f"{'idiv' if signed_ else 'div'}{bits}_r"], (quotient, rest), (b, a, upper)))
        if narrow and signed_ and not remainder and not proven and (k is None or k == -1):
            self.do(ROWS["cmp32_ri"], quotient, imm=1 << (BITS[type] - 1))
            self.do(ROWS["trap_if"], imm=(E, "int_ovf"))
        return rest if remainder else quotient

    # Overflow. The flags of an instruction of the type's own width tell.

    def add_flags(self, op: str, type: Any, x: Any, y: Any) -> Any:
        """add or sub (or adc, sbb) that leaves the flags of its width; the result."""
        bits = BITS[type]
        if op == "add" and (self.constant_of(x) is not None or (self.is_load(x) and not self.is_load(y))):
            if self.constant_of(y) is None:
                x, y = y, x
        k = self.constant_of(y)
        if k is not None and fits32(k):
            return self.op(ROWS[f"{op}{bits}_ri"], self.put_in_reg(x), imm=k)
        if self.is_load(y):
            amode, trap = self.load_of(y)
            return self.op_mem(ROWS[f"{op}{bits}_rm"], amode, self.put_in_reg(x), trap=trap)
        return self.op(ROWS[f"{op}{bits}_rr"], self.put_in_reg(x), self.put_in_reg(y))

    def mul_flags(self, signed_: bool, type: Any, x: Any, y: Any) -> Any:
        """Product that leaves overflow in O."""
        bits = BITS[type]
        if signed_ and type != I8:
            if self.constant_of(x) is not None or (type >= I32 and self.is_load(x) and not self.is_load(y)):
                x, y = y, x
            k = self.constant_of(y)
            a = self.put_in_reg(x)
            if k == 2:
                return self.op(ROWS[f"add{bits}_rr"], a, a)
            if k is not None and fits32(k):
                return self.op(ROWS[f"imul{bits}_rri"], a, imm=k)
            if type >= I32 and self.is_load(y):
                amode, trap = self.load_of(y)
                return self.op_mem(ROWS[f"imul{bits}_rm"], amode, a, trap=trap)
            return self.op(ROWS[f"imul{bits}_rr"], a, self.put_in_reg(y))
        a, b = self.put_in_reg(x), self.put_in_reg(y)
        if type == I8:
            return self.op(ROWS["imul8_wide" if signed_ else "mul8_wide"], b, a)
        return self.mul_wide(signed_, type, a, b)[0]

    def overflow(self, node: Any) -> tuple[Any, Any]:
        """Emit an ``*_overflow`` instruction: result vreg, condition of overflow."""
        op, flag, kind = _OVERFLOW[node[0]]
        if op == "mul":
            return self.mul_flags(kind, node[1], node[3], node[4]), O
        return self.add_flags(op, node[1], node[3], node[4]), flag

    def overflow_pair(self, inst: Any) -> tuple[Any, Any]:
        """Result and flag of an ``*_overflow`` instruction whose flag is wanted as a value."""
        result, cond = self.overflow(self.insts[inst])
        if self.uses[self.results[inst][1]] == 0:
            return result, result
        return result, self.op(SETCC[cond])

    def add_carry(self, is_signed: bool, difference: bool, type: Any, x: Any, y: Any, carry: Any) -> tuple[Any, Any]:
        """x + y + carry, or x - y - carry, and its carry or overflow."""
        bits = BITS[type]
        a, b = self.put_in_reg(x), self.put_in_reg(y)
        # The carry is an i8 with any nonzero meaning 1: cmp 0, c sets CF exactly where c is not zero.
        zero = self.imm(0)
        self.do(ROWS["cmp8_rr"], zero, self.put_in_reg(carry))
        result = self.op(ROWS[f"{'sbb' if difference else 'adc'}{bits}_rr"], a, b)
        return result, self.op(SETCC[O if is_signed else B])

    def const_int(self, type: Any, k: Any) -> Any:
        """An integer constant."""
        if type <= I64:
            return self.imm(k)
        return self.imm(k & MASK[I64]), self.imm(k >> 64)

    def and_not(self, type: Any, x: Any, y: Any) -> Any:
        """~x & y."""
        return self.op(ROWS[f"andn{width(type)}_rr"], self.put_in_reg(x), self.put_in_reg(y))

    def bit_select(self, type: Any, c: Any, x: Any, y: Any) -> Any:
        """y ^ ((x ^ y) & c)."""
        a, b = self.put_in_reg(x), self.put_in_reg(y)
        differing = self.alu_rr("and", type, self.alu_rr("xor", type, a, b), self.put_in_reg(c))
        return self.alu_rr("xor", type, differing, b)

    def overflow_wide(self, is_signed: bool, difference: bool, x: Any, y: Any) -> tuple[Any, Any]:
        """i128: the high half's flags."""
        pair = self.alu_pair("sub" if difference else "add", x, y)
        return pair, self.op(SETCC[O if is_signed else B])

    # Comparison.

    def compare(self, type: Any, x: Any, y: Any, cc: Any) -> Any:
        """Emit cmp or test for x cc y; the condition to use (operands may have been swapped)."""
        if type > I64:
            return self.compare_pair(x, y, cc)
        nodes = self.nodes
        if self.constant_of(x) is not None and self.constant_of(y) is None:
            x, y, cc = y, x, _SWAPPED[cc]
        k = self.constant_of(y)
        if k is not None and fits32(k):
            if k == 0:
                nx = nodes[x]
                if nx[0] == BAND and cc in (E, NE):
                    return self.test_and(nx, cc)
                if not self.is_load(x):  # test leaves the flags of a comparison with zero
                    r = self.put_in_reg(x)
                    self.do(_TEST["rr"][type], r, r)
                    return cc
            if self.is_load(x):
                amode, trap = self.load_of(x)
                self.do_mem(_CMP["mi"][type], amode, imm=k, trap=trap)
                return cc
            self.do(_CMP["ri"][type], self.put_in_reg(x), imm=k)
            return cc
        if nodes[y][0] >= 0 and self.is_load(y):
            amode, trap = self.load_of(y)
            self.do_mem(_CMP["rm"][type], amode, self.put_in_reg(x), trap=trap)
            return cc
        if nodes[x][0] >= 0 and self.is_load(x):
            amode, trap = self.load_of(x)
            self.do_mem(_CMP["mr"][type], amode, self.put_in_reg(y), trap=trap)
            return cc
        self.do(_CMP["rr"][type], self.put_in_reg(x), self.put_in_reg(y))
        return cc

    def test_zero(self, type: Any, v: Any) -> None:
        """Emit a comparison of v with zero."""
        if self.is_load(v):
            amode, trap = self.load_of(v)
            self.do_mem(_CMP["mi"][type], amode, imm=0, trap=trap)
        else:
            r = self.put_in_reg(v)
            self.do(_TEST["rr"][type], r, r)

    def test_and(self, n: Any, cc: Any) -> Any:
        """Emit a test of the bits that two operands share, cc being E or NE."""
        type, x, y = n[1], n[3], n[4]
        if type > I64:
            a, b = self.put_in_regs(x), self.put_in_regs(y)
            low, high = self.alu_rr("and", I64, a[0], b[0]), self.alu_rr("and", I64, a[1], b[1])
            self.alu_rr("or", I64, low, high)
            return cc
        k = self.constant_of(y)
        if k is not None and fits32(k):
            if 0 <= k < 128:  # the byte form is the shortest
                self.do(_TEST["ri"][I8], self.put_in_reg(x), imm=k)
            elif type == I64 and k >= 0:
                self.do(_TEST["ri"][I32], self.put_in_reg(x), imm=k)
            else:
                self.do(_TEST["ri"][type], self.put_in_reg(x), imm=k)
            return cc
        self.do(_TEST["rr"][type], self.put_in_reg(x), self.put_in_reg(y))
        return cc

    def compare_pair(self, x: Any, y: Any, cc: Any) -> Any:
        """i128: equality by xor and or; order by subtracting with borrow, the flags of the high half."""
        if cc in (E, NE):
            a, b = self.put_in_regs(x), self.put_in_regs(y)
            low = self.alu_rr("xor", I64, a[0], b[0])
            high = self.alu_rr("xor", I64, a[1], b[1])
            self.alu_rr("or", I64, low, high)
            return cc
        if cc in _NEEDS_SWAP:  # > and <= as < and >= of swapped operands: zero is not known of the pair
            x, y, cc = y, x, _SWAPPED[cc]
        a, b = self.put_in_regs(x), self.put_in_regs(y)
        self.do(ROWS["cmp64_rr"], a[0], b[0])
        self.alu_rr("sbb", I64, a[1], b[1])
        return cc

    def set(self, cc: Any) -> Any:
        """The condition as an i8."""
        return self.op(SETCC[cc])

    def cmov(self, cc: Any, type: Any, yes: Any, no: Any) -> Any:
        """yes where the condition holds, else no (vregs); keeps the flags."""
        return self.op(_CMOV[width(type)][cc], no, yes)

    def min_max(self, code: str, type: Any, x: Any, y: Any) -> Any:
        """x where x code y, else y."""
        a, b = self.put_in_reg(x), self.put_in_reg(y)
        self.do(_CMP["rr"][type], a, b)
        return self.cmov(CONDITION[code], type, a, b)

    def min_max_pair(self, code: str, x: Any, y: Any) -> tuple[Any, Any]:
        """The same for i128."""
        a, b = self.put_in_regs(x), self.put_in_regs(y)
        cc = self.compare_pair(x, y, CONDITION[code])
        return self.cmov(cc, I64, a[0], b[0]), self.cmov(cc, I64, a[1], b[1])

    def abs(self, type: Any, x: Any) -> Any:
        """neg sets the sign of -x: where it is negative, x was the positive one."""
        r = self.extended(True, x)
        return self.cmov(_S, type, r, self.op(_UNARY["neg"][type], r))

    # Saturation: where the narrow instruction's flags say overflow, a bound instead.

    def add_sat_unsigned(self, op: str, type: Any, x: Any, y: Any) -> Any:
        """All ones where a sum carries, zero where a difference borrows."""
        bound = self.imm(MASK[type] if op == "add" else 0)
        result = self.add_flags(op, type, x, y)
        return self.cmov(B, type, bound, result)

    def add_sat_signed(self, op: str, type: Any, x: Any, y: Any) -> Any:
        """Overflow goes towards x's sign: (x >> bits-1) ^ MAX."""
        bits = BITS[type]
        a = self.put_in_reg(x)  # used twice, so a load is not merged
        r = a if bits >= 32 else self.op(ROWS[f"movsx32_{bits}_rr"], a)
        bound = self.op(ROWS[f"sar{width(type)}_ri"], r, imm=width(type) - 1)
        maximum = (1 << (bits - 1)) - 1
        if bits == 64:
            bound = self.alu_rr("xor", I64, bound, self.imm(maximum))
        else:
            bound = self.alu_imm("xor", I32, bound, maximum)
        result = self.op(ROWS[f"{op}{bits}_rr"], a, self.put_in_reg(y))
        return self.cmov(O, type, bound, result)

    def average(self, type: Any, x: Any, y: Any) -> Any:
        """(x + y + 1) / 2 without overflow: (x | y) - ((x ^ y) >> 1)."""
        a, b = self.extended(False, x), self.extended(False, y)
        union = self.alu_rr("or", type, a, b)
        half = self.op(ROWS[f"shr{width(type)}_ri"], self.alu_rr("xor", type, a, b), imm=1)
        return self.alu_rr("sub", type, union, half)

    # Counting and reversing bits.

    def leading_zeros(self, type: Any, x: Any) -> Any:
        """lzcnt, or bsr: the index of the highest one, from which the count follows; of zero it is undefined."""
        bits = BITS[type]
        r = self.zero_extended(x) if type < I32 else self.put_in_reg(x)
        return self._leading_zeros(type, bits, r)

    def _leading_zeros(self, type: Any, bits: Any, r: Any) -> Any:
        w = width(type)
        if self.features["has_lzcnt"]:
            n = self.op(ROWS[f"lzcnt{w}_rr"], r)
            return n if bits == w else self.alu_imm("sub", I32, n, w - bits)
        none = self.imm(MASK[I64])  # index -1, so that the count becomes the width
        top = self.op(ROWS[f"bsr{w}_rr"], r)
        top = self.cmov(E, type, none, top)
        return self.alu_rr("sub", I32, self.imm(bits - 1), top)

    def leading_zeros_pair(self, x: Any) -> tuple[Any, Any]:
        """Of the high half, or 64 more than of the low half."""
        low, high = self.put_in_regs(x)
        b = self.alu_imm("add", I64, self._leading_zeros(I64, 64, low), 64)
        a = self._leading_zeros(I64, 64, high)
        self.do(ROWS["test64_rr"], high, high)
        return self.cmov(E, I64, b, a), self.imm(0)

    def leading_sign(self, type: Any, x: Any) -> Any:
        """Bits after the first that equal it: clz(x ^ (x >> bits-1)) - 1."""
        r = self.extended(True, x)
        w = width(type)
        s = self.op(ROWS[f"sar{w}_ri"], r, imm=w - 1)
        flipped = self.alu_rr("xor", type, r, s)
        return self.alu_imm("sub", I32, self._leading_zeros(type, BITS[type], flipped), 1)

    def trailing_zeros(self, type: Any, x: Any) -> Any:
        """tzcnt or bsf; narrow types get a one above their top bit."""
        r = self.put_in_reg(x)
        if type < I32:
            r = self.alu_imm("or", I32, r, 1 << BITS[type])
        return self._trailing_zeros(type, r)

    def _trailing_zeros(self, type: Any, r: Any) -> Any:
        w = width(type)
        if self.features["has_bmi1"]:
            return self.op(ROWS[f"tzcnt{w}_rr"], r)
        if type < I32:
            return self.op(ROWS[f"bsf{w}_rr"], r)
        none = self.imm(w)
        return self.cmov(E, type, none, self.op(ROWS[f"bsf{w}_rr"], r))

    def trailing_zeros_pair(self, x: Any) -> tuple[Any, Any]:
        """Of the low half, or 64 more than of the high half."""
        low, high = self.put_in_regs(x)
        b = self.alu_imm("add", I64, self._trailing_zeros(I64, high), 64)
        a = self._trailing_zeros(I64, low)
        self.do(ROWS["test64_rr"], low, low)
        return self.cmov(E, I64, b, a), self.imm(0)

    def count_ones(self, type: Any, x: Any) -> Any:
        """popcnt, or sums of ever wider fields."""
        r = self.zero_extended(x) if type < I32 else self.put_in_reg(x)
        return self._count_ones(type, r)

    def _count_ones(self, type: Any, r: Any) -> Any:
        w = width(type)
        if self.features["has_popcnt"]:
            return self.op(ROWS[f"popcnt{w}_rr"], r)
        t = I64 if w == 64 else I32
        fives, threes, ones = (self.imm(p * (MASK[t] // 0xFF)) for p in (0x55, 0x33, 0x01))
        nibbles = self.imm(0x0F * (MASK[t] // 0xFF))
        shr = ROWS[f"shr{w}_ri"]
        r = self.alu_rr("sub", t, r, self.alu_rr("and", t, self.op(shr, r, imm=1), fives))
        r = self.alu_rr(
            "add", t, self.alu_rr("and", t, r, threes), self.alu_rr("and", t, self.op(shr, r, imm=2), threes)
        )
        r = self.alu_rr("and", t, self.alu_rr("add", t, r, self.op(shr, r, imm=4)), nibbles)
        return self.op(shr, self.op(ROWS[f"imul{w}_rr"], r, ones), imm=w - 8)

    def count_ones_pair(self, x: Any) -> tuple[Any, Any]:
        """The sum of both halves'."""
        low, high = self.put_in_regs(x)
        return self.alu_rr("add", I64, self._count_ones(I64, low), self._count_ones(I64, high)), self.imm(0)

    def swap_bytes(self, type: Any, x: Any) -> Any:
        """bswap; for i16 a rotation by 8."""
        r = self.put_in_reg(x)
        if type == I8:
            return r
        if type == I16:
            return self.op(ROWS["rol16_ri"], r, imm=8)
        return self.op(ROWS[f"bswap{BITS[type]}_r"], r)

    def reverse_bits(self, type: Any, x: Any) -> Any:
        """Reverse within bytes by three swaps of ever larger fields, then the bytes."""
        return self._reverse_bits(type, self.put_in_reg(x))

    def _reverse_bits(self, type: Any, r: Any) -> Any:
        w = width(type)
        t = I64 if w == 64 else I32
        for shift, pattern in ((1, 0x55), (2, 0x33), (4, 0x0F)):
            mask = self.imm(pattern * (MASK[t] // 0xFF))
            up = self.op(ROWS[f"shl{w}_ri"], self.alu_rr("and", t, r, mask), imm=shift)
            down = self.alu_rr("and", t, self.op(ROWS[f"shr{w}_ri"], r, imm=shift), mask)
            r = self.alu_rr("or", t, up, down)
        if type == I8:
            return r
        if type == I16:
            return self.op(ROWS["rol16_ri"], r, imm=8)
        return self.op(ROWS[f"bswap{w}_r"], r)

    def reverse_bits_pair(self, x: Any) -> tuple[Any, Any]:
        """Each half reversed, and exchanged."""
        low, high = self.put_in_regs(x)
        return self._reverse_bits(I64, high), self._reverse_bits(I64, low)

    # i128: pairs of i64.

    def alu_pair(self, op: str, x: Any, y: Any) -> tuple[Any, Any]:
        """Both halves, the second with the carry of the first where that matters; nothing stands between them."""
        a, b = self.put_in_regs(x), self.put_in_regs(y)
        return self.alu_rr(op, I64, a[0], b[0]), self.alu_rr(_WITH_CARRY.get(op, op), I64, a[1], b[1])

    def neg_pair(self, x: Any) -> tuple[Any, Any]:
        """0 - x."""
        a = self.put_in_regs(x)
        z, w = self.imm(0), self.imm(0)
        return self.alu_rr("sub", I64, z, a[0]), self.alu_rr("sbb", I64, w, a[1])

    def abs_pair(self, x: Any) -> tuple[Any, Any]:
        """(x ^ s) - s with s = x >> 127."""
        low, high = self.put_in_regs(x)
        s = self.op(ROWS["sar64_ri"], high, imm=63)
        a, b = self.alu_rr("xor", I64, low, s), self.alu_rr("xor", I64, high, s)
        return self.alu_rr("sub", I64, a, s), self.alu_rr("sbb", I64, b, s)

    def not_pair(self, x: Any) -> tuple[Any, Any]:
        """Both halves complemented."""
        a = self.put_in_regs(x)
        row = _UNARY["not"][I64]
        return self.op(row, a[0]), self.op(row, a[1])

    def mul_pair(self, x: Any, y: Any) -> tuple[Any, Any]:
        """The full product of the low halves, plus the cross products in the high half."""
        a, b = self.put_in_regs(x), self.put_in_regs(y)
        low, high = self.mul_wide(False, I64, a[0], b[0])
        row = ROWS["imul64_rr"]
        high = self.alu_rr("add", I64, high, self.op(row, a[0], b[1]))
        return low, self.alu_rr("add", I64, high, self.op(row, a[1], b[0]))

    def swap_bytes_pair(self, x: Any) -> tuple[Any, Any]:
        """Each half swapped, and exchanged."""
        low, high = self.put_in_regs(x)
        row = ROWS["bswap64_r"]
        return self.op(row, high), self.op(row, low)

    # Halves: see `isa.pairs`.

    def shifted_half(self, op: str, r: Any, k: int) -> Any:
        """shl, shr, sar."""
        return self.op(ROWS[f"{op}64_ri"], r, imm=k)

    def shifted_half_by(self, op: str, r: Any, count: Any) -> Any:
        """By cl."""
        return self.op(ROWS[f"{op}64_rc"], r, count)

    def across(self, left: bool, to: Any, giver: Any, k: int) -> Any:
        """shld, shrd."""
        return self.op(ROWS["shld64_ri" if left else "shrd64_ri"], to, giver, imm=k)

    def across_by(self, left: bool, count: Any, *pairs: tuple[Any, Any]) -> list[Any]:
        """By cl."""
        return [self.op(ROWS["shld64_rc" if left else "shrd64_rc"], to, giver, count) for to, giver in pairs]

    def where_far(self, count: Any, *choices: tuple[Any, Any]) -> list[Any]:
        """test, and a cmov for each."""
        self.do(ROWS["test8_ri"], count, imm=64)
        return [self.cmov(NE, I64, yes, no) for yes, no in choices]


_S = NS ^ 1
_SWAPPED = {E: E, NE: NE, L: G, G: L, L ^ 1: G ^ 1, G ^ 1: L ^ 1, B: A, A: B, AE: A ^ 1, A ^ 1: AE}
_NEEDS_SWAP = frozenset((G, G ^ 1, A, A ^ 1))


_OVERFLOW: dict[Any, tuple[str, Any, bool]] = {
    BY_NAME["uadd_overflow"]: ("add", B, False), BY_NAME["sadd_overflow"]: ("add", O, True),
    BY_NAME["usub_overflow"]: ("sub", B, False), BY_NAME["ssub_overflow"]: ("sub", O, True),
    BY_NAME["umul_overflow"]: ("mul", O, False), BY_NAME["smul_overflow"]: ("mul", O, True),
}  # fmt: skip
OVERFLOW_OPS = frozenset(_OVERFLOW)
