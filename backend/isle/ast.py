"""The syntax tree: one class per definition, pattern, expression; each knows its position.

The verification forms (``spec``, ``model``, ...) keep their text as nested lists in ``Verification``:
the compiler of rules ignores them, the prover reads them.
"""

from __future__ import annotations

from dataclasses import dataclass

from jitpy.backend.isle.diagnostics import Pos
from jitpy.backend.isle.lexer import SList


@dataclass(slots=True)
class Ident:
    """A name and where it stands."""

    name: str
    pos: Pos


# -- patterns ---------------------------------------------------------------------------------------


@dataclass(slots=True)
class PInt:
    """An integer literal; ``true`` and ``false`` are ``PBool``."""

    value: int
    pos: Pos


@dataclass(slots=True)
class PBool:
    """``true`` or ``false``."""

    value: bool
    pos: Pos


@dataclass(slots=True)
class PConst:
    """``$NAME``."""

    name: str
    pos: Pos


@dataclass(slots=True)
class PWild:
    """``_``."""

    pos: Pos


@dataclass(slots=True)
class PVar:
    """A variable: binds at first use, compares afterwards."""

    name: str
    pos: Pos


@dataclass(slots=True)
class PBind:
    """``name @ pattern``."""

    name: str
    pattern: Pattern
    pos: Pos


@dataclass(slots=True)
class PAnd:
    """``(and pattern ...)``: all of them match the same value."""

    patterns: list[Pattern]
    pos: Pos


@dataclass(slots=True)
class PTerm:
    """``(term pattern ...)``."""

    term: Ident
    args: list[Pattern]
    pos: Pos


Pattern = PInt | PBool | PConst | PWild | PVar | PBind | PAnd | PTerm

# -- expressions ------------------------------------------------------------------------------------


@dataclass(slots=True)
class EInt:
    """An integer literal."""

    value: int
    pos: Pos


@dataclass(slots=True)
class EBool:
    """``true`` or ``false``."""

    value: bool
    pos: Pos


@dataclass(slots=True)
class EConst:
    """``$NAME``."""

    name: str
    pos: Pos


@dataclass(slots=True)
class EVar:
    """A variable bound on the left or by ``let``."""

    name: str
    pos: Pos


@dataclass(slots=True)
class ELet:
    """``(let ((name Type value) ...) body)``."""

    bindings: list[tuple[Ident, Ident, Expr]]
    body: Expr
    pos: Pos


@dataclass(slots=True)
class ETerm:
    """``(term argument ...)``."""

    term: Ident
    args: list[Expr]
    pos: Pos


Expr = EInt | EBool | EConst | EVar | ELet | ETerm

# -- definitions ------------------------------------------------------------------------------------


@dataclass(slots=True)
class Field:
    """A named, typed field of a variant or struct."""

    name: Ident
    type: Ident


@dataclass(slots=True)
class Variant:
    """One alternative of an enum."""

    name: Ident
    fields: list[Field]


@dataclass(slots=True)
class TypeDef:
    """``(type Name [extern] [nodebug] body)``; ``kind`` is primitive, enum or struct."""

    name: Ident
    kind: str
    is_extern: bool
    is_nodebug: bool
    primitive: str
    variants: list[Variant]
    fields: list[Field]
    pos: Pos


@dataclass(slots=True)
class Decl:
    """``(decl flags Name (Type ...) Type)``."""

    name: Ident
    flags: frozenset[str]
    args: list[Ident]
    ret: Ident
    pos: Pos


@dataclass(slots=True)
class IfLet:
    """``(if-let pattern expr)``; ``(if expr)`` has a wildcard pattern."""

    pattern: Pattern
    expr: Expr
    pos: Pos


@dataclass(slots=True)
class Rule:
    """``(rule [name] [priority] (term pattern ...) if-let... expr)``."""

    name: Ident | None
    priority: int
    pattern: PTerm
    iflets: list[IfLet]
    expr: Expr
    pos: Pos


@dataclass(slots=True)
class ExtractorDef:
    """``(extractor (Term param ...) pattern)``: a macro over patterns."""

    term: Ident
    params: list[Ident]
    body: Pattern
    pos: Pos


@dataclass(slots=True)
class ExternConstructor:
    """``(extern constructor Term function)``."""

    term: Ident
    function: Ident
    pos: Pos


@dataclass(slots=True)
class ExternExtractor:
    """``(extern extractor [infallible] Term function)``."""

    term: Ident
    function: Ident
    infallible: bool
    pos: Pos


@dataclass(slots=True)
class ExternConst:
    """``(extern const $NAME Type)``."""

    name: Ident
    type: Ident
    pos: Pos


@dataclass(slots=True)
class Convert:
    """``(convert Inner Outer term)``."""

    inner: Ident
    outer: Ident
    term: Ident
    pos: Pos


@dataclass(slots=True)
class Pragma:
    """``(pragma word ...)``: none is defined, so it means nothing."""

    words: list[str]
    pos: Pos


@dataclass(slots=True)
class Verification:
    """``spec``, ``model``, ``form``, ``instantiate``, ``attr``, ``macro`` or ``state``, unparsed."""

    kind: str
    form: SList
    pos: Pos


Def = (
    TypeDef | Decl | Rule | ExtractorDef | ExternConstructor | ExternExtractor | ExternConst
    | Convert | Pragma | Verification
)  # fmt: skip
