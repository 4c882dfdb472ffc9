"""Compressed instructions: the word of 32 bits in, the same instruction in 16 bits out, if it has such a form.

So nobody but the last step of emission knows of them. The forms of Zca want a register that is read and written, or one of
the eight registers that fit three bits (x8 to x15), and small constants; Zcb adds narrow loads and stores, extensions and
products; Zcd loads and stores of f64.
"""

from __future__ import annotations

from collections.abc import Callable


class Words(dict[int, bytes]):
    """Word -> bytes as they are written, made when first asked for."""

    def __init__(self, zca: int, zcb: int, zcd: int) -> None:
        self.zca, self.zcb, self.zcd = zca, zcb, zcd

    def __missing__(self, word: int) -> bytes:
        short = compress(word, self.zcb, self.zcd) if self.zca else 0
        if len(self) > _LIMIT:
            self.clear()
        self[word] = code = short.to_bytes(2, "little") if short else word.to_bytes(4, "little")
        return code


_LIMIT = 1 << 14


def _signed(word: int) -> int:
    """The immediate of an I-type word."""
    return (word >> 20) - (word >> 31 << 12)


def _popular(*registers: int) -> bool:
    """Whether three bits can name them all."""
    return all(8 <= r < 16 for r in registers)


def _six(k: int) -> int:
    """A constant of six bits where most forms have it."""
    return (k >> 5 & 1) << 12 | (k & 31) << 2


def _addi(rd: int, rs1: int, k: int, zcb: int) -> int:
    if rd == rs1 == 0:
        return 1 if k == 0 else 0
    if rd == 0:
        return 0
    if rs1 == 0:
        return 0x4001 | rd << 7 | _six(k) if -32 <= k < 32 else 0
    if k == 0:
        return 0x8002 | rd << 7 | rs1 << 2
    if rd == rs1 and -32 <= k < 32:
        return 0x0001 | rd << 7 | _six(k)
    if rs1 == 2:
        if rd == 2 and -512 <= k < 512 and not k & 15:
            return 0x6101 | (k >> 9 & 1) << 12 | (k >> 4 & 1) << 6 | (k >> 6 & 1) << 5 | (k >> 7 & 3) << 3 | (k >> 5 & 1) << 2
        if _popular(rd) and 0 < k < 1024 and not k & 3:
            return (k >> 4 & 3) << 11 | (k >> 6 & 15) << 7 | (k >> 2 & 1) << 6 | (k >> 3 & 1) << 5 | rd - 8 << 2
    return 0


def _addiw(rd: int, rs1: int, k: int, zcb: int) -> int:
    return 0x2001 | rd << 7 | _six(k) if rd == rs1 != 0 and -32 <= k < 32 else 0


def _slli(rd: int, rs1: int, k: int, zcb: int) -> int:
    if zcb and _popular(rd) and rd == rs1 and k in (0x604, 0x605):  # sext.b and sext.h
        return 0x9C65 | (k == 0x605) << 3 | rd - 8 << 7
    return 0x0002 | rd << 7 | _six(k) if rd == rs1 != 0 and 0 < k < 64 else 0


def _sri(rd: int, rs1: int, k: int, zcb: int) -> int:
    kind, k = k >> 6, k & 63
    if rd != rs1 or not _popular(rd) or not k or kind not in (0, 16):
        return 0
    return 0x8001 | (kind != 0) << 10 | rd - 8 << 7 | _six(k)


def _andi(rd: int, rs1: int, k: int, zcb: int) -> int:
    if rd != rs1 or not _popular(rd):
        return 0
    if zcb and k == 255:
        return 0x9C61 | rd - 8 << 7
    return 0x8801 | rd - 8 << 7 | _six(k) if -32 <= k < 32 else 0


def _xori(rd: int, rs1: int, k: int, zcb: int) -> int:
    return 0x9C75 | rd - 8 << 7 if zcb and rd == rs1 and _popular(rd) and k == -1 else 0


#: (opcode, funct3) of instructions with an immediate -> form.
_IMMEDIATE: dict[tuple[int, int], Callable[[int, int, int, int], int]] = {
    (0x13, 0): _addi, (0x1B, 0): _addiw, (0x13, 1): _slli, (0x13, 5): _sri, (0x13, 7): _andi, (0x13, 4): _xori,
}  # fmt: skip

#: Word without registers -> (short form, commutative): both registers popular, the first overwritten.
_PAIRS = {
    0x40000033: (0x8C01, False), 0x4033: (0x8C21, True), 0x6033: (0x8C41, True), 0x7033: (0x8C61, True),
    0x4000003B: (0x9C01, False), 0x003B: (0x9C21, True), 0x02000033: (0x9C41, True),
}  # fmt: skip
_MUL = 0x02000033
_REGISTERS = 0x01FF8F80


def _register(word: int, rd: int, rs1: int, rs2: int, zcb: int) -> int:
    """Instructions of three registers."""
    kind = word & ~_REGISTERS
    if kind == 0x33:  # add
        if rd == 0:
            return 0
        if rs1 == 0 and rs2:
            return 0x8002 | rd << 7 | rs2 << 2
        if rd == rs2:
            rs1, rs2 = rs2, rs1
        return 0x9002 | rd << 7 | rs2 << 2 if rd == rs1 and rs2 else 0
    if zcb and rd == rs1 and rs2 == 0 and _popular(rd):
        if kind == 0x0800403B:  # zext.h
            return 0x9C69 | rd - 8 << 7
        if kind == 0x0800003B:  # zext.w
            return 0x9C71 | rd - 8 << 7
    found = _PAIRS.get(kind)
    if found is None or (kind == _MUL and not zcb):
        return 0
    form, commutative = found
    if commutative and rd == rs2:
        rs1, rs2 = rs2, rs1
    return form | rd - 8 << 7 | rs2 - 8 << 2 if rd == rs1 and _popular(rd, rs2) else 0


def _word_field(k: int) -> int:
    """A displacement below 128 of 4-byte accesses."""
    return (k >> 3 & 7) << 10 | (k >> 2 & 1) << 6 | (k >> 6 & 1) << 5


def _double_field(k: int) -> int:
    """A displacement below 256 of 8-byte accesses."""
    return (k >> 3 & 7) << 10 | (k >> 6 & 3) << 5


def _load(f3: int, rd: int, base: int, k: int, floating: bool, zcb: int) -> int:
    if f3 == 3 and not k & 7:
        top = 0x2000 if floating else 0x6000
        if base == 2 and 0 <= k < 512 and (rd or floating):
            return top | 2 | rd << 7 | (k >> 5 & 1) << 12 | (k >> 3 & 3) << 5 | (k >> 6 & 7) << 2
        return top | _double_field(k) | base - 8 << 7 | rd - 8 << 2 if _popular(rd, base) and 0 <= k < 256 else 0
    if floating:
        return 0
    if f3 == 2 and not k & 3:
        if base == 2 and 0 <= k < 256 and rd:
            return 0x4002 | rd << 7 | (k >> 5 & 1) << 12 | (k >> 2 & 7) << 4 | (k >> 6 & 3) << 2
        return 0x4000 | _word_field(k) | base - 8 << 7 | rd - 8 << 2 if _popular(rd, base) and 0 <= k < 128 else 0
    if zcb and _popular(rd, base):
        if f3 == 4 and 0 <= k < 4:
            return 0x8000 | base - 8 << 7 | (k & 1) << 6 | (k >> 1) << 5 | rd - 8 << 2
        if f3 in (1, 5) and k in (0, 2):
            return 0x8400 | base - 8 << 7 | (f3 == 1) << 6 | (k >> 1) << 5 | rd - 8 << 2
    return 0


def _store(f3: int, rs2: int, base: int, k: int, floating: bool, zcb: int) -> int:
    if f3 == 3 and not k & 7:
        top = 0xA000 if floating else 0xE000
        if base == 2 and 0 <= k < 512:
            return top | 2 | rs2 << 2 | (k >> 3 & 7) << 10 | (k >> 6 & 7) << 7
        return top | _double_field(k) | base - 8 << 7 | rs2 - 8 << 2 if _popular(rs2, base) and 0 <= k < 256 else 0
    if floating:
        return 0
    if f3 == 2 and not k & 3:
        if base == 2 and 0 <= k < 256:
            return 0xC002 | rs2 << 2 | (k >> 2 & 15) << 9 | (k >> 6 & 3) << 7
        return 0xC000 | _word_field(k) | base - 8 << 7 | rs2 - 8 << 2 if _popular(rs2, base) and 0 <= k < 128 else 0
    if zcb and _popular(rs2, base):
        if f3 == 0 and 0 <= k < 4:
            return 0x8800 | base - 8 << 7 | (k & 1) << 6 | (k >> 1) << 5 | rs2 - 8 << 2
        if f3 == 1 and k in (0, 2):
            return 0x8C00 | base - 8 << 7 | (k >> 1) << 5 | rs2 - 8 << 2
    return 0


def compress(word: int, zcb: int, zcd: int) -> int:
    """The 16-bit form of an instruction, 0 if it has none."""
    op = word & 127
    f3, rd, rs1, rs2 = word >> 12 & 7, word >> 7 & 31, word >> 15 & 31, word >> 20 & 31
    form = _IMMEDIATE.get((op, f3))
    if form is not None:
        return form(rd, rs1, _signed(word), zcb)
    if op in (0x33, 0x3B):
        return _register(word, rd, rs1, rs2, zcb)
    if op == 0x03 or (op == 0x07 and zcd and f3 == 3):
        return _load(f3, rd, rs1, _signed(word), op == 0x07, zcb)
    if op == 0x23 or (op == 0x27 and zcd and f3 == 3):
        return _store(f3, rs2, rs1, (word >> 25 << 5 | rd) - (word >> 31 << 12), op == 0x27, zcb)
    if op == 0x37:
        k = (word >> 12) - (word >> 31 << 20)
        return 0x6001 | rd << 7 | _six(k) if rd not in (0, 2) and k and -32 <= k < 32 else 0
    if op == 0x67 and f3 == 0 and not word >> 20 and rs1 and rd < 2:
        return 0x8002 | rd << 12 | rs1 << 7
    return 0x9002 if word == 0x00100073 else 0
