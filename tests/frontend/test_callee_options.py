"""A jitted function compiled into another one means what it means when it is called from Python: its options hold for its code."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from jitpy.backend.isa.x64.features import host

from jitpy import float32, float64, int8, jit

X, Z = 1 + 2.0**-30, -((1 + 2.0**-30) ** 2)
BIG = 2**62


def wide(function: Any) -> Any:
    """The same function, too large to be inlined: in a kernel of its own."""
    lines = "\n".join(f"    if x == {k}.5: x = x + {k}.0" for k in range(60))
    namespace: dict[str, Any] = {"inner": function}
    exec(f"def outer(x, y):\n{lines}\n    return inner(x, y)", namespace)
    return namespace["outer"]


@jit(error_model="numpy")
def divide(x: float, y: float) -> float:
    return x / y


@jit
def divide_strictly(x: float, y: float) -> float:
    return x / y


def test_error_model() -> None:
    both = jit(lambda x, y: (divide(x, y), divide_strictly(x, y)))
    assert both(6.0, 2.0) == (3.0, 3.0)
    with pytest.raises(ZeroDivisionError):
        both(1.0, 0.0)
    assert jit(lambda x, y: divide(x, y))(1.0, 0.0) == math.inf
    with pytest.raises(ZeroDivisionError):
        jit(lambda x, y: divide_strictly(x, y), error_model="numpy")(1.0, 0.0)


def helper(x: float, y: float) -> float:
    return x / y


def test_plain_functions_have_no_options_of_their_own() -> None:
    assert jit(lambda x, y: helper(x, y), error_model="numpy")(1.0, 0.0) == math.inf
    with pytest.raises(ZeroDivisionError):
        jit(lambda x, y: helper(x, y))(1.0, 0.0)
    assert jit(error_model="numpy")(wide(helper))(1.0, 0.0) == math.inf


@jit(overflow="wrap")
def wrapped(x: int, y: int) -> int:
    return x * y


@jit
def checked(x: int, y: int) -> int:
    return x * y


@jit(overflow="raise")
def strict(x: Any, y: Any) -> Any:
    return x * y


def test_overflow() -> None:
    assert wrapped(BIG, 4) == 0
    assert jit(lambda x: wrapped(x, 4))(BIG) == 0
    with pytest.raises(OverflowError):
        jit(lambda x: wrapped(x, 4) + checked(x, 4))(BIG)
    with pytest.raises(OverflowError):
        jit(lambda x: checked(x, 4), overflow="wrap")(BIG)
    assert jit(lambda x: x * 4, overflow="wrap")(BIG) == 0
    assert jit(lambda x: -x, overflow="wrap")(-(2**63)) == -(2**63)


def test_overflow_raise_checks_numpy_ints() -> None:
    with pytest.raises(OverflowError):
        strict(np.int8(100), np.int8(2))
    assert strict(np.int8(50), np.int8(2)) == 100
    with pytest.raises(OverflowError):
        jit(lambda x: strict(x, x))(np.uint8(16))
    assert jit(lambda x: x * x)(np.uint8(16)) == 0
    with pytest.raises(OverflowError):
        jit(lambda a: a[0] + a[1], overflow="raise")(np.array([100, 100], np.int8))
    with pytest.raises(OverflowError):
        jit(lambda x: x * 4, overflow="raise")(BIG)


@jit(fastmath=True)
def loose(x: float, y: float, z: float) -> float:
    return x * y + z


@jit
def exact(x: float, y: float, z: float) -> float:
    return x * y + z


@pytest.mark.skipif(not host()["has_fma"], reason="this machine has no fma")
def test_fastmath() -> None:
    once = float(Fraction(X) * Fraction(X) + Fraction(Z))
    both = lambda x, z: (loose(x, x, z), exact(x, x, z), x * x + z)  # noqa: E731
    assert jit(both)(X, Z) == (once, X * X + Z, X * X + Z)
    assert jit(both, fastmath=True)(X, Z) == (once, X * X + Z, once)


@jit(locals={"x": float32, "t": float32})
def narrow(x: float, y: float) -> float:
    t = x * y
    return t


def test_locals() -> None:
    assert narrow(0.1, 3.0).dtype == np.float32
    inside = jit(lambda x, y: (narrow(x, y), x))
    assert inside(0.1, 3.0) == (narrow(0.1, 3.0), 0.1)
    assert type(inside(0.1, 3.0)[0]) is np.float32

    @jit(locals={"t": int8})
    def outer(x: int) -> Any:
        t = x + 1
        return t, plain(x)

    assert outer(3) == (4, 300)


def plain(x: int) -> int:
    t = x * 100
    return t


@jit("float32(float32, float32)")
def single(x: Any, y: Any) -> Any:
    return x / y


def test_signatures() -> None:
    """Compiled for float32 alone, it converts what it is called with, from Python and from a kernel."""
    assert type(single(1.0, 3.0)) is np.float32
    inside = jit(lambda x, y: single(x, y))
    assert type(inside(1.0, 3.0)) is np.float32
    assert inside(1.0, 3.0) == single(1.0, 3.0)
    with pytest.raises(TypeError):
        single(1j, 2.0)
    with pytest.raises(TypeError, match="takes float32"):
        jit(lambda x: single(x, 2.0))(1j)


def test_recursion_and_kernels_of_their_own() -> None:
    @jit(overflow="wrap")
    def power(x: int, n: int) -> int:
        return 1 if n == 0 else x * power(x, n - 1)

    assert power(3, 50) == (3**50 + 2**63) % 2**64 - 2**63
    assert jit(lambda x: power(x, 50))(3) == power(3, 50)
    with pytest.raises(ZeroDivisionError):
        jit(wide(divide_strictly), error_model="numpy")(1.0, 0.0)
    assert jit(wide(divide))(1.0, 0.0) == math.inf


def test_inline_always() -> None:
    lines = "\n".join(f"    if x == {k}.5: x = x + {k}.0" for k in range(60))
    namespace: dict[str, Any] = {}
    exec(f"def big(x):\n{lines}\n    return x", namespace)
    for option, inlined in (("always", True), ("never", False), (lambda expr, caller, callee: True, False)):
        big = jit(namespace["big"], inline=option)
        f = jit(lambda x: big(x) + 1.0)  # noqa: B023
        assert f(3.5) == namespace["big"](3.5) + 1.0
        names = [k.name for k in next(iter(f.overloads.values())).module.functions]
        assert ("big" in names) is not inlined


def test_a_callee_with_other_options_is_another_entry_of_the_cache(tmp_path: Any) -> None:
    text = (
        "from jitpy import jit, cache\n"
        "@jit({options})\ndef g(x): return x * 4\n"
        "@jit(cache=True)\ndef f(x): return g(x)\n"
        "try: print(f(2**62))\nexcept OverflowError: print('overflow')\n"
    )
    got = []
    for options in ("", "overflow='wrap'", ""):
        file = tmp_path / "kernels.py"
        file.write_text(text.format(options=options))
        env = {**os.environ, "JITPY_CACHE_DIR": str(tmp_path / "cache")}
        got.append(subprocess.run([sys.executable, str(file)], env=env, capture_output=True, text=True, check=True).stdout.strip())
    assert got == ["overflow", "0", "overflow"]


def test_float64_keeps_its_meaning() -> None:
    """A 64-bit type admits both kinds and converts neither."""
    f = jit(locals={"x": float64})(lambda x: x)
    assert type(f(1.0)) is float
