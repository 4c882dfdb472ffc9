"""Storing into an array or a view: a scalar, an array or a tree, broadcast, as if the right side were computed first.

A tree is computed straight into its destination where no operand's memory overlaps it (other than element for element: ``a += b``)
and all extents agree. Otherwise it is computed into a temporary, which is then copied. Which of the two is tested before the loops,
as far as it is not known while compiling.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.types import I64
from jitpy.frontend.ir import opcodes as fo
from jitpy.frontend.library import casts, elementwise_loops, indexing
from jitpy.frontend.library.arrays_shape import (
    add,
    both,
    differ,
    either,
    extents,
    is_array,
    itemsize,
    known,
    mul,
    negate,
    product,
    sub,
)
from jitpy.frontend.library.elementwise import Elementwise, cast_tree, element_type, operand
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Val, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jitpy.frontend.translate.translator import Translator

Parts = tuple[int, ...]


def assign(tr: Translator, out: Val, value: Value, what: str = "assignment") -> None:
    """``out[...] = value``; ``what`` is "out" for the output of a ufunc, which must have the shape of the result."""
    t: ty.Array = out.type
    if value.kind() is not ty.Scalar:
        value = operand(tr, value)
        if value.kind() is ty.Scalar:
            what = "out"  # an array of no dimensions is converted as C does
    if value.kind() is ty.Scalar:
        parts = (
            casts.cast(tr, tr.val(value).ssa, value.type, t.dtype) if what == "out" else indexing.element_value(tr, value, t.dtype)
        )
        fill(tr, out, parts)
        return
    if not is_array(value):
        tr.error(f"{value.describe()} cannot be stored in an array")
    source = element_type(value)
    if source is not t.dtype:
        value = cast_tree(tr, value, t.dtype)
    value = _without_leading_ones(tr, value, t.ndim, what)
    tree = elementwise_loops.Tree(value)
    shape = extents(out)
    hazard = either(tr, _mismatch(tr, tree.leaves, shape), _overlaps(tr, out, tree.leaves))

    def apart() -> Parts:
        temporary = _computed(tr, tree, value)
        _copy(tr, out, temporary, what)
        return ()

    def direct() -> Parts:
        elementwise_loops.run_direct(tr, tree, out, shape)
        return ()

    tr.branch(hazard, apart, direct, ())


def _without_leading_ones(tr: Translator, value: Value, ndim: int, what: str) -> Value:
    """Axes in front that the destination lacks must have extent 1."""
    extra = value.type.ndim - ndim
    if extra <= 0:
        return value
    v: Val = tr.settle(value)  # type: ignore[assignment]
    for n in extents(v)[:extra]:
        tr.check(differ(tr, n, tr.iconst(1)), ValueError, "could not broadcast input array into a shape of fewer dimensions")
    if what == "out":
        tr.error("the output array has fewer dimensions than the result")
    t: ty.Array = v.type
    layout = t.layout if t.layout == "C" else "A"
    return indexing.derived(tr, v, ndim, layout, v.ssa[1], extents(v)[extra:], indexing.steps_of(tr, v)[extra:])


def fill(tr: Translator, out: Val, parts: Parts) -> None:
    """Store one element everywhere."""
    t: ty.Array = out.type
    if t.layout != "A" and t.ndim > 1:
        from jitpy.frontend.library.constructors import fill_parts

        fill_parts(tr, out, parts)
        return
    elementwise_loops.nest(
        tr, extents(out), elementwise_loops.nest_order(tr, out), lambda indices: indexing.store_parts(tr, out, indices, parts)
    )


def _computed(tr: Translator, tree: elementwise_loops.Tree, value: Value) -> Val:
    """The right side in memory of its own."""
    if value.__class__ is not Elementwise:
        value = cast_tree(tr, value, element_type(value))
        tree = elementwise_loops.Tree(value)
    return elementwise_loops.compute_general(tr, tree, value.type)


def _copy(tr: Translator, out: Val, v: Val, what: str) -> None:
    """Copy an array that does not overlap, broadcast; ValueError where its shape does not fit."""
    shape = extents(out)
    t: ty.Array = v.type
    one = tr.iconst(1)
    bad: int | bool = False
    for k, n in enumerate(extents(v)):
        m = shape[len(shape) - t.ndim + k]
        other = differ(tr, n, m)
        if what != "out":
            other = both(tr, other, differ(tr, n, one))
        bad = either(tr, bad, other)
    if what == "out":
        text = "non-broadcastable output operand doesn't match the broadcast shape"
        tr.check(bad, ValueError, text)
    else:
        tr.check(bad, ValueError, *_store_message(extents(v), shape))
    tree = elementwise_loops.Tree(v)
    access = elementwise_loops.general_access(tr, v, shape)
    elementwise_loops.run(tr, tree, shape, elementwise_loops.nest_order(tr, out), [access], elementwise_loops.store_into(tr, out))


def _store_message(shape: Sequence[int], into: Sequence[int]) -> list[Any]:
    if len(shape) + len(into) > 4:
        return ["could not broadcast input array into the shape of the destination"]
    parts: list[Any] = ["could not broadcast input array from shape "]
    for dims, after in ((shape, " into shape "), (into, "")):
        parts.append("(")
        for k, n in enumerate(dims):
            parts.append((n, ty.py_int))
            if k < len(dims) - 1 or len(dims) == 1:
                parts.append(",")
        parts.append(")" + after)
    return parts


# -- what must be tested -----------------------------------------------------------------------------------------------


def _mismatch(tr: Translator, leaves: Sequence[Val], shape: Sequence[int]) -> int | bool:
    """Whether an extent differs from the destination's (those known to be 1 are broadcast in any case)."""
    result: int | bool = False
    ndim = len(shape)
    for leaf in leaves:
        own = extents(leaf)
        for k, n in enumerate(own):
            if known(tr, n) != 1:
                result = either(tr, result, differ(tr, n, shape[ndim - len(own) + k]))
    return result


def fresh(tr: Translator, v: Val) -> bool:
    """Whether the array's memory was allocated in this kernel."""
    d = tr.func.value_defs[v.ssa[0]]
    return d >= 0 and tr.func.insts[d][0] == fo.OWN


def _from_outside(tr: Translator, v: Val) -> bool:
    """Whether the array came as an argument."""
    return v.ssa[0] in tr.func.block_params[0]


def _apart(tr: Translator, a: Val, b: Val) -> bool:
    """Whether two arrays are known to lie in different memory."""
    if a.ssa[0] == b.ssa[0]:
        return False
    if fresh(tr, a):
        return fresh(tr, b) or _from_outside(tr, b)
    return fresh(tr, b) and _from_outside(tr, a)


def _overlaps(tr: Translator, out: Val, leaves: Sequence[Val]) -> int | bool:
    """Whether an operand shares memory with the destination, other than element for element. Cheap: by ranges of addresses."""
    result: int | bool = False
    tested: set[Any] = set()
    for leaf in leaves:
        if _apart(tr, out, leaf):
            continue
        same_type = itemsize(leaf.type) == itemsize(out.type) and leaf.type.ndim == out.type.ndim
        if same_type and _known_same_view(tr, out, leaf):
            continue
        base, other = indexing.root(tr, out), indexing.root(tr, leaf)
        if base.ssa[1] == other.ssa[1]:
            overlap = _ranges_overlap(tr, out, leaf)
            if same_type:
                overlap = both(tr, overlap, negate(tr, _same_view(tr, out, leaf)))
        else:
            key = (base.ssa, other.ssa)
            if key in tested:
                continue
            tested.add(key)
            overlap = _ranges_overlap(tr, base, other)
        result = either(tr, result, overlap)
    return result


def _known_same_view(tr: Translator, a: Val, b: Val) -> bool:
    if a.ssa[1] != b.ssa[1]:
        return False
    pairs = zip(indexing.steps_of(tr, a), indexing.steps_of(tr, b), strict=True)
    return all(s == r or (known(tr, s) is not None and known(tr, s) == known(tr, r)) for s, r in pairs)


def _same_view(tr: Translator, a: Val, b: Val) -> int | bool:
    """Whether two arrays of equal extents are element for element the same memory."""
    result: int | bool = negate(tr, differ(tr, a.ssa[1], b.ssa[1]))
    for s, r in zip(indexing.steps_of(tr, a), indexing.steps_of(tr, b), strict=True):
        result = both(tr, result, negate(tr, differ(tr, s, r)))
    return result


def _ranges_overlap(tr: Translator, a: Val, b: Val) -> int | bool:
    low_a, high_a = memory_range(tr, a)
    low_b, high_b = memory_range(tr, b)
    return both(tr, tr.icmp("ult", low_a, high_b), tr.icmp("ult", low_b, high_a))


def memory_range(tr: Translator, v: Val) -> tuple[int, int]:
    """The first address of an array and the one behind its last (of no meaning where it is empty); kept for the block."""
    t: ty.Array = v.type
    low = high = v.ssa[1]
    size = tr.iconst(itemsize(t))
    if t.layout != "A":
        return low, add(tr, high, mul(tr, product(tr, extents(v)), size))
    one, zero = tr.iconst(1), tr.iconst(0)
    for n, s in zip(extents(v), indexing.steps_of(tr, v), strict=True):
        span = mul(tr, sub(tr, n, one), s)
        step = known(tr, s)
        if step is None:
            low = tr.op(op.IADD, I64, low, tr.op(op.SMIN, I64, span, zero))
            high = tr.op(op.IADD, I64, high, tr.op(op.SMAX, I64, span, zero))
        elif step >= 0:
            high = add(tr, high, span)
        else:
            low = add(tr, low, span)
    return low, add(tr, high, size)
