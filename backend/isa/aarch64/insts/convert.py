"""Conversions between integers and floats, among floats, and moves of bits between the register classes."""

from __future__ import annotations

from jitpy.backend.isa.aarch64.rows import row

#: Letter of a float -> its type field.
TYPES = {"s": 0, "d": 1 << 22, "h": 3 << 22}
for _f, _type in TYPES.items():
    for _bits, _k, _sf in ((32, "w", 0), (64, "x", 1 << 31)):
        row(f"scvtf_{_f}{_bits}", f"scvtf =Rd.{_f} Rn.{_k}", 0x1E220000 | _type | _sf)
        row(f"ucvtf_{_f}{_bits}", f"ucvtf =Rd.{_f} Rn.{_k}", 0x1E230000 | _type | _sf)
        row(f"fcvtzs_{_f}{_bits}", f"fcvtzs =Rd.{_k} Rn.{_f}", 0x1E380000 | _type | _sf)
        row(f"fcvtzu_{_f}{_bits}", f"fcvtzu =Rd.{_k} Rn.{_f}", 0x1E390000 | _type | _sf)
    for _to, _opc in (("s", 0), ("d", 1 << 15), ("h", 3 << 15)):
        if _to != _f:
            row(f"fcvt_{_to}{_f}", f"fcvt =Rd.{_to} Rn.{_f}", 0x1E224000 | _type | _opc)
# Bits; those of 16 want half precision. Halves of 128-bit registers; a move to a scalar clears the rest.
for _f, _k, _word in (("s", "w", 0x1E260000), ("d", "x", 0x9E660000), ("h", "w", 0x1EE60000)):
    row(f"fmov_{_k}{_f}", f"fmov =Rd.{_k} Rn.{_f}", _word)
    row(f"fmov_{_f}{_k}", f"fmov =Rd.{_f} Rn.{_k}", _word | 1 << 16)
row("fmov_ss", "fmov =Rd.s Rn.s", 0x1E204000)
row("fmov_dd", "fmov =Rd.d Rn.d", 0x1E604000)
# f64 to f32, rounded to odd.
row("fcvtxn", "fcvtxn =Rd.s Rn.d", 0x7E616800)
# The upper half of a vector register, and population counts, which only vector registers do.
row("mov_high_x", "mov =Rd.x Rn.d[1]", 0x4E183C00)
row("insert_high", "mov +Rd.d[1] Rn.x", 0x4E181C00)
row("cnt_8b", "cnt =Rd.8b Rn.8b", 0x0E205800)
row("addv_8b", "addv =Rd.b Rn.8b", 0x0E31B800)
