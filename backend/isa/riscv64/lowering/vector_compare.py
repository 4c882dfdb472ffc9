"""Comparisons, choices, and what a whole vector answers."""

from __future__ import annotations

from typing import Any

from jitpy.backend.ir.types import I64, LANES
from jitpy.backend.isa.riscv64.conditions import EQ, NE
from jitpy.backend.isa.riscv64.lowering.int import Condition
from jitpy.backend.isa.riscv64.lowering.vector_int import VectorIntLowering
from jitpy.backend.isa.vectors import of_lanes, one
from jitpy.backend.target.row import VECTOR

#: Integer code -> (operands swapped, instruction).
_INTS = {
    "eq": (False, "vmseq"), "ne": (False, "vmsne"), "slt": (False, "vmslt"), "sle": (False, "vmsle"), "sgt": (True, "vmslt"),
    "sge": (True, "vmsle"), "ult": (False, "vmsltu"), "ule": (False, "vmsleu"), "ugt": (True, "vmsltu"),
    "uge": (True, "vmsleu"),
}  # fmt: skip
#: Comparisons with a scalar -> (instruction, whether it says the opposite); with a constant -> (instruction, what to add to that).
_SCALARS = {
    "eq": ("vmseq", False), "ne": ("vmsne", False), "slt": ("vmslt", False), "sle": ("vmsle", False), "sgt": ("vmsgt", False),
    "sge": ("vmslt", True), "ult": ("vmsltu", False), "ule": ("vmsleu", False), "ugt": ("vmsgtu", False), "uge": ("vmsltu", True),
}  # fmt: skip
_CONSTANTS = {
    "eq": ("vmseq", 0), "ne": ("vmsne", 0), "slt": ("vmsle", -1), "sle": ("vmsle", 0), "sgt": ("vmsgt", 0), "sge": ("vmsgt", -1),
    "ult": ("vmsleu", -1), "ule": ("vmsleu", 0), "ugt": ("vmsgtu", 0), "uge": ("vmsgtu", -1),
}  # fmt: skip
_FLOAT_SCALARS = {
    "eq": ("vmfeq", False), "ne": ("vmfne", False), "lt": ("vmflt", False), "le": ("vmfle", False), "gt": ("vmfgt", False),
    "ge": ("vmfge", False), "uge": ("vmflt", True), "ugt": ("vmfle", True), "ule": ("vmfgt", True), "ult": ("vmfge", True),
}  # fmt: skip
#: Float code -> (operands swapped, instruction, whether it says the opposite).
_FLOATS = {
    "eq": (False, "vmfeq", False), "ne": (False, "vmfne", False), "lt": (False, "vmflt", False), "le": (False, "vmfle", False),
    "gt": (True, "vmflt", False), "ge": (True, "vmfle", False), "uge": (False, "vmflt", True), "ugt": (False, "vmfle", True),
    "ule": (True, "vmflt", True), "ult": (True, "vmfle", True),
}  # fmt: skip

#: Turns the name of a comparison into that with its operands swapped.
_TURNED = str.maketrans("lg", "gl")


class VectorCompareLowering(VectorIntLowering):
    """See the module's docstring."""

    def from_mask(self, t: Any, base: Any, inverse: bool = False) -> Any:
        """All ones in the lanes whose mask bit is set (or is not), ``base`` having the others' bits."""
        return self.merged_constant(t, 0 if inverse else -1, base)

    def compare_ints(self, ty: Any, cc: str, x: Any, y: Any) -> Any:
        """icmp. ty is the operands' type."""
        if self.scalar_of(y) is None and self.scalar_of(x) is not None:
            x, y, cc = y, x, cc.translate(_TURNED)
        s = self.scalar_of(y)
        if s is not None:
            return self._with_splat(ty, cc, x, s)
        swapped, name = _INTS[cc]
        return self.lanes(lambda t, a, b: self._compared(t, name + ".vv", *((b, a) if swapped else (a, b))), ty, x, y)

    def _with_splat(self, ty: Any, cc: str, x: Any, s: Any) -> Any:
        """Lanes compared with a scalar or a small constant: below it is up to the one before."""
        k = self.constant_of(s)
        if k is not None:
            name, more = _CONSTANTS[cc]
            if -16 <= k + more < 16 and not (more and k == 0 and cc[0] == "u"):
                return self.lanes(lambda t, a: self._compared(t, name + ".vi", a, imm=k + more), ty, x)
        name, inverse = _SCALARS[cc]
        r = self.put_in_reg(s)
        return self.lanes(lambda t, a: self._compared(t, name + ".vx", a, r, inverse=inverse), ty, x)

    def _compared(self, t: Any, name: str, *regs: Any, inverse: bool = False, imm: Any = None) -> Any:
        base = self.p("vmv.v.i", t, imm=-1 if inverse else 0)
        self.mask(name + ".m", t, *regs, imm=imm)
        return self.from_mask(t, base, inverse)

    def compare_floats(self, ty: Any, cc: str, x: Any, y: Any) -> Any:
        """fcmp. ty is the operands' type."""
        if self.scalar_of(y) is None and self.scalar_of(x) is not None:
            x, y, cc = y, x, cc.translate(_TURNED)
        s = self.scalar_of(y)
        if s is not None and cc in _FLOAT_SCALARS:
            name, inverse = _FLOAT_SCALARS[cc]
            r = self.put_in_reg(s)
            return self.lanes(lambda t, a: self._compared(t, name + ".vf", a, r, inverse=inverse), ty, x)
        return self.lanes(lambda t, a, b: self.v_fcmp(t, cc, a, b), ty, x, y)

    def v_fcmp(self, t: Any, cc: str, a: Any, b: Any) -> Any:
        """One comparison, or two of them."""
        if cc in _FLOATS:
            swapped, name, inverse = _FLOATS[cc]
            return self._compared(t, name + ".vv", *((b, a) if swapped else (a, b)), inverse=inverse)
        base = self.zero(t)
        if cc in ("ord", "uno"):
            one_, other, join = self.p("vmfeq.vv", t, a, a), self.p("vmfeq.vv", t, b, b), "and"
        else:
            one_, other, join = self.p("vmflt.vv", t, a, b), self.p("vmflt.vv", t, b, a), "or"
        negated = "n" if cc in ("uno", "ueq") else ""
        self.mask(f"vm{negated}{join}.mm", t, one_, other)
        return self.from_mask(t, base)

    def ordered_mask(self, t: Any, a: Any, b: Any) -> None:
        """The mask of lanes where neither is NaN."""
        one_, other = self.p("vmfeq.vv", t, a, a), self.p("vmfeq.vv", t, b, b)
        self.mask("vmand.mm", t, one_, other)

    # Choices.

    def v_blend(self, t: Any, c: Any, x: Any, y: Any) -> Any:
        """Per lane x where c's top bit is set, else y."""
        self.mask("vmslt.vz.m", t, c)
        return self.merged(t, x, y)

    def select_vector(self, ty: Any, c: Any, x: Any, y: Any) -> Any:
        """By a scalar: a branch over moves."""
        yes, no = self.put_in_regs(x), self.put_in_regs(y)
        condition = self.condition(c)
        return one([self.choose(condition, a, b, VECTOR) for a, b in zip(yes, no)])

    def guard_vector(self, ty: Any, c: Any, x: Any, y: Any) -> Any:
        """By a scalar without a branch: by a mask of its truth."""
        t = of_lanes(I64)
        spread = self.p("vmv.v.x", t, self.one("neg", self.flag_value(self.condition(c))))
        return one([self.choose_bits(t, spread, a, b) for a, b in zip(self.put_in_regs(x), self.put_in_regs(y))])

    # Answers of whole vectors.

    def truth_condition(self, of_all: bool, x: Any) -> Condition:
        """The lanes that are not zero, or those that are, counted."""
        ty = self.types[x]
        t = self.parts(ty)[0]
        regs = list(self.put_in_regs(x))
        r = regs[0]
        for other in regs[1:]:
            r = self.v_umin(t, r, other) if of_all else self.or_(t, r, other)
        if self.small(ty):
            return self._few(of_all, t, r, LANES[ty])
        self.mask("vmseq.vi.m" if of_all else "vmsne.vi.m", t, r, imm=0)
        return (EQ if of_all else NE), self.pg("vcpop.m", t), None

    def _few(self, of_all: bool, t: Any, r: Any, count: int) -> Condition:
        """The same of vectors of less than 128 bits, by the mask's low bits."""
        self.mask("vmseq.vi.m" if of_all else "vmsne.vi.m", t, r, imm=0)
        bits = self.with_imm("andi", self.pg("vmv.x.s.m", t, bits=16), (1 << count) - 1)
        return (EQ if of_all else NE), bits, None

    def truth(self, of_all: bool, x: Any) -> Any:
        """The same as an i8."""
        return self.flag_value(self.truth_condition(of_all, x))

    def high_bits(self, type: Any, x: Any) -> Any:
        """The parts' top bits side by side."""
        ty = self.types[x]
        lanes = LANES[ty]
        result = None
        at = 0
        for t, r in zip(self.parts(ty), self.put_in_regs(x)):
            if at >= 64:
                break
            count = min(LANES[t], lanes)
            self.mask("vmslt.vz.m", t, r)
            piece = self.pg("vmv.x.s.m", t, bits=16)
            piece = self.zext(16, piece) if count == 16 else self.with_imm("andi", piece, (1 << count) - 1)
            if at:
                piece = self.with_imm("slli", piece, at)
            result = piece if result is None else self.three("or", result, piece)
            at += LANES[t]
        return result
