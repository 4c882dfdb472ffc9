"""The methods of `np.random.Generator`: NumPy exports its distributions as C functions, so these are the very code.

They are the functions that NumPy documents for use from Cython, cffi and Numba (`random_standard_normal` and so on, see
``numpy/random/distributions.h``); each takes the address of the ``bitgen_t``. Uniform floats and integers are drawn inline.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.types import F32, F64, I32, I64
from jitpy.frontend.library import registry
from jitpy.frontend.library.arrays_arguments import bind, dtype_of, is_none
from jitpy.frontend.library.random import bits, drawing, sampling
from jitpy.frontend.library.random.drawing import Row, exported, moved, parameters, stretched
from jitpy.frontend.library.random.sources import method
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Val, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jitpy.frontend.library.random.drawing import Draw
    from jitpy.frontend.translate.translator import Translator

Args = list[Value]
Kwargs = dict[str, Value]

registry.load("random.legacy")  # choice, uniform, shuffle, permutation are shared


def _ziggurat(name: str, skipped: int, signed: bool) -> Draw:
    """A standard number by the ziggurat [Marsaglia and Tsang 2000] as NumPy draws it, from 64 bits: ``skipped`` are left out, 8 are
    the layer, one is a sign if ``signed``, the rest times the layer's width is the number if it lies inside, as 99 of 100 do.

    ``jitpy_ziggurat_<name>`` has a row (f64 width, i64 limit) per layer. Where the limit is reached, nothing has been taken yet,
    and NumPy's function draws the same bits again.
    """

    def draw(tr: Translator, source: Val, values: Sequence[int]) -> int:
        whole = exported("random_standard_" + name)
        if source.type.bits != "PCG64":
            return whole(tr, source, ())
        word, take = bits.peek(tr, source)
        layer = tr.op(op.BAND, I64, tr.op(op.USHR, I64, word, tr.iconst(skipped)), tr.iconst(255))
        row = tr.op(op.IADD, I64, tr.symbol_address("jitpy_ziggurat_" + name), tr.op(op.ISHL, I64, layer, tr.iconst(4)))
        x = tr.op(op.USHR, I64, word, tr.iconst(skipped + 8 + signed))
        if signed:
            x = tr.op(op.BAND, I64, x, tr.iconst((1 << 52) - 1))

        def inside() -> tuple[int]:
            take()
            return (tr.op(op.FMUL, F64, tr.op(op.FCVT_FROM_SINT, F64, x), tr.load(F64, row)),)

        beyond = tr.icmp("uge", x, tr.load(I64, row, 8))
        if not signed:
            return tr.branch(beyond, lambda: (whole(tr, source, ()),), inside, (F64,), seldom=True)[0]

        def either_side() -> tuple[int]:
            sign = tr.op(op.ISHL, I64, tr.op(op.USHR, I64, word, tr.iconst(8)), tr.iconst(63))
            (size,) = inside()
            return (tr.op(op.BITCAST, F64, tr.op(op.BXOR, I64, tr.op(op.BITCAST, I64, size, imm=0), sign), imm=0),)

        return tr.branch(beyond, lambda: (whole(tr, source, ()),), either_side, (F64,), seldom=True)[0]

    return draw


_normal, _exponential = _ziggurat("normal", 0, True), _ziggurat("exponential", 3, False)
for _name, _parameters, _inline in (
    ("normal", "loc=0.0, scale=1.0: not negative", moved(_normal)),
    ("exponential", "scale=1.0: not negative", stretched(_exponential)),
):  # fmt: skip
    method("Generator", _name)(drawing.handler(Row(_name, parameters(_parameters), _inline)))

#: method -> (parameters, C function, what a draw is)
_ROWS: dict[str, tuple[str, str, str]] = {
    "lognormal": ("mean=0.0, sigma=1.0: not negative", "random_lognormal", "float"),
    "gamma": ("shape: not negative, scale=1.0: not negative", "random_gamma", "float"),
    "beta": ("a: positive, b: positive", "random_beta", "float"),
    "chisquare": ("df: positive", "random_chisquare", "float"),
    "noncentral_chisquare": ("df: positive, nonc: not negative", "random_noncentral_chisquare", "float"),
    "f": ("dfnum: positive, dfden: positive", "random_f", "float"),
    "noncentral_f": ("dfnum: positive, dfden: positive, nonc: not negative", "random_noncentral_f", "float"),
    "standard_cauchy": ("", "random_standard_cauchy", "float"),
    "standard_t": ("df: positive", "random_standard_t", "float"),
    "vonmises": ("mu, kappa: not negative", "random_vonmises", "float"),
    "pareto": ("a: positive", "random_pareto", "float"),
    "weibull": ("a: not negative", "random_weibull", "float"),
    "power": ("a: positive", "random_power", "float"),
    "laplace": ("loc=0.0, scale=1.0: not negative", "random_laplace", "float"),
    "gumbel": ("loc=0.0, scale=1.0: not negative", "random_gumbel", "float"),
    "logistic": ("loc=0.0, scale=1.0: not negative", "random_logistic", "float"),
    "rayleigh": ("scale=1.0: not negative", "random_rayleigh", "float"),
    "wald": ("mean: positive, scale: positive", "random_wald", "float"),
    "poisson": ("lam=1.0: rate", "random_poisson", "int"),
    "geometric": ("p: positive probability", "random_geometric", "int"),
    "logseries": ("p: probability below 1", "random_logseries", "int"),
    "zipf": ("a: above 1", "random_zipf", "int"),
}
for _name, (_parameters, _symbol, _result) in _ROWS.items():
    method("Generator", _name)(drawing.handler(Row(_name, parameters(_parameters), exported(_symbol, _result), _result)))

#: method -> (parameters, function of float64, of float32); they take a dtype.
_STANDARD: dict[str, tuple[str, str, str]] = {
    "random": ("", "", ""),
    "standard_normal": ("", "random_standard_normal", "random_standard_normal_f"),
    "standard_exponential": ("", "random_standard_exponential", "random_standard_exponential_f"),
    "standard_gamma": ("shape: not negative", "random_standard_gamma", "random_standard_gamma_f"),
}


def _unit32(tr: Translator, source: Val) -> int:
    """A float32 in [0, 1) of 24 random bits."""
    word = tr.op(op.USHR, I32, bits.word(tr, source), tr.iconst(8, I32))
    return tr.op(op.FMUL, F32, tr.op(op.FCVT_FROM_SINT, F32, word), tr.fconst(2.0**-24, F32))


def _standard(name: str) -> Callable[[Translator, Val, Args, Kwargs], Value]:
    text, wide, narrow = _STANDARD[name]
    row = parameters(text)

    def handler(tr: Translator, source: Val, args: Args, kwargs: Kwargs) -> Value:
        extra = "method out" if name == "standard_exponential" else "out"
        names = " ".join([p[0] for p in row])
        bound = bind(tr, name, args, kwargs, f"{names} size dtype {extra}", len(row))
        given, (size, dtype, *more) = bound[: len(row)], bound[len(row) :]
        if not all(is_none(v) for v in more):
            tr.error(f"Generator.{name} with {extra.replace(' ', ' or ')} is not supported", "Assign the result: a[:] = ...")
        t = dtype_of(tr, dtype, ty.float64)
        if t not in (ty.float64, ty.float32):
            tr.error(f"Generator.{name} gives float64 or float32", "Leave dtype out, and convert.")
        flat = F64 if t is ty.float64 else F32
        values = []
        for v, (parameter, _, kind) in zip(given, row, strict=True):
            assert v is not None
            x = drawing.number(tr, name, v)
            drawing.limit(tr, parameter, x, kind)
            values.append(x if flat == F64 else tr.op(op.FDEMOTE, F32, x))

        def draw() -> int:
            if name == "random":
                return bits.unit(tr, source) if flat == F64 else _unit32(tr, source)
            if flat == F64 and not values:
                return (_normal if name == "standard_normal" else _exponential)(tr, source, ())
            params = (I64, *[flat] * len(values))
            return tr.call_extern(wide if flat == F64 else narrow, params, (flat,), source.ssa[1], *values)[0]

        if is_none(size) and flat == F32:
            return Val(ty.py_float, (tr.op(op.FPROMOTE, F64, draw()),))
        return drawing.draws(tr, size, t, draw)

    return handler


for _name in _STANDARD:
    method("Generator", _name)(_standard(_name))


@method("Generator", "integers")
def _integers(tr: Translator, source: Val, args: Args, kwargs: Kwargs) -> Value:
    return sampling.integers(tr, source, "integers", args, kwargs, by_mask=False, default=ty.int64)


def _binomial(tr: Translator, source: Val, values: Sequence[int]) -> int:
    n, p = values
    setup = tr.op(op.IADD, I64, source.ssa[1], tr.iconst(_SETUP))
    return tr.call_extern("random_binomial", (I64, F64, I64, I64), (I64,), source.ssa[1], p, n, setup)[0]


#: Where Generator keeps what `random_binomial` prepares for one (n, p): behind its bitgen_t.
_SETUP = 40


@method("Generator", "binomial")
def _binomial_method(tr: Translator, source: Val, args: Args, kwargs: Kwargs) -> Value:
    from jitpy.frontend.library import math

    n, p, size = bind(tr, "binomial", args, kwargs, "n p size", 2)
    assert n is not None and p is not None
    count, chance = math.integer(tr, "binomial", n), drawing.number(tr, "binomial", p)
    drawing.limit(tr, "p", chance, "probability")
    tr.check(tr.icmp("slt", count, tr.iconst(0)), ValueError, "n < 0")
    return drawing.draws(tr, size, ty.int64, lambda: _binomial(tr, source, (count, chance)))
