"""The one-pass allocator: a single backwards walk, for compile speed.

Between blocks every value lies in its spill slot: block parameters and values used in other blocks are stored once,
behind their definition, and loaded at the start of each block that wants them in a register. Inside a block the walk
goes from the last instruction to the first. The first use it meets (the last in program order) gives a vreg a
register, which the vreg keeps up to its definition, unless the register is taken from it: then the value is loaded
back from its slot behind the instruction that took it. The victim is the register whose next use is farthest (the one
touched longest ago by the walk).

State: ``reg_of[v]`` (-1 when v is in no register), ``holder[preg]``, ``free`` (a mask), all as they are behind the
instruction at hand and, when it is done, before it. Per instruction: what it destroys is evicted, defs are placed and
leave their registers, fixed uses, reused uses, then the other uses are placed.
"""

from __future__ import annotations

from typing import Any

from jitpy.backend.errors import CompileError
from jitpy.backend.regalloc.moves import sequence_moves
from jitpy.backend.target.row import ANY, CALL, MOVE, REG, STACK
from jitpy.backend.vcode.vcode import Allocation, MachineEnv, VCode

Move = tuple[int, int, int]


def allocate(vcode: VCode, env: MachineEnv) -> Allocation:
    """Allocate registers in one pass."""
    return OnePass(vcode, env).run()


class OnePass:
    """The walk's state and steps, see the module's docstring; `baseline.walk` does the same over templates."""

    __slots__ = (
        "all", "caller", "classes", "defined", "edits", "env", "free", "holder", "late_stores", "masks", "reg_of",
        "reloads", "slot_of", "slots", "spares", "stamp", "vcode", "written",
    )  # fmt: skip

    def __init__(self, vcode: VCode, env: MachineEnv) -> None:
        self.vcode = vcode
        self.begin(env, vcode.vreg_class)

    def begin(self, env: MachineEnv, classes: list[int]) -> None:
        """The state before the walk; ``classes``: of the vregs."""
        self.env = env
        self.classes = classes
        self.masks = env.masks
        self.all = env.all
        self.caller = self.all & ~env.callee_saved
        self.free = self.all
        self.reg_of = [-1] * len(classes)
        self.slot_of = [0] * len(classes)  # 0: has none (slots are negative)
        self.holder = [-1] * 128
        self.stamp = [0] * 128
        self.slots = 0
        self.spares: dict[int, int] = {}
        self.written = 0
        self.edits: list[tuple[int, int, int, int]] = []  # last first
        self.reloads: list[Move] = []  # of the instruction at hand
        self.defined = bytearray(len(classes))  # its defining instruction is behind the walk
        self.late_stores: list[int] = []  # got a slot only then

    # Slots

    def new_slot(self, cls: int) -> int:
        units = self.env.slot_units[cls]
        base = -(-self.slots // units) * units
        self.slots = base + units
        return ~base

    def slot(self, vreg: int) -> int:
        """The slot of a vreg, made when first asked for."""
        slot = self.slot_of[vreg]
        if not slot:
            slot = self.slot_of[vreg] = self.new_slot(self.classes[vreg])
            if self.defined[vreg]:
                self.late_stores.append(vreg)
        return slot

    def spare_slot(self, cls: int) -> int:
        if cls not in self.spares:
            self.spares[cls] = self.new_slot(cls)
        return self.spares[cls]

    # Registers

    def evict(self, preg: int) -> None:
        """Take ``preg`` from its holder, which is loaded back behind the instruction at hand."""
        vreg = self.holder[preg]
        self.reloads.append((self.slot(vreg), preg, self.classes[vreg]))
        self.reg_of[vreg] = -1
        self.free |= 1 << preg

    def choose(self, cls: int, forbidden: int, index: int) -> int:
        """A register of ``cls`` outside of ``forbidden``: a free one, or one freed for the purpose."""
        candidates = self.masks[cls] & ~forbidden
        free = candidates & self.free
        if free:
            cheap = free & self.caller
            if cheap:
                free = cheap
            return (free & -free).bit_length() - 1
        # The one touched longest ago is seldom forbidden, so that it is sought among all of the class, at C's speed.
        stamp = self.stamp
        best = max(self.env.allocatable[cls], key=stamp.__getitem__, default=0)
        if not candidates >> best & 1:
            best = when = -1
            while candidates:
                low = candidates & -candidates
                preg = low.bit_length() - 1
                if stamp[preg] > when:
                    best, when = preg, stamp[preg]
                candidates ^= low
        if best < 0:
            raise self.too_few(cls, index)
        self.evict(best)
        return best

    def too_few(self, cls: int, index: int) -> CompileError:
        """The error of an instruction that needs more registers than there are, for `choose`."""
        return CompileError(
            f"{self.vcode.name}: instruction {index} ({self.vcode.insts[index].row.name}) needs more "
            f"registers of class {cls} at once than the target has; the lowering rule must use fewer"
        )

    def assign(self, vreg: int, preg: int, index: int) -> None:
        self.reg_of[vreg] = preg
        self.holder[preg] = vreg
        self.stamp[preg] = index
        self.free &= ~(1 << preg)
        self.written |= 1 << preg

    # The walk

    def run(self) -> Allocation:
        vcode = self.vcode
        insts = vcode.insts
        starts = vcode.block_starts
        classes = self.classes
        reg_of = self.reg_of
        holder = self.holder
        edits = self.edits
        defined = self.defined
        allocs: list[Any] = [None] * len(insts)
        kinds: dict[Any, int] = {}
        for block in range(len(vcode.succs) - 1, -1, -1):
            first = starts[block]
            last = starts[block + 1] - 1
            self.free = self.all
            if vcode.block_args[block]:
                self.pass_arguments(block, last)
            for index in range(last, first - 1, -1):
                inst = insts[index]
                row = inst.row
                kind = kinds.get(row, -1)
                if kind < 0:
                    kind = kinds[row] = kind_of(row)
                if not kind or inst.constraints is not None:
                    allocs[index] = self.place(index, inst)
                    for vreg in inst.defs:
                        defined[vreg] = 1
                    continue
                allocs[index] = self.place_plain(kind, index, inst)
                if inst.defs:
                    defined[inst.defs[0]] = 1
            held = self.all & ~self.free
            while held:
                low = held & -held
                held ^= low
                preg = low.bit_length() - 1
                vreg = holder[preg]
                edits.append((2 * first, self.slot(vreg), preg, classes[vreg]))
                reg_of[vreg] = -1
        self.store_late(allocs)
        self.edits.reverse()
        written = self.written
        for _, _, dst, _ in self.edits:
            if dst >= 0:
                written |= 1 << dst
        return Allocation(allocs, self.edits, self.slots, written)

    def place_plain(self, kind: int, index: int, inst: Any) -> tuple[int, ...]:
        """An instruction of plain registers, nothing fixed, at most one def: ``kind`` is not 0, see `kind_of`."""
        reg_of, slot_of, stamp, classes = self.reg_of, self.slot_of, self.stamp, self.classes
        uses = inst.uses
        store = copy = None
        lock = 0
        if inst.defs:
            vreg = inst.defs[0]
            out = reg_of[vreg]
            if out < 0:
                for use in uses:
                    if reg_of[use] >= 0:
                        stamp[reg_of[use]] = index
                out = self.choose(classes[vreg], 0, index)
            else:
                reg_of[vreg] = -1
                self.free |= 1 << out
            self.written |= 1 << out
            if slot_of[vreg]:
                store = (2 * index + 1, out, slot_of[vreg], classes[vreg])
            result = [out]
            if kind >= 2:
                use = uses[0]
                preg = reg_of[use]
                if preg < 0:
                    if kind == 2 or self.masks[classes[use]] >> out & 1:
                        self.assign(use, out, index)
                elif kind == 2:
                    copy = (2 * index, preg, out, classes[use])
                if kind == 2:
                    lock = 1 << out
        else:
            result = []
        for use in uses:
            if reg_of[use] >= 0:
                lock |= 1 << reg_of[use]
        for use in uses:
            preg = reg_of[use]
            if preg < 0:
                free = self.free & self.masks[classes[use]] & ~lock
                if free:
                    if free & self.caller:
                        free &= self.caller
                    preg = (free & -free).bit_length() - 1
                else:
                    preg = self.choose(classes[use], lock, index)
                reg_of[use] = preg
                self.holder[preg] = use
                self.free &= ~(1 << preg)
                self.written |= 1 << preg
                lock |= 1 << preg
            stamp[preg] = index
            result.append(preg)
        if copy is not None:
            result[1] = copy[2]
        if self.reloads:
            self.insert_reloads(index)
        if store is not None:
            self.edits.append(store)
        if copy is not None:
            self.edits.append(copy)
        return tuple(result)

    def insert_reloads(self, index: int) -> None:
        """Load what was evicted back, behind the instruction."""
        position = 2 * index + 1
        for src, dst, cls in self.reloads:
            self.edits.append((position, src, dst, cls))
        self.reloads.clear()

    def pass_arguments(self, block: int, last: int) -> None:
        """Move the arguments into the slots of the successor's parameters, before the jump."""
        vcode = self.vcode
        classes = self.classes
        moves: list[Move] = []
        for arg, param in zip(vcode.block_args[block], vcode.block_params[vcode.succs[block][0]]):
            cls = classes[arg]
            if self.reg_of[arg] < 0 and self.free & self.masks[cls]:
                self.assign(arg, self.choose(cls, 0, last), last)
            preg = self.reg_of[arg]
            moves.append((preg if preg >= 0 else self.slot(arg), self.slot(param), cls))
        for src, dst, cls in reversed(sequence_moves(moves, self.env.scratch, self.spare_slot)):
            self.edits.append((2 * last, src, dst, cls))

    def store_late(self, allocs: list[Any]) -> None:
        """Store values whose slot was first asked for when the walk was past their definition.

        That happens when blocks are not in an order in which definitions come before uses.
        """
        if not self.late_stores:
            return
        late = set(self.late_stores)
        stores: list[tuple[int, int, int, int]] = []
        for index, inst in enumerate(self.vcode.insts):
            for k, vreg in enumerate(inst.defs):
                if vreg in late:
                    preg = allocs[index][k]
                    stores.append((2 * index + 1, preg, self.slot_of[vreg], self.classes[vreg]))
        # The edits are last first; a late store is to be the first at its position, so it comes behind its equals.
        self.edits.extend(stores)
        self.edits.sort(key=lambda edit: -edit[0])

    def copy_from_slot(self, before: list[Move], keep: list[int], pregs: int) -> int:
        """Take one of ``pregs`` from a value that is only copied into a fixed or reused operand; the copy reads its slot.

        ``keep`` are the values that operands read where they are. The mask of what was taken, 0 if there is nothing.
        """
        for k, (src, _, cls) in enumerate(before):
            if src >= 0 and pregs >> src & 1 and self.holder[src] not in keep:
                vreg = self.holder[src]
                self.evict(src)
                for j in range(k, len(before)):
                    if before[j][0] == src:
                        before[j] = (self.slot(vreg), before[j][1], cls)
                return 1 << src
        return 0

    def place(self, index: int, inst: Any) -> tuple[int, ...]:
        """The general instruction: fixed registers, clobbers, slots, early and late operands."""
        row = inst.row
        if inst.constraints is not None:
            def_constraints, use_constraints, clobbers = inst.constraints
        else:
            def_constraints, use_constraints, clobbers = row.defs, row.uses, row.clobbers
        classes = self.classes
        reg_of = self.reg_of
        slot_of = self.slot_of
        holder = self.holder
        defs, uses = inst.defs, inst.uses
        late_uses, early_defs = row.late_uses, row.early_defs
        if not row.flags & CALL:
            self.written |= clobbers

        # What is fixed: pregs written at the end, pregs read, pregs read until the end.
        fixed_defs = fixed_uses = fixed_late = 0
        wanted: dict[int, int] = {}
        for k, constraint in enumerate(use_constraints):
            if constraint >= 0:
                fixed_uses |= 1 << constraint
                wanted[constraint] = uses[k]
                if late_uses >> k & 1:
                    fixed_late |= 1 << constraint
        out_constraints = []
        for constraint in def_constraints:
            if constraint <= -16 and use_constraints[-16 - constraint] >= 0:
                constraint = use_constraints[-16 - constraint]
            if constraint >= 0:
                fixed_defs |= 1 << constraint
            out_constraints.append(constraint)
        busy = (clobbers | fixed_defs | fixed_uses) & self.all & ~self.free
        while busy:
            low = busy & -busy
            busy ^= low
            preg = low.bit_length() - 1
            vreg = holder[preg]
            if vreg in defs or (wanted.get(preg) == vreg and not (clobbers | fixed_defs) & low):
                continue
            self.evict(preg)

        # Defs leave their registers.
        after: list[Move] = []
        out_regs: list[int] = []
        written = fixed_defs
        reading = 0  # registers of defs that the uses must not be in
        for vreg in defs:
            if reg_of[vreg] >= 0:
                written |= 1 << reg_of[vreg]
        for k, vreg in enumerate(defs):
            constraint = out_constraints[k]
            cls = classes[vreg]
            preg = reg_of[vreg]
            early = early_defs >> k & 1
            if constraint >= 0:
                out = constraint
            elif constraint == STACK or (constraint == ANY and preg < 0 and slot_of[vreg]):
                out = self.slot(vreg)
            else:
                taken = fixed_defs | fixed_late
                if early or constraint <= -16:
                    taken |= fixed_uses
                if early:
                    taken |= clobbers
                out = preg
                if preg < 0 or taken >> preg & 1:
                    out = self.choose(cls, taken | written, index)
                    written |= 1 << out
            if out >= 0:
                self.written |= 1 << out
                if early:
                    reading |= 1 << out
            out_regs.append(out)
            if preg >= 0 and preg != out:
                after.append((out, preg, cls))
            if slot_of[vreg] and out != slot_of[vreg]:
                after.append((out, slot_of[vreg], cls))
        for vreg in defs:
            if reg_of[vreg] >= 0:
                self.free |= 1 << reg_of[vreg]
                reg_of[vreg] = -1
        written = 0
        for out in out_regs:
            if out >= 0:
                written |= 1 << out

        # Uses: fixed ones, reused ones, then the rest.
        before: list[Move] = []
        lock = fixed_uses | reading
        result = [-1] * len(uses)
        rest = []
        for vreg in uses:
            if reg_of[vreg] >= 0:
                lock |= 1 << reg_of[vreg]
        for k, constraint in enumerate(use_constraints):
            if constraint < 0:
                continue
            vreg = uses[k]
            preg = reg_of[vreg]
            result[k] = constraint
            if preg < 0 and self.free >> constraint & 1:
                self.assign(vreg, constraint, index)
            elif preg != constraint:
                cls = classes[vreg]
                before.append((preg if preg >= 0 else self.slot(vreg), constraint, cls))
                if preg >= 0:
                    self.stamp[preg] = index
            self.written |= 1 << constraint
        reused = {}
        for k, constraint in enumerate(def_constraints):
            if constraint <= -16 and use_constraints[-16 - constraint] < 0:
                reused[-16 - constraint] = out_regs[k]
                lock |= 1 << out_regs[k]
        for k, out in reused.items():
            vreg = uses[k]
            preg = reg_of[vreg]
            result[k] = out
            if preg < 0 and self.free >> out & 1:
                self.assign(vreg, out, index)
            elif preg < 0:
                before.append((self.slot(vreg), out, classes[vreg]))
            elif preg != out:
                before.append((preg, out, classes[vreg]))
        for k, constraint in enumerate(use_constraints):
            if constraint < 0 and k not in reused:
                rest.append(k)
        for k in rest:
            constraint = use_constraints[k]
            vreg = uses[k]
            cls = classes[vreg]
            preg = reg_of[vreg]
            if constraint == STACK:
                result[k] = self.slot(vreg)
                continue
            forbidden = lock
            late = late_uses >> k & 1
            if late:
                forbidden |= clobbers | written
            if preg < 0:
                if constraint == ANY and not self.free & self.masks[cls] & ~forbidden:
                    result[k] = self.slot(vreg)
                    continue
                if not self.masks[cls] & ~forbidden:
                    keep = [uses[other] for other in rest]
                    taken = fixed_uses | reading | (clobbers | written if late else 0)
                    for out in reused.values():
                        taken |= 1 << out
                    given = self.copy_from_slot(before, keep, self.masks[cls] & ~taken)
                    lock &= ~given
                    forbidden &= ~given
                preg = self.choose(cls, forbidden, index)
                self.assign(vreg, preg, index)
                lock |= 1 << preg
            elif late and (clobbers | written) >> preg & 1:
                copy = self.choose(cls, forbidden, index)
                before.append((preg, copy, cls))
                preg = copy
                lock |= 1 << preg
                self.written |= 1 << preg
            self.stamp[preg] = index
            result[k] = preg

        # The edits, last first.
        edits = self.edits
        if self.reloads:
            self.insert_reloads(index)
        if after:
            for src, dst, cls in reversed(sequence_moves(after, self.env.scratch, self.spare_slot)):
                edits.append((2 * index + 1, src, dst, cls))
        if before:
            for src, dst, cls in reversed(sequence_moves(before, self.env.scratch, self.spare_slot)):
                edits.append((2 * index, src, dst, cls))
        return (*out_regs, *result)


def kind_of(row: Any) -> int:
    """0: general; 1: only plain registers; 2: and the def reuses use 0; 3: a move."""
    if row.clobbers or row.early_defs or row.late_uses or len(row.defs) > 1:
        return 0
    for constraint in row.uses:
        if constraint != REG:
            return 0
    if not row.defs or row.defs[0] == REG:
        return 3 if row.flags & MOVE and len(row.uses) == 1 and row.defs else 1
    return 2 if row.defs[0] == -16 and row.uses else 0
