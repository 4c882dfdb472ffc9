"""What s390x processors have beyond z14, by the names of the facilities and of the architecture levels that compilers use.

The baseline is z14 (arch12): general instructions, the vector facility and its first enhancements (single precision and
128-bit floats in vector registers). A level is nothing but its facilities.
"""

from __future__ import annotations

#: Level -> the facilities it brings: z15 and z17.
_LEVELS = {"arch13": ("has_mie3", "has_vxrs_ext2"), "arch15": ("has_mie4", "has_vxrs_ext3")}
_FACILITIES = (
    "has_mie3",  # miscellaneous instruction extensions 3: select, nand, nor, or with complement, population count of 64 bits
    "has_mie4",  # the fourth: count leading and trailing zeros, bit extract and deposit
    "has_vxrs_ext2",  # byte-reversed vector memory access, shifts by element, conversions of 32-bit elements
    "has_vxrs_ext3",  # 64- and 128-bit products, quotients, comparisons of 128 bits
)
#: What is chosen, not found: r13 holds `get_pinned_reg`.
CHOICES = ("enable_pinned_reg",)
FEATURES = ("arch13", "arch14", "arch15", *_FACILITIES, *CHOICES)

PRESETS = {
    "baseline": (), "z14": (), "arch12": (), "z15": ("arch13",), "arch13": ("arch13",), "z16": ("arch14",),
    "arch14": ("arch14",), "z17": ("arch15",), "arch15": ("arch15",),
}  # fmt: skip


def none() -> dict[str, int]:
    """The baseline: z14."""
    return dict.fromkeys(FEATURES, 0)


def close(features: dict[str, int]) -> dict[str, int]:
    """With what the levels imply: each contains those before it."""
    found = dict(features)
    for level, below in (("arch15", "arch14"), ("arch14", "arch13")):
        if found[level]:
            found[below] = 1
    for level, facilities in _LEVELS.items():
        if found[level]:
            found.update(dict.fromkeys(facilities, 1))
    return found
