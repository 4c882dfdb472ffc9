"""The CLIF files of this folder, the math library and the soft library, as machine code: compiled once per version of the
compiler and kept beside the package.

The image is data without addresses (bytes, symbols, relocations); where it cannot be written, each process compiles
it anew.
"""

from __future__ import annotations

import marshal
import os

from jitpy.runtime import memory
from jitpy.runtime.libc import FOLDER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from jitpy.backend.ir.function import Function
    from jitpy.backend.pipeline import CodeModule
    from jitpy.backend.settings import Settings
    from jitpy.backend.target.target import Target

#: The math library's name here; its functions come from Python, not from text.
MATH = "math"
#: The backend's library of what the processor has no instructions for.
SOFT = "soft"
#: Where traps and exceptions of CLIF go.
TRAPS = "traps.clif"


def runtime_code(resolve: Callable[[str], int]) -> memory.Loaded:
    """The loaded functions of ``runtime.clif``."""
    return load("runtime.clif", resolve)


def math_code(resolve: Callable[[str], int]) -> memory.Loaded:
    """The loaded functions of the math library."""
    return load(MATH, resolve)


def soft_code(resolve: Callable[[str], int]) -> memory.Loaded:
    """The loaded functions of ``backend.soft``."""
    return load(SOFT, resolve)


def math_module(target: Target, settings: Settings) -> CodeModule:
    """The math library for a target: its functions, and its tables behind them, with nothing left to resolve."""
    from jitpy.backend.pipeline import compile_function, link
    from jitpy.frontend.library.mathlib import library

    parts: list[Any] = [compile_function(f, target, settings) for f in library.functions()]
    return link(parts + library.tables(), target)


def soft_module(target: Target, settings: Settings) -> CodeModule:
    """The soft library for a target, without what even it cannot do there (atomics of 16 bytes need an instruction)."""
    from jitpy.backend.errors import UnsupportedError
    from jitpy.backend.pipeline import compile_function, link
    from jitpy.backend.soft import library

    parts = []
    for make in library.TABLE.values():
        try:
            parts.append(compile_function(make(), target, settings))
        except UnsupportedError:
            continue
    return link(parts, target)


def load(source: str, resolve: Callable[[str], int]) -> memory.Loaded:
    """The loaded functions of a CLIF file of this folder, or of the math library."""
    from jitpy.fingerprint import compiler, host

    stem = source.partition(".")[0]
    path = os.path.join(FOLDER, f"{stem}_{host()}_{compiler()}.image")
    try:
        with open(path, "rb") as file:
            image = memory.Image(*marshal.loads(file.read()))
    except (OSError, ValueError, EOFError, TypeError):
        image = _compile(source)
        _save(path, stem, image)
    return memory.load(image, resolve)


def _compile(source: str) -> memory.Image:
    if source == MATH:
        from jitpy.backend import isa
        from jitpy.runtime.codegen import KERNEL

        return memory.Image.of(math_module(isa.host(), KERNEL))
    if source == SOFT:
        from jitpy.backend import isa
        from jitpy.runtime.codegen import KERNEL

        return memory.Image.of(soft_module(isa.host(), KERNEL))
    from jitpy.backend.text.parser import parse_functions
    from jitpy.runtime.codegen import machine_code

    with open(os.path.join(os.path.dirname(__file__), source), encoding="utf-8") as file:
        functions = parse_functions(file.read(), source)
    if source == TRAPS:
        return memory.Image.of(_with_walker(functions))
    return memory.Image.of(machine_code(functions))


def _with_walker(functions: list[Function]) -> CodeModule:
    """The functions, and what finds the handlers of exceptions."""
    from jitpy.backend import isa
    from jitpy.backend.object import exceptions
    from jitpy.backend.pipeline import compile_function, link
    from jitpy.runtime.codegen import GLUE

    target = isa.host()
    parts: list[Any] = [compile_function(func, target, GLUE) for func in (*functions, exceptions.walker(bool(target.strip)))]
    return link([*parts, *exceptions.routines(target)], target)


def _save(path: str, stem: str, image: memory.Image) -> None:
    scratch = f"{path}.{os.getpid()}"
    try:
        os.makedirs(FOLDER, exist_ok=True)
        for name in os.listdir(FOLDER):
            if name.startswith(stem + "_") and name.endswith(".image"):
                os.unlink(os.path.join(FOLDER, name))
        with open(scratch, "wb") as file:
            file.write(marshal.dumps(image.parts()))
        os.replace(scratch, path)
    except OSError:
        pass


if __name__ == "__main__":
    from jitpy.runtime import helpers

    helpers.code()
    helpers.math_code()
    helpers.soft_code()
