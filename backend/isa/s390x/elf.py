"""s390x in ELF files: the numbers of its ELF ABI."""

from __future__ import annotations

from jitpy.backend.target.machine import Machine, plain

MACHINE = Machine(
    22,
    {
        "abs8": plain(22), "abs4": plain(4), "pcrel8": plain(23),  # R_390_64, 32, PC64
        "pcrel4dbl": plain(19), "plt4dbl": plain(20), "tlsgd8": plain(41),  # PC32DBL, PLT32DBL, TLS_GD64
    },
    undefined={"pcrel4dbl": 20},
    relative=12,
    absolute=22,
    big_endian=True,
    hash_word=8,
    triple="s390x-linux-gnu",
)  # fmt: skip
