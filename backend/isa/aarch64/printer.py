"""The assembly text of an instruction, as GNU objdump writes it, from its row's notation and its allocations."""

from __future__ import annotations

from typing import Any

from jitpy.backend.isa.aarch64 import regs
from jitpy.backend.isa.aarch64.immediates import IMMEDIATES
from jitpy.backend.isa.aarch64.rows import LSL, SCALED, SXTW, A64Row, parse_operands
from jitpy.backend.isa.notation import Operand

_parsed: dict[str, tuple[str, list[Operand]]] = {}
_SCALARS = frozenset("bhsdq")


def register_text(preg: int, kind: str) -> str:
    """The name of a register at the width and in the arrangement that ``kind`` says."""
    if preg < 0:
        return f"[slot {~preg}]"
    n = preg & 31
    if preg < regs.V0:
        if n == 31:
            return "sp" if kind == "x" else "wsp"
        return f"{kind or 'x'}{n}"
    if kind in _SCALARS:
        return f"{kind}{n}"
    if kind[:1] == "e":
        return f"v{n}.{kind[1]}"
    if kind[:1] == "{":
        return f"{{v{n}.{kind[1:]}"
    return f"v{n}.{kind}" if kind else f"v{n}"


def address_text(row: A64Row, allocs: tuple[int, ...], imm: Any) -> str:
    """What stands in brackets."""
    mode, disp, _ = imm
    if row.addr == 0:
        return f"[{mode} {disp}]"
    if row.addr == 1:
        base = register_text(allocs[-1], "x")
        return f"[{base}, #{disp}]" if disp else f"[{base}]"
    base, index = register_text(allocs[-2], "x"), allocs[-1]
    scaled = mode & SCALED
    option = mode & ~SCALED
    if option == LSL:
        return f"[{base}, x{index}" + f", lsl #{row.scale}" * bool(scaled) + "]"
    return f"[{base}, w{index}, {'sxtw' if option == SXTW else 'uxtw'}" + f" #{row.scale}" * bool(scaled) + "]"


def _unscaled(row: A64Row, imm: Any) -> bool:
    """Whether an access is one of those that objdump calls ldur."""
    _, disp, _ = imm
    return row.addr == 1 and not (disp >= 0 and not disp & (1 << row.scale) - 1) and -256 <= disp < 256


def instruction_text(row: A64Row, allocs: tuple[int, ...], imm: Any = None) -> str:
    """The text of one instruction with its allocations; slots print as ``[slot N]``."""
    if row.text not in _parsed:
        mnemonic, operands, *_ = parse_operands(row.text)
        _parsed[row.text] = mnemonic, operands
    mnemonic, operands = _parsed[row.text]
    count = sum(o.place in IMMEDIATES for o in operands)
    values = list(imm) if count > 1 else [imm]
    parts: list[str] = []
    for o in operands:
        if not o.shown:
            continue
        if o.place == "mem":
            if _unscaled(row, imm):
                mnemonic = mnemonic[:2] + "u" + mnemonic[2:]
            parts.append(address_text(row, allocs, imm))
        elif o.place in IMMEDIATES:
            text = IMMEDIATES[o.place][1](values.pop(0))
            if o.place.startswith("lanes"):  # both operands are lanes
                parts = [f"{part}[{lane}]" for part, lane in zip(parts, text)]
            elif o.place.startswith("lane"):
                parts[-1] += text
            else:
                parts.append(text)
        elif o.place == "at":
            parts.append(f"[{register_text(allocs[o.alloc], 'x')}]")
        else:
            parts.append(register_text(allocs[o.alloc], o.kind))
    return f"{mnemonic} {', '.join(parts)}" if parts else mnemonic
