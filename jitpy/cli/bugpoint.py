"""``bugpoint``: make a failing .clif file small.

    python -m jitpy bugpoint FILE [--opt-level none] [-o SMALL.clif]

A file fails when the compiler stops with an internal error on it, or when a run directive gives one result on the interpreter and
another as machine code for the last target line (this machine's, if there is none). What comes out fails in the same way.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any


def add(commands: Any) -> None:
    """Declare the command."""
    command = commands.add_parser("bugpoint", help="make a CLIF file that fails small")
    command.add_argument("file", help="the file, - for standard input")
    command.add_argument("--opt-level", default="speed", choices=("none", "speed"))
    command.add_argument("-o", "--output", metavar="FILE", help="where the small file goes (default: standard output)")
    command.set_defaults(run=_bugpoint)


def _bugpoint(options: argparse.Namespace) -> int:
    from jitpy.backend.errors import ParseError
    from jitpy.backend.filetests.bugpoint import failure, reduce
    from jitpy.cli.clif import read
    from jitpy.excerpt import explained

    text = read(options.file)
    try:
        kind = failure(text, options.opt_level)
    except ParseError as error:
        raise explained(error, text) from None
    if not kind:
        print("error: nothing fails in this file: it compiles, and its run directives agree with the interpreter", file=sys.stderr)
        return 1

    def report(smaller: str) -> None:
        print(f"{kind}: {len(smaller.splitlines())} lines", file=sys.stderr)

    small = reduce(text, lambda candidate: failure(candidate, options.opt_level) == kind, report)
    if options.output:
        with open(options.output, "w", encoding="utf-8") as file:
            file.write(small + "\n")
    else:
        print(small)
    return 0
