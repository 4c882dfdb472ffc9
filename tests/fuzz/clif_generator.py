"""Random CLIF modules from a seed, over the whole opcode table.

A module is a few functions; a function calls those behind it only, so every call ends. Bodies are made of
    instructions    every opcode with operands and results, at every controlling type of its domain (`PALETTE`)
    memory          stack slots, cleared at entry: see `clif_memory`
    control         diamonds, counted loops, switches, early returns and traps, with block parameters
    calls           of all kinds, with any signature: see `clif_calls`
A module keeps to some of the types, so that its values find users.
Values come from those defined so far, the newest most often; what is defined inside a branch is forgotten behind it. So that
little of what is computed goes unseen, results are often stored, and the called function also returns a checksum of its
memory.

Not here: what has another answer on the interpreter (addresses of frames and of code are computed, not used), and what needs a
setting, a loader or declarations of its own (pinned register, thread-locals, `stack_switch`, dynamic vectors, `debugtrap`).
"""

from __future__ import annotations

import random
from typing import Any

from clif_calls import Calls
from clif_memory import SLOT_BYTES, Memory
from jitpy.backend.filetests.random_values import value_bits
from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir import types as ty
from jitpy.backend.ir.domains import DOMAIN, DOMAINS, FREE
from jitpy.backend.ir.function import Function, Signature, signature
from jitpy.backend.ir.infer import TYPE_CODES
from jitpy.backend.ir.memflags import BIG, LITTLE

SCALARS = (ty.I8, ty.I16, ty.I32, ty.I64, ty.I128, ty.F16, ty.F32, ty.F64, ty.F128)
VECTORS = (
    ty.I8X16, ty.I16X8, ty.I32X4, ty.I64X2, ty.F32X4, ty.F64X2,
    ty.vector(ty.F16, 8), ty.vector(ty.I8, 32), ty.vector(ty.I16, 16), ty.vector(ty.I32, 8), ty.vector(ty.F32, 8),
    ty.vector(ty.I64, 4), ty.vector(ty.F64, 4), ty.vector(ty.I8, 64), ty.vector(ty.I32, 16), ty.vector(ty.I64, 8),
    ty.vector(ty.F32, 16),
)  # fmt: skip
TYPES = SCALARS + VECTORS
#: Formats whose opcodes are made like any instruction; the rest is memory, control and calls.
PLAIN = ("unary", "binary", "ternary", "int_compare", "float_compare", "binary_imm8", "ternary_imm8", "int_add_trap", "shuffle",
          "unary_imm", "unary_ieee16", "unary_ieee32", "unary_ieee64", "unary_const", "load_no_offset")  # fmt: skip
_ACCESSES = ("load", "store", "load_no_offset", "store_no_offset", "atomic_rmw", "atomic_cas")
_NOT_HERE = {"set_pinned_reg", "stack_switch"}
_UNUSED = ("get_frame_pointer", "get_stack_pointer", "get_return_address")
_DIVISIONS = (op.UDIV, op.SDIV, op.UREM, op.SREM)

Choice = tuple[int, ty.Type, tuple[ty.Type, ...], tuple[ty.Type, ...]]


def combinations(formats: tuple[str, ...], types: tuple[ty.Type, ...] = TYPES) -> dict[str, list[Choice]]:
    """Opcode name -> (opcode, controlling type, operand types, result types) of all that exist over ``types``."""
    found: dict[str, list[Choice]] = {}
    for number in range(op.CLIF_COUNT):
        name = op.NAME[number]
        if op.FORMAT[number] not in formats or op.EFFECTS[number] & (op.TERMINATOR | op.CALL) or name in _NOT_HERE:
            continue
        controls = [t for t in types if t in DOMAINS[DOMAIN[number]]] if op.CTRL[number] else [ty.INVALID]
        for control in controls:
            free = [t for t in types if name not in FREE or FREE[name][0](control, t)] if "any" in op.ARGS[number] else [ty.INVALID]
            for other in free:
                args = tuple(other if c == "any" else _type(c, control) for c in op.ARGS[number])
                results = tuple(_type(c, control) for c in op.RESULTS[number])
                if args + results and all(t in types for t in args + results):
                    found.setdefault(name, []).append((number, control or (results or args)[0], args, results))
    return found


def _type(code: str, control: ty.Type) -> ty.Type:
    return ty.I64 if code == "addr" else ty.BY_NAME.get(code) or TYPE_CODES[code](control)


ACCESSES = combinations(_ACCESSES)
def _within(palette: dict[str, list[Choice]], types: set[ty.Type]) -> dict[str, list[Choice]]:
    """What there is over some types."""
    kept = {name: [c for c in choices if types.issuperset(c[2] + c[3])] for name, choices in palette.items()}
    return {name: choices for name, choices in kept.items() if choices}


PALETTE = {name: found for name, found in combinations(PLAIN).items() if name not in ACCESSES or name == "bitcast"}


class Generator:
    """``supports(choice)``: whether the engines under test have an instruction; ``types``: those that parameters and results may
    have; ``drawn``: those that values may have.
    """

    def __init__(
        self, seed: int, supports: Any, types: tuple[ty.Type, ...] = TYPES, drawn: tuple[ty.Type, ...] = TYPES
    ) -> None:  # fmt: skip
        self.random = r = random.Random(seed)
        self.supports = supports
        known = set(r.sample(drawn, r.randint(2, len(drawn))) if r.random() < 0.8 else drawn) | {ty.I8, ty.I32, ty.I64}
        self.types = tuple(t for t in types if t in known)
        self.palette, self.accesses = _within(PALETTE, known), _within(ACCESSES, known)
        self.names = sorted(self.palette)
        self.throws = r.random() < 0.15

    def choose(self, names: tuple[str, ...]) -> Choice | None:
        """One of the accesses with one of ``names``."""
        r = self.random
        for _ in range(20):
            found = self.accesses.get(r.choice(names))
            if found and self.supports(choice := r.choice(found)):
                return choice
        return None

    def module(self, size: int) -> list[Function]:
        """Some functions, the one to be called first."""
        r = self.random
        count = r.choice((2, 3, 4) if self.throws else (1, 1, 2, 3))
        tails = r.random() < 0.4
        made: list[Function] = []
        for k in reversed(range(count)):
            params = [r.choice(self.types) for _ in range(r.randint(1, 10 if r.random() < 0.1 else 4))]
            returns = [r.choice(self.types) for _ in range(r.randint(1, 2 + 3 * (r.random() < 0.1)))]
            convention = "system_v"
            if k == 0:
                returns.append(ty.I64)
            else:
                params[:0] = [ty.I64] * (1 + self.throws)  # the caller's memory, the entry's frame
                if tails and r.random() < 0.8:
                    convention = "tail"
                    returns = [p.type for p in made[-1].sig.returns] if made and r.random() < 0.7 else returns
            func = Function("f" if k == 0 else f"g{k}", signature(params, returns, convention))
            _Body(self, func, list(made)).build(size if k == 0 else size // 3)
            made.append(func)
        return made[::-1]

    def arguments(self, sig: Signature) -> list[int]:
        return [value_bits(self.random, p.type) for p in sig.params]


class _Body(Memory, Calls):
    """Writes one function."""

    def __init__(self, generator: Generator, func: Function, callees: list[Function]) -> None:
        self.generator = generator
        self.random = generator.random
        self.func = func
        self.callees = callees
        self.pool: dict[ty.Type, list[int]] = {t: [] for t in TYPES}
        self.depth = 0
        self.block = func.block()
        func.regions = {0: (0, "low"), 1: (1, "high")}
        given = [func.param(self.block, param.type) for param in func.sig.params]
        self.given = [] if func.name == "f" else [given.pop(0) for _ in range(1 + generator.throws)]
        for value in given:
            self.pool[func.value_types[value]].append(value)
        self.memory = self.slot(self.random.choice((0, 3, 4, 6, 9)))
        self.atoms = self.slot(4) if self.random.random() < 0.3 else 0
        self.memories = [self.memory, *[self.atoms][: bool(self.atoms)], *self.given[:1]]

    def build(self, size: int) -> None:
        self.statements(size)
        self.leave()

    def append(self, opcode: int, control: ty.Type, imm: Any, *args: int, result: ty.Type | None = None) -> int:
        return self.func.value(self.block, (opcode, control, imm, *args), result or control)

    def give(self, type: ty.Type, value: int) -> None:
        self.pool[type].append(value)

    def pick(self, type: ty.Type) -> int:
        have = self.pool[type]
        if not have or self.random.random() < 0.15:
            return self.constant(type)
        return have[-1 - min(len(have) - 1, int(self.random.expovariate(0.4)))]

    def constant(self, type: ty.Type) -> int:
        bits = value_bits(self.random, type)
        if ty.IS_VECTOR[type] or type == ty.F128:
            opcode = op.F128CONST if type == ty.F128 else op.VCONST
            return self.append(opcode, type, bits.to_bytes(ty.BYTES[type], "little"))
        if type == ty.I128:
            low, high = (self.append(op.ICONST, ty.I64, bits >> s & ty.MASK[ty.I64]) for s in (0, 64))
            return self.append(op.ICONCAT, ty.I64, None, low, high, result=ty.I128)
        floats = {ty.F16: op.F16CONST, ty.F32: op.F32CONST, ty.F64: op.F64CONST}
        return self.append(floats.get(type, op.ICONST), type, bits)

    def statements(self, size: int) -> None:
        r = self.random
        while size > 0:
            kind = r.random()
            if kind < 0.76:
                self.instruction()
                size -= 1
            elif kind < 0.88:
                self.access()
                size -= 1
            elif kind < 0.9:
                self.trap()
                size -= 1
            elif kind < 0.93 and self.callees:
                inner = r.randint(0, size // 3)
                self.call(inner)
                size -= inner + 1
            elif kind < 0.935:
                self.nothing()
            elif size > 4 and self.depth < 3:
                inner = r.randint(1, size // 2)
                r.choice((self.diamond, self.diamond, self.loop, self.switch, self.early_return))(inner)
                size -= inner + 2
            else:
                size -= 1

    def instruction(self) -> None:
        r = self.random
        for _ in range(20):
            choice = r.choice(self.generator.palette[r.choice(self.generator.names)])
            # Most instructions that may trap would, and hide what comes behind them.
            if op.EFFECTS[choice[0]] & op.TRAP and choice[0] not in _DIVISIONS and r.random() < 0.8:
                continue
            if self.generator.supports(choice):
                break
        else:
            return
        number, control, arg_types, result_types = choice
        args = [self.pick(t) for t in arg_types]
        if number in _DIVISIONS and control != ty.I128 and r.random() < 0.8:
            one = self.append(op.ICONST, control, 1)
            args[1] = self.append(op.BOR, control, None, args[1], one)
        node = (number, control, immediate(self.random, number, control, arg_types), *args)
        inst = self.func.append(self.block, node, result_types)
        for type, value in zip(result_types, self.func.results[inst]):
            self.give(type, value)
            if r.random() < 0.5 and type in self.generator.types:
                offset = r.randrange(0, SLOT_BYTES - ty.BYTES[type] + 1, ty.BYTES[type])
                self.func.append(self.block, (op.STORE_, type, (0, offset), value, self.memory))

    def nothing(self) -> None:
        """What computes nothing that is used."""
        name = self.random.choice(("nop", "fence", "sequence_point", *_UNUSED))
        if name in _UNUSED:
            self.append(op.BY_NAME[name], ty.I64, None)
        else:
            self.func.append(self.block, (op.BY_NAME[name], 0, None))

    def condition(self) -> int:
        return self.pick(self.random.choice((ty.I8, ty.I8, ty.I32, ty.I64)))

    def trap(self) -> None:
        r = self.random
        if r.random() < 0.3:
            condition = self.condition()
            test = self.append(op.ICMP, ty.I8, "eq", *[self.pick(ty.I8) for _ in range(2)]) if r.random() < 0.5 else condition
            number = r.choice((op.TRAPZ, op.TRAPNZ))
            self.func.append(self.block, (number, self.func.value_types[test], r.choice(("user1", "user7", "heap_oob")), test))

    def leave(self) -> None:
        """Return something, and the checksum; or as another function does."""
        if self.random.random() < 0.5 and self.tail_call():
            return
        values = [self.pick(p.type) for p in self.func.sig.returns]
        if self.func.name == "f":
            seven = self.append(op.ICONST, ty.I8, 7)
            values[-1] = self.append(op.ICONST, ty.I64, 1)
            for k in range(0, SLOT_BYTES, 8):
                word = self.append(op.LOAD_, ty.I64, (0, k), self.memory)
                turned = self.append(op.ROTL, ty.I64, None, values[-1], seven)
                values[-1] = self.append(op.BXOR, ty.I64, None, turned, word)
        self.func.append(self.block, (op.RETURN, 0, None, *values))

    def scoped(self, block: int, size: int) -> None:
        """Statements in ``block``, whose values are then forgotten by the caller."""
        self.block = block
        self.depth += 1
        self.statements(size)
        self.depth -= 1

    def joined(self, count: int) -> tuple[int, list[ty.Type]]:
        """A new block with up to ``count`` parameters, which become values behind it."""
        types = [self.random.choice(self.generator.types) for _ in range(self.random.randint(0, count))]
        return self.func.block(), types

    def _mark(self) -> dict[ty.Type, int]:
        return {t: len(values) for t, values in self.pool.items()}

    def _forget(self, mark: dict[ty.Type, int]) -> None:
        for t, count in mark.items():
            del self.pool[t][count:]

    def diamond(self, size: int) -> None:
        func = self.func
        condition = self.condition()
        sides = [func.block(), func.block()]
        join, types = self.joined(3)
        if self.random.random() < 0.2:
            func.cold.add(sides[0])
        func.append(self.block, (op.BRIF, func.value_types[condition], tuple((s, 0) for s in sides), condition))
        mark = self._mark()
        for side in sides:
            self.scoped(side, size // 2)
            func.append(self.block, (op.JUMP, 0, ((join, len(types)),), *[self.pick(t) for t in types]))
            self._forget(mark)
        self.enter(join, types)

    def enter(self, block: int, types: list[ty.Type]) -> None:
        for t in types:
            self.give(t, self.func.param(block, t))
        self.block = block

    def loop(self, size: int) -> None:
        func, r = self.func, self.random
        counter = r.choice((ty.I32, ty.I64))
        head, after = func.block(), func.block()
        types = [r.choice(self.generator.types) for _ in range(r.randint(0, 3))]
        start = self.append(op.ICONST, counter, r.randint(1, 6))
        func.append(self.block, (op.JUMP, 0, ((head, 1 + len(types)),), start, *[self.pick(t) for t in types]))
        mark = self._mark()
        left = func.param(head, counter)
        self.enter(head, types)
        self.give(counter, left)
        self.scoped(head, size)
        one = self.append(op.ICONST, counter, 1)
        less = self.append(op.ISUB, counter, None, left, one)
        carried = [self.pick(t) for t in types]
        out = [self.pick(t) for t in types]
        func.append(
            self.block,
            (op.BRIF, counter, ((head, 1 + len(types)), (after, len(types))), less, less, *carried, *out),
        )
        self._forget(mark)
        self.enter(after, types)

    def switch(self, size: int) -> None:
        func, r = self.func, self.random
        cases = [func.block() for _ in range(r.randint(1, 5))]
        join, types = self.joined(2)
        index = self.pick(ty.I32)
        if r.random() < 0.7:
            index = self.append(op.BAND, ty.I32, None, index, self.append(op.ICONST, ty.I32, 7))
        targets = tuple((r.choice(cases), 0) for _ in range(r.randint(1, 9)))
        func.append(self.block, (op.BR_TABLE, 0, targets, index))
        mark = self._mark()
        for case in cases:
            self.scoped(case, size // len(cases))
            func.append(self.block, (op.JUMP, 0, ((join, len(types)),), *[self.pick(t) for t in types]))
            self._forget(mark)
        self.enter(join, types)

    def early_return(self, size: int) -> None:
        func = self.func
        condition = self.condition()
        side, rest = func.block(), func.block()
        func.append(self.block, (op.BRIF, func.value_types[condition], ((side, 0), (rest, 0)), condition))
        mark = self._mark()
        self.scoped(side, size)
        if self.generator.throws and self.given and self.random.random() < 0.6:
            self.throw()
        elif self.random.random() < 0.1:
            func.append(self.block, (op.TRAP_, 0, "user3"))
        else:
            self.leave()
        self._forget(mark)
        self.block = rest


def immediate(r: random.Random, number: int, control: ty.Type, arg_types: tuple[ty.Type, ...] = ()) -> Any:
    """A random immediate for an instruction."""
    format = op.FORMAT[number]
    if number == op.BITCAST:
        same = ty.LANES[control] == ty.LANES[arg_types[0]] or not ty.IS_VECTOR[control] or not ty.IS_VECTOR[arg_types[0]]
        return r.choice((0, 0, LITTLE, BIG) if same else (LITTLE, BIG))
    if format in _ACCESSES:
        return (0, 0) if format in ("load", "store") else (0, "xchg") if format == "atomic_rmw" else 0
    if format == "int_compare":
        return r.choice(list(op.INT_CC))
    if format == "float_compare":
        return r.choice(list(op.FLOAT_CC))
    if format in ("binary_imm8", "ternary_imm8"):
        return r.randrange(ty.LANES[control])
    if format == "int_add_trap":
        return "user2"
    if format == "shuffle":
        return _shuffle(r)
    if format.startswith("unary_ieee"):
        return value_bits(r, control)
    if format == "unary_imm":
        return value_bits(r, control)
    if format == "unary_const":
        return value_bits(r, control).to_bytes(ty.BYTES[control], "little")
    return None


def _shuffle(r: random.Random) -> bytes:
    """A mask: any, or lanes of some width, or a rotation, or a splat."""
    kind = r.random()
    if kind < 0.3:
        return bytes(r.randrange(32) for _ in range(16))
    if kind < 0.5:
        start = r.randrange(17)
        return bytes(range(start, start + 16))
    width = r.choice((2, 4, 8))
    lanes = [r.randrange(32 // width) for _ in range(16 // width)]
    if kind < 0.7:
        lanes = [lanes[0]] * len(lanes)
    return bytes(width * lane + k for lane in lanes for k in range(width))
