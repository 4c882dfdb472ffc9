"""Loops over short constant ranges are unrolled: ``for dy in range(-1, 2)`` becomes a loop over the tuple (-1, 0, 1).

Every turn is then its own version of the body, in which the index is a constant: neighbours of a stencil get constant offsets,
tests like ``dy == 0`` are decided now, and nothing polls or counts. Nested loops multiply, so the budget is for the product.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.frontend.bytecode import instructions as n
from jitpy.frontend.library.containers import TupleIter
from jitpy.frontend.values import Const, RangeVal, TupleVal, Value

if TYPE_CHECKING:
    from jitpy.frontend.translate.frame import Frame

#: Turns of one loop; bytecode instructions of all turns together, where a call counts as many, for what it may inline,
#: and an instruction in an inner loop as `INNER`.
MOST_TURNS = 4
BUDGET = 480
CALL = 16
INNER = 3


def short_range(frame: Frame, v: Value) -> Value:
    """What a loop whose iterable is ``v`` goes over: a tuple instead of a short constant range with a small body."""
    if v.__class__ is not RangeVal:
        return v
    bounds = v.children()
    if not all(b.__class__ is Const for b in bounds):
        return v
    turns = range(*[b.obj for b in bounds])
    instrs = frame.code.instrs
    header = frame.index + 1
    if len(turns) > MOST_TURNS or instrs[header][0] != n.FOR_ITER:
        return v
    copies = len(turns)
    at: Frame | None = frame
    while at is not None:
        for outer in at.stack:
            if outer.__class__ is TupleIter:
                copies *= max(len(outer.items), 1)
        at = at.outer
    return TupleVal(tuple([Const(i) for i in turns])) if copies * _cost(frame, header) <= BUDGET else v


def _cost(frame: Frame, header: int) -> int:
    """What one turn is worth: instructions in inner loops count for several, as these may be unrolled too, or versioned."""
    code = frame.code
    after: Any = code.instrs[header][1]
    cost = 0
    weight = 1
    ends: list[int] = []
    for i in range(header + 1, after):
        op, arg = code.instrs[i]
        while ends and i == ends[-1]:
            ends.pop()
            weight //= INNER
        cost += weight * (CALL if op == n.CALL else 1)
        if op == n.FOR_ITER:
            ends.append(arg)  # type: ignore[arg-type]
            weight *= INNER
    return cost
