"""What the processor can do, by the names of its extensions. G (M, A, F, D, Zicsr, Zifencei) is the least that is served.

An extension brings others with it: `complete` adds them. The sizes Zvl..b are least lengths of a vector register; V has
128 bits, which is what code is made for, whatever more there is.
"""

from __future__ import annotations

import platform

_G = ("has_m", "has_a", "has_f", "has_d", "has_zicsr", "has_zifencei")
_ZVL = tuple(f"has_zvl{32 << n}b" for n in range(12))
_OTHERS = (
    "has_c", "has_zca", "has_zcb", "has_zcd", "has_v", "has_zba", "has_zbb", "has_zbc", "has_zbs", "has_zbkb",
    "has_zicond", "has_zfa", "has_zfhmin", "has_zfh", "has_zvfhmin", "has_zvfh", "has_zvbb", "has_zacas", "has_zabha",
)  # fmt: skip
#: What is chosen, not found: s11 holds `get_pinned_reg`.
CHOICES = ("enable_pinned_reg",)
FEATURES = (*_G, *_OTHERS, *_ZVL, *CHOICES)

_IMPLIED = {
    "has_c": ("has_zca", "has_zcd"), "has_zcb": ("has_zca",), "has_zcd": ("has_zca",), "has_zfh": ("has_zfhmin",),
    "has_v": ("has_zvl128b",), "has_zvfhmin": ("has_v",), "has_zvfh": ("has_zvfhmin", "has_zfhmin"), "has_zvbb": ("has_v",),
    **{name: (_ZVL[n],) for n, name in enumerate(_ZVL[1:])},
}  # fmt: skip

_RVA22 = ("has_c", "has_zba", "has_zbb", "has_zbs", "has_zfhmin")
_RVA23 = (*_RVA22, "has_v", "has_zcb", "has_zicond", "has_zfa", "has_zvfhmin", "has_zvbb")
#: Profiles, and processors by the names compilers use.
PRESETS = {
    "baseline": (), "rv64g": (), "generic-rv64": (), "rv64gc": ("has_c",), "rva20u64": ("has_c",), "rva22u64": _RVA22,
    "rva23u64": _RVA23, "sifive-u54": ("has_c",), "sifive-u74": ("has_c",), "thead-c906": ("has_c",),
    "sifive-p550": ("has_c", "has_zba", "has_zbb"), "spacemit-x60": (*_RVA22, "has_v", "has_zvl256b", "has_zicond", "has_zfh",
    "has_zvfh", "has_zbc"), "max": (*_OTHERS, "has_zvl128b"),
    **{f"zvl{32 << n}b": _ZVL[: n + 1] for n in range(12)},
}  # fmt: skip


def none() -> dict[str, int]:
    """The baseline: G alone."""
    return {name: int(name in _G) for name in FEATURES}


def complete(features: dict[str, int]) -> dict[str, int]:
    """With what the features bring along."""
    found = dict(features)
    wanted = [name for name, value in features.items() if value]
    while wanted:
        for name in _IMPLIED.get(wanted.pop(), ()):
            if not found[name]:
                found[name] = 1
                wanted.append(name)
    return found


def host() -> dict[str, int]:
    """This machine's features, as the kernel's list of extensions has them; the baseline on another kind of machine."""
    found = none()
    if platform.machine().lower() != "riscv64":
        return found
    try:
        with open("/proc/cpuinfo", encoding="ascii") as file:
            isa = next((line.partition(":")[2].strip() for line in file if line.startswith("isa")), "")
    except OSError:
        return found
    letters, *names = isa.removeprefix("rv64").split("_")
    for name in (*letters, *names):
        if "has_" + name in found:
            found["has_" + name] = 1
    return complete(found)
