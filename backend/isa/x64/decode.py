"""Machine code read back: prefixes, opcode, ModRM and SIB are taken apart, and the row is found by what its encoding says of them.

What emission writes that no row has stands in `_MORE`, in the rows' notation. The text is the printer's.
"""

from __future__ import annotations

from typing import Any

import jitpy.backend.isa.x64.insts  # noqa: F401  enters all rows
from jitpy.backend.isa.x64 import regs
from jitpy.backend.isa.x64.conditions import CC_NAMES
from jitpy.backend.isa.x64.encode import ACCESS, IMM_BYTES, Spec
from jitpy.backend.isa.x64.insts import vector, vectors  # noqa: F401
from jitpy.backend.isa.x64.printer import address_text, instruction_text
from jitpy.backend.isa.x64.rows import ROWS, X64Row, make, parse_operands

_MORE = """push opc.q | 50
pop opc.q | 58
leave | C9
ret | C3
ret iw | C2 iw
nop | 90
xchg $ax $ax | 66 90
ud2 | 0F 0B
int3 | CC
endbr64 | F3 0F 1E FA
vzeroupper | VEX.128.NP.0F 77
call rm.q | FF /2
jmp rm.q | FF /4
mov rm.q reg.q | REX.W 89 /r
mov rm.d reg.d | 89 /r
xor rm.d reg.d | 31 /r
nop mem.d | 0F 1F /0
nop mem.w | 66 0F 1F /0
cmp =reg.q mem.q | REX.W 3B /r
movups =reg.x mem.x | 0F 10 /r
movups mem.x reg.x | 0F 11 /r
movaps =reg.x rm.x | 0F 28 /r
vmovups =reg.x mem.x | VEX.128.NP.0F 10 /r
vmovups mem.x reg.x | VEX.128.NP.0F 11 /r
vmovaps =reg.x rm.x | VEX.128.NP.0F 28 /r
xorps =reg.x rm.x | 0F 57 /r
movq =reg.x rm.q | 66 REX.W 0F 6E /r
movq rm.q reg.x | 66 REX.W 0F 7E /r
movq mem.q reg.x | 66 REX.W 0F 7E /r
vmovq =reg.x rm.q | VEX.128.66.0F.W1 6E /r
vmovq rm.q reg.x | VEX.128.66.0F.W1 7E /r
vmovq mem.q reg.x | VEX.128.66.0F.W1 7E /r
movsxd =reg.q mem.d | REX.W 63 /r"""
_PREFIXES = {0x66: "66", 0xF2: "F2", 0xF3: "F3", 0xF0: "F0"}
_PP = ("", "66", "F3", "F2")
_MAPS = ("", "0F", "0F38", "0F3A")
_VECTORS = frozenset(("x", "y", "z", "sb", "sh", "ss", "sd"))


class _Pattern:
    """A row as it is recognized; ``memory``: it has an address and no register in its place. ``immediate``: bytes, signed."""

    __slots__ = ("has_modrm", "immediate", "memory", "operands", "places", "row", "signed", "spec", "unit")

    def __init__(self, row: X64Row, immediate: int = 0) -> None:
        _, self.operands, *_ = parse_operands(row.text)
        self.row = row
        self.spec = Spec(row.spec)
        self.places = {o.place for o in self.operands}
        self.memory = "mem" in self.places
        self.has_modrm = self.memory or "/" in row.spec or bool(self.places & {"reg", "rm"})
        found = next((o.place for o in self.operands if o.place in IMM_BYTES), "")
        self.immediate = immediate or (IMM_BYTES[found] if found else 1 if self.spec.constant >= 0 or "is4" in self.places else 0)
        self.signed = found not in ("us", "iq")
        kinds = [ACCESS[o.kind] for o in self.operands if o.place in ("rm", "mem") and o.kind in ACCESS]
        self.unit = max(kinds, default=1) if self.spec.vex == 2 else 1


_patterns: dict[tuple[int, str, str, int], list[_Pattern]] = {}


def _enter(row: X64Row) -> None:
    spec = Spec(row.spec)
    pattern = _Pattern(row)
    opcode = spec.opcode[0]
    opcodes = range(opcode, opcode + 8) if "opc" in pattern.places else (opcode,)
    prefix = "".join(sorted(spec.prefix[i : i + 2] for i in range(0, len(spec.prefix), 2) if spec.prefix != "NP"))
    if "im" in pattern.places:
        wide = _Pattern(row, 2 if "66" in prefix else 4)
        _patterns.setdefault((spec.vex, spec.map, prefix, opcode ^ 2), []).append(wide)
        pattern.immediate = 1
    for one in opcodes:
        _patterns.setdefault((spec.vex, spec.map, prefix, one), []).append(pattern)


def _prepare() -> None:
    vector.make_all()
    for line in _MORE.split("\n"):
        text, _, spec = line.partition(" | ")
        _enter(make(text.split()[0], text, spec, 0 if " mem." in text else -1))
    for family in list(ROWS.values()):
        row = family[0] if isinstance(family, tuple) else family
        if row.spec:
            _enter(row)


class _Prefix:
    """What stands before the opcode, and where the opcode is."""

    __slots__ = ("at", "b", "l", "map", "mask", "names", "r", "rex", "segment", "vex", "vvvv", "w", "x", "zero")

    def __init__(self, code: bytes, at: int) -> None:
        self.w = self.r = self.x = self.b = self.l = self.vvvv = self.vex = self.mask = self.zero = 0
        self.rex = False
        self.segment = ""
        self.map = ""
        names: list[str] = []
        while code[at] in _PREFIXES or code[at] in (0x64, 0x3E):
            if code[at] in _PREFIXES:
                names.append(_PREFIXES[code[at]])
            else:
                self.segment = "fs:" if code[at] == 0x64 else "notrack "
            at += 1
        first = code[at]
        if first & 0xF0 == 0x40:
            self.rex = True
            self.w, self.r, self.x, self.b = first >> 3 & 1, first >> 2 & 1, first >> 1 & 1, first & 1
            at += 1
        elif first in (0xC4, 0xC5):
            self.vex = 1
            p = code[at + 1]
            self.r = p >> 7 ^ 1
            last = p
            self.map = "0F"
            at += 2
            if first == 0xC4:
                self.x, self.b, self.map = p >> 6 & 1 ^ 1, p >> 5 & 1 ^ 1, _MAPS[p & 3]
                last = code[at]
                self.w = last >> 7
                at += 1
            self.vvvv, self.l = last >> 3 & 15 ^ 15, last >> 2 & 1
            names.append(_PP[last & 3])
        elif first == 0x62:
            self.vex = 2
            p0, p1, p2 = code[at + 1 : at + 4]
            self.r = p0 >> 7 ^ 1 | (p0 >> 4 & 1 ^ 1) << 1
            self.x, self.b, self.map, self.w = p0 >> 6 & 1 ^ 1, p0 >> 5 & 1 ^ 1, _MAPS[p0 & 3], p1 >> 7
            self.vvvv = p1 >> 3 & 15 ^ 15 | (p2 >> 3 & 1 ^ 1) << 4
            self.l, self.mask, self.zero = p2 >> 5 & 3, p2 & 7, p2 >> 7
            names.append(_PP[p1 & 3])
            at += 4
        if not self.vex and code[at] == 0x0F:
            at += 1
            self.map = "0F"
            if code[at] in (0x38, 0x3A):
                self.map += f"{code[at]:02X}"
                at += 1
        self.names = "".join(sorted(names))
        self.at = at


def instruction(code: bytes, at: int) -> tuple[int, str, int | None] | None:
    """Size, text, and distance of a branch, for which ``{}`` stands in the text; None for what is not known."""
    if not _patterns:
        _prepare()
    try:
        return _instruction(code, at)
    except IndexError:  # it is cut off
        return None


def _instruction(code: bytes, at: int) -> tuple[int, str, int | None] | None:
    p = _Prefix(code, at)
    opcode = code[p.at]
    branch = _branch(code, p, opcode)
    if branch is not None:
        text, size = branch
        end = p.at + 1 + size
        if end > len(code):
            return None
        return end - at, text, end - at + int.from_bytes(code[end - size : end], "little", signed=True)
    for pattern in _patterns.get((p.vex, p.map, p.names, opcode), ()):
        found = _matched(pattern, p, code, at)
        if found is not None:
            return found
    return None


def _branch(code: bytes, p: _Prefix, opcode: int) -> tuple[str, int] | None:
    """Text and bytes of the distance."""
    if p.vex:
        return None
    if p.map == "0F":
        return (f"j{CC_NAMES[opcode & 15]} {{}}", 4) if opcode >> 4 == 8 else None
    if p.map:
        return None
    if opcode >> 4 == 7:
        return f"j{CC_NAMES[opcode & 15]} {{}}", 1
    return {0xE8: ("call {}", 4), 0xE9: ("jmp {}", 4), 0xEB: ("jmp {}", 1)}.get(opcode)


def _matched(pattern: _Pattern, p: _Prefix, code: bytes, at: int) -> tuple[int, str, int | None] | None:
    """The instruction, if it is one of the row's."""
    spec, row = pattern.spec, pattern.row
    rest = spec.opcode[1:]
    end = p.at + 1
    if code[end : end + len(rest)] != rest:
        return None
    end += len(rest)
    if spec.vex and spec.l != p.l and "LIG" not in row.spec:
        return None
    if p.w != spec.rex_w and "WIG" not in row.spec and not (spec.vex == 0 and "opc" in pattern.places and row.spec[:1] == "5"):
        return None
    if (p.mask and not pattern.places & {"aaa", "zzz"}) or p.zero != ("zzz" in pattern.places):
        return None
    if p.vvvv and "vvvv" not in pattern.places:
        return None
    reg = rm = -1
    where = ""
    distance: int | None = None
    if pattern.has_modrm:
        modrm = code[end]
        reg, mod = modrm >> 3 & 7, modrm >> 6
        if spec.digit >= 0 and spec.digit != reg:
            return None
        if mod == 3 and pattern.memory:
            return None
        end += 1
        reg |= p.r << 3
        if mod == 3:
            rm = modrm & 7 | p.b << 3 | (p.x << 4 if p.vex == 2 else 0)
        else:
            end, where, distance = _address(code, end, modrm, p, pattern.unit)
    value = 0
    if pattern.immediate:
        value = int.from_bytes(code[end : end + pattern.immediate], "little", signed=pattern.signed)
        end += pattern.immediate
        if end > len(code) or (spec.constant >= 0 and value & 255 != spec.constant):
            return None
    allocs: dict[int, int] = {}
    numbers = {"reg": reg, "rm": rm, "vvvv": p.vvvv, "is4": value >> 4 & 15, "opc": code[p.at] & 7 | p.b << 3}
    for o in pattern.operands:
        number = numbers.get(o.place, p.mask)
        if o.alloc >= 0 and o.place != "fixed":
            first = regs.K0 if o.kind == "k" or o.place in ("aaa", "zzz") else regs.XMM0 if o.kind in _VECTORS else 0
            allocs[o.alloc] = -1 if o.place == "rm" and rm < 0 else first + number
        elif o.place == "fixed" and o.alloc >= 0:
            allocs[o.alloc] = o.fixed
    imm: Any = value
    if pattern.memory:
        has_value = pattern.immediate and spec.constant < 0 and "is4" not in pattern.places
        imm = ((0, 0, None), value) if has_value else (0, 0, None)
    count = len(row.defs) + len(row.uses)
    text = instruction_text(row, tuple([allocs.get(i, 0) for i in range(count)]), imm)
    text = text.replace("[0 0]", where).replace("[slot 0]", where)
    if p.segment and p.segment[0] == "n":
        text = p.segment + text
    return end - at, text, None if distance is None else distance + end - at


def _address(code: bytes, at: int, modrm: int, p: _Prefix, unit: int) -> tuple[int, str, int | None]:
    """Where the address ends, its text, and its distance if it counts from the instruction's end."""
    mod, base, index, shift = modrm >> 6, modrm & 7, -1, 0
    if base == 4:
        sib = code[at]
        at += 1
        base, index, shift = sib & 7, sib >> 3 & 7 | p.x << 3, sib >> 6
        if index == 4:
            index = -1
    elif base == 5 and mod == 0:
        return at + 4, "[rip + {}]", int.from_bytes(code[at : at + 4], "little", signed=True)
    names = regs.NAMES["q"]
    absent = base == 5 and mod == 0
    size = 4 if mod == 2 or absent else mod
    disp = int.from_bytes(code[at : at + size], "little", signed=True) * (unit if mod == 1 else 1)
    if at + size > len(code):
        raise IndexError
    first = "" if absent else names[base | p.b << 3]
    text = address_text(first, names[index] if index >= 0 else "", 1 << shift, disp)
    return at + size, (p.segment if p.segment == "fs:" else "") + text, None
