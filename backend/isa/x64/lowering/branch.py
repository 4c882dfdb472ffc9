"""Conditions, branches, traps, selections of integers."""

from __future__ import annotations

from typing import Any

from jitpy.backend.ir.opcodes import BAND, BOR, FCMP, IADD, ICMP, ISUB, VALL_TRUE, VANY_TRUE
from jitpy.backend.ir.types import I32, I64
from jitpy.backend.isa.x64.conditions import FLOAT, FP_EQ, INT, NE, B, E
from jitpy.backend.isa.x64.lowering.convert import ConvertLowering
from jitpy.backend.isa.x64.lowering.int import OVERFLOW_OPS, SETCC
from jitpy.backend.isa.x64.rows import ROWS
from jitpy.backend.target.row import INT as INT_CLASS
from jitpy.backend.target.row import MInst

#: Operations whose flags say whether the result, of these types, is zero.
ALU_NAMES = {IADD: "add", ISUB: "sub", BOR: "or"}
FLAG_TYPES = (I32, I64)
_NP, _P = 11, 10


class BranchLowering(ConvertLowering):
    """See the module's docstring."""


    def condition(self, v: Any) -> Any:
        """Emit what sets the flags for "v is not zero"; the condition number (conditions.py)."""
        v, invert = self.peeled(v)
        n = self.nodes[v]
        op = n[0]
        if op == ICMP:
            return self.compare(n[1], n[3], n[4], INT[n[2]]) ^ invert
        if op == FCMP:
            return self.compare_float(n[1], n[2], n[3], n[4]) ^ invert
        if op == BAND:
            return self.test_and(n, NE) ^ invert
        if op in (VANY_TRUE, VALL_TRUE):
            return self.vector_truth(op == VALL_TRUE, n[3]) ^ invert
        if op in ALU_NAMES and n[1] in FLAG_TYPES and self.uses[v] > 1 and self.ctx.fusable(v) is not None:
            # Counted down and tested: the operation's own flags tell, so it is computed here.
            result = self.alu(ALU_NAMES[op], n[1], n[3], n[4])
            self.ctx.define(v, (result,))
            self.sink(v)
            return NE ^ invert
        if op < 0 and self.value_defs[v] >= 0:
            inst = self.value_defs[v]
            node = self.insts[inst]
            if node[0] in OVERFLOW_OPS and self.results[inst][1] == v and node[1] <= I64:
                if self.uses[v] == 1 and self.ctx.fusable(v) is not None:
                    result, cc = self.overflow(node)
                    self.ctx.define(self.results[inst][0], (result,))
                    self.sink(v)
                    return cc ^ invert
        type = self.types[v]
        if type > I64:
            low, high = self.put_in_regs(v)
            self.alu_rr("or", I64, low, high)
        else:
            self.test_zero(type, v)
        return NE ^ invert

    def compare_float(self, type: Any, code: str, x: Any, y: Any) -> Any:
        """ucomis; the condition."""
        swapped, cc = FLOAT[code]
        if swapped:
            x, y = y, x
        self.ucomi(type, x, y)
        return cc

    def condition_value(self, inst: Any) -> Any:
        """icmp or fcmp as an i8."""
        n = self.insts[inst]
        if n[0] == ICMP:
            cc = self.compare(n[1], n[3], n[4], INT[n[2]])
        else:
            cc = self.compare_float(n[1], n[2], n[3], n[4])
        return self.flag_value(cc)

    def flag_value(self, cc: Any) -> Any:
        """A condition as an i8; float equality is two of them."""
        if cc < 16:
            return self.op(SETCC[cc])
        if cc == FP_EQ:
            a, b = self.op(SETCC[_NP]), self.op(SETCC[E])
            return self.op(ROWS["and32_rr"], b, a)
        a, b = self.op(SETCC[_P]), self.op(SETCC[NE])
        return self.op(ROWS["or32_rr"], b, a)

    # Branches.

    def branch_if(self, c: Any, targets: Any) -> Any:
        """A comparison and a conditional jump."""
        cc = self.condition(c)
        self.emit(MInst(ROWS["jcc"], (), (), (targets[0], targets[1], cc)))
        return ()

    def branch_table(self, x: Any, targets: Any) -> Any:
        """An index beyond the table goes through its last entry, the default: min(x, n)."""
        default, *entries = targets
        index = self.zero_extended(x)
        n = self.imm(len(entries))
        self.do(ROWS["cmp32_rr"], index, n)
        index = self.op(ROWS["cmovae32_rr"], index, n)
        table, spent = self.temp(INT_CLASS), self.temp(INT_CLASS)
        self.emit(MInst(ROWS["jump_table"], (table, spent), (index,), (default, *entries)))
        return ()

    # Traps.

    def trap_always(self, code: str) -> tuple[()]:
        """Here and always."""
        return self.do(ROWS["trap"], imm=code)

    def trap_when(self, nonzero: bool, code: str, c: Any) -> tuple[()]:
        """A jump to a cold trap."""
        cc = self.condition(c)
        return self.do(ROWS["trap_if"], imm=(cc if nonzero else cc ^ 1, code))

    def stop_in_debugger(self) -> tuple[()]:
        """int3."""
        return self.do(ROWS["int3"])

    def add_trap(self, type: Any, code: str, x: Any, y: Any) -> Any:
        """A sum that traps on a carry."""
        r = self.add_flags("add", type, x, y)
        self.do(ROWS["trap_if"], imm=(B, code))
        return r

    # Selection of integers by cmov.

    def select_int(self, type: Any, c: Any, x: Any, y: Any) -> Any:
        """x where c, else y."""
        yes, no = self.put_in_reg(x), self.put_in_reg(y)
        return self.choose(self.condition(c), type, yes, no)

    def choose(self, cc: Any, type: Any, yes: Any, no: Any) -> Any:
        """cmov; float equality takes two: no where unordered, no where not equal."""
        if cc < 16:
            return self.cmov(cc, type, yes, no)
        if cc == FP_EQ:
            yes, no = no, yes
        return self.cmov(NE, type, yes, self.cmov(_P, type, yes, no))

    def select_pair(self, c: Any, x: Any, y: Any) -> tuple[Any, Any]:
        """Both halves by the same flags."""
        a, b = self.put_in_regs(x), self.put_in_regs(y)
        cc = self.condition(c)
        return self.choose(cc, I64, a[0], b[0]), self.choose(cc, I64, a[1], b[1])

    def mask_of(self, type: Any, v: Any) -> Any:
        """All ones where v is not zero: its negation borrows, and sbb r, r spreads the borrow."""
        source = self.types[v]
        if source > I64:
            low, high = self.put_in_regs(v)
            r, source = self.alu_rr("or", I64, low, high), I64
        else:
            r = self.put_in_reg(v)
        self.op(ROWS[f"neg{(8, 16, 32, 64)[source - 1]}_r"], r)
        mask = self.op(ROWS["carry_mask"])
        return mask if type <= I64 else (mask, mask)
