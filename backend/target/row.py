"""One row per machine instruction: operands with their constraints, effects, encoding, assembly text.

The register allocator, emission and the printers read the row; none of them knows an opcode. Numbering of physical
registers (pregs) is the target's: dense ints below 128, every class in a range of its own. An allocation is an int:
``>= 0`` a preg, ``< 0`` the spill slot ``~a`` in 8-byte units of the frame's spill area.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# Register classes. A target may map several to one bank of registers (their allocatable pregs are then the same
# numbers).
INT, FLOAT, VECTOR, MASK = range(4)

# Operand constraints: a preg number >= 0 fixes the operand; else one of these, or reuse(i).
ANY = -1  # register or spill slot
REG = -2
STACK = -3  # spill slot


def reuse(use: int) -> int:
    """The def shares its allocation with use number ``use`` (which then is a register)."""
    return -16 - use


def _unencodable(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    raise AssertionError(f"machine instruction {inst.row.name} has no encoding")


class Row:
    """A machine instruction's static facts.

    ``defs``/``uses``: constraint of each register operand. ``early_defs``/``late_uses``: bit masks over them: a def
    that is written before the uses are read, a use that is still read when the defs are written (temporaries are early
    defs). ``clobbers``: mask of pregs destroyed. ``flags``: the bits below. ``encode(sink, inst, allocs)`` appends
    bytes; ``asm`` is the assembly text's template, filled by the target's printer.
    """

    __slots__ = ("asm", "clobbers", "defs", "early_defs", "encode", "flags", "imm", "late_uses", "name", "uses")

    def __init__(
        self, name: str, defs: tuple[int, ...] = (), uses: tuple[int, ...] = (), *, early_defs: int = 0,
        late_uses: int = 0, clobbers: int = 0, flags: int = 0, asm: str = "",
        encode: Callable[[Any, MInst, tuple[int, ...]], None] | None = None, imm: Any = None,
    ) -> None:  # fmt: skip
        self.name = name
        self.defs = defs
        self.uses = uses
        self.early_defs = early_defs
        self.late_uses = late_uses
        self.clobbers = clobbers
        self.flags = flags
        self.asm = asm or name
        self.encode: Callable[[Any, MInst, tuple[int, ...]], None] = encode or _unencodable
        self.imm = imm


# Row flags.
MOVE = 1  # a plain register copy, def 0 = use 0: the allocator may coalesce it away
TERMINATOR = 2
CALL = 4
RETURN = 8
JUMP = 16  # unconditional jump to one block; may carry block arguments
BRANCH = 32  # conditional or multi-way: never carries block arguments
REMAT = 64  # no uses: a constant that may be recomputed instead of spilled (must not touch the flags)
ARRIVES = 256  # its defs hold their values before it: no move in front of it may write to them
REMAT_SLOT = 128  # recomputed, it may be written straight to a spill slot, though its def is a register


class MInst:
    """One machine instruction over virtual registers: its row, operands, and whatever else its encoder needs in
    ``imm``.

    ``constraints`` overrides the row's for this instance (calls, returns, argument moves): (def constraints, use
    constraints, clobber mask). ``srcloc`` is the CLIF source location.
    """

    __slots__ = ("constraints", "defs", "imm", "row", "srcloc", "uses")

    def __init__(
        self, row: Row, defs: tuple[int, ...], uses: tuple[int, ...], imm: Any = None,
        constraints: tuple[tuple[int, ...], tuple[int, ...], int] | None = None, srcloc: int = 0,
    ) -> None:  # fmt: skip
        self.row = row
        self.defs = defs
        self.uses = uses
        self.imm = imm
        self.constraints = constraints
        self.srcloc = srcloc
