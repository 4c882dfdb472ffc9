"""Packed integers: arithmetic, logic, shifts, comparisons."""

from __future__ import annotations

from jitpy.backend.isa.x64.insts.vector import packed

packed("""
paddb       binary   66.0F.FC   LVYZ
paddw       binary   66.0F.FD   LVYZ
paddd       binary   66.0F.FE   LVYZ
paddq       binary   66.0F.D4   LVYZ E1
psubb       binary   66.0F.F8   LVYZ
psubw       binary   66.0F.F9   LVYZ
psubd       binary   66.0F.FA   LVYZ
psubq       binary   66.0F.FB   LVYZ E1
paddsb      binary   66.0F.EC   LVYZ
paddsw      binary   66.0F.ED   LVYZ
paddusb     binary   66.0F.DC   LVYZ
paddusw     binary   66.0F.DD   LVYZ
psubsb      binary   66.0F.E8   LVYZ
psubsw      binary   66.0F.E9   LVYZ
psubusb     binary   66.0F.D8   LVYZ
psubusw     binary   66.0F.D9   LVYZ
pavgb       binary   66.0F.E0   LVYZ
pavgw       binary   66.0F.E3   LVYZ
pmullw      binary   66.0F.D5   LVYZ
pmulhw      binary   66.0F.E5   LVYZ
pmulhuw     binary   66.0F.E4   LVYZ
pmulld      binary   66.0F38.40 LVYZ
pmullq      binary   66.0F38.40 eEZ W1
pmuludq     binary   66.0F.F4   LVYZ E1
pmuldq      binary   66.0F38.28 LVYZ E1
pmaddwd     binary   66.0F.F5   LVYZ
pmaddubsw   binary   66.0F38.04 LVYZ
pmulhrsw    binary   66.0F38.0B LVYZ
psadbw      binary   66.0F.F6   LVYZ
phaddw      binary   66.0F38.01 LVY
pminub      binary   66.0F.DA   LVYZ
pminsw      binary   66.0F.EA   LVYZ
pmaxub      binary   66.0F.DE   LVYZ
pmaxsw      binary   66.0F.EE   LVYZ
pminsb      binary   66.0F38.38 LVYZ
pminsd      binary   66.0F38.39 LVYZ
pminsq      binary   66.0F38.39 eEZ W1
pminuw      binary   66.0F38.3A LVYZ
pminud      binary   66.0F38.3B LVYZ
pminuq      binary   66.0F38.3B eEZ W1
pmaxsb      binary   66.0F38.3C LVYZ
pmaxsd      binary   66.0F38.3D LVYZ
pmaxsq      binary   66.0F38.3D eEZ W1
pmaxuw      binary   66.0F38.3E LVYZ
pmaxud      binary   66.0F38.3F LVYZ
pmaxuq      binary   66.0F38.3F eEZ W1
pabsb       unary    66.0F38.1C LVYZ
pabsw       unary    66.0F38.1D LVYZ
pabsd       unary    66.0F38.1E LVYZ
pabsq       unary    66.0F38.1F eEZ W1
pand        binary   66.0F.DB   LVYZ E1 =pandq
pandn       binary   66.0F.DF   LVYZ E1 =pandnq
por         binary   66.0F.EB   LVYZ E1 =porq
pxor        binary   66.0F.EF   LVYZ E1 =pxorq
pternlogd   accumulate_imm 66.0F3A.25 eEZ
psllw       shift    66.0F.F1   LVYZ
pslld       shift    66.0F.F2   LVYZ
psllq       shift    66.0F.F3   LVYZ E1
psrlw       shift    66.0F.D1   LVYZ
psrld       shift    66.0F.D2   LVYZ
psrlq       shift    66.0F.D3   LVYZ E1
psraw       shift    66.0F.E1   LVYZ
psrad       shift    66.0F.E2   LVYZ
psraq       shift    66.0F.E2   eEZ W1
psllw:i     shift_imm 66.0F.71/6 LVYZ =psllw
pslld:i     shift_imm 66.0F.72/6 LVYZ =pslld
psllq:i     shift_imm 66.0F.73/6 LVYZ E1 =psllq
psrlw:i     shift_imm 66.0F.71/2 LVYZ =psrlw
psrld:i     shift_imm 66.0F.72/2 LVYZ =psrld
psrlq:i     shift_imm 66.0F.73/2 LVYZ E1 =psrlq
psraw:i     shift_imm 66.0F.71/4 LVYZ =psraw
psrad:i     shift_imm 66.0F.72/4 LVYZ =psrad
psraq:i     shift_imm 66.0F.72/4 eEZ W1 =psraq
prold:i     shift_imm 66.0F.72/1 eEZ =prold
prolq:i     shift_imm 66.0F.72/1 eEZ W1 =prolq
pslldq:i    shift_imm 66.0F.73/7 LV
psrldq:i    shift_imm 66.0F.73/3 LV
popcntb     unary    66.0F38.54 eEZ
popcntw     unary    66.0F38.54 eEZ W1
popcntd     unary    66.0F38.55 eEZ
popcntq     unary    66.0F38.55 eEZ W1
pcmpeqb     binary   66.0F.74   LVY
pcmpeqw     binary   66.0F.75   LVY
pcmpeqd     binary   66.0F.76   LVY
pcmpeqq     binary   66.0F38.29 LVY
pcmpgtb     binary   66.0F.64   LVY
pcmpgtw     binary   66.0F.65   LVY
pcmpgtd     binary   66.0F.66   LVY
pcmpgtq     binary   66.0F38.37 LVY
ptest       flags    66.0F38.17 LVY
pmovmskb    to_general 66.0F.D7 LVY
movmskps    to_general NP.0F.50 LVY
movmskpd    to_general 66.0F.50 LVY
""")
