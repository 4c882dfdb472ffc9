"""``make bench``: every kernel in jitpy, Numba and CPython, in one process; ratios, JSON, a plot.

    python -m benchmarks [--kernels NAME,...] [--json FILE] [--quick] [--clif FOLDER]

First calls are timed cold (the best of three, each of a fresh dispatcher on a fresh function object, so that nothing but the shared
wrappers and libraries is warm) and steady run time as the best of several on fresh arguments. Bounds checks are on in jitpy; Numba
runs with its defaults.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import sys

from benchmarks import compile_time, report, startup
from benchmarks.calls import call_overhead
from benchmarks.kernels import KERNELS
from benchmarks.measure import measure_kernel


def main() -> int:
    """Run the benchmark; 0 when every kernel agreed with CPython."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="jitpy beside Numba and CPython")
    parser.add_argument("--kernels", default="", help="only these, separated by commas")
    parser.add_argument("--json", default="benchmarks/results/bench.json", help="where the figures go")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, no fresh processes")
    parser.add_argument("--clif", nargs="*", default=[], help="folders of .clif files for the table of compile times")
    options = parser.parse_args()
    wanted = set(filter(None, options.kernels.split(",")))
    chosen = [k for k in KERNELS if not wanted or k[1].__name__ in wanted]
    if not chosen:
        parser.error(f"no kernel is called {options.kernels}; there are {', '.join(k[1].__name__ for k in KERNELS)}")

    from rich.console import Console
    from rich.progress import track

    console = Console()
    if not console.is_terminal:
        console = Console(width=170)  # a file or a pipe has room for the whole table
    rows = [
        measure_kernel(theme, function, arguments, repeats=3 if options.quick else 7, cold=1 if options.quick else 3)
        for theme, function, arguments in track(chosen, "kernels", console=console)
    ]
    figures = {
        "kernels": rows,
        "calls": call_overhead(),
        "startup": {} if options.quick else startup.measure(),
        "python": sys.version,
    }
    target = pathlib.Path(options.json)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(figures, indent=1))
    report.show(console, figures)
    if not options.quick and not wanted:
        figures["compile_time"] = compile_time.report(options.clif, 10_000, console)
        target.write_text(json.dumps(figures, indent=1))
    report.plot(figures, target.with_suffix(".png"))
    console.print(f"wrote {target} and {target.with_suffix('.png')}")
    return 0 if all(r["agrees"] for r in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
