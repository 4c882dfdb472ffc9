"""The figures as tables and as a plot."""

from __future__ import annotations

import pathlib
from typing import Any

from benchmarks.measure import geometric_mean


def show(console: Any, figures: dict[str, Any]) -> None:
    """Print the tables: kernels with ratios to Numba and their geometric means, calls, fresh processes."""
    from rich.table import Table

    table = Table(title="kernels (ratios: jitpy / Numba, below 1 is better)")
    for heading in (
        "theme", "kernel", "first call ms", "front", "back", "install", "us/CLIF", "Numba ms", "first ratio", "run us", "Numba us",
        "run ratio", "CPython ratio", "agrees",
    ):  # fmt: skip
        table.add_column(heading, justify="left" if heading in ("theme", "kernel") else "right")
    first_ratios, run_ratios, speedups = [], [], []
    for row in figures["kernels"]:
        ours, theirs = row["jitpy"], row.get("numba", {})
        if "error" in ours:
            table.add_row(row["theme"], row["name"], ours["error"][:60])
            continue
        first_ratio = run_ratio = None
        if "error" not in theirs:
            first_ratio = ours["first"] / theirs["first"]
            run_ratio = ours["run"] / theirs["run"]
            first_ratios.append(first_ratio)
            run_ratios.append(run_ratio)
        speedups.append(row["cpython"] / ours["run"])
        table.add_row(
            row["theme"], row["name"], f"{ours['first'] * 1e3:.1f}",
            f"{ours['frontend'] * 1e3:.1f}", f"{ours['backend'] * 1e3:.1f}", f"{ours['install'] * 1e3:.1f}",
            f"{ours['us_per_clif']:.0f}",
            f"{theirs['first'] * 1e3:.0f}" if first_ratio else "-", f"{first_ratio:.3f}" if first_ratio else "-",
            f"{ours['run'] * 1e6:.1f}", f"{theirs['run'] * 1e6:.1f}" if run_ratio else "-",
            f"{run_ratio:.2f}" if run_ratio else "-", f"{row['cpython'] / ours['run']:.0f}", "yes" if row["agrees"] else "NO",
        )  # fmt: skip
    _add_means(table, figures["kernels"])
    console.print(table)
    console.print(
        f"geometric means over {len(run_ratios)} kernels: first call {geometric_mean(first_ratios):.3f}, "
        f"run time {geometric_mean(run_ratios):.2f} of Numba's; {geometric_mean(speedups):.0f} times CPython"
    )
    calls = Table(title="a call, ns")
    for heading in ("kind", "CPython", "jitpy", "Numba", "ratio"):
        calls.add_column(heading, justify="left" if heading == "kind" else "right")
    for row in figures["calls"]:
        calls.add_row(
            row["kind"], f"{row['cpython']:.0f}", f"{row['jitpy']:.0f}", f"{row['numba']:.0f}",
            f"{row['jitpy'] / row['numba']:.2f}",
        )  # fmt: skip
    ratios = [row["jitpy"] / row["numba"] for row in figures["calls"]]
    calls.add_section()
    calls.add_row("geometric mean", *[
        f"{geometric_mean([row[engine] for row in figures['calls']]):.0f}" for engine in ("cpython", "jitpy", "numba")
    ], f"{geometric_mean(ratios):.2f}")  # fmt: skip
    console.print(calls)
    for module, s in figures["startup"].items():
        console.print(
            f"fresh process, {module}: import {s['import'] * 1e3:.0f} ms, import and first kernel {s['total'] * 1e3:.0f} ms, "
            f"peak {s['peak']:.0f} MiB"
        )
    if figures["startup"]:
        ours, theirs = figures["startup"]["jitpy"], figures["startup"]["numba"]
        console.print(f"import plus first kernel: {ours['total'] / theirs['total']:.3f} of Numba's")


def _add_means(table: Any, kernels: list[dict[str, Any]]) -> None:
    """The last row: geometric means of the columns, over the kernels that both compilers ran."""
    both = [r for r in kernels if "error" not in r["jitpy"] and "error" not in r.get("numba", {"error": 1})]

    def mean(value: Any, scale: float, digits: int) -> str:
        return f"{geometric_mean([max(value(r), 1e-9) for r in both]) * scale:.{digits}f}"

    def ours(key: str, scale: float, digits: int) -> str:
        return mean(lambda r: r["jitpy"][key], scale, digits)

    def theirs(key: str, scale: float, digits: int) -> str:
        return mean(lambda r: r["numba"][key], scale, digits)

    table.add_section()
    table.add_row(
        "", "geometric mean", ours("first", 1e3, 1), ours("frontend", 1e3, 1), ours("backend", 1e3, 1), ours("install", 1e3, 1),
        ours("us_per_clif", 1, 0), theirs("first", 1e3, 0), mean(lambda r: r["jitpy"]["first"] / r["numba"]["first"], 1, 3),
        ours("run", 1e6, 1), theirs("run", 1e6, 1), mean(lambda r: r["jitpy"]["run"] / r["numba"]["run"], 1, 2),
        mean(lambda r: r["cpython"] / r["jitpy"]["run"], 1, 0), f"{sum(r['agrees'] for r in kernels)} of {len(kernels)}",
    )  # fmt: skip


def plot(figures: dict[str, Any], path: pathlib.Path) -> None:
    """Per kernel: both ratios as bars from 1, on logarithmic axes, and where the time of jitpy's first call goes."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = [r for r in figures["kernels"] if "error" not in r["jitpy"] and "error" not in r.get("numba", {"error": 1})]
    names = [r["name"] for r in rows]
    figure, axes = pyplot.subplots(1, 3, figsize=(16, 0.26 * len(rows) + 1.6), layout="constrained", sharey=True)
    for axis, key, title in zip(axes, ("first", "run"), ("first call", "run time")):
        ratios = [r["jitpy"][key] / r["numba"][key] for r in rows]
        colors = ["tab:blue" if q <= 1 else "tab:orange" for q in ratios]
        axis.barh(names, [q - 1 for q in ratios], left=1.0, color=colors)  # in front of 1: faster
        axis.axvline(1.0, color="black", linewidth=0.8)
        axis.set_xscale("log")
        axis.set_xlim(min([*ratios, 0.5]) * 0.8, max([*ratios, 2.0]) * 1.25)
        axis.set_title(f"{title}: jitpy / Numba (geometric mean {geometric_mean(ratios):.2g})")
        axis.set_xlabel("below 1 is better")
    left = [0.0] * len(rows)
    for key in ("frontend", "backend", "install"):
        widths = [r["jitpy"][key] * 1e3 for r in rows]
        axes[2].barh(names, widths, left=left, label=key)
        left = [x + w for x, w in zip(left, widths)]
    axes[2].set_title("jitpy's first call")
    axes[2].set_xlabel("ms")
    axes[2].legend()
    axes[0].invert_yaxis()
    figure.savefig(path, dpi=100)
    pyplot.close(figure)
