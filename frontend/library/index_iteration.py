"""``np.ndindex`` and ``np.ndenumerate``: all indices of a shape in C order, by division."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.types import I64
from jitpy.frontend.library import indexing, registry
from jitpy.frontend.library.arrays_arguments import integers_of
from jitpy.frontend.library.arrays_shape import array, extents, mul, product, sub
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Compound, Iterator, TupleVal, Val, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jitpy.frontend.translate.translator import Translator


def positions(tr: Translator, k: int, shape: Sequence[int]) -> list[int]:
    """The indices of element ``k`` of an array of that shape, in C order."""
    found: list[int] = []
    for n in reversed(shape[1:]):
        rest = tr.op(op.UDIV_PROVEN, I64, k, n)
        found.append(sub(tr, k, mul(tr, rest, n)))
        k = rest
    return [k, *reversed(found)] if shape else []


class Indices(Compound):
    """All indices of a shape; with an array (or nothing) whose elements come along."""

    __slots__ = ("array", "shape")

    def __init__(self, shape: tuple[Value, ...], array: Value | None) -> None:
        self.shape = shape
        self.array = array

    def children(self) -> tuple[Value, ...]:
        return self.shape if self.array is None else (*self.shape, self.array)

    def rebuild(self, children: tuple[Value, ...]) -> Value:
        if self.array is None:
            return Indices(children, None)
        return Indices(children[:-1], children[-1])

    def static(self) -> Any:
        return len(self.shape), self.array is None

    def describe(self) -> str:
        return "np.ndindex" if self.array is None else "np.ndenumerate"


@registry.call(np.ndindex)
def _ndindex(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    shape = integers_of(tr, args[0] if len(args) == 1 else TupleVal(tuple(args)), "the shape")
    for n in shape:
        tr.check(tr.icmp("slt", n, tr.iconst(0)), ValueError, "negative dimensions are not allowed")
    return Indices(tuple([Val(ty.py_int, (n,)) for n in shape]), None)


@registry.call(np.ndenumerate)
def _ndenumerate(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    from jitpy.frontend.library.constructors_nested import as_array

    v = as_array(tr, args[0])
    return Indices(tuple([Val(ty.py_int, (n,)) for n in extents(v)]), v)


@registry.entry(registry.sequence, Indices)
def _sequence(tr: Translator, indices: Any) -> tuple[int, Any]:
    size = product(tr, [tr.val(n).ssa[0] for n in indices.shape])
    tr.bound(size, 0, 1 << 62)

    def item(tr: Translator, indices: Any, k: int) -> Value:
        at = positions(tr, k, [tr.val(n).ssa[0] for n in indices.shape])
        index = TupleVal(tuple([Val(ty.py_int, (i,)) for i in at]))
        if indices.array is None:
            return index
        return TupleVal((index, indexing.load(tr, array(tr, indices.array), at)))

    return size, item


@registry.entry(registry.iterate, Indices)
def _iterate(tr: Translator, indices: Value) -> Iterator:
    from jitpy.frontend.library import positions

    return positions.iterate_sequence(tr, indices)
