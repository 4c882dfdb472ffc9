"""Runs the demo: the same calls through CPython and through jitpy, compared and timed; a table and a picture."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import jitpy
from jitpy.demo import kernels

Call = tuple[str, Callable[..., Any], tuple[Any, ...]]


def calls() -> list[Call]:
    """(title, kernel, arguments) on matplotlib's elevation model and photograph and on seeded data."""
    from matplotlib import cbook
    from PIL import Image

    with np.load(cbook.get_sample_data("jacksboro_fault_dem.npz", asfileobj=False)) as dem:
        elevation = dem["elevation"].astype(np.float64)
    with Image.open(cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)) as photograph:
        colour = np.asarray(photograph.convert("RGB"))
        grey = np.asarray(photograph.convert("L"))
    small = np.ascontiguousarray(grey[::3, ::3])
    pixels = np.ascontiguousarray(colour[::6, ::6].reshape(-1, 3).astype(np.float64))
    rng = np.random.default_rng(1906)
    spot = np.zeros((64, 64))
    spot[20:30, 24:40] = 100.0
    return [
        ("hillshade", kernels.hillshade, (elevation, 30.0, math.radians(315.0), math.radians(45.0))),
        ("blur", kernels.blur, (small, 3)),
        ("edges", kernels.edges, (small,)),
        ("histogram", kernels.histogram, (grey,)),
        ("k-means", kernels.kmeans, (pixels, pixels[:: len(pixels) // 8][:8].copy(), 4)),
        ("Mandelbrot", kernels.mandelbrot, (100, 150, 80)),
        ("n-body", kernels.nbody, (rng.normal(size=(40, 3)), np.zeros((40, 3)), np.ones(40), 10, 0.01)),
        ("heat", kernels.heat, (spot, 40)),
    ]


def same(a: Any, b: Any) -> bool:
    """Equal in type, dtype, shape and value; transcendental functions are within a few ulp of CPython's."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return bool(
            a.dtype == b.dtype and a.shape == b.shape and np.allclose(a, b, rtol=1e-13, atol=1e-13, equal_nan=True)
        )
    if isinstance(a, float):
        return math.isclose(a, b, rel_tol=1e-13)
    return bool(a == b)


def _seconds(function: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[float, Any, tuple[Any, ...]]:
    fresh = copy.deepcopy(arguments)
    start = time.perf_counter()
    result = function(*fresh)
    return time.perf_counter() - start, result, fresh


def measure(function: Callable[..., Any], arguments: tuple[Any, ...]) -> dict[str, Any]:
    """Times one kernel in both engines; "agrees" is False where results or changed arguments differ."""
    slow, expected, expected_arguments = _seconds(function, arguments)
    compiled = jitpy.jit(function)
    first, result, changed = _seconds(compiled, arguments)
    fast = min(_seconds(compiled, arguments)[0] for _ in range(5))
    agrees = same(expected, result) and all(map(same, expected_arguments, changed))
    return {"cpython": slow, "jitpy": fast, "first": first - fast, "agrees": agrees, "result": result, "arguments": changed}


def main(picture: str = "demo.png") -> int:
    """Runs all kernels, prints the table, writes ``picture``; 1 if any kernel disagrees with CPython."""
    from rich.console import Console
    from rich.progress import track
    from rich.table import Table

    console = Console()
    rows: list[tuple[str, dict[str, Any]]] = []
    for title, function, arguments in track(calls(), "running kernels", console=console):
        rows.append((title, measure(function, arguments)))
    table = Table(title="kernels in CPython and compiled by jitpy")
    for heading in ("kernel", "CPython ms", "jitpy ms", "speed-up", "first call ms", "agrees"):
        table.add_column(heading, justify="left" if heading == "kernel" else "right")
    for title, row in rows:
        table.add_row(
            title, f"{row['cpython'] * 1e3:,.1f}", f"{row['jitpy'] * 1e3:,.3f}", f"{row['cpython'] / row['jitpy']:,.0f} x",
            f"{row['first'] * 1e3:.1f}", "yes" if row["agrees"] else "NO",
        )  # fmt: skip
    console.print(table)
    _draw(dict(rows), picture)
    console.print(f"wrote {picture}")
    return 0 if all(row["agrees"] for _, row in rows) else 1


def _draw(rows: dict[str, dict[str, Any]], picture: str) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2, 4, figsize=(16, 8.5), layout="constrained")
    for axis, (title, row) in zip(axes.flat, rows.items()):
        axis.set_title(f"{title}: {row['cpython'] / row['jitpy']:,.0f} x CPython")
        axis.set_axis_off()
        result = row["result"]
        if title == "histogram":
            axis.set_axis_on()
            axis.fill_between(range(256), result, step="mid", color="0.4")
            axis.set_xlabel("grey value")
            axis.set_ylabel("pixels")
        elif title == "k-means":
            centres = row["arguments"][1]
            shape = (-1, _photograph_columns())
            axis.imshow(centres[result].reshape(*shape, 3).astype(np.uint8))
        elif title == "n-body":
            axis.set_axis_on()
            position = row["arguments"][0]
            axis.scatter(position[:, 0], position[:, 1], c=position[:, 2], s=30)
            axis.set_xlabel("x")
            axis.set_ylabel("y")
        else:
            axis.imshow(result, cmap="inferno" if title in ("heat", "Mandelbrot") else "gray")
    figure.savefig(picture, dpi=100)
    pyplot.close(figure)


def _photograph_columns() -> int:
    from matplotlib import cbook
    from PIL import Image

    with Image.open(cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)) as photograph:
        return len(range(0, photograph.width, 6))
