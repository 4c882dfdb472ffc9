"""The CLIF files of this folder as machine code: compiled once per version of the compiler and kept beside the package.

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


def runtime_code(resolve: Callable[[str], int]) -> memory.Loaded:
    """The loaded functions of ``runtime.clif``."""
    return load("runtime.clif", resolve)


def load(source: str, resolve: Callable[[str], int]) -> memory.Loaded:
    """The loaded functions of a CLIF file of this folder."""
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
    from jitpy.backend.text.parser import parse_functions
    from jitpy.runtime.codegen import machine_code

    with open(os.path.join(os.path.dirname(__file__), source), encoding="utf-8") as file:
        functions = parse_functions(file.read(), source)
    return memory.Image.of(machine_code(functions))


def _save(path: str, stem: str, image: memory.Image) -> None:
    scratch = f"{path}.{os.getpid()}"
    try:
        os.makedirs(FOLDER, exist_ok=True)
        for name in os.listdir(FOLDER):
            if name.startswith(stem + "_") and name.endswith(".image"):
                os.unlink(os.path.join(FOLDER, name))
        with open(scratch, "wb") as file:
            file.write(marshal.dumps((image.code, image.symbols, image.relocs)))
        os.replace(scratch, path)
    except OSError:
        pass


if __name__ == "__main__":
    from jitpy.runtime import helpers

    helpers.code()
