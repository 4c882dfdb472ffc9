"""Atomic operations: ordered loads and stores, those of LSE that are one instruction, and loops over exclusive loads and stores.

    again: ldaxr old, [a]; new = old op x; stlxr status, new, [a]; cbnz status, again

Narrow loads clear the upper bits; what is stored has no more bits than the access.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jitpy.backend.isa.aarch64.conditions import GT, HI, LO, LT
from jitpy.backend.isa.aarch64.frame import word
from jitpy.backend.isa.aarch64.regs import TEMPORARY
from jitpy.backend.isa.aarch64.rows import A64Row, macro, row
from jitpy.backend.target.row import MInst

_SIZES = {8: (0, "b", "w"), 16: (1 << 30, "h", "w"), 32: (2 << 30, "", "w"), 64: (3 << 30, "", "x")}
_LSE = {"add": 0, "clr": 1, "eor": 2, "set": 3, "smax": 4, "smin": 5, "umax": 6, "umin": 7}
for _bits, (_size, _end, _k) in _SIZES.items():
    row(f"ldar{_bits}", f"ldar{_end} =Rd.{_k} at", 0x08DFFC00 | _size)
    row(f"stlr{_bits}", f"stlr{_end} Rd.{_k} at", 0x089FFC00 | _size)
    row(f"ldaxr{_bits}", f"ldaxr{_end} =Rd.{_k} at", 0x085FFC00 | _size)
    row(f"stlxr{_bits}", f"stlxr{_end} =Rm.w Rd.{_k} at", 0x0800FC00 | _size)
    for _op, _code in _LSE.items():
        row(f"ld{_op}al{_bits}", f"ld{_op}al{_end} Rm.{_k} =Rd.{_k} at", 0x38E00000 | _size | _code << 12)
    row(f"swpal{_bits}", f"swpal{_end} Rm.{_k} =Rd.{_k} at", 0x38E08000 | _size)
    row(f"casal{_bits}", f"casal{_end} +Rm.{_k} Rd.{_k} at", 0x08E0FC00 | _size)

row("ldaxp64", "ldaxp =Rd.x =Ra.x at", 0xC87F8000)

#: What makes the new value out of the old one and x: the word of one instruction, registers to be filled in.
_OPERATIONS = {
    "add": 0x8B000000, "sub": 0xCB000000, "and": 0x8A000000, "or": 0xAA000000, "xor": 0xCA000000, "nand": 0x8A000000, "xchg": 0,
}  # fmt: skip
#: Condition of x compared with the old value under which x is better.
_EXTREMA = {"umin": LO, "umax": HI, "smin": LT, "smax": GT}
_REVERSE = {16: 0x5AC00400, 32: 0x5AC00800, 64: 0xDAC00C00}


def _loop(operation: str, bits: int, swapped: bool) -> Callable[[Any, MInst, tuple[int, ...]], None]:
    size, wide = _SIZES[bits][0], (bits == 64) << 31
    # cmp x, old; narrow ones extended to compare.
    option = {8: 0x2B200000, 16: 0x2B202000}.get(bits, 0x2B000000) | (bits < 32 and operation[0] == "s") << 15
    compare = 1 << 30 | option | wide | 31

    def encode(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
        old, new, x, a = allocs
        load = word(0x085FFC00 | size | a << 5 | old)
        body = b""
        source = old
        if swapped:
            body += word(_REVERSE[bits] | old << 5 | new)
            source = new
        if operation == "xchg":
            body += word(0xAA0003E0 | x << 16 | new)
        elif operation in _OPERATIONS:
            body += word(_OPERATIONS[operation] | x << 16 | source << 5 | new)
            if operation == "nand":
                body += word(0xAA2003E0 | new << 16 | new)
        else:
            body += word(compare | source << 16 | x << 5)
            body += word(0x1A800000 | wide | source << 16 | _EXTREMA[operation] << 12 | x << 5 | new)
        if swapped:
            body += word(_REVERSE[bits] | new << 5 | new)
        if inst.imm is not None:
            sink.trap(inst.imm)
        store = word(0x0800FC00 | size | TEMPORARY << 16 | a << 5 | new)
        back = -(len(load + body + store) >> 2)
        sink.code += load + body + store + word(0x35000000 | (back & 0x7FFFF) << 5 | TEMPORARY)

    return encode


def _compare_and_swap(bits: int) -> Callable[[Any, MInst, tuple[int, ...]], None]:
    """again: ldaxr old, [a]; cmp old, expected; b.ne out; stlxr x17, new, [a]; cbnz x17, again; out:"""
    size, wide = _SIZES[bits][0], (bits == 64) << 31
    compare = {8: 0x6B200000, 16: 0x6B202000}.get(bits, 0x6B000000) | wide | 31

    def encode(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
        old, expected, new, a = allocs
        if inst.imm is not None:
            sink.trap(inst.imm)
        for w in (
            0x085FFC00 | size | a << 5 | old, compare | expected << 16 | old << 5, 0x54000001 | 3 << 5,
            0x0800FC00 | size | TEMPORARY << 16 | a << 5 | new, 0x35000000 | (-4 & 0x7FFFF) << 5 | TEMPORARY,
        ):  # fmt: skip
            sink.code += word(w)

    return encode


def _pair(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """again: ldaxp low, high, [a]; cmp low, e0; ccmp high, e1, 0, eq; b.ne other; stlxp x17, n0, n1, [a]; cbnz x17, again; b out;
    other: stlxp x17, low, high, [a]; cbnz x17, again; out: What was read was one value only if it could be stored again."""
    low, high, e0, e1, n0, n1, a = allocs
    if inst.imm is not None:
        sink.trap(inst.imm)
    store = 0xC8208000 | TEMPORARY << 16 | a << 5
    for w in (
        0xC87F8000 | high << 10 | a << 5 | low, 0xEB00001F | e0 << 16 | low << 5, 0xFA400000 | e1 << 16 | high << 5,
        0x54000001 | 4 << 5, store | n1 << 10 | n0, 0x35000000 | (-5 & 0x7FFFF) << 5 | TEMPORARY, 0x14000003,
        store | high << 10 | low, 0x35000000 | (-8 & 0x7FFFF) << 5 | TEMPORARY,
    ):  # fmt: skip
        sink.code += word(w)


#: (operation, bits, big-endian memory) -> row: old value, new value (a temporary), x, address. The imm is the trap code.
RMW_LOOPS: dict[tuple[str, int, bool], A64Row] = {
    (operation, bits, swapped): macro(
        f"rmw_{operation}{bits}{'_swapped' * swapped}",
        f"rmw_{operation}{bits} ~Rd.x ~Rm.x Rn.x Ra.x",
        _loop(operation, bits, swapped),
    )
    for operation in (*_OPERATIONS, *_EXTREMA)
    for bits in (8, 16, 32, 64)
    for swapped in (False, True)
    if bits > 8 or not swapped
}
for _bits in _SIZES:
    macro(f"cas_loop{_bits}", f"cas{_bits} ~Rd.x Rn.x Rm.x Ra.x", _compare_and_swap(_bits))
macro("cas_pair_loop", "cas128 ~Rd.x ~Rd.x Rn.x Rn.x Rm.x Rm.x Ra.x", _pair)


def _casp(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """caspal x0, x1, x2, x3, [a]: pairs of registers that begin with an even one."""
    if inst.imm is not None:
        sink.trap(inst.imm)
    sink.code += word(0x4860FC02 | allocs[-1] << 5)


macro("casp", "caspal +$x0 +$x1 $x2 $x3 Rn.x", _casp)
