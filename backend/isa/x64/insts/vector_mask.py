"""AVX-512's mask registers: comparisons into them, vectors from them, moves, tests."""

from __future__ import annotations

from jitpy.backend.isa.x64.insts.vector import packed
from jitpy.backend.isa.x64.rows import mem, row
from jitpy.backend.target.row import MOVE

_LANES = (("b", "F", ""), ("w", "F", " W1"), ("d", "7", ""), ("q", "7", " W1"))
for _k, _low, _w in _LANES:
    for _sign, _byte in (("", "3F"), ("u", "3E")):
        _opcode = _byte if _low == "F" else "1" + _byte[1]
        for _n, _cc in ((0, "eq"), (1, "lt"), (2, "le"), (4, "neq"), (5, "nlt"), (6, "nle")):
            packed(f"pcmp{_cc}{_sign}{_k}:k to_mask 66.0F3A.{_opcode}=0{_n} eEZ{_w} =pcmp{_cc}{_sign}{_k}")
    _b = "2" if _low == "F" else "3"
    packed(f"pmovm2{_k} of_mask F3.0F38.{_b}8 eEZ{_w}\npmov{_k}2m mask_of F3.0F38.{_b}9 eEZ{_w}")
packed("""
ptestmd     to_mask  66.0F38.27 eEZ
pblendmb    masked_binary 66.0F38.66 eEZ
pblendmw    masked_binary 66.0F38.66 eEZ W1
pblendmd    masked_binary 66.0F38.64 eEZ
pblendmq    masked_binary 66.0F38.64 eEZ W1
movdqu8:z   zeroed_unary F2.0F.6F eEZ =movdqu8
movdqu16:z  zeroed_unary F2.0F.6F eEZ W1 =movdqu16
movdqu32:z  zeroed_unary F3.0F.6F eEZ =movdqu32
movdqu64:z  zeroed_unary F3.0F.6F eEZ W1 =movdqu64
""")
_PREDICATES = (*enumerate(("eq", "lt", "le", "unord", "neq", "nlt", "nle", "ord")), (8, "eq_uq"), (12, "neq_oq"))
for _n, _cc in _PREDICATES:
    packed(f"cmp{_cc}ps:k to_mask NP.0F.C2={_n:02X} eEZ =cmp{_cc}ps\ncmp{_cc}pd:k to_mask 66.0F.C2={_n:02X} eEZ W1 =cmp{_cc}pd")

for _k, _p, _w in (("w", "", "W0"), ("q", "", "W1"), ("d", "66.", "W1"), ("b", "66.", "W0")):
    row(f"kortest{_k}", f"kortest{_k} reg.k rm.k", f"VEX.128.{_p}0F.{_w} 98 /r")
row("kmovd_rk", "kmovd =reg.d rm.k", "VEX.128.F2.0F.W0 93 /r")
row("kmovq_rk", "kmovq =reg.q rm.k", "VEX.128.F2.0F.W1 93 /r")
row("kmovd_kr", "kmovd =reg.k rm.d", "VEX.128.F2.0F.W0 92 /r")
row("kmovq_kr", "kmovq =reg.k rm.q", "VEX.128.F2.0F.W1 92 /r")
row("kmovq_kk", "kmovq =reg.k rm.k", "VEX.128.0F.W1 90 /r", MOVE)
mem("kmovq_rm", "kmovq =reg.k mem.q", "VEX.128.0F.W1 90 /r")
mem("kmovq_mr", "kmovq mem.q reg.k", "VEX.128.0F.W1 91 /r")
