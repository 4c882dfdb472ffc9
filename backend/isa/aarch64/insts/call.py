"""Calls and tail calls. Operands are fixed per call site (`MInst.constraints`)."""

from __future__ import annotations

from typing import Any

from jitpy.backend.isa.aarch64.frame import add_constant, emit_tail, word
from jitpy.backend.isa.aarch64.insts.branch import address_of
from jitpy.backend.isa.aarch64.regs import SP, TEMPORARY
from jitpy.backend.isa.aarch64.rows import macro
from jitpy.backend.target.row import BRANCH, CALL, RETURN, TERMINATOR, MInst


def _direct(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    sink.code += word(0x94000000)
    sink.reloc("call26", inst.imm.symbol)
    _behind(sink, inst.imm)


def _indirect(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    sink.code += word(0xD63F0000 | allocs[len(inst.defs)] << 5)
    _behind(sink, inst.imm)


def _behind(sink: Any, site: Any) -> None:
    """Note the call; take back the room of stack arguments that the callee removed."""
    sink.call(site)
    if site.pops:
        add_constant(sink.code, SP, SP, -site.pops)


def _tail_direct(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    emit_tail(sink, inst.imm.pops)
    sink.code += word(0x14000000)
    sink.reloc("call26", inst.imm.symbol)


def _tail_indirect(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """By way of x17: a function's landing mark takes calls, and jumps through this register."""
    emit_tail(sink, inst.imm.pops)
    r = allocs[len(inst.defs)]
    if sink.features["use_bti"]:
        sink.code += word(0xAA0003E0 | r << 16 | TEMPORARY)
        r = TEMPORARY
    sink.code += word(0xD61F0000 | r << 5)


def _block_address(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    address_of(sink, allocs[0], sink.block_label(inst.imm))


CALL_DIRECT = macro("call", "bl", _direct, CALL)
CALL_INDIRECT = macro("call_r", "blr Rn.x", _indirect, CALL)
TRY_DIRECT = macro("try_call", "bl", _direct, CALL | BRANCH | TERMINATOR)
TRY_INDIRECT = macro("try_call_r", "blr Rn.x", _indirect, CALL | BRANCH | TERMINATOR)
TRY_DIRECT.imm = TRY_INDIRECT.imm = "try"
TAIL_DIRECT = macro("tail_call", "b", _tail_direct, TERMINATOR | RETURN)
TAIL_INDIRECT = macro("tail_call_r", "br Rn.x", _tail_indirect, TERMINATOR | RETURN)
macro("block_address", "adr =Rd.x", _block_address)
