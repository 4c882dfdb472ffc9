"""``np.pad``: every element of the result comes from a position of the array, or is a constant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.types import I8
from jitpy.frontend.library import casts, elementwise_loops, indexing, registry, ufuncs_scalar
from jitpy.frontend.library.arrays_arguments import bind, constant, sequence
from jitpy.frontend.library.arrays_shape import add, allocate, extents, maximum, minimum, sub
from jitpy.frontend.library.constructors_nested import as_array
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Value

if TYPE_CHECKING:
    from jitpy.frontend.translate.translator import Translator


def _widths(tr: Translator, v: Value, ndim: int) -> list[tuple[int, int]]:
    """How far before and behind each axis: a number, a pair, or a pair for each axis."""
    items = sequence(v)
    if items is None:
        n = indexing.as_index(tr, v)
        return [(n, n)] * ndim
    rows = [sequence(i) for i in items.items]
    if all(r is None for r in rows):
        pair = [indexing.as_index(tr, i) for i in items.items]
        return [(pair[0], pair[-1])] * ndim
    if len(rows) not in (1, ndim) or any(r is None for r in rows):
        tr.error("np.pad: the widths must be a number, a pair, or a pair for each axis")
    pairs = [[indexing.as_index(tr, i) for i in r.items] for r in rows]  # type: ignore[union-attr]
    pairs = pairs * ndim if len(pairs) == 1 else pairs
    return [(p[0], p[-1]) for p in pairs]


def _position(tr: Translator, mode: str, i: int, n: int) -> int:
    """The position along an axis of extent ``n`` whose element stands at ``i``, which lies at most one extent outside."""
    one, zero = tr.iconst(1), tr.iconst(0)
    last = sub(tr, n, one)
    if mode == "edge":
        return minimum(tr, maximum(tr, i, zero), last)
    below, above = tr.icmp("slt", i, zero), tr.icmp("sgt", i, last)
    if mode == "wrap":
        low, high = add(tr, i, n), sub(tr, i, n)
    else:
        turn = one if mode == "symmetric" else zero
        low = sub(tr, sub(tr, zero, i), turn)
        high = sub(tr, add(tr, last, last), sub(tr, i, turn))
    return tr.select(below, low, tr.select(above, high, i))


@registry.call(np.pad)
def _pad(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    a, width, mode_value, fill = bind(tr, "np.pad", args, kwargs, "array pad_width mode constant_values", 2)
    assert a is not None and width is not None
    v = as_array(tr, a)
    t: ty.Array = v.type
    mode = constant(tr, mode_value, "the mode", "constant")
    if mode not in ("constant", "edge", "wrap", "reflect", "symmetric"):
        tr.error(f"np.pad with the mode {mode!r} is not supported", "Fill an array from np.empty and copy into its middle.")
    widths = _widths(tr, width, t.ndim)
    shape = []
    for n, (before, behind) in zip(extents(v), widths, strict=True):
        for w in (before, behind):
            tr.check(tr.icmp("slt", w, tr.iconst(0)), ValueError, "index can't contain negative values")
            if mode == "edge":
                bad = tr.icmp("eq", n, tr.iconst(0))
            elif mode != "constant":
                bad = tr.icmp("sgt", w, sub(tr, n, tr.iconst(1)) if mode == "reflect" else n)
            else:
                continue
            tr.check(
                tr.op(op.BAND, I8, bad, tr.icmp("sgt", w, tr.iconst(0))), NotImplementedError,
                f"np.pad in the mode {mode} by more than the extent is not supported",
            )  # fmt: skip
        shape.append(add(tr, add(tr, n, before), behind))
    out = allocate(tr, t.dtype, shape, "C", True)
    value = _fill(tr, fill, t.dtype) if mode == "constant" else None

    def store(at: list[int]) -> None:
        inside = [sub(tr, i, before) for i, (before, _) in zip(at, widths, strict=True)]
        if value is None:
            where = [_position(tr, mode, i, n) for i, n in zip(inside, extents(v), strict=True)]
            indexing.store_parts(tr, out, at, indexing.load_parts(tr, v, where))
            return
        within = tr.iconst(1, I8)
        for i, n in zip(inside, extents(v), strict=True):  # as unsigned: one comparison for both ends
            within = tr.op(op.BAND, I8, within, tr.icmp("ult", i, n))
        parts = tr.branch(within, lambda: indexing.load_parts(tr, v, inside), lambda: value, t.dtype.flat)
        indexing.store_parts(tr, out, at, parts)

    elementwise_loops.nest(tr, shape, "C", store)
    return out


def _fill(tr: Translator, fill: Value | None, t: ty.Scalar) -> Any:
    """The constant of the padding, converted as an assignment does."""
    if fill is None:
        return casts.constant_parts(tr, 0, t)
    if fill.kind() is not ty.Scalar:
        tr.error("np.pad takes one number as constant_values here")
    strong = not fill.type.weak
    return (ufuncs_scalar.convert if strong else indexing.element_value)(tr, fill, t)
