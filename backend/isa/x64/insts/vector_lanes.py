"""Lanes: shuffles, packs, extensions, insertion, extraction, broadcasts, blends."""

from __future__ import annotations

from jitpy.backend.isa.x64.insts.vector import packed

packed("""
pshufd      unary_imm  66.0F.70 LVYZ
pshuflw     unary_imm  F2.0F.70 LVYZ
pshufhw     unary_imm  F3.0F.70 LVYZ
shufps      binary_imm NP.0F.C6 LVYZ
punpcklbw   binary   66.0F.60   LVYZ
punpcklwd   binary   66.0F.61   LVYZ
punpckldq   binary   66.0F.62   LVYZ
punpcklqdq  binary   66.0F.6C   LVYZ E1
punpckhbw   binary   66.0F.68   LVYZ
punpckhwd   binary   66.0F.69   LVYZ
punpckhdq   binary   66.0F.6A   LVYZ
punpckhqdq  binary   66.0F.6D   LVYZ E1
packsswb    binary   66.0F.63   LVYZ
packssdw    binary   66.0F.6B   LVYZ
packuswb    binary   66.0F.67   LVYZ
packusdw    binary   66.0F38.2B LVYZ
pshufb      binary   66.0F38.00 LVYZ
palignr     binary_imm 66.0F3A.0F LVYZ
pblendw     binary_imm 66.0F3A.0E LVY
pblendvb:v  blend    66.0F3A.4C VY
pblendvb    blend    66.0F38.10 L
blendvps:v  blend    66.0F3A.4A VY
blendvps    blend    66.0F38.14 L
blendvpd:v  blend    66.0F3A.4B VY
blendvpd    blend    66.0F38.15 L
movss       binary_reg F3.0F.10 LV
movsd       binary_reg F2.0F.10 LV
pmovsxbw    from_half    66.0F38.20 LVYZ
pmovsxwd    from_half    66.0F38.23 LVYZ
pmovsxdq    from_half    66.0F38.25 LVYZ
pmovzxbw    from_half    66.0F38.30 LVYZ
pmovzxwd    from_half    66.0F38.33 LVYZ
pmovzxdq    from_half    66.0F38.35 LVYZ
pmovsqd     store_half   F3.0F38.25 eEZ
pmovusqd    store_half   F3.0F38.15 eEZ
pinsrb      insert_b 66.0F3A.20 LV
pinsrw      insert_w 66.0F.C4   LV
pinsrd      insert_d 66.0F3A.22 LV
pinsrq      insert_q 66.0F3A.22 LV W1
pextrb      extract_b 66.0F3A.14 LV
pextrd      extract_d 66.0F3A.16 LV
pextrq      extract_q 66.0F3A.16 LV W1
insertps    insert_ss 66.0F3A.21 LV
pbroadcastb broadcast_sb 66.0F38.78 VYZ
pbroadcastw broadcast_sh 66.0F38.79 VYZ
pbroadcastd broadcast_ss 66.0F38.58 VYZ
pbroadcastq broadcast_sd 66.0F38.59 VYZ E1
pbroadcastb:r broadcast_general_d 66.0F38.7A eEZ =pbroadcastb
pbroadcastw:r broadcast_general_d 66.0F38.7B eEZ =pbroadcastw
pbroadcastd:r broadcast_general_d 66.0F38.7C eEZ =pbroadcastd
pbroadcastq:r broadcast_general_q 66.0F38.7C eEZ W1 =pbroadcastq
inserti128  insert_128  66.0F3A.38 Y
extracti128 extract_128 66.0F3A.39 Y
inserti32x4 insert_128  66.0F3A.38 Z
extracti32x4 extract_128 66.0F3A.39 Z
inserti64x4 insert_256  66.0F3A.3A Z W1
extracti64x4 extract_256 66.0F3A.3B Z W1
permq       unary_imm   66.0F3A.00 YZ W1
permq:v     binary      66.0F38.36 Z W1 =permq
permt2b     accumulate  66.0F38.7D eEZ
""")
