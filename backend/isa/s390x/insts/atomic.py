"""Atomic operations: the interlocked instructions, and loops around compare-and-swap.

What is narrower than a word is exchanged as part of its aligned word: rotated left by eight times the address, the field
stands at the word's left end, where it is taken out and put back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jitpy.backend.isa.s390x.frame import rre, rxy
from jitpy.backend.isa.s390x.regs import R0, R1
from jitpy.backend.isa.s390x.rows import macro, mem, table
from jitpy.backend.target.row import MInst

table("""
cs/csy +r1 r3 mem | RSa BA RSYa EB14
csg +r1 r3 mem | RSYa EB30
laa =r1 r3 mem | RSYa EBF8
laag =r1 r3 mem | RSYa EBE8
lan =r1 r3 mem | RSYa EBF4
lang =r1 r3 mem | RSYa EBE4
lao =r1 r3 mem | RSYa EBF6
laog =r1 r3 mem | RSYa EBE6
lax =r1 r3 mem | RSYa EBF7
laxg =r1 r3 mem | RSYa EBE7
""", mem)

_LR, _LGR = 0xB904, 0xB904  # a copy of 64 bits serves both


def _rrf(opcode: int, r1: int, r2: int, r3: int) -> bytes:
    return (opcode << 16 | r3 << 12 | r1 << 4 | r2).to_bytes(4, "big")


def _rsy(opcode: int, r1: int, r3: int, base: int, count: int = 0) -> bytes:
    return ((opcode >> 8) << 40 | opcode & 255 | r1 << 36 | r3 << 32 | base << 28 | count << 16).to_bytes(6, "big")


def _risbgn(r1: int, r2: int, first: int, last: int, rotate: int) -> bytes:
    return bytes((0xEC, r1 << 4 | r2, first, last, rotate, 0x59))


def _back(mask: int, start: int, code: bytes) -> bytes:
    """brc to an offset in what has been written."""
    return bytes((0xA7, mask << 4 | 4)) + ((start - len(code)) // 2 & 0xFFFF).to_bytes(2, "big")


#: Operation -> three-operand instructions of 32 and 64 bits.
_BINARY = {
    "add": (0xB9F8, 0xB9E8), "sub": (0xB9F9, 0xB9E9), "and": (0xB9F4, 0xB9E4), "or": (0xB9F6, 0xB9E6),
    "xor": (0xB9F7, 0xB9E7), "nand": (0xB9F4, 0xB9E4),
}  # fmt: skip
#: Operation -> comparisons of 32 and 64 bits, and the condition under which the old value stays.
_EXTREMA = {
    "smin": (0xB930, 0xB920, 4), "smax": (0xB930, 0xB920, 2), "umin": (0xB931, 0xB921, 4), "umax": (0xB931, 0xB921, 2),
}  # fmt: skip
OPERATIONS = ("xchg", *_BINARY, *_EXTREMA)


def _new_value(operation: str, wide: bool, d: int, old: int, x: int) -> bytes:
    """d = old operation x; d is neither of them. 32-bit comparisons take sign- or zero-extended operands as 64-bit ones do."""
    if operation == "xchg":
        return rre(_LGR, d, x)
    if operation in _BINARY:
        code = _rrf(_BINARY[operation][wide], d, old, x)
        if operation == "nand":  # xilf, xihf
            code += bytes((0xC0, d << 4 | 7)) + b"\xff" * 4 + bytes((0xC0, d << 4 | 6)) + b"\xff" * 4
        return code
    compare = _EXTREMA[operation][wide]
    if not wide:
        compare = 0xB920 if operation[0] == "s" else 0xB921
    return rre(_LGR, d, x) + rre(compare, old, x) + (0xB9E2 << 16 | _EXTREMA[operation][2] << 12 | d << 4 | old).to_bytes(4, "big")


def _word_loop(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """32 or 64 bits: old = memory; again: r1 = old operation x; cs old, r1; jl again. imm: (operation, bits, swapped, trap).

    Where the byte order is the other, r0 holds the old value in ours. A comparison of 32 bits is one of 64, so the
    values are extended.
    """
    old, x, a = allocs
    operation, bits, swapped, trap = inst.imm
    wide = bits == 64
    if trap is not None:
        sink.trap(trap)
    swap = 0xB90F if wide else 0xB91F
    code = rxy(0xE304 if wide else 0xE358, old, a, 0)
    start = len(code)
    value = old
    if swapped:
        code += rre(swap, R0, old)
        value = R0
    if operation in _EXTREMA and not wide:
        code += rre(0xB914 if operation[0] == "s" else 0xB916, R0, value)
        value = R0
    code += _new_value(operation, wide, R1, value, x)
    if swapped:
        code += rre(swap, R1, R1)
    code += _rsy(0xEB30 if wide else 0xEB14, old, R1, a)
    sink.code += code + _back(4, start, code)


def _narrow_setup(word: int, rotation: int, back: int, a: int) -> bytes:
    """The aligned word's address, and how far it is rotated, there and back; the word in r0."""
    code = _risbgn(word, a, 0, 0x80 | 61, 0) + _rsy(0xEBDF, rotation, a, 0, 3)
    return code + bytes((0x13, back << 4 | rotation)) + rxy(0xE358, R0, word, 0)


def _narrow_loop(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """8 or 16 bits. imm: (operation, bits, swapped, trap); x is extended as the operation compares."""
    old, word, rotation, back, new, x, a = allocs
    operation, bits, swapped, trap = inst.imm
    signed = operation in ("smin", "smax")
    code = _narrow_setup(word, rotation, back, a)
    if trap is not None:
        sink.code += code[:-6]
        sink.trap(trap)
        code = code[-6:]
    start = len(code)
    shift = 0xEB0A if signed else 0xEB0C
    code += _rsy(0xEB1D, R1, R0, rotation)
    # The field, extended to 64 bits: shifted to the left end, and down.
    code += _rsy(0xEB0D, old, R1, 0, 32)
    if swapped:
        code += rre(0xB90F, old, old) + _rsy(0xEB0D, old, old, 0, 48)
    code += _rsy(shift, old, old, 0, 64 - bits)
    code += _new_value(operation, False, new, old, x)
    if swapped:
        code += rre(0xB91F, new, new) + _rsy(0xEB0C, new, new, 0, 16)
    code += _risbgn(R1, new, 32, 31 + bits, 32 - bits) + _rsy(0xEB1D, R1, R1, back)
    code += bytes((0xBA, R0 << 4 | R1, word << 4, 0))
    sink.code += code + _back(4, start, code)


def _narrow_swap(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """Compare and swap of 8 or 16 bits; the expected value is zero-extended. imm: (bits, trap)."""
    old, word, rotation, back, expected, x, a = allocs
    bits, trap = inst.imm
    code = _narrow_setup(word, rotation, back, a)
    if trap is not None:
        sink.code += code[:-6]
        sink.trap(trap)
        code = code[-6:]
    start = len(code)
    code += _rsy(0xEB1D, R1, R0, rotation) + _rsy(0xEB0D, old, R1, 0, 32) + _rsy(0xEB0C, old, old, 0, 64 - bits)
    rest = _risbgn(R1, x, 32, 31 + bits, 32 - bits) + _rsy(0xEB1D, R1, R1, back) + bytes((0xBA, R0 << 4 | R1, word << 4, 0))
    over = (6 + len(rest) + 4) // 2
    code += bytes((0xEC, old << 4 | expected)) + over.to_bytes(2, "big") + b"\x60\x65" + rest  # clgrjne
    sink.code += code + _back(4, start, code)


def _with_trap(encode: Callable[[Any, tuple[int, ...]], None]) -> Callable[[Any, MInst, tuple[int, ...]], None]:
    def traps(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
        if inst.imm is not None:
            sink.trap(inst.imm)
        encode(sink, allocs)

    return traps


def _load_pair(sink: Any, allocs: tuple[int, ...]) -> None:
    """lpq r0, 0(a)"""
    low, high, a = allocs
    sink.code += rxy(0xE38F, R0, a, 0) + rre(_LGR, low, R1) + rre(_LGR, high, R0)


def _swap_pair(sink: Any, allocs: tuple[int, ...]) -> None:
    """cdsg: old in the pair of the expected value, high half first."""
    sink.code += _rsy(0xEB3E, allocs[0], allocs[4], allocs[6])


def _fence(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    sink.code += b"\x07\xe0"  # bcr 14, 0


macro("rmw", "rmw ~r1 r2 r3", _word_loop)
macro("rmw_narrow", "rmw ~r1 ~r2 ~r3 ~r4 ~r5 r6 r7", _narrow_loop)
macro("cas_narrow", "cs ~r1 ~r2 ~r3 ~r4 r5 r6 r7", _narrow_swap)
macro("load_pair", "lpq =r1 =r2 r3", _with_trap(_load_pair))
macro("cas_pair", "cdsg =r1 =r2 r3 r4 r5 r6 r7", _with_trap(_swap_pair))
macro("fence", "bcr", _fence)
