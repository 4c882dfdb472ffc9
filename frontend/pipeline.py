"""The frontend on one page: a Python function and the types of its arguments -> a `KernelModule`.

    decode, flow      bytecode -> neutral instructions, blocks, loops, liveness      frontend/bytecode
    translate         abstract interpretation with block versioning -> typed IR      frontend/translate, frontend/library
    dead              what nobody needs goes, checks of Python ints included          frontend/passes/dead.py
    relax             under fastmath: fma, multiplication by reciprocals               frontend/passes/relax.py
    ranges            which bounds and overflow checks cannot fail                    frontend/passes/ranges.py
    ownership         when blocks of memory are retained and released                 frontend/passes/ownership.py
    lower             typed IR -> CLIF                                                frontend/lower

The translator reaches callees as it meets them, so a module holds all kernels that the entry needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.frontend.errors import SourceError
from jitpy.frontend.library.functions import free_of_function
from jitpy.frontend.lower.lower import lower
from jitpy.frontend.module import KernelModule
from jitpy.frontend.passes import dead, ownership, ranges, relax
from jitpy.frontend.passes.graph import Graph
from jitpy.frontend.translate.frame import TooManyVersions
from jitpy.frontend.translate.function_options import FunctionOptions
from jitpy.frontend.translate.kernel import Compilation, Kernel, shape_type, value_of_type
from jitpy.frontend.values import TupleVal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import FunctionType

    from jitpy.frontend.types.types import Type

_CO_VARARGS = 4


def compile_kernel(
    py_func: FunctionType, arg_types: tuple[Type, ...], options: Mapping[str, Any] | None = None
) -> KernelModule:
    """Compile ``py_func`` for arguments of ``arg_types``, one per parameter (extra ones go to ``*args``).

    Options: ``error_model``, ``overflow``, ``fastmath`` as in SEMANTICS;
    ``fma``: whether the machine has it, or a function that says so; ``typed_ir``: keep its text; ``poll``, ``stack_checks``,
    ``traces`` (of the calls an exception came through), ``bounds_checks``: False for none; ``returns``: the types that a signature
    admits for the result.
    Raises CompileError with the source position.
    """
    try:
        return _compile(py_func, arg_types, options or {}, False)
    except TooManyVersions:
        return _compile(py_func, arg_types, options or {}, True)


def _compile(py_func: FunctionType, arg_types: tuple[Type, ...], options: Mapping[str, Any], kinds: bool) -> KernelModule:
    module = KernelModule(py_func, arg_types)
    compilation = Compilation(module, options, kinds)
    co = py_func.__code__
    arguments = [value_of_type(t, (-1,) * len(t.flat)) for t in arg_types]
    if co.co_flags & _CO_VARARGS:
        named = co.co_argcount + co.co_kwonlyargcount
        arguments[named:] = [TupleVal(tuple(arguments[named:]))]
    holder: list[Kernel] = []
    read = free_of_function(py_func)
    own = FunctionOptions(compilation.options)
    kernel = Kernel(compilation, co, py_func.__name__, py_func.__globals__, read, tuple(arguments), own)
    kernel.declared = compilation.options.get("returns", ())
    holder.append(kernel)
    key = ((co, py_func.__name__), own.key, tuple([a.key() for a in arguments]))
    compilation.kernels[key] = kernel
    try:
        kernel.translate()
    except RecursionError:  # of the translator, which walks into callees: the innermost kernel says where
        deepest = list(compilation.kernels.values())[-1]
        raise SourceError(
            f"calls nest too deep to compile: {kernel.function_name} -> ... -> {deepest.function_name}",
            "Make the chain of functions shorter, for example a loop in place of helpers that call one another.",
            deepest.co, (deepest.co.co_firstlineno, None, None, None),
        ) from None  # fmt: skip
    module.guard("code", py_func, co)
    module.entry = kernel.name
    module.result_types = tuple([shape_type(v) for v in kernel.variants])
    for k in compilation.kernels.values():
        k.recursion_site()  # before any kernel is lowered: handlers must know all sites
    for k in [kernel, *[k for k in compilation.kernels.values() if k is not kernel]]:
        module.functions.append(finish(k, module))
    module.functions.sort(key=lambda f: f.name != kernel.name)
    return module


def finish(kernel: Kernel, module: KernelModule) -> Any:
    """Passes and lowering of one translated kernel."""
    func = kernel.func
    graph = Graph(func)
    dead.remove(func, graph.order, kernel.counted.values())
    if kernel.written:
        relax.relax(kernel, graph.order)
    graph, facts = ranges.analyse(kernel, graph)
    graph, releases = ownership.insert(kernel, graph)
    if kernel.compilation.options.get("typed_ir"):
        from jitpy.frontend.ir.printer import print_kernel

        module.typed_ir[kernel.name] = print_kernel(kernel, graph, module)
    return lower(kernel, module, graph, facts, releases)
