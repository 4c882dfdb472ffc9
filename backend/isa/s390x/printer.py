"""The assembly text of an instruction, in GNU's syntax, from its row's notation and its allocations."""

from __future__ import annotations

from typing import Any

from jitpy.backend.isa.s390x.conditions import CC_NAMES
from jitpy.backend.isa.s390x.encode import forms
from jitpy.backend.isa.s390x.regs import V0
from jitpy.backend.isa.s390x.rows import S390xRow, is_register, parse_operands


def register_text(preg: int, letter: str = "") -> str:
    """The name of a register; ``f``: of a floating-point register."""
    return f"%{letter or 'v'}{preg - V0}" if preg >= V0 else f"%r{preg}"


def address_text(base: str, index: str, disp: int) -> str:
    """``disp(index,base)``"""
    return f"{disp}({index},{base})" if index else f"{disp}({base})"


def instruction_text(row: S390xRow, allocs: tuple[int, ...], imm: Any = None) -> str:
    """The text of one instruction with its allocations; slots print as ``[slot N]``."""
    mnemonic, operands, *_ = parse_operands(row.text)
    has_mem = any(o.place == "mem" for o in operands)
    places = [o.place for o in operands if not is_register(o.place) and o.place != "mem"]
    address: Any = (0, 0, None)
    values = imm
    if has_mem:
        address, values = imm if places else (imm, None)
    given = iter(values if len(places) > 1 else (values,))
    choices = forms(row.spec)
    if "/" in mnemonic:
        mnemonic = mnemonic.split("/")[not choices[0].reaches(address[1])]
    texts = []
    for o in operands:
        if o.place == "mem":
            if row.addr:
                regs = [register_text(a) for a in allocs[-row.addr :]]
                texts.append(address_text(regs[0], regs[1] if row.addr == 2 else "", address[1]))
            else:
                texts.append(f"[{address[0]} {address[1]}]")
        elif is_register(o.place):
            a = allocs[o.alloc]
            name = f"[slot {~a}]" if a < 0 else register_text(a, "f" if o.place[0] == "f" else "")
            texts.append(f"0({name})" if o.place == "b2" else name)
        else:
            value = next(given)
            if mnemonic.endswith("%"):
                mask = value if o.place[0] == "m" else None
                if mask is not None:
                    mnemonic = mnemonic[:-1] + CC_NAMES[mask]
                    continue
            bits = choices[0].fields[o.place][1] if choices else 0
            signed = o.kind != "u" and o.place[0] == "i"
            if bits and not signed:
                value &= bits
            elif bits:
                value = (value & bits) - (bits + 1 if value >> (bits.bit_length() - 1) & 1 else 0)
            texts.append(str(value))
    return f"{mnemonic}\t{','.join(texts)}" if texts else mnemonic
