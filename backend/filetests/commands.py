"""What a header's ``test`` line can ask for besides running directives: one function per command, over the functions of a file.

    cat             printing and parsing again gives the same function
    verifier        errors are found just where ``; error:`` comments stand
    optimize        the mid-end leaves a valid function
    alias-analysis  the same, for files about memory
    inline          so does inlining every call of a function that stands before its caller
    compile         code for the target line, its allocation checked (``expect-fail``: there must be an error)
    domtree         ``; dominates: block2 block3`` behind a terminator names the blocks that its block dominates immediately
    print-cfg       the graph has a node per block and an edge per branch

With the option ``blessed`` the commands that make text (optimize, compile) compare it with the comment lines ``;| ...``
behind each function; `blessed.py` reads and rewrites them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from jitpy.backend.analysis import cfg, domtree
from jitpy.backend.analysis.verifier import find_errors, verify
from jitpy.backend.errors import CompileError, UnsupportedError
from jitpy.backend.filetests import blessed, engines
from jitpy.backend.filetests.directives import error_directives
from jitpy.backend.filetests.header import Header
from jitpy.backend.filetests.outcome import FAIL, PASS, SKIP, Outcome, Outcomes
from jitpy.backend.ir.compare import equivalent
from jitpy.backend.ir.types import Type
from jitpy.backend.opt import optimize
from jitpy.backend.opt.inline import inline_calls
from jitpy.backend.pipeline import compile_function
from jitpy.backend.text.dot import control_flow_graph
from jitpy.backend.text.parser import ParsedFile, ParsedFunction, parse_function
from jitpy.backend.text.printer import print_function

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Function

_DOMINATES = re.compile(r";\s*dominates:(.*)")
#: A command: (file, header, its options, optimization level asked for instead of the file's, or "").
Command = Callable[[ParsedFile, Header, list[str], str], Outcomes]


def _per_function(name: str, check: Callable[[ParsedFunction], str]) -> Command:
    """The command that ``check``\\ s each function: "" or what is wrong."""

    def run(file: ParsedFile, header: Header, options: list[str], opt_level: str) -> Outcomes:
        for parsed in file.functions:
            wrong = check(parsed)
            yield Outcome(file.path, parsed.line, name, FAIL if wrong else PASS, wrong, function=parsed.func.name)

    return run


def _cat(parsed: ParsedFunction) -> str:
    text = print_function(parsed.func)
    again = parse_function(text)
    if not equivalent(parsed.func, again):
        return "printed text parses to another function"
    return "" if print_function(again) == text else "printing is not stable"


def _verifier(file: ParsedFile, header: Header, options: list[str], opt_level: str) -> Outcomes:
    """With the option ``messages``, in their words too."""
    for parsed in file.functions:
        line, wrong = _verify(parsed, "messages" in options, header.pointer)
        yield Outcome(file.path, line, "verifier", FAIL if wrong else PASS, wrong, function=parsed.func.name)


def _verify(parsed: ParsedFunction, words: bool, pointer: Type) -> tuple[int, str]:
    found = find_errors(parsed.func, pointer)
    wanted = [(_instruction_line(parsed, line), text if words else "") for line, text in error_directives(parsed.comments)]
    for line, text in wanted:
        if not any(_is_at(parsed, error.inst, line) and text in error.message for error in found):
            return line, f"expected an error here: {text}; found: {'; '.join(map(str, found)) or 'none'}"
    for error in found:
        if not any(_is_at(parsed, error.inst, line) for line, _ in wanted):
            return parsed.line, str(error)
    return parsed.line, ""


def _instruction_line(parsed: ParsedFunction, line: int) -> int:
    """The line of the instruction that a comment is about: its own, or the last before it."""
    return max([inst for inst in parsed.inst_lines if inst <= line], default=0)


def _is_at(parsed: ParsedFunction, inst: int, line: int) -> bool:
    """Whether an error belongs to a line; one about no instruction belongs to any."""
    return inst < 0 or parsed.inst_lines[inst] == line


def _optimize(file: ParsedFile, header: Header, options: list[str], opt_level: str) -> Outcomes:
    results = []
    for parsed in file.functions:
        name = parsed.func.name
        try:
            verify(parsed.func)
            optimize(parsed.func)
            verify(parsed.func)
        except Exception as error:  # also defects of the mid-end: they are what tests look for
            results.append(Outcome(file.path, parsed.line, "optimize", FAIL, f"{type(error).__name__} {error}", function=name))
            continue
        wrong = blessed.compare(file, parsed, print_function(parsed.func)) if "blessed" in options else ""
        results.append(Outcome(file.path, parsed.line, "optimize", FAIL if wrong else PASS, wrong, function=name))
    yield from results


def _inline(file: ParsedFile, header: Header, options: list[str], opt_level: str) -> Outcomes:
    known: dict[str, Function] = {}
    for parsed in file.functions:
        outcome = Outcome(file.path, parsed.line, "inline", PASS, function=parsed.func.name)
        try:
            inline_calls(parsed.func, known, every=True)
            verify(parsed.func)
        except Exception as error:  # also defects of the pass
            outcome.status, outcome.detail = FAIL, f"{type(error).__name__} {error}"
        known[parsed.func.name] = parsed.func
        yield outcome


def _compile(file: ParsedFile, header: Header, options: list[str], opt_level: str) -> Outcomes:
    for line in header.targets:
        level = opt_level or line.opt_level
        for parsed in file.functions:
            outcome = Outcome(
                file.path, parsed.line, "compile", PASS, function=parsed.func.name,
                target=line.label, flags=line.flags, opt_level=level,
            )  # fmt: skip
            try:
                # Compilation changes the function, and each target line wants it as it was.
                settings = engines.settings(level, line.settings)
                compile_function(parse_function(print_function(parsed.func)), engines.target(line), settings)
                if "expect-fail" in options:
                    outcome.status, outcome.detail = FAIL, "it compiled; an error was expected"
            except UnsupportedError as error:
                outcome.status = PASS if "expect-fail" in options else SKIP
                outcome.detail = str(error)
            except CompileError as error:
                outcome.status = PASS if "expect-fail" in options else FAIL
                outcome.detail = str(error)
            except Exception as error:  # a defect of the compiler
                outcome.status, outcome.detail = FAIL, f"{type(error).__name__} {error}"
            yield outcome


def _domtree(parsed: ParsedFunction) -> str:
    func = parsed.func
    graph = cfg.compute(func)
    tree = domtree.compute(graph)
    below = tree.children()
    by_line = {parsed.inst_lines[func.block_insts[block][-1]]: block for block in func.layout}
    for line, text in parsed.comments:
        match = _DOMINATES.match(text)
        if match:
            block = by_line[line]
            wanted = sorted(int(word.removeprefix("block")) for word in match[1].replace(",", " ").split())
            if sorted(below[block]) != wanted:
                return f"block{block} dominates {sorted(below[block])}, expected {wanted}"
    return ""


def _print_cfg(parsed: ParsedFunction) -> str:
    func = parsed.func
    text = control_flow_graph(func)
    edges = sum(len(list(cfg.targets(func.insts[func.block_insts[block][-1]]))) for block in func.layout)
    if text.count(" -> ") != edges:
        return f"{text.count(' -> ')} edges in the graph, {edges} in the function"
    return "" if text.count("[label=") == len(func.layout) else "not a node per block"


COMMANDS: dict[str, Command] = {
    "cat": _per_function("cat", _cat),
    "verifier": _verifier,
    "optimize": _optimize,
    "alias-analysis": _optimize,
    "inline": _inline,
    "compile": _compile,
    "domtree": _per_function("domtree", _domtree),
    "print-cfg": _per_function("print-cfg", _print_cfg),
}
