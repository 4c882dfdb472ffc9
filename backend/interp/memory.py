"""Loads, stores and atomics, on the memory of this process.

Addresses are real: stack slots are buffers, and callers pass addresses of their own. An access outside of what the
process has mapped traps instead of crashing; what is mapped is read from the system and remembered.
"""

from __future__ import annotations

import ctypes
import mmap
from bisect import bisect_right
from collections.abc import Callable
from typing import Any

from jitpy.backend.errors import UnsupportedError
from jitpy.backend.interp.int import SIGNED, UNSIGNED
from jitpy.backend.interp.meaning import Evaluate, Maker, Trap, join, meaning, signed
from jitpy.backend.ir import memflags, trapcode, types

Types = tuple[types.Type, ...]
_FIRST_PAGE = 4096


class _Mapped:
    """The mapped ranges of this process: starts, and (end, writable) of each."""

    def __init__(self) -> None:
        self.starts: list[int] = []
        self.ends: list[tuple[int, bool]] = []

    def allows(self, address: int, size: int, writing: bool) -> bool:
        """Whether the bytes can be accessed; asks the system again before it says no."""
        if self._holds(address, size, writing):
            return True
        self._read()
        return self._holds(address, size, writing)

    def _holds(self, address: int, size: int, writing: bool) -> bool:
        i = bisect_right(self.starts, address) - 1
        return i >= 0 and address + size <= self.ends[i][0] and (self.ends[i][1] or not writing)

    def _read(self) -> None:
        """Ranges that touch and have the same rights become one."""
        self.starts.clear()
        self.ends.clear()
        with open("/proc/self/maps") as maps:
            for line in maps:
                span, rights = line.split()[:2]
                if rights[0] != "r":
                    continue
                start, end = [int(bound, 16) for bound in span.split("-")]
                writable = rights[1] == "w"
                if self.ends and self.ends[-1] == (start, writable):
                    self.ends[-1] = (end, writable)
                else:
                    self.starts.append(start)
                    self.ends.append((end, writable))


_mapped = _Mapped()


class StackMemory:
    """The bytes of a stack slot, ``fill`` in all of them; ``moved``: so many bytes further than it had to be, or a bit more."""

    __slots__ = ("address", "buffer")

    def __init__(self, size: int, align: int, fill: int, moved: int = 0) -> None:
        self.buffer = ctypes.create_string_buffer(bytes([fill]) * (size + align + 16 + moved))
        start = ctypes.addressof(self.buffer) + moved
        self.address = start + -start % max(align, 16)


class LowStackMemory(StackMemory):
    """The same where an address of 32 bits reaches: mapped for each slot, freed with it."""

    __slots__ = ("mapped", "size")

    def __init__(self, size: int, align: int, fill: int, moved: int = 0) -> None:
        self.size = -(-(size + align + moved) // 4096) * 4096
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _MAP_32BIT
        found = _libc.mmap(None, self.size, mmap.PROT_READ | mmap.PROT_WRITE, flags, -1, 0)
        if found is None or found + self.size > 1 << 32:
            raise UnsupportedError("the system gives no memory below 4 GiB, where 32-bit addresses of stack slots must be")
        self.mapped = found
        self.address = found + moved + -(found + moved) % align
        ctypes.memset(found, fill, self.size)

    def __del__(self) -> None:
        _libc.munmap(self.mapped, self.size)


_MAP_32BIT = 0x40
_libc = ctypes.CDLL(None)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = (
    ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long,
)  # fmt: skip
_libc.munmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t)


def _checked(address: int, size: int, flags: int, writing: bool) -> int:
    address &= types.MASK[types.I64]
    if address < _FIRST_PAGE or not _mapped.allows(address, size, writing):
        trap = memflags.trap(flags)
        raise Trap(trapcode.DEFAULT_MEMORY if trap is None else trapcode.CODES[trap])
    return address


def _order(flags: int) -> Any:
    return "big" if flags & memflags.BIG else "little"


def read(address: int, size: int, flags: int = 0) -> int:
    """``size`` bytes as a number."""
    return int.from_bytes(ctypes.string_at(_checked(address, size, flags, False), size), _order(flags))


def write(address: int, value: int, size: int, flags: int = 0) -> None:
    """Store the low ``size`` bytes of a number."""
    data = (value & ((1 << 8 * size) - 1)).to_bytes(size, _order(flags))
    ctypes.memmove(_checked(address, size, flags, True), data, size)


@meaning("load")
def _load(type: types.Type, imm: Any, arg_types: Types) -> Evaluate:
    (flags, offset), size = imm, types.BYTES[type]
    if flags & memflags.BIG and types.IS_VECTOR[type]:
        return lambda address: _lanes_swapped(read(address + offset, size, flags & ~memflags.BIG), type)
    return lambda address: read(address + offset, size, flags)


@meaning("store")
def _store(type: types.Type, imm: Any, arg_types: Types) -> Evaluate:
    (flags, offset), size = imm, types.BYTES[type]
    if flags & memflags.BIG and types.IS_VECTOR[type]:
        return lambda value, address: write(address + offset, _lanes_swapped(value, type), size, flags & ~memflags.BIG)
    return lambda value, address: write(address + offset, value, size, flags)


def _lanes_swapped(value: int, type: types.Type) -> int:
    """The bytes of each lane in reverse: lane 0 comes first in memory in either byte order."""
    size = types.LANE_BITS[type] // 8
    data = value.to_bytes(types.BYTES[type], "little")
    return int.from_bytes(b"".join(data[i : i + size][::-1] for i in range(0, len(data), size)), "little")


def _narrow_load(size: int, is_signed: bool) -> Maker:
    def make(type: types.Type, imm: Any, arg_types: Types) -> Evaluate:
        (flags, offset), mask = imm, types.MASK[type]
        if is_signed:
            return lambda address: signed(read(address + offset, size, flags), 8 * size) & mask
        return lambda address: read(address + offset, size, flags)

    return make


def _narrow_store(size: int) -> Maker:
    def make(type: types.Type, imm: Any, arg_types: Types) -> Evaluate:
        flags, offset = imm
        return lambda value, address: write(address + offset, value, size, flags)

    return make


for _size in (1, 2, 4):
    meaning(f"uload{8 * _size}")(_narrow_load(_size, False))
    meaning(f"sload{8 * _size}")(_narrow_load(_size, True))
    meaning(f"istore{8 * _size}")(_narrow_store(_size))


def _widening_load(size: int, is_signed: bool) -> Maker:
    """Eight bytes as lanes of ``size`` bytes, each extended to twice its width."""

    def make(type: types.Type, imm: Any, arg_types: Types) -> Evaluate:
        flags, offset = imm

        def evaluate(address: int) -> int:
            lanes = [read(address + offset + i, size, flags) for i in range(0, 8, size)]
            return join([signed(x, 8 * size) for x in lanes] if is_signed else lanes, 16 * size)

        return evaluate

    return make


for _size, _name in ((1, "8x8"), (2, "16x4"), (4, "32x2")):
    meaning(f"uload{_name}")(_widening_load(_size, False))
    meaning(f"sload{_name}")(_widening_load(_size, True))

# Atomics. The interpreter runs one thread, so every access is atomic.


@meaning("atomic_load")
def _atomic_load(type: types.Type, imm: Any, arg_types: Types) -> Evaluate:
    size = types.BYTES[type]
    return lambda address: read(address, size, imm)


@meaning("atomic_store")
def _atomic_store(type: types.Type, imm: Any, arg_types: Types) -> Evaluate:
    size = types.BYTES[type]
    return lambda value, address: write(address, value, size, imm)


#: Operation -> new value from old value, operand and width.
ATOMIC: dict[str, Callable[[int, int, int], int]] = {
    "add": UNSIGNED["iadd"],
    "sub": UNSIGNED["isub"],
    "and": UNSIGNED["band"],
    "nand": lambda old, x, bits: ~(old & x),
    "or": UNSIGNED["bor"],
    "xor": UNSIGNED["bxor"],
    "xchg": lambda old, x, bits: x,
    "umin": UNSIGNED["umin"],
    "umax": UNSIGNED["umax"],
    "smin": lambda old, x, bits: SIGNED["smin"](signed(old, bits), signed(x, bits), bits),
    "smax": lambda old, x, bits: SIGNED["smax"](signed(old, bits), signed(x, bits), bits),
}


@meaning("atomic_rmw")
def _atomic_rmw(type: types.Type, imm: Any, arg_types: Types) -> Evaluate:
    flags, operation = imm
    size, bits, function = types.BYTES[type], types.BITS[type], ATOMIC[operation]

    def evaluate(address: int, x: int) -> int:
        old = read(address, size, flags)
        write(address, function(old, x, bits), size, flags)
        return old

    return evaluate


@meaning("atomic_cas")
def _atomic_cas(type: types.Type, imm: Any, arg_types: Types) -> Evaluate:
    size = types.BYTES[type]

    def evaluate(address: int, expected: int, replacement: int) -> int:
        old = read(address, size, imm)
        if old == expected:
            write(address, replacement, size, imm)
        return old

    return evaluate


def _nothing(type: types.Type, imm: Any, arg_types: Types) -> Evaluate:
    return lambda: None


for _name in ("fence", "nop", "debugtrap", "sequence_point"):
    meaning(_name)(_nothing)
