"""Liveness: which vregs are live into each block, as bit sets in Python ints.

Only vregs used outside of their defining block have a bit (``global_number``), so the sets stay small. The equation
``live_in = uses | (live_out & ~defs)`` is solved backwards over the blocks in their order, then by a worklist along
back edges.
"""

from __future__ import annotations

from jitpy.backend.vcode.vcode import VCode


class Liveness:
    """``global_number[v]`` (-1: block-local), its inverse ``global_vregs``, the sets ``live_in``, ``live_out``."""

    __slots__ = ("global_number", "global_vregs", "live_in", "live_out")

    def __init__(self, count: int) -> None:
        self.global_number = [-1] * count
        self.global_vregs: list[int] = []
        self.live_in: list[int] = []
        self.live_out: list[int] = []


def compute_liveness(vcode: VCode) -> Liveness:
    """Solve liveness for a function."""
    classes = vcode.vreg_class
    insts, starts = vcode.insts, vcode.block_starts
    result = Liveness(len(classes))
    number, vregs = result.global_number, result.global_vregs
    blocks = len(vcode.succs)
    home = [-1] * len(classes)
    for block in range(blocks):
        for vreg in vcode.block_params[block]:
            home[vreg] = block
        for inst in insts[starts[block] : starts[block + 1]]:
            for vreg in inst.defs:
                home[vreg] = block
    read: list[int] = []
    for block in range(blocks):
        uses = 0
        for inst in insts[starts[block] : starts[block + 1]]:
            for vreg in inst.uses:
                if home[vreg] != block:
                    if number[vreg] < 0:
                        number[vreg] = len(vregs)
                        vregs.append(vreg)
                    uses |= 1 << number[vreg]
        for vreg in vcode.block_args[block]:
            if home[vreg] != block:
                if number[vreg] < 0:
                    number[vreg] = len(vregs)
                    vregs.append(vreg)
                uses |= 1 << number[vreg]
        read.append(uses)
    written = [0] * blocks
    for bit, vreg in enumerate(vregs):
        written[home[vreg]] |= 1 << bit
    live_in = read[:]
    live_out = [0] * blocks
    succs, preds = vcode.succs, vcode.preds
    waiting = bytearray(b"\1" * blocks)
    work = list(range(blocks))
    while work:
        block = work.pop()
        waiting[block] = 0
        out = 0
        for succ in succs[block]:
            out |= live_in[succ]
        live_out[block] = out
        into = read[block] | (out & ~written[block])
        if into != live_in[block]:
            live_in[block] = into
            for pred in preds[block]:
                if not waiting[pred]:
                    waiting[pred] = 1
                    work.append(pred)
    result.live_in, result.live_out = live_in, live_out
    return result


def bits_of(mask: int) -> list[int]:
    """The numbers of the set bits, ascending."""
    out = []
    base = 0
    while mask:
        # Sparse sets skip to the next bit set, then a word is taken: shifting a long int for each bit, or for each word that is
        # empty, would be quadratic.
        empty = (mask & -mask).bit_length() - 1
        mask >>= empty
        base += empty
        word = mask & 0xFFFFFFFFFFFFFFFF
        while word:
            low = word & -word
            out.append(base + low.bit_length() - 1)
            word ^= low
        mask >>= 64
        base += 64
    return out
