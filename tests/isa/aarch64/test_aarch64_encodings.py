"""Every row over its operands against two disassemblers that know nothing of us: GNU objdump and capstone."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import jitpy.backend.isa.aarch64.insts
import jitpy.backend.isa.aarch64.insts.vectors  # noqa: F401  enters all rows
import pytest
from disassemble import disassembled
from every_row import Case, cases, hold_against_objdump, hold_none, read_back
from jitpy.backend import isa
from jitpy.backend.emulation import programs
from jitpy.backend.filetests import emulated
from jitpy.backend.isa.aarch64.encode import LITERAL, encoder
from jitpy.backend.isa.aarch64.frame import constant_words
from jitpy.backend.isa.aarch64.immediates import IMMEDIATES, logical
from jitpy.backend.isa.aarch64.insts.branch import ADR_FORMS, BCOND_FORMS, CB_FORMS, TB_FORMS
from jitpy.backend.isa.aarch64.printer import instruction_text
from jitpy.backend.isa.aarch64.rows import LSL, ROWS, SCALED, SXTW, UXTW, A64Row, parse_operands
from jitpy.backend.settings import Settings
from jitpy.backend.text.parser import parse_functions


def samples(row: A64Row, rng: random.Random) -> list[tuple[tuple[int, ...], Any]]:
    """Allocations and immediates: each operand through its registers, each immediate through its values, the others at random."""
    _, operands, defs, uses, _, _ = parse_operands(row.text)
    n_addr = max(row.addr, 0)
    count = len(defs) + len(uses) + n_addr
    placed = {o.alloc: o for o in operands if o.alloc >= 0}
    kinds = [o.place for o in operands if o.place in IMMEDIATES]
    vectors = range(32, 64)

    def pool(i: int) -> list[int]:
        if i in placed:
            kind = placed[i].kind
            if kind in ("w", "x", "") or placed[i].place == "at":
                return list(range(31))
            return list(vectors)
        return list(range(32 if i == count - n_addr else 31)) if i >= count - n_addr else [0]

    def imm() -> Any:
        if row.addr == 1:
            unit = 1 << row.scale
            return 0, rng.choice((0, unit, 4095 * unit, 17 * unit, 1, -1, 255, -256, 3)), None
        if row.addr == 2:
            mode = rng.choice((LSL, LSL | SCALED, UXTW, UXTW | SCALED, SXTW, SXTW | SCALED))
            return mode if row.scale else mode & ~SCALED, 0, None
        values = [rng.choice(IMMEDIATES[k][2]) for k in kinds]
        return values[0] if len(values) == 1 else tuple(values) if values else None

    out = []
    for i in range(count):
        for value in pool(i)[:: 1 if "." not in row.name else 7]:
            allocs = [rng.choice(pool(j)) for j in range(count)]
            allocs[i] = value
            out.append((tuple(allocs), imm()))
    for at, kind in enumerate(kinds if row.addr < 0 else ()):
        for value in IMMEDIATES[kind][2]:
            allocs = [rng.choice(pool(j)) for j in range(count)]
            values = [rng.choice(IMMEDIATES[k][2]) for k in kinds]
            values[at] = value
            out.append((tuple(allocs), values[0] if len(values) == 1 else tuple(values)))
    for _ in range(8 if row.addr > 0 else 1):
        out.append((tuple([rng.choice(pool(j)) for j in range(count)]), imm()))
    # Where the last two are one register objdump has another name for it.
    aliased = row.name[:5] in ("csneg", "orr_v") or row.name[:4] == "extr"
    return [sample for sample in out if not aliased or sample[0][-1] != sample[0][-2]]


@pytest.fixture(scope="module")
def found() -> list[Case]:
    for name in list(ROWS.later):
        ROWS[name]
    return cases(ROWS, lambda row: row.word < 0, encoder, samples, instruction_text, normal)


def normal(text: str) -> str:
    """One spelling for our printer and both disassemblers."""
    text = re.sub(r"\s*//.*", "", text).lower().strip()
    text = text.replace("b.hs", "b.cs").replace("b.lo", "b.cc")
    text = re.sub(r"\bhs\b", "cs", re.sub(r"\blo\b", "cc", text))
    text = re.sub(r"\buxtx\b", "lsl", text)
    text = re.sub(r"#(-?\d+\.\d+(?:e[-+]\d+)?)", lambda m: f"#{float(m[1])}", text)
    text = re.sub(r"\[(0x[0-9a-f]+)\]", lambda m: f"[{int(m[1], 16)}]", text)
    text = re.sub(r"#?(-?0x[0-9a-f]+|-\d+)\b(?!\.)", lambda m: f"#{int(m[1], 0) & (1 << 64) - 1}", text)
    text = re.sub(r"^([su])shll(2?) (.*), ?#0$", r"\1xtl\2 \3", text)
    return re.sub(r"\s*([,\[\]])\s*", r"\1", re.sub(r"\s+", " ", text))


def test_objdump(found: list[Case], tmp_path: Path) -> None:
    hold_against_objdump("aarch64", found, tmp_path, normal, 4)


def test_read_back(found: list[Case], tmp_path: Path) -> None:
    """What `decode` makes of the bytes is what objdump makes of them."""
    hold_against_objdump("aarch64", read_back("aarch64", found, normal), tmp_path, normal, 4)


def test_capstone(found: list[Case]) -> None:
    """What it knows; where it has another name for an instruction both are right."""
    capstone = pytest.importorskip("capstone")
    md = capstone.Cs(capstone.CS_ARCH_ARM64, capstone.CS_MODE_ARM)
    bad = []
    for name, code, ours in found:
        for _, _, mnemonic, operands in md.disasm_lite(code, 0):
            theirs = normal(f"{mnemonic} {operands}")
            if ours != theirs:
                bad.append(f"{name}: {code.hex()} {ours!r} {theirs!r}")
    hold_none(bad, found)


def decoded(pattern: int, width: int) -> int:
    """What the manual's DecodeBitMasks makes of N, immr and imms."""
    n, rotation, ones = pattern >> 12, pattern >> 6 & 63, pattern & 63
    size = 1 << (n << 6 | ones ^ 63).bit_length() - 1
    run = (1 << (ones & size - 1) + 1) - 1
    rotation &= size - 1
    element = (run >> rotation | run << size - rotation) & (1 << size) - 1
    return sum(element << at for at in range(0, width, size))


@pytest.mark.parametrize("width", (32, 64))
def test_logical_immediates(width: int) -> None:
    """All that there are come back; nothing else is taken for one."""
    every = set()
    for pattern in range(1 << 13 if width == 64 else 1 << 12):
        ones = pattern & 63
        top = pattern >> 12 << 6 | ones ^ 63
        size = 1 << top.bit_length() - 1 if top > 1 else 0
        if size and ones & size - 1 != size - 1:
            every.add(decoded(pattern, width))
    assert len(every) == (5334 if width == 64 else 1302)
    for value in every:
        found = logical(value, width)
        assert found is not None
        assert decoded(found, width) == value
        assert (logical(value ^ 1 << 7, width) is not None) == (value ^ 1 << 7 in every)
    rng = random.Random(2)
    for _ in range(2000):
        value = rng.getrandbits(width)
        assert (logical(value, width) is not None) == (value in every)


def run_moves(words: tuple[int, ...]) -> int:
    """A constant's instructions, carried out."""
    register = 0
    for w in words:
        shift, imm = (w >> 21 & 3) * 16, w >> 5 & 0xFFFF
        if w & 0x7F800000 == 0x32000000:
            register = decoded(w >> 10 & 0x1FFF, 64 if w >> 31 else 32)
        elif w & 0x7F800000 == 0x72800000:
            register = register & ~(0xFFFF << shift) | imm << shift
        else:
            inverted = not w & 0x40000000
            register = (~(imm << shift) if inverted else imm << shift) & ((1 << (64 if w >> 31 else 32)) - 1)
    return register


def test_constants() -> None:
    rng = random.Random(3)
    edges = [0, 1, 0xFFFF, 0x10000, 0xFFFFFFFF, 0xFFFF0000, 0xFFFFFFFE, 1 << 63, (1 << 64) - 1, (1 << 64) - 0x10000, 0x1234FFFF]
    edges += [rng.choice((rng.getrandbits(16), 0, 0xFFFF)) | rng.choice((rng.getrandbits(16), 0, 0xFFFF)) << 16 |
              rng.choice((rng.getrandbits(16), 0, 0xFFFF)) << 32 | rng.choice((rng.getrandbits(16), 0, 0xFFFF)) << 48
              for _ in range(3000)]  # fmt: skip
    for value in edges:
        assert run_moves(constant_words(value)) == value
    assert len(constant_words(0x5555555555555555)) == 1
    assert len(constant_words(0xFFFFFFFF12345678)) == 2


def listing(code: bytes, folder: Path) -> list[str]:
    return [normal(text.partition("<")[0]) for _, text in disassembled("aarch64", code, folder).values()]


def test_far_forms(tmp_path: Path) -> None:
    """Beyond their reach branches jump over a branch, and addresses and loads take several steps."""
    d = 0x123458
    assert listing(BCOND_FORMS[1].write(0x54000001, d), tmp_path) == ["b.eq #8", "b #1193048"]
    assert listing(BCOND_FORMS[1].write(0x5400000A, -d), tmp_path)[0] == "b.lt #8"
    assert listing(CB_FORMS[1].write(0xB4000003, d), tmp_path) == ["cbnz x3,#8", "b #1193048"]
    assert listing(TB_FORMS[1].write(0x37280007, d), tmp_path) == ["tbz w7,#5,#8", "b #1193048"]
    assert listing(ADR_FORMS[1].write(9, d), tmp_path) == ["adr x9,#0", "add x9,x9,#291,lsl #12", "add x9,x9,#1112"]
    assert listing(ADR_FORMS[1].write(9, -d), tmp_path) == ["adr x9,#0", "sub x9,x9,#291,lsl #12", "sub x9,x9,#1112"]
    q = LITERAL[1].write((0x9C000000, 4, (0x3CC00000 << 3) | 4), 0x123450)
    assert listing(q, tmp_path) == ["adr x17,#0", "add x17,x17,#291,lsl #12", "ldr q4,[x17,#1104]"]
    for forms in (BCOND_FORMS, CB_FORMS, TB_FORMS, ADR_FORMS, LITERAL):
        assert forms[0].low >= forms[1].low
        assert forms[0].high <= forms[1].high


@pytest.mark.skipif(not programs.has("aarch64"), reason="no emulator for aarch64 here")
def test_a_bit_test_over_a_long_block() -> None:
    """tbz reaches 32 KiB: the code is right on both sides of that."""
    for count in (10, 9000):
        body = "".join(f"    v{i + 3} = imul v{i + 2}, v0\n" for i in range(count))
        text = f"""function %f(i64, i64) -> i64 {{
block0(v0: i64, v1: i64):
    v90000 = iconst.i64 8
    v90001 = band v1, v90000
    brif v90001, block2, block1
block1:
    v2 = iadd v0, v1
{body}    return v{count + 2}
block2:
    return v1
}}"""
        call = emulated.load_functions(parse_functions(text), isa.lookup("aarch64", {}), Settings("none", "linear"), True)
        assert call("f", [3, 8]) == [8]
        assert call("f", [3, 1]) == [4 * 3**count % (1 << 64)]
