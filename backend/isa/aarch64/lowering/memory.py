"""Loads, stores, addresses, atomics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import memflags
from jitpy.backend.ir.types import BITS, F32, I8, I64
from jitpy.backend.isa.aarch64.insts.atomic import RMW_LOOPS
from jitpy.backend.isa.aarch64.lowering.base import Amode
from jitpy.backend.isa.aarch64.lowering.int import IntLowering
from jitpy.backend.isa.aarch64.regs import CLOBBERS, SAVED, X0, X1, X2
from jitpy.backend.isa.aarch64.rows import ROWS
from jitpy.backend.isa.lowering import trap_of
from jitpy.backend.isa.pairs import PairAtomics
from jitpy.backend.target.row import INT, MInst
from jitpy.backend.target.target import SLOT

_LSE = {"add": "add", "or": "set", "xor": "eor", "and": "clr", "smax": "smax", "smin": "smin", "umax": "umax", "umin": "umin"}


class MemoryLowering(PairAtomics, IntLowering):
    """See the module's docstring."""

    def load_bits(self, bits: int, flags: Any, amode: Amode) -> Any:
        """A general register from memory, zero-extended; byte-swapped where the flags say big-endian."""
        r = self.op_mem(ROWS[f"ldr{bits}"], amode, trap=trap_of(flags))
        return self.swapped(bits, r) if flags & memflags.BIG else r

    def load_int(self, type: Any, m: Any, a: Any) -> Any:
        """A general register from memory."""
        flags, offset = m
        bits = BITS[type]
        return self.load_bits(bits, flags, self.address(a, offset, bits // 8))

    def load_pair(self, m: Any, a: Any) -> Any:
        """i128: two loads, low half first in memory unless big-endian."""
        flags, offset = m
        low = self.load_bits(64, flags, self.address(a, offset, 8))
        high = self.load_bits(64, flags, self.address(a, offset + 8, 8))
        return (high, low) if flags & memflags.BIG else (low, high)

    def load_float(self, type: Any, m: Any, a: Any) -> Any:
        """A scalar float; big-endian ones through a general register."""
        flags, offset = m
        s, bits = ("s", 32) if type == F32 else ("d", 64)
        amode = self.address(a, offset, bits // 8)
        if flags & memflags.BIG:
            return self.fop(ROWS["fmov_sw" if bits == 32 else "fmov_dx"], self.load_bits(bits, flags, amode))
        return self.fop_mem(ROWS[f"ldr_{s}"], amode, trap=trap_of(flags))

    def load_half(self, m: Any, a: Any) -> Any:
        """f16 lives in the low 16 bits of a float register."""
        flags, offset = m
        amode = self.address(a, offset, 2)
        if flags & memflags.BIG:
            return self.fop(ROWS["fmov_sw"], self.load_bits(16, flags, amode))
        return self.fop_mem(ROWS["ldr_h"], amode, trap=trap_of(flags))

    def load_quad(self, m: Any, a: Any) -> Any:
        """f128: a whole vector register."""
        flags, offset = m
        if flags & memflags.BIG:
            return self.joined(*self.load_pair(m, a))
        return self.fop_mem(ROWS["ldr_q"], self.address(a, offset, 16), trap=trap_of(flags))

    def load_extended(self, is_signed: bool, type: Any, bits: Any, m: Any, a: Any) -> Any:
        """A narrower load with extension."""
        flags, offset = m
        amode = self.address(a, offset, bits // 8)
        if not is_signed:
            return self.load_bits(bits, flags, amode)
        to = 64 if type == I64 else 32
        if flags & memflags.BIG and bits > 8:
            r = self.load_bits(bits, flags, amode)
            return self.op(ROWS["sxtw64_r" if bits == 32 else f"sxth{to}_r"], r)
        return self.op_mem(ROWS[f"ldrs{bits}_{to}"], amode, trap=trap_of(flags))

    def store_int(self, bits: Any, m: Any, x: Any, a: Any) -> tuple[()]:
        """The low bits of x; zero needs no register."""
        flags, offset = m
        trap = trap_of(flags)
        amode = self.address(a, offset, bits // 8)
        if self.constant_of(x) == 0:
            return self.do_mem(ROWS[f"zero{bits}"], amode, trap=trap)
        r = self.put_in_reg(x)
        return self.do_mem(ROWS[f"str{bits}"], amode, self.swapped(bits, r) if flags & memflags.BIG else r, trap=trap)

    def store_pair(self, m: Any, x: Any, a: Any) -> tuple[()]:
        """i128."""
        return self._store_halves(m, self.put_in_regs(x), a)

    def _store_halves(self, m: Any, halves: Any, a: Any) -> tuple[()]:
        flags, offset = m
        trap = trap_of(flags)
        low, high = halves
        if flags & memflags.BIG:
            low, high = self.swapped(64, high), self.swapped(64, low)
        self.do_mem(ROWS["str64"], self.address(a, offset, 8), low, trap=trap)
        return self.do_mem(ROWS["str64"], self.address(a, offset + 8, 8), high, trap=trap)

    def store_float(self, type: Any, m: Any, x: Any, a: Any) -> tuple[()]:
        """A scalar float."""
        flags, offset = m
        s, bits = ("s", 32) if type == F32 else ("d", 64)
        amode = self.address(a, offset, bits // 8)
        r = self.put_in_reg(x)
        if flags & memflags.BIG:
            r = self.swapped(bits, self.op(ROWS["fmov_ws" if bits == 32 else "fmov_xd"], r))
            return self.do_mem(ROWS[f"str{bits}"], amode, r, trap=trap_of(flags))
        return self.do_mem(ROWS[f"str_{s}"], amode, r, trap=trap_of(flags))

    def store_half(self, m: Any, x: Any, a: Any) -> tuple[()]:
        """The low 16 bits of a float register."""
        flags, offset = m
        amode = self.address(a, offset, 2)
        r = self.put_in_reg(x)
        if flags & memflags.BIG:
            return self.do_mem(ROWS["str16"], amode, self.swapped(16, self.op(ROWS["fmov_ws"], r)), trap=trap_of(flags))
        return self.do_mem(ROWS["str_h"], amode, r, trap=trap_of(flags))

    def store_quad(self, m: Any, x: Any, a: Any) -> tuple[()]:
        """f128."""
        flags, offset = m
        if flags & memflags.BIG:
            return self._store_halves(m, self.parted(self.put_in_reg(x)), a)
        return self.do_mem(ROWS["str_q"], self.address(a, offset, 16), self.put_in_reg(x), trap=trap_of(flags))

    if TYPE_CHECKING:

        def joined(self, low: Any, high: Any) -> Any:
            """Two general registers as a vector register."""

        def parted(self, r: Any) -> tuple[Any, Any]:
            """The halves of a vector register."""

    # Addresses of things.

    def stack_address(self, s: Any) -> Any:
        """The address of a stack slot."""
        slot, at = s
        return self.op(ROWS["stack_address"], imm=(SLOT, self.ctx.frame.slot_offset(slot) + at, None))

    def thread_local_address(self, name: str, offset: int) -> Any:
        """The address of a thread-local symbol, by its descriptor; what that calls keeps most registers, but we count on
        no more than a usual call keeps."""
        self.as_caller()
        self.ctx.frame.note_call(self.ctx.target.abi("system_v"))
        r = self.temp(INT)
        self.emit(MInst(ROWS["thread_local"], (r,), (), name, ((X0,), (), CLOBBERS & ~(1 << X0))))
        return self.op(ROWS["add_any"], r, imm=offset) if offset else r

    def symbol_address(self, name: str, addend: Any, near: bool = False) -> Any:
        """From the constant pool: the address, or for symbols of the same module the distance."""
        return self.op(ROWS["near_symbol" if near else "mov_symbol"], imm=(name, addend))

    # Atomics. Their addresses are a register alone.

    def atomic_load(self, type: Any, flags: Any, a: Any) -> Any:
        """ldar."""
        bits = BITS[type]
        return self._in_order(flags, type, self.op(ROWS[f"ldar{bits}"], self.put_in_reg(a), imm=trap_of(flags)))

    def atomic_store(self, type: Any, flags: Any, x: Any, a: Any) -> tuple[()]:
        """stlr."""
        r = self._in_order(flags, type, self.put_in_reg(x))
        return self.do(ROWS[f"stlr{BITS[type]}"], r, self.put_in_reg(a), imm=trap_of(flags))

    def _in_order(self, flags: Any, type: Any, r: Any) -> Any:
        """A value in the order it has in memory, and back."""
        if not flags & memflags.BIG or type == I8:
            return r
        return self.swapped(BITS[type], r)

    def atomic_rmw(self, type: Any, m: Any, a: Any, x: Any) -> Any:
        """One instruction with LSE, else a loop."""
        flags, operation = m
        bits = BITS[type]
        trap = trap_of(flags)
        swapped = bool(flags & memflags.BIG) and bits > 8
        where = self.put_in_reg(a)
        if self.features["has_lse"]:
            if operation == "xchg":
                r = self._in_order(flags, type, self.put_in_reg(x))
                return self._in_order(flags, type, self.op(ROWS[f"swpal{bits}"], r, where, imm=trap))
            if operation == "sub" and not swapped:
                return self.op(ROWS[f"ldaddal{bits}"], self.op(ROWS["neg64_r"], self.put_in_reg(x)), where, imm=trap)
            if operation in _LSE and (not swapped or operation in ("and", "or", "xor")):
                r = self._in_order(flags, type, self.put_in_reg(x))
                if operation == "and":
                    r = self.op(ROWS["mvn64_r"], r)
                return self._in_order(flags, type, self.op(ROWS[f"ld{_LSE[operation]}al{bits}"], r, where, imm=trap))
        r = self.extended(operation[0] == "s", x) if operation[1:] in ("min", "max") else self.put_in_reg(x)
        old, new = self.temp(INT), self.temp(INT)
        self.emit(MInst(RMW_LOOPS[operation, bits, swapped], (old, new), (r, where), trap))
        return self._in_order(flags, type, old)

    def atomic_cas(self, type: Any, flags: Any, a: Any, expected: Any, x: Any) -> Any:
        """casal with LSE, else a loop."""
        bits = BITS[type]
        trap = trap_of(flags)
        r, e = (self._in_order(flags, type, self.put_in_reg(v)) for v in (x, expected))
        if self.features["has_lse"]:
            old = self.op(ROWS[f"casal{bits}"], e, r, self.put_in_reg(a), imm=trap)
        else:
            old = self.op(ROWS[f"cas_loop{bits}"], e, r, self.put_in_reg(a), imm=trap)
        return self._in_order(flags, type, old)

    def cas_pair(self, flags: Any, a: Any, halves: list[Any]) -> tuple[Any, Any]:
        """caspal with LSE, else a loop."""
        low, high = self.temp(INT), self.temp(INT)
        row = ROWS["casp" if self.features["has_lse"] else "cas_pair_loop"]
        self.emit(MInst(row, (low, high), (*halves, self.put_in_reg(a)), trap_of(flags)))
        return low, high

    def memory_fence(self) -> tuple[()]:
        """dmb ish."""
        return self.do(ROWS["dmb_ish"])

    # Registers of the frame.

    rows = ROWS
    switch_registers = (X0,), (X1, X2, X0), (CLOBBERS | SAVED) & ~(1 << X0)
