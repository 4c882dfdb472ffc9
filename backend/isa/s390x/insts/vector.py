"""The vector facility: one line per operation, with the letters of the element sizes it has.

A row is named operation.letter (``va.f`` is the manual's vaf); letters: b, h, f, g, q for 1, 2, 4, 8 and 16 bytes. Rows
without elements have the manual's name. z15 has the byte-reversing accesses (``br``), z17 products of g and q, quotients, signed
order of q, functions of three operands.
"""

from __future__ import annotations

from typing import Any

from jitpy.backend.isa.s390x.frame import HALF, LARL, vrx
from jitpy.backend.isa.s390x.regs import R1, V0
from jitpy.backend.isa.s390x.rows import ROWS, macro, macro_mem, mem, row, table
from jitpy.backend.target.row import REMAT, MInst

_LETTERS = "bhfgq"
#: Operation, letters, operands | encoding, the field of the element size (none: the opcodes differ).
_ELEMENTS = """
va bhfg =v1 v2 v3 | VRRc E7F3 m4
vs bhfg =v1 v2 v3 | VRRc E7F7 m4
vml bhfgq =v1 v2 v3 | VRRc E7A2 m4
vmal bhfg =v1 v2 v3 v4 | VRRd E7AA m5
vmh bhfgq =v1 v2 v3 | VRRc E7A3 m4
vmlh bhfgq =v1 v2 v3 | VRRc E7A1 m4
vme hf =v1 v2 v3 | VRRc E7A6 m4
vmo hf =v1 v2 v3 | VRRc E7A7 m4
vmn bhfgq =v1 v2 v3 | VRRc E7FE m4
vmx bhfgq =v1 v2 v3 | VRRc E7FF m4
vmnl bhfg =v1 v2 v3 | VRRc E7FC m4
vmxl bhfg =v1 v2 v3 | VRRc E7FD m4
vavgl bhfg =v1 v2 v3 | VRRc E7F0 m4
vlc bhfg =v1 v2 | VRRa E7DE m3
vlp bhfgq =v1 v2 | VRRa E7DF m3
vceq bhfg =v1 v2 v3 | VRRb E7F8 m4
vch bhfg =v1 v2 v3 | VRRb E7FB m4
vchl bhfg =v1 v2 v3 | VRRb E7F9 m4
vec q v1 v2 | VRRa E7DB m3
vblend bhfg =v1 v2 v3 v4 | VRRd E789 m5
vesl bhfg =v1 v3 d2 | VRSa E730 m4
vesrl bhfg =v1 v3 d2 | VRSa E738 m4
vesra bhfg =v1 v3 d2 | VRSa E73A m4
verll bhfg =v1 v3 d2 | VRSa E733 m4
vesl:r bhfg =v1 v3 b2 | VRSa E730 m4
vesrl:r bhfg =v1 v3 b2 | VRSa E738 m4
vesra:r bhfg =v1 v3 b2 | VRSa E73A m4
verll:r bhfg =v1 v3 b2 | VRSa E733 m4
vpk hfg =v1 v2 v3 | VRRc E794 m4
vpks hfg =v1 v2 v3 | VRRb E797 m4
vpkls hfg =v1 v2 v3 | VRRb E795 m4
vuph bhf =v1 v2 | VRRa E7D7 m3
vuplh bhf =v1 v2 | VRRa E7D5 m3
vupl bhf =v1 v2 | VRRa E7D6 m3
vupll bhf =v1 v2 | VRRa E7D4 m3
vmrh bhfg =v1 v2 v3 | VRRc E761 m4
vmrl bhfg =v1 v2 v3 | VRRc E760 m4
vrep bhfg =v1 v3 i2.u | VRIc E74D m4
vlvg bhfg +v1 r3 d2 | VRSb E722 m4
vlgv bhfg =r1 v3 d2 | VRSc E721 m4
vrepi bhfg =v1 i2 | VRIa E745 m3
vgm bhfg =v1 i2.u i3.u | VRIb E746 m4
vpopct bhfg =v1 v2 | VRRa E750 m3
vclz q =v1 v2 | VRRa E753 m3
vctz q =v1 v2 | VRRa E752 m3
"""
_ELEMENTS_IN_MEMORY = """
vlrep bhfg =v1 mem | VRX E705 m3
vlbr hfgq =v1 mem | VRX E606 m3
vlbrrep fg =v1 mem | VRX E605 m3
vstbr hfgq v1 mem | VRX E60E m3
"""
#: The manual's names where the letter alone would be another operation's.
_IRREGULAR = {"vmlh": "vmlhw", "vmalh": "vmalhw", "vuplh": "vuplhw"}


def _elements(lines: str, make: Any) -> None:
    for line in lines.split("\n"):
        if not line:
            continue
        text, spec = line.split(" | ")
        op, letters, operands = text.split(None, 2)
        format, opcode, field = spec.split()
        base, _, _ = op.partition(":")
        for letter in letters:
            mnemonic = base + letter
            if mnemonic in _IRREGULAR and len(base) < len(mnemonic) and base in ("vml", "vmal", "vupl"):
                mnemonic = _IRREGULAR[mnemonic]
            make(f"{op}.{letter}", f"{mnemonic} {operands}", f"{format} {opcode} {field}={_LETTERS.index(letter)}")


_elements(_ELEMENTS, row)
_elements(_ELEMENTS_IN_MEMORY, mem)
# A lane of a register whose other lanes nobody reads.
for _i, _letter in enumerate("bhfg"):
    row(f"new_lane.{_letter}", f"vlvg{_letter} =v1 r3 d2", f"VRSb E722 m4={_i}")
for _i, _letter in enumerate("bhgf"):
    mem(f"vle.{_letter}", f"vle{_letter} +v1 mem m3.u", f"VRX E70{_i}")
    mem(f"vste.{_letter}", f"vste{_letter} v1 mem m3.u", f"VRX E70{8 + _i:X}")
    row(f"vlei.{_letter}", f"vlei{_letter} +v1 i2 m3.u", f"VRIa E74{_i}")
    if _letter != "b":
        mem(f"vlebr.{_letter}", f"vlebr{_letter} +v1 mem m3.u", f"VRX E60{_i}")
        mem(f"vstebr.{_letter}", f"vstebr{_letter} v1 mem m3.u", f"VRX E60{8 + _i:X}")
table("""
vn =v1 v2 v3 | VRRc E768
vo =v1 v2 v3 | VRRc E76A
vx =v1 v2 v3 | VRRc E76D
vno =v1 v2 v3 | VRRc E76B
vnn =v1 v2 v3 | VRRc E76E
voc =v1 v2 v3 | VRRc E76F
vnx =v1 v2 v3 | VRRc E76C
vnc =v1 v2 v3 | VRRc E769
vperm =v1 v2 v3 v4 | VRRe E78C
vsel =v1 v2 v3 v4 | VRRe E78D
veval =v1 v2 v3 v4 i5.u | VRIk E788
vpdi =v1 v2 v3 m4.u | VRRc E784
vlvgp =v1 r2 r3 | VRRf E762
vlr =v1 v2 | VRRa E756
vsldb =v1 v2 v3 i4.u | VRId E777
vslb =v1 v2 v3 | VRRc E775
vsrlb =v1 v2 v3 | VRRc E77D
vsl =v1 v2 v3 | VRRc E774
vsrl =v1 v2 v3 | VRRc E77C
vsrab =v1 v2 v3 | VRRc E77F
vsra =v1 v2 v3 | VRRc E77E
vbperm =v1 v2 v3 | VRRc E785
vtm v1 v2 | VRRa E7D8
vgbm =v1 i2.u | VRIa E744
""")
table("""
vl =v1 mem | VRX E706
vst v1 mem | VRX E70E
le/ley =f1 mem | RX 78 RXY ED64
ld/ldy =f1 mem | RX 68 RXY ED65
ste/stey f1 mem | RX 70 RXY ED66
std/stdy f1 mem | RX 60 RXY ED67
""", mem)
# Comparisons that also say, in the condition code, whether all lanes (0), some (1) or none (3) hold.
for _i, _letter in enumerate("bhfg"):
    row(f"vceqs.{_letter}", f"vceq{_letter}s =v1 v2 v3", f"VRRb E7F8 m4={_i} m5=1")
# Quotients and remainders of z17, of whole registers.
for _op, _opcode in (("vd", 0xB2), ("vdl", 0xB0), ("vr", 0xB3), ("vrl", 0xB1)):
    row(f"{_op}.q", f"{_op}q =v1 v2 v3 m5.u", f"VRRc E7{_opcode:02X} m4=4")


def replicated(data: bytes) -> tuple[int, int] | None:
    """(element size as a number, value) where 16 bytes repeat one element that is a signed number of 16 bits."""
    for code, size in enumerate((1, 2, 4, 8)):
        if data == data[:size] * (16 // size):
            value = int.from_bytes(data[:size], "big", signed=True)
            if -0x8000 <= value < 0x8000:
                return code, value
    return None


def run_of_ones(data: bytes) -> tuple[int, int, int] | None:
    """(element size as a number, first bit, last bit) where 16 bytes repeat an element whose ones are all neighbours."""
    for code, size in enumerate((1, 2, 4, 8)):
        if data == data[:size] * (16 // size):
            value = int.from_bytes(data[:size], "big")
            low = value & -value
            if value and value & value + low == 0:
                bits = 8 * size
                return code, bits - value.bit_length(), bits - low.bit_length()
    return None


def _constant(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """16 bytes: vgbm where each is 0 or 255, vrepi or vgm where they repeat, else from the pool."""
    data: bytes = inst.imm
    found, ones = replicated(data), run_of_ones(data)
    imm: Any
    if all(b in (0, 255) for b in data):
        row, imm = ROWS["vgbm"], sum((b & 1) << (15 - i) for i, b in enumerate(data))
    elif found is not None:
        row, imm = ROWS["vrepi." + _LETTERS[found[0]]], found[1]
    elif ones is not None:
        row, imm = ROWS["vgm." + _LETTERS[ones[0]]], ones[1:]
    else:
        sink.code += LARL
        sink.fixup(HALF, sink.constant(data), 2)
        sink.code += vrx(0xE706, allocs[0], R1, 0)
        return
    row.encode(sink, MInst(row, (), (), imm), allocs)


def _float_constant(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """8 bytes of the pool."""
    sink.code += LARL
    sink.fixup(HALF, sink.constant(inst.imm), 2)
    sink.code += vrx(0xE705, allocs[0], R1, 0, 3)  # vlrepg


#: Bits -> the row that loads a scalar into any vector register.
MEMORY = {16: "vlrep.h", 32: "vlrep.f", 64: "vlrep.g"}


def _scalar_memory(load: bool, bits: int) -> None:
    """A float and memory: the short instruction where there is one and the register is a floating-point register."""
    short = ROWS[{64: "ld", 32: "le"}[bits] if load else {64: "std", 32: "ste"}[bits]] if bits > 16 else None
    long = ROWS[MEMORY[bits] if load else MEMORY[bits].replace("vlrep", "vste")]

    def family(n: int) -> Any:
        def encode(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
            if short is not None and allocs[0] < V0 + 16:
                short[n].encode(sink, MInst(short[n], (), (), inst.imm), allocs)
            else:
                long[n].encode(sink, MInst(long[n], (), (), inst.imm if load else (inst.imm, 0)), allocs)

        return encode

    name = f"{'load' if load else 'store'}_f{bits}"
    macro_mem(name, f"{name} {'=' if load else ''}v1 mem", family)


for _bits in (16, 32, 64):
    _scalar_memory(True, _bits)
    _scalar_memory(False, _bits)
macro("vconst", "vl =v1", _constant, REMAT)
macro("fconst", "vlrepg =v1", _float_constant, REMAT)
