"""The methods of `np.random.RandomState`, which the functions of `np.random` are: their streams are frozen since NumPy 1.16."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.types import F64
from jitpy.frontend.library import math, scalars
from jitpy.frontend.library.arrays_arguments import bind
from jitpy.frontend.library.random import algorithms, bits, drawing, sampling
from jitpy.frontend.library.random.drawing import Row, compiled, exported, interpreted, moved, parameters, stretched
from jitpy.frontend.library.random.sources import method
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import NONE, TupleVal, Val, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jitpy.frontend.library.random.drawing import Draw
    from jitpy.frontend.translate.translator import Translator

Args = list[Value]
Kwargs = dict[str, Value]


def _unit(tr: Translator, source: Val, values: Sequence[int]) -> int:
    return bits.unit(tr, source)


_gauss = compiled(algorithms.gauss)
_exponential = compiled(algorithms.exponential)
_gamma = compiled(algorithms.gamma)


def _exp(inner: Draw) -> Draw:
    def draw(tr: Translator, source: Val, values: Sequence[int]) -> int:
        return tr.call_extern("exp", (F64,), (F64,), inner(tr, source, values))[0]

    return draw


#: method -> (parameters, how one number is drawn, what it is)
_ROWS: dict[str, tuple[str, Draw, str]] = {
    "random_sample": ("", _unit, "float"),
    "random": ("", _unit, "float"),
    "standard_normal": ("", _gauss, "float"),
    "normal": ("loc=0.0, scale=1.0: not negative", moved(_gauss), "float"),
    "lognormal": ("mean=0.0, sigma=1.0: not negative", _exp(moved(_gauss)), "float"),
    "standard_exponential": ("", _exponential, "float"),
    "exponential": ("scale=1.0: not negative", stretched(_exponential), "float"),
    "standard_gamma": ("shape: not negative", _gamma, "float"),
    "gamma": ("shape: not negative, scale=1.0: not negative", stretched(_gamma), "float"),
    "beta": ("a: positive, b: positive", compiled(algorithms.beta), "float"),
    "chisquare": ("df: positive", compiled(algorithms.chisquare), "float"),
    "standard_t": ("df: positive", compiled(algorithms.standard_t), "float"),
    "wald": ("mean: positive, scale: positive", compiled(algorithms.wald), "float"),
    "pareto": ("a: positive", compiled(algorithms.pareto), "float"),
    "weibull": ("a: not negative", compiled(algorithms.weibull), "float"),
    "power": ("a: positive", compiled(algorithms.power), "float"),
    "standard_cauchy": ("", compiled(algorithms.cauchy), "float"),
    "f": ("dfnum: positive, dfden: positive", compiled(algorithms.f), "float"),
    "laplace": ("loc=0.0, scale=1.0: not negative", exported("random_laplace"), "float"),
    "gumbel": ("loc=0.0, scale=1.0: not negative", exported("random_gumbel"), "float"),
    "logistic": ("loc=0.0, scale=1.0: not negative", exported("random_logistic"), "float"),
    "poisson": ("lam=1.0: rate", exported("random_poisson", "int"), "int"),
    "negative_binomial": ("n: positive, p: probability", compiled(algorithms.negative_binomial), "int"),
}
for _name, (_parameters, _draw, _result) in _ROWS.items():
    method("RandomState", _name)(drawing.handler(Row(_name, parameters(_parameters), _draw, _result)))


#: What NumPy keeps to itself is asked for through the interpreter: method -> (parameters, what a draw is)
_INTERPRETED = {
    "binomial": ("n p", "int"),
    "geometric": ("p", "int"),
    "hypergeometric": ("ngood nbad nsample", "int"),
    "logseries": ("p", "int"),
    "zipf": ("a", "int"),
    "noncentral_chisquare": ("df nonc", "float"),
    "noncentral_f": ("dfnum dfden nonc", "float"),
    "rayleigh": ("scale", "float"),
    "triangular": ("left mode right", "float"),
    "vonmises": ("mu kappa", "float"),
}
for _name, (_parameters, _result) in _INTERPRETED.items():
    method("RandomState", _name)(interpreted(_name, _parameters, _result))
for _name, _parameters, _result in (
    ("hypergeometric", "ngood nbad nsample", "int"), ("negative_binomial", "n p", "int"),
    ("triangular", "left mode right", "float"),
):  # fmt: skip
    method("Generator", _name)(interpreted(_name, _parameters, _result))


def _by_dimensions(draw: Draw) -> Callable[[Translator, Val, Args, Kwargs], Value]:
    """``rand`` and ``randn``: the extents are the arguments; without any, one number."""

    def handler(tr: Translator, source: Val, args: Args, kwargs: Kwargs) -> Value:
        bind(tr, "rand", [], kwargs, "", 0)
        return drawing.draws(tr, TupleVal(tuple(args)) if args else NONE, ty.float64, lambda: draw(tr, source, ()))

    return handler


method("RandomState", "rand")(_by_dimensions(_unit))
method("RandomState", "randn")(_by_dimensions(_gauss))


@method("RandomState", "uniform")
@method("Generator", "uniform")
def _uniform(tr: Translator, source: Val, args: Args, kwargs: Kwargs) -> Value:
    low, high, size = bind(tr, "uniform", args, kwargs, "low high size", 0)
    first = tr.fconst(0.0) if low is None else drawing.number(tr, "uniform", low)
    last = tr.fconst(1.0) if high is None else drawing.number(tr, "uniform", high)
    width = tr.op(op.FSUB, F64, last, first)
    finite = tr.fcmp("lt", tr.op(op.FABS, F64, width), tr.fconst(float("inf")))
    tr.check(drawing.negated(tr, finite), OverflowError, "high - low range exceeds valid bounds")
    if source.type.family == "Generator":
        drawing.limit(tr, "high - low", width, "not negative")

    def draw() -> int:
        return tr.op(op.FADD, F64, first, tr.op(op.FMUL, F64, width, bits.unit(tr, source)))

    return drawing.draws(tr, size, ty.float64, draw)


@method("RandomState", "randint")
def _randint(tr: Translator, source: Val, args: Args, kwargs: Kwargs) -> Value:
    return sampling.integers(tr, source, "randint", args, kwargs, by_mask=True, default=None)


@method("RandomState", "choice")
@method("Generator", "choice")
def _choice(tr: Translator, source: Val, args: Args, kwargs: Kwargs) -> Value:
    return sampling.choice(tr, source, "choice", args, kwargs)


@method("RandomState", "seed")
def _seed(tr: Translator, source: Val, args: Args, kwargs: Kwargs) -> Value:
    (seed,) = bind(tr, "np.random.seed", args, kwargs, "seed", 0)
    t = None if seed is None else tr.type_of(seed)
    if t.__class__ is not ty.Scalar or t.kind not in "iu":
        tr.error("np.random.seed() in a jitted function takes an int", "Seed with anything else outside.")
    if source.type.bits != "MT19937":
        tr.error("only the bit generator MT19937 can be seeded again", "Make a new generator.")
    value = scalars.py_int(math.integer(tr, "seed", seed))  # type: ignore[arg-type]
    return tr.call_python(algorithms.seed_numpy, [source, value], inline=False)
