"""Other shapes of an array: ravel, flatten, reshape.

Where NumPy gives a view these do too. An array in C order is a view of its memory under any shape. For any other layout the strides
decide, when the kernel runs: reshape follows NumPy's attempt to find strides for the new shape (`new_steps`) and copies where there
are none; ravel copies unless the elements lie in C order without gaps. The order 'F' is the order 'C' of the transposed array.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.types import I8, I64
from jitpy.frontend.library import indexing, registry
from jitpy.frontend.library.arrays_arguments import bind, constant, integers_of
from jitpy.frontend.library.arrays_shape import (
    allocate,
    array,
    contiguous_strides,
    extents,
    itemsize,
    known,
    mul,
    product,
)
from jitpy.frontend.library.views import array_argument, copied, transposed
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Compound, Const, TupleVal, Val, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jitpy.frontend.translate.translator import Translator


def in_c_order(tr: Translator, v: Val) -> int | bool:
    """Whether the elements lie in C order without gaps, as NumPy's flag has it: axes of extent 1 do not count."""
    t: ty.Array = v.type
    if t.layout == "C" or t.ndim == 0:
        return True
    one = tr.iconst(1)
    expected = tr.iconst(itemsize(t))
    fits = tr.icmp("eq", product(tr, extents(v)), tr.iconst(0))
    wrong = tr.iconst(0, I8)
    for n, s in zip(reversed(extents(v)), reversed(indexing.steps_of(tr, v)), strict=True):
        other = tr.op(op.BAND, I8, tr.icmp("ne", s, expected), tr.icmp("ne", n, one))
        wrong = tr.op(op.BOR, I8, wrong, other)
        expected = mul(tr, expected, n)
    return tr.op(op.BOR, I8, fits, tr.op(op.BXOR, I8, wrong, tr.iconst(1, I8)))


def contiguous(tr: Translator, v: Val) -> Val:
    """The array itself where its elements lie in C order without gaps, else a copy."""
    t: ty.Array = v.type
    result = ty.array_of(t.dtype, t.ndim, "C", t.readonly)

    def same() -> tuple[int, ...]:
        return (*v.ssa[: 2 + t.ndim], *contiguous_strides(tr, extents(v), itemsize(t), "C"))

    return Val(result, tr.branch(in_c_order(tr, v), same, lambda: copied(tr, v).ssa, result.flat))


def _as_line(tr: Translator, v: Val) -> tuple[int, ...]:
    """The parts of the elements of an array in C order as one axis."""
    return v.ssa[0], v.ssa[1], product(tr, extents(v)), tr.iconst(itemsize(v.type))


def raveled(tr: Translator, v: Val) -> Val:
    """The elements in C order along one axis, to be read only: a line of any stride as it is, else a view or a copy."""
    t: ty.Array = v.type
    if t.ndim == 1:
        return v
    c = v if t.layout == "C" else copied(tr, v)
    ct: ty.Array = c.type
    return Val(ty.array_of(t.dtype, 1, "C", ct.readonly), _as_line(tr, c))


def _ravel_of(tr: Translator, v: Val) -> Val:
    """``a.ravel()``: a view exactly where NumPy's is one."""
    t: ty.Array = v.type
    if t.layout == "C":
        return raveled(tr, v)
    line = ty.array_of(t.dtype, 1, "C", t.readonly)
    parts = tr.branch(in_c_order(tr, v), lambda: _as_line(tr, v), lambda: _as_line(tr, copied(tr, v)), line.flat)
    return Val(line, parts)


def _in_f_order(tr: Translator, v: Val, order: Value | None) -> bool:
    """Whether the order argument means F order for this array."""
    wanted = constant(tr, order, "the order", "C")
    layout = v.type.layout if v.type.ndim > 1 else "C"
    if wanted in ("A", "K") and layout != "A":
        wanted = layout
    if wanted not in ("C", "F"):
        tr.error(f"the order {wanted!r} is not supported for an array whose layout is not known", "Say 'C' or 'F'.")
    return bool(wanted == "F")


def _ordered(tr: Translator, v: Val, order: Value | None) -> Val:
    """The array whose elements in C order are those of ``v`` in the given order."""
    return transposed(tr, v) if _in_f_order(tr, v, order) else v


@registry.entry(registry.methods, (ty.Array, "ravel"))
@registry.call(np.ravel)
def _ravel(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    a, order = bind(tr, "np.ravel", args, kwargs, "a order")
    assert a is not None
    return _ravel_of(tr, _ordered(tr, array_argument(tr, a), order))


@registry.entry(registry.methods, (ty.Array, "flatten"))
def _flatten(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    _a, order = bind(tr, "flatten", args, kwargs, "a order")
    return raveled(tr, copied(tr, _ordered(tr, array(tr, args[0]), order)))


# -- flags -------------------------------------------------------------------------------------------------------------


class Flags(Compound):
    """``a.flags``, of which the contiguity and ``writeable`` are known."""

    __slots__ = ("array",)

    def __init__(self, array: Value) -> None:
        self.array = array

    def children(self) -> tuple[Value, ...]:
        return (self.array,)

    def rebuild(self, children: tuple[Value, ...]) -> Value:
        return Flags(children[0])

    def describe(self) -> str:
        return "flags object"


def _flag(of: Callable[[Translator, Val], int | bool]) -> Callable[[Translator, Any], Value]:
    def attribute(tr: Translator, flags: Any) -> Value:
        found = of(tr, flags.array)
        return Const(found) if found.__class__ is bool else Val(ty.py_bool, (found,))

    return attribute


registry.attributes[Flags, "c_contiguous"] = registry.attributes[Flags, "contiguous"] = _flag(in_c_order)
registry.attributes[Flags, "f_contiguous"] = _flag(lambda tr, v: in_c_order(tr, transposed(tr, v)))
registry.attributes[Flags, "writeable"] = _flag(lambda tr, v: not v.type.readonly)


# -- reshape -----------------------------------------------------------------------------------------------------------


def new_steps(old: Any, steps: Any, new: Any, out: Any, itemsize: int) -> bool:
    """Strides of the shape ``new`` over the memory of shape ``old``, written to ``out``; False if there are none.

    Groups of old and new axes with the same number of elements are matched from the left; the old axes of a group must be one
    regular step after the other.
    """
    oi = 0
    ni = 0
    while ni < new.size and oi < old.size:
        if old[oi] == 1:
            oi += 1
            continue
        have = old[oi]
        want = new[ni]
        oj = oi + 1
        nj = ni + 1
        last = oi
        while want != have:
            if want < have:
                want *= new[nj]
                nj += 1
            else:
                if old[oj] != 1:
                    if steps[last] != old[oj] * steps[oj]:
                        return False
                    last = oj
                have *= old[oj]
                oj += 1
        out[nj - 1] = steps[last]
        for k in range(nj - 1, ni, -1):
            out[k - 1] = out[k] * new[k]
        ni = nj
        oi = oj
    step = out[ni - 1] if ni > 0 else np.int64(itemsize)
    for k in range(ni, new.size):
        out[k] = step
    return True


def _numbers(tr: Translator, values: Sequence[int]) -> Val:
    """A new array of int64."""
    v = allocate(tr, ty.int64, (tr.iconst(len(values)),))
    for k, x in enumerate(values):
        indexing.store_parts(tr, v, (tr.iconst(k),), (x,))
    return v


def _checked_shape(tr: Translator, v: Val, shape: Sequence[int]) -> list[int]:
    """The new shape with its -1 replaced; ValueError where it has not as many elements."""
    shape = list(shape)
    size = product(tr, extents(v))
    if [known(tr, n) for n in shape].count(-1) > 1:
        tr.check(True, ValueError, "can only specify one unknown dimension")
    text = ["cannot reshape array of size ", (size, ty.py_int), " into the given shape"]
    unknown = [k for k, n in enumerate(shape) if known(tr, n) == -1]
    if unknown:
        k = unknown[0]
        others = product(tr, shape[:k] + shape[k + 1 :])
        n = known(tr, others)
        if n is None or n <= 0:
            tr.check(tr.icmp("sle", others, tr.iconst(0)), ValueError, *text)
        shape[k] = size if n == 1 else tr.op(op.UDIV_PROVEN, I64, size, others)
        if n != 1:
            tr.check(tr.icmp("ne", mul(tr, shape[k], others), size), ValueError, *text)
        return shape
    for n in shape:
        k = known(tr, n)  # type: ignore[assignment]
        bounds = tr.bounds.get(n)
        if (k is None or k < 0) and (bounds is None or bounds[0] < 0):
            tr.check(tr.icmp("slt", n, tr.iconst(0)), ValueError, *text)
    if product(tr, shape) != size:
        tr.check(tr.icmp("ne", product(tr, shape), size), ValueError, *text)
    return shape


def reshaped(tr: Translator, v: Val, shape: list[int]) -> Val:
    """Another shape of as many elements; one extent may be -1."""
    t: ty.Array = v.type
    shape = _checked_shape(tr, v, shape)
    ndim = len(shape)

    def contiguous(base: Val) -> tuple[int, ...]:
        return (*base.ssa[:2], *shape, *contiguous_strides(tr, shape, itemsize(t), "C"))

    if t.layout == "C":
        base = contiguous(v)
        return indexing.derived(tr, v, ndim, "C", base[1], shape, base[2 + ndim :])
    if t.ndim == 1:
        # A line: every axis of the result steps through it.
        steps = list(contiguous_strides(tr, shape, 1, "C"))
        own = indexing.steps_of(tr, v)[0]
        return indexing.derived(tr, v, ndim, "A", v.ssa[1], shape, [mul(tr, s, own) for s in steps])
    result = ty.array_of(t.dtype, ndim, "A" if ndim else "C", t.readonly)

    def attempt() -> tuple[int, ...]:
        out = _numbers(tr, [tr.iconst(0)] * ndim)
        old = [_numbers(tr, x) for x in (extents(v), indexing.steps_of(tr, v), shape)]
        size = Val(ty.py_int, (tr.iconst(itemsize(t)),))
        found = tr.truth(tr.call_python(new_steps, [*old, out, size], inline=False))

        def view() -> tuple[int, ...]:
            return (*v.ssa[:2], *shape, *[indexing.load_parts(tr, out, (tr.iconst(k),))[0] for k in range(ndim)])

        return tr.branch(found, view, lambda: contiguous(copied(tr, v)), result.flat)

    return Val(result, tr.branch(in_c_order(tr, v), lambda: contiguous(v), attempt, result.flat))


@registry.entry(registry.methods, (ty.Array, "reshape"))
@registry.call(np.reshape)
def _reshape(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    order = kwargs.pop("order", None)
    v = array_argument(tr, args[0])
    rest = args[1:] or list(kwargs.values())
    shape = integers_of(tr, rest[0] if len(rest) == 1 else TupleVal(tuple(rest)), "the shape")
    if _in_f_order(tr, v, order):
        return transposed(tr, reshaped(tr, transposed(tr, v), shape[::-1]))
    return reshaped(tr, v, shape)
