"""Definitions to a checked program: names resolved, types inferred, conversions inserted, macros expanded.

Three passes: collect types and terms; attach extractors, constructors and conversions; type every rule.
A wrong definition is reported and left out, so that the rest is still checked. What needs all rules of a
term at once (overlap) is in ``overlap``; commuted variants are made in ``commute``.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from jitpy.backend.isle import ast
from jitpy.backend.isle.diagnostics import Pos, Reporter
from jitpy.backend.isle.terms import (
    EXTERN,
    INTERNAL,
    VARIANT,
    Program,
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
    XVar,
)  # fmt: skip

if TYPE_CHECKING:
    from jitpy.backend.isle.host import Host

MAX_EXPANSION = 64  # depth of extractors within extractors


class _Wrong(Exception):
    """Leaves the rule being typed; its error has been reported."""


@dataclass(slots=True)
class _Arg:
    """A macro argument where the macro's body named its parameter: a pattern of a declared type."""

    pattern: ast.Pattern
    type: Type
    pos: Pos
    env: dict[str, str]  # the renaming in force where the argument was written
    depth: int


@dataclass(slots=True)
class _Scope:
    """The variables of one rule: what a name is called after renaming, and its type."""

    types: dict[str, Type] = field(default_factory=dict)
    fresh: int = 0


class Sema:
    """One analysis; ``analyze`` below is the way in."""

    def __init__(self, defs: list[ast.Def], host: Host | None, reporter: Reporter) -> None:
        self.defs = defs
        self.host = host
        self.reporter = reporter
        builtin = Pos("<builtin>", 1, 1)
        self.bool = Type("bool", "primitive", builtin)
        self.types: dict[str, Type] = {"bool": self.bool}
        self.terms: dict[str, Term] = {}
        self.constants: dict[str, Type] = {}
        self.converts: dict[tuple[str, str], Term] = {}
        self.rules: list[TypedRule] = []
        self.rule_names: dict[str, Pos] = {}

    def run(self) -> Program:
        """All passes."""
        self.collect_types()
        self.collect_terms()
        self.attach()
        self.attach_host()
        for d in self.defs:
            if isinstance(d, ast.Rule):
                with suppress(_Wrong):
                    self.rule(d)
        self.check_recursion()
        return Program(self.types, self.terms, self.constants, self.rules, self.defs)

    # -- names --------------------------------------------------------------------------------------

    def fail(self, pos: Pos, message: str) -> _Wrong:
        """Report, and give what to raise."""
        self.reporter.error(pos, message)
        return _Wrong()

    def type_of(self, ident: ast.Ident) -> Type:
        """The type of that name; an unknown one is reported."""
        found = self.types.get(ident.name)
        if found is None:
            raise self.fail(ident.pos, f"unknown type {ident.name!r}")
        return found

    def term_of(self, ident: ast.Ident) -> Term:
        """The term of that name; an unknown one is reported."""
        found = self.terms.get(ident.name)
        if found is None:
            raise self.fail(ident.pos, f"unknown term {ident.name!r}; declare it with (decl ...)")
        return found

    def collect_types(self) -> None:
        """Pass 1a."""
        for d in self.defs:
            if isinstance(d, ast.TypeDef):
                name = d.name.name
                old = self.types.get(name)
                if old is not None and not (name == "bool" and old is self.bool):
                    self.fail(d.name.pos, f"type {name!r} is already defined at {old.pos}")
                    continue
                new = Type(name, d.kind, d.pos, d)
                if name == "bool":
                    if d.kind != "primitive":
                        self.fail(d.name.pos, "'bool' is built in; it can only be a primitive")
                        continue
                    self.bool = new
                self.types[name] = new

    def add_term(self, term: Term) -> None:
        """Enter a term under its name."""
        old = self.terms.get(term.name)
        if old is not None:
            self.fail(term.pos, f"term {term.name!r} is already declared at {old.pos}")
        else:
            self.terms[term.name] = term

    def collect_terms(self) -> None:
        """Pass 1b: declared terms, and those that enums and structs bring along."""
        for d in self.defs:
            with suppress(_Wrong):
                if isinstance(d, ast.TypeDef):
                    owner = self.types.get(d.name.name)
                    if owner is None or owner.definition is not d:
                        continue
                    if d.kind == "struct":
                        self.variant_term(owner, d.name.name, d.name.pos, d.fields, 0)
                    for index, variant in enumerate(d.variants):
                        name = f"{d.name.name}.{variant.name.name}"
                        self.variant_term(owner, name, variant.name.pos, variant.fields, index)
                elif isinstance(d, ast.Decl):
                    self.decl(d)
                elif isinstance(d, ast.ExternConst):
                    old = self.constants.get(d.name.name)
                    if old is not None:
                        raise self.fail(d.pos, f"constant {d.name.name} is already declared")
                    self.constants[d.name.name] = self.type_of(d.type)

    def variant_term(
        self, owner: Type, name: str, pos: Pos, fields: list[ast.Field], index: int
    ) -> None:
        """The term of one enum variant or struct."""
        seen: set[str] = set()
        for f in fields:
            if f.name.name in seen:
                self.fail(f.name.pos, f"field {f.name.name!r} is given twice")
            seen.add(f.name.name)
        args = [self.type_of(f.type) for f in fields]
        term = Term(name, args, owner, frozenset({"pure"}), pos, VARIANT, "", VARIANT)
        term.variant_index = index
        self.add_term(term)

    def decl(self, d: ast.Decl) -> None:
        """One declared term."""
        args = [self.type_of(a) for a in d.args]
        term = Term(d.name.name, args, self.type_of(d.ret), d.flags, d.name.pos)
        if "commutative" in d.flags and (len(args) < 2 or args[-1] is not args[-2]):
            self.fail(
                d.name.pos, f"'commutative' needs two last arguments of one type in {d.name.name!r}"
            )
        self.add_term(term)

    # -- what terms are -----------------------------------------------------------------------------

    def attach(self) -> None:
        """Pass 2: extractors, constructors, conversions."""
        for d in self.defs:
            with suppress(_Wrong):
                if isinstance(d, ast.ExtractorDef):
                    term = self.term_of(d.term)
                    self.no_extractor_yet(term, d.pos)
                    if len(d.params) != len(term.args):
                        raise self.fail(
                            d.pos, f"{term.name!r} has {len(term.args)} arguments, "
                            f"its extractor {len(d.params)} parameters"
                        )  # fmt: skip
                    term.extractor, term.macro = INTERNAL, d
                    used = _names(d.body)
                    for param in d.params:
                        if param.name not in used:
                            self.fail(param.pos, f"parameter {param.name!r} is not used")
                elif isinstance(d, ast.ExternExtractor):
                    term = self.term_of(d.term)
                    self.no_extractor_yet(term, d.pos)
                    if d.infallible and term.is_multi:
                        raise self.fail(d.pos, f"{term.name!r} is multi, so it is not infallible")
                    self.python_name(d.function)
                    term.extractor, term.extractor_function = EXTERN, d.function.name
                    term.infallible = d.infallible
                elif isinstance(d, ast.ExternConstructor):
                    term = self.term_of(d.term)
                    if term.constructor is not None:
                        raise self.fail(d.pos, f"{term.name!r} already has a constructor")
                    self.python_name(d.function)
                    term.constructor, term.constructor_function = EXTERN, d.function.name
        for d in self.defs:
            with suppress(_Wrong):
                if isinstance(d, ast.Rule):
                    term = self.term_of(d.pattern.term)
                    if term.constructor in (EXTERN, VARIANT):
                        raise self.fail(
                            d.pos, f"{term.name!r} has a constructor already, so it has no rules"
                        )
                    term.constructor = INTERNAL
                elif isinstance(d, ast.Convert):
                    self.convert(d)

    def python_name(self, ident: ast.Ident) -> None:
        """An external function is an attribute of the context."""
        if not ident.name.isidentifier():
            self.fail(ident.pos, f"{ident.name!r} is no Python name, so the context cannot have it")

    def no_extractor_yet(self, term: Term, pos: Pos) -> None:
        """A term has one extractor."""
        if term.extractor is not None:
            raise self.fail(pos, f"{term.name!r} already has an extractor")

    def convert(self, d: ast.Convert) -> None:
        """One implicit conversion."""
        inner, outer, term = self.type_of(d.inner), self.type_of(d.outer), self.term_of(d.term)
        if len(term.args) != 1 or term.args[0] is not inner or term.ret is not outer:
            raise self.fail(
                d.term.pos, f"a conversion from {inner.name} to {outer.name} needs "
                f"(decl {term.name} ({inner.name}) {outer.name})"
            )  # fmt: skip
        if (inner.name, outer.name) in self.converts:
            raise self.fail(d.pos, f"{inner.name} already converts to {outer.name}")
        self.converts[inner.name, outer.name] = term

    def attach_host(self) -> None:
        """What the host provides without an ``extern`` in the text; without a host, all there is."""
        if self.host is None:
            for term in self.terms.values():
                term.constructor = term.constructor or EXTERN
                term.extractor = term.extractor or EXTERN
            return
        self.host.attach(self.terms, self.types, self.constants, self.reporter)

    # -- patterns -----------------------------------------------------------------------------------

    def pattern(
        self,
        p: ast.Pattern | _Arg,
        expected: Type,
        scope: _Scope,
        env: dict[str, str] | None,
        params: dict[str, _Arg] | None,
        depth: int,
    ) -> TPattern:
        """Type one pattern. ``env`` renames the variables of a macro's body, ``params`` its parameters."""
        if isinstance(p, _Arg):
            if p.type is not expected:
                raise self.mismatch(p.pos, p.type, expected)
            return self.pattern(p.pattern, expected, scope, p.env, None, p.depth)
        if isinstance(p, ast.PWild):
            return TWild()
        if isinstance(p, ast.PInt):
            if not expected.takes_ints:
                raise self.fail(p.pos, f"an integer is no {expected.name}")
            return TLit(p.value, expected)
        if isinstance(p, ast.PBool):
            if expected is not self.bool:
                raise self.fail(p.pos, f"true and false are of type bool, not {expected.name}")
            return TLit(p.value, expected)
        if isinstance(p, ast.PConst):
            return self.const_pattern(p, expected)
        if isinstance(p, ast.PVar):
            if params is not None and p.name in params:
                return self.pattern(params[p.name], expected, scope, env, params, depth)
            return self.variable(p.name, p.pos, expected, scope, env)
        if isinstance(p, ast.PBind):
            first: TPattern
            if params is not None and p.name in params:
                first = self.pattern(params[p.name], expected, scope, env, params, depth)
            else:
                first = self.variable(p.name, p.pos, expected, scope, env)
            return TAnd([first, self.pattern(p.pattern, expected, scope, env, params, depth)])
        if isinstance(p, ast.PAnd):
            return TAnd(
                [self.pattern(x, expected, scope, env, params, depth) for x in p.patterns]
            )
        return self.term_pattern(p, expected, scope, env, params, depth)

    def mismatch(self, pos: Pos, have: Type, want: Type) -> _Wrong:
        """Two types that differ, and no conversion."""
        return self.fail(
            pos, f"this is a {have.name}, but a {want.name} is expected, and no (convert "
            f"{have.name} {want.name} ...) exists"
        )  # fmt: skip

    def const_pattern(self, p: ast.PConst, expected: Type) -> TPattern:
        """``$NAME``, possibly of another type that converts."""
        type_ = self.constants.get(p.name)
        if type_ is None:
            raise self.fail(p.pos, f"unknown constant {p.name}; declare it with (extern const ...)")
        if type_ is expected:
            return TConst(p.name, type_)
        conversion = self.converts.get((type_.name, expected.name))
        if conversion is None or conversion.extractor is None:
            raise self.mismatch(p.pos, type_, expected)
        return TTerm(conversion, [TConst(p.name, type_)], p.pos)

    def variable(
        self, name: str, pos: Pos, expected: Type, scope: _Scope, env: dict[str, str] | None
    ) -> TVar:
        """Bind a variable, or use it again."""
        if env is not None:  # a macro's own variable: a new name per expansion
            if name not in env:
                scope.fresh += 1
                env[name] = f"{name}'{scope.fresh}"
            name = env[name]
        known = scope.types.setdefault(name, expected)
        if known is not expected:
            raise self.fail(pos, f"variable {name!r} is a {known.name} and cannot be {expected.name}")
        return TVar(name, expected)

    def term_pattern(
        self,
        p: ast.PTerm,
        expected: Type,
        scope: _Scope,
        env: dict[str, str] | None,
        params: dict[str, _Arg] | None,
        depth: int,
    ) -> TPattern:
        """``(term pattern ...)``: convert, check the number of arguments, expand or descend."""
        term = self.term_of(p.term)
        if term.ret is not expected:
            conversion = self.converts.get((term.ret.name, expected.name))
            if conversion is None:
                raise self.mismatch(p.pos, term.ret, expected)
            wrapped = ast.PTerm(ast.Ident(conversion.name, p.pos), [p], p.pos)
            return self.term_pattern(wrapped, expected, scope, env, params, depth)
        if len(p.args) != len(term.args):
            raise self.fail(
                p.pos, f"{term.name!r} has {len(term.args)} arguments, but {len(p.args)} are given"
            )
        if term.extractor is None:
            raise self.fail(
                p.pos, f"{term.name!r} has no extractor, so it cannot stand in a pattern"
            )
        if term.macro is None:
            args = [
                self.pattern(a, t, scope, env, params, depth) for a, t in zip(p.args, term.args)
            ]
            return TTerm(term, args, p.pos)
        if depth >= MAX_EXPANSION:
            raise self.fail(
                p.pos, f"extractor {term.name!r} expands more than {MAX_EXPANSION} deep; "
                "does it contain itself?"
            )  # fmt: skip
        inner: dict[str, _Arg] = {}
        for param, argument, type_ in zip(term.macro.params, p.args, term.args):
            if params is not None and _names(argument) & params.keys():
                argument = _substitute(argument, params)  # a parameter of ours within our argument
            inner[param.name] = _Arg(argument, type_, argument.pos, env, depth)  # type: ignore[arg-type]  # `_substitute` keeps patterns patterns
        return self.pattern(term.macro.body, expected, scope, {}, inner, depth + 1)

    # -- expressions --------------------------------------------------------------------------------

    def expr(
        self, e: ast.Expr, expected: Type | None, scope: _Scope, env: dict[str, str]
    ) -> tuple[XExpr, Type]:
        """Type one expression; ``env`` maps visible names to unique ones."""
        if isinstance(e, ast.EInt):
            if expected is None:
                raise self.fail(e.pos, "the type of this integer is not known here")
            if not expected.takes_ints:
                raise self.fail(e.pos, f"an integer is no {expected.name}")
            return XLit(e.value, expected), expected
        out: XExpr
        if isinstance(e, ast.EBool):
            out, have = XLit(e.value, self.bool), self.bool
        elif isinstance(e, ast.EConst):
            type_ = self.constants.get(e.name)
            if type_ is None:
                raise self.fail(
                    e.pos, f"unknown constant {e.name}; declare it with (extern const ...)"
                )
            out, have = XConst(e.name, type_), type_
        elif isinstance(e, ast.EVar):
            name = env.get(e.name)
            if name is None:
                raise self.fail(e.pos, f"unknown variable {e.name!r}")
            have = scope.types[name]
            out = XVar(name, have)
        elif isinstance(e, ast.ELet):
            return self.let(e, expected, scope, env)
        else:
            term = self.term_of(e.term)
            if len(e.args) != len(term.args):
                raise self.fail(
                    e.pos,
                    f"{term.name!r} has {len(term.args)} arguments, but {len(e.args)} are given",
                )
            if term.constructor is None:
                raise self.fail(
                    e.pos, f"{term.name!r} has no constructor and no rules, so it cannot be built"
                )
            args = [self.expr(a, t, scope, env)[0] for a, t in zip(e.args, term.args)]
            out, have = XCall(term, args, e.pos), term.ret
        if expected is None or have is expected:
            return out, have
        conversion = self.converts.get((have.name, expected.name))
        if conversion is None:
            raise self.mismatch(e.pos, have, expected)
        if conversion.constructor is None:
            raise self.fail(e.pos, f"the conversion {conversion.name!r} has no constructor")
        return XCall(conversion, [out], e.pos), expected

    def let(
        self, e: ast.ELet, expected: Type | None, scope: _Scope, env: dict[str, str]
    ) -> tuple[XExpr, Type]:
        """``let``: each binding sees those before it."""
        inner = dict(env)
        bindings = []
        for name, type_name, value in e.bindings:
            type_ = self.type_of(type_name)
            typed, _ = self.expr(value, type_, scope, inner)
            unique = name.name
            if unique in scope.types:
                scope.fresh += 1
                unique = f"{unique}'{scope.fresh}"
            scope.types[unique] = type_
            inner[name.name] = unique
            bindings.append((unique, typed))
        body, have = self.expr(e.body, expected, scope, inner)
        return XLet(bindings, body), have

    # -- rules --------------------------------------------------------------------------------------

    def rule(self, d: ast.Rule) -> None:
        """Type one rule and enter it."""
        term = self.term_of(d.pattern.term)
        if term.constructor != INTERNAL:
            return  # reported by attach
        if len(d.pattern.args) != len(term.args):
            raise self.fail(
                d.pattern.pos,
                f"{term.name!r} has {len(term.args)} arguments, "
                f"but {len(d.pattern.args)} are given",
            )
        scope = _Scope()
        args = [
            self.pattern(p, t, scope, None, None, 0) for p, t in zip(d.pattern.args, term.args)
        ]
        iflets = []
        for clause in d.iflets:
            value, type_ = self.expr(clause.expr, None, scope, {n: n for n in scope.types})
            self.check_calls(value, term, "if-let")
            iflets.append((self.pattern(clause.pattern, type_, scope, None, None, 0), value))
        body, _ = self.expr(d.expr, term.ret, scope, {n: n for n in scope.types})
        self.check_calls(body, term, "right side")
        for p in args + [p for p, _ in iflets]:
            self.check_extractors(p, term)
        where = f"{d.pos.path.rsplit('/', 1)[-1]}:{d.pos.line}"
        name = d.name.name if d.name is not None else where
        if d.name is not None:
            old = self.rule_names.setdefault(name, d.name.pos)
            if old is not d.name.pos:
                self.fail(d.name.pos, f"rule {name} has the name of the rule at {old}")
        rule = TypedRule(
            len(self.rules), name, d.pos, d.priority, term, args, iflets, body
        )
        self.rules.append(rule)
        term.rules.append(rule)

    def check_calls(self, root: XExpr, owner: Term, place: str) -> None:
        """Purity, partiality and multiplicity of every call within an expression."""
        work = [root]
        while work:
            x = work.pop()
            if isinstance(x, XLet):
                work += [value for _, value in x.bindings]
                work.append(x.body)
            elif isinstance(x, XCall):
                work += x.args
                callee = x.term
                if place == "if-let" and not callee.is_pure:
                    self.fail(x.pos, f"{callee.name!r} is not pure, so it cannot stand in an if-let")
                elif owner.is_pure and not callee.is_pure:
                    self.fail(
                        x.pos, f"{owner.name!r} is pure, but its rule builds {callee.name!r}, "
                        "which is not"
                    )  # fmt: skip
                if place != "if-let" and callee.is_partial:
                    if not (owner.is_partial or owner.is_multi):
                        self.fail(
                            x.pos, f"{callee.name!r} is partial, so {owner.name!r} must be partial "
                            "to build it on the right side"
                        )  # fmt: skip
                if callee.is_multi and not owner.is_multi:
                    self.fail(
                        x.pos, f"{callee.name!r} is multi, so {owner.name!r} must be multi to use it"
                    )

    def check_extractors(self, root: TPattern, owner: Term) -> None:
        """Extractors with several answers stand in ``multi`` terms only."""
        work = [root]
        while work:
            p = work.pop()
            if isinstance(p, TAnd):
                work += p.patterns
            elif isinstance(p, TTerm):
                work += p.args
                if p.term.is_multi and p.term.extractor == EXTERN and not owner.is_multi:
                    self.fail(
                        p.pos, f"extractor {p.term.name!r} is multi, so {owner.name!r} must be multi"
                    )

    # -- recursion ----------------------------------------------------------------------------------

    def check_recursion(self) -> None:
        """Terms that can reach themselves through their rules must say ``rec``."""
        calls: dict[str, list[str]] = {}
        for rule in self.rules:
            work: list[XExpr] = [rule.expr, *(value for _, value in rule.iflets)]
            out = calls.setdefault(rule.term.name, [])
            while work:
                x = work.pop()
                if isinstance(x, XLet):
                    work += [value for _, value in x.bindings]
                    work.append(x.body)
                elif isinstance(x, XCall):
                    work += x.args
                    if x.term.constructor == INTERNAL and x.term.name not in out:
                        out.append(x.term.name)
        for start in calls:
            term = self.terms[start]
            if "rec" in term.flags:
                continue
            reached: set[str] = set()
            todo = list(calls[start])
            while todo:
                at = todo.pop()
                if at not in reached:
                    reached.add(at)
                    todo += calls.get(at, [])
            if start in reached:
                self.fail(
                    term.pos, f"{start!r} can reach itself through its rules; declare it 'rec' "
                    "if that is meant and ends"
                )  # fmt: skip


def _names(p: ast.Pattern) -> set[str]:
    """The variables that a pattern names."""
    out: set[str] = set()
    work = [p]
    while work:
        x = work.pop()
        if isinstance(x, ast.PVar):
            out.add(x.name)
        elif isinstance(x, ast.PBind):
            out.add(x.name)
            work.append(x.pattern)
        elif isinstance(x, ast.PAnd):
            work += x.patterns
        elif isinstance(x, ast.PTerm):
            work += x.args
    return out


def _substitute(p: ast.Pattern, params: dict[str, _Arg]) -> ast.Pattern:
    """Replace parameters by their arguments, which ``Sema.pattern`` accepts as leaves."""
    if isinstance(p, ast.PVar):
        return params.get(p.name, p)  # type: ignore[return-value]  # an `_Arg` stands as a leaf of a pattern
    if isinstance(p, ast.PBind):
        inner = _substitute(p.pattern, params)
        if p.name in params:
            return ast.PAnd([params[p.name], inner], p.pos)  # type: ignore[list-item]  # an `_Arg` stands as a leaf of a pattern
        return replace(p, pattern=inner)
    if isinstance(p, ast.PAnd):
        return replace(p, patterns=[_substitute(x, params) for x in p.patterns])
    if isinstance(p, ast.PTerm):
        return replace(p, args=[_substitute(x, params) for x in p.args])
    return p


def analyze(defs: list[ast.Def], host: Host | None, reporter: Reporter) -> Program:
    """Check a program. Errors go to the reporter; what remains is well typed."""
    return Sema(defs, host, reporter).run()
