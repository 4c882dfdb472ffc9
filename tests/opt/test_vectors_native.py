"""Random functions on vectors run natively as they are interpreted: widths, feature levels, both allocators, checked."""

from __future__ import annotations

import ctypes
import mmap
import platform
import random
from typing import Any

import pytest
from jitpy.backend import pipeline
from jitpy.backend.interp.interpreter import Interpreter
from jitpy.backend.ir import types as T
from jitpy.backend.isa import x64
from jitpy.backend.settings import Settings
from jitpy.backend.text.parser import parse_functions
from random_vectors import Writer, canonical

pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="runs x86-64 code")
HOST = x64.features.host()
LEVELS = {"sse2": (), "ssse3": x64.features.PRESETS["ssse3"], "haswell": x64.features.PRESETS["haswell"]}
TARGETS = {name: x64.target({**x64.features.none(), **dict.fromkeys(fs, 1)}) for name, fs in LEVELS.items()}
TARGETS["host"] = x64.target(HOST)
RUNNABLE = [name for name in TARGETS if name == "host" or all(HOST[f] for f in LEVELS[name])]
SETTINGS = [Settings("none", "onepass", regalloc_checker=True), Settings("speed", "linear", regalloc_checker=True)]
PAGE = mmap.mmap(-1, 1 << 16, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
ADDRESS = ctypes.addressof(ctypes.c_char.from_buffer(PAGE))
CALL = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)(ADDRESS)


def through_memory(text: str, func: Any) -> str:
    """The same function with its arguments and results in memory, 64 bytes apart."""
    first, *body = text.split("block0(", 1)[1].split("\n")
    params = first.rstrip("):").split(", ")
    lines = ["function %f(i64, i64) {", "block0(v900: i64, v901: i64):"]
    lines += [f"    {p.split(':')[0]} = load.{p.split(': ')[1]} v900+{64 * i}" for i, p in enumerate(params)]
    results = body[-2].replace("return", "").replace(" ", "").split(",")
    lines += body[:-2] + [f"    store {r}, v901+{64 * i}" for i, r in enumerate(results)]
    return "\n".join([*lines, "    return", "}"])


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_random_functions(scale: int) -> None:
    given, out = ctypes.create_string_buffer(64 * 8), ctypes.create_string_buffer(64 * 8)
    for seed in range(120):
        text = Writer(seed, scale).text()
        func = parse_functions(text)[0]
        returns = [r.type for r in func.sig.returns]
        rng = random.Random(seed)
        arguments = [[rng.getrandbits(T.BITS[p.type]) for p in func.sig.params] for _ in range(2)]
        expected = [Interpreter([func], {}).call("f", a) for a in arguments]
        native = through_memory(text, func)
        for name in RUNNABLE:
            done = pipeline.compile_function(parse_functions(native)[0], TARGETS[name], SETTINGS[seed % 2])
            assert not done.relocs
            PAGE[: len(done.code)] = done.code
            for a, wanted in zip(arguments, expected):
                for i, value in enumerate(a):
                    ctypes.memmove(ctypes.addressof(given) + 64 * i, value.to_bytes(64, "little"), 64)
                CALL(given, out)
                for i, (t, w) in enumerate(zip(returns, wanted)):
                    got = int.from_bytes(out.raw[64 * i : 64 * i + T.BYTES[t]], "little")
                    assert canonical(got, t) == canonical(w, t), f"{name}, seed {seed}, result {i}\n{native}"
