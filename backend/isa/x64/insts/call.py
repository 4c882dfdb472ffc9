"""Calls and tail calls. Operands are fixed per call site (`MInst.constraints`)."""

from __future__ import annotations

from typing import Any

from jitpy.backend.isa.x64.frame import REL4, emit_tail
from jitpy.backend.isa.x64.rows import macro
from jitpy.backend.target.row import BRANCH, CALL, RETURN, TERMINATOR, MInst


def _direct(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    sink.code += b"\xe8\0\0\0\0"
    sink.reloc("pcrel4", inst.imm.symbol, -4, 4)
    _behind(sink, inst.imm)


def _indirect(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    r = allocs[len(inst.defs)]
    sink.code += (b"\x41" if r > 7 else b"") + bytes((0xFF, 0xD0 | r & 7))
    _behind(sink, inst.imm)


def _behind(sink: Any, site: Any) -> None:
    """Note the call; take back the room of stack arguments that the callee removed: lea rsp, [rsp - n]."""
    sink.call(site)
    if site.pops:
        sink.code += b"\x48\x8d\xa4\x24" + (-site.pops & 0xFFFFFFFF).to_bytes(4, "little")


def _tail_direct(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    emit_tail(sink, inst.imm.pops)
    sink.code += b"\xe9\0\0\0\0"
    sink.reloc("pcrel4", inst.imm.symbol, -4, 4)


def _tail_indirect(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    emit_tail(sink, inst.imm.pops)
    r = allocs[len(inst.defs)]
    sink.code += (b"\x41" if r > 7 else b"") + bytes((0xFF, 0xE0 | r & 7))


def _block_address(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """lea r, [rip + block]"""
    r = allocs[0]
    sink.code += bytes((0x48 | r >> 3 << 2, 0x8D, (r & 7) << 3 | 5, 0, 0, 0, 0))
    sink.fixup(REL4, sink.block_label(inst.imm), -4)


CALL_DIRECT = macro("call", "call", _direct, CALL)
CALL_INDIRECT = macro("call_r", "call rm.q", _indirect, CALL)
TRY_DIRECT = macro("try_call", "call", _direct, CALL | BRANCH | TERMINATOR)
TRY_INDIRECT = macro("try_call_r", "call rm.q", _indirect, CALL | BRANCH | TERMINATOR)
TRY_DIRECT.imm = TRY_INDIRECT.imm = "try"
TAIL_DIRECT = macro("tail_call", "jmp", _tail_direct, TERMINATOR | RETURN)
TAIL_INDIRECT = macro("tail_call_r", "jmp rm.q", _tail_indirect, TERMINATOR | RETURN)
macro("block_address", "lea =reg.q", _block_address)
