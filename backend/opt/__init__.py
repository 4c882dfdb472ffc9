"""The mid-end: CLIF in, better CLIF out, in place.

    branches   branches to traps, and edges into a branch that they decide
    ifconvert  branches over next to nothing, which become selections
    phis       block parameters that always receive the same value
    memory     which memory state each load sees: redundant loads, forwarded stores, dead stores
    egraph     one walk in dominator-tree preorder: hash-consing, rules applied as nodes are made, unions, costs
    price      what the forms that a rewriting leaves to choose from cost on the target
    facts      what branches and traps passed say: comparisons, branches, switches and traps that they decide
    elaborate  back to code: each needed value computed where it is used, out of the loops it does not depend on

Nothing here is quadratic in the input and nothing recurses on it: rewrite depth, matches and class sizes are bounded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend.analysis import cfg as cfg_analysis
from jitpy.backend.analysis import domtree, loops
from jitpy.backend.opt import branches, elaborate, ifconvert, memory, phis
from jitpy.backend.opt.egraph import EGraph

if TYPE_CHECKING:
    from jitpy.backend.chaos import Chaos
    from jitpy.backend.ir.function import Function
    from jitpy.backend.target.target import Target

_egraph: list[EGraph] = []


def optimize(func: Function, chaos: Chaos | None = None, target: Target | None = None) -> None:
    """Optimize ``func`` in place, for ``target`` if it is known; ``chaos`` makes what need not be the best something else."""
    if chaos is not None:
        run(func, chaos.graph())
        return
    graph = _egraph.pop() if _egraph else EGraph()
    graph.target = target
    run(func, graph)
    graph.reset()
    _egraph.append(graph)


def optimize_counting(func: Function) -> dict[str, int]:
    """Optimize ``func`` in place; the names of the rules that fired, and how often. See `trace` for where."""
    from jitpy.backend.opt.trace import optimize_tracing

    return optimize_tracing(func).counts()


def run(func: Function, graph: EGraph) -> None:
    """All passes over ``func``, by way of ``graph``."""
    cfg = cfg_analysis.compute(func)
    changed = branches.simplify(func, cfg)
    if changed:
        cfg = cfg_analysis.compute(func)
    if ifconvert.convert(func, cfg):
        changed, cfg = True, cfg_analysis.compute(func)
    phis.remove_constant(func, cfg)
    tree = domtree.compute(cfg)
    states = memory.states(func, cfg)
    nest = loops.compute(cfg, tree)
    graph.run(func, cfg, tree, nest, states)
    if changed or graph.folded_branches:
        branches.join(func, graph.skeleton, graph.params, _cfg_of(func, graph))
        cfg = _cfg_of(func, graph)
        tree = domtree.compute(cfg)
        nest = loops.compute(cfg, tree)
    elaborate.elaborate(func, graph, cfg, tree, nest)


def _cfg_of(func: Function, graph: EGraph) -> cfg_analysis.Cfg:
    """The control-flow graph of the skeleton, whose branches may be folded."""
    ends = [(b, body[-1][1]) for b, body in enumerate(graph.skeleton) if body]
    return cfg_analysis.of_terminators(func.layout[0], len(graph.skeleton), ends)
