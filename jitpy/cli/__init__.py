"""The command line. One module per group of commands; each has ``add(commands)``, which declares its parsers, and is imported
only to do so: what a command needs beyond the standard library it imports when it runs.

    demo        kernels on real data beside CPython
    test        run .clif tests
    run, interpret, cat, print-cfg, compile, pass       one .clif file, as clif-util does
    bugpoint    make a failing .clif file small
    cross       the functions of a Python file as object files for boards
    targets     targets, processors, features
"""

from __future__ import annotations

import argparse
import sys


def main(arguments: list[str] | None = None) -> int:
    """Run a command; its exit status. A compile error is printed, not raised."""
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


def _run(arguments: list[str] | None) -> int:
    from jitpy.backend.errors import CompileError
    from jitpy.cli import bugpoint, clif, cross, demo, test

    parser = argparse.ArgumentParser(prog="python -m jitpy", description="a numeric JIT for Python, built like Cranelift")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for group in (demo, test, clif, cross, bugpoint):
        group.add(commands)
    options = parser.parse_args(arguments)
    try:
        return int(options.run(options))
    except CompileError as error:
        print(f"error: {error}", file=sys.stderr)
    except ModuleNotFoundError as error:
        extra = {"rich": "cli"}.get(error.name or "")
        if extra is None:
            raise
        print(f"error: this needs {error.name}: pip install 'jitpy[{extra}]'", file=sys.stderr)
    except BrokenPipeError:
        sys.stderr.close()
    except OSError as error:
        print(f"error: {error.filename}: {error.strerror}", file=sys.stderr)
    return 1
