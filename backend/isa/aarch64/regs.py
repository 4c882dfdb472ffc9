"""The registers: numbering, names, and what the allocator may use.

General registers are 0-30, the stack pointer 31, vector registers 32-63; the low five bits are the hardware's number. x29 and x30
hold the frame, x18 is the platform's. x16 serves moves between two spill slots and cycles of moves, x17 single instructions: large
displacements and constants; v31 both, for floats and vectors.
"""

from __future__ import annotations

from jitpy.backend.vcode.vcode import MachineEnv

X0, X1, X2, X3, X4, X5, X6, X7, X8 = range(9)
X16, X17, X18, X19, X20, X21 = range(16, 22)
FP, LR, SP = 29, 30, 31
V0 = 32

INT_SCRATCH = X16
#: For use within one instruction.
TEMPORARY = X17
FLOAT_SCRATCH = V0 + 31
#: What get_pinned_reg reads, where functions leave it alone for that.
PINNED = X21

#: Name of each physical register, at its full width.
PREG_NAMES = (*(f"x{i}" for i in range(31)), "sp", *(f"v{i}" for i in range(32)))


def mask(*pregs: int) -> int:
    """Bit mask of these registers."""
    m = 0
    for p in pregs:
        m |= 1 << p
    return m


VECTORS = mask(*range(V0, V0 + 32))
#: AAPCS64: what a call destroys, and what it keeps. Of v8 to v15 it keeps the low halves: a function saves them, but no value that
#: might be wider is left in one across a call.
CLOBBERS = mask(*range(X18), LR) | VECTORS
SAVED = mask(*range(X19, FP), *range(V0 + 8, V0 + 16))

_INTS = (*range(16), *range(X19, FP))
_FLOATS = (*range(V0 + 16, V0 + 31), *range(V0, V0 + 16))


def machine_env(pinned: bool = False) -> MachineEnv:
    """The allocator's view; ``pinned``: `PINNED` is taken."""
    return MachineEnv(
        allocatable=(tuple(r for r in _INTS if r != PINNED) if pinned else _INTS, _FLOATS, _FLOATS, ()),
        callee_saved=SAVED,
        scratch=(INT_SCRATCH, FLOAT_SCRATCH, FLOAT_SCRATCH, -1),
        slot_units=(1, 2, 2, 1),
        bank=(0, 1, 1, 2),
    )
