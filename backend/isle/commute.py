"""Commuted variants of rules.

The last two arguments of a ``commutative`` term match in either order. The compiler does that by writing
the rule again with the arguments swapped, at most ``MAX_VARIANTS`` forms per rule. A form whose left side
is another's up to the names of variables would match the same things, so it is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from jitpy.backend.isle.terms import (
    TAnd,
    TConst,
    TLit,
    TPattern,
    TTerm,
    TVar,
    TypedRule,
    XCall,
    XConst,
    XExpr,
    XLet,
    XLit,
    XVar,
)  # fmt: skip

MAX_VARIANTS = 8


def expand(rules: list[TypedRule]) -> list[TypedRule]:
    """Each rule followed by its distinct commuted forms."""
    out: list[TypedRule] = []
    for rule in rules:
        out += _variants(rule)
    return out


def _variants(rule: TypedRule) -> Iterator[TypedRule]:
    patterns = [*rule.args, *(p for p, _ in rule.iflets)]
    sites = sum(map(_count, patterns))
    if sites == 0:
        yield rule
        return
    seen: set[str] = set()
    # The last sites flip fastest; beyond the limit the outermost sites stay as written.
    for flips in product((False, True), repeat=min(sites, 6)):
        decisions = iter((False,) * (sites - len(flips)) + flips)
        args = [_commute(p, decisions) for p in rule.args]
        iflets = [(_commute(p, decisions), x) for p, x in rule.iflets]
        key = _key(args, iflets)
        if key in seen:
            continue
        yield replace(rule, args=args, iflets=iflets, variant=len(seen))
        seen.add(key)
        if len(seen) == MAX_VARIANTS:
            return


def _is_site(p: TTerm) -> bool:
    return "commutative" in p.term.flags


def _count(root: TPattern) -> int:
    found = 0
    work = [root]
    while work:
        p = work.pop()
        if isinstance(p, TAnd):
            work += p.patterns
        elif isinstance(p, TTerm):
            work += p.args
            found += _is_site(p)
    return found


def _commute(p: TPattern, decisions: Iterator[bool]) -> TPattern:
    if isinstance(p, TAnd):
        return TAnd([_commute(x, decisions) for x in p.patterns])
    if not isinstance(p, TTerm):
        return p
    swap = _is_site(p) and next(decisions)
    args = [_commute(x, decisions) for x in p.args]
    if swap:
        args[-2:] = [args[-1], args[-2]]
    return TTerm(p.term, args, p.pos)


def _key(args: list[TPattern], iflets: list[tuple[TPattern, XExpr]]) -> str:
    """The left side as text, its variables numbered in order of appearance."""
    numbers: dict[str, int] = {}
    out: list[str] = []

    def name(n: str) -> str:
        return f"v{numbers.setdefault(n, len(numbers))}"

    def pattern(p: TPattern) -> None:
        if isinstance(p, TTerm):
            out.append(f"({p.term.name}")
            for x in p.args:
                pattern(x)
            out.append(")")
        elif isinstance(p, TAnd):
            out.append("(and")
            for x in p.patterns:
                pattern(x)
            out.append(")")
        elif isinstance(p, TVar):
            out.append(name(p.name))
        elif isinstance(p, TLit):
            out.append(repr(p.value))
        elif isinstance(p, TConst):
            out.append(p.name)
        else:
            out.append("_")

    def expr(x: XExpr) -> None:
        if isinstance(x, XCall):
            out.append(f"({x.term.name}")
            for a in x.args:
                expr(a)
            out.append(")")
        elif isinstance(x, XLet):
            out.append("(let")
            for bound, value in x.bindings:
                out.append(name(bound))
                expr(value)
            expr(x.body)
            out.append(")")
        elif isinstance(x, XVar):
            out.append(name(x.name))
        elif isinstance(x, XLit):
            out.append(repr(x.value))
        elif isinstance(x, XConst):
            out.append(x.name)

    for p in args:
        pattern(p)
    for p, x in iflets:
        out.append("if-let")
        expr(x)
        pattern(p)
    return " ".join(out)
