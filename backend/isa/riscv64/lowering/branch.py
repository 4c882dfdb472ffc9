"""Conditions, branches, traps, selections.

A condition is a comparison of two registers (`conditions`), which a branch does by itself.
"""

from __future__ import annotations

from typing import Any

from jitpy.backend.ir.opcodes import BAND, BOR, BXOR, FCMP, IADD, ICMP, ISUB, VALL_TRUE, VANY_TRUE
from jitpy.backend.ir.types import BITS, F128, I32, I64, I128, MASK
from jitpy.backend.isa.riscv64.conditions import EQ, FLOAT, GE, GEU, LT, LTU, NE, ZERO_FIRST
from jitpy.backend.isa.riscv64.conditions import INT as CODES
from jitpy.backend.isa.riscv64.lowering.base import fits12
from jitpy.backend.isa.riscv64.lowering.convert import ConvertLowering
from jitpy.backend.isa.riscv64.lowering.float import LETTER
from jitpy.backend.isa.riscv64.lowering.int import OVERFLOW_OPS, Condition
from jitpy.backend.isa.riscv64.rows import ROWS
from jitpy.backend.target.row import FLOAT as FLOAT_CLASS
from jitpy.backend.target.row import INT, MInst


class BranchLowering(ConvertLowering):
    """See the module's docstring."""


    def condition(self, v: Any) -> Condition:
        """Emit what is compared for "v is not zero"."""
        v, invert = self.peeled(v)
        n = self.nodes[v]
        op = n[0]
        if op == ICMP:
            return self.inverted(self.compare(n[1], n[3], n[4], n[2]), invert)
        if op == FCMP:
            return self.inverted(self.compare_float(n[1], n[2], n[3], n[4]), invert)
        if op in (VANY_TRUE, VALL_TRUE):
            return self.inverted(self.vector_truth(op == VALL_TRUE, n[3]), invert)
        if op < 0 and self.value_defs[v] >= 0:
            inst = self.value_defs[v]
            node = self.insts[inst]
            if node[0] in OVERFLOW_OPS and self.results[inst][1] == v and node[1] <= I64:
                if self.uses[v] == 1 and self.ctx.fusable(v) is not None:
                    result, condition = self.overflow(node)
                    self.ctx.define(self.results[inst][0], (result,))
                    self.sink(v)
                    return self.inverted(condition, invert)
        return (EQ if invert else NE), self.nonzero(v), None

    @staticmethod
    def inverted(condition: Condition, invert: Any) -> Condition:
        """The condition, or its opposite."""
        cc, a, b = condition
        return cc ^ int(invert), a, b

    def nonzero(self, v: Any) -> Any:
        """A register that is zero where v is."""
        type = self.types[v]
        if type == I128:
            return self.three("or", *self.put_in_regs(v))
        n = self.nodes[v]
        if n[0] == BAND:
            k = self.constant_of(n[4])
            if k is not None and type < I64 and 0 <= k < 2048:
                return self.with_imm("andi", self.put_in_reg(n[3]), k)
            if k is not None and self.features["has_zbs"] and (bits := k & MASK[type]) & bits - 1 == 0 and bits:
                return self.with_imm("bexti", self.put_in_reg(n[3]), bits.bit_length() - 1)
        if type == I64 or self.sign_known(v) or self.zero_known(v):
            return self.put_in_reg(v)
        if BITS[type] == 8:
            return self.with_imm("andi", self.put_in_reg(v), 255)
        return self.sign_extended(v) if type == I32 else self.with_imm("slli", self.put_in_reg(v), 48)

    def compare(self, type: Any, x: Any, y: Any, code: str) -> Condition:
        """x code y. Zero needs no register, also where a bound of one says the same."""
        if type == I128:
            return self.compare_pair(x, y, code)
        if self.constant_of(x) is not None and self.constant_of(y) is None:
            x, y, code = y, x, _SWAPPED[code]
        k = self.constant_of(y)
        if k == 1 and code in ("slt", "sge", "ult", "uge"):
            code, k = _BELOW_ONE[code], 0
        elif k == -1 and code in ("sgt", "sle"):
            code, k = ("sge" if code == "sgt" else "slt"), 0
        swapped, cc = CODES[code]
        signed_ = code[0] == "s"
        if k == 0:
            if cc in (EQ, NE):
                return cc, self.nonzero(x), None
            if signed_:
                r = self.comparable(type, x, True)
                return (cc, None, r) if swapped else (cc, r, None)
            if cc == GEU and swapped:  # unsigned x <= 0
                return EQ, self.nonzero(x), None
            if cc == LTU and swapped:
                return NE, self.nonzero(x), None
        if cc in (EQ, NE):
            # Any extension does, the same on both sides: that which is there already.
            signed_ = not (self.zero_known(x) and (k is not None or self.zero_known(y)))
            a, b = (self.sign_extended(v) if signed_ else self.zero_extended(v) for v in (x, y))
        else:
            a, b = self.comparable(type, x, signed_), self.comparable(type, y, signed_)
        return (cc, b, a) if swapped else (cc, a, b)

    def compare_pair(self, x: Any, y: Any, code: str) -> Condition:
        """i128."""
        return self.compare_regs(self.put_in_regs(x), self.put_in_regs(y), code)

    def compare_float(self, type: Any, code: str, x: Any, y: Any) -> Condition:
        """A comparison's result, or two of them."""
        s = LETTER[type]
        a, b = self.put_in_reg(x), self.put_in_reg(y)
        if code in FLOAT:
            swapped, name, inverse = FLOAT[code]
            if swapped:
                a, b = b, a
            return (EQ if inverse else NE), self.op(ROWS[f"{name}.{s}"], a, b), None
        if code in ("ord", "uno"):
            both = self.three("and", self.op(ROWS[f"feq.{s}"], a, a), self.op(ROWS[f"feq.{s}"], b, b))
            return (NE if code == "ord" else EQ), both, None
        either = self.three("or", self.op(ROWS[f"flt.{s}"], a, b), self.op(ROWS[f"flt.{s}"], b, a))
        return (NE if code == "one" else EQ), either, None

    # Conditions as values.

    def condition_value(self, inst: Any) -> Any:
        """icmp or fcmp as an i8, comparing with constants where that is one instruction."""
        n = self.insts[inst]
        if n[0] == FCMP:
            return self.flag_value(self.compare_float(n[1], n[2], n[3], n[4]))
        type, code, x, y = n[1], n[2], n[3], n[4]
        if type <= I64 and self.constant_of(x) is None:
            k = self.constant_of(y)
            if k is not None and k:
                found = self._compared_with(type, code, x, k)
                if found is not None:
                    return found
        return self.flag_value(self.compare(type, x, y, code))

    def _compared_with(self, type: Any, code: str, x: Any, k: Any) -> Any:
        signed_ = code[0] == "s"
        if code in ("eq", "ne"):
            if not fits12(-k) or (type < I64 and not self.sign_known(x)):
                return None
            r = self.with_imm("addi", self.sign_extended(x), -k)
            return self.with_imm("sltiu", r, 1) if code == "eq" else self.one("snez", r)
        inverse = code[1:] in ("ge", "gt")
        if code[1:] in ("gt", "le"):
            k += 1
        if not signed_ and type < I32:
            k &= (1 << BITS[type]) - 1
        # A bound that wrapped to zero: nothing is above the greatest number.
        if not fits12(k) or (k == 0 and not signed_) or (signed_ and k == 1 << BITS[type] - 1):
            return None
        r = self.with_imm("slti" if signed_ else "sltiu", self.comparable(type, x, signed_), k)
        return self.with_imm("xori", r, 1) if inverse else r

    def flag_value(self, condition: Condition) -> Any:
        """A condition as 0 or 1."""
        cc, a, b = condition
        if cc in (EQ, NE):
            if b is not None:
                a = self.three("xor", a, b)
            elif self.is_truth(a):
                return a if cc == NE else self.with_imm("xori", a, 1)
            return self.with_imm("sltiu", a, 1) if cc == EQ else self.one("snez", a)
        if a is None:
            less = self.one("sgtz", b)
        elif b is None:
            less = self.with_imm("srli", a, 63) if cc in (LT, GE) else self.imm(0)
        else:
            less = self.three("slt" if cc in (LT, GE) else "sltu", a, b)
        return self.with_imm("xori", less, 1) if cc in (GE, GEU) else less

    def is_truth(self, r: Any) -> bool:
        """Whether the instruction just emitted left 0 or 1 in this register."""
        buffer = self.ctx.buffer
        return bool(buffer and buffer[-1].defs == (r,) and buffer[-1].row.name[:3] in ("feq", "flt", "fle", "slt"))

    # Branches.

    def _with(self, condition: Condition, plain: Any, zero: Any, imm: Any) -> None:
        cc, operands = self.operands_of(condition)
        self.emit(MInst(plain if len(operands) == 2 else zero, (), operands, (*imm, cc)))

    @staticmethod
    def operands_of(condition: Condition) -> tuple[int, tuple[Any, ...]]:
        """The number and registers of a row that compares."""
        cc, a, b = condition
        if a is None:
            return cc | ZERO_FIRST, (b,)
        return cc, (a,) if b is None else (a, b)

    def branch_if(self, c: Any, targets: Any) -> Any:
        """One instruction."""
        self._with(self.condition(c), ROWS["branch"], ROWS["branch_zero"], (targets[0], targets[1]))
        return ()

    def branch_table(self, x: Any, targets: Any) -> Any:
        """See the row."""
        default, *entries = targets
        table = self.temp(INT)
        self.emit(MInst(ROWS["jump_table"], (table,), (self.zero_extended(x),), (default, *entries)))
        return ()

    # Traps.

    def trap_always(self, code: str) -> tuple[()]:
        """Here and always."""
        return self.do(ROWS["trap"], imm=code)

    def trap_when(self, nonzero: bool, code: str, c: Any) -> tuple[()]:
        """A branch to a cold trap."""
        self.trap_if(self.inverted(self.condition(c), not nonzero), code)
        return ()

    def trap_if(self, condition: Condition, code: str) -> None:
        """A branch to a cold trap."""
        self._with(condition, ROWS["trap_if"], ROWS["trap_if_zero"], (code,))

    def stop_in_debugger(self) -> tuple[()]:
        """ebreak."""
        return self.do(ROWS["ebreak"])

    # Selection.

    def choose(self, condition: Condition, yes: Any, no: Any, cls: Any = INT) -> Any:
        """yes where the condition holds, else no: a move that a branch leads around."""
        cc, operands = self.operands_of(condition)
        d = self.temp(cls)
        row = ROWS["select" if len(operands) == 2 else "select_zero"]
        self.emit(MInst(row, (d,), (no, yes, *operands), cc))
        return d

    def guarded(self, condition: Condition, yes: Any, no: Any) -> Any:
        """The same without a branch, by Zicond or by masks."""
        c = self.flag_value(condition)
        if self.features["has_zicond"]:
            return self.three("or", self.three("czero.eqz", yes, c), self.three("czero.nez", no, c))
        mask = self.one("neg", c)
        return self.three("xor", self.three("and", self.three("xor", yes, no), mask), no)

    def guarded_int(self, type: Any, c: Any, x: Any, y: Any) -> Any:
        """select_spectre_guard."""
        yes, no = self.put_in_reg(x), self.put_in_reg(y)
        return self.guarded(self.condition(c), yes, no)

    def guarded_pair(self, c: Any, x: Any, y: Any) -> tuple[Any, Any]:
        """The same of pairs."""
        a, b = self.put_in_regs(x), self.put_in_regs(y)
        condition = self.condition(c)
        return self.guarded(condition, a[0], b[0]), self.guarded(condition, a[1], b[1])

    def select_int(self, type: Any, c: Any, x: Any, y: Any) -> Any:
        """x where c, else y; a zero is one instruction of Zicond."""
        if self.features["has_zicond"] and (self.constant_of(x) == 0 or self.constant_of(y) == 0):
            zero_is_no = self.constant_of(y) == 0
            r = self.put_in_reg(x if zero_is_no else y)
            cc, a, b = self.condition(c)
            if cc in (EQ, NE) and b is None:
                return self.three("czero.eqz" if (cc == NE) == zero_is_no else "czero.nez", r, a)
            return self.three("czero.eqz" if zero_is_no else "czero.nez", r, self.flag_value((cc, a, b)))
        for v, other, invert in ((x, y, False), (y, x, True)):
            found = self._conditional(type, c, v, other, invert)
            if found is not None:
                return found
        yes, no = self.put_in_reg(x), self.put_in_reg(y)
        return self.choose(self.condition(c), yes, no)

    def _conditional(self, type: Any, c: Any, v: Any, other: Any, invert: bool) -> Any:
        """v where c holds (or does not), else the other: where v is that with one instruction more, a branch over the one."""
        n = self.nodes[v]
        name = _ONE_MORE.get(n[0])
        if name is None or not self.own(v):
            return None
        a, b = n[3], n[4]
        if b == other and n[0] != ISUB:
            a, b = b, a
        if a != other:
            return None
        k = self.constant_of(b)
        if k is not None and n[0] == ISUB:
            name, k = "add", -k
        word = type == I32 and name in ("add", "sub")
        uses: tuple[Any, ...] = ()
        if k is None:
            name, uses = name + "w" * word, (self.put_in_reg(b),)
        elif fits12(k):
            name += "iw" if word else "i"
        else:
            return None
        base = self.put_in_reg(other)
        cc, operands = self.operands_of(self.inverted(self.condition(c), invert))
        d = self.temp(INT)
        row = ROWS[("if_op" if uses else "if_imm") + ("_zero" if len(operands) == 1 else "")]
        self.emit(MInst(row, (d,), (base, *uses, *operands), (cc, ROWS[name].word | (0 if uses else (k & 0xFFF) << 20))))
        return d

    def select_pair(self, c: Any, x: Any, y: Any) -> tuple[Any, Any]:
        """Both halves by the same comparison."""
        a, b = self.put_in_regs(x), self.put_in_regs(y)
        condition = self.condition(c)
        return self.choose(condition, a[0], b[0]), self.choose(condition, a[1], b[1])

    def select_float(self, type: Any, c: Any, x: Any, y: Any) -> Any:
        """The same in float registers; f128 is in general ones."""
        if type == F128:
            return self.select_pair(c, x, y)
        yes, no = self.put_in_reg(x), self.put_in_reg(y)
        return self.choose(self.condition(c), yes, no, FLOAT_CLASS)

    def guard_float(self, type: Any, c: Any, x: Any, y: Any) -> Any:
        """By the bits: what must not be speculated must not branch."""
        if type == F128:
            return self.guarded_pair(c, x, y)
        yes, no = (self.bits_in(type, self.put_in_reg(v)) for v in (x, y))
        return self.float_in(type, self.guarded(self.condition(c), yes, no))

    def mask_of(self, type: Any, v: Any) -> Any:
        """All ones where v is not zero."""
        mask = self.one("neg", self.one("snez", self.nonzero(v)))
        return mask if type <= I64 else (mask, mask)


_SWAPPED = {
    "eq": "eq", "ne": "ne", "slt": "sgt", "sgt": "slt", "sle": "sge", "sge": "sle", "ult": "ugt", "ugt": "ult", "ule": "uge",
    "uge": "ule",
}  # fmt: skip
#: Operations that a selection may skip -> the instruction.
_ONE_MORE = {IADD: "add", ISUB: "sub", BAND: "and", BOR: "or", BXOR: "xor"}
#: Comparisons with one that say something about zero.
_BELOW_ONE = {"slt": "sle", "sge": "sgt", "ult": "eq", "uge": "ne"}
