"""Removes block parameters that receive one and the same value on every edge.

An optimistic solver on the lattice unset < one value < many: every parameter begins unset; an edge that passes a value other than
the parameter itself moves it up. Frontends make more parameters than they need, above all at loop headers; what does not change
in a loop should dominate it instead of going round.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend.analysis.cfg import targets
from jitpy.backend.ir.opcodes import CALL, EFFECTS

if TYPE_CHECKING:
    from jitpy.backend.analysis.cfg import Cfg
    from jitpy.backend.ir.function import Function

_UNSET = -1
_MANY = -2


def remove_constant(func: Function, cfg: Cfg) -> None:
    """Remove the redundant parameters of ``func`` and the arguments passed to them."""
    insts, block_insts, block_params = func.insts, func.block_insts, func.block_params
    state: dict[int, int] = {}  # parameter -> the one value, _UNSET or _MANY
    edges: list[tuple[int, tuple[int, ...]]] = []  # target, arguments
    entry = cfg.entry
    for p in block_params[entry]:
        state[p] = _MANY
    pinned: set[int] = set()  # targets reached with payloads, whose parameters are not all arguments
    any_params = False
    for b in cfg.rpo:
        if b != entry:
            for p in block_params[b]:
                state[p] = _UNSET
                any_params = True
        node = insts[block_insts[b][-1]]
        ends = targets(node)
        if not ends:
            continue
        if EFFECTS[node[0]] & CALL:
            pinned.update(t for t, _ in ends)
            continue
        at = len(node) - sum(n for _, n in ends)
        for t, n in ends:
            if n:
                edges.append((t, node[at : at + n]))
                at += n
    if not any_params:
        return
    for b in pinned:
        for p in block_params[b]:
            state[p] = _MANY
    changed = True
    while changed:
        changed = False
        for t, args in edges:
            for p, a in zip(block_params[t], args):
                s = state[p]
                if s == _MANY:
                    continue
                # What the argument stands for as far as is known; an unset one says nothing yet.
                v = state.get(a, _MANY)
                v = a if v == _MANY else v
                if p == v or s == v or v == _UNSET:
                    continue
                state[p] = v if s == _UNSET else _MANY
                changed = True
    replaced = {p: v for p, v in state.items() if v >= 0}
    if not replaced:
        return
    before = {b: block_params[b] for b in cfg.rpo if block_params[b]}
    for b, params in before.items():
        block_params[b] = [p for p in params if p not in replaced]
    for b in cfg.rpo:
        for i in block_insts[b]:
            node = insts[i]
            if not replaced.keys().isdisjoint(node[3:]):
                insts[i] = (*node[:3], *[replaced.get(a, a) for a in node[3:]])
        _drop_arguments(func, block_insts[b][-1], before, replaced)


def _drop_arguments(func: Function, inst: int, before: dict[int, list[int]], replaced: dict[int, int]) -> None:
    """Drop from a branch the arguments whose parameters are gone; ``before``: each block's parameters as they were."""
    node = func.insts[inst]
    ends = targets(node)
    if not ends or EFFECTS[node[0]] & CALL:
        return
    at = len(node) - sum(n for _, n in ends)
    if at == len(node):
        return
    args = list(node[3:at])
    kept_ends = []
    for t, n in ends:
        kept = [a for p, a in zip(before.get(t, ()), node[at : at + n]) if p not in replaced]
        at += n
        args += kept
        kept_ends.append((t, len(kept)))
    func.insts[inst] = (node[0], node[1], tuple(kept_ends), *args)
