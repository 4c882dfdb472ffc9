"""What the walk leaves behind: blocks of chunks, last first. A chunk is one of

    bytes                         code
    (bytes, traps)                code with places that may trap: (offset, trap code)
    [Piece, ...]                  code with instructions in between that want the function's sink (`template.Piece`)
    (source, destination, class)  a move
    int                           the source location of what follows it in program order
    Placed                        a template with its registers that ends in a branch; under the checker, any
    Single                        a machine instruction with its allocations
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jitpy.backend.baseline.template import Template
    from jitpy.backend.target.row import MInst


class Placed:
    """A template, its registers, and where its branch leads (taken, other); for the checker also the vregs of defs and uses."""

    __slots__ = ("pregs", "targets", "template", "vregs")

    def __init__(self, template: Template, pregs: tuple[int, ...], vregs: Any, targets: Any = None) -> None:
        self.template = template
        self.pregs = pregs
        self.vregs = vregs
        self.targets = targets


class Single:
    """A machine instruction and its allocations."""

    __slots__ = ("allocs", "inst")

    def __init__(self, inst: MInst, allocs: tuple[int, ...]) -> None:
        self.inst = inst
        self.allocs = allocs


class Block:
    """The chunks of a machine block, last first; ``label``: a CLIF block, or a number above them for an edge. ``succs``: labels;
    ``goal``: that of the jump at its end, -1: it ends otherwise. ``args``: vregs passed to the only successor, with ``params``,
    its parameters that take them."""

    __slots__ = ("args", "chunks", "goal", "label", "params", "succs")

    def __init__(self, label: int) -> None:
        self.label = label
        self.goal = -1
        self.chunks: list[Any] = []
        self.succs: tuple[int, ...] = ()
        self.args: list[int] = []
        self.params: list[int] = []
