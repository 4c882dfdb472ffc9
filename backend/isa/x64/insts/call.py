"""Calls and tail calls. Operands are fixed per call site (`MInst.constraints`)."""

from __future__ import annotations

from typing import Any

from jitpy.backend.isa.x64.rows import macro
from jitpy.backend.target.row import CALL, RETURN, TERMINATOR, MInst


def _direct(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    sink.code += b"\xe8\0\0\0\0"
    sink.reloc("pcrel4", inst.imm, -4, 4)


def _indirect(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    r = allocs[len(inst.defs)]
    sink.code += (b"\x41" if r > 7 else b"") + bytes((0xFF, 0xD0 | r & 7))


def _tail_direct(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    sink.code += b"\xe9\0\0\0\0"
    sink.reloc("pcrel4", inst.imm, -4, 4)


def _tail_indirect(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    r = allocs[len(inst.defs)]
    sink.code += (b"\x41" if r > 7 else b"") + bytes((0xFF, 0xE0 | r & 7))


CALL_DIRECT = macro("call", "call", _direct, CALL)
CALL_INDIRECT = macro("call_r", "call rm.q", _indirect, CALL)
TAIL_DIRECT = macro("tail_call", "jmp", _tail_direct, TERMINATOR | RETURN)
TAIL_INDIRECT = macro("tail_call_r", "jmp rm.q", _tail_indirect, TERMINATOR | RETURN)
