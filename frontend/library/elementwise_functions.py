"""Elementwise functions that are not ufuncs: where, clip, round, astype, conj, fill, isclose, copyto."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.types import I8, I64
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
    a = _strong(tr, elementwise.operand(tr, a))
    bounds = [None if is_none(v) or _beyond(a, v, v is low) else v for v in (low, high)]
    result: Value = a
    if None not in bounds:
        result = _clip_both(tr, a, *bounds)  # type: ignore[arg-type]
    for bound, ufunc in zip(bounds, (np.maximum, np.minimum), strict=True):
        if None in bounds and bound is not None:
            result = elementwise.apply(tr, ufunc, (result, bound))
    if is_none(out):
        return elementwise.apply(tr, np.positive, (result,)) if result is a and is_array(a) else result
    target = array(tr, out)  # type: ignore[arg-type]
    settle_others(tr, args)
    elementwise._store(tr, np.clip, result, target)
    return target


def _strong(tr: Translator, v: Value) -> Value:
    """A Python number as NumPy's of the default type."""
    t = elementwise.element_type(v)
    if is_array(v) or not t.weak:
        return v
    target = promotion.DEFAULT.get(t, ty.uint64)
    return Val(target, ufuncs_scalar.convert(tr, v, target))


def _clip_both(tr: Translator, a: Value, low: Value, high: Value) -> Value:
    """Between two bounds, in one type. Elements equal to a bound that is a number stay; equal to one of an array they become it."""
    values = [elementwise.operand(tr, v) for v in (a, low, high)]
    types = [elementwise.element_type(v) for v in values]
    joined = promotion.common(types)
    target = promotion.DEFAULT.get(joined, joined)
    if target.kind == "b":
        tr.error("np.clip of bools is not supported", "Use & and |.")
    leaves: list[Value] = []
    for k, (v, t) in enumerate(zip(values, types, strict=True)):
        if is_array(v):
            leaves.append(v)
            continue
        if k and v.__class__ is not Const and t is ty.py_int and target.kind in "iu":
            v = _within(tr, tr.val(v), target, k == 1)
        leaves.append(Val(target, ufuncs_scalar.convert(tr, v, target)))
        types[k] = target
    fixed = target.kind != "c" and not is_array(values[1]) and not is_array(values[2])

    def emit(tr: Translator, args: list[Parts]) -> Parts:
        x, least, most = [casts.cast(tr, p, t, target) for p, t in zip(args, types, strict=True)]
        if not fixed:
            return _nearer(tr, target, np.less, _nearer(tr, target, np.greater, x, least), most)
        x = _replaced(tr, target, np.less, x, least)
        return _replaced(tr, target, np.greater, x, most)

    if any(is_array(v) for v in leaves):
        return elementwise.function(tr, emit, leaves, target)
    return Val(target, emit(tr, [v.ssa for v in leaves]))


def _within(tr: Translator, v: Val, target: ty.Scalar, lower: bool) -> Val:
    """A Python int as a bound: one that no element can cross does not matter."""
    least, greatest = ufuncs_scalar.limits(target)
    if greatest >= 1 << 63:
        greatest = (1 << 63) - 1
    opcode, limit = (op.SMAX, least) if lower else (op.SMIN, greatest)
    return Val(ty.py_int, (tr.op(opcode, I64, v.ssa[0], tr.iconst(limit)),))


def _test(tr: Translator, t: ty.Scalar, ufunc: Any, x: Parts, y: Parts) -> int:
    return ufuncs_scalar.emit(tr, ufunc, (t, t, ty.np_bool), (x, y))[0][0]


def _is_nan(tr: Translator, t: ty.Scalar, x: Parts) -> int | None:
    return ufuncs_scalar.emit(tr, np.isnan, (t, ty.np_bool), (x,))[0][0] if t.kind in "fc" else None


def _replaced(tr: Translator, t: ty.Scalar, beyond: Any, x: Parts, bound: Parts) -> Parts:
    """The bound where ``x`` is beyond it, or where it is NaN."""
    takes = _test(tr, t, beyond, x, bound)
    nan = _is_nan(tr, t, bound)
    if nan is not None:
        takes = tr.op(op.BOR, I8, takes, nan)
    return tuple([tr.select(takes, b, p) for p, b in zip(x, bound, strict=True)])


def _nearer(tr: Translator, t: ty.Scalar, inside: Any, x: Parts, bound: Parts) -> Parts:
    """``x`` where it is inside the bound, or NaN; else the bound."""
    stays = _test(tr, t, inside, x, bound)
    nan = _is_nan(tr, t, x)
    if nan is not None:
        stays = tr.op(op.BOR, I8, stays, nan)
    return tuple([tr.select(stays, p, b) for p, b in zip(x, bound, strict=True)])


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
    t = elementwise.element_type(y)
    if is_array(y) and t.kind in "biu":
        y = tr.settle(elementwise.cast_tree(tr, y, ty.float64))
    elif t.kind in "biu":
        y = tr.call(Const(float), [y]) if t.weak else Val(ty.float64, casts.cast(tr, tr.val(y).ssa, t, ty.float64))

    def f(ufunc: Any, *operands: Value) -> Value:
        return elementwise.apply(tr, ufunc, operands)

    # Operators, not ufuncs: Python numbers stay Python's.
    distance = tr.call(Const(abs), [tr.binary("-", x, y)])
    limit = tr.binary("+", absolute, tr.binary("*", relative, tr.call(Const(abs), [y])))
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
