"""Deriving templates: one instruction is lowered by the ordinary rules, alone, over operands that they know nothing else of.

A shape is an opcode with its types, its immediate, and the operands that are constants; the comparison that a branch, trap or
select asks for is part of the shape. The machine instructions that the rules emit are reduced to one wide
instruction (`template`). Rules that look at the function or its frame give no template, for what they emit is good for
one function only, unless all that they ask is known and part of the shape (`REFERENCES`).
There is no second set of meanings: rules, rows and encoders are the target's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.baseline.template import Template
from jitpy.backend.ir import opcodes as O
from jitpy.backend.ir.types import I8
from jitpy.backend.target.row import ARRIVES, BRANCH, CALL, JUMP, MOVE, RETURN, STACK, TERMINATOR
from jitpy.backend.vcode.context import OPAQUE, LowerCtx

if TYPE_CHECKING:
    from collections.abc import Callable

    from jitpy.backend.baseline.template import Source
    from jitpy.backend.ir.function import Function, GlobalValue
    from jitpy.backend.target.row import MInst
    from jitpy.backend.target.target import Target
    from jitpy.backend.vcode.frame import Frame

_ELSEWHERE = CALL | RETURN | JUMP | ARRIVES
_WATCHED = ("func", "frame")
#: Opcodes whose immediate is a reference into the function: all that their rules ask about it, which stands in the shape instead.
REFERENCES: dict[int, Callable[[Function, Frame, Any], Any]] = {
    O.STACK_ADDR: lambda func, frame, imm: frame.slot_offset(imm[0]) + imm[1],
    O.SYMBOL_VALUE: lambda func, frame, imm: _global_value(func.global_values[imm]),
    O.FUNC_ADDR: lambda func, frame, imm: (func.ext_funcs[imm].name, func.ext_funcs[imm].colocated),
}
_KEPT = 2  # registers that a template leaves to others, as classes may share some


class _Ctx(LowerCtx):
    """A context that notes whether rules looked at the function or its frame."""

    watched: tuple[Function, Frame]
    looked = False

    def __getattr__(self, name: str) -> Any:
        """``func`` and ``frame``: nothing sets them in this context, so that reading them ends up here."""
        if name not in _WATCHED:
            raise AttributeError(name)
        self.looked = True
        return self.watched[_WATCHED.index(name)]


class Maker:
    """Derives templates for a target."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.ctx = _Ctx(target)
        self.masks = target.env.masks

    def derive(self, head: tuple[Any, ...], key: tuple[Any, ...], results: tuple[int, ...]) -> Template | None:
        """The template of the shape ``key``: opcode, type, immediate, then operands, each a type or the head of the instruction
        that is merged (with its own operands behind). ``head``: the first three as the instruction has them; ``results``:
        their types. None: there is none, for machine instructions and rules are such that the general way must be taken."""
        ctx = self.ctx
        operands = key[3:]
        if head[0] not in REFERENCES:
            head = key[:3]
        count = len(operands)
        types: list[int] = []
        nodes: list[Any] = []
        defs: list[int] = []
        insts: list[Any] = [(*head, *range(count))]
        inner: list[Any] = []
        for operand in operands:
            if operand.__class__ is int:
                types.append(operand)
                nodes.append(OPAQUE)
                defs.append(~0)
                continue
            node = (*operand[:3], *range(count + len(inner), count + len(inner) + len(operand) - 3))
            inner += operand[3:]
            types.append(I8 if len(node) > 3 else operand[1])
            nodes.append(node)
            defs.append(len(insts))
            insts.append(node)
        for operand in inner:
            constant = operand.__class__ is not int
            types.append(operand[1] if constant else operand)
            nodes.append(operand if constant else OPAQUE)
            defs.append(len(insts) if constant else ~0)
            if constant:
                insts.append(operand)
        values = len(types)
        out = tuple(range(values, values + len(results)))
        ctx.insts[:] = insts
        ctx.results[:] = [out, *[()] * (len(insts) - 1)]
        ctx.types[:] = [*types, *results]
        ctx.nodes[:] = nodes + [OPAQUE] * len(results)
        ctx.value_defs[:] = defs + [0] * len(results)
        ctx.uses[:] = [2] * (values + len(results))
        ctx.regs[:] = [None] * (values + len(results))
        ctx.classes.clear()
        ctx.buffer.clear()
        ctx.sunk.clear()
        ctx.defined.clear()
        ctx.block = [0]
        ctx.place = 0
        ctx.looked = False
        rule = ctx.branch_table[head[0]]
        if rule is not None:
            output = rule(insts[0], 0, (0, 1))
            if output is None:
                return None
        else:
            rule = ctx.table[head[0]]
            output = None if rule is None else rule(insts[0], 0)
            if output is None:
                output = ctx.more_rules(insts[0], 0)
                if output is None:
                    return None
        if ctx.sunk or ctx.defined or (ctx.looked and head[0] not in REFERENCES):
            return None
        leaves: dict[int, Source] = {}
        whole = True
        for v in range(values):
            regs = ctx.regs[v]
            if regs is not None:
                whole = whole and regs.__class__ is int
                for part, reg in enumerate((regs,) if regs.__class__ is int else regs):
                    leaves[reg] = (3 + v, part)
        outs: list[tuple[int, int, int]] = []
        if results:
            for k, parts in enumerate((output,) if len(results) == 1 else output):
                outs += [(r, k, part) for part, r in enumerate((parts,) if parts.__class__ is int else parts)]
        return self.reduce(ctx.buffer[:], leaves, outs, whole)

    def reduce(
        self, insts: list[MInst], leaves: dict[int, Source], outs: list[tuple[int, int, int]], whole: bool
    ) -> Template | None:
        """One wide instruction from ``insts``, which read ``leaves`` and leave ``outs`` (vreg, result, part). ``whole``: no
        operand takes several registers."""
        classes = self.ctx.classes
        t = Template()
        t.branch = None
        if insts and insts[-1].row.flags & BRANCH:
            if insts[-1].row.imm is not None or insts[-1].row.defs:
                return None
            t.branch = insts[-1]
        made: dict[int, int] = {}  # vreg -> where it is defined
        last: dict[int, int] = {}  # vreg -> its last use
        for at, inst in enumerate(insts):
            row = inst.row
            if inst.constraints is not None or row.flags & _ELSEWHERE or (inst is not t.branch and row.flags & TERMINATOR):
                return None
            if STACK in row.uses or STACK in row.defs:
                return None
            for r in inst.uses:
                if r not in made and r not in leaves:
                    return None
                last[r] = at
            for r in inst.defs:
                if r in made or r in leaves:
                    return None
                made[r] = at
        final: list[int] = []
        for r, _, _ in outs:
            if r in leaves or r in final:  # a name of an operand, or of another result
                copy = self.ctx.temp(classes[r])
                made[copy] = last[r] = len(insts)
                insts.append(self.target.move(copy, r, classes[r]))
                r = copy
            if r not in made:
                return None
            final.append(r)

        # A temporary whose last use is overwritten by a def lives in the def's place.
        place: dict[int, int] = {r: k for k, r in enumerate(final)}
        begin: dict[int, int] = {}
        for at in range(len(insts) - 1, -1, -1):
            inst = insts[at]
            for d, use in _tied(inst):
                if d in place and use in made and last[use] == at and use not in place and inst.uses.count(use) == 1:
                    place[use] = place[d]
        for r, p in place.items():
            begin[p] = min(begin.get(p, len(insts)), made[r])
        used = [r for r in leaves if r in last]
        for k, r in enumerate(used, len(final)):
            place[r] = k
        self.place_temps(t, insts, place, last, len(final) + len(used))
        t.defs = tuple([self.masks[classes[r]] for r in final])
        t.uses = tuple([self.masks[classes[r]] for r in used])
        t.names = (*final, *used)
        t.sources = tuple([leaves[r] for r in used])
        t.results = tuple([(k, part) for _, k, part in outs])
        t.picks = tuple([at for at, _ in t.sources]) if whole else None
        t.shared, t.tied = [], -1
        for p in range(len(final)):
            at = begin[p]
            inst = insts[at]
            mask = 0
            over = dict(_tied(inst))
            mine = [d for d in inst.defs if place[d] == p]
            goal = over.get(mine[0], -1)
            late = not inst.row.early_defs and not inst.row.late_uses
            for k, r in enumerate(used):
                if last[r] < at or (last[r] == at and late and (not over or r == goal)):
                    mask |= 1 << k
                    if p == 0 and r == goal:
                        t.tied = k
            t.shared.append(mask)
        t.kills = 0
        for inst in insts:
            t.kills |= inst.row.clobbers
            for constraint in inst.row.defs + inst.row.uses:
                if constraint >= 0:
                    t.kills |= 1 << constraint
        wanted: dict[int, int] = {}
        for mask in (*t.defs, *t.uses, *[self.masks[cls] for cls in t.temps]):
            wanted[mask] = wanted.get(mask, 0) + 1
        if any(count > (mask & ~t.kills).bit_count() - _KEPT for mask, count in wanted.items()):
            return None
        t.places = [tuple([place[r] for r in inst.defs + inst.uses]) for inst in insts]
        t.branch_places = t.places.pop() if t.branch is not None else ()
        t.insts = insts if t.branch is None else insts[:-1]
        by_place = {place[r]: classes[r] for r in place}
        t.classes = [by_place[p] for p in range(len(by_place))]
        t.plain = len(final) <= 1 and t.picks is not None and not t.temps and not t.kills
        t.memo = {}
        if t.branch is not None and any(c != -2 and c != -1 for c in t.branch.row.uses):
            return None
        return t

    def place_temps(self, t: Template, insts: list[MInst], place: dict[int, int], last: dict[int, int], first: int) -> None:
        """Give the vregs without a place one; those that are not alive together may have the same."""
        classes = self.ctx.classes
        free: dict[int, list[int]] = {}
        busy: dict[int, int] = {}  # place -> its last use
        kinds: list[int] = []
        for at, inst in enumerate(insts):
            row = inst.row
            tied = dict(_tied(inst))
            soon = not row.early_defs and not row.late_uses and not tied
            for p in [p for p, end in busy.items() if end < at or (end == at and soon)]:
                del busy[p]
                free.setdefault(kinds[p - first], []).append(p)
            for d in inst.defs:
                if d in place:
                    continue
                over = tied.get(d, -1)
                if place.get(over, -1) in busy and last[over] == at and inst.uses.count(over) == 1 and not row.late_uses:
                    p = place[over]
                elif free.get(classes[d]):
                    p = free[classes[d]].pop()
                else:
                    p = first + len(kinds)
                    kinds.append(classes[d])
                place[d] = p
                busy[p] = last.get(d, at)
        t.temps = tuple(kinds)


def _global_value(value: GlobalValue) -> Any:
    """What rules ask about a global value."""
    return value.kind, value.name, value.offset, value.colocated, value.tls


def _tied(inst: MInst) -> list[tuple[int, int]]:
    """(def, use) of those that share a register, a plain copy's included."""
    row = inst.row
    if row.flags & MOVE:
        return [(inst.defs[0], inst.uses[0])]
    return [(d, inst.uses[-16 - c]) for d, c in zip(inst.defs, row.defs) if c <= -16 and row.uses[-16 - c] < 0]
