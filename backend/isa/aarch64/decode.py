"""Machine code read back: the rows' words, and what emission writes that no row has, compared with what lies there.

A row matches where all bits agree that are no operand's and each immediate is one that its kind has; of several the one with the
fewest operands is taken. The text is the printer's.
"""

from __future__ import annotations

import re
from typing import Any

import jitpy.backend.isa.aarch64.insts  # noqa: F401  enters all rows
from jitpy.backend.isa.aarch64.conditions import CC_NAMES
from jitpy.backend.isa.aarch64.encode import FIELDS
from jitpy.backend.isa.aarch64.immediates import IMMEDIATES, logical
from jitpy.backend.isa.aarch64.insts import vectors  # noqa: F401
from jitpy.backend.isa.aarch64.printer import instruction_text
from jitpy.backend.isa.aarch64.regs import V0
from jitpy.backend.isa.aarch64.rows import ROWS, SCALED, A64Row, make, parse_operands

#: What the frame, calls and macros write: text and word.
_MORE = """movz =Rd.x i16 | d2800000
movk =Rd.x i16 | f2800000
movn =Rd.x i16 | 92800000
movz =Rd.w i16 | 52800000
movk =Rd.w i16 | 72800000
movn =Rd.w i16 | 12800000
movi =Rd.d i0 | 2f00e400
mov =Rd.x zx Rm.x | aa0003e0
ret | d65f03c0
ret Rn.x | d65f0000
br Rn.x | d61f0000
blr Rn.x | d63f0000
brk i16t | d4200000
nop | d503201f"""
#: Loads and stores of pairs by the bits 31 to 22, without those of the addressing: mnemonic, registers, bytes of one.
_PAIRS = {
    0x2A0: ("stp", "x", 8), 0x2A1: ("ldp", "x", 8), 0x1B0: ("stp", "d", 8), 0x1B1: ("ldp", "d", 8), 0x2B0: ("stp", "q", 16),
    0x2B1: ("ldp", "q", 16),
}  # fmt: skip
_POST, _OFFSET, _PRE = 1, 2, 3


def _logical_values(width: int) -> list[int]:
    found = []
    size = 2
    while size <= width:
        for ones in range(1, size):
            for rotation in range(size):
                run = (1 << ones) - 1
                element = (run >> rotation | run << size - rotation) & (1 << size) - 1
                found.append(sum(element << k for k in range(0, width, size)))
        size *= 2
    return [v for v in found if logical(v, width) is not None]


def _values(place: str) -> Any:
    """All values of a kind of immediate."""
    name = place.rstrip("0123456789")
    bits = int(place[len(name) :] or 0)
    if name == "bits":
        return _logical_values(bits)
    if name in ("take", "put"):
        return [(lsb, size) for lsb in range(bits) for size in range(1, bits + 1 - lsb)]
    if name == "lanes":
        return [(a, b) for a in range(128 // bits) for b in range(128 // bits)]
    if name in ("lane", "shl", "left", "shr"):
        return range(1 if name in ("shr", "left") else 0, 128 // bits if name == "lane" else bits + (name == "shr"))
    if place == "i12":
        return [*range(4096), *(k << 12 for k in range(1, 4096))]
    if place == "i16":
        return [(0xFFFF, 3), (0, 0)]  # for the mask
    return range({"i16t": 65536, "f8": 256, "vf8": 256, "v8": 256, "i5": 32, "cond": 16, "if": 16, "nzcv": 16, "ext": 16}.get(
        place, 5 if place[1:3] == "xt" else 1 if place in ("zw", "zx", "i0", "f0") else 64))  # fmt: skip


_inverse: dict[str, tuple[int, dict[int, Any]]] = {}


def _immediate(place: str) -> tuple[int, dict[int, Any]]:
    """The bits of a kind of immediate, and bits -> value."""
    if place not in _inverse:
        encode = IMMEDIATES[place][0]
        table: dict[int, Any] = {}
        for v in _values(place):
            table.setdefault(encode(v), v)
        bits = 0
        for key in table:
            bits |= key
        _inverse[place] = bits, table
    return _inverse[place]


class _Pattern:
    """A row as it is recognized: ``word`` where ``mask`` is set. ``address``: how a ``mem`` is written: scaled, unscaled, by two
    registers, or from a literal."""

    __slots__ = ("address", "mask", "operands", "row", "word")

    def __init__(self, row: A64Row, address: str = "") -> None:
        _, self.operands, *_ = parse_operands(row.text)
        self.row = row
        self.address = address
        self.word = row.word
        taken = 0
        for o in self.operands:
            if o.place in FIELDS:
                taken |= 31 * FIELDS[o.place]
            elif o.place in IMMEDIATES:
                taken |= _immediate(o.place)[0]
        if address == "scaled":
            self.word |= 1 << 24
            taken |= 0x3FFFE0
        elif address == "unscaled":
            taken |= 0x1FF3E0
        elif address == "registers":
            self.word |= 1 << 21 | 2 << 10
            taken |= 0x1FF3E0
        elif address == "literal":
            self.word = row.literal
            taken |= 0xFFFFE0
        self.mask = taken ^ 0xFFFFFFFF

    def text(self, word: int) -> tuple[str, int | None] | None:
        """The instruction's text and, of a literal, its distance; None where an immediate is none."""
        row = self.row
        allocs: dict[int, int] = {}
        values = []
        for o in self.operands:
            if o.place in FIELDS and o.alloc >= 0:
                number = word // (FIELDS[o.place] & -FIELDS[o.place]) & 31
                if o.place == "Rnm" and word >> 16 & 31 != word >> 5 & 31:
                    return None
                allocs[o.alloc] = number if o.kind in ("w", "x") or o.place == "at" else number + V0
            elif o.place == "i16":
                values.append((word >> 5 & 0xFFFF, word >> 21 & 3))
            elif o.place in IMMEDIATES:
                bits, table = _immediate(o.place)
                if word & bits not in table:
                    return None
                values.append(table[word & bits])
        imm: Any = None if not values else values[0] if len(values) == 1 else tuple(values)
        fixed = len(row.defs) + len(row.uses) - max(row.addr, 0)
        if self.address == "literal":
            text = instruction_text(row, (allocs[0],), (0, 0, None))
            d = word >> 5 & 0x7FFFF
            return re.sub(r"\[.*\]", "{}", text), 4 * (d - (1 << 19) if d >> 18 else d)
        if self.address:
            allocs[fixed] = word >> 5 & 31
            disp = word >> 10 & 0xFFF
            imm = 0, disp << row.scale, None
            if self.address == "unscaled":
                disp = word >> 12 & 511
                imm = 0, disp - (512 if disp >> 8 else 0), None
            elif self.address == "registers":
                allocs[fixed + 1] = word >> 16 & 31
                imm = word & (7 << 13 | SCALED), 0, None
        text = instruction_text(row, tuple([allocs.get(i, 0) for i in range(len(row.defs) + len(row.uses))]), imm)
        if "sp" in text:
            kept = _stack_pointers(word)
            first, comma, rest = text.partition(", ")
            rest, bracket, address = rest.partition("[")
            text = (first if kept else _zero(first)) + comma + (rest if kept > 1 else _zero(rest)) + bracket + address
        return text, None


def _stack_pointers(word: int) -> int:
    """How many operands, from the first on, may be the stack pointer; else their number 31 is zero. Sums with immediates or
    extended registers have two, logic with immediates has one."""
    if word >> 24 & 31 == 17 or word >> 21 & 0xF9 == 0x59:
        return 2
    return int(word >> 23 & 63 == 36 and word >> 29 & 3 != 3)


def _zero(text: str) -> str:
    return re.sub(r"\bsp\b", "xzr", re.sub(r"\bwsp\b", "wzr", text))


_patterns: dict[int, list[_Pattern]] = {}


def _prepare() -> None:
    found: list[_Pattern] = []
    for name in list(ROWS.later):
        ROWS[name]
    for family in list(ROWS.values()):
        if isinstance(family, tuple):
            found += [_Pattern(family[1], "scaled"), _Pattern(family[1], "unscaled"), _Pattern(family[2], "registers")]
            if family[0].literal:
                found.append(_Pattern(family[0], "literal"))
        elif family.word >= 0:
            found.append(_Pattern(family))
    for line in _MORE.split("\n"):
        text, _, word = line.partition(" | ")
        found.append(_Pattern(make(text.split()[0], text, int(word, 16))))
    for pattern in found:
        key = 0xF << 25  # what kind of instruction it is
        kinds = [k << 25 for k in range(16)] if pattern.mask & key != key else [pattern.word & key]
        for kind in kinds:
            _patterns.setdefault(kind >> 25, []).append(pattern)
    for some in _patterns.values():
        some.sort(key=lambda p: -p.mask.bit_count())


def _distance(word: int, low: int, bits: int) -> int:
    d = word >> low & (1 << bits) - 1
    return 4 * (d - (1 << bits) if d >> bits - 1 else d)


def _branch(word: int) -> tuple[str, int] | None:
    """Branches and addresses: text and distance."""
    register = f"{'x' if word >> 31 else 'w'}{word & 31}".replace("w31", "wzr").replace("x31", "xzr")
    if word >> 26 & 31 == 5:
        return "bl {}" if word >> 31 else "b {}", _distance(word, 0, 26)
    if word >> 24 == 0x54 and not word & 16:
        return f"b.{CC_NAMES[word & 15]} {{}}", _distance(word, 5, 19)
    if word >> 25 & 63 == 0x1A:
        return f"cb{'nz' if word >> 24 & 1 else 'z'} {register}, {{}}", _distance(word, 5, 19)
    if word >> 25 & 63 == 0x1B:
        bit = word >> 19 & 31 | word >> 31 << 5
        return f"tb{'nz' if word >> 24 & 1 else 'z'} {register}, #{bit}, {{}}", _distance(word, 5, 14)
    if word >> 24 & 159 == 0x10:
        return f"adr x{word & 31}, {{}}", _distance(word, 5, 19) + (word >> 29 & 3)
    return None


def _pair(word: int) -> str | None:
    mode = word >> 23 & 3
    found = _PAIRS.get(word >> 22 & ~6)
    if found is None or not mode:
        return None
    mnemonic, kind, size = found
    disp = word >> 15 & 127
    disp = (disp - 128 if disp > 63 else disp) * size
    base = "sp" if word >> 5 & 31 == 31 else f"x{word >> 5 & 31}"
    first, second = (f"{kind}{n}".replace("x31", "xzr") for n in (word & 31, word >> 10 & 31))
    where = {_POST: f"[{base}], #{disp}", _OFFSET: f"[{base}, #{disp}]", _PRE: f"[{base}, #{disp}]!"}[mode]
    return f"{mnemonic} {first}, {second}, {where}"


def instruction(code: bytes, at: int) -> tuple[int, str, int | None] | None:
    """Size, text, and distance of a branch, for which ``{}`` stands in the text; None for what is not known."""
    if not _patterns:
        _prepare()
    if at + 4 > len(code):
        return None
    word = int.from_bytes(code[at : at + 4], "little")
    branch = _branch(word)
    if branch is not None:
        return 4, *branch
    pair = _pair(word)
    if pair is not None:
        return 4, pair, None
    for pattern in _patterns.get(word >> 25 & 15, ()):
        if word & pattern.mask == pattern.word & pattern.mask:
            text = pattern.text(word)
            if text is not None:
                return 4, *text
    return None
