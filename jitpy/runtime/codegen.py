"""CLIF functions to machine code for this host: the runtime's one call of the backend."""

from __future__ import annotations

from jitpy.backend.settings import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jitpy.backend.ir.function import Function
    from jitpy.backend.pipeline import CodeModule

#: Kernels: the optimizer and the good allocator.
KERNEL = Settings()
#: Wrappers, trampolines and stubs: straight code that no rewriting improves much; what counts is when the first call
#: returns.
GLUE = Settings(opt_level="none")


def machine_code(functions: list[Function], settings: Settings = GLUE, thrower: bool = True) -> CodeModule:
    """Compile functions into one blob, with a ``thrower`` of exceptions of its own where they throw. Optimization changes them in
    place.
    """
    from jitpy.backend import isa, pipeline  # not needed where all code comes from caches

    return pipeline.compile_module(functions, isa.host(), settings, thrower=thrower)
