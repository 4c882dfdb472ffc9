"""np.arange and np.linspace, element for element as NumPy computes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.types import F64, I8, I64
from jitpy.frontend.library import casts, indexing, registry, scalars, ufuncs_scalar
from jitpy.frontend.library.arrays_arguments import bind, constant, dtype_of, integers_of, is_none
from jitpy.frontend.library.arrays_shape import allocate, known, maximum
from jitpy.frontend.types import promotion
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Const, Val, Value

if TYPE_CHECKING:
    from jitpy.frontend.translate.translator import Translator

Parts = tuple[int, ...]


def _number(tr: Translator, v: Value, what: str) -> ty.Scalar:
    t = tr.type_of(v)
    if t.__class__ is not ty.Scalar:
        tr.error(f"{what} must be a number, not {v.describe()}")
    return t


@registry.call(np.arange)
def _arange(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    start, stop, step, dtype = bind(tr, "np.arange", args, kwargs, "start stop step dtype")
    if stop is None:
        start, stop = Const(0), start
    if step is None or is_none(step):
        step = Const(1)
    assert start is not None and stop is not None
    types = [_number(tr, v, "an argument of np.arange") for v in (start, stop, step)]
    if any(t.kind == "c" for t in types):
        tr.error("np.arange of complex numbers is not supported")
    if not (start.__class__ is Const and start.obj == 0) and any(t.kind == "u" and not t.weak for t in types[:2]):
        tr.error("np.arange between unsigned NumPy numbers is not supported", "Their difference wraps: convert them with int(x).")
    # Never narrower than the default integer: what an int64 and the arguments' types have in common.
    natural = ty.int64 if all(t.kind in "bi" or (t.kind == "u" and t is not ty.uint64) for t in types) else ty.float64
    target = dtype_of(tr, dtype, natural)
    assert target is not None
    if all(t.kind in "biu" for t in types):
        return _integers(tr, start, stop, step, target)
    return _reals(tr, start, stop, step, target)


def _whole(tr: Translator, v: Value) -> int:
    t: ty.Scalar = v.type
    if t.weak:
        return scalars.as_int(tr, v)
    return casts.cast(tr, tr.val(v).ssa, t, ty.int64)[0]


def _narrow(v: Value) -> bool:
    """Whether a number is a NumPy scalar of less than 64 bits: NumPy computes with it as it is."""
    t: ty.Scalar = v.type
    return not t.weak and t.bits < 64


def _integers(tr: Translator, start: Value, stop: Value, step: Value, target: ty.Scalar) -> Val:
    first, last, by = _whole(tr, start), _whole(tr, stop), _whole(tr, step)
    zero, one = tr.iconst(0), tr.iconst(1)
    if known(tr, first) == 0:
        span = last
    elif _narrow(start) or _narrow(stop):  # the distance of NumPy's scalars, which may wrap
        span = _whole(tr, tr.binary("-", stop, start))
    else:
        span = tr.op(op.ISUB, I64, last, first)
    k = known(tr, by)
    if k is None:
        tr.check(tr.icmp("eq", by, zero), ZeroDivisionError, "division by zero")
        down = tr.icmp("slt", by, zero)
        size = tr.select(down, tr.op(op.INEG, I64, by), by)
        span = tr.select(down, tr.op(op.INEG, I64, span), span)
        steps = tr.op(op.UDIV_PROVEN, I64, tr.op(op.ISUB, I64, span, one), size)
        count = tr.select(tr.icmp("sgt", span, zero), tr.op(op.IADD, I64, steps, one), zero)
    elif k == 0:
        tr.check(True, ZeroDivisionError, "division by zero")
        count = zero
    else:
        if k < 0:
            span = tr.op(op.INEG, I64, span)
        span = maximum(tr, span, zero)
        if abs(k) != 1:
            span = tr.op(op.UDIV_PROVEN, I64, tr.op(op.IADD, I64, span, tr.iconst(abs(k) - 1)), tr.iconst(abs(k)))
        count = span
    tr.bound(count, 0, 1 << 62)
    if target.kind == "b":
        too_long = tr.icmp("sgt", count, tr.iconst(2))
        tr.check(too_long, TypeError, "arange() is only supported for booleans when the result has at most length 2.")
    out = allocate(tr, target, (count,), "C", True)

    def body(i: int, _: Parts) -> Parts:
        n = i if k == 1 else tr.op(op.IMUL, I64, i, by)
        if known(tr, first) != 0:
            n = tr.op(op.IADD, I64, n, first)
        indexing.store_parts(tr, out, (i,), casts.cast(tr, (n,), ty.int64, target))
        return ()

    tr.loop(count, body)
    return out


def _double(tr: Translator, v: Value) -> int:
    t: ty.Scalar = v.type
    if t.weak:
        return scalars.as_float(tr, v)
    return casts.cast(tr, tr.val(v).ssa, t, ty.float64)[0]


def _reals(tr: Translator, start: Value, stop: Value, step: Value, target: ty.Scalar) -> Val:
    """The first two elements are computed, the others continue their distance."""
    first, last, by = _double(tr, start), _double(tr, stop), _double(tr, step)
    tr.check(tr.fcmp("eq", by, tr.fconst(0.0)), ZeroDivisionError, "float division by zero")
    narrow = any(_narrow(v) for v in (start, stop, step))
    if narrow:
        steps = _double(tr, tr.binary("/", tr.binary("-", stop, start), step))
    else:
        steps = tr.op(op.FDIV, F64, tr.op(op.FSUB, F64, last, first), by)
    length = tr.op(op.CEIL, F64, steps)
    finite = tr.fcmp("lt", length, tr.fconst(2.0**59))
    tr.check(tr.op(op.BXOR, I8, finite, tr.iconst(1, I8)), ValueError, "arange: cannot compute length")
    count = maximum(tr, tr.op(op.FCVT_TO_SINT_SAT, I64, length), tr.iconst(0))
    out = allocate(tr, target, (count,), "C", True)
    second = _double(tr, tr.binary("+", start, step)) if narrow else tr.op(op.FADD, F64, first, by)
    a = casts.cast(tr, (first,), ty.float64, target)
    b = casts.cast(tr, (second,), ty.float64, target)
    inner = ty.float32 if target is ty.float16 else target
    wide_a, wide_b = casts.cast(tr, a, target, inner), casts.cast(tr, b, target, inner)
    triple = (inner, inner, inner)
    delta = ufuncs_scalar.emit(tr, np.subtract, triple, (wide_b, wide_a))[0]

    def body(i: int, _: Parts) -> Parts:
        n = casts.cast(tr, (i,), ty.int64, inner)
        element = ufuncs_scalar.emit(tr, np.add, triple, (wide_a, ufuncs_scalar.emit(tr, np.multiply, triple, (n, delta))[0]))[0]
        parts = casts.cast(tr, element, inner, target)
        second_one = tr.icmp("eq", i, tr.iconst(1))
        indexing.store_parts(tr, out, (i,), tuple([tr.select(second_one, p, q) for p, q in zip(b, parts, strict=True)]))
        return ()

    def begin() -> Parts:
        indexing.store_parts(tr, out, (tr.iconst(0),), a)
        return ()

    tr.branch(tr.icmp("sgt", count, tr.iconst(0)), begin, lambda: (), ())
    tr.loop(count, body, (), tr.iconst(1))
    return out


@registry.call(np.linspace)
def _linspace(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    start, stop, num, endpoint, retstep, dtype = bind(tr, "np.linspace", args, kwargs, "start stop num endpoint retstep dtype", 2)
    assert start is not None and stop is not None
    if constant(tr, retstep, "retstep", False):
        tr.error("np.linspace with retstep=True is not supported", "Compute the step from the first two elements.")
    types = [_number(tr, v, "a bound of np.linspace") for v in (start, stop)]
    if any(t.kind == "c" for t in types):
        tr.error("np.linspace of complex numbers is not supported")
    joined = promotion.common([promotion.float_for(t) if not t.weak else ty.py_float for t in types])
    natural = ty.float64 if joined.weak else joined
    if natural is not ty.float64:
        tr.error("np.linspace is supported for bounds in float64", "Convert the bounds with float().")
    target = dtype_of(tr, dtype, natural)
    assert target is not None
    count = integers_of(tr, num, "num")[0] if num is not None else tr.iconst(50)
    if known(tr, count) is None or known(tr, count) < 0:  # type: ignore[operator]
        tr.check(
            tr.icmp("slt", count, tr.iconst(0)), ValueError, "Number of samples, ", (count, ty.py_int), ", must be non-negative."
        )
    closed = bool(constant(tr, endpoint, "endpoint", True))
    first, last = _double(tr, start), _double(tr, stop)
    one = tr.iconst(1)
    div = tr.op(op.ISUB, I64, count, one) if closed else count
    parts_of = tr.op(op.FCVT_FROM_SINT, F64, div)
    delta = tr.op(op.FSUB, F64, last, first)
    step = tr.op(op.FDIV, F64, delta, parts_of)
    none = tr.icmp("sle", div, tr.iconst(0))
    flat_step = tr.fcmp("eq", step, tr.fconst(0.0))
    out = allocate(tr, target, (count,), "C", True)
    top = tr.op(op.ISUB, I64, count, one)

    def store(i: int, x: int) -> None:
        if target.kind in "iu":
            x = tr.op(op.FLOOR, F64, x)
        indexing.store_parts(tr, out, (i,), casts.cast(tr, (x,), ty.float64, target))

    def body(i: int, _: Parts) -> Parts:
        n = tr.op(op.FCVT_FROM_SINT, F64, i)
        by_step = tr.op(op.FMUL, F64, n, step)
        by_part = tr.op(op.FMUL, F64, tr.op(op.FDIV, F64, n, parts_of), delta)
        alone = tr.op(op.FMUL, F64, n, delta)
        x = tr.select(none, alone, tr.select(flat_step, by_part, by_step))
        x = tr.op(op.FADD, F64, x, first)
        if closed:
            end = tr.op(op.BAND, I8, tr.icmp("eq", i, top), tr.icmp("sgt", i, tr.iconst(0)))
            x = tr.select(end, last, x)
        store(i, x)
        return ()

    tr.loop(count, body)
    return out
