"""Typed rules to constraints over shared values.

Matching a rule is a set of *constraints* on *bindings*. A binding is a value that matching can compute: an
argument, a field of a node, an extractor's result, a pure call of an if-let. Bindings are hash-consed per
term, so two rules that look at the same thing share one binding, and two rules conflict exactly when they
want different answers from it. A binding's ``guards`` are the constraints that must hold before it may be
used (the tag before the fields; its own success, where it can fail).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jitpy.backend.isle.diagnostics import Reporter
from jitpy.backend.isle.terms import (
    VARIANT,
    TAnd,
    TConst,
    Term,
    TLit,
    TPattern,
    TTerm,
    TVar,
    TWild,
    Type,
    TypedRule,
    XCall,
    XConst,
    XExpr,
    XLet,
    XLit,
)  # fmt: skip

if TYPE_CHECKING:
    from jitpy.backend.isle.host import Host

# kinds of bindings
ARG, NODE, MEMBER, FIELD = "arg", "node", "member", "field"
EXTRACT, EXTRACTED, EACH = "extract", "extracted", "each"
CALL, CALL_EACH, LITERAL, CONST = "call", "call_each", "literal", "const"

# kinds of constraints; their order is the order of preference among equally shared tests
TAG, EQ, SAME, OK, LOOP = "tag", "eq", "same", "ok", "loop"


@dataclass(slots=True, eq=False)
class Binding:
    """One value. ``data`` is what, besides the operands, tells it apart."""

    id: int
    kind: str
    operands: tuple[Binding, ...]
    data: object
    type: Type | None
    term: Term | None
    guards: frozenset[Fact]


# A key says what is looked at, a fact adds the answer.
Key = tuple[str, Binding, "Binding | None"]
Fact = tuple[Key, object]


@dataclass(slots=True, eq=False)
class RuleIR:
    """A rule ready for the decision tree: constraints with stage, the variables' bindings."""

    rule: TypedRule
    constraints: list[tuple[int, Fact]]
    env: dict[str, Binding]
    answers: dict[Key, object] = field(default_factory=dict)
    impossible: bool = False

    @property
    def order(self) -> tuple[int, int, int]:
        """Sorts by falling priority, then as written."""
        return (-self.rule.priority, self.rule.id, self.rule.variant)


class Graph:
    """The bindings of one term and its rules."""

    def __init__(self, term: Term, host: Host | None, reporter: Reporter, dispatched: bool) -> None:
        self.term = term
        self.host = host
        self.reporter = reporter
        self.dispatched = dispatched
        self.table: dict[tuple[object, ...], Binding] = {}
        self.args = [self.make(ARG, (), i, t, None) for i, t in enumerate(term.args)]

    def make(
        self,
        kind: str,
        operands: tuple[Binding, ...],
        data: object,
        type_: Type | None,
        term: Term | None,
        *guards: Fact,
    ) -> Binding:
        """The binding of that description, old or new."""
        key = (kind, operands, type(data), data, term)
        found = self.table.get(key)
        if found is None:
            needed = frozenset(guards).union(*(o.guards for o in operands))
            found = Binding(len(self.table), kind, operands, data, type_, term, needed)
            self.table[key] = found
        return found

    def lower(self, rule: TypedRule) -> RuleIR:
        """One rule's constraints."""
        out = RuleIR(rule, [], {})
        work = _Lowering(self, out)
        for pattern, arg in zip(rule.args, self.args):
            work.match(pattern, arg)
        for pattern, value in rule.iflets:
            work.stage += 1
            work.match(pattern, work.value(value, {}))
        for _, (key, answer) in out.constraints:
            if out.answers.setdefault(key, answer) != answer:
                out.impossible = True
        if out.impossible:
            self.reporter.error(
                rule.pos, f"rule {rule.name} can never match: it wants two answers from one value"
            )
        return out


class _Lowering:
    """The walk over one rule."""

    def __init__(self, graph: Graph, out: RuleIR) -> None:
        self.graph = graph
        self.out = out
        self.stage = 0
        self.occurrences: dict[tuple[object, ...], int] = {}

    def want(self, kind: str, binding: Binding, other: Binding | None, answer: object) -> Fact:
        """Add a constraint (once)."""
        fact: Fact = ((kind, binding, other), answer)
        if all(fact != old for _, old in self.out.constraints):
            self.out.constraints.append((self.stage, fact))
        return fact

    def occurrence(self, *what: object) -> int:
        """How many times this rule has iterated over that before: each time is a loop of its own."""
        count = self.occurrences.get(what, 0)
        self.occurrences[what] = count + 1
        return count

    def literal(self, name: str) -> object:
        """A constant: its value if the host says so, else its name."""
        host = self.graph.host
        if host is not None and name in host.constants:
            return ("literal", host.constants[name])
        return ("const", name)

    def match(self, p: TPattern, b: Binding) -> None:
        """``b`` must match ``p``."""
        if isinstance(p, TWild):
            return
        if isinstance(p, TLit):
            self.want(EQ, b, None, ("literal", p.value))
        elif isinstance(p, TConst):
            self.want(EQ, b, None, self.literal(p.name))
        elif isinstance(p, TVar):
            old = self.out.env.setdefault(p.name, b)
            if old is not b:
                first, second = (old, b) if old.id < b.id else (b, old)
                self.want(SAME, first, second, True)
        elif isinstance(p, TAnd):
            for x in p.patterns:
                self.match(x, b)
        elif p.term.extractor == VARIANT:
            self.match_variant(p, b)
        else:
            self.match_extractor(p, b)

    def match_variant(self, p: TTerm, b: Binding) -> None:
        """A tag test, then the fields."""
        graph, term, host = self.graph, p.term, self.graph.host
        type_ = term.ret
        tagged: tuple[Fact, ...] = ()
        root = graph.dispatched and b is graph.args[0]
        if host is not None and type_.name in host.iterations and not root:
            if not graph.term.is_multi:
                graph.reporter.error(
                    p.pos,
                    f"a value of type {type_.name} has several members, so {graph.term.name!r} must "
                    f"be multi to match {term.name!r}",
                )
            node = self.loop(MEMBER, (b,), None, type_)
        else:
            node = graph.make(NODE, (b,), None, type_, None)
        if type_.kind != "struct":
            variant = None if host is None else host.variants.get(term.name)
            tag = term.variant_index if variant is None else variant.tag
            tagged = (self.want(TAG, node, None, tag),)
        for index, (sub, field_type) in enumerate(zip(p.args, term.args)):
            if not isinstance(sub, TWild):
                self.match(sub, graph.make(FIELD, (node, b), index, field_type, term, *tagged))

    def match_extractor(self, p: TTerm, b: Binding) -> None:
        """An external extractor, with one answer or several."""
        graph, term = self.graph, p.term
        if term.is_multi:
            result = self.loop(EACH, (b,), term, None)
        else:
            result = graph.make(EXTRACT, (b,), None, None, term)
            if not term.infallible:
                self.must_succeed(result)
        for index, (sub, field_type) in enumerate(zip(p.args, term.args)):
            if not isinstance(sub, TWild):
                self.match(sub, graph.make(EXTRACTED, (result, b), index, field_type, term))

    def must_succeed(self, b: Binding) -> None:
        """``b`` may be None: it is tested before it is used."""
        b.guards = b.guards | {self.want(OK, b, None, True)}

    def loop(
        self, kind: str, operands: tuple[Binding, ...], term: Term | None, type_: Type | None
    ) -> Binding:
        """A loop variable, guarded by its own loop."""
        count = self.occurrence(kind, operands, term)
        out = self.graph.make(kind, operands, count, type_, term)
        out.guards = out.guards | {self.want(LOOP, out, None, True)}
        return out

    def value(self, x: XExpr, env: dict[str, Binding]) -> Binding:
        """The binding of an if-let's expression."""
        graph = self.graph
        if isinstance(x, XLit):
            return graph.make(LITERAL, (), x.value, x.type, None)
        if isinstance(x, XConst):
            return graph.make(CONST, (), x.name, x.type, None)
        if isinstance(x, XLet):
            inner = dict(env)
            for name, bound in x.bindings:
                inner[name] = self.value(bound, inner)
            return self.value(x.body, inner)
        if isinstance(x, XCall):
            args = tuple(self.value(a, env) for a in x.args)
            if x.term.is_multi:
                return self.loop(CALL_EACH, args, x.term, x.term.ret)
            out = graph.make(CALL, args, None, x.term.ret, x.term)
            if x.term.is_partial:
                self.must_succeed(out)
            return out
        return env[x.name] if x.name in env else self.out.env[x.name]


def needs(key: Key) -> frozenset[Fact]:
    """What must hold before a test can be made."""
    kind, binding, other = key
    if kind in (OK, LOOP):  # the test is what makes the binding usable
        return frozenset().union(*(o.guards for o in binding.operands))
    return binding.guards if other is None else binding.guards | other.guards
