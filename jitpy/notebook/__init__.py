"""``%load_ext jitpy``: CLIF in notebook cells.

    %%clif [--show]
    function %gcd(i64, i64) -> i64 { ... }

compiles the cell and puts its functions into the notebook's namespace; ``--show`` prints the machine code.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def load_ipython_extension(ipython: Any) -> None:
    """Register the magics."""

    def clif(line: str, cell: str) -> None:
        run_cell(ipython.user_ns, line, cell)

    clif.__doc__ = __doc__
    ipython.register_magic_function(clif, "cell", "clif")


def unload_ipython_extension(ipython: Any) -> None:
    """Take them back."""
    ipython.magics_manager.magics["cell"].pop("clif", None)


def run_cell(namespace: dict[str, Any], line: str, cell: str) -> None:
    """Compile a cell of CLIF into a namespace."""
    from jitpy import clif

    words = line.split()
    unknown = [w for w in words if w != "--show"]
    if unknown:
        raise ValueError(f"%%clif has no option {unknown[0]!r}; it has --show")
    functions = clif.compile(cell, "<cell>")
    namespace.update(functions)
    for function in functions.values():
        print(repr(function)[1:-1])
    if "--show" in words:
        print(clif.disassembly(functions))
