"""Special values: zeros and their signs, infinities, NaN, thresholds, subnormal numbers, halves and huge integers."""

from __future__ import annotations

import ctypes
import itertools
import math

import numpy as np
import pytest
from native import address, apply, names

VALUES = [
    0.0, 1.0, 2.0, 3.0, 0.5, math.inf, 5e-324, 1e-310, 2.2250738585072014e-308, 1.7976931348623157e308, 1e300, 1e-300,
    709.782712893384, 709.7827128933841, 745.1332191019411, 745.1332191019412, 708.4, 690.0, 1023.9999999, 1024.0,
    1074.0, 1075.0, 1075.5, 26.6, 27.3, 28.0, 6.0, 6.5, 2.0**52 + 0.5, 2.0**53 - 1, 2.0**53, 2.0**63, 2.0**64, 1e19,
    0.9999999999999999, 1.0000000000000002, 4096.0, 710.4758600739439, 710.475860073944, 20.0, 22.0, 0.25, 0.35, 1e22,
    2.0**-27, 2.0**-28, 2.0**-54, 2.0**60,
]  # fmt: skip
ALL = np.array([*VALUES, *(-v for v in VALUES), math.nan])
LIBM = ctypes.CDLL(None)


def peer(name: str) -> int:
    """The C library's function, whose special values are C99's."""
    return ctypes.cast(getattr(LIBM, name), ctypes.c_void_p).value or 0


@pytest.mark.parametrize("name", names(1) + names(2))
def test_special_values(name: str) -> None:
    pairs = name in names(2)
    args = tuple(np.array(v) for v in zip(*itertools.product(ALL, ALL))) if pairs else (ALL,)
    got, expected = apply(name, *args), apply(peer("tgamma" if name == "gamma" else name), *args)
    with np.errstate(all="ignore"):
        near = np.abs(got - expected) <= 2 * np.spacing(np.abs(expected))
    same = (near | (got == expected)) & (np.signbit(got) == np.signbit(expected))
    same |= np.isnan(got) & np.isnan(expected)
    wrong = [(*(float(a[i]) for a in args), got[i], expected[i]) for i in np.flatnonzero(~same)]
    assert not wrong


def test_whole_results() -> None:
    powers = 2.0 ** np.arange(-1074, 1024)
    assert apply("log2", powers).tolist() == list(range(-1074, 1024))
    assert np.array_equal(apply("exp2", np.arange(-1074.0, 1024)), powers)
    tens = [10.0**n for n in range(23)]
    assert apply("log10", np.array(tens)).tolist() == list(range(23))
    assert apply("cbrt", np.arange(-50.0, 50) ** 3).tolist() == list(range(-50, 50))
    base, exponent = (np.array(v, float) for v in zip(*itertools.product(range(-9, 10), range(16))))
    assert np.array_equal(apply("pow", base, exponent), [b**int(e) for b, e in zip(base, exponent)])
    assert np.array_equal(apply("hypot", np.array([3.0, 5, 8]), np.array([4.0, 12, 15])), [5, 13, 17])


def test_names_are_callable() -> None:
    for name in names(1) + names(2):
        assert address(name)
