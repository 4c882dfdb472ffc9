"""Packed floats: arithmetic, comparison, rounding, conversion."""

from __future__ import annotations

from jitpy.backend.isa.aarch64.insts.vector import packed

packed("""
fadd     binary   4E20D400 sd f
fsub     binary   4EA0D400 sd f
fmul     binary   6E20DC00 sd f
fdiv     binary   6E20FC00 sd f
fmax     binary   4E20F400 sd f
fmin     binary   4EA0F400 sd f
fmla     accumulate 4E20CC00 sd f
fmls     accumulate 4EA0CC00 sd f
fcmeq    binary   4E20E400 sd f
fcmge    binary   6E20E400 sd f
fcmgt    binary   6EA0E400 sd f
fabs     unary    4EA0F800 sd f
fneg     unary    6EA0F800 sd f
fsqrt    unary    6EA1F800 sd f
frintn   unary    4E218800 sd f
frintm   unary    4E219800 sd f
frintp   unary    4EA18800 sd f
frintz   unary    4EA19800 sd f
fcvtzs   unary    4EA1B800 sd f
fcvtzu   unary    6EA1B800 sd f
scvtf    unary    4E21D800 sd f
ucvtf    unary    6E21D800 sd f
fcvtl_h  widen    0E217800 h  f =fcvtl
fcvtl2_h widen2   4E217800 h  f =fcvtl2
fcvtn_h  narrow   0E216800 h  f =fcvtn
fcvtn2_h narrow2  4E216800 h  f =fcvtn2
fcvtl_s  widen    0E617800 s  - =fcvtl
fcvtl2_s widen2   4E617800 s  - =fcvtl2
fcvtn_s  narrow   0E616800 s  - =fcvtn
fcvtn2_s narrow2  4E616800 s  - =fcvtn2
fcvtxn_s narrow   2E616800 s  - =fcvtxn
fcvtxn2_s narrow2 6E616800 s  - =fcvtxn2
""")
# Half precision: the same operations with words of their own.
packed("""
hadd     binary   4E401400 h - =fadd
hsub     binary   4EC01400 h - =fsub
hmul     binary   6E401C00 h - =fmul
hdiv     binary   6E403C00 h - =fdiv
hmax     binary   4E403400 h - =fmax
hmin     binary   4EC03400 h - =fmin
hmla     accumulate 4E400C00 h - =fmla
hmls     accumulate 4EC00C00 h - =fmls
hcmeq    binary   4E402400 h - =fcmeq
hcmge    binary   6E402400 h - =fcmge
hcmgt    binary   6EC02400 h - =fcmgt
habs     unary    4EF8F800 h - =fabs
hneg     unary    6EF8F800 h - =fneg
hsqrt    unary    6EF9F800 h - =fsqrt
hrintn   unary    4E798800 h - =frintn
hrintm   unary    4E799800 h - =frintm
hrintp   unary    4EF98800 h - =frintp
hrintz   unary    4EF99800 h - =frintz
hcvtzs   unary    4EF9B800 h - =fcvtzs
hcvtzu   unary    6EF9B800 h - =fcvtzu
hscvtf   unary    4E79D800 h - =scvtf
hucvtf   unary    6E79D800 h - =ucvtf
""")
