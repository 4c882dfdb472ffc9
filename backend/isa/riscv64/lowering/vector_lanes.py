"""Lanes: in and out, broadcasts, other widths, permutations of bytes by constants and by variables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jitpy.backend.ir.opcodes import F16CONST, F32CONST, F64CONST, ICONST
from jitpy.backend.ir.types import F16, I8, I64, LANE, LANE_BITS, LANES
from jitpy.backend.isa.riscv64.insts.vectors import vtype
from jitpy.backend.isa.riscv64.lowering.vector_compare import VectorCompareLowering
from jitpy.backend.isa.riscv64.rows import ROWS
from jitpy.backend.isa.vectors import INT_OF_BITS, of_lanes, one
from jitpy.backend.target.row import VECTOR, MInst

_X = of_lanes(I8)
_CONSTANTS = (ICONST, F16CONST, F32CONST, F64CONST)
#: vtype's bit that lets the tail become anything.
_TAIL_AGNOSTIC = 0x40
_NOWHERE = 255  # an index beyond any register


class VectorLanesLowering(VectorCompareLowering):
    """See the module's docstring."""

    # One lane.

    def v_extract(self, t: Any, r: Any, lane: int) -> Any:
        """A lane of one register as a scalar: moved to the bottom and out."""
        if lane:
            r = self.p("vslidedown.vi", t, r, imm=lane)
        type = LANE[t]
        if self.float_lanes(type):
            return self.pf("vfmv.f.s", t, r)
        s = self.pg("vmv.x.s", t, r)
        return self.float_in(F16, s) if type == F16 else s

    def v_insert(self, t: Any, r: Any, s: Any, lane: int) -> Any:
        """A register with the scalar s in a lane."""
        type = LANE[t]
        is_float = self.float_lanes(type)
        if type == F16 and not is_float:
            s = self.bits_in(F16, s)
        if lane == 0:
            return self.with_first(t, r, s, is_float)
        # A mask of one lane, with a bit for each of up to 16: what v0 held before would select others.
        self.mask("vmv.s.x.m", t, self.imm(1 << lane), bits=max(16, LANE_BITS[t]))
        return self.p("vfmerge.vfm" if is_float else "vmerge.vxm", t, r, s)

    def with_first(self, t: Any, r: Any, s: Any, is_float: bool) -> Any:
        """The scalar s in lane 0, the others kept: the state is one of our own, in which tails stay."""
        d = self.temp(VECTOR)
        bits = LANE_BITS[t]
        state = 128 // bits, vtype(bits) & ~_TAIL_AGNOSTIC, None
        self.emit(MInst(ROWS["vfmv.s.f.tu" if is_float else "vmv.s.x.tu"], (d,), (r, s), state))
        return d

    def splat(self, ty: Any, x: Any) -> Any:
        """One register, which is all parts."""
        parts = self.parts(ty)
        t = parts[0]
        n = self.nodes[x]
        made = self.splat_of(t, n[2]) if n[0] in _CONSTANTS else self.v_splat(t, x)
        return one([made] * len(parts))

    def v_splat(self, t: Any, x: Any) -> Any:
        """A scalar in all lanes of one register."""
        r = self.put_in_reg(x)
        type = LANE[t]
        if type == F16 and not self.float_lanes(type):
            r = self.bits_in(F16, r)
        return self.p("vfmv.v.f" if self.float_lanes(type) else "vmv.v.x", t, r)

    def scalar_to_vector(self, ty: Any, x: Any) -> Any:
        """Lane 0, and zeros."""
        t, *others = self.parts(ty)
        return one([self.v_insert(t, self.zero(t), self.put_in_reg(x), 0), *[self.zero(u) for u in others]])

    def of_longs(self, low: Any, high: Any) -> Any:
        """Two general registers as a vector."""
        t = of_lanes(I64)
        return self.with_first(t, self.p("vmv.v.x", t, high), low, False)

    def by_lane(self, ty: Any, x: Any, f: Callable[[Any], Any]) -> Any:
        """f on each lane as a scalar, in order."""
        regs = self.put_in_regs(x)
        t, u = self.parts(self.types[x])[0], self.parts(ty)[0]
        pieces = [self.zero(u) for _ in self.parts(ty)]
        for i in range(LANES[ty]):
            value = f(self.v_extract(t, regs[i // LANES[t]], i % LANES[t]))
            at, lane = divmod(i, LANES[u])
            pieces[at] = self.v_insert(u, pieces[at], value, lane)
        return one(pieces)

    # Other widths.

    def lower_down(self, t: Any, r: Any, lanes: int) -> Any:
        """The lanes from this one on, at the bottom."""
        return self.p("vslidedown.vi", t, r, imm=lanes)

    def joined(self, t: Any, low: Any, high: Any, lanes: int) -> Any:
        """So many lanes of one register, and behind them those of another."""
        return self.p("vslideup.vi", t, low, high, imm=lanes)

    def v_widen(self, t: Any, name: str, r: Any, high: bool, small: int = 0) -> Any:
        """Half of a register (or of the bits that count) to lanes of twice the width."""
        bits = LANE_BITS[t]
        if high:
            r = self.lower_down(t, r, (small or 128) // bits // 2)
        return self.p(name, t, r, bits=2 * bits)

    def widen(self, signed: bool, high: bool, x: Any) -> Any:
        """The lower or upper half's lanes, each of twice the width."""
        ty = self.types[x]
        parts, regs = self.parts(ty), list(self.put_in_regs(x))
        name = "vsext.vf2" if signed else "vzext.vf2"
        if len(parts) == 1:
            return self.v_widen(parts[0], name, regs[0], high, self.small(ty))
        half = len(parts) // 2
        wanted = regs[half:] if high else regs[:half]
        return one([self.v_widen(parts[0], name, r, upper) for r in wanted for upper in (False, True)])

    def doubled(self, name: str, t: Any, regs: list[Any], count: int, float_: bool = False) -> list[Any]:
        """An instruction that makes lanes of twice the width, on all lanes of registers of type t; ``count``: of results."""

        def make(r: Any) -> Any:
            return self.p(name, t, r, size=64) if float_ else self.p(name, t, r, bits=2 * LANE_BITS[t])

        if count == len(regs):
            return [make(r) for r in regs]
        found = []
        for r in regs:
            found += [make(r), make(self.lower_down(t, r, LANES[t] // 2))]
        return found

    def halved(self, name: str, to: Any, regs: list[Any], count: int, imm: Any = None) -> list[Any]:
        """An instruction that makes lanes of half the width; ``to``: the results' type, ``count``: how many there are."""
        made = [self.p(name, to, r, imm=imm, size=64) for r in regs]
        if count == len(regs):
            return made
        return [self.joined(to, a, b, LANES[to] // 2) for a, b in zip(made[::2], made[1::2])]

    def extend_lanes(self, signed: bool, ty: Any, x: Any) -> Any:
        """uextend and sextend: as many lanes, so more bits; each register of the result from its share of one of x's."""
        source = self.types[x]
        bits, regs, parts = LANE_BITS[source], self.put_in_regs(x), self.parts(ty)
        name = f"v{'s' if signed else 'z'}ext.vf{LANE_BITS[ty] // bits}"
        made = []
        for i, t in enumerate(parts):
            at, first = divmod(i * LANES[t], 128 // bits)
            r = self.lower_down(of_lanes(INT_OF_BITS[bits]), regs[at], first) if first else regs[at]
            made.append(self.p(name, t, r))
        return one(made)

    def narrow(self, kind: str, ty: Any, x: Any, y: Any) -> Any:
        """Both operands' lanes saturated, in order. ``kind``: s, u (from signed), uu."""
        t = self.parts(ty)[0]
        half = of_lanes(INT_OF_BITS[LANE_BITS[t] // 2])
        lanes = (self.small(ty) or 128) // LANE_BITS[t]
        regs = [*self.put_in_regs(x), *self.put_in_regs(y)]
        if kind == "u":
            zero = self.imm(0)
            regs = [self.p("vmax.vx", t, r, zero) for r in regs]
        made = [self.p("vnclip.wi" if kind == "s" else "vnclipu.wi", half, r, imm=0, size=64) for r in regs]
        return one([self.joined(half, a, b, lanes) for a, b in zip(made[::2], made[1::2])])

    def pairwise(self, ty: Any, x: Any, y: Any) -> Any:
        """iadd_pairwise: even and odd lanes by narrowing shifts of lanes of twice the width, and their sums."""
        t = self.parts(ty)[0]
        bits = LANE_BITS[t]
        lanes = (self.small(ty) or 128) // bits // 2
        regs = [*self.put_in_regs(x), *self.put_in_regs(y)]
        sums = []
        for r in regs:
            if bits == 64:
                sums.append(self.v_iadd(t, r, self.lower_down(t, r, 1)))
                continue
            even = self.p("vnsrl.wi", t, r, imm=0, size=64)
            if bits == 32:
                odd = self.p("vnsrl.wx", t, r, self.imm(32), size=64)
            else:
                odd = self.p("vnsrl.wi", t, r, imm=bits, size=64)
            sums.append(self.p("vadd.vv", t, even, odd, size=64))
        return one([self.joined(t, a, b, lanes) for a, b in zip(sums[::2], sums[1::2])])

    # Permutations of bytes.

    def shuffle(self, mask: bytes, x: Any, y: Any) -> Any:
        """By a constant: two gathers, of which one alone has a byte for each place, and the other zero."""
        a, b = self.put_in_reg(x), self.put_in_reg(y)
        if x == y:
            mask = bytes(m & 15 for m in mask)
        if all(m < 16 for m in mask):
            return self.shuffle_one(mask, a)
        if all(m >= 16 for m in mask):
            return self.shuffle_one(bytes(m - 16 for m in mask), b)
        for first, second, flip in ((a, b, 0), (b, a, 16)):
            order = [m ^ flip for m in mask]
            n = next((i for i in range(1, 16) if order == [*range(i), *range(16, 32 - i)]), 0)
            if n:  # bytes of one, and behind them those of the other
                return self.joined(_X, first, second, n)
        ours = self.shuffle_one(bytes(m if m < 16 else _NOWHERE for m in mask), a)
        theirs = self.shuffle_one(bytes(m - 16 if m >= 16 else _NOWHERE for m in mask), b)
        return self.or_(_X, ours, theirs)

    def shuffle_one(self, mask: bytes, a: Any) -> Any:
        """The bytes of one register by a constant."""
        if mask == bytes(range(16)):
            return a
        for bits in (8, 16, 32, 64):
            size = bits // 8
            if mask[0] % size == 0 and mask == bytes(range(mask[0], mask[0] + size)) * (16 // size):
                return self.p("vrgather.vi", _X, a, imm=mask[0] // size, bits=bits)
        return self.p("vrgather.vv", _X, a, self.constant(_X, mask))

    def swizzle(self, x: Any, y: Any) -> Any:
        """Indices beyond 15 give zero, however long a register is."""
        a, b = self.put_in_reg(x), self.put_in_reg(y)
        found = self.p("vrgather.vv", _X, a, b)
        self.mask("vmsgtu.vi.m", _X, b, imm=15)
        return self.merged_constant(_X, 0, found)
