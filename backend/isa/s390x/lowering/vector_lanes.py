"""Lanes: in and out, broadcasts, other widths, permutations."""

from __future__ import annotations

from typing import Any

from jitpy.backend.ir.opcodes import LOAD_
from jitpy.backend.ir.types import I64, LANE, LANE_BITS, LANES
from jitpy.backend.isa.s390x.lowering.base import fits
from jitpy.backend.isa.s390x.lowering.vector_base import LETTER
from jitpy.backend.isa.s390x.lowering.vector_compare import VectorCompareLowering
from jitpy.backend.isa.s390x.rows import ROWS
from jitpy.backend.isa.vectors import one
from jitpy.backend.target.row import VECTOR


class VectorLanesLowering(VectorCompareLowering):
    """See the module's docstring."""

    def v_insert(self, t: Any, r: Any, s: Any, lane: int) -> Any:
        """A register with a scalar in a lane."""
        return self.lane_in(LANE[t], r, lane, s)

    def insert_value(self, t: Any, r: Any, y: Any, lane: int) -> Any:
        """y from memory (in the other byte order since z15), as a small constant, or from a register."""
        n, letter = self.nodes[y], LETTER[LANE_BITS[t]]
        if n[0] == LOAD_ and (self.is_load(y) or (letter != "b" and self.features["has_vxrs_ext2"])):
            row = ROWS[("vle." if self.is_load(y) else "vlebr.") + letter]
            amode, trap = self.load_of(y)
            return self.op_mem(row, amode, r, imm=lane, trap=trap, cls=VECTOR)
        k = self.constant_of(y) if LANE[t] <= I64 else None
        if k is not None and fits(k, 16):
            return self.xop(ROWS["vlei." + letter], r, imm=(k & 0xFF if letter == "b" else k, lane))
        return self.v_insert(t, r, self.put_in_reg(y), lane)

    def v_extract(self, t: Any, r: Any, lane: int) -> Any:
        """A lane as a scalar."""
        return self.lane_out(LANE[t], r, lane)

    def splat(self, ty: Any, x: Any) -> Any:
        """A scalar in all lanes."""
        parts = self.parts(ty)
        bits = LANE_BITS[ty]
        k = self.constant_of(x) if LANE[ty] <= I64 else None
        if k is not None:
            r = self.splat_of(bits, k)
        elif self.nodes[x][0] >= 0 and self.is_load(x):
            amode, trap = self.load_of(x)
            r = self.op_mem(ROWS["vlrep." + LETTER[bits]], amode, trap=trap, cls=VECTOR)
        else:
            v = self.put_in_reg(x)
            r = self.p("vrep", parts[0], self.new_lane(LANE[ty], v) if LANE[ty] <= I64 else v, imm=0)
        return one([r] * len(parts))

    def scalar_to_vector(self, ty: Any, x: Any) -> Any:
        """Lane 0, and zeros."""
        parts = self.parts(ty)
        bits = LANE_BITS[ty]
        v = self.put_in_reg(x)
        if LANE[ty] <= I64:
            r = self.xop(ROWS["vlvg." + LETTER[bits]], self.zero(), v, imm=0)
        else:
            r = self.x("vn", v, self.constant(b"\xff" * (bits // 8) + bytes(16 - bits // 8)))
        return one([r, *[self.zero() for _ in parts[1:]]])

    # Other widths.

    def v_widen(self, signed: bool, bits: int, r: Any, high: bool) -> Any:
        """The first or the second half's lanes of ``bits``, each of twice the width. What the manual calls high is first."""
        op = ("vupl" if high else "vuph") if signed else ("vupll" if high else "vuplh")
        return self.xop(ROWS[f"{op}.{LETTER[bits]}"], r)

    def widen(self, signed: bool, high: bool, x: Any) -> Any:
        """The lower or upper half's lanes."""
        ty = self.types[x]
        bits = LANE_BITS[ty]
        regs = self.put_in_regs(x)
        if len(regs) == 1:
            small = self.small(ty)
            if small and high:  # the second half of what counts, moved to the left end
                r = self.x("vsldb", regs[0], regs[0], imm=small // 16)
                return self.v_widen(signed, bits, r, False)
            return self.v_widen(signed, bits, regs[0], high)
        half = len(regs) // 2
        chosen = regs[half:] if high else regs[:half]
        return one([self.v_widen(signed, bits, r, second) for r in chosen for second in (False, True)])

    def extend_lanes(self, signed: bool, ty: Any, x: Any) -> Any:
        """uextend and sextend: as many lanes, so more bits."""
        regs = list(self.put_in_regs(x))
        bits = LANE_BITS[self.types[x]]
        count = LANES[ty]
        while bits < LANE_BITS[ty]:
            wanted = max(count * 2 * bits // 128, 1)
            regs = [self.v_widen(signed, bits, r, second) for r in regs for second in (False, True)][:wanted]
            bits *= 2
        return one(regs)

    def narrow(self, kind: str, ty: Any, x: Any, y: Any) -> Any:
        """Both operands' lanes saturated, in order. ``kind``: s, u (from signed), uu."""
        t = self.parts(self.types[x])[0]
        return self.paired(x, y, lambda a, b: self.v_narrow(kind, t, a, b))

    def v_narrow(self, kind: str, t: Any, a: Any, b: Any) -> Any:
        """Two registers to one; t: their type."""
        if kind == "u":
            zero = self.zero()
            a, b = self.p("vmx", t, a, zero), self.p("vmx", t, b, zero)
        return self.p("vpks" if kind == "s" else "vpkls", t, a, b)

    def paired(self, x: Any, y: Any, f: Any) -> Any:
        """f, which makes one register of two, on the registers of x and then of y; where less than a register counts, on what
        counts of both side by side."""
        small = self.small(self.types[x])
        regs = [*self.put_in_regs(x), *self.put_in_regs(y)]
        if small:
            both = self.merged(small, *regs)
            return f(both, both)
        return one([f(a, b) for a, b in zip(regs[::2], regs[1::2])])

    def pairwise(self, ty: Any, x: Any, y: Any) -> Any:
        """iadd_pairwise: neighbours' sums."""
        bits = LANE_BITS[ty]
        pack = "vpk." + LETTER[2 * bits]
        t = self.parts(ty)[0]

        def sums(a: Any, b: Any) -> Any:
            firsts = self.xop(ROWS[pack], self.shr(2 * bits, a, bits), self.shr(2 * bits, b, bits))
            return self.p("va", t, firsts, self.xop(ROWS[pack], a, b))

        return self.paired(x, y, sums)

    # Permutations of bytes.

    def shuffle(self, mask: bytes, x: Any, y: Any) -> Any:
        """By a constant."""
        a, b = self.put_in_reg(x), self.put_in_reg(y)
        order = bytes(mask)
        if order == bytes(order[:1]) * 16:
            return self.xop(ROWS["vrep.b"], a if order[0] < 16 else b, imm=order[0] & 15)
        for bits in (8, 16, 32, 64):
            size = bits // 8
            for op, start in (("vmrh", 0), ("vmrl", 8)):
                pattern = [start + size * i + side + k for i in range(8 // size) for side in (0, 16) for k in range(size)]
                if order == bytes(pattern):
                    return self.xop(ROWS[f"{op}.{LETTER[bits]}"], a, b)
        for n in range(1, 16):
            if order == bytes(range(n, n + 16)):
                return self.x("vsldb", a, b, imm=n)
        return self.x("vperm", a, b, self.constant(order))

    def swizzle(self, x: Any, y: Any) -> Any:
        """Indices beyond 15 give zero: they become 16, where zeros follow."""
        index = self.xop(ROWS["vmnl.b"], self.put_in_reg(y), self.splat_of(8, 16))
        return self.x("vperm", self.put_in_reg(x), self.zero(), index)


