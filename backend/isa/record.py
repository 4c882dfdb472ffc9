"""What an ISA's record takes from the ISA's modules, which have the same names in all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jitpy.backend.target.target import Target


def take_emission(t: Target, calls: Any, frame: Any, branch: Any) -> None:
    """Calls from ``insts/call.py``; prologue, epilogue, moves and traps from ``frame.py``; branches from ``insts/branch.py``."""
    t.call_direct = calls.CALL_DIRECT
    t.call_indirect = calls.CALL_INDIRECT
    t.try_direct = calls.TRY_DIRECT
    t.try_indirect = calls.TRY_INDIRECT
    t.tail_direct = calls.TAIL_DIRECT
    t.tail_indirect = calls.TAIL_INDIRECT
    t.resume = frame.RESUME
    t.emit_move = frame.emit_move
    t.emit_prologue = frame.emit_prologue
    t.emit_epilogue = frame.emit_epilogue
    t.emit_return = frame.emit_return
    t.emit_trap = frame.emit_trap
    t.nop = frame.nop
    t.emit_jump = branch.emit_jump
    t.emit_branch = branch.emit_branch
