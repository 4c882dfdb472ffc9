"""Read-modify-write operations that only a loop over compare-and-swap can do.

    load old; again: new = old op x; lock cmpxchg [a], new; jne again

The old value is in rax throughout, which cmpxchg compares with and reloads; of memory in big-endian order it is what
lies there, and only the copy that is computed with is swapped. Operands: def 0 old (rax), def 1 new (a
temporary), use 0 x, use 1 the address.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jitpy.backend.isa.x64.encode import address_bytes
from jitpy.backend.isa.x64.rows import X64Row, macro
from jitpy.backend.target.row import MInst

#: Condition under which the other operand is better: cmov's number after cmp new(old), x.
_EXTREMA = {"umin": 7, "umax": 2, "smin": 15, "smax": 12}
_OPERATIONS = {"and": 0x21, "or": 0x09, "xor": 0x31, "nand": 0x21, "add": 0x01, "sub": 0x29}


def _rex(w: int, reg: int, b: int, byte: bool) -> bytes:
    rex = w << 3 | reg >> 3 << 2 | b
    return bytes((0x40 | rex,)) if rex or byte else b""


def _swap(code: bytearray, r: int, bits: int) -> None:
    """bswap, or rol by 8 for 16 bits."""
    if bits == 16:
        code += bytes((0x66, 0x40 | r >> 3, 0xC1, 0xC0 | r & 7, 8))
    else:
        code += bytes((0x40 | (bits == 64) << 3 | r >> 3, 0x0F, 0xC8 | r & 7))


def _loop(operation: str, bits: int, swapped: bool) -> Callable[[Any, MInst, tuple[int, ...]], None]:
    w = int(bits == 64)
    before = b"\x66" if bits == 16 else b""
    wide = int(bits != 8)

    def encode(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
        _, new, x, a = allocs
        code = sink.code
        if inst.imm is not None:
            sink.trap(inst.imm)
        body, _, b = address_bytes(0, a, -1, 0, 0)
        # Narrow loads zero-extend, so that no old upper part is merged in.
        load = {8: b"\x0f\xb6", 16: b"\x0f\xb7"}.get(bits, b"\x8b")
        code += _rex(w, 0, b, False) + load + body
        start = len(code)
        code += bytes((0x48 | new >> 3, 0x89, 0xC0 | new & 7))  # mov new, rax
        if swapped:
            _swap(code, new, bits)
        if operation in _OPERATIONS:
            code += bytes((0x48 | x >> 3 << 2 | new >> 3, _OPERATIONS[operation], 0xC0 | (x & 7) << 3 | new & 7))
            if operation == "nand":
                code += bytes((0x48 | new >> 3, 0xF7, 0xD0 | new & 7))
        else:
            # cmp new, x at the operand's width; cmovcc new, x
            modrm = 0xC0 | (x & 7) << 3 | new & 7
            code += before + bytes((0x40 | w << 3 | x >> 3 << 2 | new >> 3, 0x38 + wide, modrm))
            other = 0xC0 | (new & 7) << 3 | x & 7
            code += bytes((0x48 | new >> 3 << 2 | x >> 3, 0x0F, 0x40 | _EXTREMA[operation], other))
        if swapped:
            _swap(code, new, bits)
        body, _, b = address_bytes(new, a, -1, 0, 0)
        code += b"\xf0" + before + _rex(w, new, b, bits == 8) + bytes((0x0F, 0xB0 + wide)) + body
        code += bytes((0x75, start - len(code) - 2 & 255))

    return encode


#: (operation, bits, big-endian memory) -> row. Sums have an instruction of their own where bytes need no swapping.
RMW_LOOPS: dict[tuple[str, int, bool], X64Row] = {
    (operation, bits, swapped): macro(
        f"rmw_{operation}{bits}{'_swapped' * swapped}",
        f"rmw_{operation}{bits} | ~$rax ~reg.q reg.q reg.q",
        _loop(operation, bits, swapped),
    )
    for operation in (*_OPERATIONS, *_EXTREMA)
    for bits in (8, 16, 32, 64)
    for swapped in (False, True)
    if (swapped or operation not in ("add", "sub")) and (bits > 8 or not swapped)
}
