"""How random functions call each other: direct, by address, as the last thing they do, or ready for what is thrown.

A function calls those behind it only, so every call ends. Its first parameter is memory to work on, which outlives it, so that it
may be passed on by a tail call, unlike the function's own. Of a module that throws, the second is the frame pointer
of the entry, whose calls all handle whatever is thrown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir import types as ty
from jitpy.backend.ir.function import GlobalValue, TryTargets, signature

if TYPE_CHECKING:
    import random

    from clif_generator import Generator
    from jitpy.backend.ir.function import Function

TAGS = (1, 2, 7)


class Calls:
    """A part of the body of a function."""

    random: random.Random
    generator: Generator
    func: Function
    block: int
    callees: list[Function]
    memories: list[int]
    given: list[int]
    append: Any
    pick: Any
    give: Any
    enter: Any
    scoped: Any
    _mark: Any
    _forget: Any

    def arguments_for(self, callee: Function, memory: int) -> list[int]:
        first = [memory, *self.given[1:]] if self.func.name != "f" else [memory, *self.entry_frame()]
        return [*first, *[self.pick(p.type) for p in callee.sig.params[len(first) :]]]

    def entry_frame(self) -> list[int]:
        return [self.append(op.GET_FRAME_POINTER, ty.I64, None)] if self.generator.throws else []

    def address(self, callee: Function, reference: int) -> int:
        """The address of a function, as of a function or of a symbol."""
        if self.random.random() < 0.7:
            return int(self.append(op.FUNC_ADDR, ty.I64, reference))
        self.func.global_values.append(GlobalValue("symbol", name=callee.name, colocated=self.random.random() < 0.5))
        return int(self.append(op.SYMBOL_VALUE, ty.I64, len(self.func.global_values) - 1))

    def call(self, size: int = 0) -> None:
        r = self.random
        callee = r.choice(self.callees)
        reference = self.func.import_function(callee.name, callee.sig, colocated=r.random() < 0.7)
        args = self.arguments_for(callee, r.choice(self.memories))
        returned = tuple(p.type for p in callee.sig.returns)
        indirect = r.random() < 0.3
        if indirect:
            args.insert(0, self.address(callee, reference))
        if self.generator.throws and (self.func.name == "f" or r.random() < 0.5):
            self.try_call(reference, callee, args, returned, indirect, size)
            return
        signature = self.func.ext_funcs[reference].sig
        node = (op.CALL_INDIRECT, ty.I64, signature, *args) if indirect else (op.CALL_, 0, reference, *args)
        inst = self.func.append(self.block, node, returned)
        for type, value in zip(returned, self.func.results[inst]):
            self.give(type, value)

    def try_call(
        self, reference: int, callee: Function, args: list[int], returned: tuple[ty.Type, ...], indirect: bool, size: int
    ) -> None:
        """Results and payloads go to blocks of their own, with values beside them, and meet again; the entry handles
        everything.
        """
        func, r = self.func, self.random
        tags = r.sample(TAGS, r.randint(0, 2))
        everything = func.name == "f" or r.random() < 0.5
        kinds: list[list[Any]] = [[("ret", i) for i in range(len(returned))]]
        for _ in range(len(tags) + everything):
            kinds.append(r.choice(([], [("exn", 0)], [("exn", 1)], [("exn", 1), ("exn", 0)])))
        blocks = [func.block() for _ in kinds]
        operands = list(args)
        payloads: list[tuple[Any, ...]] = []
        for block, given in zip(blocks, kinds):
            passed: list[Any] = list(given)
            for _ in range(r.randint(0, 2)):
                type = r.choice(self.generator.types)
                value = self.pick(type)
                passed.insert(r.randint(0, len(passed)), len(operands))
                operands.append(value)
            for p in passed:
                if isinstance(p, int):
                    func.param(block, func.value_types[operands[p]])
                else:
                    func.param(block, returned[p[1]] if p[0] == "ret" else ty.I64)
            payloads.append(tuple(passed))
        # Operands stand in the order of the targets.
        sig = func.ext_funcs[reference].sig
        handlers: list[tuple[Any, ...]] = [("tag", tag, k + 1) for k, tag in enumerate(tags)]
        if everything:
            handlers.append(("default", len(tags) + 1))
        targets = tuple((block, len(passed)) for block, passed in zip(blocks, payloads))
        table = TryTargets(sig, targets, len(args), tuple(handlers), tuple(payloads))
        if indirect:
            func.append(self.block, (op.TRY_CALL_INDIRECT, ty.I64, (sig, table), *operands))
        else:
            func.append(self.block, (op.TRY_CALL, 0, (reference, table), *operands))
        join = func.block()
        types = [r.choice(self.generator.types) for _ in range(r.randint(0, 2))]
        mark = self._mark()
        for block in blocks:
            for value in func.block_params[block]:
                self.give(func.value_types[value], value)
            self.scoped(block, size // len(blocks))
            func.append(self.block, (op.JUMP, 0, ((join, len(types)),), *[self.pick(t) for t in types]))
            self._forget(mark)
        self.enter(join, types)

    def throw(self) -> None:
        """The end of a block."""
        sig = signature([ty.I64, ty.I64, ty.I32, ty.I64, ty.I64], [])
        thrower = self.func.import_function("jitpy_throw", sig)
        frame = self.append(op.GET_FRAME_POINTER, ty.I64, None)
        tag = self.append(op.ICONST, ty.I32, self.random.choice((*TAGS, 9)))
        payloads = self.pick(ty.I64), self.pick(ty.I64)
        self.func.append(self.block, (op.CALL_, 0, thrower, self.given[1], frame, tag, *payloads))
        self.func.append(self.block, (op.TRAP_, 0, "user4"))

    def tail_call(self) -> bool:
        """A return by the call of a function with the same results, if there is one."""
        same = [c for c in self.callees if c.sig.call_conv == self.func.sig.call_conv == "tail"
                and [p.type for p in c.sig.returns] == [p.type for p in self.func.sig.returns]]  # fmt: skip
        if not same or self.func.name == "f":
            return False
        callee = self.random.choice(same)
        reference = self.func.import_function(callee.name, callee.sig, colocated=self.random.random() < 0.7)
        args = self.arguments_for(callee, self.given[0])
        if self.random.random() < 0.4:
            signature = self.func.ext_funcs[reference].sig
            address = self.address(callee, reference)
            self.func.append(self.block, (op.RETURN_CALL_INDIRECT, ty.I64, signature, address, *args))
        else:
            self.func.append(self.block, (op.RETURN_CALL, 0, reference, *args))
        return True
