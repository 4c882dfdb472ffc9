"""What a call costs, by kind of argument: an empty kernel in CPython, jitpy and Numba, in turn."""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np

from benchmarks.measure import ENGINES


def nothing():  # type: ignore[no-untyped-def]
    return None


def one(a):  # type: ignore[no-untyped-def]
    return None


def first(a):  # type: ignore[no-untyped-def]
    return a


def two(a, b):  # type: ignore[no-untyped-def]
    return a


def three(a, b, c):  # type: ignore[no-untyped-def]
    return None


KINDS: list[tuple[str, Any, tuple[Any, ...]]] = [
    ("no argument", nothing, ()),
    ("int", first, (3,)),
    ("float", first, (2.5,)),
    ("two floats", two, (2.5, 3.5)),
    ("bool", one, (True,)),
    ("complex", first, (1 + 2j,)),
    ("np.float64", one, (np.float64(2.5),)),
    ("np.int32", one, (np.int32(3),)),
    ("array 1-D", one, (np.zeros(10),)),
    ("array 2-D", one, (np.zeros((4, 4)),)),
    ("array, strided", one, (np.zeros(20)[::2],)),
    ("three arrays", three, (np.zeros(10), np.zeros(10), np.zeros(10))),
    ("tuple of two ints", one, ((1, 2),)),
]

_LOOP = """def run(f, args, n, clock):
    {names} = args
    start = clock()
    for _ in n:
        f({names})
    return clock() - start
"""


def _timer(count: int) -> Any:
    names = ", ".join(f"a{k}" for k in range(count))
    text = _LOOP.format(names=names) if count else _LOOP.replace("    {names} = args\n", "").format(names="")
    if count == 1:
        text = text.replace("a0 = args", "a0, = args")
    namespace: dict[str, Any] = {}
    exec(text, namespace)
    return namespace["run"]


def call_overhead(number: int = 20_000, rounds: int = 15) -> list[dict[str, Any]]:
    """Nanoseconds per call, the empty loop taken off, per kind and engine: the least of several rounds taken in turn."""
    warnings.simplefilter("ignore")
    rows = []
    loop = _empty_loop(number)
    for kind, function, arguments in KINDS:
        engines = {"cpython": function, **{name: make(function) for name, make in ENGINES.items()}}
        run = _timer(len(arguments))
        best: dict[str, float] = {}
        for name, f in list(engines.items()):
            try:
                f(*arguments)
            except Exception as error:
                best[name] = float("nan")
                print(f"{kind}: {name} failed: {str(error).splitlines()[0][:100]}")
                del engines[name]
        for _ in range(rounds):
            for name, f in engines.items():
                ns = 1e9 * run(f, arguments, range(number), time.perf_counter) / number
                best[name] = min(best.get(name, ns), ns)
        rows.append({"kind": kind, **{name: ns - loop for name, ns in best.items()}})
    return rows


def _empty_loop(number: int) -> float:
    """Nanoseconds per turn of a loop that does nothing."""

    def run() -> float:
        start = time.perf_counter()
        for _ in range(number):
            pass
        return time.perf_counter() - start

    return min(1e9 * run() / number for _ in range(9))
