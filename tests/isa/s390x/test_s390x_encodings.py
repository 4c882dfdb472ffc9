"""Every row over its operands against two disassemblers that know nothing of us: GNU objdump and capstone."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import jitpy.backend.isa.s390x.insts  # noqa: F401  enters all rows
import pytest
from every_row import Case, cases, hold_against_objdump, hold_none, read_back
from jitpy.backend.isa.s390x import regs
from jitpy.backend.isa.s390x.encode import encoder, forms
from jitpy.backend.isa.s390x.printer import instruction_text
from jitpy.backend.isa.s390x.rows import ROWS, S390xRow, is_register, parse_operands

#: Rows of z15 and z17, of which capstone 5 knows nothing.
NEWER = frozenset((
    "clzg", "ctzg", "ncgrk", "ncrk", "nngrk", "nnrk", "nogrk", "nork", "nxgrk", "nxrk", "ocgrk", "ocrk", "popcnt", "selgr",
    "vlbrrep", "vd", "vdl", "vr", "vrl", "vlbr", "vlebr", "vstbr", "vstebr", "vcefb", "vcelfb", "vcfeb", "vclfeb",
    "vmh.g", "vmlh.g", "vml.g", "vmal.g", "vblend", "veval",
    *(f"{op}{letter}" for op in ("lxa", "llxa") for letter in "bhfgq"),
))  # fmt: skip
#: What capstone calls by an older name.
OLDER_NAMES = {"vldeb": "vflls", "wldeb": "wflls", "vledb": "vflrd", "wledb": "wflrd"}


def immediates(row: S390xRow, place: str, kind: str) -> list[int]:
    """Values to try for an immediate."""
    bits = forms(row.spec)[0].fields[place][1].bit_length()
    name = row.text.split()[0]
    if name.endswith("%") and place[0] == "m":
        return list(range(1, 15))
    if place == "d2":
        return [0, 1] if name[0] == "v" else [0, 1, 7, 63]
    if place[0] == "m":  # the values that have a meaning and no mnemonic of their own
        return [1] if name[:3] in ("vle", "vst") else [0] if name[:2] in ("vd", "vr") else [4, 5]
    if kind == "u":
        return [1, 5, 31] if name == "risbgn" else [1, 2, 15] if name == "vsldb" else [1, 5, (1 << bits) - 2]
    return [0, 1, -1, (1 << bits - 1) - 1, -1 << bits - 1]


def samples(row: S390xRow, rng: random.Random) -> list[tuple[tuple[int, ...], Any]]:
    """Allocations and immediates: each operand through all its registers, the others at random."""
    _, operands, defs, uses, *_ = parse_operands(row.text)
    n_addr = max(row.addr, 0)
    count = len(defs) + len(uses) + n_addr
    placed = {o.alloc: o for o in operands if is_register(o.place)}
    others = [o for o in operands if not is_register(o.place) and o.place != "mem"]

    def pool(i: int) -> list[int]:
        if i >= count - n_addr:
            return list(range(1, 16))
        o = placed.get(i)
        if o is None:
            return [0]
        if o.place[0] == "v":
            return list(range(16, 48))
        return list(range(16, 32)) if o.place[0] == "f" else list(range(1, 16)) if o.place == "b2" else list(range(16))

    def values() -> Any:
        chosen = [rng.choice(immediates(row, o.place, o.kind)) for o in others]
        return tuple(chosen) if len(chosen) > 1 else chosen[0] if chosen else None

    def whole() -> Any:
        if row.addr < 0:
            return values()
        long = any(form.long for form in forms(row.spec))
        address = (0, rng.choice((0, 1, 4095, -1, 4096, 0x7FFFF, -0x80000) if long else (0, 1, 17, 4095)), None)
        return (address, values()) if others else address

    out = []
    for i in range(count):
        for value in pool(i):
            a = [rng.choice(pool(j)) for j in range(count)]
            a[i] = value
            out.append((tuple(a), whole()))
    out += [(tuple(rng.choice(pool(j)) for j in range(count)), whole()) for _ in range(8)]
    return out


def normal(text: str) -> str:
    """One spelling for our printer and the disassembler."""
    text = re.sub(r"\s+", " ", text.strip())
    return re.sub(r"<.*>", "", text)


@pytest.fixture(scope="module")
def found() -> list[Case]:
    return cases(ROWS, lambda row: not row.spec, encoder, samples, instruction_text, normal)


def test_objdump(found: list[Case], tmp_path: Path) -> None:
    assert len(found) > 20000
    hold_against_objdump("s390x", found, tmp_path, normal, 8, b"\x07")


def test_read_back(found: list[Case], tmp_path: Path) -> None:
    """What `decode` makes of the bytes is what objdump makes of them."""
    hold_against_objdump("s390x", read_back("s390x", found, normal), tmp_path, normal, 8, b"\x07")


def test_every_register_is_named() -> None:
    assert len(regs.PREG_NAMES) == 48


def test_capstone(found: list[Case]) -> None:
    """It writes the left half of a vector register as the floating-point register that it is."""
    capstone = pytest.importorskip("capstone")
    md = capstone.Cs(capstone.CS_ARCH_SYSZ, capstone.CS_MODE_BIG_ENDIAN)
    found = [case for case in found if case[0] not in NEWER and case[0].partition(".")[0] not in NEWER and case[0][-2:] != ".q"]
    bad = []
    for name, code, ours in found:
        got = next(md.disasm_lite(code, 0), (0, 0, "?", ""))
        operands = re.sub(r"0x[0-9a-f]+", lambda m: str(int(m[0], 16)), got[3].replace(", ", ","))
        if ours[0] in "wv":
            operands = operands.replace("%f", "%v")
        theirs = f"{OLDER_NAMES.get(got[2], got[2])} {operands}"
        if got[1] != len(code) or ours != theirs:
            bad.append(f"{name}: {code.hex()} {ours!r} {theirs!r}")
    assert len(found) > 35000
    hold_none(bad, found)
