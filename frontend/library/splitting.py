"""Arrays cut into views along an axis: split, array_split, vsplit, hsplit, dsplit. How many is known while compiling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.types import I64
from jitpy.frontend.library import indexing, registry
from jitpy.frontend.library.arrays_arguments import axis_of, bind, integers_of, sequence
from jitpy.frontend.library.arrays_shape import add, extents, minimum, mul, sub
from jitpy.frontend.library.constructors_nested import as_array
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Compound, Const, SliceVal, TupleVal, Val, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from jitpy.frontend.translate.translator import Translator


class Pieces(Compound):
    """The list that a split gives: unpacked, indexed by constants, iterated like a tuple."""

    __slots__ = ("items",)

    def __init__(self, items: tuple[Value, ...]) -> None:
        self.items = items

    def children(self) -> tuple[Value, ...]:
        return self.items

    def rebuild(self, children: tuple[Value, ...]) -> Value:
        return Pieces(children)

    def describe(self) -> str:
        return "list of arrays"


def _as_tuple(table: Any) -> None:
    """What a table says of tuples holds for the pieces."""
    handler = registry.find(table, TupleVal)
    assert handler is not None
    table[Pieces] = lambda tr, v, *rest: handler(tr, TupleVal(v.items), *rest)


for _table in (registry.unpack, registry.getitem, registry.iterate):
    _as_tuple(_table)
registry.methods[Pieces, "__len__"] = lambda tr, args, kwargs: Const(len(args[0].items))


def _edges(tr: Translator, n: int, sections: Value, even: bool) -> list[Value]:
    """Where to cut, the ends included: equal parts (the first ones longer by one where that does not come out even), or places."""
    none: Value = Const(None)
    if sections.kind() is not ty.Scalar:
        if sequence(sections) is None:
            tr.error("the places to split at must be written as a list or tuple here", "Slice the array: a[:i], a[i:j], a[j:].")
        return [none, *[Val(ty.py_int, (k,)) for k in integers_of(tr, sections, "the places")], none]
    if sections.__class__ is not Const:
        tr.error("the number of parts must be a constant here", "Slice the array in a loop.")
    parts: int = sections.obj
    if parts <= 0:
        tr.check(True, ValueError, "number sections must be larger than 0.")
        parts = 1
    count = tr.iconst(parts)
    each = tr.op(op.UDIV_PROVEN, I64, n, count)
    more = sub(tr, n, mul(tr, each, count))
    if even:
        tr.check(tr.icmp("ne", more, tr.iconst(0)), ValueError, "array split does not result in an equal division")
        more = tr.iconst(0)
    at = [add(tr, mul(tr, tr.iconst(k), each), minimum(tr, tr.iconst(k), more)) for k in range(parts)]
    return [*[Val(ty.py_int, (k,)) for k in at], none]


def _cut(tr: Translator, v: Val, sections: Value, axis: int, even: bool) -> Value:
    edges = _edges(tr, extents(v)[axis], sections, even)
    items: list[Value] = [indexing.FULL] * v.type.ndim
    parts: list[Value] = []
    for k in range(len(edges) - 1):
        items[axis] = SliceVal(edges[k], edges[k + 1], Const(None))
        parts.append(indexing.view(tr, v, items))
    return Pieces(tuple(parts))


def _splitter(name: str, even: bool, axis: int | None) -> Callable[..., Value]:
    def handler(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
        parameters = "ary indices_or_sections axis" if axis is None else "ary indices_or_sections"
        a, sections, *rest = bind(tr, f"np.{name}", args, kwargs, parameters, 2)
        assert a is not None and sections is not None
        v = as_array(tr, a)
        ndim: int = v.type.ndim
        along = axis_of(tr, rest[0], ndim, 0) if rest else axis
        if name == "hsplit" and ndim == 1:
            along = 0
        if along is None or along >= ndim:
            tr.error(f"np.{name} needs an array of more dimensions, not {v.type.name}")
        return _cut(tr, v, sections, along, even)

    return handler


registry.call(np.split)(_splitter("split", True, None))
registry.call(np.array_split)(_splitter("array_split", False, None))
registry.call(np.vsplit)(_splitter("vsplit", True, 0))
registry.call(np.hsplit)(_splitter("hsplit", True, 1))
registry.call(np.dsplit)(_splitter("dsplit", True, 2))
