"""Nested lists to definitions.

Each top-level form is parsed on its own: an error spoils that form only, so one run reports the errors
of all of them. Nesting is bounded by the reader, so plain recursion is safe here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from jitpy.backend.isle import ast
from jitpy.backend.isle.diagnostics import Diagnostic, IsleSyntaxError, Pos
from jitpy.backend.isle.lexer import Atom, SExpr, SList, read

DECL_FLAGS = frozenset({"pure", "multi", "partial", "rec", "commutative"})
VERIFICATION = ("spec", "model", "form", "instantiate", "attr", "macro", "state")


class _Bad(Exception):
    """Leaves the form being parsed; never leaves this module."""

    def __init__(self, pos: Pos, message: str) -> None:
        self.diagnostic = Diagnostic(pos, message)


def _fail(pos: Pos, message: str) -> NoReturn:
    raise _Bad(pos, message)


def _ident(sexpr: SExpr | None, what: str, near: Pos) -> ast.Ident:
    if sexpr is None:
        _fail(near, f"expected {what}, but the form ends")
    if not isinstance(sexpr, Atom) or sexpr.value is not None or sexpr.text == "@":
        _fail(sexpr.pos, f"expected {what}, a name")
    return ast.Ident(sexpr.text, sexpr.pos)


def _list(sexpr: SExpr | None, what: str, near: Pos) -> SList:
    if sexpr is None:
        _fail(near, f"expected {what}, but the form ends")
    if not isinstance(sexpr, SList):
        _fail(sexpr.pos, f"expected {what}, a list in parentheses")
    return sexpr


def _exactly(form: SList, count: int, shape: str) -> None:
    if len(form.items) != count:
        _fail(form.pos, f"expected the form {shape}")


# -- patterns and expressions -----------------------------------------------------------------------


def _patterns(items: list[SExpr]) -> list[ast.Pattern]:
    """A sequence of patterns, where ``name @ pattern`` takes three items and more."""
    out: list[ast.Pattern] = []
    at = 0
    while at < len(items):
        pattern, at = _pattern(items, at)
        out.append(pattern)
    return out


def _pattern(items: list[SExpr], at: int) -> tuple[ast.Pattern, int]:
    names: list[ast.Ident] = []  # v @ w @ pattern
    while at + 1 < len(items):
        follower = items[at + 1]
        if not (isinstance(follower, Atom) and follower.text == "@"):
            break
        names.append(_ident(items[at], "a variable before '@'", follower.pos))
        if at + 2 >= len(items):
            _fail(follower.pos, "expected a pattern after '@'")
        at += 2
    pattern = _one_pattern(items[at])
    for name in reversed(names):
        pattern = ast.PBind(name.name, pattern, name.pos)
    return pattern, at + 1


def _one_pattern(item: SExpr) -> ast.Pattern:
    pos = item.pos
    if isinstance(item, Atom):
        text = item.text
        if item.value is not None:
            return ast.PInt(item.value, pos)
        if text == "@":
            _fail(pos, "'@' needs a variable before it")
        if text == "_":
            return ast.PWild(pos)
        if text in ("true", "false"):
            return ast.PBool(text == "true", pos)
        if text[0] == "$":
            return ast.PConst(text, pos)
        return ast.PVar(text, pos)
    if not item.items:
        _fail(pos, "an empty list is no pattern; expected (term pattern ...)")
    head = _ident(item.items[0], "a term", pos)
    args = _patterns(item.items[1:])
    if head.name == "and":
        if not args:
            _fail(pos, "'and' needs at least one pattern")
        return ast.PAnd(args, pos)
    return ast.PTerm(head, args, pos)


def _expr(item: SExpr) -> ast.Expr:
    pos = item.pos
    if isinstance(item, Atom):
        text = item.text
        if item.value is not None:
            return ast.EInt(item.value, pos)
        if text in ("true", "false"):
            return ast.EBool(text == "true", pos)
        if text[0] == "$":
            return ast.EConst(text, pos)
        if text in ("_", "@"):
            _fail(pos, f"{text!r} stands in patterns only, not in expressions")
        return ast.EVar(text, pos)
    if not item.items:
        _fail(pos, "an empty list is no expression; expected (term argument ...)")
    head = _ident(item.items[0], "a term", pos)
    if head.name != "let":
        return ast.ETerm(head, [_expr(i) for i in item.items[1:]], pos)
    _exactly(item, 3, "(let ((name Type value) ...) body)")
    bindings = []
    for one in _list(item.items[1], "the list of bindings of 'let'", pos).items:
        binding = _list(one, "a binding (name Type value)", pos)
        _exactly(binding, 3, "(name Type value) in 'let'")
        name = _ident(binding.items[0], "a variable", binding.pos)
        type_ = _ident(binding.items[1], "a type", binding.pos)
        bindings.append((name, type_, _expr(binding.items[2])))
    return ast.ELet(bindings, _expr(item.items[2]), pos)


# -- definitions ------------------------------------------------------------------------------------


def _fields(items: list[SExpr], pos: Pos) -> list[ast.Field]:
    out = []
    for item in items:
        field = _list(item, "a field (name Type)", pos)
        _exactly(field, 2, "(name Type) for a field")
        name = _ident(field.items[0], "a field's name", field.pos)
        out.append(ast.Field(name, _ident(field.items[1], "a field's type", field.pos)))
    return out


def _type(form: SList) -> ast.TypeDef:
    items = form.items
    name = _ident(items[1] if len(items) > 1 else None, "a type's name", form.pos)
    flags = []
    at = 2
    while at < len(items) and isinstance(items[at], Atom):
        flag = _ident(items[at], "'extern', 'nodebug' or a body", form.pos)
        if flag.name not in ("extern", "nodebug"):
            _fail(flag.pos, f"unknown type modifier {flag.name!r}; there are extern and nodebug")
        flags.append(flag.name)
        at += 1
    body = _list(items[at] if at < len(items) else None, "a type's body", form.pos)
    if at + 1 != len(items):
        _fail(items[at + 1].pos, "nothing may follow a type's body")
    kind = _ident(body.items[0] if body.items else None, "primitive, enum or struct", body.pos)
    out = ast.TypeDef(
        name, kind.name, "extern" in flags, "nodebug" in flags, "", [], [], form.pos
    )
    if kind.name == "primitive":
        _exactly(body, 2, "(primitive Name)")
        out.primitive = _ident(body.items[1], "the primitive's name", body.pos).name
    elif kind.name == "struct":
        out.fields = _fields(body.items[1:], body.pos)
    elif kind.name == "enum":
        for item in body.items[1:]:
            if isinstance(item, Atom):
                out.variants.append(ast.Variant(_ident(item, "a variant", body.pos), []))
                continue
            variant = _ident(item.items[0] if item.items else None, "a variant", item.pos)
            out.variants.append(ast.Variant(variant, _fields(item.items[1:], item.pos)))
    else:
        _fail(kind.pos, f"unknown kind of type {kind.name!r}; expected primitive, enum or struct")
    return out


def _decl(form: SList) -> ast.Decl:
    items = form.items
    flags: set[str] = set()
    at = 1
    while at < len(items):
        item = items[at]
        follower = items[at + 1] if at + 1 < len(items) else None
        if not isinstance(item, Atom) or isinstance(follower, SList):
            break
        if item.text not in DECL_FLAGS:
            _fail(item.pos, f"unknown flag {item.text!r}; there are {', '.join(sorted(DECL_FLAGS))}")
        if item.text in flags:
            _fail(item.pos, f"flag {item.text!r} is given twice")
        flags.add(item.text)
        at += 1
    rest = items[at:]
    if len(rest) != 3:
        _fail(form.pos, "expected the form (decl flags name (Type ...) Type)")
    name = _ident(rest[0], "a term's name", form.pos)
    args = [_ident(i, "a type", form.pos) for i in _list(rest[1], "argument types", form.pos).items]
    return ast.Decl(
        name, frozenset(flags), args, _ident(rest[2], "the result's type", form.pos), form.pos
    )


def _rule(form: SList) -> ast.Rule:
    items = form.items
    at = 1
    name: ast.Ident | None = None
    priority = 0
    if at < len(items) and isinstance(items[at], Atom):
        word = items[at]
        if isinstance(word, Atom) and word.value is None:
            name = _ident(word, "a rule's name", form.pos)
            at += 1
    if at < len(items):
        word = items[at]
        if isinstance(word, Atom):
            if word.value is None:
                _fail(word.pos, "a rule has one name, then an integer as priority")
            priority = word.value
            at += 1
    if len(items) < at + 2:
        _fail(form.pos, "expected the form (rule [name] [priority] pattern [if-let ...] expression)")
    pattern, after = _pattern(items, at)
    if not isinstance(pattern, ast.PTerm):
        _fail(pattern.pos, "a rule's left side is (term pattern ...)")
    iflets = []
    for item in items[after:-1]:
        clause = _list(item, "an (if-let pattern expression) or (if expression)", form.pos)
        head = _ident(clause.items[0] if clause.items else None, "if-let or if", clause.pos)
        if head.name == "if":
            _exactly(clause, 2, "(if expression)")
            iflets.append(ast.IfLet(ast.PWild(head.pos), _expr(clause.items[1]), clause.pos))
        elif head.name == "if-let":
            if len(clause.items) < 3:
                _fail(clause.pos, "expected the form (if-let pattern expression)")
            left, used = _pattern(clause.items, 1)
            if used != len(clause.items) - 1:
                _fail(clause.pos, "expected the form (if-let pattern expression)")
            iflets.append(ast.IfLet(left, _expr(clause.items[-1]), clause.pos))
        else:
            _fail(clause.pos, "only if-let and if clauses stand between a rule's two sides")
    if after >= len(items):
        _fail(form.pos, "the rule has no right side")
    return ast.Rule(name, priority, pattern, iflets, _expr(items[-1]), form.pos)


def _extractor(form: SList) -> ast.ExtractorDef:
    items = form.items
    head = _list(items[1] if len(items) > 1 else None, "(term parameter ...)", form.pos)
    names = [_ident(i, "a parameter", head.pos) for i in head.items]
    if not names or len(items) < 3:
        _fail(form.pos, "expected the form (extractor (term parameter ...) pattern)")
    body, after = _pattern(items, 2)
    if after != len(items):
        _fail(items[after].pos, "nothing may follow an extractor's pattern")
    seen: set[str] = set()
    for param in names[1:]:
        if param.name in seen:
            _fail(param.pos, f"parameter {param.name!r} is given twice")
        seen.add(param.name)
    return ast.ExtractorDef(names[0], names[1:], body, form.pos)


def _extern(form: SList) -> ast.Def:
    items = form.items
    kind = _ident(items[1] if len(items) > 1 else None, "constructor, extractor or const", form.pos)
    if kind.name == "constructor":
        _exactly(form, 4, "(extern constructor term function)")
        term = _ident(items[2], "a term", form.pos)
        return ast.ExternConstructor(term, _ident(items[3], "a function", form.pos), form.pos)
    if kind.name == "extractor":
        infallible = (
            len(items) == 5 and isinstance(items[2], Atom) and items[2].text == "infallible"
        )
        if not infallible:
            _exactly(form, 4, "(extern extractor [infallible] term function)")
        term = _ident(items[-2], "a term", form.pos)
        function = _ident(items[-1], "a function", form.pos)
        return ast.ExternExtractor(term, function, infallible, form.pos)
    if kind.name == "const":
        _exactly(form, 4, "(extern const $NAME Type)")
        name = _ident(items[2], "a constant", form.pos)
        if name.name[0] != "$":
            _fail(name.pos, f"a constant's name begins with '$': ${name.name}")
        return ast.ExternConst(name, _ident(items[3], "a type", form.pos), form.pos)
    _fail(kind.pos, f"unknown extern {kind.name!r}; there are constructor, extractor and const")


def _convert(form: SList) -> ast.Convert:
    _exactly(form, 4, "(convert Inner Outer term)")
    inner, outer, term = (_ident(i, "a name", form.pos) for i in form.items[1:])
    return ast.Convert(inner, outer, term, form.pos)


def _pragma(form: SList) -> ast.Pragma:
    return ast.Pragma([_ident(i, "a word", form.pos).name for i in form.items[1:]], form.pos)


_FORMS: dict[str, Callable[[SList], ast.Def]] = {
    "type": _type,
    "decl": _decl,
    "rule": _rule,
    "extractor": _extractor,
    "extern": _extern,
    "convert": _convert,
    "pragma": _pragma,
}


def parse(text: str, path: str = "<isle>") -> tuple[list[ast.Def], list[Diagnostic]]:
    """The definitions of one file, and everything wrong with its syntax."""
    forms, errors = read(text, path)
    defs: list[ast.Def] = []
    for form in forms:
        if isinstance(form, Atom):
            errors.append(Diagnostic(form.pos, f"{form.text!r} stands outside of any form"))
            continue
        try:
            head = _ident(form.items[0] if form.items else None, "a definition", form.pos)
            if head.name in VERIFICATION:
                defs.append(ast.Verification(head.name, form, form.pos))
            elif head.name in _FORMS:
                defs.append(_FORMS[head.name](form))
            else:
                known = ", ".join((*_FORMS, *VERIFICATION))
                _fail(head.pos, f"unknown definition {head.name!r}; there are {known}")
        except _Bad as bad:
            errors.append(bad.diagnostic)
    return defs, errors


def parse_all(sources: list[tuple[str, str]]) -> list[ast.Def]:
    """The definitions of ``(path, text)`` pairs in order; raises with all syntax errors at once."""
    defs: list[ast.Def] = []
    errors: list[Diagnostic] = []
    for path, text in sources:
        found, wrong = parse(text, path)
        defs += found
        errors += wrong
    if errors:
        raise IsleSyntaxError(errors)
    return defs
