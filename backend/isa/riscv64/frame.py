"""The stack frame as riscv64 addresses it: operands in memory without registers, prologue, epilogue, moves, calls' tails.

The frame pointer s0 points at its saved self, with the return address above it; everything else is addressed from sp,
where short instructions reach, and from s0 where sp is too far away.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jitpy.backend.isa.riscv64.regs import A0, A1, F0, FP, RA, SP, T6, TEMP, TP, V0
from jitpy.backend.target.target import INCOMING, TAIL, Fixup

#: Modes of an address without registers (see `rows`): what its displacement is in.
#: "const": bytes for the constant pool; a stack base (INCOMING, OUTGOING, SLOT): an offset there.
CONST = "const"
LOW, HIGH = -2048, 2047

_ADDI, _SLLI, _SRLI, _ADD, _LUI, _AUIPC, _LD, _SD, _JALR = 0x13, 0x1013, 0x5013, 0x33, 0x37, 0x17, 0x3003, 0x3023, 0x67
_FLD, _FSD = 0x3007, 0x3027
_BNE, _BLTU = 0x1063, 0x6063


def upper(d: int) -> int:
    """What a lui or auipc adds so that a signed constant of 12 bits does the rest, in units of 4096."""
    return d + 0x800 >> 12


def _patch_pair(code: bytearray, offset: int, d: int) -> None:
    """auipc and an instruction with an immediate behind it."""
    first = int.from_bytes(code[offset : offset + 4], "little") & 0xFFF | (upper(d) & 0xFFFFF) << 12
    second = int.from_bytes(code[offset + 4 : offset + 8], "little") & 0xFFFFF | (d & 0xFFF) << 20
    code[offset : offset + 8] = first.to_bytes(4, "little") + second.to_bytes(4, "little")


def _patch4(code: bytearray, offset: int, d: int) -> None:
    code[offset : offset + 4] = (d & 0xFFFFFFFF).to_bytes(4, "little")


_FAR = 1 << 31
#: A distance in two instructions, auipc first.
PAIR = Fixup("pcrel pair", -_FAR - 0x800, _FAR - 0x801, _patch_pair)
REL4 = Fixup("rel4", -_FAR, _FAR - 1, _patch4)


def near(sink: Any, base: int, disp: int) -> tuple[int, int]:
    """Base and displacement within an instruction's reach, by way of the scratch register if need be."""
    if LOW <= disp <= HIGH:
        return base, disp
    high = upper(disp)
    sink.code += (_LUI | TEMP << 7 | (high & 0xFFFFF) << 12).to_bytes(4, "little")
    sink.code += (_ADD | TEMP << 7 | TEMP << 15 | base << 20).to_bytes(4, "little")
    return TEMP, disp - (high << 12)


def nearest_base(sink: Any, offset: int) -> tuple[int, int]:
    """Base and displacement of a place ``offset`` bytes above sp; of one above the spill slots if sp has been aligned further."""
    if sink.frame.realigned or (offset > HIGH and LOW <= offset - sink.frame.size <= HIGH):
        return FP, offset - sink.frame.size
    return SP, offset


def slot_address(sink: Any, slot: int) -> tuple[int, int]:
    """Base register and displacement of a spill slot."""
    at = sink.frame.spills + 8 * slot
    return (SP, at) if sink.frame.realigned else nearest_base(sink, at)


def address(sink: Any, mode: Any, disp: Any) -> tuple[int, int, Callable[[], None] | None]:
    """Base register, displacement, and fixup (called behind the instruction) of such an address."""
    if mode == CONST:
        label = sink.constant(disp)
        sink.code += (_AUIPC | TEMP << 7).to_bytes(4, "little")
        return TEMP, 0, lambda: sink.fixup(PAIR, label, 0, 8)
    frame = sink.frame
    at = frame.address(mode, disp)
    if frame.realigned and mode not in (INCOMING, TAIL):
        return SP, at, None
    base, disp = nearest_base(sink, at - frame.head if bare(frame) else at)
    return base, disp, None


def bare(frame: Any) -> bool:
    """Whether a function has no frame of its own: it calls nothing, asks for nothing in it, saves and spills nothing."""
    return bool(frame.leaf and frame.empty and not frame.limit)


def add(sink: Any, rd: int, rs: int, k: int) -> None:
    """rd = rs + k."""
    from jitpy.backend.isa.riscv64.encode import i_type, put

    if LOW <= k <= HIGH:
        put(sink, i_type(_ADDI, rd, rs, k))
    elif 2 * LOW <= k <= 2 * HIGH - 15:
        half = HIGH - 15 if k > 0 else LOW
        put(sink, i_type(_ADDI, rd, rs, half))
        put(sink, i_type(_ADDI, rd, rd, k - half))
    else:
        temp, low = near(sink, rs, k)
        put(sink, i_type(_ADDI, rd, temp, low))


def _memory(sink: Any, load: bool, reg: int, base: int, disp: int) -> None:
    """8 bytes of a general or float register."""
    from jitpy.backend.isa.riscv64.encode import access

    if reg >= F0:
        access(sink, _FLD | reg - F0 << 7 if load else _FSD | reg - F0 << 20, not load, base, disp, None)
    else:
        access(sink, _LD | reg << 7 if load else _SD | reg << 20, not load, base, disp, None)


#: vtype of bytes in one register; tails and masked lanes may become anything.
_BYTES = 0xC0


def vector_memory(sink: Any, load: bool, reg: int, base: int, disp: int) -> None:
    """16 bytes of a vector register."""
    from jitpy.backend.isa.riscv64.encode import set_state

    if disp:
        add(sink, TEMP, base, disp)
        base = TEMP
    set_state(sink, 16, _BYTES)
    sink.code += ((0x02000007 if load else 0x02000027) | reg - V0 << 7 | base << 15).to_bytes(4, "little")


def emit_move(sink: Any, src: int, dst: int, cls: int) -> None:
    """Copy between registers and slots."""
    from jitpy.backend.isa.riscv64.encode import i_type, put, r_type, set_state

    memory = vector_memory if max(src, dst) >= V0 else _memory
    if src < 0:
        memory(sink, True, dst, *slot_address(sink, ~src))
    elif dst < 0:
        memory(sink, False, src, *slot_address(sink, ~dst))
    elif dst >= V0:
        if sink.mode is None:
            set_state(sink, 16, _BYTES)  # any will do, but there must be one
        sink.code += (0x9E003057 | dst - V0 << 7 | src - V0 << 20).to_bytes(4, "little")
    elif dst >= F0:
        put(sink, r_type(0x22000053, dst - F0, src - F0, src - F0))
    else:
        put(sink, i_type(_ADDI, dst, src, 0))


_PAGE = 4096


def emit_prologue(sink: Any, frame: Any) -> None:
    """Save return address and frame pointer; set it; make room; save what must be. Frames beyond a page touch each page in
    order, so that a guard page is met.
    """
    from jitpy.backend.isa.riscv64.encode import i_type, put

    if frame.grown:
        add(sink, SP, SP, -frame.grown)
    frame.entry = len(sink.code)
    if bare(frame):
        return
    put(sink, i_type(_ADDI, SP, SP, -16))
    _memory(sink, False, RA, SP, 8)
    _memory(sink, False, FP, SP, 0)
    put(sink, i_type(_ADDI, FP, SP, 0))
    size, most = frame.size, frame.size + frame.slack
    if frame.limit:
        _check_limit(sink, frame)
    elif sink.stack_limit is not None and (not frame.leaf or most > _PAGE):
        _check_stack(sink, most)
    if size > _PAGE:
        # t5 = the end of the whole pages; loop: sp -= page (t6); touch; until sp = t5
        whole = size // _PAGE * _PAGE
        sink.code += (_LUI | TEMP << 7 | (-whole >> 12 & 0xFFFFF) << 12).to_bytes(4, "little")
        put(sink, _ADD | TEMP << 7 | TEMP << 15 | SP << 20)
        sink.code += (_LUI | T6 << 7 | 1 << 12).to_bytes(4, "little")
        start = len(sink.code)
        sink.code += (0x40000033 | SP << 7 | SP << 15 | T6 << 20).to_bytes(4, "little")
        sink.code += (_SD | SP << 15).to_bytes(4, "little")
        sink.code += branch_word(_BNE, SP, TEMP, start - len(sink.code)).to_bytes(4, "little")
        size -= whole
    if size:
        add(sink, SP, SP, -size)
    if frame.realigned:
        if most > _PAGE:
            sink.code += (_SD | SP << 15).to_bytes(4, "little")
        shift = frame.slot_align.bit_length() - 1
        put(sink, i_type(_SRLI, TEMP, SP, shift))
        put(sink, i_type(_SLLI, SP, TEMP, shift))
    _saves(sink, frame, False)


def branch_word(word: int, rs1: int, rs2: int, d: int) -> int:
    """A conditional branch over d bytes."""
    return (
        word | rs1 << 15 | rs2 << 20 | (d >> 12 & 1) << 31 | (d >> 5 & 63) << 25 | (d >> 1 & 15) << 8 | (d >> 11 & 1) << 7
    )


def _check_limit(sink: Any, frame: Any) -> None:
    """Compute the limit in t5, which no convention passes anything in, and compare: stack pointer - frame >= limit."""
    from jitpy.backend.isa.riscv64.encode import access, i_type, put
    from jitpy.backend.isa.riscv64.insts.memory import symbol_into

    for kind, x, offset in frame.limit:
        if kind == "register":
            put(sink, i_type(_ADDI, TEMP, x, 0))
        elif kind == "incoming":
            access(sink, _LD | TEMP << 7, False, FP, 16 + frame.grown + offset, None)
        elif kind == "symbol":
            symbol_into(sink, TEMP, x, offset)
        elif kind == "load":
            _t6_near(sink, offset, _LD)
        else:
            _t6_near(sink, offset, _ADDI)
    _t6_near(sink, frame.size + frame.slack, _ADDI)
    _trap_below(sink)


def _t6_near(sink: Any, offset: int, word: int) -> None:
    """t5 = load or sum of t5 + offset, by way of t6."""
    from jitpy.backend.isa.riscv64.encode import i_type, put

    base, high = TEMP, upper(offset)
    if high:
        sink.code += (_LUI | T6 << 7 | (high & 0xFFFFF) << 12).to_bytes(4, "little")
        put(sink, _ADD | T6 << 7 | T6 << 15 | TEMP << 20)
        base = T6
    put(sink, i_type(word, TEMP, base, offset - (high << 12)))


def _trap_below(sink: Any) -> None:
    """A trap where sp lies below t5."""
    from jitpy.backend.isa.riscv64.conditions import LTU
    from jitpy.backend.isa.riscv64.insts.branch import jump_if

    jump_if(sink, LTU, SP, TEMP, sink.trap_label("stk_ovf"))


def _check_stack(sink: Any, size: int) -> None:
    """Compare sp with the limit at tp. A frame beyond a page counts; a smaller one fits into what is kept free below the
    limit."""
    from jitpy.backend.isa.riscv64.encode import access

    access(sink, _LD | TEMP << 7, False, TP, sink.stack_limit, None)
    if size > _PAGE:
        _t6_near(sink, size, _ADDI)
    _trap_below(sink)


def _saves(sink: Any, frame: Any, load: bool) -> None:
    for preg, at in frame.places():
        access = vector_memory if preg >= V0 else _memory
        access(sink, load, preg, *nearest_base(sink, at))


def emit_epilogue(sink: Any, frame: Any, tail: bool) -> bool:
    """Restore; the stack pointer is then where it was behind `Frame.grown`."""
    from jitpy.backend.isa.riscv64.encode import i_type, put

    if bare(frame):
        return False
    _saves(sink, frame, True)
    if frame.size > HIGH - 16 or frame.realigned:
        put(sink, i_type(_ADDI, SP, FP, 0))
    elif frame.size:
        add(sink, SP, SP, frame.size)
    _memory(sink, True, RA, SP, 8)
    _memory(sink, True, FP, SP, 0)
    put(sink, i_type(_ADDI, SP, SP, 16))
    return False


def emit_tail(sink: Any, pops: int) -> None:
    """Behind the epilogue, before the jump of a tail call: the callee's stack arguments end where our own do."""
    distance = sink.frame.incoming + sink.frame.grown - pops
    if sink.frame.abi.callee_pops and distance:
        add(sink, SP, SP, distance)


def emit_return(sink: Any) -> None:
    """ret, removing stack arguments where the convention wants that."""
    from jitpy.backend.isa.riscv64.encode import i_type, put

    pops = sink.frame.incoming + sink.frame.grown
    if pops:
        add(sink, SP, SP, pops)
    put(sink, i_type(_JALR, 0, RA, 0))


def _words(*words: int) -> bytes:
    return b"".join([w.to_bytes(4, "little") for w in words])


#: Machine code of ``resume(pc, frame pointer, stack pointer, exn0, exn1)``: mv t5, a0; mv s0, a1; mv sp, a2; mv a0, a3;
#: mv a1, a4; jr t5.
RESUME = _words(
    _ADDI | TEMP << 7 | A0 << 15, _ADDI | FP << 7 | A1 << 15, _ADDI | SP << 7 | 12 << 15, _ADDI | A0 << 7 | 13 << 15,
    _ADDI | A1 << 7 | 14 << 15, _JALR | TEMP << 15,
)  # fmt: skip
_UNIMP = b"\x73\x10\x00\xc0"


def emit_trap(sink: Any, code: str) -> None:
    """unimp, or a call that does not return."""
    if sink.trap_symbol:
        sink.code += _words(_AUIPC | RA << 7, _JALR | RA << 7 | RA << 15)
        sink.reloc("riscv_call", sink.trap_symbol, 0, 8)
    else:
        sink.code += _UNIMP


def nop(size: int) -> bytes:
    """``size`` bytes, an even number, that do nothing."""
    return b"\x13\0\0\0" * (size // 4) + b"\x01\0" * (size % 4 // 2)
