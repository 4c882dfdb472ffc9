"""The primitives of `algorithms`: bits below a bound, the kept Gaussian number, the words of a state, C's math.

The second number of a Gaussian pair is kept in RandomState's own struct behind its bit generator (``bitgen_t``, then its address,
i32 whether there is one, f64), and by Python's Random in an attribute, which needs the interpreter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.types import F64, I8, I32, I64
from jitpy.frontend.library import registry, scalars
from jitpy.frontend.library.random import algorithms, bits
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import NONE, TupleVal, Val, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from jitpy.frontend.translate.translator import Translator

    Primitive = Callable[[Translator, list[Value], dict[str, Value]], Value]

_HAS_KEPT, _KEPT = 48, 56


# -- numbers below a bound -------------------------------------------------------------------------------------------------------


def masked(tr: Translator, source: Val, most: int) -> int:
    """0 .. most (an i64 read as unsigned): as many bits as ``most`` has, until they are not more; none are drawn for 0."""
    mask = tr.op(op.USHR, I64, tr.iconst(-1), tr.op(op.CLZ, I64, most))

    def small() -> tuple[int]:
        def draw() -> int:
            return tr.op(op.BAND, I64, tr.op(op.UEXTEND, I64, bits.word(tr, source)), mask)

        return tr.while_((draw(),), lambda r: tr.icmp("ugt", r[0], most), lambda _: (draw(),))  # type: ignore[return-value]

    def other() -> tuple[int]:
        return _by_numpy(tr, source, most, mask, 1)

    return tr.branch(_fits(tr, most, 0xFFFFFFFF), small, other, (I64,))[0]


def scaled(tr: Translator, source: Val, most: int) -> int:
    """0 .. most (an i64 read as unsigned), by a product and seldom a second draw [Lemire 2019]; none are drawn for 0."""

    def small() -> tuple[int]:
        count = tr.op(op.IADD, I64, most, tr.iconst(1))

        def draw() -> int:
            return tr.op(op.IMUL, I64, tr.op(op.UEXTEND, I64, bits.word(tr, source)), count)

        def low(product: int) -> int:
            return tr.op(op.BAND, I64, product, tr.iconst(0xFFFFFFFF))

        def again() -> tuple[int]:
            rest = tr.op(op.ISUB, I64, tr.iconst(0xFFFFFFFF), most)
            threshold = tr.op(op.UREM_PROVEN, I64, rest, count)
            return tr.while_((product,), lambda p: tr.icmp("ult", low(p[0]), threshold), lambda _: (draw(),))  # type: ignore[return-value]

        product = draw()
        (product,) = tr.branch(tr.icmp("ult", low(product), count), again, lambda: (product,), (I64,), seldom=True)
        return (tr.op(op.USHR, I64, product, tr.iconst(32)),)

    def other() -> tuple[int]:
        return _by_numpy(tr, source, most, tr.iconst(0), 0)

    return tr.branch(_fits(tr, most, 0xFFFFFFFE), small, other, (I64,))[0]


def _fits(tr: Translator, most: int, limit: int) -> int:
    """1 <= most <= limit."""
    return tr.icmp("ult", tr.op(op.ISUB, I64, most, tr.iconst(1)), tr.iconst(limit))


def _by_numpy(tr: Translator, source: Val, most: int, mask: int, use_mask: int) -> tuple[int]:
    args = (source.ssa[1], tr.iconst(0), most, mask, tr.iconst(use_mask, I32))
    return tr.call_extern("random_bounded_uint64", (I64, I64, I64, I64, I32), (I64,), *args)  # type: ignore[return-value]


@registry.call(algorithms.interval)
def _interval(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return scalars.py_int(masked(tr, args[0], scalars.as_int(tr, args[1])))  # type: ignore[arg-type]


@registry.call(algorithms.top_bits)
def _top_bits(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    shift = tr.op(op.ISUB, I64, tr.iconst(32), scalars.as_int(tr, args[1]))
    word = tr.op(op.UEXTEND, I64, bits.word(tr, args[0]))  # type: ignore[arg-type]
    return scalars.py_int(tr.bound(tr.op(op.USHR, I64, word, shift), 0, 0xFFFFFFFF))


# -- states ----------------------------------------------------------------------------------------------------------------------


@registry.call(algorithms.words_of)
def _words_of(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    source: Val = args[0]  # type: ignore[assignment]
    words, _ = bits.twister(tr, source)
    return Val(ty.array_of(ty.uint32, 1, "C"), (source.ssa[0], words, tr.iconst(bits.WORDS), tr.iconst(4)))


@registry.call(algorithms.set_position)
def _set_position(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    _, position = bits.twister(tr, args[0])  # type: ignore[arg-type]
    tr.store(tr.op(op.IREDUCE, I32, scalars.as_int(tr, args[1])), position)
    return NONE


@registry.call(algorithms.take_kept)
def _take_kept(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    source: Val = args[0]  # type: ignore[assignment]
    obj, at = source.ssa
    if source.type.family == "Random":
        out = tr.stack_slots((tr.fconst(0.0), tr.iconst(0)))
        tr.call_extern_status("jitpy_take_gauss", (I64, I64), obj, out)
        there = tr.op(op.IREDUCE, I8, tr.load(I64, out, 8))
        return TupleVal((scalars.py_bool(there), scalars.py_float(tr.load(F64, out))))
    there = tr.icmp("ne", tr.load(I32, at, _HAS_KEPT), tr.iconst(0, I32))
    kept = tr.load(F64, at, _KEPT)
    tr.store(tr.iconst(0, I32), at, _HAS_KEPT)
    tr.store(tr.fconst(0.0), at, _KEPT)
    return TupleVal((scalars.py_bool(there), scalars.py_float(kept)))


@registry.call(algorithms.keep)
def _keep(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    source: Val = args[0]  # type: ignore[assignment]
    obj, at = source.ssa
    x = scalars.as_float(tr, args[1])
    if source.type.family == "Random":
        tr.call_extern_status("jitpy_keep_gauss", (I64, F64), obj, x)
    else:
        tr.store(x, at, _KEPT)
        tr.store(tr.iconst(1, I32), at, _HAS_KEPT)
    return NONE


# -- C's functions ---------------------------------------------------------------------------------------------------------------


def _register_c_functions() -> None:
    def calls(symbol: str) -> Primitive:
        def primitive(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
            xs = [scalars.as_float(tr, a) for a in args]
            return scalars.py_float(tr.call_extern(symbol, (F64,) * len(xs), (F64,), *xs)[0])

        return primitive

    def operation(opcode: int) -> Primitive:
        def primitive(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
            return scalars.py_float(tr.op(opcode, F64, *[scalars.as_float(tr, a) for a in args]))

        return primitive

    for function, handler in (
        (algorithms.c_log, calls("log")), (algorithms.c_exp, calls("exp")), (algorithms.c_pow, calls("pow")),
        (algorithms.c_div, operation(op.FDIV)), (algorithms.c_sqrt, operation(op.SQRT)),
    ):  # fmt: skip
        registry.call(function)(handler)


@registry.call(algorithms.poisson)
def _poisson(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    source: Val = args[0]  # type: ignore[assignment]
    rate = scalars.as_float(tr, args[1])
    return scalars.py_int(tr.call_extern("random_poisson", (I64, F64), (I64,), source.ssa[1], rate)[0])


_register_c_functions()
