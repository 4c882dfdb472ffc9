"""Powers and functions of complex numbers: `cmath`, ``**``, NumPy's ufuncs on complex scalars.

The functions themselves are Python (`cmath_functions`), compiled like the user's own. `cmath` raises as CPython
does; NumPy's functions are the same ones without errors, rounded to complex64 where that is the type.
"""

from __future__ import annotations

import cmath
from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.types import F64, I8
from jitpy.frontend.library import casts, cmath_functions, complexes, floats, registry, scalars
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Const, TupleVal, Val, Value

if TYPE_CHECKING:
    from jitpy.frontend.library.casts import Parts
    from jitpy.frontend.translate.translator import Translator
    from jitpy.frontend.types.types import Scalar


# -- powers ----------------------------------------------------------------------------------------------------------
# --------------


def py_power(tr: Translator, a: Value, b: Value) -> Value:
    """a ** b of Python numbers, one of them complex."""
    known = scalars.constant_of(b)
    x = scalars.as_complex(tr, a)
    if known is not None and complex(known).imag == 0.0:
        n = complex(known).real
        if 0 < abs(n) <= 100 and n == int(n):
            return Val(ty.py_complex, _whole_power(tr, x, int(n)))
        if n == 0:
            return Const(1 + 0j)
    y = scalars.as_complex(tr, b)
    return tr.call_python(cmath_functions.power, (Val(ty.py_complex, x), Val(ty.py_complex, y)), inline=False)


def _whole_power(tr: Translator, x: tuple[int, int], n: int) -> tuple[int, int]:
    if n < 0:
        one = tr.fconst(1.0), tr.fconst(0.0)
        tr.check(complexes.both_zero(tr, F64, x), ZeroDivisionError, "0.0 to a negative or complex power")
        result = complexes.py_div(tr, one, complexes.power_known(tr, F64, x, -n, False))
    else:
        result = complexes.power_known(tr, F64, x, n, False)
    over = tr.op(op.BOR, I8, _infinite(tr, result[0]), _infinite(tr, result[1]))
    tr.check(over, OverflowError, "complex exponentiation")
    return result


def _infinite(tr: Translator, x: int) -> int:
    return tr.fcmp("eq", tr.op(op.FABS, F64, x), tr.fconst(float("inf")))


def np_power(tr: Translator, t: Scalar, a: Parts, b: Parts, known: Any) -> Parts:
    """The power of two complex elements, as NumPy computes it."""
    flat = t.flat[0]
    if known is not None and complex(known).imag == 0.0:
        n = complex(known).real
        if n == n and abs(n) < 100 and n == int(n) and n > 0:
            zero = complexes.both_zero(tr, flat, (a[0], a[1]))
            parts = complexes.power_known(tr, flat, (a[0], a[1]), int(n), True)
            return tuple(tr.select(zero, tr.fconst(0.0, flat), p) for p in parts)
    x, y = (Val(ty.py_complex, casts.cast(tr, p, t, ty.py_complex)) for p in (a, b))
    result = tr.val(tr.call_python(cmath_functions.numpy_power, (x, y), inline=False))
    return casts.cast(tr, result.ssa, ty.py_complex, t)


def np_function(tr: Translator, name: str, flat: int, x: Parts) -> Parts:
    """NumPy's complex function ``name`` (as the math library spells it) of parts of type ``flat``."""
    function = getattr(cmath_functions, name, None)
    if function is None:
        tr.error(f"np.{name} of complex numbers is not supported")
    wide = tuple(casts.float_width(tr, p, flat, F64) for p in x)
    result = tr.val(tr.call_python(function, (Val(ty.py_complex, wide),), inline=False))
    return tuple(casts.float_width(tr, p, F64, flat) for p in result.ssa)


# -- cmath -----------------------------------------------------------------------------------------------------------
# ----------------


def _argument(tr: Translator, name: str, value: Value) -> Val:
    if value.kind() is not ty.Scalar:
        tr.error(f"cmath.{name}() needs a number, not {value.describe()}")
    t: Scalar = tr.type_of(value)  # type: ignore[assignment]
    v = scalars.number(tr, value)
    if t.kind == "c":
        return Val(ty.py_complex, casts.cast(tr, v.ssa, t, ty.py_complex))
    return Val(ty.py_complex, (casts.cast(tr, v.ssa, v.type, ty.py_float)[0], tr.fconst(0.0)))


def _check_overflow(tr: Translator, z: Val, result: Val) -> None:
    """OverflowError where an infinity comes out of finite parts."""
    given = tr.fcmp("ord", *z.ssa)
    infinite = tr.op(op.BOR, I8, _infinite(tr, z.ssa[0]), _infinite(tr, z.ssa[1]))
    finite = tr.op(op.BAND, I8, given, tr.op(op.BXOR, I8, infinite, tr.iconst(1, I8)))
    over = tr.op(op.BOR, I8, _infinite(tr, result.ssa[0]), _infinite(tr, result.ssa[1]))
    tr.check(tr.op(op.BAND, I8, over, finite), OverflowError, "math range error")


def _check_poles(tr: Translator, name: str, z: Val) -> None:
    """atanh(1), atan(i), and the direction of tanh and tan at an infinite angle."""
    across, along = (0, 1) if name in ("atanh", "tanh") else (1, 0)
    if name in ("atan", "atanh"):
        at_one = tr.fcmp("eq", tr.op(op.FABS, F64, z.ssa[across]), tr.fconst(1.0))
        pole = tr.op(op.BAND, I8, at_one, floats.is_zero(tr, z.ssa[along]))
        tr.check(pole, ValueError, "math domain error")
    elif name in ("tan", "tanh"):
        finite = tr.fcmp("lt", tr.op(op.FABS, F64, z.ssa[across]), tr.fconst(float("inf")))
        tr.check(tr.op(op.BAND, I8, finite, _infinite(tr, z.ssa[along])), ValueError, "math domain error")


def _register() -> None:
    def handler_of(name: str, function: Any) -> Any:
        compiled = getattr(cmath_functions, name)

        def handler(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
            if kwargs or len(args) != 1:
                tr.error(f"cmath.{name}() takes one argument here")
            if args[0].__class__ is Const:
                return scalars.fold(tr, function, args[0].obj)
            z = _argument(tr, name, args[0])
            if name in ("log", "log10"):
                tr.check(complexes.both_zero(tr, F64, (z.ssa[0], z.ssa[1])), ValueError, "math domain error")
            if name in ("exp", "cosh", "sinh", "cos", "sin"):
                part = z.ssa[1] if name in ("exp", "cosh", "sinh") else z.ssa[0]
                other = z.ssa[0] if name in ("exp", "cosh", "sinh") else z.ssa[1]
                # An infinite angle has no direction, unless the size is zero or unknown.
                plain = tr.fcmp("ord", other, other)
                if name in ("exp",):
                    plain = tr.op(op.BAND, I8, plain, tr.fcmp("ne", other, tr.fconst(float("-inf"))))
                tr.check(tr.op(op.BAND, I8, _infinite(tr, part), plain), ValueError, "math domain error")
            _check_poles(tr, name, z)
            result = tr.val(tr.call_python(compiled, (z,), inline=False))
            if name in ("exp", "cosh", "sinh", "cos", "sin"):
                _check_overflow(tr, z, result)
            return result

        return handler

    for name in (
        "sqrt", "exp", "log10", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh",
        "atanh",
    ):  # fmt: skip
        registry.call(getattr(cmath, name))(handler_of(name, getattr(cmath, name)))


_register()


@registry.call(cmath.log)
def log(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """cmath.log(z), cmath.log(z, base)."""
    logs = []
    for a in args:
        z = _argument(tr, "log", a)
        tr.check(complexes.both_zero(tr, F64, (z.ssa[0], z.ssa[1])), ValueError, "math domain error")
        logs.append(tr.call_python(cmath_functions.log, (z,), inline=False))
    return logs[0] if len(logs) == 1 else tr.binary("/", logs[0], logs[1])


@registry.call(cmath.phase)
def phase(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """cmath.phase(z)."""
    x, y = _argument(tr, "phase", args[0]).ssa
    return scalars.py_float(floats.call_math(tr, "atan2", F64, y, x))


@registry.call(cmath.polar)
def polar(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """cmath.polar(z)."""
    x, y = _argument(tr, "polar", args[0]).ssa
    size = complexes.absolute(tr, F64, (x, y))
    finite = tr.op(op.BAND, I8, *(tr.fcmp("lt", tr.op(op.FABS, F64, p), tr.fconst(float("inf"))) for p in (x, y)))
    tr.check(tr.op(op.BAND, I8, finite, _infinite(tr, size)), OverflowError, "math range error")
    return TupleVal((scalars.py_float(size), scalars.py_float(floats.call_math(tr, "atan2", F64, y, x))))


@registry.call(cmath.rect)
def rect(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """cmath.rect(r, phi)."""
    r, phi = (scalars.py_float(scalars.as_float(tr, a)) for a in args)
    return tr.call_python(cmath_functions.rect, (r, phi), inline=False)


def _register_tests() -> None:
    def handler_of(name: str) -> Any:
        def handler(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
            x, y = _argument(tr, name, args[0]).ssa
            if name == "isnan":
                return scalars.py_bool(tr.fcmp("uno", x, y))
            if name == "isinf":
                return scalars.py_bool(tr.op(op.BOR, I8, _infinite(tr, x), _infinite(tr, y)))
            odd = tr.op(op.BOR, I8, floats.not_finite(tr, x), floats.not_finite(tr, y))
            return scalars.py_bool(tr.op(op.BXOR, I8, odd, tr.iconst(1, I8)))

        return handler

    for name in ("isnan", "isinf", "isfinite"):
        registry.call(getattr(cmath, name))(handler_of(name))


_register_tests()
