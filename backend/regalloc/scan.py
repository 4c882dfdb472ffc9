"""The scan: parts of vregs get registers in the order in which they begin.

A ``Part`` is a stretch of a vreg's life that wants one register. Each preg has a timeline of the ranges given out, so
a part fits a preg when its ranges meet no range of the timeline, no reservation for another vreg and no clobber. What
happens to a part:

1. It takes a register that is free for all of its ranges; hints first (the parameter it becomes, the vreg it copies,
   the preg it is read from), then in the target's order. A callee-saved register that nobody uses yet must be worth
   its save and restore.
2. Otherwise the cheapest of: live in a register until that is taken, then go on elsewhere; evict the part that holds
   a register now; stay in memory until the next use. The price is the weight of the block where the value must be
   loaded again, divided by the distance to that place: what is needed last, and outside of loops, goes first.

A value in memory comes back in a new part. It begins at the outermost loop that holds the next use but not the place
where the register was lost, so that the load happens before the loop. When there is no register that early, it begins
at the use itself.

The result is, per vreg, a list of ``(position, preg or MEMORY)``: where the value is from that position on.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from jitpy.backend.errors import CompileError
from jitpy.backend.regalloc.intervals import COPY, REGISTER, SLOT, Intervals
from jitpy.backend.regalloc.ranges import FOREVER, reserved_until, split_ranges

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jitpy.backend.vcode.vcode import MachineEnv, VCode

MEMORY = -1
WEIGHTS = tuple(10.0**depth for depth in range(9))


class Part:
    """A stretch of a vreg's life: its ranges, and the register it got."""

    __slots__ = ("preg", "ranges", "vreg")

    def __init__(self, vreg: int, ranges: list[tuple[int, int]]) -> None:
        self.vreg = vreg
        self.ranges = ranges
        self.preg = MEMORY


class Timeline:
    """What a preg holds when: parallel lists sorted by start."""

    __slots__ = ("ends", "parts", "starts")

    def __init__(self) -> None:
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.parts: list[Part] = []


class Scan:
    """The state of the scan; ``run`` fills ``places``."""

    def __init__(self, vcode: VCode, env: MachineEnv, intervals: Intervals) -> None:
        self.vcode = vcode
        self.env = env
        self.intervals = intervals
        self.places: list[list[tuple[int, int]]] = [[] for _ in vcode.vreg_class]
        self.timelines: list[Timeline] = [None] * 128  # type: ignore[list-item]  # the allocatable ones are made below
        for pregs in env.allocatable:
            for preg in pregs:
                if self.timelines[preg] is None:
                    self.timelines[preg] = Timeline()
        self.used = ~env.callee_saved  # registers whose use costs nothing more
        self.touched: set[int] = set()  # vregs with more than one place
        self.waiting: dict[int, Part] = {}  # per vreg in memory, the part in which it comes back
        self.prices: list[tuple[int, int, int, float]] = [(-1, 0, 0, 0.0)] * len(vcode.vreg_class)
        self.busy = [0] * 128  # per preg: taken at least up to this position
        self.heap: list[tuple[int, int, Part]] = []
        self.serial = 0
        starts = vcode.block_starts
        self.borders = [4 * start for start in starts]
        depth = vcode.loop_depth
        self.weights = [
            0.01 if cold else WEIGHTS[d] if d < 8 else WEIGHTS[8] for d, cold in zip(depth, vcode.cold)
        ]
        self.home: list[int] = []  # per instruction, its block
        for block in range(len(depth)):
            self.home += [block] * (starts[block + 1] - starts[block])
        self.home.append(len(depth))
        # Per preg, the starts of its reservations and the reservations.
        self.fixed: list[tuple[list[int], list[tuple[int, int, int]]] | None] = [None] * 128
        for preg, reserved in intervals.reserved.items():
            self.fixed[preg] = ([start for start, _, _ in reserved], reserved)
        # The nearest shallower block before each block, and the last block before the next shallower one.
        count = len(depth)
        self.before = [-1] * count
        self.region_end = [count - 1] * count
        stack: list[int] = []
        for block in range(count):
            while stack and depth[stack[-1]] > depth[block]:
                self.region_end[stack.pop()] = block - 1
            k = len(stack)
            if k and depth[stack[-1]] == depth[block]:
                self.before[block] = self.before[stack[-1]]
            elif k:
                self.before[block] = stack[-1]
            stack.append(block)
        # Per block a number that is the same for the blocks of a loop, apart from those of loops in it: prices hold for it.
        self.region = [
            ((before + 1) * 256 + d) * 2 + cold for before, d, cold in zip(self.before, depth, vcode.cold)
        ]

    def block_at(self, position: int) -> int:
        return self.home[position >> 2]

    # Where a part fits

    def clobber_limits(self, ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """(mask, first position inside of the ranges where it is destroyed)."""
        out = []
        last = ranges[-1][1]
        for mask, positions in self.intervals.clobbers.items():
            k = bisect_left(positions, ranges[0][0])
            if k == len(positions) or positions[k] >= last:
                continue
            for start, end in ranges:
                k = bisect_left(positions, start)
                if k == len(positions):
                    break
                if positions[k] < end:
                    out.append((mask, positions[k]))
                    break
        return out

    def free_until(
        self, preg: int, vreg: int, ranges: list[tuple[int, int]], limits: Sequence[tuple[int, int]], skip: Part | None
    ) -> int:
        """The first position of ``ranges`` at which ``preg`` is taken, not counting the part ``skip``."""
        until = FOREVER
        for mask, position in limits:
            if mask >> preg & 1 and position < until:
                until = position
        fixed = self.fixed[preg]
        if fixed is not None:
            until = reserved_until(fixed, vreg, ranges, until)
        line = self.timelines[preg]
        starts, ends = line.starts, line.ends
        if not starts or (ends[-1] <= ranges[0][0]):
            return until
        for start, end in ranges:
            if start >= until:
                break
            k = bisect_right(starts, start)
            if k and ends[k - 1] > start and line.parts[k - 1] is not skip:
                return min(until, start)
            while k < len(starts) and starts[k] < end:
                if line.parts[k] is not skip:
                    return min(until, starts[k])
                k += 1
        return until

    def occupy(self, part: Part, preg: int) -> None:
        part.preg = preg
        self.used |= 1 << preg
        line = self.timelines[preg]
        starts, ends, parts = line.starts, line.ends, line.parts
        self.busy[preg] = part.ranges[0][1]
        for start, end in part.ranges:
            if not starts or start > starts[-1]:
                starts.append(start)
                ends.append(end)
                parts.append(part)
            else:
                k = bisect_right(starts, start)
                starts.insert(k, start)
                ends.insert(k, end)
                parts.insert(k, part)
        self.places[part.vreg].append((part.ranges[0][0], preg))

    def truncate(self, part: Part, position: int) -> None:
        """End an allocated part at ``position``."""
        line = self.timelines[part.preg]
        self.busy[part.preg] = position
        for start, end in part.ranges:
            if end <= position:
                continue
            k = bisect_left(line.starts, start)
            if start < position:
                line.ends[k] = position
            else:
                del line.starts[k], line.ends[k], line.parts[k]
        part.ranges = split_ranges(part.ranges, position)[0]

    # Prices

    def next_use(self, vreg: int, position: int) -> int:
        """The first use at or behind ``position``, encoded as in ``uses``; -1 if there is none."""
        uses = self.intervals.uses[vreg]
        k = bisect_left(uses, position * 4)
        while k < len(uses):
            if uses[k] & 3 != SLOT:
                return uses[k]
            k += 1
        return -1

    def register_use(self, vreg: int, position: int) -> int:
        """The last position in the instruction of ``position``, from there on, that wants a register; or -1."""
        uses = self.intervals.uses[vreg]
        k = bisect_left(uses, position * 4)
        found = -1
        while k < len(uses) and uses[k] >> 4 == position >> 2:
            if uses[k] & 3 == REGISTER:
                found = uses[k] >> 2
            k += 1
        return found

    def reload_at(self, position: int, use: int) -> int:
        """Where a value lost at ``position`` comes back for ``use``: at its gap, or before the loops around it."""
        gap = (use >> 2) & ~3
        home = self.block_at(gap)
        block = home
        here = self.block_at(position)
        if self.vcode.cold[home]:
            return gap
        while self.before[block] >= here:
            block = self.before[block]
        if block != home:
            return self.borders[block + 1]
        return gap

    def price(self, vreg: int, position: int, block: int) -> float:
        """What it costs to be without a register from ``position`` (in ``block``) on, per position won."""
        # The answer but for the distance is the same up to the next use, as long as the loop is.
        known, until, at, weight = self.prices[vreg]
        if known != self.region[block] or position > until:
            until, at, weight = self.reload_price(vreg, position, block)
            self.prices[vreg] = (self.region[block], until, at, weight)
        if at <= position:
            return weight if self.register_use(vreg, position) < 0 else float(FOREVER)
        if at == FOREVER:
            return 0.0
        return weight / (at - position + 4)

    def reload_price(self, vreg: int, position: int, block: int) -> tuple[int, int, float]:
        """(next use, where the value is loaded again, the weight of that place)."""
        weights = self.weights
        borders = self.borders
        places_of = self.home
        depth, before = self.vcode.loop_depth, self.before
        uses = self.intervals.uses[vreg]
        k = first = bisect_left(uses, position * 4)
        count = len(uses)
        while k < count and uses[k] & 3 == SLOT:
            k += 1
        at = until = FOREVER
        weight = 0.0
        if k < count:
            use = uses[k]
            until = use >> 2
            # As reload_at.
            at = until & ~3
            home = around = places_of[until >> 2]
            if before[home] >= block and not self.vcode.cold[home]:
                while before[around] >= block:
                    around = before[around]
                at = borders[around + 1]
                home = places_of[at >> 2]
            weight = weights[home]
            # A load before the loop belongs to the block in front of it.
            if borders[home] == at and home and until > borders[home + 1]:
                weight = weights[home - 1]
            if use & 3 == COPY:
                weight *= 0.7
            if at <= position:
                return until, at, weights[block] / 4
        # Used earlier in a loop that goes on: it is needed again when the loop comes around.
        if depth[block] > 0:
            if first:
                last = uses[first - 1] >> 2
                ranges = self.intervals.ranges[vreg]
                born = ranges[0][0]
                around = block
                while depth[around] > 0:
                    start = borders[before[around] + 1]
                    end = borders[self.region_end[around] + 1]
                    if at < end:
                        break
                    if last >= start and born < start:
                        k = bisect_left(ranges, (end, 0)) - 1
                        if k >= 0 and ranges[k][1] >= end:
                            weight = max(weight, weights[around])
                            at = end
                            break
                    around = before[around]
                    if around < 0:
                        break
        return until, at, weight

    # The scan

    def push(self, part: Part) -> None:
        self.serial += 1
        heappush(self.heap, (part.ranges[0][0], self.serial, part))

    def to_memory(self, vreg: int, position: int, ranges: list[tuple[int, int]], hoist: bool = True) -> None:
        """From ``position`` on the vreg is in memory; ``ranges`` are what is left of its life."""
        places = self.places[vreg]
        while places and places[-1][0] >= position:
            places.pop()  # a register lost even earlier than foreseen
        waiting = self.waiting.pop(vreg, None)
        if waiting is not None:
            waiting.vreg = -1
        if not places or places[-1][1] != MEMORY:
            places.append((position, MEMORY))
        self.touched.add(vreg)
        uses = self.intervals.uses[vreg]
        k = bisect_left(uses, position * 4)
        weights = self.weights
        while k < len(uses):
            use = uses[k]
            kind = use & 3
            k += 1
            if kind == SLOT:
                continue
            gap = (use >> 2) & ~3
            at = self.reload_at(position, use) if hoist else gap
            if kind != REGISTER:
                home = self.block_at(gap)
                where = self.block_at(at)
                price = weights[where - 1 if where and at == self.borders[where] else where]
                if at == gap or price >= weights[home]:
                    continue
            if at < position or (at == position and hoist):
                at = gap
            rest = split_ranges(ranges, at)[1]
            if rest:
                part = self.waiting[vreg] = Part(vreg, rest)
                self.push(part)
            return

    def parts(self) -> Iterator[Part]:
        """Every part in the order of begins: whole lives, and between them what ``push`` adds meanwhile."""
        lives = self.intervals.ranges
        count = len(lives)
        heap, waiting = self.heap, self.waiting
        begins = [ranges[0][0] * count + vreg for vreg, ranges in enumerate(lives) if ranges]
        begins.sort()
        for begin in begins:
            while heap and heap[0][0] * count + count <= begin:
                part = heappop(heap)[2]
                if part.vreg >= 0:
                    waiting.pop(part.vreg, None)
                    yield part
            vreg = begin % count
            yield Part(vreg, lives[vreg])
        while heap:
            part = heappop(heap)[2]
            if part.vreg >= 0:
                waiting.pop(part.vreg, None)
                yield part

    def run(self) -> None:
        """Give each part a register that is free for all of it; where there is none, ``contend``."""
        intervals = self.intervals
        begins, prefer, sources, targets = intervals.begin, intervals.prefer, intervals.source, intervals.target
        clobbers = intervals.clobbers
        places, timelines, fixed, busy = self.places, self.timelines, self.fixed, self.busy
        classes, allocatable = self.vcode.vreg_class, self.env.allocatable
        free_until, occupy = self.free_until, self.occupy
        limits: Sequence[tuple[int, int]] = ()
        for part in self.parts():
            vreg = part.vreg
            ranges = part.ranges
            start, end = ranges[0]
            first = not places[vreg]
            if first and begins[vreg] == SLOT:
                self.to_memory(vreg, start, ranges)
                continue
            pregs = allocatable[classes[vreg]]
            used = self.used
            found = fresh = -1
            lost = 0  # destroyed somewhere in the part's life
            if clobbers:
                limits = self.clobber_limits(ranges)
                for mask, _ in limits:
                    lost |= mask
            target, source = targets[vreg], sources[vreg]
            if target >= 0 and not places[target]:
                target = targets[target]  # a parameter that has no register yet: what that becomes in its turn
            hints = (
                places[target][-1][1] if target >= 0 and places[target] else -1,
                places[source][-1][1] if source >= 0 and places[source] else -1,
                prefer[vreg],
            )
            for preg in hints:
                if preg >= 0 and busy[preg] <= start and not lost >> preg & 1 and preg in pregs:
                    if free_until(preg, vreg, ranges, (), None) == FOREVER:
                        if used >> preg & 1:
                            found = preg
                            break
                        if fresh < 0:
                            fresh = preg
            if found >= 0:
                occupy(part, found)
                continue
            simple = len(ranges) == 1
            for preg in pregs:
                if busy[preg] > start or lost >> preg & 1:
                    continue
                if simple:
                    # The same answer as free_until, for most parts.
                    known = fixed[preg]
                    if known is not None and reserved_until(known, vreg, ranges, FOREVER) != FOREVER:
                        continue
                    line = timelines[preg]
                    ends = line.ends
                    if ends and ends[-1] > start:
                        starts = line.starts
                        k = bisect_right(starts, start)
                        if (k and ends[k - 1] > start) or (k < len(starts) and starts[k] < end):
                            continue
                elif free_until(preg, vreg, ranges, (), None) != FOREVER:
                    continue
                if used >> preg & 1:
                    found = preg
                    break
                if fresh < 0:
                    fresh = preg
            if found < 0 and fresh >= 0:
                # A register to be saved and restored for this part alone costs about two memory accesses.
                if self.worth(part) >= 2.0:
                    found = fresh
                else:
                    pregs = tuple(preg for preg in pregs if used >> preg & 1)
            if found >= 0:
                occupy(part, found)
                continue
            for preg in hints:
                if preg >= 0 and preg in pregs:
                    pregs = (preg, *pregs)  # of equal prices the first counts
                    break
            if not self.contend(part, first, pregs, limits):
                if fresh >= 0:
                    occupy(part, fresh)
                    continue
                index = start >> 2
                raise CompileError(
                    f"{self.vcode.name}: instruction {index} ({self.vcode.insts[index].row.name}) needs more "
                    "registers at once than the target has; the lowering rule must use fewer"
                )

    def worth(self, part: Part) -> float:
        """The weight of a part's uses and of its definition, as far as it matters."""
        intervals = self.intervals
        vreg = part.vreg
        if not intervals.clobbers and not part.ranges[0][1] - part.ranges[0][0] > 64:
            return 2.0  # short lives in leaf functions: real pressure
        total = self.weights[self.block_at(intervals.born[vreg])]
        end = part.ranges[-1][1]
        for use in intervals.uses[vreg]:
            if total >= 2.0:
                break
            if part.ranges[0][0] <= use >> 2 < end:
                total += self.weights[self.block_at(use >> 2)]
        return total

    def contend(
        self, part: Part, first: bool, pregs: tuple[int, ...], limits: Sequence[tuple[int, int]]
    ) -> bool:
        """No register is free for the whole part. False if it must have one and none can be had."""
        vreg, ranges = part.vreg, part.ranges
        intervals = self.intervals
        start = ranges[0][0]
        must = False
        if first:
            must = intervals.begin[vreg] == REGISTER
            need = (start & ~3) + 4 if must else start + 1
        else:
            read = self.register_use(vreg, start)
            must = read >= 0
            need = read + 1 if must else start + 1
        need = min(need, ranges[0][1])
        block = self.block_at(start)
        best = float(FOREVER) if must else self.price(vreg, start, block)
        if not must and best >= FOREVER:
            best = self.weights[block] / 4
        choice = MEMORY
        victim: Part | None = None
        limit = start
        short = 0  # destroyed too soon to be of use
        for mask, position in limits:
            if position < need or (position - start < 8 and not must):
                short |= mask
        timelines, fixed = self.timelines, self.fixed
        prices = self.prices
        region = self.region[block]
        life_end = ranges[0][1] if len(ranges) == 1 else 0
        soonest = start + 8
        if must or need > soonest:
            soonest = need
        taken = last = -1  # many registers are lost at the same place: what that costs
        loss = 0.0
        for preg in pregs:
            if short >> preg & 1:
                continue
            line = timelines[preg]
            starts = line.starts
            k = bisect_right(starts, start)
            price = 0.0
            if k and line.ends[k - 1] > start:
                holder = line.parts[k - 1]
                known, usable, at, weight = prices[holder.vreg]
                # What price() would find, for most holders.
                if known == region and start <= usable and at > start:
                    if at < FOREVER:
                        price = weight / (at - start + 4)
                else:
                    price = self.price(holder.vreg, start, block)
                if price >= best or price >= FOREVER:
                    continue
                if holder.ranges[0][0] >= start and intervals.begin[holder.vreg] == REGISTER:
                    if intervals.born[holder.vreg] | 3 == start | 3:
                        continue  # both are written by this instruction
            else:
                holder = None
            if life_end:
                # The same answer as free_until, for most parts.
                until = FOREVER
                for mask, position in limits:
                    if mask >> preg & 1 and position < until:
                        until = position
                reserved = fixed[preg]
                if reserved is not None:
                    until = reserved_until(reserved, vreg, ranges, until)
                if k < len(starts) and starts[k] < life_end:
                    if line.parts[k] is holder:
                        until = self.free_until(preg, vreg, ranges, limits, holder)
                    elif starts[k] < until:
                        until = starts[k]
            else:
                until = self.free_until(preg, vreg, ranges, limits, holder)
            if until < FOREVER:
                if until < soonest:
                    continue
                if until != taken:
                    taken = last = until
                    if until & 3:
                        # An operand of that instruction must be read before the register is lost.
                        after = self.next_use(vreg, until)
                        if after >= 0 and after >> 4 == until >> 2:
                            last = until & ~3
                    loss = self.price_after(vreg, start, last)
                until = last
                if until < soonest:
                    continue
                price += loss
            if price < best:
                best, choice, victim, limit = price, preg, holder, until
                if price <= 0.0:
                    break
        if choice < 0:
            if must:
                return False
            self.to_memory(vreg, start, ranges, hoist=first)
            return True
        if victim is not None:
            lost = self.leave_at(victim, start)
            self.truncate(victim, lost)
            life = intervals.ranges[victim.vreg]
            self.to_memory(victim.vreg, lost, split_ranges(life, lost)[1])
        if limit < FOREVER:
            limit = self.leave_at(part, limit)
            kept, rest = split_ranges(ranges, limit)
            part.ranges = kept
            self.occupy(part, choice)
            self.to_memory(vreg, limit, rest)
        else:
            self.occupy(part, choice)
        return True

    def leave_at(self, part: Part, position: int) -> int:
        """Where a part that loses its register at ``position`` should leave it: before loops that do not use it.

        Left inside of such a loop, the value would have to be loaded again each time the loop comes around.
        """
        block = self.block_at(position)
        depth, before, borders = self.vcode.loop_depth, self.before, self.borders
        if not depth[block]:
            return position
        vreg = part.vreg
        uses = self.intervals.uses[vreg]
        k = bisect_left(uses, position * 4)
        last = uses[k - 1] >> 2 if k else -1
        born = part.ranges[0][0]
        use = self.next_use(vreg, position)
        at = self.reload_at(position, use) if use >= 0 else FOREVER
        while depth[block] > 0:
            start = borders[before[block] + 1]
            if born >= start or last >= start or at < borders[self.region_end[block] + 1]:
                break
            position = start
            block = before[block]
            if block < 0:
                break
        return position

    def price_after(self, vreg: int, start: int, until: int) -> float:
        """The price of losing the register at ``until``."""
        use = self.next_use(vreg, until)
        if use < 0:
            return 0.0
        at = self.reload_at(until, use)
        return self.weights[self.block_at(at)] / (at - start + 4)
