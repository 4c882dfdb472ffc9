"""Chaos mode: every free choice of the compiler made at random, from a seed.

A compiler that always chooses well hides what goes wrong when it chooses otherwise. Here are its choices that no answer may depend
on, each made by dice: which of the rules' results come first and which is computed (mid-end), which branches ask the opposite
(before lowering), where blocks stand (emission), which registers there are, in which order, and which values are worth one
(allocation: with few registers and false loop depths, live ranges are split and spilled all over). The
same seed gives the same code. Used by tests alone: `settings.chaos_seed`.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir import types as ty
from jitpy.backend.regalloc import allocate
from jitpy.backend.vcode.vcode import MachineEnv

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Function
    from jitpy.backend.vcode.vcode import Allocation, VCode

#: Registers of a class that stay: instructions with several operands, and calls, need them.
_KEPT = 6


class Chaos:
    """The dice of one compilation."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.coin = self.random.random

    def shuffle(self, items: list[Any]) -> None:
        """Any order is as good."""
        self.random.shuffle(items)

    def cool_blocks(self, func: Function) -> None:
        """Blocks that are said to be cold stand behind the others."""
        func.cold.update(b for b in func.layout[1:] if self.coin() < 0.2)

    def invert_branches(self, func: Function) -> None:
        """Some branches ask the opposite and have their sides exchanged."""
        for b in func.layout:
            body = func.block_insts[b]
            node = func.insts[body[-1]]
            if node[0] != op.BRIF or not ty.I8 <= node[1] <= ty.I64 or self.coin() < 0.7:
                continue
            inst, split = body.pop(), 4 + node[2][0][1]
            zero = func.value(b, (op.ICONST, node[1], 0), node[1])
            opposite = func.value(b, (op.ICMP, node[1], "eq", node[3], zero), ty.I8)
            func.insts[inst] = (op.BRIF, ty.I8, node[2][::-1], opposite, *node[split:], *node[4:split])
            body.append(inst)

    def order(self, blocks: list[int]) -> list[int]:
        """Machine blocks in any order of writing, the entry first."""
        rest = blocks[1:]
        self.shuffle(rest)
        return blocks[:1] + rest

    def allocate(self, vcode: VCode, env: MachineEnv, algorithm: str) -> Allocation:
        """Allocate with fewer registers in another order, and with false ideas of what is used often."""
        true = vcode.loop_depth, vcode.cold
        vcode.loop_depth = [self.random.randrange(3) for _ in vcode.loop_depth]
        vcode.cold = [self.coin() < 0.2 for _ in vcode.cold]
        try:
            return allocate(vcode, self.registers(env), algorithm)
        finally:
            vcode.loop_depth, vcode.cold = true

    def registers(self, env: MachineEnv) -> MachineEnv:
        """Part of the registers of each class, shuffled; classes that share a bank keep sharing it."""
        chosen: dict[tuple[int, ...], tuple[int, ...]] = {}
        for pregs in env.allocatable:
            if pregs not in chosen:
                count = self.random.randint(min(_KEPT, len(pregs)), len(pregs))
                chosen[pregs] = tuple(self.random.sample(pregs, count))
        allocatable = tuple(chosen[pregs] for pregs in env.allocatable)
        return MachineEnv(allocatable, env.callee_saved, env.scratch, env.slot_units, env.bank)
