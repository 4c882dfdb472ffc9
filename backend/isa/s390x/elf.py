"""s390x in ELF files: the numbers of its ELF ABI."""

from __future__ import annotations

from jitpy.backend.target.machine import SYMBOL, Machine, plain

MACHINE = Machine(
    22,
    {
        "abs8": plain(22), "abs4": plain(4), "pcrel8": plain(23),  # R_390_64, 32, PC64
        "pcrel4dbl": plain(19), "plt4dbl": plain(20), "got4dbl": plain(21),  # PC32DBL, PLT32DBL, GOTPCDBL
        # TLS_GD64, and TLS_GDCALL of the whole call, which comes behind that of the call's field: GNU ld goes by the order.
        "tlsgd8": plain(41), "tlsgd_call": ((-2, 38, SYMBOL),),
    },
    undefined={"pcrel4dbl": 20},
    relative=12,
    absolute=22,
    big_endian=True,
    hash_word=8,
    thread_local=frozenset(("tlsgd8", "tlsgd_call")),
    triple="s390x-linux-gnu",
)  # fmt: skip
