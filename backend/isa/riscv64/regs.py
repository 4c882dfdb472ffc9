"""The registers: numbering, names, and what the allocator may use.

Numbers are those of the hardware's fields: x0-x31 are 0-31, f0-f31 32-63, v0-v31 64-95. zero, ra, sp, gp, tp and the frame
pointer s0 are not allocated. t6 and f31 serve moves between spill slots and cycles of moves; t5 is emission's own, for
addresses out of an instruction's reach. v0 holds the mask that one rule makes and uses; v31 is the vectors' scratch.
"""

from __future__ import annotations

from jitpy.backend.vcode.vcode import MachineEnv

ZERO, RA, SP, GP, TP = range(5)
T0, T1, T2 = 5, 6, 7
FP = 8
A0 = 10
A1 = 11
T5, T6 = 30, 31
F0 = 32
F31 = F0 + 31
V0 = 64
V31 = V0 + 31

#: Emission's scratch register.
TEMP = T5
#: What get_pinned_reg reads, where functions leave it alone for that: s11.
PINNED = 27

X_NAMES = (
    "zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", *(f"a{i}" for i in range(8)),
    *(f"s{i}" for i in range(2, 12)), "t3", "t4", "t5", "t6",
)  # fmt: skip
F_NAMES = (
    *(f"ft{i}" for i in range(8)), "fs0", "fs1", *(f"fa{i}" for i in range(8)), *(f"fs{i}" for i in range(2, 12)),
    "ft8", "ft9", "ft10", "ft11",
)  # fmt: skip
#: Name of each physical register.
PREG_NAMES = (*X_NAMES, *F_NAMES, *(f"v{i}" for i in range(32)))
BY_NAME = {name: preg for preg, name in enumerate(PREG_NAMES)}


def mask(*pregs: int) -> int:
    """Bit mask of these registers."""
    m = 0
    for p in pregs:
        m |= 1 << p
    return m


_ARGS = tuple(range(10, 18))
_SAVED = (9, *range(18, 28))
_TEMPS = (5, 6, 7, 28, 29)
_FLOAT_ARGS = tuple(range(F0 + 10, F0 + 18))
_FLOAT_SAVED = (F0 + 8, F0 + 9, *range(F0 + 18, F0 + 28))
_FLOAT_TEMPS = (*range(F0, F0 + 8), *range(F0 + 28, F0 + 31))
_VECTORS = tuple(range(V0 + 1, V0 + 31))

INT_ARGS, FLOAT_ARGS, VECTOR_ARGS = _ARGS, _FLOAT_ARGS, tuple(range(V0 + 8, V0 + 24))
#: The platform's convention: what a call keeps, and what it destroys. Vectors are all destroyed.
SAVED = mask(*_SAVED, *_FLOAT_SAVED)
CLOBBERS = mask(RA, *_TEMPS, *_ARGS, *_FLOAT_TEMPS, *_FLOAT_ARGS, *_VECTORS)


def machine_env(vectors: bool = False, pinned: bool = False) -> MachineEnv:
    """The allocator's view; ``vectors``: there is V; ``pinned``: `PINNED` is taken. Registers that compressed instructions
    can name come first."""
    ints = tuple(r for r in (15, 14, 13, 12, 11, 10, 16, 17, *_TEMPS, *_SAVED) if not (pinned and r == PINNED))
    floats = (*reversed(_FLOAT_ARGS), *_FLOAT_TEMPS, *_FLOAT_SAVED)
    vs = _VECTORS if vectors else ()
    return MachineEnv(
        allocatable=(ints, floats, vs, ()),
        callee_saved=SAVED,
        scratch=(T6, F31, V31 if vectors else -1, -1),
        slot_units=(1, 1, 2, 1),
        bank=(0, 1, 2, 3),
    )
