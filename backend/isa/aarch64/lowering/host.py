"""What the rules' terms mean here beside CLIF's own: see `backend/isa/embedding.py`. Read when rules are compiled."""

from __future__ import annotations

from jitpy.backend.isa.embedding import clif_host
from jitpy.backend.isle.host import Host


def host() -> Host:
    """The declaration."""
    h = clif_host({
        "has_and_not": "True", "has_fma": "True", "has_half_conversions": "True", "has_atomic_pair": "True",
        "has_pinned_reg": "features['enable_pinned_reg']",
    })  # fmt: skip
    for feature in ("has_fp16", "has_dotprod", "has_i8mm", "use_csdb"):
        h.inline_test(feature, f"features['{feature}']")
    h.inline_extractor("whole_register", "{v} if BITS[{v}] == 128 else None")
    h.inline_extractor("short_lanes", "{v} if {v} >= 16 and {v} & 15 <= 3 else None")
    h.inline_test("wanted_once", "uses[{0}] == 1")
    h.imports("jitpy.backend.ir.types", "BITS")
    for name in ("x86", "sdot", "udot", "usdot"):
        h.constant("$" + name, name)
    return h
