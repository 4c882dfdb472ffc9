"""Operators on scalars: who decides what ``a + b`` means.

Both operands constants: Python itself computes the answer. Both Python scalars: Python's operation on int, float or
complex, checked, raising (`integers`, `floats`, `complexes`). A NumPy scalar among them: the element of the ufunc
that NumPy would run, never raising (`ufuncs_scalar`). Comparisons: `scalars_compare`.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.types import F64, I8, I64
from jitpy.frontend.library import casts, complexes, floats, integers, registry
from jitpy.frontend.passes.relax import mark
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Const, TupleVal, Val, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from jitpy.frontend.library.casts import Parts
    from jitpy.frontend.translate.translator import Translator
    from jitpy.frontend.types.types import Scalar

_TOO_LARGE = "Python int too large for 64 bits"
_MIN, _MAX, _UMAX = -(1 << 63), (1 << 63) - 1, (1 << 64) - 1

_FOLD: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv,
    "%": operator.mod, "**": operator.pow, "<<": operator.lshift, ">>": operator.rshift, "&": operator.and_,
    "|": operator.or_, "^": operator.xor, "divmod": divmod,
}  # fmt: skip
_FOLD_UNARY: dict[str, Callable[[Any], Any]] = {
    "-": operator.neg, "+": operator.pos, "~": operator.invert, "abs": abs,
}  # fmt: skip
_UFUNC = {
    "+": "add", "-": "subtract", "*": "multiply", "/": "true_divide", "//": "floor_divide", "%": "remainder",
    "**": "power", "<<": "left_shift", ">>": "right_shift", "&": "bitwise_and", "|": "bitwise_or",
    "^": "bitwise_xor", "divmod": "divmod", "abs": "absolute", "~": "invert", "neg": "negative", "pos": "positive",
}  # fmt: skip
#: A constant larger than this is not computed at compile time: it could be of any size.
_BITS_FOLDED = 1 << 14


# -- operands
# ------------------------------------------------------------------------------------------------------------------


def number(tr: Translator, v: Value) -> Val:
    """A scalar as a run-time value; a constant int beyond 64 bits raises OverflowError there."""
    if v.__class__ is Const and v.type is ty.py_int:
        n: int = v.obj
        if n > _MAX:
            if n <= _UMAX:
                return Val(ty.py_uint, (tr.iconst(n),))
            n = _too_large(tr)
        elif n < _MIN:
            n = _too_large(tr)
        return Val(ty.py_int, (tr.iconst(n),))
    return tr.val(v)


def _too_large(tr: Translator) -> int:
    tr.check(True, OverflowError, _TOO_LARGE)
    return 0


def change_sign_range(tr: Translator, x: int) -> int:
    """A Python int between its signed and unsigned reading: OverflowError unless both agree.

    Written as an addition whose check goes away where only low bits matter.
    """
    low = tr.iconst(1 << 63)
    return tr.op(op.BXOR, I64, tr.checked(op.IADD, x, low), low)


def as_int(tr: Translator, v: Value) -> int:
    """A Python int or bool as a signed i64."""
    value = number(tr, v)
    if value.type is ty.py_bool:
        return tr.op(op.UEXTEND, I64, value.ssa[0])
    if value.type is ty.py_uint:
        return change_sign_range(tr, value.ssa[0])
    return value.ssa[0]


def as_float(tr: Translator, v: Value) -> int:
    """A Python int, bool or float as an f64 (an int rounds to nearest, as in Python)."""
    if v.__class__ is Const:
        try:
            return tr.fconst(float(v.obj))
        except OverflowError:
            tr.check(True, OverflowError, "int too large to convert to float")
            return tr.fconst(0.0)
    value = tr.val(v)
    return casts.cast(tr, value.ssa, value.type, ty.py_float)[0]


def as_complex(tr: Translator, v: Value) -> tuple[int, int]:
    """A Python number as the two parts of a complex."""
    t = tr.type_of(v)
    if t is ty.py_complex:
        real, imag = tr.val(v).ssa
        return real, imag
    return as_float(tr, v), tr.fconst(0.0)


def constant_of(v: Value) -> Any:
    """The number itself where it is known at compile time, else None."""
    return v.obj if v.__class__ is Const else None


def py_int(x: int) -> Val:
    """An i64 as a Python int."""
    return Val(ty.py_int, (x,))


def py_float(x: int) -> Val:
    """An f64 as a Python float."""
    return Val(ty.py_float, (x,))


def py_bool(x: int) -> Val:
    """An i8 as a Python bool."""
    return Val(ty.py_bool, (x,))


def raised(tr: Translator, error: BaseException, like: Value) -> Value:
    """What Python raised when the compiler computed a constant is raised when the kernel gets there."""
    if isinstance(error, TypeError):
        tr.error(str(error))
    tr.check(True, type(error), str(error))
    return like


def fold(tr: Translator, function: Callable[..., Any], *args: Any) -> Value:
    """The constant ``function(*args)``; what it raises is raised at run time."""
    try:
        if any(type(a).__module__ == "numpy" for a in args):
            import numpy as np

            with np.errstate(all="ignore"):
                result = function(*args)
        else:
            result = function(*args)
    except (ArithmeticError, ValueError, TypeError) as error:
        return raised(tr, error, Const(args[0]))
    if result.__class__ is tuple:
        return TupleVal(tuple(Const(r) for r in result))
    return Const(result)


def _may_fold(name: str, a: Any, b: Any) -> bool:
    if name in ("**", "<<") and a.__class__ is int and b.__class__ is int and b > 0:
        return a.bit_length() * b <= _BITS_FOLDED if name == "**" else a.bit_length() + b <= _BITS_FOLDED
    return True


# -- binary operators
# ------------------------------------------------------------------------------------------------------------


def binary(tr: Translator, name: str, a: Value, b: Value) -> Value:
    """``a name b`` of two scalars; ``name`` may also be "divmod"."""
    if a.__class__ is Const and b.__class__ is Const:
        if _may_fold(name, a.obj, b.obj):
            return fold(tr, _FOLD[name], a.obj, b.obj)
    ta: Scalar = a.type
    tb: Scalar = b.type
    if ta is ty.py_complex and tb is ty.float64:
        b, tb = as_python_float(tr, b), ty.py_float
    if ta.weak and tb.weak:
        kinds = ta.kind + tb.kind
        if "c" in kinds:
            return _complex_binary(tr, name, a, b)
        if "f" in kinds:
            return _float_binary(tr, name, a, b)
        return _int_binary(tr, name, a, b)
    return _numpy_binary(tr, name, a, b)


def as_python_float(tr: Translator, v: Value) -> Value:
    """np.float64 derives from float, so Python's complex takes it for one before NumPy is asked."""
    return Val(ty.py_float, tr.val(v).ssa)


def _numpy_binary(tr: Translator, name: str, a: Value, b: Value) -> Value:
    import numpy as np
    from jitpy.frontend.library import ufuncs_scalar

    return ufuncs_scalar.element(tr, getattr(np, _UFUNC[name]), (a, b))


def _unsupported(tr: Translator, name: str, a: Value, b: Value) -> Value:
    shown = "divmod()" if name == "divmod" else name
    tr.error(f"unsupported operand types for {shown}: {a.describe()} and {b.describe()}")


_INT_CHECKED = {"+": op.IADD, "-": op.ISUB, "*": op.IMUL}
_BITS = {"&": op.BAND, "|": op.BOR, "^": op.BXOR}


def _int_binary(tr: Translator, name: str, a: Value, b: Value) -> Value:
    if name in _BITS:
        return _bitwise(tr, name, a, b)
    if name == "/":
        return _int_divide(tr, a, b)
    if name == "**":
        return _int_power(tr, a, b)
    if _is_wide(a) or (_is_wide(b) and name not in ("<<", ">>")):
        return _wide_binary(tr, name, a, b)
    known = constant_of(b)
    if name == "%" and known is not None and known > 0 and not known & (known - 1):
        return py_int(_masked(tr, as_int(tr, a), known - 1))
    x, y = as_int(tr, a), as_int(tr, b)
    opcode = _INT_CHECKED.get(name)
    if opcode is not None:
        if tr.frame.options.wraps:
            return py_int(tr.op(opcode, I64, x, y))
        return py_int(tr.checked(opcode, x, y))
    known = None if known is None else int(known)
    if name == "divmod":
        q, r = integers.py_divmod(tr, x, y, known)
        return TupleVal((py_int(q), py_int(r)))
    if tr.frame.options.numpy_errors and name in ("//", "%"):
        compute = integers.np_floordiv if name == "//" else integers.np_mod
        return py_int(compute(tr, ty.int64, x, y, known))
    emit = {
        "//": integers.py_floordiv, "%": integers.py_mod, "<<": integers.py_lshift, ">>": integers.py_rshift,
    }.get(name)  # fmt: skip
    if emit is None:
        return _unsupported(tr, name, a, b)
    return py_int(emit(tr, x, y, known))


def _masked(tr: Translator, x: int, mask: int) -> int:
    result = tr.op(op.BAND, I64, tr.low_bits(x), tr.iconst(mask))
    return tr.bound(result, 0, mask) if mask <= _MAX else result


def _bitwise(tr: Translator, name: str, a: Value, b: Value) -> Value:
    """& | ^ of Python ints and bools. Masks make ints of 0 .. 2**64-1 out of anything."""
    opcode = _BITS[name]
    if tr.type_of(a) is ty.py_bool and tr.type_of(b) is ty.py_bool:
        return py_bool(tr.op(opcode, I8, tr.val(a).ssa[0], tr.val(b).ssa[0]))
    if a.__class__ is Const:
        a, b = b, a
    known = constant_of(b)
    if name == "&" and known is not None and known >= 0:
        known &= _UMAX
        value = number(tr, a)
        if value.type is ty.py_bool:
            return py_int(tr.op(op.BAND, I64, as_int(tr, a), tr.iconst(int(known) & 1)))
        t = ty.py_int if known <= _MAX else ty.py_uint
        return Val(t, (_masked(tr, value.ssa[0], int(known)),))
    x, y = number(tr, a), number(tr, b)
    if x.type is not ty.py_uint and y.type is not ty.py_uint:
        return py_int(tr.op(opcode, I64, as_int(tr, x), as_int(tr, y)))
    if name == "&":
        # At most the unsigned one; what is negative on the other side only keeps bits of it.
        other = y if x.type is ty.py_uint else x
        signed = known is None and other.type is ty.py_bool
        parts = tuple(v.ssa[0] if v.type is not ty.py_bool else as_int(tr, v) for v in (x, y))
        return Val(ty.py_int if signed else ty.py_uint, (tr.op(op.BAND, I64, *parts),))
    return Val(ty.py_uint, (tr.op(opcode, I64, as_unsigned(tr, x), as_unsigned(tr, y)),))


def _is_wide(v: Value) -> bool:
    """Whether an int is of the kind 0 .. 2**64-1."""
    if v.__class__ is Const:
        return v.type is ty.py_int and v.obj > _MAX
    return tr_type(v) is ty.py_uint


def tr_type(v: Value) -> ty.Type | None:
    """The type of a Val or Const."""
    return getattr(v, "type", None)


def as_unsigned(tr: Translator, v: Value) -> int:
    """A Python int as one of 0 .. 2**64-1: OverflowError for a negative one."""
    value = number(tr, v)
    if value.type is ty.py_bool:
        return tr.op(op.UEXTEND, I64, value.ssa[0])
    if value.type is ty.py_uint or (v.__class__ is Const and v.obj >= 0):
        return value.ssa[0]
    low = tr.bounds.get(value.ssa[0])
    if low is not None and low[0] >= 0:
        return value.ssa[0]
    return change_sign_range(tr, value.ssa[0])


def _wide_binary(tr: Translator, name: str, a: Value, b: Value) -> Value:
    """+ - * // % divmod << >> where an operand is of 0 .. 2**64-1: so is the result, or OverflowError."""
    known = constant_of(b)
    if name in _INT_CHECKED:
        if known is not None and known < 0 and name in "+-":
            name, b = ("-" if name == "+" else "+"), Const(-known)
        x, y = as_unsigned(tr, a), as_unsigned(tr, b)
        if tr.frame.options.wraps:
            return Val(ty.py_uint, (tr.op(_INT_CHECKED[name], I64, x, y),))
        return Val(ty.py_uint, (tr.checked(_INT_CHECKED[name], x, y, unsigned=True),))
    if name in ("<<", ">>"):
        return _wide_shift(tr, name, a, b)
    if name == "%" and known is not None and known > 0 and not known & (known - 1):
        mask = min(known - 1, _UMAX)
        t = ty.py_int if mask <= _MAX else ty.py_uint
        return Val(t, (_masked(tr, number(tr, a).ssa[0], mask),))
    x, y = as_unsigned(tr, a), as_unsigned(tr, b)
    if known is None or known == 0:
        tr.check(tr.icmp("eq", y, tr.iconst(0)), ZeroDivisionError, "integer division or modulo by zero")
        if known == 0:
            return a
    divisor = tr_type(b)
    quotient = Val(ty.py_int if known is not None and known > 1 else ty.py_uint, (tr.op(op.UDIV_PROVEN, I64, x, y),))
    rest = Val(ty.py_uint if divisor is ty.py_uint else ty.py_int, (tr.op(op.UREM_PROVEN, I64, x, y),))
    if name == "//":
        return quotient
    return rest if name == "%" else TupleVal((quotient, rest))


def _wide_shift(tr: Translator, name: str, a: Value, b: Value) -> Value:
    known = constant_of(b)
    x, n = as_unsigned(tr, a), as_int(tr, b)
    if known is None or known < 0:
        tr.check(tr.icmp("slt", n, tr.iconst(0)), ValueError, "negative shift count")
    if name == ">>":
        if known is not None:
            if known > 63:
                return py_int(tr.iconst(0))
            return Val(ty.py_int if known > 0 else ty.py_uint, (tr.op(op.USHR, I64, x, n),))
        past = tr.icmp("sgt", n, tr.iconst(63))
        return Val(ty.py_uint, (tr.select(past, tr.iconst(0), tr.op(op.USHR, I64, x, n)),))
    if known is not None and 0 <= known < 64:
        return Val(ty.py_uint, (tr.checked(op.IMUL, x, tr.iconst(1 << known), unsigned=True),))
    result = tr.op(op.ISHL, I64, x, n)
    lost = tr.icmp("ne", tr.op(op.USHR, I64, result, n), x)
    past = tr.op(op.BAND, I8, tr.icmp("sgt", n, tr.iconst(63)), tr.icmp("ne", x, tr.iconst(0)))
    tr.check(tr.op(op.BOR, I8, lost, past), OverflowError, _TOO_LARGE)
    return Val(ty.py_uint, (result,))


def exactly_double(tr: Translator, v: Value, x: int) -> bool:
    """Whether an int is known to be a double without rounding."""
    limit = 1 << 53
    known = constant_of(v)
    if known is not None:
        return bool(-limit <= known <= limit)
    if tr_type(v) is ty.py_bool:
        return True
    bounds = tr.bounds.get(x)
    return bounds is not None and -limit <= bounds[0] and bounds[1] <= limit


def _int_divide(tr: Translator, a: Value, b: Value) -> Value:
    """a / b of Python ints, rounded once: by doubles where both are exact, else by long division out of line."""
    x, y = as_int(tr, a), as_int(tr, b)
    known = constant_of(b)
    if not tr.frame.options.numpy_errors and not known:
        tr.check(tr.icmp("eq", y, tr.iconst(0)), ZeroDivisionError, "division by zero")
    quick = tr.op(op.FDIV, F64, as_float(tr, a), as_float(tr, b))
    rounded: int | None = None
    for v, n in ((a, x), (b, y)):
        if not exactly_double(tr, v, n):
            limit = tr.iconst(1 << 53)
            large = tr.icmp("ugt", tr.op(op.IADD, I64, n, limit), tr.iconst(1 << 54))
            rounded = large if rounded is None else tr.op(op.BOR, I8, rounded, large)
    if rounded is None:
        return py_float(quick)

    def slow() -> Parts:
        from jitpy.frontend.library.exact import quotient

        result = tr.call_python(quotient, (py_int(x), py_int(y)), inline=False)
        return tr.val(result).ssa

    return py_float(tr.branch(rounded, slow, lambda: (quick,), (F64,))[0])


def _int_power(tr: Translator, a: Value, b: Value) -> Value:
    known, base = constant_of(b), constant_of(a)
    if known is not None:
        if known < 0:
            x = as_float(tr, a)
            zero = floats.is_zero(tr, x)
            tr.check(zero, ZeroDivisionError, "0.0 cannot be raised to a negative power")
            return py_float(floats.py_pow(tr, x, tr.fconst(float(known)), float(known)))
        if known > 1 << 40:
            return _unsupported(tr, "**", a, b)
        return py_int(integers.py_power_known(tr, as_int(tr, a), int(known)))
    if base == 2:
        n = as_int(tr, b)
        message = "an int to a negative power is a float: write float(x) ** n"
        tr.check(tr.icmp("slt", n, tr.iconst(0)), ValueError, message)
        tr.check(tr.icmp("sgt", n, tr.iconst(62)), OverflowError, _TOO_LARGE)
        return py_int(tr.op(op.ISHL, I64, tr.iconst(1), n))
    return py_int(integers.py_power(tr, as_int(tr, a), as_int(tr, b)))


def _float_binary(tr: Translator, name: str, a: Value, b: Value) -> Value:
    x, y = as_float(tr, a), as_float(tr, b)
    opcode = {"+": op.FADD, "-": op.FSUB, "*": op.FMUL}.get(name)
    if opcode is not None:
        return py_float(mark(tr, tr.op(opcode, F64, x, y)))
    known = constant_of(b)
    known = None if known is None else float(known)
    relaxed = tr.frame.options.numpy_errors
    if name == "/":
        return py_float(mark(tr, tr.op(op.FDIV, F64, x, y) if relaxed else floats.py_div(tr, x, y, known)))
    if name == "//":
        if relaxed:
            return py_float(floats.np_floordiv(tr, F64, x, y, known))
        return py_float(floats.py_floordiv(tr, x, y, known))
    if name == "%":
        return py_float(floats.np_mod(tr, F64, x, y, known) if relaxed else floats.py_mod(tr, x, y, known))
    if name == "**":
        return py_float(floats.np_pow(tr, F64, x, y, known) if relaxed else floats.py_pow(tr, x, y, known))
    if name == "divmod":
        q, r = floats.py_divmod(tr, x, y, known)
        return TupleVal((py_float(q), py_float(r)))
    return _unsupported(tr, name, a, b)


def _complex_binary(tr: Translator, name: str, a: Value, b: Value) -> Value:
    if name == "**":
        from jitpy.frontend.library import complex_functions

        return complex_functions.py_power(tr, a, b)
    emit: Any = {"+": complexes.add, "-": complexes.sub, "*": complexes.mul}.get(name)
    x, y = as_complex(tr, a), as_complex(tr, b)
    if emit is not None:
        return Val(ty.py_complex, emit(tr, F64, x, y))
    if name == "/":
        return Val(ty.py_complex, complexes.py_div(tr, x, y))
    return _unsupported(tr, name, a, b)


# -- unary operators and truth
# -----------------------------------------------------------------------------------------------------


def unary(tr: Translator, name: str, a: Value) -> Value:
    """``-a``, ``+a``, ``~a`` and "abs"."""
    if a.__class__ is Const:
        return fold(tr, _FOLD_UNARY[name], a.obj)
    t: Scalar = a.type
    if not t.weak:
        import numpy as np
        from jitpy.frontend.library import ufuncs_scalar

        spelled = {"-": "neg", "+": "pos"}.get(name, name)
        return ufuncs_scalar.element(tr, getattr(np, _UFUNC[spelled]), (a,))
    if t.kind in "biu":
        return _int_unary(tr, name, a)
    if name == "+":
        return a
    if t.kind == "f" and name != "~":
        return py_float(tr.op(op.FNEG if name == "-" else op.FABS, F64, tr.val(a).ssa[0]))
    if t.kind == "c" and name != "~":
        parts = as_complex(tr, a)
        if name == "abs":
            return py_float(complexes.py_abs(tr, parts))
        return Val(ty.py_complex, complexes.neg(tr, F64, parts))
    tr.error(f"bad operand type for unary {name}: {a.describe()}")


def _int_unary(tr: Translator, name: str, a: Value) -> Value:
    if tr_type(a) is ty.py_uint and name in ("+", "abs"):
        return a
    x = as_int(tr, a)
    if name == "+" or (name == "abs" and tr_type(a) is ty.py_bool):
        return py_int(x)
    if name == "~":
        return py_int(tr.op(op.BNOT, I64, x))
    if tr.frame.options.wraps:
        return py_int(tr.op(op.INEG if name == "-" else op.IABS, I64, x))
    return py_int(integers.py_neg(tr, x) if name == "-" else integers.py_abs(tr, x))


@registry.entry(registry.truth, ty.Scalar)
def truth(tr: Translator, a: Value) -> int | bool:
    """Python's truth of a scalar."""
    if a.__class__ is Const:
        return bool(a.obj)
    value = tr.val(a)
    return casts.is_true(tr, value.type, value.ssa)


def _register() -> None:
    def two(emit: Any, name: str) -> Any:
        return lambda tr, a, b: emit(tr, name, a, b)

    def one(name: str) -> Any:
        return lambda tr, a: unary(tr, name, a)

    for name in ("+", "-", "*", "/", "//", "%", "**", "<<", ">>", "&", "|", "^"):
        registry.binary[name, ty.Scalar, ty.Scalar] = two(binary, name)
    for name in ("-", "+", "~"):
        registry.unary[name, ty.Scalar] = one(name)


_register()
