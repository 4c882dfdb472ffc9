"""The assembly text of an instruction, as the manuals write it, from its row's notation and its allocations."""

from __future__ import annotations

from typing import Any

from jitpy.backend.isa.notation import Operand
from jitpy.backend.isa.riscv64.encode import IMMEDIATES
from jitpy.backend.isa.riscv64.regs import PREG_NAMES
from jitpy.backend.isa.riscv64.rows import RiscvRow, parse_operands

_parsed: dict[str, tuple[str, list[Operand]]] = {}


def register_text(alloc: int) -> str:
    """The name of a register; slots print as ``[slot N]``."""
    return f"[slot {~alloc}]" if alloc < 0 else PREG_NAMES[alloc]


def instruction_text(row: RiscvRow, allocs: tuple[int, ...], imm: Any = None) -> str:
    """The text of one instruction with its allocations."""
    if row.text not in _parsed:
        mnemonic, operands, *_ = parse_operands(row.text)
        _parsed[row.text] = mnemonic, operands
    mnemonic, operands = _parsed[row.text]
    if row.vector:
        imm = imm[2]
    parts = []
    for o in operands:
        if not o.shown:
            continue
        if o.place == "mem":
            mode, disp, _ = imm
            parts.append(f"{disp}({register_text(allocs[-1])})" if row.addr else f"[{mode} {disp}]")
        elif o.place in IMMEDIATES:
            parts.append(str(imm))
        elif o.alloc >= 0:
            text = register_text(allocs[o.alloc])
            parts.append(f"({text})" if o.place[0] == "(" else text)
        else:
            parts.append(PREG_NAMES[o.fixed] if o.fixed >= 0 else o.place)
    return f"{mnemonic} {','.join(parts)}" if parts else mnemonic
