"""Jitted functions pickle by their source of truth, never by machine code.

A function that its module gives by name pickles as that name. Others (``__main__``, notebooks, closures) pickle as
their code object, defaults, closure values and the globals they name, and compile anew where they are loaded. Both
ends must run the same Python.
"""

from __future__ import annotations

import marshal
import sys
from types import CellType, CodeType, FunctionType, ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def reduce(dispatcher: Any) -> Any:
    """For ``__reduce__``."""
    module = sys.modules.get(dispatcher.__module__)
    found: Any = module
    for part in dispatcher.__qualname__.split("."):
        found = getattr(found, part, None)
    if found is dispatcher and dispatcher.__module__ != "__main__":
        return dispatcher.__qualname__
    return _make, (sys.version_info[:2],), _state(dispatcher)


def _make(version: tuple[int, int]) -> Any:
    """An empty jitted function, to be filled by `set_state`: functions may refer to themselves."""
    if version != sys.version_info[:2]:
        raise ImportError(
            f"this jitted function was pickled by Python {version[0]}.{version[1]}; bytecode differs between versions"
        )
    from jitpy.dispatcher import make_dispatcher
    from jitpy.options import check

    return make_dispatcher(lambda: None, check({}))  # type: ignore[arg-type]  # mypy: a lambda is no FunctionType


def _state(dispatcher: Any) -> dict[str, Any]:
    function = dispatcher.py_func
    code = function.__code__
    names: dict[str, Any] = {}
    for name in _names(code):
        if name in function.__globals__:
            value = function.__globals__[name]
            names[name] = _Module(value.__name__) if isinstance(value, ModuleType) else value
    cells = []
    for cell in function.__closure__ or ():
        try:
            value = cell.cell_contents
            cells.append((True, _Module(value.__name__) if isinstance(value, ModuleType) else value))
        except ValueError:
            cells.append((False, None))
    return {
        "code": marshal.dumps(code), "names": names, "cells": cells, "defaults": function.__defaults__,
        "kwdefaults": function.__kwdefaults__, "name": function.__name__, "qualname": function.__qualname__,
        "module": function.__module__, "doc": function.__doc__, "options": dispatcher.targetoptions,
        "closed": dispatcher._closed,
        "signatures": [
            (p.returns.name if p.returns else "", tuple(s.name for s in p.args)) for p in dispatcher._patterns or ()
        ],
    }  # fmt: skip


class _Module:
    """A module, by name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __reduce__(self) -> Any:
        import importlib

        return importlib.import_module, (self.name,)


def _names(code: CodeType) -> list[str]:
    """The global names that a code object and those inside it may read."""
    found: dict[str, None] = {}
    waiting = [code]
    while waiting:
        code = waiting.pop()
        found.update(dict.fromkeys(code.co_names))
        waiting += [c for c in code.co_consts if isinstance(c, CodeType)]
    return list(found)


def set_state(dispatcher: Any, state: dict[str, Any]) -> None:
    """For ``__setstate__``."""
    names = dict(state["names"])
    names["__builtins__"] = __builtins__
    names["__name__"] = state["module"]
    cells = tuple(CellType(value) if filled else CellType() for filled, value in state["cells"])
    function = FunctionType(marshal.loads(state["code"]), names, state["name"], state["defaults"], cells)
    function.__kwdefaults__ = state["kwdefaults"]
    function.__qualname__ = state["qualname"]
    function.__module__ = state["module"]
    function.__doc__ = state["doc"]
    dispatcher._set_up(function, state["options"])
    for returns, arguments in state["signatures"]:
        dispatcher.compile(returns + "(" + "".join(name + "," for name in arguments) + ")")
    dispatcher.disable_compile(state["closed"])
