"""Running a test file: parse it, and do what its header says with its functions.

``test interpret`` and ``test run`` execute the run directives behind each function: on the interpreter, and as machine code once
for each target line; ``test agree`` compares the two on random arguments; `commands` has the rest. Every directive or function
gives one `Outcome`: passed, failed with a message, or skipped with the reason.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from jitpy.backend import isa
from jitpy.backend.analysis.verifier import verify
from jitpy.backend.errors import ParseError, UnsupportedError, VerifierError
from jitpy.backend.filetests import blessed, engines
from jitpy.backend.filetests.agree import agree
from jitpy.backend.filetests.commands import COMMANDS
from jitpy.backend.filetests.directives import Run, format_values, run_directives
from jitpy.backend.filetests.header import Header, TargetLine
from jitpy.backend.filetests.outcome import FAIL, PASS, SKIP, Outcome, Outcomes
from jitpy.backend.interp.meaning import Trap
from jitpy.backend.ir.function import Function
from jitpy.backend.ir.types import INVALID
from jitpy.backend.text.parser import ParsedFile, ParsedFunction, parse_file

#: Commands that execute directives; the rest stands in `COMMANDS`.
EXECUTE = ("interpret", "run", "agree")


def run_file(
    path: str | Path, commands: list[str] | None = None, target: str = "", opt_level: str = "", emulated: bool = False
) -> list[Outcome]:  # fmt: skip
    """Run a file. ``commands``: these instead of those it asks for; ``target``: only what runs there, an ISA or "interpret";
    ``opt_level``: instead of the file's own; ``emulated``: in the emulator also what this machine could run itself.
    """
    return run_text(Path(path).read_text(), str(path), commands, target, opt_level, emulated)


def run_text(
    text: str, path: str = "", commands: list[str] | None = None, target: str = "", opt_level: str = "", emulated: bool = False
) -> list[Outcome]:  # fmt: skip
    """As `run_file`, for text."""
    natively = any(line.split()[:2] == ["test", "run"] for line in text.splitlines())
    try:
        file = parse_file(text, path, "system_v" if natively else "fast")
        header = Header(file)
    except ParseError as error:
        if "test verifier" in text and "error:" in text.splitlines()[error.line - 1]:
            return [Outcome(path, error.line, "verifier", PASS, f"rejected when parsed: {error.message}")]
        return [Outcome(path, error.line, "parse", FAIL, str(error))]
    asked = [(name, []) for name in commands] if commands is not None else header.commands
    outcomes: list[Outcome] = []
    for name, options in asked:
        if target and name not in (("interpret",) if target == "interpret" else ("run", "agree")):
            continue
        if name == "interpret":
            outcomes += _execute(file, name, _again(file), "", "", "", _interpret)
        elif name == "run":
            for line in header.targets:
                if target and isa.NAMES.get(target) != (line.name or isa.host_name()):
                    continue
                outcomes += _run(file, line, opt_level or line.opt_level, emulated)
        elif name == "agree":
            outcomes += agree(file, header, target, opt_level, emulated)
        elif name in COMMANDS:
            outcomes += COMMANDS[name](_again(file), header, options, opt_level)
        else:
            outcomes.append(Outcome(path, 1, name, SKIP, "no such command"))
    blessed.rewrite(file)
    return outcomes


def _again(file: ParsedFile) -> ParsedFile:
    """The file parsed anew: engines and passes change functions, so each gets its own."""
    return parse_file(file.text, file.path, file.call_conv)


def _interpret(functions: list[Function]) -> engines.Call:
    """The interpreter, for which what breaks CLIF's rules has no meaning; addresses are i32 or i64."""
    for func in functions:
        verify(func, INVALID)
    return engines.interpret(functions)


def _run(file: ParsedFile, line: TargetLine, opt_level: str, emulated: bool) -> Outcomes:
    engine = partial(engines.compiled, line=line, opt_level=opt_level, emulated=emulated)
    return _execute(file, "run", _again(file), line.label, line.flags, opt_level, engine)


def _execute(
    file: ParsedFile, command: str, fresh: ParsedFile, target: str, flags: str, opt_level: str, engine: engines.Engine
) -> Outcomes:  # fmt: skip
    call: engines.Call | None = None
    without = (SKIP, "")
    try:
        call = engine([parsed.func for parsed in fresh.functions])
    except UnsupportedError as error:
        without = (SKIP, str(error))
    except VerifierError as error:
        without = (FAIL, str(error))
    for parsed in file.functions:
        for directive in run_directives(parsed, file.path):
            status, detail = without if call is None else _check(call, directive, parsed)
            yield Outcome(
                file.path, directive.line, command, status, detail and f"{directive.text}: {detail}",
                function=parsed.func.name, target=target, flags=flags, opt_level=opt_level,
            )  # fmt: skip


def _check(call: engines.Call, directive: Run, parsed: ParsedFunction) -> tuple[str, str]:
    """Status and detail of one directive."""
    try:
        results = call(directive.name, directive.args)
    except Trap as trap:
        return (PASS, "") if directive.trap == trap.code else (FAIL, str(trap))
    except UnsupportedError as error:
        return SKIP, str(error)
    except Exception as error:  # also defects of the engine: they are what tests look for
        return FAIL, f"{type(error).__name__} {error}"
    if directive.trap:
        return FAIL, "no trap"
    if directive.expected is None:
        return (PASS, "") if any(results) or not parsed.func.sig.returns else (FAIL, "returned 0")
    if (results == directive.expected) == directive.equal:
        return PASS, ""
    return FAIL, f"got {format_values(results, parsed.func)}"


