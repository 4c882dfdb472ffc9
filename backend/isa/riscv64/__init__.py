"""riscv64 as data: registers, instruction rows, rules, conventions, and nothing the other ISAs also need."""

from __future__ import annotations

from jitpy.backend.isa.record import refuse_unknown
from jitpy.backend.isa.riscv64.features import FEATURES, PRESETS, complete, host, none
from jitpy.backend.target.target import Target

__all__ = ["FEATURES", "PRESETS", "target"]


def target(features: dict[str, int] | None = None) -> Target:
    """The target with these features (missing ones are absent, but those of G); None: what this machine has."""
    from jitpy.backend.isa.riscv64.record import make

    if features is None:
        return make(host())
    refuse_unknown("riscv64", features, FEATURES)
    return make(complete({**none(), **features}))
