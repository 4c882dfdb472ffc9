"""The mid-end: CLIF in, better CLIF out, in place.

    phis       block parameters that always receive the same value
    memory     which memory state each load sees: redundant loads, forwarded stores
    egraph     one walk in dominator-tree preorder: hash-consing, rules applied as nodes are made, unions, costs
    elaborate  back to code: each needed value computed where it is used, out of the loops it does not depend on

Nothing here is quadratic in the input and nothing recurses on it: rewrite depth, matches and class sizes are bounded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend.analysis import cfg as cfg_analysis
from jitpy.backend.analysis import domtree, loops
from jitpy.backend.opt import elaborate, memory, phis
from jitpy.backend.opt.egraph import EGraph

if TYPE_CHECKING:
    from jitpy.backend.chaos import Chaos
    from jitpy.backend.ir.function import Function

_egraph: list[EGraph] = []


def optimize(func: Function, chaos: Chaos | None = None) -> None:
    """Optimize ``func`` in place; ``chaos`` makes what need not be the best something else."""
    cfg = cfg_analysis.compute(func)
    phis.remove_constant(func, cfg)
    tree = domtree.compute(cfg)
    states = memory.states(func, cfg)
    graph = _egraph.pop() if _egraph else EGraph()
    graph.chaos = chaos
    graph.run(func, cfg, tree, states)
    if graph.folded_branches:
        cfg = cfg_analysis.compute(func)
        tree = domtree.compute(cfg)
    elaborate.elaborate(func, graph, cfg, tree, loops.compute(cfg, tree))
    graph.reset()
    _egraph.append(graph)
