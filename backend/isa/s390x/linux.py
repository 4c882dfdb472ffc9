"""Programs for Linux on IBM Z that stand alone; the same as in `isa/x64/linux.py`, routine by routine."""

from __future__ import annotations

SYSCALLS = {"read": 3, "write": 4, "rt_sigaction": 174, "sigaltstack": 186, "exit_group": 248}
SIGACTION_FLAGS = 0
BEHIND = frozenset({4, 5, 8})  # SIGILL, SIGTRAP, SIGFPE
EMULATOR = ("qemu-s390x", "-cpu", "max")
EMULATOR_LACKS = frozenset({"arch15", "has_mie4", "has_vxrs_ext3"})

START = (
    ("a7fbff60", "aghi %r15, -160"),
    ("c01000000011", "larl %r1, 1f"),
    ("e32010000004", "lg %r2, 0(%r1)"),
    ("b24e0012", "sar %a1, %r2"),
    ("eb020020000c", "srlg %r0, %r2, 32"),
    ("b24e0000", "sar %a0, %r0"),
    ("e31010080004", "lg %r1, 8(%r1)"),
    ("07f1", "br %r1"),
    ("0000000000000000", "1: .quad state"),
    ("0000000000000000", "2: .quad main"),
)

SYSCALL = (
    ("b9040012", "lgr %r1, %r2"),
    ("b9040023", "lgr %r2, %r3"),
    ("b9040034", "lgr %r3, %r4"),
    ("b9040045", "lgr %r4, %r5"),
    ("b9040056", "lgr %r5, %r6"),
    ("0a00", "svc 0"),
    ("07fe", "br %r14"),
)

GUARD = (
    ("eb6ff0300024", "stmg %r6, %r15, 48(%r15)"),
    ("a7fbff20", "aghi %r15, -224"),
    ("6080f0a0", "std %f8, 160(%r15)"),
    ("6090f0a8", "std %f9, 168(%r15)"),
    ("60a0f0b0", "std %f10, 176(%r15)"),
    ("60b0f0b8", "std %f11, 184(%r15)"),
    ("60c0f0c0", "std %f12, 192(%r15)"),
    ("60d0f0c8", "std %f13, 200(%r15)"),
    ("60e0f0d0", "std %f14, 208(%r15)"),
    ("60f0f0d8", "std %f15, 216(%r15)"),
    ("c01000000019", "larl %r1, 1f"),
    ("e31010000004", "lg %r1, 0(%r1)"),
    ("e3f010000024", "stg %r15, 0(%r1)"),
    ("b9040012", "lgr %r1, %r2"),
    ("b9040023", "lgr %r2, %r3"),
    ("0de1", "basr %r14, %r1"),
    ("a7290000", "lghi %r2, 0"),
    ("a7390000", "lghi %r3, 0"),
    ("c0100000000b", "larl %r1, 2f"),
    ("e31010000004", "lg %r1, 0(%r1)"),
    ("07f1", "br %r1"),
    ("0000000000000000", "1: .quad state"),
    ("0000000000000000", "2: .quad land"),
)

LAND = (
    ("c01000000020", "larl %r1, 1f"),
    ("e31010000004", "lg %r1, 0(%r1)"),
    ("e33010080024", "stg %r3, 8(%r1)"),
    ("e3f010000004", "lg %r15, 0(%r1)"),
    ("6880f0a0", "ld %f8, 160(%r15)"),
    ("6890f0a8", "ld %f9, 168(%r15)"),
    ("68a0f0b0", "ld %f10, 176(%r15)"),
    ("68b0f0b8", "ld %f11, 184(%r15)"),
    ("68c0f0c0", "ld %f12, 192(%r15)"),
    ("68d0f0c8", "ld %f13, 200(%r15)"),
    ("68e0f0d0", "ld %f14, 208(%r15)"),
    ("68f0f0d8", "ld %f15, 216(%r15)"),
    ("eb6ff1100004", "lmg %r6, %r15, 272(%r15)"),
    ("07fe", "br %r14"),
    ("0000000000000000", "1: .quad state"),
)

TRAP = (
    ("b904003e", "lgr %r3, %r14"),
    ("a7290100", "lghi %r2, 256"),
    ("c01000000007", "larl %r1, 1f"),
    ("e31010000004", "lg %r1, 0(%r1)"),
    ("07f1", "br %r1"),
    ("0000000000000000", "1: .quad land"),
)

HANDLER = (
    ("e33040300004", "lg %r3, 48(%r4)"),
    ("c01000000007", "larl %r1, 1f"),
    ("e31010000004", "lg %r1, 0(%r1)"),
    ("07f1", "br %r1"),
    ("0000000000000000", "1: .quad land"),
)
