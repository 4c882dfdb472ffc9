"""What the rules' terms do, by theme, and the rules bound to a lowering context."""

from __future__ import annotations

import os
from typing import Any

from jitpy.backend.isle.build import generated

_HERE = os.path.dirname(os.path.abspath(__file__))
_SCALARS = ("int", "float", "convert", "memory", "branch", "call")
_VECTORS = ("vector_int", "vector_compare", "vector_float", "vector_lanes", "vector_memory")


def _generate(name: str, themes: tuple[str, ...]) -> Any:
    return generated(
        name,
        sources=[os.path.join(os.path.dirname(_HERE), "rules", theme + ".isle") for theme in ("prelude", *themes)],
        host="jitpy.backend.isa.x64.lowering.host:host",
        depends=[os.path.join(_HERE, "..", "..", "..", "ir", "opcodes.py")],
    )


def generate() -> None:
    """Make the modules of decision code from the rules."""
    _generate("x64_rules", _SCALARS)
    _generate("x64_vector_rules", _VECTORS)


def rules(ctx: Any) -> dict[str, Any]:
    """The rules' tables for a lowering context. Those for vectors are a set of their own, loaded at the first instruction
    that the others have no answer to.
    """
    from jitpy.backend.isa.x64.lowering.branch import BranchLowering

    found: dict[str, Any] = _generate("x64_rules", _SCALARS).make(BranchLowering(ctx))
    table: list[Any] = []

    def more(node: Any, inst: Any) -> Any:
        if not table:
            from jitpy.backend.isa.x64.lowering.vector import VectorLowering

            table.extend(_generate("x64_vector_rules", _VECTORS).make(VectorLowering(ctx))["lower.table"])
        rule = table[node[0]] if node[0] < len(table) else None
        return None if rule is None else rule(node, inst)

    found["lower.more"] = more
    return found
