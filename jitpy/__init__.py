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
    from typing import Any

    from jitpy.decorators import jit, njit, prange

    __all__ = ["jit", "njit", "prange"]

__version__ = "0.1.0"

#: Public name -> module. Each is imported when it is first asked for, so that importing jitpy costs next to nothing.
_EXPORTS = {
    "jit": "decorators", "njit": "decorators", "prange": "decorators", "typeof": "arguments",
    "CompileError": "backend.errors", "Trap": "trap",
    "NumericWarning": "numeric_warning",
}  # fmt: skip
_MODULES = ("types", "clif", "options", "notebook", "cache")


def __getattr__(name: str) -> Any:
    import importlib

    if name in _EXPORTS:
        value: Any = getattr(importlib.import_module("jitpy." + _EXPORTS[name]), name)
    elif name in _MODULES:
        value = importlib.import_module("jitpy." + name)
    else:
        types = importlib.import_module("jitpy.types")
        if name[0] == "_" or name in ("annotations", "np", "ty", "as_spec") or not hasattr(types, name):
            raise AttributeError(f"module 'jitpy' has no attribute {name!r}")
        value = getattr(types, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_EXPORTS, *_MODULES})


def load_ipython_extension(ipython: object) -> None:
    """``%load_ext jitpy``: adds the magics."""
    from jitpy.notebook import load_ipython_extension as load

    load(ipython)
