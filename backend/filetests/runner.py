"""Running a test file.

A file's header says what is done with its functions (``test interpret``, ``test verifier`` ...). `COMMANDS` maps
each word to a function from the parsed file to outcomes: one per directive or function, passed or failed with a
message, or skipped with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from jitpy.backend.errors import ParseError, UnsupportedError
from jitpy.backend.filetests import engines
from jitpy.backend.filetests.directives import Run, error_directives, format_values, run_directives
from jitpy.backend.interp.meaning import Trap
from jitpy.backend.ir.compare import equivalent
from jitpy.backend.text.parser import ParsedFile, ParsedFunction, parse_file, parse_function
from jitpy.backend.text.printer import print_function

PASS, FAIL, SKIP = "pass", "fail", "skip"
#: How a trap of machine code ends the process that runs it; the code is not known then.
_TRAP_SIGNALS = ("SIGILL", "SIGTRAP", "SIGFPE", "SIGSEGV")


class Outcome:
    """One result: where, what was tried, how it went."""

    __slots__ = ("command", "line", "message", "path", "status")

    def __init__(self, path: str, line: int, command: str, status: str, message: str = "") -> None:
        self.path = path
        self.line = line
        self.command = command
        self.status = status
        self.message = message

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.status}: {self.command}: {self.message}"


Outcomes = Iterator[Outcome]


def run_file(path: str | Path, commands: list[str] | None = None) -> list[Outcome]:
    """Run a file's commands, or those given instead."""
    text = Path(path).read_text()
    return run_text(text, str(path), commands)


def run_text(text: str, path: str = "", commands: list[str] | None = None) -> list[Outcome]:
    """As `run_file`, for text."""
    native = any(line.split()[:2] == ["test", "run"] for line in text.splitlines())
    try:
        file = parse_file(text, path, "system_v" if native else "fast")
    except ParseError as error:
        if "test verifier" in text and _expects_error(text, error.line):
            return [Outcome(path, error.line, "verifier", PASS, f"rejected when parsed: {error.message}")]
        return [Outcome(path, error.line, "parse", FAIL, str(error))]
    if commands is None:
        commands = [words[1] for _, words in file.header if words[0] == "test" and len(words) > 1]
    outcomes: list[Outcome] = []
    for command in commands:
        run = COMMANDS.get(command)
        if run is None:
            outcomes.append(Outcome(path, 1, command, SKIP, "no such command"))
        else:
            outcomes += run(file)
    return outcomes


def _expects_error(text: str, line: int) -> bool:
    return "error:" in text.splitlines()[line - 1]


def _execution(command: str) -> Callable[[ParsedFile], Outcomes]:
    """The command that runs directives on each engine it is meant for."""

    def run(file: ParsedFile) -> Outcomes:
        for name, engine in engines.ENGINES[command].items():
            # Engines may change functions, so each gets its own.
            functions = parse_file(file.text, file.path, file.call_conv).functions
            try:
                call = engine([parsed.func for parsed in functions])
            except UnsupportedError as error:
                yield Outcome(file.path, 1, name, SKIP, str(error))
                continue
            for parsed in file.functions:
                for directive in run_directives(parsed, file.path):
                    yield _run_directive(file.path, name, call, directive, parsed)

    return run


def _run_directive(path: str, command: str, call: engines.Call, directive: Run, parsed: ParsedFunction) -> Outcome:
    def outcome(status: str, message: str = "") -> Outcome:
        return Outcome(path, directive.line, command, status, message and f"{directive.text}: {message}")

    try:
        results = call(directive.name, directive.args)
    except Trap as trap:
        if directive.trap and (trap.code == directive.trap or trap.code in _TRAP_SIGNALS):
            return outcome(PASS)
        return outcome(FAIL, str(trap))
    except UnsupportedError as error:
        return outcome(SKIP, str(error))
    except Exception as error:  # also defects of the engine: they are what tests look for
        return outcome(FAIL, f"{type(error).__name__} {error}")
    if directive.trap:
        return outcome(FAIL, "no trap")
    if directive.expected is None:
        return outcome(PASS) if any(results) or not parsed.func.sig.returns else outcome(FAIL, "returned 0")
    if (results == directive.expected) == directive.equal:
        return outcome(PASS)
    return outcome(FAIL, f"got {format_values(results, parsed.func)}")


def _cat(file: ParsedFile) -> Outcomes:
    """Printing and parsing again gives the same function."""
    for parsed in file.functions:
        text = print_function(parsed.func)
        again = parse_function(text)
        if not equivalent(parsed.func, again):
            yield Outcome(file.path, parsed.line, "cat", FAIL, "printed text parses to another function")
        elif print_function(again) != text:
            yield Outcome(file.path, parsed.line, "cat", FAIL, "printing is not stable")
        else:
            yield Outcome(file.path, parsed.line, "cat", PASS)


def _verifier(file: ParsedFile) -> Outcomes:
    """The verifier finds errors just where comments expect them; with the option ``messages``, in their words too."""
    from jitpy.backend.analysis.verifier import find_errors

    words = [word for _, line in file.header if line[:2] == ["test", "verifier"] for word in line[2:]]
    for parsed in file.functions:
        found = find_errors(parsed.func)
        wanted = [
            (_instruction_line(parsed, line), text if "messages" in words else "")
            for line, text in error_directives(parsed.comments)
        ]
        missing = [
            (line, text)
            for line, text in wanted
            if not any(_is_at(parsed, error.inst, line) and text in error.message for error in found)
        ]
        surprising = [error for error in found if not any(_is_at(parsed, error.inst, line) for line, _ in wanted)]
        if missing:
            message = f"expected an error here: {missing[0][1]}; found: {'; '.join(map(str, found)) or 'none'}"
            yield Outcome(file.path, missing[0][0], "verifier", FAIL, message)
        elif surprising:
            yield Outcome(file.path, parsed.line, "verifier", FAIL, str(surprising[0]))
        else:
            yield Outcome(file.path, parsed.line, "verifier", PASS)


def _instruction_line(parsed: ParsedFunction, line: int) -> int:
    """The line of the instruction that a comment is about: its own, or the last before it."""
    return max([inst for inst in parsed.inst_lines if inst <= line], default=0)


def _is_at(parsed: ParsedFunction, inst: int, line: int) -> bool:
    """Whether an error belongs to a line; one about no instruction belongs to any."""
    return inst < 0 or parsed.inst_lines[inst] == line


COMMANDS: dict[str, Callable[[ParsedFile], Outcomes]] = {
    "interpret": _execution("interpret"),
    "run": _execution("run"),
    "cat": _cat,
    "verifier": _verifier,
}
