"""Conditions, branches, traps, selections of integers."""

from __future__ import annotations

from typing import Any

from jitpy.backend.ir.opcodes import BAND, FCMP, ICMP, VALL_TRUE, VANY_TRUE
from jitpy.backend.ir.types import BITS, I32, I64, MASK
from jitpy.backend.isa.aarch64.conditions import EQ, FLOAT, FP_ONE, GT, HS, INT, MI, NE, VS
from jitpy.backend.isa.aarch64.insts.branch import inverse
from jitpy.backend.isa.aarch64.lowering.convert import ConvertLowering
from jitpy.backend.isa.aarch64.lowering.float import LETTER
from jitpy.backend.isa.aarch64.lowering.int import OVERFLOW_OPS, width
from jitpy.backend.isa.aarch64.rows import ROWS
from jitpy.backend.target.row import INT as INT_CLASS
from jitpy.backend.target.row import MInst


class BranchLowering(ConvertLowering):
    """See the module's docstring."""


    def condition(self, v: Any) -> Any:
        """Emit what sets the flags for "v is not zero"; the condition number (conditions.py)."""
        v, invert = self.peeled(v)
        return self._condition(v) ^ invert

    def _condition(self, v: Any) -> Any:
        n = self.nodes[v]
        op = n[0]
        if op == ICMP:
            return self.compare(n[1], n[3], n[4], INT[n[2]])
        if op == FCMP:
            return self.compare_float(n[1], n[2], n[3], n[4])
        if op == BAND:
            return self.test_and(n, NE)
        if op in (VANY_TRUE, VALL_TRUE):
            return self.vector_truth(op == VALL_TRUE, n[3])
        if op < 0 and self.value_defs[v] >= 0:
            inst = self.value_defs[v]
            node = self.insts[inst]
            if node[0] in OVERFLOW_OPS and self.results[inst][1] == v and node[1] <= I64:
                if self.uses[v] == 1 and self.ctx.fusable(v) is not None:
                    result, cc = self.overflow(node)
                    self.ctx.define(self.results[inst][0], (result,))
                    self.sink(v)
                    return cc
        type = self.types[v]
        if type > I64:
            low, high = self.put_in_regs(v)
            self.do(ROWS["cmp64_ri"], self.rr("orr", I64, low, high), imm=0)
        else:
            self.test_zero(type, v)
        return NE

    def register_test(self, v: Any) -> Any:
        """(test, register) where a branch can look at a register itself (insts/branch.py), else None."""
        v, invert = self.peeled(v)
        found = self._register_test(v)
        if found is None:
            return None
        test, r = found
        return (inverse(test) if invert else test), r

    def _register_test(self, v: Any) -> Any:
        nodes = self.nodes
        n = nodes[v]
        if n[0] == ICMP and n[1] <= I64:
            type, code, x, k = n[1], n[2], n[3], self.constant_of(n[4])
            bits = BITS[type]
            if k == 0 and code in ("slt", "sge"):
                return ("bit" if code == "slt" else "clear", bits - 1), self.put_in_reg(x)
            if k == -1 and code in ("sgt", "sle"):
                return ("clear" if code == "sgt" else "bit", bits - 1), self.put_in_reg(x)
            if k != 0 or code not in ("eq", "ne"):
                return None
            found = self._nonzero(type, x)
            if found is None:
                return None
            return (inverse(found[0]) if code == "eq" else found[0]), found[1]
        if n[0] in (ICMP, FCMP, VANY_TRUE, VALL_TRUE) or self.types[v] > I64:
            return None
        if n[0] < 0 and self.value_defs[v] >= 0 and self.insts[self.value_defs[v]][0] in OVERFLOW_OPS:
            return None
        return self._nonzero(self.types[v], v)

    def _nonzero(self, type: Any, v: Any) -> Any:
        n = self.nodes[v]
        if n[0] == BAND:
            k = self.constant_of(n[4])
            if k is None:
                return None
            k &= MASK[type]
            if k and not k & k - 1:
                return ("bit", k.bit_length() - 1), self.put_in_reg(n[3])
            return None
        if type < I32 and not self.upper_is_zero(v):
            return None
        return ("nz", width(type)), self.put_in_reg(v)

    def compare_float(self, type: Any, code: str, x: Any, y: Any) -> Any:
        """fcmp; the condition."""
        n = self.nodes[y]
        if n[2:3] == (0,) and n[0] >= 0 and n[1] == type and len(n) == 3:
            self.do(ROWS[f"fcmp0_{LETTER[type]}"], self.put_in_reg(x), imm=0)
        else:
            self.fcmp(type, self.put_in_reg(x), self.put_in_reg(y))
        return FLOAT[code]

    def condition_value(self, inst: Any) -> Any:
        """icmp or fcmp as an i8."""
        n = self.insts[inst]
        if n[0] == ICMP:
            return self.set(self.compare(n[1], n[3], n[4], INT[n[2]]))
        return self.flag_value(self.compare_float(n[1], n[2], n[3], n[4]))

    def flag_value(self, cc: Any) -> Any:
        """A condition as an i8; two conditions of floats are two each."""
        if cc < 16:
            return self.set(cc)
        one = self.imm(1)
        first, second = (MI, GT) if cc == FP_ONE else (EQ, VS)
        return self.cmov(second, I32, one, self.set(first))

    # Branches.

    def branch_if(self, c: Any, targets: Any) -> Any:
        """A test of a register, or a comparison and a conditional branch."""
        found = self.register_test(c)
        if found is not None:
            test, r = found
            self.emit(MInst(ROWS["breg"], (), (r,), (targets[0], targets[1], test)))
        else:
            self.emit(MInst(ROWS["bcond"], (), (), (targets[0], targets[1], self.condition(c))))
        return ()

    def branch_table(self, x: Any, targets: Any) -> Any:
        """An index beyond the table goes through its last entry, the default: min(x, n)."""
        default, *entries = targets
        index = self.zero_extended(x)
        n = self.imm(len(entries))
        self.compare_regs(I32, index, n)
        index = self.cmov(HS, I32, n, index)
        if self.features["use_csdb"]:
            self.do(ROWS["csdb"])
        self.emit(MInst(ROWS["jump_table"], (self.temp(INT_CLASS),), (index,), (default, *entries)))
        return ()

    # Traps.

    def trap_always(self, code: str) -> tuple[()]:
        """Here and always."""
        return self.do(ROWS["trap"], imm=code)

    def trap_when(self, nonzero: bool, code: str, c: Any) -> tuple[()]:
        """A branch to a cold trap."""
        found = self.register_test(c)
        if found is not None:
            test, r = found
            return self.do(ROWS["trap_reg"], r, imm=(test if nonzero else inverse(test), code))
        cc = self.condition(c)
        return self.do(ROWS["trap_if"], imm=(cc if nonzero else cc ^ 1, code))

    def stop_in_debugger(self) -> tuple[()]:
        """brk, with gdb's number."""
        return self.do(ROWS["brk"], imm=0xF000)

    def add_trap(self, type: Any, code: str, x: Any, y: Any) -> Any:
        """A sum that traps on a carry."""
        if type < I32:
            r = self.rr("add", I32, self.extended(False, x), self.extended(False, y))
            self.do(ROWS["trap_if"], imm=(self.narrow_fits(False, type, r), code))
            return r
        r = self.sum("adds", type, x, y)
        self.do(ROWS["trap_if"], imm=(HS, code))
        return r

    # Selection of integers by csel.

    def select_int(self, type: Any, c: Any, x: Any, y: Any) -> Any:
        """x where c, else y."""
        yes, no = self.put_in_reg(x), self.put_in_reg(y)
        return self.choose(self.condition(c), type, yes, no)

    def guard_int(self, type: Any, c: Any, x: Any, y: Any) -> Any:
        """The same with a barrier behind it."""
        r = self.select_int(type, c, x, y)
        self.do(ROWS["csdb"])
        return r

    def choose(self, cc: Any, type: Any, yes: Any, no: Any) -> Any:
        """csel; some conditions are two."""
        for one in (cc,) if cc < 16 else (MI, GT) if cc == FP_ONE else (EQ, VS):
            no = self.cmov(one, type, yes, no)
        return no

    def select_pair(self, c: Any, x: Any, y: Any) -> tuple[Any, Any]:
        """Both halves by the same flags."""
        a, b = self.put_in_regs(x), self.put_in_regs(y)
        cc = self.condition(c)
        return self.choose(cc, I64, a[0], b[0]), self.choose(cc, I64, a[1], b[1])

    def mask_of(self, type: Any, v: Any) -> Any:
        """All ones where v is not zero."""
        cc = self.condition(v)
        mask = self.op(ROWS["csetm64"], imm=cc) if cc < 16 else self.op(ROWS["neg64_r"], self.flag_value(cc))
        return mask if type <= I64 else (mask, mask)
