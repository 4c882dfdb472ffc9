"""Python's builtin functions of numbers: abs, round, min, max, sum, pow, divmod, any, all, isinstance.

What walks a container is written in Python (`sequences`) and compiled like the user's own code.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.types import I8
from jitpy.frontend.library import casts, conversions, exact, registry, scalars
from jitpy.frontend.library.functions import call_function
from jitpy.frontend.types import promotion
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import BoundMethod, Const, EitherVal, FunctionVal, Iterator, TupleVal, UnionVal, Val, Value

if TYPE_CHECKING:
    from jitpy.frontend.translate.translator import Translator
    from jitpy.frontend.types.types import Scalar


def element_of_array(tr: Translator, name: str, value: Value) -> Value:
    """int(), float() ... of an array: of its one element."""
    method = registry.find(registry.methods, value.kind(), (value.kind(), "item"))
    if value.kind() is not ty.Array or method is None:
        tr.error(f"{name}() of {value.describe()} is not supported")
    if value.type.ndim:
        tr.error(f"{name}() of an array that has dimensions", "Only arrays of no dimensions convert: write a[0] or a.item().")
    result: Value = method(tr, [value], {})
    return result


def _count(tr: Translator, name: str, args: list[Value], least: int, most: int) -> None:
    if not least <= len(args) <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        tr.error(f"{name}() takes {wanted} arguments ({len(args)} given)")


@registry.call(abs)
def abs_(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """abs(x)."""
    _count(tr, "abs", args, 1, 1)
    if args[0].kind() is ty.Scalar:
        return scalars.unary(tr, "abs", args[0])
    import numpy as np

    return tr.call(Const(np.absolute), args)


@registry.call(divmod)
def divmod_(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """divmod(x, y)."""
    _count(tr, "divmod", args, 2, 2)
    if args[0].kind() is ty.Scalar and args[1].kind() is ty.Scalar:
        return scalars.binary(tr, "divmod", args[0], args[1])
    import numpy as np

    return tr.call(Const(np.divmod), args)


@registry.call(pow)
def pow_(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """pow(x, y), pow(x, y, modulus) of ints."""
    args = [*args, *(kwargs[k] for k in ("exp", "mod") if k in kwargs)]
    if "base" in kwargs:
        args.insert(0, kwargs["base"])
    _count(tr, "pow", args, 2, 3)
    if len(args) == 2 or (args[2].__class__ is Const and args[2].obj is None):
        return tr.binary("**", args[0], args[1])
    for a in args:
        t = tr.type_of(a)
        if t is not ty.py_int and t is not ty.py_bool:
            tr.error("pow() with three arguments needs Python ints")
    if all(a.__class__ is Const for a in args):
        return scalars.fold(tr, pow, *(a.obj for a in args))
    ints = tuple(scalars.py_int(scalars.as_int(tr, a)) for a in args)
    return tr.call_python(exact.modular_power, ints, inline=False)


@registry.call(round)
def round_(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """round(x), round(x, ndigits)."""
    value = args[0] if args else kwargs["number"]
    digits = args[1] if len(args) > 1 else kwargs.get("ndigits", Const(None))
    if value.kind() is not ty.Scalar:
        tr.error(f"round() of {value.describe()} is not supported", "np.round() rounds arrays.")
    without = digits.__class__ is Const and digits.obj is None
    if value.__class__ is Const and digits.__class__ is Const:
        return scalars.fold(tr, round, value.obj, digits.obj)
    t: Scalar = tr.type_of(value)  # type: ignore[assignment]
    if t.kind == "c" or t is ty.np_bool:
        tr.error(f"{value.describe()} does not define __round__")
    if without:
        if t.kind == "f":
            x, flat = casts.widen(tr, tr.val(value).ssa[0], t), casts.working_float(t)
            return scalars.py_int(conversions.float_to_int(tr, tr.op(op.NEAREST, flat, x), flat))
        return conversions.to_int(tr, value)
    if tr.type_of(digits) not in (ty.py_int, ty.py_bool):
        tr.error("round() wants an int for the number of digits")
    if t.weak:
        return _python_round(tr, value, t, digits)
    return numpy_round(tr, value, t, digits)


def _python_round(tr: Translator, value: Value, t: Scalar, digits: Value) -> Value:
    n = scalars.py_int(scalars.as_int(tr, digits)) if digits.__class__ is not Const else digits
    if t.kind == "f":
        return tr.call_python(exact.round_digits, (value, n), inline=False)
    known = scalars.constant_of(digits)
    whole = scalars.py_int(scalars.as_int(tr, value))
    if known is not None and known >= 0:
        return whole
    return tr.call_python(exact.round_int, (whole, n), inline=False)


def numpy_round(tr: Translator, value: Value, t: Scalar, digits: Value) -> Value:
    """np.round of a scalar: scaled by a power of ten, rounded to even, scaled back; integers to multiples of one."""
    known = scalars.constant_of(digits)
    if known is None:
        tr.error("rounding a NumPy scalar wants a number of digits known at compile time")
    v = tr.val(value)
    if t.kind in "iu":
        if known >= 0:
            return v
        step = 10**-known
        from jitpy.frontend.library.ufuncs_scalar import limits

        if step > limits(t)[1]:
            return Const(conversions.numpy_class(t)(0))
        # Through the float type NumPy divides in, as NumPy does it.
        divided = _scale(tr, casts.cast(tr, v.ssa, t, ty.float64)[0], ty.float64, "/", float(step))
        near = tr.op(op.NEAREST, ty.float64.flat[0], divided)
        back = _scale(tr, near, ty.float64, "*", float(step))
        return Val(t, casts.cast(tr, (back,), ty.float64, t))
    scale = 10.0 ** abs(known)
    first, second = ("*", "/") if known > 0 else ("/", "*")
    if known == 0:
        flat = casts.working_float(t)
        return Val(t, (casts.narrow(tr, tr.op(op.NEAREST, flat, casts.widen(tr, v.ssa[0], t)), t),))
    x = _scale(tr, v.ssa[0], t, first, scale)
    x = casts.narrow(tr, tr.op(op.NEAREST, casts.working_float(t), casts.widen(tr, x, t)), t)
    return Val(t, (_scale(tr, x, t, second, scale),))


def _scale(tr: Translator, x: int, t: Scalar, name: str, scale: float) -> int:
    flat = casts.working_float(t)
    factor = casts.widen(tr, tr.fconst(scale, t.flat[0]), t)
    result = tr.op(op.FMUL if name == "*" else op.FDIV, flat, casts.widen(tr, x, t), factor)
    return casts.narrow(tr, result, t)


# -- min and max
# -------------------------------------------------------------------------------------------------------------------


@registry.call(min)
def min_(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """min(a, b, ...) or min(container)."""
    return _extreme(tr, "min", "<", args, kwargs)


@registry.call(max)
def max_(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """max(a, b, ...) or max(container)."""
    return _extreme(tr, "max", ">", args, kwargs)


def _extreme(tr: Translator, name: str, condition: str, args: list[Value], kwargs: dict[str, Value]) -> Value:
    from jitpy.frontend.library import iteration

    if len(args) == 1:
        args = [_unordered(tr, args[0], name if not kwargs else "by key")]
    if kwargs:
        return iteration_extreme(tr, name, args, kwargs)
    if len(args) == 1 and isinstance(args[0], Iterator):
        return call_function(tr, iteration.smallest if name == "min" else iteration.largest, args, {}, True)
    if len(args) == 1:
        if args[0].__class__ is TupleVal:
            args = list(args[0].items)
            if not args:
                tr.check(True, ValueError, f"{name}() arg is an empty sequence")
                return Const(0)
        else:
            from jitpy.frontend.library import sequences

            return call_function(tr, sequences.smallest if name == "min" else sequences.largest, args, {}, None)
    if not args:
        tr.error(f"{name}() expected at least 1 argument, got 0")
    best = args[0]
    for other in args[1:]:
        best = _better(tr, condition, best, other)
    return best


def iteration_extreme(tr: Translator, name: str, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """min() and max() with ``key`` or ``default``."""
    from jitpy.frontend.library import iteration

    for word in kwargs:
        if word not in ("key", "default"):
            tr.check(True, TypeError, f"{name}() got an unexpected keyword argument {word!r}")
    key = kwargs.get("key", Const(None))
    values = args[0] if len(args) == 1 else TupleVal(tuple(args))
    if len(args) > 1 and "default" in kwargs:
        tr.check(True, TypeError, f"Cannot specify a default for {name}() with multiple positional arguments")
    which = "smallest" if name == "min" else "largest"
    given = [tr.settle(values)]
    if not (key.__class__ is Const and key.obj is None):
        which += "_by"
        given.append(key)
    if "default" in kwargs:
        which += "_or"
        given.append(kwargs["default"])
    return call_function(tr, getattr(iteration, which), given, {}, True)


def _unordered(tr: Translator, values: Value, name: str) -> Value:
    """The items of a dict or a set as something to iterate over; of a set where its order cannot be seen."""
    kind = values.kind()
    if kind is ty.Dict:
        return tr.iterate(values)
    if kind is ty.Set:
        from jitpy.frontend.library import dicts

        key = values.type.key
        if name == "by key" or (name == "sum" and key.__class__ is ty.Scalar and key.kind == "f"):
            return tr.iterate(values)  # refused
        return dicts.members(tr, values)
    return values


def _better(tr: Translator, condition: str, best: Value, other: Value) -> Value:
    """``other`` if ``other < best`` (or >), else ``best``: each keeps its type."""
    if best.__class__ is EitherVal or best.__class__ is UnionVal:
        tr.error(
            "min() and max() of more than two numbers of different types",
            "Nest the calls, or convert the numbers first.",
        )
    if other.__class__ is EitherVal:
        tr.fork(other)
    wins = tr.truth(tr.compare(condition, other, best))
    if wins.__class__ is bool:
        return other if wins else best
    return choose(tr, wins, other, best)


def choose(tr: Translator, cond: int, a: Value, b: Value) -> Value:
    """``a`` where ``cond`` (an i8) is nonzero, else ``b``, each with its own type."""
    ta, tb = tr.type_of(a), tr.type_of(b)
    if ta.__class__ is not ty.Scalar or tb.__class__ is not ty.Scalar:
        tr.error(f"min() and max() of {a.describe()} and {b.describe()} are not supported")
    if ta is tb:
        x, y = scalars.number(tr, a), scalars.number(tr, b)
        if x.type is y.type:
            return Val(x.type, tuple(tr.select(cond, p, q) for p, q in zip(x.ssa, y.ssa)))
    for constant, other, flag in ((a, b, False), (b, a, True)):
        if constant.__class__ is Const and other.__class__ is Val:
            converted = _as_typed(tr, constant.obj, other.type)
            if converted is not None:
                first, second = (converted, other.ssa) if not flag else (other.ssa, converted)
                merged = tuple(tr.select(cond, p, q) for p, q in zip(first, second))
                typed = cond if flag else tr.op(op.BXOR, I8, cond, tr.iconst(1, I8))
                return EitherVal(Val(other.type, merged), constant, typed)
    x, y = scalars.number(tr, a), scalars.number(tr, b)
    return UnionVal(tr.op(op.BXOR, I8, cond, tr.iconst(1, I8)), (x, y))


def _as_typed(tr: Translator, obj: Any, t: Any) -> tuple[int, ...] | None:
    """A Python constant in a scalar type that holds it exactly and has as high a kind, else None."""
    source = tr.type_of(Const(obj))
    if source.__class__ is not ty.Scalar or not source.weak or obj != obj:
        return None
    if (t.weak and t.kind != "f") or source.kind == "b" or t.kind == "b":
        return None
    if promotion.RANK[source.kind] > promotion.RANK[t.kind]:
        return None
    if t.kind in "iu":
        from jitpy.frontend.library.ufuncs_scalar import limits

        low, high = limits(t)
        if not low <= obj <= high:
            return None
    else:
        import numpy as np

        with np.errstate(all="ignore"):
            if conversions.numpy_class(promotion.DEFAULT.get(t, t))(obj) != obj:
                return None
    return casts.constant_parts(tr, obj, t)


# -- over containers
# -----------------------------------------------------------------------------------------------------------------


@registry.call(sum)
def sum_(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """sum(container), sum(container, start)."""
    _count(tr, "sum", args, 1, 2)
    args = [_unordered(tr, args[0], "sum"), *args[1:]]
    start = args[1] if len(args) > 1 else kwargs.get("start", Const(0))
    values = tr.settle(args[0])
    if isinstance(values, Iterator):
        from jitpy.frontend.library import iteration, sequences

        function = iteration.total if sys.version_info >= (3, 12) else sequences.total
        return call_function(tr, function, [values, start], {}, True)
    if values.__class__ is not TupleVal:
        from jitpy.frontend.library import sequences

        item = getattr(tr.type_of(values), "item", None)
        if sys.version_info >= (3, 12) and item is ty.py_float:
            return call_function(tr, sequences.total_of_floats, [values, start], {}, None)
        return call_function(tr, sequences.total, [values, start], {}, None)
    items = values.items
    types = [tr.type_of(v) for v in items]
    if sys.version_info >= (3, 12) and ty.py_float in types:
        from jitpy.frontend.library import sequences

        return sequences.compensated_sum(tr, items, start)
    result = start
    for v in items:
        result = tr.binary("+", result, v)
    return result


@registry.call(any)
def any_(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """any(container)."""
    return _quantifier(tr, "any", args)


@registry.call(all)
def all_(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """all(container)."""
    return _quantifier(tr, "all", args)


def _quantifier(tr: Translator, name: str, args: list[Value]) -> Value:
    _count(tr, name, args, 1, 1)
    values = tr.settle(_unordered(tr, args[0], name))
    if values.__class__ is not TupleVal:
        from jitpy.frontend.library import sequences

        return tr.call_python(sequences.any_true if name == "any" else sequences.all_true, (values,))
    decisive = name == "any"
    result: int | None = None
    for v in values.items:
        t = tr.truth(v)
        if t.__class__ is bool:
            if t is decisive:
                return Const(decisive)
            continue
        result = t if result is None else tr.op(op.BOR if decisive else op.BAND, I8, result, t)
    return Const(not decisive) if result is None else scalars.py_bool(result)


# -- types -----------------------------------------------------------------------------------------------------------
# ------------------


_CLASSES = {
    "TupleVal": tuple, "List": list, "Str": str, "SliceVal": slice, "RangeVal": range, "Dict": dict, "Set": set, "Keywords": dict,
}  # fmt: skip


def class_of(tr: Translator, value: Value) -> Any:
    """The Python class of a value, known at compile time; None where it is not."""
    if value.__class__ is Const:
        return type(value.obj)
    kind = value.kind()
    t = tr.type_of(value)
    if kind is ty.Scalar:
        if t.weak:  # type: ignore[union-attr]
            return {"b": bool, "i": int, "u": int, "f": float, "c": complex}[t.kind]  # type: ignore[union-attr]
        return conversions.numpy_class(t)  # type: ignore[arg-type]
    if kind is ty.Array:
        import numpy as np

        return np.ndarray
    if kind is ty.NoneType:
        return type(None)
    if value.__class__ is TupleVal and value.cls is not None:
        return value.cls
    return _CLASSES.get(kind.__name__)


@registry.call(isinstance)
def isinstance_(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """isinstance(x, classes), decided at compile time."""
    _count(tr, "isinstance", args, 2, 2)
    value, wanted = args
    if value.__class__ is EitherVal:
        tr.fork(value)
    cls = class_of(tr, value)
    classes = constant_classes(wanted)
    if cls is None or classes is None:
        tr.error(f"isinstance() of {value.describe()} cannot be decided at compile time")
    return Const(issubclass(cls, classes))


def constant_classes(value: Value) -> Any:
    """The class or (nested) tuple of classes that a value is, None where it is neither."""
    if value.__class__ is TupleVal:
        inner = [constant_classes(v) for v in value.items]
        return None if None in inner else tuple(inner)
    return value.obj if value.__class__ is Const else None


@registry.call(callable)
def callable_(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """callable(x), known at compile time."""
    _count(tr, "callable", args, 1, 1)
    v = args[0]
    if v.__class__ is Const:
        return Const(callable(v.obj))
    return Const(v.__class__ in (FunctionVal, BoundMethod))


@registry.call(type)
def type_(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """type(x), known at compile time."""
    _count(tr, "type", args, 1, 1)
    if args[0].__class__ is EitherVal:
        tr.fork(args[0])
    cls = class_of(tr, args[0])
    if cls is None:
        tr.error(f"type() of {args[0].describe()} is not known at compile time")
    return Const(cls)


@registry.call(ord)
def ord_(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """ord(c): the code point of a str of one character."""
    _count(tr, "ord", args, 1, 1)
    c = args[0]
    if c.kind() is not ty.Str:
        tr.error(f"ord() of {c.describe()} is not supported", "It takes a str of one character.")
    if c.__class__ is Const:
        return scalars.fold(tr, ord, c.obj)
    from jitpy.frontend.library.strings import character

    length = c.ssa[2]
    message = ("ord() expected a character, but string of length ", (length, ty.py_int), " found")
    tr.check(tr.icmp("ne", length, tr.iconst(1)), TypeError, *message)
    return Val(ty.py_int, (character(tr, c, tr.iconst(0)),))  # type: ignore[arg-type]
