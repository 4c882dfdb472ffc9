"""What the rules' terms mean here beside CLIF's own: see `backend/isa/embedding.py`. Read when rules are compiled."""

from __future__ import annotations

from jitpy.backend.isa.embedding import clif_host
from jitpy.backend.isle.host import Host


def host() -> Host:
    """The declaration."""
    h = clif_host({
        "has_and_not": "features['has_bmi1']", "has_fma": "features['has_fma']",
        "has_half_conversions": "features['has_f16c']", "has_atomic_pair": "features['has_cmpxchg16b']",
        "has_pinned_reg": "features['enable_pinned_reg']",
    })  # fmt: skip
    h.inline_test("has_sse41", "features['has_sse41']")
    h.inline_test("has_ssse3", "features['has_ssse3']")
    for name in ("lt", "gt"):
        h.constant("$" + name.upper(), name)
    h.constant("$x86", "x86")
    return h
