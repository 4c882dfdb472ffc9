"""If-conversion: a branch over next to nothing becomes a selection.

    brif c, arm, goal(y)            x = ...
    arm:                       ->   z = select c, x, y
      x = ...                       jump goal(z)
      jump goal(x)

In come blocks that end in a branch whose sides meet again at once; a side is an edge to the meeting place or a block of a few cheap
instructions that nothing else leads to. What it computes is computed always then, so it must be pure, unable to trap and worth
less than a branch that is foreseen wrongly: two instructions of both sides together, and two values to select (LLVM's SimplifyCFG
folds two-entry phis by limits of this kind). Integers of up to 64 bits only: a selection of floats is a branch on some targets.
Cold sides stay branches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.types import I8, I16, I32, I64

if TYPE_CHECKING:
    from jitpy.backend.analysis.cfg import Cfg
    from jitpy.backend.ir.function import Function

#: Instructions of both sides together, and values that are selected.
_WORK = 2
_VALUES = 2
_TYPES = frozenset((I8, I16, I32, I64))
#: What a side may compute, and what it counts.
_COSTS = {
    op.ICONST: 0, op.UEXTEND: 1, op.SEXTEND: 1, op.IREDUCE: 0, op.IADD: 1, op.ISUB: 1, op.INEG: 1, op.BAND: 1, op.BOR: 1,
    op.BXOR: 1, op.BNOT: 1, op.ISHL: 1, op.USHR: 1, op.SSHR: 1, op.ICMP: 1, op.SELECT: 1, op.SMIN: 1, op.SMAX: 1, op.UMIN: 1,
    op.UMAX: 1,
}  # fmt: skip


def convert(func: Function, cfg: Cfg) -> bool:
    """Whether anything changed; ``cfg`` is then out of date. Inner branches come first, and may make outer ones small enough."""
    changed = False
    for b in reversed(cfg.rpo):
        inst = func.block_insts[b][-1]
        if func.insts[inst][0] == op.BRIF and inst not in func.debug_tags:
            changed |= _convert(func, cfg, b, inst)
    return changed


def _convert(func: Function, cfg: Cfg, block: int, inst: int) -> bool:
    node, types = func.insts[inst], func.value_types
    condition = node[3]
    split = 4 + node[2][0][1]
    sides = [_side(func, cfg, target, args) for (target, _), args in zip(node[2], (node[4:split], node[split:]))]
    (goal, passed, left), (other, others, right) = sides
    if goal != other or goal in func.cold or types[condition] not in _TYPES:
        return False
    if sum([_COSTS[func.insts[i][0]] for i in left + right]) > _WORK:
        return False
    pairs = {(x, y) for x, y in zip(passed, others) if x != y}
    if len(pairs) > _VALUES or any(types[x] not in _TYPES for x, _ in pairs):
        return False
    srcloc = func.srclocs[inst]
    body = func.block_insts[block]
    body[-1:] = left + right
    for (arm, _), moved in zip(node[2], (left, right)):
        if arm != goal:
            func.block_insts[arm] = func.block_insts[arm][len(moved) :]
    chosen = {p: func.value(block, (op.SELECT, types[p[0]], None, condition, *p), types[p[0]], srcloc) for p in sorted(pairs)}
    args = [x if x == y else chosen[x, y] for x, y in zip(passed, others)]
    func.append(block, (op.JUMP, 0, ((goal, len(args)),), *args), (), srcloc)
    return True


def _side(func: Function, cfg: Cfg, target: int, args: tuple[int, ...]) -> tuple[int, tuple[int, ...], list[int]]:
    """Where a side of a branch leads, what it passes, and the instructions on the way."""
    body = func.block_insts[target]
    node = func.insts[body[-1]]
    if node[0] != op.JUMP or len(cfg.preds[target]) != 1 or args or len(body) > _WORK * 2 or target in func.cold:
        return target, args, []
    insts = func.insts
    for i in body[:-1]:
        if insts[i][0] not in _COSTS or insts[i][1] not in _TYPES or i in func.debug_tags:
            return target, args, []
    return node[2][0][0], node[3:], body[:-1]
