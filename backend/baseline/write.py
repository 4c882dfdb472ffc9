"""From chunks to bytes, and, for the checker, to VCode with its allocation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.baseline.chunks import Placed, Single
from jitpy.backend.baseline.kit import MOVES_LIMIT
from jitpy.backend.settings import TRAP
from jitpy.backend.target.row import BRANCH, MOVE, RETURN, MInst
from jitpy.backend.vcode.buffer import Sink
from jitpy.backend.vcode.rows import RET
from jitpy.backend.vcode.vcode import Allocation, VCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jitpy.backend.baseline.template import Piece
    from jitpy.backend.baseline.walk import Walk
    from jitpy.backend.settings import Settings
    from jitpy.backend.vcode.buffer import Finished

_SPECIAL = MOVE | BRANCH | RETURN


def write(walk: Walk, settings: Settings) -> Finished:
    """The machine code of what was walked; fixes the frame's layout."""
    target, frame = walk.target, walk.frame
    frame.finish(walk.slots, walk.written)
    blocks = walk.blocks
    sink = Sink(target, frame, walk.labels)
    sink.trap_symbol = TRAP if settings.traps == "call" else ""
    sink.stack_limit = settings.stack_limit
    target.emit_prologue(sink, frame)
    code, lines, labels, traps = sink.code, sink.lines, sink._labels, sink._traps
    sink.prologue_end = len(code)
    emit_move, emit_jump = target.emit_move, target.emit_jump
    probe = walk.kit.probe
    moves = walk.kit.moves(frame)
    few = walk.slots <= MOVES_LIMIT
    for at, block in enumerate(blocks):
        labels[block.label] = len(code)
        after = blocks[at + 1].label if at + 1 < len(blocks) else -1
        for chunk in reversed(block.chunks):
            kind = chunk.__class__
            if kind is bytes:
                code += chunk
            elif kind is tuple:
                if len(chunk) == 3:
                    known = moves.get(chunk)
                    if known is None:
                        start = len(code)
                        sink.mode = None
                        emit_move(sink, *chunk)
                        if few:  # those of a large function are not met again
                            moves[chunk] = bytes(code[start:])
                    else:
                        code += known
                else:
                    _trapping(code, traps, *chunk)
            elif kind is list:
                _pieces(sink, chunk)
            elif kind is int:
                if chunk != sink.srcloc:
                    sink.srcloc = chunk
                    lines.append((len(code), chunk))
            elif kind is Placed:
                t = chunk.template
                known = t.code(probe, chunk.pregs)
                if known.__class__ is bytes:
                    code += known
                elif known.__class__ is list:
                    _pieces(sink, known)
                else:
                    _trapping(code, traps, *known)
                if t.branch is not None:
                    _branch(sink, t.branch, t.branch_allocs(chunk.pregs), chunk.targets[0], chunk.targets[1], after)
            else:
                inst, allocs = chunk.inst, chunk.allocs
                row = inst.row
                flags = row.flags
                sink.mode = None
                if not flags & _SPECIAL or row.imm == "table":
                    row.encode(sink, inst, allocs)
                elif flags & MOVE:
                    if allocs[0] != allocs[1]:
                        row.encode(sink, inst, allocs)
                elif flags & RETURN:  # a return or a tail call
                    signed = target.emit_epilogue(sink, frame, row is not RET)
                    leaving = len(code)
                    row.encode(sink, inst, allocs)
                    sink.returns.append((leaving, len(code), signed))
                else:
                    _branch(sink, inst, allocs, inst.imm[0], inst.imm[1], after)
        if block.goal >= 0 and block.goal != after:
            emit_jump(sink, block.goal)
    sink.trap_stubs()
    sink.pool()
    return sink.finish()


def _trapping(code: bytearray, traps: list[tuple[int, str]], data: bytes, places: tuple[tuple[int, str], ...]) -> None:
    """Append code with places that may trap."""
    start = len(code)
    for offset, trap in places:
        traps.append((start + offset, trap))
    code += data


def _pieces(sink: Sink, pieces: list[Piece]) -> None:
    """Append code with instructions that are encoded here."""
    for data, places, mode, made in pieces:
        _trapping(sink.code, sink._traps, data, places)
        if made is not None:
            sink.mode = mode
            made[0](sink, *made[1:])


def _branch(sink: Sink, inst: MInst, allocs: tuple[int, ...], taken: int, other: int, after: int) -> None:
    """A two-way branch, ``after`` being the block that follows."""
    target = sink.target
    if taken == other:
        if taken != after:
            target.emit_jump(sink, taken)
    elif taken == after:
        target.emit_branch(sink, inst, allocs, other, True)
    else:
        target.emit_branch(sink, inst, allocs, taken, False)
        if other != after:
            target.emit_jump(sink, other)


def as_vcode(walk: Walk) -> tuple[VCode, Allocation]:
    """The same machine instruction by machine instruction, as `vcode.vcode` has it: what the checker takes. Critical edges, which
    need no code here, get a block with a jump."""
    vcode = VCode(walk.func.name)
    vcode.frame = walk.frame
    vcode.vreg_class = classes = list(walk.classes)
    insts: list[MInst] = vcode.insts
    allocs: list[tuple[int, ...]] = []
    edits: list[tuple[int, Any, int, int]] = []
    blocks = walk.blocks
    number = {block.label: k for k, block in enumerate(blocks)}
    arrivals = [0] * len(blocks)
    for block in blocks:
        for label in block.succs:
            arrivals[number[label]] += 1
    split: list[int] = []  # where the added blocks lead
    for k, block in enumerate(blocks):
        vcode.block_starts.append(len(insts))
        vcode.block_args.append(list(block.args))
        params: list[int] = []
        if k and block.label < len(walk.func.block_params):
            params = [p for v in walk.func.block_params[block.label] for p in walk.parts.get(v, (v,)) if walk.slot_of[p]]
        vcode.block_params.append(params)
        goals = [number[label] for label in block.succs]
        if len(goals) > 1:
            for at, goal in enumerate(goals):
                if arrivals[goal] > 1:
                    goals[at] = len(blocks) + len(split)
                    split.append(goal)
        vcode.succs.append(goals)
        waiting: list[Any] = []  # moves in front of the next instruction
        for inst, regs in _machine_instructions(block.chunks, classes):
            if inst is None:
                waiting.append(regs)
                continue
            edits += [(2 * len(insts), *move) for move in waiting]
            waiting.clear()
            insts.append(inst)
            allocs.append(regs)
        if block.goal >= 0:
            edits += [(2 * len(insts), *move) for move in waiting]
            insts.append(walk.target.jump(goals[0]))
            allocs.append(())
    for goal in split:
        vcode.block_starts.append(len(insts))
        vcode.block_args.append([])
        vcode.block_params.append([])
        vcode.succs.append([goal])
        insts.append(walk.target.jump(goal))
        allocs.append(())
    vcode.block_starts.append(len(insts))
    vcode.preds = [[] for _ in vcode.succs]
    for k, goals in enumerate(vcode.succs):
        for goal in goals:
            vcode.preds[goal].append(k)
    vcode.loop_depth = [0] * len(vcode.succs)
    vcode.cold = [False] * len(vcode.succs)
    return vcode, Allocation(allocs, edits, walk.slots, walk.written)


def _machine_instructions(chunks: list[Any], classes: list[int]) -> Iterator[tuple[MInst | None, Any]]:
    """(instruction, allocations) of a block in program order, and (None, move). What templates need for themselves gets
    new virtual registers."""
    for chunk in reversed(chunks):
        if chunk.__class__ is tuple:
            yield None, chunk
        elif chunk.__class__ is Single:
            yield chunk.inst, chunk.allocs
        elif chunk.__class__ is Placed:
            t = chunk.template
            insts = t.insts if t.branch is None else [*t.insts, t.branch]
            places = t.places if t.branch is None else [*t.places, t.branch_places]
            defs, uses = chunk.vregs
            names = dict(zip(t.names, (*defs, *uses)))
            for inst, place in zip(insts, places):
                for r, p in zip(inst.defs + inst.uses, place):
                    if r not in names:
                        names[r] = len(classes)
                        classes.append(t.classes[p])
            for step in t.steps(chunk.pregs, insts, places, True):
                if len(step) == 3:
                    yield None, step
                    continue
                inst = insts[step[0]]
                imm = (*chunk.targets, *inst.imm[2:]) if inst is t.branch else inst.imm
                operands = [tuple([names[r] for r in regs]) for regs in (inst.defs, inst.uses)]
                yield MInst(inst.row, operands[0], operands[1], imm), step[1]
