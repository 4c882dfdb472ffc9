"""The methods of `random.Random`, which the functions of the module `random` are.

Distributions of floats that are plain formulas are compiled from the standard library's own source, so that they are those of the
running Python version.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.types import I64
from jitpy.frontend.library import functions, math, scalars
from jitpy.frontend.library.arrays_arguments import bind, is_none
from jitpy.frontend.library.random import algorithms, bits
from jitpy.frontend.library.random import primitives as _primitives  # noqa: F401
from jitpy.frontend.library.random.sources import method
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import NONE, Const, Val, Value

if TYPE_CHECKING:
    from jitpy.frontend.translate.translator import Translator

Args = list[Value]
Kwargs = dict[str, Value]


@method("Random", "random")
def _random(tr: Translator, source: Val, args: Args, kwargs: Kwargs) -> Value:
    bind(tr, "random", args, kwargs, "", 0)
    return scalars.py_float(bits.unit(tr, source))


@method("Random", "getrandbits")
def _getrandbits(tr: Translator, source: Val, args: Args, kwargs: Kwargs) -> Value:
    (count,) = bind(tr, "getrandbits", args, kwargs, "k")
    assert count is not None
    k = math.integer(tr, "getrandbits", count)
    known = count.obj if count.__class__ is Const else None
    if known is not None and known > 64:
        tr.error(f"getrandbits({known}) needs more than 64 bits", "Put several numbers of 64 bits together.")
    tr.check(tr.icmp("slt", k, tr.iconst(0)), ValueError, "number of bits must be non-negative")
    most = 64 if known is not None else 63
    tr.check(tr.icmp("sgt", k, tr.iconst(most)), OverflowError, "Python int too large for 64 bits")

    def one() -> tuple[int]:
        def draw() -> tuple[int]:
            shift = tr.op(op.ISUB, I64, tr.iconst(32), k)
            return (tr.op(op.USHR, I64, tr.op(op.UEXTEND, I64, bits.word(tr, source)), shift),)

        return tr.branch(tr.icmp("eq", k, tr.iconst(0)), lambda: (tr.iconst(0),), draw, (I64,))  # type: ignore[return-value]

    def two() -> tuple[int]:
        low = tr.op(op.UEXTEND, I64, bits.word(tr, source))
        high = tr.op(op.USHR, I64, tr.op(op.UEXTEND, I64, bits.word(tr, source)), tr.op(op.ISUB, I64, tr.iconst(64), k))
        return (tr.op(op.BOR, I64, tr.op(op.ISHL, I64, high, tr.iconst(32)), low),)

    few: Any = known <= 32 if known is not None else tr.icmp("sle", k, tr.iconst(32))
    (result,) = tr.branch(few, one, two, (I64,))
    if known == 64:
        return Val(ty.py_uint, (result,))
    return scalars.py_int(tr.bound(result, 0, (1 << (known if known is not None else 63)) - 1))


def _int(tr: Translator, name: str, value: Value) -> Value:
    return scalars.py_int(math.integer(tr, name, value))


@method("Random", "randrange")
def _randrange(tr: Translator, source: Val, args: Args, kwargs: Kwargs) -> Value:
    start, stop, step = bind(tr, "randrange", args, kwargs, "start stop step")
    assert start is not None
    if is_none(stop):
        if step is not None:
            tr.error("randrange() with a step needs a stop", "Write randrange(start, stop, step).")
        start, stop = Const(0), start
    ints = [_int(tr, "randrange", v) for v in (start, stop, step or Const(1))]  # type: ignore[arg-type]
    if step is None:
        ints[2] = Const(1)
    return tr.call_python(algorithms.randrange, [source, *ints])


@method("Random", "randint")
def _randint(tr: Translator, source: Val, args: Args, kwargs: Kwargs) -> Value:
    a, b = bind(tr, "randint", args, kwargs, "a b", 2)
    assert a is not None and b is not None
    stop = tr.binary("+", _int(tr, "randint", b), Const(1))
    return tr.call_python(algorithms.randrange, [source, _int(tr, "randint", a), stop, Const(1)])


@method("Random", "uniform")
def _uniform(tr: Translator, source: Val, args: Args, kwargs: Kwargs) -> Value:
    a, b = bind(tr, "uniform", args, kwargs, "a b", 2)
    assert a is not None and b is not None
    width = tr.binary("-", b, a)
    return tr.binary("+", a, tr.binary("*", width, scalars.py_float(bits.unit(tr, source))))


@method("Random", "choice")
def _choice(tr: Translator, source: Val, args: Args, kwargs: Kwargs) -> Value:
    (values,) = bind(tr, "choice", args, kwargs, "seq")
    assert values is not None
    return functions.call_function(tr, algorithms.choice, [source, values], {}, None)


@method("Random", "shuffle")
def _shuffle(tr: Translator, source: Val, args: Args, kwargs: Kwargs) -> Value:
    (values,) = bind(tr, "shuffle", args, kwargs, "x")
    assert values is not None
    t = tr.type_of(values)
    if t.__class__ is ty.Array and t.ndim != 1:
        tr.error(
            "random.shuffle() of an array with more than one dimension loses rows, as its rows are views",
            "Use np.random.shuffle, or a np.random.Generator.",
        )
    return tr.call_python(algorithms.shuffle, [source, values], inline=False)


def _sequence(tr: Translator, name: str, values: Value) -> Value:
    if values.kind() is ty.Array:
        tr.error(f"random.{name}() takes a sequence, not an array", "Python raises TypeError here; give a list, or use np.random.")
    return values


@method("Random", "sample")
def _sample(tr: Translator, source: Val, args: Args, kwargs: Kwargs) -> Value:
    values, k = bind(tr, "sample", args, kwargs, "population k", 2)
    assert values is not None and k is not None
    return tr.call_python(algorithms.sample, [source, _sequence(tr, "sample", values), _int(tr, "sample", k)], inline=False)


@method("Random", "choices")
def _choices(tr: Translator, source: Val, args: Args, kwargs: Kwargs) -> Value:
    values, weights, sums, k = bind(tr, "choices", args, kwargs, "population weights cum_weights k")
    assert values is not None
    count = Const(1) if k is None else _int(tr, "choices", k)
    if is_none(weights) and is_none(sums):
        return tr.call_python(algorithms.choices, [source, values, count], inline=False)
    if not is_none(weights):
        if not is_none(sums):
            tr.error("choices() takes weights or cum_weights, not both")
        sums = tr.call_python(algorithms.running_sums, [weights], inline=False)  # type: ignore[list-item]
    return tr.call_python(algorithms.weighted_choices, [source, values, sums, count], inline=False)  # type: ignore[list-item]


@method("Random", "gauss")
def _gauss(tr: Translator, source: Val, args: Args, kwargs: Kwargs) -> Value:
    mu, sigma = bind(tr, "gauss", args, kwargs, "mu sigma", 0)
    return tr.call_python(algorithms.python_gauss, [source, mu or Const(0.0), sigma or Const(1.0)], inline=False)


@method("Random", "triangular")
def _triangular(tr: Translator, source: Val, args: Args, kwargs: Kwargs) -> Value:
    low, high, mode = bind(tr, "triangular", args, kwargs, "low high mode", 0)
    args = [source, low or Const(0.0), high or Const(1.0), mode or NONE]
    return functions.call_function(tr, algorithms.python_triangular, args, {}, False)


@method("Random", "seed")
def _seed(tr: Translator, source: Val, args: Args, kwargs: Kwargs) -> Value:
    (seed,) = bind(tr, "random.seed", args, kwargs, "a", 0)
    t = None if seed is None else tr.type_of(seed)
    if t not in (ty.py_int, ty.py_bool):
        tr.error("random.seed() in a jitted function takes an int", "Seed with anything else outside.")
    return tr.call_python(algorithms.seed_python, [source, _int(tr, "seed", seed)], inline=False)  # type: ignore[arg-type]


def _from_source(name: str) -> None:
    function = getattr(random.Random, name)

    @method("Random", name)
    def handler(tr: Translator, source: Val, args: Args, kwargs: Kwargs) -> Value:
        return functions.call_function(tr, function, [source, *args], kwargs, False)


for _name in (
    "normalvariate", "lognormvariate", "expovariate", "vonmisesvariate", "gammavariate", "betavariate", "paretovariate",
    "weibullvariate",
):  # fmt: skip
    _from_source(_name)
