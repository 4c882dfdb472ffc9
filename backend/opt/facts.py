"""What the branches and traps passed on the way to a place say about integers there.

Below the edge of a branch on `x < 10`, and behind a trap unless `x < 10`, the comparison holds; so x lies in a range, and its
relation to other values is known. Facts are kept as they come, with the values they are about: a fact holds at the places whose
number in the dominator tree's preorder lies in its interval. The walk is in preorder, so what has been left is popped. Ranges,
and which of less, equal and greater are left for a pair, are worked out when a comparison of the same value asks, which is seldom.

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

#: First and last place; a value and whether it is not zero, or a condition and a number.
Fact = tuple[int, int, Any, Any]
#: Unsigned and signed ends of a value's range.
Bounds = tuple[int, int, int, int]
_LESS, _EQUAL, _GREATER = 1, 2, 4
_ALL = 7
#: Condition -> the outcomes it leaves, signed and unsigned.
_LEFT = {
    "eq": (2, 2), "ne": (5, 5), "slt": (1, 5), "sle": (3, 7), "sgt": (4, 5), "sge": (6, 7), "ult": (5, 1), "ule": (7, 3),
    "ugt": (5, 4), "uge": (7, 6),
}  # fmt: skip
#: A condition is made of conditions, at most so deep.
_DEPTH = 4
#: So many facts about a value are looked at, the latest.
_LOOK_BACK = 8
_ICMP, _ICONST = op.ICMP, op.ICONST


class Facts:
    """The facts of one function. ``nodes``, ``types``: the e-graph's lists."""

    def __init__(self, nodes: list[Node], types: list[int]) -> None:
        self.nodes, self.types = nodes, types
        self.about: dict[int, list[Fact]] = {}
        self.clear = self.about.clear

    # Learning.

    def learn(self, condition: int, holds: bool, first: int, last: int, depth: int = _DEPTH) -> None:
        """In the interval, ``condition`` is not zero (holds) or zero."""
        nodes, about = self.nodes, self.about
        fact = (first, last, condition, holds)
        about.setdefault(condition, []).append(fact)
        node = nodes[condition]
        o = node[0]
        if o == _ICMP and node[1] <= ty.I128:
            x, y = node[3], node[4]
            # A pair's facts are with the smaller, those against constants with the value.
            if nodes[y][0] != _ICONST and (nodes[x][0] == _ICONST or y < x):
                x = y
            about.setdefault(x, []).append(fact)
        elif depth and o == (op.BAND if holds else op.BOR):
            for part in node[3:]:
                self.learn(part, holds, first, last, depth - 1)

    def choose(self, x: int, cc: str, k: int, first: int, last: int) -> None:
        """In the interval, ``x cc k``."""
        self.about.setdefault(x, []).append((first, last, cc, k))

    def told(self, x: int, at: int) -> list[tuple[str, int, bool]]:
        """What is known of ``x`` here: (condition, number or other value, whether it is a number), the oldest first."""
        stack = self.about.get(x)
        while stack and not stack[-1][0] <= at < stack[-1][1]:
            stack.pop()
        nodes, found = self.nodes, []
        for first, last, c, holds in stack[-_LOOK_BACK:] if stack else ():
            if not first <= at < last:
                continue
            if c.__class__ is str:
                found.append((c, holds, True))
                continue
            node = nodes[c]
            if c == x:
                one = holds and node[0] in (_ICMP, op.FCMP)
                found.append(("eq", int(one), True) if one or not holds else ("ne", 0, True))
                continue
            cc, y = node[2] if holds else complement(node[2]), node[4]
            if node[3] != x:
                cc, y = swap(cc), node[3]
            found.append((cc, nodes[y][2], True) if nodes[y][0] == _ICONST else (cc, y, False))
        return found

    # Asking.

    def value(self, x: int, at: int) -> int | None:
        """The number that ``x`` is at this place, if that is known."""
        if x in self.about:
            low, high, _, _ = self.bounds(x, at)
            if low == high:
                return low
        answer = self.outcome(x, at)
        return None if answer is None else int(answer)

    def truth(self, x: int, at: int) -> bool | None:
        """Whether ``x`` is not zero at this place, if that is known."""
        if x in self.about:
            low, high, _, _ = self.bounds(x, at)
            if low > 0 or high == 0:
                return low > 0
        return self.outcome(x, at)

    def outcome(self, x: int, at: int) -> bool | None:
        """Whether ``x``, if it is a comparison of integers, holds by what is known of its operands at this place."""
        node = self.nodes[x]
        return self.holds(node, at) if node[0] == _ICMP and node[1] <= ty.I128 else None

    def holds(self, node: Node, at: int) -> bool | None:
        """Whether a comparison of integers holds at this place, if that is known."""
        cc, x, y = node[2:]
        nodes, about = self.nodes, self.about
        if nodes[x][0] == _ICONST or (nodes[y][0] != _ICONST and x > y):
            x, y, cc = y, x, swap(cc)
        if x not in about:
            return None
        if nodes[y][0] == _ICONST:
            return _decided(self.bounds(x, at), node[1], cc, nodes[y][2])
        left = [_ALL, _ALL]
        for known, other, constant in self.told(x, at):
            if other == y and not constant:
                left = [a & b for a, b in zip(left, _LEFT[known])]
        if _EQUAL in left:
            left = [_EQUAL, _EQUAL]
        signed, unsigned = _LEFT[cc]
        for mask, still in ((signed, left[0]), (unsigned, left[1])):
            if mask == _ALL or (mask == _ALL & ~_EQUAL and cc != "ne"):
                continue  # the condition says nothing, or not all it says, about this order
            if still & ~mask == 0:
                return True
            if still & mask == 0:
                return False
        return None

    def bounds(self, x: int, at: int) -> Bounds:
        """The range of ``x`` at this place."""
        t = self.types[x]
        found = whole(t)
        for cc, k, constant in self.told(x, at):
            if constant:
                found = narrowed(found, t, cc, k)
        return found


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
