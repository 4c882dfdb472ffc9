"""Condition codes: CLIF's names to the masks that the hardware's conditional instructions take.

A mask has a bit for each of the four condition codes, 8 for code 0 down to 1 for code 3; the inverse is the complement.
Comparisons set 0 (equal), 1 (low), 2 (high) and, of floats, 3 (unordered). Signed and unsigned comparisons are different
instructions with the same codes. Sums set 3 on overflow; logical sums 2 or 3 on a carry; logical differences 0 or 1 on a
borrow (subtract with borrow may give 0).
"""

from __future__ import annotations

E, L, H, O = 8, 4, 2, 1  # noqa: E741  the manual's letters
NE, LE, HE, NO = 7, 12, 10, 14
CARRY, BORROW = 3, 12

#: Suffix of a conditional instruction by mask.
CC_NAMES = ("", "o", "h", "nle", "l", "nhe", "lh", "ne", "e", "nlh", "he", "nl", "le", "nh", "no", "")

#: Integer code -> (signed, mask).
INT = {
    "eq": (False, E), "ne": (False, 6), "slt": (True, L), "sge": (True, HE), "sgt": (True, H), "sle": (True, LE),
    "ult": (False, L), "uge": (False, HE), "ugt": (False, H), "ule": (False, LE),
}  # fmt: skip
FLOAT = {
    "eq": E, "ne": NE, "lt": L, "le": LE, "gt": H, "ge": HE, "uno": O, "ord": NO, "one": L | H, "ueq": E | O,
    "ult": L | O, "ule": LE | O, "ugt": H | O, "uge": HE | O,
}  # fmt: skip
#: Mask after the operands are swapped: low and high change places.
SWAPPED = tuple(m & 9 | (m & 4) >> 1 | (m & 2) << 1 for m in range(16))


def inverse(cond: int) -> int:
    """The mask that holds where ``cond`` does not."""
    return cond ^ 15
