"""Conditions, branches, traps, selections of integers."""

from __future__ import annotations

from typing import Any

from jitpy.backend.ir.opcodes import FCMP, ICMP, VALL_TRUE, VANY_TRUE
from jitpy.backend.ir.types import I32, I64, MASK
from jitpy.backend.isa.s390x.conditions import FLOAT, HE, INT, SWAPPED, E
from jitpy.backend.isa.s390x.lowering.base import fits
from jitpy.backend.isa.s390x.lowering.convert import ConvertLowering
from jitpy.backend.isa.s390x.lowering.int import OVERFLOWS
from jitpy.backend.isa.s390x.rows import ROWS
from jitpy.backend.target.row import INT as INT_CLASS
from jitpy.backend.target.row import MInst


class BranchLowering(ConvertLowering):
    """See the module's docstring."""


    def condition(self, v: Any) -> int:
        """Emit what sets the condition code for "v is not zero"; the mask."""
        v, invert = self.peeled(v)
        flip = 15 * invert
        n = self.nodes[v]
        op = n[0]
        if op == ICMP:
            return self.compare(n[1], n[3], n[4], n[2]) ^ flip
        if op == FCMP:
            self.compare_floats_flags(n[1], n[3], n[4])
            return FLOAT[n[2]] ^ flip
        if op in (VANY_TRUE, VALL_TRUE):
            mask: int = self.vector_truth(op == VALL_TRUE, n[3])
            return mask ^ flip
        if op < 0 and self.value_defs[v] >= 0:
            inst = self.value_defs[v]
            node = self.insts[inst]
            narrow = node[1] < I32 and node[0] in OVERFLOWS and OVERFLOWS[node[0]][1] != "mul"
            if node[0] in OVERFLOWS and self.results[inst][1] == v and node[1] <= I64 and not narrow:
                if self.uses[v] == 1 and self.ctx.fusable(v) is not None:
                    result, mask = self.overflow(node)
                    self.ctx.define(self.results[inst][0], (result,))
                    self.sink(v)
                    return mask ^ flip
        self.test_zero(v)
        return E ^ 15 ^ flip

    def test_zero(self, v: Any) -> None:
        """Set the condition code to 0 where v is zero."""
        type = self.types[v]
        if type > I64:
            low, high = self.put_in_regs(v)
            self.alu_rr("or", I64, low, high)
        elif self.bits_of_test(v) is not None:
            self.test_bits(v)
        elif type < I32:
            self.do(ROWS["tmll"], self.put_in_reg(v), imm=MASK[type])
        else:
            self.do(ROWS["cghi" if type == I64 else "chi"], self.put_in_reg(v), imm=0)

    def condition_value(self, inst: Any) -> Any:
        """icmp or fcmp as an i8."""
        n = self.insts[inst]
        if n[0] == ICMP:
            mask = self.compare(n[1], n[3], n[4], n[2])
        else:
            self.compare_floats_flags(n[1], n[3], n[4])
            mask = FLOAT[n[2]]
        return self.flag_value(mask)

    # A comparison and what depends on it as one instruction.

    def fused(self, v: Any) -> tuple[int, tuple[Any, ...], Any] | None:
        """(mask, registers, what the row wants to know) where v's truth is a comparison of registers or with a byte."""
        v, invert = self.peeled(v)
        n = self.nodes[v]
        flip = 15 * invert
        if n[0] != ICMP:
            type = self.types[v]
            if n[0] in (FCMP, VANY_TRUE, VALL_TRUE) or type > I64:
                return None
            if n[0] < 0 and self.value_defs[v] >= 0 and self.insts[self.value_defs[v]][0] in OVERFLOWS:
                return None
            if (type < I32 and not self.is_load(v)) or self.bits_of_test(v) is not None:  # a test of bits is as short
                return None
            r = self.put_in_reg(v) if type >= I32 else self.zero_extended(v)
            return (E ^ 15 ^ flip) & 14, (r,), ((True, type != I32, True), 0)
        type, cc, x, y = n[1], n[2], n[3], n[4]
        if type > I64:
            return None
        signed_, mask = INT[cc]
        signed_ = signed_ or (cc in ("eq", "ne") and type >= I32)
        if self.constant_of(x) is not None and self.constant_of(y) is None:
            x, y, mask = y, x, SWAPPED[mask]
        mask = (mask ^ flip) & 14
        k = self.constant_of(y)
        if k is not None:
            if k == 0 and cc in ("eq", "ne") and self.bits_of_test(x) is not None:
                return None
            if not signed_:
                k &= MASK[type]
            if not (-128 <= k < 128 if signed_ else k < 256):
                return None
            r = self.put_in_reg(x) if type >= I32 else self.extended(signed_, x)
            return mask, (r,), ((signed_, type != I32, True), k)
        if type < I32:
            return mask, (self.extended(signed_, x), self.extended(signed_, y)), ((signed_, True, False), 0)
        if self.nodes[y][0] >= 0 and self.is_load(y):
            return None
        return mask, (self.put_in_reg(x), self.put_in_reg(y)), ((signed_, type == I64, False), 0)

    def branch_if(self, c: Any, targets: Any) -> Any:
        """A comparison and a conditional jump."""
        found = self.fused(c)
        if found is not None:
            mask, regs, what = found
            row = ROWS["compare_branch" if len(regs) > 1 else "compare_branch:i"]
            self.emit(MInst(row, (), regs, (targets[0], targets[1], mask, what)))
            return ()
        mask = self.condition(c)
        self.emit(MInst(ROWS["branch"], (), (), (targets[0], targets[1], mask)))
        return ()

    def branch_table(self, x: Any, targets: Any) -> Any:
        """An index beyond the table goes through its last entry, the default: min(x, n)."""
        default, *entries = targets
        index = self.zero_extended(x)
        n = self.imm(len(entries))
        self.do(ROWS["clgr"], index, n)
        index = self.shifted("shl", self.op(ROWS["locgr"], index, n, imm=HE), 2)
        table, spent = self.temp(INT_CLASS), self.temp(INT_CLASS)
        self.emit(MInst(ROWS["jump_table"], (table, spent), (index,), (default, *entries)))
        return ()

    # Traps.

    def trap_always(self, code: str) -> tuple[()]:
        """Here and always."""
        return self.do(ROWS["trap"], imm=code)

    def trap_when(self, nonzero: bool, code: str, c: Any) -> tuple[()]:
        """A jump to a cold trap."""
        found = self.fused(c)
        if found is not None:
            mask, regs, what = found
            row = ROWS["compare_trap" if len(regs) > 1 else "compare_trap:i"]
            return self.do(row, *regs, imm=(mask if nonzero else mask ^ 14, code, what))
        mask = self.condition(c)
        return self.do(ROWS["trap_if"], imm=(mask if nonzero else mask ^ 15, code))

    def stop_in_debugger(self) -> tuple[()]:
        """A breakpoint."""
        return self.do(ROWS["debug_trap"])

    # Selection of integers by conditional moves.

    def select_int(self, type: Any, c: Any, x: Any, y: Any) -> Any:
        """x where c, else y. A small constant is loaded where it is wanted; else what is overwritten is, if possible, what nobody
        wants afterwards."""
        for v, other, flip in ((x, y, 0), (y, x, 15)):
            k = self.constant_of(v)
            if k is not None and fits(k, 16) and self.constant_of(other) is None:
                r = self.put_in_reg(other)
                return self.op(ROWS["locghi"], r, imm=(k, self.condition(c) ^ flip))
        yes, no = self.put_in_reg(x), self.put_in_reg(y)
        mask = self.condition(c)
        if self.uses[x] == 1 and self.uses[y] > 1:
            return self.choose(mask ^ 15, no, yes)
        return self.choose(mask, yes, no)

    def select_pair(self, c: Any, x: Any, y: Any) -> tuple[Any, Any]:
        """Both halves by the same condition."""
        a, b = self.put_in_regs(x), self.put_in_regs(y)
        mask = self.condition(c)
        return self.choose(mask, a[0], b[0]), self.choose(mask, a[1], b[1])

    def mask_of(self, type: Any, v: Any) -> Any:
        """All ones where v is not zero."""
        self.test_zero(v)
        mask = self.op(ROWS["locghi"], self.imm(0), imm=(-1, E ^ 15))
        return mask if type <= I64 else (mask, mask)
