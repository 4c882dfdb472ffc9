"""The stack frame as x86-64 addresses it: operands in memory without registers, prologue, epilogue, moves, calls'
tails.

rbp is the frame pointer; everything else is addressed from rsp, whose place is known once the frame's size is.
Displacements from rbp are used where they are shorter: rsp as a base costs a SIB byte.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jitpy.backend.isa.x64.regs import RBP, RSP, XMM0
from jitpy.backend.target.target import INCOMING, TAIL, Fixup

#: Modes of an address without registers (see `rows`): what its displacement is in.
#: "const": bytes for the constant pool; a stack base (INCOMING, OUTGOING, SLOT): an offset there; "label": a label.
CONST = "const"
LABEL = "label"


def _patch4(code: bytearray, offset: int, d: int) -> None:
    code[offset : offset + 4] = (d & 0xFFFFFFFF).to_bytes(4, "little")


#: A 4-byte displacement; labels count from the field's start, the hardware from its end, hence addend -4.
REL4 = Fixup("rel4", -(1 << 31), (1 << 31) - 1, _patch4)


def nearest_base(sink: Any, offset: int) -> tuple[int, int]:
    """Base and displacement of a place ``offset`` bytes above rsp; of one above the spill slots if rsp has been aligned further."""
    from_rbp = offset - sink.frame.size
    if from_rbp >= -128 or sink.frame.realigned:
        return RBP, from_rbp
    return RSP, offset


def slot_address(sink: Any, slot: int) -> tuple[int, int]:
    """Base register and displacement of a spill slot."""
    at = sink.frame.spills + 8 * slot
    return (RSP, at) if sink.frame.realigned else nearest_base(sink, at)


def address(sink: Any, mode: Any, disp: Any) -> tuple[int, int, Callable[[int], None] | None]:
    """Base register (-1: rip), displacement, and fixup (called with the number of bytes behind the field) of such an
    address.
    """
    if mode in (CONST, LABEL):
        label = sink.constant(disp) if mode == CONST else disp

        def fixup(behind: int) -> None:
            sink.fixup(REL4, label, -4 - behind, 4 + behind)

        return -1, 0, fixup
    at = sink.frame.address(mode, disp)
    if sink.frame.realigned and mode not in (INCOMING, TAIL):
        return RSP, at, None
    base, disp = nearest_base(sink, at)
    return base, disp, None


def _operand(reg: int, base: int, disp: int) -> bytes:
    """ModRM, SIB and displacement of a place in the frame: ``base`` is rbp or rsp."""
    modrm = (reg & 7) << 3 | base
    sib = b"" if base == RBP else b"\x24"
    if not disp and base == RSP:
        return bytes((modrm,)) + sib
    if -128 <= disp < 128:
        return bytes((modrm | 0x40,)) + sib + bytes((disp & 255,))
    return bytes((modrm | 0x80,)) + sib + (disp & 0xFFFFFFFF).to_bytes(4, "little")


def _move_memory(sink: Any, load: bool, reg: int, base: int, disp: int) -> None:
    """mov reg, [base + disp] or back, 8 bytes; movups, 16 bytes, for vector registers."""
    if reg >= XMM0:
        sink.code += (b"\x44\x0f" if reg & 8 else b"\x0f") + (b"\x10" if load else b"\x11") + _operand(reg, base, disp)
    else:
        sink.code += bytes((0x48 | (reg & 8) >> 1, 0x8B if load else 0x89)) + _operand(reg, base, disp)


def _move_float(sink: Any, load: bool, reg: int, base: int, disp: int) -> None:
    """vmovups with AVX, so that legacy and VEX code do not mix; also for the scratch register holding a general one's
    value.
    """
    if not sink.features["has_avx"]:
        _move_memory(sink, load, reg, base, disp)
        return
    sink.code += bytes((0xC5, 0x78 if reg & 8 else 0xF8, 0x10 if load else 0x11)) + _operand(reg, base, disp)


#: mov [rsp + disp32], reg and back, up to the displacement, by register: where many values are spilled, nothing is met more often.
_FAR = [[bytes((0x48 | (reg & 8) >> 1, opcode, 0x84 | (reg & 7) << 3, 0x24)) for reg in range(XMM0)] for opcode in (0x89, 0x8B)]


def _spill(sink: Any, load: bool, reg: int, slot: int) -> None:
    """A general register, from its slot or into it."""
    frame = sink.frame
    at = frame.spills + 8 * slot
    if at >= 128 and (frame.realigned or at - frame.size < -128):
        sink.code += _FAR[load][reg] + at.to_bytes(4, "little")
    else:
        base, disp = slot_address(sink, slot)
        _move_memory(sink, load, reg, base, disp)


def emit_move(sink: Any, src: int, dst: int, cls: int) -> None:
    """Copy between registers and slots; the scratch register xmm15 may stand for a general register."""
    if cls >= 2:
        _move_wide(sink, src, dst, cls)
    elif src < 0:
        if dst < XMM0:
            _spill(sink, True, dst, ~src)
            return
        base, disp = slot_address(sink, ~src)
        if cls == 0:
            _quad(sink, True, dst, base, disp)
        else:
            _move_float(sink, True, dst, base, disp)
    elif dst < 0:
        if src < XMM0:
            _spill(sink, False, src, ~dst)
            return
        base, disp = slot_address(sink, ~dst)
        if cls == 0:
            _quad(sink, False, src, base, disp)
        else:
            _move_float(sink, False, src, base, disp)
    elif src < XMM0:
        if dst < XMM0:
            sink.code += bytes((0x48 | (src & 8) >> 1 | dst >> 3, 0x89, 0xC0 | (src & 7) << 3 | dst & 7))
        else:
            _between(sink, dst, src, 0x6E)
    elif dst < XMM0:
        _between(sink, src, dst, 0x7E)
    elif sink.features["has_avx"]:
        r, b = dst >> 3 & 1, src >> 3 & 1
        modrm = 0xC0 | (dst & 7) << 3 | src & 7
        if b:
            sink.code += bytes((0xC4, (r ^ 1) << 7 | 0x41, 0x78, 0x28, modrm))
        else:
            sink.code += bytes((0xC5, (r ^ 1) << 7 | 0x78, 0x28, modrm))
    else:
        rex = (dst & 8) >> 1 | (src & 8) >> 3
        sink.code += (bytes((0x40 | rex,)) if rex else b"") + bytes((0x0F, 0x28, 0xC0 | (dst & 7) << 3 | src & 7))


def _move_wide(sink: Any, src: int, dst: int, cls: int) -> None:
    """Vectors of more than 128 bits, at the width of the widest; masks. Their rows are written down, unlike those above,
    which are needed before any row is.
    """
    from jitpy.backend.isa.x64.insts import vectors  # noqa: F401
    from jitpy.backend.isa.x64.rows import ROWS
    from jitpy.backend.target.row import MInst

    wide = "z" if sink.target.env.slot_units[2] == 8 else "y"
    copy, load, store = ("kmovq_kk", "kmovq_rm", "kmovq_mr") if cls == 3 else (
        f"vmovaps_{wide}_rr", f"vmovups_{wide}_rm", f"vmovups_{wide}_mr"
    )  # fmt: skip
    if src >= 0 <= dst:
        row = ROWS[copy]
        row.encode(sink, MInst(row, (), ()), (dst, src))
        return
    base, disp = slot_address(sink, ~min(src, dst))
    row = ROWS[load if src < 0 else store][1]
    row.encode(sink, MInst(row, (), (), (0, disp, None)), (max(src, dst), base))


def _between(sink: Any, vector: int, general: int, op: int) -> None:
    """movq between a vector and a general register."""
    r, b = vector >> 3 & 1, general >> 3
    modrm = 0xC0 | (vector & 7) << 3 | general & 7
    if sink.features["has_avx"]:
        sink.code += bytes((0xC4, (r ^ 1) << 7 | 0x40 | (b ^ 1) << 5 | 1, 0xF9, op, modrm))
    else:
        sink.code += bytes((0x66, 0x48 | r << 2 | b, 0x0F, op, modrm))


def _quad(sink: Any, load: bool, reg: int, base: int, disp: int) -> None:
    """movq between a vector register and 8 bytes of memory, by the encoding with a general operand: it is the same for
    both.
    """
    r = reg >> 3 & 1
    op = 0x6E if load else 0x7E
    if sink.features["has_avx"]:
        sink.code += bytes((0xC4, (r ^ 1) << 7 | 0x61, 0xF9, op)) + _operand(reg, base, disp)
    else:
        sink.code += bytes((0x66, 0x48 | r << 2, 0x0F, op)) + _operand(reg, base, disp)


_PAGE = 4096
_BELOW = 2  # the condition code of jb


def emit_prologue(sink: Any, frame: Any) -> None:
    """push rbp; mov rbp, rsp; make room; save what must be. Frames beyond a page touch each page in order, so that a
    guard page is met.
    """
    code = sink.code
    if sink.features["enable_cet"]:
        code += b"\xf3\x0f\x1e\xfa"  # endbr64
    if frame.grown:
        _move_return_address(code, -frame.grown)
    frame.entry = len(code)
    code += b"\x55\x48\x89\xe5"
    size, most = frame.size, frame.size + frame.slack
    if frame.limit:
        _check_limit(sink, frame)
    elif sink.stack_limit is not None and (not frame.leaf or most > _PAGE):
        _check_stack(sink, most)
    if size:
        if size > _PAGE:
            # r11 counts down: lea r11, [rsp - whole pages]; loop: sub rsp, page; test [rsp], rsp; cmp rsp, r11; jne
            # loop
            whole = size // _PAGE * _PAGE
            code += b"\x4c\x8d\x9c\x24" + (-whole & 0xFFFFFFFF).to_bytes(4, "little")
            code += b"\x48\x81\xec" + _PAGE.to_bytes(4, "little")
            code += b"\x48\x85\x24\x24\x4c\x39\xdc\x75\xf0"
            size -= whole
        if size:
            if size < 128:
                code += b"\x48\x83\xec" + bytes((size,))
            else:
                code += b"\x48\x81\xec" + size.to_bytes(4, "little")
    if frame.realigned:  # test [rsp], rsp to touch; and rsp, -align
        if most > _PAGE:
            code += b"\x48\x85\x24\x24"
        code += b"\x48\x81\xe4" + (-frame.slot_align & 0xFFFFFFFF).to_bytes(4, "little")
    _saves(sink, frame, False)


def _check_limit(sink: Any, frame: Any) -> None:
    """Compute the limit in r11, which no convention passes anything in, and compare: stack pointer - frame >= limit."""
    code = sink.code
    for kind, x, offset in frame.limit:
        data = (offset & 0xFFFFFFFF).to_bytes(4, "little")
        if kind == "register":
            code += bytes((0x49 | x >> 3 << 2, 0x89, 0xC3 | (x & 7) << 3))
        elif kind == "incoming":  # mov r11, [rbp + 16 + offset]
            code += b"\x4c\x8b\x9d" + (16 + frame.grown + offset).to_bytes(4, "little")
        elif kind == "symbol":  # movabs r11
            code += b"\x49\xbb" + bytes(8)
            sink.reloc("abs8", x, offset, 8)
        elif kind == "load":  # mov r11, [r11 + offset]
            code += b"\x4d\x8b\x9b" + data
        else:  # lea r11, [r11 + offset]
            code += b"\x4d\x8d\x9b" + data
    code += b"\x4d\x8d\x9b" + (frame.size + frame.slack).to_bytes(4, "little") + b"\x4c\x39\xdc\x0f\x82\0\0\0\0"
    sink.fixup(REL4, sink.trap_label("stk_ovf"), -4)


def _check_stack(sink: Any, size: int) -> None:
    """cmp rsp, fs:[limit]; jb a trap. A frame beyond a page counts (lea r11, [rsp - size] is compared); a smaller one
    fits into what is kept free below the limit.
    """
    from jitpy.backend.isa.x64.insts.branch import jump_if

    if size > _PAGE:
        sink.code += b"\x4c\x8d\x9c\x24" + (-size & 0xFFFFFFFF).to_bytes(4, "little") + b"\x64\x4c\x3b\x1c\x25"
    else:
        sink.code += b"\x64\x48\x3b\x24\x25"
    sink.code += sink.stack_limit.to_bytes(4, "little", signed=True)
    jump_if(sink, _BELOW, sink.trap_label("stk_ovf"))


def _saves(sink: Any, frame: Any, load: bool) -> None:
    for preg, at in frame.places():
        base, disp = nearest_base(sink, at)
        if preg < XMM0:
            _move_memory(sink, load, preg, base, disp)
        else:
            _move_float(sink, load, preg, base, disp)


def emit_epilogue(sink: Any, frame: Any, tail: bool) -> bool:
    """Restore; leave. After vectors of more than 128 bits vzeroupper, for code with legacy instructions runs slower else."""
    _saves(sink, frame, True)
    if frame.clear_upper:
        sink.code += b"\xc5\xf8\x77"
    if frame.size or frame.realigned:
        sink.code += b"\xc9"
    else:
        sink.code += b"\x5d"
    return False


def _move_return_address(code: bytearray, distance: int) -> None:
    """Move the stack pointer and what it points at: mov r11, [rsp]; lea rsp, [rsp + distance]; mov [rsp], r11."""
    code += b"\x4c\x8b\x1c\x24\x48\x8d\xa4\x24" + (distance & 0xFFFFFFFF).to_bytes(4, "little") + b"\x4c\x89\x1c\x24"


def emit_tail(sink: Any, pops: int) -> None:
    """Behind the epilogue, before the jump of a tail call: the return address goes below the callee's stack arguments, whose
    upper end is that of our own."""
    distance = sink.frame.incoming + sink.frame.grown - pops
    if sink.frame.abi.callee_pops and distance:
        _move_return_address(sink.code, distance)


def emit_return(sink: Any) -> None:
    """ret, removing stack arguments where the convention wants that."""
    pops = sink.frame.incoming + sink.frame.grown
    if not pops:
        sink.code += b"\xc3"
    elif pops < 1 << 16:
        sink.code += b"\xc2" + pops.to_bytes(2, "little")
    else:  # pop r11; lea rsp, [rsp + pops]; jmp r11
        sink.code += b"\x41\x5b\x48\x8d\xa4\x24" + pops.to_bytes(4, "little") + b"\x41\xff\xe3"


#: Machine code of ``resume(pc, frame pointer, stack pointer, exn0, exn1)``: mov rax, rcx; mov rbp, rsi; mov rsp, rdx;
#: mov rdx, r8; notrack jmp rdi.
RESUME = b"\x48\x89\xc8\x48\x89\xf5\x48\x89\xd4\x4c\x89\xc2\x3e\xff\xe7"


def emit_trap(sink: Any, code: str) -> None:
    """ud2, or a call that does not return."""
    if sink.trap_symbol:
        sink.code += b"\xe8\0\0\0\0"
        sink.reloc("pcrel4", sink.trap_symbol, -4)
    else:
        sink.code += b"\x0f\x0b"


_NOPS = (
    b"", b"\x90", b"\x66\x90", b"\x0f\x1f\x00", b"\x0f\x1f\x40\x00", b"\x0f\x1f\x44\x00\x00",
    b"\x66\x0f\x1f\x44\x00\x00",
    b"\x0f\x1f\x80\x00\x00\x00\x00", b"\x0f\x1f\x84\x00\x00\x00\x00\x00", b"\x66\x0f\x1f\x84\x00\x00\x00\x00\x00",
)  # fmt: skip


def nop(size: int) -> bytes:
    """``size`` bytes of the long forms of nop."""
    return _NOPS[9] * (size // 9) + _NOPS[size % 9]
