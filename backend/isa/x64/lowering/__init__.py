"""What the rules' terms do, by theme, and the rules bound to a lowering context."""

from __future__ import annotations

import os
from typing import Any

from jitpy.backend.isle.build import generated

_HERE = os.path.dirname(os.path.abspath(__file__))
_THEMES = ("prelude", "int", "float", "convert", "memory", "branch", "call")


def generate() -> Any:
    """The module of decision code made from the rules."""
    return generated(
        "x64_rules",
        sources=[os.path.join(os.path.dirname(_HERE), "rules", theme + ".isle") for theme in _THEMES],
        host="jitpy.backend.isa.x64.lowering.host:host",
        depends=[os.path.join(_HERE, "..", "..", "..", "ir", "opcodes.py")],
    )


def rules(ctx: Any) -> dict[str, Any]:
    """The rules' tables for a lowering context."""
    from jitpy.backend.isa.x64.lowering.branch import BranchLowering

    found: dict[str, Any] = generate().make(BranchLowering(ctx))
    return found
