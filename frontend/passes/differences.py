"""What is known about i64 values at one place of a kernel, kept as differences.

A value is ``base + constant`` where its definition says so (`linear`); about bases there are intervals (``low``, ``high``) and
relations ``x <= y + c`` (``above[x][y] = c``, the same seen from y: ``below[y][x]``). Whether ``x <= y + c`` follows is a search
for a short path (after ABCD: Bodik, Gupta, Sarkar, PLDI 2000). An undo log takes back what was learnt since a mark.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import opcodes as o
from jitpy.backend.ir.types import I8, I64

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Function

MIN, MAX = -(1 << 63), (1 << 63) - 1
#: The base of constants.
ZERO = -1
#: Nodes that a proof may visit.
_VISITS = 24
#: Relations kept per value: more come together in long functions only, where searching them would cost more than it finds.
_RELATIONS = 24
_NEGATED = {"slt": "sge", "sge": "slt", "sgt": "sle", "sle": "sgt", "eq": "ne", "ne": "eq",
            "ult": "uge", "uge": "ult", "ugt": "ule", "ule": "ugt"}  # fmt: skip


class Differences:
    """The store of one kernel's analysis."""

    def __init__(self, func: Function, bounds: dict[int, tuple[int, int]]) -> None:
        self.func = func
        self.bounds = bounds
        self.forget()

    def forget(self) -> None:
        """Only the ``bounds`` that hold everywhere are known."""
        self.log: list[tuple[dict[Any, Any], Any, Any]] = []
        self.lin: dict[int, tuple[int, int]] = {}
        self.low: dict[int, int] = {}
        self.high: dict[int, int] = {}
        for v, (low, high) in self.bounds.items():
            self.low[v] = max(low, MIN)
            self.high[v] = min(high, MAX)
        self.above: dict[int, dict[int, int]] = {}
        self.below: dict[int, dict[int, int]] = {}

    def _set(self, table: dict[Any, Any], key: Any, value: Any) -> None:
        self.log.append((table, key, table.get(key)))
        table[key] = value

    def _undo(self, mark: int) -> None:
        log = self.log
        while len(log) > mark:
            table, key, old = log.pop()
            if old is None:
                del table[key]
            else:
                table[key] = old

    def linear(self, v: int) -> tuple[int, int]:
        """(base, constant) of an i64 value."""
        return self.lin.get(v) or (v, 0)

    def interval(self, v: int) -> tuple[int, int]:
        """The smallest and the largest that ``v`` can be."""
        base, c = self.lin.get(v) or (v, 0)
        if base == ZERO:
            return c, c
        low, high = self.low.get(base, MIN) + c, self.high.get(base, MAX) + c
        return low if low > MIN else MIN, high if high < MAX else MAX

    def _at_most(self, base: int, bound: int) -> None:
        work = [(base, bound)]
        budget = 16
        while work and budget:
            x, n = work.pop()
            if n < self.high.get(x, MAX):
                budget -= 1
                self._set(self.high, x, n)
                for y, c in self.below.get(x, {}).items():
                    work.append((y, n + c))

    def _at_least(self, base: int, bound: int) -> None:
        work = [(base, bound)]
        budget = 16
        while work and budget:
            x, n = work.pop()
            if n > self.low.get(x, MIN):
                budget -= 1
                self._set(self.low, x, n)
                for y, c in self.above.get(x, {}).items():
                    work.append((y, n - c))

    def less_equal(self, a: int, b: int, c: int) -> None:
        """Learn ``a <= b + c``."""
        x, m = self.linear(a)
        y, n = self.linear(b)
        self._relate(x, y, c + n - m)

    def _relate(self, x: int, y: int, c: int) -> None:
        if x == y:
            return
        if y == ZERO:
            self._at_most(x, c)
        elif x == ZERO:
            self._at_least(y, -c)
        else:
            known = self.above.get(x)
            if known is None:
                known = self.above[x] = {}
            if known.get(y, c + 1) <= c or (len(known) >= _RELATIONS and y not in known):
                return
            self._set(known, y, c)
            back = self.below.get(y)
            if back is None:
                back = self.below[y] = {}
            self._set(back, x, c)
            self._at_most(x, self.high.get(y, MAX) + c)
            self._at_least(y, self.low.get(x, MIN) - c)

    def proves(self, a: int, b: int, c: int) -> bool:
        """Whether ``a <= b + c`` follows."""
        x, m = self.linear(a)
        y, n = self.linear(b)
        c += n - m
        if x == y:
            return c >= 0
        smallest = 0 if y == ZERO else self.low.get(y, MIN)
        if (0 if x == ZERO else self.high.get(x, MAX)) <= smallest + c:
            return True
        if x == ZERO:
            # 0 <= y + c: y's lower bound is all there is.
            return False
        best = {x: 0}
        work = [x]
        above = self.above
        budget = _VISITS
        while work and budget:
            x = work.pop()
            so_far = best[x]
            budget -= 1
            for z, w in above.get(x, {}).items():
                w += so_far
                if z == y and w <= c:
                    return True
                if w < best.get(z, w + 1):
                    best[z] = w
                    if self.high.get(z, MAX) + w <= smallest + c:
                        return True
                    work.append(z)
        return False

    def condition(self, v: int, truth: bool) -> None:
        """Learn that the condition ``v`` is nonzero (zero)."""
        insts, defs = self.func.insts, self.func.value_defs
        work = [(v, truth)]
        while work:
            v, truth = work.pop()
            d = defs[v]
            if d < 0:
                continue
            node = insts[d]
            op = node[0]
            if op == o.ICMP:
                cc = node[2] if truth else _NEGATED[node[2]]
                if node[1] == I64:
                    self._compare(cc, node[3], node[4])
                elif node[1] == I8 and cc in ("eq", "ne"):
                    other = defs[node[4]]
                    if other >= 0 and insts[other][0] == o.ICONST and insts[other][2] == 0:
                        work.append((node[3], cc == "ne"))
            elif (op == o.BAND and truth) or (op == o.BOR and not truth):
                work += ((node[3], truth), (node[4], truth))
            elif op == o.UEXTEND:
                work.append((node[3], truth))

    def _compare(self, cc: str, a: int, b: int) -> None:
        if cc == "slt":
            self.less_equal(a, b, -1)
        elif cc == "sle":
            self.less_equal(a, b, 0)
        elif cc == "sgt":
            self.less_equal(b, a, -1)
        elif cc == "sge":
            self.less_equal(b, a, 0)
        elif cc == "eq":
            self.less_equal(a, b, 0)
            self.less_equal(b, a, 0)
        elif cc == "ne":
            for x, y in ((a, b), (b, a)):
                low, high = self.interval(y)
                if low == high:
                    own_low, own_high = self.interval(x)
                    base, c = self.linear(x)
                    if base != ZERO and own_low == low:
                        self._at_least(base, low + 1 - c)
                    if base != ZERO and own_high == low:
                        self._at_most(base, low - 1 - c)
        elif cc in ("ult", "ule"):
            if self.interval(b)[0] >= 0:
                base, c = self.linear(a)
                if base != ZERO:
                    self._at_least(base, -c)
                self.less_equal(a, b, -1 if cc == "ult" else 0)
        elif self.interval(a)[0] >= 0 and self.interval(b)[1] >= 0 and self.interval(b)[0] >= 0:
            self.less_equal(b, a, -1 if cc == "ugt" else 0)
