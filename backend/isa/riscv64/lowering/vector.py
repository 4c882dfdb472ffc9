"""Vectors in memory, constants of them, and their bits as other types: the last layer of `VectorLowering`."""

from __future__ import annotations

from typing import Any

from jitpy.backend.ir import memflags
from jitpy.backend.ir.types import F16, F128, I64, I128, IS_VECTOR, LANE_BITS
from jitpy.backend.isa.lowering import trap_of
from jitpy.backend.isa.riscv64.insts.vectors import MEMORY, vtype
from jitpy.backend.isa.riscv64.lowering.vector_float import VectorFloatLowering
from jitpy.backend.isa.vectors import INT_OF_BITS, of_lanes, one
from jitpy.backend.target.row import VECTOR, MInst


class VectorLowering(VectorFloatLowering):
    """See the module's docstring."""

    def vector_constant(self, ty: Any, data: bytes) -> Any:
        """Each part of the bytes."""
        data = data.ljust(16, b"\0")
        return one([self.constant(t, data[16 * i : 16 * (i + 1)]) for i, t in enumerate(self.parts(ty))])

    # Memory. Instructions want lanes aligned to their width: others go byte by byte.

    def _access(self, load: bool, t: Any, size: int, m: Any, a: Any, offset: int, *stored: Any) -> Any:
        flags = m[0]
        bits = LANE_BITS[t] if flags & memflags.ALIGNED else 8
        regs, mode, disp = self.address(a, offset)
        defs = () if stored else (self.temp(VECTOR),)
        where = size // bits, vtype(bits), (mode, disp, trap_of(flags))
        self.emit(MInst(MEMORY[load, bits][len(regs)], defs, stored + regs, where))
        return defs[0] if defs else None

    def load_vector(self, ty: Any, m: Any, a: Any) -> Any:
        """The parts, one behind the other."""
        size = self.small(ty) or 128
        found = [self._access(True, t, size, m, a, m[1] + 16 * i) for i, t in enumerate(self.parts(ty))]
        return one(self._swapped_lanes(ty, found) if m[0] & memflags.BIG else found)

    def store_vector(self, ty: Any, m: Any, x: Any, a: Any) -> Any:
        """Likewise."""
        size = self.small(ty) or 128
        regs = list(self.put_in_regs(x))
        if m[0] & memflags.BIG:
            regs = self._swapped_lanes(ty, regs)
        for i, (t, r) in enumerate(zip(self.parts(ty), regs)):
            self._access(False, t, size, m, a, m[1] + 16 * i, r)
        return ()

    def _swapped_lanes(self, ty: Any, regs: Any) -> list[Any]:
        """The bytes of each lane in reverse."""
        return [self._swapped(LANE_BITS[ty], r) for r in regs]

    def _swapped(self, bits: int, r: Any) -> Any:
        """The bytes of lanes of so many bits in reverse: Zvbb's, or a permutation."""
        if bits == 8:
            return r
        if self.features["has_zvbb"]:
            return self.p("vrev8.v", of_lanes(INT_OF_BITS[bits]), r)
        return self.shuffle_one(bytes(i ^ (bits // 8 - 1) for i in range(16)), r)

    def load_widened(self, signed: bool, ty: Any, m: Any, a: Any) -> Any:
        """Eight bytes, whose lanes are extended to 128 bits."""
        half = of_lanes(INT_OF_BITS[LANE_BITS[ty] // 2])
        r = self._access(True, half, 64, m, a, m[1])
        if m[0] & memflags.BIG:
            r = self._swapped(LANE_BITS[half], r)
        return self.v_widen(half, "vsext.vf2" if signed else "vzext.vf2", r, False)

    # Bits as another type.

    def recast(self, ty: Any, source: Any, regs: tuple[Any, ...]) -> Any:
        """See `VectorParts`."""
        if IS_VECTOR[ty] == IS_VECTOR[source]:
            return one(regs)
        if IS_VECTOR[ty]:
            if source in (I128, F128):
                return self.of_longs(*regs)
            r = regs[0]
            if source == F16 and not self.float_lanes(source):
                r = self.bits_in(F16, r)
            return self.p("vfmv.s.f" if self.float_lanes(source) else "vmv.s.x", of_lanes(source), r)
        if ty in (I128, F128):
            longs = of_lanes(I64)
            return self.v_extract(longs, regs[0], 0), self.v_extract(longs, regs[0], 1)
        return self.v_extract(of_lanes(ty), regs[0], 0)
