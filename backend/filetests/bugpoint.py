"""Making a failing test file small.

`reduce` takes CLIF text and a predicate that says whether a text still fails, and returns the smallest text it finds that does
(after Zeller and Hildebrandt's delta debugging, "Simplifying and Isolating Failure-Inducing Input", 2002). It works on lines: a
step drops functions and directives, replaces the results of instructions by zeros, turns branches into jumps, drops code that is
not reached or not used, makes constants 0, 1 or shorter, and drops settings and features. A step that makes text which does not
parse, verify or run is not a step. Chaos mode makes other choices for every text; so each is tried with a few seeds, and the one
that fails stands in what comes out.

`failure` is the predicate of the command line: what goes wrong with a file's functions, compiled as its header says for its last
target line, in a few words, so that a reduction does not slide from one failure to another.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from jitpy.backend.analysis import cfg
from jitpy.backend.analysis.verifier import verify
from jitpy.backend.errors import CompileError, UnsupportedError
from jitpy.backend.filetests import engines
from jitpy.backend.filetests.directives import Run, run_directives
from jitpy.backend.filetests.header import Header
from jitpy.backend.interp.interpreter import OutOfFuel
from jitpy.backend.interp.meaning import Trap
from jitpy.backend.ir import opcodes, types
from jitpy.backend.text.parser import ParsedFile, ParsedFunction, parse_file

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Function

_RESULTS = re.compile(r"^(\s*)((?:v\d+(?:, )?)+) = (?!iconst|f16const|f32const|f64const|f128const)")
_DEFINED = re.compile(r"^\s*((?:v\d+(?:, )?)+) = ")
_BRANCH = re.compile(r"^(\s*)(?:brif v\d+, |br_table v\d+, )(block\d+(?:\([^)]*\))?)(?:, \[?(block\d+(?:\([^)]*\))?))?")
_CONSTANT = re.compile(r"^(\s*v\d+ = iconst\.\w+ )(\S+)")
_SEED = re.compile(r"^set .*?\bchaos_seed=(\d+)", re.MULTILINE)
#: Seeds that a text is tried with in chaos mode.
_SEEDS = 4

Fails = Callable[[str], bool]


def failure(text: str) -> str:
    """What is wrong with the functions of ``text``: "" (nothing), "crash TYPE" (the compiler), "differs: X, not Y" (a run directive
    that gives Y on the interpreter and X as machine code: results, or a trap code), "hangs", or where nothing else is wrong
    "refused: why" (what the interpreter runs is not compiled). A directive whose result depends on memory that was never written,
    or on where memory and code lie, proves nothing. Raises ParseError, VerifierError, and UnsupportedError where code for the
    target cannot be run here.
    """
    functions = _fresh(text)
    for func in functions:
        verify(func)
    targets = Header(parse_file(text)).targets
    if not targets:
        raise UnsupportedError("no target line of this file names an ISA that there is")
    line = targets[-1]
    try:
        call = engines.compiled(_fresh(text), line, line.opt_level)
    except UnsupportedError:
        raise
    except Exception as error:  # of a part that is linked beside the functions
        return f"crash {type(error).__name__}"
    big_endian = engines.target(line).big_endian
    interpret = engines.interpret(functions, big_endian=big_endian)
    elsewhere = engines.interpret(_fresh(text), 0xA5, big_endian, 0xAB0)
    refused = ""
    for parsed in parse_file(text).functions:
        for directive in run_directives(parsed):
            expected = _outcome(interpret, directive)
            if _is_refusal(expected) or expected != _outcome(elsewhere, directive):
                continue
            got = _outcome(call, directive)
            if _is_refusal(got):
                refused = refused or _kind(got)
            elif got != expected:
                return _difference(got, expected)
    return refused


def _difference(got: list[int] | str, expected: list[int] | str) -> str:
    if isinstance(got, str) and got.startswith("crash"):
        return got
    if got == "SIGVTALRM" or str(got).startswith("no answer"):
        return "hangs"
    return f"differs: {_kind(got)}, not {_kind(expected)}"


def _fresh(text: str) -> list[Function]:
    return [parsed.func for parsed in parse_file(text).functions]


def _outcome(call: engines.Call, directive: Run) -> list[int] | str:
    """Results, trap code, "crash TYPE", or "refused: why" (without numbers, which change as the text shrinks)."""
    try:
        return call(directive.name, directive.args)
    except Trap as trap:
        return trap.code
    except (UnsupportedError, OutOfFuel) as error:
        return "refused: " + re.sub(r"\d+", "#", str(error))
    except Exception as error:
        return f"crash {type(error).__name__}"


def _is_refusal(outcome: list[int] | str) -> bool:
    return _kind(outcome).startswith("refused: ")


def _kind(outcome: list[int] | str) -> str:
    """The trap code, or that there are results."""
    return outcome if isinstance(outcome, str) else "results"


def reduce(text: str, fails: Fails, progress: Callable[[str], None] = lambda text: None) -> str:
    """The smallest text found that still ``fails``; ``progress`` is told each one on the way."""
    before = ""
    while before != text:
        before = text
        for step in _STEPS:
            text = _greedily(text, step, fails, progress)
    return text


def _greedily(text: str, step: Callable[[str], Iterator[str]], fails: Fails, progress: Callable[[str], None]) -> str:
    """Take the first candidate of ``step`` that fails, then candidates of what came out from there on, until none does."""
    first = 0  # those before did not fail; the next round asks them again
    while True:
        for i, candidate in enumerate(islice(step(text), first, None), first):
            failing = _failing(candidate, fails) if candidate != text else None
            if failing is not None:
                text, first = failing, i
                progress(text)
                break
        else:
            return text


def _failing(text: str, fails: Fails) -> str | None:
    """The text, in chaos mode perhaps with another seed, if it fails as it should."""
    try:
        for parsed in parse_file(text).functions:
            verify(parsed.func)
        return next(filter(fails, _seeded(text)), None)
    except CompileError:
        return None


def _seeded(text: str) -> Iterator[str]:
    """The text, and where it names a seed of chaos mode, it with some others."""
    yield text
    match = _SEED.search(text)
    if match:
        for k in range(1, _SEEDS):
            yield f"{text[: match.start(1)]}{int(match[1]) + k}{text[match.end(1) :]}"


def _functions(text: str) -> Iterator[str]:
    """Without one of the functions, or without what stands around them."""
    file = parse_file(text)
    lines = text.splitlines()
    spans = _spans(file, lines)
    if len(spans) > 1:
        for start, end in spans:
            yield "\n".join(lines[:start] + lines[end:])


def _spans(file: ParsedFile, lines: list[str]) -> list[tuple[int, int]]:
    starts = [parsed.line - 1 for parsed in file.functions]
    return list(zip(starts, [*starts[1:], len(lines)]))


def _comments(text: str) -> Iterator[str]:
    """Without one of the directives or comments."""
    lines = text.splitlines()
    for i, line in enumerate(lines):
        if line.lstrip().startswith(";"):
            yield "\n".join(lines[:i] + lines[i + 1 :])


def _chunks(rows: list[int]) -> Iterator[list[int]]:
    """All of them, halves, quarters, ... single ones, last ones first."""
    size = len(rows)
    while size:
        for start in range(len(rows) - size, -size, -size):
            yield rows[max(start, 0) : start + size]
        size //= 2


def _zeros(text: str) -> Iterator[str]:
    """Instructions replaced by zeros of their results' types, in ever smaller chunks."""
    lines = text.splitlines()
    file = parse_file(text)
    owner = {line: parsed for parsed in file.functions for line in parsed.inst_lines}
    rows = [i for i, line in enumerate(lines) if _RESULTS.match(line) and i + 1 in owner]
    for chunk in _chunks(rows):
        made = list(lines)
        for i in chunk:
            made[i] = _zero_line(lines[i], owner[i + 1])
        yield "\n".join(made)


def _zero_line(line: str, parsed: ParsedFunction) -> str:
    match = _RESULTS.match(line)
    assert match
    made = []
    for name in match[2].split(", "):
        type = parsed.func.value_types[int(name[1:])]
        zero = _zero(type)
        if zero is None:
            return line
        made.append(f"{match[1]}{name} = {zero}")
    return "\n".join(made)


def _zero(type: types.Type) -> str | None:
    name = types.NAME[type]
    if types.IS_VECTOR[type]:
        return f"vconst.{name} [{' '.join(['0'] * types.LANES[type])}]"
    if type == types.I128:
        return None
    return f"iconst.{name} 0" if types.IS_INT[type] else f"{name}const 0.0"


def _branches(text: str) -> Iterator[str]:
    """Branches replaced by jumps to one of their targets."""
    lines = text.splitlines()
    for i, line in enumerate(lines):
        match = _BRANCH.match(line)
        if match:
            for target in filter(None, (match[2], match[3])):
                yield "\n".join([*lines[:i], f"{match[1]}jump {target}", *lines[i + 1 :]])


def _returns(text: str) -> Iterator[str]:
    """Terminators replaced by a return of zeros."""
    lines = text.splitlines()
    for parsed in parse_file(text).functions:
        func = parsed.func
        fresh = len(func.value_types)
        zeros = [_zero(param.type) for param in func.sig.returns]
        if None in zeros:
            continue
        names = [f"v{fresh + k}" for k in range(len(zeros))]
        made = [f"    {name} = {zero}" for name, zero in zip(names, zeros)] + [f"    return {', '.join(names)}".rstrip()]
        for block in func.layout:
            inst = func.block_insts[block][-1]
            if func.insts[inst][0] != opcodes.RETURN:
                line = parsed.inst_lines[inst] - 1
                yield "\n".join([*lines[:line], *made, *lines[line + 1 :]])


def _preamble(text: str) -> Iterator[str]:
    """Without one of the entities that are declared before the blocks."""
    lines = text.splitlines()
    for parsed in parse_file(text).functions:
        for i in range(parsed.line, parsed.inst_lines[parsed.func.block_insts[parsed.func.layout[0]][0]] - 2):
            yield "\n".join(lines[:i] + lines[i + 1 :])


def _forwarded(text: str) -> Iterator[str]:
    """Instructions dropped, with an operand of the same type in their result's place."""
    lines = text.splitlines()
    for parsed in parse_file(text).functions:
        func = parsed.func
        span = range(parsed.line - 1, parsed.inst_lines[func.block_insts[func.layout[-1]][-1]])
        for inst, line in enumerate(parsed.inst_lines):
            if len(func.results[inst]) == 1 and line:
                (value,) = func.results[inst]
                for arg in dict.fromkeys(func.insts[inst][3:]):
                    if func.value_types[arg] == func.value_types[value]:
                        yield "\n".join(
                            re.sub(rf"\bv{value}\b", f"v{arg}", text) if i in span else text
                            for i, text in enumerate(lines) if i != line - 1
                        )  # fmt: skip


def _merged(text: str) -> Iterator[str]:
    """A jump to the block on the next line dropped with the block's heading, arguments in place of its parameters."""
    lines = text.splitlines()
    for i, line in enumerate(lines[:-1]):
        jump = re.match(r"\s*jump (block\d+)(?:\(([^)]*)\))?", line)
        heading = jump and re.match(rf"\s*{jump[1]}(?:\(([^)]*)\))?", lines[i + 1])
        if jump and heading and len(re.findall(rf"\b{jump[1]}\b", text)) == 2:
            made = "\n".join(lines[:i] + lines[i + 2 :])
            for param, arg in zip((heading[1] or "").split(", "), (jump[2] or "").split(", ")):
                if arg:
                    made = re.sub(rf"\b{param.split(':')[0]}\b", arg, made)
            yield made


def _dead(text: str) -> Iterator[str]:
    """Without the blocks that are not reached, and without instructions whose results nobody uses, or that have none."""
    lines = text.splitlines()
    dropped: set[int] = set()
    for parsed in parse_file(text).functions:
        func = parsed.func
        reached = set(cfg.compute(func).rpo)
        for block in func.layout:
            if block not in reached:
                # The block's first line is its heading: the line before its first instruction that names it.
                first = parsed.inst_lines[func.block_insts[block][0]]
                heading = max(i for i in range(first) if re.match(rf"\s*block{block}\b", lines[i]))
                dropped.update(range(heading, parsed.inst_lines[func.block_insts[block][-1]]))
    if dropped:
        yield "\n".join(line for i, line in enumerate(lines) if i not in dropped)
    users = [_DEFINED.sub("", line) for line in lines if not line.startswith(";")]
    used = set(re.findall(r"v\d+", "\n".join(users)))
    unused = [i for i, line in enumerate(lines) if _defines_only_unused(line, used)]
    stores = [i for parsed in parse_file(text).functions for i in _effects(parsed)]
    for chunk in _chunks(sorted({*unused, *stores})):
        gone = set(chunk)
        yield "\n".join(line for i, line in enumerate(lines) if i not in gone)


def _defines_only_unused(line: str, used: set[str]) -> bool:
    match = _DEFINED.match(line)
    return match is not None and not used & set(match[1].split(", "))


def _effects(parsed: ParsedFunction) -> Iterator[int]:
    func = parsed.func
    for block in func.layout:
        for inst in func.block_insts[block]:
            if not func.results[inst] and not opcodes.EFFECTS[func.insts[inst][0]] & opcodes.TERMINATOR:
                yield parsed.inst_lines[inst] - 1


def _constants(text: str) -> Iterator[str]:
    """Constants made 0, 1, or half as long."""
    lines = text.splitlines()
    for i, line in enumerate(lines):
        match = _CONSTANT.match(line)
        if match and match[2] not in ("0", "1"):
            value = int(match[2].replace("_", ""), 0)
            for smaller in (0, 1, value >> 8, value >> 1):
                if smaller != value:
                    yield "\n".join([*lines[:i], match[1] + str(smaller), *lines[i + 1 :]])


def _header(text: str) -> Iterator[str]:
    """Without some of the settings, and of the targets' features."""
    lines = text.splitlines()
    for number, words in parse_file(text).header:
        kept = {"set": 1, "target": 2}.get(words[0], len(words))
        for chunk in _chunks(list(range(kept, len(words)))):
            left = [word for i, word in enumerate(words) if i not in chunk]
            made = [" ".join(left)] if left != ["set"] else []
            yield "\n".join([*lines[: number - 1], *made, *lines[number:]])


_STEPS = (_functions, _comments, _returns, _zeros, _branches, _dead, _merged, _forwarded, _preamble, _constants, _header)
