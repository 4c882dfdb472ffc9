"""A row's encoder, specialised once: notation in, closure out.

An instruction is a word of 32 bits: the row's, with registers and immediates or-ed in; `compressed` may halve it when it is
written. The closure remembers the word of each combination of registers and immediates. What is out of reach of a
displacement of 12 bits is addressed from emission's scratch register.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jitpy.backend.isa.riscv64.compressed import Words
from jitpy.backend.isa.riscv64.frame import address, near
from jitpy.backend.isa.riscv64.rows import IMMEDIATE_PLACES, KINDS, PLACES, RiscvRow, parse_operands
from jitpy.backend.target.row import MInst

#: Place of an immediate -> (bits, lowest bit of its field, signed). ``r6`` is a rotation of six bits, its top one at bit 26.
IMMEDIATES = {
    "i12": (12, 20, True), "u20": (20, 12, False), "u6": (6, 20, False), "u5w": (5, 20, False), "u5": (5, 15, False),
    "s5": (5, 15, True), "r6": (6, 15, False),
}  # fmt: skip
assert set(IMMEDIATES) == IMMEDIATE_PLACES
_MEMO_LIMIT = 1 << 12
_TABLES = {(a, b, d): Words(a, b, d) for a in (0, 1) for b in (0, 1) for d in (0, 1)}
_VSETIVLI = 0xC0007057


def put(sink: Any, word: int) -> None:
    """Write an instruction, compressed where that is possible."""
    f = sink.features
    sink.code += _TABLES[f["has_zca"], f["has_zcb"], f["has_zcd"]][word]


def immediate(place: str, k: int) -> int:
    """The bits of an immediate in its place."""
    bits, low, _ = IMMEDIATES[place]
    if place == "r6":
        return (k & 31) << low | (k >> 5 & 1) << 26
    return (k & (1 << bits) - 1) << low


def i_type(word: int, rd: int, rs1: int, k: int) -> int:
    """A word with destination, source and a constant of 12 bits."""
    return word | rd << 7 | rs1 << 15 | (k & 0xFFF) << 20


def s_type(word: int, rs2: int, rs1: int, k: int) -> int:
    """A word that stores rs2 at rs1 + k."""
    return word | rs2 << 20 | rs1 << 15 | (k >> 5 & 127) << 25 | (k & 31) << 7


def r_type(word: int, rd: int, rs1: int, rs2: int) -> int:
    """A word of three registers."""
    return word | rd << 7 | rs1 << 15 | rs2 << 20


def set_state(sink: Any, length: int, vtype: int) -> None:
    """Vectors of ``length`` lanes, of this type, from here on; nothing where that is known to hold."""
    state = length, vtype
    if sink.mode != state:
        sink.mode = state
        sink.code += (_VSETIVLI | vtype << 20 | length << 15).to_bytes(4, "little")


def encoder(row: RiscvRow) -> Callable[[Any, MInst, tuple[int, ...]], None]:
    """The closure ``encode(sink, inst, allocs)`` of a row."""
    _, operands, *_ = parse_operands(row.text)
    fields = tuple((o.alloc, PLACES[o.place], KINDS[o.kind]) for o in operands if o.place in PLACES)
    place = next((o.place for o in operands if o.place in IMMEDIATE_PLACES), "")
    base_word = row.word
    memo: dict[Any, int] = {}

    def word_of(allocs: tuple[int, ...], k: Any) -> int:
        word = base_word
        for alloc, shift, base in fields:
            word |= allocs[alloc] - base << shift
        if place:
            word |= immediate(place, k)
        if len(memo) > _MEMO_LIMIT:
            memo.clear()
        memo[allocs, k] = word
        return word

    if row.vector:

        def encode_vector(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
            length, vtype, k = inst.imm
            set_state(sink, length, vtype)
            word = memo.get((allocs, k))
            if word is None:
                word = word_of(allocs, k)
            sink.code += word.to_bytes(4, "little")

        return encode_vector

    if any(o.place == "(rs1)" for o in operands):

        def encode_atomic(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
            if inst.imm is not None:
                sink.trap(inst.imm)
            put(sink, word_of(allocs, None))

        return encode_atomic

    if row.addr < 0:

        def encode(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
            word = memo.get((allocs, inst.imm))
            if word is None:
                word = word_of(allocs, inst.imm)
            f = sink.features
            sink.code += _TABLES[f["has_zca"], f["has_zcb"], f["has_zcd"]][word]

        return encode

    store = row.store
    _, at, base = fields[0]

    def encode_address(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
        mode, disp, trap = inst.imm
        word = base_word | allocs[0] - base << at
        if row.addr:
            access(sink, word, store, allocs[1], disp, trap)
        else:
            address_access(sink, word, store, mode, disp, trap)

    return encode_address


def access(sink: Any, word: int, store: bool, base: int, disp: int, trap: str | None) -> None:
    """Complete a load's or store's word with an address and write it."""
    base, disp = near(sink, base, disp)
    if trap is not None:
        sink.trap(trap)
    put(sink, s_type(word, 0, base, disp) if store else i_type(word, 0, base, disp))


def address_access(sink: Any, word: int, store: bool, mode: Any, disp: Any, trap: str | None) -> None:
    """The same for an address without registers."""
    base, disp, fixup = address(sink, mode, disp)
    if fixup is None:
        access(sink, word, store, base, disp, trap)
    else:  # the pair is patched, so it is not compressed
        sink.code += (word | base << 15).to_bytes(4, "little")
        fixup()
