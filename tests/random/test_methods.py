"""Every method of the three families, beside CPython and NumPy: the numbers, their types, and the state left behind.

Each row is an expression in ``r`` (a source) that a kernel returns, drawn several times from a fresh seed; then the interpreter
goes on with the same object, so that a state that is off by one number shows.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

import jitpy

PYTHON = [
    "r.random()", "r.uniform(2, 5)", "r.uniform(-1.5, np.float32(2.5))", "r.randint(0, 9)", "r.randint(-5, 5)", "r.randint(3, 3)",
    "r.randint(0, 2**40)", "r.randrange(10)", "r.randrange(1)", "r.randrange(5, 50, 7)", "r.randrange(50, 5, -7)",
    "r.randrange(2**62)", "r.getrandbits(1)", "r.getrandbits(5)", "r.getrandbits(32)", "r.getrandbits(33)", "r.getrandbits(63)",
    "r.getrandbits(64)", "r.getrandbits(0)", "r.gauss(0.0, 1.0)", "r.gauss(2, 3)", "r.gauss()", "r.normalvariate(0.0, 1.0)",
    "r.normalvariate(mu=5, sigma=2)", "r.lognormvariate(0.0, 0.5)", "r.expovariate(1.5)", "r.vonmisesvariate(1.0, 4.0)",
    "r.vonmisesvariate(1.0, 0.0)", "r.gammavariate(0.5, 1.0)", "r.gammavariate(1.0, 2.0)", "r.gammavariate(2.5, 1.5)",
    "r.betavariate(2.0, 3.0)", "r.paretovariate(3.0)", "r.weibullvariate(1.0, 1.5)", "r.triangular()",
    "r.triangular(1.0, 4.0, 2.0)",
    "r.triangular(1.0, 4.0)", "r.choice((1, 2, 3))", "r.choice([1.5, 2.5])", "r.choice(range(3, 100, 2))", "r.choice(np.arange(7))",
    "r.sample([10, 20, 30, 40], 2)", "r.sample(range(1000), 12)", "r.sample(range(10**9), 20)", "r.sample([1, 2, 3], 0)",
    "r.choices([1, 2, 3], k=5)", "r.choices([1, 2, 3], [1, 5, 2], k=5)", "r.choices([1, 2, 3], cum_weights=[1, 5, 9], k=4)",
]  # fmt: skip

LEGACY = [
    "r.rand()", "r.rand(3)", "r.rand(2, 3)", "r.randn()", "r.randn(3)", "r.randn(2, 2)", "r.random()", "r.random(4)",
    "r.random_sample((2, 3))", "r.uniform()", "r.uniform(2, 5)", "r.uniform(-1.0, 1.0, 5)", "r.uniform(low=1, high=2, size=(2, 2))",
    "r.standard_normal()", "r.standard_normal(3)", "r.normal()", "r.normal(3, 2)", "r.normal(3.0, 2.0, 3)",
    "r.normal(scale=2.0, size=(2, 3))", "r.lognormal(0.1, 0.5)", "r.lognormal(size=3)", "r.exponential()", "r.exponential(2.0, 3)",
    "r.standard_exponential()", "r.standard_exponential(5)", "r.standard_gamma(0.5)", "r.standard_gamma(1.0)",
    "r.standard_gamma(0.0)",
    "r.standard_gamma(3.5, 4)", "r.gamma(2.0)", "r.gamma(0.7, 2.0, 3)", "r.beta(0.5, 0.5)", "r.beta(0.01, 0.01)",
    "r.beta(2.0, 3.0, 3)",
    "r.chisquare(3.0)", "r.chisquare(1.0, 3)", "r.standard_t(4.0)", "r.wald(1.0, 2.0)", "r.pareto(3.0)", "r.weibull(2.0)",
    "r.weibull(0.0)", "r.power(2.5)", "r.standard_cauchy()", "r.f(3.0, 5.0)", "r.laplace()", "r.laplace(1.0, 2.0, 3)", "r.gumbel()",
    "r.logistic(1.0, 2.0)", "r.poisson()", "r.poisson(3.5)", "r.poisson(100.0, 4)", "r.poisson(0.0)", "r.negative_binomial(3, 0.4)",
    "r.negative_binomial(2.5, 0.7, 3)", "r.binomial(10, 0.3)", "r.binomial(1000, 0.7)", "r.binomial(50, 0.5, 3)",
    "r.geometric(0.2)",
    "r.hypergeometric(10, 15, 7)", "r.logseries(0.4)", "r.zipf(2.5)", "r.noncentral_chisquare(3.0, 2.0)",
    "r.noncentral_f(3.0, 4.0, 1.0)", "r.rayleigh(2.0)", "r.rayleigh(2.0, 3)", "r.triangular(0.0, 1.0, 3.0)", "r.vonmises(1.0, 2.0)",
    "r.randint(5)", "r.randint(1)", "r.randint(3, 9)", "r.randint(0, 100, 5)", "r.randint(-4, 5, (2, 3))", "r.randint(0, 2**40)",
    "r.randint(0, 2**32)", "r.randint(-2**63, 2**63 - 1)", "r.randint(5, dtype=np.int64)", "r.randint(0, 50, 4, np.int32)",
    "r.randint(0, 250, 11, np.uint8)", "r.randint(-100, 100, 5, np.int16)", "r.randint(0, 200, dtype=np.uint8)",
    "r.choice(5)", "r.choice(5, 3)", "r.choice(np.arange(3.0))", "r.choice(np.arange(9), (2, 2))", "r.choice([3, 1, 2], 4)",
    "r.choice(6, 3, False)", "r.choice(np.arange(9), 4, replace=False)", "r.choice(6, replace=False)",
    "r.choice(3, p=np.array([0.2, 0.3, 0.5]))", "r.choice(3, 5, p=[0.2, 0.3, 0.5])",
    "r.choice(np.arange(3), (2, 2), True, [0.5, 0.25, 0.25])",
    "r.permutation(7)", "r.permutation(np.arange(5.0))", "r.permutation(np.arange(12).reshape(4, 3))", "r.permutation([3, 1, 2])",
]  # fmt: skip

GENERATOR = [
    "r.random()", "r.random(3)", "r.random((2, 3))", "r.random(dtype=np.float32)", "r.random(3, np.float32)", "r.uniform(2, 5)",
    "r.uniform(size=3)", "r.standard_normal()", "r.standard_normal(300)", "r.standard_normal(3, dtype=np.float32)", "r.normal()",
    "r.normal(3, 2)", "r.normal(3.0, 2.0, (2, 2))", "r.exponential()", "r.exponential(2.0, 300)", "r.standard_exponential()",
    "r.standard_exponential(3, dtype=np.float32)", "r.standard_gamma(0.5)", "r.standard_gamma(2.0, 3, np.float32)",
    "r.gamma(2.0, 3.0)", "r.beta(0.5, 0.7)", "r.beta(2.0, 3.0, 3)", "r.chisquare(3.0)", "r.noncentral_chisquare(3.0, 1.0)",
    "r.f(2.0, 3.0)", "r.noncentral_f(2.0, 3.0, 1.0)", "r.standard_cauchy()", "r.standard_t(3.0)", "r.vonmises(1.0, 2.0)",
    "r.pareto(2.0)", "r.weibull(2.0)", "r.power(2.0)", "r.laplace()", "r.gumbel(1.0, 2.0)", "r.logistic()", "r.lognormal(0.5)",
    "r.rayleigh()", "r.wald(1.0, 2.0)", "r.triangular(0.0, 1.0, 3.0)", "r.poisson()", "r.poisson(30.0, 4)", "r.geometric(0.3)",
    "r.logseries(0.3)", "r.zipf(2.5)", "r.negative_binomial(3, 0.4)", "r.hypergeometric(10, 15, 7)", "r.binomial(10, 0.3)",
    "r.binomial(1000, 0.3, 3)", "r.integers(5)", "r.integers(1)", "r.integers(3, 9)", "r.integers(0, 100, 5)",
    "r.integers(0, 5, endpoint=True)", "r.integers(-4, 5, (2, 3))", "r.integers(0, 2**40)", "r.integers(0, 2**32)",
    "r.integers(0, 2**31 + 5, 9)", "r.integers(-2**63, 2**63 - 1, endpoint=True)", "r.integers(0, 50, 4, np.int32)",
    "r.integers(0, 250, 11, np.uint8)", "r.integers(-100, 100, 5, np.int16)", "r.integers(0, 200, dtype=np.uint8)", "r.choice(5)",
    "r.choice(5, 3)", "r.choice(np.arange(3.0))", "r.choice(np.arange(9), (2, 2))", "r.choice([3, 1, 2], 4)",
    "r.choice(6, 3, replace=False)", "r.choice(20000, 900, replace=False)", "r.choice(20000, 2, replace=False)",
    "r.choice(100, 5, replace=False, shuffle=False)", "r.choice(np.arange(9), (2, 2), replace=False)",
    "r.choice(3, p=np.array([0.2, 0.3, 0.5]))", "r.choice(3, 5, p=[0.2, 0.3, 0.5])", "r.permutation(7)",
    "r.permutation(np.arange(5.0))", "r.permutation(np.arange(12).reshape(4, 3))",
]  # fmt: skip


def source(family: str, seed: int, bits: str = "PCG64") -> Any:
    """A new random source."""
    if family == "Random":
        return random.Random(seed)
    if family == "RandomState":
        return np.random.RandomState(seed)
    return np.random.Generator(getattr(np.random, bits)(seed))


def same(expected: Any, got: Any, what: str) -> None:
    """Equal in type and bits."""
    assert type(expected) is type(got), f"{what}: {expected!r} {got!r}"
    if isinstance(expected, np.ndarray):
        assert (expected.dtype, expected.shape) == (got.dtype, got.shape), what
        assert expected.tobytes() == got.tobytes(), f"{what}: {expected!r} {got!r}"
    else:
        assert repr(expected) == repr(got), f"{what}: {expected!r} {got!r}"


def compiled(expression: str) -> Any:
    """A jitted function of ``r`` that returns the expression."""
    namespace: dict[str, Any] = {"np": np, "random": random}
    exec(f"def kernel(r): return {expression}", namespace)
    return jitpy.jit(namespace["kernel"])


def compare(family: str, expression: str, draws: int, bits: str = "PCG64") -> None:
    """The kernel's numbers and the interpreter's, and a number that the interpreter draws afterwards from either object."""
    kernel = compiled(expression)
    for seed in (1, 12345):
        mine, theirs = source(family, seed, bits), source(family, seed, bits)
        for i in range(draws):
            same(kernel.py_func(theirs), kernel(mine), f"{expression}, draw {i}")
        for _ in range(2):  # a half of a word that is left, a kept Gaussian number
            if family == "Random":
                assert mine.gauss(0, 1) == theirs.gauss(0, 1), expression
                assert mine.getstate() == theirs.getstate(), expression
            else:
                name = "randint" if family == "RandomState" else "integers"
                assert mine.standard_normal() == theirs.standard_normal(), expression
                assert getattr(mine, name)(1000) == getattr(theirs, name)(1000), expression


@pytest.mark.parametrize("expression", PYTHON)
def test_python(expression: str) -> None:
    compare("Random", expression, 40)


@pytest.mark.parametrize("expression", LEGACY)
def test_legacy(expression: str) -> None:
    compare("RandomState", expression, 40)


@pytest.mark.parametrize("expression", GENERATOR)
def test_generator(expression: str) -> None:
    compare("Generator", expression, 40)
