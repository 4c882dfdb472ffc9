"""The control-flow graph of a function: successors, predecessors, reverse postorder.

In comes a `Function`, out goes a `Cfg`: parallel lists indexed by block number. Edges are counted
as often as they are written (a brif with both targets equal has two). Blocks that control never
reaches are in no predecessor list and have ``rpo_index`` -1, so whoever walks ``rpo`` and ``preds``
meets live blocks alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend.ir.opcodes import BRANCH, CALL, EFFECTS

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Function, Node

_IS_BRANCH = [bool(e & BRANCH) for e in EFFECTS]
_IS_TRY = [bool(e & BRANCH and e & CALL) for e in EFFECTS]
_OPCODES = len(EFFECTS)


class Cfg:
    """Edges and reverse postorder; see the module's docstring."""

    __slots__ = ("entry", "preds", "rpo", "rpo_index", "succs")

    def __init__(
        self, entry: int, succs: list[list[int]], preds: list[list[int]], rpo: list[int], rpo_index: list[int]
    ) -> None:  # fmt: skip
        self.entry = entry
        self.succs = succs
        self.preds = preds
        self.rpo = rpo
        self.rpo_index = rpo_index


def targets(node: Node) -> tuple[tuple[int, int], ...]:
    """The ``(block, argument count)`` pairs of a terminator; empty where it leaves the function."""
    op = node[0]
    if op >= _OPCODES or not _IS_BRANCH[op]:
        return ()
    found: tuple[tuple[int, int], ...] = node[2][1].targets if _IS_TRY[op] else node[2]
    return found


def compute(func: Function) -> Cfg:
    """The control-flow graph of ``func``; its layout must not be empty."""
    insts, block_insts = func.insts, func.block_insts
    ends = [(b, insts[body[-1]]) for b in func.layout if (body := block_insts[b])]
    return of_terminators(func.layout[0], len(block_insts), ends)


def of_terminators(entry: int, count: int, ends: list[tuple[int, Node]]) -> Cfg:
    """The graph of ``count`` blocks of which some (block, node) end in a terminator."""
    succs: list[list[int]] = [[] for _ in range(count)]
    preds: list[list[int]] = [[] for _ in range(count)]
    for b, node in ends:
        op = node[0]
        if op < _OPCODES and _IS_BRANCH[op]:
            edges = node[2][1].targets if _IS_TRY[op] else node[2]
            succs[b] = [t[0] for t in edges]
    rpo, rpo_index = reverse_postorder(entry, succs)
    for b in rpo:
        for s in succs[b]:
            preds[s].append(b)
    return Cfg(entry, succs, preds, rpo, rpo_index)


def reverse_postorder(entry: int, succs: list[list[int]]) -> tuple[list[int], list[int]]:
    """Reverse postorder from ``entry`` and each block's place in it (-1: unreachable).

    Successors are visited last first, so that a branch's first target comes soonest after it.
    """
    seen = [False] * len(succs)
    seen[entry] = True
    post: list[int] = []
    stack = [entry]
    pending = [list(succs[entry])]
    while stack:
        rest = pending[-1]
        while rest:
            s = rest.pop()
            if not seen[s]:
                seen[s] = True
                stack.append(s)
                pending.append(list(succs[s]))
                break
        else:
            post.append(stack.pop())
            pending.pop()
    post.reverse()
    index = [-1] * len(succs)
    for i, b in enumerate(post):
        index[b] = i
    return post, index
