"""Strs: constants and arguments that are compared, measured, passed on and returned.

A run-time str is (object, address of its characters, length, bytes per character). Two constants are compared now; otherwise
lengths come first, then the characters one by one in a loop, each read at its own width.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import opcodes as o
from jitpy.backend.ir.types import I8, I16, I32, I64
from jitpy.frontend.library import registry
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Const, Val, Value

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


@registry.operator(registry.compare, "in", ty.Str, ty.Str)
def contains(tr: Translator, a: Value, b: Value) -> Value:
    """``part in text`` of constants."""
    if a.__class__ is Const and b.__class__ is Const:
        return Const(a.obj in b.obj)
    tr.error("'in' between strs is supported for constants only", "Compare with == instead.")


@registry.operator(registry.binary, "+", ty.Str, ty.Str)
def concat(tr: Translator, a: Value, b: Value) -> Value:
    """Constants only."""
    if a.__class__ is Const and b.__class__ is Const:
        return Const(a.obj + b.obj)
    tr.error("making strs at run time is not supported", "An f-string can be raised, printed or asserted.")


@registry.entry(registry.truth, ty.Str)
def truth(tr: Translator, v: Any) -> int | bool:
    """``bool(s)``."""
    return bool(v.obj) if v.__class__ is Const else tr.icmp("ne", v.ssa[2], tr.iconst(0))


@registry.entry(registry.methods, (ty.Str, "__len__"))
def length(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``len(s)``."""
    v: Any = args[0]
    return Const(len(v.obj)) if v.__class__ is Const else Val(ty.py_int, (v.ssa[2],))
