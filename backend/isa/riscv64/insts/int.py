"""Integer arithmetic, logic, shifts, bit manipulation, constants.

Names are the manual's mnemonics; ``_z`` at the end: the first source is zero.
"""

from __future__ import annotations

from typing import Any

from jitpy.backend.isa.riscv64.encode import i_type, put
from jitpy.backend.isa.riscv64.frame import CONST
from jitpy.backend.isa.riscv64.regs import TEMP
from jitpy.backend.isa.riscv64.rows import macro, row
from jitpy.backend.target.row import MOVE, REMAT, MInst

OP, OP32, OP_IMM, OP_IMM32 = 0x33, 0x3B, 0x13, 0x1B


def _three(opcode: int, table: str) -> None:
    """Rows of three registers, from lines of ``name funct7 funct3``."""
    for line in table.split(","):
        name, f7, f3 = line.split()
        row(name, f"{name} =rd rs1 rs2", opcode | int(f3) << 12 | int(f7, 16) << 25)


_three(OP, """add 0 0, sub 20 0, sll 0 1, slt 0 2, sltu 0 3, xor 0 4, srl 0 5, sra 20 5, or 0 6, and 0 7,
    mul 1 0, mulh 1 1, mulhu 1 3, div 1 4, divu 1 5, rem 1 6, remu 1 7,
    sh1add 10 2, sh2add 10 4, sh3add 10 6, andn 20 7, orn 20 6, xnor 20 4, min 5 4, minu 5 5, max 5 6, maxu 5 7,
    rol 30 1, ror 30 5, pack 4 4, packh 4 7, bclr 24 1, bext 24 5, binv 34 1, bset 14 1,
    czero.eqz 7 5, czero.nez 7 7""")
_three(OP32, """addw 0 0, subw 20 0, sllw 0 1, srlw 0 5, sraw 20 5, mulw 1 0, divw 1 4, divuw 1 5, remw 1 6, remuw 1 7,
    add.uw 4 0, sh1add.uw 10 2, sh2add.uw 10 4, sh3add.uw 10 6, rolw 30 1, rorw 30 5, packw 4 4""")
# Zero as a source: sltu gives "is not zero", slt "is greater than zero".
row("snez", "sltu =rd zero rs2", 0x3033)
row("sgtz", "slt =rd zero rs2", 0x2033)
row("neg", "sub =rd zero rs2", 0x40000033)
row("negw", "subw =rd zero rs2", 0x4000003B)
row("pack_z", "pack =rd rs1 zero", 0x08004033)
row("zext.w", "add.uw =rd rs1 zero", 0x0800003B)
row("bset_z", "bset =rd zero rs2", 0x28001033)

for _name, _f3 in (("addi", 0), ("slti", 2), ("sltiu", 3), ("xori", 4), ("ori", 6), ("andi", 7)):
    row(_name, f"{_name} =rd rs1 i12", OP_IMM | _f3 << 12)
row("addiw", "addiw =rd rs1 i12", OP_IMM32)
_SHIFTS = "slli 1 0, srli 5 0, srai 5 400, rori 5 600, bclri 1 480, bexti 5 480, binvi 1 680, bseti 1 280"
for _line in _SHIFTS.split(","):
    _name, _code, _top = _line.split()
    row(_name, f"{_name} =rd rs1 u6", OP_IMM | int(_code) << 12 | int(_top, 16) << 20)
_WORD_SHIFTS = "slliw 1 0, srliw 5 0, sraiw 5 400, roriw 5 600"
for _line in _WORD_SHIFTS.split(","):
    _name, _code, _top = _line.split()
    row(_name, f"{_name} =rd rs1 u5w", OP_IMM32 | int(_code) << 12 | int(_top, 16) << 20)
row("slli.uw", "slli.uw =rd rs1 u6", 0x0800101B)

_ONE_SOURCE = """clz 60001013, ctz 60101013, cpop 60201013, sext.b 60401013, sext.h 60501013, rev8 6b805013,
    brev8 68705013, clzw 6000101b, ctzw 6010101b, cpopw 6020101b, zext.h 0800403b"""
for _line in _ONE_SOURCE.split(","):
    _name, _word = _line.split()
    row(_name, f"{_name} =rd rs1", int(_word, 16))

row("mv", "addi =rd rs1 0", OP_IMM, MOVE)


def constant_words(value: int, rd: int, bseti: int = 0) -> list[int]:
    """The instructions that make a 64-bit constant: lui and addiw for 32 bits; else what lies above the low 12, shifted, plus
    these. A single bit is one of Zbs."""
    value = (value & (1 << 64) - 1) - (1 << 64 if value >> 63 & 1 else 0)
    if -2048 <= value < 2048:
        return [i_type(OP_IMM, rd, 0, value)]
    low = (value + 0x800 & 0xFFF) - 0x800
    if -0x80000000 <= value < 0x80000000:
        high = value - low >> 12
        words = [0x37 | rd << 7 | (high & 0xFFFFF) << 12]
        # lui of 0x80000 is negative; addiw wraps back to what is wanted.
        return [*words, i_type(OP_IMM32, rd, rd, low)] if low else words
    unsigned = value & (1 << 64) - 1
    if bseti and unsigned & unsigned - 1 == 0:
        return [i_type(0x28001013, rd, 0, unsigned.bit_length() - 1)]
    rest = value - low >> 12 if low else value
    zeros = (rest & -rest).bit_length() - 1
    shift = zeros + 12 if low else zeros
    words = constant_words(rest >> zeros, rd, bseti)
    words.append(i_type(OP_IMM | 1 << 12, rd, rd, shift))
    if low:
        words.append(i_type(OP_IMM, rd, rd, low))
    return words


_LONGEST = 4


def _constant(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """A constant by instructions, or from the pool where that takes many."""
    from jitpy.backend.isa.riscv64.encode import address_access

    words = constant_words(inst.imm, allocs[0], sink.features["has_zbs"])
    if len(words) > _LONGEST:
        address_access(sink, 0x3003 | allocs[0] << 7, False, CONST, inst.imm.to_bytes(8, "little"), None)
        return
    for word in words:
        put(sink, word)


macro("const", "li =rd imm", _constant, REMAT)


def into_temp(sink: Any, value: int) -> int:
    """A constant in the scratch register."""
    for word in constant_words(value, TEMP):
        put(sink, word)
    return TEMP
