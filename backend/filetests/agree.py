"""``agree``: machine code gives what the interpreter gives, on random arguments, at both levels.

It asks this of every function whose result depends on its arguments alone: no memory, no calls, nothing about its frame, no
instruction that relies on a proof. The interpreter goes first, with fuel; arguments that it does not get done with are left aside.
Which NaN an operation gives is the machine's choice, so NaN are made canonical on both sides. Traps are compared by their code.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from jitpy.backend import isa
from jitpy.backend.analysis.verifier import find_errors
from jitpy.backend.errors import UnsupportedError
from jitpy.backend.filetests import engines
from jitpy.backend.filetests.directives import format_value, format_values
from jitpy.backend.filetests.header import TargetLine
from jitpy.backend.filetests.outcome import FAIL, PASS, SKIP, Outcome, Outcomes
from jitpy.backend.filetests.random_values import value_bits
from jitpy.backend.interp.interpreter import Interpreter, OutOfFuel
from jitpy.backend.interp.meaning import Trap
from jitpy.backend.ir import opcodes as O
from jitpy.backend.opt.nan import canonicalize
from jitpy.backend.text.parser import parse_file

if TYPE_CHECKING:
    from jitpy.backend.filetests.header import Header
    from jitpy.backend.ir.function import Function
    from jitpy.backend.text.parser import ParsedFile

#: Sets of arguments for each function, and instructions that one may take.
RUNS, FUEL = 8, 20_000
_MACHINE = {
    "get_frame_pointer", "get_stack_pointer", "get_return_address", "stack_addr", "dynamic_stack_addr", "symbol_value", "func_addr",
    "tls_value", "get_pinned_reg", "set_pinned_reg", "stack_switch", "debugtrap", "get_exception_handler_address",
}  # fmt: skip

#: Arguments, and the results or the code of the trap that they lead to.
Case = tuple[list[int], "list[int] | str"]


def agree(file: ParsedFile, header: Header, target: str, opt_level: str, emulated: bool) -> Outcomes:
    """Compare on ``target`` (an ISA as CLIF files write it; "": this machine), with the features of the file's lines for it.
    ``emulated``: in the emulator even where this machine could.
    """
    name = isa.NAMES.get(target, "") if target else isa.host_name()
    lines = [line for line in header.targets if line.name == name]
    left_aside = [_why_not(parsed.func) for parsed in file.functions]
    cases = {func.name: _cases(func) for func in _functions(file, left_aside)}
    for line in lines or [TargetLine("" if name == isa.host_name() and not emulated else name, [], header.settings)]:
        for level in (opt_level,) if opt_level else ("none", "speed"):
            call, refused = _load(_functions(file, left_aside), line, level, emulated)
            for i, (parsed, why) in enumerate(zip(file.functions, left_aside)):
                outcome = Outcome(
                    file.path, parsed.line, "agree", SKIP, why or refused or "it does not end in time",
                    function=parsed.func.name, target=line.label, flags=line.flags, opt_level=level,
                )  # fmt: skip
                if call is not None and cases.get(str(i)):
                    outcome.status, outcome.detail = _compare(call, str(i), parsed.func, cases[str(i)])
                yield outcome


def _functions(file: ParsedFile, left_aside: list[str]) -> list[Function]:
    """The functions to compare, parsed anew for an engine to change, with canonical NaN. They are named by their number, for a file
    may use a name twice.
    """
    found = []
    for i, parsed in enumerate(parse_file(file.text, file.path, file.call_conv).functions):
        if not left_aside[i]:
            canonicalize(parsed.func)
            parsed.func.name = str(i)
            found.append(parsed.func)
    return found


def _why_not(func: Function) -> str:
    """"" for a function whose results depend on its arguments alone, else on what."""
    if not func.layout:
        return "it has no body"
    if find_errors(func):
        return "it is not valid"
    if func.stack_limit is not None:
        return "it reads a stack limit from memory"
    if any(param.purpose in ("sret", "sarg") for param in func.sig.params):
        return "it takes memory"
    for block in func.layout:
        for inst in func.block_insts[block]:
            op = func.insts[inst][0]
            if O.EFFECTS[op] & (O.LOAD | O.STORE):
                return "it accesses memory"
            if O.EFFECTS[op] & O.CALL:
                return "it calls"
            if O.NAME[op] in _MACHINE or "_proven" in O.NAME[op]:
                return f"{O.NAME[op]} has no meaning that all machines share"
    return ""


def _cases(func: Function) -> list[Case]:
    """What the interpreter says; the arguments are the same in every run."""
    random = Random(func.name)
    cases: list[Case] = []
    for _ in range(RUNS if func.sig.params else 1):
        args = [value_bits(random, param.type) for param in func.sig.params]
        try:
            cases.append((args, Interpreter([func], {}).call(func.name, args, FUEL)))
        except Trap as trap:
            cases.append((args, trap.code))
        except OutOfFuel:
            continue
        except UnsupportedError as error:
            return [(args, f"the interpreter: {error}")]
    return cases


def _load(functions: list[Function], line: TargetLine, level: str, emulated: bool) -> tuple[engines.Call | None, str]:
    """The functions on an engine, or why there is none."""
    try:
        return engines.compiled(functions, line, level, emulated), ""
    except UnsupportedError as error:
        return None, str(error)


def _compare(call: engines.Call, name: str, func: Function, cases: list[Case]) -> tuple[str, str]:
    """Status and detail of a function, which the engine knows by ``name``. A difference is shown as the directive that would be
    right.
    """
    for args, expected in cases:
        try:
            got: list[int] | str = call(name, args)
        except Trap as trap:
            got = trap.code
        except UnsupportedError as error:
            return SKIP, str(error)
        except Exception as error:  # a defect of the compiler
            return FAIL, f"{type(error).__name__} {error}"
        if got != expected:
            given = ", ".join(format_value(arg, param.type) for arg, param in zip(args, func.sig.params))
            right = f"traps {expected}" if isinstance(expected, str) else f"== {format_values(expected, func)}"
            found = f"trap {got}" if isinstance(got, str) else format_values(got, func)
            return FAIL, f"run: %{func.name}({given}) {right}: got {found}"
    return PASS, ""
