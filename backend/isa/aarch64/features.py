"""What the processor can do, as the Linux kernel tells programs."""

from __future__ import annotations

import platform

#: Feature -> words of /proc/cpuinfo that must all be there.
_WORDS = {
    "has_lse": ("atomics",), "has_pauth": ("paca",), "has_fp16": ("fphp", "asimdhp"), "has_dotprod": ("asimddp",),
    "has_i8mm": ("i8mm",),
}  # fmt: skip
#: What is chosen, not found. x21 holds `get_pinned_reg`; return addresses are signed: in functions that save theirs, in all, with
#: the second key; functions and what is jumped to begin with a landing mark; no speculation past a guarded choice.
CHOICES = (
    "enable_pinned_reg", "sign_return_address", "sign_return_address_all", "sign_return_address_with_bkey", "use_bti", "use_csdb",
)  # fmt: skip
FEATURES = (*_WORDS, *CHOICES)

#: Architecture versions and processors by the names compilers use.
_V82 = ("has_lse", "has_fp16")
_V84 = (*_V82, "has_dotprod", "has_pauth")
_V86 = (*_V84, "has_i8mm")
_N1 = ("has_lse", "has_fp16", "has_dotprod")
PRESETS = {
    "baseline": (), "armv8-a": (), "cortex-a53": (), "cortex-a57": (), "cortex-a72": (), "armv8.1-a": ("has_lse",),
    "armv8.2-a": ("has_lse",), "cortex-a55": _N1, "cortex-a76": _N1, "neoverse-n1": _N1, "armv8.3-a": ("has_lse", "has_pauth"),
    "armv8.4-a": ("has_lse", "has_pauth", "has_dotprod"), "armv8.6-a": ("has_lse", "has_pauth", "has_dotprod", "has_i8mm"),
    "apple-m1": _V84, "apple-m2": _V86, "neoverse-v1": _V86, "neoverse-n2": _V86, "graviton2": _N1, "graviton3": _V86,
}  # fmt: skip


def none() -> dict[str, int]:
    """The baseline: ARMv8.0 with Advanced SIMD."""
    return dict.fromkeys(FEATURES, 0)


def host() -> dict[str, int]:
    """This machine's features; the baseline on another kind of machine, or where the kernel does not tell."""
    found = none()
    if platform.machine().lower() not in ("aarch64", "arm64"):
        return found
    try:
        with open("/proc/cpuinfo", encoding="ascii") as file:
            words = {word for line in file if line.startswith("Features") for word in line.partition(":")[2].split()}
    except OSError:
        return found
    for name, needed in _WORDS.items():
        found[name] = int(words.issuperset(needed))
    return found
