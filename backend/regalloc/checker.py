"""The checker: does an allocation compute what the VCode says? Every test uses it.

The state at a point of the program is a map from locations (pregs and slots) to the set of vregs whose value the
location holds. It is pushed through edits and instructions:

- an edit ``a -> b`` makes b hold what a holds (of the moved class); a rematerialisation makes it hold the constant's
  vreg;
- a use must find its vreg in its location; afterwards clobbered pregs hold nothing;
- a def of v makes its location hold v alone, and every other location forget v (in a loop they hold the previous
  iteration's v);
- on an edge the parameters of the successor are assigned in parallel: a location that holds the argument also holds
  the parameter.

Where edges meet, a location holds what it holds on all of them (set intersection), so states only shrink and a
worklist ends. Beside that the operands' constraints are checked, instruction by instruction. The scratch registers
forget everything at each instruction, as emission may use them inside one.

``validate`` checks the input: that a VCode obeys the contract which allocators rely on.
"""

from __future__ import annotations

from typing import Any

from jitpy.backend.target.row import ANY, ARRIVES, BRANCH, CALL, JUMP, REG, REMAT, REMAT_SLOT, RETURN, STACK, TERMINATOR
from jitpy.backend.vcode.vcode import Allocation, MachineEnv, VCode

State = dict[int, frozenset[int]]


class AllocationError(AssertionError):
    """The allocation is wrong, or the VCode breaks the contract; the message says where and what."""


def constraints_of(inst: Any) -> tuple[tuple[int, ...], tuple[int, ...], int]:
    """The def constraints, use constraints and clobbers that hold for this instruction."""
    if inst.constraints is not None:
        constraints: tuple[tuple[int, ...], tuple[int, ...], int] = inst.constraints
        return constraints
    row = inst.row
    return row.defs, row.uses, row.clobbers


def check(vcode: VCode, env: MachineEnv, allocation: Allocation) -> None:
    """Raise ``AllocationError`` unless ``allocation`` is right for ``vcode``."""
    _Checker(vcode, env, allocation).run()


class _Checker:
    def __init__(self, vcode: VCode, env: MachineEnv, allocation: Allocation) -> None:
        self.vcode = vcode
        self.env = env
        self.allocation = allocation
        self.edits: dict[int, list[tuple[Any, int, int]]] = {}
        self.scratch = {preg for preg in env.scratch if preg >= 0}
        # Pregs an operand or an edit of each class may name: allocatable ones; fixed ones are added as they are met.
        self.pregs = [set(pregs) for pregs in env.allocatable]

    def run(self) -> None:
        self.check_shape()
        vcode = self.vcode
        entry: list[State | None] = [None] * len(vcode.succs)
        entry[0] = {}
        work = [0]
        while work:
            block = work.pop()
            start = entry[block]
            assert start is not None
            state = self.through_block(block, dict(start))
            args = vcode.block_args[block]
            for succ in vcode.succs[block]:
                incoming = self.along_edge(state, args, vcode.block_params[succ])
                old = entry[succ]
                if old is None:
                    entry[succ] = incoming
                    work.append(succ)
                    continue
                met = {}
                for loc, vregs in old.items():
                    both = vregs & incoming.get(loc, frozenset())
                    if both:
                        met[loc] = both
                if met != old:
                    entry[succ] = met
                    work.append(succ)

    def fail(self, where: str, what: str) -> None:
        raise AllocationError(f"{self.vcode.name}, {where}: {what}")

    def check_shape(self) -> None:
        """What needs no data flow: positions of edits, slots, and the mask of written registers."""
        vcode, allocation, env = self.vcode, self.allocation, self.env
        if len(allocation.allocs) != len(vcode.insts):
            self.fail("allocs", f"{len(allocation.allocs)} entries, {len(vcode.insts)} instructions")
        units: dict[int, int] = {}
        written = 0
        for index, inst in enumerate(vcode.insts):
            allocs = allocation.allocs[index]
            vregs = inst.defs + inst.uses
            if len(allocs) != len(vregs):
                self.fail(f"instruction {index}", f"{len(vregs)} operands, allocations {allocs}")
            def_constraints, use_constraints, clobbers = constraints_of(inst)
            if inst.row.flags & CALL:
                self.check_call(index, clobbers)
            else:
                written |= clobbers
            for vreg, constraint in zip(vregs, def_constraints + use_constraints):
                if constraint >= 0:
                    self.pregs[vcode.vreg_class[vreg]].add(constraint)
            for vreg, alloc in zip(vregs, allocs):
                if alloc < 0:
                    size = env.slot_units[vcode.vreg_class[vreg]]
                    units[~alloc] = max(units.get(~alloc, 0), size)
            for alloc in allocs[: len(inst.defs)]:
                if alloc >= 0:
                    written |= 1 << alloc
        previous = 0
        last_of_block = {end - 1 for end in vcode.block_starts[1:]}
        for edit in allocation.edits:
            position, src, dst, cls = edit
            where = f"edit {edit}"
            if position < previous:
                self.fail(where, "edits are not sorted")
            previous = position
            if not 0 <= position < 2 * len(vcode.insts):
                self.fail(where, "outside of the function")
            arrives = vcode.insts[position >> 1].row.flags & ARRIVES and not position & 1
            if arrives and dst in allocation.allocs[position >> 1]:
                self.fail(where, f"it overwrites {_name(dst)}, which holds what arrives here")
            if position & 1 and position >> 1 in last_of_block:
                self.fail(where, "after the last instruction of a block")
            if src.__class__ is tuple:
                if src[0] != "remat" or not src[1].row.flags & REMAT or src[1].uses:
                    self.fail(where, "cannot be recomputed")
                if vcode.vreg_class[src[1].defs[0]] != cls:
                    self.fail(where, "recomputed into another class")
                if dst < 0 and not src[1].row.flags & REMAT_SLOT:
                    self.fail(where, "recomputed into a slot")
            elif src < 0 and dst < 0:
                self.fail(where, "from slot to slot")
            for loc in (src, dst):
                if loc.__class__ is tuple:
                    continue
                if loc < 0:
                    units[~loc] = max(units.get(~loc, 0), env.slot_units[cls])
                elif loc not in self.pregs[cls] and loc != env.scratch[cls]:
                    self.fail(where, f"p{loc} is no register of class {cls}")
            if dst >= 0:
                written |= 1 << dst
            self.edits.setdefault(position, []).append((src, dst, cls))
        end = 0
        for base, size in sorted(units.items()):
            if base < end:
                self.fail(f"slot {base}", "overlaps the slot before it")
            end = base + size
        if end > allocation.slots:
            self.fail(f"slot {end - 1}", f"beyond the {allocation.slots} units of the spill area")
        if written & ~allocation.clobbered:
            self.fail("clobbered", f"lacks {written & ~allocation.clobbered:#x}")

    def check_call(self, index: int, clobbers: int) -> None:
        """What a call destroys the frame must know of, unless it is a register of which the convention keeps a part."""
        frame = self.vcode.frame
        if frame is not None:
            missing = clobbers & frame.abi.callee_saved & ~(frame.destroyed | frame.abi.kept_in_part)
            if missing:
                self.fail(f"instruction {index}", f"the frame does not save {missing:#x}")

    def along_edge(self, state: State, args: list[int], params: list[int]) -> State:
        if not params:
            return dict(state)
        stale = frozenset(params)
        out: State = {}
        for loc, vregs in state.items():
            after = vregs - stale
            after = after.union(p for a, p in zip(args, params) if a in vregs)
            if after:
                out[loc] = after
        return out

    def through_block(self, block: int, state: State) -> State:
        starts = self.vcode.block_starts
        edits = self.edits
        for index in range(starts[block], starts[block + 1]):
            if 2 * index in edits:
                self.through_edits(edits[2 * index], state)
            self.through_inst(index, state)
            if 2 * index + 1 in edits:
                self.through_edits(edits[2 * index + 1], state)
        return state

    def through_edits(self, edits: list[tuple[Any, int, int]], state: State) -> None:
        vreg_class = self.vcode.vreg_class
        for src, dst, cls in edits:
            if src.__class__ is tuple:
                state[dst] = frozenset((src[1].defs[0],))
            else:
                held = state.get(src, frozenset())
                state[dst] = frozenset(v for v in held if vreg_class[v] == cls)

    def through_inst(self, index: int, state: State) -> None:
        inst = self.vcode.insts[index]
        row = inst.row
        allocs = self.allocation.allocs[index]
        def_constraints, use_constraints, clobbers = constraints_of(inst)
        ndefs = len(inst.defs)
        defs, uses = allocs[:ndefs], allocs[ndefs:]
        where = f"instruction {index} ({row.name})"
        for k, (vreg, alloc, constraint) in enumerate(zip(inst.uses, uses, use_constraints)):
            self.check_operand(f"{where}, use {k}", vreg, alloc, constraint)
            if vreg not in state.get(alloc, frozenset()):
                held = sorted(state.get(alloc, frozenset()))
                self.fail(f"{where}, use {k}", f"v{vreg} is not in {_name(alloc)}, which holds {held}")
            if row.late_uses >> k & 1:
                if alloc in defs:
                    self.fail(f"{where}, use {k}", f"a late use shares {_name(alloc)} with a def")
                if alloc >= 0 and clobbers >> alloc & 1:
                    self.fail(f"{where}, use {k}", f"a late use is in clobbered {_name(alloc)}")
        if len(set(defs)) != len(defs):
            self.fail(where, f"two defs share a location: {defs}")
        for k, (vreg, alloc, constraint) in enumerate(zip(inst.defs, defs, def_constraints)):
            if constraint <= -16:
                if alloc != uses[-16 - constraint] or alloc < 0:
                    self.fail(f"{where}, def {k}", f"{_name(alloc)} is not the register it must reuse")
            else:
                self.check_operand(f"{where}, def {k}", vreg, alloc, constraint)
            if row.early_defs >> k & 1 and alloc in uses:
                self.fail(f"{where}, def {k}", f"an early def shares {_name(alloc)} with a use")
        early = row.early_defs
        for k, vreg in enumerate(inst.defs):
            if early >> k & 1:
                self.define(vreg, defs[k], state)
        preg = 0
        while clobbers >> preg:
            if clobbers >> preg & 1:
                state.pop(preg, None)
            preg += 1
        for preg in self.scratch:
            state.pop(preg, None)
        for k, vreg in enumerate(inst.defs):
            if not early >> k & 1:
                self.define(vreg, defs[k], state)

    def check_operand(self, where: str, vreg: int, alloc: int, constraint: int) -> None:
        if alloc >= 0 and alloc not in self.pregs[self.vcode.vreg_class[vreg]]:
            self.fail(where, f"p{alloc} is no register of v{vreg}'s class")
        if constraint >= 0:
            if alloc != constraint:
                self.fail(where, f"{_name(alloc)} instead of p{constraint}")
        elif alloc >= 0 and alloc in self.scratch:
            self.fail(where, f"{_name(alloc)} is a scratch register")
        elif constraint == REG:
            if alloc < 0:
                self.fail(where, f"{_name(alloc)} instead of a register")
        elif constraint == STACK:
            if alloc >= 0:
                self.fail(where, f"{_name(alloc)} instead of a slot")
        elif constraint != ANY:
            self.fail(where, f"unknown constraint {constraint}")

    def define(self, vreg: int, alloc: int, state: State) -> None:
        for loc in [loc for loc, held in state.items() if vreg in held]:
            rest = state[loc] - {vreg}
            if rest:
                state[loc] = rest
            else:
                del state[loc]
        state[alloc] = frozenset((vreg,))


def _name(alloc: int) -> str:
    return f"p{alloc}" if alloc >= 0 else f"slot {~alloc}"


def validate(vcode: VCode, env: MachineEnv) -> None:
    """Raise ``AllocationError`` unless ``vcode`` obeys the contract of ``backend/vcode/vcode.py``."""

    def fail(where: str, what: str) -> None:
        raise AllocationError(f"{vcode.name}, {where}: {what}")

    blocks = len(vcode.succs)
    starts = vcode.block_starts
    if len(starts) != blocks + 1 or starts[0] != 0 or starts[-1] != len(vcode.insts):
        fail("block_starts", "must be one per block and the number of instructions")
    per_block: list[tuple[str, Any]] = [
        ("preds", vcode.preds), ("block_params", vcode.block_params), ("block_args", vcode.block_args),
        ("loop_depth", vcode.loop_depth), ("cold", vcode.cold),
    ]  # fmt: skip
    for name, table in per_block:
        if len(table) != blocks:
            fail(name, f"{len(table)} entries for {blocks} blocks")
    if vcode.block_params[0]:
        fail("block 0", "the entry block has parameters")
    classes = vcode.vreg_class
    defined: dict[int, str] = {}

    def define(vreg: int, where: str) -> None:
        if not 0 <= vreg < len(classes):
            fail(where, f"v{vreg} has no class")
        if vreg in defined:
            fail(where, f"v{vreg} is defined twice, first at {defined[vreg]}")
        defined[vreg] = where

    for block in range(blocks):
        where = f"block {block}"
        for param in vcode.block_params[block]:
            define(param, where)
        if starts[block] >= starts[block + 1]:
            fail(where, "is empty")
        succs = vcode.succs[block]
        args = vcode.block_args[block]
        if args and len(succs) != 1:
            fail(where, "passes block arguments to several successors")
        for succ in succs:
            if not 0 <= succ < blocks:
                fail(where, f"has no block {succ} to go to")
            if block not in vcode.preds[succ]:
                fail(where, f"is missing from the predecessors of block {succ}")
            if len(succs) > 1 and set(vcode.preds[succ]) != {block}:
                fail(where, f"has a critical edge to block {succ}")
            params = vcode.block_params[succ]
            if [classes[v] for v in args] != [classes[v] for v in params]:
                fail(where, f"arguments {args} do not fit the parameters {params} of block {succ}")
        for pred in vcode.preds[block]:
            if block not in vcode.succs[pred]:
                fail(where, f"is not a successor of its predecessor {pred}")
        last = vcode.insts[starts[block + 1] - 1]
        flags = last.row.flags
        if not flags & (TERMINATOR | RETURN | JUMP | BRANCH):
            fail(where, f"ends in {last.row.name}, which is no terminator")
        if (args or (succs and len(vcode.preds[succs[0]]) > 1 and len(succs) == 1)) and (
            not flags & JUMP or last.uses or last.defs
        ):
            fail(where, f"must end in a jump without operands, not in {last.row.name}")
        for index in range(starts[block], starts[block + 1]):
            _validate_inst(vcode, env, index, index == starts[block + 1] - 1, fail, define)
    _validate_dominance(vcode, defined, fail)


def _validate_inst(vcode: VCode, env: MachineEnv, index: int, last: bool, fail: Any, define: Any) -> None:
    inst = vcode.insts[index]
    row = inst.row
    where = f"instruction {index} ({row.name})"
    for vreg in inst.defs:
        define(vreg, where)
    def_constraints, use_constraints, _ = constraints_of(inst)
    if len(def_constraints) != len(inst.defs) or len(use_constraints) != len(inst.uses):
        fail(where, "constraints do not fit the operands")
    if row.flags & (TERMINATOR | RETURN | JUMP | BRANCH) and not last:
        fail(where, "a terminator inside a block")
    if row.flags & REMAT and (inst.uses or len(inst.defs) != 1):
        fail(where, "REMAT needs one def and no uses")
    for constraint in use_constraints:
        if constraint < STACK:
            fail(where, f"use constraint {constraint}")
        if constraint >= 0 and constraint in env.scratch:
            fail(where, f"p{constraint} is a scratch register")
    reused = set()
    for k, constraint in enumerate(def_constraints):
        if constraint <= -16:
            use = -16 - constraint
            if use >= len(inst.uses) or use in reused:
                fail(where, f"def {k} cannot reuse use {use}")
            reused.add(use)
            if use_constraints[use] in (STACK, ANY) and use_constraints[use] == STACK:
                fail(where, f"def {k} reuses a use in a slot")
            if row.early_defs >> k & 1 or row.late_uses >> use & 1:
                fail(where, f"def {k} is early, or reuses a late use")
            banks = env.bank
            if banks[vcode.vreg_class[inst.defs[k]]] != banks[vcode.vreg_class[inst.uses[use]]]:
                fail(where, f"def {k} reuses a register of another bank")
        elif constraint < STACK:
            fail(where, f"def constraint {constraint}")
        elif constraint >= 0 and constraint in env.scratch:
            fail(where, f"p{constraint} is a scratch register")


def _validate_dominance(vcode: VCode, defined: dict[int, str], fail: Any) -> None:
    """Every use is reached by its def on all paths: no vreg is live into the entry block."""
    starts = vcode.block_starts
    live_in: list[set[int]] = [set() for _ in vcode.succs]
    work = list(range(len(vcode.succs)))
    while work:
        block = work.pop()
        live = set(vcode.block_args[block])
        for succ in vcode.succs[block]:
            live |= live_in[succ]
        for index in range(starts[block + 1] - 1, starts[block] - 1, -1):
            inst = vcode.insts[index]
            live.difference_update(inst.defs)
            live.update(inst.uses)
            for vreg in inst.uses:
                if vreg not in defined:
                    fail(f"instruction {index} ({inst.row.name})", f"v{vreg} is never defined")
        live.difference_update(vcode.block_params[block])
        if live != live_in[block]:
            live_in[block] = live
            work.extend(vcode.preds[block])
    if live_in[0]:
        fail("block 0", f"v{min(live_in[0])} is used where its def does not reach")
