"""Machine code as assembly text: what each ISA's ``decode`` makes of its bytes, with names for places and for what is outside.

    for line in lines("riscv64", module.code, module.symbols, module.relocs, data): ...

Places that the code itself refers to get labels ``.L1``, ``.L2`` and so on. A field that a relocation fills is written as what it
will refer to; where an instruction has no such operand, the relocation stands in a comment. What is no instruction of our own is
written as bytes.
"""

from __future__ import annotations

from bisect import bisect_right
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from jitpy.backend.pipeline import CodeModule, Reloc

#: How a comment begins in GNU's assembler for the ISA.
COMMENT = {"x64": "#", "aarch64": "//", "riscv64": "#", "s390x": "#"}
_WORDS = {1: ".byte", 2: ".2byte", 4: ".4byte", 8: ".8byte"}
#: Columns for the bytes of usual instructions.
_BYTES = {"x64": 20, "aarch64": 8, "riscv64": 8, "s390x": 12}
#: Least size of an instruction.
_UNIT = {"x64": 1, "aarch64": 4, "riscv64": 2, "s390x": 2}


class Line:
    """An instruction or a datum: ``offset``, its bytes, ``text``, ``comment``, and the ``labels`` in front of it."""

    __slots__ = ("code", "comment", "labels", "offset", "text")

    def __init__(self, offset: int, code: bytes, text: str, comment: str, labels: list[str]) -> None:
        self.offset = offset
        self.code = code
        self.text = text
        self.comment = comment
        self.labels = labels


def data_of(module: CodeModule) -> list[tuple[int, int]]:
    """(offset, size) of what is no code in a module."""
    return [(start + at, size) for start, f in module.functions for at, size in f.data]


def text(isa: str, found: Iterable[Line], places: Mapping[int, str]) -> str:
    """Lines as one text: offset, bytes, instruction. ``places``: offset -> where the code there comes from, written where it
    changes."""
    mark = COMMENT[isa]
    out = []
    previous = ""
    for line in found:
        if line.labels and not line.labels[0].startswith("."):
            out.append("")
            previous = ""
        out += [f"{label}:" for label in line.labels]
        place = places.get(line.offset, "")
        if place and place != previous:
            out.append(f"    {mark} {place}")
            previous = place
        head, _, operands = line.text.partition(" ")
        comment = f"  {mark} {line.comment}" if line.comment else ""
        out.append(f"  {line.offset:6x}  {line.code.hex():<{_BYTES[isa]}}  {f'{head:<8} {operands}'.rstrip()}{comment}")
    return "\n".join(out) + "\n"


def lines(
    isa: str, code: bytes, symbols: Mapping[str, int], relocs: Iterable[Reloc] = (), data: Iterable[tuple[int, int]] = ()
) -> list[Line]:
    """The lines of a piece of code. ``symbols``: name -> offset; ``data``: (offset, size) of what is no code."""
    found = list(_pieces(isa, code, sorted(data)))
    names: dict[int, list[str]] = {}
    for name, offset in symbols.items():
        names.setdefault(offset, []).append(name)
    waiting = sorted(relocs)
    starts = [reloc[0] for reloc in waiting]
    places = {offset for offset, *_ in found}
    goals = {
        offset + distance for offset, size, _, distance in found
        if distance is not None and bisect_right(starts, offset + size - 1) == bisect_right(starts, offset - 1)
    }  # fmt: skip
    for i, goal in enumerate(sorted(goals & places - names.keys())):
        names[goal] = [f".L{i + 1}"]
    return [_line(isa, code, piece, names, waiting, starts) for piece in found]


def _line(
    isa: str, code: bytes, piece: tuple[int, int, str, int | None], names: Mapping[int, list[str]], relocs: list[Reloc],
    starts: list[int],
) -> Line:  # fmt: skip
    offset, size, text, distance = piece
    comments = []
    operand = ""
    if distance is not None:
        goal = offset + distance
        operand = names[goal][0] if goal in names else f".{distance:+d}"
    for at, kind, symbol, addend in relocs[bisect_right(starts, offset - 1) : bisect_right(starts, offset + size - 1)]:
        if distance is not None and not operand.startswith("\0"):
            beyond = addend - (at - offset) + distance
            operand = "\0" + symbol + (f"{beyond:+d}" if beyond else "")
        elif text.startswith(".8byte"):
            text = f".8byte {symbol}" + (f"{addend:+d}" if addend else "") + (" - ." if kind == "pcrel8" else "")
        else:
            comments.append(f"{kind} {symbol}" + (f"{addend:+d}" if addend else ""))
    return Line(offset, code[offset : offset + size], text.format(operand.lstrip("\0")) if distance is not None else text,
                ", ".join(comments), list(names.get(offset, ())))  # fmt: skip


def _pieces(isa: str, code: bytes, data: list[tuple[int, int]]) -> Iterator[tuple[int, int, str, int | None]]:
    """(offset, size, text, distance) of each instruction and datum."""
    instruction = import_module(f"jitpy.backend.isa.{isa}.decode").instruction
    big = isa == "s390x"
    at = 0
    for start, size in [*data, (len(code), 0)]:
        while at < start:
            found = instruction(code, at)
            if found is None or at + found[0] > start:
                count = min(_UNIT[isa], start - at)
                found = count, _word(code[at : at + count], big), None
            yield (at, *found)
            at += found[0]
        while at < start + size:
            count = 8 if not at & 7 and start + size - at >= 8 else 4 if start + size - at >= 4 else 1
            yield at, count, _word(code[at : at + count], big), None
            at += count


def _word(data: bytes, big: bool) -> str:
    if len(data) not in _WORDS:
        return ".byte " + ", ".join(f"{b:#04x}" for b in data)
    number = int.from_bytes(data, "big" if big else "little")
    return f"{_WORDS[len(data)]} {number:#0{2 * len(data) + 2}x}"
