"""Where arguments and returns live: a signature and a convention's table in, places out.

A place is ``(IN_REG, preg, class, type)`` or ``(ON_STACK, offset, class, type)`` of one part of a value; a value has as many as
the target has parts for its type. The class of a register may be another than the part's: a float that travels in an integer
register. Returns that do not fit in registers go, in order, into an area of the caller whose address is one more integer
argument, the last one (the first where the convention passes vectors by value and what is wider by reference).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend.ir.types import BITS, BYTES, F16, F32, F64, I8X16, I16, I32, I64, I128, IS_INT, IS_VECTOR
from jitpy.backend.target.row import FLOAT, INT

if TYPE_CHECKING:
    from jitpy.backend.ir.function import AbiParam, Signature
    from jitpy.backend.ir.types import Type
    from jitpy.backend.target.target import Abi, Target

IN_REG, ON_STACK = range(2)
Place = tuple[int, int, int, int]  # IN_REG or ON_STACK, preg or offset, register class, part type
_INT_OF = {F16: I16, F32: I32, F64: I64}


class SigAbi:
    """``args``/``rets``: per parameter and return a tuple of places; returns on the stack are
    offsets into the return area. ``stack_size``: bytes of stack arguments with shadow space.
    ``area``: the place of the hidden pointer to the return area, or None; ``area_size``.
    ``extensions``: per parameter (bits wanted, signed) or None; ``ret_extensions`` likewise.
    ``copies``: per parameter that is passed by the address of a copy, the copy's offset behind all
    else that the caller keeps for the call, -1 for the others; ``copies_size``. The place is then
    that of the address."""

    __slots__ = (
        "abi", "area", "area_size", "args", "copies", "copies_size", "extensions", "memory_args", "ret_extensions",
        "rets", "stack_size",
    )  # fmt: skip

    def __init__(self, sig: Signature, target: Target, abi: Abi) -> None:
        self.abi = abi
        self.area: Place | None = None
        self.area_size = 0
        rets = _Places(abi, abi.rets, target, False)
        self.rets: list[tuple[Place, ...]] = [rets.returned(r.type) for r in sig.returns]
        args = _Places(abi, abi.args, target, abi.floats_in_ints)
        self.args: list[tuple[Place, ...]] = []
        #: Per parameter: bytes of a struct that is copied (its offset is the place's, or that of the copy), else 0.
        self.memory_args: list[int] = []
        self.copies: list[int] = []
        self.copies_size = 0
        args.offset = abi.shadow
        if rets.offset:
            self.area_size = rets.offset
            if abi.vectors_by_value:
                (self.area,) = args.place(target.pointer)
        for p in sig.params:
            struct = p.size if p.purpose == "sarg" else 0
            self.memory_args.append(struct)
            if p.purpose == "sret" and abi.sret >= 0:
                self.args.append(((IN_REG, abi.sret, INT, target.pointer),))
                self.copies.append(-1)
            elif (struct and abi.wide_by_reference) or args.by_reference(p.type):
                self.args.append(args.place(target.pointer))
                self.copies.append(self.copies_size)
                self.copies_size += (struct or BYTES[p.type]) + 15 & -16
            else:
                self.args.append((args.memory(struct),) if struct else args.place(p.type))
                self.copies.append(-1)
        if rets.offset and self.area is None:
            (self.area,) = args.place(target.pointer)
        self.stack_size = args.offset
        if abi.callee_pops:
            self.stack_size = self.stack_size + abi.stack_align - 1 & -abi.stack_align
        self.extensions = [_extension(p, abi) for p in sig.params]
        self.ret_extensions = [_extension(r, abi) for r in sig.returns]


class _Places:
    """Hands out registers, then stack, in order; ``floats_in_ints``: floats take integer registers before the stack."""

    def __init__(self, abi: Abi, regs: tuple[tuple[int, ...], ...], target: Target, floats_in_ints: bool) -> None:
        self.abi = abi
        self.regs = regs
        self.target = target
        self.taken = [0] * len(regs)
        self.offset = 0
        self.floats_in_ints = floats_in_ints

    def memory(self, size: int) -> Place:
        """A struct of ``size`` bytes on the stack."""
        self.offset = self.offset + 7 & -8
        at = self.offset
        self.offset = at + size + 7 & -8
        return ON_STACK, at, INT, self.target.pointer

    def by_reference(self, type: Type) -> bool:
        """Whether a value is passed by the address of a copy."""
        abi = self.abi
        return abi.wide_by_reference and BYTES[type] > abi.slot and not (abi.vectors_by_value and IS_VECTOR[type])

    def returned(self, type: Type) -> tuple[Place, ...]:
        """The places of a returned value. Where wide arguments go by reference, a pair of registers is returned in a float
        register: one place for two parts."""
        if self.abi.vectors_by_value and self.by_reference(type):
            at = self.offset
            self.offset += BYTES[type]
            return tuple([(ON_STACK, at + offset, cls, part) for cls, part, offset in self.target.in_memory(type)])
        if self.by_reference(type) and len(self.target.parts_of(type)) > 1:
            return self.place(I8X16)
        return self.place(type)

    def place(self, type: Type) -> tuple[Place, ...]:
        """The places of one value."""
        abi, target = self.abi, self.target
        parts = target.parts_of(type)
        cls = parts[0][0]
        regs = self.regs[cls]
        bank = 0 if abi.by_position else self.regs.index(regs)  # classes with the same sequence share it
        at = self.taken[bank]
        if len(parts) > 1:
            if abi.even_pairs and cls == INT and at & 1:
                at += 1
        if at + len(parts) <= len(regs):
            self.taken[bank] = at + len(parts)
            return tuple([(IN_REG, regs[at + i], c, t) for i, (c, t) in enumerate(parts)])
        if cls == FLOAT and self.floats_in_ints:
            ((where, place, other, _),) = self.place(_INT_OF[type])
            return ((where, place, other if where == IN_REG else cls, type),)
        found: list[Place] = []
        if abi.split_pairs and at < len(regs):
            found = [(IN_REG, regs[at + i], c, t) for i, (c, t) in enumerate(parts[: len(regs) - at])]
            self.taken[bank] = len(regs)
        elif len(parts) == 1 or abi.even_pairs:
            self.taken[bank] = len(regs)  # a later, narrower value may not go back to a register
        # On the stack: slots; what is wider than 8 bytes is aligned to its size, up to the stack's alignment.
        whole = BYTES[type]
        if whole > 8 and not found:
            bound = min(whole, 64 if whole > 16 else abi.stack_align)
            self.offset = self.offset + bound - 1 & -bound
        for c, t in parts[len(found) :]:
            size = max(BYTES[t], abi.slot)
            if size <= 8:
                self.offset = self.offset + size - 1 & -size
            before = size - BYTES[t] if target.big_endian else 0  # a narrow value fills the end of its slot
            found.append((ON_STACK, self.offset + before, c, t))
            self.offset += size
        return tuple(found)


def _extension(p: AbiParam, abi: Abi) -> tuple[int, bool] | None:
    """(bits, signed) to which the value must be extended, or None."""
    if not p.extension or not IS_INT[p.type] or p.type == I128 or BITS[p.type] >= abi.extend:
        return None
    return abi.extend, p.extension == "sext"


class SigCache:
    """The `SigAbi` of each signature met, by its contents: signatures repeat, within and among
    functions."""

    __slots__ = ("found", "target")

    def __init__(self, target: Target) -> None:
        self.target = target
        self.found: dict[tuple[object, ...], SigAbi] = {}

    def of(self, sig: Signature) -> SigAbi:
        """Places for ``sig``."""
        key = sig.key()
        found = self.found.get(key)
        if found is None:
            if len(self.found) > 1000:
                self.found.clear()
            found = self.found[key] = SigAbi(sig, self.target, self.target.abi(sig.call_conv))
        return found
