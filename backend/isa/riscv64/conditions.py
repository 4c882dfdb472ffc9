"""Conditions: CLIF's names to the hardware's branches.

A condition is ``(number, a, b)``: a comparison of two registers, None for zero. Numbers are the function codes of the six
branches; flipping bit 0 inverts. The hardware compares for equal, less, and not less: others swap their operands.
"""

from __future__ import annotations

EQ, NE, LT, GE, LTU, GEU = 0, 1, 4, 5, 6, 7
#: In a row that compares one register with zero: zero comes first.
ZERO_FIRST = 8

#: Integer code -> (operands swapped, number).
INT = {
    "eq": (False, EQ), "ne": (False, NE), "slt": (False, LT), "sge": (False, GE), "sgt": (True, LT), "sle": (True, GE),
    "ult": (False, LTU), "uge": (False, GEU), "ugt": (True, LTU), "ule": (True, GEU),
}  # fmt: skip

#: Float code -> (operands swapped, comparison that gives 1, whether its result is then inverted); those without a line are
#: made of two: see `lowering/branch.py`.
FLOAT = {
    "eq": (False, "feq", False), "ne": (False, "feq", True), "lt": (False, "flt", False), "le": (False, "fle", False),
    "gt": (True, "flt", False), "ge": (True, "fle", False), "uge": (False, "flt", True), "ugt": (False, "fle", True),
    "ule": (True, "flt", True), "ult": (True, "fle", True),
}  # fmt: skip
