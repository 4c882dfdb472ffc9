"""Vectors: how a value is spread over registers, and the operations that all themes use.

A value of a vector type is held in parts of the widest registers the processor has for it (`record.parts`): 512 bits
with AVX-512 (F, BW, DQ and VL together), 256 with AVX2, else 128. A type of less than 128 bits is computed as one of
128 whose upper lanes are arbitrary. So operations are written for one part, a function ``v_name(t, *vregs) -> vreg``,
t being a type of 128, 256 or 512 bits, and `lanes` applies them to all parts of a value.

`p` emits one packed operation in the form that fits: see insts/vector.py. What a low feature level lacks is made of what it
has, at the place where the operation is defined.
"""

from __future__ import annotations

from typing import Any

from jitpy.backend.ir.opcodes import RETURN_CALL, RETURN_CALL_INDIRECT, VCONST
from jitpy.backend.ir.types import BITS, I8, I16, I32, I64, IS_VECTOR, LANE, LANE_BITS
from jitpy.backend.isa.vectors import INT_OF_BITS, Part, VectorParts, of_lanes, repeated
from jitpy.backend.isa.x64.frame import CONST
from jitpy.backend.isa.x64.insts.vectors import vector as rows
from jitpy.backend.isa.x64.lowering.branch import BranchLowering
from jitpy.backend.isa.x64.rows import ROWS
from jitpy.backend.target.row import FLOAT, MASK, VECTOR, MInst

#: Lane type -> the letter of packed integer operations, of packed float operations.
K = {I8: "b", I16: "w", I32: "d", I64: "q"}
S = {32: "ps", 64: "pd"}


class Memory:
    """The last operand of an operation, where it stays in memory."""

    __slots__ = ("amode", "trap")

    def __init__(self, amode: Any, trap: Any) -> None:
        self.amode = amode
        self.trap = trap


#: Operations that are one instruction with b last, and the widest lanes of which that holds.
_FOLDS = {
    **dict.fromkeys(("v_iadd", "v_isub", "and_", "or_", "xor_", "andn", "v_fadd", "v_fsub", "v_fmul", "v_fdiv"), 64),
    **dict.fromkeys(("v_uadd_sat", "v_sadd_sat", "v_usub_sat", "v_ssub_sat", "v_avg_round"), 16),
}  # fmt: skip
_COMMUTATIVE = frozenset(("v_iadd", "and_", "or_", "xor_", "v_fadd", "v_fmul", "v_uadd_sat", "v_sadd_sat", "v_avg_round"))


def letter(t: Any) -> str:
    """b, w, d or q by the lanes' width."""
    return K[INT_OF_BITS[LANE_BITS[t]]]


class VectorBase(VectorParts, BranchLowering):
    """See the module's docstring."""

    def __init__(self, ctx: Any) -> None:
        super().__init__(ctx)
        has = self.features
        self.ssse3 = bool(has["has_ssse3"])
        self.sse41 = bool(has["has_sse41"])
        self.sse42 = bool(has["has_sse42"])
        self.avx2 = bool(has["has_avx2"])
        #: EVEX forms at 128 and 256 bits, alone and with another feature.
        self.vl = bool(has["has_avx512f"] and has["has_avx512vl"])
        self.asked: Any = None
        self.known_rows: dict[tuple[str, int, str], Any] = {}

    def evex(self, t: Any, feature: str = "avx512f") -> bool:
        """Whether operations of this AVX-512 feature exist at t's width."""
        return bool(self.features["has_" + feature] and (self.vl or BITS[t] == 512))

    # Emission.

    def row(self, op: str, bits: int, kind: str = "rr") -> Any:
        """The row of a packed operation at a width."""
        found = self.known_rows.get((op, bits, kind))
        if found is None:
            forms = rows.OPS[op][2]
            form = self.form_of(bits)
            if form not in forms:
                form = "E" if bits == 256 else "e"
            found = self.known_rows[op, bits, kind] = ROWS[f"{op}.{form}_{kind}"]
        return found

    def result(self, bits: int) -> Any:
        """A new vreg for a vector of this size."""
        if bits <= 128:
            return self.temp(FLOAT)
        frame = self.ctx.frame
        if frame is not self.asked:  # once for each function
            self.asked = frame
            frame.clear_upper = not self.leaves_with_wide()
        return self.temp(VECTOR)

    def leaves_with_wide(self) -> bool:
        """Whether the function returns, or passes to a tail call, a register whose upper part counts."""
        func = self.ctx.func
        if any(node[0] in (RETURN_CALL, RETURN_CALL_INDIRECT) for node in func.insts):
            return True
        return any(IS_VECTOR[r.type] and BITS[r.type] > 128 for r in func.sig.returns)

    def p(self, op: str, t: Any, *regs: Any, imm: Any = None, to: Any = None) -> Any:
        """Emit a packed operation on registers of type t; ``to``: the result's type where it has another size."""
        d = self.result(BITS[to or t])
        if regs[-1].__class__ is Memory:
            m = regs[-1]
            address, mode, disp = m.amode
            self.emit(MInst(self.row(op, BITS[t], "rm")[len(address)], (d,), regs[:-1] + address, (mode, disp, m.trap)))
            return d
        self.emit(MInst(self.row(op, BITS[t]), (d,), regs, imm))
        return d

    def pk(self, op: str, t: Any, *regs: Any, imm: Any = None) -> Any:
        """Emit a packed operation whose result is a mask register."""
        d = self.temp(MASK)
        self.emit(MInst(self.row(op, BITS[t]), (d,), regs, imm))
        return d

    def pg(self, op: str, t: Any, *regs: Any, imm: Any = None) -> Any:
        """Emit a packed operation whose result is a general register."""
        return self.op(self.row(op, BITS[t]), *regs, imm=imm)

    def pm(self, op: str, t: Any, data: bytes, *regs: Any, imm: Any = None) -> Any:
        """Emit a packed operation whose last operand is a constant in memory."""
        d = self.result(BITS[t])
        where = (CONST, data, None)
        self.emit(MInst(self.row(op, BITS[t], "rm")[0], (d,), regs, where if imm is None else (where, imm)))
        return d

    def pc(self, op: str, t: Any, reg: Any, lane: int) -> Any:
        """Emit ``reg op constant``, the constant being the same in all lanes."""
        return self.pm(op, t, repeated(t, lane), reg)

    # Constants and copies.

    def zero(self, t: Any) -> Any:
        """All zeros."""
        d = self.result(BITS[t])
        self.emit(MInst(ROWS["vfzero" if self.avx else "fzero"], (d,), ()))
        return d

    def ones(self, t: Any) -> Any:
        """All ones."""
        d = self.result(BITS[t])
        self.emit(MInst(ROWS[f"ones.{self.form(t)}"], (d,), ()))
        return d

    def form(self, t: Any) -> str:
        """The letter of t's plain form."""
        return self.form_of(BITS[t])

    def form_of(self, bits: int) -> str:
        """The same by size; scalar floats are the low lanes of 128 bits."""
        return "Z" if bits == 512 else "Y" if bits == 256 else "V" if self.avx else "L"

    def constant(self, t: Any, data: bytes) -> Any:
        """A register with these bytes."""
        if not any(data):
            return self.zero(t)
        if data == b"\xff" * len(data):
            return self.ones(t)
        d = self.result(BITS[t])
        self.emit(MInst(ROWS[f"vconst.{self.form(t)}"], (d,), (), data))
        return d

    def splat_of(self, t: Any, lane: int) -> Any:
        """A register with ``lane`` in all lanes."""
        return self.constant(t, repeated(t, lane))

    def copied(self, t: Any, r: Any) -> Any:
        """r in a register of t's class; the upper part is dropped where r is wider."""
        d = self.result(BITS[t])
        self.emit(MInst(ROWS[f"copy.{self.form(t)}"], (d,), (r,)))
        return d

    # Parts of values.

    def binary(self, f: Part, ty: Any, x: Any, y: Any) -> Any:
        """f on each part of x and y. Where f is one instruction, y (or x, if they may be swapped) may stay in memory: a load
        with AVX, which wants no alignment, or a constant.
        """
        parts = self.parts(ty)
        name = f.__name__
        if len(parts) == 1 and LANE_BITS[ty] <= _FOLDS.get(name, 0) and not self.small(ty):
            if self.in_pool_or_memory(y):
                return f(parts[0], self.put_in_reg(x), self.memory_of(y))
            if name in _COMMUTATIVE and self.in_pool_or_memory(x):
                return f(parts[0], self.put_in_reg(y), self.memory_of(x))
        return self.lanes(f, ty, x, y)

    def in_pool_or_memory(self, v: Any) -> bool:
        """Whether `memory_of` has an address for v."""
        n = self.nodes[v]
        if n[0] == VCONST:
            return any(n[2]) and n[2] != b"\xff" * len(n[2])
        return self.avx and self.is_load(v)

    def memory_of(self, v: Any) -> Memory:
        """The address of a constant, or of a load that is merged here."""
        n = self.nodes[v]
        if n[0] == VCONST:
            return Memory(((), CONST, n[2]), None)
        return Memory(*self.load_of(v))

    def high(self, t: Any, r: Any) -> Any:
        """The upper half of a register of 256 or 512 bits. The lower half, as an operand, is the register itself."""
        half = of_lanes(LANE[t], BITS[t] // 2)
        return self.p("extracti128" if BITS[t] == 256 else "extracti64x4", t, r, imm=1, to=half)

    def two_halves(self, t: Any, low: Any, high: Any) -> Any:
        """Two halves."""
        return self.p("inserti128" if BITS[t] == 256 else "inserti64x4", t, low, high, imm=1)

    def by_128(self, f: Part, t: Any, *regs: Any) -> Any:
        """f on each piece of 128 bits, for what has no wider form."""
        if BITS[t] == 128:
            return f(t, *regs)
        half = of_lanes(LANE[t], BITS[t] // 2)
        low = self.by_128(f, half, *regs)
        return self.two_halves(t, low, self.by_128(f, half, *[self.high(t, r) for r in regs]))

    # Bits.

    def and_(self, t: Any, a: Any, b: Any) -> Any:
        """a & b."""
        return self.p("pand", t, a, b)

    def or_(self, t: Any, a: Any, b: Any) -> Any:
        """a | b."""
        return self.p("por", t, a, b)

    def xor_(self, t: Any, a: Any, b: Any) -> Any:
        """a ^ b."""
        return self.p("pxor", t, a, b)

    def andn(self, t: Any, a: Any, b: Any) -> Any:
        """~a & b."""
        return self.p("pandn", t, a, b)

    def v_not(self, t: Any, a: Any) -> Any:
        """~a."""
        return self.xor_(t, a, self.ones(t))

    def choose_bits(self, t: Any, c: Any, x: Any, y: Any) -> Any:
        """Per bit x where c is one, else y."""
        if self.evex(t):
            return self.p("pternlogd", t, c, x, y, imm=0xCA)
        return self.or_(t, self.and_(t, c, x), self.andn(t, c, y))

    def choose_lanes(self, t: Any, c: Any, x: Any, y: Any) -> Any:
        """The same where c has all or no bits of each lane."""
        if self.sse41 and not self.evex(t):
            return self.p("pblendvb:v", t, y, x, c) if self.avx else self.p("pblendvb", t, y, x, c)
        return self.choose_bits(t, c, x, y)

    def from_mask(self, t: Any, k: Any) -> Any:
        """All ones in the lanes whose mask bit is set."""
        return self.p("pmovm2" + letter(t), t, k)

    def v_broadcast(self, t: Any, r: Any) -> Any:
        """Lane 0 of a register in all lanes of one part."""
        bits = LANE_BITS[t]
        if self.avx2:
            return self.p("pbroadcast" + letter(t), t, r)
        if bits == 8:
            if self.ssse3:
                return self.p("pshufb", t, r, self.zero(t))
            r = self.p("punpcklbw", t, r, r)
        if bits <= 16:
            r = self.p("pshuflw", t, r, imm=0)
        return self.p("pshufd", t, r, imm=0x44 if bits == 64 else 0)

    # Shifts by constants.

    def shl(self, t: Any, a: Any, n: int, bits: int = 0) -> Any:
        """Lanes of ``bits`` (t's own) shifted left."""
        return self.p(f"psll{letter(INT_OF_BITS[bits] if bits else t)}:i", t, a, imm=n)

    def shr(self, t: Any, a: Any, n: int, bits: int = 0) -> Any:
        """Shifted right, zeros coming in."""
        return self.p(f"psrl{letter(INT_OF_BITS[bits] if bits else t)}:i", t, a, imm=n)

    def sar(self, t: Any, a: Any, n: int, bits: int = 0) -> Any:
        """Shifted right, the sign coming in; lanes of 16 and 32 bits."""
        return self.p(f"psra{letter(INT_OF_BITS[bits] if bits else t)}:i", t, a, imm=n)

    def sign_mask(self, t: Any, a: Any) -> Any:
        """All ones in lanes whose top bit is set."""
        bits = LANE_BITS[t]
        if bits in (16, 32):
            return self.sar(t, a, bits - 1)
        if bits == 64 and self.evex(t):
            return self.p("psraq:i", t, a, imm=63)
        if bits == 64:
            return self.p("pshufd", t, self.sar(t, a, 31, 32), imm=0xF5)
        if BITS[t] == 512:
            return self.from_mask(t, self.pk("pmovb2m", t, a))
        return self.p("pcmpgtb", t, self.zero(t), a)

