"""Every row of an ISA's table over its operands: its bytes, and the text of our printer, to ask disassemblers about."""

from __future__ import annotations

import operator
import random
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from disassemble import disassembled
from jitpy.backend.target.row import MInst

#: Name of the row, its bytes, its text.
Case = tuple[str, bytes, str]


class Sink:
    """What the encoder of a row needs of emission."""

    def __init__(self, row: Any, imm: Any) -> None:
        self.code = bytearray()

    def trap(self, code: str) -> None:
        raise AssertionError(code)


class TrappingSink(Sink):
    """One for rows whose instructions may trap."""

    def __init__(self, row: Any, imm: Any) -> None:
        super().__init__(row, imm)
        self.traps: list[tuple[int, str]] = []

    def trap(self, code: str) -> None:
        self.traps.append((len(self.code), code))


def cases(
    rows: Mapping[str, Any],
    by_hand: Callable[[Any], bool],
    encoder: Callable[[Any], Callable[..., None]],
    samples: Callable[[Any, random.Random], list[tuple[tuple[int, ...], Any]]],
    text: Callable[[Any, tuple[int, ...], Any], str],
    normal: Callable[[str], str],
    sink: type[Sink] = Sink,
) -> list[Case]:
    """All rows but those ``by_hand`` and those of the frame, which the run tests hold, over their ``samples``: allocations and
    immediates. Their ``text`` is made ``normal``, as a disassembler's will be."""
    rng = random.Random(1)
    out = []
    for name in sorted(rows):
        family = rows[name]
        for row in family if isinstance(family, tuple) else (family,):
            if by_hand(row) or row.addr == 0:
                continue
            encode = encoder(row)
            for allocs, imm in samples(row, rng):
                emission = sink(row, imm)
                encode(emission, MInst(row, (), (), imm), allocs)
                out.append((name, bytes(emission.code), normal(text(row, allocs, imm))))
    return out


def read_back(isa: str, found: list[Case], normal: Callable[[str], str]) -> list[Case]:
    """The same cases with the text that the ISA's ``decode`` makes of their bytes alone."""
    instruction = import_module(f"jitpy.backend.isa.{isa}.decode").instruction
    out = []
    for name, code, _ in found:
        size, text, distance = instruction(code, 0) or (0, "?", None)
        if distance is not None:
            text = text.format(hex(distance))
        out.append((name, code, normal(text) if size == len(code) else f"{size} bytes: {text}"))
    return out


def hold_against_objdump(
    isa: str,
    found: list[Case],
    folder: Path,
    normal: Callable[[str], str],
    cell: int,
    nop: bytes = b"",
    same: Callable[[str, str], bool] = operator.eq,
    options: tuple[str, ...] = (),
) -> None:
    """objdump's text, made ``normal``, is the ``same`` as the case's, and so is the length. Each instruction has a cell of so many
    bytes, filled with ``nop`` (one byte), so that one wrong length spoils nothing else."""
    code = b"".join([code.ljust(cell, nop) if nop else code for _, code, _ in found])
    assert len(code) == cell * len(found)
    lines = disassembled(isa, code, folder, *options)
    bad = []
    for i, (name, code, ours) in enumerate(found):
        length, theirs = lines.get(cell * i, (0, "?"))
        if length != len(code) or not same(ours, normal(theirs)):
            bad.append(f"{name}: {code.hex()} {ours!r} {normal(theirs)!r}")
    hold_none(bad, found)


def hold_none(bad: list[str], found: list[Case]) -> None:
    """No case is bad; the message shows some of those that are."""
    assert not bad, f"{len(bad)} of {len(found)}\n" + "\n".join(bad[:: max(1, len(bad) // 40)])
