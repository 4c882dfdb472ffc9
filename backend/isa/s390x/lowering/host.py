"""What the rules' terms mean here beside CLIF's own: see `backend/isa/embedding.py`. Read when rules are compiled."""

from __future__ import annotations

from jitpy.backend.isa.embedding import clif_host
from jitpy.backend.isle.host import Host


def host() -> Host:
    """The declaration."""
    h = clif_host({
        "has_and_not": "features['has_mie3']", "has_fma": "True", "has_half_conversions": "False",
        "has_atomic_pair": "True", "has_pinned_reg": "features['enable_pinned_reg']",
    })  # fmt: skip
    for name in ("nand", "nor", "xnor", "or_not"):
        h.constant("$" + name, name)
    h.inline_test("has_mie3", "features['has_mie3']")
    h.inline_test("wanted_once", "uses[{0}] == 1")
    return h
