"""The stack frame of one function.

From high to low addresses: stack arguments; what the call and the prologue push (return address,
frame pointer); saved registers; spill slots; explicit stack slots; the area of outgoing arguments.
Lowering collects what is wanted, `finish` fixes the offsets once the allocator has said how much it
spilled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.errors import UnsupportedError
from jitpy.backend.target.row import INT
from jitpy.backend.target.target import INCOMING, OUTGOING, TAIL

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Function
    from jitpy.backend.target.target import Abi, Target

_LIMIT = 1 << 30
_MOST_ALIGNED = 4096


class Frame:
    """Offsets from the stack pointer after the prologue; ``size`` = distance down from the saved
    frame pointer.

    ``head``: bytes between the frame pointer and the stack arguments. ``saved``: callee-saved pregs
    to save. ``leaf``: calls nothing. ``empty``: wants no memory at all. ``destroyed``: mask of pregs that calls change as far as
    this function's caller is concerned. ``written``: mask of pregs that the function changes, by calls too. ``entry``: bytes of
    code in front of the usual prologue.
    ``signed``: bytes of code up to where the return address has been signed, 0: it is not.
    ``limit``: how the prologue computes the lowest address the stack may have: ("register", preg, 0), ("incoming", 0,
    offset), ("symbol", name, offset), then ("load", 0, offset) and ("add", 0, offset); empty: it does not check.
    ``clear_upper``: whether the epilogue clears the upper parts of vector registers, on an ISA where that matters.
    ``contexts``: bytes, above the explicit stack slots, that hold the contexts of exception handlers.
    ``realigned``: slots want more than the convention's alignment, so the prologue rounds the stack pointer down to a multiple of
    ``slot_align``, by ``slack`` bytes at most. What lies above the spill slots is then found from the frame pointer, at
    its offset minus ``size``; the rest from the stack pointer, as ever.

    Where callees remove their stack arguments: ``incoming``: bytes of this function's; ``grown``: bytes
    by which the prologue moves the return address down, to make room for those of tail calls.
    """

    __slots__ = (
        "abi", "clear_upper", "contexts", "destroyed", "empty", "entry", "grown", "head", "incoming", "leaf", "limit", "outgoing",
        "outgoing_size", "realigned", "saved", "saves", "signed", "size", "slack", "slot_align", "slot_offsets", "slots",
        "slots_size", "spills", "target", "written",
    )  # fmt: skip

    def __init__(self, func: Function, target: Target, abi: Abi) -> None:
        self.target = target
        self.abi = abi
        self.head = target.frame_head
        self.incoming = 0
        self.grown = 0
        self.contexts = 0
        self.entry = 0
        self.signed = 0
        self.limit: list[tuple[str, Any, int]] = []
        self.leaf = True
        self.empty = False
        self.destroyed = 0
        self.written = 0
        self.clear_upper = False
        self.outgoing = 0
        self.outgoing_size = 0
        self.saved: list[int] = []
        self.size = self.slots = self.spills = self.saves = 0
        at = 0
        align = 8
        self.slot_offsets: list[int] = []
        for slot in func.stack_slots:
            bound = 1 << slot.align_shift
            align = max(align, bound)
            at = at + bound - 1 & -bound
            self.slot_offsets.append(at)
            at += slot.size
        if align > _MOST_ALIGNED:
            raise UnsupportedError(f"{func.name}: a stack slot wants alignment {align}; there is {_MOST_ALIGNED} at most")
        self.slot_align = align
        self.slack = max(align - abi.stack_align, 0)
        self.realigned = self.slack > 0
        self.slots_size = at

    def slot_offset(self, slot: int) -> int:
        """Offset of an explicit stack slot in the SLOT area."""
        return self.slot_offsets[slot]

    def need_outgoing(self, size: int) -> None:
        """A call wants ``size`` bytes of stack arguments."""
        self.leaf = False
        if size > self.outgoing_size:
            self.outgoing_size = size

    def note_call(self, callee: Abi) -> None:
        """A call by the convention ``callee``. A register of which that keeps the part that this function's convention keeps
        is not destroyed: the callee saves it if it has to."""
        self.destroyed |= callee.clobbers & ~(callee.kept_in_part & self.abi.kept_in_part)

    def need_tail(self, size: int) -> None:
        """A tail call wants ``size`` bytes of stack arguments, which its callee removes."""
        self.grown = max(self.grown, size - self.incoming)

    def context_place(self, k: int) -> int:
        """The place of the k-th context in the SLOT area."""
        self.contexts = max(self.contexts, 8 * k + 8)
        return (self.slots_size + 7 & -8) + 8 * k

    def finish(self, spill_units: int, clobbered: int) -> None:
        """Fix the layout: ``spill_units`` 8-byte slots spilled, ``clobbered`` the mask of pregs
        written otherwise than by calls."""
        self.written = clobbered | self.destroyed
        mask = self.written & self.abi.callee_saved
        general = self.target.env.allocatable[INT]
        wide: list[int] = []
        while mask:
            low = mask & -mask
            preg = low.bit_length() - 1
            (self.saved if preg in general else wide).append(preg)
            mask ^= low
        saves = 8 * len(self.saved)
        if wide:
            saves = (saves + 15 & -16) + 16 * len(wide)
            self.saved += wide
        self.slots = self.outgoing + self.outgoing_size + self.slot_align - 1 & -self.slot_align
        self.spills = (self.slots + self.slots_size + 7 & -8) + self.contexts
        if spill_units:  # whole vector registers lie at multiples of their size
            unit = min(self.abi.stack_align, 16)
            self.spills = self.spills + unit - 1 & -unit
        self.saves = self.spills + 8 * spill_units
        self.size = self.saves + saves
        align = self.abi.stack_align
        self.size = self.size + align - 1 & -align
        self.empty = not (self.size or self.realigned)
        self.size = max(self.size, self.target.frame_least)
        self.saves = self.size - saves
        if self.size > _LIMIT:
            raise UnsupportedError(f"a stack frame of {self.size} bytes is too large")

    def places(self) -> list[tuple[int, int]]:
        """The saved registers and where each lies."""
        found: list[tuple[int, int]] = []
        general = self.target.env.allocatable[INT]
        align = min(self.abi.stack_align, 16)
        at = self.saves
        for preg in self.saved:
            if preg not in general:
                at = at + align - 1 & -align
            found.append((preg, at))
            at += 8 if preg in general else 16
        return found

    def address(self, base: int, offset: int) -> int:
        """``offset`` in the area ``base`` (INCOMING, OUTGOING, SLOT), from the stack pointer."""
        if base == INCOMING:
            return self.size + self.head + self.grown + offset
        if base == TAIL:
            return self.size + self.head + self.grown + self.incoming + offset
        return offset if base == OUTGOING else self.slots + offset
