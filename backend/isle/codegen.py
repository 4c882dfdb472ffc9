"""Decision structures to Python text.

Every internal term becomes a function within ``make(ctx)``; what templates take from the context is bound
there, so functions reach it through closure cells. A dispatched entry becomes one function per root tag and
a table. Within a function, blocks become nested ``if``s that fall through, switches on tags are bisected,
bindings become locals where they are first needed (or are written in place if used once), and leaves run
the right-hand side. Python limits indentation and the nesting of loops, so deep blocks move to functions
of their own.
"""

from __future__ import annotations

from collections import Counter

from jitpy.backend.isle import bindings as B
from jitpy.backend.isle import overlap
from jitpy.backend.isle.bindings import Binding, Graph, RuleIR
from jitpy.backend.isle.commute import expand
from jitpy.backend.isle.diagnostics import Reporter
from jitpy.backend.isle.emit import Writer, is_atom, sanitize, words, wrap
from jitpy.backend.isle.host import Host, Template
from jitpy.backend.isle.rhs import RightSide, ordered_once
from jitpy.backend.isle.terms import EXTERN, INTERNAL, Program, Term, Type, TypedRule, XCall, XExpr, XLet
from jitpy.backend.isle.trie import Block, Leaf, Loop, Switch, Test, Trie

MAX_LEVEL = 40  # of indentation; Python ends at 100
MAX_LOOPS = 12  # nested; Python ends at 20
BISECT_ABOVE = 4


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

    @staticmethod
    def function(term: Term) -> str:
        """The Python name of an internal term."""
        return "isle_" + sanitize(term.name)

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
            code = TermCode(self, term, name, limit)
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
            table[tag] = f"{name}_{tag}"
            TermCode(self, term, table[tag], limit).function(
                table[tag], params, chosen, frozenset({(key, tag)}), node if bound else None
            )
        default = "None"
        general = [r for r in rules if key not in r.answers]
        if general:
            default = f"{name}_default"
            TermCode(self, term, default, limit).function(
                default, params, general, frozenset(), node if bound else None
            )
        known = [v.tag for v in self.host.variants.values() if v.type == type_.name]
        size = max([*known, *tags, -1]) + 1
        # One place more than there are tags: a tag of -1 (no variant at all) finds the default.
        rows = [table.get(tag, default) for tag in range(size)] + [default]
        self.functions.append(f"    {name}_table = [")
        self.functions += [f"        {', '.join(rows[i : i + 4])}," for i in range(0, len(rows), 4)]
        self.functions.append("    ]")
        code = TermCode(self, term, name, limit)
        tag_of = (
            self.fill(discriminant.tag, n="_n" if bound else "_a0", v="_a0")
            if discriminant is not None
            else code.enum_tag(type_, "_a0")
        )
        all_params = [*params, "_out"] if term.is_multi else params
        self.functions.append(f"    def {name}({', '.join(all_params[bound:])}):")
        if bound and discriminant is not None and discriminant.bind is not None:
            self.functions.append(f"        _n = {self.fill(discriminant.bind, v='_a0')}")
        self.functions.append(f"        _f = {name}_table[{tag_of}]")
        self.functions.append("        if _f is not None:")
        self.functions.append(f"            return _f({', '.join(all_params)})")
        if term.is_multi:
            self.functions.append("        return _out")
        elif not term.is_partial:
            self.functions.append(f"        {code.unmatched(args)}")
        self.exports.append(f"{term.name!r}: {name},")
        self.exports.append(f'"{term.name}.table": {name}_table,')
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


class TermCode:
    """One function under construction."""

    def __init__(self, module: ModuleCode, term: Term, name: str, limit: int | None) -> None:
        self.module = module
        self.host = module.host
        self.term = term
        self.name = name
        self.limit = limit
        self.writer = Writer(2)
        self.scope: dict[Binding, str] = {}
        self.refs: Counter[Binding] = Counter()
        self.parts = 0
        self.stop = "return _out" if term.is_multi else ""
        self.in_part = False

    def unmatched(self, args: list[str]) -> str:
        """The end of a total term."""
        self.module.uses_unmatched = True
        listed = "".join(a + ", " for a in args)
        return f"raise Unmatched({self.term.name!r}, ({listed.strip()}))"

    def function(
        self,
        name: str,
        params: list[str],
        rules: list[RuleIR],
        facts: frozenset[B.Fact],
        node: Binding | None,
    ) -> None:
        """Write the function for ``rules`` where ``facts`` hold; ``node`` is given as ``_n``."""
        graph = self.module.graphs[self.term]
        for arg, param in zip(graph.args, params if node is None else params[1:]):
            self.scope[arg] = param
        if node is not None:
            self.scope[node] = "_n"
        block = Trie(not self.term.is_multi).build(rules, facts)
        self.count(block)
        self.block(block)
        if self.term.is_multi:
            self.writer.line("return _out")
            params = [*params, "_out"]
        elif not self.term.is_partial and not (block and isinstance(block[-1], Leaf)):
            self.writer.line(self.unmatched(params))
        elif not self.writer.lines:
            self.writer.line("return None")
        functions = self.module.functions
        functions.append(f"    def {name}({', '.join(params)}):")
        functions += self.writer.lines

    # -- how often bindings are used ----------------------------------------------------------------

    def count(self, root: Block) -> None:
        """References to each binding within the function: what is used once needs no local."""
        work = list(root)
        seen: set[Binding] = set()
        used: list[Binding] = []
        while work:
            step = work.pop()
            if isinstance(step, Leaf):
                used += RightSide.references(step.rule)
                continue
            used.append(step.binding)
            if isinstance(step, Switch):
                for _, block in step.cases:
                    work += block
            else:
                work += step.block
                if isinstance(step, Test) and step.other is not None:
                    used.append(step.other)
        while used:
            binding = used.pop()
            self.refs[binding] += 1
            if binding not in seen:
                seen.add(binding)
                used += binding.operands

    # -- blocks -------------------------------------------------------------------------------------

    def block(self, block: Block) -> None:
        """The steps in order. Bindings made for a step stay visible to those after it."""
        for step in block:
            if isinstance(step, Leaf):
                self.leaf(step.rule)
            elif isinstance(step, Switch):
                self.switch(step)
            elif isinstance(step, Test):
                self.test(step)
            else:
                self.loop(step)

    def nested(self, block: Block) -> None:
        """A block one level in, with a scope of its own; too deep, it becomes a function."""
        writer = self.writer
        if writer.level >= MAX_LEVEL or writer.loops >= MAX_LOOPS:
            self.outline(block)
            return
        outer = self.scope
        self.scope = dict(outer)
        writer.level += 1
        self.block(block)
        writer.level -= 1
        self.scope = outer

    def outline(self, block: Block) -> None:
        """Move a block to a function; what it uses of our scope become parameters."""
        self.parts += 1
        name = f"{self.name}_part{self.parts}"
        outer_writer, outer_scope, outer_stop, outer_part = (
            self.writer, self.scope, self.stop, self.in_part
        )  # fmt: skip
        self.writer, self.scope, self.in_part = Writer(2), dict(outer_scope), True
        if self.term.is_multi:
            self.stop = "return True"
        self.block(block)
        part = self.writer
        used = words("\n".join(part.lines))
        self.writer, self.scope, self.stop, self.in_part = (
            outer_writer, outer_scope, outer_stop, outer_part
        )  # fmt: skip
        local = {w for text in self.scope.values() for w in words(text) if w[0] == "_"}
        params = sorted(local & used)
        if self.term.is_multi:
            params.append("_out")
        else:
            self.module.uses_miss = True
            part.line("return MISS")
        functions = self.module.functions
        functions.append(f"    def {name}({', '.join(params)}):")
        functions += part.lines or ["        pass"]
        call = f"{name}({', '.join(params)})"
        writer = self.writer
        writer.level += 1
        if self.term.is_multi:
            writer.line(f"if {call}:")
            writer.line(f"    {self.stop}")
        else:
            writer.line(f"_r = {call}")
            writer.line("if _r is not MISS:")
            writer.line("    return _r")
        writer.level -= 1

    def switch(self, step: Switch) -> None:
        """Tags are bisected above four alternatives, other answers compared one after the other."""
        writer = self.writer
        if step.kind == B.EQ and step.binding.type is not None and step.binding.type.name == "bool":
            self.truth(step)
            return
        if step.kind == B.TAG:
            subject = self.tag(step)
        else:
            subject = wrap(self.value(step.binding, once=len(step.cases) == 1))
        if len(step.cases) > 1 and not is_atom(subject):
            local = f"_t{step.binding.id}"
            writer.line(f"{local} = {subject}")
            subject = local
        if step.kind == B.TAG:
            cases = sorted(((t, b) for t, b in step.cases if isinstance(t, int)), key=lambda c: c[0])
            self.bisect(subject, cases)
            return
        keyword = "if"
        for answer, block in step.cases:
            writer.line(f"{keyword} {self.equal(step.binding, subject, answer)}:")
            self.nested(block)
            keyword = "elif"

    def equal(self, binding: Binding, subject: str, answer: object) -> str:
        """A comparison with a literal or a constant."""
        assert isinstance(answer, tuple)
        value = repr(answer[1]) if answer[0] == "literal" else self.module.constant(answer[1])
        template = self.host.equalities.get(binding.type.name) if binding.type else None
        if template is not None:
            return self.module.fill(template, **{"0": subject, "1": wrap(value)})
        if answer[0] == "literal" and answer[1] is None:
            return f"{subject} is None"
        return f"{subject} == {wrap(value) if value[0] != '-' else value}"

    def truth(self, step: Switch) -> None:
        """A switch on true and false."""
        subject = wrap(self.value(step.binding, once=len(step.cases) == 1))
        for answer, block in step.cases:
            wanted = answer == ("literal", True)
            self.writer.line(f"if {subject if wanted else 'not ' + subject}:")
            self.nested(block)

    def bisect(self, subject: str, cases: list[tuple[int, Block]]) -> None:
        """Few alternatives in a chain, many by halves."""
        if len(cases) <= BISECT_ABOVE:
            keyword = "if"
            for tag, block in cases:
                self.writer.line(f"{keyword} {subject} == {tag}:")
                self.nested(block)
                keyword = "elif"
            return
        half = len(cases) // 2
        for head, part in (
            (f"if {subject} < {cases[half][0]}:", cases[:half]),
            ("else:", cases[half:]),
        ):
            self.writer.line(head)
            self.writer.level += 1
            self.bisect(subject, part)
            self.writer.level -= 1

    def test(self, step: Test) -> None:
        """Two values are equal, or something did not fail."""
        if step.kind == B.OK:
            condition = self.success(step.binding)
        else:
            assert step.other is not None
            a, b = self.value(step.binding, once=True), self.value(step.other, once=True)
            type_ = step.binding.type
            template = self.host.equalities.get(type_.name) if type_ is not None else None
            if template is not None:
                condition = self.module.fill(template, **{"0": wrap(a), "1": wrap(b)})
            else:
                condition = f"{wrap(a)} == {wrap(b)}"
        self.writer.line(f"if {condition}:")
        self.nested(step.block)

    def loop(self, step: Loop) -> None:
        """``for`` over members or over the answers of a multi term."""
        b = step.binding
        if b.kind == B.MEMBER:
            assert b.type is not None
            over = self.module.fill(
                self.host.iterations[b.type.name], v=self.value(b.operands[0], once=True)
            )
        elif b.kind == B.EACH:
            over = self.extract(b)
        else:
            over = self.call(b)
        writer = self.writer
        local = f"_m{b.id}"
        writer.line(f"for {local} in {over}:")
        writer.loops += 1
        outer = self.scope
        self.scope = dict(outer)
        self.scope[b] = local
        self.nested(step.block)
        self.scope = outer
        writer.loops -= 1

    # -- bindings -----------------------------------------------------------------------------------

    def value(self, b: Binding, once: bool = False) -> str:
        """An expression for a binding; ``once``: it may be written in place if nothing else uses it."""
        found = self.scope.get(b)
        if found is not None:
            return found
        text = self.compute(b)
        if is_atom(text) or b.kind in (B.LITERAL, B.CONST):
            self.scope[b] = text
            return text
        if once and self.refs[b] <= 1:
            return text
        local = f"_{'n' if b.kind == B.NODE else 'x'}{b.id}"
        self.writer.line(f"{local} = {text}")
        self.scope[b] = local
        return local

    def compute(self, b: Binding) -> str:
        """The expression that computes a binding."""
        if b.kind == B.LITERAL:
            return repr(b.data)
        if b.kind == B.CONST:
            return self.module.constant(str(b.data))
        if b.kind == B.NODE:
            return self.node(b)
        if b.kind == B.FIELD:
            return self.field(b)
        if b.kind == B.EXTRACT:
            return self.extract(b)
        if b.kind == B.EXTRACTED:
            return self.extracted(b)
        assert b.kind == B.CALL, b.kind
        return self.call(b)

    def node(self, b: Binding) -> str:
        """What the discriminant binds."""
        assert b.type is not None
        discriminant = self.host.discriminants.get(b.type.name)
        operand = b.operands[0]
        if discriminant is None or discriminant.bind is None:
            return self.value(operand)
        once = discriminant.bind.order.count("v") == 1
        return self.module.fill(discriminant.bind, v=wrap(self.value(operand, once)))

    def enum_tag(self, type_: Type, node: str) -> str:
        """The index of an in-language enum's variant."""
        definition = type_.definition
        bare = definition is not None and not any(v.fields for v in definition.variants)
        return node if bare else f"{node}[0]"

    def tag(self, step: Switch) -> str:
        """The tag of a node."""
        b = step.binding
        assert b.type is not None
        node = self.value(b)
        discriminant = self.host.discriminants.get(b.type.name)
        if discriminant is None:
            return self.enum_tag(b.type, node)
        owner = b.operands[0]
        needs_value = "v" in discriminant.tag.order
        return self.module.fill(
            discriminant.tag, n=node, v=self.value(owner) if needs_value else node
        )

    def field(self, b: Binding) -> str:
        """A field of a node."""
        node, owner = b.operands
        assert b.term is not None and isinstance(b.data, int)
        variant = self.host.variants.get(b.term.name)
        if variant is None:
            offset = 0 if b.term.ret.kind == "struct" else 1
            return f"{self.value(node)}[{b.data + offset}]"
        template = variant.fields[b.data]
        holes = {}
        if "n" in template.order:
            holes["n"] = self.value(node)
        if "v" in template.order:
            holes["v"] = self.value(owner)
        return self.module.fill(template, **holes)

    def extract(self, b: Binding) -> str:
        """The result of an external extractor."""
        assert b.term is not None
        operand = b.operands[0]
        template = self.host.extractors.get(b.term.name)
        if template is None:
            if b.term.extractor != EXTERN or not b.term.extractor_function:
                return "None"
            name = self.module.free(b.term.extractor_function)
            return f"{name}({self.value(operand, once=True)})"
        if template.value is None:
            return self.value(operand)
        once = template.value.order.count("v") == 1
        return self.module.fill(template.value, v=wrap(self.value(operand, once)))

    def extracted(self, b: Binding) -> str:
        """One of the values that an extractor found."""
        result, operand = b.operands
        assert b.term is not None and isinstance(b.data, int)
        template = self.host.extractors.get(b.term.name)
        if template is not None and template.fields is not None:
            field = template.fields[b.data]
            holes = {}
            if "r" in field.order:
                holes["r"] = self.value(result)
            if "v" in field.order:
                holes["v"] = self.value(operand)
            return self.module.fill(field, **holes)
        if len(b.term.args) == 1:
            return self.value(result, once=True)
        return f"{self.value(result)}[{b.data}]"

    def call(self, b: Binding) -> str:
        """A constructor call of an if-let."""
        assert b.term is not None
        linear = ordered_once(self.host, b.term)
        args = [self.value(o, once=linear) for o in b.operands]
        return RightSide.construct(self, b.term, args)

    def success(self, b: Binding) -> str:
        """The condition under which an extractor or partial constructor succeeded."""
        assert b.term is not None
        if b.kind == B.CALL:
            template = self.host.constructors.get(b.term.name)
            if template is not None and template.is_test:
                condition = self.compute(b)
                self.scope[b] = "True"
                return condition
            return f"{self.value(b)} is not None" if self.refs[b] > 1 else (
                f"{wrap(self.value(b, once=True))} is not None"
            )
        extractor = self.host.extractors.get(b.term.name)
        if extractor is not None and extractor.test is not None:
            holes = {}
            if "r" in extractor.test.order:
                holes["r"] = self.value(b)
            if "v" in extractor.test.order:
                holes["v"] = self.value(b.operands[0])
            return self.module.fill(extractor.test, **holes)
        value = wrap(self.value(b, once=True))
        return value if not b.term.args else f"{value} is not None"

    # -- leaves -------------------------------------------------------------------------------------

    def leaf(self, rule: RuleIR) -> None:
        """The rule has matched: build its right side and return or append it."""
        outer, level = self.scope, self.writer.level
        self.scope = dict(outer)
        if self.host.counted:
            self.writer.line(f"FIRED[{rule.rule.id}] += 1")
        RightSide(self, rule).write()
        self.scope, self.writer.level = outer, level
