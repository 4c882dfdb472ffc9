"""Calls and tail calls. Operands are fixed per call site (`MInst.constraints`). Nothing is known of the vectors' state behind
a call."""

from __future__ import annotations

from typing import Any

from jitpy.backend.isa.riscv64.encode import put
from jitpy.backend.isa.riscv64.frame import PAIR, add, emit_tail
from jitpy.backend.isa.riscv64.regs import RA, SP, TEMP
from jitpy.backend.isa.riscv64.rows import macro
from jitpy.backend.target.row import BRANCH, CALL, RETURN, TERMINATOR, MInst


def _pair(sink: Any, link: int, through: int, symbol: str) -> None:
    """auipc and jalr."""
    sink.code += (0x17 | through << 7).to_bytes(4, "little") + (0x67 | link << 7 | through << 15).to_bytes(4, "little")
    sink.reloc("riscv_call", symbol, 0, 8)


def _direct(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    _pair(sink, RA, RA, inst.imm.symbol)
    _behind(sink, inst.imm)


def _indirect(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    put(sink, 0x67 | RA << 7 | allocs[len(inst.defs)] << 15)
    _behind(sink, inst.imm)


def _behind(sink: Any, site: Any) -> None:
    """Note the call; take back the room of stack arguments that the callee removed."""
    sink.mode = None
    sink.call(site)
    if site.pops:
        add(sink, SP, SP, -site.pops)


def _tail_direct(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    emit_tail(sink, inst.imm.pops)
    _pair(sink, 0, TEMP, inst.imm.symbol)


def _tail_indirect(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    emit_tail(sink, inst.imm.pops)
    put(sink, 0x67 | allocs[len(inst.defs)] << 15)


def _block_address(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """auipc and addi."""
    r = allocs[0]
    sink.code += (0x17 | r << 7).to_bytes(4, "little") + (0x13 | r << 7 | r << 15).to_bytes(4, "little")
    sink.fixup(PAIR, sink.block_label(inst.imm), 0, 8)


CALL_DIRECT = macro("call", "call", _direct, CALL)
CALL_INDIRECT = macro("call_r", "jalr rs1", _indirect, CALL)
TRY_DIRECT = macro("try_call", "call", _direct, CALL | BRANCH | TERMINATOR)
TRY_INDIRECT = macro("try_call_r", "jalr rs1", _indirect, CALL | BRANCH | TERMINATOR)
TRY_DIRECT.imm = TRY_INDIRECT.imm = "try"
TAIL_DIRECT = macro("tail_call", "tail", _tail_direct, TERMINATOR | RETURN)
TAIL_INDIRECT = macro("tail_call_r", "jr rs1", _tail_indirect, TERMINATOR | RETURN)
macro("block_address", "la =rd", _block_address)
