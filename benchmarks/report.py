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
    console.print(calls)
    for module, s in figures["startup"].items():
        console.print(
            f"fresh process, {module}: import {s['import'] * 1e3:.0f} ms, import and first kernel {s['total'] * 1e3:.0f} ms, "
            f"peak {s['peak']:.0f} MiB"
        )
    if figures["startup"]:
        ours, theirs = figures["startup"]["jitpy"], figures["startup"]["numba"]
        console.print(f"import plus first kernel: {ours['total'] / theirs['total']:.3f} of Numba's")


def plot(figures: dict[str, Any], path: pathlib.Path) -> None:
    """Bars of the two ratios per kernel, on a logarithmic axis."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = [r for r in figures["kernels"] if "error" not in r["jitpy"] and "error" not in r.get("numba", {"error": 1})]
    names = [r["name"] for r in rows]
    figure, axes = pyplot.subplots(1, 2, figsize=(13, 0.26 * len(rows) + 1.6), layout="constrained", sharey=True)
    for axis, key, title in zip(axes, ("first", "run"), ("first call", "run time")):
        ratios = [r["jitpy"][key] / r["numba"][key] for r in rows]
        axis.barh(names, ratios, color=["tab:blue" if q <= 1 else "tab:orange" for q in ratios])
        axis.axvline(1.0, color="black", linewidth=0.8)
        axis.set_xscale("log")
        axis.set_title(f"{title}: jitpy / Numba (geometric mean {geometric_mean(ratios):.3g})")
        axis.set_xlabel("below 1 is better")
    axes[0].invert_yaxis()
    figure.savefig(path, dpi=100)
    pyplot.close(figure)
