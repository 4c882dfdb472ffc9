"""Packed integers: arithmetic, comparisons, shifts, products of twice the width, sums."""

from __future__ import annotations

from jitpy.backend.isa.aarch64.insts.vector import packed

packed("""
add      binary   4E208400 bhsd z
sub      binary   6E208400 bhsd z
addp     binary   4E20BC00 bhsd z
mul      binary   4E209C00 bhs  z
mla      accumulate 4E209400 bhs z
mls      accumulate 6E209400 bhs z
cmeq     binary   6E208C00 bhsd z
cmtst    binary   4E208C00 bhsd z
cmgt     binary   4E203400 bhsd z
cmge     binary   4E203C00 bhsd z
cmhi     binary   6E203400 bhsd z
cmhs     binary   6E203C00 bhsd z
smax     binary   4E206400 bhs  z
umax     binary   6E206400 bhs  z
smin     binary   4E206C00 bhs  z
umin     binary   6E206C00 bhs  z
umaxp    binary   6E20A400 bhs  z
uminp    binary   6E20AC00 bhs  z
sqadd    binary   4E200C00 bhsd z
uqadd    binary   6E200C00 bhsd z
sqsub    binary   4E202C00 bhsd z
uqsub    binary   6E202C00 bhsd z
urhadd   binary   6E201400 bhs  z
sshl     binary   4E204400 bhsd z
ushl     binary   6E204400 bhsd z
sqrdmulh binary   6E20B400 hs   z
cmeq0    zero     4E209800 bhsd z =cmeq
cmlt0    zero     4E20A800 bhsd z =cmlt
cmge0    zero     6E208800 bhsd z =cmge
cmgt0    zero     4E208800 bhsd z =cmgt
cmle0    zero     6E209800 bhsd z =cmle
abs      unary    4E20B800 bhsd z
neg      unary    6E20B800 bhsd z
cnt      unary    4E205800 b    z
clz      unary    6E204800 bhs  z
cls      unary    4E204800 bhs  z
rbit     unary    6E605800 b    -
rev64    unary    4E200800 bhs  z
rev32    unary    6E200800 bh   z
rev16    unary    4E201800 b    z
saddlp   pairs    4E202800 bhs  z
uaddlp   pairs    6E202800 bhs  z
smull    long     0E20C000 bhs  z
umull    long     2E20C000 bhs  z
smull2   long2    4E20C000 bhs  z
umull2   long2    6E20C000 bhs  z
sxtl     widen    0F00A400 bhs  w
uxtl     widen    2F00A400 bhs  w
sxtl2    widen2   4F00A400 bhs  w
uxtl2    widen2   6F00A400 bhs  w
xtn      narrow   0E212800 bhs  z
xtn2     narrow2  4E212800 bhs  z
sqxtn    narrow   0E214800 bhs  z
sqxtn2   narrow2  4E214800 bhs  z
uqxtn    narrow   2E214800 bhs  z
uqxtn2   narrow2  6E214800 bhs  z
sqxtun   narrow   2E212800 bhs  z
sqxtun2  narrow2  6E212800 bhs  z
shl      left     4F005400 bhsd -
sshr     right    4F000400 bhsd -
ushr     right    6F000400 bhsd -
ssra     right_into 4F001400 bhsd -
usra     right_into 6F001400 bhsd -
sri      right_into 6F004400 bhsd -
sli      left_into  6F005400 bhsd -
addv     across   4E31B800 bhs  z
umaxv    across   6E30A800 bhs  z
uminv    across   6E31A800 bhs  z
uaddlv   across_long 6E303800 bhs z
sdot     dot      4E809400 b    -
udot     dot      6E809400 b    -
usdot    dot      4E809C00 b    -
""")
