"""Every function of the soft library against the exact arithmetic of `ieee` and Python's ints: interpreted, and as machine code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

import pytest
from jitpy.backend import isa
from jitpy.backend.analysis.verifier import verify
from jitpy.backend.filetests.engines import settings
from jitpy.backend.filetests.native import load_functions
from jitpy.backend.interp.interpreter import Interpreter
from jitpy.backend.ir import ieee
from jitpy.backend.ir import types as T
from jitpy.backend.soft import library
from jitpy.backend.soft.notation import PREFIX

from tests.soft.floats import near, random_float, random_int

Call = Callable[[str, Sequence[int]], list[int]]
ONES = (1 << 128) - 1
F = ieee.FORMATS
ARITHMETIC = [name for name in library.TABLE if not name.startswith("rmw_")]


def signed(x: int) -> int:
    return x - (1 << 128) if x >> 127 else x


def expected_to_int(x: int, f: ieee.Format, bits: int, is_signed: bool) -> list[int]:
    low, high = (-1 << bits - 1, (1 << bits - 1) - 1) if is_signed else (0, (1 << bits) - 1)
    if ieee.is_nan(x, f):
        return [0, 1]
    if ieee.is_infinite(x, f):
        return [(low if x & f.sign else high) & ONES, 2]
    exact = ieee.to_int(x, f)
    clamped = max(low, min(exact, high))
    return [clamped & ONES, 0 if clamped == exact else 2]


def conversion(name: str, random: Random) -> tuple[list[int], list[int]]:
    source, target = name.split("_to_")
    if source in ("sint", "uint"):
        x = random_int(random, 128)
        return [x], [ieee.from_int(signed(x) if source == "sint" else x, F[T.BY_NAME[target]])]
    f = F[T.BY_NAME[source]]
    y = random_float(random, f.type)
    if target in ("sint", "uint"):
        bits = random.choice((8, 16, 32, 64, 128))
        return [y, bits], expected_to_int(y, f, bits, target == "sint")
    return [y], [ieee.convert(y, f, F[T.BY_NAME[target]])]


BINARY = {"add": ieee.add, "sub": ieee.sub, "mul": ieee.mul, "div": ieee.div, "min": ieee.minimum, "max": ieee.maximum}


def arithmetic(name: str, random: Random) -> tuple[list[int], list[int]]:
    type_name, _, operation = name.partition("_")
    f = F[T.BY_NAME[type_name]]
    x = random_float(random, f.type)
    y = near(random, x, f.type) if random.random() < 0.3 else random_float(random, f.type)
    if operation in BINARY:
        return [x, y], [BINARY[operation](x, y, f)]
    if operation == "fma":
        z = near(random, ieee.mul(x, y, f), f.type) if random.random() < 0.5 else random_float(random, f.type)
        return [x, y, z], [ieee.fma(x, y, z, f)]
    if operation == "compare":
        return [x, y], [{None: 8, -1: 1, 0: 2, 1: 4}[ieee.compare(x, y, f)]]
    if operation == "sqrt":
        return [x], [ieee.sqrt(x, f)]
    return [x], [ieee.round_integral(x, f, operation)]


def integer(name: str, random: Random) -> tuple[list[int], list[int]]:
    x, y = random_int(random, 128), random_int(random, 128) or 1
    if random.random() < 0.2:
        x = y * random.getrandbits(40) + random.choice((0, -1, 1)) & ONES
    a, b = signed(x), signed(y)
    quotient = abs(a) // abs(b) * (-1 if (a < 0) != (b < 0) else 1)
    answer = {
        "i128_udivmod": [*divmod(x, y)],
        "i128_sdiv": [quotient & ONES],
        "i128_srem": [a - quotient * b & ONES],
        "i128_umul_overflow": [x * y & ONES, int(x * y > ONES)],
        "i128_smul_overflow": [x * y & ONES, int(not -(1 << 127) <= a * b < 1 << 127)],
    }[name]
    return [x, y], answer


def case(name: str, random: Random) -> tuple[list[int], list[int]]:
    if name.startswith("i128_"):
        return integer(name, random)
    return conversion(name, random) if "_to_" in name else arithmetic(name, random)


def check(call: Call, count: int, seed: int) -> None:
    random = Random(seed)
    for name in ARITHMETIC:
        for _ in range(count):
            args, answer = case(name, random)
            got = call(PREFIX + name, args)
            assert got == answer, f"{name}({', '.join(map(hex, args))}): {list(map(hex, got))}, not {list(map(hex, answer))}"


def test_interpreted() -> None:
    check(Interpreter([make() for make in library.TABLE.values()]).call, 30, 1)


@pytest.mark.parametrize("level", ["none", "speed"])
@pytest.mark.parametrize("baseline", [False, True])
def test_native(level: str, baseline: bool) -> None:
    if isa.host_name() not in isa.NAMES.values():
        pytest.skip("this host has no target")
    host = isa.host()
    target = isa.lookup(host.name, dict.fromkeys(host.features, 0)) if baseline else host
    check(load_functions([library.TABLE[name]() for name in ARITHMETIC], target, settings(level)), 200, 2)


def test_functions_are_valid_and_call_only_the_library() -> None:
    for name, make in library.TABLE.items():
        func = make()
        verify(func)
        assert func.name == PREFIX + name
        assert all(library.is_soft(callee.name) for callee in func.ext_funcs)


def test_what_is_needed_follows_calls() -> None:
    assert library.needed([PREFIX + "i128_sdiv", "malloc"]) == [PREFIX + "i128_sdiv", PREFIX + "i128_udivmod"]
