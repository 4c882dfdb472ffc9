"""NumPy's ufuncs for one element: the table that scalar operators and the fused array loops share.

A row says how one loop of a ufunc computes: ``emit(tr, types, args, known)`` gets the loop's input and output types
(`promotion.loop`), the operands already converted to them (a tuple of SSA values each) and the last operand where
it is a compile-time constant; it returns the outputs. Nothing here raises (integer powers apart) and nearly nothing
branches, so it can stand in a vector loop.

    loop = resolve(tr, np.add, (float32, py_float))    the loop NumPy runs for these operand types
    parts = convert(tr, operand, loop[0])              an operand in its loop type
    outputs = emit(tr, np.add, loop, (parts, ...), known)  one element
    value = element(tr, np.add, operands)                  all of it for scalar operands
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.types import BITS, F32, F64, I8, I32, I64
from jitpy.frontend.library import casts, complexes, float_parts, floats, integers
from jitpy.frontend.passes.relax import mark
from jitpy.frontend.types import promotion
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Const, TupleVal, Val, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jitpy.frontend.translate.translator import Translator
    from jitpy.frontend.types.types import Scalar

Parts = tuple[int, ...]
Loop = tuple["Scalar", ...]
Emit = "Callable[[Translator, Loop, Sequence[Parts], Any], tuple[Parts, ...]]"


class Ufunc:
    """A row of the table: the ufunc's name, its number of inputs and outputs, and its emitter."""

    __slots__ = ("emit", "name", "nin", "nout")

    def __init__(self, name: str, nin: int, nout: int, emit: Any) -> None:
        self.name = name
        self.nin = nin
        self.nout = nout
        self.emit = emit


#: The ufunc -> its row.
UFUNCS: dict[Any, Ufunc] = {}


def resolve(tr: Translator, ufunc: Any, types: tuple[Scalar, ...]) -> Loop:
    """Input and output types of the loop for these operand types; a compile error where NumPy raises TypeError."""
    found = promotion.loop(ufunc, tuple(ty.py_int if t is ty.py_uint else t for t in types))
    if found is None:
        named = ", ".join(t.name for t in types)
        tr.error(f"ufunc {ufunc.__name__} is not defined for ({named})")
    return found


def convert(tr: Translator, operand: Value, target: Scalar) -> Parts:
    """An operand in the loop's type: NumPy operands by C's conversion, Python ones as NEP 50 wants (OverflowError
    where an int does not fit).
    """
    if operand.__class__ is Const:
        return _convert_constant(tr, operand.obj, operand.type, target)
    value = tr.val(operand)
    source: Scalar = value.type
    if source.weak and source.kind in "iu" and target.kind in "iu":
        return (_fit(tr, value.ssa[0], source, target),)
    return casts.cast(tr, value.ssa, source, target)


def _convert_constant(tr: Translator, obj: Any, source: Scalar, target: Scalar) -> Parts:
    if target.kind == "b":
        return (tr.iconst(int(bool(obj)), I8),)
    if source.weak and source.kind == "i" and target.kind in "iu":
        low, high = limits(target)
        if not low <= obj <= high:
            tr.check(True, OverflowError, f"Python integer {obj} out of bounds for {target.name}")
            obj = 0
        return casts.constant_parts(tr, obj, target)
    if source.weak and source.kind == "i" and target.kind in "fc":
        try:
            obj = float(obj)
        except OverflowError:
            tr.check(True, OverflowError, "int too large to convert to float")
            obj = 0.0
    if source.weak:
        return casts.constant_parts(tr, obj, target)
    with np.errstate(all="ignore"):
        return casts.constant_parts(tr, np.asarray(obj).astype(_dtype(target))[()], target)


def _dtype(t: Scalar) -> Any:
    return np.dtype("bool" if t.kind == "b" else t.name)


def limits(t: Scalar) -> tuple[int, int]:
    """The smallest and the largest number of an integer type."""
    if t.kind == "i":
        return -(1 << (t.bits - 1)), (1 << (t.bits - 1)) - 1
    return 0, (1 << t.bits) - 1


def _fit(tr: Translator, x: int, source: Scalar, target: Scalar) -> int:
    """The Python int ``x`` in an integer type; OverflowError where it does not fit."""
    flat = target.flat[0]
    if flat == I64:
        if (source.kind == "u") != (target.kind == "u"):
            bad: int | bool = tr.icmp("slt", x, tr.iconst(0))
        else:
            bad = False
        result = x
    else:
        result = tr.op(op.IREDUCE, flat, x)
        extend = op.SEXTEND if target.kind == "i" else op.UEXTEND
        bad = tr.icmp("ne", tr.op(extend, I64, result), x)
        if source.kind == "u" and target.kind == "i":
            bad = tr.op(op.BOR, I8, bad, tr.icmp("slt", x, tr.iconst(0)))
    tr.check(bad, OverflowError, "Python integer ", (x, source), f" out of bounds for {target.name}")
    return result


def emit(tr: Translator, ufunc: Any, loop: Loop, args: Sequence[Parts], known: Any = None) -> tuple[Parts, ...]:
    """One element of ``ufunc``: its outputs, each a tuple of SSA values of the loop's output types."""
    row = UFUNCS.get(ufunc)
    if row is None:
        tr.error(f"np.{ufunc.__name__} is not supported")
    outputs: tuple[Parts, ...] = row.emit(tr, loop, args, known)
    return outputs


def element(tr: Translator, ufunc: Any, operands: Sequence[Value]) -> Value:
    """The ufunc of scalar operands: a NumPy scalar, or a tuple of them where it has two outputs."""
    types = tuple(tr.type_of(v) for v in operands)
    name = ufunc.__name__
    if name in _CONDITIONS:
        from jitpy.frontend.library import scalars_compare

        return scalars_compare.numpy_comparison(tr, _CONDITIONS[name], *operands)
    loop = resolve(tr, ufunc, types)  # type: ignore[arg-type]
    args = [convert(tr, v, t) for v, t in zip(operands, loop)]
    last = operands[-1]
    known = last.obj if last.__class__ is Const else None
    outputs = emit(tr, ufunc, loop, args, known)
    results = tuple(Val(t, parts) for t, parts in zip(loop[len(args) :], outputs))
    return results[0] if len(results) == 1 else TupleVal(results)


# -- how rows are made -------------------------------------------------------------------------------------------------------------


def _row(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator: the emitter of the ufuncs of these names, as far as this NumPy has them."""

    def register(emitter: Callable[..., Any]) -> Callable[..., Any]:
        for name in names:
            ufunc = getattr(np, name, None)
            if ufunc is not None:
                UFUNCS[ufunc] = Ufunc(ufunc.__name__, ufunc.nin, ufunc.nout, emitter)
        return emitter

    return register


def _by_kind(**emitters: Any) -> Any:
    """An emitter that chooses by the kind of the first input: b, i, u, f, c. Each emitter gives the parts of the
    single output.

    Float emitters get (tr, working CLIF type, operands ...) and see float16 as float32; complex ones get pairs;
    integer ones get (tr, type, operands ...).
    """

    def emitter(tr: Translator, loop: Loop, args: Sequence[Parts], known: Any) -> tuple[Parts, ...]:
        t = loop[0]
        chosen = emitters[t.kind]
        if t.kind == "f":
            wide = [casts.widen(tr, a[0], t) for a in args]
            return ((casts.narrow(tr, chosen(tr, casts.working_float(t), *wide), t),),)
        if t.kind == "c":
            return (chosen(tr, t.flat[0], *args),)
        return ((chosen(tr, t.flat[0], *[a[0] for a in args]),),)

    return emitter


def _known(ints: Any, reals: Any, complexes_: Any = None) -> Any:
    """An emitter whose functions want the last operand's constant: ``ints(tr, type, a, b, known)``, ``reals(tr, flat,
    a, b, known)``.
    """

    def emitter(tr: Translator, loop: Loop, args: Sequence[Parts], known: Any) -> tuple[Parts, ...]:
        t = loop[0]
        if t.kind == "f":
            wide = [casts.widen(tr, a[0], t) for a in args]
            constant = _rounded(known, t)
            return ((casts.narrow(tr, reals(tr, casts.working_float(t), *wide, constant), t),),)
        if t.kind == "c":
            return (complexes_(tr, t, *args, known),)
        constant = None if known is None else int(known)
        if constant is not None:
            low, high = limits(t)
            constant = constant if low <= constant <= high else None
        return ((ints(tr, t, args[0][0], args[1][0], constant),),)

    return emitter


def _rounded(known: Any, t: Scalar) -> float | None:
    """A constant operand as the float type sees it."""
    if known is None:
        return None
    with np.errstate(all="ignore"):
        return float(_dtype(t).type(known))


def _op(opcode: int) -> Any:
    return lambda tr, flat, *args: tr.op(opcode, flat, *args)


def _same(tr: Translator, flat: int, x: Any) -> Any:
    return x


def _integers(tr: Translator, opcode: int, overflow: dict[str, int], loop: Loop, a: int, b: int) -> int:
    """Wrapping, or checked where the user asked for ``overflow="raise"``."""
    t = loop[0]
    flat = t.flat[0]
    if tr.frame.options.checks:
        result, bad = tr.op_n(overflow[t.kind], (flat, I8), a, b)
        tr.check(bad, OverflowError, f"{t.name} overflow")
        return result
    if t.bits < 64:
        half = 1 << t.bits - 1
        least, most = (-half, half - 1) if t.kind == "i" else (0, 2 * half - 1)
        tr.remark(f"{t.name} arithmetic stays {t.name} and wraps outside {least} .. {most}, as in NumPy")
    return tr.op(opcode, flat, a, b)


def _arithmetic(opcode: int, overflow: dict[str, int], bools: int, reals: int, pairs: Any) -> Any:
    def emitter(tr: Translator, loop: Loop, args: Sequence[Parts], known: Any) -> tuple[Parts, ...]:
        t = loop[0]
        a, b = args
        if t.kind == "f":
            if t.bits == 16:
                wide = tr.op(reals, F32, casts.widen(tr, a[0], t), casts.widen(tr, b[0], t))
                return ((casts.narrow(tr, wide, t),),)
            return ((mark(tr, tr.op(reals, t.flat[0], a[0], b[0])),),)
        if t.kind == "c":
            return (pairs(tr, t.flat[0], a, b),)
        if t.kind == "b":
            return ((tr.op(bools, I8, a[0], b[0]),),)
        return ((_integers(tr, opcode, overflow, loop, a[0], b[0]),),)

    return emitter


_row("add")(_arithmetic(op.IADD, {"i": op.SADD_OVERFLOW, "u": op.UADD_OVERFLOW}, op.BOR, op.FADD, complexes.add))
_row("subtract")(_arithmetic(op.ISUB, {"i": op.SSUB_OVERFLOW, "u": op.USUB_OVERFLOW}, op.BXOR, op.FSUB, complexes.sub))
_row("multiply")(_arithmetic(op.IMUL, {"i": op.SMUL_OVERFLOW, "u": op.UMUL_OVERFLOW}, op.BAND, op.FMUL, complexes.mul))
_row("true_divide")(_by_kind(f=lambda tr, flat, a, b: mark(tr, tr.op(op.FDIV, flat, a, b)), c=complexes.np_div))
_row("floor_divide")(_known(integers.np_floordiv, floats.np_floordiv))
_row("remainder")(_known(integers.np_mod, floats.np_mod))
_row("fmod")(_known(integers.np_fmod, lambda tr, flat, a, b, known: floats.call_math(tr, "fmod", flat, a, b)))
_row("left_shift")(_known(integers.np_lshift, None))
_row("right_shift")(_known(integers.np_rshift, None))


@_row("divmod")
def _divmod(tr: Translator, loop: Loop, args: Sequence[Parts], known: Any) -> tuple[Parts, ...]:
    t = loop[0]
    a, b = args[0][0], args[1][0]
    if t.kind == "f":
        a, b = casts.widen(tr, a, t), casts.widen(tr, b, t)
        results = floats.np_divmod(tr, casts.working_float(t), a, b, _rounded(known, t))
        return (casts.narrow(tr, results[0], t),), (casts.narrow(tr, results[1], t),)
    return (integers.np_floordiv(tr, t, a, b, None),), (integers.np_mod(tr, t, a, b, None),)


def _int_power(tr: Translator, t: Scalar, a: int, n: int, known: int | None) -> int:
    if known is not None and 0 <= known <= 64:
        return integers.np_power_known(tr, t.flat[0], a, known)
    return integers.np_power(tr, t, a, n)


def _complex_power(tr: Translator, t: Scalar, a: Parts, b: Parts, known: Any) -> Parts:
    from jitpy.frontend.library import complex_functions

    return complex_functions.np_power(tr, t, a, b, known)


_row("power", "float_power")(_known(_int_power, floats.np_pow, _complex_power))

_row("negative")(_by_kind(i=_op(op.INEG), u=_op(op.INEG), f=_op(op.FNEG), c=complexes.neg))
_row("positive")(_by_kind(i=_same, u=_same, f=_same, c=_same))
_row("fabs")(_by_kind(f=_op(op.FABS)))
_row("invert")(_by_kind(b=lambda tr, flat, x: tr.op(op.BXOR, I8, x, tr.iconst(1, I8)), i=_op(op.BNOT), u=_op(op.BNOT)))
for _name, _opcode in (("bitwise_and", op.BAND), ("bitwise_or", op.BOR), ("bitwise_xor", op.BXOR)):
    _row(_name)(_by_kind(b=_op(_opcode), i=_op(_opcode), u=_op(_opcode)))
_row("conjugate")(_by_kind(i=_same, u=_same, f=_same, c=complexes.conjugate))


@_row("absolute")
def _absolute(tr: Translator, loop: Loop, args: Sequence[Parts], known: Any) -> tuple[Parts, ...]:
    t = loop[0]
    (a,) = args
    if t.kind == "i":
        return ((tr.op(op.IABS, t.flat[0], a[0]),),)
    if t.kind == "f":
        return ((casts.narrow(tr, tr.op(op.FABS, casts.working_float(t), casts.widen(tr, a[0], t)), t),),)
    if t.kind == "c":
        return ((complexes.absolute(tr, t.flat[0], a),),)  # type: ignore[arg-type]
    return (a,)


@_row("square")
def _square(tr: Translator, loop: Loop, args: Sequence[Parts], known: Any) -> tuple[Parts, ...]:
    result: tuple[Parts, ...] = UFUNCS[np.multiply].emit(tr, loop, (args[0], args[0]), None)
    return result


# -- comparisons -------------------------------------------------------------------------------------------------------------------

_CONDITIONS = {
    "equal": "eq", "not_equal": "ne", "less": "lt", "less_equal": "le", "greater": "gt", "greater_equal": "ge",
}  # fmt: skip
_MIRRORED = {"eq": "eq", "ne": "ne", "lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}


def compare(tr: Translator, condition: str, loop: Loop, a: Parts, b: Parts) -> int:
    """An i8: the comparison of two operands in their loop types; a signed with an unsigned integer exactly."""
    t = loop[0]
    if t.kind == "f":
        return tr.fcmp(condition, casts.widen(tr, a[0], t), casts.widen(tr, b[0], t))
    if t.kind == "c":
        flat = t.flat[0]
        x, y = (a[0], a[1]), (b[0], b[1])
        if condition == "eq":
            return complexes.equal(tr, flat, x, y)
        if condition == "ne":
            return tr.op(op.BOR, I8, tr.fcmp("ne", x[0], y[0]), tr.fcmp("ne", x[1], y[1]))
        return complexes.np_less(tr, flat, condition, x, y)
    if t.kind != loop[1].kind:
        if t.kind == "u":
            return mixed_compare(tr, _MIRRORED[condition], b[0], a[0])
        return mixed_compare(tr, condition, a[0], b[0])
    if condition in ("eq", "ne"):
        return tr.icmp(condition, a[0], b[0])
    return tr.icmp(("s" if t.kind == "i" else "u") + condition, a[0], b[0])


def mixed_compare(tr: Translator, condition: str, signed: int, unsigned: int) -> int:
    """An i8: an int64 compared with a uint64, exactly: a negative one is below all, others compare as unsigned."""
    negative = tr.icmp("slt", signed, tr.iconst(0))
    if condition in ("eq", "ne"):
        result = tr.icmp(condition, signed, unsigned)
    else:
        result = tr.icmp("u" + condition, signed, unsigned)
    if condition in ("ne", "lt", "le"):
        return tr.op(op.BOR, I8, result, negative)
    return tr.op(op.BAND, I8, result, tr.op(op.BXOR, I8, negative, tr.iconst(1, I8)))


def _comparison(condition: str) -> Any:
    def emitter(tr: Translator, loop: Loop, args: Sequence[Parts], known: Any) -> tuple[Parts, ...]:
        return ((compare(tr, condition, loop, args[0], args[1]),),)

    return emitter


for _name, _condition in _CONDITIONS.items():
    _row(_name)(_comparison(_condition))


def _logical(opcode: int) -> Any:
    def emitter(tr: Translator, loop: Loop, args: Sequence[Parts], known: Any) -> tuple[Parts, ...]:
        truths = [casts.is_true(tr, t, a) for t, a in zip(loop, args)]
        return ((tr.op(opcode, I8, *truths),),)

    return emitter


_row("logical_and")(_logical(op.BAND))
_row("logical_or")(_logical(op.BOR))
_row("logical_xor")(_logical(op.BXOR))


@_row("logical_not")
def _logical_not(tr: Translator, loop: Loop, args: Sequence[Parts], known: Any) -> tuple[Parts, ...]:
    return ((tr.op(op.BXOR, I8, casts.is_true(tr, loop[0], args[0]), tr.iconst(1, I8)),),)


# -- the larger, the smaller, the sign ---------------------------------------------------------------------------------------------


def _extreme(condition: str, signed: int, unsigned: int, bools: int, ignore_nan: bool) -> Any:
    """maximum and minimum keep a NaN of either operand, fmax and fmin drop it; of equal zeros maximum gives the
    second, as on x86-64.
    """

    def emitter(tr: Translator, loop: Loop, args: Sequence[Parts], known: Any) -> tuple[Parts, ...]:
        t = loop[0]
        a, b = args
        if t.kind == "b":
            return ((tr.op(bools, I8, a[0], b[0]),),)
        if t.kind in "iu":
            return ((tr.op(signed if t.kind == "i" else unsigned, t.flat[0], a[0], b[0]),),)
        if t.kind == "c":
            return (_complex_extreme(tr, t, condition, a, b, ignore_nan),)
        x, y = casts.widen(tr, a[0], t), casts.widen(tr, b[0], t)
        if ignore_nan:
            first = tr.op(op.BOR, I8, tr.fcmp(condition[0] + "e", x, y), tr.fcmp("uno", y, y))
        else:
            less = condition[0] + "e" if t is ty.float16 else condition  # float16 has no instruction of its own: the first stays
            first = tr.op(op.BOR, I8, tr.fcmp(less, x, y), tr.fcmp("uno", x, x))
        return ((tr.select(first, a[0], b[0]),),)

    return emitter


def _complex_extreme(tr: Translator, t: Scalar, condition: str, a: Parts, b: Parts, ignore_nan: bool) -> Parts:
    flat = t.flat[0]
    x, y = (a[0], a[1]), (b[0], b[1])
    first = complexes.np_less(tr, flat, condition[0] + "e", x, y)
    kept = y if ignore_nan else x
    first = tr.op(op.BOR, I8, first, tr.fcmp("uno", kept[0], kept[1]))
    return tr.select(first, a[0], b[0]), tr.select(first, a[1], b[1])


_row("maximum")(_extreme("gt", op.SMAX, op.UMAX, op.BOR, False))
_row("minimum")(_extreme("lt", op.SMIN, op.UMIN, op.BAND, False))
_row("fmax")(_extreme("gt", op.SMAX, op.UMAX, op.BOR, True))
_row("fmin")(_extreme("lt", op.SMIN, op.UMIN, op.BAND, True))


@_row("sign")
def _sign(tr: Translator, loop: Loop, args: Sequence[Parts], known: Any) -> tuple[Parts, ...]:
    t = loop[0]
    flat = t.flat[0]
    x = args[0][0]
    if t.kind == "u":
        return ((casts.zero_extend(tr, tr.icmp("ne", x, tr.iconst(0, flat)), I8, flat),),)
    if t.kind == "i":
        zero = tr.iconst(0, flat)
        above = casts.zero_extend(tr, tr.icmp("sgt", x, zero), I8, flat)
        return ((tr.op(op.BOR, flat, above, tr.op(op.SSHR, flat, x, tr.iconst(BITS[flat] - 1, flat))),),)
    if t.kind == "c":
        size = complexes.absolute(tr, flat, (x, args[0][1]))
        zero = tr.fcmp("eq", size, tr.fconst(0.0, flat))
        infinite = [tr.fcmp("eq", tr.op(op.FABS, flat, p), tr.fconst(float("inf"), flat)) for p in args[0]]
        parts = []
        for k, p in enumerate(args[0]):
            # One infinite part gives the direction alone; two of them give NaN.
            part = tr.select(zero, tr.fconst(0.0, flat), tr.op(op.FDIV, flat, p, size))
            only_this = tr.icmp("ugt", infinite[k], infinite[1 - k])
            only_other = tr.icmp("ugt", infinite[1 - k], infinite[k])
            part = tr.select(only_this, tr.op(op.FCOPYSIGN, flat, tr.fconst(1.0, flat), p), part)
            parts.append(tr.select(only_other, tr.fconst(0.0, flat), part))
        return (tuple(parts),)
    wide, work = casts.widen(tr, x, t), casts.working_float(t)
    zero = tr.fconst(0.0, work)
    one = tr.op(op.FCOPYSIGN, work, tr.fconst(1.0, work), wide)
    # Zeros give +0, NaN stays.
    result = tr.select(tr.fcmp("eq", wide, zero), zero, tr.select(tr.fcmp("uno", wide, wide), wide, one))
    return ((casts.narrow(tr, result, t),),)


# -- classification and bits of floats ---------------------------------------------------------------------------------------------


def _classify(test: Any, join: int, integer: int) -> Any:
    """isnan, isinf, isfinite: ``integer`` is the answer for integers; complex numbers join both parts' answers."""

    def emitter(tr: Translator, loop: Loop, args: Sequence[Parts], known: Any) -> tuple[Parts, ...]:
        t = loop[0]
        if t.kind not in "fc":
            return ((tr.iconst(integer, I8),),)
        answers = [test(tr, casts.widen(tr, p, t), casts.working_float(t)) for p in args[0]]
        return ((answers[0] if len(answers) == 1 else tr.op(join, I8, *answers),),)

    return emitter


_row("isnan")(_classify(lambda tr, x, flat: tr.fcmp("uno", x, x), op.BOR, 0))
_row("isinf")(_classify(float_parts.is_inf, op.BOR, 0))
_row("isfinite")(_classify(float_parts.is_finite, op.BAND, 1))


@_row("signbit")
def _signbit(tr: Translator, loop: Loop, args: Sequence[Parts], known: Any) -> tuple[Parts, ...]:
    bits, flat = float_parts.float_bits(tr, args[0][0], loop[0])
    return ((tr.icmp("slt", bits, tr.iconst(0, flat)),),)


@_row("copysign")
def _copysign(tr: Translator, loop: Loop, args: Sequence[Parts], known: Any) -> tuple[Parts, ...]:
    t = loop[0]
    x, y = (casts.widen(tr, a[0], t) for a in args)
    return ((casts.narrow(tr, tr.op(op.FCOPYSIGN, casts.working_float(t), x, y), t),),)


@_row("nextafter")
def _nextafter(tr: Translator, loop: Loop, args: Sequence[Parts], known: Any) -> tuple[Parts, ...]:
    t = loop[0]
    return ((float_parts.next_after(tr, args[0][0], args[1][0], t),),)


@_row("spacing")
def _spacing(tr: Translator, loop: Loop, args: Sequence[Parts], known: Any) -> tuple[Parts, ...]:
    t = loop[0]
    x = args[0][0]
    work = casts.working_float(t)
    wide = casts.widen(tr, x, t)
    away = tr.fconst(float("inf"), work)
    if t.bits != 16:  # NumPy looks away from zero, but for float16 always upwards.
        down = tr.fcmp("lt", wide, tr.fconst(0.0, work))
        away = tr.select(down, tr.fconst(float("-inf"), work), away)
    following = float_parts.next_after(tr, x, casts.narrow(tr, away, t), t)
    gap = tr.op(op.FSUB, work, casts.widen(tr, following, t), wide)
    gap = tr.select(float_parts.is_inf(tr, wide, work), tr.fconst(float("nan"), work), gap)
    return ((casts.narrow(tr, gap, t),),)


# -- rounding ----------------------------------------------------------------------------------------------------------------------

for _name, _opcode in (("floor", op.FLOOR), ("ceil", op.CEIL), ("trunc", op.TRUNC)):
    _row(_name)(_by_kind(b=_same, i=_same, u=_same, f=_op(_opcode)))
_row("rint")(
    _by_kind(
        f=_op(op.NEAREST),
        c=lambda tr, flat, x: (tr.op(op.NEAREST, flat, x[0]), tr.op(op.NEAREST, flat, x[1])),
    )
)


@_row("modf")
def _modf(tr: Translator, loop: Loop, args: Sequence[Parts], known: Any) -> tuple[Parts, ...]:
    t = loop[0]
    fraction, whole = float_parts.modf(tr, casts.working_float(t), casts.widen(tr, args[0][0], t))
    return (casts.narrow(tr, fraction, t),), (casts.narrow(tr, whole, t),)


# -- roots, exponentials, trigonometry: the math library ---------------------------------------------------------------------------


def _library(name: str) -> Any:
    return lambda tr, flat, *args: floats.call_math(tr, name, flat, *args)


def _complex_library(name: str) -> Any:
    def emit_complex(tr: Translator, flat: int, x: Parts) -> Parts:
        from jitpy.frontend.library import complex_functions

        return complex_functions.np_function(tr, name, flat, x)

    return emit_complex


for _name, _symbol in (
    ("exp", "exp"), ("exp2", "exp2"), ("expm1", "expm1"), ("log", "log"), ("log2", "log2"), ("log10", "log10"),
    ("log1p", "log1p"), ("sin", "sin"), ("cos", "cos"), ("tan", "tan"), ("arcsin", "asin"), ("arccos", "acos"),
    ("arctan", "atan"), ("sinh", "sinh"), ("cosh", "cosh"), ("tanh", "tanh"), ("arcsinh", "asinh"),
    ("arccosh", "acosh"), ("arctanh", "atanh"), ("cbrt", "cbrt"),
):  # fmt: skip
    _row(_name)(_by_kind(f=_library(_symbol), c=_complex_library(_symbol)))
_row("sqrt")(_by_kind(f=_op(op.SQRT), c=_complex_library("sqrt")))
_row("arctan2")(_by_kind(f=_library("atan2")))
_row("hypot")(_by_kind(f=_library("hypot")))


def _scaled(factor: float) -> Any:
    return _by_kind(f=lambda tr, flat, x: tr.op(op.FMUL, flat, x, tr.fconst(factor, flat)))


_row("degrees", "rad2deg")(_scaled(180.0 / np.pi))
_row("radians", "deg2rad")(_scaled(np.pi / 180.0))


def _logaddexp(base_two: bool) -> Any:
    """log(exp(x) + exp(y)) = larger + log1p(exp(-difference)); equal operands (infinities too) add the log of 2."""
    scale = 1.0 if base_two else float(np.log(2.0))

    def emit_real(tr: Translator, flat: int, x: int, y: int) -> int:
        difference = tr.op(op.FSUB, flat, x, y)
        small = tr.op(op.FNEG, flat, tr.op(op.FABS, flat, difference))
        power = floats.call_math(tr, "exp2" if base_two else "exp", flat, small)
        tail = floats.call_math(tr, "log1p", flat, power)
        if base_two:
            tail = tr.op(op.FMUL, flat, tail, tr.fconst(float(np.log2(np.e)), flat))
        larger = tr.select(tr.fcmp("gt", difference, tr.fconst(0.0, flat)), x, y)
        result = tr.op(op.FADD, flat, larger, tail)
        result = tr.select(tr.fcmp("uno", difference, difference), difference, result)
        same = tr.op(op.FADD, flat, x, tr.fconst(scale, flat))
        return tr.select(tr.fcmp("eq", x, y), same, result)

    return emit_real


_row("logaddexp")(_by_kind(f=_logaddexp(False)))
_row("logaddexp2")(_by_kind(f=_logaddexp(True)))


@_row("reciprocal")
def _reciprocal(tr: Translator, loop: Loop, args: Sequence[Parts], known: Any) -> tuple[Parts, ...]:
    t = loop[0]
    x = args[0][0]
    if t.kind == "f":
        work = casts.working_float(t)
        result = tr.op(op.FDIV, work, tr.fconst(1.0, work), casts.widen(tr, x, t))
        return ((casts.narrow(tr, result, t),),)
    if t.kind == "c":
        return (complexes.reciprocal(tr, t.flat[0], (x, args[0][1])),)
    # C's conversion of 1.0 / x: 1, -1 or 0; for zero that of infinity.
    divided = tr.op(op.FDIV, F64, tr.fconst(1.0), casts.int_to_float(tr, x, t, F64))
    return ((casts.float_to_int(tr, divided, F64, t),),)


@_row("heaviside")
def _heaviside(tr: Translator, loop: Loop, args: Sequence[Parts], known: Any) -> tuple[Parts, ...]:
    t = loop[0]
    work = casts.working_float(t)
    x, at_zero = (casts.widen(tr, a[0], t) for a in args)
    zero = tr.fconst(0.0, work)
    step = tr.select(tr.fcmp("lt", x, zero), zero, tr.fconst(1.0, work))
    step = tr.select(tr.fcmp("eq", x, zero), at_zero, step)
    return ((casts.narrow(tr, tr.select(tr.fcmp("uno", x, x), x, step), t),),)


@_row("ldexp")
def _ldexp(tr: Translator, loop: Loop, args: Sequence[Parts], known: Any) -> tuple[Parts, ...]:
    t = loop[0]
    x = casts.as_double(tr, args[0][0], t)
    n = casts.signed_extend(tr, args[1][0], loop[1].flat[0], I64)
    return ((casts.from_double(tr, float_parts.ldexp(tr, x, n), t),),)


@_row("frexp")
def _frexp(tr: Translator, loop: Loop, args: Sequence[Parts], known: Any) -> tuple[Parts, ...]:
    t = loop[0]
    fraction, exponent = float_parts.frexp(tr, casts.as_double(tr, args[0][0], t))
    return (casts.from_double(tr, fraction, t),), (tr.op(op.IREDUCE, I32, exponent),)


# -- integers ----------------------------------------------------------------------------------------------------------------------


@_row("bitwise_count")
def _bitwise_count(tr: Translator, loop: Loop, args: Sequence[Parts], known: Any) -> tuple[Parts, ...]:
    t = loop[0]
    flat = t.flat[0]
    size = tr.op(op.IABS, flat, args[0][0]) if t.kind == "i" else args[0][0]
    return ((casts.zero_extend(tr, tr.op(op.POPCNT, flat, size), flat, I8),),)


def _gcd(tr: Translator, t: Scalar, a: int, b: int) -> int:
    """Euclid's algorithm on magnitudes (of the minimum: itself, as unsigned)."""
    flat = t.flat[0]
    if t.kind == "i":
        a, b = tr.op(op.IABS, flat, a), tr.op(op.IABS, flat, b)

    def turn(state: Parts) -> Parts:
        return state[1], tr.op(op.UREM_PROVEN, flat, state[0], state[1])

    return tr.while_((a, b), lambda s: tr.icmp("ne", s[1], tr.iconst(0, flat)), turn)[0]


@_row("gcd")
def _gcd_row(tr: Translator, loop: Loop, args: Sequence[Parts], known: Any) -> tuple[Parts, ...]:
    return ((_gcd(tr, loop[0], args[0][0], args[1][0]),),)


@_row("lcm")
def _lcm_row(tr: Translator, loop: Loop, args: Sequence[Parts], known: Any) -> tuple[Parts, ...]:
    t = loop[0]
    flat = t.flat[0]
    a, b = args[0][0], args[1][0]
    if t.kind == "i":
        a, b = tr.op(op.IABS, flat, a), tr.op(op.IABS, flat, b)
    divisor = _gcd(tr, t, a, b)
    zero = tr.icmp("eq", divisor, tr.iconst(0, flat))
    safe = tr.select(zero, tr.iconst(1, flat), divisor)
    return ((tr.op(op.IMUL, flat, tr.op(op.UDIV_PROVEN, flat, a, safe), b),),)
