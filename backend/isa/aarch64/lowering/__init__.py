"""What the rules' terms do, by theme, and the rules bound to a lowering context."""

from __future__ import annotations

from typing import Any

from jitpy.backend.isa.lowering import decision_code

_SCALARS = ("aarch64_rules", ("int", "float", "convert", "memory", "branch", "call"), ("a64",))
_VECTORS = (
    "aarch64_vector_rules", ("vector_int", "vector_compare", "vector_float", "vector_lanes", "vector_memory"), ("vector_neon",)
)  # fmt: skip


def generate() -> None:
    """Make the modules of decision code from the rules."""
    decision_code("aarch64", *_SCALARS)
    decision_code("aarch64", *_VECTORS)


def rules(ctx: Any) -> dict[str, Any]:
    """The rules' tables for a lowering context. Those for vectors are a set of their own, loaded at the first instruction
    that the others have no answer to.
    """
    from jitpy.backend.isa.aarch64.lowering.branch import BranchLowering

    found: dict[str, Any] = decision_code("aarch64", *_SCALARS).make(BranchLowering(ctx))
    table: list[Any] = []

    def more(node: Any, inst: Any) -> Any:
        if not table:
            from jitpy.backend.isa.aarch64.lowering.vector import VectorLowering

            table.extend(decision_code("aarch64", *_VECTORS).make(VectorLowering(ctx))["lower.table"])
        rule = table[node[0]] if node[0] < len(table) else None
        return None if rule is None else rule(node, inst)

    found["lower.more"] = more
    return found
