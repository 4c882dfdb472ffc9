"""riscv64 as data: registers, instruction rows, rules, conventions, and nothing the other ISAs also need."""

from __future__ import annotations

from jitpy.backend.isa.riscv64.features import FEATURES, PRESETS, complete, host, none
from jitpy.backend.target.target import Target

__all__ = ["FEATURES", "PRESETS", "target"]


def target(features: dict[str, int] | None = None) -> Target:
    """The target with these features (missing ones are absent, but those of G); None: what this machine has."""
    from jitpy.backend.isa.riscv64.record import make

    if features is None:
        return make(host())
    unknown = sorted(set(features) - set(FEATURES))
    if unknown:
        raise ValueError(f"riscv64 has no feature {', '.join(unknown)}; there are {', '.join(FEATURES)}")
    return make(complete({**none(), **features}))
