"""The kernels, by theme. Each is a plain function; `KERNELS` lists (theme, function, argument maker).

An argument maker takes nothing and returns fresh arguments (a seeded generator, so that every engine sees the same data).
"""

from __future__ import annotations

from benchmarks.kernels import (
    bits,
    complexes,
    dynamic,
    indirect,
    linear,
    loops,
    parsing,
    particles,
    recursion,
    sorting,
    stencils,
    transcendental,
)  # fmt: skip

MODULES = (
    loops, stencils, linear, particles, bits, sorting, dynamic, complexes, parsing, indirect, recursion, transcendental,
)  # fmt: skip
KERNELS = [
    (module.__name__.rsplit(".", 1)[1], function, arguments)
    for module in MODULES
    for function, arguments in module.KERNELS
]
