"""What runs the functions of a test file: the interpreter, or machine code made for a target at some optimization level.

An engine takes a file's functions and returns ``call(name, args) -> results`` on the interpreter's ints. A trap
comes out as `Trap`. What cannot run here says so: UnsupportedError with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from jitpy.backend import isa
from jitpy.backend.errors import UnsupportedError
from jitpy.backend.interp.interpreter import Interpreter
from jitpy.backend.interp.libcalls import LIBCALLS
from jitpy.backend.settings import Settings

if TYPE_CHECKING:
    from jitpy.backend.filetests.header import TargetLine
    from jitpy.backend.ir.function import Function
    from jitpy.backend.target.target import Target

Call = Callable[[str, Sequence[int]], list[int]]
Engine = Callable[[list["Function"]], Call]

#: Instructions a test may execute on the interpreter.
FUEL = 2_000_000


def interpret(functions: list[Function], fill: int = 0, big_endian: bool = False, moved: int = 0) -> Call:
    """The interpreter; ``fill``: what fresh stack slots are full of; ``moved``: by how much all addresses are."""
    interpreter = Interpreter(functions, LIBCALLS, fill, big_endian, moved)
    return lambda name, args: interpreter.call(name, args, FUEL)


def compiled(functions: list[Function], line: TargetLine, opt_level: str, emulated: bool = False) -> Call:
    """Machine code for a target line: in the emulator where this machine is of another kind, or if ``emulated``."""
    made = target(line)
    if made.name == isa.host_name() and not emulated:
        has = isa.host().features
        lacks = sorted(name for name, on in made.features.items() if on and not has.get(name) and name.startswith("has_"))
        if lacks:
            raise UnsupportedError(f"this machine lacks {', '.join(lacks)}")
    return load(functions, made, settings(opt_level, line.settings), emulated)


def load(functions: list[Function], made: Target, settings: Settings, emulated: bool = False) -> Call:
    """The same for a target and settings. Traps that are calls, and a limit of the stack, take a program that stands alone."""
    alone = settings.traps == "call" or settings.stack_limit is not None
    if made.name == isa.host_name() and not emulated and not alone:
        from jitpy.backend.filetests import native

        return native.load_functions(functions, made, settings)
    from jitpy.backend.filetests import emulated as engine

    return engine.load_functions(functions, made, settings, emulated or made.name != isa.host_name())


#: Features that change what code does or may use, not what instructions there are.
_CHOICES = ("enable_", "sign_", "use_")


def best(name: str) -> Target:
    """The target of an ISA with all features that code may have here: this machine's, or the emulator's. Raises UnsupportedError
    where it can be run by neither.
    """
    base = isa.lookup(name, {})
    if base.name == isa.host_name():
        return isa.host()
    from jitpy.backend.emulation import programs

    linux = isa.linux(name)
    programs.find(linux.EMULATOR[0])
    return isa.lookup(name, {f: 1 for f in base.features if f not in linux.EMULATOR_LACKS and not f.startswith(_CHOICES)})


def target(line: TargetLine) -> Target:
    """The target that a line names; the host where it names none."""
    if line.problem:
        raise UnsupportedError(line.problem)
    return isa.lookup(line.name, line.features) if line.name else isa.host()


def settings(opt_level: str, chosen: Mapping[str, Any] = MappingProxyType({})) -> Settings:
    """How tests compile: everything checked. What is not optimized is allocated in one pass too, so that both allocators run.
    ``chosen``: what a file sets instead, but for the level.
    """
    usual = {"regalloc": "onepass" if opt_level == "none" else "linear", "regalloc_checker": True, "enable_verifier": True}
    return Settings(**{**usual, **chosen, "opt_level": opt_level})
