"""Instruction rows by theme."""

from __future__ import annotations

from jitpy.backend.isa.s390x.insts import atomic, branch, call, float, int, memory, vector  # noqa: F401
