"""Dead code in typed IR: what nobody uses and what has no effect is dropped, checked int arithmetic included.

A Python int that nobody needs may leave 64 bits: Python itself would not have minded. Works backwards from the instructions with
effects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend.ir import opcodes as o
from jitpy.frontend.ir import opcodes as fo

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Function

_DROPPABLE = fo.CHECKED_ARITHMETIC | {fo.ELEMENT_LOAD, fo.SITE_ADDRESS, fo.SITE_MATCH, fo.FLOOR_DIV, fo.FLOOR_REM}
_KEEPS = o.TERMINATOR | o.CALL | o.STORE | o.SIDE_EFFECT


def remove(func: Function, order: list[int]) -> None:
    """Drop dead instructions from the reachable blocks ``order``; dead block parameters stay (lowering's business)."""
    insts, results, value_defs = func.insts, func.results, func.value_defs
    effects, table = o.EFFECTS, func.block_insts
    used = bytearray(len(value_defs))
    stack: list[int] = []
    roots: set[int] = set()
    for b in order:
        for i in table[b]:
            op = insts[i][0]
            if (op >= 256 and op not in _DROPPABLE) or (op < 256 and effects[op] & _KEEPS):
                roots.add(i)
                stack.extend(insts[i][3:])
    while stack:
        v = stack.pop()
        if not used[v]:
            used[v] = 1
            d = value_defs[v]
            if d >= 0:
                stack.extend(insts[d][3:])
    for b in order:
        own = table[b]
        kept = [i for i in own if i in roots or 1 in [used[r] for r in results[i]]]
        if len(kept) != len(own):
            own[:] = kept
