"""Vectors in memory, constants of them, and their bits as other types: the last layer of `VectorLowering`."""

from __future__ import annotations

from typing import Any

from jitpy.backend.ir import memflags
from jitpy.backend.ir.types import BITS, F128, I64, I128, IS_VECTOR, LANE_BITS
from jitpy.backend.isa.lowering import trap_of
from jitpy.backend.isa.s390x.lowering.memory import is_little
from jitpy.backend.isa.s390x.lowering.vector_base import LETTER
from jitpy.backend.isa.s390x.lowering.vector_float import VectorFloatLowering
from jitpy.backend.isa.s390x.rows import ROWS
from jitpy.backend.isa.vectors import one
from jitpy.backend.target.row import VECTOR


def reversed_in(unit: int, count: int = 16) -> bytes:
    """The order that reverses the bytes of each unit."""
    return bytes(i // unit * unit + unit - 1 - i % unit if i < count else i for i in range(16))


class VectorLowering(VectorFloatLowering):
    """See the module's docstring."""

    def vector_constant(self, ty: Any, data: bytes) -> Any:
        """Each part of the bytes, which come little-endian lane by lane."""
        unit = LANE_BITS[ty] // 8
        lanes = [data[i : i + unit][::-1] for i in range(0, len(data), unit)]
        ours = b"".join(lanes).ljust(16, b"\0")
        return one([self.constant(ours[i : i + 16]) for i in range(0, len(ours), 16)])

    # Memory. Lane 0 comes first in either byte order; little-endian lanes are reversed one by one.

    def load_vector(self, ty: Any, m: Any, a: Any) -> Any:
        """The parts, one behind the other."""
        flags, offset = m
        return one([self._load(ty, flags, a, offset + 16 * i) for i in range(len(self.parts(ty)))])

    def _load(self, ty: Any, flags: Any, a: Any, offset: int) -> Any:
        bits, lane = self.small(ty) or 128, LANE_BITS[ty]
        reverse = is_little(flags) and lane > 8
        amode, trap = self.address(a, offset), trap_of(flags)
        if bits == 128 and reverse and self.features["has_vxrs_ext2"]:
            return self.op_mem(ROWS["vlbr." + LETTER[lane]], amode, trap=trap, cls=VECTOR)
        r = self.op_mem(ROWS["vl" if bits == 128 else "vlrep." + LETTER[bits]], amode, trap=trap, cls=VECTOR)
        return self.permuted(reversed_in(lane // 8), r) if reverse else r

    def store_vector(self, ty: Any, m: Any, x: Any, a: Any) -> tuple[()]:
        """Likewise."""
        flags, offset = m
        bits, lane = self.small(ty) or 128, LANE_BITS[ty]
        reverse = is_little(flags) and lane > 8
        for i, r in enumerate(self.put_in_regs(x)):
            amode, trap = self.address(a, offset + 16 * i), trap_of(flags)
            if bits == 128 and reverse and self.features["has_vxrs_ext2"]:
                self.do_mem(ROWS["vstbr." + LETTER[lane]], amode, r, trap=trap)
                continue
            r = self.permuted(reversed_in(lane // 8), r) if reverse else r
            if bits == 128:
                self.do_mem(ROWS["vst"], amode, r, trap=trap)
            else:
                self.do_mem(ROWS["vste." + LETTER[bits]], amode, r, imm=0, trap=trap)
        return ()

    def load_widened(self, signed: bool, ty: Any, m: Any, a: Any) -> Any:
        """64 bits of lanes of half the width."""
        flags, offset = m
        half = LANE_BITS[ty] // 2
        r = self.op_mem(ROWS["vlrep.g"], self.address(a, offset), trap=trap_of(flags), cls=VECTOR)
        if is_little(flags) and half > 8:
            r = self.permuted(reversed_in(half // 8), r)
        return self.v_widen(signed, half, r, False)

    # Bits.

    def bitcast_vector(self, ty: Any, flags: Any, x: Any) -> Any:
        """As if stored and loaded: nothing to do big-endian; little-endian, lanes are reversed as the one type has them, and
        back as the other."""
        source = self.types[x]
        regs = self._as_vector(source, self.put_in_regs(x))
        if not flags & memflags.BIG and LANE_BITS[source] != LANE_BITS[ty]:
            size = min(BITS[source] // 8, 16)
            stored = reversed_in(LANE_BITS[source] // 8, size)
            order = bytes(stored[i] for i in reversed_in(LANE_BITS[ty] // 8, size))
            regs = [self.permuted(order, r) for r in regs]
        if IS_VECTOR[ty]:
            return one(regs)
        if ty == I128:
            return self.to_pair(regs[0])
        if ty <= I64:
            return self.bits_from(BITS[ty], regs[0])
        return self.x("vlr", regs[0]) if ty == F128 else self.fop(ROWS["vlr"], regs[0])

    def _as_vector(self, source: Any, regs: Any) -> list[Any]:
        """The registers of a value at the left end of vector registers."""
        if IS_VECTOR[source] or source == F128:
            return list(regs)
        if source == I128:
            return [self.to_vector(regs)]
        if source <= I64:
            return [self.xop(ROWS["new_lane." + LETTER[BITS[source]]], regs[0], imm=0)]
        return [self.x("vlr", regs[0])]
