"""Comparisons of scalars: exact between Python numbers, also of an int with a float, and between integers of any kinds.

Both operands constants: Python itself compares. Both Python scalars: `_python_compare`. A NumPy scalar among them: as NumPy does
it, which compares a Python int with an integer element by value, and everything else in the type that it promotes to.
"""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.types import F64, I8, I64
from jitpy.frontend.library import casts, complexes, registry
from jitpy.frontend.library.scalars import (
    as_complex,
    as_float,
    as_int,
    as_python_float,
    constant_of,
    exactly_double,
    fold,
    number,
    py_bool,
    tr_type,
)
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Const, Val, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from jitpy.frontend.translate.translator import Translator
    from jitpy.frontend.types.types import Scalar

_FOLD: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt, "<=": operator.le, "==": operator.eq, "!=": operator.ne, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_MIN, _MAX, _UMAX = -(1 << 63), (1 << 63) - 1, (1 << 64) - 1
_CONDITION = {"<": "lt", "<=": "le", "==": "eq", "!=": "ne", ">": "gt", ">=": "ge"}
_MIRRORED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}


@registry.operator(registry.compare, "< <= == != > >=", ty.Scalar, ty.Scalar)
def compare(tr: Translator, name: str, a: Value, b: Value) -> Value:
    """``a name b`` for < <= == != > >= of two scalars."""
    if a.__class__ is Const and b.__class__ is Const:
        return fold(tr, _FOLD[name], a.obj, b.obj)
    ta: Scalar = a.type
    tb: Scalar = b.type
    condition = _CONDITION[name]
    if ta is ty.py_complex and tb is ty.float64 and condition in ("eq", "ne"):
        b, tb = as_python_float(tr, b), ty.py_float
    if ta.weak and tb.weak:
        result = _python_compare(tr, condition, a, b)
        return Const(result) if result.__class__ is bool else py_bool(result)
    return _as_numpy_bool(_numpy_compare(tr, condition, a, b))


def numpy_comparison(tr: Translator, condition: str, a: Value, b: Value) -> Value:
    """np.less and its like, of two scalars: exact between integers, Python's too."""
    ta, tb = tr_type(a), tr_type(b)
    if ta.kind in "iu" and tb.kind in "iu" and ta.weak and tb.weak:  # type: ignore[union-attr]
        return _as_numpy_bool(_int_compare(tr, condition, a, b))
    return _as_numpy_bool(_numpy_compare(tr, condition, a, b, by_loop=True))


def _as_numpy_bool(result: int | bool) -> Value:
    if result.__class__ is bool:
        import numpy as np

        return Const(np.bool_(result))
    return Val(ty.np_bool, (result,))


def _python_compare(tr: Translator, condition: str, a: Value, b: Value) -> int | bool:
    kinds = a.type.kind + b.type.kind
    if "c" in kinds:
        if condition not in ("eq", "ne"):
            tr.error(f"{a.describe()} and {b.describe()} have no order")
        x, y = as_complex(tr, a), as_complex(tr, b)
        if condition == "eq":
            return complexes.equal(tr, F64, x, y)
        return tr.op(op.BOR, I8, tr.fcmp("ne", x[0], y[0]), tr.fcmp("ne", x[1], y[1]))
    if kinds == "ff":
        return tr.fcmp(condition, as_float(tr, a), as_float(tr, b))
    if "f" in kinds:
        if kinds[0] == "f":
            return _int_float_compare(tr, _MIRRORED[condition], b, a)
        return _int_float_compare(tr, condition, a, b)
    if kinds == "bb":
        return _icmp(tr, condition, tr.val(a).ssa[0], tr.val(b).ssa[0], "u")
    return _int_compare(tr, condition, a, b)


def _icmp(tr: Translator, condition: str, x: int, y: int, sign: str) -> int:
    return tr.icmp(condition if condition in ("eq", "ne") else sign + condition, x, y)


def _constant_compare(condition: str, x: Any, y: Any) -> bool:
    return bool(getattr(operator, condition)(x, y))


def _int_compare(tr: Translator, condition: str, a: Value, b: Value) -> int | bool:
    """Python ints and bools, signed or of 0 .. 2**64-1."""
    for v, other, beyond in ((a, b, condition), (b, a, _MIRRORED[condition])):
        known = constant_of(v)
        if known is not None and not _MIN <= known <= (_UMAX if tr_type(other) is ty.py_uint else _MAX):
            # No run-time int reaches the constant.
            return _constant_compare(beyond, known, 0)
    wide_a, wide_b = tr_type(a) is ty.py_uint, tr_type(b) is ty.py_uint
    if wide_a or wide_b:
        x, y = number(tr, a).ssa[0], number(tr, b).ssa[0]
        if (wide_a or (constant_of(a) or -1) >= 0) and (wide_b or (constant_of(b) or -1) >= 0):
            return _icmp(tr, condition, x, y, "u")
        from jitpy.frontend.library.ufuncs_scalar import mixed_compare

        if wide_a:
            return mixed_compare(tr, _MIRRORED[condition], as_int(tr, b), x)
        return mixed_compare(tr, condition, as_int(tr, a), y)
    return _icmp(tr, condition, as_int(tr, a), as_int(tr, b), "s")


def _int_float_compare(tr: Translator, condition: str, a: Value, b: Value) -> int | bool:
    """An int with a float, exactly. ``a`` is the int (or bool)."""
    if tr_type(a) is ty.py_bool:
        return tr.fcmp(condition, as_float(tr, a), as_float(tr, b))
    x = constant_of(b)
    if x is not None:
        return _int_with_known_float(tr, condition, a, float(x))
    n = constant_of(a)
    if n is not None:
        return _known_int_with_float(tr, condition, int(n), as_float(tr, b))
    near, y = as_float(tr, a), as_float(tr, b)
    i = number(tr, a).ssa[0]
    if exactly_double(tr, a, i):
        return tr.fcmp(condition, near, y)
    # Rounding keeps the order: only where the rounded int equals the float do the integers decide. At the upper end
    # of the range
    # the float is above every int, although converting it back gives the largest.
    wide = tr_type(a) is ty.py_uint
    back = tr.op(op.FCVT_TO_UINT_SAT if wide else op.FCVT_TO_SINT_SAT, I64, y)
    top = tr.fconst(2.0**64 if wide else 2.0**63)
    exact = _icmp(tr, condition, i, back, "u" if wide else "s")
    if condition == "eq":
        below = tr.fcmp("lt", y, top)
        return tr.op(op.BAND, I8, tr.op(op.BAND, I8, tr.fcmp("eq", near, y), below), exact)
    if condition == "ne":
        apart = tr.op(op.BOR, I8, tr.fcmp("ne", near, y), tr.fcmp("ge", y, top))
        return tr.op(op.BOR, I8, apart, exact)
    at_top = tr.fcmp("ge", y, top)
    if condition in ("lt", "le"):
        exact = tr.op(op.BOR, I8, exact, at_top)
    else:
        exact = tr.op(op.BAND, I8, exact, tr.op(op.BXOR, I8, at_top, tr.iconst(1, I8)))
    same = tr.op(op.BAND, I8, tr.fcmp("eq", near, y), exact)
    return tr.op(op.BOR, I8, tr.fcmp(condition[0] + "t", near, y), same)


def _int_with_known_float(tr: Translator, condition: str, a: Value, x: float) -> int | bool:
    if x != x:
        return condition == "ne"
    if math.isinf(x):
        return _constant_compare(condition, 0, x)
    if x == math.floor(x):
        return _int_compare(tr, condition, a, Const(int(x)))
    if condition in ("eq", "ne"):
        return condition == "ne"
    # i < 2.5 is i <= 2, i > 2.5 is i > 2.
    return _int_compare(tr, "le" if condition in ("lt", "le") else "gt", a, Const(math.floor(x)))


def _known_int_with_float(tr: Translator, condition: str, n: int, y: int) -> int | bool:
    try:
        near = float(n)
    except OverflowError:
        near = math.inf if n > 0 else -math.inf
    if near == n:
        return tr.fcmp(condition, tr.fconst(near), y)
    below = near if near < n else math.nextafter(near, -math.inf)
    # n lies between two neighbouring floats: n < y is below < y.
    if condition in ("eq", "ne"):
        return condition == "ne"
    return tr.fcmp("lt" if condition in ("lt", "le") else "ge", tr.fconst(below), y)


def _numpy_compare(tr: Translator, condition: str, a: Value, b: Value, by_loop: bool = False) -> int | bool:
    import numpy as np
    from jitpy.frontend.library import ufuncs_scalar

    ta: Scalar = a.type
    tb: Scalar = b.type
    if ta.weak and ta.kind in "iu" and tb.kind in "iu":
        return _weak_int_compare(tr, _MIRRORED[condition], b, a)
    if tb.weak and tb.kind in "iu" and ta.kind in "iu":
        return _weak_int_compare(tr, condition, a, b)
    names = {"lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal", "eq": "equal", "ne": "not_equal"}
    loop = ufuncs_scalar.resolve(tr, getattr(np, names[condition]), (ta, tb))
    x, y = ufuncs_scalar.convert(tr, a, loop[0]), ufuncs_scalar.convert(tr, b, loop[1])
    by_scalars = (
        not by_loop
        and ta is not ty.np_bool
        and loop[0] in (ta, tb)
        and (ta.kind == tb.kind or (ta is not ty.py_complex and tb is not ty.py_complex))
    )
    if loop[0].kind == "c" and condition not in ("eq", "ne") and by_scalars:
        # NumPy's complex scalars look at NaN less than its loops do, which Python's complex and np.bool_ end up in.
        return tr.select(tr.fcmp("eq", x[0], y[0]), tr.fcmp(condition, x[1], y[1]), tr.fcmp(condition, x[0], y[0]))
    return ufuncs_scalar.compare(tr, condition, loop, x, y)


def _weak_int_compare(tr: Translator, condition: str, strong: Value, weak: Value) -> int | bool:
    """A NumPy integer with a Python int, exactly: a constant in the NumPy type, else both in 64 bits."""
    from jitpy.frontend.library.ufuncs_scalar import convert, limits, mixed_compare

    t: Scalar = strong.type
    known = constant_of(weak)
    if known is not None:
        low, high = limits(t)
        if not low <= known <= high:
            return _constant_compare(condition, 0, known)
        x, y = convert(tr, strong, t)[0], tr.iconst(known, t.flat[0])
        return _icmp(tr, condition, x, y, "s" if t.kind == "i" else "u")
    x, n = tr.val(strong).ssa[0], tr.val(weak)
    if t.bits < 64:
        extend = casts.signed_extend if t.kind == "i" else casts.zero_extend
        x = extend(tr, x, t.flat[0], I64)
    unsigned = t.kind == "u" and t.bits == 64
    wide = n.type is ty.py_uint
    if unsigned == wide:
        return _icmp(tr, condition, x, n.ssa[0], "u" if wide else "s")
    if wide:
        return mixed_compare(tr, condition, x, n.ssa[0])
    return mixed_compare(tr, _MIRRORED[condition], n.ssa[0], x)
