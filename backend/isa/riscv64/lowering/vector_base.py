"""Vectors: how a value is spread over registers, and the operations that all themes use.

A value of a vector type is held in parts of 128 bits, the least that V has. A type of less than 128 bits is computed as one
of 128 whose upper lanes are arbitrary. So operations are written for one part,
a function ``v_name(t, *vregs) -> vreg``, t being a type of 128 bits, and `lanes` applies them to all parts of a value.

Every instruction says how many lanes of which width it works on; emission sets that where it is not set already. Masks live
in v0 from the instruction that makes one to the next, which uses it: the allocator puts only moves between.
"""

from __future__ import annotations

from typing import Any

from jitpy.backend.ir.opcodes import BY_NAME
from jitpy.backend.ir.types import F16, IS_FLOAT, LANE_BITS
from jitpy.backend.isa.lowering import signed
from jitpy.backend.isa.riscv64.frame import CONST
from jitpy.backend.isa.riscv64.insts.vectors import MEMORY, vtype
from jitpy.backend.isa.riscv64.lowering.branch import BranchLowering
from jitpy.backend.isa.riscv64.rows import ROWS
from jitpy.backend.isa.vectors import INT_OF_BITS, Part, VectorParts, of_lanes
from jitpy.backend.target.row import FLOAT, INT, VECTOR, MInst

_SPLAT, _ICONST = BY_NAME["splat"], BY_NAME["iconst"]
#: Operations whose second operand may be a scalar -> the instruction, whether a small constant is one too.
_SCALAR_FORMS = {
    "v_iadd": ("vadd", True), "v_isub": ("vsub", False), "v_imul": ("vmul", False), "and_": ("vand", True), "or_": ("vor", True),
    "xor_": ("vxor", True), "v_smin": ("vmin", False), "v_smax": ("vmax", False), "v_umin": ("vminu", False),
    "v_umax": ("vmaxu", False), "v_uadd_sat": ("vsaddu", True), "v_sadd_sat": ("vsadd", True), "v_usub_sat": ("vssubu", False),
    "v_ssub_sat": ("vssub", False), "v_umulhi": ("vmulhu", False), "v_smulhi": ("vmulh", False), "v_fadd": ("vfadd", False),
    "v_fsub": ("vfsub", False), "v_fmul": ("vfmul", False), "v_fdiv": ("vfdiv", False),
}  # fmt: skip
_COMMUTATIVE = frozenset((
    "v_iadd", "v_imul", "and_", "or_", "xor_", "v_smin", "v_smax", "v_umin", "v_umax", "v_uadd_sat", "v_sadd_sat", "v_umulhi",
    "v_smulhi", "v_fadd", "v_fmul",
))  # fmt: skip


class VectorBase(VectorParts, BranchLowering):
    """See the module's docstring."""

    # Emission. ``bits``: of a lane, where it is not t's; ``size``: of what the instruction works on, less than a register
    # where its lanes become wider or narrower.

    def _state(self, t: Any, imm: Any, bits: int, size: int) -> Any:
        bits = bits or LANE_BITS[t]
        return size // bits, vtype(bits, size), imm

    def p(self, name: str, t: Any, *regs: Any, imm: Any = None, bits: int = 0, size: int = 128) -> Any:
        """Emit an operation whose result is a vector."""
        d = self.temp(VECTOR)
        self.emit(MInst(ROWS[name], (d,), regs, self._state(t, imm, bits, size)))
        return d

    def pg(self, name: str, t: Any, *regs: Any, bits: int = 0, size: int = 128) -> Any:
        """Emit an operation whose result is a general register."""
        d = self.temp(INT)
        self.emit(MInst(ROWS[name], (d,), regs, self._state(t, None, bits, size)))
        return d

    def pf(self, name: str, t: Any, *regs: Any, bits: int = 0) -> Any:
        """Emit an operation whose result is a float register."""
        d = self.temp(FLOAT)
        self.emit(MInst(ROWS[name], (d,), regs, self._state(t, None, bits, 128)))
        return d

    def mask(self, name: str, t: Any, *regs: Any, imm: Any = None, bits: int = 0, size: int = 128) -> None:
        """Emit an operation whose result is the mask, v0."""
        self.emit(MInst(ROWS[name], (), regs, self._state(t, imm, bits, size)))

    def float_lanes(self, type: Any) -> bool:
        """Whether instructions take such lanes for floats: those of f16 are bits without Zvfh."""
        return IS_FLOAT[type] and (type != F16 or bool(self.features["has_zvfh"]))

    # Constants.

    def zero(self, t: Any) -> Any:
        """All zeros."""
        return self.p("vmv.v.i", t, imm=0)

    def splat_of(self, t: Any, lane: int) -> Any:
        """A register with ``lane`` in all lanes."""
        type = INT_OF_BITS[LANE_BITS[t]]
        k = signed(lane & (1 << LANE_BITS[t]) - 1, type)
        return self.p("vmv.v.i", t, imm=k) if -16 <= k < 16 else self.p("vmv.v.x", t, self.imm(k))

    def constant(self, t: Any, data: bytes) -> Any:
        """A register with these bytes."""
        for bits in (8, 16, 32, 64):
            if data == data[: bits // 8] * (128 // bits):
                return self.splat_of(of_lanes(INT_OF_BITS[bits]), int.from_bytes(data[: bits // 8], "little"))
        d = self.temp(VECTOR)
        bits = LANE_BITS[t]
        self.emit(MInst(MEMORY[True, bits][0], (d,), (), (128 // bits, vtype(bits), (CONST, data, None))))
        return d

    # Parts of values.

    def binary(self, f: Part, ty: Any, x: Any, y: Any) -> Any:
        """f on each part of x and y. Where f is one instruction, y (or x, if they may be swapped) may be a scalar that is
        the same in all lanes."""
        form = _SCALAR_FORMS.get(f.__name__)
        if form is not None:
            nodes = self.nodes
            if nodes[y][0] != _SPLAT and nodes[x][0] == _SPLAT and f.__name__ in _COMMUTATIVE:
                x, y = y, x
            if nodes[y][0] == _SPLAT and IS_FLOAT[self.types[nodes[y][3]]] == form[0].startswith("vf"):
                return self._with_scalar(*form, ty, x, nodes[y][3])
        return self.lanes(f, ty, x, y)

    def _with_scalar(self, name: str, small: bool, ty: Any, x: Any, s: Any) -> Any:
        n = self.nodes[s]
        if small and n[0] == _ICONST and -16 <= signed(n[2], n[1]) < 16:
            k = signed(n[2], n[1])
            return self.lanes(lambda t, a: self.p(name + ".vi", t, a, imm=k), ty, x)
        r = self.put_in_reg(s)
        form = ".vf" if IS_FLOAT[self.types[s]] else ".vx"
        return self.lanes(lambda t, a: self.p(name + form, t, a, r), ty, x)

    # Bits.

    def and_(self, t: Any, a: Any, b: Any) -> Any:
        """a & b."""
        return self.p("vand.vv", t, a, b)

    def or_(self, t: Any, a: Any, b: Any) -> Any:
        """a | b."""
        return self.p("vor.vv", t, a, b)

    def xor_(self, t: Any, a: Any, b: Any) -> Any:
        """a ^ b."""
        return self.p("vxor.vv", t, a, b)

    def andn(self, t: Any, a: Any, b: Any) -> Any:
        """~a & b."""
        if self.features["has_zvbb"]:
            return self.p("vandn.vv", t, b, a)
        return self.and_(t, self.v_not(t, a), b)

    def v_not(self, t: Any, a: Any) -> Any:
        """~a."""
        return self.p("vxor.vi", t, a, imm=-1)

    def choose_bits(self, t: Any, c: Any, x: Any, y: Any) -> Any:
        """Per bit x where c is one, else y: y ^ ((x ^ y) & c)."""
        return self.xor_(t, self.and_(t, self.xor_(t, x, y), c), y)

    # Lanes by the mask, which must have been made just before.

    def merged(self, t: Any, yes: Any, no: Any) -> Any:
        """yes where the mask is set, else no."""
        return self.p("vmerge.vvm", t, no, yes)

    def merged_constant(self, t: Any, yes: int, no: Any) -> Any:
        """The same with a small constant."""
        return self.p("vmerge.vim", t, no, imm=yes)
