"""The stack frame as AArch64 addresses it: places on the stack, moves and spills, prologue, epilogue, traps, constants.

x29 points at the frame record, the caller's x29 and the return address; everything else is addressed from the stack pointer, unless
that had to be aligned further (`Frame.realigned`). What a displacement does not hold goes through x17.
"""

from __future__ import annotations

from typing import Any

from jitpy.backend.isa.aarch64.immediates import logical
from jitpy.backend.isa.aarch64.regs import FP, INT_SCRATCH, SP, TEMPORARY, V0
from jitpy.backend.target.target import INCOMING, TAIL, Fixup

#: Modes of an address without registers (see `rows`): what its displacement is in.
#: "const": bytes for the constant pool; a stack base (INCOMING, OUTGOING, SLOT, TAIL): an offset there; "label": a label.
CONST = "const"
LABEL = "label"


def word(n: int) -> bytes:
    """An instruction's bytes."""
    return n.to_bytes(4, "little")


def _patch26(code: bytearray, offset: int, d: int) -> None:
    code[offset : offset + 4] = word(int.from_bytes(code[offset : offset + 4], "little") & 0xFC000000 | d >> 2 & 0x3FFFFFF)


def _patch4(code: bytearray, offset: int, d: int) -> None:
    code[offset : offset + 4] = word(d & 0xFFFFFFFF)


def _patch8(code: bytearray, offset: int, d: int) -> None:
    code[offset : offset + 8] = (d & 0xFFFFFFFFFFFFFFFF).to_bytes(8, "little")


#: The distance of b and bl, from the instruction; distances in tables.
REL26 = Fixup("rel26", -(1 << 27), (1 << 27) - 4, _patch26)
REL4 = Fixup("rel4", -(1 << 31), (1 << 31) - 1, _patch4)
REL8 = Fixup("rel8", -(1 << 63), (1 << 63) - 1, _patch8)


# Constants.

_constants: dict[int, tuple[int, ...]] = {}


def constant_words(value: int) -> tuple[int, ...]:
    """The instructions that make a constant of 64 bits, without the register they write: one to four."""
    found = _constants.get(value)
    if found is None:
        if len(_constants) > 1 << 12:
            _constants.clear()
        found = _constants[value] = _constant_words(value)
    return found


def _constant_words(value: int) -> tuple[int, ...]:
    halves = [value >> 16 * i & 0xFFFF for i in range(4)]
    zeros, ones = halves.count(0), halves.count(0xFFFF)
    if zeros < 3 and ones < 3:
        if value >> 32 == 0 and 0xFFFF in halves[:2]:  # movn of a 32-bit register clears the upper half
            at = int(halves[0] == 0xFFFF)
            return (0x12800000 | at << 21 | (halves[at] ^ 0xFFFF) << 5,)
        pattern = logical(value, 64)
        if pattern is not None:
            return (0xB20003E0 | pattern << 10,)
        if value >> 32 == 0:
            pattern = logical(value, 32)
            if pattern is not None:
                return (0x320003E0 | pattern << 10,)
    invert = 0xFFFF if ones > zeros else 0
    wanted = [i for i in range(4) if halves[i] != invert] or [0]
    first = wanted[0]
    made = [(0x92800000 if invert else 0xD2800000) | first << 21 | (halves[first] ^ invert) << 5]
    made += [0xF2800000 | i << 21 | halves[i] << 5 for i in wanted[1:]]
    return tuple(made)


def move_constant(code: bytearray, reg: int, value: int) -> None:
    """Append what makes a constant of 64 bits in a register."""
    for w in constant_words(value):
        code += word(w | reg)


def add_constant(code: bytearray, to: int, base: int, value: int) -> None:
    """to = base + value; either may be the stack pointer."""
    op = 0xD1000000 if value < 0 else 0x91000000
    size = abs(value)
    if size >> 24:
        move_constant(code, TEMPORARY, value & 0xFFFFFFFFFFFFFFFF)
        code += word(0x8B206000 | TEMPORARY << 16 | base << 5 | to)
        return
    if size >> 12:
        code += word(op | 1 << 22 | size >> 12 << 10 | base << 5 | to)
        base = to
    if size & 4095 or not size >> 12:
        code += word(op | (size & 4095) << 10 | base << 5 | to)


# Places and moves.

_LDR_X, _STR_X, _LDR_Q, _STR_Q, _LDR_D, _STR_D = 0xF8400000, 0xF8000000, 0x3CC00000, 0x3C800000, 0xFC400000, 0xFC000000


def frameless(frame: Any) -> bool:
    """Whether a function leaves stack and frame pointer alone: it calls nothing and wants no memory."""
    return bool(frame.leaf and frame.empty and not frame.limit)


def base_address(sink: Any, mode: int, disp: int) -> tuple[int, int]:
    """Base register and displacement of an offset in a stack area."""
    frame = sink.frame
    at = frame.address(mode, disp)
    if mode in (INCOMING, TAIL):
        if frame.realigned:
            return FP, at - frame.size
        if frameless(frame):
            return SP, at - frame.head
    return SP, at


def _slot(sink: Any, load: bool, reg: int, slot: int) -> None:
    from jitpy.backend.isa.aarch64.encode import emit_access

    at = sink.frame.spills + 8 * slot
    if reg < V0:
        emit_access(sink, (_LDR_X if load else _STR_X) | reg, 3, SP, at)
    else:
        emit_access(sink, (_LDR_Q if load else _STR_Q) | reg & 31, 4, SP, at)


def emit_move(sink: Any, src: int, dst: int, cls: int) -> None:
    """Copy between registers and slots: 64 bits of general registers, 128 of vector registers."""
    if src < 0:
        _slot(sink, True, dst, ~src)
    elif dst < 0:
        _slot(sink, False, src, ~dst)
    elif src < V0:
        sink.code += word(0xAA0003E0 | src << 16 | dst)
    else:
        sink.code += word(0x4EA01C00 | (src & 31) * (1 << 16 | 1 << 5) | dst & 31)


# Prologue and epilogue.

_PAGE = 4096
BTI_C, BTI_J = 0xD503245F, 0xD50324DF
#: By which key: sign the return address; authenticate it; authenticate and return.
_PACI_SP, _AUTI_SP, _RETA = (0xD503233F, 0xD503237F), (0xD50323BF, 0xD50323FF), (0xD65F0BFF, 0xD65F0FFF)


def signs(sink: Any, frame: Any) -> bool:
    """Whether the function signs its return address."""
    has = sink.features
    return bool(has["sign_return_address"] and (has["sign_return_address_all"] or not frame.leaf))


def _authenticating_return(sink: Any, frame: Any) -> bool:
    """Whether returns are retaa: it is there, and the stack pointer that the signature was made with stays till then."""
    return bool(sink.features["has_pauth"] and signs(sink, frame) and not frame.incoming + frame.grown)


def emit_prologue(sink: Any, frame: Any) -> None:
    """stp x29, x30, [sp, -16]!; mov x29, sp; make room; save what must be; nothing of this where nothing is wanted. Frames beyond a
    page touch each page in order, so that a guard page is met.
    """
    code = sink.code
    if sink.features["use_bti"]:
        code += word(BTI_C)
    if frame.grown:
        add_constant(code, SP, SP, -frame.grown)
    if signs(sink, frame):
        code += word(_PACI_SP[sink.features["sign_return_address_with_bkey"]])
        frame.signed = len(code)
    frame.entry = len(code)
    if frameless(frame):
        return
    code += b"\xfd\x7b\xbf\xa9\xfd\x03\x00\x91"
    size, most = frame.size, frame.size + frame.slack
    if frame.limit:
        _check_limit(sink, frame)
    elif sink.stack_limit is not None and (not frame.leaf or most > _PAGE):
        _check_stack(sink, most)
    if size > _PAGE:
        # sub x17, sp, whole pages; loop: sub sp, sp, page; str xzr, [sp]; cmp sp, x17; b.ne loop
        whole = size // _PAGE * _PAGE
        add_constant(code, TEMPORARY, SP, -whole)
        for w in (0xD14007FF, 0xF90003FF, 0xEB3163FF, 0x54FFFFA1):
            code += word(w)
        size -= whole
    if frame.realigned:
        _align(code, size, frame.slot_align, most > _PAGE)
    elif size:
        add_constant(code, SP, SP, -size)
    _saves(sink, frame, False)


def _align(code: bytearray, size: int, align: int, touch: bool) -> None:
    """sub x17, sp, size; and sp, x17, -align. ``touch``: the page in between is met too."""
    add_constant(code, TEMPORARY, SP, -size)
    if touch:  # str xzr, [x17]
        code += word(0xF900001F | TEMPORARY << 5)
    pattern = logical(-align & 0xFFFFFFFFFFFFFFFF, 64)
    assert pattern is not None
    code += word(0x92000000 | pattern << 10 | TEMPORARY << 5 | SP)


def _check_limit(sink: Any, frame: Any) -> None:
    """Compute the limit in x16, which no convention passes anything in, and compare: stack pointer - frame >= limit."""
    from jitpy.backend.isa.aarch64.encode import emit_access
    from jitpy.backend.isa.aarch64.insts.branch import jump_if

    code = sink.code
    for kind, x, offset in frame.limit:
        if kind == "register":
            code += word(0xAA0003E0 | x << 16 | INT_SCRATCH)
        elif kind == "incoming":
            emit_access(sink, _LDR_X | INT_SCRATCH, 3, FP, 16 + frame.grown + offset)
        elif kind == "symbol":
            literal_address(sink, INT_SCRATCH, "abs8", x, offset)
        elif kind == "load":
            emit_access(sink, _LDR_X | INT_SCRATCH, 3, INT_SCRATCH, offset)
        else:
            add_constant(code, INT_SCRATCH, INT_SCRATCH, offset)
    add_constant(code, INT_SCRATCH, INT_SCRATCH, frame.size + frame.slack)
    code += word(0xEB3063FF)  # cmp sp, x16
    jump_if(sink, 3, sink.trap_label("stk_ovf"))


def _check_stack(sink: Any, size: int) -> None:
    """mrs x16, tpidr_el0; ldr x16, [x16, limit]; cmp sp, x16; b.lo a trap. A frame beyond a page counts; a smaller one fits into
    what is kept free below the limit.
    """
    from jitpy.backend.isa.aarch64.encode import emit_access
    from jitpy.backend.isa.aarch64.insts.branch import jump_if

    sink.code += word(0xD53BD040 | INT_SCRATCH)
    emit_access(sink, _LDR_X | INT_SCRATCH, 3, INT_SCRATCH, sink.stack_limit)
    if size > _PAGE:
        add_constant(sink.code, TEMPORARY, SP, -size)
        sink.code += word(0xEB10023F)  # cmp x17, x16
    else:
        sink.code += word(0xEB3063FF)
    jump_if(sink, 3, sink.trap_label("stk_ovf"))


def literal_address(sink: Any, reg: int, kind: str, symbol: str, addend: int) -> None:
    """ldr reg, the constant pool's address of a symbol."""
    from jitpy.backend.isa.aarch64.encode import LITERAL

    sink.relax(LITERAL, sink.address_constant(kind, symbol, addend), (0x58000000, reg, _LDR_X << 3 | 3))


def _saves(sink: Any, frame: Any, load: bool) -> None:
    """Save or restore registers, general ones two at a time; of vector registers the part that the convention keeps."""
    from jitpy.backend.isa.aarch64.encode import emit_access

    base, start = (FP, -frame.size) if frame.realigned else (SP, 0)
    places = frame.places()
    at = 0
    while at < len(places):
        preg, place = places[at]
        place += start
        if preg < V0 and at + 1 < len(places) and places[at + 1][0] < V0 and -512 <= place <= 504:
            pair = (0xA9400000 if load else 0xA9000000) | (place >> 3 & 127) << 15
            sink.code += word(pair | places[at + 1][0] << 10 | base << 5 | preg)
            at += 2
            continue
        if preg < V0:
            emit_access(sink, (_LDR_X if load else _STR_X) | preg, 3, base, place)
        elif frame.abi.kept_in_part >> preg & 1:
            emit_access(sink, (_LDR_D if load else _STR_D) | preg & 31, 3, base, place)
        else:
            emit_access(sink, (_LDR_Q if load else _STR_Q) | preg & 31, 4, base, place)
        at += 1


def emit_epilogue(sink: Any, frame: Any, tail: bool) -> bool:
    """Restore; mov sp, x29; ldp x29, x30, [sp], 16; authenticate what was signed, unless the return does."""
    if not frameless(frame):
        _saves(sink, frame, True)
        if frame.size or frame.realigned:
            sink.code += b"\xbf\x03\x00\x91"
        sink.code += b"\xfd\x7b\xc1\xa8"
    if not tail and _authenticating_return(sink, frame):
        return True
    if signs(sink, frame):
        sink.code += word(_AUTI_SP[sink.features["sign_return_address_with_bkey"]])
    return False


def emit_tail(sink: Any, pops: int) -> None:
    """Behind the epilogue, before the jump of a tail call: the stack pointer goes below the callee's stack arguments, whose upper
    end is that of our own."""
    distance = sink.frame.incoming + sink.frame.grown - pops
    if sink.frame.abi.callee_pops and distance:
        add_constant(sink.code, SP, SP, distance)


def emit_return(sink: Any) -> None:
    """ret or retaa, after removing stack arguments where the convention wants that."""
    if _authenticating_return(sink, sink.frame):
        sink.code += word(_RETA[sink.features["sign_return_address_with_bkey"]])
        return
    pops = sink.frame.incoming + sink.frame.grown
    if pops:
        add_constant(sink.code, SP, SP, pops)
    sink.code += b"\xc0\x03\x5f\xd6"


#: Machine code of ``strip(return address)``: mov x17, x30; mov x30, x0; xpaclri; mov x0, x30; mov x30, x17; ret.
STRIP = b"".join(word(w) for w in (0xAA1E03F1, 0xAA0003FE, 0xD50320FF, 0xAA1E03E0, 0xAA1103FE, 0xD65F03C0))
#: Machine code of ``resume(pc, frame pointer, stack pointer, exn0, exn1)``: mov x16, x0; mov x29, x1; mov sp, x2; mov x0, x3;
#: mov x1, x4; ret x16: a return needs no landing mark.
RESUME = b"".join(word(w) for w in (0xAA0003F0, 0xAA0103FD, 0x9100005F, 0xAA0303E0, 0xAA0403E1, 0xD65F0200))


def emit_trap(sink: Any, code: str) -> None:
    """udf, or a call that does not return."""
    if sink.trap_symbol:
        sink.code += word(0x94000000)
        sink.reloc("call26", sink.trap_symbol)
    else:
        sink.code += word(0x0000C11F)


def nop(size: int) -> bytes:
    """``size`` bytes of nops; behind data, whatever is no multiple of four comes first."""
    return bytes(size & 3) + b"\x1f\x20\x03\xd5" * (size >> 2)
