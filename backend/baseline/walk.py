"""The walk: from CLIF to placed templates, choosing registers on the way.

One pass, blocks from the last in reverse postorder to the first, instructions from the last of a block to the first, so
a use is met before its definition: what nobody wants is never made, and the first use met (the last in program order)
gives a value its register. The allocator is `regalloc.onepass`, its state and its policy (between blocks all
values lie in their slots), here over templates instead of machine instructions. A value's number is its virtual
register's; values of several registers have further numbers.

What has no template (calls, tail calls, tables, the first use of a shape in this process) is lowered alone by the ordinary rules, and each
machine instruction is placed by ``place`` of `onepass`.

Out come `Block` records: chunks, last first, each of
  bytes                         code
  (bytes, traps)                code with places that may trap
  (source, destination, class)  a move
  int                           a source location, of what is above it in program order
  `Placed`                      a template with its registers, whose bytes want the function's sink, or that ends in a branch
  `Single`                      a machine instruction with its allocations
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.analysis import cfg as cfg_analysis
from jitpy.backend.analysis.cfg import targets as targets_of
from jitpy.backend.baseline.template import Maker, Probe
from jitpy.backend.errors import CompileError, UnsupportedError
from jitpy.backend.ir import opcodes as O
from jitpy.backend.ir.memflags import NOTRAP
from jitpy.backend.ir.types import I8, NAME
from jitpy.backend.regalloc.moves import sequence_moves
from jitpy.backend.regalloc.onepass import OnePass
from jitpy.backend.target.row import MInst
from jitpy.backend.vcode import calls
from jitpy.backend.vcode.abi import IN_REG
from jitpy.backend.vcode.blockorder import TRY_CALLS, edges_of
from jitpy.backend.vcode.context import LowerCtx
from jitpy.backend.vcode.frame import Frame
from jitpy.backend.vcode.rows import ARGS, RET

if TYPE_CHECKING:
    from jitpy.backend.baseline.template import Template
    from jitpy.backend.ir.function import Function, Node
    from jitpy.backend.target.target import Target
    from jitpy.backend.vcode.abi import SigAbi

_ICONST, _BRIF = O.ICONST, O.BRIF
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
_MISSING = object()


class Placed:
    """A template, its registers, and where its branch leads (taken, other); for the checker also the vregs of defs and uses."""

    __slots__ = ("pregs", "targets", "template", "vregs")

    def __init__(self, template: Template, pregs: tuple[int, ...], vregs: Any, targets: Any = None) -> None:
        self.template = template
        self.pregs = pregs
        self.vregs = vregs
        self.targets = targets


class Single:
    """A machine instruction and its allocations."""

    __slots__ = ("allocs", "inst")

    def __init__(self, inst: MInst, allocs: tuple[int, ...]) -> None:
        self.inst = inst
        self.allocs = allocs


class Block:
    """The chunks of a machine block, last first; ``label``: a CLIF block, or a number above them for an edge. ``succs``: labels.
    ``args``: vregs passed to the only successor, with ``params``, its parameters that take them."""

    __slots__ = ("args", "chunks", "label", "params", "succs")

    def __init__(self, label: int) -> None:
        self.label = label
        self.chunks: list[Any] = []
        self.succs: tuple[int, ...] = ()
        self.args: list[int] = []
        self.params: list[int] = []


class Kit:
    """What the walk keeps per target: the maker of templates, the templates by shape, the context of the general way."""

    def __init__(self, target: Target) -> None:
        self.maker = Maker(target)
        self.probe = Probe(target)
        self.shapes: dict[Any, Any] = {}
        self.ways: dict[SigAbi, Any] = {}
        self.ctx = LowerCtx(target)
        env = target.env
        self.masks = self.maker.masks
        self.all = 0
        for mask in self.masks:
            self.all |= mask
        self.caller = self.all & ~env.callee_saved
        #: Type -> class of a value in one register, -1 if it takes several. 0 stands for values that do not exist.
        self.class_of: dict[int, int] = {0: 0}
        self.target = target

    def new_type(self, type: int) -> int:
        """Fill in ``class_of``."""
        parts = self.target.parts_of(type)
        found = self.class_of[type] = parts[0][0] if len(parts) == 1 else -1
        return found

    def way(self, sig: SigAbi) -> tuple[Any, Any]:
        """The registers of the arguments and of the results, one for each; None where it is not as simple as that."""
        found = self.ways.get(sig)
        if found is None:
            if len(self.ways) > 1000:
                self.ways.clear()
            args = rets = None
            if not any(sig.memory_args) and sig.area is None and max(sig.copies, default=-1) < 0:
                args = self.simple(sig.args)
            if sig.area is None and not any(sig.ret_extensions):
                rets = self.simple(sig.rets)
            found = self.ways[sig] = args, rets
        return found

    def simple(self, values: list[Any]) -> Any:
        """The register of each value, if each has one that may be allocated."""
        if any(len(v) != 1 or v[0][0] != IN_REG or not self.all >> v[0][1] & 1 for v in values):
            return None
        return tuple([v[0][1] for v in values])


def handles(func: Function) -> bool:
    """Whether the walk can take the function: not if it catches exceptions, or branches to its entry."""
    if len(func.layout) == 1:
        return True
    entry = func.layout[0]
    for b in func.layout:
        node = func.insts[func.block_insts[b][-1]]
        if node[0] in TRY_CALLS or any([goal == entry for goal, _ in targets_of(node)]):
            return False
    return True


class Walk(OnePass):
    """The walk over one function; ``blocks`` in order afterwards. ``checked``: keep what the checker wants to know."""

    def __init__(self, kit: Kit, func: Function, checked: bool) -> None:
        self.kit = kit
        self.func = func
        self.target = target = kit.target
        self.checked = checked
        self.env = target.env
        self.masks, self.all, self.caller = kit.masks, kit.all, kit.caller
        self.sig = kit.ctx.signatures.of(func.sig)
        self.frame = frame = Frame(func, target, self.sig.abi)
        if self.sig.abi.callee_pops:
            frame.incoming = self.sig.stack_size
        if func.stack_limit is not None:
            frame.limit = calls.stack_limit(func, self.sig)
        class_of = kit.class_of
        try:
            self.classes = [class_of[type] for type in func.value_types]
        except KeyError:
            self.classes = [class_of[type] if type in class_of else kit.new_type(type) for type in func.value_types]
        self.parts: dict[int, tuple[int, ...]] = {}  # vregs of values that have several
        if -1 in self.classes:
            for v in range(len(self.classes)):
                if self.classes[v] < 0:
                    classes = [cls for cls, _ in target.parts_of(func.value_types[v])]
                    self.parts[v] = tuple(range(len(self.classes), len(self.classes) + len(classes)))
                    self.classes += classes
        self.free = self.all
        self.reg_of = [-1] * len(self.classes)
        self.slot_of = [0] * len(self.classes)
        self.holder = [-1] * 128
        self.stamp = [0] * 128
        self.slots = 0
        self.spares = {}
        self.written = 0
        self.edits = []
        self.reloads = []
        self.defined = bytearray(len(self.classes))
        self.late_stores = []
        self.index = len(func.insts) * 8 + 64  # falls
        self.chunks: list[Any] = []
        self.begun = False  # the general way's context knows this function
        self.labels = len(func.block_insts)
        self.desc: list[Any] = func.value_types[:]
        self.blocks: list[Block] = []

    # Blocks.

    def run(self) -> None:
        """Fill ``blocks``."""
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
        self.blocks = blocks

    def edges(self, b: int, block: Block, blocks: list[Block]) -> tuple[int, ...]:
        """What the terminator of ``b`` branches to: labels of its targets, some of them blocks made for edges that pass arguments
        (appended to ``blocks``, for they stand behind it)."""
        node = self.func.insts[self.func.block_insts[b][-1]]
        out = edges_of(node)
        if node[0] == O.JUMP:
            goal, args = out[0]
            block.succs = (goal,)
            if args:
                self.pair(b, goal, args, block)
            return (goal,)
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
                        self.chunks = side.chunks
                        self.chunks.append(Single(self.target.jump(goal), ()))
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
            if srclocs[i]:
                chunks.append(srclocs[i])
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
            else:
                key = node if size == 3 else (op, node[1], node[2], *[desc[a] for a in node[3:]])
            if op in _CONDITIONAL:
                if op == _BRIF and targets[0] == targets[1]:
                    chunks.append(Single(self.target.jump(targets[0]), ()))
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
            uses = [node[k] for k in t.picks]
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
                    if free:
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
            code = t.memo.get(final, _MISSING)
            if code is _MISSING:
                code = t.encode(probe, final)
            chunks.append(code if code is not None else Placed(t, final, None))
        self.index = index

    def wanted(self, values: tuple[int, ...]) -> bool:
        """Whether anybody asked for a part of one of these."""
        for v in values:
            for r in self.parts.get(v, (v,)):
                if self.reg_of[r] >= 0 or self.slot_of[r]:
                    return True
        return False

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
        """A template for a shape that is met again; else the instruction is done here, the general way."""
        kit = self.kit
        found = kit.shapes.get(key)
        if found is None:
            if len(kit.shapes) > _SHAPES_LIMIT:
                kit.shapes.clear()
            kit.shapes[key] = _ONCE
        elif found is _ONCE:
            kit.maker.ctx.watched = self.func, self.frame
            types = self.func.value_types
            made = kit.maker.derive(key[:3], key[3:], tuple([types[v] for v in produced]))
            if made is None:
                kit.shapes[key] = _NEVER
            else:
                kit.shapes[key] = made
                return made
        self.alone(i, self.func.insts[i], produced, targets)
        return None

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
                if free & self.caller:
                    free &= self.caller
                preg = (free & -free).bit_length() - 1 if free else self.choose(classes[use], lock, index)
                self.assign(use, preg, index)
                lock |= 1 << preg
            self.stamp[preg] = index
            ins.append(preg)
        temps: list[int] = []
        for mask in t.temps:
            free = self.free & mask & ~lock
            if free & self.caller:
                free &= self.caller
            preg = (free & -free).bit_length() - 1 if free else self.make_room(mask & ~lock, index)
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
            code = t.memo.get(final, _MISSING)
            if code is _MISSING:
                code = t.encode(self.kit.probe, final)
            if code is not None:
                chunks.append(code)
                return
        chunks.append(Placed(t, final, (defs, uses), targets))

    def make_room(self, pregs: int, index: int) -> int:
        """One of ``pregs``, freed: the one touched longest ago."""
        best = when = -1
        while pregs:
            low = pregs & -pregs
            pregs ^= low
            preg = low.bit_length() - 1
            if self.stamp[preg] > when:
                best, when = preg, self.stamp[preg]
        if best < 0:
            raise CompileError(f"{self.func.name}: an instruction needs more registers at once than the target has")
        self.evict(best)
        return best

    def assign(self, vreg: int, preg: int, index: int) -> None:
        """As in `OnePass`."""
        OnePass.assign(self, vreg, preg, index)
        self.written |= 1 << preg

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
        if r not in made and any([r in inst.defs for inst in buffer]):
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
        for inst in reversed(buffer):
            self.index -= 1
            allocs = self.place(self.index, inst)
            before: list[Any] = []
            for position, src, dst, cls in edits:
                if dst >= 0:
                    self.written |= 1 << dst
                (chunks if position & 1 else before).append((src, dst, cls))
            edits.clear()
            chunks.append(Single(inst, allocs))
            chunks += before
        buffer.clear()

    # What the engine does itself.

    def engine(self, i: int, node: Node, block: Block, targets: Any) -> None:
        """Jumps, returns, calls."""
        op = node[0]
        if op == O.RETURN:
            self.leave(node)
        elif op == O.JUMP:
            self.chunks.append(Single(self.target.jump(targets[0]), ()))
            if block.args:
                self.pass_along(block)
        elif op == O.BR_TABLE:
            if len(block.succs) == 1:
                self.chunks.append(Single(self.target.jump(targets[0]), ()))
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
        _, rets = self.kit.way(self.sig)
        values = node[3:]
        if not values:
            simple = not self.sig.abi.returns_sret or all([p.purpose != "sret" for p in self.func.sig.params])
        else:
            simple = len(set(values)) == len(values) and (not self.parts or self.parts.keys().isdisjoint(values))
        if rets is None or not simple:
            ctx = self.context()
            calls.lower_return(ctx, node, self.func.sig, self.sig, self.func.block_params[self.func.layout[0]])
            self.place_all(ctx.buffer)
            return
        for v, preg in zip(values, rets):
            self.assign(v, preg, self.index)
        self.chunks.append(Single(MInst(RET, (), values, None, ((), rets, 0)), rets))

    def arguments(self) -> None:
        """Where the function begins: arguments go from where they come to where they are wanted."""
        params = self.func.block_params[self.func.layout[0]]
        args, _ = self.kit.way(self.sig)
        if args is None or self.begun:
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
        for v, preg in zip(params, args):
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
