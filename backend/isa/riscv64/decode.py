"""Machine code read back: the rows' words, and what emission writes that no row has, compared with what lies there.

A row matches where all bits agree that are no operand's; of several the one with the fewest operands is taken. Compressed
instructions are looked up in the inverse of `compressed.compress`. The text is the printer's.
"""

from __future__ import annotations

import re
import struct
from typing import Any

import jitpy.backend.isa.riscv64.insts  # noqa: F401  enters all rows
from jitpy.backend.isa.riscv64 import regs
from jitpy.backend.isa.riscv64.compressed import compress
from jitpy.backend.isa.riscv64.encode import IMMEDIATES, immediate
from jitpy.backend.isa.riscv64.insts import vectors  # noqa: F401
from jitpy.backend.isa.riscv64.insts.float import FLI
from jitpy.backend.isa.riscv64.printer import instruction_text
from jitpy.backend.isa.riscv64.rows import KINDS, PLACES, ROWS, RiscvRow, make, parse_operands

#: What the frame, calls and branches write: text and word. ``rel20`` and ``rel12`` are distances.
_MORE = """auipc =rd u20 | 17
lui =rd u20 | 37
addi =rd rs1 i12 | 13
addiw =rd rs1 i12 | 1b
slli =rd rs1 u6 | 1013
bseti =rd zero u6 | 28001013
jal =rd rel20 | 6f
jalr =rd rs1 i12 | 67
beq rs1 rs2 rel12 | 63
bne rs1 rs2 rel12 | 1063
blt rs1 rs2 rel12 | 4063
bge rs1 rs2 rel12 | 5063
bltu rs1 rs2 rel12 | 6063
bgeu rs1 rs2 rel12 | 7063
vsetivli =rd u5 vtype | c0007057
vmv.v.v =rd.v rs1.v | 5e000057
ecall | 73"""
for _load in (True, False):
    for _bits, _f3 in ((8, 0), (16, 5), (32, 6), (64, 7)):
        _word = (0x02000007 if _load else 0x02000027) | _f3 << 12
        _MORE += f"\nv{'l' if _load else 's'}e{_bits}.v {'=rd.v' if _load else 'rd.v'} (rs1) | {_word:x}"
#: Those that assemblers shorten under these names alone: word without registers -> text.
_SHORT_NAMES = {
    0x0800003B: "zext.w rd,rs", 0x0FF07013: "zext.b rd,rs", 0xFFF04013: "not rd,rs", 0x67: "jr rs", 0xE7: "jalr rs",
}  # fmt: skip
_REL20, _REL12, _VTYPE = 0xFFFFF000, 0xFE000F80, 0x3FF00000
_REGISTER = 31


def _signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> bits - 1 else value


class _Pattern:
    """A row as it is recognized: ``word`` where ``mask`` is set; ``registers``: (allocation, lowest bit, first register)."""

    __slots__ = ("mask", "place", "registers", "row", "word")

    def __init__(self, row: RiscvRow) -> None:
        _, operands, *_ = parse_operands(row.text)
        self.row = row
        self.word = row.word
        self.registers = [(o.alloc, PLACES[o.place], KINDS[o.kind]) for o in operands if o.place in PLACES]
        self.place = next((o.place for o in operands if o.place in (*IMMEDIATES, "mem", "rel20", "rel12", "vtype")), "")
        taken = 0
        for _, low, _ in self.registers:
            taken |= _REGISTER << low
        if self.place == "mem":
            taken |= _REGISTER << 15 | (0xFE000F80 if row.store else 0xFFF00000)
        elif self.place in IMMEDIATES:
            taken |= immediate(self.place, -1)
        taken |= {"rel20": _REL20, "rel12": _REL12, "vtype": _VTYPE | _REGISTER << 15}.get(self.place, 0)
        self.mask = taken ^ 0xFFFFFFFF

    def text(self, word: int) -> tuple[str, int | None]:
        """The instruction's text and, of a branch, its distance, for which ``{}`` stands in the text."""
        row, place = self.row, self.place
        allocs: dict[int, int] = {at: (word >> low & _REGISTER) + base for at, low, base in self.registers}
        imm: Any = None
        distance = None
        if place == "mem":
            disp = word >> 25 << 5 | word >> 7 & 31 if row.store else word >> 20
            allocs[len(row.defs) + len(row.uses) - 1] = word >> 15 & _REGISTER
            imm = 0, _signed(disp, 12), None
        elif place == "r6":
            imm = word >> 15 & 31 | (word >> 26 & 1) << 5
        elif place in IMMEDIATES:
            bits, low, signed = IMMEDIATES[place]
            imm = word >> low & (1 << bits) - 1
            imm = _signed(imm, bits) if signed else imm
        elif place == "rel20":
            d = (word >> 31) << 20 | (word >> 12 & 255) << 12 | (word >> 20 & 1) << 11 | (word >> 21 & 1023) << 1
            distance = _signed(d, 21)
        elif place == "rel12":
            distance = _signed((word >> 31) << 12 | (word >> 7 & 1) << 11 | (word >> 25 & 63) << 5 | (word >> 8 & 15) << 1, 13)
        given = tuple([allocs.get(i, 0) for i in range(len(row.defs) + len(row.uses))])
        text = instruction_text(row, given, (0, 0, imm) if row.vector else imm)
        if text.startswith("fli."):
            text = text.rpartition(",")[0] + "," + _fli(imm)
        if place == "vtype":
            text = text.replace("None", str(word >> 15 & _REGISTER)).replace("vtype", _vtype(word >> 20 & 1023))
        return text.replace(place, "{}") if distance is not None else text, distance


def _fli(number: int) -> str:
    """The constant of an fli, as assemblers read it."""
    bits = next(bits for bits, n in FLI.items() if n == number)
    value: float = struct.unpack("<d", bits.to_bytes(8, "little"))[0]
    return {1: "min", 30: "inf", 31: "nan"}.get(number) or re.sub(r"\.?0*p", "p", value.hex())


def _vtype(bits: int) -> str:
    """e32,m1,ta,ma"""
    parts = bits & 7
    length = f"mf{1 << 8 - parts}" if parts > 4 else f"m{1 << parts}"
    return f"e{8 << (bits >> 3 & 7)},{length},{'ta' if bits & 64 else 'tu'},{'ma' if bits & 128 else 'mu'}"


_patterns: dict[int, list[_Pattern]] = {}
_short: dict[int, int] = {}


def _prepare() -> None:
    rows = [row for family in list(ROWS.values()) for row in (family if isinstance(family, tuple) else (family,))]
    rows = [row for row in rows if row.word and row.addr != 0]
    for line in _MORE.split("\n"):
        text, _, word = line.partition(" | ")
        rows.append(make(text.split()[0], text, int(word, 16)))
    for pattern in map(_Pattern, rows):
        _patterns.setdefault(pattern.word & 127, []).append(pattern)
    for found in _patterns.values():
        found.sort(key=lambda p: -p.mask.bit_count())
    for word in _words_with_short_forms():
        code = compress(word, 1, 1)
        if code:
            _short.setdefault(code, word)


def _words_with_short_forms() -> Any:
    """All words that may have a compressed form, and some that have none."""
    every, popular, small = range(32), range(8, 16), range(-32, 64)
    for rd in every:
        place = rd << 7
        for k in (*small, 255, 0x604, 0x605):
            imm = (k & 0xFFF) << 20
            for op in (0x13, 0x1B, 0x1013, 0x5013, 0x7013, 0x4013):
                yield op | place | rd << 15 | imm
            yield from (0x13 | place | imm, 0x5013 | place | rd << 15 | imm | 1 << 30, 0x37 | place | (k & 0xFFFFF) << 12)
        for k in range(-512, 1024, 4):
            yield 0x13 | place | 2 << 15 | (k & 0xFFF) << 20
        for k in range(0, 512, 4):
            yield from _accesses((2, 3), rd, 2, k)
        for rs in every:
            yield from (0x33 | place | rd << 15 | rs << 20, 0x33 | place | rs << 20, 0x13 | place | rs << 15)
            for kind in (0x40000033, 0x4033, 0x6033, 0x7033, 0x4000003B, 0x3B, 0x02000033, 0x0800403B, 0x0800003B):
                yield kind | place | rd << 15 | rs << 20
        yield from (0x67 | rd << 15, 0x67 | 1 << 7 | rd << 15)
    for rd in popular:
        for base in popular:
            for k in range(4):
                yield from _accesses((0, 1, 4, 5), rd, base, k)
            for k in range(0, 256, 4):
                yield from _accesses((2, 3), rd, base, k)
    yield 0x00100073


def _accesses(widths: tuple[int, ...], register: int, base: int, k: int) -> Any:
    """Loads and stores of general and of float registers."""
    load = register << 7 | base << 15 | k << 20
    store = register << 20 | base << 15 | (k >> 5) << 25 | (k & 31) << 7
    for f3 in widths:
        yield from (3 | f3 << 12 | load, 7 | f3 << 12 | load, 0x23 | f3 << 12 | store, 0x27 | f3 << 12 | store)


def instruction(code: bytes, at: int) -> tuple[int, str, int | None] | None:
    """Size, text, and distance of a branch, for which ``{}`` stands in the text; None for what is not known."""
    if not _patterns:
        _prepare()
    half = int.from_bytes(code[at : at + 2], "little")
    if half & 3 == 3:
        if at + 4 > len(code):
            return None
        size, word = 4, int.from_bytes(code[at : at + 4], "little")
    else:
        top = half >> 13
        if half & 3 == 1 and top == 5:
            d = (half >> 12 & 1) << 11 | (half >> 8 & 1) << 10 | (half >> 9 & 3) << 8 | (half >> 6 & 1) << 7 | (half >> 7 & 1) << 6
            return 2, "j {}", _signed(d | (half >> 2 & 1) << 5 | (half >> 11 & 1) << 4 | (half >> 3 & 7) << 1, 12)
        if half & 3 == 1 and top > 5:
            d = (half >> 12 & 1) << 8 | (half >> 5 & 3) << 6 | (half >> 2 & 1) << 5 | (half >> 10 & 3) << 3 | (half >> 3 & 3) << 1
            return 2, f"{'beq' if top == 6 else 'bne'} {regs.X_NAMES[8 + (half >> 7 & 7)]},zero,{{}}", _signed(d, 9)
        if half not in _short:
            return None
        size, word = 2, _short[half]
    if size == 2 and word & ~0x01F00F80 == 0x33:  # c.mv
        return 2, f"mv {regs.X_NAMES[word >> 7 & 31]},{regs.X_NAMES[word >> 20 & 31]}", None
    if size == 2:
        rd, rs1, rs2 = (regs.X_NAMES[word >> low & _REGISTER] for low in (7, 15, 20))
        if word & ~0x01F00F80 == 0x33:
            return 2, f"mv {rd},{rs2}", None
        name = _SHORT_NAMES.get(word & ~0x000F8F80 if word & 127 != 0x67 else word & 0xFFF)
        if name is not None:
            return 2, name.replace("rd", rd).replace("rs", rs1), None
    for pattern in _patterns.get(word & 127, ()):
        if word & pattern.mask == pattern.word:
            return size, *pattern.text(word)
    return None
