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

from jitpy.backend.errors import CompileError

if TYPE_CHECKING:
    from collections.abc import Sequence


def add(commands: Any) -> None:
    """Declare the commands."""
    cross = commands.add_parser("cross", help="compile the functions of a Python file that have signatures for other machines")
    cross.add_argument("file", help="a Python file with functions decorated with a signature: @njit('float64(float64[::1])')")
    targets_ = "x86_64, aarch64, riscv64, s390x; may be repeated"
    cross.add_argument("--target", action="append", required=True, metavar="ISA", help=targets_)
    cross.add_argument("--cpu", help="a processor, as `python -m jitpy targets` lists them")
    cross.add_argument("--features", help="features on top, separated by commas, without those with a minus: --features=-c,zba")
    cross.add_argument("--name", help="of the files (default: that of the Python file)")
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
    name = options.name or os.path.splitext(os.path.basename(options.file))[0]
    for target in dict.fromkeys(map(targets.canonical, options.target)):
        done = cross.compile(functions, target=target, cpu=options.cpu, features=options.features, name=name, prefix=options.prefix)
        paths = done.write(os.path.join(options.output, target))
        print(f"{done.description}: {', '.join(k.name for k in done.kernels)}; needs {', '.join(done.undefined) or 'nothing'}")
        for path in paths:
            print(f"  {path}  {os.path.getsize(path)} bytes")
    return 0


def functions_of(path: str) -> Sequence[Any]:
    """The functions of a Python file that were jitted with a signature, in the order of their lines.

    Raises CompileError where the file does not run, with its own part of the traceback, or has no such function."""
    namespace = _run(path)
    own = os.path.abspath(path)
    found: dict[int, Any] = {}
    without = {}
    for value in namespace.values():
        function = getattr(value, "py_func", None)
        if function is None or os.path.abspath(function.__code__.co_filename) != own:
            continue
        if getattr(value, "_patterns", None) or hasattr(value, "native_name"):  # jitted with a signature, a C callback
            found[id(value)] = value
        else:
            without[function.__name__] = function.__code__.co_firstlineno
    if not found:
        which = "".join(f"; {name} in line {line} has none" for name, line in without.items())
        raise CompileError(f"{path} has no function with a signature, as @njit('float64(float64[::1])') gives it{which}")
    return sorted(found.values(), key=lambda f: f.py_func.__code__.co_firstlineno)


def _run(path: str) -> dict[str, Any]:
    """The names that a Python file defines."""
    if os.path.isdir(path):
        raise CompileError(f"{path} is a folder: name one Python file")
    with open(path, "rb"):
        pass  # an error here is one of the file's name
    folder = os.path.dirname(os.path.abspath(path))
    sys.path.insert(0, folder)
    try:
        return runpy.run_path(path)
    except CompileError:
        raise
    except SystemExit as stopped:
        raise CompileError(f"{path} ends the program (SystemExit: {stopped}) before its functions can be compiled") from None
    except Exception as error:
        import traceback

        shown = traceback.TracebackException.from_exception(error)
        files = [frame.filename for frame in shown.stack]
        shown.stack[:] = shown.stack[files.index(path) if path in files else len(files) :]  # without what ran the file
        text = "".join([*shown.stack.format(), *shown.format_exception_only()])
        raise CompileError(f"{path} does not run:\n{text.rstrip()}") from None
    finally:
        sys.path.remove(folder)


def _targets(options: argparse.Namespace) -> int:
    from jitpy.cross import targets

    print(targets.listing(options.target), end="")
    return 0
