"""What an ISA's record takes from the ISA's modules, which have the same names in all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.target.row import INT, MInst

if TYPE_CHECKING:
    from jitpy.backend.target.target import Target


def refuse_unknown(isa: str, features: dict[str, int], known: tuple[str, ...]) -> None:
    """ValueError where ``features`` names something that the ISA has not."""
    unknown = sorted(set(features) - set(known))
    if unknown:
        raise ValueError(f"{isa} has no feature {', '.join(unknown)}; there are {', '.join(known)}")


def take_emission(t: Target, rows: Any, calls: Any, frame: Any, branch: Any) -> None:
    """Addresses of symbols and blocks from the rows; calls from ``insts/call.py``; prologue, epilogue, moves and traps from
    ``frame.py``; branches from ``insts/branch.py``."""
    jmp = branch.JMP

    def jump(block: int) -> MInst:
        return MInst(jmp, (), (), (block,))

    def symbol_address(ctx: Any, name: str, addend: int) -> int:
        d: int = ctx.temp(INT)
        ctx.emit(MInst(rows["mov_symbol"], (d,), (), (name, addend)))
        return d

    def block_address(dst: int, block: int) -> MInst:
        return MInst(rows["block_address"], (dst,), (), block)

    t.jump = jump
    t.symbol_address = symbol_address
    t.block_address = block_address
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
