"""Unwind tables: the bytes of an ``.eh_frame`` section (DWARF call frame information).

One CIE carries the rules at a function's entry; one FDE per function says how they change: the steps of the prologue,
where the callee-saved registers lie, and at each return the rules of the entry again, for the frame is gone there.
Frame pointers are always kept, so after the prologue the CFA is a constant above the frame pointer, whatever the body
does.

Addresses in the table are relative to themselves, so only the distance between table and code counts; no host address
is needed.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Literal

    from jitpy.backend.pipeline import CodeModule, CompiledFunction
    from jitpy.backend.target.target import Dwarf

    Order = Literal["little", "big"]

_ADVANCE1, _ADVANCE2, _ADVANCE4 = 2, 3, 4
_REMEMBER, _RESTORE, _OFFSET = 0x0A, 0x0B, 0x80
_OFFSET_EXTENDED = 0x05
_PCREL_SDATA8 = 0x1C


def uleb(n: int) -> bytes:
    """``n`` >= 0 as unsigned LEB128."""
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def sleb(n: int) -> bytes:
    """``n`` as signed LEB128."""
    out = bytearray()
    while not -64 <= n < 64:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n & 127)
    return bytes(out)


def eh_frame(module: CodeModule, dwarf: Dwarf, distance: int, order: Order = "little") -> bytes:
    """The section for ``module``, to lie ``distance`` bytes behind the module's first byte; ends with the
    terminator."""
    out = bytearray()
    body = b"\0\0\0\0\x01zR" + dwarf.augmentation + b"\0"
    body += uleb(dwarf.code_align) + sleb(dwarf.data_align) + uleb(dwarf.return_column)
    body += bytes((1, _PCREL_SDATA8)) + dwarf.initial
    _entry(out, body, order)
    for start, function in module.functions:
        at = len(out)
        here = distance + at + 8  # of the address field
        body = (at + 4).to_bytes(4, order)
        body += (start - here).to_bytes(8, order, signed=True)
        body += len(function.code).to_bytes(8, order) + b"\0"
        _entry(out, body + _program(function, dwarf, order), order)
    return bytes(out + b"\0\0\0\0")


def addresses(table: bytes | bytearray, order: str) -> list[int]:
    """Where the address fields of a table's FDEs are, in the order of its functions."""
    found = []
    at = 0
    while at < len(table):
        length = struct.unpack_from(f"{order}I", table, at)[0]
        if at:  # the CIE comes first
            found.append(at + 8)
        at += 4 + length
    return found


def _entry(out: bytearray, body: bytes, order: Order) -> None:
    """Append a CIE or FDE with its length, padded with DW_CFA_nop."""
    body += bytes(-(len(body) + 4) % 8)
    out += len(body).to_bytes(4, order) + body


def _program(function: CompiledFunction, dwarf: Dwarf, order: Order) -> bytes:
    """The call frame instructions of one function."""
    out = bytearray()
    at = 0
    framed = function.prologue_end > function.entry
    sign = dwarf.sign if function.signed else b""
    if not framed and not sign:  # the entry's rules hold
        return b""
    if sign:
        out += _advance(function.signed // dwarf.code_align, order) + sign
        at = function.signed
    for step, instructions in dwarf.prologue if framed else ():
        place = function.entry + step
        out += _advance((place - at) // dwarf.code_align, order) + instructions
        at = place
    # From the CFA down to the saved registers; they are valid from the prologue's end.
    if function.saved:
        out += _advance((function.prologue_end - at) // dwarf.code_align, order)
        at = function.prologue_end
        for preg, offset in function.saved:
            number = dwarf.registers[preg]
            distance = (offset - function.frame_size - dwarf.frame_head) // dwarf.data_align
            if number < 64:
                out += bytes((_OFFSET | number,)) + uleb(distance)
            else:
                out += bytes((_OFFSET_EXTENDED,)) + uleb(number) + uleb(distance)
    for start, end, signed in function.returns:
        out += _advance((start - at) // dwarf.code_align, order)
        out += bytes((_REMEMBER,)) + dwarf.epilogue + (b"" if signed else sign)
        for preg, _ in function.saved:
            out += b"\x08" + uleb(dwarf.registers[preg])  # the same value as in the caller
        out += _advance((end - start) // dwarf.code_align, order) + bytes((_RESTORE,))
        at = end
    return bytes(out)


def _advance(units: int, order: Order) -> bytes:
    if units < 64:
        return bytes((0x40 | units,)) if units else b""
    for opcode, size in ((_ADVANCE1, 1), (_ADVANCE2, 2), (_ADVANCE4, 4)):
        if units < 1 << 8 * size:
            return bytes((opcode,)) + units.to_bytes(size, order)
    raise ValueError(f"a function of {units} units is too large for unwind tables")
