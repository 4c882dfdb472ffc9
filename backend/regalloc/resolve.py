"""Resolution: from the places of the scan to operand allocations, spill slots and moves.

The moves of a gap come in phases, each a parallel copy: what an edge brings at the start of a block, parameters
stored there, values that change their place in the middle of a block, copies into fixed and reused operands, what an
edge takes before a jump.

A spilled value is stored once, behind its definition, or each time it loses its register, whichever is cheaper by the
weights of the blocks: a value that only error exits want in memory costs nothing on the hot path. A constant is never
stored but made again.
"""

from __future__ import annotations

from bisect import bisect_right
from heapq import heappop, heappush
from typing import Any

from jitpy.backend.regalloc.intervals import EITHER
from jitpy.backend.regalloc.liveness import WIDTH, Liveness, bits_of
from jitpy.backend.regalloc.moves import sequence_moves
from jitpy.backend.regalloc.scan import MEMORY, Scan
from jitpy.backend.target.row import ANY, REG, STACK, Row
from jitpy.backend.vcode.vcode import Allocation

EDGE_IN, STORE_PARAM, CHANGE, COPY_OPERAND, EDGE_OUT = range(5)

# What the operands of a row ask for: anything; registers or slots as they come; that with the only def in place of the
# first use.
GENERAL, PLAIN, REUSES_FIRST = range(3)
SHAPES: dict[Row, int] = {}  # of the rows met so far; rows are made once


def shape_of(row: Row) -> int:
    """The shape of a row's operands."""
    defs, uses = row.defs, row.uses
    if all(constraint in (REG, ANY) for constraint in defs + uses):
        return PLAIN
    if defs == (-16,) and not row.late_uses and all(constraint in (REG, ANY) for constraint in uses):
        return REUSES_FIRST
    return GENERAL


class Resolver:
    """Collects moves per (position, phase), then orders them."""

    def __init__(self, scan: Scan, liveness: Liveness) -> None:
        self.scan = scan
        self.vcode = scan.vcode
        self.env = scan.env
        self.liveness = liveness
        self.intervals = scan.intervals
        self.places = scan.places
        self.classes = scan.vcode.vreg_class
        self.slot_of = [0] * len(self.classes)
        self.slots = 0
        self.spares: dict[int, int] = {}
        self.groups: dict[int, list[tuple[Any, int, int]]] = {}
        # Per spilled vreg: where it goes from a register to memory, as (key, preg), and what storing there costs.
        self.leaving: dict[int, list[tuple[int, int]]] = {}
        self.leaving_cost: dict[int, float] = {}
        self.at_definition: set[int] = set()
        self.defined: set[int] = set()  # every allocation of a def

    def place(self, vreg: int, position: int) -> int:
        """The preg that holds a vreg at a position, or MEMORY."""
        places = self.places[vreg]
        if len(places) == 1:
            return places[0][1]
        k = bisect_right(places, (position, 1 << 30)) - 1
        return places[k if k > 0 else 0][1]

    def source(self, vreg: int, preg: int) -> Any:
        if preg >= 0:
            return preg
        inst = self.intervals.remat.get(vreg)
        if inst is not None:
            return ("remat", inst)
        return self.slot_of[vreg]

    def move(self, key: int, src: Any, dst: int, cls: int) -> None:
        group = self.groups.get(key)
        if group is None:
            self.groups[key] = [(src, dst, cls)]
        else:
            group.append((src, dst, cls))

    def run(self) -> Allocation:
        self.assign_slots()
        self.change_places()
        self.connect_edges()
        allocs = self.assign_operands()
        self.store_spills(allocs)
        edits: list[tuple[int, Any, int, int]] = []
        scratch = self.env.scratch
        written = self.intervals.clobbered
        for preg in self.defined:
            if preg >= 0:
                written |= 1 << preg
        groups = self.groups
        for key in sorted(groups):
            position = key >> 3
            group = groups[key]
            if len(group) == 1 and group[0][1] >= 0:
                src, dst, cls = group[0]
                if src != dst:
                    edits.append((position, src, dst, cls))
                    written |= 1 << dst
                continue
            for src, dst, cls in sequence_moves(group, scratch, self.spare_slot):
                edits.append((position, src, dst, cls))
                if dst >= 0:
                    written |= 1 << dst
        return Allocation(allocs, edits, self.slots, written)

    # Slots

    def spare_slot(self, cls: int) -> int:
        if cls not in self.spares:
            self.spares[cls] = self.new_slot(self.env.slot_units[cls])
        return self.spares[cls]

    def new_slot(self, units: int) -> int:
        base = -(-self.slots // units) * units
        self.slots = base + units
        return ~base

    def assign_slots(self) -> None:
        """A slot for each vreg that is ever in memory; a slot is used again when its vreg is dead."""
        intervals = self.intervals
        spilled = []
        for vreg in self.scan.touched | intervals.needs_slot:
            if vreg in intervals.remat:
                continue
            if intervals.uses[vreg] or vreg in intervals.needs_slot or intervals.begin[vreg] == EITHER:
                spilled.append((intervals.ranges[vreg][0][0], vreg))
        spilled.sort()
        free: dict[int, list[int]] = {}
        busy: dict[int, list[tuple[int, int]]] = {}
        for start, vreg in spilled:
            units = self.env.slot_units[self.classes[vreg]]
            waiting = busy.setdefault(units, [])
            pool = free.setdefault(units, [])
            while waiting and waiting[0][0] <= start:
                pool.append(heappop(waiting)[1])
            slot = 0
            before = intervals.source[vreg]
            if before >= 0 and self.slot_of[before] in pool:
                slot = self.slot_of[before]
                pool.remove(slot)
            elif pool:
                slot = pool.pop()
            else:
                slot = self.new_slot(units)
            self.slot_of[vreg] = slot
            heappush(waiting, (intervals.ranges[vreg][-1][1], slot))

    # Moves

    def leave(self, vreg: int, key: int, preg: int, weight: float) -> None:
        self.leaving.setdefault(vreg, []).append((key, preg))
        self.leaving_cost[vreg] = self.leaving_cost.get(vreg, 0.0) + weight

    def change_places(self) -> None:
        """Moves in the middle of blocks."""
        scan = self.scan
        borders = scan.borders
        inner = set(borders)
        for vreg in sorted(scan.touched):
            places = self.places[vreg]
            cls = self.classes[vreg]
            if self.intervals.ranges[vreg][0][0] != self.intervals.born[vreg]:
                self.at_definition.add(vreg)
            for k in range(1, len(places)):
                before_start, before = places[k - 1]
                start, now = places[k]
                if start == before_start:
                    before = places[k - 2][1] if k > 1 else now
                if before == now:
                    continue
                if now == MEMORY:
                    if start in inner or vreg in self.intervals.remat:
                        continue
                    if k + 1 < len(places) and places[k + 1][0] == start:
                        continue
                    gap = start & ~3
                    if before_start >= gap or not self.live_at(vreg, start - 1):
                        self.at_definition.add(vreg)
                        continue
                    weight = scan.weights[scan.block_at(gap)]
                    self.leave(vreg, (start >> 2) * 16 + CHANGE, before, weight)
                elif start not in inner and self.live_at(vreg, start - 1):
                    self.move((start >> 2) * 16 + CHANGE, self.source(vreg, before), now, cls)

    def live_at(self, vreg: int, position: int) -> bool:
        ranges = self.intervals.ranges[vreg]
        k = bisect_right(ranges, (position, 1 << 60)) - 1
        return k >= 0 and ranges[k][1] > position

    def connect_edges(self) -> None:
        """Move what lies elsewhere at the start of a successor than at the end of the block."""
        vcode = self.vcode
        scan = self.scan
        number, vregs = self.liveness.global_number, self.liveness.global_vregs
        live_in = self.liveness.live_in
        starts, preds = vcode.block_starts, vcode.preds
        changes = []
        moving = [0] * len(live_in)  # per chunk, what changes its place somewhere
        for vreg in scan.touched:
            if number[vreg] >= 0:
                moving[number[vreg] // WIDTH] |= 1 << number[vreg] % WIDTH
                for start, _ in self.places[vreg][1:]:
                    changes.append((start, number[vreg]))
        changes.sort()
        positions = [start for start, _ in changes]
        changing = set(positions)
        places, classes, slot_of = self.places, self.classes, self.slot_of
        uses = self.intervals.uses
        remat = self.intervals.remat
        weights = scan.weights
        single = len(live_in) == 1
        for block, succs in enumerate(vcode.succs):
            limit = starts[block + 1]
            end = 4 * limit - 1
            args = vcode.block_args[block]
            for succ in succs if len(succs) < 2 else sorted(set(succs)):
                border = 4 * starts[succ]
                first = last = 0
                if border == end + 1:
                    if border in changing:
                        first, last = bisect_right(positions, end), bisect_right(positions, border)
                elif changes:
                    first, last = bisect_right(positions, end), bisect_right(positions, border)
                    if first > last:
                        first, last = last, first
                if first == last and not args:
                    continue
                if len(succs) > 1 or (len(preds[succ]) == 1 and not args):
                    key = 16 * starts[succ] + EDGE_IN
                    weight = weights[succ]
                else:
                    key = 16 * (limit - 1) + EDGE_OUT
                    weight = weights[block]
                if first != last:
                    live = live_in[0].get(succ, 0) & moving[0]
                    if single and live.bit_count() < last - first:
                        bits = bits_of(live)
                    elif last - first < 24:
                        bits = sorted({
                            bit for _, bit in changes[first:last] if live_in[bit // WIDTH].get(succ, 0) >> bit % WIDTH & 1
                        })  # fmt: skip
                    else:
                        bits = [
                            k * WIDTH + bit
                            for k, mask in enumerate(moving)
                            if succ in live_in[k]
                            for bit in bits_of(live_in[k][succ] & mask)
                        ]
                    for bit in bits:
                        vreg = vregs[bit]
                        before = self.place(vreg, end)
                        after = self.place(vreg, border)
                        if before == after:
                            continue
                        if after >= 0:
                            self.move(key, self.source(vreg, before), after, classes[vreg])
                        elif vreg not in remat:
                            self.leave(vreg, key, before, weight)
                if args:
                    for arg, param in zip(args, vcode.block_params[succ]):
                        if not uses[param]:
                            continue
                        at = places[param]
                        after = at[0][1] if len(at) == 1 else self.place(param, border)
                        if after < 0:
                            after = slot_of[param]
                        at = places[arg]
                        source = at[0][1] if len(at) == 1 else self.place(arg, end - 3)
                        if source < 0:
                            source = self.source(arg, source)
                        if source != after:
                            self.move(key, source, after, classes[arg])

    def assign_operands(self) -> list[tuple[int, ...]]:
        """The allocations of all operands, and the copies that fixed and reused ones need."""
        places = self.places
        slot_of = self.slot_of
        classes = self.classes
        place = self.place
        allocs: list[tuple[int, ...]] = []
        position = -3
        moved = 1 << 20  # lives in more than one place
        alloc_of = [
            moved if len(at) != 1 else at[0][1] if at[0][1] >= 0 else slot for at, slot in zip(places, slot_of)
        ]
        shapes = SHAPES
        defined: list[int] = []
        for inst in self.vcode.insts:
            position += 4
            row = inst.row
            # Most instructions read and write what never moves, where it is.
            if inst.constraints is None:
                shape = shapes.get(row, -1)
                if shape < 0:
                    shape = shapes[row] = shape_of(row)
                if shape == PLAIN:
                    result = [alloc_of[vreg] for vreg in inst.defs + inst.uses]
                    if moved not in result:
                        allocs.append(tuple(result))
                        defined += result[: len(inst.defs)]
                        continue
                elif shape == REUSES_FIRST:
                    uses = inst.uses
                    to = alloc_of[inst.defs[0]]
                    result = [alloc_of[vreg] for vreg in uses]
                    preg = result[0]
                    if preg >= 0 and to >= 0 and to != moved and moved not in result and uses.count(uses[0]) == 1:
                        if preg != to:
                            self.move((position >> 2) * 16 + COPY_OPERAND, preg, to, classes[uses[0]])
                        result[0] = to
                        allocs.append((to, *result))
                        defined.append(to)
                        continue
            if inst.constraints is not None:
                def_constraints, use_constraints, _ = inst.constraints
            else:
                def_constraints, use_constraints = row.defs, row.uses
            result = []
            reused = None
            for vreg, constraint in zip(inst.defs, def_constraints):
                if constraint <= -16 and use_constraints[-16 - constraint] >= 0:
                    constraint = use_constraints[-16 - constraint]
                where = places[vreg]
                preg = where[0][1] if len(where) == 1 else place(vreg, position + 2)
                if constraint >= 0:
                    result.append(constraint)
                    if preg != constraint and self.intervals.uses[vreg]:
                        to = preg if preg >= 0 else slot_of[vreg]
                        self.move((position >> 2) * 16 + 8, constraint, to, classes[vreg])
                    continue
                if constraint == STACK:
                    if preg >= 0:
                        self.move((position >> 2) * 16 + 8, slot_of[vreg], preg, classes[vreg])
                    preg = slot_of[vreg]
                elif preg < 0:
                    preg = slot_of[vreg]
                elif constraint <= -16:
                    if reused is None:
                        reused = {}
                    reused[-16 - constraint] = preg
                result.append(preg)
            defined += result
            for k, vreg in enumerate(inst.uses):
                constraint = use_constraints[k]
                if constraint >= 0:
                    preg = place(vreg, position - 1)
                    if preg != constraint:
                        key = (position >> 2) * 16 + COPY_OPERAND
                        self.move(key, self.source(vreg, preg), constraint, classes[vreg])
                    result.append(constraint)
                    continue
                if reused is not None:
                    to = reused.get(k, -1)
                    if to >= 0:
                        preg = place(vreg, position - 1)
                        if preg != to:
                            key = (position >> 2) * 16 + COPY_OPERAND
                            self.move(key, self.source(vreg, preg), to, classes[vreg])
                        result.append(to)
                        continue
                    if constraint != STACK and not row.late_uses >> k & 1:
                        same = -1
                        for other, to in reused.items():
                            if inst.uses[other] == vreg:
                                same = to
                        if same >= 0:
                            result.append(same)
                            continue
                if constraint == STACK:
                    result.append(slot_of[vreg])
                    continue
                where = places[vreg]
                preg = where[0][1] if len(where) == 1 else place(vreg, position)
                result.append(preg if preg >= 0 else slot_of[vreg])
            allocs.append(tuple(result))
        self.defined.update(defined)
        return allocs

    def store_spills(self, allocs: list[tuple[int, ...]]) -> None:
        """Store each spilled vreg at its definition, or wherever it leaves its register."""
        scan = self.scan
        vcode = self.vcode
        starts = vcode.block_starts
        at_definition = self.at_definition | self.intervals.needs_slot
        spilled = set(self.leaving) | at_definition
        for vreg in sorted(spilled):
            slot = self.slot_of[vreg]
            if not slot:
                continue
            born = self.intervals.born[vreg]
            block = scan.block_at(born)
            cost = self.leaving_cost.get(vreg, 0.0)
            cls = self.classes[vreg]
            if vreg not in at_definition and cost < scan.weights[block]:
                for key, preg in self.leaving[vreg]:
                    self.move(key, preg, slot, cls)
                continue
            preg = self.place(vreg, born)
            if vreg in vcode.block_params[block]:
                if preg >= 0:
                    self.move(16 * starts[block] + STORE_PARAM, preg, slot, cls)
                continue
            index = born >> 2
            inst = vcode.insts[index]
            alloc = allocs[index][inst.defs.index(vreg)]
            if alloc >= 0 and preg >= 0:
                self.move(16 * index + 8, alloc, slot, cls)
