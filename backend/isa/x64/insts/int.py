"""Integer arithmetic, logic, shifts, bit counting, moves, conditional moves.

Names: mnemonic and operand size, then the form: ``rr`` (second operand register or spill slot), ``rm`` (second
operand in memory), ``ri`` (immediate), ``mr``, ``mi`` (first operand in memory), ``rc`` (count in cl).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jitpy.backend.isa.x64.conditions import CC_NAMES
from jitpy.backend.isa.x64.encode import address_bytes
from jitpy.backend.isa.x64.frame import slot_address
from jitpy.backend.isa.x64.rows import ROWS, macro, macro_mem, mem, rm, row
from jitpy.backend.target.row import MOVE, REMAT, REMAT_SLOT, MInst

#: Operand size in bits -> (kind, prefix of the encoding).
SIZES = {8: ("b", ""), 16: ("w", "66 "), 32: ("d", ""), 64: ("q", "REX.W ")}

for _digit, _op in enumerate(("add", "or", "adc", "sbb", "and", "sub", "xor", "cmp")):
    _rw = "" if _op == "cmp" else "+"
    _any = "?" if _op == "cmp" else ""
    for _bits, (_k, _p) in SIZES.items():
        _wide = _bits != 8
        _o = 8 * _digit + _wide
        rm(f"{_op}{_bits}", f"{_op} {_rw}reg.{_k} rm?.{_k}", f"{_p}{_o + 2:02X} /r")
        mem(f"{_op}{_bits}_mr", f"{_op} mem.{_k} reg.{_k}", f"{_p}{_o:02X} /r")
        _i = "im" if _wide else "ib"
        _s = f"{_p}{0x83 if _wide else 0x80:02X} /{_digit} {_i}"
        row(f"{_op}{_bits}_ri", f"{_op} {_rw}rm{_any}.{_k} {_i}", _s)
        mem(f"{_op}{_bits}_mi", f"{_op} mem.{_k} {_i}", _s)

for _bits, (_k, _p) in SIZES.items():
    _wide = _bits != 8
    _i = {8: "ib", 16: "iw"}.get(_bits, "id")
    row(f"test{_bits}_rr", f"test rm?.{_k} reg.{_k}", f"{_p}{0x84 + _wide:02X} /r")
    row(f"test{_bits}_ri", f"test rm?.{_k} {_i}", f"{_p}{0xF6 + _wide:02X} /0 {_i}")
    mem(f"test{_bits}_mr", f"test mem.{_k} reg.{_k}", f"{_p}{0x84 + _wide:02X} /r")
    mem(f"test{_bits}_mi", f"test mem.{_k} {_i}", f"{_p}{0xF6 + _wide:02X} /0 {_i}")
    _f7 = f"{_p}{0xF6 + _wide:02X}"
    row(f"not{_bits}_r", f"not +rm.{_k}", f"{_f7} /2")
    row(f"neg{_bits}_r", f"neg +rm.{_k}", f"{_f7} /3")
    mem(f"not{_bits}_m", f"not mem.{_k}", f"{_f7} /2")
    mem(f"neg{_bits}_m", f"neg mem.{_k}", f"{_f7} /3")
    # Widening products and quotients: rdx:rax, for bytes ax alone.
    for _op, _digit in (("mul", 4), ("imul", 5)):
        _hidden = "=$rax =$rdx $rax" if _wide else "+$rax"
        row(f"{_op}{_bits}_wide", f"{_op} rm?.{_k} | {_hidden}", f"{_f7} /{_digit}")
    for _op, _digit in (("div", 6), ("idiv", 7)):
        _hidden = "=$rax =$rdx $rax $rdx" if _wide else "+$rax"
        row(f"{_op}{_bits}_r", f"{_op} rm?.{_k} | {_hidden}", f"{_f7} /{_digit}")
    for _op, _digit in (("rol", 0), ("ror", 1), ("shl", 4), ("shr", 5), ("sar", 7)):
        row(f"{_op}{_bits}_ri", f"{_op} +rm.{_k} us", f"{_p}{0xC0 + _wide:02X} /{_digit} us")
        row(f"{_op}{_bits}_rc", f"{_op} +rm.{_k} $cl", f"{_p}{0xD2 + _wide:02X} /{_digit}")
    # Moves. The plain copy is the allocator's; ``mov32_rr`` also zero-extends, so it is not one.
    mem(f"mov{_bits}_rm", f"mov =reg.{_k} mem.{_k}", f"{_p}{0x8A + _wide:02X} /r")
    mem(f"mov{_bits}_mr", f"mov mem.{_k} reg.{_k}", f"{_p}{0x88 + _wide:02X} /r")
    mem(f"mov{_bits}_mi", f"mov mem.{_k} {_i}", f"{_p}{0xC6 + _wide:02X} /0 {_i}")
    if _wide:
        rm(f"imul{_bits}", f"imul +reg.{_k} rm?.{_k}", f"{_p}0F AF /r")
        row(f"imul{_bits}_rri", f"imul =reg.{_k} rm?.{_k} im", f"{_p}6B /r im")
        mem(f"imul{_bits}_rmi", f"imul =reg.{_k} mem.{_k} im", f"{_p}6B /r im")
        rm(f"bsf{_bits}", f"bsf =reg.{_k} rm?.{_k}", f"{_p}0F BC /r")
        rm(f"bsr{_bits}", f"bsr =reg.{_k} rm?.{_k}", f"{_p}0F BD /r")
        _f3 = f"{_p}F3 " if _bits == 16 else f"F3 {_p}"
        for _op, _byte in (("popcnt", "B8"), ("tzcnt", "BC"), ("lzcnt", "BD")):
            rm(f"{_op}{_bits}", f"{_op} =reg.{_k} rm?.{_k}", f"{_f3}0F {_byte} /r")
for _bits, _k, _w in ((32, "d", "W0"), (64, "q", "W1")):
    for _op, _pp in (("shlx", "66"), ("sarx", "F3"), ("shrx", "F2")):
        rm(f"{_op}{_bits}", f"{_op} =reg.{_k} rm?.{_k} vvvv.{_k}", f"VEX.128.{_pp}.0F38.{_w} F7 /r")
    rm(f"rorx{_bits}", f"rorx =reg.{_k} rm?.{_k} us", f"VEX.128.F2.0F3A.{_w} F0 /r us")
    rm(f"andn{_bits}", f"andn =reg.{_k} vvvv.{_k} rm?.{_k}", f"VEX.128.0F38.{_w} F2 /r")
    rm(f"blsr{_bits}", f"blsr =vvvv.{_k} rm?.{_k}", f"VEX.128.0F38.{_w} F3 /1")
    rm(f"blsi{_bits}", f"blsi =vvvv.{_k} rm?.{_k}", f"VEX.128.0F38.{_w} F3 /3")
    rm(f"blsmsk{_bits}", f"blsmsk =vvvv.{_k} rm?.{_k}", f"VEX.128.0F38.{_w} F3 /2")
    _p = SIZES[_bits][1]
    row(f"bswap{_bits}_r", f"bswap +opc.{_k}", f"{_p}0F C8")
    mem(f"lea{_bits}", f"lea =reg.{_k} mem.o", f"{_p}8D /r")
    row(f"mov{_bits}_ri", f"mov =rm.{_k} id", f"{_p}C7 /0 id")
row("shld64_rc", "shld +rm.q reg.q $cl", "REX.W 0F A5 /r")
row("shrd64_rc", "shrd +rm.q reg.q $cl", "REX.W 0F AD /r")
row("shld64_ri", "shld +rm.q reg.q us", "REX.W 0F A4 /r us")
row("shrd64_ri", "shrd +rm.q reg.q us", "REX.W 0F AC /r us")
row("cwd", "cwd | =$rdx $rax", "66 99")
row("cdq", "cdq | =$rdx $rax", "99")
row("cqo", "cqo | =$rdx $rax", "REX.W 99")

row("mov64_rr", "mov =reg.q rm.q", "REX.W 8B /r", MOVE)
row("mov32_rr", "mov =reg.d rm?.d", "8B /r")
row("mov32_opc", "mov =opc.d id", "B8 id")
row("movabs64_ri", "movabs =opc.q iq", "REX.W B8 iq")
# Extending moves: the 32-bit forms of movzx clear the upper half, so the 64-bit ones are never needed.
rm("movzx32_8", "movzx =reg.d rm?.b", "0F B6 /r")
rm("movzx32_16", "movzx =reg.d rm?.w", "0F B7 /r")
for _bits, _k, _p in ((32, "d", ""), (64, "q", "REX.W ")):
    rm(f"movsx{_bits}_8", f"movsx =reg.{_k} rm?.b", f"{_p}0F BE /r")
    rm(f"movsx{_bits}_16", f"movsx =reg.{_k} rm?.w", f"{_p}0F BF /r")
rm("movsx64_32", "movsxd =reg.q rm?.d", "REX.W 63 /r")

for _n, _cc in enumerate(CC_NAMES):
    row(f"set{_cc}", f"set{_cc} =rm.b", f"0F {0x90 + _n:02X} /0")
    mem(f"set{_cc}_m", f"set{_cc} mem.b", f"0F {0x90 + _n:02X} /0")
    rm(f"cmov{_cc}32", f"cmov{_cc} +reg.d rm?.d", f"0F {0x40 + _n:02X} /r")
    rm(f"cmov{_cc}64", f"cmov{_cc} +reg.q rm?.q", f"REX.W 0F {0x40 + _n:02X} /r")


def _zero(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    r = allocs[0]
    sink.code += (bytes((0x45,)) if r > 7 else b"") + bytes((0x31, 0xC0 | (r & 7) * 9))


def _sbb_self(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    r = allocs[0]
    sink.code += bytes((0x4D if r > 7 else 0x48, 0x19, 0xC0 | (r & 7) * 9))


def _constant(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """A constant into a register, or straight into a spill slot (recomputed for a move)."""
    r, value = allocs[0], inst.imm & 0xFFFFFFFFFFFFFFFF
    if r < 0:
        base, disp = slot_address(sink, ~r)
        if value < 0x80000000 or value >= 0xFFFFFFFF80000000:
            body, _, b = address_bytes(0, base, -1, 0, disp)
            sink.code += bytes((0x48 | b, 0xC7)) + body + (value & 0xFFFFFFFF).to_bytes(4, "little")
        else:
            for at, half in ((disp, value & 0xFFFFFFFF), (disp + 4, value >> 32)):
                body, _, b = address_bytes(0, base, -1, 0, at)
                sink.code += (b"\x41" if b else b"") + b"\xc7" + body + half.to_bytes(4, "little")
    elif value < 1 << 32:
        sink.code += (b"\x41" if r > 7 else b"") + bytes((0xB8 | r & 7,)) + value.to_bytes(4, "little")
    elif value >= 0xFFFFFFFF80000000:
        sink.code += bytes((0x49 if r > 7 else 0x48, 0xC7, 0xC0 | r & 7)) + (value & 0xFFFFFFFF).to_bytes(4, "little")
    else:
        sink.code += bytes((0x49 if r > 7 else 0x48, 0xB8 | r & 7)) + value.to_bytes(8, "little")


# xor r, r and sbb r, r read nothing in truth, so they have no use.
macro("zero", "xor =rm.d", _zero)
macro("carry_mask", "sbb =rm.q", _sbb_self)
macro("const", "mov =rm.q iq", _constant, REMAT | REMAT_SLOT)


def _sum_or_lea(bits: int) -> Callable[[Any, MInst, tuple[int, ...]], None]:
    """A sum whose result's register is only known now: add where it is that of a summand (more units can do it),
    else lea.

    It is emitted alone, so flags do not matter here, as they would for lea proper.
    """
    lea, add_rr, add_ri = ROWS[f"lea{bits}"], ROWS[f"add{bits}_rr"], ROWS[f"add{bits}_ri"]

    def encode(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
        mode, disp, _ = inst.imm
        d = allocs[0]
        if len(allocs) == 2 and d == allocs[1] and mode == 0:
            add_ri.encode(sink, MInst(add_ri, (), (), disp), (d, d))
        elif len(allocs) == 3 and mode == 0 and disp == 0 and d in (allocs[1], allocs[2]):
            add_rr.encode(sink, MInst(add_rr, (), ()), (d, d, allocs[2] if d == allocs[1] else allocs[1]))
        else:
            row = lea[len(allocs) - 1]
            row.encode(sink, MInst(row, (), (), inst.imm), allocs)

    return encode


for _bits, _k in ((32, "d"), (64, "q")):
    macro_mem(f"add_lea{_bits}", f"lea =reg.{_k} mem.o", _sum_or_lea(_bits))
