"""What the rules' terms mean here beside CLIF's own: see `backend/isa/embedding.py`. Read when rules are compiled."""

from __future__ import annotations

from jitpy.backend.isa.embedding import clif_host
from jitpy.backend.isle.host import Host


def host() -> Host:
    """The declaration."""
    h = clif_host({
        "has_and_not": "features['has_zbb'] or features['has_zbkb']", "has_fma": "True",
        "has_half_conversions": "features['has_zfhmin']", "has_atomic_pair": "features['has_zacas']",
        "has_pinned_reg": "features['enable_pinned_reg']",
    })  # fmt: skip
    h.inline_test("has_zbb", "features['has_zbb']")
    h.inline_test("wanted_once", "uses[{0}] == 1")
    for name in ("fmsub", "fnmsub", "fnmadd"):
        h.constant("$" + name, name)
    return h
