"""A minimal linker: units in, a static executable or a shared library out, so that a board's files need no toolchain.

    lay out    parts of one name behind one another; read-only, code and writable parts each on pages of their own
    resolve    a unit's own symbols first, then what other units export
    relocate   words by value; the ISA's fields by `Target.relocations`
    write      headers, symbols, and for a library what the dynamic linker reads

An executable has no C library; its entry is machine code that makes its own stack frame. A shared library leaves undefined symbols
to the dynamic linker; only words in writable parts can name them, so code calls outside through such words (``.data.rel.ro``).
There are no tables of addresses or of stubs to make, and no thread-local storage: link an object file with GNU ld for that.
"""

from __future__ import annotations

import struct
from itertools import groupby
from typing import TYPE_CHECKING

from jitpy.backend.errors import CompileError, UnsupportedError
from jitpy.backend.object import elf
from jitpy.backend.object.elf import ALLOC, EXEC, WRITE, Section, Segment, Symbol
from jitpy.backend.object.unit import Unit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

    from jitpy.backend.object.unit import Part

#: Where executables are loaded, if not said otherwise.
BASE = 0x400000
#: Order in memory. The dynamic linker's sections are made here.
_ORDER = (
    ".hash", ".dynsym", ".dynstr", ".rela.dyn", ".eh_frame_hdr", ".eh_frame", ".rodata", ".text",
    ".data.rel.ro", ".dynamic", ".data", ".bss",
)  # fmt: skip
#: Plain words: bytes, and whether they count from their own place.
_WORDS = {"abs8": (8, False), "abs4": (4, False), "pcrel8": (8, True)}
_DT_HASH, _DT_STRTAB, _DT_SYMTAB, _DT_RELA, _DT_RELASZ, _DT_RELAENT, _DT_STRSZ, _DT_SYMENT = range(4, 12)
_DT_SONAME = 14


class _Linker:
    """One run. ``chunks``: part and its place in the merged section, by unit; ``sections`` by name."""

    def __init__(self, units: Sequence[Unit], base: int) -> None:
        self.units = units
        self.target = units[0].target
        self.machine = units[0].machine
        self.base = base
        self.sections: dict[str, Section] = {}
        self.places: dict[tuple[int, str], int] = {}
        self.exports: dict[str, tuple[int, str]] = {}
        self.dynamic_relocs: list[tuple[int, int, int, int]] = []  # place, type, symbol's number, addend
        self.imports: dict[str, int] | None = None  # of a shared library: symbol -> number in .dynsym
        for n, unit in enumerate(units):
            for name, symbol in unit.symbols.items():
                if symbol.exported:
                    if name in self.exports:
                        raise CompileError(f"{name!r} is defined in two of the linked units")
                    self.exports[name] = n, name
            for part in unit.parts:
                self._append(n, part)
        if ".eh_frame" in self.sections:
            frames = self.sections[".eh_frame"]
            count = len(_frames(frames.data, self.machine.order))
            frames.data += b"\0\0\0\0"
            frames.size += 4
            self.sections[".eh_frame_hdr"] = Section(".eh_frame_hdr", elf.PROGBITS, bytearray(12 + 8 * count), ALLOC, align=4)

    def _append(self, n: int, part: Part) -> None:
        section = self.sections.get(part.name)
        if section is None:
            kind = elf.NOBITS if part.zeros else elf.PROGBITS
            section = self.sections[part.name] = Section(part.name, kind, bytearray(), part.flags, align=1)
        section.align = max(section.align, part.align)
        place = -(-section.size // part.align) * part.align
        if not part.zeros:
            gap = place - section.size
            section.data += (self.target.nop(gap) if part.flags & EXEC else bytes(gap)) + part.data
        section.size = place + part.size
        self.places[n, part.name] = place

    def lay_out(self, headers: int) -> list[Section]:
        """Give sections addresses and places in the file; all of them in order, those that are loaded first."""
        known = {name: i for i, name in enumerate(_ORDER)}
        ordered = sorted(self.sections.values(), key=lambda s: known.get(s.name, len(_ORDER)))
        at = headers
        page = self.machine.page
        access = ALLOC
        for section in ordered:
            if not section.flags & ALLOC:
                section.offset = -1
                continue
            if section.flags != access:
                at, access = -(-at // page) * page, section.flags
            at = -(-at // section.align) * section.align
            section.offset, section.address = at, self.base + at
            at += section.size
        return ordered

    def segments(self, ordered: Sequence[Section], headers: int) -> list[Segment]:
        """A segment for each run of sections with the same access; the first has the headers too."""
        made: list[Segment] = []
        for flags, run in groupby((s for s in ordered if s.flags & ALLOC), lambda s: s.flags):
            loaded = list(run)
            start = 0 if not made and flags == ALLOC else loaded[0].offset
            end = loaded[-1].offset + loaded[-1].size
            file_end = max((s.offset + s.size for s in loaded if s.kind != elf.NOBITS), default=start)
            access = elf.R | (elf.W if flags & WRITE else 0) | (elf.X if flags & EXEC else 0)
            made.append(Segment(elf.LOAD, access, start, self.base + start, file_end - start, end - start, self.machine.page))
        for name, kind in ((".dynamic", elf.PT_DYNAMIC), (".eh_frame_hdr", elf.GNU_EH_FRAME)):
            if name in self.sections:
                s = self.sections[name]
                made.append(Segment(kind, elf.R, s.offset, s.address, s.size, s.size, s.align))
        made.append(Segment(elf.GNU_STACK, elf.R | elf.W, 0, 0, 0, 0, 16))
        return made

    def address(self, n: int, name: str) -> int | None:
        """The address of a symbol or of a part as unit n sees it; None: no unit has it."""
        unit = self.units[n]
        symbol = unit.symbols.get(name)
        if symbol is None:
            if (n, name) in self.places:
                return self.sections[name].address + self.places[n, name]
            if name not in self.exports:
                return None
            n, name = self.exports[name]
            symbol = self.units[n].symbols[name]
        return self.sections[symbol.part].address + self.places[n, symbol.part] + symbol.offset

    def relocate(self) -> None:
        """Fill in all fields."""
        order: Literal["little", "big"] = "big" if self.machine.big_endian else "little"
        for n, unit in enumerate(self.units):
            for part in unit.parts:
                section = self.sections[part.name]
                data = section.data
                start = self.places[n, part.name]
                for offset, kind, name, addend in part.relocs:
                    goal = self.address(n, name)
                    at = start + offset
                    place = section.address + at
                    if goal is None and name in unit.weak and self.imports is None:
                        goal = 0
                    if kind in _WORDS:
                        size, relative = _WORDS[kind]
                        if self.imports is not None and kind == "abs8" and section.flags & ALLOC:
                            self._dynamic(section, place, name, goal, addend)
                        if goal is not None:
                            value = goal + addend - place * relative
                            data[at : at + size] = (value & (1 << 8 * size) - 1).to_bytes(size, order)
                            continue
                        if self.imports is not None and kind == "abs8":
                            continue
                    if goal is None:
                        raise CompileError(f"no unit defines {name!r}, which {part.name} needs")
                    fixup = self.target.relocations.get(kind)
                    if fixup is None:
                        raise UnsupportedError(f"our linker has no relocation {kind} (to {name!r}): link with GNU ld")
                    distance = goal + addend - place
                    if not fixup.low <= distance <= fixup.high:
                        raise CompileError(f"{name!r} is {distance} bytes away, too far for a {kind} relocation")
                    fixup.patch(data, at, distance)

    def _dynamic(self, section: Section, place: int, name: str, goal: int | None, addend: int) -> None:
        if not section.flags & WRITE:
            raise CompileError(f"{section.name} holds the absolute address of {name!r}, which a shared library cannot have")
        assert self.imports is not None
        if goal is not None:
            self.dynamic_relocs.append((place, self.machine.relative, 0, goal + addend))
        elif name in self.imports:
            self.dynamic_relocs.append((place, self.machine.absolute, self.imports[name], addend))
        else:
            raise CompileError(f"no unit defines {name!r}")

    def frame_header(self) -> None:
        """The table by which unwinders find the description of a function: (address, description), sorted, relative to it."""
        header, frames = self.sections[".eh_frame_hdr"], self.sections[".eh_frame"]
        order = self.machine.order
        rows = []
        for fde in _frames(frames.data, order):
            field = frames.address + fde + 8
            distance = struct.unpack_from(f"{order}q", frames.data, fde + 8)[0]
            rows.append((field + distance - header.address, frames.address + fde - header.address))
        rows.sort()
        head = struct.pack(f"{order}4BiI", 1, 0x1B, 0x03, 0x3B, frames.address - header.address - 4, len(rows))
        header.data = head + b"".join(struct.pack(f"{order}ii", *row) for row in rows)

    def symbols(self, numbers: dict[str, int]) -> list[Symbol]:
        """All symbols of all units, local ones first."""
        local: list[Symbol] = []
        outside: list[Symbol] = []
        for n, unit in enumerate(self.units):
            for name, s in unit.symbols.items():
                value = self.sections[s.part].address + self.places[n, s.part] + s.offset
                made = Symbol(name, s.kind, numbers[s.part], value, s.size, elf.GLOBAL if s.exported else elf.LOCAL)
                (outside if s.exported else local).append(made)
        return local + outside

    def finish(self, kind: int, ordered: list[Section], entry: int) -> bytes:
        """The file with its symbol table."""
        numbers = {s.name: i + 1 for i, s in enumerate(ordered)}
        table = self.symbols(numbers)
        data, names = elf.symbol_table(table, self.machine.order)
        first = sum(s.binding == elf.LOCAL for s in table) + 1
        link = len(ordered) + 2
        tail = [
            Section(".symtab", elf.SYMTAB, data, link=link, info=first, entry=elf.SYMBOL_BYTES),
            Section(".strtab", elf.STRTAB, names, align=1),
        ]
        return elf.build(self.machine, kind, [*ordered, *tail], self.segments(ordered, 0), entry)

    def header_bytes(self) -> int:
        """Room for the headers: at most six segments."""
        return elf.HEADER_BYTES + 6 * elf.SEGMENT_BYTES


def _frames(table: bytes | bytearray, order: str) -> list[int]:
    """Where the FDEs of concatenated tables begin: entries that name a CIE."""
    found = []
    at = 0
    while at + 4 <= len(table):
        length, cie = struct.unpack_from(f"{order}II", table, at) if at + 8 <= len(table) else (0, 0)
        if not length:
            break
        if cie:
            found.append(at)
        at += 4 + length
    return found


def executable(units: Sequence[Unit], entry: str = "_start", base: int = BASE) -> bytes:
    """A static executable that begins at the symbol ``entry``, to be loaded at ``base``.

    Raises CompileError where a symbol is missing or defined twice, or a field cannot reach."""
    return program(units, entry, base)[0]


def program(units: Sequence[Unit], entry: str = "_start", base: int = BASE) -> tuple[bytes, dict[str, int]]:
    """The same, and the addresses of what the units export."""
    linker = _Linker(units, base)
    ordered = linker.lay_out(linker.header_bytes())
    linker.relocate()
    if ".eh_frame_hdr" in linker.sections:
        linker.frame_header()
    if entry not in linker.exports:
        raise CompileError(f"no unit exports the entry {entry!r}")
    addresses = {name: linker.address(*place) or 0 for name, place in linker.exports.items()}
    return linker.finish(elf.EXECUTABLE, ordered, addresses[entry]), addresses


def shared_library(units: Sequence[Unit], name: str = "") -> bytes:
    """A shared library that exports what the units export; ``name``: its soname. What the units lack the dynamic linker finds.

    Raises CompileError where code holds an absolute address or a field cannot reach."""
    linker = _Linker(units, 0)
    order = linker.machine.order
    wanted = [symbol for u in units for symbol in u.undefined() if symbol not in linker.exports]
    weak = {symbol for u in units for symbol in u.weak}
    imports = list(dict.fromkeys(wanted))
    linker.imports = {symbol: i + 1 for i, symbol in enumerate(imports)}
    exported = list(linker.exports)
    table = [Symbol(s, binding=elf.WEAK if s in weak else elf.GLOBAL) for s in imports] + [Symbol(s) for s in exported]
    strings = elf.symbol_table(table, order)[1]
    soname = len(strings)
    strings += name.encode() + b"\0" if name else b""
    words = sum(kind == "abs8" for u in units for p in u.parts if p.flags & ALLOC for _, kind, _, _ in p.relocs)
    hashes = _hash(len(table), order, linker.machine.hash_word)
    tags = 9 + bool(name)
    sizes = {
        ".hash": (elf.HASH, len(hashes), ALLOC, linker.machine.hash_word),
        ".dynsym": (elf.DYNSYM, elf.SYMBOL_BYTES * (len(table) + 1), ALLOC, elf.SYMBOL_BYTES),
        ".dynstr": (elf.STRTAB, len(strings), ALLOC, 0),
        ".rela.dyn": (elf.RELA, elf.RELA_BYTES * words, ALLOC, elf.RELA_BYTES),
        ".dynamic": (elf.DYNAMIC, 16 * tags, ALLOC | WRITE, 16),
    }  # fmt: skip
    for section, (kind, size, flags, item) in sizes.items():
        if size:
            linker.sections[section] = Section(section, kind, bytes(size), flags, align=8, entry=item)
    ordered = linker.lay_out(linker.header_bytes())
    linker.relocate()
    if ".eh_frame_hdr" in linker.sections:
        linker.frame_header()
    numbers = {s.name: i + 1 for i, s in enumerate(ordered)}
    got = linker.sections
    for symbol in table[len(imports) :]:
        n, own = linker.exports[symbol.name]
        s = units[n].symbols[own]
        symbol.kind, symbol.section, symbol.size = s.kind, numbers[s.part], s.size
        symbol.value = linker.address(n, own) or 0
    got[".dynsym"].data = elf.symbol_table(table, order)[0]
    got[".dynstr"].data = strings
    got[".hash"].data = hashes
    if words:
        rows = sorted(linker.dynamic_relocs, key=lambda row: (row[1] != linker.machine.relative, row[0]))
        got[".rela.dyn"].data = b"".join(struct.pack(f"{order}QQq", at, n << 32 | type, plus) for at, type, n, plus in rows)
        got[".rela.dyn"].link = numbers[".dynsym"]
    got[".dynsym"].link = got[".dynamic"].link = numbers[".dynstr"]
    got[".dynsym"].info = 1
    got[".hash"].link = numbers[".dynsym"]
    relocations = got.get(".rela.dyn")
    entries = [
        (_DT_HASH, got[".hash"].address), (_DT_STRTAB, got[".dynstr"].address), (_DT_SYMTAB, got[".dynsym"].address),
        (_DT_STRSZ, len(strings)), (_DT_SYMENT, elf.SYMBOL_BYTES),
        *(((_DT_RELA, relocations.address), (_DT_RELASZ, relocations.size), (_DT_RELAENT, elf.RELA_BYTES)) if relocations else ()),
        *(((_DT_SONAME, soname),) if name else ()),
    ]  # fmt: skip
    entries += [(0, 0)] * (tags - len(entries))
    got[".dynamic"].data = b"".join(struct.pack(f"{order}QQ", *entry) for entry in entries)
    return linker.finish(elf.SHARED, ordered, 0)


def _hash(count: int, order: str, word: int) -> bytes:
    """The hash table of ELF, with one bucket that chains all symbols: libraries of kernels have few."""
    chain = [0, *range(2, count + 1), 0] if count else [0]
    return struct.pack(f"{order}{3 + len(chain)}{'I' if word == 4 else 'Q'}", 1, len(chain), 1 if count else 0, *chain)
