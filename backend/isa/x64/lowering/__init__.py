"""What the rules' terms do, by theme, and which rules there are beside those that all ISAs share."""

from __future__ import annotations

from jitpy.backend.isa.lowering import Rules

RULES = Rules("x64", own=("x86",), own_vectors=("vector_x86",))
