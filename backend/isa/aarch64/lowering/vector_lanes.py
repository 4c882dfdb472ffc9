"""Lanes: in and out, broadcasts, other widths, permutations of bytes by constants and by variables."""

from __future__ import annotations

from typing import Any

from jitpy.backend.ir.opcodes import F16CONST, F32CONST, F64CONST, ICONST
from jitpy.backend.ir.types import F16, F32, F64, I8, IS_FLOAT, LANE, LANE_BITS
from jitpy.backend.isa.aarch64.lowering.vector_base import LETTERS, letter
from jitpy.backend.isa.aarch64.lowering.vector_compare import VectorCompareLowering
from jitpy.backend.isa.aarch64.rows import ROWS
from jitpy.backend.isa.lowering import trap_of
from jitpy.backend.isa.vectors import of_lanes, one

_X = of_lanes(I8)
_CONSTANTS = (ICONST, F16CONST, F32CONST, F64CONST)
_NARROW = {"s": "sqxtn", "u": "sqxtun", "uu": "uqxtn"}


def _interleavings() -> dict[bytes, tuple[str, bool]]:
    """Mask of a shuffle of two registers -> (row, whether both operands are the first)."""
    found: dict[bytes, tuple[str, bool]] = {}
    for bits, k in LETTERS.items():
        size = bits // 8
        n = 16 // size
        units = {
            "zip1": [x for i in range(n // 2) for x in (i, n + i)], "zip2": [x for i in range(n // 2, n) for x in (i, n + i)],
            "uzp1": list(range(0, 2 * n, 2)), "uzp2": list(range(1, 2 * n, 2)),
            "trn1": [x for i in range(0, n, 2) for x in (i, n + i)], "trn2": [x for i in range(1, n, 2) for x in (i, n + i)],
        }  # fmt: skip
        for name, order in units.items():
            mask = bytes(size * unit + i for unit in order for i in range(size))
            found.setdefault(mask, (f"{name}.{k}", False))
            found.setdefault(bytes(m & 15 for m in mask), (f"{name}.{k}", True))
    return found


_INTERLEAVINGS = _interleavings()
#: Mask -> the row that reverses units within larger ones.
_REVERSALS = {
    bytes(i // wide * wide + wide - unit - i % wide // unit * unit + i % unit for i in range(16)): f"rev{8 * wide}.{k}"
    for wide in (2, 4, 8)
    for unit, k in ((1, "b"), (2, "h"), (4, "s"))
    if unit < wide
}


class VectorLanesLowering(VectorCompareLowering):
    """See the module's docstring."""

    # One lane.

    def v_extract(self, t: Any, r: Any, lane: int) -> Any:
        """A lane as a scalar."""
        bits = LANE_BITS[t]
        if IS_FLOAT[LANE[t]]:
            return self.p("dup", t, r, imm=lane) if lane else r
        if bits == 64:
            return self.long_lane(r, lane)
        return self.op(ROWS["umov_mov.s" if bits == 32 else f"umov.{letter(t)}"], r, imm=lane)

    def v_insert(self, t: Any, r: Any, s: Any, lane: int) -> Any:
        """A register with the scalar s in a lane."""
        if IS_FLOAT[LANE[t]]:
            return self.p("insert", t, r, s, imm=(lane, 0))
        return self.p("insert_general", t, r, s, imm=lane)

    def splat(self, ty: Any, x: Any) -> Any:
        """One register, which is all parts."""
        parts = self.parts(ty)
        t = parts[0]
        n = self.nodes[x]
        if n[0] in _CONSTANTS:
            made = self.splat_of(t, n[2])
        elif self.is_load(x):
            flags, offset = n[2]
            self.sink(x)
            a = self.put_in_reg(n[3])
            made = self.p("ld1r", t, self.op(ROWS["add_any"], a, imm=offset) if offset else a, imm=trap_of(flags))
        elif IS_FLOAT[LANE[t]]:
            made = self.p("dup", t, self.put_in_reg(x), imm=0)
        else:
            made = self.p("dup_general", t, self.put_in_reg(x))
        return one([made] * len(parts))

    def scalar_to_vector(self, ty: Any, x: Any) -> Any:
        """Lane 0, and zeros: scalar instructions clear what they do not write."""
        _, *others = self.parts(ty)
        type = self.types[x]
        if type in (F32, F64):
            r = self.fop(ROWS["fmov_ss" if type == F32 else "fmov_dd"], self.put_in_reg(x))
        elif type == F16:
            r = self.fop(ROWS["insert.h"], self.zero(), self.put_in_reg(x), imm=(0, 0))
        else:
            r = self.fop(ROWS["fmov_dx"], self.zero_extended(x))
        return one([r, *[self.zero() for _ in others]])

    # Other widths.

    def widen(self, is_signed: bool, high: bool, x: Any) -> Any:
        """The lower or upper half's lanes, each of twice the width."""
        ty = self.types[x]
        parts, regs = self.parts(ty), self.put_in_regs(x)
        if len(parts) == 1:
            small = self.small(ty)
            r = regs[0]
            if high and small:  # the upper half of what counts, moved to the bottom
                return self.v_widen(parts[0], is_signed, self.fop(ROWS["ext.b"], r, r, imm=small // 16), False)
            return self.v_widen(parts[0], is_signed, r, high)
        half = len(parts) // 2
        chosen = list(zip(parts, regs))[half if high else 0 :][:half]
        return one([self.v_widen(t, is_signed, r, upper) for t, r in chosen for upper in (False, True)])

    def v_widen(self, t: Any, is_signed: bool, r: Any, high: bool) -> Any:
        """Half of a part to a whole one."""
        return self.p(f"{'s' if is_signed else 'u'}xtl{'2' * high}", t, r)

    def extend_lanes(self, is_signed: bool, ty: Any, x: Any) -> Any:
        """uextend and sextend: as many lanes, so more bits."""
        source = self.types[x]
        return one(self.extended_parts(is_signed, source, LANE[ty], list(self.put_in_regs(x))))

    def extended_parts(self, is_signed: bool, source: Any, lane: Any, regs: list[Any]) -> list[Any]:
        """The registers of a value of type ``source`` with its lanes extended to type ``lane``."""
        now = LANE[source]
        while now < lane:
            t = of_lanes(now)
            count = len(self.parts(source - LANE[source] + now + 1))
            halves = (False,) if count == len(regs) else (False, True)
            regs = [self.v_widen(t, is_signed, r, upper) for r in regs for upper in halves]
            now += 1
        return regs

    def narrow(self, kind: str, ty: Any, x: Any, y: Any) -> Any:
        """Both operands' lanes saturated, in order. ``kind``: s, u (from signed), uu. ty: the operands' type."""
        t = of_lanes(LANE[ty] - 1)
        regs = [*self.put_in_regs(x), *self.put_in_regs(y)]
        if self.small(ty):
            return self.p(_NARROW[kind], t, self.side_by_side(ty, *regs))
        return one([self.v_narrow(t, _NARROW[kind], a, b) for a, b in zip(regs[::2], regs[1::2])])

    def v_narrow(self, t: Any, op: str, a: Any, b: Any) -> Any:
        """Two parts to one of type t."""
        return self.p(op + "2", t, self.p(op, t, a), b)

    def pairwise(self, ty: Any, x: Any, y: Any) -> Any:
        """iadd_pairwise."""
        t = self.parts(ty)[0]
        regs = [*self.put_in_regs(x), *self.put_in_regs(y)]
        if self.small(ty):
            both = self.side_by_side(ty, *regs)
            return self.p("addp", t, both, both)
        return one([self.p("addp", t, a, b) for a, b in zip(regs[::2], regs[1::2])])

    # Permutations of bytes.

    def shuffle(self, mask: bytes, x: Any, y: Any) -> Any:
        """By a constant: the instruction that does it, else by tables, the second into what the first has left."""
        a, b = self.put_in_reg(x), self.put_in_reg(y)
        if x == y:
            mask = bytes(m & 15 for m in mask)
        if all(m < 16 for m in mask):
            return self.shuffle_one(mask, a)
        if all(m >= 16 for m in mask):
            return self.shuffle_one(bytes(m - 16 for m in mask), b)
        if mask in _INTERLEAVINGS:
            return self.fop(ROWS[_INTERLEAVINGS[mask][0]], a, b)
        swapped = bytes(m ^ 16 for m in mask)
        if swapped in _INTERLEAVINGS:
            return self.fop(ROWS[_INTERLEAVINGS[swapped][0]], b, a)
        for first, second, order in ((a, b, mask), (b, a, swapped)):
            if order == bytes(range(order[0], order[0] + 16)):
                return self.fop(ROWS["ext.b"], first, second, imm=order[0])
        ours = self.fop(ROWS["tbl.b"], a, self.constant(mask))
        theirs = self.constant(bytes(m - 16 if m >= 16 else 0xFF for m in mask))
        return self.fop(ROWS["tbx.b"], ours, b, theirs)

    def shuffle_one(self, mask: bytes, a: Any) -> Any:
        """The bytes of one register by a constant."""
        if mask == bytes(range(16)):
            return a
        for bits, k in LETTERS.items():
            size = bits // 8
            if not mask[0] % size and mask == bytes(range(mask[0], mask[0] + size)) * (16 // size):
                return self.fop(ROWS[f"dup.{k}"], a, imm=mask[0] // size)
        if mask in _REVERSALS:
            return self.fop(ROWS[_REVERSALS[mask]], a)
        if mask in _INTERLEAVINGS and _INTERLEAVINGS[mask][1]:
            return self.fop(ROWS[_INTERLEAVINGS[mask][0]], a, a)
        if mask == bytes(mask[0] + i & 15 for i in range(16)):
            return self.fop(ROWS["ext.b"], a, a, imm=mask[0])
        return self.fop(ROWS["tbl.b"], a, self.constant(mask))

    def swizzle(self, x: Any, y: Any) -> Any:
        """tbl: indices beyond 15 give zero."""
        return self.fop(ROWS["tbl.b"], self.put_in_reg(x), self.put_in_reg(y))

    def pshufb(self, x: Any, y: Any) -> Any:
        """Of an index the top bit counts, and the lower four."""
        index = self.and_(_X, self.put_in_reg(y), self.splat_of(_X, 0x8F))
        return self.fop(ROWS["tbl.b"], self.put_in_reg(x), index)
