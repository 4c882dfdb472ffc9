"""What a wheel carries: an installed jitpy generates nothing, so the rules of all targets must be there."""

from __future__ import annotations

from jitpy.backend import isa
from jitpy.backend.isa import lowering

from jitpy.build import generate_all


def test_the_build_generates_the_rules_of_every_isa(monkeypatch):
    made = []
    real = lowering.generated
    monkeypatch.setattr(lowering, "generated", lambda name, **how: made.append(name) or real(name, **how))
    generate_all()
    assert set(made) == {f"{name}_{kind}" for name in isa.NAMES.values() for kind in ("rules", "vector_rules")}
