"""Vectors in memory, constants of them, and their bits as other types: the last layer of `VectorLowering`."""

from __future__ import annotations

from typing import Any

from jitpy.backend.ir import memflags
from jitpy.backend.ir.types import BITS, I8, I16, I128, LANE, LANE_BITS
from jitpy.backend.isa.lowering import trap_of
from jitpy.backend.isa.vectors import of_lanes, one
from jitpy.backend.isa.x64.lowering.base import Amode
from jitpy.backend.isa.x64.lowering.vector_float import VectorFloatLowering
from jitpy.backend.isa.x64.rows import ROWS
from jitpy.backend.target.row import INT, MInst


class VectorLowering(VectorFloatLowering):
    """See the module's docstring."""

    def vector_constant(self, ty: Any, data: bytes) -> Any:
        """Each part of the bytes."""
        parts = self.parts(ty)
        size = BITS[parts[0]] // 8
        data = data.ljust(size, b"\0")
        return one([self.constant(t, data[size * i : size * (i + 1)]) for i, t in enumerate(parts)])

    # Memory. Addresses need no alignment.

    def _move(self, bits: int, store: bool) -> Any:
        """The family of rows that loads or stores so many bits of a vector register."""
        end = "mr" if store else "rm"
        if bits >= 256:
            return ROWS[f"vmovups_{'y' if bits == 256 else 'z'}_{end}"]
        return ROWS[f"{'v' * self.avx}mov{({128: 'ups', 64: 'sd', 32: 'ss'})[bits]}_{end}"]

    def load_vector(self, ty: Any, m: Any, a: Any) -> Any:
        """The parts, one behind the other."""
        flags, offset = m
        trap = trap_of(flags)
        bits = self.small(ty)
        if bits == 16:
            found = [self.fop(self.vrow("movd_xr"), self.op_mem(ROWS["movzx32_16_rm"], self.address(a, offset), trap=trap))]
        else:
            found = []
            for t in self.parts(ty):
                found.append(self._load(t, bits or BITS[t], self.address(a, offset), trap))
                offset += BITS[t] // 8
        return one(self._swapped_lanes(ty, found) if flags & memflags.BIG else found)

    def _swapped_lanes(self, ty: Any, regs: Any) -> list[Any]:
        """The bytes of each lane in reverse."""
        size = LANE_BITS[ty] // 8
        order = bytes(i ^ (size - 1) for i in range(16))
        if size == 1:
            return list(regs)
        return [self.by_128(lambda t, r: self.shuffle_one(order, r), t, r) for t, r in zip(self.parts(ty), regs)]

    def _load(self, t: Any, bits: int, amode: Amode, trap: Any) -> Any:
        regs, mode, disp = amode
        d = self.result(BITS[t])
        self.emit(MInst(self._move(bits, False)[len(regs)], (d,), regs, (mode, disp, trap)))
        return d

    def store_vector(self, ty: Any, m: Any, x: Any, a: Any) -> Any:
        """Likewise."""
        flags, offset = m
        trap = trap_of(flags)
        bits = self.small(ty)
        regs = self.put_in_regs(x)
        if flags & memflags.BIG:
            regs = self._swapped_lanes(ty, regs)
        if bits == 16:
            r = self.op(self.vrow("movd_rx"), regs[0])
            return self.do_mem(ROWS["mov16_mr"], self.address(a, offset), r, trap=trap)
        for t, r in zip(self.parts(ty), regs):
            self.do_mem(self._move(bits or BITS[t], True), self.address(a, offset), r, trap=trap)
            offset += BITS[t] // 8
        return ()

    def load_widened(self, signed: bool, ty: Any, m: Any, a: Any) -> Any:
        """Eight bytes, whose lanes are extended to 128 bits."""
        flags, offset = m
        half = of_lanes(LANE[ty] - 1, 128)
        amode = self.address(a, offset)
        if flags & memflags.BIG and LANE[half] > I8:
            size = LANE_BITS[half] // 8
            r = self.shuffle_one(bytes(i ^ (size - 1) for i in range(16)), self._load(half, 64, amode, trap_of(flags)))
            return self.v_widen(half, signed, r, False)
        if not self.sse41:
            return self.v_widen(half, signed, self._load(half, 64, amode, trap_of(flags)), False)
        name = {16: "bw", 32: "wd", 64: "dq"}[LANE_BITS[ty]]
        return self.fop_mem(self.row(f"pmov{'s' if signed else 'z'}x{name}", 128, "rm"), amode, trap=trap_of(flags))

    # Bits as another type.

    def reordered(self, t: Any, order: bytes, r: Any) -> Any:
        """In each 128 bits."""
        return self.by_128(lambda t, r: self.shuffle_one(order, r), t, r)

    def recast(self, ty: Any, source: Any, regs: tuple[Any, ...]) -> Any:
        """See `VectorParts`."""
        target = self.ctx.target
        from_int = target.parts_of(source)[0][0] == INT
        to_int = target.parts_of(ty)[0][0] == INT
        if from_int == to_int:
            return one(regs)
        if source == I128:
            return self.of_longs(of_lanes(I16, 128), *regs)
        if ty == I128:
            return tuple([self.long_lane(of_lanes(I16, 128), regs[0], lane) for lane in (0, 1)])
        if from_int:
            return self.fop(self.vrow("movq_xr"), regs[0])
        return self.op(self.vrow("movq_rx"), regs[0])
