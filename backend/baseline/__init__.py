"""The baseline compiler: from CLIF to bytes in one walk, for compile speed. Setting opt_level none with allocator onepass.

    template  what the rules make of one shape of instruction, derived once per target and process
    walk      blocks and instructions from the last to the first: look up the template, choose registers
    write     chunks to bytes; for the checker, to VCode and its allocation

It has no semantics of its own: everything that is emitted came out of the target's rules, rows and encoders. What it does
not take (`walk.handles`) goes the long way: lower, allocate, emit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend.baseline.walk import Kit, Walk, handles
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
    kit: Kit = target.baselines.pop() if target.baselines else Kit(target)
    try:
        walk = Walk(kit, func, settings.regalloc_checker)
        walk.run()
    finally:
        target.baselines.append(kit)
    if settings.regalloc_checker:
        from jitpy.backend.regalloc.checker import check, validate

        vcode, allocation = as_vcode(walk)
        validate(vcode, target.env)
        check(vcode, target.env, allocation)
    return write(walk, settings), walk.frame
