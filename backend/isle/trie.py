"""Rules to a decision structure.

A block is a list of steps, tried in order; a step that fails falls through to the next. At each point the
first rule's tests that can be made now are candidates; the one that most of the waiting rules also need is
taken, and those rules move into it. A rule may overtake another only where they cannot both match or where
the order does not matter (``multi``), so the first match is always the right one.
"""

from __future__ import annotations

from dataclasses import dataclass

from jitpy.backend.isle.bindings import EQ, LOOP, OK, SAME, TAG, Binding, Fact, Key, RuleIR, needs
from jitpy.backend.isle.overlap import may_overlap

_RANK = {TAG: 0, EQ: 1, SAME: 2, OK: 3, LOOP: 4}


@dataclass(slots=True)
class Switch:
    """Compare one binding (or its tag) with several answers, at most one of which holds."""

    kind: str
    binding: Binding
    cases: list[tuple[object, Block]]


@dataclass(slots=True)
class Test:
    """``same`` or ``ok``."""

    kind: str
    binding: Binding
    other: Binding | None
    block: Block


@dataclass(slots=True)
class Loop:
    """Try the block for each value of an iteration."""

    binding: Binding
    block: Block


@dataclass(slots=True)
class Leaf:
    """The rule has matched."""

    rule: RuleIR


Step = Switch | Test | Loop | Leaf
Block = list[Step]


class Trie:
    """Builds the blocks of one term."""

    def __init__(self, ordered: bool) -> None:
        self.ordered = ordered
        self.pairs: dict[tuple[int, int], bool] = {}

    def before(self, a: RuleIR, b: RuleIR) -> bool:
        """Whether ``a``, which stands before ``b``, must be tried before it."""
        pair = (id(a), id(b))
        found = self.pairs.get(pair)
        if found is None:
            found = self.pairs[pair] = may_overlap(a, b)
        return found

    def build(self, rules: list[RuleIR], facts: frozenset[Fact]) -> Block:
        """The block for ``rules`` (in order of precedence) where ``facts`` are known to hold."""
        waiting = []
        for rule in rules:
            left = [c for c in rule.constraints if c[1] not in facts]
            waiting.append((rule, left))
        block: Block = []
        while waiting:
            first, left = waiting[0]
            if not left:
                block.append(Leaf(first))
                if self.ordered:
                    break
                waiting.pop(0)
                continue
            key, taken = self.choose(waiting, facts)
            block.append(self.step(key, [waiting[i][0] for i in taken], facts))
            chosen = set(taken)
            waiting = [w for i, w in enumerate(waiting) if i not in chosen]
        return block

    def choose(
        self, waiting: list[tuple[RuleIR, list[tuple[int, Fact]]]], facts: frozenset[Fact]
    ) -> tuple[Key, list[int]]:
        """The first rule's test that takes most rules along, and which."""
        candidates = self.ready(waiting[0][1], facts)
        best: tuple[tuple[int, int, int], Key, list[int]] | None = None
        for key in candidates:
            taken: list[int] = []
            skipped: list[RuleIR] = []
            for index, (rule, left) in enumerate(waiting):
                if key in rule.answers and key in self.ready(left, facts):
                    if not self.ordered or not any(self.before(s, rule) for s in skipped):
                        taken.append(index)
                        continue
                skipped.append(rule)
            score = (len(taken), -_RANK[key[0]], -key[1].id)
            if best is None or score > best[0]:
                best = (score, key, taken)
        assert best is not None, "a rule's first constraint is always ready"
        return best[1], best[2]

    @staticmethod
    def ready(left: list[tuple[int, Fact]], facts: frozenset[Fact]) -> list[Key]:
        """The tests of a rule that can be made now: of its first unfinished stage, guards known."""
        stage = left[0][0] if left else 0
        return [key for s, (key, _) in left if s == stage and needs(key) <= facts]

    def step(self, key: Key, rules: list[RuleIR], facts: frozenset[Fact]) -> Step:
        """Make one test."""
        kind, binding, other = key
        if kind in (TAG, EQ):
            groups: dict[object, list[RuleIR]] = {}
            for rule in rules:
                groups.setdefault(rule.answers[key], []).append(rule)
            cases = [(a, self.build(group, facts | {(key, a)})) for a, group in groups.items()]
            return Switch(kind, binding, cases)
        inner = self.build(rules, facts | {(key, True)})
        if kind == LOOP:
            return Loop(binding, inner)
        return Test(kind, binding, other, inner)
