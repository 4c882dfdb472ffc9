"""Scalar floats: arithmetic, logic, comparison, rounding, fused multiply-add, moves.

Every operation has a legacy form of two operands and a VEX form (name with ``v``) of three. The packed
single-precision logic serves all types: its encodings are the shortest and the bits are the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jitpy.backend.isa.x64.encode import address_bytes
from jitpy.backend.isa.x64.frame import REL4, slot_address
from jitpy.backend.isa.x64.insts.branch import jump_if
from jitpy.backend.isa.x64.rows import macro, mem, rm, row
from jitpy.backend.target.row import MOVE, REMAT, MInst

for _s, _pp in (("ss", "F3"), ("sd", "F2")):
    for _op, _byte in (("add", "58"), ("mul", "59"), ("sub", "5C"), ("min", "5D"), ("div", "5E"), ("max", "5F")):
        rm(f"{_op}{_s}", f"{_op}{_s} +reg.{_s} rm?.{_s}", f"{_pp} 0F {_byte} /r")
        rm(f"v{_op}{_s}", f"v{_op}{_s} =reg.{_s} vvvv.{_s} rm?.{_s}", f"VEX.128.{_pp}.0F {_byte} /r")
    rm(f"sqrt{_s}", f"sqrt{_s} =reg.{_s} rm?.{_s}", f"{_pp} 0F 51 /r")
    rm(f"vsqrt{_s}", f"vsqrt{_s} =reg.{_s} vvvv.{_s} rm?.{_s}", f"VEX.128.{_pp}.0F 51 /r")
    for _n, _cc in enumerate(("eq", "lt", "le", "unord", "neq", "nlt", "nle", "ord")):
        rm(f"cmp{_cc}{_s}", f"cmp{_cc}{_s} +reg.{_s} rm?.{_s}", f"{_pp} 0F C2 /r ={_n}")
        rm(f"vcmp{_cc}{_s}", f"vcmp{_cc}{_s} =reg.{_s} vvvv.{_s} rm?.{_s}", f"VEX.128.{_pp}.0F C2 /r ={_n}")
    # A copy of the low lane alone would depend on the old upper lanes; loads clear them instead.
    mem(f"mov{_s}_rm", f"mov{_s} =reg.{_s} mem.{_s}", f"{_pp} 0F 10 /r")
    mem(f"mov{_s}_mr", f"mov{_s} mem.{_s} reg.{_s}", f"{_pp} 0F 11 /r")
    mem(f"vmov{_s}_rm", f"vmov{_s} =reg.{_s} mem.{_s}", f"VEX.128.{_pp}.0F 10 /r")
    mem(f"vmov{_s}_mr", f"vmov{_s} mem.{_s} reg.{_s}", f"VEX.128.{_pp}.0F 11 /r")
for _s, _p, _pp, _w, _round in (("ss", "", "NP", "W0", "0A"), ("sd", "66 ", "66", "W1", "0B")):
    rm(f"ucomi{_s}", f"ucomi{_s} reg.{_s} rm?.{_s}", f"{_p}0F 2E /r")
    rm(f"vucomi{_s}", f"vucomi{_s} reg.{_s} rm?.{_s}", f"VEX.128.{_pp}.0F 2E /r")
    rm(f"round{_s}", f"round{_s} =reg.{_s} rm?.{_s} us", f"66 0F 3A {_round} /r us")
    rm(f"vround{_s}", f"vround{_s} =reg.{_s} vvvv.{_s} rm?.{_s} us", f"VEX.128.66.0F3A {_round} /r us")
    # fmadd231: first += second * third, the form that suits accumulators.
    rm(f"vfmadd231{_s}", f"vfmadd231{_s} +reg.{_s} vvvv.{_s} rm?.{_s}", f"VEX.128.66.0F38.{_w} B9 /r")
    rm(f"vfmadd213{_s}", f"vfmadd213{_s} +reg.{_s} vvvv.{_s} rm?.{_s}", f"VEX.128.66.0F38.{_w} A9 /r")

# Packed legacy forms fault on an unaligned address: no spill slot, and memory only from the constant pool, which is
# aligned.
for _op, _byte in (("and", "54"), ("andn", "55"), ("or", "56"), ("xor", "57")):
    row(f"{_op}ps_rr", f"{_op}ps +reg.x rm.x", f"0F {_byte} /r")
    mem(f"{_op}ps_rm", f"{_op}ps +reg.x mem.x", f"0F {_byte} /r")
    rm(f"v{_op}ps", f"v{_op}ps =reg.x vvvv.x rm?.x", f"VEX.128.0F {_byte} /r")
row("blendvpd_rr", "blendvpd +reg.x rm.x $xmm0", "66 0F 38 15 /r")
rm("vblendvpd", "vblendvpd =reg.x vvvv.x rm?.x is4.x", "VEX.128.66.0F3A.W0 4B /r")
rm("vblendvps", "vblendvps =reg.x vvvv.x rm?.x is4.x", "VEX.128.66.0F3A.W0 4A /r")

row("movaps_rr", "movaps =reg.x rm.x", "0F 28 /r", MOVE)
row("vmovaps_rr", "vmovaps =reg.x rm.x", "VEX.128.0F 28 /r", MOVE)
for _op, _load, _store in (("movups", "10", "11"), ("movaps", "28", "29")):
    mem(f"{_op}_rm", f"{_op} =reg.x mem.x", f"0F {_load} /r")
    mem(f"{_op}_mr", f"{_op} mem.x reg.x", f"0F {_store} /r")
    mem(f"v{_op}_rm", f"v{_op} =reg.x mem.x", f"VEX.128.0F {_load} /r")
    mem(f"v{_op}_mr", f"v{_op} mem.x reg.x", f"VEX.128.0F {_store} /r")
# Between the general and the float registers.
for _op, _k, _p, _w in (("movd", "d", "", "W0"), ("movq", "q", "REX.W ", "W1")):
    row(f"{_op}_xr", f"{_op} =reg.x rm?.{_k}", f"66 {_p}0F 6E /r")
    row(f"{_op}_rx", f"{_op} =rm.{_k} reg.x", f"66 {_p}0F 7E /r")
    row(f"v{_op}_xr", f"v{_op} =reg.x rm?.{_k}", f"VEX.128.66.0F.{_w} 6E /r")
    row(f"v{_op}_rx", f"v{_op} =rm.{_k} reg.x", f"VEX.128.66.0F.{_w} 7E /r")


def _zero(avx: bool) -> Callable[[Any, MInst, tuple[int, ...]], None]:
    def encode(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
        """xorps r, r; into a spill slot: 8 zero bytes (recomputed for a move)."""
        r = allocs[0]
        if r < 0:
            base, disp = slot_address(sink, ~r)
            body, _, b = address_bytes(0, base, -1, 0, disp)
            sink.code += bytes((0x48 | b, 0xC7)) + body + bytes(4)
            return
        h, low = r >> 3 & 1, r & 7
        if not avx:
            sink.code += (b"\x45" if h else b"") + bytes((0x0F, 0x57, 0xC0 | low * 9))
        else:
            vvvv = (r & 15 ^ 15) << 3
            if h:
                sink.code += bytes((0xC4, 0x41, vvvv, 0x57, 0xC0 | low * 9))
            else:
                sink.code += bytes((0xC5, 0x80 | vvvv, 0x57, 0xC0 | low * 9))

    return encode


def _constant(avx: bool, double: bool) -> Callable[[Any, MInst, tuple[int, ...]], None]:
    def encode(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
        """movsd r, [rip + constant]; into a spill slot as integers (recomputed for a move)."""
        r, data = allocs[0], inst.imm
        if r < 0:
            base, disp = slot_address(sink, ~r)
            for at in (0, 4):
                body, _, b = address_bytes(0, base, -1, 0, disp + at)
                sink.code += (b"\x41" if b else b"") + b"\xc7" + body + data[at : at + 4]
            return
        label = sink.constant(data)
        h, modrm = r >> 3 & 1, (r & 7) << 3 | 5
        if avx:
            sink.code += bytes((0xC5, (h ^ 1) << 7 | 0x78 | (3 if double else 2), 0x10, modrm, 0, 0, 0, 0))
        else:
            rex = b"\x44" if h else b""
            sink.code += (b"\xf2" if double else b"\xf3") + rex + bytes((0x0F, 0x10, modrm, 0, 0, 0, 0))
        sink.fixup(REL4, label, -4, 4)

    return encode


def _select(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """Keep use 0 (in the result's register) where the condition fails, else take use 1."""
    result, _, yes = allocs
    cond = inst.imm
    over = sink.label()
    jump_if(sink, cond ^ 1, over)
    sink.target.emit_move(sink, yes, result, 1)
    sink.bind(over)


for _avx in (False, True):
    _v = "v" * _avx
    macro(f"{_v}fzero", f"{_v}xorps =reg.x", _zero(_avx), REMAT)
    macro(f"{_v}fconst32", f"{_v}movss =reg.x", _constant(_avx, False), REMAT)
    macro(f"{_v}fconst64", f"{_v}movsd =reg.x", _constant(_avx, True), REMAT)
macro("select_float", "select_float +reg.x rm?.x", _select)
