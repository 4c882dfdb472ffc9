"""The machine code of programs that stand alone is what GNU as makes of the assembly beside it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from jitpy.backend import isa
from jitpy.backend.emulation import programs

NAMES = ("x64", "aarch64", "riscv64", "s390x")
HEAD = {"x64": ".intel_syntax noprefix", "riscv64": ".option norvc\n.option norelax"}


@pytest.mark.parametrize("name", NAMES)
def test_listing(name: str, tmp_path: Path) -> None:
    if not programs.has(name):
        pytest.skip(f"no binutils for {name} here")
    linux = isa.linux(name)
    for routine in ("START", "SYSCALL", "GUARD", "LAND", "TRAP", "HANDLER"):
        listing = getattr(linux, routine)
        lines = [text.partition(".quad")[0] + ".quad 0" if ".quad" in text else text for _, text in listing]
        source, made, raw = tmp_path / "a.s", tmp_path / "a.o", tmp_path / "a.bin"
        source.write_text("\n".join([HEAD.get(name, ""), *lines, ""]))
        options = ["-march=rv64gc"] if name == "riscv64" else []
        subprocess.run([programs.gnu(name, "as"), *options, "-o", made, source], check=True)
        subprocess.run([programs.gnu(name, "objcopy"), "-O", "binary", "-j", ".text", made, raw], check=True)
        # Sections are padded at their end.
        assert raw.read_bytes().hex().startswith("".join(row[0] for row in listing)), routine
