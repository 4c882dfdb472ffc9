"""Lanes: in and out, broadcasts, other widths, permutations of bytes by constants and by variables."""

from __future__ import annotations

from typing import Any

from jitpy.backend.ir.opcodes import F16CONST, F32CONST, F64CONST, ICONST
from jitpy.backend.ir.types import (
    BITS,
    F16,
    F32,
    F64,
    I8,
    I16,
    I32,
    I64,
    IS_FLOAT,
    LANE,
    LANE_BITS,
    LANES,
)
from jitpy.backend.isa.vectors import of_lanes, one, repeated
from jitpy.backend.isa.x64.lowering.vector_base import letter
from jitpy.backend.isa.x64.lowering.vector_compare import VectorCompareLowering
from jitpy.backend.isa.x64.rows import ROWS
from jitpy.backend.target.row import MInst

_X = of_lanes(I8, 128)
_CONSTANTS = (ICONST, F16CONST, F32CONST, F64CONST)
#: Bytes of a unit -> how unpack names it.
_UNPACK = {1: "bw", 2: "wd", 4: "dq", 8: "qdq"}
#: What packs of 256 and 512 bits need afterwards: they work on each 128 bits alone.
_PACKED_256 = 0xD8
_PACKED_512 = b"".join(q.to_bytes(8, "little") for q in (0, 2, 4, 6, 1, 3, 5, 7))


class VectorLanesLowering(VectorCompareLowering):
    """See the module's docstring."""

    # One lane.

    def _piece(self, t: Any, r: Any, lane: int) -> tuple[Any, Any, int]:
        """The 128 bits of a part that hold a lane: their type, register, and the lane's number in them."""
        here = of_lanes(LANE[t], 128)
        at, lane = divmod(lane, LANES[here])
        if BITS[t] == 128:
            return here, r, lane
        if not at:
            return here, self.copied(here, r), lane
        return here, self.p("extracti128" if BITS[t] == 256 else "extracti32x4", t, r, imm=at, to=here), lane

    def extract(self, lane: Any, x: Any) -> Any:
        """extractlane."""
        part, lane = divmod(lane, LANES[self.parts(self.types[x])[0]])
        t, r, lane = self._piece(self.parts(self.types[x])[0], self.put_in_regs(x)[part], lane)
        return self.v_extract(t, r, lane)

    def v_extract(self, t: Any, r: Any, lane: int) -> Any:
        """A lane of 128 bits as a scalar."""
        type = LANE[t]
        bits = LANE_BITS[t]
        if type == F16:
            return self.fop(self.vrow("movd_xr"), self._extract_word(r, lane))
        if IS_FLOAT[type]:
            if not lane:
                return r
            return self.p("pshufd", t, r, imm=lane if type == F32 else 0xEE)
        if bits == 64:
            return self.long_lane(t, r, lane) if not lane or not self.sse41 else self._extracted("pextrq", r, lane)
        if bits == 32:
            if lane and self.sse41:
                return self._extracted("pextrd", r, lane)
            return self.op(self.vrow("movd_rx"), self.p("pshufd", t, r, imm=lane) if lane else r)
        if bits == 16:
            return self._extract_word(r, lane)
        if self.sse41:
            return self._extracted("pextrb", r, lane)
        word = self._extract_word(r, lane >> 1)
        return self.op(ROWS["shr32_ri"], word, imm=8) if lane & 1 else word

    def _extracted(self, op: str, r: Any, lane: int) -> Any:
        return self.op(self.row(op, 128), r, imm=lane)

    def _extract_word(self, r: Any, lane: int) -> Any:
        return self.op(self.vrow("pextrw_rx"), r, imm=lane)

    def insert(self, ty: Any, lane: Any, x: Any, y: Any) -> Any:
        """insertlane."""
        regs = list(self.put_in_regs(x))
        t = self.parts(ty)[0]
        part, lane = divmod(lane, LANES[t])
        at = lane // LANES[of_lanes(LANE[t], 128)]
        here, r, lane = self._piece(t, regs[part], lane)
        made = self.v_insert(here, r, self.put_in_reg(y), lane)
        if BITS[t] > 128:
            made = self.p("inserti128" if BITS[t] == 256 else "inserti32x4", t, regs[part], made, imm=at)
        regs[part] = made
        return one(regs)

    def v_insert(self, t: Any, r: Any, s: Any, lane: int) -> Any:
        """128 bits with the scalar s in a lane."""
        type = LANE[t]
        bits = LANE_BITS[t]
        if type == F32:
            if self.sse41:
                return self.p("insertps", t, r, s, imm=lane << 4)
            if not lane:
                return self.p("movss", t, r, s)
        if type == F64:
            return self.p("punpcklqdq", t, r, s) if lane else self.p("movsd", t, r, s)
        if IS_FLOAT[type]:
            s = self.op(self.vrow("movd_rx"), s)
        if bits == 64:
            if self.sse41:
                return self.p("pinsrq", t, r, s, imm=lane)
            s = self.fop(self.vrow("movq_xr"), s)
            return self.p("punpcklqdq", t, r, s) if lane else self.p("movsd", t, r, s)
        if bits == 32:
            if self.sse41:
                return self.p("pinsrd", t, r, s, imm=lane)
            r = self.p("pinsrw", t, r, s, imm=2 * lane)
            return self.p("pinsrw", t, r, self.op(ROWS["shr32_ri"], s, imm=16), imm=2 * lane + 1)
        if bits == 8:
            if self.sse41:
                return self.p("pinsrb", t, r, s, imm=lane)
            other = self._extract_word(r, lane >> 1)
            s = self.op(ROWS["movzx32_8_rr"], s)
            if lane & 1:
                s = self.op(ROWS["shl32_ri"], s, imm=8)
            other = self.alu_imm("and", I32, other, 0xFF if lane & 1 else 0xFF00)
            s, lane = self.alu_rr("or", I32, other, s), lane >> 1
        return self.p("pinsrw", t, r, s, imm=lane)

    def splat(self, ty: Any, x: Any) -> Any:
        """One register, which is all parts."""
        parts = self.parts(ty)
        t = parts[0]
        n = self.nodes[x]
        made = self.splat_of(t, n[2]) if n[0] in _CONSTANTS else self.v_splat(t, x)
        return one([made] * len(parts))

    def v_splat(self, t: Any, x: Any) -> Any:
        """A scalar in all lanes of one part."""
        bits = LANE_BITS[t]
        type = LANE[t]
        broadcast = "pbroadcast" + letter(t)
        if self.avx2 and self.is_load(x):
            amode, trap = self.load_of(x)
            regs, mode, disp = amode
            d = self.result(BITS[t])
            self.emit(MInst(self.row(broadcast, BITS[t], "rm")[len(regs)], (d,), regs, (mode, disp, trap)))
            return d
        r = self.put_in_reg(x)
        if not IS_FLOAT[type]:
            if self.evex(t, "avx512f" if bits >= 32 else "avx512bw"):
                return self.p(broadcast + ":r", t, r)
            r = self.fop(self.vrow("movq_xr" if bits == 64 else "movd_xr"), r)
        return self.v_broadcast(t, r)

    def scalar_to_vector(self, ty: Any, x: Any) -> Any:
        """Lane 0, and zeros."""
        t, *others = self.parts(ty)
        type = self.types[x]
        if LANE_BITS[type] >= 32 and self.is_load(x):  # such loads clear the rest
            amode, trap = self.load_of(x)
            r = self.fop_mem(self.vrow(f"mov{'sd' if LANE_BITS[type] == 64 else 'ss'}_rm"), amode, trap=trap)
        elif type == F64:
            r = self.p("movq", of_lanes(F64, 128), self.put_in_reg(x))
        elif type == F32:
            here = of_lanes(F32, 128)
            r = self.p("movss", here, self.zero(here), self.put_in_reg(x))
        elif type == F16:
            r = self.put_in_reg(x)
        else:
            r = self.fop(self.vrow("movq_xr"), self.zero_extended(x))
        if BITS[t] > 128:  # VEX forms clear what they do not write
            low, r = r, self.result(BITS[t])
            self.emit(MInst(ROWS["copy.V"], (r,), (low,)))
        return one([r, *[self.zero(u) for u in others]])

    # Other widths.

    def widen(self, signed: bool, high: bool, x: Any) -> Any:
        """The lower or upper half's lanes, each of twice the width."""
        parts, regs = self.parts(self.types[x]), self.put_in_regs(x)
        if len(parts) == 1:
            return self._widened_half(parts[0], signed, regs[0], high, self.small(self.types[x]))
        half = len(parts) // 2
        found = []
        for t, r in list(zip(parts, regs))[half if high else 0 :][:half]:
            found += [self.v_widen(t, signed, r, upper) for upper in (False, True)]
        return one(found)

    def _widened_half(self, t: Any, signed: bool, r: Any, high: bool, small: int) -> Any:
        if high and small:  # the upper half of what counts, moved to the bottom
            return self.v_widen(t, signed, self.p("psrldq:i", t, r, imm=small // 16), False)
        return self.v_widen(t, signed, r, high)

    def v_widen(self, t: Any, signed: bool, r: Any, high: bool) -> Any:
        """Half of a part to a whole one."""
        bits = LANE_BITS[t]
        name = {8: "bw", 16: "wd", 32: "dq"}[bits]
        extend = f"pmov{'s' if signed else 'z'}x{name}"
        if BITS[t] > 128:
            return self.p(extend, t, self.high(t, r) if high else r)
        if self.sse41 and not high:
            return self.p(extend, t, r)
        unpack = f"punpck{'h' if high else 'l'}{name}"
        if not signed:
            return self.p(unpack, t, r, self.zero(t))
        if self.sse41:
            return self.p(extend, t, self.p("pshufd", t, r, imm=0xEE))
        return self.p(unpack, t, r, self.v_compare(t, "s", "gt", self.zero(t), r))

    def extend_lanes(self, signed: bool, ty: Any, x: Any) -> Any:
        """uextend and sextend: as many lanes, so more bits."""
        source = self.types[x]
        parts, regs = self.parts(source), list(self.put_in_regs(x))
        t = parts[0]
        lane = LANE[source]
        bits = self.small(source) or BITS[source]
        while lane < LANE[ty]:
            lane, bits = lane + 1, bits * 2
            wide = self.parts(of_lanes(lane, bits))
            if BITS[wide[0]] == 2 * BITS[t]:
                name = {I16: "bw", I32: "wd", I64: "dq"}[lane]
                regs = [self.p(f"pmov{'s' if signed else 'z'}x{name}", wide[0], r) for r in regs]
            elif len(wide) == len(regs):
                regs = [self.v_widen(t, signed, r, False) for r in regs]
            else:
                regs = [self.v_widen(t, signed, r, upper) for r in regs for upper in (False, True)]
            t = wide[0]
        return one(regs)

    def narrow(self, kind: str, ty: Any, x: Any, y: Any) -> Any:
        """Both operands' lanes saturated, in order. ``kind``: s, u (from signed), uu."""
        parts = self.parts(ty)
        regs = [*self.put_in_regs(x), *self.put_in_regs(y)]
        made = [self.v_narrow(parts[0], kind, a, b) for a, b in zip(regs[::2], regs[1::2])]
        return one([self._together(ty, parts[0], r) for r in made])

    def _together(self, ty: Any, t: Any, r: Any) -> Any:
        """The two halves of a result moved next to one another, where less than all of each half counts."""
        bits = self.small(ty)
        if not bits:
            return r
        r = self.p("pshufd", t, r, imm=0b1000)
        if bits < 64:
            r = self.p("pshuflw", t, r, imm=0b1000)
        if bits == 16:
            r = self.pc("pand", of_lanes(I16, 128), r, 0xFF)
            r = self.p("packuswb", t, r, r)
        return r

    def v_narrow(self, t: Any, kind: str, a: Any, b: Any) -> Any:
        """Two parts to one."""
        bits = LANE_BITS[t]
        half = bits // 2
        if kind == "uu" and (bits < 64 or not self.evex(t)):
            a, b = (self.v_umin(t, r, self.splat_of(t, (1 << half) - 1)) for r in (a, b))
        if bits == 64 and self.evex(t):
            return self._narrowed_longs(t, kind, a, b)
        if bits == 64:
            return self._lanes_in_order(t, self.p("shufps", t, *[self._clamped(t, kind, r) for r in (a, b)], imm=0x88))
        if bits == 32 and kind != "s" and not self.sse41:
            # Moved down to the signed range, packed, moved up again.
            if kind == "u":
                a, b = (self.andn(t, self.sign_mask(t, r), r) for r in (a, b))
            a, b = (self.v_isub(t, r, self.splat_of(t, 0x8000)) for r in (a, b))
            words = of_lanes(I16, BITS[t])
            return self.pc("pxor", words, self.p("packssdw", t, a, b), 0x8000)
        name = {("s", 16): "packsswb", ("s", 32): "packssdw"}.get((kind, bits), "packuswb" if bits == 16 else "packusdw")
        return self._lanes_in_order(t, self.p(name, t, a, b))

    def _narrowed_longs(self, t: Any, kind: str, a: Any, b: Any) -> Any:
        """By AVX-512's saturating moves to registers of half the size."""
        if kind == "u":
            a, b = (self.v_smax(t, r, self.zero(t)) for r in (a, b))
        to = of_lanes(I32, max(BITS[t] // 2, 128))
        low, high = (self.p("pmovsqd" if kind == "s" else "pmovusqd", t, r, to=to) for r in (a, b))
        return self.p("punpcklqdq", t, low, high) if BITS[t] == 128 else self.two_halves(t, low, high)

    def _clamped(self, t: Any, kind: str, r: Any) -> Any:
        """64-bit lanes in the range of 32 bits."""
        if kind == "uu":
            return r
        low, high = (-1 << 31, (1 << 31) - 1) if kind == "s" else (0, (1 << 32) - 1)
        return self.v_smax(t, self.v_smin(t, r, self.splat_of(t, high)), self.splat_of(t, low))

    def _lanes_in_order(self, t: Any, r: Any) -> Any:
        """What a pack of 256 or 512 bits gave, in the order of the operands."""
        if BITS[t] == 256:
            return self.p("permq", t, r, imm=_PACKED_256)
        if BITS[t] == 512:
            return self.p("permq:v", t, self.constant(t, _PACKED_512), r)
        return r

    def pairwise(self, ty: Any, x: Any, y: Any) -> Any:
        """iadd_pairwise."""
        parts = self.parts(ty)
        regs = [*self.put_in_regs(x), *self.put_in_regs(y)]
        made = [self.v_pairwise(parts[0], a, b) for a, b in zip(regs[::2], regs[1::2])]
        return one([self._together(ty, parts[0], r) for r in made])

    def v_pairwise(self, t: Any, a: Any, b: Any) -> Any:
        """Sums of neighbours in lanes of twice the width, of which the lower halves count."""
        bits = LANE_BITS[t]
        if bits == 32:
            evens, odds = (self.p("shufps", t, a, b, imm=imm) for imm in (0x88, 0xDD))
            return self._lanes_in_order(t, self.p("paddd", t, evens, odds))
        if bits == 16:
            if self.ssse3 and BITS[t] == 128:
                return self.p("phaddw", t, a, b)
            wide = [self.p("pmaddwd", t, r, self.splat_of(t, 1)) for r in (a, b)]
            wide = [self.sar(t, self.shl(t, r, 16, 32), 16, 32) for r in wide]
            return self._lanes_in_order(t, self.p("packssdw", t, *wide))
        words = of_lanes(I16, BITS[t])
        sums = [self.pc("pand", words, self.p("paddb", t, r, self.shr(words, r, 8)), 0xFF) for r in (a, b)]
        return self._lanes_in_order(t, self.p("packuswb", t, *sums))

    # Permutations of bytes.

    def shuffle(self, mask: bytes, x: Any, y: Any) -> Any:
        """By a constant: the cheapest instruction that does it, else two pshufb, else shifts of whole registers."""
        a, b = self.put_in_reg(x), self.put_in_reg(y)
        if x == y:
            mask = bytes(m & 15 for m in mask)
        if all(m < 16 for m in mask):
            return self.shuffle_one(mask, a)
        if all(m >= 16 for m in mask):
            return self.shuffle_one(bytes(m - 16 for m in mask), b)
        found = self._shuffle_two(mask, a, b)
        if found is not None:
            return found
        if self.evex(_X, "avx512vbmi"):
            return self.p("permt2b", _X, a, self.constant(_X, mask), b)
        if self.ssse3:
            ours = self.pm("pshufb", _X, bytes(m if m < 16 else 0x80 for m in mask), a)
            theirs = self.pm("pshufb", _X, bytes(m - 16 if m >= 16 else 0x80 for m in mask), b)
            return self.or_(_X, ours, theirs)
        return self._by_shifts(mask, a, b)

    def shuffle_one(self, mask: bytes, a: Any) -> Any:
        """The bytes of one register by a constant."""
        if mask == bytes(range(16)):
            return a
        if self.avx2:
            for size in (1, 2, 4, 8):
                if mask == bytes(range(size)) * (16 // size):
                    return self.p("pbroadcast" + {1: "b", 2: "w", 4: "d", 8: "q"}[size], _X, a)
        words = _units(mask, 4)
        if words is not None:
            return self.p("pshufd", _X, a, imm=_order(words))
        found = self._shuffle_two(bytes(m + 16 * (i & 1) for i, m in enumerate(mask)), a, a, True)
        if found is not None:
            return found
        halves = _units(mask, 2)
        if halves is not None:
            low, high = halves[:4], halves[4:]
            if high == [4, 5, 6, 7] and max(low) < 4:
                return self.p("pshuflw", _X, a, imm=_order(low))
            if low == [0, 1, 2, 3] and min(high) > 3:
                return self.p("pshufhw", _X, a, imm=_order([h - 4 for h in high]))
            if max(low) < 4 and min(high) > 3:
                return self.p("pshufhw", _X, self.p("pshuflw", _X, a, imm=_order(low)), imm=_order([h - 4 for h in high]))
        if self.ssse3:
            return self.pm("pshufb", _X, mask, a)
        return self._by_shifts(mask, a, a)

    def _shuffle_two(self, mask: bytes, a: Any, b: Any, same: bool = False) -> Any:
        """Single instructions on two registers; ``same``: they are one, and only indices modulo 16 count."""
        modulo = 15 if same else 31
        wanted = [m & modulo for m in mask]

        def is_(pattern: list[int]) -> bool:
            return [m & modulo for m in pattern] == wanted

        for size, name in _UNPACK.items():
            for half, letter_ in ((0, "l"), (8, "h")):
                pattern = [half + size * i + k + side for i in range(8 // size) for side in (0, 16) for k in range(size)]
                if is_(pattern):
                    return self.p(f"punpck{letter_}{name}", _X, a, b)
                if is_([m ^ 16 for m in pattern]):
                    return self.p(f"punpck{letter_}{name}", _X, b, a)
        if self.ssse3:
            for n in range(1, 16):
                if is_([n + i for i in range(16)]):
                    return self.p("palignr", _X, b, a, imm=n)
                if is_([n + i + 16 & 31 for i in range(16)]):
                    return self.p("palignr", _X, a, b, imm=n)
        if same:
            return None
        if self.sse41:
            picks = [m & 15 == i for i, m in enumerate(mask)]
            if all(picks) and all(mask[i] >> 4 == mask[i + 1] >> 4 for i in range(0, 16, 2)):
                imm = sum((mask[2 * i] >> 4) << i for i in range(8))
                return self.p("pblendw", _X, a, b, imm=imm)
        words = _units(mask, 4)
        if words is not None:
            for first, second, flip in ((a, b, 0), (b, a, 4)):
                order = [w ^ flip for w in words]
                if max(order[:2]) < 4 and min(order[2:]) > 3:
                    return self.p("shufps", _X, first, second, imm=_order([w & 3 for w in order]))
        return None

    def _by_shifts(self, mask: bytes, a: Any, b: Any) -> Any:
        """Every byte comes from a whole register shifted by the distance it moves."""
        moves: dict[tuple[int, int], list[int]] = {}
        for i, m in enumerate(mask):
            moves.setdefault((m >> 4, i - (m & 15)), []).append(i)
        result = None
        for (source, distance), places in moves.items():
            r = b if source else a
            if distance:
                r = self.p("pslldq:i" if distance > 0 else "psrldq:i", _X, r, imm=abs(distance))
            r = self.pm("pand", _X, bytes(255 * (i in places) for i in range(16)), r)
            result = r if result is None else self.or_(_X, result, r)
        return result

    def swizzle(self, x: Any, y: Any) -> Any:
        """Indices beyond 15 give zero: adding 0x70 with saturation sets their top bit, which pshufb heeds."""
        a, b = self.put_in_reg(x), self.put_in_reg(y)
        if self.ssse3:
            return self.p("pshufb", _X, a, self.pc("paddusb", _X, b, 0x70))
        return self._lookup(a, b)

    def pshufb(self, x: Any, y: Any) -> Any:
        """The instruction itself; without it, its indices reduced."""
        a, b = self.put_in_reg(x), self.put_in_reg(y)
        return self.p("pshufb", _X, a, b) if self.ssse3 else self._lookup(a, self.pc("pand", _X, b, 0x8F))

    def _lookup(self, a: Any, b: Any) -> Any:
        """Byte after byte: in all lanes, where the index names it."""
        doubled = [self.p(f"punpck{half}bw", _X, a, a) for half in "lh"]
        result = None
        for i in range(16):
            words = doubled[i >> 3]
            lane = i & 3
            if i & 4:
                spread = self.p("pshufd", _X, self.p("pshufhw", _X, words, imm=lane * 0x55), imm=0xAA)
            else:
                spread = self.p("pshufd", _X, self.p("pshuflw", _X, words, imm=lane * 0x55), imm=0)
            here = self.and_(_X, spread, self.pm("pcmpeqb", _X, repeated(_X, i), b))
            result = here if result is None else self.or_(_X, result, here)
        return result


def _units(mask: bytes, size: int) -> list[int] | None:
    """The mask in units of ``size`` bytes, if it moves whole ones."""
    found = []
    for i in range(0, 16, size):
        m = mask[i]
        if m % size or any(mask[i + k] != m + k for k in range(size)):
            return None
        found.append(m // size)
    return found


def _order(lanes: list[int]) -> int:
    """Four numbers below four as an immediate."""
    return sum(lane << 2 * i for i, lane in enumerate(lanes))
