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

_SPLAT = BY_NAME["splat"]
#: Operations whose second operand may be a scalar -> the instruction, whether a small constant is one too.
_SCALAR_FORMS = {
    "v_iadd": ("vadd", True), "v_isub": ("vsub", False), "v_imul": ("vmul", False), "and_": ("vand", True), "or_": ("vor", True),
    "xor_": ("vxor", True), "v_smin": ("vmin", False), "v_smax": ("vmax", False), "v_umin": ("vminu", False),
    "v_umax": ("vmaxu", False), "v_uadd_sat": ("vsaddu", True), "v_sadd_sat": ("vsadd", True), "v_usub_sat": ("vssubu", False),
    "v_ssub_sat": ("vssub", False), "v_umulhi": ("vmulhu", False), "v_smulhi": ("vmulh", False), "v_fadd": ("vfadd", False),
    "v_fsub": ("vfsub", False), "v_fmul": ("vfmul", False), "v_fdiv": ("vfdiv", False), "v_fcopysign": ("vfsgnj", False),
}  # fmt: skip
#: The same of the first operand, where that is another instruction.
_REVERSED_FORMS = {"v_isub": ("vrsub", True), "v_fsub": ("vfrsub", False), "v_fdiv": ("vfrdiv", False)}
#: Operations on extended lanes.
_LONG_FORMS = {"v_iadd": "vwadd", "v_isub": "vwsub", "v_imul": "vwmul"}
#: What extends half a vector's lanes -> signed, the upper half.
_WIDENS = {
    BY_NAME[f"{sign}widen_{half}"]: (sign == "s", half == "high") for sign in "su" for half in ("low", "high")
}
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
        """f on each part of x and y. Where f is one instruction, one of them may be a scalar that is the same in all lanes, or
        extended as it is read."""
        name = f.__name__
        form = _SCALAR_FORMS.get(name)
        if form is not None:
            if self.scalar_of(y) is None and self.scalar_of(x) is not None:
                if name in _COMMUTATIVE:
                    x, y = y, x
                elif name in _REVERSED_FORMS:
                    x, y, form = y, x, _REVERSED_FORMS[name]
            s = self.scalar_of(y)
            if s is not None and IS_FLOAT[self.types[s]] == form[0].startswith("vf"):
                return self._with_scalar(*form, ty, x, s)
            if name in _LONG_FORMS and self.one_part(ty):
                found = self._long(_LONG_FORMS[name], x, y)
                if found is not None:
                    return found
        return self.lanes(f, ty, x, y)

    def scalar_of(self, v: Any) -> Any:
        """The scalar that is all of v's lanes and that instructions take, or None."""
        n = self.nodes[v]
        if n[0] != _SPLAT:
            return None
        type = self.types[n[3]]
        return n[3] if not IS_FLOAT[type] or self.float_lanes(type) else None

    def one_part(self, ty: Any) -> bool:
        """Whether one register holds such a value."""
        return len(self.parts(ty)) == 1

    def _long(self, name: str, x: Any, y: Any) -> Any:
        """An operation on lanes that are extended, both or (but of products) one of them."""
        a, b = self._extended_from(x), self._extended_from(y)
        if a is None and b is not None and name == "vwadd":
            x, y, a, b = y, x, b, a
        if a is not None and b is not None and a[0] == b[0]:
            return self.p(name + "u" * (not a[0]) + ".vv", a[1], self._half(a), self._half(b), size=64)
        if name == "vwadd" and a is not None:
            x, y, b = y, x, a
        if b is None or name == "vwmul":
            return None
        return self.p(name + "u" * (not b[0]) + ".wv", b[1], self.put_in_reg(x), self._half(b), size=64)

    def _extended_from(self, v: Any) -> Any:
        """Whether signed, type, value and first lane of what is extended to v; None where it is not, or anyway."""
        n = self.nodes[v]
        if n[0] not in _WIDENS or self.uses[v] != 1 or not self.one_part(self.types[n[3]]):
            return None
        sign, high = _WIDENS[n[0]]
        source = self.types[n[3]]
        t = self.parts(source)[0]
        return sign, t, n[3], (self.small(source) or 128) // LANE_BITS[t] // 2 * high

    def _half(self, of: Any) -> Any:
        """The lanes of which that is said, at the bottom of a register."""
        _, t, v, first = of
        r = self.put_in_reg(v)
        return self.p("vslidedown.vi", t, r, imm=first) if first else r

    def _with_scalar(self, name: str, small: bool, ty: Any, x: Any, s: Any) -> Any:
        k = self.constant_of(s)
        if small and k is not None and -16 <= k < 16:
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
