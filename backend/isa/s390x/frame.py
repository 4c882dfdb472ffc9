"""The stack frame as s390x addresses it: operands in memory without registers, prologue, epilogue, moves, calls' tails.

A caller reserves 160 bytes below its stack arguments, which are the callee's to use. The frame pointer r11 points at the
last 16 of them, where the prologue saves r11 and r14; saved registers and spill slots go below and use that area first,
so a small function that calls nothing does not move the stack pointer, and one that wants no memory at all has no prologue.
Everything is addressed from r15.
"""

from __future__ import annotations

from typing import Any

from jitpy.backend.isa.s390x.regs import FP, KEPT, LINK, R1, SP, V0
from jitpy.backend.target.target import INCOMING, TAIL, Fixup

#: Modes of an address without registers (see `rows`): "const": bytes for the constant pool; else a stack base (INCOMING,
#: OUTGOING, SLOT): an offset there.
CONST = "const"
#: What a caller reserves; the frame pointer's distance above the stack pointer at the entry.
SAVE_AREA = 160
FP_AT = SAVE_AREA - 16
#: larl r1, with its field to come.
LARL = b"\xc0\x10\0\0\0\0"


def _patch_half(code: bytearray, offset: int, d: int) -> None:
    code[offset : offset + 4] = (d >> 1 & 0xFFFFFFFF).to_bytes(4, "big")


def _patch4(code: bytearray, offset: int, d: int) -> None:
    code[offset : offset + 4] = (d & 0xFFFFFFFF).to_bytes(4, "big")


#: A 4-byte distance counted in halfwords, from the instruction's start, 2 bytes before the field: hence addend 2.
HALF = Fixup("half4", -(1 << 32), (1 << 32) - 2, _patch_half)
#: A 4-byte distance as it is, for tables.
WORD = Fixup("rel4", -(1 << 31), (1 << 31) - 1, _patch4)


def base_address(sink: Any, mode: Any, disp: Any) -> tuple[int, int]:
    """Base register and displacement of an offset in a stack area."""
    frame = sink.frame
    at = frame.address(mode, disp)
    if frame.realigned and mode in (INCOMING, TAIL):
        return FP, at - frame.size
    return SP, at


def far_address(base: int, index: int, disp: int) -> bytes:
    """r1 = base + index + displacement: one lay, or lgfi and la."""
    if -0x80000 <= disp < 0x80000:
        return rxy(0xE371, R1, base, disp, index)
    first = b"\xc0\x11" + (disp & 0xFFFFFFFF).to_bytes(4, "big") + bytes((0x41, 0x10 | R1, base << 4, 0))
    return first + (bytes((0x41, 0x10 | R1, index << 4, 0)) if index else b"")


def rxy(opcode: int, r1: int, base: int, disp: int, index: int = 0) -> bytes:
    """An instruction of format RXY or, without index, RSY."""
    code = (opcode >> 8) << 40 | opcode & 255 | r1 << 36 | index << 32 | base << 28
    return (code | (disp & 0xFFF) << 16 | (disp >> 12 & 0xFF) << 8).to_bytes(6, "big")


def rre(opcode: int, r1: int, r2: int) -> bytes:
    """An instruction of format RRE."""
    return (opcode << 16 | r1 << 4 | r2).to_bytes(4, "big")


def memory(opcode: int, reg: int, base: int, disp: int) -> bytes:
    """A general register and memory, RXY, however far."""
    if -0x80000 <= disp < 0x80000:
        return rxy(opcode, reg, base, disp)
    return far_address(base, 0, disp) + rxy(opcode, reg, R1, 0)


def vrx(opcode: int, preg: int, base: int, disp: int, m3: int = 0) -> bytes:
    """A vector register and memory, VRX, however far."""
    v = preg - V0
    if not 0 <= disp < 0x1000:
        return far_address(base, 0, disp) + vrx(opcode, preg, R1, 0, m3)
    code = (opcode >> 8) << 40 | opcode & 255 | (v & 15) << 36 | base << 28 | disp << 16 | m3 << 12 | (v >> 4) << 11
    return code.to_bytes(6, "big")


#: Loads and stores: lg, stg; vlrepg, vsteg (scalars, of any vector register); vl, vst.
_LG, _STG, _VLREP, _VSTEG, _VL, _VST = 0xE304, 0xE324, 0xE705, 0xE70A, 0xE706, 0xE70E
_LMG, _STMG, _CLG = 0xEB04, 0xEB24, 0xE321


def _stack_move(load: bool, reg: int, cls: int, base: int, disp: int) -> bytes:
    """Between a register and its 8 or, of vectors, 16 bytes of stack; the scratch register may hold a general one."""
    if reg < V0:
        return memory(_LG if load else _STG, reg, base, disp)
    if cls == 2:
        return vrx(_VL if load else _VST, reg, base, disp)
    if reg < V0 + 16 and 0 <= disp < 0x1000:  # ld, std
        return bytes((0x68 if load else 0x60, (reg - V0) << 4, base << 4 | disp >> 8, disp & 255))
    return vrx(_VLREP, reg, base, disp, 3) if load else vrx(_VSTEG, reg, base, disp)


def emit_move(sink: Any, src: int, dst: int, cls: int) -> None:
    """Copy between registers and slots. Cycles of general registers go through the scratch vector register."""
    if src < 0:
        sink.code += _stack_move(True, dst, cls, SP, sink.frame.spills + 8 * ~src)
    elif dst < 0:
        sink.code += _stack_move(False, src, cls, SP, sink.frame.spills + 8 * ~dst)
    elif src < V0:
        if dst < V0:
            sink.code += rre(0xB904, dst, src)
        else:
            sink.code += lane_in(dst, src)
    elif dst < V0:
        sink.code += lane_out(dst, src)
    else:  # vlr
        sink.code += vector_copy(dst, src)


def vector_copy(dst: int, src: int) -> bytes:
    """vlr."""
    d, s = dst - V0, src - V0
    return (0xE7 << 40 | (d & 15) << 36 | (s & 15) << 32 | (d >> 4 << 3 | s >> 4 << 2) << 8 | 0x56).to_bytes(6, "big")


def lane_in(dst: int, src: int) -> bytes:
    """vlvgg dst, src, 0."""
    d = dst - V0
    return (0xE7 << 40 | (d & 15) << 36 | src << 32 | 3 << 12 | (d >> 4) << 11 | 0x22).to_bytes(6, "big")


def lane_out(dst: int, src: int) -> bytes:
    """vlgvg dst, src, 0."""
    s = src - V0
    return (0xE7 << 40 | dst << 36 | (s & 15) << 32 | 3 << 12 | (s >> 4) << 10 | 0x21).to_bytes(6, "big")


_PAGE = 4096


def move_stack(code: bytearray, distance: int) -> None:
    """lay r15, distance(r15), however far."""
    if -0x80000 <= distance < 0x80000:
        code += rxy(0xE371, SP, SP, distance)
    else:
        code += b"\xc2\xf8" + (distance & 0xFFFFFFFF).to_bytes(4, "big")


def bare(frame: Any) -> bool:
    """Whether a function has no frame of its own: it calls nothing, saves and spills nothing, and r14 stays as it is."""
    return bool(frame.leaf and frame.empty and not frame.limit and not frame.written >> LINK & 1)


def emit_prologue(sink: Any, frame: Any) -> None:
    """Save r11 and r14; set r11; make room; save what must be. Frames beyond a page touch each page in order, so that a
    guard page is met."""
    code = sink.code
    if frame.grown:
        move_stack(code, -frame.grown)
    frame.entry = len(code)
    if bare(frame):
        return
    code += rxy(_STG, FP, SP, FP_AT) + rxy(_STG, LINK, SP, FP_AT + 8)
    code += bytes((0x41, FP << 4, SP << 4, FP_AT))  # la r11
    room = frame.size - FP_AT
    far = room + frame.slack > _PAGE
    if frame.limit:
        _check_limit(sink, frame)
    elif sink.stack_limit is not None and (not frame.leaf or far):
        _check_stack(sink, room + frame.slack)
    if room > _PAGE:
        # r1 = where it ends; loop: lay r15, -page(r15); lg r0, 0(r15); cgrjne r15, r1, loop
        whole = room // _PAGE * _PAGE
        code += far_address(SP, 0, -whole)
        code += rxy(0xE371, SP, SP, -_PAGE) + rxy(_LG, 0, SP, 0) + b"\xec\xf1\xff\xfa\x60\x64"
        room -= whole
    if room:
        move_stack(code, -room)
    if frame.realigned:  # lg r0, 0(r15) to touch; nill r15
        if far:
            code += rxy(_LG, 0, SP, 0)
        code += b"\xa5\xf7" + (-frame.slot_align & 0xFFFF).to_bytes(2, "big")
    _saves(sink, frame, False)


def _check_limit(sink: Any, frame: Any) -> None:
    """Compute the limit in r1 and compare: stack pointer - frame >= limit."""
    code = sink.code
    for kind, x, offset in frame.limit:
        if kind == "register":
            code += rre(0xB904, R1, x)
        elif kind == "incoming":
            code += memory(_LG, R1, SP, frame.grown + offset)
        elif kind == "symbol":
            symbol_literal(sink, R1, x, offset)
        elif kind == "load":
            code += memory(_LG, R1, R1, offset)
        else:
            code += b"\xc2\x18" + (offset & 0xFFFFFFFF).to_bytes(4, "big")
    code += b"\xc2\x18" + (frame.size + frame.slack - FP_AT).to_bytes(4, "big")  # agfi r1
    code += rre(0xB921, SP, R1)  # clgr
    sink.code += b"\xc0\x44\0\0\0\0"  # jgl
    sink.fixup(HALF, sink.trap_label("stk_ovf"), 2)


def _check_stack(sink: Any, size: int) -> None:
    """r1 = the thread pointer, halves of which are in a0 and a1; clg r15, limit(r1); jgl a trap. A frame beyond a page counts (in
    r0); a smaller one fits into what is kept free below the limit.
    """
    code = sink.code
    code += b"\xb2\x4f\x00\x10\xeb\x11\x00\x20\x00\x0d\xb2\x4f\x00\x11"  # ear r1, a0; sllg r1, r1, 32; ear r1, a1
    if size > _PAGE:  # lgr r0, r15; agfi r0, -size
        code += rre(0xB904, 0, SP) + b"\xc2\x08" + (-size & 0xFFFFFFFF).to_bytes(4, "big")
    code += rxy(_CLG, 0 if size > _PAGE else SP, R1, sink.stack_limit)
    code += b"\xc0\x44\0\0\0\0"  # jgl
    sink.fixup(HALF, sink.trap_label("stk_ovf"), 2)


def symbol_literal(sink: Any, reg: int, name: str, addend: int) -> None:
    """The address of a symbol anywhere: bras reg, over 8 bytes that hold it; lg reg, 0(reg)."""
    sink.code += bytes((0xA7, reg << 4 | 5, 0, 6))
    sink.data(8)
    sink.code += bytes(8)
    sink.reloc("abs8", name, addend, 8)
    sink.code += rxy(_LG, reg, reg, 0)


def _saves(sink: Any, frame: Any, load: bool) -> None:
    """By r11, from which they are never far; neighbours at once."""
    runs: list[list[int]] = []
    for preg, at in frame.places():
        d = at - frame.size
        if preg < V0:
            if runs and runs[-1][1] == preg - 1:
                runs[-1][1] = preg
            else:
                runs.append([preg, preg, d])
        elif KEPT >> preg & 1:  # ldy, stdy
            sink.code += rxy(0xED65 if load else 0xED67, preg - V0, FP, d)
        else:
            sink.code += vrx(_VL if load else _VST, preg, FP, d)
    for first, last, d in runs:
        if first == last:
            sink.code += rxy(_LG if load else _STG, first, FP, d)
        else:
            sink.code += rxy(_LMG if load else _STMG, first, FP, d, last)


def emit_epilogue(sink: Any, frame: Any, tail: bool) -> bool:
    """Restore; leave the stack pointer as it was at the entry."""
    if bare(frame):
        return False
    _saves(sink, frame, True)
    code = sink.code
    code += rxy(_LG, LINK, FP, 8)
    if frame.size > FP_AT or frame.realigned:
        code += rxy(0xE371, SP, FP, -FP_AT)
    code += rxy(_LG, FP, FP, 0)
    return False


def emit_tail(sink: Any, pops: int) -> None:
    """Behind the epilogue, before the jump of a tail call: the callee's stack arguments end where our own do."""
    distance = sink.frame.incoming + sink.frame.grown - pops
    if sink.frame.abi.callee_pops and distance:
        move_stack(sink.code, distance)


def emit_return(sink: Any) -> None:
    """br r14, removing stack arguments where the convention wants that; the area below them stays the caller's."""
    pops = sink.frame.incoming + sink.frame.grown
    if pops and pops != SAVE_AREA:
        move_stack(sink.code, pops - SAVE_AREA)
    sink.code += b"\x07\xfe"


#: Machine code of ``resume(pc, frame pointer, stack pointer, exn0, exn1)``: lgr r1, r2; lgr r11, r3; lgr r15, r4;
#: lgr r2, r5; lgr r3, r6; br r1.
RESUME = rre(0xB904, 1, 2) + rre(0xB904, 11, 3) + rre(0xB904, 15, 4) + rre(0xB904, 2, 5) + rre(0xB904, 3, 6) + b"\x07\xf1"


def emit_trap(sink: Any, code: str) -> None:
    """An instruction that is none, or a call that does not return."""
    if sink.trap_symbol:
        sink.code += b"\xc0\xe5\0\0\0\0"
        sink.reloc("pcrel4dbl", sink.trap_symbol, 2)
    else:
        sink.code += b"\0\0"


def nop(size: int) -> bytes:
    """``size`` bytes, an even number, of nops: jgnop, nop, nopr."""
    return b"\xc0\x04\0\0\0\0" * (size // 6) + (b"", b"", b"\x07\x07", b"", b"\x47\0\0\0")[size % 6]
