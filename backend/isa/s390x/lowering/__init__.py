"""What the rules' terms do, by theme, and the rules bound to a lowering context."""

from __future__ import annotations

from typing import Any

from jitpy.backend.isa.lowering import decision_code

_SCALARS = ("s390x_rules", ("int", "float", "convert", "memory", "branch", "call"), ("quad",))
_VECTORS = ("s390x_vector_rules", ("vector_int", "vector_compare", "vector_float", "vector_lanes", "vector_memory"), ())


def generate() -> None:
    """Make the modules of decision code from the rules."""
    decision_code("s390x", *_SCALARS)
    decision_code("s390x", *_VECTORS)


def rules(ctx: Any) -> dict[str, Any]:
    """The rules' tables for a lowering context. Those for vectors are a set of their own, loaded at the first instruction
    that the others have no answer to.
    """
    from jitpy.backend.isa.s390x.lowering.branch import BranchLowering

    found: dict[str, Any] = decision_code("s390x", *_SCALARS).make(BranchLowering(ctx))
    table: list[Any] = []

    def more(node: Any, inst: Any) -> Any:
        if not table:
            from jitpy.backend.isa.s390x.lowering.vector import VectorLowering

            table.extend(decision_code("s390x", *_VECTORS).make(VectorLowering(ctx))["lower.table"])
        rule = table[node[0]] if node[0] < len(table) else None
        return None if rule is None else rule(node, inst)

    found["lower.more"] = more
    return found
