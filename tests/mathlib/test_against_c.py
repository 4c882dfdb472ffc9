"""The library beside the C library: special values the same, sign of zero included; the rest within a few last places of both."""

from __future__ import annotations

import ctypes
import ctypes.util
import math
import random
import struct

import pytest

from jitpy.runtime import helpers

PREFIX = "jitpy_math_"
SPECIAL = [
    0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan, 5e-324, -5e-324, 2.2e-308, -2.2e-308, 1e308, -1e308, 0.5, -0.5, 2.0, -2.0,
    1e-20, -1e-20, 1e-8, -1e-8, 709.5, 710.0, -745.0, -746.0, 1024.0, -1074.0, -1075.0, math.pi, math.pi / 2, 1e22, 1e300, 3e15,
]  # fmt: skip
TWO = ("pow", "atan2", "hypot", "fmod", "remainder")
NAMES = [
    name[len(PREFIX) :]
    for name in sorted(helpers.math_code())
    if not name.startswith((PREFIX + "table_", PREFIX + "reduce_"))
]


def bits(x: float) -> int:
    return struct.unpack("<q", struct.pack("<d", x))[0]


def test_the_library_has_the_functions_kernels_use_most() -> None:
    assert {"exp", "log", "sin", "cos", "tan", "pow"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_against_the_c_library(name: str) -> None:
    count = 2 if name in TWO else 1
    prototype = ctypes.CFUNCTYPE(ctypes.c_double, *[ctypes.c_double] * count)
    ours = prototype(helpers.math_code()[PREFIX + name])
    theirs = getattr(ctypes.CDLL(ctypes.util.find_library("m")), "tgamma" if name == "gamma" else name)
    theirs.restype, theirs.argtypes = ctypes.c_double, [ctypes.c_double] * count
    r = random.Random(5)
    values = SPECIAL + [r.uniform(-1, 1) * 10.0 ** r.randint(-300, 300) for _ in range(1000)]
    values += [r.uniform(-30, 30) for _ in range(1000)] + [r.uniform(-1, 1) * 2.0 ** -r.randint(0, 60) for _ in range(1000)]
    for x in values:
        arguments = (x,) if count == 1 else (x, r.choice(SPECIAL))
        mine, other = ours(*arguments), theirs(*arguments)
        if math.isnan(mine) and math.isnan(other):
            continue
        if name == "remainder" and mine == 0.0:
            # IEEE 754 and CPython: a zero remainder has the sign of the first operand.
            assert other == 0.0 and math.copysign(1.0, mine) == math.copysign(1.0, x), arguments
            continue
        if name == "lgamma" and x < 0.0 and abs(mine - other) < 2.0**-57:
            continue  # near its zeros below 0 the error is absolute
        assert abs(bits(mine) - bits(other)) <= 4, (name, arguments, mine, other)
