"""x86-64 as data: registers, instruction rows, rules, conventions, and nothing the other ISAs also need."""

from __future__ import annotations

from jitpy.backend.isa.record import refuse_unknown
from jitpy.backend.isa.x64.features import FEATURES, PRESETS, closed, host
from jitpy.backend.target.target import Target

__all__ = ["FEATURES", "PRESETS", "target"]


def target(features: dict[str, int] | None = None) -> Target:
    """The target with these features (see `closed`); None: what this machine has."""
    from jitpy.backend.isa.x64.record import make

    if features is None:
        return make(closed(host()))
    refuse_unknown("x64", features, FEATURES)
    return make(closed(features))
