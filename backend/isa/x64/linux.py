"""Programs for Linux on x86-64 that stand alone: how they start, call the system, and come back from a trap.

`backend.emulation.program` says what each routine is for. The listings are what GNU as makes of their right columns.
"""

from __future__ import annotations

from jitpy.backend.isa.x64.features import FEATURES

#: Numbers of the system calls that are made.
SYSCALLS = {"read": 0, "write": 1, "rt_sigaction": 13, "sigaltstack": 131, "exit_group": 231}
#: What sa_flags needs besides SA_SIGINFO and the like: here SA_RESTORER.
SIGACTION_FLAGS = 0x04000000
#: Signals whose program counter lies behind the instruction that raised them.
BEHIND: frozenset[int] = frozenset()
EMULATOR = ("qemu-x86_64", "-cpu", "max")
#: Features that the emulator has not.
EMULATOR_LACKS = frozenset(f for f in FEATURES if f.startswith("has_avx512")) | {"has_avx_vnni"}

START = (
    ("31ed", "xor ebp, ebp"),
    ("4883e4f0", "and rsp, -16"),
    ("488b3515000000", "mov rsi, [rip + 1f]"),
    ("bf02100000", "mov edi, 0x1002"),  # ARCH_SET_FS
    ("b89e000000", "mov eax, 158"),  # arch_prctl
    ("0f05", "syscall"),
    ("4889f7", "mov rdi, rsi"),
    ("ff1508000000", "call [rip + 2f]"),
    ("0000000000000000", "1: .quad state"),
    ("0000000000000000", "2: .quad main"),
)

SYSCALL = (
    ("4889f8", "mov rax, rdi"),
    ("4889f7", "mov rdi, rsi"),
    ("4889d6", "mov rsi, rdx"),
    ("4889ca", "mov rdx, rcx"),
    ("4d89c2", "mov r10, r8"),
    ("0f05", "syscall"),
    ("c3", "ret"),
)

GUARD = (
    ("55", "push rbp"),
    ("53", "push rbx"),
    ("4154", "push r12"),
    ("4155", "push r13"),
    ("4156", "push r14"),
    ("4157", "push r15"),
    ("4883ec08", "sub rsp, 8"),
    ("488b0515000000", "mov rax, [rip + 1f]"),
    ("488920", "mov [rax], rsp"),
    ("4889f8", "mov rax, rdi"),
    ("4889f7", "mov rdi, rsi"),
    ("ffd0", "call rax"),
    ("31ff", "xor edi, edi"),
    ("31f6", "xor esi, esi"),
    ("ff2508000000", "jmp [rip + 2f]"),
    ("0000000000000000", "1: .quad state"),
    ("0000000000000000", "2: .quad land"),
)

LAND = (
    ("488b0519000000", "mov rax, [rip + 1f]"),
    ("48897008", "mov [rax + 8], rsi"),
    ("488b20", "mov rsp, [rax]"),
    ("4889f8", "mov rax, rdi"),
    ("4883c408", "add rsp, 8"),
    ("415f", "pop r15"),
    ("415e", "pop r14"),
    ("415d", "pop r13"),
    ("415c", "pop r12"),
    ("5b", "pop rbx"),
    ("5d", "pop rbp"),
    ("c3", "ret"),
    ("0000000000000000", "1: .quad state"),
)

TRAP = (
    ("488b3424", "mov rsi, [rsp]"),
    ("bf00010000", "mov edi, 256"),
    ("ff2500000000", "jmp [rip + 1f]"),
    ("0000000000000000", "1: .quad land"),
)

HANDLER = (
    ("488bb2a8000000", "mov rsi, [rdx + 168]"),
    ("ff2500000000", "jmp [rip + 1f]"),
    ("0000000000000000", "1: .quad land"),
)
