"""Every row over its operands against two disassemblers that know nothing of us: GNU objdump, and capstone for the base that its
release knows; compressed forms say the same as long ones."""

from __future__ import annotations

import random
import re
import struct
from pathlib import Path
from typing import Any

import jitpy.backend.isa.riscv64.insts  # noqa: F401  enters all rows
import pytest
from disassemble import disassembled
from every_row import Case, TrappingSink, cases, hold_against_objdump, hold_none, read_back
from jitpy.backend.isa.riscv64 import features
from jitpy.backend.isa.riscv64.compressed import compress
from jitpy.backend.isa.riscv64.encode import IMMEDIATES, encoder
from jitpy.backend.isa.riscv64.insts import vectors  # noqa: F401
from jitpy.backend.isa.riscv64.insts.float import FLI
from jitpy.backend.isa.riscv64.insts.int import constant_words
from jitpy.backend.isa.riscv64.printer import instruction_text
from jitpy.backend.isa.riscv64.rows import KINDS, ROWS, RiscvRow, parse_operands


class ModeSink(TrappingSink):
    """One without extensions, so that no form is compressed; in the vector mode that the instruction wants."""

    features = features.complete(features.none())

    def __init__(self, row: RiscvRow, imm: Any) -> None:
        super().__init__(row, imm)
        self.mode = imm[:2] if row.vector else None


def texts(code: bytes, folder: Path, *options: str) -> dict[int, str]:
    """Offset -> text."""
    return {at: text for at, (_, text) in disassembled("riscv64", code, folder, *options).items()}


def normal(text: str) -> str:
    """One spelling: no comments, numbers in decimal, what fli makes by its number."""
    text = re.sub(r"#.*|<.*>", "", text).strip().replace("\t", " ")
    if text.startswith("fli.") and not text.endswith(tuple(f",{k}" for k in range(32))):
        text, _, value = text.rpartition(",")
        special = {"min": 1, "inf": 30, "nan": 31}
        number = special.get(value)
        if number is None:
            number = FLI[struct.unpack("<Q", struct.pack("<d", float.fromhex(value)))[0]]
        return f"{text},{number}"
    text = re.sub(r"-?0x[0-9a-f]+", lambda m: str(int(m[0], 16)), text)
    return re.sub(r"\s+", " ", re.sub(r"\s*,\s*", ",", text))


def samples(row: RiscvRow, rng: random.Random) -> list[tuple[tuple[int, ...], Any]]:
    """Allocations and immediates: each operand through all its registers, the others at random."""
    _, operands, defs, uses, _, _ = parse_operands(row.text)
    count = len(defs) + len(uses) + max(row.addr, 0)
    bases = {o.alloc: KINDS[o.kind] for o in operands if o.alloc >= 0}
    reused = {i: len(defs) + (-16 - c) for i, c in enumerate(defs) if c <= -16}
    bases.update({u: bases[d] for d, u in reused.items()})
    place = next((o.place for o in operands if o.place in IMMEDIATES), None)
    imms: list[Any] = [None]
    if place:
        bits, _, signed = IMMEDIATES[place]
        low = -(1 << bits - 1) if signed else 0
        imms = [0, 1, 5, low, low + (1 << bits) - 1, low + (1 << bits - 1)]
    if row.addr >= 0:
        imms = [(0, d, None) for d in (0, 8, 16, 1, -1, 2047, -2048)]

    def make(i: int, value: int, imm: Any) -> tuple[tuple[int, ...], Any]:
        allocs = [bases.get(j, 0) + rng.randrange(32) for j in range(count)]
        allocs[i] = value
        for d, u in reused.items():
            if u == i:
                allocs[d] = value
            allocs[u] = allocs[d]
        return tuple(allocs), (4, 0xC8, imm) if row.vector else imm

    found = [make(i, bases.get(i, 0) + r, rng.choice(imms)) for i in range(count) for r in range(32)]
    if count:
        found += [make(0, bases.get(0, 0) + 9, imm) for imm in imms]
    return found or [((), (4, 0xC8, None) if row.vector else None)]


@pytest.fixture(scope="module")
def found() -> list[Case]:
    return cases(ROWS, lambda row: not row.word, encoder, samples, instruction_text, normal, ModeSink)


def same(ours: str, theirs: str) -> bool:
    """Equal up to the sign of numbers, and what objdump leaves out: a rounding mode that cannot matter."""
    if ours == theirs or (ours.startswith("packw ") and ours.endswith(",zero") and theirs.startswith("zext.h ")):
        return True
    a, b = (re.sub(r"(?<![\w.])-?\d+", lambda m: str(int(m[0]) & 0xFFFFF), t) for t in (ours, theirs))
    return a == b


def test_objdump(found: list[Case], tmp_path: Path) -> None:
    assert len(found) > 5000
    hold_against_objdump("riscv64", found, tmp_path, normal, 4, same=same, options=("-M", "no-aliases"))


def test_read_back(found: list[Case], tmp_path: Path) -> None:
    """What `decode` makes of the bytes is what objdump makes of them."""
    hold_against_objdump(
        "riscv64", read_back("riscv64", found, normal), tmp_path, normal, 4, same=same, options=("-M", "no-aliases")
    )


#: What capstone writes by other names, and what that is.
_ALIASES = (
    (r"mv (\w+),(\w+)", r"addi \1,\2,0"), (r"sext\.w (\w+),(\w+)", r"addiw \1,\2,0"), (r"neg(w?) (\w+),(\w+)", r"sub\1 \2,zero,\3"),
    (r"sgtz (\w+),(\w+)", r"slt \1,zero,\2"), (r"sltz (\w+),(\w+)", r"slt \1,\2,zero"), (r"seqz (\w+),(\w+)", r"sltiu \1,\2,1"),
    (r"snez (\w+),(\w+)", r"sltu \1,zero,\2"), (r"fmv\.([sd]) (f\w+),(f\w+)", r"fsgnj.\1 \2,\3,\3"),
    (r"fneg\.([sd]) (\w+),(\w+)", r"fsgnjn.\1 \2,\3,\3"), (r"fabs\.([sd]) (\w+),(\w+)", r"fsgnjx.\1 \2,\3,\3"),
    (r"fsrmi (\d+)", r"csrrwi zero,frm,\1"), (r"csrwi 10,(\d+)", r"csrrwi zero,vxrm,\1"),
)  # fmt: skip


def test_capstone(found: list[Case]) -> None:
    """What it knows: RV64GC, without the extensions after it."""
    capstone = pytest.importorskip("capstone")
    md = capstone.Cs(capstone.CS_ARCH_RISCV, capstone.CS_MODE_RISCV64)
    bad, known = [], set()
    for name, code, ours in found:
        for _, _, mnemonic, operands in md.disasm_lite(code, 0):
            known.add(name)
            theirs = normal(f"{mnemonic} {operands}")
            for alias, long in _ALIASES:
                if re.fullmatch(alias, theirs):
                    theirs = re.sub(alias, long, theirs)
                    break
            if not same(ours, theirs):
                bad.append(f"{name}: {code.hex()} {ours!r} {theirs!r}")
    hold_none(bad, found)
    assert len(known) > 150


def test_compressed_forms_are_the_same_instructions(found: list[Case], tmp_path: Path) -> None:
    rng = random.Random(2)
    words = {int.from_bytes(code, "little") for _, code, _ in found if len(code) == 4}
    for value in (*range(-40, 40), 4096, -4096, 31 << 12, 32 << 12, -(32 << 12), 1 << 40):
        words.update(constant_words(value, 10))
    for _, code, _ in found:  # operands that more often have short forms
        word = int.from_bytes(code, "little")
        if word & 127 in (0x57, 0x07, 0x27) and word >> 12 & 7 not in (3,):
            continue
        for rd, rs1, rs2 in ((10, 10, 11), (10, 11, 10), (9, 2, 9), (2, 2, 2), (8, 8, 0), (15, 15, 0), (0, 1, 0), (1, 6, 0)):
            words.add(word & ~0x01FF8F80 | rd << 7 | rs1 << 15 | rs2 << 20)
            words.add(word & ~0xFFFF8F80 | rd << 7 | rs1 << 15 | rng.choice((0, 2, 8, 16, 96, 128, 255, 4095, 4064)) << 20)
            words.add(word & ~0xFE1F8F80 | rng.choice((0, 2, 8, 12, 16, 24)) << 7 | rs1 << 15 | rng.choice((0, 1, 2)) << 25)
    pairs = [(word, compress(word, 1, 1)) for word in sorted(words) if compress(word, 1, 1)]
    assert len(pairs) > 1400
    long = texts(b"".join([w.to_bytes(4, "little") for w, _ in pairs]), tmp_path)
    short = texts(b"".join([c.to_bytes(2, "little") for _, c in pairs]), tmp_path)
    wrong = []
    for k, (word, half) in enumerate(pairs):
        a, b = (re.sub(r"^c\.", "", normal(t)) for t in (long[4 * k], short[2 * k]))
        a = re.sub(r"^add (\w+),zero,", r"mv \1,", a)
        if a != b and not _commuted(a, b):
            wrong.append(f"{word:08x} {a!r}, {half:04x} {b!r}")
    assert not wrong, "\n".join([*wrong[:20], str(len(wrong))])


def _commuted(a: str, b: str) -> bool:
    """The same operation with its sources exchanged."""
    x, y = re.fullmatch(r"(\w+) (\w+),(\w+),(\w+)", a), re.fullmatch(r"(\w+) (\w+),(\w+),(\w+)", b)
    return bool(x and y and x[1] in ("add", "addw", "and", "or", "xor", "mul") and x.groups() == (y[1], y[2], y[4], y[3]))


@pytest.mark.parametrize("zbs", [0, 1])
def test_constants(zbs: int) -> None:
    rng = random.Random(3)
    values = [1 << k for k in range(64)] + [(1 << k) - 1 for k in range(65)]
    values += [rng.getrandbits(64) >> rng.randrange(64) for _ in range(2000)]
    for value in values + [~v for v in values]:
        assert _run(constant_words(value, 5, zbs)) == value & (1 << 64) - 1


def _run(words: list[int]) -> int:
    """What these instructions leave in their register."""
    x = 0
    for word in words:
        k = (word >> 20) - (word >> 31 << 12)
        op, f3 = word & 127, word >> 12 & 7
        source = x if word >> 15 & 31 else 0
        if op == 0x37:
            x = (word >> 12) - (word >> 31 << 20) << 12
        elif op == 0x1B:
            x = (source + k & 0xFFFFFFFF ^ 0x80000000) - 0x80000000
        elif f3 == 0:
            x = source + k
        elif word >> 26 == 10:
            x = 1 << (k & 63)
        else:
            assert f3 == 1
            x = source << (k & 63)
    return x & (1 << 64) - 1
