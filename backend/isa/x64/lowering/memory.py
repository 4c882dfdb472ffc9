"""Loads, stores, addresses, atomics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import memflags
from jitpy.backend.ir.opcodes import BAND, BOR, BXOR, IADD, ISUB, LOAD_
from jitpy.backend.ir.types import BITS, F32, I8, I64
from jitpy.backend.isa.lowering import trap_of
from jitpy.backend.isa.x64.insts.atomic import RMW_LOOPS
from jitpy.backend.isa.x64.lowering.base import Amode, Base, fits32
from jitpy.backend.isa.x64.regs import RAX, RDI, RDX, RSI, SYSV_CLOBBERS, SYSV_SAVED
from jitpy.backend.isa.x64.rows import ROWS
from jitpy.backend.target.row import INT, MInst
from jitpy.backend.target.target import SLOT

#: Loads that fill a whole register: narrow ones extend, so that no old upper part is merged in.
_LOADS = {8: ROWS["movzx32_8_rm"], 16: ROWS["movzx32_16_rm"], 32: ROWS["mov32_rm"], 64: ROWS["mov64_rm"]}
_IN_PLACE = {IADD: "add", ISUB: "sub", BAND: "and", BOR: "or", BXOR: "xor"}


class MemoryLowering(Base):
    """See the module's docstring."""

    def load_int(self, type: Any, m: Any, a: Any) -> Any:
        """A general register from memory; byte-swapped where the flags say big-endian."""
        flags, offset = m
        r = self.op_mem(_LOADS[BITS[type]], self.address(a, offset), trap=trap_of(flags))
        return self._swapped(BITS[type], r) if flags & memflags.BIG else r

    def _swapped(self, bits: Any, r: Any) -> Any:
        if bits == 8:
            return r
        return self.op(ROWS["rol16_ri"], r, imm=8) if bits == 16 else self.op(ROWS[f"bswap{bits}_r"], r)

    def load_pair(self, m: Any, a: Any) -> Any:
        """i128: two loads, low half first in memory unless big-endian."""
        flags, offset = m
        trap = trap_of(flags)
        low = self.op_mem(_LOADS[64], self.address(a, offset), trap=trap)
        high = self.op_mem(_LOADS[64], self.address(a, offset + 8), trap=trap)
        if flags & memflags.BIG:
            return self._swapped(64, high), self._swapped(64, low)
        return low, high

    def load_float(self, type: Any, m: Any, a: Any) -> Any:
        """A scalar float; big-endian ones through a general register."""
        flags, offset = m
        s = "ss" if type == F32 else "sd"
        if flags & memflags.BIG:
            bits = BITS[type]
            r = self._swapped(bits, self.op_mem(_LOADS[bits], self.address(a, offset), trap=trap_of(flags)))
            return self.fop(self.vrow(f"mov{'d' if bits == 32 else 'q'}_xr"), r)
        return self.fop_mem(self.vrow(f"mov{s}_rm"), self.address(a, offset), trap=trap_of(flags))

    def vrow(self, name: str) -> Any:
        """The VEX form of a row where the processor has AVX."""
        return ROWS["v" + name if self.avx else name]

    def load_extended(self, signed_: bool, type: Any, bits: Any, m: Any, a: Any) -> Any:
        """A narrower load with extension."""
        flags, offset = m
        amode = self.address(a, offset)
        trap = trap_of(flags)
        if flags & memflags.BIG and bits > 8:
            r = self._swapped(bits, self.op_mem(_LOADS[bits], amode, trap=trap))
            if bits == 32:
                return self.op(ROWS["movsx64_32_rr"], r) if signed_ else r
            return self.op(ROWS[f"movsx64_{bits}_rr" if signed_ else f"movzx32_{bits}_rr"], r)
        if not signed_:
            return self.op_mem(_LOADS[bits], amode, trap=trap)
        return self.op_mem(ROWS[f"movsx{64 if type == I64 else 32}_{bits}_rm"], amode, trap=trap)

    def store_int(self, bits: Any, m: Any, x: Any, a: Any) -> tuple[()]:
        """The low bits of x; constants as immediates; load-operate-store on one address as one instruction."""
        flags, offset = m
        trap = trap_of(flags)
        if flags & memflags.BIG and bits > 8:
            r = self._swapped(bits, self.op(ROWS["mov64_copy"], self.put_in_reg(x)))
            return self.do_mem(ROWS[f"mov{bits}_mr"], self.address(a, offset), r, trap=trap)
        k = self.constant_of(x)
        if k is not None and fits32(k):
            return self.do_mem(ROWS[f"mov{bits}_mi"], self.address(a, offset), imm=k, trap=trap)
        n = self.nodes[x]
        op = _IN_PLACE.get(n[0])
        if op is not None and BITS[n[1]] == bits and self.uses[x] == 1:
            left, right = n[3], n[4]
            if not self._loads_from(left, m, a) and op != "sub":
                left, right = right, left
            if self._loads_from(left, m, a):
                self.sink(left)
                k = self.constant_of(right)
                amode = self.address(a, offset)
                if k is not None and fits32(k):
                    return self.do_mem(ROWS[f"{op}{bits}_mi"], amode, imm=k, trap=trap)
                return self.do_mem(ROWS[f"{op}{bits}_mr"], amode, self.put_in_reg(right), trap=trap)
        return self.do_mem(ROWS[f"mov{bits}_mr"], self.address(a, offset), self.put_in_reg(x), trap=trap)

    def _loads_from(self, v: Any, m: Any, a: Any) -> bool:
        """Whether v is a load, free to be merged, of what is at the address a + offset."""
        n = self.nodes[v]
        return bool(n[0] == LOAD_ and n[3] == a and n[2][1] == m[1] and not n[2][0] & memflags.BIG)

    def store_pair(self, m: Any, x: Any, a: Any) -> tuple[()]:
        """i128."""
        return self._store_halves(m, self.put_in_regs(x), a)

    def _store_halves(self, m: Any, halves: Any, a: Any) -> tuple[()]:
        flags, offset = m
        trap = trap_of(flags)
        low, high = halves
        if flags & memflags.BIG:
            low, high = (self._swapped(64, self.op(ROWS["mov64_copy"], r)) for r in (high, low))
        self.do_mem(ROWS["mov64_mr"], self.address(a, offset), low, trap=trap)
        return self.do_mem(ROWS["mov64_mr"], self.address(a, offset + 8), high, trap=trap)

    def store_float(self, type: Any, m: Any, x: Any, a: Any) -> tuple[()]:
        """A scalar float; constants as integer immediates where these fit."""
        flags, offset = m
        if flags & memflags.BIG:
            bits = BITS[type]
            r = self.op(self.vrow(f"mov{'d' if bits == 32 else 'q'}_rx"), self.put_in_reg(x))
            return self.do_mem(
                ROWS[f"mov{bits}_mr"], self.address(a, offset), self._swapped(bits, r), trap=trap_of(flags)
            )
        s = "ss" if type == F32 else "sd"
        return self.do_mem(self.vrow(f"mov{s}_mr"), self.address(a, offset), self.put_in_reg(x), trap=trap_of(flags))

    def load_half(self, m: Any, a: Any) -> Any:
        """f16 lives in the low 16 bits of a float register, zeros above."""
        flags, offset = m
        r = self.op_mem(_LOADS[16], self.address(a, offset), trap=trap_of(flags))
        if flags & memflags.BIG:
            r = self.op(ROWS["movzx32_16_rr"], self._swapped(16, r))
        return self.fop(self.vrow("movd_xr"), r)

    def store_half(self, m: Any, x: Any, a: Any) -> tuple[()]:
        """The low 16 bits of a float register."""
        flags, offset = m
        r = self.op(self.vrow("movd_rx"), self.put_in_reg(x))
        if flags & memflags.BIG:
            r = self._swapped(16, r)
        return self.do_mem(ROWS["mov16_mr"], self.address(a, offset), r, trap=trap_of(flags))

    def load_quad(self, m: Any, a: Any) -> Any:
        """f128: a whole vector register."""
        flags, offset = m
        if flags & memflags.BIG:
            return self.joined(*self.load_pair(m, a))
        return self.fop_mem(self.vrow("movups_rm"), self.address(a, offset), trap=trap_of(flags))

    def store_quad(self, m: Any, x: Any, a: Any) -> tuple[()]:
        """f128."""
        flags, offset = m
        if flags & memflags.BIG:
            return self._store_halves(m, self.parted(self.put_in_reg(x)), a)
        return self.do_mem(self.vrow("movups_mr"), self.address(a, offset), self.put_in_reg(x), trap=trap_of(flags))

    if TYPE_CHECKING:

        def joined(self, low: Any, high: Any) -> Any:
            """Two general registers as a vector register."""

        def parted(self, r: Any) -> tuple[Any, Any]:
            """The halves of a vector register."""

    # Addresses of things.

    def stack_address(self, s: Any) -> Any:
        """lea of a stack slot."""
        slot, at = s
        return self.op_mem(ROWS["lea64"], ((), SLOT, self.ctx.frame.slot_offset(slot) + at))

    def thread_local_address(self, name: str, offset: int) -> Any:
        """The address of a thread-local symbol, by a call of the C library; see the row."""
        self.as_caller()
        r = self.temp(INT)
        clobbers = SYSV_CLOBBERS & ~(1 << RAX)
        self.emit(MInst(ROWS["thread_local"], (r,), (), name, ((RAX,), (), clobbers)))
        return self.op_mem(ROWS["lea64"], ((r,), 0, offset)) if offset else r

    def symbol_address(self, name: str, addend: Any, near: bool = False) -> Any:
        """lea of a symbol in the same module, else its 64-bit address as an immediate."""
        return self.op(ROWS["lea_symbol" if near else "mov_symbol"], imm=(name, addend))

    # Atomics.

    def _at(self, a: Any) -> Amode:
        return self.address(a, 0)

    def atomic_load(self, type: Any, flags: Any, a: Any) -> Any:
        """A plain load: x86's order is strong enough."""
        return self.load_int(type, (flags, 0), a)

    def atomic_store(self, type: Any, flags: Any, x: Any, a: Any) -> tuple[()]:
        """An exchange, whose old value nobody wants: cheaper than a store with a fence."""
        r = self._in_order(flags, type, self.put_in_reg(x))
        self.op_mem(ROWS[f"xchg{BITS[type]}_m"], self._at(a), r, trap=trap_of(flags))
        return ()

    def _in_order(self, flags: Any, type: Any, r: Any) -> Any:
        """A value in the order it has in memory, and back."""
        if not flags & memflags.BIG or type == I8:
            return r
        return self._swapped(BITS[type], self.op(ROWS["mov64_copy"], r))

    def atomic_rmw(self, type: Any, m: Any, a: Any, x: Any) -> Any:
        """xadd and xchg; what has no such instruction loops over compare-and-swap."""
        flags, operation = m
        bits = BITS[type]
        trap = trap_of(flags)
        swapped = bool(flags & memflags.BIG) and bits > 8
        if operation == "xchg":
            r = self._in_order(flags, type, self.put_in_reg(x))
            return self._in_order(flags, type, self.op_mem(ROWS[f"xchg{bits}_m"], self._at(a), r, trap=trap))
        if operation in ("add", "sub") and not swapped:
            r = self.put_in_reg(x)
            if operation == "sub":
                r = self.op(ROWS["neg64_r"], r)
            return self.op_mem(ROWS[f"xadd{bits}_m"], self._at(a), r, trap=trap)
        old, new = self.temp(INT), self.temp(INT)
        row = RMW_LOOPS[operation, bits, swapped]
        self.emit(MInst(row, (old, new), (self.put_in_reg(x), self.put_in_reg(a)), trap))
        return self._in_order(flags, type, old)

    def atomic_cas(self, type: Any, flags: Any, a: Any, expected: Any, x: Any) -> Any:
        """cmpxchg: the old value comes back in rax."""
        r, e = (self._in_order(flags, type, self.put_in_reg(v)) for v in (x, expected))
        old = self.op_mem(ROWS[f"cmpxchg{BITS[type]}_m"], self._at(a), r, e, trap=trap_of(flags))
        return self._in_order(flags, type, old)

    def atomic_load_pair(self, flags: Any, a: Any) -> tuple[Any, Any]:
        """cmpxchg16b of zero with zero; it writes what is there, so the memory must be writable."""
        zeros = [self.imm(0) for _ in range(4)]
        return self._cmpxchg16b(flags, a, zeros)

    def atomic_cas_pair(self, flags: Any, a: Any, expected: Any, x: Any) -> tuple[Any, Any]:
        """cmpxchg16b, with the expected value in rdx:rax and the new one in rcx:rbx."""
        halves = [*self.put_in_regs(expected), *self.put_in_regs(x)]
        if flags & memflags.BIG:
            halves = [self._swapped(64, self.op(ROWS["mov64_copy"], halves[i])) for i in (1, 0, 3, 2)]
        return self._cmpxchg16b(flags, a, halves)

    def _cmpxchg16b(self, flags: Any, a: Any, halves: list[Any]) -> tuple[Any, Any]:
        regs, mode, disp = self._at(a)
        low, high = self.temp(INT), self.temp(INT)
        row = ROWS["cmpxchg16b_m"][len(regs)]
        self.emit(MInst(row, (low, high), (*halves, *regs), (mode, disp, trap_of(flags))))
        if flags & memflags.BIG:
            return self._swapped(64, high), self._swapped(64, low)
        return low, high

    def memory_fence(self) -> tuple[()]:
        """mfence."""
        return self.do(ROWS["mfence"])

    # Registers of the frame.

    rows = ROWS
    switch_registers = (RDI,), (RSI, RDX, RDI), (SYSV_CLOBBERS | SYSV_SAVED) & ~(1 << RDI)

    def frame_pointer(self) -> Any:
        """rbp, which every function sets."""
        return self.op(ROWS["mov_fp"])

    def return_address(self) -> Any:
        """Above the saved frame pointer."""
        return self.op(ROWS["mov_return_address"])
