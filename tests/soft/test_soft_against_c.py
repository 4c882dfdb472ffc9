"""Against the C compiler's own quad and half precision and 128-bit integers, as CLIF instructions in machine code."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path
from random import Random

import pytest
from jitpy.backend import isa
from jitpy.backend.filetests.engines import settings
from jitpy.backend.filetests.native import load_functions
from jitpy.backend.ir import ieee
from jitpy.backend.ir import types as T
from jitpy.backend.text.parser import parse_functions

from tests.soft.floats import random_float, random_int

#: Name in C -> result, operand types, and the instructions.
CASES: dict[str, tuple[str, str, str]] = {
    **{f"f128_{op}": ("f128", "f128 f128", f"v2 = f{op} v0, v1") for op in ("add", "sub", "mul", "div")},
    **{f"f128_{cc}": ("i8", "f128 f128", f"v2 = fcmp {cc} v0, v1") for cc in ("lt", "eq", "le")},
    **{f"f128_{op}": ("f128", "f128", f"v2 = {op} v0") for op in ("sqrt", "floor", "ceil", "trunc", "nearest")},
    "f128_to_f64": ("f64", "f128", "v2 = fdemote.f64 v0"),
    "f128_to_f32": ("f32", "f128", "v2 = fdemote.f32 v0"),
    "f64_to_f128": ("f128", "f64", "v2 = fpromote.f128 v0"),
    "f32_to_f128": ("f128", "f32", "v2 = fpromote.f128 v0"),
    "sint_to_f128": ("f128", "i128", "v2 = fcvt_from_sint.f128 v0"),
    "uint_to_f128": ("f128", "i128", "v2 = fcvt_from_uint.f128 v0"),
    "sint_to_f64": ("f64", "i128", "v2 = fcvt_from_sint.f64 v0"),
    "uint_to_f32": ("f32", "i128", "v2 = fcvt_from_uint.f32 v0"),
    **{f"f16_{op}": ("f16", "f16 f16", f"v2 = f{op} v0, v1") for op in ("add", "mul", "div")},
    "f64_to_f16": ("f16", "f64", "v2 = fdemote.f16 v0"),
    "f32_to_f16": ("f16", "f32", "v2 = fdemote.f16 v0"),
    "f16_to_f64": ("f64", "f16", "v2 = fpromote.f64 v0"),
    "i128_sdiv": ("i128", "i128 i128", "v2 = sdiv v0, v1"),
    "i128_urem": ("i128", "i128 i128", "v2 = urem v0, v1"),
}


@pytest.fixture(scope="module")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    gcc = shutil.which("gcc")
    if gcc is None or isa.host_name() != "x64":
        pytest.skip("needs gcc with quadmath on x86-64")
    made = tmp_path_factory.mktemp("quad") / "quad.so"
    subprocess.run(
        [gcc, "-O1", "-ffp-contract=off", "-shared", "-fPIC", "-o", made, Path(__file__).parent / "quad.c", "-lquadmath"],
        check=True,
    )
    return ctypes.CDLL(str(made))


def text(name: str) -> str:
    result, operands, body = CASES[name]
    params = ", ".join(f"v{i}: {t}" for i, t in enumerate(operands.split()))
    return (
        f"function %{name}({', '.join(operands.split())}) -> {result} {{\nblock0({params}):\n {body}\n return v2\n}}\n"
    )


def random_value(random: Random, type: int) -> int:
    return random_int(random, T.BITS[type]) if T.IS_INT[type] else random_float(random, type)


@pytest.mark.parametrize("level", ["none", "speed"])
def test_same_bits(level: str, oracle: ctypes.CDLL) -> None:
    call = load_functions(parse_functions("".join(map(text, CASES))), isa.host(), settings(level))
    random = Random(5)
    for name, (result, operands, _) in CASES.items():
        type = T.BY_NAME[result]
        for _ in range(150):
            args = [random_value(random, T.BY_NAME[t]) for t in operands.split()]
            if name.startswith("i128") and (args[1] == 0 or args == [1 << 127, (1 << 128) - 1]):
                continue
            slots = ctypes.create_string_buffer(bytes(16) + b"".join(a.to_bytes(16, "little") for a in args), 64)
            getattr(oracle, name)(slots)
            theirs = int.from_bytes(slots.raw[: T.BYTES[type]], "little")
            (ours,) = call(name, args)
            if type in ieee.FORMATS and ieee.is_nan(theirs, ieee.FORMATS[type]):
                assert ieee.is_nan(ours, ieee.FORMATS[type]), name
            else:
                # libquadmath's root is not always the nearest; test_library compares it with exact integers.
                assert abs(ours - theirs) <= (name == "f128_sqrt"), f"{name}({', '.join(map(hex, args))})"
