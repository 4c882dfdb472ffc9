"""Errors in units of the last place, against 80-bit functions of the C library and against mpmath.

The bounds are those of docs/math.md. With JITPY_FUZZ_MINUTES the samples are renewed for so long.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import mpmath
import numpy as np
import pytest
from native import apply

LONG = np.longdouble
FUZZ = 60 * float(os.environ.get("JITPY_FUZZ_MINUTES", "0"))
SUBNORMAL = (0, 1 << 52)
#: Ranges: two floats, uniform; "all": any positive normal number; "subnormal"; ("near", c): within 2**-53 .. 1/2 of c.
Range = Any


def _lgamma(x: Any) -> Any:
    return mpmath.log(abs(mpmath.gamma(x)))


#: Name, the 80-bit function, the bound, ranges.
ONE: list[tuple[str, Callable[..., Any], float, list[Range]]] = [
    ("exp", np.exp, 0.51, [(-1, 1), (-708, 709.7), (-1e-3, 1e-3)]),
    ("exp", np.exp, 0.76, [(-745, -707)]),
    ("exp2", np.exp2, 0.51, [(-1, 1), (-1021, 1024)]),
    ("expm1", np.expm1, 0.56, [(-1, 1), (-0.36, 0.36), (-40, 709), (-1e-5, 1e-5), "subnormal"]),
    ("log", np.log, 0.51, ["all", "subnormal", (0.5, 2), (0.99, 1.01), ("near", 1)]),
    ("log2", np.log2, 0.52, ["all", "subnormal", (0.5, 2), (0.99, 1.01), ("near", 1)]),
    ("log10", np.log10, 0.51, ["all", "subnormal", (0.5, 2), (0.99, 1.01), ("near", 1)]),
    ("log1p", np.log1p, 0.56, ["all", (-1, 1), (-0.01, 0.01), ("near", 0), ("near", -1)]),
    ("sin", np.sin, 0.53, ["all", (-1, 1), (-20, 20), (-4096, 4096), (4096, 1e6), ("near", 0), "right angles"]),
    ("cos", np.cos, 0.53, ["all", (-1, 1), (-20, 20), (-4096, 4096), (4096, 1e6), ("near", 0), "right angles"]),
    ("tan", np.tan, 0.53, ["all", (-1, 1), (-20, 20), (-4096, 4096), (4096, 1e6), ("near", 0), "right angles"]),
    ("asin", np.arcsin, 0.7, [(-1, 1), ("near", 1), ("near", 0), ("near", -1)]),
    ("acos", np.arccos, 0.7, [(-1, 1), ("near", 1), ("near", 0), ("near", -1)]),
    ("atan", np.arctan, 0.52, ["all", (-1, 1), (-20, 20), ("near", 0)]),
    ("sinh", np.sinh, 0.56, [(-1, 1), (-20, 20), (-710, 710), ("near", 0)]),
    ("cosh", np.cosh, 0.51, [(-1, 1), (-20, 20), (-710, 710), ("near", 0)]),
    ("tanh", np.tanh, 0.6, ["all", (-1, 1), (-20, 20), ("near", 0)]),
    ("asinh", np.arcsinh, 0.56, ["all", (-1, 1), (-20, 20), ("near", 0)]),
    ("acosh", np.arccosh, 0.56, [(1, 2), (1, 1e4), (1, 1.0001), (1e10, 1e30)]),
    ("atanh", np.arctanh, 0.56, [(-1, 1), ("near", 0), (0.99, 1)]),
    ("cbrt", np.cbrt, 0.51, ["all", "subnormal", (-1, 1), (1, 8)]),
]
TWO: list[tuple[str, Callable[..., Any], float, list[tuple[Range, Range]]]] = [
    ("pow", np.power, 0.52, [((0, 10), (-10, 10)), ("all", (-1, 1)), ((0.99, 1.01), (-6e4, 6e4)), ((0.5, 2), (-1000, 1000))]),
    ("atan2", np.arctan2, 0.52, [((-1, 1), (-1, 1)), ("all", "all"), ((-1, 1), (-1e3, 1e3)), ((-1e3, 1e3), (-1, 1))]),
    ("hypot", np.hypot, 0.51, [((-1, 1), (-1, 1)), ("all", "all"), ((1e307, 1e308), (0, 1e308)), ((0, 1), (0, 1e-8))]),
    ("hypot", np.hypot, 0.76, [("subnormal", "subnormal")]),
]
REMAINDERS = [((-100, 100), (-10, 10)), ("all", "all"), ("all", "subnormal"), ((0, 1e300), (-1, 1)), ("subnormal",) * 2]
SLOW: list[tuple[str, Callable[..., Any], float, list[Range]]] = [
    ("erf", mpmath.erf, 0.75, [(-6, 6), (-1, 1), (0.25, 0.5), ("near", 0)]),
    ("erfc", mpmath.erfc, 0.8, [(-6, 6), (0.2, 1), (0.5, 8), (8, 26)]),
    ("erfc", mpmath.erfc, 1.0, [(26, 27.2)]),
    ("exp", mpmath.exp, 0.51, [(-700, 700)]),
    ("log", mpmath.log, 0.51, ["all", (0.9, 1.1)]),
    ("sin", mpmath.sin, 0.53, ["all", (-100, 100)]),
    ("tanh", mpmath.tanh, 0.6, [(-5, 5)]),
    ("gamma", mpmath.gamma, 0.55, [(0, 8), (8, 171.6), (-8, 0), (-170, -8), (1e-8, 1e-3)]),
    ("lgamma", _lgamma, 1.0, [(0, 0.86), (0.86, 1.14), (1.14, 1.86), (1.86, 2.14), (2.14, 8), (8, 1e3)]),
    ("lgamma", _lgamma, 0.6, [(1e3, 1e6), (-0.4, 0), (-160, -140), (-1000, -160)]),
]


def sample(rng: np.random.Generator, where: Range, n: int) -> Any:
    """n numbers of a range."""
    if where == "all":
        return rng.integers(1 << 52, 0x7FF << 52, n).view(np.float64)
    if where == "subnormal":
        return rng.integers(*SUBNORMAL, n).view(np.float64)
    if where == "right angles":
        x = rng.integers(-(1 << 31), 1 << 31, n) * (math.pi / 2)
        x[: n // 2] = rng.integers(-2600, 2600, n // 2) * (math.pi / 2)
        return np.nextafter(x, rng.choice([-math.inf, math.inf], n))
    if where[0] == "near":
        side = -1.0 if where[1] == 1 else 1.0 if where[1] == -1 else rng.choice([-1.0, 1.0], n)
        return where[1] + side * 2.0 ** rng.uniform(-53, -1, n)
    return rng.uniform(*where, n)


def generators() -> Iterator[np.random.Generator]:
    """One seed; more while fuzzing."""
    end = time.monotonic() + FUZZ / (len(ONE) + len(TWO) + len(SLOW))
    yield np.random.default_rng(12345)
    while time.monotonic() < end:
        yield np.random.default_rng()


def worst(got: Any, exact: Any) -> tuple[float, int]:
    """The largest error in units of the last place, and where."""
    rounded = exact.astype(np.float64)
    with np.errstate(all="ignore"):
        ulp = np.spacing(np.abs(np.where(np.isinf(rounded), 1.7e308, rounded))).astype(LONG)
        error = np.abs(got.astype(LONG) - exact) / ulp
    error = np.where((got == rounded) | (np.isnan(got) & np.isnan(rounded)), np.where(np.isfinite(error), error, 0), error)
    error = np.where(np.isnan(error), np.inf, error)
    at = int(np.argmax(error))
    return float(error[at]), at


@pytest.mark.skipif(np.finfo(LONG).nmant < 63, reason="long double is double here")
@pytest.mark.parametrize(("name", "function", "bound", "ranges"), ONE + TWO)
def test_against_80_bits(name: str, function: Any, bound: float, ranges: list[Any]) -> None:
    for rng in generators():
        for where in ranges:
            pair = isinstance(where, tuple) and not isinstance(where[0], (int, float)) and where[0] != "near"
            args = [sample(rng, w, 100_000) for w in (where if pair else [where])]
            with np.errstate(all="ignore"):
                exact = function(*(a.astype(LONG) for a in args))
            error, at = worst(apply(name, *args), exact)
            assert error <= bound, f"{name}{tuple(float(a[at]) for a in args)}: {error:.3f} ulp"


@pytest.mark.parametrize(("name", "function", "bound", "ranges"), SLOW)
def test_against_mpmath(name: str, function: Any, bound: float, ranges: list[Any]) -> None:
    for rng in generators():
        for where in ranges:
            xs = sample(rng, where, 3000)
            for x, got in zip(xs.tolist(), apply(name, xs).tolist()):
                with mpmath.workprec(1300 if abs(x) > 1e5 and name == "sin" else 170):
                    exact = function(mpmath.mpf(x))
                    error = abs(mpmath.mpf(got) - exact) / math.ulp(float(exact))
                assert error <= bound, f"{name}({x!r}): {float(error):.3f} ulp"


@pytest.mark.parametrize("name", ["fmod", "remainder"])
def test_exact_remainders(name: str) -> None:
    reference = getattr(math, name)
    for rng in generators():
        for left, right in REMAINDERS:
            x, y = sample(rng, left, 5000), sample(rng, right, 5000)
            y[y == 0] = 1.0
            got = apply(name, x, y)
            exact = np.array([reference(a, b) for a, b in zip(x.tolist(), y.tolist())])
            assert np.array_equal(got, exact) and np.array_equal(np.signbit(got), np.signbit(exact))


def test_hardest_reductions() -> None:
    # Doubles nearest to multiples of pi/2, found by continued fractions, and others with much cancellation.
    xs = np.array([6381956970095103.0 * 2.0**797, 5.319372648326541e255, 1e22, 1e300, 1.7976931348623157e308, 2.0**1000])
    for name in ("sin", "cos", "tan"):
        with mpmath.workprec(1500):
            for x, got in zip(xs.tolist(), apply(name, xs).tolist()):
                exact = getattr(mpmath, name)(mpmath.mpf(x))
                assert abs(mpmath.mpf(got) - exact) <= 0.53 * math.ulp(got)


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("exp", -3, 3), ("log", 0.5, 2), ("atan", -3, 3), ("tanh", -2, 2), ("erf", -2, 2), ("sinh", -2, 2),
        ("asin", -0.999, 0.999), ("cbrt", 1, 8),
    ],
)
def test_monotone(name: str, low: float, high: float) -> None:
    """Neighbours that straddle the steps of tables and polynomials do not change order."""
    steps = np.linspace(low, high, 4001)
    xs = np.sort(np.concatenate([steps, np.nextafter(steps, -9), np.nextafter(steps, 9)]))
    assert (np.diff(apply(name, xs)) >= 0).all()
