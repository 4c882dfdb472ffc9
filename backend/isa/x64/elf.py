"""x86-64 in ELF files: the numbers of the System V psABI."""

from __future__ import annotations

from jitpy.backend.target.machine import Machine, plain

MACHINE = Machine(
    62,
    {
        "abs8": plain(1), "abs4": plain(10), "pcrel8": plain(24),  # R_X86_64_64, 32, PC64
        "pcrel4": plain(2), "plt4": plain(4), "tlsgd4": plain(19),  # PC32, PLT32, TLSGD
    },
    undefined={"pcrel4": 4},
    relative=8,
    absolute=1,
    thread_local=frozenset(("tlsgd4",)),
    triple="x86_64-linux-gnu",
)  # fmt: skip
