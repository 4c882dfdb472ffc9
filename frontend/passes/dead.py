"""Dead code in typed IR: what nobody uses and what has no effect is dropped, checked int arithmetic and block parameters included.

A Python int that nobody needs may leave 64 bits: Python itself would not have minded. Works backwards from the instructions with
effects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend.ir import opcodes as o
from jitpy.frontend.ir import opcodes as fo

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jitpy.backend.ir.function import Function

_DROPPABLE = fo.CHECKED_ARITHMETIC | {fo.ELEMENT_LOAD, fo.SITE_ADDRESS, fo.SITE_MATCH, fo.FLOOR_DIV, fo.FLOOR_REM}
_KEEPS = o.TERMINATOR | o.CALL | o.STORE | o.SIDE_EFFECT


def remove(func: Function, order: list[int], counted: Iterable[tuple[int, ...]] = ()) -> None:
    """Drop dead instructions and dead block parameters from the reachable blocks ``order``.

    An argument is used where its parameter is: what loops only pass around goes. ``counted``: index, start and stop of counted
    loops, which are lowered by them.
    """
    insts, results, value_defs, block_params = func.insts, func.results, func.value_defs, func.block_params
    effects, table = o.EFFECTS, func.block_insts
    used = bytearray(len(value_defs))
    stack: list[int] = []
    roots: set[int] = set()
    incoming: dict[int, list[int]] = {}  # block parameter -> its arguments
    branches: list[int] = []
    for loop in counted:
        stack.extend(loop[:3])
    for b in order:
        for i in table[b]:
            node = insts[i]
            op = node[0]
            if op < 256 and effects[op] & o.BRANCH:
                roots.add(i)
                branches.append(i)
                at = len(node) - sum([n for _, n in node[2]])
                stack.extend(node[3:at])
                for target, n in node[2]:
                    for p, a in zip(block_params[target], node[at : at + n], strict=True):
                        incoming.setdefault(p, []).append(a)
                    at += n
            elif (op >= 256 and op not in _DROPPABLE) or (op < 256 and effects[op] & _KEEPS):
                roots.add(i)
                stack.extend(node[3:])
    while stack:
        v = stack.pop()
        if not used[v]:
            used[v] = 1
            d = value_defs[v]
            if d >= 0:
                stack.extend(insts[d][3:])
            else:
                stack.extend(incoming.get(v, ()))
    for b in order:
        own = table[b]
        kept = [i for i in own if i in roots or 1 in [used[r] for r in results[i]]]
        if len(kept) != len(own):
            own[:] = kept
    _drop_parameters(func, order, branches, used)


def _drop_parameters(func: Function, order: list[int], branches: list[int], used: bytearray) -> None:
    insts, block_params = func.insts, func.block_params
    live: dict[int, list[bool]] = {}  # of blocks with dead parameters
    for b in order[1:]:
        flags = [used[p] == 1 for p in block_params[b]]
        if False in flags:
            live[b] = flags
    if not live:
        return
    for i in branches:
        node = insts[i]
        if not live.keys().isdisjoint([t for t, _ in node[2]]):
            at = len(node) - sum([n for _, n in node[2]])
            targets, args = [], list(node[3:at])
            for t, n in node[2]:
                passed = node[at : at + n]
                at += n
                if t in live:
                    passed = tuple([a for a, keep in zip(passed, live[t], strict=True) if keep])
                targets.append((t, len(passed)))
                args += passed
            insts[i] = (*node[:2], tuple(targets), *args)
    for b, flags in live.items():
        block_params[b][:] = [p for p, keep in zip(block_params[b], flags, strict=True) if keep]
