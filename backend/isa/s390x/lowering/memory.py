"""Loads, stores, addresses, atomics.

Memory is big-endian; what the flags call little is reversed on the way, by instructions that do so for general registers
and, since z15, for vectors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import memflags
from jitpy.backend.ir.types import BITS, LANE_BITS
from jitpy.backend.isa.lowering import trap_of
from jitpy.backend.isa.s390x.frame import SAVE_AREA
from jitpy.backend.isa.s390x.lowering.base import SIGN_EXTENDING_LOADS, ZERO_EXTENDING_LOADS, Base, fits
from jitpy.backend.isa.s390x.regs import CLOBBERS, R2, R3, R4, R5, R12, SAVED
from jitpy.backend.isa.s390x.rows import ROWS
from jitpy.backend.target.row import INT, REG, VECTOR, MInst
from jitpy.backend.target.target import SLOT

_LOADS = {8: ROWS["llgc"], 16: ROWS["llgh"], 32: ROWS["l"], 64: ROWS["lg"]}
_STORES = {8: ROWS["stc"], 16: ROWS["sth"], 32: ROWS["st"], 64: ROWS["stg"]}
_REVERSED_LOADS = {16: ROWS["lrvh"], 32: ROWS["lrv"], 64: ROWS["lrvg"]}
_REVERSED_STORES = {16: ROWS["strvh"], 32: ROWS["strv"], 64: ROWS["strvg"]}
_CONSTANT_STORES = {8: ROWS["mvi"], 16: ROWS["mvhhi"], 32: ROWS["mvhi"], 64: ROWS["mvghi"]}
_LETTER = {8: "b", 16: "h", 32: "f", 64: "g"}
#: Operation -> load and operate, of 32 and 64 bits.
_AT_ONCE = {"add": "laa", "and": "lan", "or": "lao", "xor": "lax"}


def is_little(flags: Any) -> bool:
    """Whether memory's bytes are in the other order."""
    return not flags & memflags.BIG


class MemoryLowering(Base):
    """See the module's docstring."""

    if TYPE_CHECKING:

        def joined(self, low: Any, high: Any) -> Any:
            """Two general registers as a vector register."""

        def parted(self, r: Any) -> tuple[Any, Any]:
            """The halves of a vector register."""

        def float_from(self, bits: int, r: Any) -> Any:
            """A float from bits in a general register."""

        def bits_from(self, bits: int, r: Any) -> Any:
            """A float's bits in a general register."""

        def swapped(self, bits: int, r: Any) -> Any:
            """Byte order reversed."""

    def load_int(self, type: Any, m: Any, a: Any) -> Any:
        """A general register from memory."""
        return self.load_bits(BITS[type], m, a)

    def load_bits(self, bits: int, m: Any, a: Any) -> Any:
        """The same by size."""
        flags, offset = m
        rows = _REVERSED_LOADS if is_little(flags) and bits > 8 else _LOADS
        return self.op_mem(rows[bits], self.address(a, offset), trap=trap_of(flags))

    def load_pair(self, m: Any, a: Any) -> tuple[Any, Any]:
        """i128: the upper half comes first, unless little-endian."""
        flags, offset = m
        first, second = self.load_bits(64, (flags, offset), a), self.load_bits(64, (flags, offset + 8), a)
        return (first, second) if is_little(flags) else (second, first)

    def load_float(self, type: Any, m: Any, a: Any) -> Any:
        """A scalar float; little-endian ones through a general register."""
        flags, offset = m
        bits = BITS[type]
        if is_little(flags):
            if self.features["has_vxrs_ext2"]:
                return self.fop_mem(ROWS["vlbrrep." + _LETTER[bits]], self.address(a, offset), trap=trap_of(flags))
            return self.float_from(bits, self.load_bits(bits, m, a))
        return self.fop_mem(ROWS[f"load_f{bits}"], self.address(a, offset), trap=trap_of(flags))

    def load_half(self, m: Any, a: Any) -> Any:
        """f16, by way of a general register."""
        return self.float_from(16, self.load_bits(16, m, a))

    def load_quad(self, m: Any, a: Any) -> Any:
        """f128: a whole vector register."""
        flags, offset = m
        if is_little(flags):
            if self.features["has_vxrs_ext2"]:
                return self.op_mem(ROWS["vlbr.q"], self.address(a, offset), trap=trap_of(flags), cls=VECTOR)
            return self.joined(*self.load_pair(m, a))
        return self.op_mem(ROWS["vl"], self.address(a, offset), trap=trap_of(flags), cls=VECTOR)

    def load_extended(self, signed_: bool, type: Any, bits: int, m: Any, a: Any) -> Any:
        """A narrower load with extension."""
        flags, offset = m
        if is_little(flags) and bits > 8:
            r = self.load_bits(bits, m, a)
            if bits == 16:
                return self.op(ROWS["lghr" if signed_ else "llghr"], r)
            return self.op(ROWS["lgfr" if signed_ else "llgfr"], r)
        rows = SIGN_EXTENDING_LOADS if signed_ else ZERO_EXTENDING_LOADS
        return self.op_mem(rows[bits], self.address(a, offset), trap=trap_of(flags))

    def store_int(self, bits: int, m: Any, x: Any, a: Any) -> tuple[()]:
        """The low bits of x; small constants as immediates."""
        flags, offset = m
        if is_little(flags) and bits > 8:
            return self.store_bits(bits, m, self.put_in_reg(x), a)
        k = self.constant_of(x)
        if k is not None and fits(k, 16):
            amode = self.address(a, offset)
            if amode[0] and 0 <= amode[2] < 0x1000:
                value = k & 0xFF if bits == 8 else k
                return self.do_mem(_CONSTANT_STORES[bits], amode, imm=value, trap=trap_of(flags))
        return self.store_bits(bits, m, self.put_in_reg(x), a)

    def store_bits(self, bits: int, m: Any, r: Any, a: Any) -> tuple[()]:
        """The same for a vreg."""
        flags, offset = m
        rows = _REVERSED_STORES if is_little(flags) and bits > 8 else _STORES
        return self.do_mem(rows[bits], self.address(a, offset), r, trap=trap_of(flags))

    def store_pair(self, m: Any, x: Any, a: Any) -> tuple[()]:
        """i128."""
        return self.store_halves(m, self.put_in_regs(x), a)

    def store_halves(self, m: Any, halves: Any, a: Any) -> tuple[()]:
        """Two registers, lowest first."""
        flags, offset = m
        first, second = halves if is_little(flags) else halves[::-1]
        self.store_bits(64, (flags, offset), first, a)
        return self.store_bits(64, (flags, offset + 8), second, a)

    def store_float(self, type: Any, m: Any, x: Any, a: Any) -> tuple[()]:
        """A scalar float."""
        flags, offset = m
        bits = BITS[type]
        if is_little(flags):
            return self.store_element(bits, m, self.put_in_reg(x), 0, a)
        return self.do_mem(ROWS[f"store_f{bits}"], self.address(a, offset), self.put_in_reg(x), trap=trap_of(flags))

    def store_half(self, m: Any, x: Any, a: Any) -> tuple[()]:
        """f16."""
        return self.store_bits(16, m, self.bits_from(16, self.put_in_reg(x)), a)

    def store_quad(self, m: Any, x: Any, a: Any) -> tuple[()]:
        """f128."""
        flags, offset = m
        if is_little(flags):
            if self.features["has_vxrs_ext2"]:
                return self.do_mem(ROWS["vstbr.q"], self.address(a, offset), self.put_in_reg(x), trap=trap_of(flags))
            return self.store_halves(m, self.parted(self.put_in_reg(x)), a)
        return self.do_mem(ROWS["vst"], self.address(a, offset), self.put_in_reg(x), trap=trap_of(flags))

    def store_lane(self, m: Any, lane: int, x: Any, a: Any) -> tuple[()]:
        """One lane of a vector."""
        bits = LANE_BITS[self.types[x]]
        part, i = divmod(lane, 128 // bits)
        return self.store_element(bits, m, self.put_in_regs(x)[part], i, a)

    def store_element(self, bits: int, m: Any, r: Any, i: int, a: Any) -> tuple[()]:
        """An element of a vector register; before z15 by way of a general one where memory is little-endian."""
        flags, offset = m
        letter = _LETTER[bits]
        little = is_little(flags) and bits > 8
        if little and not self.features["has_vxrs_ext2"]:
            return self.store_bits(bits, m, self.op(ROWS["vlgv." + letter], r, imm=i), a)
        row = ROWS[("vstebr." if little else "vste.") + letter]
        return self.do_mem(row, self.address(a, offset), r, imm=i, trap=trap_of(flags))

    # Addresses of things.

    def stack_address(self, s: Any) -> Any:
        """la of a stack slot."""
        slot, at = s
        return self.op_mem(ROWS["la"], ((), SLOT, self.ctx.frame.slot_offset(slot) + at))

    def thread_local_address(self, name: str, offset: int) -> Any:
        """The address of a thread-local symbol, by a call of the C library; see the row."""
        self.as_caller()
        r = self.temp(INT)
        clobbers = (CLOBBERS | 1 << R12) & ~(1 << R2)
        self.emit(MInst(ROWS["thread_local"], (r,), (), name, ((R2,), (), clobbers)))
        return self.op_mem(ROWS["la"], ((r,), 0, offset)) if offset else r

    def symbol_address(self, name: str, addend: Any, near: bool = False) -> Any:
        """larl of a symbol in the same module, else its 64-bit address from between the instructions."""
        return self.op(ROWS["near_symbol" if near else "mov_symbol"], imm=(name, addend))

    # Atomics. Loads are ordered as they stand; a store needs a fence behind it.

    def atomic_load(self, type: Any, flags: Any, a: Any) -> Any:
        """A plain load."""
        return self.load_bits(BITS[type], (flags, 0), a)

    def atomic_store(self, type: Any, flags: Any, x: Any, a: Any) -> tuple[()]:
        """A store, and a fence."""
        self.store_bits(BITS[type], (flags, 0), self.put_in_reg(x), a)
        return self.memory_fence()

    def atomic_rmw(self, type: Any, m: Any, a: Any, x: Any) -> Any:
        """Load and operate at once, or a loop; what is narrow is extended as the operation compares."""
        flags, operation = m
        bits = BITS[type]
        trap = trap_of(flags)
        little = is_little(flags) and bits > 8
        if bits >= 32 and (operation in _AT_ONCE or operation == "sub") and (not little or operation in ("and", "or", "xor")):
            r = self.put_in_reg(x)
            g = "g" * (bits == 64)
            if operation == "sub":
                r, operation = self.op(ROWS[f"lc{g}r"], r), "add"
            if little:
                r = self.swapped(bits, r)
            r = self.op_mem(ROWS[_AT_ONCE[operation] + g], self.address(a, 0), r, trap=trap)
            return self.swapped(bits, r) if little else r
        r = self.extended(operation in ("smin", "smax"), x) if operation[1:] in ("min", "max") else self.put_in_reg(x)
        address = self.address_register(a)
        old = self.temp(INT)
        imm = (operation, bits, little, trap)
        if bits >= 32:
            self.emit(MInst(ROWS["rmw"], (old,), (r, address), imm))
            return self.swapped(bits, old) if little else old
        defs = (old, *[self.temp(INT) for _ in range(4)])
        self.emit(MInst(ROWS["rmw_narrow"], defs, (r, address), imm))
        return old

    def atomic_cas(self, type: Any, flags: Any, a: Any, expected: Any, x: Any) -> Any:
        """Compare and swap; what is narrow in a loop over its word."""
        bits = BITS[type]
        little = is_little(flags) and bits > 8
        trap = trap_of(flags)
        if bits >= 32:
            e, r = self.put_in_reg(expected), self.put_in_reg(x)
            if little:
                e, r = self.swapped(bits, e), self.swapped(bits, r)
            old = self.op_mem(ROWS["csg" if bits == 64 else "cs"], self.address(a, 0), e, r, trap=trap)
            return self.swapped(bits, old) if little else old
        e, r = self.zero_extended(expected), self.put_in_reg(x)
        if little:  # the swap shifts zeros in over 32 bits only
            e, r = self.op(ROWS["llghr"], self.swapped(16, e)), self.swapped(16, r)
        old = self.temp(INT)
        defs = (old, *[self.temp(INT) for _ in range(3)])
        self.emit(MInst(ROWS["cas_narrow"], defs, (e, r, self.address_register(a)), (bits, trap)))
        return self.swapped(bits, old) if little else old

    def atomic_load_pair(self, flags: Any, a: Any) -> tuple[Any, Any]:
        """lpq."""
        low, high = self.temp(INT), self.temp(INT)
        self.emit(MInst(ROWS["load_pair"], (low, high), (self.address_register(a),), trap_of(flags)))
        return (self.swapped(64, high), self.swapped(64, low)) if is_little(flags) else (low, high)

    def atomic_cas_pair(self, flags: Any, a: Any, expected: Any, x: Any) -> tuple[Any, Any]:
        """cdsg, with the expected value in r4:r5 and the new one in r2:r3, the upper half first."""
        halves = [*self.put_in_regs(expected), *self.put_in_regs(x)]
        if is_little(flags):
            halves = [self.swapped(64, halves[i]) for i in (1, 0, 3, 2)]
        low, high = self.temp(INT), self.temp(INT)
        uses = (halves[1], halves[0], halves[3], halves[2], self.address_register(a))
        fixed = ((R4, R5), (R4, R5, R2, R3, REG), 0)
        self.emit(MInst(ROWS["cas_pair"], (high, low), uses, trap_of(flags), fixed))
        return (self.swapped(64, high), self.swapped(64, low)) if is_little(flags) else (low, high)

    def memory_fence(self) -> tuple[()]:
        """bcr 14, 0."""
        return self.do(ROWS["fence"])

    # Registers of the frame.

    rows = ROWS
    switch_registers = (R2,), (R3, R4, R2), (CLOBBERS | SAVED) & ~(1 << R2)

    def as_caller(self) -> None:
        """A callee saves registers in our frame."""
        self.ctx.frame.need_outgoing(SAVE_AREA)
