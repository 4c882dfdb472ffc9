"""Random ISLE programs, declarations and all, and an interpreter that takes their rules as they are written.

A program has primitive types, enums, structs, constants, conversions; terms built outside, by variants or by rules, taken apart
outside, by variants or by macros; `pure`, `partial` and `multi` ones. It is made as trees of tuples, of which `text` is the ISLE
that the compiler reads and which `Reference` runs, so that no part of the compiler stands on both sides.

    patterns      ("_",) ("var", name) ("literal", value, text) ("bind", name, p) ("and", p, q) ("param", index)
                  ("term", term, (p, ...)) and ("convert", term, p), which is written as p alone
    expressions   ("var", name) ("literal", value, text) ("term", term, (e, ...)) ("convert", term, e) ("let", name, type, e, body)
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, NamedTuple

Tree = tuple[Any, ...]
Scope = dict[tuple[int, str], Any]
#: Priority of the rule that lets a term which is not partial have a result always.
DEFAULT = -100


class Term(NamedTuple):
    """``kind``: variant, struct, constructor, extractor, macro, rules."""

    name: str
    kind: str
    args: tuple[str, ...]
    result: str
    flags: frozenset[str] = frozenset()
    body: Any = None  # variant: its number; macro: the pattern; extractor: infallible


class Rule(NamedTuple):
    term: Term
    priority: int
    patterns: tuple[Tree, ...]
    clauses: tuple[tuple[Tree, Tree], ...]
    right: Tree


class Program:
    """Draws a program from a seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.random = r = random.Random(seed)
        self.multi = r.random() < 0.4
        self.types: dict[str, list[Term]] = {"u64": [], "N": [], "bool": []}  # variants by type
        self.enums: list[str] = []
        self.structs: list[str] = []
        self.constants = {f"$C{i}": (r.choice(("u64", "N")), r.randrange(4)) for i in range(r.randrange(3))}
        self.terms: list[Term] = []
        self.conversions: dict[tuple[str, str], Term] = {}
        self.rules: list[Rule] = []
        self.declare_types()
        self.values = {t: [self.value(t, 3) for _ in range(12)] for t in self.types}
        self.declare_terms()
        for i in range(r.randint(1, 4)):
            self.declare_rules(i)

    # Declarations

    def declare_types(self) -> None:
        r = self.random
        for i in range(r.randint(1, 3)):
            name, known = f"E{i}", [*self.types, f"E{i}"]
            self.types[name] = made = [Term(f"{name}.V0", "variant", (), name, body=0)]
            self.enums.append(name)
            bare = r.random() < 0.2
            for k in range(1, r.randint(2, 5)):
                fields = () if bare else tuple(r.choice(known) for _ in range(r.randrange(3)))
                made.append(Term(f"{name}.V{k}", "variant", fields, name, body=k))
        for i in range(r.randrange(2)):
            self.types[f"S{i}"] = [Term(f"S{i}", "struct", self.some_types(1, 3), f"S{i}")]
            self.structs.append(f"S{i}")

    def some_types(self, least: int, most: int) -> tuple[str, ...]:
        return tuple(self.random.choice(list(self.types)) for _ in range(self.random.randint(least, most)))

    def declare_terms(self) -> None:
        r = self.random
        types = list(self.types)
        many = ("multi",) if self.multi else ()
        for i in range(r.randint(2, 6)):
            flags = frozenset(flag for flag in ("pure", "pure", "partial", *many) if r.random() < 0.4)
            self.terms.append(Term(f"make{i}", "constructor", self.some_types(0, 3), r.choice(types), flags))
        for i in range(r.randint(1, 4)):
            flags = frozenset(flag for flag in many if r.random() < 0.4)
            infallible = not flags and r.random() < 0.3
            args = self.some_types(0, 3) or (("u64",) if infallible else ())
            self.terms.append(Term(f"take{i}", "extractor", args, r.choice(types), flags, infallible))
        for i in range(r.randrange(3)):
            self.declare_macro(f"macro{i}")
        for i in range(r.randrange(3)):
            inner, outer = r.choice(types), r.choice(types)
            if inner != outer and (inner, outer) not in self.conversions and not {inner, outer} & {"bool"}:
                self.conversions[inner, outer] = Term(f"convert{i}", "conversion", (inner,), outer, frozenset({"pure"}))

    def declare_macro(self, name: str) -> None:
        """Stands for the pattern of a term, some of whose arguments are parameters."""
        r = self.random
        inner = r.choice([t for t in self.takers() if "multi" not in t.flags])
        args: list[str] = []
        patterns: list[Tree] = []
        for t in inner.args:
            if r.random() < 0.7:
                patterns.append(("param", len(args)))
                args.append(t)
            else:
                patterns.append(self.pattern(t, 1, {}, False))
        self.terms.append(Term(name, "macro", tuple(args), inner.result, body=("term", inner, tuple(patterns))))

    def declare_rules(self, index: int) -> None:
        """A term made by rules, which may build with all terms before it."""
        r = self.random
        flags = {flag for flag in ("pure", "partial", *["multi"] * self.multi) if r.random() < 0.5}
        term = Term(f"term{index}", "rules", self.some_types(1, 3), r.choice(list(self.types)), frozenset(flags))
        for _ in range(r.randint(1, 8)):
            bound: dict[str, str] = {}
            patterns = tuple(self.pattern(t, 3, bound, "multi" in flags) for t in term.args)
            clauses = []
            able = {"partial"} | flags
            tests = [t for t in self.makers(able) if "pure" in t.flags]
            for called in r.sample(tests, min(len(tests), r.choice((0, 0, 1, 2)))):
                value = ("term", called, tuple(self.expression(t, 1, bound, able, True) for t in called.args))
                clauses.append((self.pattern(called.result, 2, bound, "multi" in flags), value))
            right = self.expression(term.result, 3, bound, flags, "pure" in flags)
            priority = r.randint(*r.choice(((-3, 3), (-50, 50))))
            self.rules.append(Rule(term, priority, patterns, tuple(clauses), right))
        if not flags & {"partial", "multi"}:
            patterns = tuple(("_",) for _ in term.args)
            self.rules.append(Rule(term, DEFAULT, patterns, (), self.expression(term.result, 0, {}, flags, True)))
        self.terms.append(term)

    # Patterns and expressions

    def takers(self) -> list[Term]:
        return [t for of in self.types.values() for t in of] + [t for t in self.terms if t.kind in ("extractor", "macro")]

    def makers(self, flags: set[str]) -> list[Term]:
        """What may be built in a term with these flags."""
        allowed = flags | {"pure"} | ({"partial"} if "multi" in flags else set())
        return [t for t in self.terms if t.kind in ("constructor", "rules") and t.flags <= allowed]

    def literal(self, type: str) -> Tree | None:
        r = self.random
        named = [(name, value) for name, (t, value) in self.constants.items() if t == type]
        if type == "bool":
            return ("literal", value := r.random() < 0.5, str(value).lower())
        if type in ("u64", "N"):
            name, value = r.choice(named) if named and r.random() < 0.4 else ("", r.randrange(4))
            return ("literal", value, name or str(value))
        return None

    def pattern(self, type: str, depth: int, bound: dict[str, str], multi: bool) -> Tree:
        r = self.random
        kind = r.random()
        takers = [t for t in self.takers() if t.result == type and (multi or "multi" not in t.flags)]
        if depth and kind < 0.5 and takers:
            term = r.choice(takers)
            return ("term", term, tuple(self.pattern(t, depth - 1, bound, multi) for t in term.args))
        if depth and kind < 0.54:
            return ("and", *[self.pattern(type, depth - 1, bound, multi) for _ in range(2)])
        if depth and kind < 0.65:
            name = self.variable(type, bound)
            return ("bind", name, self.pattern(type, depth - 1, bound, multi))
        inner = [(t, outer, term) for (t, outer), term in self.conversions.items() if outer == type]
        if depth and kind < 0.7 and inner:
            t, _, term = r.choice(inner)
            found = [c for c in self.takers() if c.result == t and "multi" not in c.flags]
            if found:  # a literal or variable would take the outer type
                c = r.choice(found)
                return ("convert", term, ("term", c, tuple(self.pattern(a, depth - 1, bound, multi) for a in c.args)))
        if kind < 0.85 and (literal := self.literal(type)):
            return literal
        return ("_",) if r.random() < 0.3 else ("var", self.variable(type, bound))

    def variable(self, type: str, bound: dict[str, str]) -> str:
        name = f"{type.lower()}_{self.random.randrange(3)}"
        bound[name] = type
        return name

    def expression(self, type: str, depth: int, bound: dict[str, str], flags: set[str], pure: bool) -> Tree:
        r = self.random
        kind = r.random()
        names = [name for name, t in bound.items() if t == type]
        if names and kind < (0.3 if depth else 0.9):
            return ("var", r.choice(names))
        makers = [t for t in self.makers(flags) if t.result == type and ("pure" in t.flags or not pure)]
        inner = [(t, term) for (t, outer), term in self.conversions.items() if outer == type]
        if depth and kind < 0.6 and makers:
            term = r.choice(makers)
            return ("term", term, tuple(self.expression(t, depth - 1, bound, flags, pure) for t in term.args))
        if depth and kind < 0.65 and inner:
            t, term = r.choice(inner)
            names = [name for name, of in bound.items() if of == t]
            if names:
                return ("convert", term, ("var", r.choice(names)))
        if depth and kind < 0.75:
            of = r.choice(list(self.types))
            name = f"let_{of.lower()}"
            value = self.expression(of, depth - 1, bound, flags, pure)
            return ("let", name, of, value, self.expression(type, depth - 1, {**bound, name: of}, flags, pure))
        if literal := self.literal(type):
            return literal
        variants = self.types[type] if depth else self.types[type][:1]
        term = r.choice(variants)
        return ("term", term, tuple(self.expression(t, max(depth - 1, 0), bound, flags, pure) for t in term.args))

    # Values: ints, bools, and tuples as generated code has them

    def value(self, type: str, depth: int) -> Any:
        r = self.random
        if type in ("u64", "N"):
            return r.randrange(4)
        if type == "bool":
            return r.random() < 0.5
        term = r.choice(self.types[type] if depth > 0 else self.types[type][:1])
        return self.build(term, [self.value(t, depth - 1) for t in term.args])

    def build(self, term: Term, fields: list[Any]) -> Any:
        if term.kind == "struct":
            return tuple(fields)
        bare = not any(t.args for t in self.types[term.result])
        return term.body if bare else (term.body, *fields)

    def take(self, term: Term, value: Any) -> tuple[Any, ...] | None:
        """The fields of a variant or struct, if the value is one."""
        if term.kind == "struct":
            return tuple(value)
        if isinstance(value, int):
            return () if value == term.body else None
        return value[1:] if value[0] == term.body else None

    # What is outside of ISLE

    def outside(self, term: Term, given: tuple[Any, ...], results: tuple[str, ...]) -> list[tuple[Any, ...]]:
        """What an external constructor or extractor gives: some values of its types, by the name and what it is given."""
        noise = zlib.crc32(repr((self.seed, term.name, given)).encode())
        fails = "partial" in term.flags or (term.kind == "extractor" and not term.body)
        count = noise % 3 if "multi" in term.flags else 0 if fails and noise % 3 == 0 else 1
        return [tuple(self.values[t][(noise >> 3 * k + j + 2) % 12] for k, t in enumerate(results)) for j in range(count)]

    def context(self, log: list[Any]) -> SimpleNamespace:
        """The object that generated code takes its functions from; ``log``: calls with an effect, in order."""
        functions: dict[str, Any] = {}
        for term in self.terms:
            if term.kind == "constructor":
                functions[term.name] = lambda *args, t=term: self.constructed(t, args, log)
            elif term.kind == "extractor":
                functions[term.name] = lambda value, t=term: self.extracted(t, value)
        for term in self.conversions.values():
            functions[term.name] = lambda value, t=term: self.outside(t, (value,), (t.result,))[0][0]
            functions[f"{term.name}_back"] = lambda value, t=term: self.outside(t, (value, "back"), t.args)[0][0]
        return SimpleNamespace(**functions)

    def constructed(self, term: Term, args: tuple[Any, ...], log: list[Any]) -> Any:
        found = [value for (value,) in self.outside(term, args, (term.result,))]
        if "pure" not in term.flags:
            log.append((term.name, args))
        return found if "multi" in term.flags else found[0] if found else None

    def extracted(self, term: Term, value: Any) -> Any:
        found: list[Any] = self.outside(term, (value,), term.args)
        if not term.args:
            return [True] * len(found) if "multi" in term.flags else bool(found)
        if len(term.args) == 1:
            found = [value for (value,) in found]
        return found if "multi" in term.flags else found[0] if found else None

    # ISLE text

    def text(self) -> str:
        lines = ["(type u64 (primitive u64)) (type N (primitive N))"]
        for name in self.enums:
            variants = " ".join(f"({t.name[len(name) + 1 :]} {_fields(t)})" for t in self.types[name])
            lines.append(f"(type {name} (enum {variants}))")
        lines += [f"(type {name} (struct {_fields(self.types[name][0])}))" for name in self.structs]
        lines += [f"(extern const {name} {t})" for name, (t, _) in self.constants.items()]
        for term in (*self.terms, *self.conversions.values()):
            lines.append(f"(decl {' '.join(sorted(term.flags))} {term.name} ({' '.join(term.args)}) {term.result})")
            if term.kind == "constructor":
                lines.append(f"(extern constructor {term.name} {term.name})")
            elif term.kind == "extractor":
                lines.append(f"(extern extractor {'infallible' if term.body else ''} {term.name} {term.name})")
            elif term.kind == "macro":
                names = " ".join(f"p{i}" for i in range(len(term.args)))
                lines.append(f"(extractor ({' '.join([term.name, names])}) {_written(term.body)})")
            elif term.kind == "conversion":
                lines.append(f"(extern constructor {term.name} {term.name})")
                lines.append(f"(extern extractor infallible {term.name} {term.name}_back)")
                lines.append(f"(convert {term.args[0]} {term.result} {term.name})")
        for rule in self.rules:
            clauses = "".join(f"(if-let {_written(p)} {_written(e)}) " for p, e in rule.clauses)
            root = " ".join([rule.term.name, *map(_written, rule.patterns)])
            lines.append(f"(rule {rule.priority} ({root}) {clauses}{_written(rule.right)})")
        return "\n".join(lines) + "\n"


def _fields(term: Term) -> str:
    return " ".join(f"(f{i} {t})" for i, t in enumerate(term.args))


def _written(tree: Tree) -> str:
    kind = tree[0]
    if kind == "term":
        return "(" + " ".join([tree[1].name, *map(_written, tree[2])]) + ")"
    if kind == "and":
        return f"(and {_written(tree[1])} {_written(tree[2])})"
    if kind == "bind":
        return f"{tree[1]} @ {_written(tree[2])}"
    if kind == "let":
        return f"(let (({tree[1]} {tree[2]} {_written(tree[3])})) {_written(tree[4])})"
    if kind == "convert":
        return _written(tree[2])
    return {"_": "_", "var": tree[-1], "literal": tree[-1], "param": f"p{tree[-1]}"}[kind]



class Frame(NamedTuple):
    """Where a pattern's names belong: a rule, or one use of a macro, whose parameters are the patterns of its user."""

    number: int
    arguments: tuple[Tree, ...] = ()
    user: Any = None


class Reference:
    """Runs a program by its meaning: rules by falling priority; of a multi term all of them, in every way."""

    def __init__(self, program: Program, rules: list[Rule]) -> None:
        self.program = program
        self.rules = sorted(rules, key=lambda rule: -rule.priority)
        self.log: list[Any] = []
        self.outside = program.context(self.log)
        self.frames = 0

    def call(self, term: Term, args: tuple[Any, ...]) -> list[Any]:
        """All results; of a term that is not multi, at most one."""
        found: list[Any] = []
        last: int | None = None
        for rule in self.rules:
            if rule.term.name != term.name or (last is not None and rule.priority < last):
                continue
            for scope in self.matches(rule, args):
                if "multi" in term.flags:
                    found += self.results(rule.right, scope)
                    continue
                assert last is None, f"two rules of priority {last} match {args} of {term.name}: {rule}"
                last = rule.priority
                found = self.results(rule.right, scope)
                break
        return found

    def matches(self, rule: Rule, args: tuple[Any, ...]) -> Iterator[Scope]:
        frame = Frame(0)

        def clauses(left: tuple[tuple[Tree, Tree], ...], scope: Scope) -> Iterator[Scope]:
            if not left:
                yield scope
                return
            pattern, expression = left[0]
            for value in self.results(expression, scope):
                for inner in self.ways(pattern, value, scope, frame):
                    yield from clauses(left[1:], inner)

        for scope in self.every(rule.patterns, args, {}, frame):
            yield from clauses(rule.clauses, scope)

    def every(self, patterns: tuple[Tree, ...], values: Any, scope: Scope, frame: Frame) -> Iterator[Scope]:
        if not patterns:
            yield scope
            return
        for inner in self.ways(patterns[0], values[0], scope, frame):
            yield from self.every(patterns[1:], values[1:], inner, frame)

    def ways(self, p: Tree, value: Any, scope: Scope, frame: Frame) -> Iterator[Scope]:
        kind = p[0]
        if kind == "_":
            yield scope
        elif kind == "literal":
            if p[1] == value:
                yield scope
        elif kind == "var":
            key = frame.number, p[1]
            if scope.get(key, value) == value:
                yield {**scope, key: value}
        elif kind == "bind":
            yield from self.every((("var", p[1]), p[2]), (value, value), scope, frame)
        elif kind == "and":
            yield from self.every(p[1:], (value, value), scope, frame)
        elif kind == "param":
            yield from self.ways(frame.arguments[p[1]], value, scope, frame.user)
        elif kind == "convert":
            yield from self.ways(p[2], getattr(self.outside, f"{p[1].name}_back")(value), scope, frame)
        elif p[1].kind == "macro":
            self.frames += 1
            yield from self.ways(p[1].body, value, scope, Frame(self.frames, p[2], frame))
        else:
            term = p[1]
            taken = self.program.take(term, value) if term.kind in ("variant", "struct") else None
            found = self.program.outside(term, (value,), term.args) if term.kind == "extractor" else [taken]
            for fields in found:
                if fields is not None:
                    yield from self.every(p[2], fields, scope, frame)

    def results(self, e: Tree, scope: Scope) -> list[Any]:
        """The values of an expression: none where a part fails, many where one is multi."""
        kind = e[0]
        if kind == "literal":
            return [e[1]]
        if kind == "var":
            return [scope[0, e[1]]]
        if kind == "let":
            return [v for value in self.results(e[3], scope) for v in self.results(e[4], {**scope, (0, e[1]): value})]
        if kind == "convert":
            return [getattr(self.outside, e[1].name)(value) for value in self.results(e[2], scope)]
        term = e[1]
        return [v for args in self.lists(e[2], scope) for v in self.apply(term, args)]

    def lists(self, expressions: tuple[Tree, ...], scope: Scope) -> Iterator[tuple[Any, ...]]:
        if not expressions:
            yield ()
            return
        for value in self.results(expressions[0], scope):
            for rest in self.lists(expressions[1:], scope):
                yield (value, *rest)

    def apply(self, term: Term, args: tuple[Any, ...]) -> list[Any]:
        if term.kind in ("variant", "struct"):
            return [self.program.build(term, list(args))]
        if term.kind == "rules":
            return self.call(term, args)
        found = self.program.constructed(term, args, self.log)
        return found if "multi" in term.flags else [] if found is None else [found]
