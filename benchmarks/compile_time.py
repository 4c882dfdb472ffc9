"""Compile time without Python in front: the baseline setting beside the optimizing one, over CLIF files, against size, and on
inputs made to hurt.

    python -m benchmarks.compile_time [FOLDER ...]      # of .clif files; without one: Cranelift's wasm and isa/x64 tests where
                                                        # $JITPY_CLIF_CORPUS says they are, else our own tests/filetests
    python -m benchmarks.compile_time --extreme         # the last table alone
    python -m benchmarks.compile_time --target riscv64  # the first tables alone, for another target than this machine

Functions are compiled warm (everything once before: templates and rules are made), by both settings in turn, and their time is
the processor's, the best of several, without parsing and without the verifier. The first table is microseconds per instruction
and per function, over all of them and over kinds whose time is mostly fixed cost; then per pass. The next fits log(time) over
log(size). The last compiles each input in a process of its own, so that its peak memory is known; "ordinary" is code of loops
of 1,000 instructions.
"""

from __future__ import annotations

import argparse
import math
import os
import pathlib
import resource
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from jitpy.backend import isa
from jitpy.backend.analysis.verifier import verify
from jitpy.backend.errors import CompileError
from jitpy.backend.ir import opcodes as o
from jitpy.backend.ir.function import Function, signature
from jitpy.backend.ir.types import I64
from jitpy.backend.pipeline import compile_function
from jitpy.backend.settings import Settings
from jitpy.backend.text.parser import parse_functions

from benchmarks import scaling

if TYPE_CHECKING:
    from collections.abc import Callable

    from jitpy.backend.target.target import Target

SETTINGS = {"baseline": Settings("none", "onepass"), "optimizing": Settings("speed", "linear")}
_TURNS = 4  # the first is not counted
_HERE = pathlib.Path(__file__).parent
_SIZES = {"straight": 100_000, "blocks": 350_000, "deep": 2_000, "alive": 20_000, "table": 50_000, "wide table": 50_000}


def corpus(folders: list[str]) -> list[pathlib.Path]:
    """The .clif files of ``folders``; see the module's docstring for none."""
    places = [pathlib.Path(f) for f in folders]
    if not places and "JITPY_CLIF_CORPUS" in os.environ:
        places = [pathlib.Path(os.environ["JITPY_CLIF_CORPUS"]) / part for part in ("wasm", "isa/x64")]
    return [p for place in places or [_HERE.parent / "tests" / "filetests"] for p in sorted(place.rglob("*.clif"))]


class Timed:
    """A function of the corpus: its instructions and blocks, and by setting the least seconds of a compilation, with those of its
    passes."""

    def __init__(self, func: Function) -> None:
        self.size = len(func.insts)
        self.blocks = len(func.layout)
        self.seconds = dict.fromkeys(SETTINGS, math.inf)
        self.passes: dict[str, dict[str, float]] = {name: {} for name in SETTINGS}


def over_files(files: list[pathlib.Path], target: Target) -> list[Timed]:
    """All functions that both settings compile. They are compiled in turn, so that what else the machine does meets both."""
    found: dict[tuple[pathlib.Path, int], Timed] = {}
    refused: set[tuple[pathlib.Path, int]] = set()
    for turn in range(_TURNS):
        for path in files:
            try:
                functions = {name: parse_functions(path.read_text()) for name in SETTINGS}
            except CompileError:
                continue  # tests of the parser
            for name in SETTINGS:
                for k, func in enumerate(functions[name]):
                    if (path, k) in refused:
                        continue
                    timed, own = found.get((path, k)), dict[str, float]()
                    if timed is None:
                        timed = found[path, k] = Timed(func)
                    try:
                        if not turn:
                            verify(func)
                        start = time.process_time()
                        compile_function(func, target, SETTINGS[name], own)
                        spent = time.process_time() - start
                    except CompileError:
                        refused.add((path, k))  # what this machine cannot have, and tests of the verifier
                        continue
                    if turn and spent < timed.seconds[name]:
                        timed.seconds[name], timed.passes[name] = spent, own
    return [timed for at, timed in found.items() if at not in refused]


#: Kinds of functions, each a row: what is asked for is a ratio of 3 in all of them.
KINDS: dict[str, Callable[[Timed], bool]] = {
    "all": lambda f: True,
    "fewer than 20 instructions": lambda f: f.size < 20,
    "20 to 200": lambda f: 20 <= f.size <= 200,
    "more": lambda f: f.size > 200,
    "blocks of 8 or fewer": lambda f: f.blocks >= 4 and f.size <= 8 * f.blocks,
    "the long way": lambda f: "lower" in f.passes["baseline"],
}


def against_size(settings: Settings, largest: int) -> dict[str, tuple[float, float]]:
    """Per shape: microseconds per instruction at the largest size, and the slope."""
    found = {}
    for name, shape in scaling.SHAPES.items():
        rows = [scaling.measure(shape, size, isa.host(), settings) for size in scaling.SIZES if size <= largest]
        count, times = rows[-1]
        found[name] = 1e6 * times["total"] / count, scaling.slope([(n, t["total"]) for n, t in rows])
    return found


def table(size: int) -> Function:
    """A table of as many ways, each with a block of its own."""
    func = Function("f", signature([I64], [I64]))
    entry = func.block()
    x = func.param(entry, I64)
    ways = [func.block() for _ in range(size)]
    join = func.block()
    index = func.value(entry, (o.IREDUCE, 3, None, x), 3)
    func.append(entry, (o.BR_TABLE, 3, tuple((b, 0) for b in ways), index))
    for k, b in enumerate(ways):
        func.append(b, (o.JUMP, 0, ((join, 1),), func.value(b, (o.ICONST, I64, k), I64)))
    func.append(join, (o.RETURN, 0, None, func.param(join, I64)))
    return func


def wide_table(size: int) -> Function:
    """A table of as many ways that all lead to a few blocks: its entries are the instructions."""
    func = Function("f", signature([I64], [I64]))
    entry = func.block()
    x = func.param(entry, I64)
    ways = [func.block() for _ in range(10)]
    index = func.value(entry, (o.IREDUCE, 3, None, x), 3)
    func.append(entry, (o.BR_TABLE, 3, tuple((ways[k % 10], 0) for k in range(size)), index))
    for k, b in enumerate(ways):
        func.append(b, (o.RETURN, 0, None, func.value(b, (o.ICONST, I64, k), I64)))
    return func


EXTREMES: dict[str, Callable[[int], Function]] = {**scaling.SHAPES, "table": table, "wide table": wide_table}


def one(name: str, size: int, setting: str) -> None:
    """Compile one function; print its units, seconds and the growth of the process in megabytes."""
    target, settings = isa.host(), SETTINGS[setting]
    for _ in range(3):
        compile_function(scaling.loops(1_000), target, settings)
    func = EXTREMES[name](size)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    compile_function(func, target, settings)
    spent = time.process_time() - start
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(max(len(func.insts), size if "table" in name else 0), spent, grown / 1024)


def extremes() -> list[tuple[str, str, int, float, float]]:
    """(input, setting, instructions or table entries, us for each, megabytes), first ordinary code."""
    found = []
    for name, size in (("loops", 1_000), *_SIZES.items()):
        for setting in SETTINGS:
            command = [sys.executable, "-m", "benchmarks.compile_time", "--one", name, str(size), setting]
            out = subprocess.run(command, capture_output=True, text=True, check=True, cwd=_HERE.parent).stdout.split()
            found.append((name, setting, int(out[0]), 1e6 * float(out[1]) / int(out[0]), float(out[2])))
    return found


def report_files(files: list[pathlib.Path], target: Target, console: Any) -> dict[str, Any]:
    """Measure and print what it takes to compile the functions of ``files``; the figures."""
    from rich.table import Table

    figures: dict[str, Any] = {"files": len(files), "functions": {}, "passes": {}}
    functions = over_files(files, target)
    table = Table(title=f"compile time over {len(files)} .clif files, us")
    each = [f"{name}, {of}" for name in SETTINGS for of in ("each", "a function")]
    for heading in ("functions", "number", "instructions", *each, "ratio"):
        table.add_column(heading, justify="left" if heading == "functions" else "right")
    for kind, belongs in KINDS.items():
        chosen = [f for f in functions if belongs(f)]
        if not chosen:
            continue
        count = sum([f.size for f in chosen])
        spent = [1e6 * sum([f.seconds[name] for f in chosen]) for name in SETTINGS]
        ratio = spent[1] / spent[0]
        figures["functions"][kind] = {"functions": len(chosen), "instructions": count, "us": spent, "ratio": ratio}
        cells = [cell for us in spent for cell in (f"{us / count:.2f}", f"{us / len(chosen):.0f}")]
        table.add_row(kind, f"{len(chosen):,}", f"{count:,}", *cells, f"{ratio:.2f}")
    console.print(table)
    count = sum([f.size for f in functions])
    table = Table(title="passes, us per instruction")
    table.add_column("setting")
    table.add_column("passes")
    for name in SETTINGS:
        passes: dict[str, float] = {}
        for f in functions:
            for step, seconds in f.passes[name].items():
                passes[step] = passes.get(step, 0.0) + 1e6 * seconds / count
        figures["passes"][name] = passes
        table.add_row(name, "  ".join([f"{step} {us:.2f}" for step, us in passes.items()]))
    console.print(table)
    return figures


def report(folders: list[str], largest: int, console: Any) -> dict[str, Any]:
    """Measure and print everything; the figures."""
    from rich.table import Table

    figures = report_files(corpus(folders), isa.host(), console)
    sizes = {name: against_size(settings, largest) for name, settings in SETTINGS.items()}
    figures["sizes"] = sizes
    table = Table(title=f"against size, up to {largest:,} instructions: us per instruction (slope)")
    for heading in ("shape", *SETTINGS, "ratio"):
        table.add_column(heading, justify="left" if heading == "shape" else "right")
    for shape in scaling.SHAPES:
        cells = [sizes[name][shape] for name in SETTINGS]
        table.add_row(shape, *[f"{us:.2f} ({slope:.2f})" for us, slope in cells], f"{cells[1][0] / cells[0][0]:.2f}")
    console.print(table)
    return {**figures, "extremes": report_extremes(console)}


def report_extremes(console: Any) -> list[tuple[str, str, int, float, float]]:
    """Measure and print the inputs made to hurt."""
    from rich.table import Table

    rows = extremes()
    ordinary = {setting: us for name, setting, _, us, _ in rows if name == "loops"}
    table = Table(title="inputs made to hurt")
    for heading in ("input", "setting", "instructions", "us for each", "of ordinary", "MB", "bytes for each"):
        table.add_column(heading, justify="left" if heading in ("input", "setting") else "right")
    for name, setting, count, us, size in rows:
        multiple = f"{us / ordinary[setting]:.2f}"
        table.add_row(name, setting, f"{count:,}", f"{us:.2f}", multiple, f"{size:.0f}", f"{size * 2**20 / count:.0f}")
    console.print(table)
    return rows


def main() -> None:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compile_time", description="baseline beside optimizing")
    parser.add_argument("folders", nargs="*", help="folders of .clif files")
    parser.add_argument("--largest", type=int, default=30_000, help="instructions of the largest generated function")
    parser.add_argument("--extreme", action="store_true", help="only the inputs made to hurt")
    parser.add_argument("--target", metavar="NAME", help="only over files, for this target")
    parser.add_argument("--one", nargs=3, metavar=("INPUT", "SIZE", "SETTING"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        one(options.one[0], int(options.one[1]), options.one[2])
        return
    from rich.console import Console

    console = Console(width=170)
    if options.extreme:
        report_extremes(console)
    elif options.target:
        report_files(corpus(options.folders), isa.lookup(options.target), console)
    else:
        report(options.folders, options.largest, console)


if __name__ == "__main__":
    main()
