"""Commands on one .clif file, as clif-util has them.

    run, interpret FILE             do what its run directives say, natively or on the interpreter
    cat FILE                        parse and print
    pass FILE PASS...               the functions after these passes
    print-cfg FILE [--svg]          the control-flow graphs, in DOT or drawn
    compile FILE [--target ISA]     the machine code as a listing: offsets, bytes, instructions, relocations
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Function
    from jitpy.backend.text.parser import ParsedFile


def add(commands: Any) -> None:
    """Declare the commands."""
    for name, text in (("run", "natively"), ("interpret", "on the interpreter")):
        _file(commands, name, f"run the directives of a CLIF file {text}", _directives)
    _file(commands, "cat", "parse a CLIF file and print it", _cat)
    passes = _file(commands, "pass", "print a CLIF file after some passes", _pass)
    passes.add_argument("passes", nargs="+", metavar="PASS", choices=sorted(_PASSES), help=", ".join(sorted(_PASSES)))
    passes.add_argument("--rules", action="store_true", help="say which rules of the mid-end fired, where and how often")
    graph = _file(commands, "print-cfg", "the control-flow graphs of a CLIF file, in DOT", _print_cfg)
    graph.add_argument("--svg", action="store_true", help="draw them (needs Graphviz' dot)")
    graph.add_argument("--code", action="store_true", help="show the instructions of each block")
    compile_ = _file(commands, "compile", "list the machine code of a CLIF file", _compile)
    compile_.add_argument("--opt-level", default="speed", choices=("none", "speed"))
    compile_.add_argument("--target", metavar="ISA", help="x86_64, aarch64, riscv64 or s390x (default: this machine)")
    compile_.add_argument("--cpu", help="a processor of the target, as `python -m jitpy targets` lists them")
    compile_.add_argument("--features", help="features on top, separated by commas, without those with a minus: --features=-c,zba")


def _file(commands: Any, name: str, text: str, run: Callable[[argparse.Namespace], int]) -> Any:
    command = commands.add_parser(name, help=text)
    command.add_argument("file", help="the file, - for standard input")
    command.set_defaults(run=run)
    return command


def read(path: str) -> str:
    """The text of a file, or of standard input for ``-``. Raises CompileError for what is no text."""
    from jitpy.backend.errors import CompileError

    try:
        if path == "-":
            return sys.stdin.read()
        with open(path, encoding="utf-8") as file:
            return file.read()
    except UnicodeDecodeError as error:
        raise CompileError(f"{path}: this is no text: byte {error.start} is not UTF-8") from None


def verified(text: str, path: str) -> list[Function]:
    """The functions of a file's text. Raises ParseError and VerifierError, which show the lines; addresses are i32 or i64."""
    from jitpy.backend.ir.types import INVALID
    from jitpy.excerpt import verify

    file = _parsed(text, path)
    for parsed in file.functions:
        verify(parsed, text, file.path, INVALID)
    return [parsed.func for parsed in file.functions]


def _functions(path: str) -> list[Function]:
    """The functions of a file, which need not keep CLIF's rules."""
    return [parsed.func for parsed in _parsed(read(path), path).functions]


def _parsed(text: str, path: str) -> ParsedFile:
    from jitpy.backend.errors import ParseError
    from jitpy.backend.text.parser import parse_file
    from jitpy.excerpt import explained

    try:
        return parse_file(text, "" if path == "-" else path)
    except ParseError as error:
        raise explained(error, text) from None


def _directives(options: argparse.Namespace) -> int:
    from jitpy.backend.errors import ParseError
    from jitpy.backend.filetests.outcome import FAIL
    from jitpy.backend.filetests.runner import run_text
    from jitpy.excerpt import explained

    text = read(options.file)
    verified(text, options.file)
    try:
        outcomes = run_text(text, options.file, [options.command])
    except ParseError as error:  # of a directive
        raise explained(error, text) from None
    for outcome in outcomes:
        print(outcome)
    if not outcomes:
        print("the file has no '; run:' directives", file=sys.stderr)
    return int(not outcomes or any(outcome.status == FAIL for outcome in outcomes))


def _cat(options: argparse.Namespace) -> int:
    from jitpy.backend.text.printer import print_function

    for function in _functions(options.file):
        print(print_function(function))
    return 0


def _verify(functions: list[Function]) -> None:
    from jitpy.backend.analysis.verifier import verify

    for function in functions:
        verify(function)


def _optimize(functions: list[Function]) -> list[str]:
    """Lines about the rules that fired: for each instruction as it was, then how often each."""
    from jitpy.backend.opt.trace import optimize_tracing
    from jitpy.backend.text.printer import print_instruction

    lines: list[str] = []
    counts: dict[str, int] = {}
    for function in functions:
        before = [print_instruction(function, inst) for inst in range(len(function.insts))]
        trace = optimize_tracing(function)
        for inst, names in trace.by_instruction().items():
            lines.append(f"{function.name}: {before[inst]}: {', '.join(names)}")
        for name, count in trace.counts().items():
            counts[name] = counts.get(name, 0) + count
    return lines + [f"{name}: {count}" for name, count in sorted(counts.items())]


def _phis(functions: list[Function]) -> None:
    from jitpy.backend.analysis.cfg import compute
    from jitpy.backend.opt.phis import remove_constant

    for function in functions:
        remove_constant(function, compute(function))


def _nan(functions: list[Function]) -> None:
    from jitpy.backend.opt.nan import canonicalize

    for function in functions:
        canonicalize(function)


def _inline(functions: list[Function]) -> None:
    from jitpy.backend.opt.inline import inline_module

    inline_module(functions)


#: Name -> what it does to the functions of a file, in place; a pass with rules says which fired.
_PASSES: dict[str, Callable[[list[Function]], list[str] | None]] = {
    "verify": _verify, "inline": _inline, "optimize": _optimize, "constant-phis": _phis, "canonicalize-nan": _nan,
}  # fmt: skip


def _pass(options: argparse.Namespace) -> int:
    from jitpy.backend.text.printer import print_function

    functions = verified(read(options.file), options.file)  # passes rely on it
    said: list[str] = []
    for name in options.passes:
        said += _PASSES[name](functions) or []
    print("\n".join(map(print_function, functions)))
    if options.rules:
        print("".join(f"; {line}\n" for line in said), end="")
    return 0


def _print_cfg(options: argparse.Namespace) -> int:
    from jitpy.backend.text.dot import control_flow_graph

    text = "".join(control_flow_graph(function, code=options.code) for function in _functions(options.file))
    if options.svg:
        try:
            text = subprocess.run(["dot", "-Tsvg"], input=text, capture_output=True, text=True, check=True).stdout
        except FileNotFoundError:
            print("error: drawing needs the program dot of Graphviz (apt-get install graphviz)", file=sys.stderr)
            return 1
    print(text, end="")
    return 0


def _compile(options: argparse.Namespace) -> int:
    from jitpy.backend.isa import host, host_name, listing
    from jitpy.backend.pipeline import compile_module
    from jitpy.backend.settings import Settings
    from jitpy.cross import targets

    if options.target or options.cpu or options.features:
        target = targets.resolve(options.target or host_name(), options.cpu, options.features)
    else:
        target = host()  # with all that this machine has
    module = compile_module(verified(read(options.file), options.file), target, Settings(options.opt_level, enable_verifier=True))
    symbols = {f"%{name}": offset for name, offset in module.symbols.items()}
    found = listing.lines(target.name, module.code, symbols, module.relocs, listing.data_of(module))
    print(listing.text(target.name, found, {}).lstrip("\n"), end="")
    return 0
