"""What can be compiled for: targets, processors and features by the names compilers use, with a line on each.

Features and processors stand in each ISA's ``features.py``; here is what is said about them.
"""

from __future__ import annotations

from jitpy.backend import isa
from jitpy.backend.errors import UnsupportedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from jitpy.backend.target.target import Target

#: Name -> (its ISA, the processor that is meant where none is given, what it is).
TARGETS = {
    "x86_64": ("x64", "x86-64", "PCs and servers; little-endian, System V convention"),
    "aarch64": ("aarch64", "armv8-a", "64-bit Arm: Raspberry Pi 3 to 5, Jetson, phones, Graviton; little-endian, AAPCS64"),
    "riscv64": ("riscv64", "rv64gc", "64-bit RISC-V: VisionFive, BananaPi F3, LicheePi; little-endian, LP64D"),
    "s390x": ("s390x", "z14", "IBM Z and LinuxONE; big-endian, s390x ELF convention"),
}  # fmt: skip

#: Processors and levels; what is not here is described by its features.
_CPUS = {
    "x86-64": "every 64-bit PC: SSE2", "x86-64-v2": "2009 on: SSE4.2, popcnt", "x86-64-v3": "2013 on: AVX2, FMA, BMI",
    "x86-64-v4": "AVX-512", "nehalem": "Intel 2008", "haswell": "Intel 2013: AVX2, FMA, BMI", "skylake": "Intel 2015",
    "skylake-avx512": "Intel servers 2017: AVX-512", "icelake-client": "Intel 2019", "icelake-server": "Intel servers 2021",
    "znver3": "AMD Zen 3, 2020", "znver4": "AMD Zen 4, 2022: AVX-512",
    "armv8-a": "every 64-bit Arm", "armv8.1-a": "with large-system atomics", "cortex-a53": "Raspberry Pi 3, many small boards",
    "cortex-a55": "small cores from 2017 on", "cortex-a57": "Jetson TX1",
    "cortex-a72": "Raspberry Pi 4", "cortex-a76": "Raspberry Pi 5",
    "neoverse-n1": "Graviton 2, Ampere Altra", "neoverse-v1": "Graviton 3", "neoverse-n2": "Cobalt 100, Yitian",
    "graviton2": "Neoverse N1", "graviton3": "Neoverse V1", "apple-m1": "Apple 2020", "apple-m2": "Apple 2022",
    "rv64g": "no compressed instructions", "rv64gc": "every Linux board", "rva20u64": "the profile of 2020",
    "rva22u64": "the profile of 2022: Zba, Zbb, Zbs", "rva23u64": "the profile of 2023: vectors",
    "sifive-u54": "HiFive Unleashed", "sifive-u74": "VisionFive 2, HiFive Unmatched", "sifive-p550": "HiFive Premier",
    "thead-c906": "Allwinner D1, without its old vectors", "spacemit-x60": "BananaPi F3, Milk-V Jupiter: 256-bit vectors",
    "z14": "2017: vector enhancements 1", "z15": "2019: vector enhancements 2, select", "z16": "2022", "z17": "2025",
    "baseline": "the least that is served", "max": "everything this compiler knows",
}  # fmt: skip

#: Features without ``has_``.
_FEATURES = {
    "sse3": "horizontal adds", "ssse3": "byte shuffles", "sse41": "rounding, blends, wide multiplication",
    "sse42": "64-bit vector comparison", "popcnt": "population count", "cmpxchg16b": "16-byte compare and swap",
    "avx": "three-operand vector instructions", "avx2": "256-bit integer vectors", "fma": "fused multiply and add",
    "f16c": "conversions of 16-bit floats", "bmi1": "bit manipulation: andn, tzcnt", "bmi2": "shifts without flags",
    "lzcnt": "leading zeros", "avx512f": "512-bit vectors", "avx512dq": "64-bit vector multiplication, conversions",
    "avx512bw": "vectors of bytes and words", "avx512vl": "AVX-512 on shorter vectors", "avx512cd": "leading zeros of lanes",
    "avx512ifma": "52-bit vector multiplication", "avx512vbmi": "byte permutations", "avx512vbmi2": "byte compaction, shifts",
    "avx512bitalg": "population count of bytes", "avx512vnni": "dot products of bytes", "avx512vpopcntdq": "that of lanes",
    "avx_vnni": "dot products of bytes on 256 bits",
    "lse": "atomic instructions instead of loops", "pauth": "returns that authenticate", "fp16": "arithmetic of 16-bit floats",
    "dotprod": "dot products of bytes", "i8mm": "matrix products of bytes",
    "m": "multiplication and division", "a": "atomics", "f": "32-bit floats", "d": "64-bit floats", "zicsr": "control registers",
    "zifencei": "instruction fences", "c": "compressed instructions", "zca": "compressed instructions without floats",
    "zcb": "more compressed instructions", "zcd": "compressed loads and stores of doubles", "v": "vectors (RVV 1.0)",
    "zba": "addresses: shift and add", "zbb": "bit manipulation: min, max, rotate, count", "zbc": "carry-less products",
    "zbs": "single bits", "zbkb": "bit manipulation for cryptography", "zicond": "conditional zero", "zfa": "more of floats",
    "zfhmin": "conversions of 16-bit floats", "zfh": "arithmetic of 16-bit floats", "zvfh": "vectors of 16-bit floats",
    "zvfhmin": "conversions of vectors of 16-bit floats", "zacas": "compare-and-swap, also of 128 bits",
    "zabha": "atomic instructions on 8 and 16 bits",
    "zvbb": "bit manipulation of vectors",
    "arch13": "z15's instructions", "arch14": "z16's", "arch15": "z17's", "mie3": "select, nand, nor, population count",
    "mie4": "count zeros, bit extract and deposit", "vxrs_ext2": "byte-reversed vector access, vector shifts",
    "vxrs_ext3": "128-bit vector arithmetic",
    "enable_pinned_reg": "a register is kept for the program", "enable_cet": "functions begin with a landing mark",
    "sign_return_address": "sign return addresses that are saved", "sign_return_address_all": "sign all return addresses",
    "sign_return_address_with_bkey": "with the second key", "use_bti": "landing marks", "use_csdb": "speculation barriers",
}  # fmt: skip


class TargetError(UnsupportedError):
    """There is no such target, processor or feature."""


def nearest(name: str, known: Iterable[str]) -> str:
    """``; did you mean ...?``, or what there is."""
    import difflib

    names = list(dict.fromkeys(known))
    near = difflib.get_close_matches(name, names, 1, 0.5)
    return f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(names)}"


def canonical(target: str) -> str:
    """The target's name, of any that it goes by. TargetError for others."""
    if not isinstance(target, str):
        raise TargetError(f"a target is a name such as 'riscv64', not {target!r}; there are {', '.join(TARGETS)}")
    folder = isa.NAMES.get(target.lower())
    found = next((name for name, row in TARGETS.items() if row[0] == folder), None)
    if found is None:
        raise TargetError(f"there is no target {target!r}{nearest(target.lower(), [*TARGETS, *isa.NAMES])}")
    return found


def here() -> list[str]:
    """The targets that this installation can compile for."""
    found = []
    for name, (folder, _, _) in TARGETS.items():
        try:
            isa.presets(folder)
        except UnsupportedError:
            continue
        found.append(name)
    return found


def resolve(target: str, cpu: str | None = None, features: str | Iterable[str] | Mapping[str, Any] | None = None) -> Target:
    """The target with a processor's features and others on top: names with or without ``has_``, ``-name`` or ``name=false`` to
    leave one out, or a dict of bools. TargetError names the nearest to one that does not exist."""
    name = canonical(target)
    folder, default, _ = TARGETS[name]
    presets, known = isa.presets(folder), isa.feature_names(folder)
    cpu = default if cpu is None else cpu
    if not isinstance(cpu, str) or cpu.lower() not in presets:
        raise TargetError(f"{name} has no processor {cpu!r}{_elsewhere(cpu, name) or nearest(str(cpu).lower(), cpus(name))}")
    base = isa.lookup(folder, {}).features
    chosen = dict.fromkeys(presets[cpu.lower()], 1)
    for feature, on in _switches(features):
        full = next((f for f in (feature, f"has_{feature}") if f in known), None)
        if full is None:
            if feature in presets:
                if not on:
                    parts = ", ".join(f.removeprefix("has_") for f in presets[feature])
                    raise TargetError(f"{feature} stands for several features: leave out single ones, of {parts}")
                chosen.update(dict.fromkeys(presets[feature], 1))
                continue
            short = [f.removeprefix("has_") for f in known]
            raise TargetError(f"{name} has no feature {feature!r}{nearest(feature.removeprefix('has_'), short)}")
        if not on and base.get(full):
            raise TargetError(f"{name} cannot leave out {feature}: every board that is served has it")
        chosen[full] = int(on)
    made = isa.lookup(folder, chosen)
    for full, wanted in chosen.items():
        if not wanted and made.features[full]:
            raise TargetError(f"{full.removeprefix('has_')} cannot be left out of these features: another one contains it")
    return made


def cpus(target: str) -> list[str]:
    """The processors and levels of a target; names that are features too, or lengths of vectors, are no processors."""
    folder = TARGETS[target][0]
    names = isa.feature_names(folder)
    return [cpu for cpu in isa.presets(folder) if not cpu.startswith("zvl") and cpu not in names and f"has_{cpu}" not in names]


def _elsewhere(cpu: Any, target: str) -> str:
    """``; it is one of ...`` where another target has the processor."""
    of = next((other for other in here() if other != target and str(cpu).lower() in cpus(other)), None)
    return f"; it is one of {of}" if of else ""


def _switches(features: Any) -> list[tuple[str, bool]]:
    """(name, whether it is on) of each feature, in any of the forms that `resolve` takes."""
    if isinstance(features, str):
        features = features.replace(",", " ").split()
    if hasattr(features, "items"):
        features = [f"{name}={on}" for name, on in features.items()]
    if features is not None and not hasattr(features, "__iter__"):
        raise TargetError(f"features are names such as 'zba,zbb', not {features!r}")
    return [_switch(word) for word in features or ()]


_SWITCHES = {"1": True, "true": True, "on": True, "yes": True, "0": False, "false": False, "off": False, "no": False}


def _switch(word: Any) -> tuple[str, bool]:
    if not isinstance(word, str):
        raise TargetError(f"a feature is a name such as 'zba', not {word!r}")
    word = word.strip().lower()
    if not word.strip("+-"):
        raise TargetError(f"a feature is a name such as 'zba', not {word!r}")
    if word[:1] in ("+", "-"):
        return word[1:], word[0] == "+"
    name, _, value = word.partition("=")
    on = _SWITCHES.get(value or "on")
    if on is None:
        raise TargetError(f"the feature {word!r} is neither on nor off: write {name}, -{name}, {name}=true or {name}=false")
    return name, on


def feature_text(feature: str) -> str:
    """A line on a feature."""
    short = feature.removeprefix("has_")
    if short.startswith("zvl") and short.endswith("b"):
        return f"vector registers of at least {short[3:-1]} bits"
    return _FEATURES.get(short, "")


def cpu_text(cpu: str, features: Iterable[str]) -> str:
    """A line on a processor."""
    return _CPUS.get(cpu) or "with " + (", ".join(f.removeprefix("has_") for f in features) or "nothing more")


def listing(target: str | None = None) -> str:
    """Targets (or the one), their processors and features, with a line on each; of this machine also what it has."""
    lines = []
    host = isa.host_name()
    for name, (folder, default, text) in TARGETS.items():
        if target is not None and canonical(target) != name:
            continue
        lines.append(f"{name}{' (this machine)' * (folder == host)}: {text}")
        if name not in here():
            lines.append("  not part of this installation")
            continue
        names = isa.feature_names(folder)
        own = isa.host().features if folder == host else {}
        lines.append("  cpu=")
        presets = isa.presets(folder)
        for cpu in cpus(name):
            lines.append(f"    {cpu:18} {cpu_text(cpu, presets[cpu])}{' (default)' * (cpu == default)}")
        lines.append("  features=")
        for feature in names:
            here_too = " (this machine has it)" if own.get(feature) else ""
            lines.append(f"    {feature.removeprefix('has_'):18} {feature_text(feature)}{here_too}".rstrip())
        lines.append("")
    return "\n".join(lines)
