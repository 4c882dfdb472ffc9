"""jitpy: a numeric JIT for Python that never changes an answer.

What a user touches lives here. The compiler's parts are the sub-packages ``jitpy.frontend`` (a Python
function to CLIF) and ``jitpy.backend`` (CLIF to machine code); in a checkout they are sibling folders
of this one, so the package's search path is extended to find them.
"""

from __future__ import annotations

import os as _os

_here = _os.path.dirname(__file__)
_root = _os.path.dirname(_here)
if _os.path.isdir(_os.path.join(_root, "backend", "ir")) and not _os.path.isdir(_os.path.join(_here, "backend")):
    __path__.append(_root)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jitpy import cache as cache
    from jitpy import clif as clif
    from jitpy import cross as cross
    from jitpy import notebook as notebook
    from jitpy import options as options
    from jitpy import types as types
    from jitpy.arguments import typeof as typeof
    from jitpy.backend.errors import CompileError as CompileError
    from jitpy.callbacks import cfunc as cfunc
    from jitpy.decorators import jit as jit
    from jitpy.decorators import njit as njit
    from jitpy.decorators import prange as prange
    from jitpy.jitted import Jitted as Jitted
    from jitpy.numeric_warning import NumericWarning as NumericWarning
    from jitpy.trap import Trap as Trap
    from jitpy.types import *  # noqa: F403
    from jitpy.vectorized import vectorize as vectorize

__version__ = "0.1.0"

#: Public name -> module. Each is imported when it is first asked for, so that importing jitpy costs next to nothing.
_EXPORTS = {
    "jit": "decorators", "njit": "decorators", "prange": "decorators", "vectorize": "vectorized", "cfunc": "callbacks",
    "typeof": "arguments",
    "CompileError": "backend.errors", "Trap": "trap",
    "NumericWarning": "numeric_warning",
}  # fmt: skip
_MODULES = ("types", "clif", "options", "notebook", "cache", "cross")


#: What of Numba's names is not here, and what to do instead.
_ADVICE = {
    "guvectorize": ": write a loop over the arrays and decorate it with jit",
    "stencil": ": write the loops over the neighbours and decorate them with jit",
    "jitclass": ": pass the fields as arguments to a jitted function",
    "typed": ": plain lists can be arguments of jitted functions",
    "objmode": ": call what needs the interpreter before or after the jitted function",
    "literal_unroll": ": loops over tuples of different types need nothing around them",
    "literally": ": constants, strings and None are known at compile time where they are compared",
    "generated_jit": ": isinstance and comparisons of types are resolved at compile time",
    "cuda": ": it compiles for the CPU",
    "set_num_threads": ": kernels run on the thread that calls them",
    "get_num_threads": ": kernels run on the thread that calls them",
    "config": ": options are arguments of jit; environment variables are listed in docs/runtime.md",
}


if not TYPE_CHECKING:  # type checkers see the names above

    def __getattr__(name):
        import importlib

        if name in _EXPORTS:
            value = getattr(importlib.import_module("jitpy." + _EXPORTS[name]), name)
        elif name in _MODULES:
            value = importlib.import_module("jitpy." + name)
        else:
            types = importlib.import_module("jitpy.types")
            if name[0] == "_" or name in ("annotations", "np", "ty", "as_spec") or not hasattr(types, name):
                raise AttributeError(f"module 'jitpy' has no attribute {name!r}{_ADVICE.get(name, '')}")
            value = getattr(types, name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_EXPORTS, *_MODULES})


def load_ipython_extension(ipython: object) -> None:
    """``%load_ext jitpy``: adds the magics."""
    from jitpy.notebook import load_ipython_extension as load

    load(ipython)


def unload_ipython_extension(ipython: object) -> None:
    """``%unload_ext jitpy``: takes the magics back."""
    from jitpy.notebook import unload_ipython_extension as unload

    unload(ipython)
