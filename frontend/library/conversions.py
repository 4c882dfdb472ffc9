"""Conversions between scalars as Python and NumPy spell them: int(), float(), complex(), bool(), np.int32() and the
other scalar types.

Python's conversions raise (NaN and infinities have no int); NumPy's casts of NumPy scalars are C's. A NumPy type
called with a Python number goes through Python's conversion first, so np.int8(300) and np.int32(1e10) raise
OverflowError and np.int32(2.7) is 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.types import F64, I8, I64
from jitpy.frontend.library import casts, registry, scalars
from jitpy.frontend.types import promotion
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Const, Val, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from jitpy.frontend.translate.translator import Translator
    from jitpy.frontend.types.types import Scalar

_NAN = "cannot convert float NaN to integer"


def float_to_int(tr: Translator, x: int, flat: int = F64, exponent: int = 63) -> int:
    """The float ``x``, truncated, as a signed i64: ValueError for NaN, OverflowError outside -2**exponent ..
    2**exponent.
    """
    limit = 2.0**exponent

    def large() -> tuple[int, ...]:
        tr.check(tr.fcmp("uno", x, x), ValueError, _NAN)
        low, high = tr.fcmp("lt", x, tr.fconst(-limit, flat)), tr.fcmp("ge", x, tr.fconst(limit, flat))
        message = "cannot convert float infinity or a float beyond 64 bits to integer"
        tr.check(tr.op(op.BOR, I8, low, high), OverflowError, message)
        return ()

    # One comparison tells all good numbers but the lowest.
    tr.branch(tr.fcmp("uge", tr.op(op.FABS, flat, x), tr.fconst(limit, flat)), large, tuple, (), seldom=True)
    return tr.op(op.FCVT_TO_SINT_PROVEN, I64, x)


def _float_to_unsigned(tr: Translator, x: int) -> int:
    """The float ``x``, truncated, as an i64 of 0 .. 2**64-1, by Python's rules."""
    tr.check(tr.fcmp("uno", x, x), ValueError, _NAN)
    low = tr.fcmp("le", x, tr.fconst(-1.0))
    high = tr.fcmp("ge", x, tr.fconst(2.0**64))
    tr.check(tr.op(op.BOR, I8, low, high), OverflowError, "Python integer out of bounds for uint64")
    return tr.op(op.FCVT_TO_UINT_PROVEN, I64, tr.op(op.TRUNC, F64, x))


def to_int(tr: Translator, value: Value) -> Value:
    """int(value) of a scalar."""
    if value.__class__ is Const:
        return scalars.fold(tr, int, value.obj)
    v = tr.val(value)
    t: Scalar = v.type
    if t is ty.py_int or t is ty.py_uint:
        return v
    if t.kind == "c":
        if t.weak:
            tr.error("int() argument must be a real number, not complex", "Take .real first.")
        v = Val(promotion.component(t), v.ssa[:1])
        t = v.type
    if t.kind == "f":
        x, flat = casts.widen(tr, v.ssa[0], t), casts.working_float(t)
        return scalars.py_int(float_to_int(tr, x, flat))
    if t is ty.uint64:
        return Val(ty.py_uint, v.ssa)
    return scalars.py_int(casts.cast(tr, v.ssa, t, ty.int64)[0])


def to_float(tr: Translator, value: Value) -> Value:
    """float(value) of a scalar."""
    if value.__class__ is Const:
        return scalars.fold(tr, float, value.obj)
    v = tr.val(value)
    t: Scalar = v.type
    if t.kind == "c" and t.weak:
        tr.error("float() argument must be a real number, not complex", "Take .real first.")
    return Val(ty.py_float, casts.cast(tr, v.ssa, t, ty.py_float))


def _scalar_only(tr: Translator, name: str, value: Value) -> Value:
    value = tr.settle(value)
    if value.kind() is not ty.Scalar:
        from jitpy.frontend.library.builtins import element_of_array

        return element_of_array(tr, name, value)
    return value


@registry.call(int)
def int_(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """int(), int(x)."""
    if kwargs or len(args) > 1:
        tr.error("int() with a base is not supported")
    if not args:
        return Const(0)
    if args[0].__class__ is Const and isinstance(args[0].obj, str):
        return scalars.fold(tr, int, args[0].obj)
    return to_int(tr, _scalar_only(tr, "int", args[0]))


@registry.call(float)
def float_(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """float(), float(x), float("inf")."""
    if not args:
        return Const(0.0)
    if args[0].__class__ is Const and isinstance(args[0].obj, str):
        return scalars.fold(tr, float, args[0].obj)
    return to_float(tr, _scalar_only(tr, "float", args[0]))


@registry.call(bool)
def bool_(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """bool(x)."""
    if not args:
        return Const(False)
    t = tr.truth(args[0])
    if t.__class__ is bool:
        return Const(t)
    if tr.func.value_types[t] != I8:
        t = tr.icmp("ne", t, tr.iconst(0, tr.func.value_types[t]))
    return scalars.py_bool(t)


@registry.call(complex)
def complex_(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """complex(), complex(x), complex(x, y), complex(real=x, imag=y)."""
    real = args[0] if args else kwargs.get("real")
    imag = args[1] if len(args) > 1 else kwargs.get("imag")
    if real is None and imag is None:
        return Const(0j)
    if all(v is None or v.__class__ is Const for v in (real, imag)):
        given = {k: v.obj for k, v in (("real", real), ("imag", imag)) if v is not None}
        if isinstance(given.get("real"), str):
            return scalars.fold(tr, complex, given["real"])
        return scalars.fold(tr, lambda x: complex(**x), given)
    pairs = [_complex_parts(tr, v) for v in (real, imag) if v is not None]
    if real is None:
        pairs.insert(0, (tr.fconst(0.0), None))
    if imag is None:
        x, y = pairs[0]
        return Val(ty.py_complex, (x, tr.fconst(0.0) if y is None else y))
    # complex(a, b) is a + b * 1j, where each may itself be complex.
    (a, ai), (b, bi) = pairs
    x = a if bi is None else tr.op(op.FSUB, F64, a, bi)
    y = b if ai is None else tr.op(op.FADD, F64, b, ai)
    return Val(ty.py_complex, (x, y))


def _complex_parts(tr: Translator, value: Value) -> tuple[int, int | None]:
    v = scalars.number(tr, _scalar_only(tr, "complex", value))
    t: Scalar = v.type
    if t.kind == "c":
        real, imag = casts.cast(tr, v.ssa, t, ty.py_complex)
        return real, imag
    return casts.cast(tr, v.ssa, t, ty.py_float)[0], None


# -- NumPy's scalar types
# ----------------------------------------------------------------------------------------------------------


def to_numpy(tr: Translator, value: Value, target: Scalar) -> Value:
    """``np.int32(value)`` and the like, of a scalar."""
    if value.__class__ is Const:
        return scalars.fold(tr, numpy_class(target), value.obj)
    v = tr.val(value)
    t: Scalar = v.type
    if target.kind == "b" or not t.weak:
        if t.kind == "c" and target is ty.float64:
            # float64 is made by float() first, which takes the real part of NumPy's complex numbers.
            return Val(target, casts.cast(tr, v.ssa[:1], promotion.component(t), target))
        return Val(target, casts.cast(tr, v.ssa, t, target))
    if t.kind == "c" and target.kind != "c":
        tr.error(f"np.{target.name}() of a complex", "Take .real first.")
    if target.kind in "fc":
        return Val(target, casts.cast(tr, v.ssa, t, target))
    from jitpy.frontend.library.ufuncs_scalar import convert

    if t.kind == "f":
        if target is ty.uint64:
            return Val(target, (_float_to_unsigned(tr, v.ssa[0]),))
        v = Val(ty.py_int, (float_to_int(tr, v.ssa[0]),))
    elif t.kind == "b":
        return Val(target, casts.cast(tr, v.ssa, t, target))
    return Val(target, convert(tr, v, target))


def numpy_class(t: Scalar) -> Any:
    """NumPy's class of a strong scalar type."""
    import numpy as np

    return np.dtype("bool" if t.kind == "b" else t.name).type


def _register_types() -> None:
    def constructor(target: Scalar) -> Any:
        def handler(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
            if kwargs or len(args) > 1:
                tr.error(f"np.{target.name}() takes one argument")
            if not args:
                return Const(numpy_class(target)(0))
            value = args[0]
            if value.__class__ is Const and isinstance(value.obj, str):
                return scalars.fold(tr, numpy_class(target), value.obj)
            value = tr.settle(value)
            if value.kind() is ty.Array:
                method = registry.find(registry.methods, ty.Array, (ty.Array, "astype"))
                if method is None:
                    tr.error(f"np.{target.name}() of an array", "Write array.astype(...).")
                result: Value = method(tr, [value, Const(numpy_class(target))], {})
                return result
            if value.kind() is not ty.Scalar:
                tr.error(f"np.{target.name}() of {value.describe()}")
            return to_numpy(tr, value, target)

        return handler

    for t in ty.NP_SCALARS:
        registry.call(numpy_class(t))(constructor(t))


_register_types()


# -- attributes and methods of scalars
# ---------------------------------------------------------------------------------------------


@registry.entry(registry.attribute_kinds, ty.Scalar)
def _as_array(tr: Translator, value: Value, name: str) -> Value | None:
    if name[0] == "_":
        return None
    from jitpy.frontend.library import scalars_as_arrays

    return scalars_as_arrays.attribute(tr, value, name)


@registry.entry(registry.getitem, ty.Scalar)
def _getitem(tr: Translator, value: Value, index: Value) -> Value:
    from jitpy.frontend.library import scalars_as_arrays

    return scalars_as_arrays.getitem(tr, value, index)


def _kind_of(tr: Translator, value: Value) -> Scalar:
    return tr.type_of(value)  # type: ignore[return-value]


def _attribute(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return registry.entry(registry.attributes, *((ty.Scalar, n) for n in names))


def _method(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return registry.entry(registry.methods, *((ty.Scalar, n) for n in names))


@_attribute("real")
def real(tr: Translator, value: Value) -> Value:
    """x.real."""
    if value.__class__ is Const:
        return Const(value.obj.real)
    t = _kind_of(tr, value)
    if t.kind == "c":
        return Val(promotion.component(t), tr.val(value).ssa[:1])
    return scalars.unary(tr, "+", value) if t is ty.py_bool else value


@_attribute("imag")
def imag(tr: Translator, value: Value) -> Value:
    """x.imag."""
    if value.__class__ is Const:
        return Const(value.obj.imag)
    t = _kind_of(tr, value)
    if t.kind == "c":
        return Val(promotion.component(t), tr.val(value).ssa[1:])
    return Const(0.0 if t is ty.py_float else 0 if t.weak else numpy_class(t)(0))


@_method("conjugate")
def conjugate(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """x.conjugate()."""
    value = args[0]
    if value.__class__ is Const:
        return scalars.fold(tr, lambda x: x.conjugate(), value.obj)
    t = _kind_of(tr, value)
    if t.kind == "c":
        x, y = tr.val(value).ssa
        return Val(t, (x, tr.op(op.FNEG, t.flat[0], y)))
    return scalars.unary(tr, "+", value) if t is ty.py_bool else value


def _numpy_only(tr: Translator, value: Value, name: str) -> Scalar:
    t = _kind_of(tr, value)
    if t.weak:
        tr.error(f"{value.describe()} has no attribute {name!r}")
    return t


@_method("item")
def item(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """x.item(): the Python number."""
    value = args[0]
    t = _numpy_only(tr, value, "item")
    if value.__class__ is Const:
        return Const(value.obj.item())
    target = ty.py_uint if t is ty.uint64 else promotion.ITEM[t.kind]
    return Val(target, casts.cast(tr, tr.val(value).ssa, t, target))


@_method("astype")
def astype(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """x.astype(dtype) of a NumPy scalar: C's conversion."""
    import numpy as np

    value = args[0]
    t = _numpy_only(tr, value, "astype")
    wanted = args[1] if len(args) > 1 else kwargs.get("dtype")
    if wanted.__class__ is not Const:
        tr.error("astype() wants a dtype known at compile time")
    target = promotion.from_dtype(np.dtype(wanted.obj))
    if target is None:
        tr.error(f"dtype {wanted.obj!r} is not supported")
    return Val(target, casts.cast(tr, tr.val(value).ssa, t, target))


for _name, _known in (("ndim", 0), ("size", 1)):
    _attribute(_name)(lambda tr, value, n=_known, name=_name: (_numpy_only(tr, value, name), Const(n))[1])


@_attribute("dtype")
def dtype(tr: Translator, value: Value) -> Value:
    """x.dtype of a NumPy scalar."""
    import numpy as np

    return Const(np.dtype(numpy_class(_numpy_only(tr, value, "dtype"))))


@_attribute("itemsize", "nbytes")
def itemsize(tr: Translator, value: Value) -> Value:
    """x.itemsize of a NumPy scalar."""
    return Const(_numpy_only(tr, value, "itemsize").bits // 8)


@_method("is_integer")
def is_integer(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """x.is_integer()."""
    value = args[0]
    if value.__class__ is Const:
        return scalars.fold(tr, lambda x: x.is_integer(), value.obj)
    t = _kind_of(tr, value)
    if t.kind == "c" or t.kind == "b" or (t.weak and t.kind != "f" and not hasattr(int, "is_integer")):
        tr.error(f"{value.describe()} has no attribute 'is_integer'")
    if t.kind in "biu":
        return Const(True)
    x, flat = casts.widen(tr, tr.val(value).ssa[0], t), casts.working_float(t)
    whole = tr.fcmp("eq", tr.op(op.FLOOR, flat, x), x)
    finite = tr.fcmp("lt", tr.op(op.FABS, flat, x), tr.fconst(float("inf"), flat))
    return scalars.py_bool(tr.op(op.BAND, I8, whole, finite))


def _magnitude(tr: Translator, value: Value) -> int:
    """The absolute value of an integer as 0 .. 2**64-1."""
    v = scalars.number(tr, value)
    t: Scalar = v.type
    x = casts.cast(tr, v.ssa, t, ty.int64 if t.kind != "u" else ty.uint64)[0]
    return tr.op(op.IABS, I64, x) if t.kind == "i" else x


@_method("bit_length")
def bit_length(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """n.bit_length()."""
    value = args[0]
    if value.__class__ is Const:
        return scalars.fold(tr, lambda x: x.bit_length(), value.obj)
    t = _kind_of(tr, value)
    if not t.weak or t.kind not in "biu":
        tr.error(f"{value.describe()} has no attribute 'bit_length'")
    zeros = tr.op(op.CLZ, I64, _magnitude(tr, value))
    result = tr.op(op.ISUB, I64, tr.iconst(64), zeros)
    return scalars.py_int(tr.bound(result, 0, 64))


@_method("bit_count")
def bit_count(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """n.bit_count(), a Python int."""
    value = args[0]
    if value.__class__ is Const:
        return scalars.fold(tr, lambda x: x.bit_count(), value.obj)
    t = _kind_of(tr, value)
    if t.kind not in "iu" and t is not ty.py_bool:
        tr.error(f"{value.describe()} has no attribute 'bit_count'")
    return scalars.py_int(tr.bound(tr.op(op.POPCNT, I64, _magnitude(tr, value)), 0, 64))
