"""Arrays as indices: boolean masks and integer arrays, read and written.

Integers, slices and new axes are applied first, as a view. What is left are index arrays, one for each of some axes (a mask stands
for as many as it has dimensions: the positions where it is true), which are broadcast together. Their axes replace the indexed ones
where arrays and integers stand side by side in the index, else they come first. One mask over everything, and one array along one
axis, have loops of their own. All indices are checked before anything is stored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.types import I8, I64
from jitpy.frontend.library import casts, elementwise_loops, elementwise_stores, indexing, ufuncs_scalar, views, views_reshape
from jitpy.frontend.library.arrays_shape import add, allocate, array, differ, extents, is_array, known, mul, product, strides
from jitpy.frontend.library.elementwise import cast_tree
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Const, SliceVal, Val, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jitpy.frontend.translate.translator import Translator

Parts = tuple[int, ...]


class Selection:
    """What is indexed after the view (``v``), by which arrays, along which axes; where their own axes go among the others."""

    __slots__ = ("arrays", "axes", "place", "v")

    def __init__(self, v: Val, arrays: list[Val], axes: list[int], place: int) -> None:
        self.v = v
        self.arrays = arrays
        self.axes = axes
        self.place = place

    def in_place(self) -> bool:
        """Whether one array's axes stay where the indexed axis is."""
        return len(self.arrays) == 1 and self.place == self.axes[0]


def _selection(tr: Translator, v: Val, items: list[Value]) -> Selection:
    rest: list[Value] = []
    arrays: list[Val] = []
    axes: list[int] = []
    axis = 0
    places: list[int] = []
    before = 0  # axes that are not indexed by arrays, so far
    place = 0
    for k, item in enumerate(items):
        if is_array(item):
            a = array(tr, item)
            t: ty.Array = a.type
            if t.dtype.kind not in "biu":
                tr.error(f"arrays used as indices must be of integer (or boolean) type, not {t.dtype.name}")
            if t.ndim == 0 and t.dtype.kind == "b":
                tr.error("a boolean array of no dimensions is not supported as an index")
            count = t.ndim if t.dtype.kind == "b" else 1
            arrays.append(a)
            axes.append(axis)
            rest.extend([indexing.FULL] * count)
            axis += count
        else:
            rest.append(item)
            if item.__class__ is SliceVal or (item.__class__ is Const and item.obj is None):
                axis += 1
                before += 1
                continue
        if not places:
            place = before
        places.append(k)
    together = places == list(range(places[0], places[-1] + 1))
    return Selection(indexing.view(tr, v, rest), arrays, axes, place if together else 0)


def _is_mask(a: Val) -> bool:
    return bool(a.type.dtype.kind == "b")


def _check_mask(tr: Translator, v: Val, mask: Val, axis: int) -> None:
    for k, m in enumerate(extents(mask)):
        n = extents(v)[axis + k]
        tr.check(
            differ(tr, n, m), IndexError, f"boolean index did not match indexed array along axis {axis + k}; size of axis is ",
            (n, ty.py_int), " but size of corresponding boolean axis is ", (m, ty.py_int),
        )  # fmt: skip


def _count_true(tr: Translator, mask: Val) -> int:
    from jitpy.frontend.library import reductions

    return reductions.reduce_all(tr, mask, reductions.fold_of("count_nonzero", ty.np_bool)).ssa[0]


def positions(tr: Translator, mask: Val) -> Val:
    """Where a one-dimensional mask is true."""
    out = allocate(tr, ty.int64, (_count_true(tr, mask),))

    def body(i: int, state: Parts) -> Parts:
        return _where_true(tr, indexing.load_parts(tr, mask, (i,))[0], state, lambda k: indexing.store_parts(tr, out, (k,), (i,)))

    tr.loop(mask.ssa[2], body, (tr.iconst(0),))
    return out


def _where_true(tr: Translator, cond: int, state: Parts, store: object) -> Parts:
    """Store at the running position, and advance it, where the condition holds."""

    def then() -> Parts:
        store(state[0])  # type: ignore[operator]
        return (tr.op(op.IADD, I64, state[0], tr.iconst(1)),)

    return tr.branch(cond, then, lambda: state, (I64,))


def _flat_pair(tr: Translator, v: Val, mask: Val) -> tuple[Val, Val] | None:
    """Array and mask as lines, where both are contiguous in C order."""
    if v.type.layout == "C" and mask.type.layout == "C":
        return views_reshape.raveled(tr, v), views_reshape.raveled(tr, mask)
    return None


def _each(tr: Translator, v: Val, body: object, state: Parts) -> Parts:
    """Walk all indices in C order with a state."""
    shape = extents(v)

    def level(k: int, indices: list[int], state: Parts) -> Parts:
        if k == len(shape):
            return body(indices, state)  # type: ignore[operator, no-any-return]
        return tr.loop(shape[k], lambda i, s: level(k + 1, [*indices, i], s), state)

    return level(0, [], state)


# -- reading -----------------------------------------------------------------------------------------------------------


def getitem(tr: Translator, v: Val, items: list[Value]) -> Value:
    """``v[items]`` with arrays among the items."""
    s = _selection(tr, v, items)
    t: ty.Array = s.v.type
    a, axis = s.arrays[0], s.axes[0]
    if s.in_place():
        if _is_mask(a):
            _check_mask(tr, s.v, a, axis)
            if a.type.ndim == t.ndim:
                return _compress(tr, s.v, a)
        if not _is_mask(a) or a.type.ndim == 1:
            chosen = positions(tr, a) if _is_mask(a) else a
            others = [k for k in range(t.ndim) if k != axis]
            return take(tr, s.v, chosen, axis, allocate_selection(tr, s.v, extents(chosen), others, axis))
    return _gather(tr, _Points(tr, s))


def _compress(tr: Translator, v: Val, mask: Val) -> Val:
    """The elements where the mask is true, in C order."""
    t: ty.Array = v.type
    out = allocate(tr, t.dtype, (_count_true(tr, mask),))
    flat = _flat_pair(tr, v, mask)
    if flat is not None:
        v, mask = flat

    def body(indices: list[int], state: Parts) -> Parts:
        return _where_true(
            tr, indexing.load_parts(tr, mask, indices)[0], state,
            lambda k: indexing.store_parts(tr, out, (k,), indexing.load_parts(tr, v, indices)),
        )  # fmt: skip

    _each(tr, v, body, (tr.iconst(0),))
    return out


def index_at(tr: Translator, indices: Val, at: Sequence[int], extent: int, axis: int) -> int:
    """An index array's element, wrapped and checked."""
    t: ty.Array = indices.type
    return tr.index(indexing.as_index(tr, Val(t.dtype, indexing.load_parts(tr, indices, at))), extent, axis)


def allocate_selection(tr: Translator, v: Val, points: Sequence[int], others: Sequence[int], place: int) -> Val:
    """A new array for a selection: in memory the points come first, then the other axes in the order of ``v``, as in NumPy."""
    t: ty.Array = v.type
    shape = extents(v)
    p, rest = len(points), list(range(len(others)))
    memory = rest[::-1] if t.layout == "F" else rest
    out = allocate(tr, t.dtype, [*points, *[shape[others[k]] for k in memory]], "C", True)
    at = [p + memory.index(k) for k in rest]
    return views.permuted(tr, out, [*at[:place], *range(p), *at[place:]])


def take(tr: Translator, v: Val, indices: Val, axis: int, out: Val | None = None) -> Val:
    """``v[..., indices, ...]`` at ``axis``: the axis is replaced by the index array's axes."""
    t: ty.Array = v.type
    shape = extents(v)
    inner: int = indices.type.ndim
    if out is None:
        out = allocate(tr, t.dtype, (*shape[:axis], *extents(indices), *shape[axis + 1 :]), "C", True)

    def each(at: list[int]) -> None:
        chosen = index_at(tr, indices, at, shape[axis], axis)
        source = indexing.view_at(tr, v, axis, chosen)
        target = out
        assert target is not None
        for i in at:
            target = indexing.view_at(tr, target, axis, i)
        elementwise_loops.nest(
            tr, extents(source), "C",
            lambda rest: indexing.store_parts(tr, target, rest, indexing.load_parts(tr, source, rest)),
        )  # fmt: skip

    if t.ndim == 1 and inner == 1:

        def one(k: int, _: Parts) -> Parts:
            chosen = index_at(tr, indices, (k,), shape[0], axis)
            indexing.store_parts(tr, out, (k,), indexing.load_parts(tr, v, (chosen,)))
            return ()

        tr.loop(indices.ssa[2], one)
        return out
    if out.type.layout == "C" and axis:
        # Row after row of the result, which is in C order: the indices are looked up for each.
        count = axis + inner

        def row(at: list[int]) -> None:
            chosen = index_at(tr, indices, at[axis:count], shape[axis], axis)
            where = [*at[:axis], chosen, *at[count:]]
            indexing.store_parts(tr, out, at, indexing.load_parts(tr, v, where))

        elementwise_loops.nest(tr, extents(out), "C", row)
        return out
    elementwise_loops.nest(tr, extents(indices), "C", each)
    return out


class _Points:
    """Index arrays broadcast together: at each point of their common shape, an index for each of their axes."""

    __slots__ = ("arrays", "axes", "others", "place", "shape", "v")

    def __init__(self, tr: Translator, s: Selection) -> None:
        self.v = s.v
        self.place = s.place
        self.arrays: list[Val] = []
        self.axes: list[int] = []
        for a, axis in zip(s.arrays, s.axes, strict=True):
            if _is_mask(a):
                _check_mask(tr, s.v, a, axis)
                lines = all_positions(tr, a)
            else:
                lines = [a]
            self.arrays.extend(lines)
            self.axes.extend(range(axis, axis + len(lines)))
        self.others = [k for k in range(s.v.type.ndim) if k not in self.axes]
        self.shape = self._broadcast(tr)

    def _broadcast(self, tr: Translator) -> list[int]:
        one = tr.iconst(1)
        ndim = max([a.type.ndim for a in self.arrays])
        shape = [one] * ndim
        for a in self.arrays:
            own = extents(a)
            for k, n in enumerate(own, ndim - len(own)):
                if known(tr, shape[k]) == 1:
                    shape[k] = n
                elif shape[k] != n:
                    wide = tr.icmp("eq", shape[k], one)
                    bad = tr.op(op.BAND, I8, tr.icmp("ne", n, shape[k]), tr.icmp("ne", n, one))
                    bad = tr.op(op.BAND, I8, bad, tr.icmp("ne", shape[k], one))
                    tr.check(bad, IndexError, "shape mismatch: indexing arrays could not be broadcast together")
                    shape[k] = tr.select(wide, n, shape[k])
        spread: list[Val] = []
        for a in self.arrays:
            t: ty.Array = a.type
            steps = [
                s if n == m else tr.select(tr.icmp("eq", n, one), tr.iconst(0), s)
                for n, m, s in zip(extents(a), shape[ndim - t.ndim :], indexing.steps_of(tr, a), strict=True)
            ]
            lead = [tr.iconst(0)] * (ndim - t.ndim)
            spread.append(Val(ty.array_of(t.dtype, ndim, "A", t.readonly), (*a.ssa[:2], *shape, *lead, *steps)))
        self.arrays = spread
        return shape

    def result_shape(self) -> list[int]:
        """The shape of what is selected."""
        rest = [extents(self.v)[k] for k in self.others]
        return [*rest[: self.place], *self.shape, *rest[self.place :]]

    def indices(self, tr: Translator, at: Sequence[int]) -> dict[int, int]:
        """The checked index along each indexed axis at a point."""
        shape = extents(self.v)
        return {axis: index_at(tr, a, at, shape[axis], axis) for a, axis in zip(self.arrays, self.axes, strict=True)}

    def each(self, tr: Translator, body: Callable[[list[int], list[int]], None]) -> None:
        """``body(indices of v, indices of the selection)`` for every element selected."""

        def point(at: list[int]) -> None:
            chosen = self.indices(tr, at)
            where = list(at)

            def element(rest: list[int]) -> None:
                full = {**chosen, **dict(zip(self.others, rest, strict=True))}
                body([full[k] for k in range(len(full))], [*rest[: self.place], *where, *rest[self.place :]])

            elementwise_loops.nest(tr, [extents(self.v)[k] for k in self.others], "C", element)

        elementwise_loops.nest(tr, self.shape, "C", point)


def all_positions(tr: Translator, mask: Val) -> list[Val]:
    """Where a mask is true: an array of positions for each of its dimensions."""
    n = _count_true(tr, mask)
    out = [allocate(tr, ty.int64, (n,)) for _ in extents(mask)]

    def body(indices: list[int], state: Parts) -> Parts:
        def store(k: int) -> None:
            for line, i in zip(out, indices, strict=True):
                indexing.store_parts(tr, line, (k,), (i,))

        return _where_true(tr, indexing.load_parts(tr, mask, indices)[0], state, store)

    _each(tr, mask, body, (tr.iconst(0),))
    return out


def _gather(tr: Translator, p: _Points) -> Val:
    out = allocate_selection(tr, p.v, p.shape, p.others, p.place)
    p.each(tr, lambda source, target: indexing.store_parts(tr, out, target, indexing.load_parts(tr, p.v, source)))
    return out


# -- writing -----------------------------------------------------------------------------------------------------------


def setitem(tr: Translator, v: Val, items: list[Value], value: Value) -> None:
    """``v[items] = value`` with arrays among the items."""
    s = _selection(tr, v, items)
    t: ty.Array = s.v.type
    scalar: Parts | None = None
    source: Val | None = None
    if value.kind() is ty.Scalar:
        # NumPy makes an array of a NumPy scalar first, whose elements are converted as C does.
        strong = not value.type.weak
        convert = ufuncs_scalar.convert if strong else indexing.element_value
        scalar = convert(tr, value, t.dtype)
    else:
        source = _values(tr, value, s.v)
        if source.type.ndim == 0:
            scalar, source = indexing.load_parts(tr, source, ()), None
    a, axis = s.arrays[0], s.axes[0]
    if s.in_place():
        if not _is_mask(a):
            _put(tr, s.v, a, axis, scalar, source)
            return
        _check_mask(tr, s.v, a, axis)
        if a.type.ndim == t.ndim:
            _put_mask(tr, s.v, a, scalar, source)
            return
        if a.type.ndim == 1:
            _put(tr, s.v, positions(tr, a), axis, scalar, source)
            return
    _scatter(tr, _Points(tr, s), scalar, source)


def _values(tr: Translator, value: Value, target: Val) -> Val:
    """Values to be stored: of the element type, in memory of their own where they might be in the target's."""
    from jitpy.frontend.library import elementwise

    value = elementwise.operand(tr, value)
    t: ty.Scalar = target.type.dtype
    if value.kind() is ty.Scalar:
        from jitpy.frontend.library.reductions import as_zero_d

        s = tr.val(value)
        return as_zero_d(tr, Val(t, casts.cast(tr, s.ssa, s.type, t)))
    if value.type.dtype is not t:
        return array(tr, cast_tree(tr, value, t))
    v = array(tr, value)
    return v if elementwise_stores.fresh(tr, v) and v.ssa[0] != target.ssa[0] else views.copied(tr, v)


def _put_mask(tr: Translator, v: Val, mask: Val, scalar: Parts | None, source: Val | None) -> None:
    flat = _flat_pair(tr, v, mask)
    if flat is not None:
        v, mask = flat
    if scalar is not None:

        def fill(indices: list[int], state: Parts) -> Parts:
            def then() -> Parts:
                indexing.store_parts(tr, v, indices, scalar)
                return ()

            tr.branch(indexing.load_parts(tr, mask, indices)[0], then, lambda: (), ())
            return ()

        _each(tr, v, fill, ())
        return
    assert source is not None
    if source.type.ndim != 1:
        tr.error("NumPy boolean array indexing assignment requires a 0 or 1-dimensional input")
    n, have = _count_true(tr, mask), source.ssa[2]
    one = tr.iconst(1)
    bad = tr.op(op.BAND, 1, tr.icmp("ne", have, n), tr.icmp("ne", have, one))
    tr.check(
        bad, ValueError, "NumPy boolean array indexing assignment cannot assign ", (have, ty.py_int), " input values to the ",
        (n, ty.py_int), " output values where the mask is true",
    )  # fmt: skip
    source = _repeated(tr, source)

    def put(indices: list[int], state: Parts) -> Parts:
        return _where_true(
            tr, indexing.load_parts(tr, mask, indices)[0], state,
            lambda k: indexing.store_parts(tr, v, indices, indexing.load_parts(tr, source, (k,))),
        )  # fmt: skip

    _each(tr, v, put, (tr.iconst(0),))


def _repeated(tr: Translator, line: Val) -> Val:
    """A line whose only element, if there is one, stands for all."""
    t: ty.Array = line.type
    step = indexing.steps_of(tr, line)[0]
    step = tr.select(tr.icmp("eq", line.ssa[2], tr.iconst(1)), tr.iconst(0), step)
    return Val(ty.array_of(t.dtype, 1, "A", t.readonly), (*line.ssa[:3], step))


def _check_all(tr: Translator, indices: Val, extent: int, axis: int) -> None:
    elementwise_loops.nest(tr, extents(indices), "C", lambda at: _used(tr, index_at(tr, indices, at, extent, axis)))


def _used(tr: Translator, index: int) -> None:
    """Keep an index check although nothing uses its result: a test that never holds."""
    tr.check(tr.icmp("slt", index, tr.iconst(0)), IndexError, "index out of bounds")


def _put(tr: Translator, v: Val, indices: Val, axis: int, scalar: Parts | None, source: Val | None) -> None:
    shape = extents(v)
    extent = shape[axis]
    _check_all(tr, indices, extent, axis)
    new_shape = [*shape[:axis], *extents(indices), *shape[axis + 1 :]]
    inner: int = indices.type.ndim
    if source is not None:
        source = _broadcast_values(tr, source, new_shape)

    def each(at: list[int]) -> None:
        target = indexing.view_at(tr, v, axis, index_at(tr, indices, at, extent, axis))
        if source is None:
            assert scalar is not None
            elementwise_loops.nest(tr, extents(target), "C", lambda rest: indexing.store_parts(tr, target, rest, scalar))
            return
        elementwise_loops.nest(
            tr, extents(target), "C",
            lambda rest: indexing.store_parts(
                tr, target, rest, indexing.load_parts(tr, source, [*rest[:axis], *at, *rest[axis:]])
            ),
        )  # fmt: skip

    del inner
    elementwise_loops.nest(tr, extents(indices), "C", each)


def _broadcast_values(tr: Translator, source: Val, shape: Sequence[int]) -> Val:
    """The values as an array of the selection's shape (strides 0 where they are broadcast)."""
    t: ty.Array = source.type
    extra = len(shape) - t.ndim
    if extra < 0:
        tr.error("the values have more dimensions than the selection")
    steps = [tr.iconst(0)] * extra
    one = tr.iconst(1)
    for n, s, m in zip(extents(source), indexing.steps_of(tr, source), shape[extra:], strict=True):
        other = tr.icmp("ne", n, m)
        bad = tr.op(op.BAND, 1, other, tr.icmp("ne", n, one))
        tr.check(bad, ValueError, "shape mismatch: value array could not be broadcast to indexing result")
        steps.append(tr.select(other, tr.iconst(0), s))
    return Val(ty.array_of(t.dtype, len(shape), "A", t.readonly), (*source.ssa[:2], *shape, *steps))


def _scatter(tr: Translator, p: _Points, scalar: Parts | None, source: Val | None) -> None:
    def check(at: list[int]) -> None:
        for index in p.indices(tr, at).values():
            _used(tr, index)

    elementwise_loops.nest(tr, p.shape, "C", check)
    values = None if source is None else _broadcast_values(tr, source, p.result_shape())

    def store(target: list[int], at: list[int]) -> None:
        parts = scalar if values is None else indexing.load_parts(tr, values, at)
        assert parts is not None
        indexing.store_parts(tr, p.v, target, parts)

    p.each(tr, store)


__all__ = ["add", "getitem", "known", "mul", "positions", "product", "setitem", "strides", "take"]
