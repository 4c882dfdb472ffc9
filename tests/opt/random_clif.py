"""Random CLIF functions for differential tests: expressions over scalar types, diamonds and counted loops, from a seed."""

from __future__ import annotations

import random

from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir import types as ty
from jitpy.backend.ir.function import Function, signature

INTS = (ty.I8, ty.I16, ty.I32, ty.I64)
FLOATS = (ty.F32, ty.F64)
BINARY = (op.IADD, op.ISUB, op.IMUL, op.BAND, op.BOR, op.BXOR, op.UMULHI, op.SMULHI, op.SMIN, op.UMIN, op.SMAX, op.UMAX)
SHIFTS = (op.ISHL, op.USHR, op.SSHR, op.ROTL, op.ROTR)
UNARY = (op.INEG, op.IABS, op.BNOT, op.CLZ, op.CTZ, op.POPCNT)
FLOAT_BINARY = (op.FADD, op.FSUB, op.FMUL, op.FDIV)
FLOAT_UNARY = (op.FNEG, op.FABS, op.SQRT, op.CEIL, op.FLOOR, op.TRUNC, op.NEAREST)
INTERESTING = (0, 1, 2, 3, 7, 8, 10, 15, 16, 31, 63, 64, 100, 127, 128, 255, 256, 1 << 15, 1 << 31, 1 << 63)
FLOAT_BITS = (
    0, 1 << 63, 0x3FF0000000000000, 0x4000000000000000, 0x4008000000000000, 0x3FE0000000000000, 0x7FF0000000000000,
    0x7FF8000000000000, 0x0010000000000000, 0x43E0000000000000,
)  # fmt: skip
FLOAT32_BITS = (0, 1 << 31, 0x3F800000, 0x40000000, 0x7F800000, 0x7FC00000, 0x00800000, 0x3F000000)


class Generator:
    """Builds one function; values by type, the newest used most."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.params = [self.random.choice(INTS + FLOATS) for _ in range(self.random.randint(2, 5))]
        self.result = self.random.choice(INTS + FLOATS)
        self.func = Function("f", signature(self.params, [self.result]))
        self.block = self.func.block()
        self.values: dict[int, list[int]] = {t: [] for t in INTS + FLOATS}
        for t in self.params:
            self.values[t].append(self.func.param(self.block, t))

    def emit(self, node: tuple[object, ...], t: int) -> int:
        v = self.func.value(self.block, node, t)
        self.values[t].append(v)
        return v

    def constant(self, t: int) -> int:
        r = self.random
        if t == ty.F64:
            return self.emit((op.F64CONST, t, r.choice(FLOAT_BITS)), t)
        if t == ty.F32:
            return self.emit((op.F32CONST, t, r.choice(FLOAT32_BITS)), t)
        n = r.choice(INTERESTING) if r.random() < 0.7 else r.getrandbits(64)
        if r.random() < 0.3:
            n = -n
        return self.emit((op.ICONST, t, n & ty.MASK[t]), t)

    def pick(self, t: int) -> int:
        have = self.values[t]
        if not have or self.random.random() < 0.2:
            return self.constant(t)
        return have[-1 - min(len(have) - 1, int(self.random.expovariate(0.5)))]

    def expression(self) -> None:
        r = self.random
        kind = r.random()
        if kind < 0.4:
            t = r.choice(INTS)
            self.emit((r.choice(BINARY), t, None, self.pick(t), self.pick(t)), t)
        elif kind < 0.5:
            t = r.choice(INTS)
            self.emit((r.choice(SHIFTS), t, None, self.pick(t), self.pick(r.choice(INTS))), t)
        elif kind < 0.55:
            t = r.choice(INTS)
            self.emit((r.choice(UNARY), t, None, self.pick(t)), t)
        elif kind < 0.65:
            t = r.choice(INTS)
            self.emit((op.ICMP, t, r.choice(list(op.INT_CC)), self.pick(t), self.pick(t)), ty.I8)
        elif kind < 0.72:
            t = r.choice(INTS + FLOATS)
            c = r.choice(INTS)
            self.emit((op.SELECT, t, None, self.pick(c), self.pick(t), self.pick(t)), t)
        elif kind < 0.8:
            a, b = sorted(r.sample(INTS, 2))
            if r.random() < 0.5:
                self.emit((r.choice((op.UEXTEND, op.SEXTEND)), b, None, self.pick(a)), b)
            else:
                self.emit((op.IREDUCE, a, None, self.pick(b)), a)
        elif kind < 0.9:
            t = r.choice(FLOATS)
            if r.random() < 0.7:
                self.emit((r.choice(FLOAT_BINARY), t, None, self.pick(t), self.pick(t)), t)
            else:
                self.emit((r.choice(FLOAT_UNARY), t, None, self.pick(t)), t)
        elif kind < 0.94:
            t = r.choice(FLOATS)
            self.emit((op.FCMP, t, r.choice(list(op.FLOAT_CC)), self.pick(t), self.pick(t)), ty.I8)
        elif kind < 0.97:
            t = r.choice(FLOATS)
            i = r.choice((ty.I32, ty.I64))
            if r.random() < 0.5:
                self.emit((r.choice((op.FCVT_FROM_SINT, op.FCVT_FROM_UINT)), t, None, self.pick(i)), t)
            else:
                self.emit((r.choice((op.FCVT_TO_SINT_SAT, op.FCVT_TO_UINT_SAT)), i, None, self.pick(t)), i)
        else:
            # A division by a constant that does not trap.
            t = r.choice(INTS)
            d = (r.choice(INTERESTING) or 3) & ty.MASK[t] or 5
            divisor = self.emit((op.ICONST, t, d if d != ty.MASK[t] else 7), t)
            self.emit((r.choice((op.UDIV, op.SDIV, op.UREM, op.SREM)), t, None, self.pick(t), divisor), t)

    def diamond(self) -> None:
        c = self.pick(self.random.choice(INTS))
        t = self.random.choice(INTS + FLOATS)
        before = {k: list(v) for k, v in self.values.items()}
        head = self.block
        left, right, join = self.func.block(), self.func.block(), self.func.block()
        joined = self.func.param(join, t)
        ctype = self.func.value_types[c]
        self.func.append(head, (op.BRIF, ctype, ((left, 0), (right, 0)), c))
        for side in (left, right):
            self.block = side
            self.values = {k: list(v) for k, v in before.items()}
            for _ in range(self.random.randint(0, 4)):
                self.expression()
            self.func.append(self.block, (op.JUMP, 0, ((join, 1),), self.pick(t)))
        self.block = join
        self.values = {k: list(v) for k, v in before.items()}
        self.values[t].append(joined)

    def loop(self) -> None:
        """A loop of a few turns around one accumulator."""
        t = self.random.choice(INTS + FLOATS)
        start = self.pick(t)
        zero = self.emit((op.ICONST, ty.I32, 0), ty.I32)
        header, body, after = self.func.block(), self.func.block(), self.func.block()
        self.func.append(self.block, (op.JUMP, 0, ((header, 2),), zero, start))
        i = self.func.param(header, ty.I32)
        accumulator = self.func.param(header, t)
        self.block = header
        limit = self.emit((op.ICONST, ty.I32, self.random.randint(0, 5)), ty.I32)
        c = self.emit((op.ICMP, ty.I32, "slt", i, limit), ty.I8)
        self.func.append(header, (op.BRIF, ty.I8, ((body, 0), (after, 0)), c))
        before = {k: list(v) for k, v in self.values.items()}
        self.block = body
        self.values[t].append(accumulator)
        self.values[ty.I32].append(i)
        for _ in range(self.random.randint(1, 6)):
            self.expression()
        one = self.emit((op.ICONST, ty.I32, 1), ty.I32)
        n = self.emit((op.IADD, ty.I32, None, i, one), ty.I32)
        self.func.append(self.block, (op.JUMP, 0, ((header, 2),), n, self.pick(t)))
        self.block = after
        self.values = before
        self.values[t].append(accumulator)

    def build(self, size: int) -> Function:
        for _ in range(size):
            kind = self.random.random()
            if kind < 0.06:
                self.diamond()
            elif kind < 0.1:
                self.loop()
            else:
                self.expression()
        self.func.append(self.block, (op.RETURN, 0, None, self.pick(self.result)))
        return self.func

    def arguments(self) -> list[int]:
        """Raw bits, one argument each."""
        found = []
        for t in self.params:
            r = self.random
            if t == ty.F64:
                found.append(r.choice(FLOAT_BITS) if r.random() < 0.6 else r.getrandbits(64))
            elif t == ty.F32:
                found.append(r.choice(FLOAT32_BITS) if r.random() < 0.6 else r.getrandbits(32))
            else:
                found.append((r.choice(INTERESTING) if r.random() < 0.6 else r.getrandbits(64)) & ty.MASK[t])
        return found


def is_nan(t: int, bits: int) -> bool:
    """Whether the bits of a float type are a NaN's."""
    if t == ty.F64:
        return bits & ~(1 << 63) > 0x7FF0000000000000
    return t == ty.F32 and bits & ~(1 << 31) > 0x7F800000


def equal(t: int, a: int, b: int) -> bool:
    """Equal bits, or both NaN."""
    return a == b or (is_nan(t, a) and is_nan(t, b))
