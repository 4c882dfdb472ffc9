"""Reductions along several axes at once, in NumPy's order of additions.

NumPy walks the array in the order of its memory. Where the innermost axis is reduced, its lines (neighbouring reduced axes that
form one line count as one, others go through its buffer) are summed pairwise and added to the result one after the other; where it
is kept, rows are added to a row of results. The axes of the types 'C' and 'F' are in order or reversed; for any other layout the
strides are compared when the kernel runs, and a float sum over an array whose axes lie in another order is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.types import I8, I64
from jitpy.frontend.library import casts, elementwise_loops, indexing, reductions_lines
from jitpy.frontend.library.arrays_shape import allocate, extents, mul, product
from jitpy.frontend.library.constructors import fill_parts
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Val

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jitpy.frontend.library.reductions import Fold
    from jitpy.frontend.translate.translator import Translator

Parts = tuple[int, ...]


def _reversed(tr: Translator, v: Val) -> Val:
    from jitpy.frontend.library import views

    return views.transposed(tr, v)


def _steps_down(tr: Translator, v: Val) -> int:
    """Whether the axes lie in C order in memory: no stride is larger than the one before it (axes of extent 1 do not count)."""
    steps, shape = indexing.steps_of(tr, v), extents(v)
    result = tr.iconst(1, I8)
    for k in range(len(steps)):
        for m in range(k + 1, len(steps)):
            outer, inner = (tr.op(op.IABS, I64, steps[i]) for i in (k, m))
            fits = tr.icmp("sle", inner, outer)
            for i in (k, m):
                fits = tr.op(op.BOR, I8, fits, tr.icmp("sle", shape[i], tr.iconst(1)))
                fits = tr.op(op.BOR, I8, fits, tr.icmp("eq", steps[i], tr.iconst(0)))
            result = tr.op(op.BAND, I8, result, fits)
    return result


def _merged(tr: Translator, v: Val, first: int) -> Val:
    """The axes from ``first`` on as one, which they form."""
    t: ty.Array = v.type
    shape, steps = extents(v), indexing.steps_of(tr, v)
    line = (*shape[:first], product(tr, shape[first:])), (*steps[:first], steps[-1])
    return Val(ty.array_of(t.dtype, first + 1, t.layout, t.readonly), (*v.ssa[:2], *line[0], *line[1]))


def _form_a_line(tr: Translator, v: Val, first: int) -> int | bool:
    """Whether the axes from ``first`` on are one line of elements at equal distances."""
    if v.type.layout == "C":
        return True
    steps, shape = indexing.steps_of(tr, v), extents(v)
    result = tr.iconst(1, I8)
    for k in range(first, len(steps) - 1):
        result = tr.op(op.BAND, I8, result, tr.icmp("eq", steps[k], mul(tr, steps[k + 1], shape[k + 1])))
    return result


def reduce_axes(tr: Translator, v: Val, axes: Sequence[int], fold: Fold) -> Val:
    """The reduction along several axes, not all: an array of the others."""
    t: ty.Array = v.type
    if t.layout == "F":
        return _reversed(tr, reduce_axes(tr, _reversed(tr, v), [t.ndim - 1 - k for k in reversed(axes)], fold))
    if fold.pairwise and t.layout == "A":
        tr.check(
            tr.icmp("eq", _steps_down(tr, v), tr.iconst(0, I8)), NotImplementedError,
            "sums over several axes of an array in this memory order are not supported: copy it first",
        )  # fmt: skip
    kept = [k for k in range(t.ndim) if k not in axes]
    out = allocate(tr, fold.dtype, [extents(v)[k] for k in kept], "C", fold.start is not None)
    if fold.start is not None:
        fill_parts(tr, out, casts.constant_parts(tr, fold.start, fold.dtype))
    else:  # such a fold does not mind taking the first element twice
        _first_elements(tr, v, axes, kept, out, fold)
    inner = t.ndim
    while inner - 1 in axes:
        inner -= 1
    if not fold.pairwise or inner == t.ndim:
        _each(tr, v, kept, out, fold, t.ndim)
        return out
    if t.ndim - inner == 1:
        _each(tr, v, kept, out, fold, inner)
        return out

    def one_line() -> Parts:
        _each(tr, _merged(tr, v, inner), kept, out, fold, inner)
        return ()

    def lines() -> Parts:
        _each(tr, v, kept, out, fold, inner)
        return ()

    tr.branch(_form_a_line(tr, v, inner), one_line, lines, ())
    return out


def _first_elements(tr: Translator, v: Val, axes: Sequence[int], kept: Sequence[int], out: Val, fold: Fold) -> None:
    from jitpy.frontend.library.reductions import check_not_empty

    t: ty.Array = v.type
    shape = extents(v)
    none = tr.icmp("eq", product(tr, [shape[k] for k in axes]), tr.iconst(0))
    some = tr.icmp("ne", product(tr, [shape[k] for k in kept]), tr.iconst(0))
    check_not_empty(tr, fold.name, tr.op(op.BAND, I8, none, some))

    def begin(at: list[int]) -> None:
        where = dict(zip(kept, at, strict=True))
        element = indexing.load_parts(tr, v, [where[k] if k in where else tr.iconst(0) for k in range(t.ndim)])
        indexing.store_parts(tr, out, at, fold.load(tr, t.dtype, element))

    elementwise_loops.nest(tr, extents(out), "C", begin)


def _each(tr: Translator, v: Val, kept: Sequence[int], out: Val, fold: Fold, loops: int) -> None:
    """Combine with the results: each element, or (with more axes than ``loops``) the sum of each line or block."""
    t: ty.Array = v.type
    from jitpy.frontend.library.reductions import fold_of, sum_scattered

    wide = loops < t.ndim and fold.dtype is ty.float16  # a line of float16 is added in float32
    inner = ty.float32 if wide else fold.dtype
    plus = fold_of("sum", inner).step if wide else fold.step

    def body(at: list[int]) -> None:
        if loops == t.ndim:
            value = fold.load(tr, t.dtype, indexing.load_parts(tr, v, at))
        else:
            line = v
            for i in at:
                line = indexing.view_at(tr, line, 0, i)
            if line.type.ndim == 1:
                value = reductions_lines.line_sum(tr, line, inner).ssa
            else:
                value = sum_scattered(tr, line, fold_of("sum", t.dtype, inner)).ssa
        target = [at[k] for k in kept]
        before = casts.cast(tr, indexing.load_parts(tr, out, target), fold.dtype, inner)
        after = plus(tr, before, value)
        indexing.store_parts(tr, out, target, casts.cast(tr, after, inner, fold.dtype))

    elementwise_loops.nest(tr, extents(v)[:loops], "C", body)
