"""Loads, stores, addresses, atomics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import memflags
from jitpy.backend.ir.types import BITS, F16, MASK
from jitpy.backend.isa.lowering import trap_of
from jitpy.backend.isa.pairs import PairAtomics
from jitpy.backend.isa.riscv64.insts.atomic import BIG_LOOPS, CAS, RMW_LOOPS, WIDTHS
from jitpy.backend.isa.riscv64.insts.memory import STORE_ZERO
from jitpy.backend.isa.riscv64.lowering.base import Base
from jitpy.backend.isa.riscv64.regs import A0, CLOBBERS, SAVED
from jitpy.backend.isa.riscv64.rows import ROWS
from jitpy.backend.target.row import INT, MInst
from jitpy.backend.target.target import SLOT

#: Bits -> load, store. An i32 comes sign-extended, narrower ones zero-extended.
_LOADS = {8: ROWS["lbu"], 16: ROWS["lhu"], 32: ROWS["lw"], 64: ROWS["ld"]}
_STORES = {8: ROWS["sb"], 16: ROWS["sh"], 32: ROWS["sw"], 64: ROWS["sd"]}
_SIGNED = {8: ROWS["lb"], 16: ROWS["lh"], 32: ROWS["lw"]}
_UNSIGNED = {8: ROWS["lbu"], 16: ROWS["lhu"], 32: ROWS["lwu"]}
_FLOATS = {16: ("flh", "fsh"), 32: ("flw", "fsw"), 64: ("fld", "fsd")}
_AMO = {
    "add": "amoadd", "and": "amoand", "or": "amoor", "xor": "amoxor", "xchg": "amoswap", "smin": "amomin", "smax": "amomax",
    "umin": "amominu", "umax": "amomaxu",
}  # fmt: skip
_BITWISE = frozenset(("and", "or", "xor", "nand", "xchg"))


class MemoryLowering(PairAtomics, Base):
    """See the module's docstring."""

    if TYPE_CHECKING:

        def swapped(self, bits: Any, r: Any) -> Any:
            """The low bits of a register with their bytes reversed, sign-extended."""

        def bits_in(self, type: Any, r: Any) -> Any:
            """The bits of a float register in a general one."""

        def float_in(self, type: Any, r: Any) -> Any:
            """Bits of a general register as a float."""

    def load_int(self, type: Any, m: Any, a: Any) -> Any:
        """A general register from memory; byte-swapped where the flags say big-endian."""
        flags, offset = m
        bits = BITS[type]
        r = self.op_mem(_LOADS[bits], self.address(a, offset), trap_of(flags))
        return self.swapped(bits, r) if flags & memflags.BIG and bits > 8 else r

    def load_pair(self, m: Any, a: Any) -> Any:
        """i128: two loads, low half first in memory unless big-endian."""
        flags, offset = m
        trap = trap_of(flags)
        low = self.op_mem(_LOADS[64], self.address(a, offset), trap)
        high = self.op_mem(_LOADS[64], self.address(a, offset + 8), trap)
        if flags & memflags.BIG:
            return self.swapped(64, high), self.swapped(64, low)
        return low, high

    def load_float(self, type: Any, m: Any, a: Any) -> Any:
        """A scalar float; big-endian ones through a general register."""
        flags, offset = m
        bits = BITS[type]
        if flags & memflags.BIG or (type == F16 and not self.features["has_zfhmin"]):
            r = self.op_mem(_LOADS[bits], self.address(a, offset), trap_of(flags))
            return self.float_in(type, self.swapped(bits, r) if flags & memflags.BIG else r)
        return self.fop_mem(ROWS[_FLOATS[bits][0]], self.address(a, offset), trap_of(flags))

    def load_half(self, m: Any, a: Any) -> Any:
        """f16."""
        return self.load_float(F16, m, a)

    def load_quad(self, m: Any, a: Any) -> Any:
        """f128 lives in two general registers."""
        return self.load_pair(m, a)

    def load_extended(self, signed_: bool, type: Any, bits: Any, m: Any, a: Any) -> Any:
        """A narrower load with extension."""
        flags, offset = m
        amode, trap = self.address(a, offset), trap_of(flags)
        if flags & memflags.BIG and bits > 8:
            r = self.swapped(bits, self.op_mem(_LOADS[bits], amode, trap))
            return r if signed_ else self.zext(bits, r)
        return self.op_mem((_SIGNED if signed_ else _UNSIGNED)[bits], amode, trap)

    def store_int(self, bits: Any, m: Any, x: Any, a: Any) -> tuple[()]:
        """The low bits of x; zero has a register of its own."""
        flags, offset = m
        trap = trap_of(flags)
        k = self.constant_of(x)
        if k is not None and k & (1 << bits) - 1 == 0:
            return self.do_mem(STORE_ZERO[bits], self.address(a, offset), trap=trap)
        r = self.put_in_reg(x)
        if flags & memflags.BIG and bits > 8:
            r = self.swapped(bits, r)
        return self.do_mem(_STORES[bits], self.address(a, offset), r, trap=trap)

    def store_pair(self, m: Any, x: Any, a: Any) -> tuple[()]:
        """i128."""
        flags, offset = m
        trap = trap_of(flags)
        low, high = self.put_in_regs(x)
        if flags & memflags.BIG:
            low, high = self.swapped(64, high), self.swapped(64, low)
        self.do_mem(_STORES[64], self.address(a, offset), low, trap=trap)
        return self.do_mem(_STORES[64], self.address(a, offset + 8), high, trap=trap)

    def store_float(self, type: Any, m: Any, x: Any, a: Any) -> tuple[()]:
        """A scalar float."""
        flags, offset = m
        bits = BITS[type]
        if flags & memflags.BIG or (type == F16 and not self.features["has_zfhmin"]):
            r = self.bits_in(type, self.put_in_reg(x))
            r = self.swapped(bits, r) if flags & memflags.BIG else r
            return self.do_mem(_STORES[bits], self.address(a, offset), r, trap=trap_of(flags))
        return self.do_mem(ROWS[_FLOATS[bits][1]], self.address(a, offset), self.put_in_reg(x), trap=trap_of(flags))

    def store_half(self, m: Any, x: Any, a: Any) -> tuple[()]:
        """f16."""
        return self.store_float(F16, m, x, a)

    def store_quad(self, m: Any, x: Any, a: Any) -> tuple[()]:
        """f128."""
        return self.store_pair(m, x, a)

    # Addresses of things.

    def stack_address(self, s: Any) -> Any:
        """A stack slot."""
        slot, at = s
        return self.op(ROWS["stack_address"], imm=(SLOT, self.ctx.frame.slot_offset(slot) + at, None))

    def thread_local_address(self, name: str, offset: int) -> Any:
        """The address of a thread-local symbol, by a call of the C library; see the row."""
        self.as_caller()
        r = self.temp(INT)
        self.emit(MInst(ROWS["thread_local"], (r,), (), name, ((A0,), (), CLOBBERS & ~(1 << A0))))
        return self.add_constant(r, offset) if offset else r

    def add_constant(self, r: Any, k: Any) -> Any:
        """r + k."""
        return self.with_imm("addi", r, k) if -2048 <= k < 2048 else self.three("add", r, self.imm(k))

    def symbol_address(self, name: str, addend: Any, near: bool = False) -> Any:
        """The distance of a symbol in the same module, else its address from the constant pool."""
        return self.op(ROWS["lea_symbol" if near else "mov_symbol"], imm=(name, addend))

    # Atomics.

    def _at(self, a: Any) -> Any:
        """An address in a register: these instructions have no displacement."""
        regs, mode, disp = self.address(a, 0)
        if regs:
            return self.add_constant(regs[0], disp) if disp else regs[0]
        return self.op(ROWS["stack_address"], imm=(mode, disp, None))

    def atomic_load(self, type: Any, flags: Any, a: Any) -> Any:
        """A load between fences."""
        self.do(ROWS["fence"])
        r = self.load_int(type, (flags, 0), a)
        self.do(ROWS["fence"])
        return r

    def atomic_store(self, type: Any, flags: Any, x: Any, a: Any) -> tuple[()]:
        """A store between fences."""
        self.do(ROWS["fence"])
        self.store_int(BITS[type], (flags, 0), x, a)
        return self.do(ROWS["fence"])

    def atomic_rmw(self, type: Any, m: Any, a: Any, x: Any) -> Any:
        """An amo instruction, or a loop over load-reserved and store-conditional. Bitwise operations do not mind the order of
        bytes, if the operand has it too."""
        flags, operation = m
        bits = BITS[type]
        trap = trap_of(flags)
        at = self._at(a)
        if flags & memflags.BIG and bits > 8:
            if operation in _BITWISE:
                return self.swapped(bits, self._rmw(operation, type, at, self.swapped(bits, self.put_in_reg(x)), trap))
            r = self.sign_extended(x) if bits == 32 or operation[0] == "s" else self.zero_extended(x)
            return self.swapped(bits, self._loop(BIG_LOOPS, operation, type, at, r, trap))
        if operation in ("smin", "smax"):
            r = self.sign_extended(x)
        else:
            r = self.zero_extended(x) if operation in ("umin", "umax") else self.put_in_reg(x)
        return self._rmw(operation, type, at, r, trap)

    def _rmw(self, operation: str, type: Any, at: Any, r: Any, trap: Any) -> Any:
        """On memory in our order; of narrow extrema r is extended."""
        bits = BITS[type]
        if operation == "nand" or (bits < 32 and not self.features["has_zabha"]):
            return self._loop(RMW_LOOPS, operation, type, at, r, trap)
        if operation == "sub":
            operation, r = "add", self.one("neg", r)
        return self.op(ROWS[f"{_AMO[operation]}.{WIDTHS[bits][0]}"], r, at, imm=trap)

    def _loop(self, rows: Any, operation: str, type: Any, at: Any, r: Any, trap: Any) -> Any:
        """The old value, as it was in memory."""
        bits = BITS[type]
        old, t = self.temp(INT), self.temp(INT)
        if bits >= 32:
            self.emit(MInst(rows[operation, bits], (old, t), (r, at), trap))
            return old
        word, shift, mask = self._lane(type, at)
        self.emit(MInst(rows[operation, bits], (old, t), (r, word, shift, mask), trap))
        return self.three("srl", old, shift)

    def _lane(self, type: Any, at: Any) -> tuple[Any, Any, Any]:
        """Of a narrow value's address: the word's, how far up it lies in bits, its mask there."""
        word = self.with_imm("andi", at, -4)
        shift = self.with_imm("slli", self.with_imm("andi", at, 3), 3)
        return word, shift, self.three("sll", self.imm(MASK[type]), shift)

    def atomic_cas(self, type: Any, flags: Any, a: Any, expected: Any, x: Any) -> Any:
        """Zacas's instruction, or a loop that ends where the value is not the expected one."""
        bits = BITS[type]
        at = self._at(a)
        swapped = flags & memflags.BIG and bits > 8
        one_instruction = self.features["has_zacas"] and (bits >= 32 or self.features["has_zabha"])
        if swapped:
            e, n = (self.swapped(bits, self.put_in_reg(v)) for v in (expected, x))
        else:  # a loop compares whole registers with what it loaded
            extends = bits >= 32 and not one_instruction
            e, n = self.sign_extended(expected) if extends else self.put_in_reg(expected), self.put_in_reg(x)
        old, t = self.temp(INT), self.temp(INT)
        if one_instruction:
            self.emit(MInst(ROWS[f"amocas.{WIDTHS[bits][0]}"], (old,), (e, n, at), trap_of(flags)))
        elif bits >= 32:
            self.emit(MInst(CAS[bits], (old, t), (e, n, at), trap_of(flags)))
        else:
            word, shift, mask = self._lane(type, at)
            e, n = (self.three("sll", self.zext(bits, r), shift) for r in (e, n))
            whole, old = old, self.temp(INT)
            self.emit(MInst(CAS[bits], (whole, t), (e, n, word, mask), trap_of(flags)))
            self.emit(MInst(ROWS["srl"], (old,), (whole, shift)))
        return self.swapped(bits, old) if swapped else old

    def cas_pair(self, flags: Any, a: Any, halves: list[Any]) -> tuple[Any, Any]:
        """Zacas's instruction; without it there is none (see `host`)."""
        low, high = self.temp(INT), self.temp(INT)
        self.emit(MInst(ROWS["amocas.q"], (low, high), (self._at(a), *halves), trap_of(flags)))
        return low, high

    def memory_fence(self) -> tuple[()]:
        """A full one."""
        return self.do(ROWS["fence"])

    # Registers of the frame.

    rows = ROWS
    switch_registers = (A0,), (A0 + 1, A0 + 2, A0), (CLOBBERS | SAVED) & ~(1 << A0)
