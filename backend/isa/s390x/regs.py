"""The registers: numbering, names, and what the allocator may use.

General registers are 0-15, vector registers 16-47; the floating-point registers are the left halves of the first sixteen
vector registers, and a scalar float lies at the left end of its register.

r15 is the stack pointer, r11 the frame pointer; r14, which comes with the return address, is one like others behind the
prologue. r0 and r1 are never allocated: r0 cannot be
part of an address, so both serve inside of one row (far addresses, products, quotients, loops of atomics). v16 is the
scratch of all classes, of general registers too: see `frame.emit_move`.

Scalar floats (FLOAT) and vectors (VECTOR) share the bank, but v8-v15, of which a call keeps only the left halves, are
for scalars alone.
"""

from __future__ import annotations

from jitpy.backend.vcode.vcode import MachineEnv

R0, R1, R2, R3, R4, R5, R6, R7, R8, R9, R10, R11, R12, R13, R14, R15 = range(16)
V0 = 16
FP, LINK, SP = R11, R14, R15
SCRATCH = V0 + 16
#: What get_pinned_reg reads, where functions leave it alone for that.
PINNED = R13

#: Name of each physical register.
PREG_NAMES = (*(f"r{i}" for i in range(16)), *(f"v{i}" for i in range(32)))
BY_NAME = {name: preg for preg, name in enumerate(PREG_NAMES)}


def mask(*pregs: int) -> int:
    """Bit mask of these registers."""
    m = 0
    for p in pregs:
        m |= 1 << p
    return m


_TEMPORARY = tuple(range(V0, V0 + 8))
_UPPER = tuple(v for v in range(V0 + 17, V0 + 32))
_KEPT = tuple(range(V0 + 8, V0 + 16))

#: What a call destroys, and what it keeps; what holds no vectors and is kept by halves.
CLOBBERS = mask(R0, R1, R2, R3, R4, R5, R14, SCRATCH, *_TEMPORARY, *_UPPER)
SAVED = mask(R6, R7, R8, R9, R10, R12, R13, *_KEPT)
KEPT = mask(*_KEPT)

_INTS = (R2, R3, R4, R5, LINK, R6, R7, R8, R9, R10, R12, R13)


def machine_env(pinned: bool = False) -> MachineEnv:
    """The allocator's view; ``pinned``: `PINNED` is taken."""
    return MachineEnv(
        allocatable=(
            tuple(r for r in _INTS if r != PINNED) if pinned else _INTS, (*_TEMPORARY, *_UPPER, *_KEPT), (*_TEMPORARY, *_UPPER),
            (),
        ),
        callee_saved=SAVED,
        scratch=(SCRATCH, SCRATCH, SCRATCH, -1),
        slot_units=(1, 1, 2, 1),
        bank=(0, 1, 1, 2),
    )  # fmt: skip
