"""Reductions: sum, prod, min, max, all, any, count_nonzero, mean, var, std, ptp, argmin, argmax, along all axes or one.

A reduction over everything runs along memory; along an axis either each line is reduced in registers (the axis that is innermost in
memory) or the result is an array of accumulators that rows are added to, as NumPy does it; float sums along lines follow
`reductions_lines`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.types import I8, I64
from jitpy.frontend.library import casts, elementwise, elementwise_loops, indexing, reductions_lines, registry, ufuncs_scalar
from jitpy.frontend.library.arrays_arguments import axis_of, bind, checked_axis, constant, dtype_of, flag, is_none
from jitpy.frontend.library.arrays_shape import (
    add,
    allocate,
    array,
    both,
    extents,
    is_array,
    itemsize,
    known,
    maximum,
    minimum,
    mul,
    negate,
    product,
    strides,
    sub,
)
from jitpy.frontend.library.constructors import fill_parts, flat_view
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Const, TupleVal, Val, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jitpy.frontend.translate.translator import Translator

Parts = tuple[int, ...]


class Fold:
    """A reduction by one operation: ``step(tr, accumulator, element)`` in ``dtype``, from ``start`` (None: the first element)."""

    __slots__ = ("dtype", "load", "name", "pairwise", "start", "step")

    def __init__(
        self, name: str, dtype: ty.Scalar, start: Any, step: Callable[[Translator, Parts, Parts], Parts],
        load: Callable[[Translator, ty.Scalar, Parts], Parts], pairwise: bool = False,
    ) -> None:  # fmt: skip
        self.name = name
        self.dtype = dtype
        self.start = start
        self.step = step
        self.load = load  # an element as the step takes it
        self.pairwise = pairwise


def _ufunc_step(ufunc: Any, t: ty.Scalar) -> Callable[[Translator, Parts, Parts], Parts]:
    return lambda tr, a, b: ufuncs_scalar.emit(tr, ufunc, (t, t, t), (a, b))[0]


def _sum_type(t: ty.Scalar) -> ty.Scalar:
    """What sums and products of an element type are in: at least 64 bits for integers."""
    if t.kind == "b" or (t.kind == "i" and t.bits < 64):
        return ty.int64
    return ty.uint64 if t.kind == "u" else t


def fold_of(name: str, t: ty.Scalar, dtype: ty.Scalar | None = None) -> Fold:
    """The fold of a named reduction over elements of type ``t``; ``dtype`` is that of the result where the user said it."""
    if name in ("sum", "prod"):
        target = dtype or _sum_type(t)
        combine: Any = np.add if name == "sum" else np.multiply
        return Fold(
            name, target, 0 if name == "sum" else 1, _ufunc_step(combine, target),
            lambda tr, s, p: casts.cast(tr, p, s, target), name == "sum" and target.kind in "fc",
        )  # fmt: skip
    if name in ("min", "max"):
        ufunc: Any = np.minimum if name == "min" else np.maximum
        return Fold(name, t, None, _ufunc_step(ufunc, t), lambda tr, s, p: p)
    truth = lambda tr, s, p: (casts.is_true(tr, s, p),)  # noqa: E731
    if name == "count_nonzero":
        return Fold(
            name, ty.int64, 0, lambda tr, a, b: (tr.op(op.IADD, I64, a[0], b[0]),),
            lambda tr, s, p: (tr.op(op.UEXTEND, I64, casts.is_true(tr, s, p)),),
        )  # fmt: skip
    opcode = op.BAND if name == "all" else op.BOR
    return Fold(name, ty.np_bool, int(name == "all"), lambda tr, a, b: (tr.op(opcode, I8, a[0], b[0]),), truth)


_IDENTITY = {"min": "minimum", "max": "maximum"}


def check_not_empty(tr: Translator, fold_name: str, empty: int | bool) -> None:
    """ValueError where there is nothing to reduce and no value for nothing."""
    name = _IDENTITY.get(fold_name, fold_name)
    tr.check(empty, ValueError, f"zero-size array to reduction operation {name} which has no identity")


# -- over everything ---------------------------------------------------------------------------------------------------


def memory_order(tr: Translator, v: Val) -> Val:
    """The array with its axes in the order of their strides, largest first (C order where they are equal)."""
    t: ty.Array = v.type
    if t.layout == "C" or t.ndim < 2:
        return v
    shape, steps = list(extents(v)), indexing.steps_of(tr, v)
    if t.layout == "F":
        shape.reverse()
        steps.reverse()
        return Val(ty.array_of(t.dtype, t.ndim, "C", t.readonly), (*v.ssa[:2], *shape, *steps))
    sizes = [s if (k := known(tr, s)) is not None and k >= 0 else tr.op(op.IABS, I64, s) for s in steps]
    for end in range(t.ndim - 1, 0, -1):
        for k in range(end):
            if known(tr, sizes[k + 1]) == itemsize(t):
                continue
            swap = tr.icmp("slt", sizes[k], sizes[k + 1])
            for values in (shape, steps, sizes):
                a, b = values[k], values[k + 1]
                values[k], values[k + 1] = tr.select(swap, b, a), tr.select(swap, a, b)
    return Val(ty.array_of(t.dtype, t.ndim, "A", t.readonly), (*v.ssa[:2], *shape, *steps))


def reduce_all(tr: Translator, v: Val, fold: Fold) -> Val:
    """The reduction of all elements to a scalar."""
    t: ty.Array = v.type
    if fold.start is None:
        n = product(tr, extents(v))
        size = known(tr, n)
        check_not_empty(tr, fold.name, size == 0 if size is not None else tr.icmp("eq", n, tr.iconst(0)))
    if t.ndim == 0:
        return Val(fold.dtype, fold.load(tr, t.dtype, indexing.load_parts(tr, v, ())))
    if t.layout != "A" or t.ndim == 1:
        line = flat_view(tr, memory_order(tr, v))
        if fold.pairwise:
            return reductions_lines.line_sum(tr, line, fold.dtype)
        if fold.name in ("all", "any"):
            return Val(fold.dtype, _fold_until(tr, line, fold))
        return Val(fold.dtype, _fold_line(tr, line, fold))
    ordered = memory_order(tr, v)
    if fold.pairwise:
        return sum_scattered(tr, ordered, fold)
    if fold.dtype is ty.float16 and fold.name == "prod":
        from jitpy.frontend.library import views

        return reduce_all(tr, views.copied(tr, ordered), fold)
    first = fold.load(tr, t.dtype, indexing.load_parts(tr, v, [tr.iconst(0)] * t.ndim)) if fold.start is None else None
    start = casts.constant_parts(tr, fold.start, fold.dtype) if first is None else first

    def level(k: int, indices: list[int], state: Parts) -> Parts:
        if k == t.ndim:
            element = fold.load(tr, t.dtype, indexing.load_parts(tr, ordered, indices))
            return fold.step(tr, state, element)
        return tr.loop(extents(ordered)[k], lambda i, s: level(k + 1, [*indices, i], s), state)

    return Val(fold.dtype, level(0, [], start))


def sum_scattered(tr: Translator, v: Val, fold: Fold) -> Val:
    """The sum of an array that may not be one line: through NumPy's buffer, which holds whole rows as far as they fit."""
    t: ty.Array = v.type
    copy = elementwise_loops.compute_general(tr, elementwise_loops.Tree(v), ty.array_of(t.dtype, t.ndim, "C"))
    dims = allocate(tr, ty.int64, (tr.iconst(2 * t.ndim),))
    for k, x in enumerate((*extents(v), *strides(v))):
        indexing.store_parts(tr, dims, (tr.iconst(k),), (x,))
    converts = reductions_lines.accumulator(t.dtype) is not reductions_lines.accumulator(fold.dtype)
    arguments = dims, Const(reductions_lines.BUFFER), Const(converts)
    plan = tr.unpack(tr.call_python(reductions_lines.buffer_plan, arguments, inline=False), 2)
    assert plan is not None  # a tuple of two
    line = flat_view(tr, copy)
    one = tr.iconst(1)
    whole = [Val(ty.py_int, (maximum(tr, tr.val(x).ssa[0], one),)) for x in plan]
    return reductions_lines.line_sum(tr, line, fold.dtype, tuple(whole))


def _fold_line(tr: Translator, line: Val, fold: Fold) -> Parts:
    """Reduce a line in registers, one element after the other; products of float16 in float32."""
    t: ty.Array = line.type
    count = line.ssa[2]
    if fold.dtype is ty.float16 and fold.name == "prod":
        wide = _fold_line(tr, line, fold_of("prod", t.dtype, ty.float32))
        return casts.cast(tr, wide, ty.float32, ty.float16)

    def element(i: int) -> Parts:
        return fold.load(tr, t.dtype, indexing.load_parts(tr, line, (i,)))

    if fold.start is None:
        return tr.loop(count, lambda i, s: fold.step(tr, s, element(i)), element(tr.iconst(0)), tr.iconst(1))
    start = casts.constant_parts(tr, fold.start, fold.dtype)
    return tr.loop(count, lambda i, s: fold.step(tr, s, element(i)), start)


#: Elements that all and any look at before they ask whether the answer is known.
STRIDE = 1024


def _fold_until(tr: Translator, line: Val, fold: Fold) -> Parts:
    """all and any of a line: no further than the answer is known, looked at in pieces."""
    count = line.ssa[2]
    start = casts.constant_parts(tr, fold.start, fold.dtype)

    def more(state: Parts) -> int:
        return tr.op(op.BAND, I8, tr.icmp("slt", state[0], count), tr.icmp("eq", state[1], start[0]))

    def piece(state: Parts) -> Parts:
        end = minimum(tr, add(tr, state[0], tr.iconst(STRIDE)), count)

        def body(i: int, found: Parts) -> Parts:
            return fold.step(tr, found, fold.load(tr, line.type.dtype, indexing.load_parts(tr, line, (i,))))

        return end, *tr.loop(end, body, state[1:], state[0])

    return tr.while_((tr.iconst(0), *start), more, piece)[1:]


# -- along an axis -----------------------------------------------------------------------------------------------------


def line_at(tr: Translator, v: Val, axis: int, indices: Sequence[int]) -> Val:
    """The line along ``axis`` at the indices of the other axes."""
    t: ty.Array = v.type
    steps = indexing.steps_of(tr, v)
    data = v.ssa[1]
    for i, s in zip(indices, steps[:axis] + steps[axis + 1 :], strict=True):
        data = add(tr, data, mul(tr, i, s))
    step = steps[axis]
    layout = "C" if known(tr, step) == itemsize(t) else "A"
    return Val(ty.array_of(t.dtype, 1, layout, t.readonly), (v.ssa[0], data, extents(v)[axis], step))


def _innermost(tr: Translator, v: Val, axis: int) -> int | bool:
    """Whether the axis is the innermost one in memory (extents of 1 do not count)."""
    t: ty.Array = v.type
    if t.ndim == 1:
        return True
    if t.layout == "C" or t.layout == "F":
        inner = t.ndim - 1 if t.layout == "C" else 0
        if axis == inner:
            return True
        # Only where all axes further in have one element.
        between = range(axis + 1, t.ndim) if t.layout == "C" else range(axis)
        result: int | bool = True
        for k in between:
            n = extents(v)[k]
            result = both(tr, result, known(tr, n) == 1 if known(tr, n) is not None else tr.icmp("eq", n, tr.iconst(1)))
        return result
    steps = indexing.steps_of(tr, v)
    if known(tr, steps[axis]) == itemsize(t) and axis == t.ndim - 1:
        return True
    size = tr.op(op.IABS, I64, steps[axis])
    result = True
    for k, s in enumerate(steps):
        if k != axis:
            other = tr.op(op.IABS, I64, s)
            smaller = tr.icmp("sle" if k < axis else "slt", size, other)
            single = tr.icmp("eq", extents(v)[k], tr.iconst(1))
            result = both(tr, result, tr.op(op.BOR, I8, smaller, single))
    return result


def _without(values: Sequence[int], axis: int) -> list[int]:
    return [*values[:axis], *values[axis + 1 :]]


def reduce_axis(tr: Translator, v: Val, axis: int, fold: Fold) -> Val:
    """The reduction along one axis: an array with one axis less."""
    t: ty.Array = v.type
    shape = _without(extents(v), axis)
    if fold.start is None:
        n = extents(v)[axis]
        empty = tr.icmp("eq", n, tr.iconst(0))
        some = tr.icmp("ne", product(tr, shape), tr.iconst(0))
        check_not_empty(tr, fold.name, tr.op(op.BAND, I8, empty, some))
    layout = "F" if t.layout == "F" and len(shape) > 1 else "C"
    out = allocate(tr, fold.dtype, shape, layout, fold.start is not None)

    def lines() -> Parts:
        def one(indices: list[int]) -> None:
            line = line_at(tr, v, axis, indices)
            if fold.pairwise:
                parts = reductions_lines.line_sum(tr, line, fold.dtype).ssa
            else:
                parts = _fold_line(tr, line, fold)
            indexing.store_parts(tr, out, indices, parts)

        elementwise_loops.nest(tr, shape, layout, one)
        return ()

    def rows() -> Parts:
        first = 0
        if fold.start is None:
            first = 1

            def begin(indices: list[int]) -> None:
                element = indexing.load_parts(tr, v, [*indices[:axis], tr.iconst(0), *indices[axis:]])
                indexing.store_parts(tr, out, indices, fold.load(tr, t.dtype, element))

            elementwise_loops.nest(tr, shape, layout, begin)
        else:
            fill_parts(tr, out, casts.constant_parts(tr, fold.start, fold.dtype))
        order = list(range(t.ndim)) if t.layout != "F" else list(range(t.ndim - 1, -1, -1))

        def level(k: int, indices: dict[int, int]) -> None:
            if k == t.ndim:
                at = [indices[a] for a in range(t.ndim)]
                inside = _without(at, axis)
                element = fold.load(tr, t.dtype, indexing.load_parts(tr, v, at))
                indexing.store_parts(tr, out, inside, fold.step(tr, indexing.load_parts(tr, out, inside), element))
                return
            a = order[k]

            def body(i: int, _: Parts) -> Parts:
                level(k + 1, {**indices, a: i})
                return ()

            tr.loop(extents(v)[a], body, (), tr.iconst(first) if a == axis and first else None)

        level(0, {})
        return ()

    inner = _innermost(tr, v, axis)
    if not fold.pairwise and inner.__class__ is not bool:
        inner = t.layout == "A" and axis == t.ndim - 1
    tr.branch(inner, lines, rows, ())
    return out


def merged_axes(tr: Translator, v: Val, axes: tuple[int, ...]) -> tuple[Val, int] | None:
    """Neighbouring axes of a contiguous array as one: the view and the merged axis. None where they cannot be merged."""
    t: ty.Array = v.type
    first, last = axes[0], axes[-1]
    if axes != tuple(range(first, last + 1)) or t.layout != "C":
        return None
    shape = extents(v)
    new_shape = (*shape[:first], product(tr, shape[first : last + 1]), *shape[last + 1 :])
    steps = indexing.steps_of(tr, v)
    # From the extents: the stride of an axis of extent 1 says nothing, also in C order.
    merged = mul(tr, tr.iconst(itemsize(t)), product(tr, shape[last + 1 :]))
    new_steps = (*steps[:first], merged, *steps[last + 1 :])
    view = Val(ty.array_of(t.dtype, len(new_shape), "C", t.readonly), (*v.ssa[:2], *new_shape, *new_steps))
    return view, first


def axes_of(tr: Translator, v: Value | None, ndim: int) -> tuple[int, ...] | None:
    """An axis argument: the sorted axes, None for all."""
    if is_none(v):
        return None
    axis = constant(tr, v, "the axis")
    items = axis if axis.__class__ is tuple else (axis,)
    axes = tuple(sorted([checked_axis(tr, a.__index__(), ndim) for a in items]))
    if len(set(axes)) < len(axes):
        tr.error("duplicate value in 'axis'")
    return None if len(axes) == ndim else axes


def keep(tr: Translator, v: Val, axes: Sequence[int]) -> Val:
    """The result with the reduced axes kept at extent 1."""
    t: ty.Array = v.type
    shape, steps = list(extents(v)), list(strides(v))
    for a in axes:
        shape.insert(a, tr.iconst(1))
        steps.insert(a, tr.iconst(0))
    layout = t.layout if t.ndim else "C"
    return indexing.derived(tr, v, len(shape), layout, v.ssa[1], shape, steps)


def as_zero_d(tr: Translator, s: Val) -> Val:
    """A scalar as a new array of no dimensions."""
    out = allocate(tr, s.type, ())
    indexing.store_parts(tr, out, (), s.ssa)
    return out


def reduce(tr: Translator, a: Value, axes: tuple[int, ...] | None, keepdims: bool, fold: Fold) -> Value:
    """The reduction with axes and keepdims."""
    v = array(tr, a)
    ndim: int = v.type.ndim
    if axes is None:
        scalar = reduce_all(tr, v, fold)
        return keep(tr, as_zero_d(tr, scalar), range(ndim)) if keepdims and ndim else scalar
    if len(axes) > 1:
        merged = merged_axes(tr, v, axes)
        if merged is None:
            from jitpy.frontend.library.reductions_axes import reduce_axes

            result = reduce_axes(tr, v, axes, fold)
        else:
            result = reduce_axis(tr, merged[0], merged[1], fold)
    else:
        result = reduce_axis(tr, v, axes[0], fold)
    return keep(tr, result, axes) if keepdims else result


def _source(tr: Translator, a: Value | None, name: str) -> Value:
    assert a is not None
    if is_array(a):
        return a
    if a.kind() is ty.Scalar:
        v = tr.val(a)
        t = v.type
        from jitpy.frontend.types.promotion import DEFAULT

        return as_zero_d(tr, Val(DEFAULT.get(t, t), v.ssa))
    from jitpy.frontend.library.constructors_nested import as_array

    return as_array(tr, a)


def _reduction(name: str, parameters: str) -> Callable[..., Value]:
    def handler(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
        given = dict(zip(parameters.split(), bind(tr, f"np.{name}", args, kwargs, parameters), strict=True))
        a = _source(tr, given["a"], name)
        t: ty.Scalar = a.type.dtype
        axes = axes_of(tr, given["axis"], a.type.ndim)
        dtype = dtype_of(tr, given.get("dtype"))
        fold = fold_of(name, t, dtype)
        initial = given.get("initial")
        if not is_none(initial):
            fold.start = _initial(tr, initial, fold)  # type: ignore[arg-type]
        result = reduce(tr, a, axes, flag(tr, given["keepdims"], "keepdims"), fold)
        return stored(tr, result, given.get("out"), name)

    return handler


def _initial(tr: Translator, initial: Value, fold: Fold) -> Any:
    """Where min and max begin, a number: then nothing has an extreme, too."""
    number = constant(tr, initial, "the initial value")
    if fold.dtype.kind in "iu":
        low, high = ufuncs_scalar.limits(fold.dtype)
        if not hasattr(number, "__index__") or not low <= number <= high:
            tr.error(f"the initial value must be an integer that {fold.dtype.name} holds")
        return int(number)
    return number


def stored(tr: Translator, result: Value, out: Value | None, name: str) -> Value:
    """``out=``: the result in an array of its shape and type."""
    if out is None or is_none(out):
        return result
    if not is_array(out) or out.type.dtype is not elementwise.element_type(result):
        tr.error(f"np.{name}: out must be an array of {elementwise.element_type(result).name}", "Assign the result instead.")
    ndim = result.type.ndim if is_array(result) else 0
    if out.type.ndim != ndim:
        tr.error(f"np.{name}: out must have {ndim} dimensions")
    from jitpy.frontend.library import elementwise_stores

    target = array(tr, out)
    indexing.writable(tr, target)
    elementwise_stores.assign(tr, target, result, "out")
    return target


def _register() -> None:
    for name, parameters, functions in (
        ("sum", "a axis dtype out keepdims", (np.sum,)), ("prod", "a axis dtype out keepdims", (np.prod,)),
        ("min", "a axis out keepdims initial", (np.min, np.amin)), ("max", "a axis out keepdims initial", (np.max, np.amax)),
        ("all", "a axis out keepdims", (np.all,)), ("any", "a axis out keepdims", (np.any,)),
        ("count_nonzero", "a axis keepdims", (np.count_nonzero,)),
    ):  # fmt: skip
        handler = _reduction(name, parameters)
        registry.call(*functions)(handler)
        if name != "count_nonzero":
            registry.methods[ty.Array, name] = handler


_register()


# -- mean and variance -------------------------------------------------------------------------------------------------


def _count(tr: Translator, v: Val, axes: tuple[int, ...] | None) -> Val:
    n = product(tr, extents(v) if axes is None else [extents(v)[a] for a in axes])
    return Val(ty.int64, (n,))


def _as(tr: Translator, v: Value, t: ty.Scalar) -> Value:
    """A scalar or array converted as astype does."""
    if is_array(v):
        return v if v.type.dtype is t else elementwise.cast_tree(tr, v, t)
    s = tr.val(v)
    return Val(t, casts.cast(tr, s.ssa, s.type, t))


def mean_of(tr: Translator, v: Val, axes: tuple[int, ...] | None, keepdims: bool, dtype: ty.Scalar | None) -> Value:
    """The mean: the sum divided by the count, float16 by way of float32, integers in float64."""
    t: ty.Scalar = v.type.dtype
    result = dtype or (ty.float64 if t.kind in "biu" else t)
    inner = dtype or (ty.float32 if t is ty.float16 else result)
    total = reduce(tr, v, axes, keepdims, fold_of("sum", t, inner))
    quotient = tr.binary("/", total, _count(tr, v, axes))
    return _as(tr, _as(tr, quotient, inner) if is_array(quotient) else quotient, result)


@registry.entry(registry.methods, (ty.Array, "mean"))
@registry.call(np.mean)
def _mean(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    a, axis, dtype, out, keepdims = bind(tr, "np.mean", args, kwargs, "a axis dtype out keepdims")
    v = array(tr, _source(tr, a, "mean"))
    axes = axes_of(tr, axis, v.type.ndim)
    return stored(tr, mean_of(tr, v, axes, flag(tr, keepdims, "keepdims"), dtype_of(tr, dtype)), out, "mean")


def variance(tr: Translator, args: list[Value], kwargs: dict[str, Value], name: str) -> tuple[Value, ty.Scalar]:
    """The mean squared distance from the mean, in two passes."""
    a, axis, dtype, out, ddof, keepdims = bind(tr, f"np.{name}", args, kwargs, "a axis dtype out ddof keepdims")
    v = array(tr, _source(tr, a, name))
    if not is_none(dtype) or not is_none(out):
        tr.error(f"np.{name} with dtype= or out= is not supported", "Convert with astype first.")
    t: ty.Scalar = v.type.dtype
    axes = axes_of(tr, axis, v.type.ndim)
    inner = ty.float64 if t.kind in "biu" else t
    count = _count(tr, v, axes)
    total = reduce(tr, v, axes, axes is not None, fold_of("sum", t, inner))
    mean = _as(tr, tr.binary("/", total, count), inner)
    distance = tr.settle(tr.binary("-", v, tr.settle(mean)))
    if inner.kind == "c":
        from jitpy.frontend.library import views

        if not is_array(distance):
            distance = as_zero_d(tr, tr.val(distance))

        real, imag = views.real(tr, distance), views.imag(tr, distance)
        square = tr.binary("+", tr.binary("*", real, real), tr.binary("*", imag, imag))
    else:
        square = tr.binary("*", distance, distance)
    if not is_array(square):
        square = as_zero_d(tr, tr.val(square))
    result_type = ty.float64 if t.kind in "biu" else elementwise.element_type(square)
    summed = reduce(tr, square, axes, flag(tr, keepdims, "keepdims"), fold_of("sum", result_type))
    n = count.ssa[0]
    less = constant(tr, ddof, "ddof", 0)
    if not float(less).is_integer():
        tr.error("ddof must be an integer here")
    if less:
        n = maximum(tr, sub(tr, n, tr.iconst(int(less))), tr.iconst(0))
    return _as(tr, tr.binary("/", summed, Val(ty.int64, (n,))), result_type), result_type


@registry.entry(registry.methods, (ty.Array, "var"))
@registry.call(np.var)
def _var(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return variance(tr, args, kwargs, "var")[0]


@registry.entry(registry.methods, (ty.Array, "std"))
@registry.call(np.std)
def _std(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    result, _t = variance(tr, args, kwargs, "std")
    return elementwise.apply(tr, np.sqrt, (result,)) if is_array(result) else ufuncs_scalar.element(tr, np.sqrt, (result,))


@registry.call(np.ptp)
def _ptp(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    a, axis, _out, keepdims = bind(tr, "np.ptp", args, kwargs, "a axis out keepdims")
    v = array(tr, _source(tr, a, "ptp"))
    t: ty.Scalar = v.type.dtype
    axes = axes_of(tr, axis, v.type.ndim)
    kept = flag(tr, keepdims, "keepdims")
    high = reduce(tr, v, axes, kept, fold_of("max", t))
    low = reduce(tr, v, axes, kept, fold_of("min", t))
    return tr.binary("-", high, low)


# -- positions of extremes ---------------------------------------------------------------------------------------------


def _is_better(tr: Translator, t: ty.Scalar, greater: bool, x: Parts, best: Parts) -> int:
    """Whether an element takes the place of the best one so far: it is beyond, or the first NaN."""
    better = ufuncs_scalar.emit(tr, np.greater if greater else np.less, (t, t, ty.np_bool), (x, best))[0][0]
    if t.kind not in "fc":
        return better
    nan, best_nan = (ufuncs_scalar.emit(tr, np.isnan, (t, ty.np_bool), (p,))[0][0] for p in (x, best))
    return tr.op(op.BAND, I8, tr.op(op.BOR, I8, better, nan), negate(tr, best_nan))


def _arg_rows(tr: Translator, v: Val, axis: int, greater: bool, out: Val) -> None:
    """Positions along an outer axis: rows of the array against the row of the best ones so far."""
    t: ty.Array = v.type
    shape = _without(extents(v), axis)
    best = allocate(tr, t.dtype, shape)
    zero = tr.iconst(0)

    def begin(at: list[int]) -> None:
        indexing.store_parts(tr, best, at, indexing.load_parts(tr, v, [*at[:axis], zero, *at[axis:]]))
        indexing.store_parts(tr, out, at, (zero,))

    def against(at: list[int]) -> None:
        where = _without(at, axis)
        x, y = indexing.load_parts(tr, v, at), indexing.load_parts(tr, best, where)
        better = _is_better(tr, t.dtype, greater, x, y)
        indexing.store_parts(tr, best, where, tuple([tr.select(better, p, q) for p, q in zip(x, y, strict=True)]))
        indexing.store_parts(tr, out, where, (tr.select(better, at[axis], indexing.load_parts(tr, out, where)[0]),))

    elementwise_loops.nest(tr, shape, "C", begin)
    elementwise_loops.nest(tr, extents(v), "C", against)


def _arg_line(tr: Translator, line: Val, greater: bool) -> Parts:
    """The position of the first extreme, or of the first NaN."""
    t: ty.Scalar = line.type.dtype

    def body(i: int, state: Parts) -> Parts:
        best, at = state[:-1], state[-1]
        x = indexing.load_parts(tr, line, (i,))
        better = _is_better(tr, t, greater, x, best)
        return (*[tr.select(better, p, q) for p, q in zip(x, best, strict=True)], tr.select(better, i, at))

    zero = tr.iconst(0)
    first = indexing.load_parts(tr, line, (zero,))
    return (tr.loop(line.ssa[2], body, (*first, zero), tr.iconst(1))[-1],)


def _arg(name: str, greater: bool) -> Callable[..., Value]:
    def handler(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
        a, axis, out, keepdims = bind(tr, f"np.{name}", args, kwargs, "a axis out keepdims")
        v = array(tr, _source(tr, a, name))
        t: ty.Array = v.type
        kept = flag(tr, keepdims, "keepdims")
        if not is_none(out):
            tr.error(f"np.{name} with out= is not supported")
        text = f"attempt to get {name} of an empty sequence"
        if is_none(axis):
            from jitpy.frontend.library import views_reshape

            line = views_reshape.raveled(tr, v)
            tr.check(tr.icmp("eq", line.ssa[2], tr.iconst(0)), ValueError, text)
            result = Val(ty.int64, _arg_line(tr, line, greater))
            return keep(tr, as_zero_d(tr, result), range(t.ndim)) if kept and t.ndim else result
        k = axis_of(tr, axis, t.ndim) or 0
        tr.check(tr.icmp("eq", extents(v)[k], tr.iconst(0)), ValueError, text)
        if t.ndim == 1:
            result = Val(ty.int64, _arg_line(tr, v, greater))
            return keep(tr, as_zero_d(tr, result), (0,)) if kept else result
        out_array = allocate(tr, ty.int64, _without(extents(v), k))
        if t.layout == "C" and k < t.ndim - 1:
            _arg_rows(tr, v, k, greater, out_array)
            return keep(tr, out_array, (k,)) if kept else out_array

        def one(indices: list[int]) -> None:
            indexing.store_parts(tr, out_array, indices, _arg_line(tr, line_at(tr, v, k, indices), greater))

        elementwise_loops.nest(tr, extents(out_array), "C", one)
        return keep(tr, out_array, (k,)) if kept else out_array

    return handler


for _name, _greater in (("argmin", False), ("argmax", True)):
    _handler = _arg(_name, _greater)
    registry.call(getattr(np, _name))(_handler)
    registry.methods[ty.Array, _name] = _handler

__all__ = ["TupleVal", "mean_of", "reduce", "reduce_all"]
