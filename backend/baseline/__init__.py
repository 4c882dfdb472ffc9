"""The baseline compiler: from CLIF to bytes in one walk, for compile speed. Setting opt_level none with allocator onepass.

    derive    what the rules make of one shape of instruction, once per target and process
    template  the result: one wide instruction, its bytes by registers
    walk      blocks and instructions from the last to the first: look up the template, choose registers
    placing   the choosing
    chunks    what comes out
    write     chunks to bytes; for the checker, to VCode and its allocation
    kit       what is kept from function to function

It has no semantics of its own: everything that is emitted came out of the target's rules, rows and encoders. What it does
not take (`walk.handles`) goes the long way: lower, allocate, emit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend.baseline.kit import Kit
from jitpy.backend.baseline.walk import Walk, handles
from jitpy.backend.baseline.write import as_vcode, write

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Function
    from jitpy.backend.settings import Settings
    from jitpy.backend.target.target import Target
    from jitpy.backend.vcode.buffer import Finished
    from jitpy.backend.vcode.frame import Frame


def compile_baseline(func: Function, target: Target, settings: Settings) -> tuple[Finished, Frame] | None:
    """The code of ``func`` and its frame; None if it has to go the long way."""
    if not handles(func):
        return None
    kit = target.baselines.pop() if target.baselines else Kit(target)
    try:
        walk = Walk(kit, func, settings.regalloc_checker)
        walk.walk()
    finally:
        target.baselines.append(kit)
    if settings.regalloc_checker:
        from jitpy.backend.regalloc.checker import check

        vcode, allocation = as_vcode(walk)
        check(vcode, target.env, allocation)
    return write(walk, settings), walk.frame
