"""A program that stands alone and calls compiled functions on request: an ELF executable without a C library.

    parts = program.parts(target)            machine code to link beside the functions
    module = pipeline.link([*functions, *parts], target)
    file = program.Program(module, target).file

It reads requests from its standard input and answers on its standard output, in the target's byte order, until there
are no more:

    request   address of a function that takes one pointer; how many bytes of argument; these bytes
    answer    0, 0, the bytes as the function left them; or what stopped it, and where

What stopped it is `TRAPPED` for a trap that is a call (``Settings(traps="call")``, where: its return address), or
the number of a signal (where: the program counter). Either way the program goes on with the next request.

An ISA supplies what CLIF cannot say (``isa/<name>/linux.py``):

    start                            where the kernel enters: sets up the stack, the thread pointer (``state``), goes to ``main``
    syscall(number, a, b, c, d)      calls the kernel
    guard(function, argument)        saves what the convention preserves, notes the stack pointer in ``state``, calls
                                     function(argument); 0
    land(number, pc)                 notes pc in ``state`` and returns ``number`` from the last ``guard``
    trap                             what code calls to trap: lands
    handler(signal, info, context)   lands

The rest is CLIF, below.
"""

from __future__ import annotations

import signal
import struct
from typing import TYPE_CHECKING, Any

from jitpy.backend import isa
from jitpy.backend.object import link
from jitpy.backend.object.unit import Unit
from jitpy.backend.pipeline import compile_function
from jitpy.backend.settings import TRAP, Settings
from jitpy.backend.text.parser import parse_functions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jitpy.backend.pipeline import CodeModule
    from jitpy.backend.target.target import Target

#: What an answer says of a trap that is a call.
TRAPPED = 256
#: Where from the thread pointer the limit of the stack lies, for ``Settings(stack_limit=...)``; the bytes of stack above it.
STACK_LIMIT, STACK_BYTES = 96, 4 << 20
#: Bytes of argument that a request may have.
ROOM = 1 << 16
#: Where the program lies: addresses that 32 bits do not hold are told from such that are cut short.
BASE = 0x10_0000_0000
#: Symbols that `Program` defines besides those of the module.
GIVEN = frozenset({"emulation_state"})

SIGNALS = (signal.SIGILL, signal.SIGTRAP, signal.SIGFPE, signal.SIGSEGV, signal.SIGBUS)
_SA_SIGINFO, _SA_ONSTACK, _SA_NODEFER = 4, 0x08000000, 0x40000000
_HANDLERS_STACK_BYTES = 1 << 15
#: Offsets in ``emulation_state``: the stack pointer of the last guard and the pc of what stopped it; the header of a request;
#: struct sigaction and stack_t as the kernel has them; the address of the argument. Behind it: `STACK_LIMIT`.
_HEADER, _ACTION, _STACK, _ARGUMENT = 16, 32, 64, 88

_SYSCALL = "(i64, i64, i64, i64, i64) -> i64 system_v"
_MAIN = """
; Read or write all of some bytes; a read at the end of the input ends the program.
function %emulation_transfer(i64, i64, i64, i64) system_v {{
    fn0 = colocated %emulation_syscall{syscall}
block0(v0: i64, v1: i64, v2: i64, v3: i64):     ; number of the system call, file, address, bytes
    v4 = iconst.i64 0
    jump block1(v2, v3)
block1(v10: i64, v11: i64):
    brif v11, block2, block4
block2:
    v12 = call fn0(v0, v1, v10, v11, v4)
    v13 = icmp sgt v12, v4
    brif v13, block3, block5
block3:
    v14 = iadd v10, v12
    v15 = isub v11, v12
    jump block1(v14, v15)
block4:
    return
block5:
    v20 = iconst.i64 {exit_group}
    v21 = call fn0(v20, v4, v4, v4, v4)
    trap user1
}}

function %emulation_main(i64) system_v {{
    fn0 = colocated %emulation_syscall{syscall}
    fn1 = colocated %emulation_guard(i64, i64) -> i64 system_v
    fn2 = colocated %emulation_transfer(i64, i64, i64, i64) system_v
block0(v0: i64):                                ; emulation_state
    v1 = iconst.i64 0
    v52 = iconst.i64 {header}
    v2 = iadd v0, v52
    v3 = iconst.i64 16
    v4 = load.i64 notrap aligned v0+{argument}
    v8 = get_stack_pointer.i64
    v9 = iconst.i64 {room}
    v16 = isub v8, v9
    store notrap aligned v16, v0+{limit}
    v5 = iconst.i64 {read}
    v6 = iconst.i64 {write}
    v7 = iconst.i64 1
    v10 = iconst.i64 {sigaltstack}
    v61 = iconst.i64 {stack}
    v11 = iadd v0, v61
    v12 = call fn0(v10, v11, v1, v1, v1)
    v13 = iconst.i64 {rt_sigaction}
    v64 = iconst.i64 {action}
    v14 = iadd v0, v64
    v15 = iconst.i64 8
{signals}
    jump block1
block1:
    call fn2(v5, v1, v2, v3)
    v30 = load.i64 notrap aligned v2
    v31 = load.i64 notrap aligned v2+8
    call fn2(v5, v1, v4, v31)
    v32 = call fn1(v30, v4)
    store notrap aligned v32, v2
    v33 = load.i64 notrap aligned v0+8
    store notrap aligned v33, v2+8
    call fn2(v6, v7, v2, v3)
    brif v32, block1, block2
block2:
    call fn2(v6, v7, v4, v31)
    jump block1
}}
"""


class Routine:
    """A listing of machine code, as the linker sees it; its ``.quad`` lines are addresses of symbols."""

    align = 16

    def __init__(self, name: str, listing: tuple[tuple[str, str], ...]) -> None:
        self.name = _SYMBOLS.get(name, f"emulation_{name}")
        self.code = bytes.fromhex("".join(row[0] for row in listing))
        self.relocs: list[tuple[int, str, str, int]] = []
        at = 0
        for code, text in listing:
            if ".quad" in text:
                goal = text.split()[-1]
                self.relocs.append((at, "abs8", _SYMBOLS.get(goal, f"emulation_{goal}"), 0))
            at += len(code) // 2


_SYMBOLS = {"trap": TRAP}
_START = "emulation_start"


def parts(target: Target) -> list[Any]:
    """What to link beside the functions."""
    linux = isa.linux(target.name)
    routines = [Routine(name, getattr(linux, name.upper())) for name in ("start", "syscall", "guard", "land", "trap", "handler")]
    calls = linux.SYSCALLS
    signals = "\n".join(
        f"    v{100 + 2 * i} = iconst.i64 {int(number)}\n    v{101 + 2 * i} = call fn0(v13, v{100 + 2 * i}, v14, v1, v15)"
        for i, number in enumerate(SIGNALS)
    )
    at = {"header": _HEADER, "argument": _ARGUMENT, "action": _ACTION, "stack": _STACK, "limit": STACK_LIMIT, "room": STACK_BYTES}
    text = _MAIN.format(syscall=_SYSCALL, signals=signals, **calls, **at)
    functions = parse_functions(text)
    return [*routines, *[compile_function(func, target, Settings("none")) for func in functions]]


class Program:
    """``file``: an ELF executable; ``start``: the address where it has the module; ``addresses``: of what ``units``, linked beside
    it, export. Raises UnsupportedError or CompileError where code has a relocation that the linker cannot do.
    """

    def __init__(self, module: CodeModule, target: Target, units: Sequence[Unit] = ()) -> None:
        machine = isa.machine(target.name)
        flags = _SA_SIGINFO | _SA_ONSTACK | _SA_NODEFER | isa.linux(target.name).SIGACTION_FLAGS
        state = bytearray(STACK_LIMIT + 8)
        struct.pack_into(f"{machine.order}Q", state, _ACTION + 8, flags)
        struct.pack_into(f"{machine.order}Q", state, _STACK + 16, _HANDLERS_STACK_BYTES)
        pointers = {_ACTION: "emulation_handler", _STACK: "emulation_stack", _ARGUMENT: "emulation_argument"}
        unit = Unit(target, machine)
        unit.add_routine("emulation_module", module.code, module.relocs, module.align)
        for name, offset in module.symbols.items():
            unit.define(name, ".text", offset, 0, exported=name == _START)
        relocs = [(at, "abs8", symbol, 0) for at, symbol in pointers.items()]
        unit.add_data("emulation_state", bytes(state), ".data", relocs=relocs)
        unit.add_zeros("emulation_stack", _HANDLERS_STACK_BYTES)
        unit.add_zeros("emulation_argument", ROOM, align=256, exported=True)
        self.file, self.addresses = link.program([unit, *units], _START, BASE)
        self.start = self.addresses[_START] - module.symbols[_START]
