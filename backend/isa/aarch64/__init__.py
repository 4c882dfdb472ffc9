"""AArch64 as data: registers, instruction rows, rules, conventions, and nothing the other ISAs also need."""

from __future__ import annotations

from jitpy.backend.isa.aarch64.features import FEATURES, PRESETS, host, none
from jitpy.backend.target.target import Target

__all__ = ["FEATURES", "PRESETS", "target"]


def target(features: dict[str, int] | None = None) -> Target:
    """The target with these features (missing ones are absent); None: what this machine has, where it is one."""
    from jitpy.backend.isa.aarch64.record import make

    if features is None:
        return make(host())
    unknown = sorted(set(features) - set(FEATURES))
    if unknown:
        raise ValueError(f"aarch64 has no feature {', '.join(unknown)}; there are {', '.join(FEATURES)}")
    return make({**none(), **features})
