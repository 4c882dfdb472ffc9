"""``bugpoint``: make a failing .clif file small.

    python -m jitpy bugpoint FILE [-o SMALL.clif]

A file fails when the compiler stops with an internal error on it, or when a run directive gives one result on the interpreter and
another as machine code: as `test` makes it, by the file's ``set`` lines, for the last target line (this machine, if there is none).
What comes out fails in the same way.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

NOTHING = """\
error: nothing fails in this file: it compiles, and its run directives agree with the interpreter
    it is compiled as its header says; lines such as 'set opt_level=speed' and 'target aarch64' ask for something else\
"""


def add(commands: Any) -> None:
    """Declare the command."""
    command = commands.add_parser("bugpoint", help="make a CLIF file that fails small")
    command.add_argument("file", help="the file, - for standard input")
    command.add_argument("-o", "--output", metavar="FILE", help="where the small file goes (default: standard output)")
    command.set_defaults(run=_bugpoint)


def _bugpoint(options: argparse.Namespace) -> int:
    from jitpy.backend.errors import ParseError
    from jitpy.backend.filetests.bugpoint import failure, reduce
    from jitpy.cli.clif import read, verified
    from jitpy.excerpt import explained

    text = read(options.file)
    verified(text, options.file)
    try:
        kind = failure(text)
    except ParseError as error:  # of a directive
        raise explained(error, text) from None
    if not kind:
        print(NOTHING, file=sys.stderr)
        return 1

    def report(smaller: str) -> None:
        print(f"{kind}: {len(smaller.splitlines())} lines", file=sys.stderr)

    small = reduce(text, lambda candidate: failure(candidate) == kind, report)
    if options.output:
        with open(options.output, "w", encoding="utf-8") as file:
            file.write(small + "\n")
    else:
        print(small)
    return 0
