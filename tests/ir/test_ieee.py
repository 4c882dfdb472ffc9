"""Exact integer arithmetic on floats against NumPy's, for the formats that NumPy has."""

import numpy as np
import pytest
from jitpy.backend.ir import ieee
from jitpy.backend.ir import types as T

FORMATS = {T.F16: (np.float16, np.uint16), T.F32: (np.float32, np.uint32), T.F64: (np.float64, np.uint64)}
COUNT = 3000


def operands(type: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Random bits, half of the pairs close in magnitude, and all pairs of special values."""
    f, (_, unsigned) = ieee.FORMATS[type], FORMATS[type]
    rng = np.random.default_rng(seed)
    x, y = (rng.integers(0, 1 << 64, COUNT, dtype=np.uint64) >> np.uint64(64 - f.bits) for _ in range(2))
    fraction = np.uint64((1 << f.fraction) - 1)
    y = np.where(np.arange(COUNT) % 2 == 0, (x & ~fraction) ^ (y & fraction), y)
    special = np.array([0, 1, f.infinity - 1, f.infinity, 1 << f.fraction, f.bias << f.fraction], dtype=np.uint64)
    special = np.concatenate([special, special | np.uint64(f.sign)])
    x[: len(special) ** 2] = np.repeat(special, len(special))
    y[: len(special) ** 2] = np.tile(special, len(special))
    return x.astype(unsigned), y.astype(unsigned)


def same(got: int, wanted: int, f: ieee.Format) -> bool:
    return got == wanted or (ieee.is_nan(got, f) and ieee.is_nan(wanted, f))


@pytest.mark.parametrize("type", FORMATS)
@pytest.mark.parametrize("name", ["add", "sub", "mul", "div"])
def test_arithmetic(type: int, name: str) -> None:
    f, (floating, unsigned) = ieee.FORMATS[type], FORMATS[type]
    x, y = operands(type, 1)
    ufunc = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide}[name]
    with np.errstate(all="ignore"):
        wanted = ufunc(x.view(floating), y.view(floating)).view(unsigned)
    for a, b, w in zip(x.tolist(), y.tolist(), wanted.tolist()):
        assert same(getattr(ieee, name)(a, b, f), w, f), (name, hex(a), hex(b), hex(w))


@pytest.mark.parametrize("type", FORMATS)
def test_rounding_and_roots(type: int) -> None:
    f, (floating, unsigned) = ieee.FORMATS[type], FORMATS[type]
    x, _ = operands(type, 2)
    modes = {"floor": np.floor, "ceil": np.ceil, "trunc": np.trunc, "nearest": np.rint}
    with np.errstate(all="ignore"):
        for mode, ufunc in modes.items():
            wanted = ufunc(x.view(floating)).view(unsigned)
            for a, w in zip(x.tolist(), wanted.tolist()):
                assert same(ieee.round_integral(a, f, mode), w, f), (mode, hex(a))
        wanted = np.sqrt(x.view(floating)).view(unsigned)
    for a, w in zip(x.tolist(), wanted.tolist()):
        assert same(ieee.sqrt(a, f), w, f), hex(a)


@pytest.mark.parametrize("source", FORMATS)
@pytest.mark.parametrize("target", FORMATS)
def test_conversion(source: int, target: int) -> None:
    x, _ = operands(source, 3)
    with np.errstate(all="ignore"):
        wanted = x.view(FORMATS[source][0]).astype(FORMATS[target][0]).view(FORMATS[target][1])
    for a, w in zip(x.tolist(), wanted.tolist()):
        assert same(ieee.convert(a, ieee.FORMATS[source], ieee.FORMATS[target]), w, ieee.FORMATS[target]), hex(a)


def test_fma_rounds_once() -> None:
    f = ieee.FORMATS[T.F64]
    x = 0x3FF0000000000001  # 1 + 2**-52
    minus_square = 0xBFF0000000000002  # -(1 + 2**-51)
    assert ieee.fma(x, x, minus_square, f) == 0x3970000000000000  # 2**-104
    assert ieee.add(ieee.mul(x, x, f), minus_square, f) == 0


def test_minimum_of_zeros_and_nan() -> None:
    f = ieee.FORMATS[T.F32]
    assert ieee.minimum(0, f.sign, f) == ieee.minimum(f.sign, 0, f) == f.sign
    assert ieee.maximum(0, f.sign, f) == ieee.maximum(f.sign, 0, f) == 0
    assert ieee.minimum(0x7F800001, 0, f) == 0x7FC00001  # a signaling NaN is quieted, its payload kept


def test_f128_agrees_with_f64_where_f64_is_exact() -> None:
    narrow, wide = ieee.FORMATS[T.F64], ieee.FORMATS[T.F128]
    for a in range(-20, 20):
        for b in range(-20, 20):
            x, y = ieee.from_int(a, wide), ieee.from_int(b, wide)
            assert ieee.convert(ieee.mul(x, y, wide), wide, narrow) == ieee.from_int(a * b, narrow) | (
                narrow.sign if a * b == 0 and (a < 0) != (b < 0) else 0
            )
