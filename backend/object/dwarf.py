"""Line tables: the debug sections by which gdb shows source lines (DWARF 4).

    .debug_line      which line each piece of code came from: one sequence per function
    .debug_info      a compilation unit, with a subprogram for each function
    .debug_abbrev    the forms of these two
    .debug_str       their names

Addresses and offsets are relocations, so the sections lie in object files and go through either linker.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from jitpy.backend.object.unwind import sleb, uleb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jitpy.backend.object.unit import Unit
    from jitpy.backend.pipeline import Reloc

    #: Name, offset in .text, size, and (offset from the function's start, file, line) where the line changes.
    Function = tuple[str, int, int, Sequence[tuple[int, str, int]]]

_PYTHON = 0x14
_COMPILE_UNIT, _SUBPROGRAM = 0x11, 0x2E
_NAME, _STMT_LIST, _LOW_PC, _HIGH_PC, _LANGUAGE, _COMP_DIR, _PRODUCER = 0x03, 0x10, 0x11, 0x12, 0x13, 0x1B, 0x25
_DECL_FILE, _DECL_LINE, _EXTERNAL = 0x3A, 0x3B, 0x3F
_ADDR, _DATA2, _DATA4, _DATA8, _STRP, _SEC_OFFSET, _FLAG_PRESENT = 0x01, 0x05, 0x06, 0x07, 0x0E, 0x17, 0x19
_UNIT_FORMS = (
    (_PRODUCER, _STRP), (_LANGUAGE, _DATA2), (_NAME, _STRP), (_COMP_DIR, _STRP), (_LOW_PC, _ADDR), (_HIGH_PC, _DATA8),
    (_STMT_LIST, _SEC_OFFSET),
)  # fmt: skip
_FUNCTION_FORMS = (
    (_NAME, _STRP), (_DECL_FILE, _DATA2), (_DECL_LINE, _DATA4), (_LOW_PC, _ADDR), (_HIGH_PC, _DATA8), (_EXTERNAL, _FLAG_PRESENT),
)  # fmt: skip
# The opcodes of line programs that are used here; extended ones follow a 0 and their length.
_COPY, _ADVANCE_PC, _ADVANCE_LINE, _SET_FILE = 1, 2, 3, 4
_END_SEQUENCE, _SET_ADDRESS = 1, 2
#: Operands of the standard opcodes 1 to 12.
_LENGTHS = bytes((0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1))


def add(unit: Unit, functions: Sequence[Function], name: str, folder: str, producer: str) -> None:
    """Give a unit line tables for functions in its .text; ``name`` and ``folder`` of the source, as compilers note them."""
    functions = [f for f in functions if f[3]]
    if not functions:
        return
    order = unit.machine.order
    files = list(dict.fromkeys(file for _, _, _, rows in functions for _, file, _ in rows))
    strings = bytearray()

    def text(s: str) -> int:
        at = len(strings)
        strings.extend(s.encode() + b"\0")
        return at

    low, high = min(f[1] for f in functions), max(f[1] + f[2] for f in functions)
    info = bytearray(struct.pack(f"{order}HIB", 4, 0, 8))  # behind the length: version, abbreviations, bytes of an address
    relocs: list[Reloc] = [(6, "abs4", ".debug_abbrev", 0)]

    def field(kind: str, symbol: str, addend: int) -> None:
        relocs.append((4 + len(info), kind, symbol, addend))
        info.extend(bytes(8 if kind == "abs8" else 4))

    info += uleb(1)
    field("abs4", ".debug_str", text(producer))
    info += struct.pack(f"{order}H", _PYTHON)
    field("abs4", ".debug_str", text(name))
    field("abs4", ".debug_str", text(folder))
    field("abs8", ".text", low)
    info += struct.pack(f"{order}Q", high - low)
    field("abs4", ".debug_line", 0)
    for function, start, size, rows in functions:
        info += uleb(2)
        field("abs4", ".debug_str", text(function))
        info += struct.pack(f"{order}HI", files.index(rows[0][1]) + 1, rows[0][2])
        field("abs8", ".text", start)
        info += struct.pack(f"{order}Q", size)
    info += b"\0"
    _section(unit, ".debug_info", struct.pack(f"{order}I", len(info)) + info, relocs)
    abbreviations = _abbreviation(1, _COMPILE_UNIT, True, _UNIT_FORMS) + _abbreviation(2, _SUBPROGRAM, False, _FUNCTION_FORMS)
    _section(unit, ".debug_abbrev", abbreviations + b"\0", [])
    _section(unit, ".debug_str", bytes(strings), [])
    _section(unit, ".debug_line", *_lines(functions, files, order))


def _section(unit: Unit, name: str, data: bytes, relocs: list[Reloc]) -> None:
    part = unit.part(name)
    part.data += data
    part.relocs += relocs


def _abbreviation(code: int, tag: int, children: bool, forms: tuple[tuple[int, int], ...]) -> bytes:
    return uleb(code) + uleb(tag) + bytes((children,)) + b"".join(uleb(a) + uleb(f) for a, f in forms) + b"\0\0"


def _lines(functions: Sequence[Function], files: list[str], order: str) -> tuple[bytes, list[Reloc]]:
    """The line program and its relocations."""
    names = b"".join(file.encode() + b"\0\0\0\0" for file in files)  # in no directory, of no time and size
    # Bytes of an instruction, operations of one, is_stmt, line base and range, first special opcode.
    head = bytes((1, 1, 1, 0xFB, 14, 13)) + _LENGTHS + b"\0" + names + b"\0"
    start = struct.pack(f"{order}HI", 4, len(head)) + head
    program = bytearray()
    relocs: list[Reloc] = []
    for _, place, size, rows in functions:
        program += bytes((0, 9, _SET_ADDRESS))
        relocs.append((4 + len(start) + len(program), "abs8", ".text", place))
        program += bytes(8)
        at, line, file = 0, 1, 1
        for offset, name, number in rows:
            if (wanted := files.index(name) + 1) != file:
                program += bytes((_SET_FILE,)) + uleb(wanted)
                file = wanted
            program += bytes((_ADVANCE_PC,)) + uleb(offset - at) + bytes((_ADVANCE_LINE,)) + sleb(number - line) + bytes((_COPY,))
            at, line = offset, number
        program += bytes((_ADVANCE_PC,)) + uleb(size - at) + bytes((0, 1, _END_SEQUENCE))
    body = start + program
    return struct.pack(f"{order}I", len(body)) + body, relocs
