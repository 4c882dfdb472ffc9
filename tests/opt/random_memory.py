"""Random CLIF functions with memory, overflow tests, calls and countdowns, besides what `random_clif` makes.

Memory is a stack slot of eight words, cleared at entry. Words 0 to 3 are region 0, words 4 to 7 region 1; an access says so, or
says nothing. An index that is only known at run time covers both regions, so it says nothing. Only integers are stored, for the
bits of a NaN are nobody's promise. The second function, ``g``, works on the first one's memory, whose address it is given.
"""

from __future__ import annotations

from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir import types as ty
from jitpy.backend.ir.function import Function, signature
from jitpy.backend.ir.memflags import TRUSTED, with_region
from random_clif import INTS, Generator

WORDS = 8
OVERFLOW = tuple(
    op.BY_NAME[f"{kind}{name}_overflow"] for kind in "su" for name in ("add", "sub", "mul")
)  # fmt: skip
CALLED = signature([ty.I64, ty.I64], [ty.I64])


def called() -> Function:
    """``g(address, x)``: adds x to word 1, answers word 5."""
    func = Function("g", CALLED)
    b = func.block()
    address, x = func.param(b, ty.I64), func.param(b, ty.I64)
    old = func.value(b, (op.LOAD_, ty.I64, (TRUSTED, 8), address), ty.I64)
    func.append(b, (op.STORE_, ty.I64, (TRUSTED, 8), func.value(b, (op.IADD, ty.I64, None, old, x), ty.I64), address))
    func.append(b, (op.RETURN, 0, None, func.value(b, (op.LOAD_, ty.I64, (TRUSTED, 40), address), ty.I64)))
    return func


class MemoryGenerator(Generator):
    """See the module's docstring."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        func, b = self.func, self.block
        func.regions = {0: (0, "low"), 1: (1, "high")}
        self.address = func.value(b, (op.STACK_ADDR, ty.I64, (func.stack_slot(8 * WORDS), 0)), ty.I64)
        zero = func.value(b, (op.ICONST, ty.I64, 0), ty.I64)
        for k in range(WORDS):
            func.append(b, (op.STORE_, ty.I64, (TRUSTED, 8 * k), zero, self.address))

    def place(self, t: int) -> tuple[tuple[int, int], int]:
        """(flags, offset) and the address of some access of type ``t``."""
        r = self.random
        word = r.randrange(WORDS)
        inside = ty.BYTES[t] * r.randrange(8 // ty.BYTES[t])
        if r.random() < 0.25:
            seven = self.emit((op.ICONST, ty.I64, WORDS - 1), ty.I64)
            index = self.emit((op.BAND, ty.I64, None, self.pick(ty.I64), seven), ty.I64)
            three = self.emit((op.ICONST, ty.I64, 3), ty.I64)
            scaled = self.emit((op.ISHL, ty.I64, None, index, three), ty.I64)
            address = self.func.value(self.block, (op.IADD, ty.I64, None, self.address, scaled), ty.I64)
            return (TRUSTED, inside), address
        flags = with_region(TRUSTED, word // 4) if r.random() < 0.7 else TRUSTED
        return (flags, 8 * word + inside), self.address

    def expression(self) -> None:
        r = self.random
        kind = r.random()
        func = self.func
        if kind < 0.12:
            t = r.choice(INTS)
            imm, address = self.place(t)
            self.emit((op.LOAD_, t, imm, address), t)
        elif kind < 0.24:
            t = r.choice(INTS)
            imm, address = self.place(t)
            func.append(self.block, (op.STORE_, t, imm, self.pick(t), address))
        elif kind < 0.32:
            self.overflow()
        elif kind < 0.35:
            ref = func.import_function("g", CALLED, True)
            inst = func.append(self.block, (op.CALL_, 0, ref, self.address, self.pick(ty.I64)), (ty.I64,))
            self.values[ty.I64].append(func.results[inst][0])
        elif kind < 0.38:
            self.countdown()
        else:
            super().expression()

    def overflow(self) -> None:
        """Both results, or a branch on the second."""
        t = self.random.choice(INTS)
        func = self.func
        inst = func.append(self.block, (self.random.choice(OVERFLOW), t, None, self.pick(t), self.pick(t)), (t, ty.I8))
        value, flag = func.results[inst]
        if self.random.random() < 0.4:
            self.values[t].append(value)
            self.values[ty.I8].append(flag)
            return
        over, join = func.block(), func.block()
        joined = func.param(join, t)
        other = self.pick(t)
        func.append(self.block, (op.BRIF, ty.I8, ((over, 0), (join, 1)), flag, value))
        if self.random.random() < 0.5:
            func.cold.add(over)
        func.append(over, (op.JUMP, 0, ((join, 1),), other))
        self.block = join
        self.values[t].append(joined)

    def countdown(self) -> None:
        """A loop that tests what it just subtracted, around a word of memory."""
        func, r = self.func, self.random
        t = r.choice((ty.I32, ty.I64))
        turns = self.emit((op.ICONST, t, r.randint(1, 4)), t)
        head, after = func.block(), func.block()
        func.append(self.block, (op.JUMP, 0, ((head, 1),), turns))
        left = func.param(head, t)
        imm = (with_region(TRUSTED, 0), 8 * r.randrange(4))
        self.block = head
        old = func.value(head, (op.LOAD_, t, imm, self.address), t)
        new = func.value(head, (op.IADD, t, None, old, left), t)
        func.append(head, (op.STORE_, t, imm, new, self.address))
        step = func.value(head, (op.ICONST, t, ty.MASK[t]), t)
        less = func.value(head, (op.IADD, t, None, left, step), t)
        func.append(head, (op.BRIF, t, ((head, 1), (after, 0)), less, less))
        self.block = after
        self.values[t].append(less)
