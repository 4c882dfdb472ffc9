"""The README's table: where other compilers change the answer, this one does not."""

from __future__ import annotations

import copy
import math
import warnings

import numpy as np
import pytest

import jitpy


def store(a, v):
    a[0] = v
    return a


def shifted_sum(a):
    a[1:] += a[:-1]
    return a


def factorial(n):
    r = 1
    for i in range(2, n + 1):
        r *= i
    return r


CLAIMS = [
    (lambda a, b: a + b, (np.uint8(200), np.uint8(100))),
    (lambda a: 255 - a, (np.uint8(200),)),
    (lambda a: 256 - a, (np.uint8(200),)),
    (store, (np.zeros(2, np.uint8), 300)),
    (store, (np.zeros(2, np.uint8), np.int64(300))),
    (store, (np.zeros(2, np.int64), math.nan)),
    (lambda a: a * 50000, (np.int32(10**6),)),
    (lambda a: a // 2, (np.uint64(2**63 + 5),)),
    (lambda a, b: a == b, (np.int64(2**62 + 1), np.uint64(2**62 + 1))),
    (lambda a, b: a == b, (np.int64(2**62 + 1), np.uint64(2**62 + 2))),
    (lambda a: a / 0, (np.float64(1.0),)),
    (lambda a: a // 0, (np.int64(1),)),
    (lambda a: a / 0, (1,)),
    (lambda x: math.sqrt(x), (-1.0,)),
    (lambda x: math.log(x), (0.0,)),
    (lambda x: math.exp(x), (1000.0,)),
    (lambda a: a * 2.0, (np.float32(1.5),)),
    (lambda a: np.where(a > 1, a, 0.0), (np.ones(3, np.float32),)),
    (lambda x: round(x, 2), (2.675,)),
    (lambda x: round(x, 2), (np.float64(2.675),)),
    (lambda x: ~x, (True,)),
    (lambda c: 1 if c else 2.5, (True,)),
    (lambda c: 1 if c else 2.5, (False,)),
    (shifted_sum, (np.arange(5.0),)),
    (lambda a: np.sum(a), (np.random.default_rng(0).random(1000, dtype=np.float32),)),
    (lambda n: [i for i in range(n)], (3.0,)),  # noqa: C416  the comprehension is what is tested
    (factorial, (20,)),
    (lambda a: a[len(a)], (np.ones(3),)),
]


def outcome(function, arguments):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return repr(function(*copy.deepcopy(arguments)))
        except TypeError:
            return TypeError  # a compile error is one
        except Exception as error:
            return type(error)


@pytest.mark.parametrize("k", range(len(CLAIMS)))
def test_claim(k: int) -> None:
    function, arguments = CLAIMS[k]
    assert outcome(jitpy.jit(function), arguments) == outcome(function, arguments)


def test_beyond_64_bits_is_an_error_not_another_number() -> None:
    with pytest.raises(OverflowError):
        jitpy.jit(factorial)(25)
