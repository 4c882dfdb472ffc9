"""The same memory seen otherwise: transposed, reversed, broadcast, diagonals, real and imaginary parts; copies.

Other shapes are `views_reshape`'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from jitpy.frontend.library import elementwise, elementwise_loops, indexing, registry
from jitpy.frontend.library.arrays_arguments import bind, checked_axis, constant, integers_of, is_none
from jitpy.frontend.library.arrays_shape import (
    add,
    allocate,
    array,
    extents,
    is_array,
    itemsize,
    known,
    minimum,
    mul,
    product,
    strides,
    sub,
)
from jitpy.frontend.types import promotion
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Compound, Const, SliceVal, TupleVal, Val, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jitpy.backend.ir.types import Type as ClifType
    from jitpy.frontend.translate.translator import Translator

    _ = ClifType


def copied(tr: Translator, v: Val, layout: str = "C") -> Val:
    """A copy in C or F order."""
    t: ty.Array = v.type
    if t.ndim == 0:
        from jitpy.frontend.library.reductions import as_zero_d

        return as_zero_d(tr, indexing.load(tr, v, ()))
    target = ty.array_of(t.dtype, t.ndim, layout)
    tree = elementwise_loops.Tree(v)
    out = allocate(tr, t.dtype, extents(v), layout)
    shape = extents(v)
    if t.layout == layout and t.ndim > 1:
        total = product(tr, shape)
        flat = elementwise_loops.flat_access(tr, out, total).v
        access = elementwise_loops.flat_access(tr, v, total)
        elementwise_loops.run(tr, tree, (total,), "C", [access], elementwise_loops.store_into(tr, flat))
        return Val(target, out.ssa)
    access = elementwise_loops.direct_access(tr, v, t.ndim)
    elementwise_loops.run(tr, tree, shape, layout, [access], elementwise_loops.store_into(tr, out))
    return Val(target, out.ssa)


# -- order of axes -----------------------------------------------------------------------------------------------------


def permuted(tr: Translator, v: Val, axes: Sequence[int]) -> Val:
    """The axes in another order."""
    t: ty.Array = v.type
    shape, steps = extents(v), indexing.steps_of(tr, v)
    order = tuple(axes)
    identity = tuple(range(t.ndim))
    if order == identity:
        layout = t.layout
    elif order == identity[::-1]:
        layout = {"C": "F", "F": "C"}.get(t.layout, "A")
    else:
        layout = "A"
    return indexing.derived(tr, v, t.ndim, layout, v.ssa[1], [shape[a] for a in order], [steps[a] for a in order])


def transposed(tr: Translator, a: Value) -> Val:
    """``a.T``."""
    v = array(tr, a)
    return permuted(tr, v, range(v.type.ndim)[::-1])


def _axes_argument(tr: Translator, args: Sequence[Value]) -> list[int]:
    if len(args) == 1 and args[0].__class__ is TupleVal:
        args = args[0].items
    return [constant(tr, a, "an axis") for a in args]


@registry.entry(registry.methods, (ty.Array, "transpose"))
@registry.call(np.transpose)
def _transpose(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    v = array_argument(tr, args[0])
    rest = args[1:] or list(kwargs.values())
    if not rest or is_none(rest[0]):
        return transposed(tr, v)
    ndim: int = v.type.ndim
    axes = [checked_axis(tr, a, ndim) for a in _axes_argument(tr, rest)]
    if sorted(axes) != list(range(ndim)):
        tr.error("axes don't match array")
    return permuted(tr, v, axes)


@registry.entry(registry.methods, (ty.Array, "swapaxes"))
@registry.call(np.swapaxes)
def _swapaxes(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    v = array_argument(tr, args[0])
    ndim: int = v.type.ndim
    i, j = [checked_axis(tr, a, ndim) for a in _axes_argument(tr, args[1:])]
    axes = list(range(ndim))
    axes[i], axes[j] = axes[j], axes[i]
    return permuted(tr, v, axes)


@registry.call(np.moveaxis)
def _moveaxis(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    v = array_argument(tr, args[0])
    ndim: int = v.type.ndim
    pair = [constant(tr, a, "an axis") for a in (*args[1:], *kwargs.values())]
    sources, targets = [[checked_axis(tr, a, ndim) for a in (x if x.__class__ is tuple else (x,))] for x in pair]
    if len(sources) != len(targets) or len(set(sources)) < len(sources) or len(set(targets)) < len(targets):
        tr.error("np.moveaxis: the source and destination axes must be as many, and each named once")
    axes = [a for a in range(ndim) if a not in sources]
    for target, source in sorted(zip(targets, sources, strict=True)):
        axes.insert(target, source)
    return permuted(tr, v, axes)


def array_argument(tr: Translator, a: Value) -> Val:
    if is_array(a):
        return array(tr, a)
    from jitpy.frontend.library.constructors_nested import as_array

    return as_array(tr, a)


# -- axes of extent 1 --------------------------------------------------------------------------------------------------


@registry.call(np.expand_dims)
def _expand_dims(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    a, axis = bind(tr, "np.expand_dims", args, kwargs, "a axis", 2)
    assert a is not None
    v = array_argument(tr, a)
    wanted = constant(tr, axis, "the axis")
    places = wanted if wanted.__class__ is tuple else (wanted,)
    ndim = v.type.ndim + len(places)
    new = [checked_axis(tr, k, ndim) for k in places]
    return indexing.view(tr, v, [Const(None) if k in new else indexing.FULL for k in range(ndim)])


@registry.entry(registry.methods, (ty.Array, "squeeze"))
@registry.call(np.squeeze)
def _squeeze(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    a, axis = bind(tr, "np.squeeze", args, kwargs, "a axis")
    assert a is not None
    v = array_argument(tr, a)
    t: ty.Array = v.type
    if is_none(axis):
        gone = [k for k, n in enumerate(extents(v)) if known(tr, n) == 1]
        if len(gone) < t.ndim and any(known(tr, n) is None for n in extents(v)):
            tr.error("np.squeeze needs its axis here", "The rank of the result must not depend on the shape: write axis=.")
    else:
        wanted = constant(tr, axis, "the axis")
        gone = [checked_axis(tr, k, t.ndim) for k in (wanted if wanted.__class__ is tuple else (wanted,))]
        for k in gone:
            tr.check(
                tr.icmp("ne", extents(v)[k], tr.iconst(1)), ValueError,
                "cannot select an axis to squeeze out which has size not equal to one",
            )  # fmt: skip
    left = [k for k in range(t.ndim) if k not in gone]
    shape, steps = extents(v), indexing.steps_of(tr, v)
    layout = t.layout
    last = t.ndim - 1 if layout == "C" else 0
    kept = [steps[k] for k in left]
    if layout != "A" and left and last in gone:
        kept[-1 if layout == "C" else 0] = tr.iconst(itemsize(t))
    return indexing.derived(tr, v, len(left), layout, v.ssa[1], [shape[k] for k in left], kept)


# -- other views -------------------------------------------------------------------------------------------------------


@registry.call(np.flip, np.fliplr, np.flipud)
def _flip(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    a, axis = bind(tr, "np.flip", args, kwargs, "m axis")
    assert a is not None
    return flipped(tr, array_argument(tr, a), axis)


def flipped(tr: Translator, v: Val, axis: Value | None) -> Value:
    """The order of the elements reversed along one axis or all."""
    ndim: int = v.type.ndim
    wanted = constant(tr, axis, "the axis")
    several = range(ndim) if wanted is None else wanted if wanted.__class__ is tuple else (wanted,)
    axes = [checked_axis(tr, k, ndim) for k in several]
    if not ndim:
        return indexing.load(tr, v, ())
    backwards = SliceVal(Const(None), Const(None), Const(-1))
    return indexing.view(tr, v, [backwards if k in axes else indexing.FULL for k in range(ndim)])


def _flip_fixed(axis: int) -> Callable[..., Value]:
    return lambda tr, args, kwargs: flipped(tr, array_argument(tr, args[0]), Const(axis))


registry.call(np.fliplr)(_flip_fixed(1))
registry.call(np.flipud)(_flip_fixed(0))


@registry.call(np.broadcast_to)
def _broadcast_to(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    a, shape = bind(tr, "np.broadcast_to", args, kwargs, "array shape", 2)
    assert a is not None and shape is not None
    v = array_argument(tr, a)
    target = integers_of(tr, shape, "the shape")
    t: ty.Array = v.type
    extra = len(target) - t.ndim
    if extra < 0:
        tr.error("the target shape has fewer dimensions than the array")
    one, zero = tr.iconst(1), tr.iconst(0)
    steps = [zero] * extra
    for n, s, m in zip(extents(v), indexing.steps_of(tr, v), target[extra:], strict=True):
        is_one = tr.icmp("eq", n, one)
        other = tr.icmp("ne", n, m)
        from jitpy.frontend.library.arrays_shape import both, negate

        tr.check(both(tr, other, negate(tr, is_one)), ValueError, "operands could not be broadcast together with remapped shapes")
        steps.append(tr.select(both(tr, is_one, other), zero, s))
    view = indexing.derived(tr, v, len(target), "A", v.ssa[1], target, steps)
    return Val(ty.array_of(t.dtype, len(target), "A", True), view.ssa)


def diagonal(tr: Translator, v: Val, offset: Value | None) -> Val:
    """A view of a diagonal of a matrix (read-only, as NumPy's is)."""
    t: ty.Array = v.type
    if t.ndim != 2:
        tr.error("the diagonal is supported for two dimensions")
    rows, columns = extents(v)
    steps = indexing.steps_of(tr, v)
    k = constant(tr, offset, "the offset", 0)
    zero = tr.iconst(0)
    data = v.ssa[1]
    if k >= 0:
        columns = sub(tr, columns, tr.iconst(k))
        data = add(tr, data, mul(tr, tr.iconst(k), steps[1]))
    else:
        rows = sub(tr, rows, tr.iconst(-k))
        data = add(tr, data, mul(tr, tr.iconst(-k), steps[0]))
    count = minimum(tr, rows, columns)
    if k:
        from jitpy.frontend.library.arrays_shape import maximum

        count = maximum(tr, count, zero)
    view = indexing.derived(tr, v, 1, "A", data, (count,), (add(tr, steps[0], steps[1]),))
    return Val(ty.array_of(t.dtype, 1, "A", True), view.ssa)


@registry.entry(registry.methods, (ty.Array, "diagonal"))
@registry.call(np.diagonal)
def _diagonal(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    a, offset = bind(tr, "np.diagonal", args, kwargs, "a offset")
    assert a is not None
    return diagonal(tr, array_argument(tr, a), offset)


@registry.call(np.diag)
def _diag(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    a, k = bind(tr, "np.diag", args, kwargs, "v k")
    assert a is not None
    v = array_argument(tr, a)
    t: ty.Array = v.type
    if t.ndim == 2:
        return diagonal(tr, v, k)
    shift = constant(tr, k, "k", 0)
    n = add(tr, v.ssa[2], tr.iconst(abs(shift)))
    from jitpy.frontend.library.constructors import fill_zero

    out = allocate(tr, t.dtype, (n, n), "C", True)
    fill_zero(tr, out)

    def body(i: int, _: tuple[int, ...]) -> tuple[int, ...]:
        at = (add(tr, i, tr.iconst(max(-shift, 0))), add(tr, i, tr.iconst(max(shift, 0))))
        indexing.store_parts(tr, out, at, indexing.load_parts(tr, v, (i,)))
        return ()

    tr.loop(v.ssa[2], body)
    return out


# -- parts of complex numbers ------------------------------------------------------------------------------------------


def _component(tr: Translator, v: Val, which: int) -> Val:
    t: ty.Array = v.type
    part = promotion.component(t.dtype)
    data = add(tr, v.ssa[1], tr.iconst(which * itemsize(part)))
    view = indexing.derived(tr, v, t.ndim, "A", data, extents(v), indexing.steps_of(tr, v))
    return Val(ty.array_of(part, t.ndim, "A", t.readonly), view.ssa)


def real(tr: Translator, a: Value) -> Value:
    """``a.real``."""
    v = array(tr, a)
    return _component(tr, v, 0) if v.type.dtype.kind == "c" else v


def imag(tr: Translator, a: Value) -> Value:
    """``a.imag``: of real arrays a new one of zeros."""
    v = array(tr, a)
    t: ty.Array = v.type
    if t.dtype.kind == "c":
        return _component(tr, v, 1)
    from jitpy.frontend.library.constructors import fill_zero

    out = allocate(tr, t.dtype, extents(v))
    fill_zero(tr, out)
    return Val(ty.array_of(t.dtype, t.ndim, "C", True), out.ssa)


def _part_function(which: Any, name: str) -> Callable[..., Value]:
    def handler(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
        a = args[0]
        return tr.attribute(a, name) if a.kind() is ty.Scalar else which(tr, array_argument(tr, a))

    return handler


registry.call(np.real)(_part_function(real, "real"))
registry.call(np.imag)(_part_function(imag, "imag"))


def _matrix_transposed(tr: Translator, a: Value) -> Val:
    v = array(tr, a)
    ndim: int = v.type.ndim
    if ndim < 2:
        tr.error("matrix transpose with ndim < 2 is undefined")
    return permuted(tr, v, [*range(ndim - 2), ndim - 1, ndim - 2])


class Flat(Compound):
    """``a.flat``: the elements in C order by one number, whatever the layout."""

    __slots__ = ("array",)

    def __init__(self, array: Val) -> None:
        self.array = array

    def children(self) -> tuple[Value, ...]:
        return (self.array,)

    def rebuild(self, children: tuple[Value, ...]) -> Value:
        return Flat(children[0])  # type: ignore[arg-type]

    def describe(self) -> str:
        return f"the flat iterator of {self.array.type.name}"

    def positions(self, tr: Translator, k: int) -> list[int]:
        """The indices of element ``k`` along each axis."""
        from jitpy.frontend.library import index_iteration

        return index_iteration.positions(tr, k, extents(self.array))


def _flat(tr: Translator, a: Value) -> Value:
    v = array(tr, a)
    t: ty.Array = v.type
    if t.layout == "C" and t.ndim > 1:
        from jitpy.frontend.library.views_reshape import raveled

        v = raveled(tr, v)
    return Flat(v)


@registry.entry(registry.iterate, Flat)
def _flat_iterate(tr: Translator, flat: Value) -> Value:
    from jitpy.frontend.library import positions

    return positions.iterate_sequence(tr, flat)


@registry.entry(registry.sequence, Flat)
def _flat_sequence(tr: Translator, flat: Any) -> tuple[int, Any]:
    size = product(tr, extents(flat.array))
    tr.bound(size, 0, 1 << 62)
    return size, lambda tr, flat, k: indexing.load(tr, flat.array, flat.positions(tr, k))


def _flat_position(tr: Translator, flat: Any, index: Value) -> list[int]:
    if not indexing.is_integer(index):
        tr.error("a.flat is supported with integer indices", "Use a.ravel()[...] to read, a.reshape(-1)[...] to write.")
    line = Val(ty.array_of(flat.array.type.dtype, 1, "C"), (0, 0, product(tr, extents(flat.array)), tr.iconst(1)))
    return flat.positions(tr, indexing.checked_indices(tr, line, [index])[0])  # type: ignore[no-any-return]


@registry.entry(registry.getitem, Flat)
def _flat_getitem(tr: Translator, flat: Any, index: Value) -> Value:
    return indexing.load(tr, flat.array, _flat_position(tr, flat, index))


@registry.entry(registry.setitem, Flat)
def _flat_setitem(tr: Translator, flat: Any, index: Value, value: Value) -> None:
    indexing.writable(tr, flat.array)
    at = _flat_position(tr, flat, index)
    if value.kind() is not ty.Scalar:
        tr.error("an element of a.flat takes a number")
    indexing.store_parts(tr, flat.array, at, indexing.element_value(tr, value, flat.array.type.dtype))


@registry.entry(registry.methods, (Flat, "__len__"))
def _flat_length(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    size = product(tr, extents(args[0].array))  # type: ignore[attr-defined]
    tr.bound(size, 0, 1 << 62)
    return Val(ty.py_int, (size,))


ATTRIBUTES: dict[str, Callable[[Translator, Any], Value]] = {
    "T": transposed, "mT": _matrix_transposed, "flat": _flat, "real": real, "imag": imag,
}  # fmt: skip

__all__ = ["ATTRIBUTES", "copied", "elementwise", "strides"]
