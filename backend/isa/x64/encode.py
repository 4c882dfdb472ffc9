"""A row's encoder, specialised once: notation in, closure out.

An instruction is  [66/F2/F3] [REX] map opcode ModRM [SIB] [disp] [imm]  or the same with a VEX or EVEX prefix in place
of the first three; EVEX scales a displacement of one byte by the size of the access. The closure remembers the bytes of
each combination of registers (and immediates), since kernels use few of them; what depends on the frame or on a
constant's place is assembled anew.

ModRM and SIB have four irregularities, all in `address_bytes`: rsp and r12 as base need a SIB byte, rbp and r13
need a displacement, rsp cannot be an index, and mode 0 without base means a 32-bit displacement.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jitpy.backend.isa.notation import Operand
from jitpy.backend.isa.x64.frame import address, slot_address
from jitpy.backend.isa.x64.regs import K0, XMM0
from jitpy.backend.isa.x64.rows import X64Row, parse_operands
from jitpy.backend.target.row import MInst

_MAP_BYTES = {"": b"", "0F": b"\x0f", "0F38": b"\x0f\x38", "0F3A": b"\x0f\x3a"}
_MAP_NUMBER = {"0F": 1, "0F38": 2, "0F3A": 3}
_PP = {"": 0, "NP": 0, "66": 1, "F3": 2, "F2": 3}
IMM_BYTES = {"ib": 1, "us": 1, "iw": 2, "id": 4, "iq": 8}
_MEMO_LIMIT = 1 << 12
#: ModRM's addressing without a register: rip-relative.
RIP = -1


class Spec:
    """The encoding column, parsed: ``vex`` (0, 1, or 2 for EVEX), mandatory ``prefix``, REX.W, vector length ``l``,
    opcode ``map``, ``opcode``, ``digit`` or -1 for /r.

    ``=XX`` is an immediate byte that belongs to the opcode. The short form is written for ``im`` operands; their
    long form's opcode differs in bit 1 alone (83 and 81, 6B and 69).
    """

    __slots__ = ("constant", "digit", "l", "map", "opcode", "prefix", "rex_w", "vex")

    def __init__(self, text: str) -> None:
        words = text.split()
        self.vex = {"VEX": 1, "EVEX": 2}.get(words[0].partition(".")[0], 0)
        self.prefix = ""
        self.rex_w = 0
        self.map = ""
        self.digit = -1
        self.l = 0
        self.constant = -1
        if self.vex:
            for part in words.pop(0).split(".")[1:]:
                if part in _MAP_NUMBER:
                    self.map = part
                elif part in _PP:
                    self.prefix = part
                elif part == "256" or part == "512":
                    self.l = int(part) >> 8
                elif part == "W1":
                    self.rex_w = 1
        opcode = []
        for word in words:
            if word[0] == "/":
                if word != "/r":
                    self.digit = int(word[1:])
            elif word == "REX.W":
                self.rex_w = 1
            elif word in ("ib", "iw", "id", "iq", "us", "im"):
                pass
            elif word[0] == "=":
                self.constant = int(word[1:], 16)
            else:
                opcode.append(word)
        if not self.vex:
            while len(opcode) > 1 and opcode[0] in ("F0", "66", "F2", "F3"):
                self.prefix += opcode.pop(0)
            if len(opcode) > 1 and opcode[0] == "0F":
                opcode.pop(0)
                self.map = "0F"
                if len(opcode) > 1 and opcode[0] in ("38", "3A"):
                    self.map += opcode.pop(0)
        self.opcode = bytes(int(b, 16) for b in opcode)


def address_bytes(reg: int, base: int, index: int, shift: int, disp: int, unit: int = 1) -> tuple[bytes, int, int]:
    """ModRM, SIB and displacement of an address; base RIP is rip-relative with ``disp`` as it stands. Also REX's X and
    B bits. A displacement of one byte counts ``unit`` bytes.
    """
    reg = (reg & 7) << 3
    if index < 0:
        if base == RIP:
            return bytes((reg | 5,)) + (disp & 0xFFFFFFFF).to_bytes(4, "little"), 0, 0
        low = base & 7
        head = bytes((reg | 4, 0x24)) if low == 4 else bytes((reg | low,))
        x, b = 0, base >> 3
    elif base < 0:
        sib = shift << 6 | (index & 7) << 3 | 5
        return bytes((reg | 4, sib)) + (disp & 0xFFFFFFFF).to_bytes(4, "little"), index >> 3, 0
    else:
        low = base & 7
        head = bytes((reg | 4, shift << 6 | (index & 7) << 3 | low))
        x, b = index >> 3, base >> 3
    if disp == 0 and low != 5:
        return head, x, b
    if -128 * unit <= disp < 128 * unit and not disp % unit:
        return bytes((head[0] | 0x40,)) + head[1:] + bytes((disp // unit & 255,)), x, b
    return bytes((head[0] | 0x80,)) + head[1:] + (disp & 0xFFFFFFFF).to_bytes(4, "little"), x, b


def _prefixer(spec: Spec, zeroing: int = 0) -> Callable[[int, int, int, int, int], bytes]:
    """How everything before ModRM is made: ``(r, x, b, vvvv, force) -> bytes``, r, x, b being the registers' high
    bits (r two of them under EVEX). ``force``: whether REX must be there; under EVEX the mask register.
    """
    w = spec.rex_w
    opcode = spec.opcode
    if spec.vex == 2:
        pp, m, length = _PP[spec.prefix], _MAP_NUMBER[spec.map], spec.l

        def evex(r: int, x: int, b: int, vvvv: int, force: int) -> bytes:
            p0 = (r & 1 ^ 1) << 7 | (x ^ 1) << 6 | (b ^ 1) << 5 | (r >> 1 ^ 1) << 4 | m
            p1 = w << 7 | (vvvv & 15 ^ 15) << 3 | 4 | pp
            p2 = zeroing << 7 | length << 5 | (vvvv >> 4 ^ 1) << 3 | force
            return bytes((0x62, p0, p1, p2)) + opcode

        return evex

    if spec.vex:
        pp = _PP[spec.prefix] | spec.l << 2
        m = _MAP_NUMBER[spec.map]
        short = m == 1 and not w

        def vex(r: int, x: int, b: int, vvvv: int, force: int) -> bytes:
            inverted = (vvvv & 15 ^ 15) << 3
            if short and not x and not b:
                return bytes((0xC5, (r ^ 1) << 7 | inverted | pp)) + opcode
            return bytes((0xC4, (r ^ 1) << 7 | (x ^ 1) << 6 | (b ^ 1) << 5 | m, w << 7 | inverted | pp)) + opcode

        return vex

    before = bytes.fromhex(spec.prefix)
    after = _MAP_BYTES[spec.map] + opcode
    plain = before + after

    def legacy(r: int, x: int, b: int, vvvv: int, force: int) -> bytes:
        rex = w << 3 | r << 2 | x << 1 | b
        if rex or force:
            return before + bytes((0x40 | rex,)) + after
        return plain

    return legacy


def _alloc_of(operands: list[Operand], place: str) -> int:
    for o in operands:
        if o.place == place:
            return o.alloc
    return -1


#: Bytes of a memory operand by its kind: what EVEX scales a short displacement by.
ACCESS = {"b": 1, "sb": 1, "w": 2, "sh": 2, "d": 4, "ss": 4, "q": 8, "sd": 8, "x": 16, "y": 32, "z": 64}


def field(preg: int) -> int:
    """The hardware's number of a register within its class."""
    return preg - XMM0 if XMM0 <= preg < K0 else preg & 15


def encoder(row: X64Row) -> Callable[[Any, MInst, tuple[int, ...]], None]:
    """The closure ``encode(sink, inst, allocs)`` of a row."""
    _, operands, *_ = parse_operands(row.text)
    spec = Spec(row.spec)
    mask_at = max(_alloc_of(operands, "aaa"), _alloc_of(operands, "zzz"))
    prefix = _prefixer(spec, int(_alloc_of(operands, "zzz") >= 0))
    unit = 1
    if spec.vex == 2:
        unit = max([ACCESS[o.kind] for o in operands if o.place in ("rm", "mem") and o.kind in ACCESS], default=1)
    reg_at = _alloc_of(operands, "reg")
    rm_at = _alloc_of(operands, "rm")
    opc_at = _alloc_of(operands, "opc")
    vvvv_at = _alloc_of(operands, "vvvv")
    is4_at = _alloc_of(operands, "is4")
    digit = max(spec.digit, 0)
    n_addr = row.addr
    n_fixed = len(row.defs) + len(row.uses) - max(n_addr, 0)
    # spl, bpl, sil, dil exist only under a REX prefix.
    bytes_at = tuple(o.alloc for o in operands if o.kind == "b" and o.alloc >= 0 and o.place != "fixed")
    ending, long_prefix = _ending(spec, operands, is4_at)
    has_imm = ending is not None and is4_at < 0 and spec.constant < 0
    memo: dict[Any, bytes] = {}

    def force_rex(allocs: tuple[int, ...]) -> int:
        if mask_at >= 0:
            return allocs[mask_at] - K0
        return bool(bytes_at) and any(4 <= allocs[i] < 8 for i in bytes_at)

    def register_form(imm: Any, allocs: tuple[int, ...]) -> bytes:
        vvvv = field(allocs[vvvv_at]) if vvvv_at >= 0 else 0
        reg = field(allocs[reg_at]) if reg_at >= 0 else digit
        head = prefix
        if ending is None:
            end = b""
        else:
            end = ending(allocs, imm)
            if long_prefix is not None and len(end) > 1:
                head = long_prefix
        if rm_at >= 0:
            rm = field(allocs[rm_at])
            code = head(reg >> 3, rm >> 4, rm >> 3 & 1, vvvv, force_rex(allocs))
            return code + bytes((0xC0 | (reg & 7) << 3 | rm & 7,)) + end
        if opc_at >= 0:
            low = allocs[opc_at]
            code = head(0, 0, low >> 3 & 1, 0, 0)
            return code[:-1] + bytes((code[-1] | low & 7,)) + end
        return head(0, 0, 0, 0, 0) + end

    def memory_form(
        imm: Any, allocs: tuple[int, ...], base: int, index: int, shift: int, disp: int
    ) -> tuple[bytes, bytes]:
        vvvv = field(allocs[vvvv_at]) if vvvv_at >= 0 else 0
        reg = field(allocs[reg_at]) if reg_at >= 0 else digit
        head = prefix
        if ending is None:
            end = b""
        else:
            end = ending(allocs, imm)
            if long_prefix is not None and len(end) > 1:
                head = long_prefix
        body, x, b = address_bytes(reg, base, index, shift, disp, unit)
        return head(reg >> 3, x, b, vvvv, force_rex(allocs)) + body, end

    if n_addr < 0:

        def encode(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
            imm = inst.imm
            code = memo.get((allocs, imm))
            if code is None:
                if rm_at >= 0 and allocs[rm_at] < 0:
                    base, disp = slot_address(sink, ~allocs[rm_at])
                    head, end = memory_form(imm, allocs, base, -1, 0, disp)
                    sink.code += head + end
                    return
                code = register_form(imm, allocs)
                if len(memo) > _MEMO_LIMIT:
                    memo.clear()
                memo[allocs, imm] = code
            sink.code += code

        return encode

    def encode_address(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
        imm = inst.imm
        if has_imm:
            (mode, disp, trap), value = imm
        else:
            mode, disp, trap = imm
            value = 0
        if trap is not None:
            sink.trap(trap)
        if n_addr:
            code = memo.get((allocs, imm))
            if code is None:
                base = allocs[n_fixed]
                if n_addr == 2:
                    head, end = memory_form(value, allocs, base, allocs[n_fixed + 1], mode, disp)
                elif mode:
                    head, end = memory_form(value, allocs, -1, base, mode, disp)
                else:
                    head, end = memory_form(value, allocs, base, -1, 0, disp)
                code = head + end
                if len(memo) > _MEMO_LIMIT:
                    memo.clear()
                memo[allocs, imm] = code
            sink.code += code
            return
        base, disp, fixup = address(sink, mode, disp)
        head, end = memory_form(value, allocs, base, -1, 0, disp)
        sink.code += head
        sink.code += end
        if fixup is not None:
            fixup(len(end))

    return encode_address


def _ending(spec: Spec, operands: list[Operand], is4_at: int) -> tuple[Any, Any]:
    """What follows ModRM, as a function of allocations and immediate or None; and how an ``im`` operand's long form
    begins.
    """
    if is4_at >= 0:
        return lambda allocs, imm: bytes(((allocs[is4_at] & 15) << 4,)), None
    if spec.constant >= 0:
        constant = bytes((spec.constant,))
        return lambda allocs, imm: constant, None
    places = [o.place for o in operands]
    if "im" in places:
        wide = 2 if "66" in spec.prefix else 4
        short, long = _immediate(1), _immediate(wide)
        wider = Spec("00")
        for slot in Spec.__slots__:
            setattr(wider, slot, getattr(spec, slot))
        wider.opcode = bytes((*spec.opcode[:-1], spec.opcode[-1] ^ 2))
        return lambda allocs, imm: (short if -128 <= imm < 128 else long)(allocs, imm), _prefixer(wider)
    for place in places:
        if place in IMM_BYTES:
            return _immediate(IMM_BYTES[place]), None
    return None, None


def _immediate(size: int) -> Callable[[tuple[int, ...], int], bytes]:
    """An immediate of ``size`` bytes, signed or not."""
    mask = (1 << 8 * size) - 1
    return lambda allocs, imm: (imm & mask).to_bytes(size, "little")
