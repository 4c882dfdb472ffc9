"""The assembly text of an instruction, in Intel's syntax, from its row's notation and its allocations."""

from __future__ import annotations

from typing import Any

from jitpy.backend.isa.notation import Operand
from jitpy.backend.isa.x64 import regs
from jitpy.backend.isa.x64.rows import X64Row, parse_operands

_SIZES = {
    "b": "byte ptr ", "w": "word ptr ", "d": "dword ptr ", "q": "qword ptr ", "sb": "byte ptr ", "sh": "word ptr ",
    "ss": "dword ptr ", "sd": "qword ptr ",
    "x": "xmmword ptr ", "y": "ymmword ptr ", "z": "zmmword ptr ", "o": "",
}  # fmt: skip
_IMMEDIATES = {"ib": 8, "us": 8, "iw": 16, "id": 32, "im": 32, "iq": 64}
_parsed: dict[str, tuple[str, list[Operand]]] = {}


def number(n: int) -> str:
    """Small numbers in decimal, others in hexadecimal."""
    return str(n) if -10 < n < 10 else f"-0x{-n:x}" if n < 0 else f"0x{n:x}"


def address_text(base: str, index: str, scale: int, disp: int) -> str:
    """``[base + index*scale + disp]``."""
    text = base
    if index:
        text += (" + " if text else "") + (f"{index}*{scale}" if scale > 1 or not base else index)
    if not text:
        return f"[{number(disp)}]"
    if disp:
        text += f" - {number(-disp)}" if disp < 0 else f" + {number(disp)}"
    return f"[{text}]"


def register_text(preg: int, kind: str) -> str:
    """The name of a register at the width ``kind`` says."""
    if preg >= regs.K0:
        return f"k{preg - regs.K0}"
    if preg >= regs.XMM0:
        return {"y": "ymm", "z": "zmm"}.get(kind, "xmm") + str(preg - regs.XMM0)
    return regs.NAMES.get(kind, regs.NAMES["q"])[preg]


def instruction_text(row: X64Row, allocs: tuple[int, ...], imm: Any = None) -> str:
    """The text of one instruction with its allocations; slots print as ``[slot N]``."""
    if row.text not in _parsed:
        mnemonic, operands, *_ = parse_operands(row.text)
        _parsed[row.text] = mnemonic, operands
    mnemonic, operands = _parsed[row.text]
    parts = []
    for o in operands:
        if not o.shown:
            continue
        if o.place == "mem":
            has_imm = any(p.place in _IMMEDIATES for p in operands)
            mode, disp, _ = imm[0] if has_imm else imm
            n = row.addr
            if n == 2:
                base, index = (regs.NAMES["q"][a] for a in allocs[-2:])
                where = address_text(base, index, 1 << mode, disp)
            elif n == 1:
                name = regs.NAMES["q"][allocs[-1]]
                where = address_text("", name, 1 << mode, disp) if mode else address_text(name, "", 1, disp)
            else:
                where = f"[{mode} {disp}]"
            parts.append(_SIZES[o.kind] + where)
        elif o.place in _IMMEDIATES:
            value = imm[1] if row.addr >= 0 else imm
            parts.append(number(value))
        elif o.place == "fixed":
            parts.append(register_text(o.fixed, o.kind))
        elif o.place in ("aaa", "zzz"):
            parts[-1] += f"{{{register_text(allocs[o.alloc], 'k')}}}" + "{z}" * (o.place == "zzz")
        else:
            a = allocs[o.alloc]
            parts.append(f"{_SIZES.get(o.kind, '')}[slot {~a}]" if a < 0 else register_text(a, o.kind))
    return f"{mnemonic} {', '.join(parts)}" if parts else mnemonic
