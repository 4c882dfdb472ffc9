"""The listings of whole kernels: GNU as makes of them the bytes that they are of."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from disassemble import disassembled
from jitpy.backend.emulation import programs
from jitpy.backend.isa import listing
from jitpy.backend.pipeline import CodeModule

import jitpy
from jitpy.cross import targets
from jitpy.demo import kernels

SIGNATURES = {
    kernels.hillshade: "(float64[:, ::1], float64, float64, float64)",
    kernels.blur: "(uint8[:, ::1], int64)",
    kernels.edges: "(uint8[:, ::1],)",
    kernels.histogram: "(uint8[:, ::1],)",
    kernels.mandelbrot: "(int64, int64, int64)",
    kernels.nbody: "(float64[:, ::1], float64[:, ::1], float64[::1], int64, float64)",
    kernels.heat: "(float64[:, ::1], int64)",
}
#: Each target by its least processor and by one with vectors and everything else.
PROCESSORS = [
    ("x86_64", "x86-64"), ("x86_64", "x86-64-v3"), ("x86_64", "x86-64-v4"), ("aarch64", "armv8-a"), ("aarch64", "neoverse-n1"),
    ("riscv64", "rv64g"), ("riscv64", "rva23u64"), ("s390x", "z14"), ("s390x", "z15"),
]  # fmt: skip
#: What GNU as has to be told.
HEAD = {"x64": ".intel_syntax noprefix", "riscv64": ".option norelax"}
OPTIONS = {
    "riscv64": ["-march=rv64gcv_zba_zbb_zbc_zbs_zicond_zfa_zcb_zfh_zvbb"], "aarch64": ["-march=armv8.5-a+fp16"],
    "s390x": ["-march=z16"],
}  # fmt: skip


_NO_CODE = (".", "nop", "xchg ax, ax")


def assembled(name: str, lines: list[listing.Line], folder: Path) -> bytes:
    """The bytes that GNU as makes of the text; on x86-64 of the instructions alone."""
    if not programs.has(name):
        pytest.skip(f"no binutils for {name} here")
    out = [HEAD.get(name, "")]
    for line in lines:
        out += [f"{label}:" for label in line.labels]
        if name == "riscv64" and not line.text.startswith("."):  # the assembler chooses short forms where it may
            out.append(f".option {'rvc' if len(line.code) == 2 else 'norvc'}")
        if name != "x64" or not line.text.startswith(_NO_CODE):
            out.append(f"    {line.text}")
    source, made, raw = folder / "a.s", folder / "a.o", folder / "a.bin"
    source.write_text("\n".join([*out, ""]))
    subprocess.run([programs.gnu(name, "as"), *OPTIONS.get(name, []), "-o", made, source], check=True)
    subprocess.run([programs.gnu(name, "objcopy"), "-O", "binary", "-j", ".text", made, raw], check=True)
    return raw.read_bytes()


def hold(name: str, module: CodeModule, folder: Path) -> None:
    """Every byte is the assembler's; on x86-64, where instructions have several encodings, it is the same instruction."""
    lines = listing.lines(name, module.code, module.symbols, module.relocs, listing.data_of(module))
    assert b"".join([line.code for line in lines]) == module.code
    unknown = [line.code.hex() for line in lines if line.text.startswith((".byte", ".2byte"))]
    assert not unknown
    made = assembled(name, lines, folder)
    if name != "x64":
        assert made.startswith(module.code), [
            (hex(line.offset), line.code.hex(), made[line.offset : line.offset + len(line.code)].hex(), line.text)
            for line in lines if made[line.offset : line.offset + len(line.code)] != line.code
        ][:9]  # fmt: skip
        return
    own = b"".join([line.code for line in lines if not line.text.startswith(_NO_CODE)])
    assert _instructions(own, folder) == _instructions(made, folder)


def _instructions(code: bytes, folder: Path) -> list[str]:
    """objdump's texts, without what a branch or an address leads to and padding at the end."""
    texts = [text for _, text in disassembled("x64", code, folder).values()]
    texts = [re.sub(r"^((?:j\w+|call) +)0x.*|\[rip\+.*", r"\1", text).replace(",0x1", ",1") for text in texts]
    return [text for text in texts if not text.startswith(("nop", "data16", "cs nop", "xchg   ax,ax"))]


@pytest.mark.parametrize(("target", "cpu"), PROCESSORS)
def test_the_assembler_makes_the_same_of_a_listing(target: str, cpu: str, tmp_path: Path) -> None:
    done = jitpy.cross.compile(list(SIGNATURES), list(SIGNATURES.values()), target=target, cpu=cpu, name="demo")
    assert done.library.module is not None
    hold(targets.TARGETS[target][0], done.library.module, tmp_path)
