"""``make profile``: microseconds per CLIF instruction per pass, over the kernels of the benchmark.

    python -m benchmarks.profile [KERNEL ...]
"""

from __future__ import annotations

import sys
import time
from typing import Any


def profile(names: list[str]) -> list[tuple[str, int, dict[str, float]]]:
    """(kernel, CLIF instructions, seconds per pass), each the best of three warm compilations."""
    from jitpy.backend.isa import host
    from jitpy.backend.pipeline import compile_function
    from jitpy.backend.settings import Settings
    from jitpy.frontend.pipeline import compile_kernel

    from benchmarks.kernels import KERNELS
    from benchmarks.measure import fresh_copy
    from jitpy.arguments import typeof

    target, settings = host(), Settings()
    found = []
    for _, function, make in KERNELS:
        if names and function.__name__ not in names:
            continue
        types = tuple(typeof(a) for a in make())
        best: dict[str, float] = {}
        count = 0
        for _ in range(4):
            start = time.perf_counter()
            module = compile_kernel(fresh_copy(function), types, {})
            times: dict[str, float] = {"frontend": time.perf_counter() - start}
            count = sum(len(f.insts) for f in module.functions)
            for f in module.functions:
                compile_function(f, target, settings, times)
            for key, seconds in times.items():
                best[key] = min(best.get(key, seconds), seconds)
        found.append((function.__name__, count, best))
    return found


def main() -> None:
    """Print the table."""
    from rich.console import Console
    from rich.table import Table

    rows = profile(sys.argv[1:])
    passes = list(rows[0][2])
    table = Table(title="compile time, us per CLIF instruction")
    table.add_column("kernel")
    for heading in ("CLIF", *passes, "total"):
        table.add_column(heading, justify="right")

    def cells(count: int, times: dict[str, float]) -> list[Any]:
        each = [1e6 * times.get(p, 0.0) / count for p in passes]
        return [str(count), *(f"{x:.1f}" for x in each), f"{sum(each):.1f}"]

    for name, count, times in rows:
        table.add_row(name, *cells(count, times))
    total = {p: sum(r[2].get(p, 0.0) for r in rows) for p in passes}
    table.add_section()
    table.add_row("all", *cells(sum(r[1] for r in rows), total))
    Console().print(table)


if __name__ == "__main__":
    main()
