"""Atomic memory operations, with Zabha also of 8 and 16 bits, with Zacas also compare-and-swap; loops of load-reserved and
store-conditional for what has no instruction.

Such a loop works on the aligned word or doubleword that holds the value. Narrow values lie `shift` bits up in it:

    again: lr.w old, (a); new = old >> shift op x; new = old ^ ((old ^ new << shift) & mask); sc.w t, new, (a); bnez t, again

Everything is ordered as if it were sequential (aq and rl).

Of memory in big-endian order sums and extrema are computed between an ordinary load and such a loop that only compares and
swaps: between load-reserved and store-conditional there must not be more than a few instructions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jitpy.backend.isa.riscv64.frame import branch_word
from jitpy.backend.isa.riscv64.regs import A0, T6, TEMP
from jitpy.backend.isa.riscv64.rows import ROWS, macro, row
from jitpy.backend.target.row import MInst

_AQRL = 3 << 25
#: Bits -> letter and function code.
WIDTHS = {8: ("b", 0), 16: ("h", 1), 32: ("w", 2), 64: ("d", 3)}
for _name, _f5 in (
    ("amoswap", 1), ("amoadd", 0), ("amoxor", 4), ("amoand", 12), ("amoor", 8), ("amomin", 16), ("amomax", 20),
    ("amominu", 24), ("amomaxu", 28),
):  # fmt: skip
    for _w, _f3 in WIDTHS.values():
        row(f"{_name}.{_w}", f"{_name}.{_w}.aqrl =rd rs2 (rs1)", 0x2F | _f3 << 12 | _f5 << 27 | _AQRL)
for _w, _f3 in WIDTHS.values():
    row(f"amocas.{_w}", f"amocas.{_w}.aqrl +rd rs2 (rs1)", 0x2F | _f3 << 12 | 5 << 27 | _AQRL)
# Of pairs of registers that begin with an even one.
row("amocas.q", "amocas.q.aqrl a0 a2 (rs1) | +$a0 +$a1 $a2 $a3", 0x2F | 4 << 12 | 5 << 27 | _AQRL | A0 << 7 | A0 + 2 << 20)
for _w, _f3 in (WIDTHS[32], WIDTHS[64]):
    row(f"lr.{_w}", f"lr.{_w}.aqrl =rd (rs1)", 0x2F | _f3 << 12 | 2 << 27 | _AQRL)
    row(f"sc.{_w}", f"sc.{_w}.aqrl =rd rs2 (rs1)", 0x2F | _f3 << 12 | 3 << 27 | _AQRL)


def _three(name: str, d: int, a: int, b: int) -> int:
    word: int = ROWS[name].word | d << 7 | a << 15 | b << 20
    return word


def _two(name: str, d: int, a: int, k: int = 0) -> int:
    word: int = ROWS[name].word | d << 7 | a << 15 | (k & 0xFFF) << 20
    return word


#: Operation -> instructions of new = old op x.
_SIMPLE = {"add": "add", "sub": "sub", "and": "and", "or": "or", "xor": "xor"}
#: Extremum -> the branch taken where old stays.
_KEEPS_OLD = {"smin": 4, "smax": 5, "umin": 6, "umax": 7}


def _operate(operation: str, new: int, old: int, x: int) -> list[int]:
    """new = old op x; of extrema both extended as they compare."""
    if operation in _SIMPLE:
        return [_three(_SIMPLE[operation], new, old, x)]
    if operation == "nand":
        return [_three("and", new, old, x), _two("xori", new, new, -1)]
    if operation == "xchg":
        return [_two("mv", new, x)]
    return [_two("mv", new, old), branch_word(0x63 | _KEEPS_OLD[operation] << 12, old, x, 8), _two("mv", new, x)]


def _loop(operation: str, bits: int) -> Callable[[Any, MInst, tuple[int, ...]], None]:
    w = "d" if bits == 64 else "w"
    signed = operation in ("smin", "smax")

    def encode(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
        # defs: old, new; uses: x, a and for narrow ones shift, mask, and 64 - bits less the shift, all in registers
        old, new, x, a, *narrow = allocs
        words = []
        if narrow:
            shift, mask = narrow
            if operation in _KEEPS_OLD:  # the value at the top of the register and down again, so that it is extended
                words += [_three("and", new, old, mask), _three("srl", new, new, shift)]
                if signed:
                    up = 64 - bits
                    words += [_two("slli", new, new, up), _two("srai", new, new, up)]
                words += [branch_word(0x63 | _KEEPS_OLD[operation] << 12, new, x, 8), _two("mv", new, x)]
            else:
                words += [_three("srl", new, old, shift), *_operate(operation, new, new, x)]
            words += [
                _three("sll", new, new, shift), _three("xor", new, new, old), _three("and", new, new, mask),
                _three("xor", new, new, old),
            ]  # fmt: skip
        else:
            words += _operate(operation, new, old, x)
        _write(sink, inst.imm, w, old, new, a, words)

    return encode


def _write(sink: Any, trap: Any, w: str, old: int, new: int, a: int, words: list[int]) -> None:
    if trap is not None:
        sink.trap(trap)
    words = [_two(f"lr.{w}", old, a), *words, _three(f"sc.{w}", TEMP, a, new)]
    words.append(branch_word(0x1063, TEMP, 0, -4 * len(words)))
    sink.code += b"".join([word.to_bytes(4, "little") for word in words])


def _compare_and_swap(bits: int) -> Callable[[Any, MInst, tuple[int, ...]], None]:
    w = "d" if bits == 64 else "w"

    def encode(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
        # defs: old, temporary; uses: expected and new (for narrow ones in place, no other bits set), a, mask
        old, t, expected, x, a, *mask = allocs
        if mask:
            test = [_three("and", t, old, mask[0]), branch_word(0x1063, t, expected, 6 * 4)]
            words = [*test, _three("xor", t, old, x), _three("and", t, t, mask[0]), _three("xor", t, t, old)]
        else:
            words = [branch_word(0x1063, old, expected, 3 * 4)]
            t = x
        _write(sink, inst.imm, w, old, t, a, words)

    return encode


def _swapped(sink: Any, bits: int, d: int, s: int, signed: bool) -> list[int]:
    """d = the low bits of s with their bytes reversed, extended; without Zbb byte by byte, by way of t6."""
    shift = "srai" if signed else "srli"
    if sink.features["has_zbb"]:
        words = [_two("rev8", d, s)]
        return words if bits == 64 else [*words, _two(shift, d, d, 64 - bits)]
    words = [_two("andi", d, s, 255)]
    for k in range(8, bits, 8):
        words += [_two("srli", T6, s, k), _two("andi", T6, T6, 255), _two("slli", d, d, 8), _three("or", d, d, T6)]
    if signed and bits < 64:
        words += [_two("slli", d, d, 64 - bits), _two("srai", d, d, 64 - bits)]
    return words


def _big_loop(operation: str, bits: int) -> Callable[[Any, MInst, tuple[int, ...]], None]:
    w = "d" if bits == 64 else "w"
    signed = bits == 32 or operation in ("smin", "smax")

    def encode(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
        # defs: old, as it is in memory, new; uses: x, a and for narrow ones shift, mask
        old, new, x, a, *narrow = allocs
        words = [ROWS[f"l{w}"][1].word | old << 7 | a << 15]
        if narrow:
            shift, mask = narrow
            words += [_three("srl", new, old, shift), *_swapped(sink, bits, TEMP, new, signed)]
        else:
            words += _swapped(sink, bits, TEMP, old, signed)
        words += [*_operate(operation, new, TEMP, x), *_swapped(sink, bits, TEMP, new, True)]
        if narrow:
            words += [
                _three("sll", new, TEMP, shift), _three("xor", new, new, old), _three("and", new, new, mask),
                _three("xor", new, new, old),
            ]  # fmt: skip
        else:
            words.append(_two("mv", new, TEMP))
        if inst.imm is not None:
            sink.trap(inst.imm)
        words.append(_two(f"lr.{w}", TEMP, a))
        words.append(branch_word(0x1063, TEMP, old, -4 * len(words)))
        words += [_three(f"sc.{w}", TEMP, a, new), branch_word(0x1063, TEMP, 0, -4 * 3)]
        sink.code += b"".join([word.to_bytes(4, "little") for word in words])

    return encode


#: (operation, bits) -> row. ``old`` is the whole word where the value is narrow.
RMW_LOOPS = {
    (operation, bits): macro(
        f"rmw_{operation}{bits}",
        f"rmw_{operation}{bits} ~rd rs1 rs2 | {'rs1 rs1 ' * (bits < 32)}~rd",
        _loop(operation, bits),
    )
    for operation in (*_SIMPLE, *_KEEPS_OLD, "nand", "xchg")
    for bits in (8, 16, 32, 64)
    if bits < 32 or operation == "nand"
}
#: The same for memory in big-endian order, where the operation does not commute with the order.
BIG_LOOPS = {
    (operation, bits): macro(
        f"rmw_big_{operation}{bits}",
        f"rmw_big_{operation}{bits} ~rd rs1 rs2 | {'rs1 rs1 ' * (bits < 32)}~rd",
        _big_loop(operation, bits),
    )
    for operation in ("add", "sub", *_KEEPS_OLD)
    for bits in (16, 32, 64)
}
CAS = {
    bits: macro(
        f"cas{bits}", f"cas{bits} ~rd rs1 rs2 | rs1 {'rs1 ' * (bits < 32)}~rd", _compare_and_swap(bits)
    )
    for bits in (8, 16, 32, 64)
}
