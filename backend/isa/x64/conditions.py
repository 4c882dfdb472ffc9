"""Condition codes: CLIF's names to the hardware's numbers.

Numbers 0-15 are those of jcc, setcc and cmovcc; flipping bit 0 inverts. After ucomisd "equal" also holds for unordered
operands, so CLIF's ``eq`` needs parity clear as well: two conditions of our own stand for that, again inverse by bit 0.
"""

from __future__ import annotations

O, NO, B, AE, E, NE, BE, A, S, NS, P, NP, L, GE, LE, G = range(16)  # noqa: E741  the manual's letters
FP_EQ, FP_NE = 16, 17
CC_NAMES = ("o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g")

INT = {"eq": E, "ne": NE, "slt": L, "sge": GE, "sgt": G, "sle": LE, "ult": B, "uge": AE, "ugt": A, "ule": BE}

#: Float code -> (operands swapped, condition): less-than by swapping, since only "above" excludes unordered.
FLOAT = {
    "eq": (False, FP_EQ), "ne": (False, FP_NE), "gt": (False, A), "ge": (False, AE), "lt": (True, A), "le": (True, AE),
    "uno": (False, P), "ord": (False, NP), "one": (False, NE), "ueq": (False, E), "ult": (False, B), "ule": (False, BE),
    "ugt": (True, B), "uge": (True, BE),
}  # fmt: skip
