"""Random rule sets: the generated code agrees with a matcher that tries rule after rule on the syntax tree.
`JITPY_FUZZ_MINUTES`: for so long, on new seeds.
"""

from __future__ import annotations

import itertools
import random
from collections import Counter

import pytest
from jitpy.backend.isle import ast
from jitpy.backend.isle.diagnostics import IsleError
from jitpy.backend.isle.driver import compile_texts
from jitpy.backend.isle.host import Host
from jitpy.backend.isle.parser import parse_all
from minutes import for_minutes, search

PRELUDE = """
(type V (primitive V)) (type u64 (primitive u64)) (type R (primitive R))
(decl {flag} add (V V) V) (decl mul (V V) V) (decl neg (V) V) (decl num (u64) V) (decl leaf () V)
(decl big (V u64) V) (decl pos () V) (decl abs (V) V)
(decl half (u64) u64) (extern extractor half half)
(decl pure partial less (u64 u64) u64) (extern constructor less less)
(decl double_neg (V) V) (extractor (double_neg x) (neg (neg x)))
(decl hit (u64 V V) R) (extern constructor hit hit)
(decl {kind} find (V) R)
"""
TAGS = {"add": (5, 2), "mul": (9, 2), "neg": (12, 1), "leaf": (3, 0), "pos": (15, 0), "abs": (20, 1)}


def host(e_class: bool, dispatch: bool) -> Host:
    h = Host()
    h.discriminant(type="V", bind="nodes[{v}]", tag="{n}[0]")
    for term, (tag, arity) in TAGS.items():
        h.variant(term=term, type="V", tag=tag, fields=[f"{{n}}[{i + 1}]" for i in range(arity)])
    h.variant(term="num", type="V", tag=7, fields=["{n}[1]"])
    h.variant(term="big", type="V", tag=30, fields=["{n}[1]", "{n}[2]"])
    if e_class:
        h.members(type="V", iterate="members({v})")
    h.entry("find", dispatch=dispatch)
    return h


def half(x):
    return x // 2 if x % 2 == 0 else None


def less(a, b):
    return a if a < b else None


class Text:
    """Writes random rules; tracks which variables are bound with which type."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def u64(self, bound: dict[str, str]) -> str:
        r = self.rng.random()
        if r < 0.35:
            return str(self.rng.randrange(4))
        if r < 0.5:
            return f"(half {self.u64(bound)})"
        return self.name("n", "u64", bound)

    def name(self, prefix: str, type_: str, bound: dict[str, str]) -> str:
        name = f"{prefix}{self.rng.randrange(3)}"
        bound[name] = type_
        return name

    def value(self, depth: int, bound: dict[str, str]) -> str:
        rng = self.rng
        if depth == 0 or rng.random() < 0.3:
            return "_" if rng.random() < 0.2 else self.name("x", "V", bound)
        rare = ["mul", "leaf", "big", "abs", "pos", "double_neg"]
        term = rng.choice(["add", "add", "add", "neg", "num", "num", rng.choice(rare)])
        if term == "num":
            return f"(num {self.u64(bound)})"
        if term == "big":
            return f"(big {self.value(depth - 1, bound)} {self.u64(bound)})"
        arity = 1 if term == "double_neg" else TAGS[term][1]
        text = f"({term}" + "".join(" " + self.value(depth - 1, bound) for _ in range(arity)) + ")"
        r = rng.random()
        if r < 0.07 and depth < 3:  # two members of one class
            return f"(and {text} {self.value(depth - 1, bound)})"
        if r < 0.12:
            return f"(and {self.name('x', 'V', bound)} {text})"
        return f"{self.name('x', 'V', bound)} @ {text}" if r < 0.2 else text

    def rule(self, index: int, priority: int) -> str:
        bound: dict[str, str] = {}
        root = self.value(3, bound)
        clauses = ""
        ints = sorted(n for n, t in bound.items() if t == "u64")
        if ints and self.rng.random() < 0.4:
            right = self.rng.choice([*ints, "2"])
            left = self.rng.choice(["_", "n9", "1", "n0" if "n0" in ints else "_"])
            clauses = f"(if-let {left} (less {self.rng.choice(ints)} {right}))"
        values = sorted(n for n, t in bound.items() if t == "V")
        pick = [self.rng.choice(values) if values else "root" for _ in range(2)]
        if "root" in pick:
            root = f"root @ {root}"
        return f"(rule r{index} {priority} (find {root}) {clauses} (hit {index} {pick[0]} {pick[1]}))"


class Reference:
    """Tries patterns one after the other; every way to match is a dictionary of variables."""

    def __init__(self, nodes, members, defs, commutative):
        self.nodes, self.members = nodes, members
        self.macros = {d.term.name: d for d in defs if isinstance(d, ast.ExtractorDef)}
        self.rules = [d for d in defs if isinstance(d, ast.Rule)]
        self.commutative = commutative

    def ways(self, p, v, env, root=False):
        if isinstance(p, ast.PWild):
            yield env
        elif isinstance(p, ast.PInt):
            if p.value == v:
                yield env
        elif isinstance(p, ast.PVar):
            if p.name not in env:
                yield {**env, p.name: v}
            elif env[p.name] == v:
                yield env
        elif isinstance(p, ast.PBind):
            for e in self.ways(ast.PVar(p.name, p.pos), v, env):
                yield from self.ways(p.pattern, v, e, root)
        elif isinstance(p, ast.PAnd):
            yield from self.sequence([(x, v) for x in p.patterns], env, root)
        elif p.term.name == "half":
            if half(v) is not None:
                yield from self.ways(p.args[0], half(v), env)
        elif p.term.name == "double_neg":
            inner = ast.PTerm(ast.Ident("neg", p.pos), p.args, p.pos)
            outer = ast.PTerm(ast.Ident("neg", p.pos), [inner], p.pos)
            yield from self.ways(outer, v, env, root)
        else:
            tag = {"num": 7, "big": 30}.get(p.term.name) or TAGS[p.term.name][0]
            for node in [self.nodes[v]] if root else self.members(v):
                if node[0] == tag:
                    yield from self.sequence(list(zip(p.args, node[1:])), env)
                    if self.commutative and p.term.name == "add":
                        yield from self.sequence(list(zip(p.args[::-1], node[1:])), env)

    def sequence(self, pairs, env, root=False):
        if not pairs:
            yield env
            return
        for e in self.ways(*pairs[0], env, root):
            yield from self.sequence(pairs[1:], e, root)

    def matches(self, rule, v, root):
        for env in self.ways(rule.pattern.args[0], v, {}, root):
            ok = [env]
            for clause in rule.iflets:
                args = [env[a.name] if isinstance(a, ast.EVar) else a.value for a in clause.expr.args]
                result = less(*args)
                ok = [] if result is None else list(self.ways(clause.pattern, result, env))
            for e in ok:
                call = rule.expr
                yield (call.args[0].value, e[call.args[1].name], e[call.args[2].name])


def make_nodes(rng, count):
    nodes = [(3,), (15,), (7, 0), (7, 1), (7, 2)]
    while len(nodes) < count:
        n = len(nodes)
        low = rng.randrange(min(n, 20))
        nodes.append(
            rng.choice([
                (5, low, rng.randrange(n)), (5, rng.randrange(n), low), (5, low, low),
                (9, rng.randrange(n), low), (12, low), (12, n - 1),
                (7, rng.randrange(5)), (20, low), (30, rng.randrange(n), rng.randrange(4)),
            ])
        )  # fmt: skip
    return nodes


def compile_without_hidden(rules, prelude, h):
    """Leave out rules that the compiler says can never match: each such error names its line."""
    while True:
        text = prelude + "\n".join(rules)
        try:
            return text, compile_texts([("t.isle", text)], h)
        except IsleError as error:
            lines = {e.pos.line for e in error.errors}
            assert all("can never match" in e.message for e in error.errors), error
            first = prelude.count("\n") + 1
            rules = [r for i, r in enumerate(rules) if i + first not in lines]


def run(seed, kind, e_class, dispatch, commutative=False):
    rng = random.Random(seed)
    writer = Text(rng)
    count = rng.randrange(3, 60)
    priorities = rng.sample(range(-100, 100), count)
    rules = [writer.rule(i, p) for i, p in enumerate(priorities)]
    if commutative:  # at most eight forms of a rule, so that none is left out
        rules = [r for r in rules if r.count("(add") <= 3]
    prelude = PRELUDE.format(kind=kind, flag="commutative" if commutative else "")
    text, source = compile_without_hidden(rules, prelude, host(e_class, dispatch))
    nodes = make_nodes(rng, 120)
    classes = [[n] for n in nodes]
    if e_class:
        for _ in range(60):
            classes[rng.randrange(30)].append(nodes[rng.randrange(120)])

    class Ctx:
        pass

    ctx = Ctx()
    ctx.nodes, ctx.members = nodes, classes.__getitem__
    ctx.half, ctx.less, ctx.hit = half, less, lambda k, x, y: (k, x, y)
    module: dict[str, object] = {}
    exec(source, module)
    find = module["make"](ctx)["find"]
    reference = Reference(nodes, classes.__getitem__, parse_all([("t", text)]), commutative)
    ordered = sorted(reference.rules, key=lambda r: -r.priority)
    hits = 0
    for v in range(len(nodes)):
        every = [m for r in ordered for m in reference.matches(r, v, dispatch)]
        hits += len(every)
        if kind == "multi" and commutative:  # forms alike up to names give one result, not two
            got = set(find(v, []))
            assert got <= set(every) and {g[0] for g in got} == {e[0] for e in every}, (v, text)
        elif kind == "multi":
            assert Counter(find(v, [])) == Counter(every), (v, nodes[v], text)
        else:
            assert find(v) == (every[0] if every else None), (v, nodes[v], text)
    return hits


KINDS = [("partial", False), ("multi", False), ("multi", True)]


@pytest.mark.parametrize("commutative", [False, True])
@pytest.mark.parametrize("dispatch", [False, True])
@pytest.mark.parametrize("kind,e_class", KINDS)
def test_generated_code_agrees_with_reference(kind, e_class, dispatch, commutative):
    hits = sum(run(seed, kind, e_class, dispatch, commutative) for seed in range(40))
    assert hits > 100


@for_minutes
def test_for_minutes():
    def every(seed: int) -> None:
        for (kind, e_class), dispatch, commutative in itertools.product(KINDS, (False, True), (False, True)):
            try:
                run(seed, kind, e_class, dispatch, commutative)
            except Exception as error:
                raise AssertionError(f"{kind}, {e_class}, {dispatch}, {commutative}") from error

    search("rules", every)
