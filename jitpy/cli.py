"""The command line.

    python -m jitpy demo [--picture FILE]         kernels on real data beside CPython
    python -m jitpy test PATH...                  run .clif tests
    python -m jitpy compile FILE.clif             the machine code of a CLIF file, disassembled
    python -m jitpy opt FILE.clif                 a CLIF file after the mid-end
    python -m jitpy targets                       the targets and the features of this machine
"""

from __future__ import annotations

import argparse
import sys


def main(arguments: list[str] | None = None) -> int:
    """Run a command; its exit status. A compile error is printed, not raised."""
    parser = argparse.ArgumentParser(prog="python -m jitpy", description="a numeric JIT for Python, built like Cranelift")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    demo = commands.add_parser("demo", help="compile kernels, run them on real data beside CPython, draw the results")
    demo.add_argument("--picture", default="demo.png", help="where the picture goes (default: demo.png)")
    test = commands.add_parser("test", help="run .clif tests")
    test.add_argument("paths", nargs="+", metavar="PATH", help="files or folders")
    for name, text in (("compile", "disassemble the machine code of"), ("opt", "print, optimized,")):
        command = commands.add_parser(name, help=f"{text} a CLIF file")
        command.add_argument("file", help="the file, - for standard input")
        command.add_argument("--opt-level", default="speed", choices=("none", "speed"))
    commands.add_parser("targets", help="list the targets and this machine's features")
    options = parser.parse_args(arguments)

    from jitpy.backend.errors import CompileError

    try:
        return int(_COMMANDS[options.command](options))
    except CompileError as error:
        print(f"error: {error}", file=sys.stderr)
    except OSError as error:
        print(f"error: {error.filename}: {error.strerror}", file=sys.stderr)
    return 1


def _demo(options: argparse.Namespace) -> int:
    try:
        import matplotlib  # noqa: F401
        import PIL  # noqa: F401
        import rich  # noqa: F401
    except ImportError as missing:
        print(f"error: the demo needs {missing.name}: pip install 'jitpy[demo]'", file=sys.stderr)
        return 1
    from jitpy.demo.run import main as run

    return run(options.picture)


def _test(options: argparse.Namespace) -> int:
    from jitpy.backend.filetests.__main__ import main as run

    return run(options.paths)


def _read(path: str) -> str:
    if path == "-":
        return sys.stdin.read()
    with open(path, encoding="utf-8") as file:
        return file.read()


def _opt(options: argparse.Namespace) -> int:
    from jitpy.backend.analysis.verifier import verify
    from jitpy.backend.opt import optimize
    from jitpy.backend.text.parser import parse_functions
    from jitpy.backend.text.printer import print_function

    for function in parse_functions(_read(options.file)):
        verify(function)
        if options.opt_level != "none":
            optimize(function)
        print(print_function(function))
    return 0


def _compile(options: argparse.Namespace) -> int:
    try:
        import capstone
    except ImportError:
        print("error: disassembly needs capstone: pip install 'jitpy[disasm]'", file=sys.stderr)
        return 1
    from jitpy.backend.isa import host
    from jitpy.backend.pipeline import compile_module
    from jitpy.backend.settings import Settings
    from jitpy.backend.text.parser import parse_functions

    module = compile_module(
        parse_functions(_read(options.file)), host(), Settings(options.opt_level, enable_verifier=True)
    )
    names = {offset: name for name, offset in module.symbols.items()}
    decoder = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    for instruction in decoder.disasm(module.code, 0):
        if instruction.address in names:
            print(f"%{names[instruction.address]}:")
        print(f"  {instruction.address:5x}  {instruction.mnemonic} {instruction.op_str}".rstrip())
    return 0


def _targets(options: argparse.Namespace) -> int:
    from jitpy.backend.isa import host

    target = host()
    print(f"{target.name}: this machine, with {', '.join(sorted(f for f, on in target.features.items() if on))}")
    return 0


_COMMANDS = {"demo": _demo, "test": _test, "compile": _compile, "opt": _opt, "targets": _targets}
