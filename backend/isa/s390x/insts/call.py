"""Calls and tail calls. Operands are fixed per call site (`MInst.constraints`)."""

from __future__ import annotations

from typing import Any

from jitpy.backend.isa.s390x.frame import HALF, SAVE_AREA, emit_tail, move_stack
from jitpy.backend.isa.s390x.rows import macro
from jitpy.backend.target.row import BRANCH, CALL, RETURN, TERMINATOR, MInst


def _direct(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    sink.code += b"\xc0\xe5\0\0\0\0"  # brasl r14
    sink.reloc("pcrel4dbl", inst.imm.symbol, 2)
    _behind(sink, inst.imm)


def _indirect(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    sink.code += bytes((0x0D, 0xE0 | allocs[len(inst.defs)]))  # basr r14
    _behind(sink, inst.imm)


def _behind(sink: Any, site: Any) -> None:
    """Note the call; take back the room of stack arguments that the callee removed."""
    sink.call(site)
    if site.pops and site.pops != SAVE_AREA:
        move_stack(sink.code, SAVE_AREA - site.pops)


def _tail_direct(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    emit_tail(sink, inst.imm.pops)
    sink.code += b"\xc0\xf4\0\0\0\0"  # jg
    sink.reloc("pcrel4dbl", inst.imm.symbol, 2)


def _tail_indirect(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    emit_tail(sink, inst.imm.pops)
    sink.code += bytes((0x07, 0xF0 | allocs[len(inst.defs)]))


def _block_address(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """larl r, block"""
    sink.code += bytes((0xC0, allocs[0] << 4, 0, 0, 0, 0))
    sink.fixup(HALF, sink.block_label(inst.imm), 2)


CALL_DIRECT = macro("call", "brasl", _direct, CALL)
CALL_INDIRECT = macro("call_r", "basr r1", _indirect, CALL)
TRY_DIRECT = macro("try_call", "brasl", _direct, CALL | BRANCH | TERMINATOR)
TRY_INDIRECT = macro("try_call_r", "basr r1", _indirect, CALL | BRANCH | TERMINATOR)
TRY_DIRECT.imm = TRY_INDIRECT.imm = "try"
TAIL_DIRECT = macro("tail_call", "jg", _tail_direct, TERMINATOR | RETURN)
TAIL_INDIRECT = macro("tail_call_r", "br r1", _tail_indirect, TERMINATOR | RETURN)
macro("block_address", "larl =r1", _block_address)
