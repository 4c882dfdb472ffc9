"""Liveness: which vregs are live into each block, as bit sets in Python ints.

Only vregs used outside of their defining block have a bit (``global_number``), so the sets stay small. They are numbered
in the order of their first uses and solved ``WIDTH`` at a time: a set is as wide as that at most, and such a chunk
visits the blocks in which it is alive and no others, so that time and memory grow with what is live, not with the
product of blocks and vregs. The equation ``live_in = uses | (live_out & ~defs)`` is solved backwards from the blocks
with uses, the last block first.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush

from jitpy.backend.vcode.vcode import VCode

WIDTH = 4096


class Liveness:
    """``global_number[v]`` (-1: block-local), its inverse ``global_vregs``, and per chunk of them ``live_in``, block -> set.

    A block that has no set in a chunk has none of it live. ``begins[block]`` and ``ends[block]`` are what a walk from
    the last block to the first meets at the end of a block: vregs that are live there but not into the next block, and
    vregs that are live into the next block but not there.
    """

    __slots__ = ("begins", "ends", "global_number", "global_vregs", "live_in")

    def __init__(self, count: int, blocks: int) -> None:
        self.global_number = [-1] * count
        self.global_vregs: list[int] = []
        self.live_in: list[dict[int, int]] = []
        self.begins: list[list[int]] = [NOTHING] * blocks
        self.ends: list[list[int]] = [NOTHING] * blocks


NOTHING: list[int] = []  # shared: never changed


def compute_liveness(vcode: VCode) -> Liveness:
    """Solve liveness for a function."""
    insts, starts = vcode.insts, vcode.block_starts
    count = len(vcode.vreg_class)
    blocks = len(vcode.succs)
    result = Liveness(count, blocks)
    number, vregs = result.global_number, result.global_vregs
    home = [-1] * count
    chunks: list[dict[int, int]] = []  # per chunk, the sets of vregs used before any definition
    for block in range(blocks):
        outside: list[int] = []
        for vreg in vcode.block_params[block]:
            home[vreg] = block
        for inst in insts[starts[block] : starts[block + 1]]:
            for vreg in inst.uses:
                if home[vreg] != block:
                    outside.append(vreg)
            for vreg in inst.defs:
                home[vreg] = block
        for vreg in vcode.block_args[block]:
            if home[vreg] != block:
                outside.append(vreg)
        for vreg in outside:
            n = number[vreg]
            if n < 0:
                n = number[vreg] = len(vregs)
                vregs.append(vreg)
                if n % WIDTH == 0:
                    chunks.append({})
            sets = chunks[n // WIDTH]
            sets[block] = sets.get(block, 0) | 1 << n % WIDTH
    written: list[dict[int, int]] = [{} for _ in chunks]
    for n, vreg in enumerate(vregs):
        sets = written[n // WIDTH]
        block = home[vreg]
        sets[block] = sets.get(block, 0) | 1 << n % WIDTH
    for k, sets in enumerate(chunks):
        live_out = solve(vcode, sets, written[k]) if len(chunks) == 1 else solve_sparse(vcode.preds, sets, written[k])
        add_borders(result, k * WIDTH, sets, live_out)
    result.live_in = chunks
    return result


def solve_sparse(preds: list[list[int]], live_in: dict[int, int], written: dict[int, int]) -> dict[int, int]:
    """Grow ``live_in`` from the sets of uses to the solution; the live-out sets."""
    live_out: dict[int, int] = {}
    work = [-block for block in live_in]
    heapify(work)
    waiting = set(live_in)
    while work:
        block = -heappop(work)
        waiting.discard(block)
        live = live_in[block]
        for pred in preds[block]:
            known = live_out.get(pred, 0)
            if live & ~known:
                out = live_out[pred] = known | live
                before = live_in.get(pred, 0)
                into = before | (out & ~written[pred] if pred in written else out)
                if into != before:
                    live_in[pred] = into
                    if pred not in waiting:
                        waiting.add(pred)
                        heappush(work, -pred)
    return live_out


def solve(vcode: VCode, live_in: dict[int, int], written: dict[int, int]) -> dict[int, int]:
    """The same for a function that has one chunk: all blocks, in lists."""
    succs, preds = vcode.succs, vcode.preds
    blocks = len(succs)
    reads = [live_in.get(block, 0) for block in range(blocks)]
    keeps = [-1] * blocks
    for block, mask in written.items():
        keeps[block] = ~mask
    lives = reads[:]
    live_out: dict[int, int] = {}
    waiting = bytearray(b"\1" * blocks)
    work = list(range(blocks))
    while work:
        block = work.pop()
        waiting[block] = 0
        out = 0
        for succ in succs[block]:
            out |= lives[succ]
        if out:
            live_out[block] = out
            into = reads[block] | (out & keeps[block])
            if into != lives[block]:
                lives[block] = live_in[block] = into
                for pred in preds[block]:
                    if not waiting[pred]:
                        waiting[pred] = 1
                        work.append(pred)
    return live_out


def add_borders(result: Liveness, base: int, live_in: dict[int, int], live_out: dict[int, int]) -> None:
    """Add a chunk, whose first number is ``base``, to ``begins`` and ``ends``."""
    vregs = result.global_vregs
    begins, ends = result.begins, result.ends
    for block, out in live_out.items():
        below = live_in.get(block + 1, 0)
        if out != below:
            if out & ~below:
                found = [vregs[base + bit] for bit in bits_of(out & ~below)]
                begins[block] = begins[block] + found if begins[block] else found
            if below & ~out:
                found = [vregs[base + bit] for bit in bits_of(below & ~out)]
                ends[block] = ends[block] + found if ends[block] else found
    for below, live in live_in.items():
        if below and below - 1 not in live_out:
            found = [vregs[base + bit] for bit in bits_of(live)]
            ends[below - 1] = ends[below - 1] + found if ends[below - 1] else found


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
