"""What the rules' terms do, by theme, and which rules there are beside those that all ISAs share."""

from __future__ import annotations

from jitpy.backend.isa.lowering import Rules

RULES = Rules("s390x", own=("quad", "short", "whole"), own_vectors=("vector_z",))
