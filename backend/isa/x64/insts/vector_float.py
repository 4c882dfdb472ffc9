"""Packed floats: arithmetic, comparison, rounding, conversion."""

from __future__ import annotations

from jitpy.backend.isa.x64.insts.vector import packed

for _s, _p, _e in (("ps", "NP", ""), ("pd", "66", " E1")):
    for _op, _byte in (("add", "58"), ("mul", "59"), ("sub", "5C"), ("min", "5D"), ("div", "5E"), ("max", "5F")):
        packed(f"{_op}{_s} binary {_p}.0F.{_byte} LVYZ{_e}")
    packed(f"sqrt{_s} unary {_p}.0F.51 LVYZ{_e}")
    for _n, _cc in enumerate(("eq", "lt", "le", "unord", "neq", "nlt", "nle", "ord")):
        packed(f"cmp{_cc}{_s} binary {_p}.0F.C2=0{_n} LVY")
    # Two of the predicates that VEX adds.
    packed(f"cmpeq_uq{_s} binary {_p}.0F.C2=08 VY\ncmpneq_oq{_s} binary {_p}.0F.C2=0C VY")
packed("""
roundps     unary_imm 66.0F3A.08 LVY
roundpd     unary_imm 66.0F3A.09 LVY
rndscaleps  unary_imm 66.0F3A.08 Z
rndscalepd  unary_imm 66.0F3A.09 Z W1
vfmadd231ps accumulate 66.0F38.B8 VYZ
vfmadd231pd accumulate 66.0F38.B8 VYZ W1
cvtdq2ps    unary     NP.0F.5B  LVYZ
cvttps2dq   unary     F3.0F.5B  LVYZ
cvtdq2pd    from_half F3.0F.E6  LVYZ
cvttpd2dq   to_half   66.0F.E6  LVYZ E1
cvtps2pd    from_half NP.0F.5A  LVYZ
cvtpd2ps    to_half   66.0F.5A  LVYZ E1
cvtudq2ps   unary     F2.0F.7A  eEZ
cvtqq2pd    unary     F3.0F.E6  eEZ W1
cvtuqq2pd   unary     F3.0F.7A  eEZ W1
cvttps2udq  unary     NP.0F.78  eEZ
cvttpd2qq   unary     66.0F.7A  eEZ W1
cvttpd2uqq  unary     66.0F.78  eEZ W1
cvtph2ps    from_half 66.0F38.13 VYZ
cvtps2ph    store_half_imm 66.0F3A.1D VYZ
""")
