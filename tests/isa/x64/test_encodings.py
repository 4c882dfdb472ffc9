"""Every row over its operands against two disassemblers that know nothing of us: GNU objdump and capstone."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import jitpy.backend.isa.x64.insts  # noqa: F401  enters all rows
import pytest
from every_row import Case, TrappingSink, cases, hold_against_objdump, hold_none, read_back
from jitpy.backend.isa.x64 import regs
from jitpy.backend.isa.x64.encode import encoder
from jitpy.backend.isa.x64.insts import vectors
from jitpy.backend.isa.x64.printer import instruction_text
from jitpy.backend.isa.x64.rows import ROWS, X64Row, parse_operands

SPILL_BASE = 0x40
IMMEDIATES = {
    "ib": (0, 1, -1, 127, -128), "us": (0, 1, 7, 31), "iw": (0, -1, 0x1234, -0x8000),
    "id": (0, 1, -1, 0x12345678, -0x80000000), "im": (0, 1, -1, 127, -128, 128, -129, 0x1234),
    "iq": (0, -1, 0x123456789ABCDEF0),
}  # fmt: skip


class Frame:
    """Spill slots beyond rbp's short displacements, so that all are addressed from rsp."""

    size = 1 << 20
    spills = SPILL_BASE
    realigned = False


class FrameSink(TrappingSink):
    """One with a frame."""

    frame = Frame()


def samples(row: X64Row, rng: random.Random) -> list[tuple[tuple[int, ...], Any]]:
    """Allocations and immediates: each operand through all its registers, the others at random.

    Packed rows, of which there are thousands alike, go through some.
    """
    _, operands, defs, uses, _, _ = parse_operands(row.text)
    n_addr = max(row.addr, 0)
    count = len(defs) + len(uses) + n_addr
    fixed = {o.alloc: o.fixed for o in operands if o.fixed >= 0 and o.alloc >= 0}
    placed = {o.alloc: o for o in operands if o.place != "fixed" and o.alloc >= 0}
    imms = [None]
    for o in operands:
        imms = list(IMMEDIATES.get(o.place, imms))
    if "=" in row.spec:
        imms = [None]

    def pool(i: int) -> list[int]:
        if i in fixed:
            return [fixed[i]]
        if i in placed:
            o = placed[i]
            if o.place in ("aaa", "zzz"):
                choice = list(range(49, 56))  # k0 means: no mask
            elif o.kind == "k":
                choice = list(range(48, 56))
            elif o.kind in ("x", "y", "z", "sb", "sh", "ss", "sd"):
                choice = [*range(16, 48 if "EVEX" in row.spec else 32)][:: 5 if "." in row.name else 1]
            else:
                choice = list(range(16))
            if f"{o.place}?" in row.text:
                choice += [~0, ~1, ~9, ~100]
            return choice
        # Address registers and read halves of read-write operands.
        address = i - (count - n_addr)
        return [r for r in ((0, 4, 5, 12, 13) if "." in row.name else range(16)) if not (address == 1 and r == 4)]

    out = []
    for i in range(count):
        for value in pool(i):
            a = [rng.choice(pool(j)) for j in range(count)]
            a[i] = value
            imm = rng.choice(imms)
            if row.addr >= 0:
                disp = rng.choice((0, 1, -1, 127, -128, 128, -129, 0x12345678, -0x80000000))
                rsp_alone = row.addr == 1 and a[-1] == 4
                amode = (0 if rsp_alone else rng.randrange(4), disp, None)
                imm = amode if imm is None else (amode, imm)
            out.append((tuple(a), imm))
    for imm in imms:
        a = tuple(rng.choice(pool(j)) for j in range(count))
        if row.addr >= 0:
            amode = (0, 8, None)
            imm = amode if imm is None else (amode, imm)
        out.append((a, imm))
    return out


def normal(text: str) -> str:
    """One spelling for our printer and both disassemblers."""
    text = re.sub(r"#.*", "", text).lower().strip()
    text = re.sub(r"<.*>", "", text).replace("movabs", "mov").replace("movsxd", "movsx")
    text = re.sub(r"(byte|[a-z]*word) (ptr )?", "", text)
    text = re.sub(r"\+?riz\*\d|\b(?:[cdefgs]s):", "", text)
    text = re.sub(r"\[slot (\d+)\]", lambda m: f"[rsp+{SPILL_BASE + 8 * int(m[1])}]", text)
    text = re.sub(r"0x[0-9a-f]+", lambda m: str(int(m[0], 16)), text)
    text = re.sub(r"\s*([-+*,\[\]])\s*", r"\1", text)
    text = re.sub(r"\*1\b", "", text)
    text = re.sub(r"\s*\{", "{", text)
    text = re.sub(r"[-+]0\]", "]", text)
    return re.sub(r"\s+", " ", text)


@pytest.fixture(scope="module")
def found() -> list[Case]:
    vectors.vector.make_all()
    return cases(ROWS, lambda row: not row.spec, encoder, samples, instruction_text, normal, FrameSink)


def same(ours: str, theirs: str) -> bool:
    """Equal up to how a number's sign is written."""
    if ours == theirs:
        return True
    number = re.compile(r"(?<![\w])[-+]?\d+")
    if number.sub("#", ours).replace("+#", "#") != number.sub("#", theirs).replace("+#", "#"):
        return False
    for a, b in zip(number.findall(ours), number.findall(theirs)):
        x, y = int(a), int(b)
        if x != y and not any((x - y) % (1 << bits) == 0 and abs(x - y) == 1 << bits for bits in (8, 16, 32, 64)):
            return False
    return True


def test_objdump(found: list[Case], tmp_path: Path) -> None:
    hold_against_objdump("x64", found, tmp_path, normal, 16, b"\x90", same)


def test_read_back(found: list[Case], tmp_path: Path) -> None:
    """What `decode` makes of the bytes is what objdump makes of them."""
    hold_against_objdump("x64", read_back("x64", found, normal), tmp_path, normal, 16, b"\x90", same)


def test_capstone(found: list[Case]) -> None:
    capstone = pytest.importorskip("capstone")
    md = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    bad = []
    for name, code, ours in found:
        got = list(md.disasm_lite(code, 0))
        theirs = f"{got[0][2]} {got[0][3]}" if got else "?"
        if len(got) != 1 or not same(ours, normal(theirs)):
            bad.append(f"{name}: {code.hex()} {ours!r} {normal(theirs)!r}")
    hold_none(bad, found)


def test_every_register_is_named() -> None:
    assert len(regs.PREG_NAMES) == 56
