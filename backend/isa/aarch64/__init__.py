"""AArch64 as data: registers, instruction rows, rules, conventions, and nothing the other ISAs also need."""

from __future__ import annotations

from jitpy.backend.isa.aarch64.features import FEATURES, PRESETS, host, none
from jitpy.backend.isa.record import refuse_unknown
from jitpy.backend.target.target import Target

__all__ = ["FEATURES", "PRESETS", "target"]


def target(features: dict[str, int] | None = None) -> Target:
    """The target with these features (missing ones are absent); None: what this machine has, where it is one."""
    from jitpy.backend.isa.aarch64.record import make

    if features is None:
        return make(host())
    refuse_unknown("aarch64", features, FEATURES)
    return make({**none(), **features})
