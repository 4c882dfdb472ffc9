"""Live intervals with holes, use positions, reservations of fixed registers and hints, by one backwards walk.

Instruction i owns four positions: ``4*i`` the gap before it, where moves happen; ``4*i + 1`` early, where uses are
read; ``4*i + 2`` where a call destroys registers; ``4*i + 3`` late, where defs are written. A range is half open.

- A fixed use is a copy in the gap: the vreg is read at ``4*i``, the preg is reserved from there to the read.
- A reused use is a copy in the gap into the def's register, so the def's range begins at ``4*i + 1``: no other use
  can lie there.
- A fixed def reserves the preg at ``4*i + 3``, where what it defines arrives from outside already in the gap; the vreg begins at
  ``4*i + 3`` and prefers it.
- Arguments of a jump are read in the gap before it.

A reservation knows its vreg: it does not disturb that vreg itself. Clobber sets are kept per distinct mask.
"""

from __future__ import annotations

from typing import Any

from jitpy.backend.regalloc.liveness import Liveness
from jitpy.backend.target.row import ANY, ARRIVES, CALL, MOVE, REMAT, STACK
from jitpy.backend.vcode.vcode import VCode

# How a use wants its vreg: copied from wherever it is, a register or a slot, a register, a slot.
COPY, EITHER, REGISTER, SLOT = range(4)


class Intervals:
    """Per vreg: ``ranges`` ``[(start, end), ...]``, ``uses`` ``position * 4 + kind``, both ascending; its begin; hints."""

    __slots__ = (
        "begin", "born", "clobbered", "clobbers", "needs_slot", "prefer", "ranges", "remat", "reserved", "source",
        "target", "uses",
    )  # fmt: skip

    def __init__(self, count: int) -> None:
        self.ranges: list[list[tuple[int, int]]] = [[] for _ in range(count)]
        self.uses: list[list[int]] = [[] for _ in range(count)]
        self.begin = [COPY] * count
        self.born = [0] * count  # the position of the definition
        self.prefer = [-1] * count  # a preg
        self.target = [-1] * count  # the block parameter it becomes
        self.source = [-1] * count  # the vreg it is a copy of or reuses
        self.remat: dict[int, Any] = {}
        self.needs_slot: set[int] = set()
        self.reserved: dict[int, list[tuple[int, int, int]]] = {}
        self.clobbers: dict[int, list[int]] = {}
        self.clobbered = 0  # by other rows than calls


def build_intervals(vcode: VCode, liveness: Liveness) -> Intervals:
    """Walk the function backwards."""
    count = len(vcode.vreg_class)
    result = Intervals(count)
    ranges, all_uses, begin, born = result.ranges, result.uses, result.begin, result.born
    prefer, target, source = result.prefer, result.target, result.source
    remat, needs_slot = result.remat, result.needs_slot
    insts, starts = vcode.insts, vcode.block_starts
    begins, ends = liveness.begins, liveness.ends
    end_of = [0] * count  # the end of the range being built, 0 when not live
    reserved = result.reserved
    clobber_lists = result.clobbers
    for inst in insts:
        if inst.row.flags & REMAT:
            remat[inst.defs[0]] = inst

    def reserve(preg: int, start: int, end: int, vreg: int) -> None:
        reserved.setdefault(preg, []).append((start, end, vreg))

    for block in range(len(vcode.succs) - 1, -1, -1):
        first, limit = starts[block], starts[block + 1]
        border = 4 * limit
        for vreg in ends[block]:
            ranges[vreg].append((border, end_of[vreg]))
            end_of[vreg] = 0
        for vreg in begins[block]:
            end_of[vreg] = border
        args = vcode.block_args[block]
        if args:
            at = 4 * limit - 4
            for arg, param in zip(args, vcode.block_params[vcode.succs[block][0]]):
                all_uses[arg].append(at * 4)
                if not end_of[arg]:
                    end_of[arg] = at + 1
                target[arg] = param
                source[param] = arg
        for index in range(limit - 1, first - 1, -1):
            inst = insts[index]
            row = inst.row
            gap = 4 * index
            if inst.constraints is not None:
                def_constraints, use_constraints, clobbers = inst.constraints
            else:
                def_constraints, use_constraints, clobbers = row.defs, row.uses, row.clobbers
            if clobbers:
                clobber_lists.setdefault(clobbers, []).append(gap + 2)
                if not row.flags & CALL:
                    result.clobbered |= clobbers
            uses = inst.uses
            reused: tuple[int, ...] = ()
            if inst.defs:
                early = row.early_defs
                for k, vreg in enumerate(inst.defs):
                    constraint = def_constraints[k]
                    start = gap + 3
                    kind = REGISTER
                    if constraint <= -16:
                        use = -16 - constraint
                        if use_constraints[use] >= 0:
                            constraint = use_constraints[use]
                        else:
                            start = gap + 1
                            reused = (*reused, use)
                            source[vreg] = uses[use]
                            other = uses[use]
                            if target[other] < 0:
                                target[other] = target[vreg]
                            if prefer[other] < 0:
                                prefer[other] = prefer[vreg]
                            all_uses[vreg].append((gap + 3) * 4 + REGISTER)
                    if constraint >= 0:
                        kind = COPY
                        if early >> k & 1:
                            start = gap + 1
                        prefer[vreg] = constraint
                        reserve(constraint, gap if row.flags & ARRIVES else start, gap + 4, vreg)
                    elif constraint == ANY:
                        kind = EITHER
                    elif constraint == STACK:
                        kind = SLOT
                        needs_slot.add(vreg)
                    if early >> k & 1 and kind >= EITHER:
                        start = gap + 1
                        if kind == REGISTER:
                            all_uses[vreg].append((gap + 3) * 4 + REGISTER)
                    if row.flags & MOVE and uses:
                        source[vreg] = uses[0]
                        if target[uses[0]] < 0:
                            target[uses[0]] = target[vreg]
                        if prefer[uses[0]] < 0:
                            prefer[uses[0]] = prefer[vreg]
                    begin[vreg] = kind
                    born[vreg] = start
                    ranges[vreg].append((start, end_of[vreg] or gap + 4))
                    end_of[vreg] = 0
            if uses:
                late = row.late_uses
                copies: list[int] = []
                for k, vreg in enumerate(uses):
                    constraint = use_constraints[k]
                    if constraint >= 0:
                        kind = COPY
                        until = gap + 1
                        reserve(constraint, gap + 1, gap + 4 if late >> k & 1 else gap + 2, vreg)
                        if prefer[vreg] < 0:
                            prefer[vreg] = constraint
                    elif k in reused:
                        kind = COPY
                        until = gap + 1
                    else:
                        if reused and not late >> k & 1 and constraint != STACK:
                            if vreg in [uses[r] for r in reused]:
                                continue  # reads the copy
                        until = gap + 4 if late >> k & 1 else gap + 2
                        if constraint == ANY:
                            kind = REGISTER if vreg in remat else EITHER
                        elif constraint == STACK:
                            kind = SLOT
                            needs_slot.add(vreg)
                        else:
                            kind = REGISTER
                    if end_of[vreg] < until:
                        end_of[vreg] = until
                    if kind == COPY:
                        copies.append(gap * 4)
                        all_uses[vreg].append(gap * 4)
                    else:
                        all_uses[vreg].append((gap + (3 if late >> k & 1 else 1)) * 4 + kind)
        params = vcode.block_params[block]
        for vreg in params:
            born[vreg] = 4 * first
            ranges[vreg].append((4 * first, end_of[vreg] or 4 * first + 1))
            end_of[vreg] = 0
    for vreg in needs_slot:
        remat.pop(vreg, None)
    for lists in (ranges, reserved.values(), clobber_lists.values()):
        for items in lists:
            items.reverse()
    for items in reserved.values():
        items.sort()
    for vreg, uses_of in enumerate(all_uses):
        if ranges[vreg] and ranges[vreg][0][0] != born[vreg]:
            # Blocks come in an order in which a use precedes the definition: it is one more use.
            if begin[vreg] == REGISTER:
                uses_of.append((born[vreg] | 3) * 4 + REGISTER)
            begin[vreg] = COPY
        uses_of.sort()
    return result
