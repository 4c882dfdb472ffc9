"""The embedding: what terms, types and constants mean in Python.

A ``Host`` is a declaration, made when rules are compiled and not needed afterwards. Each entry gives a
template: a Python expression with holes in braces. ``docs/isle.md`` (Embedding) is the reference.
"""

from __future__ import annotations

import ast as python
import builtins
from typing import TYPE_CHECKING, NamedTuple

from jitpy.backend.errors import CompileError
from jitpy.backend.isle.diagnostics import Pos, Reporter

if TYPE_CHECKING:
    from jitpy.backend.isle.terms import Term, Type

HOST = Pos("<host>", 1, 1)


class Template:
    """A Python expression with holes; ``fill`` puts expressions into them."""

    __slots__ = ("free", "holes", "order", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        pieces: list[str] = []
        self.order: list[str] = []  # the holes as they occur
        at = 0
        while at < len(text):
            c = text[at]
            if text[at : at + 2] in ("{{", "}}"):
                pieces.append(c)
                at += 2
            elif c == "{":
                close = text.find("}", at)
                if close < 0:
                    raise CompileError(f"template {text!r} has a '{{' without '}}'")
                self.order.append(text[at + 1 : close])
                pieces.append("{" + text[at + 1 : close])
                at = close + 1
            else:
                pieces.append(c)
                at += 1
        self.holes: list[str] = pieces
        self.free: tuple[str, ...] = _free_names(
            self.fill(dict.fromkeys(self.order, "_h"))
        )

    def fill(self, values: dict[str, str]) -> str:
        """The expression with its holes filled."""
        out = []
        for piece in self.holes:
            if len(piece) > 1 and piece[0] == "{":
                if piece[1:] not in values:
                    raise CompileError(
                        f"template {self.text!r} has a hole {{{piece[1:]}}} that nothing fills; "
                        f"there are {', '.join('{' + v + '}' for v in values)}"
                    )
                out.append(values[piece[1:]])
            else:
                out.append(piece)
        return "".join(out)


def _free_names(expression: str) -> tuple[str, ...]:
    """The names an expression takes from outside, in order, without builtins."""
    try:
        tree = python.parse(expression, mode="eval")
    except SyntaxError as error:
        raise CompileError(f"template {expression!r} is no Python expression: {error.msg}") from None
    bound: set[str] = {"_h"}
    names: list[str] = []
    for node in python.walk(tree):
        if isinstance(node, python.arg):
            bound.add(node.arg)
        if isinstance(node, python.Name):
            if isinstance(node.ctx, python.Load):
                names.append(node.id)
            else:
                bound.add(node.id)
    found = [n for n in names if n not in bound and not hasattr(builtins, n)]
    return tuple(dict.fromkeys(found))


class ConstructorTemplate(NamedTuple):
    """How to build a term; ``is_test``: the expression is a condition."""

    template: Template
    is_test: bool


class ExtractorTemplate(NamedTuple):
    """How to take a value apart; without ``fields`` the result is the field, or a tuple of them."""

    value: Template | None
    test: Template | None
    fields: tuple[Template, ...] | None


class Discriminant(NamedTuple):
    """How a value of a type shows which variant it is."""

    bind: Template | None
    tag: Template


class VariantTemplate(NamedTuple):
    """A term that is a variant of a type."""

    type: str
    tag: int
    fields: tuple[Template, ...]


class Entry(NamedTuple):
    """A term called from outside."""

    term: str
    dispatch: bool
    limit: int | None


class Host:
    """Collects the declarations; every method may be called once per name."""

    def __init__(self) -> None:
        self.constants: dict[str, object] = {}
        self.constructors: dict[str, ConstructorTemplate] = {}
        self.extractors: dict[str, ExtractorTemplate] = {}
        self.discriminants: dict[str, Discriminant] = {}
        self.variants: dict[str, VariantTemplate] = {}
        self.iterations: dict[str, Template] = {}
        self.equalities: dict[str, Template] = {}
        self.entries: dict[str, Entry] = {}
        self.imported: dict[str, str] = {}  # name -> module
        self.counted = False
        self.declarations = ""

    def declare(self, text: str) -> None:
        """ISLE text that is read before the sources: declarations that derive from a table."""
        self.declarations += text

    def imports(self, module: str, *names: str) -> None:
        """Names that templates use and that the generated module imports."""
        for name in names:
            self.imported[name] = module

    def constant(self, name: str, value: object) -> None:
        """An ``extern const`` as a literal."""
        self.constants[name] = value

    def inline_constructor(self, term: str, template: str) -> None:
        """Build ``term`` by an expression over ``{0} {1} ...``."""
        self.constructors[term] = ConstructorTemplate(Template(template), False)

    def inline_test(self, term: str, template: str) -> None:
        """A partial constructor that succeeds where the expression is true."""
        self.constructors[term] = ConstructorTemplate(Template(template), True)

    def inline_extractor(
        self,
        term: str,
        value: str | None = None,
        *,
        test: str | None = None,
        fields: list[str] | None = None,
    ) -> None:
        """Take a value ``{v}`` apart: ``value`` into ``{r}``, then ``test``, then ``fields``."""
        self.extractors[term] = ExtractorTemplate(
            None if value is None else Template(value),
            None if test is None else Template(test),
            None if fields is None else tuple(map(Template, fields)),
        )

    def discriminant(self, *, type: str, tag: str, bind: str | None = None) -> None:
        """Values of ``type`` are variants told apart by an int."""
        self.discriminants[type] = Discriminant(None if bind is None else Template(bind), Template(tag))

    def variant(
        self, *, term: str, type: str, tag: int, fields: list[str], construct: str | None = None
    ) -> None:
        """``term`` is the variant ``tag`` of ``type``."""
        self.variants[term] = VariantTemplate(type, tag, tuple(map(Template, fields)))
        if construct is not None:
            self.inline_constructor(term, construct)

    def members(self, *, type: str, iterate: str) -> None:
        """An extractor on a value of ``type`` tries every node of ``iterate``."""
        self.iterations[type] = Template(iterate)

    def equality(self, *, type: str, template: str) -> None:
        """How two values of ``type`` compare."""
        self.equalities[type] = Template(template)

    def entry(self, term: str, *, dispatch: bool = False, limit: int | None = None) -> None:
        """``term`` is called from outside."""
        self.entries[term] = Entry(term, dispatch, limit)

    def count_rules(self) -> None:
        """Count how often each rule fires."""
        self.counted = True

    # -- used by the compiler -----------------------------------------------------------------------

    def attach(
        self,
        terms: dict[str, Term],
        types: dict[str, Type],
        constants: dict[str, Type],
        reporter: Reporter,
    ) -> None:
        """Tell the terms what the host provides; report what does not fit the text.

        Declarations of terms that this program does not declare are ignored: one host may serve several.
        """
        for name, variant in self.variants.items():
            term = terms.get(name)
            if term is None:
                continue
            if term.extractor is not None and term.variant_index < 0:
                reporter.error(term.pos, f"{name!r} is a host variant, but has an extractor already")
                continue
            if term.ret.name != variant.type:
                reporter.error(
                    term.pos,
                    f"the host says {name!r} is a variant of {variant.type}, "
                    f"the text declares {term.ret.name}",
                )
            if len(variant.fields) != len(term.args):
                reporter.error(
                    term.pos,
                    f"{name!r} has {len(term.args)} arguments, the host's variant "
                    f"{len(variant.fields)} fields",
                )
            if variant.type not in self.discriminants:
                reporter.error(
                    HOST, f"type {variant.type!r} has variants, but no discriminant is declared"
                )
            term.extractor = "variant"
        for name, constructor in self.constructors.items():
            term = terms.get(name)
            if term is not None:
                allowed = [str(i) for i in range(len(term.args))]
                for hole in constructor.template.order:
                    if hole not in allowed:
                        reporter.error(
                            term.pos,
                            f"{name!r} has {len(allowed)} arguments, but its template "
                            f"{constructor.template.text!r} names {{{hole}}}",
                        )
                if term.constructor is None:
                    term.constructor = "extern"  # its function is never named: the template wins
                elif term.constructor == "internal":
                    reporter.error(term.pos, f"{name!r} has rules and a host template")
        for name, extractor in self.extractors.items():
            term = terms.get(name)
            if term is not None:
                if term.extractor is None:
                    term.extractor = "extern"
                elif term.extractor != "extern":
                    reporter.error(term.pos, f"{name!r} has an extractor and a host template")
                given = extractor.fields
                if given is not None and len(given) != len(term.args):
                    reporter.error(
                        term.pos,
                        f"{name!r} has {len(term.args)} arguments, the host's extractor "
                        f"{len(given)} fields",
                    )
        for name in self.entries:
            if name not in terms:
                reporter.error(HOST, f"entry {name!r} is no declared term")
            elif self.entries[name].limit is not None and not terms[name].is_multi:
                reporter.error(terms[name].pos, f"{name!r} has a limit but is not multi")
