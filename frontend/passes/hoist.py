"""Loop versioning: bounds checks of an innermost counted loop that only the lengths decide are tested once, before the loop.

What `ranges` cannot prove in a loop may still be a matter of the loop's ends: ``out[i + c]`` with ``i`` from ``start`` to
``stop`` is fine if ``start + c >= 0`` and ``stop + c <= extent``, and an index that the loop does not change is fine or not in
all turns alike. Such a loop is cloned, and a guard in front combines the conditions of all such checks: where they hold, the
clone runs, without the checks; else the loop as it was, so that what happened before the failing turn happens here too.

The loop must leave to one block that is entered from nowhere else: values needed after the loop become that block's parameters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import opcodes as o
from jitpy.backend.ir.types import I8, I64
from jitpy.frontend.ir import opcodes as fo
from jitpy.frontend.passes.graph import Graph, dominates

if TYPE_CHECKING:
    from jitpy.frontend.passes.ranges import Ranges
    from jitpy.frontend.translate.kernel import Kernel

#: Larger loops are left alone: the checks are a small part of them.
_LARGEST = 200
#: Constants beyond this could wrap where they meet an extent.
_FAR = 1 << 30
#: Loops cloned in one kernel: each clone looks through the whole function, so their number bounds the pass.
_MOST = 32


def version(kernel: Kernel, graph: Graph, ranges: Ranges) -> tuple[Graph, set[int]]:
    """Clone loops; the graph afterwards, the checks that guards have granted."""
    granted: set[int] = set()
    renamed: dict[int, int] = {}  # values of versioned loops -> the parameters that replaced them
    made = 0
    for header in [b for b in graph.order if b in kernel.counted and ranges.headers.get(b)]:
        if made == _MOST:
            break
        loop = _Loop(kernel, graph, ranges, header, renamed)
        if loop.suits() and loop.conditions():
            granted |= loop.clone()
            made += 1
    return (Graph(kernel.func) if granted else graph), granted


class _Loop:
    """One candidate."""

    def __init__(self, kernel: Kernel, graph: Graph, ranges: Ranges, header: int, renamed: dict[int, int]) -> None:
        self.kernel = kernel
        self.func = kernel.func
        self.graph = graph
        self.ranges = ranges
        self.header = header
        self.body = {header}
        stack = [p for p in graph.preds[header] if graph.index[p] >= graph.index[header]]
        while stack:
            b = stack.pop()
            if b not in self.body:
                self.body.add(b)
                stack.extend(graph.preds[b])
        self.blocks = sorted(self.body, key=graph.index.__getitem__)
        self.instructions = {i for b in self.body for i in self.func.block_insts[b]}
        self.renamed = renamed
        self.exit = -1
        self.live: list[int] = []
        self.checks: list[int] = []
        self.wanted: list[tuple[int, int, int]] = []  # x, y, c: x <= y + c must hold (ZERO for none)

    def suits(self) -> bool:
        """Whether the loop is innermost, small, counted by one with ends known before, and left in a simple way."""
        f, graph, body = self.func, self.graph, self.body
        index, start, stop, step = self.kernel.counted[self.header]
        if step not in (1, -1) or index not in f.block_params[self.header] or sum([len(f.block_insts[b]) for b in body]) > _LARGEST:
            return False
        if any(b != self.header and b in self.ranges.headers for b in body) or not (self.outside(start) and self.outside(stop)):
            return False
        # The header lets exactly the indices up to stop into the loop, and every edge back moves the index by one step.
        test = f.insts[f.block_insts[self.header][-1]]
        if test[0] != o.BRIF or test[2][0][0] not in body or test[2][1][0] in body:
            return False
        d = f.value_defs[test[3]]
        if d < 0 or f.insts[d][:3] != (o.ICMP, I64, "slt" if step > 0 else "sgt") or f.insts[d][3:] != (index, stop):
            return False
        if not any(f.insts[i][0] == fo.INDEX_CHECK and not self.known(i) for b in body for i in f.block_insts[b]):
            return False
        at = f.block_params[self.header].index(index)
        for p in graph.preds[self.header]:
            for t, args in _edges(f.insts[f.block_insts[p][-1]]):
                if t == self.header:
                    if p in body:
                        d = f.value_defs[args[at]]
                        node = f.insts[d] if d >= 0 else (0,)
                        if node[0] != o.IADD or node[3] != index or self.constant(node[4]) != step:
                            return False
                    elif args[at] != start:
                        return False
        exits = {t for b in body for t in graph.succs[b] if t not in body}
        if len(exits) != 1:
            return False
        (self.exit,) = exits
        if any(p not in body for p in graph.preds[self.exit]):
            return False
        defined = [v for b in self.blocks for v in (*f.block_params[b], *[r for i in f.block_insts[b] for r in f.results[i]])]
        inside = set(defined)
        used: set[int] = set()
        for b in graph.order:
            if b not in body:
                mine = {a for i in f.block_insts[b] for a in f.insts[i][3:] if a in inside}
                if mine and not dominates(self.ranges.idom, graph.index, self.exit, b):
                    return False
                used |= mine
        self.live = [v for v in defined if v in used]
        return True

    def known(self, check: int) -> bool:
        facts = self.ranges.facts
        return check in facts.in_bounds or check in facts.same

    def constant(self, v: int) -> int | None:
        base, c = self.ranges.linear(v)
        return c if base < 0 else None

    def outside(self, v: int) -> bool:
        """Whether ``v`` (or ZERO) is known before the loop."""
        if v < 0:
            return True
        d = self.func.value_defs[v]
        if d < 0:
            return ~d not in self.body
        return d not in self.instructions

    def conditions(self) -> bool:
        """Collect the checks that the guard can decide, and its conditions."""
        f, ranges = self.func, self.ranges
        index, start, stop, step = self.kernel.counted[self.header]
        wanted: dict[tuple[int, int, int], None] = {}
        for b in self.blocks[1:]:  # in the header the index has not been tested yet
            for i in f.block_insts[b]:
                node = f.insts[i]
                if node[0] != fo.INDEX_CHECK or self.known(i):
                    continue
                base, c = ranges.linear(node[3])
                extent, e = ranges.linear(node[4])
                base, extent = self.renamed.get(base, base), self.renamed.get(extent, extent)
                if extent >= 0 and not self.outside(extent):
                    continue
                if abs(c) > _FAR or abs(e) > _FAR:
                    continue
                if base == index:
                    low, high = ((start, c), (stop, c - 1)) if step > 0 else ((stop, c + 1), (start, c))
                elif base >= 0 and self.outside(base):
                    low = high = (base, c)
                else:
                    continue
                # 0 <= low and high <= extent - 1
                wanted[-1, low[0], low[1]] = None
                wanted[high[0], extent, e - 1 - high[1]] = None
                self.checks.append(i)
        self.wanted = list(wanted)
        return bool(self.checks)

    def clone(self) -> set[int]:
        """Put guard and clone in place; the clone's checks that are granted."""
        f, graph, body, header = self.func, self.graph, self.body, self.header
        live = self.live
        # Values needed after the loop become the exit's parameters.
        renamed = {v: f.param(self.exit, f.value_types[v]) for v in live}
        if live:
            self.renamed.update(renamed)
            for h, (index, start, stop, step) in list(self.kernel.counted.items()):
                if h not in body:
                    self.kernel.counted[h] = (index, renamed.get(start, start), renamed.get(stop, stop), step)
            for h, (index, *rest) in list(self.kernel.stepped.items()):
                self.kernel.stepped[h] = (index, *[renamed.get(v, v) for v in rest])  # type: ignore[assignment]
            for b in graph.order:
                if b not in body:
                    for i in f.block_insts[b]:
                        node = f.insts[i]
                        if any(a in renamed for a in node[3:]):
                            f.insts[i] = (*node[:3], *[renamed.get(a, a) for a in node[3:]])
            for b in self.blocks:
                last = f.block_insts[b][-1]
                f.insts[last] = _with_more(f.insts[last], self.exit, tuple(live))
        values: dict[int, int] = {}
        blocks = {b: f.block() for b in self.blocks}
        for b in self.blocks:
            for p in f.block_params[b]:
                values[p] = f.param(blocks[b], f.value_types[p])
        granted: set[int] = set()
        checks = set(self.checks)
        for b in self.blocks:
            for i in f.block_insts[b]:
                node = f.insts[i]
                copy = f.append(
                    blocks[b], (*node[:3], *node[3:]), tuple([f.value_types[r] for r in f.results[i]]), f.srclocs[i]
                )
                for old, new in zip(f.results[i], f.results[copy], strict=True):
                    values[old] = new
                if i in checks:
                    granted.add(copy)
        for b in self.blocks:
            for i in f.block_insts[blocks[b]]:
                node = f.insts[i]
                imm = node[2]
                if node[0] in (o.JUMP, o.BRIF, o.BR_TABLE):
                    imm = tuple([(blocks.get(t, t), n) for t, n in imm])
                f.insts[i] = (node[0], node[1], imm, *[values.get(a, a) for a in node[3:]])
        counted = self.kernel.counted[header]
        self.kernel.counted[blocks[header]] = (values[counted[0]], *counted[1:])
        if header in self.kernel.headers:
            self.kernel.headers[blocks[header]] = self.kernel.headers[header]
        for v, bound in [(v, n) for v, n in self.kernel.bounds.items() if v in values]:
            self.kernel.bounds[values[v]] = bound
        guard = f.block()
        params = tuple([f.param(guard, f.value_types[p]) for p in f.block_params[header]])
        srcloc = f.srclocs[f.block_insts[header][-1]]
        for p in graph.preds[header]:
            if p not in body:
                last = f.block_insts[p][-1]
                node = f.insts[last]
                f.insts[last] = (*node[:2], tuple([(guard if t == header else t, n) for t, n in node[2]]), *node[3:])
        self._guard(guard, blocks[header], params, srcloc)
        return granted

    def _guard(self, guard: int, fast: int, params: tuple[int, ...], srcloc: int) -> None:
        f = self.func

        def constant(n: int) -> int:
            return f.value(guard, (o.ICONST, I64, n & (1 << 64) - 1), I64, srcloc)

        def compare(cc: str, a: int, b: int) -> int:
            return f.value(guard, (o.ICMP, I64, cc, a, b), I8, srcloc)

        ok = -1
        for x, y, c in self.wanted:
            if (x < 0 and y < 0) or x == y:
                if c >= 0:
                    continue
                test = compare("ne", zero := constant(0), zero)
            elif x < 0:
                test = compare("sge", y, constant(-c))
            elif y < 0:
                test = compare("sle", x, constant(c))
            elif self.ranges.proves(x, y, c):
                continue
            elif c == 0 or c == -1:
                test = compare("sle" if c == 0 else "slt", x, y)
            else:
                # y + c must not leave 64 bits: else the loop as it is.
                moved, wrapped = f.results[
                    f.append(guard, (o.SADD_OVERFLOW, I64, None, y, constant(c)), (I64, I8), srcloc)
                ]
                fits = f.value(guard, (o.ICMP, I8, "eq", wrapped, f.value(guard, (o.ICONST, I8, 0), I8, srcloc)), I8, srcloc)
                test = f.value(guard, (o.BAND, I8, None, fits, compare("sle", x, moved)), I8, srcloc)
            ok = test if ok < 0 else f.value(guard, (o.BAND, I8, None, ok, test), I8, srcloc)
        if ok < 0:
            ok = f.value(guard, (o.ICONST, I8, 1), I8, srcloc)
        n = len(params)
        f.append(guard, (o.BRIF, I8, ((fast, n), (self.header, n)), ok, *params, *params), (), srcloc)


def _edges(node: tuple[Any, ...]) -> list[tuple[int, tuple[int, ...]]]:
    """(target, arguments) of a terminator."""
    found = []
    at = 3 if node[0] == o.JUMP else 4
    for t, n in node[2]:
        found.append((t, node[at : at + n]))
        at += n
    return found


def _with_more(node: tuple[Any, ...], target: int, more: tuple[int, ...]) -> tuple[Any, ...]:
    """A terminator whose edges to ``target`` pass ``more`` as well."""
    if node[0] not in (o.JUMP, o.BRIF, o.BR_TABLE):
        return node
    made: list[tuple[int, tuple[int, ...]]] = [(t, args + more if t == target else args) for t, args in _edges(node)]
    head = node[3 : 3 if node[0] == o.JUMP else 4]
    return (*node[:2], tuple([(t, len(args)) for t, args in made]), *head, *[a for _, args in made for a in args])
