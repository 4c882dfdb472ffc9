"""One generated function: a decision structure as nested ``if``s.

A block's steps are written in order and fall through; a switch on tags is bisected; a binding becomes a
local where it is first needed, or is written in place if nothing else uses it; a leaf runs the right-hand
side. Python limits indentation and the nesting of loops, so deep blocks move to functions of their own.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from jitpy.backend.isle import bindings as B
from jitpy.backend.isle.bindings import Binding, RuleIR
from jitpy.backend.isle.emit import Writer, is_atom, words, wrap
from jitpy.backend.isle.rhs import RightSide, argument_uses
from jitpy.backend.isle.terms import EXTERN, Term, Type
from jitpy.backend.isle.trie import Block, Leaf, Loop, Switch, Test, Trie

if TYPE_CHECKING:
    from jitpy.backend.isle.codegen import ModuleCode

MAX_LEVEL = 40  # of indentation; Python ends at 100
MAX_LOOPS = 12  # nested; Python ends at 20
BISECT_ABOVE = 4


class FunctionCode:
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
        name = f"part{self.parts}_{self.name}"
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
        uses = argument_uses(self.host, b.term)
        args = [self.value(o, once=uses.count(i) <= 1) for i, o in enumerate(b.operands)]
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
