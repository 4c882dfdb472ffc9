"""The order of machine blocks, and which edges get a block of their own.

In come a function and its analyses, out goes a `BlockOrder`: machine blocks numbered in emission
order, each a CLIF block or an edge. Order: reverse postorder, refined so that each loop is
contiguous (a block sorts by the headers of the loops around it, outermost first), then cold blocks.
A block that leaves its loop, but for a cold side, stands behind the loop's others and counts as
outside of it: so values that are lost on the way out are not stored in every turn. Definitions
still come before their uses, for all steps keep dominators in front.

An edge out of a block with several successors gets a block if it carries arguments, or if its
target has other predecessors (a critical edge). Edges of one branch that agree in target and
arguments share one block. The only edge of a try_call gets one too, if it carries arguments: they
may be what the call returns. An edge block lies behind its source, or in front of its target where it
leaves a loop, so that it does not lengthen the loop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.analysis.cfg import targets as targets_of
from jitpy.backend.ir.opcodes import BR_TABLE, BRIF, TRAP_, TRY_CALL, TRY_CALL_INDIRECT

if TYPE_CHECKING:
    from jitpy.backend.analysis.cfg import Cfg
    from jitpy.backend.analysis.loops import Loops
    from jitpy.backend.ir.function import Function, Node

Edge = tuple[int, tuple[Any, ...]]  # target block, argument values; of a try_call also ("ret", i) and ("exn", i)
TRY_CALLS = frozenset((TRY_CALL, TRY_CALL_INDIRECT))


class BlockOrder:
    """Per machine block: ``clif`` (CLIF block, -1: an edge), ``edge`` (target and arguments of an
    edge block, else None), ``succs`` (machine blocks without repetition), ``loop_depth``, ``cold``.
    ``index``: CLIF block -> machine block, -1 if dead. ``targets``: machine blocks a terminator's
    targets lead to, by CLIF block. ``args``: arguments that a block passes to its only successor.
    Where the entry has predecessors, machine block 0 is an extra one in front of it that takes the
    arguments."""

    __slots__ = ("args", "clif", "cold", "index", "loop_depth", "preds", "succs", "targets")

    def __init__(self, count: int) -> None:
        self.clif: list[int] = []
        self.succs: list[list[int]] = []
        self.preds: list[list[int]] = []
        self.args: list[tuple[Any, ...]] = []
        self.loop_depth: list[int] = []
        self.cold: list[bool] = []
        self.index = [-1] * count
        self.targets: list[tuple[int, ...]] = [()] * count


def compute(func: Function, cfg: Cfg, loops: Loops) -> BlockOrder:
    """The order of ``func``'s machine blocks."""
    insts, block_insts = func.insts, func.block_insts
    count = len(block_insts)
    entry = cfg.entry
    depth, header, parent, rpo_index = loops.depth, loops.header, loops.parent, cfg.rpo_index
    cold = [False] * count
    for b in cfg.rpo:
        # What is only reached from cold blocks is cold: so cold dominators stay in front of what
        # they dominate.
        if b != entry and (
            b in func.cold
            or insts[block_insts[b][-1]][0] == TRAP_
            or all(cold[p] for p in cfg.preds[b] if rpo_index[p] < rpo_index[b])
        ):
            cold[b] = True

    # Edges with their arguments; repeated ones of a branch are one.
    edges: list[list[Edge]] = [[] for _ in range(count)]
    written: list[list[Edge]] = [[] for _ in range(count)]
    arrivals = [0] * count
    for b in cfg.rpo:
        if not cfg.succs[b]:
            continue
        out = edges_of(insts[block_insts[b][-1]])
        written[b] = out
        unique = out if len(out) == 1 else list(dict.fromkeys(out))
        edges[b] = unique
        for target, _ in unique:
            arrivals[target] += 1
    if arrivals[entry]:
        arrivals[entry] += 1  # the way in: branches back to the entry are critical

    leaves_loop: set[int] = set()
    if loops.headers:
        for b in cfg.rpo:
            # The way out behind one more test; the other side of it is cold.
            d = depth[b]
            if d and header[b] != b and not cold[b] and len(edges[b]) == 2:
                (first, _), (second, _) = edges[b]
                if (depth[first] < d and (cold[second] or depth[second] < d)) or (depth[second] < d and cold[first]):
                    leaves_loop.add(b)
    blocks = _contiguous(cfg.rpo, header, parent, rpo_index, leaves_loop) if loops.headers else cfg.rpo
    behind: dict[int, list[tuple[int, Edge]]] = {}  # edge blocks by the block they follow
    before: dict[int, list[tuple[int, Edge]]] = {}
    trying = {b for b in cfg.rpo if insts[block_insts[b][-1]][0] in TRY_CALLS}
    for b in blocks:
        out = edges[b]
        if len(written[b]) == 1 and b not in trying:
            continue
        for edge in out:
            target, args = edge
            if not args and (arrivals[target] == 1 or len(out) == 1):
                continue
            leaves = depth[b] and header[b] != target and not loops.contains(header[b], target)
            forward = rpo_index[target] > rpo_index[b]
            if forward and (leaves or (cold[target] and not cold[b])):
                before.setdefault(target, []).append((b, edge))
            else:
                behind.setdefault(b, []).append((b, edge))

    order = BlockOrder(count)
    made: dict[tuple[int, Edge], int] = {}
    index, clif = order.index, order.clif
    if arrivals[entry]:
        clif.append(-1)  # takes the arguments, see `BlockOrder`
    sequence = blocks
    if any(cold):
        sequence = [b for b in blocks if not cold[b]] + [b for b in blocks if cold[b]]
    split: list[tuple[int, int, Edge]] = []
    for b in sequence:
        for source in before.get(b, ()):
            made[source] = len(clif)
            split.append((len(clif), *source))
            clif.append(-1)
        index[b] = len(clif)
        clif.append(b)
        for source in behind.get(b, ()):
            made[source] = len(clif)
            split.append((len(clif), *source))
            clif.append(-1)

    total = len(clif)
    order.succs = [[] for _ in range(total)]
    order.preds = [[] for _ in range(total)]
    order.args = [()] * total
    order.loop_depth = [0] * total
    order.cold = [False] * total
    if arrivals[entry]:
        order.succs[0] = [index[entry]]
    for b in sequence:
        m = index[b]
        order.loop_depth[m] = depth[b] - (b in leaves_loop)
        order.cold[m] = cold[b]
        out = written[b]
        if not out:
            continue
        if len(out) == 1 and b not in trying:
            target, order.args[m] = out[0]
            reached: tuple[int, ...] = (index[target],)
            order.succs[m] = [reached[0]]
        else:
            reached = tuple([made.get((b, edge), index[edge[0]]) for edge in out])
            order.succs[m] = list(dict.fromkeys(reached))
        order.targets[b] = reached
    for m, b, (target, args) in split:
        order.succs[m] = [index[target]]
        order.args[m] = args
        order.cold[m] = cold[b] or cold[target]
        common = header[b]
        while common >= 0 and not loops.contains(common, target):
            common = parent[common]
        if common == target and rpo_index[target] > rpo_index[b]:
            common = parent[common]
        order.loop_depth[m] = depth[common] if common >= 0 else 0
    for m, out_blocks in enumerate(order.succs):
        for s in out_blocks:
            order.preds[s].append(m)
    return order


def edges_of(node: Node) -> list[Edge]:
    """The edges of a terminator as written, with the values each passes."""
    op = node[0]
    if op in TRY_CALLS:
        table = node[2][1]
        return [
            (target, tuple([node[3 + p] if isinstance(p, int) else p for p in payload]))
            for (target, _), payload in zip(table.targets, table.payloads)
        ]
    at = 4 if op in (BRIF, BR_TABLE) else 3
    found: list[Edge] = []
    for target, passed in targets_of(node):
        found.append((target, node[at : at + passed]))
        at += passed
    return found


def _contiguous(
    rpo: list[int], header: list[int], parent: list[int], index: list[int], leaving: set[int]
) -> list[int]:
    """``rpo`` with the blocks of each loop next to one another: sorted by the path of headers down
    to the block. Those ``leaving`` the loop come last in it."""
    last = len(index)
    path: dict[int, tuple[int, ...]] = {-1: ()}
    keys: list[tuple[tuple[int, ...], int]] = []
    for b in rpo:
        h = header[b]
        above = path.get(h)
        if above is None:  # headers come in front of what they contain, and outer ones first
            above = path[h] = (*path[parent[h]], index[h])
        keys.append(((*above, index[b] + last if b in leaving else index[b]), b))
    keys.sort()
    return [b for _, b in keys]
