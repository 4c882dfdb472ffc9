"""Products of vectors and matrices: dot, @, inner, vdot, outer, trace.

Floats are added one after the other over the inner index (NumPy's BLAS adds in an order of its own: results agree to the usual
error bound of a sum of products, not to the bit); float16 adds in float32, integers wrap, bools are "or" of "and".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from jitpy.frontend.library import casts, elementwise, indexing, reductions, registry, ufuncs_scalar, views, views_reshape
from jitpy.frontend.library.arrays_arguments import bind
from jitpy.frontend.library.arrays_shape import allocate, array, differ, extents, is_array
from jitpy.frontend.library.constructors import fill_zero
from jitpy.frontend.library.constructors_nested import as_array
from jitpy.frontend.types import promotion
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Const, Val, Value

if TYPE_CHECKING:
    from jitpy.frontend.translate.translator import Translator

Parts = tuple[int, ...]


class _Ring:
    """Multiplication and addition in the type of a product."""

    __slots__ = ("inner", "sources", "t", "tr")

    def __init__(self, tr: Translator, a: Val, b: Val) -> None:
        self.tr = tr
        self.sources = a.type.dtype, b.type.dtype
        self.t = promotion.promote(*self.sources)
        self.inner = ty.float32 if self.t is ty.float16 else self.t

    def load(self, v: Val, which: int, at: Any) -> Parts:
        return casts.cast(self.tr, indexing.load_parts(self.tr, v, at), self.sources[which], self.inner)

    def times(self, x: Parts, y: Parts) -> Parts:
        t = self.inner
        return ufuncs_scalar.emit(self.tr, np.multiply, (t, t, t), (x, y))[0]

    def plus(self, x: Parts, y: Parts) -> Parts:
        t = self.inner
        return ufuncs_scalar.emit(self.tr, np.add, (t, t, t), (x, y))[0]

    def zero(self) -> Parts:
        return casts.constant_parts(self.tr, 0, self.inner)

    def result(self, x: Parts) -> Parts:
        return casts.cast(self.tr, x, self.inner, self.t)


def _same(tr: Translator, n: int, m: int) -> None:
    tr.check(
        differ(tr, n, m), ValueError, "matmul: Input operand 1 has a mismatch in its core dimension 0 (size ",
        (m, ty.py_int), " is different from ", (n, ty.py_int), ")",
    )  # fmt: skip


def _vectors(tr: Translator, ring: _Ring, a: Val, b: Val, n: int) -> Parts:
    def body(i: int, state: Parts) -> Parts:
        return ring.plus(state, ring.times(ring.load(a, 0, (i,)), ring.load(b, 1, (i,))))

    return ring.result(tr.loop(n, body, ring.zero()))


def product_of(tr: Translator, a: Val, b: Val) -> Value:
    """The product of vectors and matrices."""
    ring = _Ring(tr, a, b)
    na, nb = a.type.ndim, b.type.ndim
    if na > 2 or nb > 2 or not na or not nb:
        tr.error("products are supported for vectors and matrices", "Loop over the leading axes.")
    inner = extents(a)[-1]
    _same(tr, inner, extents(b)[0])
    if na == 1 and nb == 1:
        return Val(ring.t, _vectors(tr, ring, a, b, inner))
    if nb == 1:
        rows = extents(a)[0]
        out = allocate(tr, ring.t, (rows,))

        def row(i: int, _: Parts) -> Parts:
            indexing.store_parts(tr, out, (i,), _vectors(tr, ring, indexing.view_at(tr, a, 0, i), b, inner))
            return ()

        tr.loop(rows, row)
        return out
    shape = extents(b)[1:] if na == 1 else (extents(a)[0], extents(b)[1])
    out = allocate(tr, ring.t, shape, "C", True)
    columns = extents(b)[1]
    if ring.inner is not ring.t or b.type.layout == "F":

        def cell(at: list[int]) -> None:
            line = a if na == 1 else indexing.view_at(tr, a, 0, at[0])
            indexing.store_parts(tr, out, at, _vectors(tr, ring, line, indexing.view_at(tr, b, 1, at[-1]), inner))

        from jitpy.frontend.library import elementwise_loops

        elementwise_loops.nest(tr, shape, "C", cell)
        return out
    fill_zero(tr, out)

    def rows_of(line: Val, target: Val) -> None:
        """target += line[k] * b[k], one k after the other: the inner loop runs along rows of memory."""

        def step(k: int, _: Parts) -> Parts:
            factor = ring.load(line, 0, (k,))
            source = indexing.view_at(tr, b, 0, k)

            def add(j: int, _: Parts) -> Parts:
                term = ring.times(factor, ring.load(source, 1, (j,)))
                indexing.store_parts(tr, target, (j,), ring.plus(indexing.load_parts(tr, target, (j,)), term))
                return ()

            tr.loop(columns, add)
            return ()

        tr.loop(inner, step)

    if na == 1:
        rows_of(a, out)
        return out

    def each(i: int, _: Parts) -> Parts:
        rows_of(indexing.view_at(tr, a, 0, i), indexing.view_at(tr, out, 0, i))
        return ()

    tr.loop(shape[0], each)
    return out


def matmul(tr: Translator, a: Value, b: Value) -> Value:
    """``a @ b``: of more than two dimensions, a product for each index of the leading axes, which are broadcast."""
    for v in (a, b):
        if v.kind() is ty.Scalar:
            tr.error("matmul: an operand is a number", "Use * instead.")
    x, y = as_array(tr, a), as_array(tr, b)
    if x.type.ndim > 2 or y.type.ndim > 2:
        return _stacked_products(tr, x, y)
    return product_of(tr, x, y)


def _stacked_products(tr: Translator, a: Val, b: Val) -> Value:
    from jitpy.frontend.library import elementwise_loops
    from jitpy.frontend.library.joining import copy_into

    na, nb = a.type.ndim, b.type.ndim
    if not na or not nb:
        tr.error("matmul: an operand is a number", "Use * instead.")
    row, column = na == 1, nb == 1
    none: Value = Const(None)
    if row:
        a = indexing.view(tr, a, [none, indexing.FULL])
    if column:
        b = indexing.view(tr, b, [indexing.FULL, none])
    _same(tr, extents(a)[-1], extents(b)[-2])
    heads = [_head(tr, v) for v in (a, b)]
    ndim = max(h.type.ndim for h in heads)
    lead = elementwise_loops.broadcast_shape(tr, sorted(heads, key=lambda h: -h.type.ndim), ndim)
    inner = [] if row else [extents(a)[-2]]
    inner += [] if column else [extents(b)[-1]]
    out = allocate(tr, promotion.promote(a.type.dtype, b.type.dtype), [*lead, *inner], "C", True)
    spread = [_spread(tr, v, lead) for v in (a, b)]

    def one(at: list[int]) -> None:
        x, y, target = spread[0], spread[1], out
        for i in at:
            x, y, target = (indexing.view_at(tr, v, 0, i) for v in (x, y, target))
        if row:
            x = indexing.view_at(tr, x, 0, tr.iconst(0))
        if column:
            y = indexing.view_at(tr, y, 1, tr.iconst(0))
        result = product_of(tr, x, y)
        if is_array(result):
            copy_into(tr, target, array(tr, result))
        else:
            indexing.store_parts(tr, target, (), tr.val(result).ssa)

    elementwise_loops.nest(tr, lead, "C", one)
    return out


def _head(tr: Translator, v: Val) -> Val:
    """The leading axes of a stack of matrices."""
    t: ty.Array = v.type
    n = t.ndim - 2
    return Val(ty.array_of(t.dtype, n, "A", True), (*v.ssa[:2], *extents(v)[:n], *indexing.steps_of(tr, v)[:n]))


def _spread(tr: Translator, v: Val, lead: list[int]) -> Val:
    """A stack of matrices with its leading axes broadcast."""
    t: ty.Array = v.type
    own = t.ndim - 2
    steps = indexing.steps_of(tr, v)
    wide = [tr.iconst(0)] * (len(lead) - own)
    for n, m, s in zip(extents(v)[:own], lead[len(lead) - own :], steps[:own], strict=True):
        wide.append(s if n == m else tr.select(tr.icmp("eq", n, tr.iconst(1)), tr.iconst(0), s))
    shape = (*lead, *extents(v)[own:])
    return Val(ty.array_of(t.dtype, len(shape), "A", t.readonly), (*v.ssa[:2], *shape, *wide, *steps[own:]))


@registry.call(np.matmul)
def _matmul(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    a, b, out = bind(tr, "np.matmul", args, kwargs, "a b out", 2)
    return _stored(tr, matmul(tr, a, b), out)  # type: ignore[arg-type]


def _stored(tr: Translator, result: Value, out: Value | None) -> Value:
    if out is None:
        return result
    from jitpy.frontend.library import elementwise_stores

    target = array(tr, out)
    indexing.writable(tr, target)
    elementwise_stores.assign(tr, target, result, "out")
    return target


@registry.entry(registry.methods, (ty.Array, "dot"))
@registry.call(np.dot)
def _dot(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    a, b, out = bind(tr, "np.dot", args, kwargs, "a b out", 2)
    assert a is not None and b is not None
    for v in (a, b):
        if v.kind() is ty.Scalar or (is_array(v) and v.type.ndim == 0):
            return elementwise.apply(tr, np.multiply, (a, b))
    return _stored(tr, product_of(tr, as_array(tr, a), as_array(tr, b)), out)


@registry.call(np.vdot)
def _vdot(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    a, b = [views_reshape.raveled(tr, as_array(tr, v)) for v in args]
    if a.type.dtype.kind == "c":
        a = array(tr, elementwise.apply(tr, np.conjugate, (a,)))
    return product_of(tr, a, b)


@registry.call(np.inner)
def _inner(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    a, b = [as_array(tr, v) for v in args]
    if not a.type.ndim or not b.type.ndim:
        return elementwise.apply(tr, np.multiply, (a, b))
    return product_of(tr, a, views.transposed(tr, b))


@registry.call(np.outer)
def _outer(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    a, b = bind(tr, "np.outer", args, kwargs, "a b", 2)
    left = views_reshape.raveled(tr, as_array(tr, a))  # type: ignore[arg-type]
    right = views_reshape.raveled(tr, as_array(tr, b))  # type: ignore[arg-type]
    column = indexing.view(tr, left, [indexing.FULL, Const(None)])
    row = indexing.view(tr, right, [Const(None), indexing.FULL])
    return elementwise.apply(tr, np.multiply, (column, row))


@registry.entry(registry.methods, (ty.Array, "trace"))
@registry.call(np.trace)
def _trace(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    a, offset = bind(tr, "np.trace", args, kwargs, "a offset")
    line = views.diagonal(tr, as_array(tr, a), offset)  # type: ignore[arg-type]
    return reductions.reduce_all(tr, line, reductions.fold_of("sum", line.type.dtype))
