"""RISC-V in ELF files: the numbers of its psABI. Distances between words are a sum and a difference there."""

from __future__ import annotations

from jitpy.backend.target.machine import FIELD, SYMBOL, Machine, plain

MACHINE = Machine(
    243,
    {
        "abs8": plain(2), "abs4": plain(1), "pcrel8": ((0, 36, SYMBOL), (0, 40, FIELD)),  # R_RISCV_64, 32, ADD64 and SUB64
        "riscv_pcrel": ((0, 23, SYMBOL), (4, 24, FIELD)),  # PCREL_HI20 and PCREL_LO12_I
        "riscv_tls_gd": ((0, 22, SYMBOL), (4, 24, FIELD)),  # TLS_GD_HI20
        "riscv_call": plain(19),  # CALL_PLT
    },
    relative=3,
    absolute=2,
    flags=5,  # compressed instructions, doubles in registers
    thread_local=frozenset(("riscv_tls_gd",)),
    triple="riscv64-linux-gnu",
)  # fmt: skip
