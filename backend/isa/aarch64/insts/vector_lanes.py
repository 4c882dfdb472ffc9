"""Lanes: permutations, insertion, extraction, broadcasts."""

from __future__ import annotations

from jitpy.backend.isa.aarch64.insts.vector import packed

packed("""
zip1     binary   4E003800 bhsd z
zip2     binary   4E007800 bhsd z
uzp1     binary   4E001800 bhsd z
uzp2     binary   4E005800 bhsd z
trn1     binary   4E002800 bhsd z
trn2     binary   4E006800 bhsd z
tbl      table      4E000000 b -
tbx      table_into 4E001000 b -
ext      extend_bytes 6E000000 b -
dup      dup      4E000400 bhsd -
dup_general dup_general 4E000C00 bhsd 5 =dup
insert_general insert_general 4E001C00 bhsd - =mov
insert   insert   6E000400 bhsd - =mov
umov     extract  0E003C00 bh   -
umov_mov extract  0E003C00 s    - =mov
umov_long extract 4E003C00 d    - =mov
smov     extract_w 0E002C00 bh  -
smov_long extract_x 4E002C00 bhs - =smov
ld1r     load     4D40C000 bhsd l
""")
