"""Kernels for boards.

    cross FILE --target ISA ... [-o FOLDER]     every function of a Python file that has a signature, as object files with C headers
    targets [ISA]                               what can be compiled for: targets, processors, features
"""

from __future__ import annotations

import argparse
import os
import runpy
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


def add(commands: Any) -> None:
    """Declare the commands."""
    cross = commands.add_parser("cross", help="compile the functions of a Python file that have signatures for other machines")
    cross.add_argument("file", help="a Python file with functions decorated with a signature: @njit('float64(float64[::1])')")
    targets_ = "x86_64, aarch64, riscv64, s390x; may be repeated"
    cross.add_argument("--target", action="append", required=True, metavar="ISA", help=targets_)
    cross.add_argument("--cpu", help="a processor, as `python -m jitpy targets` lists them")
    cross.add_argument("--features", help="features on top, separated by commas: zba,zbb,-c")
    cross.add_argument("--prefix", default="", help="put in front of all names in C")
    cross.add_argument("-o", "--output", default="build", metavar="FOLDER", help="gets a folder per target (default: build)")
    cross.set_defaults(run=_cross)
    targets = commands.add_parser("targets", help="list targets, processors and features, with a line on each")
    targets.add_argument("target", nargs="?", metavar="ISA", help="this one only")
    targets.set_defaults(run=_targets)


def _cross(options: argparse.Namespace) -> int:
    from jitpy import cross
    from jitpy.cross import targets

    for target in options.target:  # before the file runs
        targets.resolve(target, options.cpu, options.features)
    functions = functions_of(options.file)
    if not functions:
        print(f"error: {options.file} has no function with a signature: @njit('float64(float64[::1])')", file=sys.stderr)
        return 1
    name = os.path.splitext(os.path.basename(options.file))[0]
    for target in dict.fromkeys(map(targets.canonical, options.target)):
        done = cross.compile(functions, target=target, cpu=options.cpu, features=options.features, name=name, prefix=options.prefix)
        print(f"{done.description}: {', '.join(k.name for k in done.kernels)}; needs {', '.join(done.undefined) or 'nothing'}")
        for path in done.write(os.path.join(options.output, target)):
            print(f"  {path}  {os.path.getsize(path)} bytes")
    return 0


def functions_of(path: str) -> Sequence[Any]:
    """The functions of a Python file that were jitted with a signature, in the order of their lines."""
    folder = os.path.dirname(os.path.abspath(path))
    sys.path.insert(0, folder)
    try:
        namespace = runpy.run_path(path)
    finally:
        sys.path.remove(folder)
    own = os.path.abspath(path)
    found: dict[int, Any] = {}
    for value in namespace.values():
        if getattr(value, "_patterns", None) and os.path.abspath(value.py_func.__code__.co_filename) == own:
            found[id(value)] = value
    return sorted(found.values(), key=lambda f: f.py_func.__code__.co_firstlineno)


def _targets(options: argparse.Namespace) -> int:
    from jitpy.cross import targets

    print(targets.listing(options.target), end="")
    return 0
