"""Addresses of symbols and of the frame, and the registers that are not the allocator's.

Plain loads and stores stand with their types in `int`, `float` and `vector`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jitpy.backend.isa.s390x.frame import HALF, memory, rre, rxy, symbol_literal
from jitpy.backend.isa.s390x.regs import FP, PINNED, R0, R1, SP
from jitpy.backend.isa.s390x.rows import macro
from jitpy.backend.target.row import MInst


def _mov_symbol(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    symbol_literal(sink, allocs[0], *inst.imm)


def _near_symbol(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    name, addend = inst.imm
    if addend & 1:  # a distance counts halfwords
        symbol_literal(sink, allocs[0], name, addend)
        return
    sink.code += bytes((0xC0, allocs[0] << 4, 0, 0, 0, 0))
    sink.reloc("pcrel4dbl", name, addend + 2)


def _copy_of(register: int) -> Callable[[Any, MInst, tuple[int, ...]], None]:
    def encode(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
        sink.code += rre(0xB904, allocs[0], register)

    return encode


def _set_pinned(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    sink.code += rre(0xB904, PINNED, allocs[0])


def _return_address(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    sink.code += memory(0xE304, allocs[0], FP, 8)


def _thread_local(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """ELF's general dynamic model: the offset from __tls_get_offset, whose second argument is the table in r12, added to
    the thread pointer, which lies in two access registers."""
    sink.code += b"\xc0\xc0\0\0\0\0"  # larl r12
    sink.reloc("got4dbl", "_GLOBAL_OFFSET_TABLE_", 2)
    sink.code += bytes((0xA7, 0x25, 0, 6))  # bras r2, over the literal
    sink.data(8)
    sink.code += bytes(8)
    sink.reloc("tlsgd8", inst.imm, 0, 8)
    sink.code += rxy(0xE304, 2, 2, 0) + b"\xc0\xe5\0\0\0\0"
    sink.reloc("plt4dbl", "__tls_get_offset", 2)
    sink.reloc("tlsgd_call", inst.imm)  # a linker that knows the offset replaces the call
    # ear r0, a0; sllg r1, r0, 32; ear r1, a1; agr r2, r1
    sink.code += b"\xb2\x4f\0\0" + b"\xeb\x10\0\x20\0\x0d" + b"\xb2\x4f\0\x11" + rre(0xB908, 2, R1)


def _switch_stack(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """Take the other stack's three words, leave our own, go on there; a switch back arrives behind the jump. r3: where to
    store, r4: whence to load; r2: the payload, the argument of a function that begins there."""
    code = sink.code
    code += rre(0xB904, R0, SP) + rxy(0xE304, SP, 4, 0) + rxy(0xE324, R0, 3, 0)
    code += rre(0xB904, R0, FP) + rxy(0xE304, FP, 4, 8) + rxy(0xE324, R0, 3, 8)
    code += b"\xc0\x10\0\0\0\0"
    here = sink.label()
    sink.fixup(HALF, here, 2)
    code += rxy(0xE304, 5, 4, 16) + rxy(0xE324, R1, 3, 16) + b"\x07\xf5"
    sink.bind(here)


macro("mov_symbol", "lg =r1", _mov_symbol)
macro("near_symbol", "larl =r1", _near_symbol)
macro("mov_sp", "lgr =r1", _copy_of(SP))
macro("mov_fp", "lgr =r1", _copy_of(FP))
macro("mov_pinned", "lgr =r1", _copy_of(PINNED))
macro("set_pinned", "lgr r1", _set_pinned)
macro("mov_return_address", "lg =r1", _return_address)
macro("thread_local", "tls_get_offset =r1", _thread_local)
macro("switch_stack", "switch_stack =r1 r2 r3 r4", _switch_stack)
