"""Chaos mode: every free choice of the compiler made at random, from a seed.

A compiler that always chooses well hides what goes wrong when it chooses otherwise. Here are its choices that no answer may depend
on, each made by dice: in which order a class's nodes are matched, which of the rules' results come first and which is computed
(mid-end), which branches ask the opposite (before lowering), where blocks stand (emission), which registers there are, in which
order, which values are worth one, where lives are split, and what is spilled without need (allocation). The same seed gives the
same code. Used by tests alone: `settings.chaos_seed`.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir import types as ty
from jitpy.backend.regalloc import allocate, linear
from jitpy.backend.regalloc.intervals import REGISTER, Intervals
from jitpy.backend.regalloc.ranges import split_ranges
from jitpy.backend.regalloc.scan import Part, Scan
from jitpy.backend.vcode.vcode import MachineEnv

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jitpy.backend.ir.function import Function, Node
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

    def reordered(self, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
        """The nodes of a class, which rules try one after the other, in any order; the last ones may be forgotten."""
        return tuple(self.random.sample(nodes, len(nodes)))

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
            if algorithm == "linear":
                return linear.allocate(vcode, self.registers(env), self.scan)
            return allocate(vcode, self.registers(env), algorithm)
        finally:
            vcode.loop_depth, vcode.cold = true

    def scan(self, vcode: VCode, env: MachineEnv, intervals: Intervals) -> Scan:
        """The scan of the optimizing allocator, with these dice. (The one-pass allocator splits at every block as it is.)"""
        return ChaosScan(self, vcode, env, intervals)

    def registers(self, env: MachineEnv) -> MachineEnv:
        """Part of the registers of each class, shuffled; classes that share a bank keep sharing it."""
        chosen: dict[tuple[int, ...], tuple[int, ...]] = {}
        for pregs in env.allocatable:
            if pregs not in chosen:
                count = self.random.randint(min(_KEPT, len(pregs)), len(pregs))
                chosen[pregs] = tuple(self.random.sample(pregs, count))
        allocatable = tuple(chosen[pregs] for pregs in env.allocatable)
        return MachineEnv(allocatable, env.callee_saved, env.scratch, env.slot_units, env.bank)


class ChaosScan(Scan):
    """A scan that splits lives and leaves values in memory where nothing asks for it."""

    def __init__(self, chaos: Chaos, vcode: VCode, env: MachineEnv, intervals: Intervals) -> None:
        super().__init__(vcode, env, intervals)
        self.chaos = chaos
        self.splits = self.spills = 0

    def parts(self) -> Iterator[Part]:
        """The parts that are to have a register: some are spilled, some end early and go on as another part."""
        coin = self.chaos.coin
        for part in super().parts():
            vreg, start = part.vreg, part.ranges[0][0]
            first = not self.places[vreg]
            needed = self.intervals.begin[vreg] == REGISTER if first else self.register_use(vreg, start) >= 0
            if not needed and coin() < 0.2:
                self.to_memory(vreg, start, part.ranges, hoist=first)
                self.spills += 1
                continue
            if coin() < 0.3:
                self.split(part)
            yield part

    def split(self, part: Part) -> None:
        """End a part before one of the instructions that it lives through; the rest asks for a register of its own there."""
        low, high = self.chaos.random.choice(part.ranges)
        gaps = range((low & ~3) + 4, high, 4)
        if not gaps:
            return
        part.ranges, rest = split_ranges(part.ranges, self.chaos.random.choice(gaps))
        later = self.waiting[part.vreg] = Part(part.vreg, rest)
        self.push(later)
        self.touched.add(part.vreg)
        self.splits += 1

    def to_memory(self, vreg: int, position: int, ranges: list[tuple[int, int]], hoist: bool = True) -> None:
        """As ever, but for all that is left of the life: the part that is lost may be one that was split."""
        super().to_memory(vreg, position, split_ranges(self.intervals.ranges[vreg], position)[1], hoist)
