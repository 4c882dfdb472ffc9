"""Integer arithmetic, logic, shifts, bit counting, moves, conditional moves, and the same with a second operand in memory.

Rows are named as the manual names them; ``:r`` are shifts by a count in a register. 32-bit instructions leave the upper
half of a register alone.
"""

from __future__ import annotations

from typing import Any

from jitpy.backend.isa.s390x.frame import memory, rre
from jitpy.backend.isa.s390x.regs import R0, R1, SP
from jitpy.backend.isa.s390x.rows import macro, mem, row, table
from jitpy.backend.target.row import MOVE, REMAT, REMAT_SLOT, MInst

row("move", "lgr =r1 r2", "RRE B904", MOVE)
row("move_vector", "vlr =v1 v2", "VRRa E756", MOVE)
table("""
ark =r1 r2 r3 | RRFa B9F8
agrk =r1 r2 r3 | RRFa B9E8
srk =r1 r2 r3 | RRFa B9F9
sgrk =r1 r2 r3 | RRFa B9E9
nrk =r1 r2 r3 | RRFa B9F4
ngrk =r1 r2 r3 | RRFa B9E4
ork =r1 r2 r3 | RRFa B9F6
ogrk =r1 r2 r3 | RRFa B9E6
xrk =r1 r2 r3 | RRFa B9F7
xgrk =r1 r2 r3 | RRFa B9E7
alrk =r1 r2 r3 | RRFa B9FA
algrk =r1 r2 r3 | RRFa B9EA
slrk =r1 r2 r3 | RRFa B9FB
slgrk =r1 r2 r3 | RRFa B9EB
alcgr +r1 r2 | RRE B988
slbgr +r1 r2 | RRE B989
nnrk =r1 r2 r3 | RRFa B974
nngrk =r1 r2 r3 | RRFa B964
nork =r1 r2 r3 | RRFa B976
nogrk =r1 r2 r3 | RRFa B966
nxrk =r1 r2 r3 | RRFa B977
nxgrk =r1 r2 r3 | RRFa B967
ncrk =r1 r2 r3 | RRFa B9F5
ncgrk =r1 r2 r3 | RRFa B9E5
ocrk =r1 r2 r3 | RRFa B975
ocgrk =r1 r2 r3 | RRFa B965
msrkc =r1 r2 r3 | RRFa B9FD
msgrkc =r1 r2 r3 | RRFa B9ED
agfr +r1 r2 | RRE B918
sgfr +r1 r2 | RRE B919
algfr +r1 r2 | RRE B91A
slgfr +r1 r2 | RRE B91B
msgfr +r1 r2 | RRE B91C
cgfr r1 r2 | RRE B930
clgfr r1 r2 | RRE B931
cr r1 r2 | RR 19
cgr r1 r2 | RRE B920
clr r1 r2 | RR 15
clgr r1 r2 | RRE B921
lcr =r1 r2 | RR 13
lcgr =r1 r2 | RRE B903
lpr =r1 r2 | RR 10
lpgr =r1 r2 | RRE B900
lgfr =r1 r2 | RRE B914
llgfr =r1 r2 | RRE B916
lgbr =r1 r2 | RRE B906
lghr =r1 r2 | RRE B907
llgcr =r1 r2 | RRE B984
llghr =r1 r2 | RRE B985
lrvr =r1 r2 | RRE B91F
lrvgr =r1 r2 | RRE B90F
clzg =r1 r2 | RRE B968
ctzg =r1 r2 | RRE B969
sllk =r1 r3 d2 | RSYa EBDF
srlk =r1 r3 d2 | RSYa EBDE
srak =r1 r3 d2 | RSYa EBDC
rll =r1 r3 d2 | RSYa EB1D
sllg =r1 r3 d2 | RSYa EB0D
srlg =r1 r3 d2 | RSYa EB0C
srag =r1 r3 d2 | RSYa EB0A
rllg =r1 r3 d2 | RSYa EB1C
risbgn +r1 r2 i3.u i4.u i5.u | RIEf EC59
ahik =r1 r3 i2 | RIEd ECD8
aghik =r1 r3 i2 | RIEd ECD9
afi +r1 i2 | RIL C29
agfi +r1 i2 | RIL C28
alfi +r1 i2.u | RIL C2B
nilf +r1 i2.u | RIL C0B
nihf +r1 i2.u | RIL C0A
oilf +r1 i2.u | RIL C0D
oihf +r1 i2.u | RIL C0C
xilf +r1 i2.u | RIL C07
xihf +r1 i2.u | RIL C06
mhi +r1 i2 | RI A7C
mghi +r1 i2 | RI A7D
msfi +r1 i2 | RIL C21
msgfi +r1 i2 | RIL C20
chi r1 i2 | RI A7E
cghi r1 i2 | RI A7F
cfi r1 i2 | RIL C2D
cgfi r1 i2 | RIL C2C
clfi r1 i2.u | RIL C2F
clgfi r1 i2.u | RIL C2E
tmll r1 i2.u | RI A71
tmlh r1 i2.u | RI A70
tmhl r1 i2.u | RI A73
tmhh r1 i2.u | RI A72
locgr% +r1 r2 m3 | RRFc B9E2
locghi% +r1 i2 m3 | RIEg EC46
selgr% =r1 r2 r3 m4 | RRFa B9E3
sllk:r =r1 r3 b2 | RSYa EBDF
srlk:r =r1 r3 b2 | RSYa EBDE
srak:r =r1 r3 b2 | RSYa EBDC
rll:r =r1 r3 b2 | RSYa EB1D
sllg:r =r1 r3 b2 | RSYa EB0D
srlg:r =r1 r3 b2 | RSYa EB0C
srag:r =r1 r3 b2 | RSYa EB0A
rllg:r =r1 r3 b2 | RSYa EB1C
""")
table("""
l/ly =r1 mem | RX 58 RXY E358
lg =r1 mem | RXY E304
lgb =r1 mem | RXY E377
lgh =r1 mem | RXY E315
lgf =r1 mem | RXY E314
llc =r1 mem | RXY E394
llgc =r1 mem | RXY E390
llh =r1 mem | RXY E395
llgh =r1 mem | RXY E391
llgf =r1 mem | RXY E316
lrvh =r1 mem | RXY E31F
lrv =r1 mem | RXY E31E
lrvg =r1 mem | RXY E30F
strvh r1 mem | RXY E33F
strv r1 mem | RXY E33E
strvg r1 mem | RXY E32F
stc/stcy r1 mem | RX 42 RXY E372
sth/sthy r1 mem | RX 40 RXY E370
st/sty r1 mem | RX 50 RXY E350
stg r1 mem | RXY E324
la/lay =r1 mem | RX 41 RXY E371
lxab =r1 mem | RXY E360
lxah =r1 mem | RXY E362
lxaf =r1 mem | RXY E364
lxag =r1 mem | RXY E366
lxaq =r1 mem | RXY E368
llxab =r1 mem | RXY E361
llxah =r1 mem | RXY E363
llxaf =r1 mem | RXY E365
llxag =r1 mem | RXY E367
llxaq =r1 mem | RXY E369
a/ay +r1 mem | RX 5A RXY E35A
ag +r1 mem | RXY E308
s/sy +r1 mem | RX 5B RXY E35B
sg +r1 mem | RXY E309
n/ny +r1 mem | RX 54 RXY E354
ng +r1 mem | RXY E380
o/oy +r1 mem | RX 56 RXY E356
og +r1 mem | RXY E381
x/xy +r1 mem | RX 57 RXY E357
xg +r1 mem | RXY E382
ms/msy +r1 mem | RX 71 RXY E351
msg +r1 mem | RXY E30C
ah/ahy +r1 mem | RX 4A RXY E37A
sh/shy +r1 mem | RX 4B RXY E37B
mh/mhy +r1 mem | RX 4C RXY E37C
ch/chy r1 mem | RX 49 RXY E379
agh +r1 mem | RXY E338
sgh +r1 mem | RXY E339
mgh +r1 mem | RXY E33C
cgh r1 mem | RXY E334
agf +r1 mem | RXY E318
sgf +r1 mem | RXY E319
msgf +r1 mem | RXY E31C
cgf r1 mem | RXY E330
algf +r1 mem | RXY E31A
slgf +r1 mem | RXY E31B
clgf r1 mem | RXY E331
c/cy r1 mem | RX 59 RXY E359
cg r1 mem | RXY E320
cl/cly r1 mem | RX 55 RXY E355
clg r1 mem | RXY E321
mvi/mviy mem i2.u | SI 92 SIY EB52
mvhhi mem i2 | SIL E544
mvhi mem i2 | SIL E54C
mvghi mem i2 | SIL E548
""", mem)
# The number of ones in each byte, and in the whole register.
row("popcnt:8", "popcnt =r1 r2", "RRE B9E1")
row("popcnt", "popcnt =r1 r2 m3.u", "RRFc B9E1")


def load_constant(r: int, value: int) -> bytes:
    """A constant into a register, without touching the condition code."""
    value &= 0xFFFFFFFFFFFFFFFF
    signed = value - (value >> 63 << 64)
    if -0x8000 <= signed < 0x8000:
        return bytes((0xA7, r << 4 | 9)) + (signed & 0xFFFF).to_bytes(2, "big")  # lghi
    for shift, digit in ((0, 15), (16, 14), (32, 13), (48, 12)):
        if value & ~(0xFFFF << shift) == 0:  # llill to llihh
            return bytes((0xA5, r << 4 | digit)) + (value >> shift).to_bytes(2, "big")
    if -0x80000000 <= signed < 0x80000000:
        return bytes((0xC0, r << 4 | 1)) + (signed & 0xFFFFFFFF).to_bytes(4, "big")  # lgfi
    if value < 1 << 32:
        return bytes((0xC0, r << 4 | 15)) + value.to_bytes(4, "big")  # llilf
    high = bytes((0xC0, r << 4 | 14)) + (value >> 32).to_bytes(4, "big")  # llihf
    if value & 0xFFFFFFFF == 0:
        return high
    return high + bytes((0xC0, r << 4 | 9)) + (value & 0xFFFFFFFF).to_bytes(4, "big")  # iilf


def _constant(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """A constant into a register, or by way of r1 into a spill slot (recomputed for a move)."""
    r = allocs[0]
    if r < 0:
        sink.code += load_constant(R1, inst.imm) + memory(0xE324, R1, SP, sink.frame.spills + 8 * ~r)
    else:
        sink.code += load_constant(r, inst.imm)


_LGR, _LGFR = 0xB904, 0xB914


def _mul_unsigned(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """r0:r1 = r1 * y: lgr r1, x; mlgr r0, y."""
    low, high, x, y = allocs
    sink.code += rre(_LGR, R1, x) + rre(0xB986, R0, y)
    _both(sink, low, high)


def _mul_signed(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """mgrk r0, x, y."""
    low, high, x, y = allocs
    sink.code += (0xB9EC << 16 | y << 12 | R0 << 4 | x).to_bytes(4, "big")
    _both(sink, low, high)


def _both(sink: Any, low: int, high: int) -> None:
    sink.code += rre(_LGR, low, R1) + rre(_LGR, high, R0)


#: (signed, bits) -> r0 before, the move of the dividend to r1, the division of r0:r1.
_DIVISIONS = {
    (False, 64): (b"\xa7\x09\0\0", _LGR, 0xB987), (False, 32): (b"\xa7\x09\0\0", _LGR, 0xB997),
    (True, 64): (b"", _LGR, 0xB90D), (True, 32): (b"", _LGFR, 0xB91D),
}  # fmt: skip


def _divide(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """imm: (signed, bits, remainder?). The quotient comes in r1, the remainder in r0."""
    d, x, y = allocs
    signed, bits, remainder = inst.imm
    before, move, divide = _DIVISIONS[signed, bits]
    sink.code += before + rre(move, R1, x) + rre(divide, R0, y) + rre(_LGR, d, R0 if remainder else R1)


def _find_leftmost_one(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """flogr r0, x: the number of leading zeros; r1 is destroyed."""
    d, x = allocs
    sink.code += rre(0xB983, R0, x) + rre(_LGR, d, R0)


macro("const", "lgfi =r1", _constant, REMAT | REMAT_SLOT)
macro("mul_unsigned", "mlgr =r1 =r2 r3 r4", _mul_unsigned)
macro("mul_signed", "mgrk =r1 =r2 r3 r4", _mul_signed)
macro("divide", "divide =r1 r2 r3", _divide)
macro("flogr", "flogr =r1 r2", _find_leftmost_one)
