"""Placing: the allocator's steps over templates and over single machine instructions.

State and policy are those of `regalloc.onepass` (between blocks every value lies in its slot; the last use of a value gives it
its register). A value's number is its virtual register's; values of several registers have further numbers (``parts``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.baseline.chunks import Placed, Single
from jitpy.backend.errors import CompileError, UnsupportedError
from jitpy.backend.ir import opcodes as O
from jitpy.backend.ir.types import NAME
from jitpy.backend.regalloc.moves import sequence_moves
from jitpy.backend.regalloc.onepass import OnePass, kind_of
from jitpy.backend.vcode import calls
from jitpy.backend.vcode.frame import Frame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jitpy.backend.baseline.kit import Kit
    from jitpy.backend.baseline.template import Template
    from jitpy.backend.ir.function import Function, Node
    from jitpy.backend.target.row import MInst
    from jitpy.backend.vcode.context import LowerCtx


class Placing(OnePass):
    """The state for one function. ``checked``: keep what the checker wants to know."""

    def __init__(self, kit: Kit, func: Function, checked: bool) -> None:
        self.kit = kit
        self.func = func
        self.target = target = kit.target
        self.checked = checked
        self.sig = kit.ctx.signatures.of(func.sig)
        self.frame = frame = Frame(func, target, self.sig.abi)
        if self.sig.abi.callee_pops:
            frame.incoming = self.sig.stack_size
        if func.stack_limit is not None:
            frame.limit = calls.stack_limit(func, self.sig)
        class_of = kit.class_of
        try:
            classes = [class_of[type] for type in func.value_types]
        except KeyError:
            classes = [class_of[type] if type in class_of else kit.new_type(type) for type in func.value_types]
        self.parts: dict[int, tuple[int, ...]] = {}  # vregs of values that have several
        if -1 in classes:
            for v in range(len(classes)):
                if classes[v] < 0:
                    parts = target.parts_of(func.value_types[v])
                    self.parts[v] = tuple(range(len(classes), len(classes) + len(parts)))
                    classes += [cls for cls, _ in parts]
        self.begin(target.env, classes)
        self.index = len(func.insts) * 8 + 64  # falls
        # Arguments, where they come, and the registers of results, if that is simple. Until it has a register, an argument
        # has a wish: -2 - preg.
        self.arrive, self.rets = kit.way(self.sig, func.sig)
        self.params = self.flat(func.block_params[func.layout[0]])
        if self.arrive is not None and len(self.arrive) == len(self.params):
            reg_of = self.reg_of
            for v, preg in zip(self.params, self.arrive):
                reg_of[v] = -2 - preg
        else:
            self.arrive = None
        self.chunks: list[Any] = []
        self.begun = False  # the general way's context knows this function
        self.labels = len(func.block_insts)
        self.desc: list[Any] = func.value_types[:]

    def flat(self, values: Sequence[int]) -> Sequence[int]:
        """The registers of ``values``, one after the other."""
        parts = self.parts
        return [r for v in values for r in parts.get(v, (v,))] if parts else values

    def move_all(self, moves: list[tuple[int, int, int]]) -> None:
        """Append the chunks of moves that happen at once."""
        found = sequence_moves(moves, self.env.scratch, self.spare_slot)
        for move in found:
            if move[1] >= 0:
                self.written |= 1 << move[1]
        found.reverse()
        self.chunks += found

    def load_all(self) -> None:
        """The begin of a block: what is wanted in registers comes from its slot."""
        held = self.all & ~self.free
        holder, reg_of, slot_of, classes, chunks = self.holder, self.reg_of, self.slot_of, self.classes, self.chunks
        while held:
            low = held & -held
            held ^= low
            preg = low.bit_length() - 1
            vreg = holder[preg]
            chunks.append((slot_of[vreg] or self.slot(vreg), preg, classes[vreg]))
            reg_of[vreg] = -1
        self.written |= self.all & ~self.free
        self.free = self.all

    def wanted(self, values: tuple[int, ...]) -> bool:
        """Whether anybody asked for a part of one of these."""
        for v in values:
            for r in self.parts.get(v, (v,)):
                if self.reg_of[r] >= 0 or self.slot_of[r]:
                    return True
        return False

    def general(self, t: Template, node: Node, produced: tuple[int, ...], targets: Any) -> None:
        """Place any template."""
        reg_of, slot_of, classes, parts, index = self.reg_of, self.slot_of, self.classes, self.parts, self.index
        uses = [parts[node[k]][part] if node[k] in parts else node[k] for k, part in t.sources]
        defs = [parts[produced[k]][part] if produced[k] in parts else produced[k] for k, part in t.results]
        kills = t.kills & self.all
        busy = kills & ~self.free
        held = 0
        for v in defs:
            if reg_of[v] >= 0:
                held |= 1 << reg_of[v]
        busy &= ~held
        while busy:
            low = busy & -busy
            busy ^= low
            self.evict(low.bit_length() - 1)
        # Defs leave their registers.
        after: list[tuple[int, int, int]] = []
        outs: list[int] = []
        taken = 0
        for v in defs:
            preg = out = reg_of[v]
            if preg < 0 or kills >> preg & 1:
                out = self.choose(classes[v], kills | taken | held, index)
                if preg >= 0:
                    after.append((out, preg, classes[v]))
            if slot_of[v]:
                after.append((out, slot_of[v], classes[v]))
            taken |= 1 << out
            outs.append(out)
        for v in defs:
            if reg_of[v] >= 0:
                self.free |= 1 << reg_of[v]
                reg_of[v] = -1
        # Uses; those that share a def's register first.
        lock = taken | kills
        for use in uses:
            if reg_of[use] >= 0:
                lock |= 1 << reg_of[use]
        distinct = len(set(uses)) == len(uses)
        if t.tied >= 0 and distinct and reg_of[uses[t.tied]] < 0:
            if self.free & t.uses[t.tied] & ~kills & 1 << outs[0]:
                self.assign(uses[t.tied], outs[0], index)
        ins: list[int] = []
        for k, use in enumerate(uses):
            preg = reg_of[use]
            if preg < 0:
                forbidden = kills | taken
                if distinct:
                    for out, shared in zip(outs, t.shared):
                        if shared >> k & 1:
                            forbidden &= ~(1 << out) | kills
                free = self.free & t.uses[k] & ~forbidden
                if preg < -1 and free >> (-2 - preg) & 1:
                    preg = -2 - preg
                elif free:
                    if free & self.caller:
                        free &= self.caller
                    preg = (free & -free).bit_length() - 1
                else:
                    preg = self.choose(classes[use], lock, index)
                self.assign(use, preg, index)
                lock |= 1 << preg
            self.stamp[preg] = index
            ins.append(preg)
        temps: list[int] = []
        for cls in t.temps:
            preg = self.choose(cls, lock, index)
            lock |= 1 << preg
            temps.append(preg)
        self.written |= lock
        # Backwards: what is loaded again, where results go, the template.
        chunks = self.chunks
        if self.reloads:
            chunks += self.reloads
            self.reloads.clear()
        if after:
            self.move_all(after)
        final = (*outs, *ins, *temps)
        if not self.checked and t.branch is None:
            chunks.append(t.code(self.kit.probe, final))
            return
        chunks.append(Placed(t, final, (defs, uses), targets))

    def too_few(self, cls: int, index: int) -> CompileError:
        """As in `OnePass`, where instructions have no numbers."""
        return CompileError(
            f"{self.func.name}: an instruction needs more registers of class {cls} at once than {self.target.name} has; "
            "the lowering rule must use fewer"
        )

    # The general way.

    def context(self) -> LowerCtx:
        """The lowering context, which knows this function; nothing may be merged."""
        ctx = self.kit.ctx
        if not self.begun:
            self.begun = True
            ctx.begin(self.func, self.frame)
            ctx.block = []
            ctx.place = 0
            count = len(self.func.value_types)
            ctx.uses[:] = [2] * count
            ctx.regs[:] = range(count)
            for v, regs in self.parts.items():
                ctx.regs[v] = regs
            ctx.classes[:] = self.classes
            self.classes = ctx.classes
        return ctx

    def alone(self, i: int, node: Node, produced: tuple[int, ...], targets: Any) -> None:
        """Lower one instruction by the ordinary rules and place what comes out."""
        ctx = self.context()
        op = node[0]
        if op in (O.BRIF, O.BR_TABLE):
            rule = ctx.branch_table[op]
            output = None if rule is None else rule(node, i, targets)
        else:
            rule = ctx.table[op]
            output = None if rule is None else rule(node, i)
            if output is None:
                output = ctx.more_rules(node, i)
        if output is None:
            types = " ".join([NAME[self.func.value_types[v]] for v in node[3:]])
            raise UnsupportedError(
                f"{self.target.name}: {self.func.name}: no lowering for {O.NAME[op]}.{NAME[node[1]]} ({types})"
            )
        buffer = ctx.buffer
        if produced:
            made: dict[int, int] = {}
            for v, parts in zip(produced, (output,) if len(produced) == 1 else output):
                for goal, r in zip(self.parts.get(v, (v,)), (parts,) if parts.__class__ is int else parts):
                    if r != goal:
                        self.rename(buffer, r, goal, made)
        self.place_all(buffer)

    def rename(self, buffer: list[MInst], r: int, goal: int, made: dict[int, int]) -> None:
        """Make ``goal`` the register in which ``buffer`` leaves what is in ``r``."""
        if buffer and r not in made and buffer[-1].defs == (r,) and r >= len(self.desc) and len(buffer) == 1:
            made[r] = goal  # the usual case: one instruction, which made a register for its result
            buffer[0].defs = (goal,)
        elif r not in made and any(r in inst.defs for inst in buffer):
            made[r] = goal
            for inst in buffer:
                if r in inst.defs:
                    inst.defs = tuple([goal if d == r else d for d in inst.defs])
                if r in inst.uses:
                    inst.uses = tuple([goal if u == r else u for u in inst.uses])
        else:
            buffer.append(self.target.move(goal, made.get(r, r), self.classes[r]))

    def place_all(self, buffer: list[MInst]) -> None:
        """Place machine instructions, last first; empties ``buffer``."""
        more = len(self.classes) - len(self.reg_of)
        if more:
            self.reg_of += [-1] * more
            self.slot_of += [0] * more
            self.defined += bytes(more)
        chunks, edits = self.chunks, self.edits
        kinds = self.kit.kinds
        for inst in reversed(buffer):
            self.index -= 1
            row = inst.row
            kind = kinds.get(row, -1)
            if kind < 0:
                kind = kinds[row] = kind_of(row)
            if kind and inst.constraints is None:
                allocs = self.place_plain(kind, self.index, inst)
            else:
                allocs = self.place(self.index, inst)
            if not edits:
                chunks.append(Single(inst, allocs))
                continue
            before: list[Any] = []
            for position, src, dst, cls in edits:
                if dst >= 0:
                    self.written |= 1 << dst
                (chunks if position & 1 else before).append((src, dst, cls))
            edits.clear()
            chunks.append(Single(inst, allocs))
            chunks += before
        buffer.clear()
