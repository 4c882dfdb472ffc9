"""Emission: VCode and its allocation in, bytes out.

Before anything is written, blocks that do nothing but jump are threaded: branches to them go where
they lead. Loops are rotated: a header that ends in the test for going on is written behind the block
that jumps back to it, so that a turn costs one branch; the way in jumps to the test once. Only the
order of writing changes, not the blocks' numbers. A jump to the next block disappears, a two-way
branch is inverted when its taken side is next, and costs a jump only when neither side is. Dead
blocks cannot occur, so nothing has to be taken back. The first block of a loop is aligned if the
target wants it. Behind the blocks lie the traps and the constants.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import pairwise
from typing import TYPE_CHECKING

from jitpy.backend.settings import TRAP
from jitpy.backend.target.row import BRANCH, JUMP, MOVE, RETURN
from jitpy.backend.vcode.buffer import Sink
from jitpy.backend.vcode.rows import RET

if TYPE_CHECKING:
    from jitpy.backend.chaos import Chaos
    from jitpy.backend.settings import Settings
    from jitpy.backend.target.target import Target
    from jitpy.backend.vcode.buffer import Finished
    from jitpy.backend.vcode.vcode import Allocation, VCode

_SPECIAL = MOVE | JUMP | BRANCH | RETURN
_END = 1 << 62


def emit(
    vcode: VCode, allocation: Allocation, target: Target, settings: Settings, chaos: Chaos | None = None
) -> Finished:  # fmt: skip
    """The machine code of ``vcode``; fixes the frame's layout. ``chaos`` shuffles the blocks."""
    frame = vcode.frame
    frame.finish(allocation.slots, allocation.clobbered)
    blocks = len(vcode.succs)
    sink = Sink(target, frame, blocks)
    sink.trap_symbol = TRAP if settings.traps == "call" else ""
    sink.stack_limit = settings.stack_limit
    target.emit_prologue(sink, frame)
    sink.prologue_end = len(sink.code)
    insts, allocs, starts = vcode.insts, allocation.allocs, vcode.block_starts
    edits = allocation.edits
    edits.append((_END, 0, 0, 0))
    thread = _thread(vcode, allocation, sink)
    order = _rotated(vcode, thread)
    if chaos is not None:
        order = chaos.order(order)
    follows = _following(order, blocks)
    loop_align = target.loop_align if settings.align_loops else 1
    depth, cold = vcode.loop_depth, vcode.cold
    emit_move, emit_branch, emit_jump = target.emit_move, target.emit_branch, target.emit_jump
    labels = sink._labels
    code, lines = sink.code, sink.lines
    srcloc = 0
    edit = 0
    due = edits[0][0]
    places = [e[0] for e in edits]
    previous = 0
    for b in order:
        if depth[b] > depth[previous] and loop_align > 1 and not cold[b]:
            sink.align(loop_align)
        if b != previous + 1:  # not where the edits go on
            edit = bisect_left(places, 2 * starts[b])
            due = places[edit]
        previous = b
        labels[b] = len(code)
        sink.mode = None
        next_block = follows[b]
        for i in range(starts[b], starts[b + 1]):
            inst = insts[i]
            if due <= 2 * i:
                while due <= 2 * i:
                    _, src, dst, cls = edits[edit]
                    if src.__class__ is tuple:
                        remat = src[1]
                        remat.row.encode(sink, remat, (dst,))
                    else:
                        emit_move(sink, src, dst, cls)
                    edit += 1
                    due = edits[edit][0]
            if inst.srcloc != srcloc and inst.srcloc:
                sink.srcloc = srcloc = inst.srcloc
                lines.append((len(code), srcloc))
            row = inst.row
            if not row.flags & _SPECIAL:
                row.encode(sink, inst, allocs[i])
            elif row.flags & MOVE:
                dst, src = allocs[i]
                if src != dst:
                    row.encode(sink, inst, allocs[i])
            elif row.flags & JUMP:
                goal = thread[inst.imm[0]]
                if goal != next_block:
                    emit_jump(sink, goal)
            elif row.flags & RETURN:  # a return or a tail call
                signed = target.emit_epilogue(sink, frame, row is not RET)
                leaving = len(code)
                row.encode(sink, inst, allocs[i])
                sink.returns.append((leaving, len(code), signed))
            elif row.imm == "table":
                row.encode(sink, inst, allocs[i])
            elif row.imm == "try":
                row.encode(sink, inst, allocs[i])
                goal = thread[inst.imm.normal]
                if goal != next_block:
                    emit_jump(sink, goal)
            else:
                taken, other = thread[inst.imm[0]], thread[inst.imm[1]]
                if taken == other:
                    if taken != next_block:
                        emit_jump(sink, taken)
                elif taken == next_block:
                    emit_branch(sink, inst, allocs[i], other, True)
                elif other != next_block and labels[other] >= 0 and (cold[taken] or depth[taken] < depth[other]):
                    emit_branch(sink, inst, allocs[i], other, True)  # back to where the loop goes on
                    emit_jump(sink, taken)
                else:
                    emit_branch(sink, inst, allocs[i], taken, False)
                    if other != next_block:
                        emit_jump(sink, other)
            if due == 2 * i + 1:
                while due == 2 * i + 1:
                    _, src, dst, cls = edits[edit]
                    if src.__class__ is tuple:
                        remat = src[1]
                        remat.row.encode(sink, remat, (dst,))
                    else:
                        emit_move(sink, src, dst, cls)
                    edit += 1
                    due = edits[edit][0]
    edits.pop()
    sink.trap_stubs()
    sink.pool()
    return sink.finish()


def _thread(vcode: VCode, allocation: Allocation, sink: Sink) -> list[int]:
    """Fill ``sink.thread``: where a branch to each block ends up. Only blocks without moves are
    passed through."""
    insts, starts, allocs = vcode.insts, vcode.block_starts, allocation.allocs
    thread = sink.thread
    candidates: list[int] = []
    for b in range(1, len(vcode.succs)):
        first, last = starts[b], starts[b + 1] - 1
        if not insts[last].row.flags & JUMP or last - first > 3:
            continue
        # Moves that became nothing do not count.
        if all(insts[i].row.flags & MOVE and allocs[i][0] == allocs[i][1] for i in range(first, last)):
            candidates.append(b)
    if not candidates:
        return thread
    edited = {edit[0] >> 1 for edit in allocation.edits}
    for b in candidates:
        if edited.isdisjoint(range(starts[b], starts[b + 1])):
            thread[b] = insts[starts[b + 1] - 1].imm[0]
    for b in candidates:
        path: list[int] = []
        met: set[int] = set()
        goal = b
        while thread[goal] != goal:
            if goal in met:  # an endless loop of jumps: one of them stays
                thread[goal] = goal
                break
            met.add(goal)
            path.append(goal)
            goal = thread[goal]
        for p in path:
            thread[p] = goal
    return thread


def _rotated(vcode: VCode, thread: list[int]) -> list[int]:
    """The order in which blocks are written, without those that are threaded: see the module's docstring."""
    insts, starts, depth, cold = vcode.insts, vcode.block_starts, vcode.loop_depth, vcode.cold
    order = [b for b in range(len(thread)) if thread[b] == b]
    latch: dict[int, int] = {}  # header -> the block to write it behind
    for b in order:
        inst = insts[starts[b + 1] - 1]
        if not inst.row.flags & JUMP or cold[b] or not depth[b]:
            continue
        header = thread[inst.imm[0]]
        if not 0 < header < b or cold[header]:
            continue
        test = insts[starts[header + 1] - 1]
        if not test.row.flags & BRANCH or test.row.imm is not None:  # a two-way branch, no table and no try_call
            continue
        # One side goes on in the loop, the other leaves, perhaps after one more test; else nothing is gained.
        level = depth[header]
        leaving = [
            cold[s] or depth[s] < level or all(cold[t] or depth[t] < level for t in vcode.succs[s])
            for s in test.imm[:2]
        ]
        if leaving[0] != leaving[1] and depth[b] >= depth[latch.get(header, b)]:
            latch[header] = b
    if not latch:
        return order
    behind = {b: header for header, b in latch.items()}
    rotated: list[int] = []
    for b in order:
        if b not in latch:
            rotated.append(b)
            if b in behind:  # it ends in a jump, so it is no header that moves itself
                rotated.append(behind[b])
    return rotated


def _following(order: list[int], blocks: int) -> list[int]:
    """The block whose code comes after each block's."""
    follows = [-1] * blocks
    for b, after in pairwise(order):
        follows[b] = after
    return follows
