"""The registers: numbering, names, and what the allocator may use.

Numbers are those of the hardware's fields: general registers 0-15, vector registers 16-47 (16-31 without AVX-512), mask
registers 48-55. rsp and rbp hold the frame. xmm15 is never allocated: it serves moves between two spill slots and
cycles of moves, of general registers too (movq costs little and is rare), so that these keep all fourteen.
"""

from __future__ import annotations

from jitpy.backend.vcode.vcode import MachineEnv

RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15 = range(16)
XMM0 = 16
K0 = 48

FLOAT_SCRATCH = XMM0 + 15

_QWORD = (
    "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
)  # fmt: skip
_LEGACY = ("ax", "cx", "dx", "bx", "sp", "bp", "si", "di")

#: Name of a general register by width in bytes.
NAMES: dict[str, tuple[str, ...]] = {
    "q": _QWORD,
    "d": tuple("e" + n for n in _LEGACY) + tuple(f"r{i}d" for i in range(8, 16)),
    "w": _LEGACY + tuple(f"r{i}w" for i in range(8, 16)),
    "b": ("al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil", *(f"r{i}b" for i in range(8, 16))),
}
#: Name of each physical register, at its full width.
PREG_NAMES = (*_QWORD, *(f"xmm{i}" for i in range(32)), *(f"k{i}" for i in range(8)))
BY_NAME = {name: preg for preg, name in enumerate(PREG_NAMES)}


def mask(*pregs: int) -> int:
    """Bit mask of these registers."""
    m = 0
    for p in pregs:
        m |= 1 << p
    return m


VECTORS = mask(*range(16, 48))

#: System V: what a call destroys, and what it keeps.
SYSV_CLOBBERS = mask(RAX, RCX, RDX, RSI, RDI, R8, R9, R10, R11, *range(16, 48), *range(48, 56))
SYSV_SAVED = mask(RBX, R12, R13, R14, R15)

#: Microsoft's convention keeps rsi, rdi and xmm6-15 too.
FASTCALL_CLOBBERS = mask(RAX, RCX, RDX, R8, R9, R10, R11, *range(16, 22), *range(32, 48), *range(48, 56))
FASTCALL_SAVED = mask(RBX, RSI, RDI, R12, R13, R14, R15, *range(22, 32))

#: preserve_all keeps what code without AVX can name, but for r11, with which prologues count.
ALL_SAVED = mask(RAX, RCX, RDX, RBX, RSI, RDI, R8, R9, R10, R12, R13, R14, R15, *range(16, 32))

_INTS = (RAX, RCX, RDX, RSI, RDI, R8, R9, R10, R11, RBX, R12, R13, R14, R15)
_FLOATS = tuple(range(XMM0, XMM0 + 15))


#: What get_pinned_reg reads, where functions leave it alone for that.
PINNED = R15


def machine_env(masks: bool = False, widest: int = 512, pinned: bool = False) -> MachineEnv:
    """The allocator's view; ``masks``: the host has AVX-512's k registers; ``widest``: bits of the widest vectors;
    ``pinned``: `PINNED` is taken."""
    ks = tuple(range(K0 + 1, K0 + 7)) if masks else ()
    return MachineEnv(
        allocatable=(tuple(r for r in _INTS if r != PINNED) if pinned else _INTS, _FLOATS, _FLOATS, ks),
        callee_saved=SYSV_SAVED,
        scratch=(FLOAT_SCRATCH, FLOAT_SCRATCH, FLOAT_SCRATCH, K0 + 7 if masks else -1),
        slot_units=(1, 2, widest // 64, 1),
        bank=(0, 1, 1, 2),
    )
