"""Range analysis of Python ints: which checks cannot fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jitpy.frontend.passes.graph import Graph
    from jitpy.frontend.translate.kernel import Kernel


class Facts:
    """Instructions proved: ``no_overflow`` (checked arithmetic), ``in_bounds`` and ``not_negative`` (index checks)."""

    __slots__ = ("in_bounds", "no_overflow", "not_negative")

    def __init__(self) -> None:
        self.no_overflow: set[int] = set()
        self.in_bounds: set[int] = set()
        self.not_negative: set[int] = set()


def analyse(kernel: Kernel, graph: Graph) -> Facts:
    """The facts of a translated kernel."""
    return Facts()
