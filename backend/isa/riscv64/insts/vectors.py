"""Vectors, V 1.0. Imported with the lowering of vectors, so that functions without them do not pay.

Names are the manual's mnemonics. ``.m`` behind a comparison's: its result goes to v0, the register of masks, which is never
allocated. Where a result may not share a register with an operand (other widths, permutations) it is an early one.

A row's ``imm`` is ``(length, vtype, immediate)``; `vtype` makes the type.
"""

from __future__ import annotations

from typing import Any

from jitpy.backend.isa.riscv64.encode import set_state
from jitpy.backend.isa.riscv64.frame import add, address, near, vector_memory
from jitpy.backend.isa.riscv64.regs import TEMP, V0
from jitpy.backend.isa.riscv64.rows import macro, row
from jitpy.backend.target.row import MOVE, MInst

_OP = 0x02000057  # unmasked
_MASKED = 0x57
#: Kind of the second source -> (function code, how it is written).
_IVV, _FVV, _MVV, _IVI, _IVX, _FVF, _MVX = range(7)
_SOURCE = {
    "vv": (_IVV, "rs1.v"), "vx": (_IVX, "rs1"), "vi": (_IVI, "s5"), "vu": (_IVI, "u5"), "vf": (_FVF, "rs1.f"),
    "wx": (_IVX, "rs1"), "wu": (_IVI, "u5"),
}  # fmt: skip
_TO_MASK = ("vms", "vmf")
#: Comparisons of which two masks are joined: the first is left in any register.
_TO_ANY = ("vmfeq", "vmflt")


def vtype(lane_bits: int, register_bits: int = 128) -> int:
    """Lanes of this width, in a part of a register; tails and masked lanes may become anything."""
    return 0xC0 | (lane_bits.bit_length() - 4) << 3 | {128: 0, 64: 7, 32: 6, 16: 5}[register_bits]


def _v(name: str, text: str, word: int, flags: int = 0) -> None:
    row(name, text, word, flags, vector=True)


def _table(group: str, table: str) -> None:
    """Rows of ``name funct6 forms [flags]``; flags: ``~`` the result must not share a register with an operand, ``+`` it is
    read too, with its sources in the order of fused operations."""
    for line in table.split(","):
        name, f6, forms, *flags = line.split()
        for form in forms.split("/"):
            f3, source = _SOURCE[form]
            f3 = {"i": f3, "m": {_IVV: _MVV, _IVX: _MVX}.get(f3, f3), "f": {_IVV: _FVV, _IVX: _FVF}.get(f3, f3)}[group]
            suffix = form.replace("u", "i") if form in ("vu", "wu") else form
            word = _OP | f3 << 12 | int(f6, 16) << 26
            if name == "vror" and form == "vu":
                _v("vror.vi", "vror.vi =rd.v rs2.v r6", word & ~(3 << 12) | 3 << 12)
                continue
            if "+" in flags:
                _v(f"{name}.{suffix}", f"{name}.{suffix} +rd.v {source} rs2.v", word)
                continue
            access = "~" if "~" in flags else "="
            to_mask = name.startswith(_TO_MASK)
            if to_mask:
                _v(f"{name}.{suffix}.m", f"{name}.{suffix} v0 rs2.v {source}", word)
            if not to_mask or (name in _TO_ANY and form == "vv"):
                _v(f"{name}.{suffix}", f"{name}.{suffix} {access}rd.v rs2.v {source}", word)


_table("i", """vadd 0 vv/vx/vi, vandn 1 vv, vsub 2 vv/vx, vrsub 3 vx/vi, vminu 4 vv/vx, vmin 5 vv/vx, vmaxu 6 vv/vx,
    vmax 7 vv/vx, vand 9 vv/vx/vi, vor a vv/vx/vi, vxor b vv/vx/vi, vrgather c vv/vu ~, vslidedown f vu, vror 14 vx/vu, vrol 15 vx,
    vmseq 18 vv/vx/vi, vmsne 19 vv/vx/vi, vmsltu 1a vv/vx, vmslt 1b vv/vx, vmsleu 1c vv/vx/vi, vmsle 1d vv/vx/vi,
    vmsgtu 1e vx/vi, vmsgt 1f vx/vi, vsaddu 20 vv/vx/vi, vsadd 21 vv/vx/vi, vssubu 22 vv/vx, vssub 23 vv/vx, vsll 25 vx/vu,
    vsmul 27 vv, vsrl 28 vx/vu, vsra 29 vx/vu, vnsrl 2c wx/wu, vnclipu 2e wu, vnclip 2f wu""")
_v("vslideup.vi", "vslideup.vi +rd.v rs2.v u5", _OP | _IVI << 12 | 0xE << 26)
_table("m", """vaaddu 8 vv, vmulhu 24 vv/vx, vmul 25 vv/vx, vmulh 27 vv/vx, vmacc 2d vv/vx +, vnmsac 2f vv/vx +,
    vwaddu 30 vv ~, vwadd 31 vv ~, vwsubu 32 vv ~, vwsub 33 vv ~, vwmulu 38 vv ~, vwmul 3b vv ~""")
for _name, _f6 in (("vwaddu", 0x34), ("vwadd", 0x35), ("vwsubu", 0x36), ("vwsub", 0x37)):
    _v(f"{_name}.wv", f"{_name}.wv ~rd.v rs2.v rs1.v", _OP | _MVV << 12 | _f6 << 26)
_table("f", """vfadd 0 vv/vf, vfsub 2 vv/vf, vfmin 4 vv, vfmax 6 vv, vfsgnj 8 vv/vf, vfsgnjn 9 vv, vfsgnjx a vv,
    vmfeq 18 vv/vf, vmfle 19 vv/vf, vmflt 1b vv/vf, vmfne 1c vv/vf, vmfgt 1d vf, vmfge 1f vf, vfdiv 20 vv/vf, vfrdiv 21 vf,
    vfmul 24 vv/vf, vfrsub 27 vf, vfmacc 2c vv/vf +, vfnmacc 2d vv/vf +, vfmsac 2e vv/vf +, vfnmsac 2f vv/vf +""")

#: One source: name -> (function code, funct6, number in the first source's field, early result).
_ONE_SOURCE = """vzext.vf8 2 12 2 ~, vsext.vf8 2 12 3 ~, vzext.vf4 2 12 4 ~, vsext.vf4 2 12 5 ~, vzext.vf2 2 12 6 ~,
    vsext.vf2 2 12 7 ~, vrev8.v 2 12 9, vcpop.v 2 12 e,
    vfcvt.x.f.v 1 12 1, vfcvt.f.xu.v 1 12 2, vfcvt.f.x.v 1 12 3, vfcvt.rtz.xu.f.v 1 12 6,
    vfcvt.rtz.x.f.v 1 12 7, vfwcvt.f.xu.v 1 12 a ~, vfwcvt.f.x.v 1 12 b ~, vfwcvt.f.f.v 1 12 c ~, vfwcvt.rtz.xu.f.v 1 12 e ~,
    vfwcvt.rtz.x.f.v 1 12 f ~, vfncvt.f.xu.w 1 12 12, vfncvt.f.x.w 1 12 13, vfncvt.f.f.w 1 12 14, vfncvt.rtz.xu.f.w 1 12 16,
    vfncvt.rtz.x.f.w 1 12 17, vfncvt.rod.f.f.w 1 12 15, vfsqrt.v 1 13 0"""
for _line in _ONE_SOURCE.split(","):
    _name, _f3, _code, _n, *_early = _line.split()
    _v(
        _name, f"{_name} {'~' if _early else '='}rd.v rs2.v",
        _OP | int(_f3) << 12 | int(_code, 16) << 26 | int(_n, 16) << 15,
    )  # fmt: skip

# Moves and choices. vmerge takes its first operand's lanes where v0 is clear.
_v("vmv.v.x", "vmv.v.x =rd.v rs1", _OP | _IVX << 12 | 0x17 << 26)
_v("vmv.v.i", "vmv.v.i =rd.v s5", _OP | _IVI << 12 | 0x17 << 26)
_v("vfmv.v.f", "vfmv.v.f =rd.v rs1.f", _OP | _FVF << 12 | 0x17 << 26)
_v("vmerge.vvm", "vmerge.vvm =rd.v rs2.v rs1.v v0", _MASKED | _IVV << 12 | 0x17 << 26)
_v("vmerge.vxm", "vmerge.vxm =rd.v rs2.v rs1 v0", _MASKED | _IVX << 12 | 0x17 << 26)
_v("vmerge.vim", "vmerge.vim =rd.v rs2.v s5 v0", _MASKED | _IVI << 12 | 0x17 << 26)
_v("vfmerge.vfm", "vfmerge.vfm =rd.v rs2.v rs1.f v0", _MASKED | _FVF << 12 | 0x17 << 26)
_v("vmv.x.s", "vmv.x.s =rd rs2.v", _OP | _MVV << 12 | 0x10 << 26)
_v("vfmv.f.s", "vfmv.f.s =rd.f rs2.v", _OP | _FVV << 12 | 0x10 << 26)
_v("vmv.s.x", "vmv.s.x =rd.v rs1", _OP | _MVX << 12 | 0x10 << 26)
_v("vfmv.s.f", "vfmv.s.f =rd.v rs1.f", _OP | _FVF << 12 | 0x10 << 26)
_v("vmv.s.x.tu", "vmv.s.x +rd.v rs1", _OP | _MVX << 12 | 0x10 << 26)
_v("vfmv.s.f.tu", "vfmv.s.f +rd.v rs1.f", _OP | _FVF << 12 | 0x10 << 26)
# Masks in v0.
_v("vmv.s.x.m", "vmv.s.x v0 rs1", _OP | _MVX << 12 | 0x10 << 26)
_v("vmv.x.s.m", "vmv.x.s =rd v0", _OP | _MVV << 12 | 0x10 << 26)
_v("vcpop.m", "vcpop.m =rd v0", _OP | _MVV << 12 | 0x10 << 26 | 16 << 15)
_v("vmslt.vz.m", "vmslt.vx v0 rs2.v zero", _OP | _IVX << 12 | 0x1B << 26)
for _name, _f6 in (("vmand", 0x19), ("vmor", 0x1A), ("vmnor", 0x1E), ("vmnand", 0x1D)):
    _v(f"{_name}.mm", f"{_name}.mm v0 rs2.v rs1.v", _OP | _MVV << 12 | _f6 << 26)
row("vmv1r.v", "vmv1r.v =rd.v rs2.v", 0x9E003057, MOVE)
# How fixed-point rounds, and how floats do.
row("vxrm", "csrrwi zero vxrm 0", 0x00A05073)
for _name, _mode in (("rne", 0), ("rdn", 2), ("rup", 3)):
    row(f"frm.{_name}", f"csrrwi zero frm {_mode}", 0x00205073 | _mode << 15)

#: Bits of a lane -> function code of loads and stores.
_WIDTHS = {8: 0, 16: 5, 32: 6, 64: 7}


def _memory(load: bool, bits: int, addr: int) -> Any:
    """A load or store of lanes of ``bits``; imm: (length, vtype, address descriptor)."""
    word = (0x02000007 if load else 0x02000027) | _WIDTHS[bits] << 12

    def encode(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
        length, type, (mode, disp, trap) = inst.imm
        if addr:
            base = allocs[1]
        else:
            base, disp, fixup = address(sink, mode, disp)
            if fixup is not None:
                sink.code += (0x13 | base << 7 | base << 15).to_bytes(4, "little")
                fixup()
        if disp:
            add(sink, TEMP, base, disp)
            base = TEMP
        set_state(sink, length, type)
        if trap is not None:
            sink.trap(trap)
        sink.code += (word | allocs[0] - V0 << 7 | base << 15).to_bytes(4, "little")

    return encode


#: (load, bits) -> the rows for addresses of no and of one register.
MEMORY = {
    (load, bits): tuple(
        macro(
            f"{'vload' if load else 'vstore'}{bits}_{addr}", f"v{'l' if load else 's'}e{bits}.v {'=rd.v' if load else 'rs2.v'} mem",
            _memory(load, bits, addr), addr=addr,
        )
        for addr in (0, 1)
    )
    for load in (True, False)
    for bits in _WIDTHS
}  # fmt: skip


def _whole(load: bool, addr: int) -> Any:
    """16 bytes, for the engine."""

    def encode(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
        mode, disp, _ = inst.imm
        base = allocs[1] if addr else 0
        if not addr:
            base, disp, _ = address(sink, mode, disp)
        base, disp = near(sink, base, disp)
        vector_memory(sink, load, allocs[0], base, disp)

    return encode


for _load in (True, False):
    for _addr in (0, 1):
        macro(
            f"v{'load' if _load else 'store'}_{_addr}",
            f"v{'l' if _load else 's'}e8.v {'=rd.v' if _load else 'rs2.v'} mem", _whole(_load, _addr), addr=_addr,
        )  # fmt: skip
