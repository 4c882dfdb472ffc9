"""Chaos mode: every free choice of the compiler made at random, from a seed.

A compiler that always chooses well hides what goes wrong when it chooses otherwise. Here are its choices that no answer may depend
on, each made by dice: in which order a class's nodes are matched and rules' results join it, whether a result that replaces its
node does, and which member of a class is computed (mid-end), which branches ask the opposite (before lowering), where blocks stand
(emission), which registers there are, in which order, which values are worth one, where lives are split, and what is spilled
without need (allocation). The same seed gives the same code. Used by tests alone: `settings.chaos_seed`.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir import types as ty
from jitpy.backend.opt.egraph import CLASS_LIMIT, OPAQUE, EGraph
from jitpy.backend.regalloc import allocate, linear
from jitpy.backend.regalloc.intervals import REGISTER, Intervals
from jitpy.backend.regalloc.ranges import split_ranges
from jitpy.backend.regalloc.scan import Part, Scan
from jitpy.backend.vcode.vcode import MachineEnv

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jitpy.backend.ir.function import Function, Node
    from jitpy.backend.vcode.vcode import Allocation, VCode

#: Registers of a class that stay: instructions with several operands, and calls, need them.
_KEPT = 8


class Chaos:
    """The dice of one compilation."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.coin = self.random.random

    def shuffle(self, items: list[Any]) -> None:
        """Any order is as good."""
        self.random.shuffle(items)

    def graph(self) -> EGraph:
        """The mid-end's e-graph, with these dice. (Binding the rules to it takes longer than using it.)"""
        graph = _graphs[0] if _graphs else ChaosGraph()
        _graphs[:] = [graph]
        graph.reset()
        graph.chaos = self
        return graph

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


class ChaosGraph(EGraph):
    """An e-graph that tries, unites and extracts in any order.

    Rules come one after the other, each for every node of a class; so the order of what they found is the order in which they
    would have been tried, and any is as good. So is any member of a class, whatever it costs.
    """

    chaos: Chaos

    def __init__(self) -> None:
        super().__init__()
        self._replace = [rule and self.shuffled(rule) for rule in self._replace]
        self._rewrite = [rule and self.shuffled(rule) for rule in self._rewrite]

    def lister(self) -> Callable[[int], tuple[Node, ...]]:
        """A class's nodes in another order for each rule that asks."""
        classes = self.classes

        def members(v: int) -> tuple[Node, ...]:
            nodes = classes[v]
            return nodes if len(nodes) < 2 else tuple(self.chaos.random.sample(nodes, len(nodes)))

        return members

    def shuffled(self, rule: Callable[[Node, list[Any]], None]) -> Callable[[Node, list[Any]], None]:
        """Rules for an instruction in place, whose first result is taken."""

        def anyhow(node: Node, found: list[Any]) -> None:
            rule(node, found)
            self.chaos.shuffle(found)

        return anyhow

    def _unite(self, v: int, node: Node, found: list[int]) -> int:
        chaos = self.chaos
        chaos.shuffle(found)
        if self.subsumed and chaos.coin() < 0.5:
            return super()._unite(v, node, found)
        self.subsumed.clear()
        own = self.classes[v]
        for f in found:
            own += tuple([m for m in self.classes[f] if m not in own])
            if chaos.coin() < 0.6 and not self._needs(f, v):
                self.best[v], self.cost[v] = self.best[f], self.cost[f]
        own = tuple(chaos.random.sample(own, len(own)))
        self.classes[v] = own[:CLASS_LIMIT]
        b = self.best[v]
        if self.nodes[b] is OPAQUE:
            self.intern[node] = b
            return b
        return v

    def _needs(self, root: int, v: int) -> bool:
        """Whether computing ``root`` as it is chosen takes the class of ``v``."""
        seen: set[int] = set()
        stack = [root]
        while stack:
            x = stack.pop()
            if x == v:
                return True
            if x not in seen:
                seen.add(x)
                stack.extend(self.nodes[self.best[x]][3:])
        return False


_graphs: list[ChaosGraph] = []


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
