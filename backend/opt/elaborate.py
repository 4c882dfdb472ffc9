"""Elaboration: the skeleton and the best nodes of the values it needs, back as code.

Blocks are walked in dominator-tree preorder. A value that an instruction needs is computed just before it, unless it has been
computed in a block that dominates this one; a value whose operands all come from outside a loop goes to the end of the block before
that loop (the immediate dominator of its header), as far out as they allow. What nothing needs is never computed; what only a cold
path needs is computed there. A constant is made again in every block that uses it, but for blocks in loops once, before the
outermost: wherever it stands, lowering folds it into what uses it if it can, so only what no instruction holds is in a register,
and the allocator makes that again where registers are short. What is passed (to a block, a callee, the caller) is made in place,
straight into the register where it is wanted.

One dict (value -> its copy and the copy's block) serves all scopes: an entry is good if its block dominates the place of use
(an interval test), else it is replaced. Operand trees are walked with an explicit stack.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend.ir import opcodes as op

if TYPE_CHECKING:
    from jitpy.backend.analysis.cfg import Cfg
    from jitpy.backend.analysis.domtree import DomTree
    from jitpy.backend.analysis.loops import Loops
    from jitpy.backend.ir.function import Function, Node
    from jitpy.backend.opt.egraph import EGraph

#: Constants, by opcode.
_REMAT = [not op.ARGS[k] and op.PURE[k] for k in range(len(op.NAME))]
_PASSES = [bool(e & (op.TERMINATOR | op.CALL)) for e in op.EFFECTS]


def elaborate(func: Function, graph: EGraph, cfg: Cfg, tree: DomTree, loops: Loops) -> None:
    """Rebuild ``func``'s blocks from ``graph``; values and instructions are numbered anew."""
    nodes, best, types = graph.nodes, graph.best, graph.types
    pre, end, idom = tree.pre, tree.end, tree.idom
    old_srclocs = func.srclocs
    old_insts_count = len(func.insts)

    insts: list[Node] = []
    results: list[tuple[int, ...]] = []
    srclocs: list[int] = []
    value_types: list[int] = []
    value_defs: list[int] = []
    bodies: list[list[int]] = [[] for _ in func.block_insts]
    tags = func.debug_tags
    maps = func.stack_maps
    new_tags = {}
    new_maps = {}

    copies: dict[int, tuple[int, int]] = {}  # e-graph value -> (new value, its block)
    constants: dict[tuple[int, int], int] = {}  # (e-graph value, block) -> new value
    chains = _chains(cfg, tree, loops)
    homes = [idom[chain[0][0]] if chain else b for b, chain in enumerate(chains)]
    live = [False] * len(func.block_insts)
    for b in cfg.rpo:
        live[b] = True

    def constant(v: int, place: int, current: int, loc: int) -> int:
        """The copy of a constant in block ``place``; in a finished block it goes before the terminator."""
        new = constants.get((v, place), -1)
        if new < 0:
            new = constants[v, place] = len(value_types)
            value_types.append(types[v])
            value_defs.append(len(insts))
            target = bodies[place]
            target.insert(len(target) if place == current else len(target) - 1, len(insts))
            insts.append(nodes[v])
            results.append((new,))
            srclocs.append(loc)
        return new

    for b in tree.order:
        params = []
        for v in graph.params[b]:
            new = len(value_types)
            value_types.append(types[v])
            value_defs.append(~b)
            params.append(new)
            copies[v] = (new, b)
        func.block_params[b] = params

    for b in tree.order:
        here = pre[b]
        home = homes[b]
        chain = chains[b]
        depth = len(chain)
        body = bodies[b]
        for inst, node, made in graph.skeleton[b]:
            loc = old_srclocs[inst] if inst < old_insts_count else 0
            args = node[3:]
            new_args = []
            near = b if _PASSES[node[0]] else home
            for a in args:
                r = best[a]
                if _REMAT[nodes[r][0]]:
                    new_args.append(constant(r, near, b, loc))
                    continue
                known = copies.get(r)
                if known is not None and pre[known[1]] <= here < end[known[1]]:
                    new_args.append(known[0])
                    continue
                # Post-order over the tree below r, operands first.
                stack = [r]
                while stack:
                    v = stack[-1]
                    known = copies.get(v)
                    if known is not None and pre[known[1]] <= here < end[known[1]]:
                        stack.pop()
                        continue
                    n = nodes[v]
                    missing = False
                    level = 0
                    for x in n[3:]:
                        y = best[x]
                        if _REMAT[nodes[y][0]]:
                            continue  # made where the node ends up
                        known = copies.get(y)
                        if known is None or not pre[known[1]] <= here < end[known[1]]:
                            stack.append(y)
                            missing = True
                        elif not missing and level < depth:
                            level = max(level, _level(chain, known[1], pre, end))
                    if missing:
                        continue
                    stack.pop()
                    place = b if level == depth else idom[chain[level][0]]
                    target = bodies[place]
                    operands = []
                    for x in n[3:]:
                        y = best[x]
                        if _REMAT[nodes[y][0]]:
                            operands.append(constant(y, homes[place], b, loc))
                        else:
                            operands.append(copies[y][0])
                    new = len(value_types)
                    value_types.append(types[v])
                    value_defs.append(len(insts))
                    if place == b:
                        target.append(len(insts))
                    else:
                        target.insert(len(target) - 1, len(insts))
                    insts.append((n[0], n[1], n[2], *operands))
                    results.append((new,))
                    srclocs.append(loc)
                    copies[v] = (new, place)
                new_args.append(copies[r][0])
            number = len(insts)
            first = len(value_types)
            for v in made:
                copies[v] = (len(value_types), b)
                value_types.append(types[v])
                value_defs.append(number)
            insts.append((node[0], node[1], node[2], *new_args))
            results.append(tuple(range(first, first + len(made))))
            srclocs.append(loc)
            body.append(number)
            if inst in tags:
                new_tags[number] = tags[inst]
            if inst in maps:
                new_maps[number] = maps[inst]

    func.insts, func.results, func.srclocs = insts, results, srclocs
    func.value_types, func.value_defs = value_types, value_defs
    func.block_insts = bodies
    func.layout = [b for b in func.layout if live[b]]
    func.cold = {b for b in func.cold if live[b]}
    func.debug_tags = new_tags
    func.stack_maps = new_maps
    func.aliases = {}


def _level(chain: list[tuple[int, int, int]], block: int, pre: list[int], end: list[int]) -> int:
    """How many of a place's enclosing loops (outermost first) contain ``block``, which dominates the place.

    A block that dominates the place and lies in the loop is dominated by its header; one outside dominates the header strictly.
    """
    at = pre[block]
    level = len(chain)
    while level and not chain[level - 1][1] <= at < chain[level - 1][2]:
        level -= 1
    return level


def _chains(cfg: Cfg, tree: DomTree, loops: Loops) -> list[list[tuple[int, int, int]]]:
    """Per block the loops around it, outermost first: (header, preorder interval of the header)."""
    pre, end = tree.pre, tree.end
    chains: list[list[tuple[int, int, int]]] = [[] for _ in tree.pre]
    for b in tree.order:
        h = loops.header[b]
        if h < 0:
            continue
        if h == b:
            p = loops.parent[b]
            chains[b] = [*(chains[p] if p >= 0 else ()), (b, pre[b], end[b])]
        else:
            chains[b] = chains[h]
    return chains
