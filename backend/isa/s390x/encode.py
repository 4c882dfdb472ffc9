"""A row's encoder, specialised once: notation in, closure out.

An instruction is a number of 2, 4 or 6 bytes: the opcode, with the fields of its format or-ed in (`rows.FORMATS`). Two
fields are split: a displacement of 20 bits (its low 12 bits first), and the top bits of vector registers, which all
stand in bits 36-39. The closure remembers the bytes of each combination of registers and immediates.

A displacement that the format cannot hold is added to the base in r1 first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jitpy.backend.isa.s390x.frame import CONST, HALF, LARL, base_address, far_address
from jitpy.backend.isa.s390x.regs import R1
from jitpy.backend.isa.s390x.rows import FORMATS, S390xRow, is_register, parse_operands
from jitpy.backend.target.row import MInst

_MEMO_LIMIT = 1 << 12
#: First bit of a vector field -> its bit in RXB.
_RXB = {8: 8, 12: 4, 16: 2, 32: 1}


class Form:
    """An encoding column, parsed: size in bytes, the opcode in place with fixed fields, the fields' (shift, mask)."""

    __slots__ = ("fields", "long", "opcode", "size")

    def __init__(self, format: str, opcode: str, constants: list[str]) -> None:
        size, fields = FORMATS[format]
        bits = 8 * size
        self.size = size
        code = int(opcode, 16)
        if format in ("RI", "RIL") and len(opcode) == 3:  # the last digit stands behind the first register
            self.opcode = (code >> 4) << (bits - 8) | (code & 15) << (bits - 16)
        elif size == 6 and format not in ("RIL", "SIL"):
            self.opcode = (code >> 8) << 40 | code & 255
        else:
            self.opcode = code << (bits - 4 * len(opcode))
        self.long = fields.get("d2", (0, 0))[1] == 20
        #: field -> shift, mask, RXB bit
        self.fields = {
            key: (bits - first - width, (1 << width) - 1, _RXB[first] if key[0] == "v" else 0)
            for key, (first, width) in fields.items()
        }
        for constant in constants:
            key, _, value = constant.partition("=")
            self.opcode |= int(value) << self.fields[key][0]

    def register(self, key: str, preg: int) -> int:
        """The bits of a register in a field."""
        shift, _, rxb = self.fields[key]
        return (preg & 15) << shift | (rxb << 8 if rxb and preg & 32 else 0)

    def displacement(self, d: int) -> int:
        """The bits of a displacement that fits."""
        if self.long:
            return (d & 0xFFF) << 16 | (d >> 12 & 0xFF) << 8
        return d << self.fields["d2"][0]

    def reaches(self, d: int) -> bool:
        """Whether a displacement fits."""
        return -0x80000 <= d < 0x80000 if self.long else 0 <= d < 0x1000


def forms(spec: str) -> list[Form]:
    """The encodings of a column, shortest first."""
    found: list[Form] = []
    words = spec.split()
    while words:
        format, opcode = words.pop(0), words.pop(0)
        constants = []
        while words and "=" in words[0]:
            constants.append(words.pop(0))
        found.append(Form(format, opcode, constants))
    return found


def encoder(row: S390xRow) -> Callable[[Any, MInst, tuple[int, ...]], None]:
    """The closure ``encode(sink, inst, allocs)`` of a row."""
    _, operands, *_ = parse_operands(row.text)
    choices = forms(row.spec)
    registers = [(o.place, o.alloc) for o in operands if is_register(o.place)]
    immediates = [o.place for o in operands if not is_register(o.place) and o.place != "mem"]
    n_addr = row.addr
    n_fixed = len(row.defs) + len(row.uses) - max(n_addr, 0)
    memo: dict[Any, bytes] = {}

    def assembled(form: Form, allocs: tuple[int, ...], values: Any) -> int:
        code = form.opcode
        for place, at in registers:
            code |= form.register(place, allocs[at])
        if immediates:
            for place, value in zip(immediates, values if len(immediates) > 1 else (values,)):
                shift, mask, _ = form.fields[place]
                code |= form.displacement(value) if place == "d2" else (value & mask) << shift
        return code

    if n_addr < 0:
        form = choices[0]

        def encode(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
            imm = inst.imm
            code = memo.get((allocs, imm))
            if code is None:
                code = assembled(form, allocs, imm).to_bytes(form.size, "big")
                if len(memo) > _MEMO_LIMIT:
                    memo.clear()
                memo[allocs, imm] = code
            sink.code += code

        return encode

    def at_address(allocs: tuple[int, ...], values: Any, base: int, index: int, disp: int) -> bytes:
        for form in choices:
            if form.reaches(disp):
                code = assembled(form, allocs, values) | base << form.fields["b2"][0] | form.displacement(disp)
                if index:
                    code |= index << form.fields["x2"][0]
                return code.to_bytes(form.size, "big")
        return far_address(base, index, disp) + at_address(allocs, values, R1, 0, 0)

    def encode_address(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
        imm = inst.imm
        (mode, disp, trap), values = imm if immediates else (imm, None)
        if n_addr:
            code = memo.get((allocs, imm))
            if code is None:
                base = allocs[n_fixed]
                code = at_address(allocs, values, base, allocs[n_fixed + 1] if n_addr == 2 else 0, disp)
                if len(memo) > _MEMO_LIMIT:
                    memo.clear()
                memo[allocs, imm] = code
        elif mode == CONST:
            sink.code += LARL
            sink.fixup(HALF, sink.constant(disp), 2)
            code = at_address(allocs, values, R1, 0, 0)
        else:
            base, disp = base_address(sink, mode, disp)
            code = at_address(allocs, values, base, 0, disp)
        if trap is not None:
            sink.trap(trap)
        sink.code += code

    return encode_address
