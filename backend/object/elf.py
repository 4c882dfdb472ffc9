"""ELF64 files: sections, symbols and program headers to bytes, in either byte order.

`Section` and `Symbol` are what goes in, `build` makes the file, and `relocatable` makes an object file (``.o``) of a
`unit.Unit`. Section numbers are places in the list from 1 on, as ELF counts; the string table of section names is added here.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from jitpy.backend.errors import UnsupportedError
from jitpy.backend.target.machine import FIELD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jitpy.backend.object.unit import Unit
    from jitpy.backend.target.machine import Machine

# Section types, section flags, file types, symbol types and bindings.
PROGBITS, SYMTAB, STRTAB, RELA, HASH, DYNAMIC, NOBITS, DYNSYM = 1, 2, 3, 4, 5, 6, 8, 11
WRITE, ALLOC, EXEC, INFO_LINK = 1, 2, 4, 0x40
RELOCATABLE, EXECUTABLE, SHARED = 1, 2, 3
NOTYPE, OBJECT, FUNCTION, SECTION, FILE, THREAD_LOCAL = 0, 1, 2, 3, 4, 6
LOCAL, GLOBAL, WEAK = 0, 1, 2
# Program headers and their flags.
LOAD, PT_DYNAMIC, GNU_EH_FRAME, GNU_STACK = 1, 2, 0x6474E550, 0x6474E551
X, W, R = 1, 2, 4
ABSOLUTE = 0xFFF1
HEADER_BYTES, SEGMENT_BYTES, SECTION_BYTES, SYMBOL_BYTES, RELA_BYTES = 64, 56, 64, 24, 24


class Section:
    """A section. ``size`` is that of ``data`` where it is not given (NOBITS has no data). ``offset`` in the file is found by
    `build` where it is negative."""

    __slots__ = ("address", "align", "data", "entry", "flags", "info", "kind", "link", "name", "offset", "size")

    def __init__(
        self, name: str, kind: int, data: bytes | bytearray, flags: int = 0, *, address: int = 0, size: int = -1, link: int = 0,
        info: int = 0, align: int = 8, entry: int = 0, offset: int = -1,
    ) -> None:  # fmt: skip
        self.name = name
        self.kind = kind
        self.data: Any = data  # a bytearray while the linker fills it
        self.flags = flags
        self.address = address
        self.size = len(data) if size < 0 else size
        self.link = link
        self.info = info
        self.align = align
        self.entry = entry
        self.offset = offset


class Symbol:
    """A row of a symbol table; ``section`` 0 is an undefined one."""

    __slots__ = ("binding", "kind", "name", "section", "size", "value", "visibility")

    def __init__(
        self, name: str, kind: int = NOTYPE, section: int = 0, value: int = 0, size: int = 0, binding: int = GLOBAL,
        visibility: int = 0,
    ) -> None:  # fmt: skip
        self.name = name
        self.kind = kind
        self.section = section
        self.value = value
        self.size = size
        self.binding = binding
        self.visibility = visibility


class Segment:
    """A program header: ``offset`` and ``size`` in the file, ``memory`` bytes from ``address`` on."""

    __slots__ = ("address", "align", "flags", "kind", "memory", "offset", "size")

    def __init__(self, kind: int, flags: int, offset: int, address: int, size: int, memory: int, align: int) -> None:
        self.kind = kind
        self.flags = flags
        self.offset = offset
        self.address = address
        self.size = size
        self.memory = memory
        self.align = align


def symbol_table(table: Sequence[Symbol], order: str = "<") -> tuple[bytes, bytes]:
    """The bytes of a symbol table (its first row is ELF's empty one) and of its string table. Local symbols come first."""
    names = bytearray(b"\0")
    out = bytearray(SYMBOL_BYTES)
    for s in table:
        info = s.binding << 4 | s.kind
        out += struct.pack(f"{order}IBBHQQ", len(names) if s.name else 0, info, s.visibility, s.section, s.value & _WORD, s.size)
        if s.name:
            names += s.name.encode() + b"\0"
    return bytes(out), bytes(names)


_WORD = (1 << 64) - 1


def build(
    machine: Machine, kind: int, sections: Sequence[Section], segments: Sequence[Segment] = (), entry: int = 0
) -> bytes:  # fmt: skip
    """The file. Sections that have no offset yet are placed one behind the other."""
    order = machine.order
    names = bytearray(b"\0")
    table = [*sections, Section(".shstrtab", STRTAB, b"", align=1)]
    name_at = []
    for section in table:
        name_at.append(len(names))
        names += section.name.encode() + b"\0"
    table[-1].data, table[-1].size = bytes(names), len(names)
    body = bytearray(HEADER_BYTES + SEGMENT_BYTES * len(segments))
    for section in table:
        if section.offset < 0:
            section.offset = -(-len(body) // section.align) * section.align
        body += bytes(max(section.offset - len(body), 0))
        if section.kind != NOBITS:
            body[section.offset : section.offset + len(section.data)] = section.data
    body += bytes(-len(body) % 8)
    at = len(body)
    body += bytes(SECTION_BYTES)
    for name, s in zip(name_at, table):
        body += struct.pack(
            f"{order}IIQQQQIIQQ", name, s.kind, s.flags, s.address, s.offset, s.size, s.link, s.info, s.align, s.entry
        )
    ident = b"\x7fELF\x02" + bytes((2 if machine.big_endian else 1, 1))
    body[:HEADER_BYTES] = struct.pack(
        f"{order}16sHHIQQQIHHHHHH", ident, kind, machine.number, 1, entry, HEADER_BYTES if segments else 0, at, machine.flags,
        HEADER_BYTES, SEGMENT_BYTES, len(segments), SECTION_BYTES, len(table) + 1, len(table),
    )  # fmt: skip
    for i, p in enumerate(segments):
        row = struct.pack(f"{order}IIQQQQQQ", p.kind, p.flags, p.offset, p.address, p.address, p.size, p.memory, p.align)
        body[HEADER_BYTES + SEGMENT_BYTES * i : HEADER_BYTES + SEGMENT_BYTES * (i + 1)] = row
    return bytes(body)


def relocatable(unit: Unit) -> bytes:
    """The unit as an object file. What it does not define becomes undefined symbols."""
    machine = unit.machine
    parts = unit.parts
    sections = [
        Section(p.name, NOBITS if p.zeros else PROGBITS, bytes(p.data), p.flags, size=p.size, align=p.align) for p in parts
    ]
    numbers = {p.name: i + 1 for i, p in enumerate(parts)}
    local = [Symbol("", SECTION, i + 1, binding=LOCAL) for i in range(len(parts))]
    outside: list[Symbol] = []
    for name, s in unit.symbols.items():
        made = Symbol(name, s.kind, numbers[s.part], s.offset, s.size, GLOBAL if s.exported else LOCAL)
        (outside if s.exported else local).append(made)
    # Fields that relocations name get labels, as an assembler would give them.
    labels: dict[tuple[str, int], int] = {}
    for p in parts:
        for offset, kind, _, _ in p.relocs:
            if any(what == FIELD for _, _, what in _rows(machine, kind)):
                labels[p.name, offset] = len(local) + 1
                local.append(Symbol(f".L{len(labels)}", NOTYPE, numbers[p.name], offset, binding=LOCAL))
    table = [*local, *outside]
    index = {s.name: i + 1 for i, s in enumerate(table) if s.name}
    thread_local = {symbol for p in parts for _, kind, symbol, _ in p.relocs if kind in machine.thread_local}
    for name in unit.undefined():
        index[name] = len(table) + 1
        symbol_kind = THREAD_LOCAL if name in thread_local else NOTYPE
        table.append(Symbol(name, symbol_kind, binding=WEAK if name in unit.weak else GLOBAL))
    symtab = len(parts) + sum(bool(p.relocs) for p in parts) + 1
    for p in parts:
        if not p.relocs:
            continue
        rows = bytearray()
        for offset, kind, symbol, addend in sorted(p.relocs, key=lambda reloc: reloc[0]):
            number = numbers.get(symbol) or index[symbol]
            for delta, type, what in _rows(machine, kind):
                if symbol not in unit.symbols and symbol not in numbers:
                    type = machine.undefined.get(kind, type)
                named, plus = (labels[p.name, offset], 0) if what == FIELD else (number, addend)
                rows += struct.pack(f"{machine.order}QQq", offset + delta, named << 32 | type, plus)
        sections.append(
            Section(".rela" + p.name, RELA, bytes(rows), INFO_LINK, link=symtab, info=numbers[p.name], entry=RELA_BYTES)
        )
    data, names = symbol_table(table, machine.order)
    sections.append(Section(".symtab", SYMTAB, data, link=symtab + 1, info=len(local) + 1, entry=SYMBOL_BYTES))
    sections.append(Section(".strtab", STRTAB, names, align=1))
    # Without this note linkers take it that the code wants an executable stack.
    sections.append(Section(".note.GNU-stack", PROGBITS, b"", align=1))
    return build(machine, RELOCATABLE, sections)


def _rows(machine: Machine, kind: str) -> tuple[tuple[int, int, int], ...]:
    found = machine.relocations.get(kind)
    if found is None:
        raise UnsupportedError(f"an object file for {machine.triple} cannot hold a relocation of kind {kind}")
    return found
