"""Natural loops: for each block its innermost loop's header and its depth.

A loop is named by its header: the target of an edge whose source it dominates. Headers are taken
innermost first (against reverse postorder); the body is what reaches the back edges without passing
the header, and a loop met on the way is crossed in one step, through its header. Cycles that are
entered in two places have no header and are not loops here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jitpy.backend.analysis.cfg import Cfg
    from jitpy.backend.analysis.domtree import DomTree


class Loops:
    """``header[b]``: header of the innermost loop around block b (of b itself where b is a header),
    -1 outside of loops. ``depth[b]``: 0 outside. ``parent[h]``: header of the loop around the loop
    of h, -1 for outermost ones and for blocks that are no headers. ``headers``: all headers in
    reverse postorder, so outer loops come before their inner ones."""

    __slots__ = ("depth", "header", "headers", "parent")

    def __init__(
        self, header: list[int], depth: list[int], parent: list[int], headers: list[int]
    ) -> None:
        self.header = header
        self.depth = depth
        self.parent = parent
        self.headers = headers

    def contains(self, header: int, block: int) -> bool:
        """Whether ``block`` lies in the loop of ``header`` or in a loop inside it."""
        h = self.header[block]
        while h >= 0 and h != header:
            h = self.parent[h]
        return h == header


def compute(cfg: Cfg, domtree: DomTree) -> Loops:
    """The natural loops of ``cfg``."""
    preds, index = cfg.preds, cfg.rpo_index
    pre, end = domtree.pre, domtree.end
    count = len(preds)
    header = [-1] * count
    depth = [0] * count
    parent = [-1] * count
    top = list(range(count))  # towards the outermost loop found so far around a header
    headers: list[int] = []
    for h in reversed(cfg.rpo):
        here = index[h]
        work = [p for p in preds[h] if index[p] >= here and pre[h] <= pre[p] < end[h]]
        if not work:
            continue
        headers.append(h)
        header[h] = h
        while work:
            b = work.pop()
            inner = header[b]
            if inner < 0:
                header[b] = h
                work.extend(preds[b])
                continue
            if inner == h:
                continue
            while top[inner] != inner:
                top[inner] = top[top[inner]]
                inner = top[inner]
            if inner != h:
                top[inner] = h
                parent[inner] = h
                work.extend(preds[inner])
    headers.reverse()
    for h in headers:
        p = parent[h]
        depth[h] = depth[p] + 1 if p >= 0 else 1
    for b in cfg.rpo:
        h = header[b]
        if h >= 0:
            depth[b] = depth[h]
    return Loops(header, depth, parent, headers)
