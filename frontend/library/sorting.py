"""sort, argsort, searchsorted, unique, nonzero: library code in Python, compiled for each element type.

Sorting in place is quicksort (median of three, insertion sort for short pieces, Shell's sort where it degenerates), NaN last.
argsort is a stable merge sort: where keys are equal NumPy's default may give another order, which it leaves open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from jitpy.frontend.library import elementwise_loops, indexing, indexing_fancy, reductions, registry, views, views_reshape
from jitpy.frontend.library.arrays_arguments import axis_of, bind, constant, is_none
from jitpy.frontend.library.arrays_shape import allocate, array, extents, is_array
from jitpy.frontend.library.arrays_unchecked import get, put
from jitpy.frontend.types import promotion
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Const, TupleVal, Val, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from jitpy.frontend.translate.translator import Translator

Parts = tuple[int, ...]

#: Where Shell's sort begins: one less than a power of two, and so are all its gaps; those beyond the length cost nothing.
GAPS = (1 << 40) - 1


# -- compiled library code ---------------------------------------------------------------------------------------------


def insertion(a: Any, low: Any, high: Any, gap: Any) -> None:
    """Insertion sort of a piece, both ends included; a gap above 1 makes it Shell's: elements so far apart first, then closer."""
    while gap > 0:
        for i in range(low + gap, high + 1):
            x = get(a, i)
            j = i - gap
            while j >= low and x < get(a, j):
                put(a, j + gap, get(a, j))
                j = j - gap
            put(a, j + gap, x)
        gap = gap >> 1


def quicksort(a: Any, low: Any, high: Any, depth: Any) -> None:
    """Sort a piece, both ends included; ``depth`` bounds the number of bad splits."""
    while high - low > 16:
        if depth == 0:
            insertion(a, low, high, GAPS)
            return
        depth = depth - 1
        middle = low + ((high - low) >> 1)
        x = get(a, low)
        y = get(a, middle)
        z = get(a, high)
        if y < x:
            t = x
            x = y
            y = t
        if z < y:
            t = y
            y = z
            z = t
            if y < x:
                t = x
                x = y
                y = t
        put(a, low, x)
        put(a, middle, y)
        put(a, high, z)
        i = low
        j = high
        while i <= j:
            while get(a, i) < y:
                i = i + 1
            while y < get(a, j):
                j = j - 1
            if i <= j:
                t = get(a, i)
                put(a, i, get(a, j))
                put(a, j, t)
                i = i + 1
                j = j - 1
        if j - low < high - i:
            quicksort(a, low, j, depth)
            low = i
        else:
            quicksort(a, i, high, depth)
            high = j
    insertion(a, low, high, 1)


def sort_line(a: Any) -> None:
    """Sort a line in place, NaN last."""
    end = a.size
    i = 0
    while i < end:
        x = get(a, i)
        if x != x:
            end = end - 1
            put(a, i, get(a, end))
            put(a, end, x)
        else:
            i = i + 1
    quicksort(a, 0, end - 1, 64)


def before(x: Any, y: Any) -> Any:
    """The order of sorting: NaN behind everything."""
    if isinstance(x, np.complexfloating):
        return before_complex(x, y)
    return bool(x < y) or (bool(y != y) and bool(x == x))


def before_complex(x: Any, y: Any) -> Any:
    """By real, then by imaginary part; behind these come R + nanj, nan + Rj, nan + nanj."""
    p = 2 * int(x.real != x.real) + int(x.imag != x.imag)
    q = 2 * int(y.real != y.real) + int(y.imag != y.imag)
    if p != q:
        return p < q
    if p >= 2:
        return bool(x.imag < y.imag)
    return bool(x.real < y.real) or (bool(x.real == y.real) and bool(x.imag < y.imag))


def permuted_line(a: Any, source: Any, order: Any) -> None:
    """Fill a line with the elements of ``source`` in the given order."""
    for i in range(a.size):
        put(a, i, get(source, int(get(order, i))))


def argsort_line(a: Any, order: Any, other: Any) -> None:
    """Merge sort of the positions in ``order``; ``other`` is as large."""
    n = a.size
    for i in range(n):
        put(order, i, i)
    width = 1
    source = order
    target = other
    while width < n:
        low = 0
        while low < n:
            middle = min(low + width, n)
            high = min(middle + width, n)
            i = low
            j = middle
            for k in range(low, high):
                if i < middle and (j >= high or not before(get(a, int(get(source, j))), get(a, int(get(source, i))))):
                    put(target, k, get(source, i))
                    i = i + 1
                else:
                    put(target, k, get(source, j))
                    j = j + 1
            low = low + 2 * width
        for k in range(n):
            put(source, k, get(target, k))
        width = 2 * width


def search_left(a: Any, x: Any) -> Any:
    """The first position where ``x`` can be inserted."""
    low = 0
    high = a.size
    while low < high:
        middle = (low + high) >> 1
        if before(get(a, middle), x):
            low = middle + 1
        else:
            high = middle
    return low


def search_right(a: Any, x: Any) -> Any:
    """The last position where ``x`` can be inserted."""
    low = 0
    high = a.size
    while low < high:
        middle = (low + high) >> 1
        if before(x, get(a, middle)):
            high = middle
        else:
            low = middle + 1
    return low


def distinct(a: Any) -> Any:
    """Move the distinct elements of a sorted line to its front; their number. NaNs count as one."""
    n = a.size
    if n == 0:
        return 0
    k = 0
    for i in range(1, n):
        x = get(a, i)
        y = get(a, k)
        if x != y and (x == x or y == y):
            k = k + 1
            put(a, k, x)
    return k + 1


_NO_AXIS = "axis -1 is out of bounds for array of dimension 0"


# -- functions ---------------------------------------------------------------------------------------------------------


def _each_line(tr: Translator, v: Val, axis: int, body: Callable[[list[int]], None]) -> None:
    elementwise_loops.nest(tr, reductions._without(extents(v), axis), "C", body)


def sort_along(tr: Translator, v: Val, axis: int) -> None:
    """Sort the lines of an array along one axis, in place."""
    if v.type.dtype.kind != "c":

        def one(at: list[int]) -> None:
            tr.call_python(sort_line, (reductions.line_at(tr, v, axis, at),), inline=False)

    else:
        source = views.copied(tr, v)
        order, spare = (allocate(tr, ty.int64, (extents(v)[axis],)) for _ in range(2))

        def one(at: list[int]) -> None:
            line = reductions.line_at(tr, source, axis, at)
            tr.call_python(argsort_line, (line, order, spare), inline=False)
            tr.call_python(permuted_line, (reductions.line_at(tr, v, axis, at), line, order), inline=False)

    _each_line(tr, v, axis, one)


@registry.entry(registry.methods, (ty.Array, "sort"))
def _sort_method(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    from jitpy.frontend.library.elementwise_functions import settle_others

    _, axis, _ = bind(tr, "sort", args, kwargs, "a axis kind")
    v = array(tr, args[0])
    settle_others(tr, ())
    indexing.writable(tr, v)
    ndim: int = v.type.ndim
    at = axis_of(tr, axis, ndim, ndim - 1)
    if not ndim:
        tr.check(True, np.exceptions.AxisError, _NO_AXIS)
    else:
        sort_along(tr, v, at or 0)
    return Const(None)


@registry.call(np.sort)
def _sort(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    a, axis, _ = bind(tr, "np.sort", args, kwargs, "a axis kind")
    given = reductions._source(tr, a, "sort")
    fresh = given.__class__ is not Val
    v = array(tr, given)
    ndim: int = v.type.ndim
    if axis is not None and is_none(axis):
        v, at = views_reshape.raveled(tr, v), 0
    else:
        at = axis_of(tr, axis, ndim, ndim - 1) or 0
    out = v if fresh else views.copied(tr, v)
    if not out.type.ndim:
        tr.check(True, np.exceptions.AxisError, _NO_AXIS)
    else:
        sort_along(tr, out, at)
    return out


@registry.entry(registry.methods, (ty.Array, "argsort"))
@registry.call(np.argsort)
def _argsort(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    a, axis, _, _ = bind(tr, "np.argsort", args, kwargs, "a axis kind stable")
    v = array(tr, reductions._source(tr, a, "argsort"))
    ndim: int = v.type.ndim
    if not ndim or (axis is not None and is_none(axis)):
        v, at = views_reshape.raveled(tr, v), 0
    else:
        at = axis_of(tr, axis, ndim, ndim - 1) or 0
    out = allocate(tr, ty.int64, extents(v))
    spare = allocate(tr, ty.int64, (extents(v)[at],))

    def one(indices: list[int]) -> None:
        lines = reductions.line_at(tr, v, at, indices), reductions.line_at(tr, out, at, indices), spare
        tr.call_python(argsort_line, lines, inline=False)

    _each_line(tr, v, at, one)
    return out


@registry.entry(registry.methods, (ty.Array, "searchsorted"))
@registry.call(np.searchsorted)
def _searchsorted(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    a, values, side = bind(tr, "np.searchsorted", args, kwargs, "a v side", 2)
    v = array(tr, reductions._source(tr, a, "searchsorted"))
    assert values is not None
    if v.type.ndim != 1:
        tr.error("np.searchsorted wants a one-dimensional array")
    wanted = constant(tr, side, "the side", "left")
    function = search_left if wanted == "left" else search_right

    def find(x: Value) -> Parts:
        return tr.val(tr.call_python(function, (v, x), inline=False)).ssa

    if values.kind() is ty.Scalar:
        t: ty.Scalar = values.type
        if t.weak:
            values = Val(promotion.DEFAULT.get(t, ty.uint64), tr.val(values).ssa)
        return Val(ty.int64, find(values))
    needles = array(tr, reductions._source(tr, values, "searchsorted"))
    if not needles.type.ndim:
        return Val(ty.int64, find(indexing.load(tr, needles, ())))
    out = allocate(tr, ty.int64, extents(needles))
    elementwise_loops.nest(
        tr, extents(needles), "C",
        lambda at: indexing.store_parts(tr, out, at, find(indexing.load(tr, needles, at))),
    )  # fmt: skip
    return out


@registry.call(np.unique)
def _unique(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    a, *flags = bind(tr, "np.unique", args, kwargs, "ar return_index return_inverse return_counts")
    wanted = [bool(constant(tr, v, "a flag", False)) for v in flags]
    if any(wanted):
        from jitpy.frontend.library.uniques import unique_with

        assert a is not None
        return tr.call_python(unique_with, (a, *[Const(w) for w in wanted]), inline=True)
    v = array(tr, reductions._source(tr, a, "unique"))
    line = views.copied(tr, views_reshape.raveled(tr, v))
    sort_along(tr, line, 0)
    n = tr.val(tr.call_python(distinct, (line,), inline=False)).ssa[0]
    front = indexing.derived(tr, line, 1, "C", line.ssa[1], (n,), indexing.steps_of(tr, line))
    return views.copied(tr, front)


@registry.call(np.flatnonzero)
def _flatnonzero(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    v = array(tr, reductions._source(tr, args[0], "flatnonzero"))
    return indexing_fancy.positions(tr, truths(tr, views_reshape.raveled(tr, v)))


def truths(tr: Translator, v: Val) -> Val:
    """An array as bools."""
    from jitpy.frontend.library.elementwise import cast_tree

    return v if v.type.dtype.kind == "b" else array(tr, cast_tree(tr, v, ty.np_bool))


@registry.entry(registry.methods, (ty.Array, "nonzero"))
@registry.call(np.nonzero)
def nonzero(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """The positions of the elements that are not zero, one array per axis."""
    if not is_array(args[0]):
        tr.error("np.nonzero wants an array")
    v = array(tr, args[0])
    mask = truths(tr, v)
    ndim: int = v.type.ndim
    if ndim == 1:
        return TupleVal((indexing_fancy.positions(tr, mask),))
    if ndim == 0:
        tr.error("np.nonzero of an array of no dimensions is not supported")
    count = indexing_fancy._count_true(tr, mask)
    outs = [allocate(tr, ty.int64, (count,)) for _ in range(ndim)]

    def body(indices: list[int], state: Parts) -> Parts:
        def store(k: int) -> None:
            for out, i in zip(outs, indices, strict=True):
                indexing.store_parts(tr, out, (k,), (i,))

        return indexing_fancy._where_true(tr, indexing.load_parts(tr, mask, indices)[0], state, store)

    indexing_fancy._each(tr, mask, body, (tr.iconst(0),))
    return TupleVal(tuple(outs))
