"""The walk: from CLIF to placed templates, choosing registers on the way.

One pass, blocks from the last in reverse postorder to the first, instructions from the last of a block to the first, so
a use is met before its definition: what nobody wants is never made, and the first use met (the last in program order)
gives a value its register. Per instruction: look up the template of its shape, give its operands registers, look up its
bytes.

What has no template (calls, tables, what depends on the function; in a new process the first use of a shape) is
lowered alone by the ordinary rules, and each machine instruction is placed by itself (`placing`).

Values that blocks pass lie in the slots of the parameters. An edge that passes some has a block of its own if its source has
another way out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.analysis import cfg as cfg_analysis
from jitpy.backend.baseline.chunks import Block, Placed, Single
from jitpy.backend.baseline.derive import REFERENCES
from jitpy.backend.baseline.placing import Placing
from jitpy.backend.ir import opcodes as O
from jitpy.backend.ir.memflags import NOTRAP
from jitpy.backend.ir.types import I8
from jitpy.backend.target.row import MInst
from jitpy.backend.vcode import calls
from jitpy.backend.vcode.blockorder import TRY_CALLS, edges_of
from jitpy.backend.vcode.rows import ARGS, RET

if TYPE_CHECKING:
    from jitpy.backend.baseline.template import Template
    from jitpy.backend.ir.function import Function, Node

_ICONST, _BRIF = O.ICONST, O.BRIF
_BRANCHES = frozenset((O.JUMP, O.BRIF, O.BR_TABLE))
#: Opcodes that take a condition as first operand, and so a comparison with it.
_CONDITIONAL = frozenset((O.BRIF, O.TRAPZ, O.TRAPNZ, O.SELECT))
_COMPARISONS = frozenset((O.ICMP, O.FCMP))
#: Done by the engine, not by rules.
_ENGINE = frozenset((
    O.JUMP, O.RETURN, O.CALL_, O.CALL_INDIRECT, O.RETURN_CALL, O.RETURN_CALL_INDIRECT, O.BR_TABLE, O.NOP, O.SEQUENCE_POINT,
))  # fmt: skip
_ORDERED = O.STORE | O.CALL | O.SIDE_EFFECT | O.TERMINATOR
_PURE, _LOAD, _OTHER = range(3)
_KIND = [
    _PURE if pure else _LOAD if effects & O.LOAD and not effects & _ORDERED else _OTHER
    for pure, effects in zip(O.PURE, O.EFFECTS)
]
_SHAPES_LIMIT = 1 << 15
_ONCE, _NEVER = False, 0  # in the table of templates: the shape was met once; it has no template


def handles(func: Function) -> bool:
    """Whether the walk can take the function: not if it catches exceptions, or branches to its entry."""
    entry, insts, block_insts = func.layout[0], func.insts, func.block_insts
    for b in func.layout:
        node = insts[block_insts[b][-1]]
        op = node[0]
        if op in _BRANCHES:
            for goal, _ in node[2]:
                if goal == entry:
                    return False
        elif op in TRY_CALLS:
            return False
    return True


class Walk(Placing):
    """The walk over one function; ``blocks`` in order afterwards."""

    # Blocks.

    def walk(self) -> None:
        """Fill ``blocks``."""
        self.blocks: list[Block] = []
        func = self.func
        insts, desc, results = func.insts, self.desc, func.results
        for i, node in enumerate(insts):
            if node[0] == _ICONST:
                desc[results[i][0]] = node
        layout = func.layout
        if len(layout) == 1:
            block = Block(layout[0])
            self.chunks = block.chunks
            self.block(layout[0], block)
            self.arguments()
            self.blocks.append(block)
            return
        cfg = cfg_analysis.compute(func)
        self.rpo_index = cfg.rpo_index
        blocks: list[Block] = []  # last first
        entry = cfg.entry
        for b in reversed(cfg.rpo):
            block = Block(b)
            self.free = self.all
            targets: Any = ()
            if cfg.succs[b]:
                targets = self.edges(b, block, blocks)
            self.chunks = block.chunks
            self.block(b, block, targets)
            if b != entry:
                self.load_all()
            blocks.append(block)
        self.arguments()
        blocks.reverse()
        self.blocks += blocks

    def edges(self, b: int, block: Block, blocks: list[Block]) -> tuple[int, ...]:
        """What the terminator of ``b`` branches to: labels of its targets, some of them blocks made for edges that pass arguments
        (appended to ``blocks``, for they stand behind it)."""
        node = self.func.insts[self.func.block_insts[b][-1]]
        if node[0] == O.JUMP:
            block.goal = goal = node[2][0][0]
            block.succs = (goal,)
            if len(node) > 3:
                self.pair(b, goal, node[3:], block)
            return block.succs
        if len(node) == 4:  # nothing is passed
            reached = tuple([goal for goal, _ in node[2]])
            block.succs = tuple(dict.fromkeys(reached))
            return reached
        out = edges_of(node)
        made: dict[Any, int] = {}
        targets: list[int] = []
        for edge in reversed(out):
            goal, args = edge
            label = made.get(edge, -1)
            if label < 0:
                label = goal
                if args:
                    side = Block(self.labels)
                    side.succs = (goal,)
                    self.pair(b, goal, args, side)
                    if side.args:
                        label = self.labels
                        self.labels += 1
                        side.goal = goal
                        self.chunks = side.chunks
                        self.pass_along(side)
                        self.free = self.all
                        blocks.append(side)
                made[edge] = label
            targets.append(label)
        targets.reverse()
        block.succs = tuple(dict.fromkeys(targets))
        return tuple(targets)

    def pair(self, b: int, goal: int, args: tuple[int, ...], block: Block) -> None:
        """Fill ``block.args`` and ``block.params``: without parameters that nobody wants."""
        back = self.rpo_index[goal] <= self.rpo_index[b]
        slot_of, parts = self.slot_of, self.parts
        for arg, param in zip(args, self.func.block_params[goal]):
            if parts and param in parts:
                both = zip(parts[arg], parts[param])
            else:
                both = zip((arg,), (param,))
            for a, p in both:
                if slot_of[p] or back:
                    self.slot(p)
                    block.args.append(a)
                    block.params.append(p)

    def pass_along(self, block: Block) -> None:
        """Move ``block.args`` into the slots of ``block.params``."""
        moves = []
        reg_of, classes, index = self.reg_of, self.classes, self.index
        for arg, param in zip(block.args, block.params):
            cls = classes[arg]
            if reg_of[arg] < 0 and self.free & self.masks[cls]:
                self.assign(arg, self.choose(cls, 0, index), index)
            preg = reg_of[arg]
            moves.append((preg if preg >= 0 else self.slot(arg), self.slot_of[param], cls))
        if len(moves) == 1 and moves[0][0] >= 0:
            self.chunks.append(moves[0])
        else:
            self.move_all(moves)
        if block.label >= len(self.func.block_insts):
            self.load_all()

    # Instructions.

    def block(self, b: int, block: Block, targets: Any = ()) -> None:
        """Walk through block ``b``, whose terminator leads to ``targets``."""
        func, kit = self.func, self.kit
        insts, results, srclocs = func.insts, func.results, func.srclocs
        reg_of, slot_of, holder, stamp, desc, classes = (
            self.reg_of, self.slot_of, self.holder, self.stamp, self.desc, self.classes
        )  # fmt: skip
        chunks, reloads = self.chunks, self.reloads
        shapes, probe = kit.shapes, kit.probe
        kinds, caller = _KIND, self.caller
        checked = self.checked
        index = self.index
        due = 0  # source location of what is behind
        for i in reversed(func.block_insts[b]):
            node = insts[i]
            op = node[0]
            produced = results[i]
            kind = kinds[op]
            if kind != _OTHER and produced:
                v = produced[0]
                if reg_of[v] < 0 and not slot_of[v] and (kind == _PURE or node[2][0] & NOTRAP):
                    if len(produced) == 1 and classes[v] >= 0:
                        continue
                    if not self.wanted(produced):
                        continue
            index -= 8
            if due:
                chunks.append(due)
            due = srclocs[i]
            # The shape, and the node that operands are picked from.
            size = len(node)
            if op in _ENGINE:
                self.index = index
                self.engine(i, node, block, targets)
                continue
            if size == 5:
                key: Any = (op, node[1], node[2], desc[node[3]], desc[node[4]])
            elif size == 4:
                key = (op, node[1], node[2], desc[node[3]])
            elif size == 3:
                key = node if op not in REFERENCES else (op, node[1], REFERENCES[op](func, self.frame, node[2]))
            else:
                key = (op, node[1], node[2], *[desc[a] for a in node[3:]])
            if op in _CONDITIONAL:
                if op == _BRIF and targets[0] == targets[1]:
                    block.goal = targets[0]
                    continue
                node, key = self.conditional(node, key)
            t = shapes.get(key)
            if not t:
                self.index = index
                t = self.miss(i, node, key, produced, targets)
                if not t:
                    continue
            if not t.plain:
                self.index = index
                self.general(t, node, produced, targets)
                continue
            # The fast path: whole values, at most one result.
            picks: Any = t.picks
            uses = [node[k] for k in picks]
            store = None
            if produced and t.results:
                v = produced[0]
                out = reg_of[v]
                if out < 0:
                    for use in uses:
                        if reg_of[use] >= 0:
                            stamp[reg_of[use]] = index
                    out = self.choose(classes[v], 0, index)
                    self.written |= 1 << out
                else:
                    reg_of[v] = -1
                    self.free |= 1 << out
                if slot_of[v]:
                    store = (out, slot_of[v], classes[v])
                pregs = [out]
                taken = 1 << out
                shared = t.shared[0]
                if len(uses) > 1 and len(set(uses)) != len(uses):
                    shared = 0
                elif t.tied >= 0:
                    use = uses[t.tied]
                    if reg_of[use] < 0 and t.uses[t.tied] & taken:
                        reg_of[use] = out
                        holder[out] = use
                        self.free ^= taken
            else:
                pregs = []
                taken = shared = 0
            lock = taken
            for use in uses:
                if reg_of[use] >= 0:
                    lock |= 1 << reg_of[use]
            bit = 1
            for use, mask in zip(uses, t.uses):
                preg = reg_of[use]
                if preg < 0:
                    free = self.free & mask
                    if not shared & bit:
                        free &= ~taken
                    if preg < -1 and free >> (-2 - preg) & 1:
                        preg = -2 - preg
                        low = 1 << preg
                    elif free:
                        if free & caller:
                            free &= caller
                        low = free & -free
                        preg = low.bit_length() - 1
                    else:
                        preg = self.choose(classes[use], lock, index)
                        low = 1 << preg
                    reg_of[use] = preg
                    holder[preg] = use
                    self.free &= ~low
                    self.written |= low
                    lock |= low
                stamp[preg] = index
                pregs.append(preg)
                bit <<= 1
            if reloads:
                chunks += reloads
                reloads.clear()
            if store is not None:
                chunks.append(store)
            final = tuple(pregs)
            if checked or t.branch is not None:
                chunks.append(Placed(t, final, (produced[: len(t.results)], uses), targets))
                continue
            code = t.memo.get(final)
            if code is None:
                code = t.encode(probe, final)
            chunks.append(code)
        if due:
            chunks.append(due)
        self.index = index

    def conditional(self, node: Node, key: Any) -> tuple[Any, Any]:
        """Node and shape of an instruction with a condition: a comparison that nobody else asked for yet becomes part of them."""
        if node[0] == O.BRIF:
            node = node[:4]
            key = (O.BRIF, node[1], None, self.desc[node[3]])
        c = node[3]
        i = self.func.value_defs[c]
        if i >= 0 and self.reg_of[c] < 0 and self.func.value_types[c] == I8:
            test = self.func.insts[i]
            if test[0] in _COMPARISONS:
                desc = self.desc
                return node + test[3:], (*key[:3], (*test[:3], desc[test[3]], desc[test[4]]), *key[4:])
        return node, key

    def miss(self, i: int, node: Node, key: Any, produced: tuple[int, ...], targets: Any) -> Template | None:
        """A template for a shape that is met again (under the checker, for any); else the instruction is done here, the
        general way."""
        kit = self.kit
        found = kit.shapes.get(key)
        if found is None and not self.checked:
            if len(kit.shapes) > _SHAPES_LIMIT:
                kit.shapes.clear()
            kit.shapes[key] = _ONCE
        elif found is None or found is _ONCE:
            kit.maker.ctx.watched = self.func, self.frame
            types = self.func.value_types
            made = kit.maker.derive(node[:3], key, tuple([types[v] for v in produced]))
            if made is None:
                kit.shapes[key] = _NEVER
            else:
                kit.shapes[key] = made
                return made
        self.alone(i, self.func.insts[i], produced, targets)
        return None

    # What the engine does itself.

    def engine(self, i: int, node: Node, block: Block, targets: Any) -> None:
        """Jumps, returns, calls."""
        op = node[0]
        if op == O.RETURN:
            self.leave(node)
        elif op == O.JUMP:
            if block.args:
                self.pass_along(block)
        elif op == O.BR_TABLE:
            if len(block.succs) == 1:
                block.goal = targets[0]
            else:
                self.alone(i, node, (), targets)
        elif op in (O.CALL_, O.CALL_INDIRECT):
            ctx = self.context()
            produced = self.func.results[i]
            kept = [ctx.regs[v] for v in produced]
            for v in produced:
                if not self.wanted((v,)):
                    ctx.regs[v] = None
            calls.lower_call(ctx, i, node)
            for v, regs in zip(produced, kept):
                ctx.regs[v] = regs
            self.place_all(ctx.buffer)
        elif op in (O.RETURN_CALL, O.RETURN_CALL_INDIRECT):
            ctx = self.context()
            calls.lower_tail_call(ctx, node, self.sig)
            self.place_all(ctx.buffer)
        elif op == O.SEQUENCE_POINT:
            ctx = self.context()
            calls.lower_sequence_point(ctx, i)
            self.place_all(ctx.buffer)

    def leave(self, node: Node) -> None:
        """Return: nothing is in a register yet, so results are given theirs."""
        rets = self.rets
        values = self.flat(node[3:])
        if rets is None or len(rets) != len(values) or len(set(values)) != len(values):
            ctx = self.context()
            calls.lower_return(ctx, node, self.func.sig, self.sig, self.func.block_params[self.func.layout[0]])
            self.place_all(ctx.buffer)
            return
        for v, preg in zip(values, rets):
            self.assign(v, preg, self.index)
        if self.checked:
            self.chunks.append(Single(MInst(RET, (), tuple(values), None, ((), rets, 0)), rets))
        else:
            self.chunks.append(self.kit.leave)

    def arguments(self) -> None:
        """Where the function begins: arguments go from where they come to where they are wanted."""
        args = self.arrive
        if args is None or (self.begun and self.kit.ctx.area_reg >= 0):
            params = self.func.block_params[self.func.layout[0]]
            ctx = self.context()
            for v in params:
                if not self.wanted((v,)):
                    ctx.regs[v] = None
            calls.lower_arguments(ctx, self.func, params, self.sig)
            self.place_all(ctx.buffer)
            return
        moves = []
        reg_of, slot_of, classes = self.reg_of, self.slot_of, self.classes
        wanted: list[int] = []
        fixed: list[int] = []
        for v, preg in zip(self.params, args):
            goal, slot = reg_of[v], slot_of[v]
            if goal >= 0:
                if goal != preg:
                    moves.append((preg, goal, classes[v]))
            elif not slot:
                continue
            if slot:
                moves.append((preg, slot, classes[v]))
            wanted.append(v)
            fixed.append(preg)
        if len(moves) == 1:
            self.chunks.append(moves[0])
        elif moves:
            self.move_all(moves)
        if self.checked:
            pregs = tuple(fixed)
            self.written |= sum([1 << preg for preg in fixed])
            self.chunks.append(Single(MInst(ARGS, tuple(wanted), (), None, (pregs, (), 0)), pregs))
