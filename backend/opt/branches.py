"""Branches whose outcome, or whose other side, says more than a branch.

Before the e-graph, on the blocks as they are (`simplify`):

    traps      a branch to a block that only traps is a conditional trap and a jump; what follows then knows that the condition
               held, without a block of its own, and the graph merges equal traps
    threads    an edge into a block that only branches, where what is passed or what was just tested decides it, goes to where the
               branch would lead (jump threading); what that block computes must not be used elsewhere. Loop headers are left
               alone, so that a loop keeps its one entry.

Behind it, on the skeleton, where branches have been folded (`join`): a block goes to the end of the only one that jumps to it.
Blocks that nothing reaches any more are dropped by elaboration.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import opcodes as op
from jitpy.backend.opt.fold import fold_icmp

if TYPE_CHECKING:
    from jitpy.backend.analysis.cfg import Cfg
    from jitpy.backend.ir.function import Function, Node

    Body = list[tuple[int, Node, tuple[int, ...]]]

#: An edge is followed through so many blocks.
_HOPS = 8
#: Instructions of a block that only branches.
_BODY = 4
Edge = tuple[int, tuple[int, ...]]  # block, arguments


def simplify(func: Function, cfg: Cfg) -> bool:
    """Whether anything changed; ``cfg`` is then out of date."""
    traps: dict[int, int] = {}  # block that only traps -> its instruction
    branching = []
    for b in cfg.rpo:
        body = func.block_insts[b]
        last = func.insts[body[-1]][0]
        if last == op.TRAP_ and len(body) == 1 and body[0] not in func.debug_tags:
            traps[b] = body[0]
        elif last == op.BRIF:
            branching.append(b)
    changed = False
    if traps:
        for b in branching:
            changed |= _trap(func, b, traps)
    through = {
        b for b in branching
        if len(func.block_insts[b]) <= _BODY and len(cfg.preds[b]) > 1 and b != cfg.entry
        and func.insts[func.block_insts[b][-1]][0] == op.BRIF
        and all(cfg.rpo_index[p] < cfg.rpo_index[b] for p in cfg.preds[b])
        and all(op.PURE[func.insts[i][0]] for i in func.block_insts[b][:-1])
    }  # fmt: skip
    return _Threads(func, cfg, through).run() or changed if through else changed


def _trap(func: Function, block: int, traps: dict[int, int]) -> bool:
    """Make a conditional trap of the branch that ends ``block``, if one of its ends traps."""
    inst = func.block_insts[block][-1]
    node = func.insts[inst]
    (first, count), (second, _) = node[2]
    if inst in func.debug_tags or (first not in traps and second not in traps):
        return False
    split = 4 + count
    insts, srclocs = func.insts, func.srclocs
    if first in traps:
        trap = traps[first]
        code = op.TRAPNZ
        rest: Node = (op.JUMP, 0, (node[2][1],), *node[split:])
        loc = srclocs[inst]
        if second in traps:
            rest, loc = insts[traps[second]], srclocs[traps[second]]
    else:
        trap = traps[second]
        code = op.TRAPZ
        rest, loc = (op.JUMP, 0, (node[2][0],), *node[4:split]), srclocs[inst]
    insts[inst], srclocs[inst] = (code, node[1], insts[trap][2], node[3]), srclocs[trap]
    func.append(block, rest, (), loc)
    return True


def join(func: Function, skeleton: list[Body], params: list[list[int]], cfg: Cfg) -> None:
    """Append to each block that ends in a jump the one it jumps to, where no other edge leads there and nothing is passed."""
    for b in cfg.rpo:
        while (body := skeleton[b]) and body[-1][1][0] == op.JUMP:
            inst, node, _ = body[-1]
            goal = node[2][0][0]
            if len(cfg.preds[goal]) != 1 or params[goal] or goal == cfg.entry or inst in func.debug_tags:
                break
            if op.EFFECTS[skeleton[goal][-1][1][0]] & op.CALL:
                break  # a try_call's block is named by what asks for the address of its handlers
            skeleton[b] = body[:-1] + skeleton[goal]
            skeleton[goal] = []


class _Threads:
    """One run over the edges into blocks ``through``."""

    def __init__(self, func: Function, cfg: Cfg, through: set[int]) -> None:
        self.func = func
        self.cfg = cfg
        self.through = through
        self._escaping: set[int] | None = None  # values used outside of the block that defines them

    def run(self) -> bool:
        """Whether any edge goes elsewhere now."""
        func, changed = self.func, False
        for b in dict.fromkeys(p for t in self.through for p in self.cfg.preds[t]):
            inst = func.block_insts[b][-1]
            node = func.insts[inst]
            if node[0] not in (op.JUMP, op.BRIF):
                continue
            head = 4 if node[0] == op.BRIF else 3
            ends: list[tuple[int, int]] = []
            args: list[int] = []
            at = head
            for k, (target, count) in enumerate(node[2]):
                # On its own edges a branch has decided its condition.
                tested = (node[3], k == 0) if node[0] == op.BRIF else None
                goal, passed = self.followed((target, node[at : at + count]), tested)
                at += count
                ends.append((goal, len(passed)))
                args += passed
            if tuple(ends) != node[2]:
                func.insts[inst] = (*node[:2], tuple(ends), *node[3:head], *args)
                changed = True
        return changed

    def followed(self, edge: Edge, tested: tuple[int, bool] | None) -> Edge:
        """Where an edge leads in the end."""
        for _ in range(_HOPS):
            if edge[0] not in self.through or (further := self.step(edge, tested)) is None:
                break
            edge = further
        return edge

    def step(self, edge: Edge, tested: tuple[int, bool] | None) -> Edge | None:
        """The edge by which the block that an edge leads to is left, if that is known."""
        block, args = edge
        func = self.func
        body = func.block_insts[block]
        node = func.insts[body[-1]]
        passed = dict(zip(func.block_params[block], args))
        truth = self.truth(node[3], passed, tested)
        if truth is None:
            return None
        inner = {r for i in body for r in func.results[i]}
        if not (inner | passed.keys()).isdisjoint(self.escaping()):
            return None
        split = 4 + node[2][0][1]
        leaving: tuple[Any, ...] = node[4:split] if truth else node[split:]
        if not inner.isdisjoint(leaving):
            return None
        return node[2][0 if truth else 1][0], tuple([passed.get(a, a) for a in leaving])

    def truth(self, condition: int, passed: dict[int, int], tested: tuple[int, bool] | None) -> bool | None:
        """Whether a condition is not zero when the block's parameters are what is ``passed``."""
        c = passed.get(condition, condition)
        if tested is not None and c == tested[0]:
            return tested[1]
        number = self.constant(c)
        if number is not None:
            return bool(number)
        d = self.func.value_defs[c]
        if d < 0 or (node := self.func.insts[d])[0] != op.ICMP:
            return None
        left, right = (self.constant(passed.get(a, a)) for a in node[3:])
        return None if left is None or right is None else bool(fold_icmp(node[1], node[2], left, right))

    def constant(self, v: Any) -> int | None:
        """The number that a value is, if it is constant."""
        d = self.func.value_defs[v]
        if d < 0 or (node := self.func.insts[d])[0] != op.ICONST:
            return None
        number: int = node[2]
        return number

    def escaping(self) -> set[int]:
        """The values used outside of the block that defines them; found when first asked for."""
        if self._escaping is None:
            func = self.func
            found: set[int] = set()
            for b in self.cfg.rpo:
                own = set(func.block_params[b])
                for i in func.block_insts[b]:
                    found.update([a for a in func.insts[i][3:] if a not in own])
                    own.update(func.results[i])
            self._escaping = found
        return self._escaping
