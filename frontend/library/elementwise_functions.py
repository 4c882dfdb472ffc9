"""Elementwise functions that are not ufuncs: where, clip, round, astype, conj, fill, isclose, copyto."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from jitpy.frontend.library import casts, elementwise, elementwise_stores, indexing, registry, ufuncs_scalar
from jitpy.frontend.library.arrays_arguments import bind, constant, dtype_of, is_none, sequence
from jitpy.frontend.library.arrays_shape import array, is_array
from jitpy.frontend.types import promotion
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Const, Val, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jitpy.frontend.translate.translator import Translator

Parts = tuple[int, ...]


def settle_others(tr: Translator, used: Sequence[Value]) -> None:
    """Before memory changes: compute what waits on the stack, but for the operands of this operation."""
    stack = tr.frame.stack
    for i, v in enumerate(stack):
        if v.lazy and not any(v is u for u in used):
            stack[i] = tr.settle(v)


@registry.call(np.where)
def _where(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if len(args) == 1:
        from jitpy.frontend.library import sorting

        return sorting.nonzero(tr, args, kwargs)
    cond, x, y = bind(tr, "np.where", args, kwargs, "condition x y", 3)
    values = [elementwise.operand(tr, v) for v in (cond, x, y) if v is not None]
    types = [elementwise.element_type(v) for v in values]
    joined = promotion.common([_no_wide(t) for t in types[1:]])
    target = promotion.DEFAULT.get(joined, joined)
    leaves: list[Value] = []
    sources: list[ty.Scalar] = []
    for k, v in enumerate(values):
        if is_array(v) or k == 0:
            leaves.append(v if is_array(v) else tr.val(v))
            sources.append(types[k])
        else:
            if types[k].weak and types[k].kind in "iu" and target.kind in "iu":
                parts = casts.cast(tr, tr.val(v).ssa, types[k], target)  # np.where, alone, does not mind an int that does not fit
            else:
                parts = ufuncs_scalar.convert(tr, v, target)
            leaves.append(Val(target, parts))
            sources.append(target)

    def emit(tr: Translator, args: list[Parts]) -> Parts:
        test = casts.is_true(tr, sources[0], args[0])
        a, b = (casts.cast(tr, p, s, target) for p, s in zip(args[1:], sources[1:], strict=True))
        return tuple([tr.select(test, p, q) for p, q in zip(a, b, strict=True)])

    if not any(is_array(v) for v in leaves):
        from jitpy.frontend.library.reductions import as_zero_d

        return as_zero_d(tr, Val(target, emit(tr, [tr.val(v).ssa for v in leaves])))
    return elementwise.function(tr, emit, leaves, target)


def _no_wide(t: ty.Scalar) -> ty.Scalar:
    return ty.py_int if t is ty.py_uint else t


@registry.entry(registry.methods, (ty.Array, "clip"))
@registry.call(np.clip)
def _clip(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    kwargs = {{"min": "a_min", "max": "a_max"}.get(k, k): v for k, v in kwargs.items()}
    a, low, high, out = bind(tr, "np.clip", args, kwargs, "a a_min a_max out")
    assert a is not None
    result: Value = a
    for bound, ufunc in ((low, np.maximum), (high, np.minimum)):
        if not is_none(bound) and not _beyond(a, bound, ufunc is np.maximum):
            assert bound is not None
            result = elementwise.apply(tr, ufunc, (result, bound))
    if is_none(out):
        return elementwise.apply(tr, np.positive, (result,)) if result is a and is_array(a) else result
    target = array(tr, out)  # type: ignore[arg-type]
    settle_others(tr, args)
    elementwise._store(tr, np.clip, result, target)
    return target


def _beyond(a: Value, bound: Value | None, lower: bool) -> bool:
    """Whether a bound is a Python int that the elements cannot cross: NumPy drops it before its type matters."""
    t = elementwise.element_type(a)
    if bound.__class__ is not Const or t.kind not in "iu" or bound.obj.__class__ is not int:
        return False
    least, greatest = ufuncs_scalar.limits(t)
    return bool(bound.obj <= least) if lower else bool(bound.obj >= greatest)


@registry.entry(registry.methods, (ty.Array, "round"))
def round_array(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``a.round(decimals)``."""
    a, decimals = bind(tr, "np.round", args, kwargs, "a decimals")
    assert a is not None
    digits = constant(tr, decimals, "the number of decimals", 0)
    t = elementwise.element_type(a)
    if t.kind in "biu":
        if digits < 0:
            tr.error("rounding integers to tens is not supported for arrays")
        return elementwise.apply(tr, np.positive, (a,))
    if digits == 0:
        return elementwise.apply(tr, np.rint, (a,))
    scale = Const(10.0 ** abs(digits))
    first, second = (np.multiply, np.true_divide) if digits > 0 else (np.true_divide, np.multiply)
    scaled = elementwise.apply(tr, np.rint, (elementwise.apply(tr, first, (a, scale)),))
    return elementwise.apply(tr, second, (scaled, scale))


@registry.call(np.round, np.around)
def _round(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    a, decimals = bind(tr, "np.round", args, kwargs, "a decimals")
    assert a is not None
    if a.kind() is ty.Scalar:
        from jitpy.frontend.library import builtins

        v = tr.val(a)
        t: Any = v.type
        strong = promotion.DEFAULT.get(t, t)
        result: Value = builtins.numpy_round(tr, Val(strong, v.ssa), strong, decimals or Const(0))
        return result
    return round_array(tr, args, kwargs)


@registry.entry(registry.methods, (ty.Array, "astype"))
def _astype(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    a, dtype, copy = bind(tr, "astype", args, kwargs, "a dtype copy", 2)
    target = dtype_of(tr, dtype)
    assert a is not None and target is not None
    if not constant(tr, copy, "copy", True) and elementwise.element_type(a) is target:
        return array(tr, a)
    return elementwise.cast_tree(tr, a, target)


@registry.entry(registry.methods, (ty.Array, "conj"), (ty.Array, "conjugate"))
def _conj(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if elementwise.element_type(args[0]).kind != "c":
        return args[0]
    return elementwise.apply(tr, np.conjugate, args)


@registry.entry(registry.methods, (ty.Array, "fill"))
def _fill(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    a, value = bind(tr, "fill", args, kwargs, "a value", 2)
    assert a is not None and value is not None
    v = array(tr, a)
    settle_others(tr, args)
    indexing.writable(tr, v)
    elementwise_stores.assign(tr, v, value)
    return Const(None)


@registry.call(np.copyto)
def _copyto(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    target, source = bind(tr, "np.copyto", args, kwargs, "dst src", 2)
    assert target is not None and source is not None
    v = array(tr, target)
    settle_others(tr, args)
    indexing.writable(tr, v)
    if is_array(source):
        from jitpy.frontend.library.arrays import numpy_dtype

        a, b = elementwise.element_type(source), elementwise.element_type(v)
        if not np.can_cast(numpy_dtype(a), numpy_dtype(b), "same_kind"):
            tr.error(f"cannot cast array data from {a.name} to {b.name} according to the rule 'same_kind'")
    elementwise_stores.assign(tr, v, source)
    return Const(None)


def close(tr: Translator, args: Sequence[Value], kwargs: dict[str, Value], name: str) -> Value:
    """Elementwise: equal, or nearly, by NumPy's formula."""
    a, b, rtol, atol, equal_nan = bind(tr, name, args, kwargs, "a b rtol atol equal_nan", 2)
    assert a is not None and b is not None
    relative, absolute = rtol or Const(1e-05), atol or Const(1e-08)
    x, y = _settled(tr, a), _settled(tr, b)
    if is_array(y) and elementwise.element_type(y).kind in "biu":
        y = tr.settle(elementwise.cast_tree(tr, y, ty.float64))

    def f(ufunc: Any, *operands: Value) -> Value:
        return elementwise.apply(tr, ufunc, operands)

    distance = f(np.absolute, f(np.subtract, x, y))
    limit = f(np.add, absolute, f(np.multiply, relative, f(np.absolute, y)))
    near = f(np.logical_and, f(np.less_equal, distance, limit), f(np.isfinite, y))
    result = f(np.logical_or, near, f(np.equal, x, y))
    if constant(tr, equal_nan, "equal_nan", False):
        result = f(np.logical_or, result, f(np.logical_and, f(np.isnan, x), f(np.isnan, y)))
    return result


def _settled(tr: Translator, v: Value) -> Value:
    from jitpy.frontend.library.constructors_nested import as_array

    if v.kind() is ty.Scalar:
        return v
    return as_array(tr, v)


@registry.call(np.select)
def _select(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    conditions, choices, default = bind(tr, "np.select", args, kwargs, "condlist choicelist default", 2)
    pair = [sequence(v) for v in (conditions, choices) if v is not None]
    if pair[0] is None or pair[1] is None:
        tr.error("np.select wants its conditions and choices as lists written out here", "Use np.where.")
    if len(pair[0].items) != len(pair[1].items) or not pair[0].items:
        tr.check(True, ValueError, "list of cases must be same length as list of conditions")
    result = default if default is not None else Const(0)
    for condition, choice in reversed(list(zip(pair[0].items, pair[1].items, strict=False))):
        if elementwise.element_type(_settled(tr, condition)).kind != "b":
            tr.check(True, TypeError, "invalid entry in condlist: should be boolean ndarray")
        result = tr.call(Const(np.where), [condition, choice, result])
    return result


@registry.call(np.isclose)
def _isclose(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return close(tr, args, kwargs, "np.isclose")
