"""f128, which s390x computes in hardware: all operations on the edges of its own format and of those that it is converted to and
from, against the interpreter, which computes on integers."""

from __future__ import annotations

import random
from itertools import product

import pytest
from jitpy.backend import isa
from jitpy.backend.emulation import programs
from jitpy.backend.filetests.engines import load
from jitpy.backend.filetests.random_values import value_bits
from jitpy.backend.interp.interpreter import Interpreter
from jitpy.backend.interp.meaning import Trap
from jitpy.backend.ir import types as T
from jitpy.backend.ir.function import Function
from jitpy.backend.ir.opcodes import FLOAT_CC
from jitpy.backend.opt.nan import canonicalize
from jitpy.backend.settings import Settings
from jitpy.backend.text.parser import parse_functions

pytestmark = pytest.mark.skipif(not programs.has("s390x"), reason="there is no emulator for s390x here")

_BIAS, _FRACTION = 16383, 112
_INTS = ("i8", "i16", "i32", "i64", "i128")
SETTINGS = {"z14": ({}, Settings("speed")), "arch13": ({"arch13": 1}, Settings("none", "onepass"))}


def quad(numerator: int, exponent: int = 0) -> int:
    """The bits of numerator * 2^exponent, which f128 holds exactly."""
    if numerator == 0:
        return 0
    n, sign = abs(numerator), int(numerator < 0)
    width = n.bit_length()
    assert width <= _FRACTION + 1
    e = exponent + width - 1 + _BIAS
    return sign << 127 | e << _FRACTION | (n << _FRACTION + 1 - width) & (1 << _FRACTION) - 1


_ONE = quad(1)
#: Zeros, the least numbers, the largest, infinity, NaN; halves and what is next to them.
_OWN = [
    0, 1, (1 << _FRACTION) - 1, 1 << _FRACTION, 0x7FFE << _FRACTION | (1 << _FRACTION) - 1, 0x7FFF << _FRACTION, 0x7FFF8 << 108,
    _ONE, _ONE + 1, _ONE - 1, quad(1, -1), quad(1, -1) - 1, quad(1, -1) + 1, quad(3, -1), quad(3, -1) - 1, quad(5, -1), quad(7, -1),
    quad(1, 112), quad((1 << 113) - 1, -1), quad((1 << 113) - 1, -2), quad(10),
]  # fmt: skip
#: Bounds of integers, and next to them.
_BOUNDS = [quad((1 << n) + d, -k) for n in (7, 8, 15, 16, 31, 32, 63, 64) for k in (0, 1) for d in (-1, 0, 1)]
_BOUNDS += [quad(1, 127), quad(1, 127) - 1, quad(1, 128), quad(1, 128) - 1]
#: (bits of precision, least exponent, greatest exponent): ties of rounding to the format, its overflow and its least numbers.
_TIES = [
    bits + d
    for precision, least, greatest in ((11, -24, 15), (24, -149, 127), (53, -1074, 1023))
    for bits in (
        quad((1 << precision + 1) + 1, -precision), quad((1 << precision + 1) + 3, -precision),
        quad((1 << precision + 1) - 1, greatest - precision), quad(1, least), quad(1, least - 1), quad(1, least - 2),
        quad(3, least - 1), quad((1 << precision) - 1, least - 1),
    )
    for d in (-1, 0, 1)
]  # fmt: skip
_SIGN = 1 << 127
EDGES = [bits ^ sign for bits in dict.fromkeys((*_OWN, *_BOUNDS, *_TIES)) for sign in (0, _SIGN)]
FEW = [bits ^ sign for bits in _OWN for sign in (0, _SIGN)]


def one(name: str, args: tuple[str, ...], result: str, instruction: str) -> str:
    """A function of one instruction."""
    parameters = ", ".join(f"v{i}: {t}" for i, t in enumerate(args))
    return f"function %{name}({', '.join(args)}) -> {result} {{\nblock0({parameters}):\n  v9 = {instruction}\n  return v9\n}}\n"


def unary() -> str:
    text = [one(op, ("f128",), "f128", f"{op} v0") for op in ("sqrt", "ceil", "floor", "trunc", "nearest", "fneg", "fabs")]
    text += [one(f"to_{t}", ("f128",), t, f"fdemote.{t} v0") for t in ("f16", "f32", "f64")]
    for op, t in product(("fcvt_to_sint", "fcvt_to_uint", "fcvt_to_sint_sat", "fcvt_to_uint_sat"), _INTS):
        text.append(one(f"{op}_{t}", ("f128",), t, f"{op}.{t} v0"))
    return "".join(text)


def binary() -> str:
    arithmetic = ("fadd", "fsub", "fmul", "fdiv", "fmin", "fmax", "fcopysign")
    text = [one(op, ("f128", "f128"), "f128", f"{op} v0, v1") for op in arithmetic]
    return "".join(text + [one(f"is_{cc}", ("f128", "f128"), "i8", f"fcmp {cc} v0, v1") for cc in FLOAT_CC])


def from_others() -> str:
    text = [one(f"from_{t}", (t,), "f128", "fpromote.f128 v0") for t in ("f16", "f32", "f64")]
    text += [one(f"from_{s}_{t}", (t,), "f128", f"fcvt_from_{s}int.f128 v0") for s, t in product("su", _INTS)]
    return "".join(text)


def functions(text: str) -> list[Function]:
    made = parse_functions(text)
    for func in made:
        canonicalize(func)
    return made


def hold(text: str, inputs: dict[str, list[list[int]]], level: str) -> int:
    """The functions give on these inputs what the interpreter gives; how many results were compared."""
    features, settings = SETTINGS[level]
    interpreter = Interpreter(functions(text), {}, big_endian=True)
    call = load(functions(text), isa.lookup("s390x", features), settings)
    wrong, count = [], 0
    for name, calls in inputs.items():
        for arguments in calls:
            outcomes: list[object] = []
            for run in (lambda: interpreter.call(name, arguments, 1000), lambda: call(name, arguments)):  # noqa: B023
                try:
                    outcomes.append(run())
                except Trap as trap:
                    outcomes.append(trap.code)
            count += 1
            if outcomes[0] != outcomes[1]:
                wrong.append(f"{name}{[hex(a) for a in arguments]}: {outcomes[1]}, not {outcomes[0]}")
    assert not wrong, f"{len(wrong)}\n" + "\n".join(wrong[:: max(1, len(wrong) // 20)])
    return count


@pytest.mark.parametrize("level", SETTINGS)
def test_rounding_and_conversions_to_others(level: str) -> None:
    text = unary()
    assert hold(text, {func.name: [[x] for x in EDGES] for func in parse_functions(text)}, level) > 5000


@pytest.mark.parametrize("level", SETTINGS)
def test_arithmetic_and_comparison(level: str) -> None:
    text = binary()
    pairs = [[x, y] for x, y in product(FEW, FEW)]
    rng = random.Random(level)
    given = {func.name: rng.sample(pairs, 300) for func in parse_functions(text)}
    text += one("fused", ("f128", "f128", "f128"), "f128", "fma v0, v1, v2")
    given["fused"] = [[rng.choice(FEW) for _ in range(3)] for _ in range(300)]
    given["fused"] += [[value_bits(rng, T.F128) for _ in range(3)] for _ in range(300)]
    assert hold(text, given, level) > 6000


@pytest.mark.parametrize("level", SETTINGS)
def test_conversions_from_others(level: str) -> None:
    text = from_others()
    rng = random.Random(level)
    given = {}
    for func in parse_functions(text):
        t = func.sig.params[0].type
        bits = T.BITS[t]
        edges = {k & (1 << bits) - 1 for n in range(bits + 1) for k in ((1 << n) - 1, 1 << n, (1 << n) + 1, -(1 << n))}
        given[func.name] = [[x] for x in sorted(edges)] + [[value_bits(rng, t)] for _ in range(50)]
    assert hold(text, given, level) > 1500
