"""One kernel: first call, run time, agreement, in every engine."""

from __future__ import annotations

import math
import resource
import time
import types
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

Function = Callable[..., Any]


def fresh_copy(function: types.FunctionType) -> types.FunctionType:
    """The same function as a new object, which calls itself where the original does."""
    namespace = dict(function.__globals__)
    copy = types.FunctionType(function.__code__, namespace, function.__name__, function.__defaults__, function.__closure__)
    copy.__module__ = function.__module__
    namespace[function.__name__] = copy
    return copy


def jitpy_engine(function: types.FunctionType) -> Function:
    """The function under ``jitpy.jit``."""
    import jitpy

    copy = fresh_copy(function)
    compiled: Function = jitpy.jit(copy)
    copy.__globals__[function.__name__] = compiled
    return compiled


def numba_engine(function: types.FunctionType) -> Function:
    """The function under ``numba.njit`` with its defaults."""
    import numba

    copy = fresh_copy(function)
    compiled: Function = numba.njit(copy)
    copy.__globals__[function.__name__] = compiled
    return compiled


ENGINES = {"jitpy": jitpy_engine, "numba": numba_engine}


def timed(function: Function, arguments: tuple[Any, ...]) -> tuple[float, Any]:
    """Seconds and result of one call."""
    start = time.perf_counter()
    result = function(*arguments)
    return time.perf_counter() - start, result


def steady(function: Function, make: Callable[[], tuple[Any, ...]], repeats: int) -> float:
    """The best of several calls on fresh arguments; short calls are repeated within one measurement where they change nothing."""
    return min(timed(function, make())[0] for _ in range(repeats))


def same(a: Any, b: Any) -> bool:
    """Equal values; floats within a few ulp, for transcendental functions differ by one among libraries."""
    if isinstance(a, tuple):
        return isinstance(b, tuple) and len(a) == len(b) and all(map(same, a, b))
    if a is None or b is None:
        return a is b
    return bool(np.allclose(a, b, rtol=1e-12, atol=1e-12, equal_nan=True))


def measure_kernel(
    theme: str, function: types.FunctionType, make: Callable[[], tuple[Any, ...]], repeats: int, cold: int
) -> dict[str, Any]:
    """All figures of one kernel; seconds, microseconds per CLIF instruction, MiB. The first call is the best of ``cold``, each of
    a fresh function."""
    warnings.simplefilter("ignore")
    reference = make()
    slow, expected = timed(function, reference)
    row: dict[str, Any] = {"theme": theme, "name": function.__name__, "cpython": slow, "agrees": True}
    for name, engine in ENGINES.items():
        try:
            first = math.inf
            for _ in range(cold):
                engaged, given = engine(function), make()
                seconds, outcome = timed(engaged, given)
                if seconds < first:
                    first, compiled, arguments, result = seconds, engaged, given, outcome
            run = steady(compiled, make, repeats)
        except Exception as error:
            row[name] = {"error": f"{type(error).__name__}: {error}".splitlines()[0][:200]}
            row["agrees"] = row["agrees"] and name != "jitpy"
            continue
        row[name] = {"first": max(first - run, 1e-9), "run": run, "peak": _peak()}
        if name == "jitpy":
            agrees = same(expected, result) and all(same(a, b) for a, b in zip(reference, arguments))
            row["agrees"] = agrees
            row[name].update(phases(compiled))
    return row


def phases(compiled: Any) -> dict[str, Any]:
    """Where jitpy's first call went: seconds per phase, CLIF instructions."""
    stats = compiled.stats()
    last = stats[-1]
    return {
        "frontend": last["frontend"], "backend": last["backend"], "install": last["install"], "clif": last["clif_instructions"],
        "us_per_clif": 1e6 * (last["frontend"] + last["backend"]) / max(1, last["clif_instructions"]),
    }  # fmt: skip


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0


def geometric_mean(values: list[float]) -> float:
    """The geometric mean; NaN of nothing."""
    return math.exp(sum(map(math.log, values)) / len(values)) if values else math.nan
