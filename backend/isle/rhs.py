"""The right-hand side of a rule as Python statements.

Calls nest into one expression as long as that keeps the written order of evaluation and nothing can fail
in between; otherwise arguments become locals first. In a ``multi`` term a failing constructor skips the
match (the rest is indented under a test) and a multi constructor is a loop; elsewhere failing returns None.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from jitpy.backend.isle import bindings as B
from jitpy.backend.isle.bindings import Binding, RuleIR
from jitpy.backend.isle.emit import is_atom, wrap
from jitpy.backend.isle.host import Host
from jitpy.backend.isle.terms import INTERNAL, VARIANT, Term, XCall, XConst, XExpr, XLet, XLit, XVar

if TYPE_CHECKING:
    from jitpy.backend.isle.function import FunctionCode


def argument_uses(host: Host, term: Term) -> list[int]:
    """The arguments in the order in which building the term evaluates them."""
    template = host.constructors.get(term.name)
    if template is None:
        return list(range(len(term.args)))
    return [int(hole) for hole in template.template.order]


class RightSide:
    """Writes one rule's right side into a function."""

    def __init__(self, code: FunctionCode, rule: RuleIR) -> None:
        self.code = code
        self.rule = rule
        self.locals: dict[str, str] = {}
        self.temporaries = 0

    @staticmethod
    def references(rule: RuleIR) -> list[Binding]:
        """The bindings that the right side names, as often as it does."""
        out: list[Binding] = []
        work: list[XExpr] = [rule.rule.expr]
        while work:
            x = work.pop()
            if isinstance(x, XVar):
                if x.name in rule.env:
                    out.append(rule.env[x.name])
            elif isinstance(x, XLet):
                work += [v for _, v in x.bindings]
                work.append(x.body)
            elif isinstance(x, XCall):
                work += x.args
        return out

    def write(self) -> None:
        """All of it."""
        code = self.code
        # What matching knows is read before anything is built: only a plain field used once may wait.
        uses = Counter(self.references(self.rule))
        for binding, count in uses.items():
            if binding.kind == B.FIELD and count == 1 and binding not in code.scope:
                code.scope[binding] = code.compute(binding)
            else:
                code.value(binding)
        if code.term.is_multi:
            value = self.expr(self.rule.rule.expr)
            code.writer.line(f"_out.append({value})")
            if code.limit is not None:
                code.writer.line(f"if len(_out) >= {code.limit}:")
                code.writer.line(f"    {code.stop}")
            return
        value = self.tail(self.rule.rule.expr)
        code.writer.line(f"return {value}")

    def tail(self, x: XExpr) -> str:
        """The result itself: a partial call there passes its None through."""
        if isinstance(x, XLet):
            self.let(x)
            return self.tail(x.body)
        if isinstance(x, XCall) and x.term.is_partial:
            template = self.code.host.constructors.get(x.term.name)
            if template is None or not template.is_test:
                return self.construct(self.code, x.term, self.arguments(x))
        return self.expr(x)

    # -- expressions --------------------------------------------------------------------------------

    def expr(self, x: XExpr) -> str:
        """An expression, after writing the statements it needs."""
        code = self.code
        if isinstance(x, XLit):
            return repr(x.value)
        if isinstance(x, XConst):
            return code.module.constant(x.name)
        if isinstance(x, XVar):
            if x.name in self.locals:
                return self.locals[x.name]
            return code.value(self.rule.env[x.name])
        if isinstance(x, XLet):
            self.let(x)
            return self.expr(x.body)
        text = self.construct(code, x.term, self.arguments(x))
        if x.term.is_multi:
            local = self.temporary()
            code.writer.line(f"for {local} in {text}:")
            code.writer.level += 1
            return local
        if x.term.is_partial:
            return self.succeed(x.term, text)
        return text

    def succeed(self, term: Term, text: str) -> str:
        """The value of a partial constructor, or the end of this match."""
        code = self.code
        template = code.host.constructors.get(term.name)
        if template is not None and template.is_test:
            local, condition = "True", wrap(text)
        else:
            local = self.temporary()
            code.writer.line(f"{local} = {text}")
            condition = f"{local} is not None"
        if code.term.is_multi:
            code.writer.line(f"if {condition}:")
            code.writer.level += 1
        else:
            code.writer.line(f"if not {condition}:" if local == "True" else f"if {local} is None:")
            code.writer.line("    return None")
        return local

    def let(self, x: XLet) -> None:
        """Bindings in order."""
        for name, value in x.bindings:
            text = self.expr(value)
            if not is_atom(text):
                local = self.temporary()
                self.code.writer.line(f"{local} = {text}")
                text = local
            self.locals[name] = text

    def arguments(self, x: XCall) -> list[str]:
        """The arguments in order; calls become locals if something between them needs statements.

        What is used twice becomes a local, too; a field of a node may be read at any time.
        """
        uses = argument_uses(self.code.host, x.term)
        keep = uses == list(range(len(x.args))) and not any(map(self.complex, x.args))
        out = []
        for index, argument in enumerate(x.args):
            text = self.expr(argument)
            called = isinstance(argument, XCall | XLet)
            if not is_atom(text) and (uses.count(index) > 1 or (called and not keep)):
                local = self.temporary()
                self.code.writer.line(f"{local} = {text}")
                text = local
            out.append(text)
        return out

    def complex(self, root: XExpr) -> bool:
        """Whether an expression needs statements of its own with calls in them."""
        work = [root]
        while work:
            x = work.pop()
            if isinstance(x, XLet):
                return True
            if isinstance(x, XCall):
                if x.term.is_partial or x.term.is_multi:
                    return True
                uses = argument_uses(self.code.host, x.term)
                if uses != list(range(len(x.args))) and any(
                    isinstance(a, XCall | XLet) for a in x.args
                ):
                    return True
                work += x.args
        return False

    def temporary(self) -> str:
        """A new local name."""
        self.temporaries += 1
        return f"_y{self.temporaries}"

    @staticmethod
    def construct(code: FunctionCode, term: Term, args: list[str]) -> str:
        """The call of a constructor whose arguments are expressions."""
        template = code.host.constructors.get(term.name)
        if template is not None:
            holes = {str(i): wrap(a) for i, a in enumerate(args)}
            return code.module.fill(template.template, **holes)
        if term.constructor == INTERNAL:
            name = code.module.function(term)
            return f"{name}({', '.join([*args, '[]'] if term.is_multi else args)})"
        if term.constructor == VARIANT:
            definition = term.ret.definition
            if definition is not None and definition.kind == "struct":
                return f"({''.join(a + ', ' for a in args).strip()})"
            if definition is not None and not any(v.fields for v in definition.variants):
                return str(term.variant_index)
            return f"({', '.join([str(term.variant_index), *args])},)" if not args else (
                f"({', '.join([str(term.variant_index), *args])})"
            )
        return f"{code.module.free(term.constructor_function)}({', '.join(args)})"
