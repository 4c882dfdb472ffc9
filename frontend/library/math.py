"""The `math` module: Python floats and ints in and out, with CPython's errors.

Transcendental functions are calls of the compiled math library (``jitpy_math_<name>``), which knows no errors; a
row of the table says for which arguments CPython raises. Most conditions are one comparison of the argument;
overflow is an infinite result of a finite argument. What needs loops is written in Python (`integer_functions`,
`sequences`).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.types import F64, I8
from jitpy.frontend.library import conversions, float_parts, floats, registry, scalars
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Const, TupleVal, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from jitpy.frontend.translate.translator import Translator

_DOMAIN = "math domain error"
_RANGE = "math range error"
_INF = float("inf")


# -- arguments -------------------------------------------------------------------------------------------------------
# --------------


def real(tr: Translator, name: str, value: Value) -> int:
    """An argument as an f64, as float(x) would make it."""
    value = tr.settle(value)
    if value.kind() is not ty.Scalar:
        if value.kind() is ty.Array:
            from jitpy.frontend.library.builtins import element_of_array

            value = element_of_array(tr, name, value)
        else:
            tr.error(f"math.{name}() needs a real number, not {value.describe()}")
    if tr.type_of(value).kind == "c":  # type: ignore[union-attr]
        tr.error(f"math.{name}() needs a real number, not complex", "cmath has the complex functions.")
    if value.__class__ is Const:
        return scalars.as_float(tr, value)
    return tr.val(conversions.to_float(tr, value)).ssa[0]


def integer(tr: Translator, name: str, value: Value) -> int:
    """An argument that must be an integer, as a signed i64."""
    t = tr.type_of(value)
    if t.__class__ is not ty.Scalar or t.kind not in "biu" or t is ty.np_bool:
        tr.error(f"math.{name}() needs an int, not {value.describe()}")
    if t.weak:
        return scalars.as_int(tr, value)
    return scalars.as_int(tr, conversions.to_int(tr, value))


def _constants(args: list[Value]) -> list[Any] | None:
    """The arguments themselves where all are known numbers."""
    if all(a.__class__ is Const and a.kind() is ty.Scalar for a in args):
        return [a.obj for a in args]
    return None


def _function(*names: str, least: int = 1, most: int | None = None) -> Callable[[Callable[..., Value]], Callable[..., Value]]:
    """Decorator: the handler of the functions of these names, called with (tr, name, args) after folding constants."""

    def register(emit: Callable[..., Value]) -> Callable[..., Value]:
        for name in names:
            function = getattr(math, name, None)
            if function is None:
                continue

            def handler(
                tr: Translator, args: list[Value], kwargs: dict[str, Value], name: str = name, function: Any = function
            ) -> Value:
                if kwargs:
                    tr.error(f"math.{name}() takes no keyword arguments here")
                limit = least if most is None else most
                if len(args) < least or (limit >= 0 and len(args) > limit):
                    tr.error(f"math.{name}() takes {least} arguments ({len(args)} given)")
                known = _constants(args)
                if known is not None and not (name in ("factorial", "comb", "perm") and _huge(known)):
                    return scalars.fold(tr, function, *known)
                return emit(tr, name, args)

            registry.call(function)(handler)
        return emit

    return register


def _huge(known: list[Any]) -> bool:
    return any(isinstance(n, int) and n > 1000 for n in known)


# -- functions of one float
# ----------------------------------------------------------------------------------------------------------


def _infinite(tr: Translator, x: int) -> int:
    return tr.fcmp("eq", tr.op(op.FABS, F64, x), tr.fconst(_INF))


def _magnitude(condition: str, limit: float) -> Callable[[Translator, int], int]:
    return lambda tr, x: tr.fcmp(condition, tr.op(op.FABS, F64, x), tr.fconst(limit))


def _beyond(condition: str, limit: float) -> Callable[[Translator, int], int]:
    return lambda tr, x: tr.fcmp(condition, x, tr.fconst(limit))


def _pole(tr: Translator, x: int) -> int:
    """Zero and the negative integers, -inf among them."""
    whole = tr.fcmp("eq", tr.op(op.FLOOR, F64, x), x)
    return tr.op(op.BAND, I8, whole, tr.fcmp("le", x, tr.fconst(0.0)))


def _finite_pole(tr: Translator, x: int) -> int:
    return tr.op(op.BAND, I8, _pole(tr, x), tr.fcmp("gt", x, tr.fconst(-_INF)))


#: name -> (condition of the ValueError or None, whether it can overflow)
_ONE: dict[str, tuple[Callable[[Translator, int], int] | None, bool]] = {
    "exp": (None, True), "exp2": (None, True), "expm1": (None, True), "sinh": (None, True), "cosh": (None, True),
    "log": (_beyond("le", 0.0), False), "log2": (_beyond("le", 0.0), False), "log10": (_beyond("le", 0.0), False),
    "log1p": (_beyond("le", -1.0), False), "sin": (_infinite, False), "cos": (_infinite, False),
    "tan": (_infinite, False), "asin": (_magnitude("gt", 1.0), False), "acos": (_magnitude("gt", 1.0), False),
    "atan": (None, False), "tanh": (None, False), "asinh": (None, False), "acosh": (_beyond("lt", 1.0), False),
    "atanh": (_magnitude("ge", 1.0), False), "erf": (None, False), "erfc": (None, False), "cbrt": (None, False),
    "gamma": (_pole, True), "lgamma": (_finite_pole, True),
}  # fmt: skip


def _check_overflow(tr: Translator, result: int, *args: int) -> None:
    """OverflowError where an infinite result comes of finite arguments."""
    over = _infinite(tr, result)
    for x in args:
        finite = tr.fcmp("lt", tr.op(op.FABS, F64, x), tr.fconst(_INF))
        over = tr.op(op.BAND, I8, over, finite)
    tr.check(over, OverflowError, _RANGE)


@_function(*[n for n in _ONE if n != "log"])
def one(tr: Translator, name: str, args: list[Value]) -> Value:
    """A function of one float out of the table."""
    return scalars.py_float(_one(tr, name, real(tr, name, args[0])))


def _one(tr: Translator, name: str, x: int) -> int:
    bad, overflows = _ONE[name]
    if bad is not None:
        tr.check(bad(tr, x), ValueError, _DOMAIN)
    result = floats.call_math(tr, name, F64, x)
    if overflows:
        _check_overflow(tr, result, x)
    return result


@_function("log", least=1, most=2)
def log(tr: Translator, name: str, args: list[Value]) -> Value:
    """math.log(x), math.log(x, base)."""
    result = _one(tr, "log", real(tr, name, args[0]))
    if len(args) == 1:
        return scalars.py_float(result)
    base = _one(tr, "log", real(tr, name, args[1]))
    return scalars.py_float(floats.py_div(tr, result, base, None))


@_function("sqrt")
def sqrt(tr: Translator, name: str, args: list[Value]) -> Value:
    """math.sqrt(x)."""
    x = real(tr, name, args[0])
    tr.check(tr.fcmp("lt", x, tr.fconst(0.0)), ValueError, _DOMAIN)
    return scalars.py_float(tr.op(op.SQRT, F64, x))


@_function("fabs")
def fabs(tr: Translator, name: str, args: list[Value]) -> Value:
    """math.fabs(x)."""
    return scalars.py_float(tr.op(op.FABS, F64, real(tr, name, args[0])))


@_function("degrees", "radians")
def scaled(tr: Translator, name: str, args: list[Value]) -> Value:
    """math.degrees(x), math.radians(x)."""
    factor = 180.0 / math.pi if name == "degrees" else math.pi / 180.0
    return scalars.py_float(tr.op(op.FMUL, F64, real(tr, name, args[0]), tr.fconst(factor)))


@_function("floor", "ceil", "trunc")
def rounded(tr: Translator, name: str, args: list[Value]) -> Value:
    """math.floor(x), math.ceil(x), math.trunc(x): ints."""
    value = args[0]
    t = tr.type_of(value)
    if t in (ty.py_int, ty.py_uint):
        return value
    if t is ty.py_bool:
        return scalars.py_int(scalars.as_int(tr, value))
    if name == "trunc" and t not in (ty.py_float, ty.float64):
        tr.error(f"{value.describe()} does not define __trunc__", "int(x) converts it.")
    x = real(tr, name, value)
    opcode = {"floor": op.FLOOR, "ceil": op.CEIL, "trunc": op.TRUNC}[name]
    if name != "trunc":
        x = tr.op(opcode, F64, x)
    return scalars.py_int(conversions.float_to_int(tr, x))


@_function("isnan", "isinf", "isfinite")
def classified(tr: Translator, name: str, args: list[Value]) -> Value:
    """math.isnan(x), math.isinf(x), math.isfinite(x)."""
    x = real(tr, name, args[0])
    if name == "isnan":
        return scalars.py_bool(tr.fcmp("uno", x, x))
    if name == "isinf":
        return scalars.py_bool(_infinite(tr, x))
    return scalars.py_bool(float_parts.is_finite(tr, x, F64))


@_function("modf")
def modf(tr: Translator, name: str, args: list[Value]) -> Value:
    """math.modf(x): fractional and integral part."""
    fraction, whole = float_parts.modf(tr, F64, real(tr, name, args[0]))
    return TupleVal((scalars.py_float(fraction), scalars.py_float(whole)))


@_function("frexp")
def frexp(tr: Translator, name: str, args: list[Value]) -> Value:
    """math.frexp(x): fraction and exponent."""
    fraction, exponent = float_parts.frexp(tr, real(tr, name, args[0]))
    return TupleVal((scalars.py_float(fraction), scalars.py_int(tr.bound(exponent, -1100, 1100))))


@_function("ulp")
def ulp(tr: Translator, name: str, args: list[Value]) -> Value:
    """math.ulp(x): the distance to the next float, below the largest one."""
    x = tr.op(op.FABS, F64, real(tr, name, args[0]))
    upward = tr.op(op.FSUB, F64, float_parts.next_after(tr, x, tr.fconst(_INF), ty.float64), x)
    result = tr.select(tr.fcmp("eq", x, tr.fconst(1.7976931348623157e308)), tr.fconst(math.ulp(1.7e308)), upward)
    return scalars.py_float(tr.select(tr.fcmp("eq", x, tr.fconst(_INF)), x, result))


# -- functions of several floats
# -------------------------------------------------------------------------------------------------------


@_function("copysign", least=2)
def copysign(tr: Translator, name: str, args: list[Value]) -> Value:
    """math.copysign(x, y)."""
    x, y = (real(tr, name, a) for a in args)
    return scalars.py_float(tr.op(op.FCOPYSIGN, F64, x, y))


@_function("atan2", least=2)
def atan2(tr: Translator, name: str, args: list[Value]) -> Value:
    """math.atan2(y, x)."""
    return scalars.py_float(floats.call_math(tr, "atan2", F64, *(real(tr, name, a) for a in args)))


@_function("fmod", "remainder", least=2)
def remainder(tr: Translator, name: str, args: list[Value]) -> Value:
    """math.fmod(x, y), math.remainder(x, y): ValueError for an infinite x or a zero y, unless the other is NaN."""
    x, y = (real(tr, name, a) for a in args)
    result = floats.call_math(tr, name, F64, x, y)
    nan = tr.fcmp("uno", result, result)
    tr.check(tr.op(op.BAND, I8, nan, tr.fcmp("ord", x, y)), ValueError, _DOMAIN)
    return scalars.py_float(result)


@_function("pow", least=2)
def pow_(tr: Translator, name: str, args: list[Value]) -> Value:
    """math.pow(x, y)."""
    x, y = (real(tr, name, a) for a in args)
    result = floats.call_math(tr, "pow", F64, x, y)

    def explain() -> tuple[()]:
        odd = tr.op(op.BOR, I8, floats.not_finite(tr, x), floats.not_finite(tr, y))
        finite = tr.icmp("eq", odd, tr.iconst(0, I8))
        domain = tr.op(op.BOR, I8, tr.fcmp("uno", result, result), floats.is_zero(tr, x))
        tr.check(tr.op(op.BAND, I8, finite, domain), ValueError, _DOMAIN)
        tr.check(finite, OverflowError, _RANGE)
        return ()

    floats.cold(tr, floats.not_finite(tr, result), explain)
    return scalars.py_float(result)


@_function("hypot", least=0, most=-1)
def hypot(tr: Translator, name: str, args: list[Value]) -> Value:
    """math.hypot(*coordinates)."""
    return scalars.py_float(_norm(tr, [real(tr, name, a) for a in args]))


def _norm(tr: Translator, xs: list[int]) -> int:
    if not xs:
        return tr.fconst(0.0)
    result = tr.op(op.FABS, F64, xs[0])
    for x in xs[1:]:
        result = floats.call_math(tr, "hypot", F64, result, x)
    return result


@_function("dist", least=2)
def dist(tr: Translator, name: str, args: list[Value]) -> Value:
    """math.dist(p, q) of two tuples."""
    points = [tr.settle(a) for a in args]
    if any(p.__class__ is not TupleVal for p in points):
        tr.error("math.dist() wants two tuples", "Write the loop, or np.linalg.norm(p - q) for arrays.")
    p, q = (point.items for point in points)
    if len(p) != len(q):
        tr.check(True, ValueError, "both points must have the same number of dimensions")
        return Const(0.0)
    pairs = zip([real(tr, name, v) for v in p], [real(tr, name, v) for v in q])
    return scalars.py_float(_norm(tr, [tr.op(op.FSUB, F64, a, b) for a, b in pairs]))


@_function("nextafter", least=2)
def nextafter(tr: Translator, name: str, args: list[Value]) -> Value:
    """math.nextafter(x, y)."""
    x, y = (real(tr, name, a) for a in args)
    return scalars.py_float(float_parts.next_after(tr, x, y, ty.float64))


@_function("ldexp", least=2)
def ldexp(tr: Translator, name: str, args: list[Value]) -> Value:
    """math.ldexp(x, n)."""
    if not tr.type_of(args[1]).weak:  # type: ignore[union-attr]
        tr.error("math.ldexp() wants a Python int as its second argument", "Convert it with int().")
    x, n = real(tr, name, args[0]), integer(tr, name, args[1])
    result = float_parts.ldexp(tr, x, n)
    _check_overflow(tr, result, x)
    return scalars.py_float(result)


@_function("fma", least=3)
def fma(tr: Translator, name: str, args: list[Value]) -> Value:
    """math.fma(x, y, z): ValueError for an invalid operation, OverflowError for one too large."""
    x, y, z = (real(tr, name, a) for a in args)
    result = tr.op(op.FMA, F64, x, y, z)

    def explain() -> tuple[()]:
        given = tr.op(op.BAND, I8, tr.fcmp("ord", x, y), tr.fcmp("ord", z, z))
        tr.check(tr.op(op.BAND, I8, tr.fcmp("uno", result, result), given), ValueError, "invalid operation in fma")
        _check_overflow(tr, result, x, y, z)
        return ()

    floats.cold(tr, floats.not_finite(tr, result), explain)
    return scalars.py_float(result)


@registry.call(math.isclose)
def isclose(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """math.isclose(a, b, rel_tol=1e-09, abs_tol=0.0)."""
    a, b = (real(tr, "isclose", v) for v in args)
    relative = real(tr, "isclose", kwargs.get("rel_tol", Const(1e-09)))
    absolute = real(tr, "isclose", kwargs.get("abs_tol", Const(0.0)))
    if not all(v.__class__ is Const and v.obj >= 0 for v in kwargs.values()):
        bad = tr.op(op.BOR, I8, tr.fcmp("lt", relative, tr.fconst(0.0)), tr.fcmp("lt", absolute, tr.fconst(0.0)))
        tr.check(bad, ValueError, "tolerances must be non-negative")
    difference = tr.op(op.FABS, F64, tr.op(op.FSUB, F64, b, a))
    near = tr.fcmp("le", difference, absolute)
    for x in (b, a):
        near = tr.op(op.BOR, I8, near, tr.fcmp("le", difference, tr.op(op.FABS, F64, tr.op(op.FMUL, F64, relative, x))))
    odd = tr.op(op.BOR, I8, _infinite(tr, a), _infinite(tr, b))
    near = tr.op(op.BAND, I8, near, tr.op(op.BXOR, I8, odd, tr.iconst(1, I8)))
    return scalars.py_bool(tr.op(op.BOR, I8, near, tr.fcmp("eq", a, b)))


# -- functions of ints
# -------------------------------------------------------------------------------------------------------------------


def _integer_function(*names: str, least: int = 1, most: int | None = None) -> None:
    from jitpy.frontend.library import integer_functions

    for name in names:
        compiled = getattr(integer_functions, name)

        def emit(tr: Translator, name: str, args: list[Value], compiled: Any = compiled) -> Value:
            ints = [scalars.py_int(integer(tr, name, a)) for a in args]
            return tr.call_python(compiled, ints, inline=False)

        _function(name, least=least, most=most)(emit)


_integer_function("isqrt", "factorial")
_integer_function("comb", least=2)


@_function("perm", least=1, most=2)
def perm(tr: Translator, name: str, args: list[Value]) -> Value:
    """math.perm(n), math.perm(n, k)."""
    from jitpy.frontend.library import integer_functions

    ints = [scalars.py_int(integer(tr, name, a)) for a in args]
    if len(ints) == 1:
        return tr.call_python(integer_functions.factorial, ints, inline=False)
    return tr.call_python(integer_functions.perm, ints, inline=False)


@_function("gcd", "lcm", least=0, most=-1)
def gcd(tr: Translator, name: str, args: list[Value]) -> Value:
    """math.gcd(*ints), math.lcm(*ints)."""
    from jitpy.frontend.library import integer_functions

    compiled = getattr(integer_functions, name)
    ints: list[Value] = [scalars.py_int(integer(tr, name, a)) for a in args]
    while len(ints) < 2:
        ints.append(Const(0 if name == "gcd" else 1))
    result = ints[0]
    for other in ints[1:]:
        result = tr.call_python(compiled, (result, other), inline=False)
    return result


# -- over containers -------------------------------------------------------------------------------------------------
# ----------------------


def _values(tr: Translator, value: Value) -> list[Value] | None:
    value = tr.settle(value)
    return list(value.items) if value.__class__ is TupleVal else None


@registry.call(math.fsum)
def fsum(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """math.fsum(container): the sum rounded once."""
    from jitpy.frontend.library import sequences

    items = _values(tr, args[0])
    if items is not None:
        args = [TupleVal(tuple(scalars.py_float(real(tr, "fsum", v)) for v in items))]
    return tr.call_python(sequences.exact_sum, args)


@registry.call(math.prod)
def prod(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """math.prod(container, start=1)."""
    from jitpy.frontend.library import sequences

    result = kwargs.get("start", Const(1))
    items = _values(tr, args[0])
    if items is None:
        return tr.call_python(sequences.product, (args[0], result))
    for v in items:
        result = tr.binary("*", result, v)
    return result


if hasattr(math, "sumprod"):

    @registry.call(math.sumprod)
    def sumprod(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
        """math.sumprod(p, q): of floats as if the products and their sum were exact."""
        from jitpy.frontend.library import sequences

        return tr.call_python(sequences.sum_of_products, args)
