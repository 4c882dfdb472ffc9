"""x86-64 as data: registers, instruction rows, rules, conventions, and nothing the other ISAs also need."""

from __future__ import annotations

from jitpy.backend.isa.x64.features import FEATURES, PRESETS, closed, host
from jitpy.backend.target.target import Target

__all__ = ["FEATURES", "PRESETS", "target"]


def target(features: dict[str, int] | None = None) -> Target:
    """The target with these features (see `closed`); None: what this machine has."""
    from jitpy.backend.isa.x64.record import make

    if features is None:
        return make(closed(host()))
    unknown = sorted(set(features) - set(FEATURES))
    if unknown:
        raise ValueError(f"x64 has no feature {', '.join(unknown)}; there are {', '.join(FEATURES)}")
    return make(closed(features))
