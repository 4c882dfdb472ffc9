"""Random functions run natively compute what the interpreter computes: both levels, both allocators, each allocation checked."""

from __future__ import annotations

import ctypes
import mmap
import platform
import struct

import pytest
from jitpy.backend import pipeline
from jitpy.backend.analysis.verifier import verify
from jitpy.backend.interp.interpreter import Interpreter
from jitpy.backend.ir import types as ty
from jitpy.backend.opt import optimize
from jitpy.backend.settings import Settings
from jitpy.backend.text.parser import parse_functions
from jitpy.backend.text.printer import print_function
from random_clif import Generator, equal
from random_memory import MemoryGenerator, called

native = pytest.mark.skipif(platform.machine() != "x86_64", reason="runs x86-64 code")

_C = {
    ty.I8: ctypes.c_uint8, ty.I16: ctypes.c_uint16, ty.I32: ctypes.c_uint32, ty.I64: ctypes.c_uint64, ty.F32: ctypes.c_float,
    ty.F64: ctypes.c_double,
}  # fmt: skip


class Page:
    """Executable memory, one module at a time."""

    def __init__(self) -> None:
        self.map = mmap.mmap(-1, 1 << 20, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        self.address = ctypes.addressof(ctypes.c_char.from_buffer(self.map))

    def function(self, module: pipeline.CodeModule, generator: Generator) -> object:
        assert not module.relocs
        self.map[: len(module.code)] = module.code
        kind = ctypes.CFUNCTYPE(_C[generator.result], *[_C[t] for t in generator.params])
        return kind(self.address + module.symbols["f"])


PAGE = Page()


def to_c(t: int, bits: int) -> object:
    """An argument from its bits; a ctypes object keeps those of a signalling NaN."""
    if t == ty.F64:
        return ctypes.c_double.from_buffer_copy(struct.pack("<Q", bits))
    if t == ty.F32:
        return ctypes.c_float.from_buffer_copy(struct.pack("<I", bits))
    return bits


def from_c(t: int, value: float) -> int:
    if t == ty.F64:
        return int.from_bytes(struct.pack("<d", value), "little")
    if t == ty.F32:
        return int.from_bytes(struct.pack("<f", value), "little")
    return int(value)


def compare(seed: int, generator: Generator, level: str, regalloc: str, size: int) -> None:
    func = generator.build(size)
    text = print_function(func)
    arguments = [generator.arguments() for _ in range(4)]
    expected = [Interpreter([func, called()], {}).call("f", list(a), fuel=100_000) for a in arguments]
    from jitpy.backend.isa import host

    settings = Settings(level, regalloc, enable_verifier=True, regalloc_checker=True)
    module = pipeline.compile_module([func, called()], host(), settings)
    run = PAGE.function(module, generator)
    for a, e in zip(arguments, expected, strict=True):
        got = from_c(generator.result, run(*[to_c(t, b) for t, b in zip(generator.params, a, strict=True)]))  # type: ignore[operator]
        assert equal(generator.result, e[0], got), f"seed {seed}, {a}: {e} became {got}\n{text}\n{print_function(func)}"


@native
@pytest.mark.parametrize("regalloc", ("linear", "onepass"))
@pytest.mark.parametrize("level", ("none", "speed"))
@pytest.mark.parametrize("chunk", range(8))
def test_random_functions(level: str, regalloc: str, chunk: int) -> None:
    base = 1000 * ("none", "speed").index(level) + 500 * ("linear", "onepass").index(regalloc)
    for seed in range(base + 20 * chunk, base + 20 * chunk + 20):
        generator = (MemoryGenerator if seed % 4 else Generator)(seed)
        compare(seed, generator, level, regalloc, generator.random.randint(3, 60))


@pytest.mark.parametrize("chunk", range(10))
def test_optimized_memory(chunk: int) -> None:
    """The mid-end alone, on functions with memory: interpreter before and after."""
    for seed in range(chunk * 25, chunk * 25 + 25):
        generator = MemoryGenerator(seed)
        func = generator.build(generator.random.randint(3, 50))
        verify(func)
        text = print_function(func)
        arguments = [generator.arguments() for _ in range(3)]
        expected = [Interpreter([func, called()], {}).call("f", list(a), fuel=100_000) for a in arguments]
        optimized = parse_functions(text)[0]
        optimize(optimized)
        verify(optimized)
        for a, e in zip(arguments, expected, strict=True):
            got = Interpreter([optimized, called()], {}).call("f", list(a), fuel=100_000)
            assert equal(generator.result, e[0], got[0]), (
                f"seed {seed}, {a}: {e} became {got}\n{text}\n{print_function(optimized)}"
            )
