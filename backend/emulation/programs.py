"""Where the emulators and GNU binutils for all four ISAs are on this machine.

``tools/unpack_other_isas`` unpacks them beside the system (qemu-user 10 and binutils 2.44 from Debian trixie); the folder
is JITPY_TOOLS, by default ``~/.cache/jitpy/trixie``. Only there: an older emulator on the path would lack what half of
the tests want, and say so by dying.
"""

from __future__ import annotations

import os
from pathlib import Path

from jitpy.backend import isa
from jitpy.backend.errors import UnsupportedError


def folder() -> Path:
    """Where they are unpacked to."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("JITPY_TOOLS") or Path(cache) / "jitpy" / "trixie")


def find(name: str) -> str:
    """The path of a program, such as ``qemu-riscv64``. Raises UnsupportedError where it is not there."""
    path = folder() / "bin" / name
    if not path.exists():
        raise UnsupportedError(f"{name} is not in {folder()}; tools/unpack_other_isas puts it there")
    return str(path)


def gnu(target: str, name: str) -> str:
    """The path of a program of binutils for an ISA: ``objdump``, ``readelf``, ``ld``, ``as``, ``objcopy``."""
    return find(f"{isa.machine(target).triple}-{name}")


def has(target: str) -> bool:
    """Whether this machine has the emulator and the binutils for an ISA: they come together."""
    emulator: str = isa.linux(target).EMULATOR[0]
    return (folder() / "bin" / emulator).exists()
