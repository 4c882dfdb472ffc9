"""s390x as data: registers, instruction rows, rules, conventions, and nothing the other ISAs also need."""

from __future__ import annotations

from jitpy.backend.isa.record import refuse_unknown
from jitpy.backend.isa.s390x.features import FEATURES, PRESETS, close, none
from jitpy.backend.target.target import Target

__all__ = ["FEATURES", "PRESETS", "target"]


def target(features: dict[str, int] | None = None) -> Target:
    """The target with these features (missing ones are absent, implied ones are added); None: z14."""
    from jitpy.backend.isa.s390x.record import make

    asked = features or {}
    refuse_unknown("s390x", asked, FEATURES)
    return make(close({**none(), **asked}))
