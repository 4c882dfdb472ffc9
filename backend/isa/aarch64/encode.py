"""A row's encoder, specialised once: the word, plus each register and immediate in its field.

The closure remembers the bytes of each combination of registers and immediates, since functions use few of them; what depends on
the frame or on a constant's place is assembled anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jitpy.backend.isa.aarch64.frame import CONST, LABEL, base_address, move_constant
from jitpy.backend.isa.aarch64.immediates import IMMEDIATES
from jitpy.backend.isa.aarch64.regs import TEMPORARY
from jitpy.backend.isa.aarch64.rows import LSL, A64Row, parse_operands
from jitpy.backend.target.row import MInst
from jitpy.backend.target.target import Form

_MEMO_LIMIT = 1 << 12
#: Field -> what its number is multiplied with.
FIELDS = {"Rd": 1, "Rn": 1 << 5, "at": 1 << 5, "Rm": 1 << 16, "Ra": 1 << 10, "Rnm": 1 << 5 | 1 << 16}


def encoder(row: A64Row) -> Callable[[Any, MInst, tuple[int, ...]], None]:
    """The closure ``encode(sink, inst, allocs)`` of a row."""
    _, operands, *_ = parse_operands(row.text)
    base = row.word
    fields = [(o.alloc, FIELDS[o.place]) for o in operands if o.alloc >= 0]
    encoders = [IMMEDIATES[o.place][0] for o in operands if o.place in IMMEDIATES]
    memo: dict[Any, bytes] = {}

    def word(allocs: tuple[int, ...], imm: Any) -> int:
        found = base
        for at, unit in fields:
            found |= (allocs[at] & 31) * unit
        if len(encoders) == 1:
            found |= encoders[0](imm)
        elif encoders:
            for encode, value in zip(encoders, imm):
                found |= encode(value)
        return found

    if row.addr >= 0:
        return _address_encoder(row, lambda allocs: word(allocs, None))

    if any(o.place == "at" for o in operands):

        def encode_at(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
            if inst.imm is not None:
                sink.trap(inst.imm)
            sink.code += word(allocs, None).to_bytes(4, "little")

        return encode_at

    def encode(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
        imm = inst.imm
        code = memo.get((allocs, imm))
        if code is None:
            if len(memo) > _MEMO_LIMIT:
                memo.clear()
            code = memo[allocs, imm] = word(allocs, imm).to_bytes(4, "little")
        sink.code += code

    return encode


def access(word: int, scale: int, base: int, disp: int) -> int | None:
    """The word of an access at base + disp, if one does that."""
    if disp >= 0 and not disp & (1 << scale) - 1 and disp >> scale < 4096:
        return word | 1 << 24 | disp >> scale << 10 | (base & 31) << 5
    if -256 <= disp < 256:
        return word | (disp & 511) << 12 | (base & 31) << 5
    return None


def emit_access(sink: Any, word: int, scale: int, base: int, disp: int, trap: str | None = None) -> None:
    """Append a load or store at base + disp; what no displacement holds goes through x17."""
    found = access(word, scale, base, disp)
    if found is None:
        move_constant(sink.code, TEMPORARY, disp & 0xFFFFFFFFFFFFFFFF)
        found = word | 1 << 21 | 2 << 10 | LSL | TEMPORARY << 16 | (base & 31) << 5
    if trap is not None:
        sink.trap(trap)
    sink.code += found.to_bytes(4, "little")


def _near_literal(data: tuple[int, int, int], d: int) -> bytes:
    literal, rt, _ = data
    return (literal | (d >> 2 & 0x7FFFF) << 5 | rt).to_bytes(4, "little")


def _far_literal(data: tuple[int, int, int], d: int) -> bytes:
    """adr x17, here; add x17, x17, whole pages; ldr rt, [x17, rest]. The pool lies behind the code."""
    _, rt, scaled = data
    word, scale = scaled >> 3, scaled & 7
    page, rest = d >> 12, d & 4095
    code = (0x10000000 | TEMPORARY).to_bytes(4, "little")
    code += (0x91400000 | page << 10 | TEMPORARY << 5 | TEMPORARY).to_bytes(4, "little")
    found = access(word | rt, scale, TEMPORARY, rest)
    assert found is not None
    return code + found.to_bytes(4, "little")


LITERAL = (Form(4, 0, (1 << 20) - 4, _near_literal), Form(12, 0, (1 << 24) - 1, _far_literal))


def _address_encoder(row: A64Row, word: Callable[[tuple[int, ...]], int]) -> Callable[[Any, MInst, tuple[int, ...]], None]:
    n_addr, scale = row.addr, row.scale
    n_fixed = len(row.defs) + len(row.uses) - max(n_addr, 0)
    memo: dict[Any, bytes] = {}

    def no_register(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
        mode, disp, trap = inst.imm
        if mode in (CONST, LABEL):
            label = sink.constant(disp) if mode == CONST else disp
            sink.relax(LITERAL, label, (row.literal, allocs[0] & 31, row.word << 3 | scale))
            return
        emit_access(sink, word(allocs), scale, *base_address(sink, mode, disp), trap)

    def one_register(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
        _, disp, trap = inst.imm
        key = allocs, disp
        code = memo.get(key)
        if code is None:
            found = access(word(allocs), scale, allocs[n_fixed], disp)
            if found is None:
                emit_access(sink, word(allocs), scale, allocs[n_fixed], disp, trap)
                return
            if len(memo) > _MEMO_LIMIT:
                memo.clear()
            code = memo[key] = found.to_bytes(4, "little")
        if trap is not None:
            sink.trap(trap)
        sink.code += code

    def two_registers(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
        mode, disp, trap = inst.imm
        assert not disp
        base, index = allocs[n_fixed] & 31, allocs[n_fixed + 1]
        if trap is not None:
            sink.trap(trap)
        sink.code += (word(allocs) | 1 << 21 | 2 << 10 | mode | index << 16 | base << 5).to_bytes(4, "little")

    return (no_register, one_register, two_registers)[n_addr]
