"""What runs the functions of a test file: the interpreter, or machine code made at some optimization level.

An engine takes a file's functions and returns ``call(name, args) -> results`` on the interpreter's ints. A trap
comes out as `Trap`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from jitpy.backend.interp.interpreter import Interpreter
from jitpy.backend.interp.libcalls import LIBCALLS

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Function

Call = Callable[[str, Sequence[int]], list[int]]
Engine = Callable[[list["Function"]], Call]

#: Instructions a test may execute on the interpreter.
FUEL = 2_000_000


def interpret(functions: list[Function]) -> Call:
    """The interpreter."""
    interpreter = Interpreter(functions, LIBCALLS)
    return lambda name, args: interpreter.call(name, args, FUEL)


def native(opt_level: str) -> Engine:
    """Machine code for this host."""

    def load(functions: list[Function]) -> Call:
        from jitpy.backend.filetests.native import load_functions

        return load_functions(functions, opt_level)

    return load


#: Command -> the engines that run its directives, by the name shown in outcomes.
ENGINES: dict[str, dict[str, Engine]] = {
    "interpret": {"interpret": interpret},
    "run": {"run none": native("none"), "run speed": native("speed")},
}
