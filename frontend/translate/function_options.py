"""The options that belong to one function and hold for its code wherever that ends up: a jitted function means what it means when
it is called from Python, also where it is compiled into another one.

A plain Python function and an inner function have no options: they take those of the function that calls them, but `locals`, which
speaks of the names of one function.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.frontend.passes import relax

if TYPE_CHECKING:
    from collections.abc import Mapping


class FunctionOptions:
    """``wraps``: no integer is checked; ``checks``: NumPy's are too; ``numpy_errors``: division follows NumPy; ``relaxed``: flags
    of ``fastmath``; ``locals``: name -> type; ``always``: inline into callers. ``key``: equal for options that make the same code.
    """

    __slots__ = ("always", "checks", "inherited", "key", "locals", "numpy_errors", "relaxed", "wraps")

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.wraps = options.get("overflow") == "wrap"
        self.checks = options.get("overflow") == "raise"
        self.numpy_errors = options.get("error_model") == "numpy"
        self.relaxed = relax.flags(options.get("fastmath"))
        self.locals: Mapping[str, Any] = options.get("locals") or {}
        self.always = options.get("inline") == "always" or bool(options.get("forceinline"))
        common = (self.wraps, self.checks, self.numpy_errors, self.relaxed)
        self.key: Any = (*common, tuple(self.locals.items()))
        self.inherited: FunctionOptions = self
        if self.locals:
            self.inherited = FunctionOptions({**options, "locals": {}})
