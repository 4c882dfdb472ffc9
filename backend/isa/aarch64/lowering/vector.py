"""Vectors in memory, constants of them, and their bits as other types: the last layer of `VectorLowering`."""

from __future__ import annotations

from typing import Any

from jitpy.backend.ir import memflags
from jitpy.backend.ir.types import I8, I128, LANE, LANE_BITS
from jitpy.backend.isa.aarch64.lowering.vector_float import VectorFloatLowering
from jitpy.backend.isa.aarch64.rows import ROWS
from jitpy.backend.isa.lowering import trap_of
from jitpy.backend.isa.vectors import of_lanes, one
from jitpy.backend.target.row import INT

_LETTERS = {16: "h", 32: "s", 64: "d", 128: "q"}


class VectorLowering(VectorFloatLowering):
    """See the module's docstring."""

    def vector_constant(self, ty: Any, data: bytes) -> Any:
        """Each part of the bytes."""
        data = data.ljust(16, b"\0")
        return one([self.constant(data[16 * i : 16 * (i + 1)]) for i in range(len(self.parts(ty)))])

    # Memory. Addresses need no alignment.

    def load_vector(self, ty: Any, m: Any, a: Any) -> Any:
        """The parts, one behind the other."""
        flags, offset = m
        bits = self.small(ty) or 128
        row = ROWS[f"ldr_{_LETTERS[bits]}"]
        found = []
        for _ in self.parts(ty):
            found.append(self.fop_mem(row, self.address(a, offset, bits // 8), trap=trap_of(flags)))
            offset += 16
        return one(self._swapped_lanes(ty, found) if flags & memflags.BIG else found)

    def _swapped_lanes(self, ty: Any, regs: Any) -> list[Any]:
        """The bytes of each lane in reverse."""
        bits = LANE_BITS[ty]
        return [self.fop(ROWS[f"rev{bits}.b"], r) for r in regs] if bits > 8 else list(regs)

    def store_vector(self, ty: Any, m: Any, x: Any, a: Any) -> Any:
        """Likewise."""
        flags, offset = m
        bits = self.small(ty) or 128
        regs = self.put_in_regs(x)
        if flags & memflags.BIG:
            regs = self._swapped_lanes(ty, regs)
        row = ROWS[f"str_{_LETTERS[bits]}"]
        for r in regs:
            self.do_mem(row, self.address(a, offset, bits // 8), r, trap=trap_of(flags))
            offset += 16
        return ()

    def load_widened(self, is_signed: bool, ty: Any, m: Any, a: Any) -> Any:
        """Eight bytes, whose lanes are extended to 128 bits."""
        flags, offset = m
        half = of_lanes(LANE[ty] - 1)
        r = self.fop_mem(ROWS["ldr_d"], self.address(a, offset, 8), trap=trap_of(flags))
        if flags & memflags.BIG and LANE[half] > I8:
            r = self.fop(ROWS[f"rev{LANE_BITS[half]}.b"], r)
        return self.v_widen(half, is_signed, r, False)

    # Bits as another type.

    def recast(self, ty: Any, source: Any, regs: tuple[Any, ...]) -> Any:
        """See `VectorParts`."""
        target = self.ctx.target
        from_int = target.parts_of(source)[0][0] == INT
        to_int = target.parts_of(ty)[0][0] == INT
        if from_int == to_int:
            return one(regs)
        if source == I128:
            return self.joined(*regs)
        if ty == I128:
            return self.parted(regs[0])
        return self.fop(ROWS["fmov_dx"], regs[0]) if from_int else self.op(ROWS["fmov_xd"], regs[0])
