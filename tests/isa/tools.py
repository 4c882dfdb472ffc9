"""Tools of other machines' binutils: the ones that the project unpacks, else the system's."""

from __future__ import annotations

import os
import shutil

import pytest

_TRIXIE = os.environ.get("JITPY_TRIXIE", "/work/tools/trixie")


def disassembler(machine: str) -> list[str]:
    """The command line's beginning of objdump for a machine."""
    name = f"{machine}-linux-gnu-objdump"
    unpacked = os.path.join(_TRIXIE, "usr", "bin", name)
    if os.path.exists(unpacked):
        libraries = os.path.join(_TRIXIE, "usr", "lib", "x86_64-linux-gnu")
        return ["env", f"LD_LIBRARY_PATH={libraries}", unpacked]
    found = shutil.which(name)
    if not found:
        pytest.skip(f"no {name}")
    return [found]
