"""Conversions between integers and floats, and among floats.

The legacy forms into a vector register keep its upper lanes and so depend on the old value: they are written with a
first operand that lowering has cleared. The VEX forms take those lanes from ``vvvv``.
"""

from __future__ import annotations

from jitpy.backend.isa.x64.rows import mem, rm, row

for _s, _pp, _other, _narrow in (("ss", "F3", "sd", "cvtss2sd"), ("sd", "F2", "ss", "cvtsd2ss")):
    for _bits, _k, _p, _w in ((32, "d", "", "W0"), (64, "q", "REX.W ", "W1")):
        rm(f"cvtsi2{_s}{_bits}", f"cvtsi2{_s} +reg.{_s} rm?.{_k}", f"{_pp} {_p}0F 2A /r")
        rm(f"vcvtsi2{_s}{_bits}", f"vcvtsi2{_s} =reg.{_s} vvvv.{_s} rm?.{_k}", f"VEX.128.{_pp}.0F.{_w} 2A /r")
        rm(f"cvtt{_s}2si{_bits}", f"cvtt{_s}2si =reg.{_k} rm?.{_s}", f"{_pp} {_p}0F 2C /r")
        rm(f"vcvtt{_s}2si{_bits}", f"vcvtt{_s}2si =reg.{_k} rm?.{_s}", f"VEX.128.{_pp}.0F.{_w} 2C /r")
    rm(_narrow, f"{_narrow} +reg.{_other} rm?.{_s}", f"{_pp} 0F 5A /r")
    rm("v" + _narrow, f"v{_narrow} =reg.{_other} vvvv.{_other} rm?.{_s}", f"VEX.128.{_pp}.0F 5A /r")
# Half precision (F16C), four lanes at a time; only lane 0 matters here.
row("vcvtph2ps_rr", "vcvtph2ps =reg.x rm.x", "VEX.128.66.0F38.W0 13 /r")
row("vcvtps2ph_rr", "vcvtps2ph =rm.x reg.x us", "VEX.128.66.0F3A.W0 1D /r us")
row("pextrw_rx", "pextrw =reg.d rm.x us", "66 0F C5 /r us")
row("vpextrw_rx", "vpextrw =reg.d rm.x us", "VEX.128.66.0F C5 /r us")
mem("pinsrw_m", "pinsrw +reg.x mem.w us", "66 0F C4 /r us")
mem("vpinsrw_m", "vpinsrw =reg.x vvvv.x mem.w us", "VEX.128.66.0F C4 /r us")
mem("pextrw_mr", "pextrw mem.w reg.x us", "66 0F 3A 15 /r us")
mem("vpextrw_mr", "vpextrw mem.w reg.x us", "VEX.128.66.0F3A 15 /r us")
# Halves of a vector register: the low half of the second operand to the high half of the first, and back.
row("movlhps_rr", "movlhps +reg.x rm.x", "0F 16 /r")
row("movhlps_rr", "movhlps +reg.x rm.x", "0F 12 /r")
row("vmovlhps_rr", "vmovlhps =reg.x vvvv.x rm.x", "VEX.128.0F 16 /r")
row("vmovhlps_rr", "vmovhlps =reg.x vvvv.x rm.x", "VEX.128.0F 12 /r")
