"""Strs: constants and arguments that are compared, measured, read character by character, passed on and returned.

A run-time str is (object, address of its characters, length, bytes per character). Two constants are compared now; otherwise
lengths come first, then the characters one by one in a loop, each read at its own width.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import opcodes as o
from jitpy.backend.ir.types import I8, I16, I32, I64
from jitpy.frontend.library import registry, scalars, string_methods
from jitpy.frontend.library.containers import int_value
from jitpy.frontend.library.control import Text, format_value, join_text
from jitpy.frontend.library.lists import build
from jitpy.frontend.library.positions import iterate_sequence
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Const, SliceVal, Val, Value

if TYPE_CHECKING:
    from jitpy.frontend.translate.translator import Translator

_PYTHON = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_ORDER = {"<": "slt", "<=": "sle", ">": "sgt", ">=": "sge"}


def string(tr: Translator, v: Value) -> Val:
    """The run-time form."""
    from jitpy.frontend.library.functions import constant_string

    return constant_string(tr, v.obj) if v.__class__ is Const else v  # type: ignore[return-value]


@registry.operator(registry.compare, "== != < <= > >=", ty.Str, ty.Str)
def compare(tr: Translator, name: str, a: Value, b: Value) -> Value:
    """``a == b`` and the orders."""
    if a.__class__ is Const and b.__class__ is Const:
        return Const(_PYTHON[name](a.obj, b.obj))
    x, y = string(tr, a), string(tr, b)
    if name in _ORDER:
        result = tr.icmp(_ORDER[name], _difference(tr, x, y), tr.iconst(0))
        return Val(ty.py_bool, (result,))
    same_length = tr.icmp("eq", x.ssa[2], y.ssa[2])

    def characters() -> tuple[int, ...]:
        return (tr.icmp("eq", _difference(tr, x, y), tr.iconst(0)),)

    (equal,) = tr.branch(same_length, characters, lambda: (tr.iconst(0, I8),), (I8,))
    if name == "!=":
        equal = tr.icmp("eq", equal, tr.iconst(0, I8))
    return Val(ty.py_bool, (equal,))


def _difference(tr: Translator, x: Val, y: Val) -> int:
    """Negative, zero or positive: the first pair of characters that differ, else the lengths."""
    n, m = x.ssa[2], y.ssa[2]
    count = tr.select(tr.icmp("slt", n, m), n, m)

    def more(state: tuple[int, ...]) -> int:
        k, difference = state
        inside = tr.icmp("slt", k, count)
        return tr.op(o.BAND, I8, inside, tr.icmp("eq", difference, tr.iconst(0)))

    def body(state: tuple[int, ...]) -> tuple[int, ...]:
        k, _ = state
        difference = tr.op(o.ISUB, I64, character(tr, x, k), character(tr, y, k))
        return tr.op(o.IADD, I64, k, tr.iconst(1)), difference

    zero = tr.iconst(0)
    _, difference = tr.while_((zero, zero), more, body)
    lengths = tr.op(o.ISUB, I64, n, m)
    return tr.select(tr.icmp("eq", difference, tr.iconst(0)), lengths, difference)


def character(tr: Translator, v: Val, k: int) -> int:
    """Character k as an i64."""
    _, data, _, kind = v.ssa
    address = tr.op(o.IADD, I64, data, tr.op(o.IMUL, I64, k, kind))

    def read(width: int) -> tuple[int, ...]:
        return (tr.op(o.UEXTEND, I64, tr.load(width, address)),)

    def wide() -> tuple[int, ...]:
        return tr.branch(tr.icmp("eq", kind, tr.iconst(2)), lambda: read(I16), lambda: read(I32), (I64,))

    (c,) = tr.branch(tr.icmp("eq", kind, tr.iconst(1)), lambda: read(I8), wide, (I64,))
    return c


@registry.operator(registry.compare, "== !=", ty.Str, None)
@registry.operator(registry.compare, "== !=", None, ty.Str)
def differ(tr: Translator, name: str, a: Value, b: Value) -> Value:
    """A str is equal to nothing else, but for constants that say otherwise (a dtype equals its name)."""
    if a.kind() is ty.Constant or b.kind() is ty.Constant:
        if a.__class__ is not Const or b.__class__ is not Const:
            tr.error("this str must be a constant here", "Keep it in a global or a default argument.")
        return Const(bool(a.obj == b.obj) == (name == "=="))
    return Const(name == "!=")


@registry.operator(registry.binary, "+", ty.Str, ty.Str)
def concat(tr: Translator, a: Value, b: Value) -> Value:
    """Constants only."""
    if a.__class__ is Const and b.__class__ is Const:
        return Const(a.obj + b.obj)
    tr.error("making strs at run time is not supported", "An f-string can be raised, printed or asserted.")


# -- parts -----------------------------------------------------------------------------------------------------------------------
#
# A part of a str is a view of its characters: its object is 0, and one is made when it is returned.


def view(tr: Translator, v: Val, start: int, length: int) -> Val:
    """``length`` characters from ``start`` on."""
    _, data, _, kind = v.ssa
    at = tr.op(o.IADD, I64, data, tr.op(o.IMUL, I64, start, kind))
    return Val(ty.string, (tr.iconst(0), at, length, kind))


@registry.entry(registry.getitem, ty.Str)
def getitem(tr: Translator, s: Value, index: Value) -> Value:
    """``s[i]``, ``s[a:b]``."""
    if index.__class__ is SliceVal:
        bounds = index.children()
        if s.__class__ is Const and all(b.__class__ is Const for b in bounds):
            return Const(s.obj[slice(*[b.obj for b in bounds])])
        if not (bounds[2].__class__ is Const and bounds[2].obj in (None, 1)):
            tr.error("a step in a slice of a str is not supported", "Loop over the positions.")
        from jitpy.frontend.library.list_methods import bounds as indices

        v = string(tr, s)
        got: Any = tr.call_python(indices, (Val(ty.py_int, (v.ssa[2],)), *bounds), inline=True)
        first, last = (tr.val(x).ssa[0] for x in got.items[:2])
        count = tr.op(o.ISUB, I64, last, first)
        return view(tr, v, first, tr.select(tr.icmp("slt", count, tr.iconst(0)), tr.iconst(0), count))
    k = int_value(tr, index, "a str index")
    if s.__class__ is Const and k.__class__ is Const and -len(s.obj) <= k.obj < len(s.obj):
        return Const(s.obj[k.obj])
    v = string(tr, s)
    return view(tr, v, tr.index(tr.val(k).ssa[0], v.ssa[2], 0, "string index out of range"), tr.iconst(1))


def _sequence(tr: Translator, s: Value) -> tuple[int, Any]:
    return string(tr, s).ssa[2], lambda tr, s, k: view(tr, string(tr, s), k, tr.iconst(1))


registry.sequence[ty.Str] = _sequence


@registry.entry(registry.iterate, ty.Str)
def iterate(tr: Translator, s: Value) -> Any:
    """Iteration over the characters."""
    return iterate_sequence(tr, string(tr, s))


@registry.operator(registry.compare, "in", ty.Str, ty.Str)
def contains(tr: Translator, part: Value, s: Value) -> Value:
    """``part in s``."""
    if part.__class__ is Const and s.__class__ is Const:
        return Const(part.obj in s.obj)
    return tr.call_python(string_methods.contains, (s, part), inline=False)


def fold(name: str) -> None:
    """A method of constants, computed now."""
    method = getattr(str, name)
    loop = getattr(string_methods, name, None)

    def handler(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
        from jitpy.frontend.library.functions import outside_value

        values = [*args, *kwargs.values()]
        if all(v.__class__ is Const for v in values):
            known = [v.obj for v in values]
            found = scalars.fold(tr, lambda *a: method(*a[: len(args)], **dict(zip(kwargs, a[len(args) :]))), *known)
            obj = getattr(found, "obj", None)
            if obj.__class__ is list:
                return build(tr, [outside_value(tr, x) for x in obj])
            return found if obj.__class__ is not tuple else outside_value(tr, obj)
        if loop is None or kwargs or len(args) != loop.__code__.co_argcount or any(v.kind() is not ty.Str for v in args):
            tr.error(
                f"str.{name}() of strs that are not known at compile time is not supported here",
                "Text can be compared, read by character, printed, and used in messages of exceptions (f-strings).",
            )
        return tr.call_python(loop, args, inline=False)

    registry.methods[ty.Str, name] = handler


_NAMES = (
    "capitalize casefold center count encode endswith expandtabs find format index isalnum isalpha isascii isdecimal isdigit "
    "isidentifier islower isnumeric isprintable isspace istitle isupper join ljust lower lstrip partition removeprefix "
    "removesuffix replace rfind rindex rjust rpartition rsplit rstrip split splitlines startswith strip swapcase title translate "
    "upper zfill"
)
for _name in _NAMES.split():
    fold(_name)


@registry.entry(registry.truth, ty.Str)
def truth(tr: Translator, v: Any) -> int | bool:
    """``bool(s)``."""
    return bool(v.obj) if v.__class__ is Const else tr.icmp("ne", v.ssa[2], tr.iconst(0))


@registry.entry(registry.methods, (ty.Str, "__len__"))
def length(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``len(s)``."""
    v: Any = args[0]
    return Const(len(v.obj)) if v.__class__ is Const else Val(ty.py_int, (v.ssa[2],))


# -- text --------------------------------------------------------------------------------------------------------------------------


@registry.call(str)
def make_text(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``str(x)``: text that can be printed, raised and asserted."""
    if kwargs or len(args) > 1:
        tr.error("str() takes one value", "Encodings are not supported.")
    if not args:
        return Const("")
    if args[0].kind() is ty.Str:
        return args[0]
    return format_value(tr, args[0], "", None)


@registry.call(repr)
def make_repr(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``repr(x)``: as `make_text`."""
    return format_value(tr, args[0], "r", None)


@registry.entry(registry.methods, (ty.Str, "format"))
def formatted(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``"...".format(...)``: the text of an f-string."""
    import string as python_string

    text, *values = args
    if text.__class__ is not Const:
        tr.error("str.format() of a str that is not known at compile time is not supported", "Write the format out.")
    pieces: list[Value] = []
    number = 0
    for literal, name, spec, conversion in python_string.Formatter().parse(text.obj):
        pieces.append(Const(literal))
        if name is None:
            continue
        if name == "":
            name, number = str(number), number + 1
        found = values[int(name)] if name.isdigit() and int(name) < len(values) else kwargs.get(name)
        if found is None or "{" in (spec or ""):
            tr.error(f"the field {name!r} of this format is not supported", "Use an f-string.")
        pieces.append(format_value(tr, found, conversion or "", Const(spec) if spec else None))
    return join_text(tr, pieces)


def _put_together(tr: Translator, a: Value, b: Value) -> Value:
    return join_text(tr, [a, b])


for _left, _right in ((Text, Text), (Text, ty.Str), (ty.Str, Text)):
    registry.operator(registry.binary, "+", _left, _right)(_put_together)
