"""Decision structures to Python text.

Every internal term becomes a function within ``make(ctx)``; what templates take from the context is bound
there, so functions reach it through closure cells. A dispatched entry becomes one function per root tag and
a table. What is within a function is the business of ``function``.
"""

from __future__ import annotations

from jitpy.backend.isle import bindings as B
from jitpy.backend.isle import overlap
from jitpy.backend.isle.bindings import Graph, RuleIR
from jitpy.backend.isle.commute import expand
from jitpy.backend.isle.diagnostics import Reporter
from jitpy.backend.isle.emit import sanitize
from jitpy.backend.isle.function import FunctionCode
from jitpy.backend.isle.host import Host, Template
from jitpy.backend.isle.terms import INTERNAL, Program, Term, TypedRule, XCall, XExpr, XLet


class ModuleCode:
    """The generated module as a whole: names taken from the context, functions, tables."""

    def __init__(self, program: Program, host: Host, reporter: Reporter) -> None:
        self.program = program
        self.host = host
        self.reporter = reporter
        self.taken: dict[str, str] = {}  # local name -> context attribute
        self.functions: list[str] = []
        self.exports: list[str] = []
        self.uses_unmatched = False
        self.uses_miss = False
        self.imports: set[str] = set()
        self.compiled: dict[Term, list[RuleIR]] = {}
        self.graphs: dict[Term, Graph] = {}
        self.names: dict[Term, str] = {}

    # -- names --------------------------------------------------------------------------------------

    def free(self, name: str) -> str:
        """A name that a template uses: imported, or bound from the context."""
        if name in self.host.imported:
            self.imports.add(name)
        elif name != "ctx":
            self.taken[name] = name
        return name

    def fill(self, template: Template, **values: str) -> str:
        """Fill a template and note the names it takes from outside."""
        for name in template.free:
            self.free(name)
        return template.fill(values)

    def constant(self, name: str) -> str:
        """``$NAME`` as an expression."""
        if name in self.host.constants:
            return repr(self.host.constants[name])
        return self.free(sanitize(name[1:]))

    def function(self, term: Term) -> str:
        """The Python name of an internal term."""
        name = self.names.get(term)
        if name is None:
            name = "isle_" + sanitize(term.name)
            while name in self.names.values():  # `a.b` beside `a_b`
                name += "_"
            self.names[term] = name
        return name

    # -- the whole ----------------------------------------------------------------------------------

    def generate(self) -> None:
        """Check all rules of all terms; then write the functions that entries reach."""
        for term in self.program.terms.values():
            if term.constructor == INTERNAL:
                self.prepare(term)
        self.reporter.check()
        for term in self.reachable():
            self.term(term)

    def prepare(self, term: Term) -> None:
        """Constraints, commuted forms, overlap."""
        entry = self.host.entries.get(term.name)
        dispatched = entry is not None and entry.dispatch
        graph = Graph(term, self.host, self.reporter, dispatched)
        irs = [graph.lower(r) for r in expand(term.rules)]
        if dispatched and (not term.args or not self.can_dispatch(term)):
            self.reporter.error(
                term.pos, f"{term.name!r} cannot be dispatched: its first argument is no variant type"
            )
        irs = overlap.without_hidden_variants([r for r in irs if not r.impossible])
        if not term.is_multi:
            irs.sort(key=lambda r: r.order)
            overlap.check(irs, self.reporter)
        self.compiled[term] = irs
        self.graphs[term] = graph

    def can_dispatch(self, term: Term) -> bool:
        """Whether the first argument has a discriminant."""
        return term.args[0].name in self.host.discriminants or term.args[0].kind == "enum"

    def reachable(self) -> list[Term]:
        """The internal terms that entries need; all of them if there are no entries."""
        every = list(self.compiled)
        if not self.host.entries:
            return every
        todo = [self.program.terms[name] for name in self.host.entries]
        found: set[Term] = set()
        while todo:
            term = todo.pop()
            if term in found or term not in self.compiled:
                continue
            found.add(term)
            for rule in term.rules:
                todo += called_terms(rule)
        return [t for t in every if t in found]

    def text(self, stamp: str, sources: list[str]) -> str:
        """The module."""
        out = [f"# stamp: {stamp}"] if stamp else []
        out.append(f'"""Decision code from {", ".join(sources)}. Generated: change the rules, not this."""')
        by_module: dict[str, list[str]] = {}
        for name in sorted(self.imports):
            by_module.setdefault(self.host.imported[name], []).append(name)
        if self.uses_unmatched:
            by_module.setdefault("jitpy.backend.isle.runtime", []).append("Unmatched")
        out += [f"from {m} import {', '.join(n)}" for m, n in sorted(by_module.items())]
        names = [
            (r.name, f"{r.pos.path.rsplit('/', 1)[-1]}:{r.pos.line}") for r in self.program.rules
        ]
        if stamp:
            out.append(f"STAMP = {stamp!r}")
        out.append("RULES = (")
        out += [f"    {n!r}," for n in names]
        out.append(")")
        if self.host.counted:
            out.append("FIRED = [0] * len(RULES)")
        if self.uses_miss:
            out.append("MISS = object()")
        out += ["", "", "def make(ctx):"]
        out += [f"    {local} = ctx.{attr}" for local, attr in sorted(self.taken.items())]
        out += self.functions
        out.append("    return {")
        out += [f"        {line}" for line in self.exports]
        out += ["    }", ""]
        return "\n".join(out)

    # -- one term -----------------------------------------------------------------------------------

    def term(self, term: Term) -> None:
        """The function, or functions, of one internal term."""
        entry = self.host.entries.get(term.name)
        name = self.function(term)
        limit = entry.limit if entry is not None else None
        if entry is None or entry.dispatch is False:
            args = [f"_a{i}" for i in range(len(term.args))]
            code = FunctionCode(self, term, name, limit)
            code.function(name, args, self.compiled[term], frozenset(), None)
            if entry is not None or not self.host.entries:
                self.exports.append(f"{term.name!r}: {name},")
            return
        self.dispatched(term, name, limit)

    def dispatched(self, term: Term, name: str, limit: int | None) -> None:
        """One function per root tag, the table, and the function that looks it up."""
        graph, rules = self.graphs[term], self.compiled[term]
        type_ = term.args[0]
        node = graph.make(B.NODE, (graph.args[0],), None, type_, None)
        key: B.Key = (B.TAG, node, None)
        tags = sorted({t for r in rules if isinstance(t := r.answers.get(key), int)})
        discriminant = self.host.discriminants.get(type_.name)
        bound = discriminant is not None and discriminant.bind is not None
        args = [f"_a{i}" for i in range(len(term.args))]
        params = ["_n", *args] if bound else args
        table = {}
        for tag in tags:
            chosen = [r for r in rules if r.answers.get(key, tag) == tag]
            table[tag] = f"tag{tag}_{name}"
            FunctionCode(self, term, table[tag], limit).function(
                table[tag], params, chosen, frozenset({(key, tag)}), node if bound else None
            )
        default = "None"
        general = [r for r in rules if key not in r.answers]
        if general:
            default = f"default_{name}"
            FunctionCode(self, term, default, limit).function(
                default, params, general, frozenset(), node if bound else None
            )
        known = [v.tag for v in self.host.variants.values() if v.type == type_.name]
        if type_.definition is not None:
            known.append(len(type_.definition.variants) - 1)
        size = max([*known, *tags, -1]) + 1
        # One place more than there are tags: a tag of -1 (no variant at all) finds the default.
        rows = [table.get(tag, default) for tag in range(size)] + [default]
        self.functions.append(f"    table_{name} = [")
        self.functions += [f"        {', '.join(rows[i : i + 4])}," for i in range(0, len(rows), 4)]
        self.functions.append("    ]")
        code = FunctionCode(self, term, name, limit)
        tag_of = (
            self.fill(discriminant.tag, n="_n" if bound else "_a0", v="_a0")
            if discriminant is not None
            else code.enum_tag(type_, "_a0")
        )
        all_params = [*params, "_out"] if term.is_multi else params
        self.functions.append(f"    def {name}({', '.join(all_params[bound:])}):")
        if bound and discriminant is not None and discriminant.bind is not None:
            self.functions.append(f"        _n = {self.fill(discriminant.bind, v='_a0')}")
        self.functions.append(f"        _f = table_{name}[{tag_of}]")
        self.functions.append("        if _f is not None:")
        self.functions.append(f"            return _f({', '.join(all_params)})")
        if term.is_multi:
            self.functions.append("        return _out")
        elif not term.is_partial:
            self.functions.append(f"        {code.unmatched(args)}")
        self.exports.append(f"{term.name!r}: {name},")
        self.exports.append(f'"{term.name}.table": table_{name},')
        self.exports.append(f'"{term.name}.default": {default},')


def called_terms(rule: TypedRule) -> list[Term]:
    """The terms that a rule's expressions build."""
    out: list[Term] = []
    work: list[XExpr] = [rule.expr, *(x for _, x in rule.iflets)]
    while work:
        x = work.pop()
        if isinstance(x, XLet):
            work += [v for _, v in x.bindings]
            work.append(x.body)
        elif isinstance(x, XCall):
            out.append(x.term)
            work += x.args
    return out
