"""Programs for Linux on AArch64 that stand alone; the same as in `isa/x64/linux.py`, routine by routine."""

from __future__ import annotations

SYSCALLS = {"read": 63, "write": 64, "rt_sigaction": 134, "sigaltstack": 132, "exit_group": 94}
SIGACTION_FLAGS = 0
BEHIND: frozenset[int] = frozenset()
EMULATOR = ("qemu-aarch64", "-cpu", "max")
EMULATOR_LACKS: frozenset[str] = frozenset()

START = (
    ("1d0080d2", "mov x29, #0"),
    ("1e0080d2", "mov x30, #0"),
    ("80000058", "ldr x0, 1f"),
    ("40d01bd5", "msr tpidr_el0, x0"),
    ("89000058", "ldr x9, 2f"),
    ("20011fd6", "br x9"),
    ("0000000000000000", "1: .quad state"),
    ("0000000000000000", "2: .quad main"),
)

SYSCALL = (
    ("e80300aa", "mov x8, x0"),
    ("e00301aa", "mov x0, x1"),
    ("e10302aa", "mov x1, x2"),
    ("e20303aa", "mov x2, x3"),
    ("e30304aa", "mov x3, x4"),
    ("010000d4", "svc #0"),
    ("c0035fd6", "ret"),
)

GUARD = (
    ("fd7bb6a9", "stp x29, x30, [sp, #-160]!"),
    ("f35301a9", "stp x19, x20, [sp, #16]"),
    ("f55b02a9", "stp x21, x22, [sp, #32]"),
    ("f76303a9", "stp x23, x24, [sp, #48]"),
    ("f96b04a9", "stp x25, x26, [sp, #64]"),
    ("fb7305a9", "stp x27, x28, [sp, #80]"),
    ("e827066d", "stp d8, d9, [sp, #96]"),
    ("ea2f076d", "stp d10, d11, [sp, #112]"),
    ("ec37086d", "stp d12, d13, [sp, #128]"),
    ("ee3f096d", "stp d14, d15, [sp, #144]"),
    ("fd030091", "mov x29, sp"),
    ("29010058", "ldr x9, 1f"),
    ("3d0100f9", "str x29, [x9]"),
    ("e90300aa", "mov x9, x0"),
    ("e00301aa", "mov x0, x1"),
    ("20013fd6", "blr x9"),
    ("000080d2", "mov x0, #0"),
    ("010080d2", "mov x1, #0"),
    ("89000058", "ldr x9, 2f"),
    ("20011fd6", "br x9"),
    ("0000000000000000", "1: .quad state"),
    ("0000000000000000", "2: .quad land"),
)

LAND = (
    ("e9010058", "ldr x9, 1f"),
    ("210500f9", "str x1, [x9, #8]"),
    ("2a0140f9", "ldr x10, [x9]"),
    ("5f010091", "mov sp, x10"),
    ("f35341a9", "ldp x19, x20, [sp, #16]"),
    ("f55b42a9", "ldp x21, x22, [sp, #32]"),
    ("f76343a9", "ldp x23, x24, [sp, #48]"),
    ("f96b44a9", "ldp x25, x26, [sp, #64]"),
    ("fb7345a9", "ldp x27, x28, [sp, #80]"),
    ("e827466d", "ldp d8, d9, [sp, #96]"),
    ("ea2f476d", "ldp d10, d11, [sp, #112]"),
    ("ec37486d", "ldp d12, d13, [sp, #128]"),
    ("ee3f496d", "ldp d14, d15, [sp, #144]"),
    ("fd7bcaa8", "ldp x29, x30, [sp], #160"),
    ("c0035fd6", "ret"),
    ("0000000000000000", "1: .quad state"),
)

TRAP = (
    ("e1031eaa", "mov x1, x30"),
    ("002080d2", "mov x0, #256"),
    ("49000058", "ldr x9, 1f"),
    ("20011fd6", "br x9"),
    ("0000000000000000", "1: .quad land"),
)

HANDLER = (
    ("41dc40f9", "ldr x1, [x2, #440]"),
    ("49000058", "ldr x9, 1f"),
    ("20011fd6", "br x9"),
    ("0000000000000000", "1: .quad land"),
)
