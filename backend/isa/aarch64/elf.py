"""AArch64 in ELF files: the numbers of ELF for the Arm 64-bit architecture."""

from __future__ import annotations

from jitpy.backend.target.machine import SYMBOL, Machine, plain

MACHINE = Machine(
    183,
    {
        "abs8": plain(257), "abs4": plain(258), "pcrel8": plain(260),  # R_AARCH64_ABS64, ABS32, PREL64
        "call26": plain(283), "adr21": plain(274), "pcrel4": plain(261),  # CALL26, ADR_PREL_LO21, PREL32
        # TLSDESC_ADR_PAGE21, LD64_LO12, ADD_LO12, CALL
        "tlsdesc_page": plain(562), "tlsdesc_load": plain(563), "tlsdesc_add": plain(564), "tlsdesc_call": plain(569),
        "adrp_add": ((0, 275, SYMBOL), (4, 277, SYMBOL)),  # ADR_PREL_PG_HI21, ADD_ABS_LO12_NC
    },
    relative=1027,
    absolute=257,
    page=65536,
    thread_local=frozenset(("tlsdesc_page", "tlsdesc_load", "tlsdesc_add", "tlsdesc_call")),
    triple="aarch64-linux-gnu",
)  # fmt: skip
