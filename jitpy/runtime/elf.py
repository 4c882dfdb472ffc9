"""ELF files in memory: what debuggers read about code that no file on disk has (see `debuggers`)."""

from __future__ import annotations

import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

PROGBITS, SYMTAB, STRTAB, HASH, DYNAMIC, NOBITS, DYNSYM = 1, 2, 3, 5, 6, 8, 11
WRITE, ALLOC, EXEC = 1, 2, 4
RELOCATABLE, SHARED = 1, 3
OBJECT, FUNCTION = 1, 2
_PAGE = 4096
_HEADER, _SEGMENT, _SECTION, _SYMBOL = 64, 56, 64, 24
#: e_machine by the name `platform.machine` gives.
MACHINES = {"x86_64": 62, "aarch64": 183}


class Section:
    """A section. ``size`` is that of ``data`` where it is not given (NOBITS has no data); ``address`` is where it lies in
    the process, or for allocated sections of a shared object where `shared_object` puts it."""

    __slots__ = ("address", "align", "data", "entry", "flags", "info", "kind", "link", "name", "offset", "size")

    def __init__(
        self, name: str, kind: int, data: bytes, flags: int = 0, *, address: int = 0, size: int = -1, link: int = 0,
        info: int = 0, align: int = 8, entry: int = 0,
    ) -> None:  # fmt: skip
        self.name = name
        self.kind = kind
        self.data = data
        self.flags = flags
        self.address = address
        self.size = len(data) if size < 0 else size
        self.link = link
        self.info = info
        self.align = align
        self.entry = entry
        self.offset = 0


def symbols(table: Sequence[tuple[str, int, int, int, int]]) -> tuple[bytes, bytes]:
    """The bytes of a symbol table and of its string table, of global (name, type, section, value, size)."""
    names = b"\0"
    out = bytes(_SYMBOL)
    for name, kind, section, value, size in table:
        out += struct.pack("<IBBHQQ", len(names), 1 << 4 | kind, 0, section, value, size)
        names += name.encode() + b"\0"
    return out, names


def build(machine: int, kind: int, sections: list[Section], segments: list[tuple[int, int, int, int]] | None = None) -> bytes:
    """The file, of the sections from number 1 on. ``segments``: (type, flags, first section or 0 for the file's start, last
    section or 0 for none)."""
    segments = segments or []
    names = b"\0"
    name_at = []
    table = [*sections, Section(".shstrtab", STRTAB, b"", align=1)]
    for section in table:
        name_at.append(len(names))
        names += section.name.encode() + b"\0"
    table[-1].data, table[-1].size = names, len(names)
    body = bytearray(_HEADER + _SEGMENT * len(segments))
    for section in table:
        body += bytes(-len(body) % section.align)
        section.offset = len(body)
        body += section.data
    body += bytes(-len(body) % 8)
    at = len(body)
    body += bytes(_SECTION)
    for name, section in zip(name_at, table):
        body += struct.pack(
            "<IIQQQQIIQQ", name, section.kind, section.flags, section.address, section.offset, section.size, section.link,
            section.info, section.align, section.entry,
        )  # fmt: skip
    body[:_HEADER] = struct.pack(
        "<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", kind, machine, 1, 0, _HEADER if segments else 0, at, 0, _HEADER, _SEGMENT,
        len(segments), _SECTION, len(table) + 1, len(table),
    )  # fmt: skip
    for i, (type, flags, first, last) in enumerate(segments):
        start = sections[first - 1].offset if first else 0
        end = sections[last - 1].offset + sections[last - 1].size if last else start
        align = _PAGE if type == 1 else 8
        entry = struct.pack("<IIQQQQQQ", type, flags, start, start, start, end - start, end - start, align)
        body[_HEADER + _SEGMENT * i : _HEADER + _SEGMENT * (i + 1)] = entry
    return bytes(body)


def shared_object(machine: int, code: bytes, function: str, data: bytes, variable: str) -> bytes:
    """A shared object that has one function and one variable; addresses are offsets in the file."""
    tag_hash, tag_strtab, tag_symtab, tag_strsz, tag_syment = 4, 5, 6, 10, 11
    parts = [
        Section(".dynsym", DYNSYM, bytes(3 * _SYMBOL), ALLOC, link=2, info=1, entry=_SYMBOL),
        Section(".dynstr", STRTAB, symbols([(function, 0, 0, 0, 0), (variable, 0, 0, 0, 0)])[1], ALLOC, align=1),
        # One bucket that chains both symbols.
        Section(".hash", HASH, struct.pack("<6I", 1, 3, 1, 0, 2, 0), ALLOC, link=1, entry=4),
        Section(".text", PROGBITS, code, ALLOC | EXEC, align=16),
        Section(".dynamic", DYNAMIC, bytes(16 * 6), ALLOC | WRITE, link=2, align=_PAGE, entry=16),
        Section(".data", PROGBITS, data, ALLOC | WRITE),
    ]
    # PT_LOAD R X, PT_LOAD R W, PT_DYNAMIC, and PT_GNU_STACK, without which the stack would have to be executable.
    segments = [(1, 5, 0, 4), (1, 6, 5, 6), (2, 6, 5, 5), (0x6474E551, 6, 0, 0)]
    build(machine, SHARED, parts, segments)  # fixes the offsets
    for part in parts:
        part.address = part.offset
    symtab, strtab, table, text, dynamic, variables = parts
    symtab.data = symbols(
        [(function, FUNCTION, 4, text.address, len(code)), (variable, OBJECT, 6, variables.address, len(data))]
    )[0]
    tags = (
        (tag_hash, table.address), (tag_strtab, strtab.address), (tag_symtab, symtab.address), (tag_strsz, strtab.size),
        (tag_syment, _SYMBOL), (0, 0),
    )  # fmt: skip
    dynamic.data = b"".join(struct.pack("<QQ", *tag) for tag in tags)
    return build(machine, SHARED, parts, segments)


def code_object(machine: int, address: int, size: int, functions: list[tuple[str, int, int]], unwind: bytes, at: int) -> bytes:
    """What a debugger needs of code that lies at an address: the (name, address, size) of its functions, and its unwind
    table, made to lie at ``at``."""
    table, names = symbols([(name, FUNCTION, 1, start - address, length) for name, start, length in functions])
    return build(machine, RELOCATABLE, [
        Section(".text", NOBITS, b"", ALLOC | EXEC, address=address, size=size, align=16),
        Section(".symtab", SYMTAB, table, link=3, info=1, entry=_SYMBOL),
        Section(".strtab", STRTAB, names, align=1),
        Section(".eh_frame", PROGBITS, unwind, ALLOC, address=at),
    ])  # fmt: skip
