"""The block graph of typed IR: successors, reverse postorder, dominators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend.ir import opcodes as o

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Function


class Graph:
    """``order``: reachable blocks in reverse postorder; ``index[b]`` its position, -1 where unreachable; ``preds[b]``."""

    __slots__ = ("index", "order", "preds", "succs")

    def __init__(self, func: Function) -> None:
        insts, block_insts = func.insts, func.block_insts
        n = len(block_insts)
        succs: list[tuple[int, ...]] = [()] * n
        branch = o.BRANCH
        for b in range(n):
            own = block_insts[b]
            if own:
                node = insts[own[-1]]
                if node[0] < 256 and o.EFFECTS[node[0]] & branch:
                    succs[b] = tuple([t for t, _ in node[2]])
        state = [0] * n
        post: list[int] = []
        stack = [0]
        while stack:
            b = stack[-1]
            k = state[b]
            targets = succs[b]
            if k == 0:
                state[b] = k = 1
            if k <= len(targets):
                state[b] = k + 1
                # The last target first, so that the first (a loop's body) directly follows its block.
                t = targets[len(targets) - k]
                if state[t] == 0:
                    stack.append(t)
            else:
                stack.pop()
                post.append(b)
        post.reverse()
        self.order = post
        self.succs = succs
        self.index = [-1] * n
        for i, b in enumerate(post):
            self.index[b] = i
        self.preds: list[list[int]] = [[] for _ in range(n)]
        for b in post:
            for t in succs[b]:
                self.preds[t].append(b)

    def dominators(self) -> list[int]:
        """Immediate dominator per block (the entry its own), -1 where unreachable."""
        index, preds = self.index, self.preds
        idom = [-1] * len(index)
        entry = self.order[0]
        idom[entry] = entry
        changed = True
        while changed:
            changed = False
            for b in self.order[1:]:
                new = -1
                for p in preds[b]:
                    if idom[p] == -1:
                        continue
                    if new == -1:
                        new = p
                        continue
                    x, y = p, new
                    while x != y:
                        if index[x] > index[y]:
                            x = idom[x]
                        else:
                            y = idom[y]
                    new = x
                if idom[b] != new:
                    idom[b] = new
                    changed = True
        return idom


def dominates(idom: list[int], index: list[int], a: int, b: int) -> bool:
    """Whether block ``a`` dominates block ``b``."""
    while index[b] > index[a]:
        b = idom[b]
    return a == b
