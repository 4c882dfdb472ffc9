"""The ISAs by name. Only the one asked for is imported."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from jitpy.backend.errors import UnsupportedError

if TYPE_CHECKING:
    from typing import Any

    from jitpy.backend.isa.lowering import Rules
    from jitpy.backend.target.machine import Machine
    from jitpy.backend.target.target import Target

#: Folders, by every name a user may write.
NAMES = {
    "x64": "x64", "x86_64": "x64", "amd64": "x64",
    "aarch64": "aarch64", "arm64": "aarch64",
    "riscv64": "riscv64",
    "s390x": "s390x",
}  # fmt: skip

_targets: dict[tuple[str | None, object], Target] = {}


def lookup(name: str, features: dict[str, int] | None = None) -> Target:
    """The target ``name`` with these features (None: the host's, where it is the host, else the
    ISA's base)."""
    key = (NAMES.get(name.lower()), None if features is None else tuple(sorted(features.items())))
    found = _targets.get(key)
    if found is None:
        made: Target = _module(name).target(features)
        found = _targets.setdefault(key, made)
    return found


def machine(name: str) -> Machine:
    """What ELF files say of the ISA: its ``elf.py``, which only object files need."""
    found: Machine = import_module(f"jitpy.backend.isa.{_folder(name)}.elf").MACHINE
    return found


def _folder(name: str) -> str:
    folder = NAMES.get(name.lower())
    if folder is None:
        raise UnsupportedError(f"there is no target {name!r}; there are {', '.join(sorted(NAMES))}")
    return folder


def _module(name: str) -> Any:
    """The ISA's package, imported when it is asked for."""
    module = import_module(f"jitpy.backend.isa.{_folder(name)}")
    if module.__file__ is None:  # a folder that is no package yet
        raise UnsupportedError(f"target {name!r} is not part of this installation")
    return module


def rules(name: str) -> Rules:
    """The rules that lower CLIF to an ISA."""
    found: Rules = import_module(f"jitpy.backend.isa.{_folder(name)}.lowering").RULES
    return found


def linux(name: str) -> Any:
    """What programs for Linux that stand alone are made of on an ISA: see `backend.emulation.program`."""
    return import_module(f"jitpy.backend.isa.{_folder(name)}.linux")


def presets(name: str) -> dict[str, tuple[str, ...]]:
    """An ISA's processors and levels by the names compilers use, with the features of each."""
    found: dict[str, tuple[str, ...]] = _module(name).PRESETS
    return found


def feature_names(name: str) -> tuple[str, ...]:
    """The features that an ISA knows."""
    found: tuple[str, ...] = _module(name).FEATURES
    return found


def host_name() -> str:
    """The name of the ISA that this process runs on."""
    import os

    machine = os.uname().machine if hasattr(os, "uname") else os.environ.get("PROCESSOR_ARCHITECTURE", "")
    return NAMES.get(machine.lower(), machine)


def host() -> Target:
    """The target that this process runs on, with the features it has."""
    return lookup(host_name())


def parse_features(name: str, words: list[str]) -> dict[str, int]:
    """The features that flags name on top of the ISA's base: ``has_avx``, ``has_avx=false``, or a preset such as ``sse42``
    or ``haswell``. Raises UnsupportedError for one that the ISA lacks.
    """
    module = _module(name)
    found: dict[str, int] = {}
    for word in words:
        flag, _, value = word.partition("=")
        if flag in module.PRESETS and not value:
            found.update(dict.fromkeys(module.PRESETS[flag], 1))
        elif flag in module.FEATURES:
            found[flag] = int(value in ("", "true", "1"))
        else:
            known = ", ".join((*module.PRESETS, *module.FEATURES))
            raise UnsupportedError(f"{name} has no feature {flag!r}; there are {known}")
    return found
