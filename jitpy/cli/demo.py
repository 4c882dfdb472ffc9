"""``demo``: compile kernels, run them on real data beside CPython, draw the results."""

from __future__ import annotations

import argparse
import sys
from typing import Any


def add(commands: Any) -> None:
    """Declare the command."""
    demo = commands.add_parser("demo", help="compile kernels, run them on real data beside CPython, draw the results")
    demo.add_argument("--picture", default="demo.png", help="where the picture goes (default: demo.png)")
    demo.set_defaults(run=_demo)


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
