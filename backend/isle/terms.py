"""What analysis produces: types, terms, typed patterns and expressions, typed rules."""

from __future__ import annotations

from dataclasses import dataclass, field

from jitpy.backend.isle import ast
from jitpy.backend.isle.diagnostics import Pos

VARIANT, EXTERN, INTERNAL = "variant", "extern", "internal"


@dataclass(slots=True, eq=False)
class Type:
    """A declared type; ``kind`` is primitive, enum or struct."""

    name: str
    kind: str
    pos: Pos
    definition: ast.TypeDef | None = None

    @property
    def takes_ints(self) -> bool:
        """Whether an integer literal can be of this type."""
        return self.kind == "primitive" and self.name != "bool"


@dataclass(slots=True, eq=False)
class Term:
    """A declared term, a variant ``Enum.Name``, or a struct's constructor."""

    name: str
    args: list[Type]
    ret: Type
    flags: frozenset[str]
    pos: Pos
    constructor: str | None = None  # VARIANT, EXTERN, INTERNAL
    constructor_function: str = ""
    extractor: str | None = None
    extractor_function: str = ""
    infallible: bool = False
    macro: ast.ExtractorDef | None = None
    variant_index: int = -1  # of in-language enums
    rules: list[TypedRule] = field(default_factory=list)

    @property
    def is_multi(self) -> bool:
        """Whether it can have several results."""
        return "multi" in self.flags

    @property
    def is_partial(self) -> bool:
        """Whether it can have no result."""
        return "partial" in self.flags

    @property
    def is_pure(self) -> bool:
        """Whether constructing it has no effect."""
        return "pure" in self.flags or self.variant_index >= 0


@dataclass(slots=True)
class TLit:
    """An integer or ``true``/``false`` in a pattern."""

    value: int | bool
    type: Type


@dataclass(slots=True)
class TConst:
    """``$NAME`` in a pattern."""

    name: str
    type: Type


@dataclass(slots=True)
class TWild:
    """Matches anything."""


@dataclass(slots=True)
class TVar:
    """Binds or compares a variable."""

    name: str
    type: Type


@dataclass(slots=True)
class TAnd:
    """All of them; ``v @ p`` is ``(and v p)``."""

    patterns: list[TPattern]


@dataclass(slots=True)
class TTerm:
    """A term that is no macro."""

    term: Term
    args: list[TPattern]
    pos: Pos


TPattern = TLit | TConst | TWild | TVar | TAnd | TTerm


@dataclass(slots=True)
class XLit:
    """A literal in an expression."""

    value: int | bool
    type: Type


@dataclass(slots=True)
class XConst:
    """``$NAME`` in an expression."""

    name: str
    type: Type


@dataclass(slots=True)
class XVar:
    """A variable's value."""

    name: str
    type: Type


@dataclass(slots=True)
class XLet:
    """Bindings in order, then the body; names are unique within the rule."""

    bindings: list[tuple[str, XExpr]]
    body: XExpr


@dataclass(slots=True)
class XCall:
    """A constructor call."""

    term: Term
    args: list[XExpr]
    pos: Pos


XExpr = XLit | XConst | XVar | XLet | XCall


@dataclass(slots=True)
class TypedRule:
    """A checked rule; ``variant`` counts its commuted forms, 0 as written."""

    id: int
    name: str
    pos: Pos
    priority: int
    term: Term
    args: list[TPattern]
    iflets: list[tuple[TPattern, XExpr]]
    expr: XExpr
    variant: int = 0


@dataclass(slots=True)
class Program:
    """A whole checked program."""

    types: dict[str, Type]
    terms: dict[str, Term]
    constants: dict[str, Type]
    rules: list[TypedRule]
    defs: list[ast.Def]
