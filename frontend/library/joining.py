"""Arrays put together or repeated: concatenate, stack and their kin, append, roll, repeat, tile, take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.types import I64
from jitpy.frontend.library import casts, elementwise_loops, indexing, indexing_fancy, reductions, registry, views_reshape
from jitpy.frontend.library.arrays_arguments import axis_of, bind, checked_axis, constant, integers_of, is_none, sequence
from jitpy.frontend.library.arrays_shape import add, allocate, array, differ, extents, is_array, maximum, mul
from jitpy.frontend.library.constructors_nested import as_array
from jitpy.frontend.types import promotion
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Const, TupleVal, Val, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jitpy.frontend.translate.translator import Translator

Parts = tuple[int, ...]


def _arrays(tr: Translator, v: Value, name: str) -> list[Val]:
    items = sequence(v)
    if items is not None:
        found = [as_array(tr, i) for i in items.items]
    elif v.kind() is ty.List:
        tr.error(f"np.{name} wants its arrays in a tuple here", f"Write np.{name}((a, b))..")
    else:
        tr.error(f"np.{name} wants a tuple of arrays")
    if not found:
        tr.check(True, ValueError, "need at least one array to concatenate")
        tr.error("need at least one array to concatenate")
    return found


def copy_into(tr: Translator, out: Val, v: Val) -> None:
    """Copy an array into one of the same shape that does not overlap it, converting."""
    source, target = v.type.dtype, out.type.dtype
    elementwise_loops.nest(
        tr, extents(out), "C",
        lambda at: indexing.store_parts(tr, out, at, casts.cast(tr, indexing.load_parts(tr, v, at), source, target)),
    )  # fmt: skip


def concatenated(tr: Translator, arrays: Sequence[Val], axis: int) -> Val:
    """The arrays one behind the other along ``axis``."""
    types: list[ty.Array] = [v.type for v in arrays]
    ndim = types[0].ndim
    if any(t.ndim != ndim for t in types):
        tr.error("all the input arrays must have the same number of dimensions")
    if ndim == 0:
        tr.error("zero-dimensional arrays cannot be concatenated")
    dtype = promotion.common([t.dtype for t in types])
    shape = list(extents(arrays[0]))
    for v in arrays[1:]:
        for k, n in enumerate(extents(v)):
            if k != axis:
                tr.check(
                    differ(tr, n, shape[k]), ValueError,
                    "all the input array dimensions except for the concatenation axis must match exactly",
                )  # fmt: skip
        shape[axis] = add(tr, shape[axis], extents(v)[axis])
    order = "F" if ndim > 1 and all(t.layout == "F" for t in types) else "C"
    out = allocate(tr, dtype, shape, order, True)
    at = tr.iconst(0)
    steps = indexing.steps_of(tr, out)
    for v in arrays:
        n = extents(v)[axis]
        part = [*shape[:axis], n, *shape[axis + 1 :]]
        data = add(tr, out.ssa[1], mul(tr, at, steps[axis]))
        layout = "C" if axis == 0 and order == "C" else "A"
        copy_into(tr, indexing.derived(tr, out, ndim, layout, data, part, steps), v)
        at = add(tr, at, n)
    return out


def stacked(tr: Translator, arrays: Sequence[Val], axis: int) -> Val:
    """The arrays along a new axis; all have one shape."""
    items: list[Value] = [indexing.FULL] * arrays[0].type.ndim
    items.insert(axis, Const(None))
    first = extents(arrays[0])
    for v in arrays[1:]:
        for n, m in zip(first, extents(v), strict=False):
            tr.check(differ(tr, n, m), ValueError, "all input arrays must have the same shape")
    return concatenated(tr, [indexing.view(tr, v, items) for v in arrays], axis)


@registry.call(np.concatenate)
def _concatenate(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    arrays, axis = bind(tr, "np.concatenate", args, kwargs, "arrays axis")
    assert arrays is not None
    found = _arrays(tr, arrays, "concatenate")
    if axis is not None and is_none(axis):
        return concatenated(tr, [views_reshape.raveled(tr, v) for v in found], 0)
    return concatenated(tr, found, axis_of(tr, axis, found[0].type.ndim, 0) or 0)


@registry.call(np.stack)
def _stack(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    arrays, axis = bind(tr, "np.stack", args, kwargs, "arrays axis")
    assert arrays is not None
    found = _arrays(tr, arrays, "stack")
    return stacked(tr, found, axis_of(tr, axis, found[0].type.ndim + 1, 0) or 0)


def _at_least(tr: Translator, v: Val, ndim: int, column: bool = False) -> Val:
    items: list[Value] = [indexing.FULL] * v.type.ndim
    while len(items) < ndim:
        items.insert(len(items) if column else 0, Const(None))
    return v if ndim <= v.type.ndim else indexing.view(tr, v, items)


def _stacker(name: str, least: int, axis: int, column: bool = False) -> Callable[..., Value]:
    def handler(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
        found = [_at_least(tr, v, least, column) for v in _arrays(tr, args[0], name)]
        along = 0 if found[0].type.ndim == 1 else axis
        return concatenated(tr, found, along)

    return handler


registry.call(np.vstack)(_stacker("vstack", 2, 0))
registry.call(np.hstack)(_stacker("hstack", 1, 1))


@registry.call(np.dstack)
def _dstack(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return concatenated(tr, [_at_least(tr, _at_least(tr, v, 2), 3, True) for v in _arrays(tr, args[0], "dstack")], 2)


registry.call(np.column_stack)(_stacker("column_stack", 2, 1, True))


@registry.call(np.append)
def _append(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    a, values, axis = bind(tr, "np.append", args, kwargs, "arr values axis", 2)
    assert a is not None and values is not None
    pair = [as_array(tr, a), as_array(tr, values)]
    if is_none(axis):
        return concatenated(tr, [_at_least(tr, views_reshape.raveled(tr, v) if v.type.ndim else v, 1) for v in pair], 0)
    return concatenated(tr, pair, axis_of(tr, axis, pair[0].type.ndim) or 0)


@registry.call(np.roll)
def _roll(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    a, shift, axis = bind(tr, "np.roll", args, kwargs, "a shift axis", 2)
    assert a is not None and shift is not None
    v = as_array(tr, a)
    ndim: int = v.type.ndim
    axes = constant(tr, axis, "the axis")
    if axes.__class__ is tuple:
        shifts = sequence(shift)
        by = shifts.items if shifts is not None else (shift,) * len(axes)
        if len(by) != len(axes):
            tr.error("np.roll: as many shifts as axes are needed")
        for one, k in zip(by, axes, strict=True):
            v = _rolled(tr, v, one, checked_axis(tr, k, ndim))
        return v
    if is_none(axis) and ndim != 1:
        rolled = _rolled(tr, views_reshape.raveled(tr, v), shift, 0)
        return views_reshape.reshaped(tr, rolled, list(extents(v)))
    return _rolled(tr, v, shift, axis_of(tr, axis, ndim, 0) or 0)


def _rolled(tr: Translator, v: Val, shift: Value, axis: int) -> Val:
    n = extents(v)[axis]
    by = integers_of(tr, shift, "the shift")[0]
    some = maximum(tr, n, tr.iconst(1))
    # Where the first element goes: shift modulo n, not negative.
    rest = tr.op(op.SREM_PROVEN, I64, by, some)
    first = tr.select(tr.icmp("slt", rest, tr.iconst(0)), add(tr, rest, some), rest)
    out = allocate(tr, v.type.dtype, extents(v))
    split = tr.op(op.ISUB, I64, n, first)
    split = maximum(tr, split, tr.iconst(0))
    zero = tr.iconst(0)
    for low, target, count in ((zero, first, split), (split, zero, tr.op(op.ISUB, I64, n, split))):
        copy_into(tr, _piece(tr, out, axis, target, count), _piece(tr, v, axis, low, count))
    return out


def _piece(tr: Translator, v: Val, axis: int, low: int, count: int) -> Val:
    """The positions low .. low + count - 1 along an axis."""
    t: ty.Array = v.type
    steps = indexing.steps_of(tr, v)
    data = add(tr, v.ssa[1], mul(tr, low, steps[axis]))
    shape = [*extents(v)[:axis], count, *extents(v)[axis + 1 :]]
    layout = t.layout if (t.layout == "C" and axis == 0) or t.ndim == 1 else "A"
    return indexing.derived(tr, v, t.ndim, layout, data, shape, steps)


def places(repeats: Any, size: int) -> Any:
    """Each position 0 .. size - 1 as often as ``repeats`` says."""
    if repeats.size != size and repeats.size != 1:
        raise ValueError("operands could not be broadcast together")
    total = 0
    for k in range(size):
        n = int(repeats[k if repeats.size > 1 else 0])
        if n < 0:
            raise ValueError("repeats may not contain negative values.")
        total += n
    out = np.empty(total, np.int64)
    at = 0
    for k in range(size):
        for _ in range(int(repeats[k if repeats.size > 1 else 0])):
            out[at] = k
            at += 1
    return out


@registry.entry(registry.methods, (ty.Array, "repeat"))
@registry.call(np.repeat)
def _repeat(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    a, repeats, axis = bind(tr, "np.repeat", args, kwargs, "a repeats axis", 2)
    assert a is not None and repeats is not None
    v = as_array(tr, a)
    if is_none(axis):
        v = views_reshape.raveled(tr, _at_least(tr, v, 1))
    at = axis_of(tr, axis, v.type.ndim, 0) or 0
    if is_array(repeats) or sequence(repeats) is not None:
        size = Val(ty.py_int, (extents(v)[at],))
        return indexing_fancy.take(tr, v, tr.val(tr.call_python(places, (as_array(tr, repeats), size), inline=False)), at)
    count = integers_of(tr, repeats, "the number of repeats")[0]
    tr.check(tr.icmp("slt", count, tr.iconst(0)), ValueError, "repeats may not contain negative values.")
    # A new axis of stride 0 behind the repeated one; the copy makes both one.
    shape, steps = list(extents(v)), indexing.steps_of(tr, v)
    spread = indexing.derived(
        tr, v, len(shape) + 1, "A", v.ssa[1], [*shape[: at + 1], count, *shape[at + 1 :]],
        [*steps[: at + 1], tr.iconst(0), *steps[at + 1 :]],
    )  # fmt: skip
    out = allocate(tr, v.type.dtype, extents(spread), "C", True)
    copy_into(tr, out, spread)
    return views_reshape.reshaped(tr, out, [*shape[:at], mul(tr, shape[at], count), *shape[at + 1 :]])


@registry.call(np.tile)
def _tile(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    a, reps = bind(tr, "np.tile", args, kwargs, "A reps", 2)
    assert a is not None and reps is not None
    v = as_array(tr, a)
    counts = integers_of(tr, reps, "reps")
    v = _at_least(tr, v, len(counts))
    shape, steps = extents(v), indexing.steps_of(tr, v)
    counts = [tr.iconst(1)] * (len(shape) - len(counts)) + counts
    wide: list[int] = []
    wide_steps: list[int] = []
    for n, s, c in zip(shape, steps, counts, strict=True):
        wide.extend((maximum(tr, c, tr.iconst(0)), n))
        wide_steps.extend((tr.iconst(0), s))
    spread = indexing.derived(tr, v, len(wide), "A", v.ssa[1], wide, wide_steps)
    out = allocate(tr, v.type.dtype, wide, "C", True)
    copy_into(tr, out, spread)
    return views_reshape.reshaped(tr, out, [mul(tr, wide[2 * k], n) for k, n in enumerate(shape)])


@registry.entry(registry.methods, (ty.Array, "take"))
@registry.call(np.take)
def _take(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    a, indices, axis, out, mode_value = bind(tr, "np.take", args, kwargs, "a indices axis out mode", 2)
    if not is_none(out):
        tr.error("np.take with out= is not supported", "Assign the result instead.")
    assert a is not None and indices is not None
    v = as_array(tr, a)
    if is_none(axis):
        v = views_reshape.raveled(tr, v)
    at = checked_axis(tr, constant(tr, axis, "the axis", 0) or 0, v.type.ndim)
    mode = constant(tr, mode_value, "the mode", "raise")
    if mode != "raise":
        extent = Val(ty.py_int, (extents(v)[at],))
        if indices.kind() is not ty.Scalar:
            indices = as_array(tr, indices, ty.int64)
        if mode == "wrap":
            indices = tr.call(Const(np.remainder), [indices, extent])
        else:
            indices = tr.call(Const(np.clip), [indices, Const(0), tr.binary("-", extent, Const(1))])
    if indices.kind() is ty.Scalar:
        items: list[Value] = [indexing.FULL] * v.type.ndim
        items[at] = indices
        return tr.getitem(v, TupleVal(tuple(items)))
    return indexing_fancy.take(tr, v, array(tr, as_array(tr, indices)), at)


__all__ = ["concatenated", "copy_into", "reductions", "stacked"]
