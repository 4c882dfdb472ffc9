"""The dominator tree of a control-flow graph.

One walk in reverse postorder: a block's immediate dominator is the nearest common ancestor, in the
tree built so far, of its predecessors that come before it. On reducible graphs that is the answer,
for the sources of back edges are dominated by their target. Ancestors are found through jump
pointers (Myers' skew-binary ones), so that thousands of edges into one error exit stay cheap. On
irreducible graphs the walk is repeated over all edges until nothing changes (Cooper, Harvey and
Kennedy).

Dominance is asked in O(1): ``pre[a] <= pre[b] < end[a]``, with preorder numbers of the tree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jitpy.backend.analysis.cfg import Cfg


class DomTree:
    """``idom[b]``: immediate dominator, -1 for the entry and for unreachable blocks.
    ``pre``/``end``: the subtree's preorder interval (-1, -1 when unreachable). ``order``: blocks in
    preorder, so a block's subtree is ``order[pre[b]:end[b]]``."""

    __slots__ = ("end", "idom", "order", "pre")

    def __init__(self, idom: list[int], pre: list[int], end: list[int], order: list[int]) -> None:
        self.idom = idom
        self.pre = pre
        self.end = end
        self.order = order

    def dominates(self, a: int, b: int) -> bool:
        """Whether every path to ``b`` passes ``a`` (a block dominates itself). False where either
        is unreachable."""
        return self.pre[a] <= self.pre[b] < self.end[a]

    def children(self) -> list[list[int]]:
        """The tree's children per block, in preorder."""
        below: list[list[int]] = [[] for _ in self.idom]
        for b in self.order[1:]:
            below[self.idom[b]].append(b)
        return below


def compute(cfg: Cfg) -> DomTree:
    """The dominator tree of ``cfg``."""
    rpo, index, preds = cfg.rpo, cfg.rpo_index, cfg.preds
    count = len(preds)
    idom = [-1] * count
    depth = [0] * count
    jump = list(range(count))
    entry = cfg.entry
    retreating: list[tuple[int, int]] = []
    for b in rpo:
        incoming = preds[b]
        here = index[b]
        best = -1
        for p in incoming:
            if index[p] >= here:
                retreating.append((p, b))
            elif best < 0 or best == p:
                best = p
            else:
                # Nearest common ancestor: first to equal depth, then up in step.
                a = p
                while depth[a] > depth[best]:
                    a = jump[a] if depth[jump[a]] >= depth[best] else idom[a]
                while depth[best] > depth[a]:
                    best = jump[best] if depth[jump[best]] >= depth[a] else idom[best]
                while a != best:
                    if jump[a] != jump[best]:
                        a, best = jump[a], jump[best]
                    else:
                        a, best = idom[a], idom[best]
        if b == entry:
            continue
        idom[b] = best
        depth[b] = depth[best] + 1
        skip = jump[best]
        jump[b] = (
            jump[skip] if depth[best] - depth[skip] == depth[skip] - depth[jump[skip]] else best
        )
    tree = _number(rpo, idom)
    if retreating and not all(tree.dominates(header, latch) for latch, header in retreating):
        _iterate(cfg, idom)
        tree = _number(rpo, idom)
    return tree


def _iterate(cfg: Cfg, idom: list[int]) -> None:
    """Improve ``idom`` to the fixed point over all edges; for irreducible graphs."""
    index, preds, entry = cfg.rpo_index, cfg.preds, cfg.entry
    changed = True
    while changed:
        changed = False
        for b in cfg.rpo:
            if b == entry:
                continue
            best = -1
            for p in preds[b]:
                if best < 0:
                    best = p
                    continue
                while p != best:
                    while index[p] > index[best]:
                        p = idom[p]
                    while index[best] > index[p]:
                        best = idom[best]
            if idom[b] != best:
                idom[b] = best
                changed = True


def _number(rpo: list[int], idom: list[int]) -> DomTree:
    """Preorder intervals without a walk of the tree: subtree sizes bottom up, then places top
    down."""
    count = len(idom)
    size = [1] * count
    for b in reversed(rpo):
        d = idom[b]
        if d >= 0:
            size[d] += size[b]
    pre = [-1] * count
    end = [-1] * count
    place = [0] * count
    order = [0] * len(rpo)
    for b in rpo:
        d = idom[b]
        at = 0
        if d >= 0:
            at = place[d]
            place[d] = at + size[b]
        pre[b] = at
        end[b] = at + size[b]
        place[b] = at + 1
        order[at] = b
    return DomTree(idom, pre, end, order)
