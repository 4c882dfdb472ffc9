"""Condition codes: CLIF's names to the hardware's numbers.

Numbers 0-15 are those of b.cond, csel and ccmp; flipping bit 0 inverts. After fcmp the flags say less, equal, greater or unordered;
two of CLIF's conditions are true of two of these that no number has together: they have numbers of our own, inverse by bit 0 too.
"""

from __future__ import annotations

EQ, NE, HS, LO, MI, PL, VS, VC, HI, LS, GE, LT, GT, LE, AL, NV = range(16)
#: Less or greater; equal or unordered.
FP_ONE, FP_UEQ = 16, 17
CC_NAMES = ("eq", "ne", "cs", "cc", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le", "al", "nv")

INT = {"eq": EQ, "ne": NE, "slt": LT, "sge": GE, "sgt": GT, "sle": LE, "ult": LO, "uge": HS, "ugt": HI, "ule": LS}
#: The same conditions with operands swapped.
SWAPPED = {EQ: EQ, NE: NE, LT: GT, GT: LT, GE: LE, LE: GE, LO: HI, HI: LO, HS: LS, LS: HS}
FLOAT = {
    "eq": EQ, "ne": NE, "gt": GT, "ge": GE, "lt": MI, "le": LS, "uno": VS, "ord": VC, "one": FP_ONE, "ueq": FP_UEQ, "ult": LT,
    "ule": LE, "ugt": HI, "uge": PL,
}  # fmt: skip
