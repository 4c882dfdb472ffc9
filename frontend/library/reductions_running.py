"""Running sums and products, and differences of neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jitpy.frontend.library import elementwise, elementwise_loops, indexing, reductions, registry, views_reshape
from jitpy.frontend.library.arrays_arguments import axis_of, bind, constant, dtype_of, is_none
from jitpy.frontend.library.arrays_shape import allocate, array, extents
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Const, SliceVal, Val, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from jitpy.frontend.translate.translator import Translator

Parts = tuple[int, ...]


def _running(name: str) -> Callable[..., Value]:
    def handler(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
        a, axis, dtype, out = bind(tr, f"np.cum{name}", args, kwargs, "a axis dtype out")
        if not is_none(out):
            tr.error(f"np.cum{name} with out= is not supported", "Assign the result to a slice instead.")
        v = array(tr, reductions._source(tr, a, name))
        fold = reductions.fold_of(name, v.type.dtype, dtype_of(tr, dtype))
        at = axis_of(tr, axis, v.type.ndim)
        if at is None:
            v, at = views_reshape.raveled(tr, v), 0
        return along(tr, v, at, fold)

    return handler


def along(tr: Translator, v: Val, axis: int, fold: reductions.Fold) -> Val:
    """The running results of a fold along one axis."""
    t: ty.Array = v.type
    shape = extents(v)
    out = allocate(tr, fold.dtype, shape, "F" if t.layout == "F" and t.ndim > 1 else "C")

    def one(indices: list[int]) -> None:
        source, target = reductions.line_at(tr, v, axis, indices), reductions.line_at(tr, out, axis, indices)

        def some() -> Parts:
            zero = tr.iconst(0)
            first = fold.load(tr, t.dtype, indexing.load_parts(tr, source, (zero,)))
            indexing.store_parts(tr, target, (zero,), first)

            def body(i: int, state: Parts) -> Parts:
                element = fold.load(tr, t.dtype, indexing.load_parts(tr, source, (i,)))
                result = fold.step(tr, state, element)
                indexing.store_parts(tr, target, (i,), result)
                return result

            tr.loop(source.ssa[2], body, first, tr.iconst(1))
            return ()

        tr.branch(tr.icmp("ne", source.ssa[2], tr.iconst(0)), some, lambda: (), ())

    elementwise_loops.nest(tr, reductions._without(shape, axis), "C", one)
    return out


for _name, _function in (("sum", np.cumsum), ("prod", np.cumprod)):
    _handler = _running(_name)
    registry.call(_function)(_handler)
    registry.methods[ty.Array, "cum" + _name] = _handler


@registry.call(np.diff)
def _diff(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    a, n, axis = bind(tr, "np.diff", args, kwargs, "a n axis")
    order = constant(tr, n, "n", 1)
    v: Value = reductions._source(tr, a, "diff")
    ndim: int = v.type.ndim
    if not ndim:
        tr.error("np.diff requires input that is at least one dimensional")
    at = axis_of(tr, axis, ndim, ndim - 1)
    assert at is not None
    none = Const(None)
    for _ in range(order):
        whole = array(tr, v)
        later: list[Value] = [indexing.FULL] * ndim
        earlier: list[Value] = [indexing.FULL] * ndim
        later[at] = SliceVal(Const(1), none, none)
        earlier[at] = SliceVal(none, Const(-1), none)
        ufunc = np.not_equal if whole.type.dtype.kind == "b" else np.subtract
        v = elementwise.apply(tr, ufunc, (indexing.view(tr, whole, later), indexing.view(tr, whole, earlier)))
    return v
