"""Ownership: when blocks of memory made inside a kernel are retained and released.

A value *owns* if it is the owner of a block and holds a reference of its own: what ``own`` makes, what a called kernel returns,
and block parameters that receive such a value. All others that stand for memory (arguments, global arrays) are borrowed: their
holder outlives the kernel. The references are counted exactly once per owning value (Ullrich and de Moura, Counting Immutable
Beans, IFL 2019):

- An owning value that is not used again is released: after its last use, or at the beginning of the edge on which nobody needs it.
- Passing it to an owning parameter, or returning it, gives the reference away if that is its last use, else retains once more; a
  borrowed value that is passed or returned so is retained.
- What raises releases on its way out what is still held at that point; that is the table `insert` returns.

Liveness is a backward walk over the blocks with sets as bit masks. Where an edge needs code of its own it gets a block.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend.ir import opcodes as o
from jitpy.backend.ir.types import I64
from jitpy.frontend.ir import opcodes as fo
from jitpy.frontend.passes.graph import Graph
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Compound, Val, Value

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Function, Node
    from jitpy.frontend.translate.kernel import Kernel

#: Per raising instruction, and per loop header as ``~block`` (where a poll may leave): what to release on the way out.
Releases = dict[int, tuple[int, ...]]


def owner_positions(value: Value, start: int = 0) -> list[int]:
    """Which parts of a settled value are owners of memory, counted from ``start``."""
    if isinstance(value, Compound):
        found: list[int] = []
        for item in value.children():
            found += owner_positions(item, start)
            start += len(item.parts())
        return found
    if value.__class__ is Val:
        if value.type.__class__ in (ty.Array, ty.List):
            return [start]
        if value.type.__class__ in (ty.Dict, ty.Set):
            return [start, start + 1]
    return []


def insert(kernel: Kernel, graph: Graph) -> tuple[Graph, Releases]:
    """Insert retain and release into ``kernel.func``; the graph afterwards, and what leaves by raising must release."""
    func = kernel.func
    calls = {k.name: k for k in kernel.compilation.kernels.values()}
    owning = _owning_values(func, graph, calls)
    returned = [owner_positions(v) for v in kernel.variants]
    if not owning and not any(returned):
        return graph, {}
    return _Insertion(func, graph, owning, returned).run()


def _owning_values(func: Function, graph: Graph, calls: dict[str, Kernel]) -> set[int]:
    """The owning values: those made here, and the parameters they reach."""
    insts, results = func.insts, func.results
    work: list[int] = []
    flows: dict[int, list[int]] = {}  # argument -> parameters
    for b in graph.order:
        for i in func.block_insts[b]:
            node = insts[i]
            if node[0] == fo.OWN or node[0] == fo.ADOPT:
                work.append(results[i][0])
            elif node[0] == fo.CALL_KERNEL:
                callee = calls.get(node[2][0])
                at = 1 + (len(node[2]) > 3)
                for shape in callee.result_shapes() or () if callee is not None else ():
                    work += [results[i][k] for k in owner_positions(shape, at)]
                    at += len(shape.part_types())
        for target, args in _edges(insts[func.block_insts[b][-1]]):
            for p, a in zip(func.block_params[target], args, strict=True):
                flows.setdefault(a, []).append(p)
    owning: set[int] = set()
    while work:
        v = work.pop()
        if v not in owning:
            owning.add(v)
            work += flows.get(v, ())
    return owning


def _edges(node: Node) -> list[tuple[int, tuple[int, ...]]]:
    """The edges of a terminator: (target, arguments)."""
    op = node[0]
    if op >= 256 or not o.EFFECTS[op] & o.BRANCH:
        return []
    at = len(node) - sum(n for _, n in node[2])
    found = []
    for target, count in node[2]:
        found.append((target, node[at : at + count]))
        at += count
    return found


_RAISES = fo.CHECKED_ARITHMETIC | {fo.CHECK, fo.INDEX_CHECK, fo.CALL_KERNEL, fo.CALL_STATUS}


class _Insertion:
    """The work on one function; sets of owning values are bit masks over their ranks."""

    def __init__(self, func: Function, graph: Graph, owning: set[int], returned: list[list[int]]) -> None:
        self.func = func
        self.graph = graph
        self.order = sorted(owning)
        self.bit = {v: 1 << k for k, v in enumerate(self.order)}
        self.returned = returned
        self.live_in: dict[int, int] = {}
        self.releases: Releases = {}

    def run(self) -> tuple[Graph, Releases]:
        self._liveness()
        func = self.func
        blocks = list(self.graph.order)
        for b in blocks:
            self._block(b)
        return Graph(func), self.releases

    def _values(self, mask: int) -> list[int]:
        order = self.order
        found = []
        while mask:
            low = mask & -mask
            found.append(order[low.bit_length() - 1])
            mask ^= low
        return found

    def _mask(self, values: tuple[int, ...]) -> int:
        bit = self.bit
        mask = 0
        for v in values:
            mask |= bit.get(v, 0)
        return mask

    def _liveness(self) -> None:
        """``live_in[b]``: owning values alive at the beginning of ``b``, its parameters not counted."""
        func, graph = self.func, self.graph
        gen: dict[int, int] = {}
        kill: dict[int, int] = {}
        for b in graph.order:
            g = k = 0
            for i in reversed(func.block_insts[b]):
                defs = self._mask(func.results[i])
                k |= defs
                g = g & ~defs | self._mask(func.insts[i][3:])
            params = self._mask(tuple(func.block_params[b]))
            gen[b] = g & ~params
            kill[b] = k | params
        live = dict.fromkeys(graph.order, 0)
        work = list(graph.order)
        waiting = set(work)
        while work:
            b = work.pop()
            waiting.discard(b)
            out = 0
            for s in graph.succs[b]:
                out |= live[s]
            now = gen[b] | out & ~kill[b]
            if now != live[b]:
                live[b] = now
                for p in graph.preds[b]:
                    if p not in waiting:
                        waiting.add(p)
                        work.append(p)
        self.live_in = live

    def _emit(self, opcode: int, value: int, srcloc: int) -> int:
        func = self.func
        func.insts.append((opcode, I64, None, value))
        func.results.append(())
        func.srclocs.append(srcloc)
        return len(func.insts) - 1

    def _block(self, b: int) -> None:
        func = self.func
        insts, results, srclocs = func.insts, func.results, func.srclocs
        own = func.block_insts[b]
        last = own[-1]
        alive, before_last = self._terminator(b, last)
        out = [last, *reversed(before_last)]
        if insts[last][0] in (fo.RAISE, fo.LEAVE):
            self._leaving(last, alive)
        for i in reversed(own[:-1]):
            node = insts[i]
            defs = self._mask(results[i])
            for v in self._values(defs & ~alive):  # made and never used
                out.append(self._emit(fo.RELEASE, v, srclocs[i]))
            uses = self._mask(node[3:])
            for v in self._values(uses & ~alive):
                out.append(self._emit(fo.RELEASE, v, srclocs[i]))
            alive = alive & ~defs | uses
            if node[0] in _RAISES:
                self._leaving(i, alive)
            out.append(i)
        params = self._mask(tuple(func.block_params[b]))
        for v in self._values(params & ~alive):
            out.append(self._emit(fo.RELEASE, v, srclocs[own[0]]))
        out.reverse()
        own[:] = out
        header = self.live_in[b] | params
        if header:
            self.releases[~b] = tuple(self._values(header))

    def _leaving(self, inst: int, alive: int) -> None:
        if alive:
            self.releases[inst] = tuple(self._values(alive))

    def _terminator(self, b: int, last: int) -> tuple[int, list[int]]:
        """What is alive before the terminator, and the instructions to put in front of it (in order)."""
        func = self.func
        node = func.insts[last]
        srcloc = func.srclocs[last]
        before: list[int] = []
        if node[0] == fo.RETURN_VALUE:
            given: set[int] = set()
            for k in self.returned[node[2]]:
                v = node[3 + k]
                if v in self.bit and v not in given:
                    given.add(v)  # the reference goes with the result
                elif not self._is_constant(v):
                    before.append(self._emit(fo.RETAIN, v, srcloc))
            return self._mask(node[3:]), before
        edges = _edges(node)
        if not edges:
            return self._mask(node[3:]), before
        alive = self._mask(node[3:])
        for target, _ in edges:
            alive |= self.live_in[target]
        targets = []
        arguments: list[int] = []
        for target, args in edges:
            code = self._edge(target, args, alive, srcloc)
            if not code:
                targets.append((target, len(args)))
                arguments += args
            elif len(edges) == 1:
                before += code
                targets.append((target, len(args)))
                arguments += args
            else:
                between = func.block()
                func.block_insts[between] = code
                func.append(between, (o.JUMP, 0, ((target, len(args)),), *args), (), srcloc)
                targets.append((between, 0))
        fixed = 4 if node[0] != o.JUMP else 3
        func.insts[last] = (node[0], node[1], tuple(targets), *node[3:fixed], *arguments)
        return alive, before

    def _edge(self, target: int, args: tuple[int, ...], alive: int, srcloc: int) -> list[int]:
        """The code of one edge: retains for references that are given away and still needed, releases of what ends here."""
        bit = self.bit
        code: list[int] = []
        kept = self.live_in[target]
        given: set[int] = set()
        for p, a in zip(self.func.block_params[target], args, strict=True):
            if p not in bit:
                continue
            if a in bit and not kept & bit[a] and a not in given:
                given.add(a)
            elif not self._is_constant(a):
                code.append(self._emit(fo.RETAIN, a, srcloc))
        for v in self._values(alive & ~kept):
            if v not in given:
                code.append(self._emit(fo.RELEASE, v, srcloc))
        return code

    def _is_constant(self, v: int) -> bool:
        """Whether ``v`` is a constant: the owner of nothing, where a name is unbound."""
        d = self.func.value_defs[v]
        return d >= 0 and self.func.insts[d][0] == o.ICONST
