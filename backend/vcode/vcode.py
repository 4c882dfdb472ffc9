"""VCode: what lowering makes, the register allocator reads, and emission consumes.

Blocks are numbered in final emission order, block 0 is the entry; their instructions are contiguous
in ``insts``. Critical edges are split: a block with block arguments to pass has exactly one
successor (its last instruction is a ``JUMP`` row), and a block with several successors is the only
predecessor of each. SSA: every vreg is defined once, by an instruction or as a block parameter; the
entry block has no parameters (arguments arrive through an instruction with fixed defs).
"""

from __future__ import annotations

from typing import Any

from jitpy.backend.target.row import MInst


class VCode:
    """Machine code over virtual registers."""

    __slots__ = (
        "block_args", "block_params", "block_starts", "clif_blocks", "cold", "frame", "insts", "loop_depth", "name",
        "preds", "succs", "vreg_class",
    )  # fmt: skip

    def __init__(self, name: str) -> None:
        self.name = name
        self.insts: list[MInst] = []
        self.block_starts: list[int] = []  # per block, plus len(insts) at the end
        self.succs: list[list[int]] = []
        self.preds: list[list[int]] = []
        self.block_params: list[list[int]] = []  # vregs
        self.block_args: list[list[int]] = []  # vregs passed to succs[b][0]; empty unless one successor
        self.loop_depth: list[int] = []
        self.cold: list[bool] = []
        self.clif_blocks: list[int] = []  # -1 for blocks made for split edges
        self.vreg_class: list[int] = []  # INT, FLOAT, VECTOR, MASK
        self.frame: Any = None  # the ABI engine's frame record


class MachineEnv:
    """The registers of a target as the allocator sees them.

    ``allocatable[cls]``: pregs in order of preference, caller-saved first; ``callee_saved``: mask;
    ``scratch[cls]``: a preg never allocated, for memory-to-memory moves and cycles of that class
    (classes may share one), -1 if the class has no registers; ``slot_units[cls]``: 8-byte units of
    a spill slot; ``bank[cls]``: classes with the same number share registers. ``masks[cls]``: of what is
    allocatable; ``all``: of all classes.
    """

    __slots__ = ("all", "allocatable", "bank", "callee_saved", "masks", "scratch", "slot_units")

    def __init__(
        self, allocatable: tuple[tuple[int, ...], ...], callee_saved: int, scratch: tuple[int, ...],
        slot_units: tuple[int, ...], bank: tuple[int, ...],
    ) -> None:  # fmt: skip
        self.allocatable = allocatable
        self.callee_saved = callee_saved
        self.scratch = scratch
        self.slot_units = slot_units
        self.bank = bank
        self.masks = [sum({1 << preg for preg in pregs}) for pregs in allocatable]
        self.all = 0
        for mask in self.masks:
            self.all |= mask


class Allocation:
    """What an allocator returns.

    ``allocs[i]``: allocations of instruction i's defs then uses. ``edits``: moves ``(position,
    source, destination, class)`` sorted by position, to be executed in list order; position ``2*i``
    is before instruction i, ``2*i + 1`` after it. Sources and destinations are never both slots and
    never a cycle: resolved already. ``("remat", inst)`` as a source recomputes the constant of that
    ``MInst``. ``slots``: 8-byte units of spill area used. ``clobbered``: mask of pregs written
    anywhere (for saving callee-saved ones), but for what rows with CALL clobber: the frame knows that better, see
    ``Frame.destroyed``.
    """

    __slots__ = ("allocs", "clobbered", "edits", "slots")

    def __init__(
        self,
        allocs: list[tuple[int, ...]],
        edits: list[tuple[int, Any, int, int]],
        slots: int,
        clobbered: int,
    ) -> None:
        self.allocs = allocs
        self.edits = edits
        self.slots = slots
        self.clobbered = clobbered
