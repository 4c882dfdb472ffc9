"""What random functions do with memory: accesses of all widths, orders and alias regions, atomics.

Memory is a slot of `SLOT_BYTES`, cleared at entry, and that of the callers. Its two halves are alias regions where an access says
so. Atomics want their natural alignment: they have a slot of their own, which other accesses and callees see too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir import types as ty
from jitpy.backend.ir.memflags import ALIGNED, BIG, LITTLE, NOTRAP, with_region

if TYPE_CHECKING:
    import random

    from clif_generator import Generator
    from jitpy.backend.ir.function import Function

SLOT_BYTES = 256
#: Bytes that an access which names them moves.
_WIDTHS = {"8": 1, "16": 2, "32": 4, "8x8": 8, "16x4": 8, "32x2": 8}
_NARROW = ("uload8", "sload8", "uload16", "sload16", "uload32", "sload32", "istore8", "istore16", "istore32",
           "uload8x8", "sload8x8", "uload16x4", "sload16x4", "uload32x2", "sload32x2")  # fmt: skip
_ATOMICS = ("atomic_rmw", "atomic_rmw", "atomic_cas", "atomic_load", "atomic_store")


class Memory:
    """A part of the body of a function."""

    random: random.Random
    generator: Generator
    func: Function
    block: int
    memory: int
    memories: list[int]
    atoms: int
    append: Any
    pick: Any
    give: Any

    def slot(self, align_shift: int) -> int:
        """The address of a new slot, cleared."""
        address = int(self.append(op.STACK_ADDR, ty.I64, (self.func.stack_slot(SLOT_BYTES, align_shift), 0)))
        zero = self.append(op.ICONST, ty.I64, 0)
        for k in range(0, SLOT_BYTES, 8):
            self.func.append(self.block, (op.STORE_, ty.I64, (0, k), zero, address))
        return address

    def place(self, size: int) -> tuple[tuple[int, int], int]:
        """((flags, offset), address) of an access of ``size`` bytes within a slot."""
        r = self.random
        memory = r.choice(self.memories)
        order = r.choice((0, 0, 0, 0, LITTLE, BIG))
        if r.random() < 0.6:
            offset = r.randrange(0, SLOT_BYTES - size + 1, r.choice((1, size, size)))
            half = offset // (SLOT_BYTES // 2)
            flags = r.choice((0, NOTRAP)) | order
            if half == (offset + size - 1) // (SLOT_BYTES // 2) and r.random() < 0.5:
                flags = with_region(flags, half)
            return (flags, offset), memory
        twice = r.random() < 0.3
        mask = self.append(op.ICONST, ty.I64, r.choice((7, 15, 31) if twice else (7, 15, 31, 0x38, 0x30)))
        index = self.append(op.BAND, ty.I64, None, self.pick(ty.I64), mask)
        if twice:
            index = self.append(op.IADD, ty.I64, None, index, index)
            return (order, r.randint(0, 32)), self.append(op.IADD, ty.I64, None, memory, index)
        return (order, r.randint(0, 48)), self.append(op.IADD, ty.I64, None, memory, index)

    def access(self) -> None:
        r = self.random
        kind = r.random()
        if kind < 0.2:
            self.narrow()
            return
        if kind < 0.35 and self.atoms:
            self.atomic()
            return
        type = r.choice(self.generator.types)
        imm, address = self.place(ty.BYTES[type])
        if kind < 0.6:
            self.func.append(self.block, (op.STORE_, type, imm, self.pick(type), address))
        else:
            self.give(type, self.append(op.LOAD_, type, imm, address))

    def narrow(self) -> None:
        """A load that extends, or a store of the low bits."""
        choice = self.generator.choose(_NARROW)
        if choice is None:
            return
        number, control, arg_types, result_types = choice
        name = op.NAME[number]
        imm, address = self.place(_WIDTHS[name[name.index("8" if "8" in name else "16" if "16" in name else "32") :]])
        if result_types:
            self.give(control, self.append(number, control, imm, address))
        else:
            self.func.append(self.block, (number, control, imm, self.pick(arg_types[0]), address))

    def atomic(self) -> None:
        r = self.random
        choice = self.generator.choose(_ATOMICS)
        if choice is None:
            return
        number, control, arg_types, result_types = choice
        size = ty.BYTES[control]
        offset = self.append(op.ICONST, ty.I64, r.randrange(0, SLOT_BYTES - size + 1, size))
        address = self.append(op.IADD, ty.I64, None, self.atoms, offset)
        flags = r.choice((0, NOTRAP, ALIGNED, LITTLE, BIG))
        imm = (flags, r.choice(list(op.ATOMIC_OPS))) if number == op.BY_NAME["atomic_rmw"] else flags
        values = [self.pick(control) for _ in range(len(arg_types) - 1)]
        args = [*values, address] if not result_types else [address, *values]
        if result_types:
            self.give(control, self.append(number, control, imm, *args))
        else:
            self.func.append(self.block, (number, control, imm, *args))
        if r.random() < 0.2:
            self.func.append(self.block, (op.BY_NAME["fence"], 0, None))
