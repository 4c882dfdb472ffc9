"""What the branches and traps passed on the way to a place say about integers there.

Below the edge of a branch on `x < 10`, and behind a trap unless `x < 10`, the comparison holds; so x lies in a range, and its
relation to other values is known. Facts are kept per value (bounds, against constants) and per pair of values (which of less,
equal, greater are left, signed and unsigned), each on a stack of (first, last, what is known): it holds at the places whose
number in the dominator tree's preorder lies in that interval. The walk is in preorder, so what has been left is popped and
what is on top includes all below it: a question costs a look-up.

A fact never enters the graph, whose nodes are shared by places where it does not hold: it answers for one instruction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir import types as ty
from jitpy.backend.ir.types import BITS, MASK, to_signed
from jitpy.backend.opt.fold import complement, swap

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Node

#: Unsigned and signed ends of a value's range.
Bounds = tuple[int, int, int, int]
_LESS, _EQUAL, _GREATER = 1, 2, 4
_ALL = 7
#: Condition -> the outcomes it leaves, signed and unsigned.
_LEFT = {
    "eq": (2, 2), "ne": (5, 5), "slt": (1, 5), "sle": (3, 7), "sgt": (4, 5), "sge": (6, 7), "ult": (5, 1), "ule": (7, 3),
    "ugt": (5, 4), "uge": (7, 6),
}  # fmt: skip
_SWAPPED = [sum(1 << 2 - k for k in range(3) if mask >> k & 1) for mask in range(8)]
#: A condition is made of conditions, at most so deep.
_DEPTH = 4


class Facts:
    """The facts of one function. ``nodes``, ``classes``, ``types``: the e-graph's lists."""

    def __init__(self, nodes: list[Node], classes: list[tuple[Node, ...]], types: list[int]) -> None:
        self.nodes, self.classes, self.types = nodes, classes, types
        self.any = False
        self.bounds: dict[int, list[tuple[int, int, Bounds]]] = {}
        self.pairs: dict[tuple[int, int], list[tuple[int, int, tuple[int, int]]]] = {}

    def clear(self) -> None:
        """Forget the function."""
        self.any = False
        self.bounds.clear()
        self.pairs.clear()

    # Learning.

    def learn(self, condition: int, holds: bool, first: int, last: int, depth: int = _DEPTH) -> None:
        """In the interval, ``condition`` is not zero (holds) or zero."""
        self.any = True
        own = self.nodes[condition][0]
        if holds and own in _TRUTH:
            self.bound(condition, "eq", 1, first, last)
        elif ty.IS_INT[self.types[condition]]:
            self.bound(condition, "ne" if holds else "eq", 0, first, last)
        for node in self.classes[condition]:
            if node[0] == op.ICMP and ty.IS_INT[node[1]]:
                self.compared(node[2] if holds else complement(node[2]), node[3], node[4], first, last)
            elif depth and node[0] == (op.BAND if holds else op.BOR):
                for part in node[3:]:
                    self.learn(part, holds, first, last, depth - 1)

    def compared(self, cc: str, x: int, y: int, first: int, last: int) -> None:
        """In the interval, ``x cc y``."""
        if self.nodes[y][0] == op.ICONST:
            self.bound(x, cc, self.nodes[y][2], first, last)
        elif self.nodes[x][0] == op.ICONST:
            self.bound(y, swap(cc), self.nodes[x][2], first, last)
        else:
            signed, unsigned = _LEFT[cc]
            if x > y:
                x, y = y, x
                signed, unsigned = _SWAPPED[signed], _SWAPPED[unsigned]
            before = _top(self.pairs, (x, y), first)
            if before is not None:
                signed, unsigned = signed & before[0], unsigned & before[1]
            if signed == _EQUAL or unsigned == _EQUAL:
                signed = unsigned = _EQUAL
            self.pairs.setdefault((x, y), []).append((first, last, (signed, unsigned)))

    def bound(self, x: int, cc: str, k: int, first: int, last: int) -> None:
        """In the interval, ``x cc k``."""
        self.any = True
        t = self.types[x]
        found = narrowed(_top(self.bounds, x, first) or whole(t), t, cc, k)
        self.bounds.setdefault(x, []).append((first, last, found))

    # Asking.

    def value(self, x: int, at: int) -> int | None:
        """The number that ``x`` is at this place, if that is known."""
        known: Bounds | None = _top(self.bounds, x, at)
        if known is not None and known[0] == known[1]:
            return known[0]
        for node in self.classes[x]:
            if node[0] == op.ICMP and ty.IS_INT[node[1]] and (answer := self.holds(node, at)) is not None:
                return int(answer)
        return None

    def truth(self, x: int, at: int) -> bool | None:
        """Whether ``x`` is not zero at this place, if that is known."""
        if (known := _top(self.bounds, x, at)) is not None:
            if known[0] > 0:
                return True
            if known[1] == 0:
                return False
        answer = self.value(x, at)
        return None if answer is None else answer != 0

    def holds(self, node: Node, at: int) -> bool | None:
        """Whether a comparison of integers holds at this place, if that is known."""
        cc, x, y = node[2:]
        if self.nodes[x][0] == op.ICONST:
            x, y, cc = y, x, swap(cc)
        if self.nodes[y][0] == op.ICONST:
            known = _top(self.bounds, x, at)
            return None if known is None else _decided(known, node[1], cc, self.nodes[y][2])
        if x > y:
            x, y, cc = y, x, swap(cc)
        left = _top(self.pairs, (x, y), at)
        if left is None:
            return None
        signed, unsigned = _LEFT[cc]
        for mask, known_left in ((signed, left[0]), (unsigned, left[1])):
            if mask == _ALL or (mask == _ALL & ~_EQUAL and cc != "ne"):
                continue  # the condition says nothing, or not all it says, about this order
            if known_left & ~mask == 0:
                return True
            if known_left & mask == 0:
                return False
        return None


_TRUTH = frozenset((op.ICMP, op.FCMP))


def _top(stacks: dict[Any, list[tuple[int, int, Any]]], key: Any, at: int) -> Any:
    """What is known at a place, or None; what lies before it is dropped."""
    stack = stacks.get(key)
    while stack:
        first, last, known = stack[-1]
        if first <= at < last:
            return known
        stack.pop()
    return None


def whole(t: int) -> Bounds:
    """All numbers of a type."""
    half = 1 << BITS[t] - 1
    return 0, MASK[t], -half, half - 1


def narrowed(known: Bounds, t: int, cc: str, k: int) -> Bounds:
    """The range of x where also ``x cc k``. Where nothing is left the place is never reached, and any answer will do."""
    ulo, uhi, slo, shi = known
    s = to_signed(k, t)
    if cc == "eq":
        return k, k, s, s
    if cc == "ne":
        ulo, uhi, slo, shi = ulo + (k == ulo), uhi - (k == uhi), slo + (s == slo), shi - (s == shi)
    elif cc == "ult":
        uhi = min(uhi, k - 1)
    elif cc == "ule":
        uhi = min(uhi, k)
    elif cc == "ugt":
        ulo = max(ulo, k + 1)
    elif cc == "uge":
        ulo = max(ulo, k)
    elif cc == "slt":
        shi = min(shi, s - 1)
    elif cc == "sle":
        shi = min(shi, s)
    elif cc == "sgt":
        slo = max(slo, s + 1)
    else:
        slo = max(slo, s)
    half = 1 << BITS[t] - 1
    # Where the sign is known, each of the ranges bounds the other.
    if slo >= 0 or uhi < half:
        ulo, uhi, slo, shi = max(ulo, slo), min(uhi, shi), max(ulo, slo), min(uhi, shi)
    elif shi < 0 or ulo >= half:
        ulo, uhi = max(ulo, slo + 2 * half), min(uhi, shi + 2 * half)
        slo, shi = max(slo, ulo - 2 * half), min(shi, uhi - 2 * half)
    return ulo, uhi, slo, shi


def _decided(known: Bounds, t: int, cc: str, k: int) -> bool | None:
    """Whether ``x cc k`` for all x of a range, or for none."""
    if cc in ("eq", "ne"):
        s = to_signed(k, t)
        if not known[0] <= k <= known[1] or not known[2] <= s <= known[3]:
            return cc == "ne"
        return cc == "eq" if known[0] == known[1] else None
    low, high = known[:2] if cc[0] == "u" else known[2:]
    k = k if cc[0] == "u" else to_signed(k, t)
    order = cc[1:]
    if order == "lt":
        return True if high < k else False if low >= k else None
    if order == "le":
        return True if high <= k else False if low > k else None
    if order == "gt":
        return True if low > k else False if high <= k else None
    return True if low >= k else False if high < k else None
