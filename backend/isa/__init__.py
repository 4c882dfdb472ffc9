"""The ISAs by name. Only the one asked for is imported."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from jitpy.backend.errors import UnsupportedError

if TYPE_CHECKING:
    from jitpy.backend.target.target import Target

#: Folders, by every name a user may write.
NAMES = {
    "x64": "x64", "x86_64": "x64", "amd64": "x64",
    "aarch64": "aarch64", "arm64": "aarch64",
    "riscv64": "riscv64",
    "s390x": "s390x",
}  # fmt: skip

_targets: dict[tuple[str, object], Target] = {}


def lookup(name: str, features: dict[str, int] | None = None) -> Target:
    """The target ``name`` with these features (None: the host's, where it is the host, else the
    ISA's base)."""
    folder = NAMES.get(name.lower())
    if folder is None:
        raise UnsupportedError(f"there is no target {name!r}; there are {', '.join(sorted(NAMES))}")
    key = (folder, None if features is None else tuple(sorted(features.items())))
    found = _targets.get(key)
    if found is None:
        try:
            module = import_module(f"jitpy.backend.isa.{folder}")
        except ModuleNotFoundError as e:
            if e.name != f"jitpy.backend.isa.{folder}":
                raise
            raise UnsupportedError(f"target {name!r} is not part of this installation") from None
        made: Target = module.target(features)
        found = _targets.setdefault(key, made)
    return found


def host_name() -> str:
    """The name of the ISA that this process runs on."""
    import os

    machine = os.uname().machine if hasattr(os, "uname") else os.environ.get("PROCESSOR_ARCHITECTURE", "")
    return NAMES.get(machine.lower(), machine)


def host() -> Target:
    """The target that this process runs on, with the features it has."""
    return lookup(host_name())
