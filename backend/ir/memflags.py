"""Memory flags as one int: what a load or store may assume, its trap code, and its alias region.

Bits 0-5 are the flags of CLIF text; bits 8-15 hold the alias region plus one (``regionN``); bits 16-23 the
trap code's index in ``trapcode.CODES`` plus one (0: the default, ``heap_oob``). An int hashes fast and is part of a
node's key.
"""

from __future__ import annotations

NOTRAP, ALIGNED, READONLY, LITTLE, BIG, CAN_MOVE = 1, 2, 4, 8, 16, 32
NAMES = ("notrap", "aligned", "readonly", "little", "big", "can_move")
TRUSTED = NOTRAP | ALIGNED

_REGION_SHIFT, _TRAP_SHIFT = 8, 16


def with_region(flags: int, region: int) -> int:
    """``flags`` in alias region ``region`` (0 to 254)."""
    return flags & ~(255 << _REGION_SHIFT) | (region + 1) << _REGION_SHIFT


def region(flags: int) -> int | None:
    """The alias region, or None: may alias anything."""
    r = flags >> _REGION_SHIFT & 255
    return r - 1 if r else None


def with_trap(flags: int, code_index: int) -> int:
    """``flags`` with the trap code ``trapcode.CODES[code_index]``."""
    return flags & ~(255 << _TRAP_SHIFT) | (code_index + 1) << _TRAP_SHIFT


def trap(flags: int) -> int | None:
    """Index of the explicit trap code, or None for the default."""
    t = flags >> _TRAP_SHIFT & 255
    return t - 1 if t else None
