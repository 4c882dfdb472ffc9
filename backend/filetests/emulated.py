"""Running functions as machine code of any target, each file in one process of an emulator.

The functions are linked into a program that stands alone (`backend.emulation.program`) and answers request after
request, traps included; where it dies the next call starts it again. A target of this host runs without an emulator
where ``emulated`` does not ask for one.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from jitpy.backend import isa
from jitpy.backend.emulation import program
from jitpy.backend.emulation.process import TIMEOUT, Process, Stopped
from jitpy.backend.errors import UnsupportedError
from jitpy.backend.filetests.image import Image
from jitpy.backend.interp.meaning import Trap

if TYPE_CHECKING:
    from jitpy.backend.filetests.engines import Call
    from jitpy.backend.ir.function import Function
    from jitpy.backend.settings import Settings
    from jitpy.backend.target.target import Target

#: Bytes of the longest instruction, or call, that traps.
_LONGEST = 8


def load_functions(
    functions: list[Function], target: Target, settings: Settings, emulated: bool = True, timeout: float = TIMEOUT
) -> Call:
    """Compile ``functions``; the result calls one by name with the interpreter's ints, each for ``timeout`` seconds at most.
    Raises UnsupportedError where the emulator is not here or lacks a feature.
    """
    linux = isa.linux(target.name)
    lacks = sorted(name for name in linux.EMULATOR_LACKS if target.features.get(name))
    if lacks and emulated:
        raise UnsupportedError(f"{linux.EMULATOR[0]} lacks {', '.join(lacks)}")
    if settings.stack_limit not in (None, program.STACK_LIMIT):
        raise UnsupportedError(f"stack_limit={settings.stack_limit}: a test's limit lies at {program.STACK_LIMIT}")
    image = Image(functions, target, settings, program.parts(target), program.GIVEN)
    made = program.Program(image.module, target)
    process = Process(made.file, target.name, target.big_endian, emulated, timeout)

    def run(offset: int, slots: bytes) -> bytes:
        try:
            return process.call(made.start + offset, slots)
        except Stopped as stopped:
            raise Trap(trap_of(image.traps, made.start, stopped, target.name)) from None

    return image.caller(run)


def trap_of(traps: dict[int, str], start: int, stopped: Stopped, name: str) -> str:
    """The trap code of what stopped a call, else the name of the signal or how the process died. ``traps``: offset -> code, of a
    module that begins at ``start``; ``name``: the ISA.
    """
    at = stopped.pc - start
    if not stopped.number:
        return str(stopped)
    if stopped.number == program.TRAPPED or stopped.number in isa.linux(name).BEHIND:
        found = next((traps[place] for place in range(at - 1, at - _LONGEST - 1, -1) if place in traps), None)
    else:
        found = traps.get(at)
    return found or (f"trap at {at:#x}" if stopped.number == program.TRAPPED else signal.Signals(stopped.number).name)
