"""Kernels written by hand as CLIF, in place of the frontend: what the runtime is tested with on its own."""

from __future__ import annotations

from typing import Any

from jitpy.backend.text.parser import parse_functions
from jitpy.frontend.module import KernelModule
from jitpy.frontend.types import types as ty

from jitpy import compiler, dispatcher, options
from jitpy.runtime import memory
from jitpy.runtime.codegen import machine_code


class Handwritten:
    """Makes jitted functions whose kernels come from ``kernel(types) -> (clif text, result types)``."""

    def __init__(self) -> None:
        self.compiled: list[tuple[ty.Type, ...]] = []
        self.sources: dict[Any, Any] = {}
        self.modules: list[KernelModule] = []

    def compile_overload(self, py_func: Any, types: Any, opts: Any, exact: bool = True) -> compiler.Overload:
        module = KernelModule(py_func, types)
        text, results = self.sources[py_func.__code__](types, module)
        module.entry = "kernel"
        module.result_types = results
        module.functions = parse_functions(text)
        self.compiled.append(types)
        self.modules.append(module)
        return compiler.load_overload(module, memory.Image.of(machine_code(module.functions)), types, exact)

    def jit(self, py_func: Any, kernel: Any, **opts: Any) -> Any:
        self.sources[py_func.__code__] = kernel
        return dispatcher.make_dispatcher(py_func, options.check(opts))


def identity(*chosen: int, results: tuple[ty.Type, ...] | None = None) -> Any:
    """A kernel that returns its arguments' flats as they are: the arguments ``chosen`` (all), as one value or a
    tuple.
    """

    def kernel(types: tuple[ty.Type, ...], module: KernelModule) -> tuple[str, tuple[ty.Type, ...]]:
        from jitpy.backend.ir.types import NAME

        picked = chosen or tuple(range(len(types)))
        params = ["v0: i64", "v1: i64"]
        body = []
        slot = 8
        value = 2
        for i, t in enumerate(types):
            for f in t.flat:
                params.append(f"v{value}: {NAME[f]}")
                if i in picked:
                    body.append(f"    store notrap aligned v{value}, v1+{slot}")
                    slot += 8
                value += 1
        kinds = ", ".join(p.split(": ")[1] for p in params)
        result = types[picked[0]] if len(picked) == 1 else ty.tuple_of(tuple(types[i] for i in picked))
        text = f"function %kernel({kinds}) -> i32 system_v {{\nblock0({', '.join(params)}):\n"
        text += f"    v{value} = iconst.i64 0\n    store notrap aligned v{value}, v1\n" + "\n".join(body)
        text += f"\n    v{value + 1} = iconst.i32 0\n    return v{value + 1}\n}}\n"
        return text, results or (result,)

    return kernel
