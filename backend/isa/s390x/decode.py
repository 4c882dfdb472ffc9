"""Machine code read back: the rows' formats, and what emission writes that no row has, compared with what lies there.

A row matches where all bits agree that are no operand's; of several the one with the fewest operands is taken. The text is the
printer's.
"""

from __future__ import annotations

from typing import Any

import jitpy.backend.isa.s390x.insts  # noqa: F401  enters all rows
from jitpy.backend.isa.s390x.conditions import CC_NAMES
from jitpy.backend.isa.s390x.encode import Form, forms
from jitpy.backend.isa.s390x.printer import instruction_text
from jitpy.backend.isa.s390x.regs import V0
from jitpy.backend.isa.s390x.rows import ROWS, S390xRow, is_register, make, parse_operands

#: What the frame, calls and constants write: text and encoding.
_MORE = """lhi r1 i2 | RI A78
lghi r1 i2 | RI A79
lgfi r1 i2 | RIL C01
llilf r1 i2.u | RIL C0F
llihf r1 i2.u | RIL C0E
iihf r1 i2.u | RIL C08
iilf r1 i2.u | RIL C09
llill r1 i2.u | RI A5F
llilh r1 i2.u | RI A5E
llihl r1 i2.u | RI A5D
llihh r1 i2.u | RI A5C
agfi r1 i2 | RIL C28
aghi r1 i2 | RI A7B
lgr r1 r2 | RRE B904
lg r1 mem | RXY E304
stg r1 mem | RXY E324
stmg r1 r3 mem | RSYa EB24
lmg r1 r3 mem | RSYa EB04
br r2 | RR 07 r1=15
nopr r2 | RR 07
basr r1 r2 | RR 0D
ear r1 r2 | RRE B24F
mlgr r1 r2 | RRE B986
mgrk r1 r2 r3 | RRFa B9EC
dlgr r1 r2 | RRE B987
dlr r1 r2 | RRE B997
dsgr r1 r2 | RRE B90D
dsgfr r1 r2 | RRE B91D
flogr r1 r2 | RRE B983
lpq r1 mem | RXY E38F
cs r1 r3 mem | RSa BA
csy r1 r3 mem | RSYa EB14
csg r1 r3 mem | RSYa EB30
cdsg r1 r3 mem | RSYa EB3E"""
#: Comparisons with a branch: last byte -> mnemonic, whether with a byte.
_FUSED = {
    0x64: ("cgrj", False), 0x76: ("crj", False), 0x65: ("clgrj", False), 0x77: ("clrj", False), 0x7C: ("cgij", True),
    0x7E: ("cij", True), 0x7D: ("clgij", True), 0x7F: ("clij", True),
}  # fmt: skip
#: Instructions with a distance: opcode of twelve bits -> mnemonic.
_RELATIVE = {
    0xA75: "bras", 0xC00: "larl", 0xC05: "brasl", 0xC48: "lgrl", 0xC4D: "lrl", 0xC4B: "stgrl", 0xC4F: "strl", 0xC4C: "lgfrl",
    0xC4E: "llgfrl",
}  # fmt: skip


class _Pattern:
    """A row in one of its formats as it is recognized: ``code`` where ``mask`` is set."""

    __slots__ = ("code", "form", "mask", "operands", "registers", "rows")

    def __init__(self, rows: tuple[S390xRow, ...], form: Form) -> None:
        self.rows = rows  # by number of address registers, or the one
        self.form = form
        _, self.operands, *_ = parse_operands(rows[0].text)
        self.registers = [o.place for o in self.operands if is_register(o.place)]
        taken = 0
        for o in self.operands:
            places = [p for p in ("b2", "x2", "d2") if p in form.fields] if o.place == "mem" else [o.place]
            for place in places:
                shift, mask, rxb = form.fields[place]
                taken |= mask << shift | rxb << 8
                if place == "d2" and form.long:
                    taken |= 0xFFFFF00
        self.code = form.opcode
        self.mask = taken ^ (1 << 8 * form.size) - 1 | form.opcode  # a part of a field may be fixed

    def matches(self, number: int) -> bool:
        """Whether an instruction is one of the row's. Register 0 as an address is none."""
        return number & self.mask == self.code and not ("b2" in self.registers and not self._field(number, "b2"))

    def text(self, number: int) -> str:
        """The text of an instruction that matches."""
        form = self.form
        code = number & ~form.opcode
        values: list[Any] = []
        allocs: dict[int, int] = {}
        address: Any = None
        row = self.rows[0]
        for o in self.operands:
            if o.place == "mem":
                base, index = self._field(code, "b2"), self._field(code, "x2") if "x2" in form.fields else 0
                row = self.rows[2 if index else 1] if len(self.rows) > 1 else row
                fixed = len(row.defs) + len(row.uses) - row.addr
                allocs[fixed] = base
                if index:
                    allocs[fixed + 1] = index
                address = 0, self._displacement(code), None
            elif is_register(o.place):
                number = self._field(code, o.place)
                _, _, rxb = form.fields.get(o.place, (0, 0, 0))
                vector = o.place[0] in "vf"
                allocs[o.alloc] = number + V0 + 16 * bool(rxb and code & rxb << 8) if vector else number
            else:
                values.append(self._displacement(code) if o.place == "d2" else self._field(code, o.place))
        for i, constraint in enumerate(row.defs):
            if constraint <= -16 and i in allocs:  # the use that it is
                allocs[len(row.defs) - 16 - constraint] = allocs[i]
        imm: Any = None if not values else values[0] if len(values) == 1 else tuple(values)
        if address is not None:
            imm = (address, imm) if values else address
        count = len(row.defs) + len(row.uses)
        return instruction_text(row, tuple([allocs.get(i, 0) for i in range(count)]), imm)

    def _field(self, code: int, place: str) -> int:
        shift, mask, _ = self.form.fields[place]
        return code >> shift & mask

    def _displacement(self, code: int) -> int:
        if not self.form.long:
            return self._field(code, "d2")
        d = code >> 16 & 0xFFF | (code >> 8 & 0xFF) << 12
        return d - (1 << 20) if d >> 19 else d


_patterns: dict[int, list[_Pattern]] = {}


def _prepare() -> None:
    families = [family if isinstance(family, tuple) else (family,) for family in list(ROWS.values())]
    for line in _MORE.split("\n"):
        text, _, spec = line.partition(" | ")
        families.append((make(text.split()[0], text, spec, 1 if " mem" in text else -1),))
    for family in families:
        for form in forms(family[0].spec):
            pattern = _Pattern(family, form)
            _patterns.setdefault(form.opcode >> 8 * form.size - 8, []).append(pattern)
    for found in _patterns.values():
        found.sort(key=lambda p: -p.mask.bit_count())


def instruction(code: bytes, at: int) -> tuple[int, str, int | None] | None:
    """Size, text, and distance of a branch, for which ``{}`` stands in the text; None for what is not known."""
    if not _patterns:
        _prepare()
    size = (2, 4, 4, 6)[code[at] >> 6]
    if at + size > len(code):
        return None
    number = int.from_bytes(code[at : at + size], "big")
    first = code[at]
    register = code[at + 1] >> 4 if size > 2 else 0
    if first in (0xA7, 0xC0, 0xC4):
        key = first << 4 | code[at + 1] & 15
        distance = 2 * int.from_bytes(code[at + 2 : at + size], "big", signed=True)
        if key in (0xA74, 0xC04):
            if not register:
                return size, "jnop {}" if size == 4 else "jgnop {}", distance
            return size, f"{'j' if size == 4 else 'jg'}{CC_NAMES[register]} {{}}", distance
        if key in _RELATIVE:
            return size, f"{_RELATIVE[key]} %r{register},{{}}", distance
    if number == 0x47000000:
        return size, "nop 0", None
    if first == 0xEC and code[at + 5] in _FUSED:
        mnemonic, has_byte = _FUSED[code[at + 5]]
        distance = 2 * int.from_bytes(code[at + 2 : at + 4], "big", signed=True)
        low = code[at + 1] & 15
        mask, second = (low, code[at + 4]) if has_byte else (code[at + 4] >> 4, low)
        if has_byte and mnemonic[1] != "l" and second > 127:
            second -= 256
        return size, f"{mnemonic}{CC_NAMES[mask]} %r{register},{second if has_byte else f'%r{second}'},{{}}", distance
    for pattern in _patterns.get(first, ()):
        if pattern.form.size == size and pattern.matches(number):
            return size, pattern.text(number).replace("\t", " "), None
    return None
