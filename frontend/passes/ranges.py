"""Range analysis of Python ints: which bounds checks, wraps of negative indices and overflow checks cannot fail.

What is known about i64 values is kept as intervals and differences (`differences`).

The walk goes down the dominator tree; facts of branches and of checks that passed hold in the subtree, the undo log takes
them back. Children are visited in reverse postorder, so all forward edges into a block come before it: each leaves what it
knows of its arguments, and the block's parameters get what all agree on. At a loop's header this is a *hypothesis*: every
back edge must confirm it, else it is dropped and the walk repeated. What remains in the last walk is an inductive
invariant. A loop's index needs no special treatment.

Checked arithmetic has the exact result wherever control goes on; plain arithmetic only if the intervals say so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import opcodes as o
from jitpy.backend.ir.types import BITS, I64
from jitpy.frontend.ir import opcodes as fo
from jitpy.frontend.passes import hoist
from jitpy.frontend.passes.differences import MAX, MIN, ZERO, Differences
from jitpy.frontend.passes.graph import dominates
from jitpy.frontend.types import types as ty

if TYPE_CHECKING:
    from jitpy.frontend.passes.graph import Graph
    from jitpy.frontend.translate.kernel import Kernel

#: Walks with hypotheses before all that are left unconfirmed are given up.
_ROUNDS = 4
#: Relations that an edge carries per argument.
_CARRIED = 8

_ADD = {fo.IADD_CHECK: 1, fo.ISUB_CHECK: -1, o.IADD: 1, o.ISUB: -1}
#: What an edge knows of an argument: low, high, {y: c} for argument <= y + c, {y: c} for y <= argument + c.
_Info = tuple[int, int, dict[int, int], dict[int, int]]


POSITIVE, NATURAL, ONE_BELOW, ONE_ABOVE = 1, 2, 4, 8


class Facts:
    """Instructions proved: ``no_overflow`` (checked arithmetic), ``in_bounds`` and ``not_negative`` (index checks).

    ``same``: index check -> the result of an equal one that has passed. ``never``: checks that cannot raise. ``division``: floor
    division or remainder -> a set of `POSITIVE` (the divisor), `NATURAL` (the dividend is not negative), `ONE_BELOW`, `ONE_ABOVE`
    (it is at most one divisor off the result).
    """

    __slots__ = ("division", "in_bounds", "never", "no_overflow", "not_negative", "same")

    def __init__(self) -> None:
        self.no_overflow: set[int] = set()
        self.in_bounds: set[int] = set()
        self.not_negative: set[int] = set()
        self.same: dict[int, int] = {}
        self.never: set[int] = set()
        self.division: dict[int, int] = {}


class Ranges(Differences):
    """The state of one kernel's analysis."""

    def __init__(self, kernel: Kernel, graph: Graph, granted: set[int]) -> None:
        super().__init__(kernel.func, _bounds(kernel))
        self.graph = graph
        self.granted = granted
        self.stepped = kernel.stepped
        self.idom = graph.dominators()
        self.children: dict[int, list[int]] = {}
        for b in graph.order[1:]:
            self.children.setdefault(self.idom[b], []).append(b)
        #: headers -> whether all edges back come from blocks that they dominate
        self.headers: dict[int, bool] = {}
        for b in graph.order:
            for t in graph.succs[b]:
                if graph.index[t] <= graph.index[b]:
                    self.headers[t] = self.headers.get(t, True) and dominates(self.idom, graph.index, t, b)
        self.dropped: set[tuple[int, str, int]] = set()

    def run(self) -> Facts:
        """Walk until the hypotheses hold."""
        for turn in range(_ROUNDS + 1):
            self.hopeless = turn == _ROUNDS
            self.failed = False
            self._walk()
            if not self.failed:
                break
        return self.facts

    # -- the walk ------------------------------------------------------------------------------------------------------------

    def _walk(self) -> None:
        self.forget()
        self.passed: dict[tuple[int, int, int], int] = {}
        self.pending: dict[int, _Info] = {}
        self.pairs: dict[int, dict[tuple[int, int], int]] = {}
        self.assumed: dict[int, list[tuple[int, str, int, int]]] = {}
        self.facts = Facts()
        children = self.children
        stack: list[tuple[int, int]] = [(self.graph.order[0], -1)]
        while stack:
            b, mark = stack.pop()
            if mark >= 0:
                self._undo(mark)
                continue
            stack.append((b, len(self.log)))
            self._block(b)
            for child in reversed(children.get(b, ())):
                stack.append((child, -1))

    def _block(self, b: int) -> None:
        f = self.func
        insts = f.insts
        preds = self.graph.preds[b]
        if len(preds) == 1:
            node = insts[f.block_insts[preds[0]][-1]]
            if node[0] == o.BRIF and node[2][0][0] != node[2][1][0]:
                self.condition(node[3], node[2][0][0] == b)
                stepped = self.stepped.get(preds[0])
                if stepped is not None and node[2][0][0] == b:
                    self._step(*stepped)
        if b in self.headers:
            self._assume(b)
        else:
            types = f.value_types
            for p in f.block_params[b]:
                if types[p] == I64:
                    info = self.pending.get(p)
                    if info is not None:
                        self._learn(p, info)
        transfer = _TRANSFER
        for i in f.block_insts[b]:
            node = insts[i]
            op = node[0]
            rule = transfer.get(op)
            if rule is not None:
                rule(self, i, node)
            elif op == o.JUMP:
                self._edge(node[2][0][0], node[3:], b)
            elif op == o.BRIF:
                (t, n), (e, _) = node[2]
                if t == e:
                    self._edge(t, node[4 : 4 + n], b)
                    self._edge(e, node[4 + n :], b)
                    continue
                for target, args, truth in ((t, node[4 : 4 + n], True), (e, node[4 + n :], False)):
                    if args:
                        mark = len(self.log)
                        self.condition(node[3], truth)
                        self._edge(target, args, b)
                        self._undo(mark)
            elif op == o.BR_TABLE:
                at = 4
                for target, n in node[2]:
                    self._edge(target, node[at : at + n], b)
                    at += n

    def _step(self, index: int, start: int, stop: int, step: int) -> None:
        """``index`` is among ``range(start, stop, step)``."""
        d = self.func.value_defs[step]
        if d >= 0 and self.func.insts[d][0] == o.ICONST:  # which nothing else may use, so that it was dropped
            self._constant(d, self.func.insts[d])
        low, high = self.interval(step)
        if low > 0:
            self.less_equal(start, index, 0)
            self.less_equal(index, stop, -1)
        elif high < 0:
            self.less_equal(index, start, 0)
            self.less_equal(stop, index, -1)

    def info(self, v: int) -> _Info:
        """What is known of ``v`` here."""
        base, c = self.linear(v)
        low, high = self.interval(v)
        if base == ZERO:
            return low, high, {}, {}
        ups, downs = {base: c}, {base: -c}
        for found, table in ((ups, self.above), (downs, self.below)):
            work = [base]
            while work and len(found) < _CARRIED:
                x = work.pop(0)
                for y, w in table.get(x, {}).items():
                    w += found[x]
                    if w < found.get(y, w + 1):
                        if y not in found:
                            work.append(y)
                        found[y] = w
                        if len(found) >= _CARRIED:
                            break
        return low, high, ups, downs

    def _join(self, old: _Info, v: int) -> _Info:
        low, high, ups, downs = self.info(v)
        joined_ups, joined_downs = {}, {}
        for y, c in old[2].items():
            w = ups.get(y)
            if w is not None:
                joined_ups[y] = max(c, w)
            elif self.proves(v, y, c):
                joined_ups[y] = c
        for y, c in old[3].items():
            w = downs.get(y)
            if w is not None:
                joined_downs[y] = max(c, w)
            elif self.proves(y, v, c):
                joined_downs[y] = c
        return min(old[0], low), max(old[1], high), joined_ups, joined_downs

    def _learn(self, p: int, info: _Info) -> None:
        low, high, ups, downs = info
        self._at_least(p, low)
        self._at_most(p, high)
        for y, c in ups.items():
            self._relate(p, y, c)
        for y, c in downs.items():
            self._relate(y, p, c)

    def _edge(self, target: int, args: tuple[int, ...], source: int) -> None:
        f = self.func
        types = f.value_types
        params = f.block_params[target]
        if self.graph.index[target] <= self.graph.index[source]:
            self._confirm(target, dict(zip(params, args, strict=True)))
            return
        ints = [(p, a) for p, a in zip(params, args, strict=True) if types[p] == I64]
        pending = self.pending
        for p, a in ints:
            old = pending.get(p)
            pending[p] = self.info(a) if old is None else self._join(old, a)
        if target in self.headers and 1 < len(ints) <= 6:
            found = {}
            old_pairs = self.pairs.get(target)
            for p, a in ints:
                for q, b in ints:
                    if p != q and (old_pairs is None or (p, q) in old_pairs):
                        for c in (-1, 0):
                            if self.proves(a, b, c):
                                found[p, q] = c if old_pairs is None else max(c, old_pairs[p, q])
                                break
            self.pairs[target] = found

    def _assume(self, header: int) -> None:
        """The hypotheses of a loop's header."""
        assumed: list[tuple[int, str, int, int]] = []
        self.assumed[header] = assumed
        if not self.headers[header] or self.hopeless:
            return
        f = self.func
        dropped = self.dropped
        for p in f.block_params[header]:
            info = self.pending.get(p)
            if info is None:
                continue
            low, high, ups, downs = info
            candidates = [(p, "low", 0, low), (p, "high", 0, high)]
            candidates += [(p, "up", y, c) for y, c in ups.items()]
            candidates += [(p, "down", y, c) for y, c in downs.items()]
            assumed += [h for h in candidates if h[:3] not in dropped]
        for (p, q), c in self.pairs.get(header, {}).items():
            if (p, "pair", q) not in dropped:
                assumed.append((p, "pair", q, c))
        for p, kind, y, c in assumed:
            if kind == "low":
                self._at_least(p, c)
            elif kind == "high":
                self._at_most(p, c)
            elif kind == "down":
                self._relate(y, p, c)
            else:
                self._relate(p, y, c)

    def _confirm(self, header: int, args: dict[int, int]) -> None:
        """An edge back to ``header``: drop the hypotheses that do not hold for its arguments."""
        for p, kind, y, c in self.assumed.get(header, ()):
            v = args[p]
            if kind == "low":
                good = self.interval(v)[0] >= c
            elif kind == "high":
                good = self.interval(v)[1] <= c
            elif kind == "up":
                good = self.proves(v, y, c)
            elif kind == "down":
                good = self.proves(y, v, c)
            else:
                good = self.proves(v, args[y], c)
            if not good:
                self.failed = True
                self.dropped.add((p, kind, y))

    # -- instructions --------------------------------------------------------------------------------------------------------

    def _within(self, v: int, low: int, high: int) -> None:
        if low > MIN:
            self._at_least(v, low)
        if high < MAX:
            self._at_most(v, high)

    def _constant(self, i: int, node: tuple[Any, ...]) -> None:
        if node[1] == I64:
            n = node[2]
            self.lin[self.func.results[i][0]] = (ZERO, n - (1 << 64) if n > MAX else n)

    def _sum(self, i: int, node: tuple[Any, ...]) -> None:
        if node[1] != I64:
            return
        a, b = node[3:]
        r = self.func.results[i][0]
        sign = _ADD[node[0]]
        (a_low, a_high), (b_low, b_high) = self.interval(a), self.interval(b)
        if sign < 0:
            b_low, b_high = -b_high, -b_low
        low, high = a_low + b_low, a_high + b_high
        if sign < 0:
            # A difference of related values: b <= a + c bounds it from below, a <= b + c from above.
            for c in (-1, 0):
                if self.proves(b, a, c):
                    low = max(low, -c)
                    break
            for c in (-1, 0):
                if self.proves(a, b, c):
                    high = min(high, c)
                    break
        exact = low >= MIN and high <= MAX
        if node[0] >= 256:
            if exact or i in self.granted:
                self.facts.no_overflow.add(i)
        elif not exact:
            return
        x, m = self.linear(a)
        y, n = self.linear(b)
        if y == ZERO:
            self.lin[r] = (x, m + sign * n)
            base, c = self.lin[r]
            if base != ZERO and node[0] >= 256:
                self._within(base, MIN - c, MAX - c)
            return
        if x == ZERO and sign > 0:
            self.lin[r] = (y, m + n)
            self._within(y, MIN - m - n, MAX - m - n)
            return
        self._within(r, low, high)
        if b_high < MAX:
            self.less_equal(r, a, b_high)
        if b_low > MIN:
            self.less_equal(a, r, -b_low)
        if sign > 0:
            if a_high < MAX:
                self.less_equal(r, b, a_high)
            if a_low > MIN:
                self.less_equal(b, r, -a_low)

    def _product(self, i: int, node: tuple[Any, ...]) -> None:
        if node[1] != I64:
            return
        (a, b), (c, d) = self.interval(node[3]), self.interval(node[4])
        corners = (a * c, a * d, b * c, b * d)
        low, high = min(corners), max(corners)
        exact = low >= MIN and high <= MAX
        if node[0] >= 256:
            if exact:
                self.facts.no_overflow.add(i)
        elif not exact:
            return
        self._within(self.func.results[i][0], low, high)

    def _unsigned(self, i: int, node: tuple[Any, ...]) -> None:
        (a, b), (c, d) = self.interval(node[3]), self.interval(node[4])
        if a < 0 or c < 0:
            return
        op = node[0]
        r = self.func.results[i][0]
        if op == fo.USUB_CHECK:
            if self.proves(node[4], node[3], 0):
                self.facts.no_overflow.add(i)
                self._within(r, 0, b)
        else:
            low, high = (a + c, b + d) if op == fo.UADD_CHECK else (a * c, b * d)
            if high < 1 << 64:
                self.facts.no_overflow.add(i)
            if high <= MAX:
                self._within(r, low, high)

    def _shift(self, i: int, node: tuple[Any, ...]) -> None:
        if node[1] != I64:
            return
        a = node[3]
        base, count = self.linear(node[4])
        low, high = self.interval(a)
        if base != ZERO or not 0 <= count < 64 or (node[0] == o.USHR and low < 0):
            return
        r = self.func.results[i][0]
        self._within(r, low >> count, high >> count)
        if low >= 0:
            self.less_equal(r, a, 0)
        d = self.func.value_defs[a]
        if count == 1 and d >= 0 and self.func.insts[d][0] in (fo.IADD_CHECK, o.IADD):
            # The middle of x and y lies between them.
            inner = self.func.insts[d]
            if inner[0] == o.IADD and (low == MIN or high == MAX):
                return
            for x, y in (inner[3:5], inner[4:2:-1]):
                for c in (-1, 0):
                    if self.proves(x, y, c):
                        self.less_equal(x, r, 0)
                        self.less_equal(r, y, c)
                        return

    def _mask(self, i: int, node: tuple[Any, ...]) -> None:
        if node[1] != I64:
            return
        r = self.func.results[i][0]
        for v in node[3:]:
            low, high = self.interval(v)
            if low >= 0:
                self._within(r, 0, high)
                self.less_equal(r, v, 0)

    def _extreme(self, i: int, node: tuple[Any, ...]) -> None:
        if node[1] != I64:
            return
        a, b = node[3:]
        r = self.func.results[i][0]
        (a_low, a_high), (b_low, b_high) = self.interval(a), self.interval(b)
        if node[0] == o.SMIN:
            self._within(r, min(a_low, b_low), min(a_high, b_high))
            self.less_equal(r, a, 0)
            self.less_equal(r, b, 0)
        elif node[0] == o.SMAX:
            self._within(r, max(a_low, b_low), max(a_high, b_high))
            self.less_equal(a, r, 0)
            self.less_equal(b, r, 0)

    def _select(self, i: int, node: tuple[Any, ...]) -> None:
        f = self.func
        r = f.results[i][0]
        if f.value_types[r] != I64:
            return
        cond, a, b = node[3:]
        mark = len(self.log)
        self.condition(cond, True)
        first = self.info(a)
        self._undo(mark)
        self.condition(cond, False)
        joined = self._join(first, b)
        self._undo(mark)
        self._learn(r, joined)

    def _floor_remainder(self, i: int, node: tuple[Any, ...]) -> None:
        a, b = node[3:]
        low, high = self.interval(b)
        self.facts.division[i] = self._division(a, b)
        if low > 0:
            r = self.func.results[i][0]
            self._within(r, 0, high - 1)
            self.less_equal(r, b, -1)
            if self.interval(a)[0] >= 0:
                self.less_equal(r, a, 0)

    def _floor_quotient(self, i: int, node: tuple[Any, ...]) -> None:
        a, b = node[3:]
        low, high = self.interval(b)
        self.facts.division[i] = self._division(a, b)
        if low > 0:
            a_low, a_high = self.interval(a)
            corners = [x // y for x in (a_low, a_high) for y in (low, high)]
            r = self.func.results[i][0]
            self._within(r, min(corners), max(corners))
            if a_low >= 0:
                self.less_equal(r, a, 0)

    def _division(self, a: int, b: int) -> int:
        """What helps to divide ``a`` by ``b``: a set of `POSITIVE`, `NATURAL`, `ONE_BELOW`, `ONE_ABOVE`."""
        low = self.interval(b)[0]
        if low <= 0:
            return 0
        a_low = self.interval(a)[0]
        found = POSITIVE
        if a_low >= 0:
            found |= NATURAL
        if a_low >= -low:
            found |= ONE_BELOW
        if self.proves(a, b, min(low - 1, 1 << 30)):
            found |= ONE_ABOVE
        return found

    def _widen(self, i: int, node: tuple[Any, ...]) -> None:
        f = self.func
        r = f.results[i][0]
        if f.value_types[r] == I64:
            bits = BITS[f.value_types[node[3]]]
            if node[0] == o.UEXTEND:
                self._within(r, 0, (1 << bits) - 1)
            else:
                self._within(r, -(1 << bits - 1), (1 << bits - 1) - 1)

    def _check(self, i: int, node: tuple[Any, ...]) -> None:
        if self._refutes(node[3]):
            self.facts.never.add(i)
        self.condition(node[3], False)

    def _refutes(self, v: int) -> bool:
        """Whether the condition ``v`` cannot hold."""
        d = self.func.value_defs[v]
        if d < 0:
            return False
        node = self.func.insts[d]
        if node[0] == o.BAND:
            return self._refutes(node[3]) or self._refutes(node[4])
        if node[0] != o.ICMP or node[1] != I64:
            return False
        a, b = node[3:]
        cc = node[2]
        if cc == "eq":
            return self.proves(a, b, -1) or self.proves(b, a, -1)
        if cc in ("slt", "sle"):
            return self.proves(b, a, 0 if cc == "slt" else -1)
        return cc in ("sgt", "sge") and self.proves(a, b, 0 if cc == "sgt" else -1)

    def _index(self, i: int, node: tuple[Any, ...]) -> None:
        idx, extent = node[3:]
        r = self.func.results[i][0]
        facts = self.facts
        base, c = self.linear(idx)
        if self.interval(idx)[0] >= 0 or i in self.granted:
            facts.not_negative.add(i)
            self.lin[r] = (base, c)
            if i in self.granted or self.proves(idx, extent, -1):
                facts.in_bounds.add(i)
            if base != ZERO:
                self._at_least(base, -c)
            self.less_equal(idx, extent, -1)
        else:
            key = (base, c, extent)
            same = self.passed.get(key)
            if same is not None:
                facts.same[i] = same
            else:
                self._set(self.passed, key, r)
            self.less_equal(idx, extent, -1)
            self._at_least(r, 0)
            self.less_equal(r, extent, -1)
        ext_base, ext_c = self.linear(extent)
        if ext_base != ZERO:
            self._at_least(ext_base, 1 - ext_c)


def _bounds(kernel: Kernel) -> dict[int, tuple[int, int]]:
    """What the translator knows of values, and the bounds of array arguments' extents: an array has fewer than 2**63 bytes."""
    found = dict(kernel.bounds)
    params = kernel.func.block_params[0]
    at = 2  # after the context and the record of results
    for a in kernel.arguments:
        count = len(a.part_types())
        t = getattr(a, "type", None)
        if t.__class__ is ty.Array:
            highest = MAX // max(t.dtype.bits // 8, 1)
            for p in params[at + 2 : at + 2 + t.ndim]:
                found[p] = (0, min(highest, found.get(p, (0, MAX))[1]))
        at += count
    return found


_R = Ranges
_TRANSFER: dict[int, Any] = {
    o.ICONST: _R._constant,
    o.IADD: _R._sum, o.ISUB: _R._sum, fo.IADD_CHECK: _R._sum, fo.ISUB_CHECK: _R._sum,
    o.IMUL: _R._product, fo.IMUL_CHECK: _R._product,
    fo.UADD_CHECK: _R._unsigned, fo.USUB_CHECK: _R._unsigned, fo.UMUL_CHECK: _R._unsigned,
    o.SSHR: _R._shift, o.USHR: _R._shift,
    o.BAND: _R._mask,
    o.SMIN: _R._extreme, o.SMAX: _R._extreme,
    o.SELECT: _R._select, o.UEXTEND: _R._widen, o.SEXTEND: _R._widen,
    fo.FLOOR_REM: _R._floor_remainder, fo.FLOOR_DIV: _R._floor_quotient,
    fo.CHECK: _R._check, fo.INDEX_CHECK: _R._index,
}  # fmt: skip


def analyse(kernel: Kernel, graph: Graph) -> tuple[Graph, Facts]:
    """The facts of a translated kernel, after loops were versioned; and the graph with these."""
    insts, table = kernel.func.insts, kernel.func.block_insts
    if not any(insts[i][0] in _CHECKS for b in graph.order for i in table[b]):
        return graph, Facts()
    ranges = Ranges(kernel, graph, set())
    facts = ranges.run()
    if ranges.headers and kernel.compilation.options.get("bounds_checks", True):
        graph, granted = hoist.version(kernel, graph, ranges)
        if granted:
            facts = Ranges(kernel, graph, granted).run()
    return graph, facts


_CHECKS = fo.CHECKED_ARITHMETIC | {fo.INDEX_CHECK, fo.FLOOR_DIV, fo.FLOOR_REM}
