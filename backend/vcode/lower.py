"""Lowering: a CLIF function in, VCode out.

Two backward passes over the blocks in final order. The first counts uses (a value that only dead
instructions use is unused; what a pure instruction with several users takes counts as used several
times, for the instruction may be computed in each) and finds which loads may sink to which place.
The second asks the target's rules for code, users before definitions, so what no rule asked for is
never made. Rules emit forwards; the pass collects backwards and reverses once at the end.

A load with one user may sink down to the next instruction of its block that writes memory or has
another effect; one that may trap also not past anything else that may trap, so that traps keep
their order. Reaching such a barrier from behind, the pass opens the nodes of the loads that may
sink to it or past what lies in between; passing the load itself it is lowered, unless sunk.

When a rule returns a register that its own instructions define, these are rewritten to define the
register that users already name; when it returns another value's register, the two names become one
(``aliases``), resolved at the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.analysis import cfg as cfg_analysis
from jitpy.backend.analysis import domtree as domtree_analysis
from jitpy.backend.analysis import loops as loops_analysis
from jitpy.backend.errors import CompileError, UnsupportedError
from jitpy.backend.ir import opcodes
from jitpy.backend.ir.memflags import NOTRAP
from jitpy.backend.ir.opcodes import (
    BR_TABLE,
    BRIF,
    CALL_,
    CALL_INDIRECT,
    EFFECTS,
    JUMP,
    PURE,
    RETURN,
    RETURN_CALL,
    RETURN_CALL_INDIRECT,
)
from jitpy.backend.ir.types import NAME
from jitpy.backend.target.row import MInst
from jitpy.backend.vcode import blockorder, calls, try_calls
from jitpy.backend.vcode.context import OPAQUE, LowerCtx
from jitpy.backend.vcode.frame import Frame
from jitpy.backend.vcode.vcode import VCode

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Function, Node
    from jitpy.backend.target.target import Target

# What an opcode means for order.
_PURE, _LOAD, _TRAPS, _BARRIER = range(4)


def _kind(op: int) -> int:
    effects = EFFECTS[op]
    if PURE[op]:
        return _PURE
    if effects & (opcodes.STORE | opcodes.CALL | opcodes.SIDE_EFFECT | opcodes.TERMINATOR):
        return _BARRIER
    return _LOAD if effects & opcodes.LOAD else _TRAPS


_KIND = [_kind(op) for op in range(len(EFFECTS))]
_TAKES_REGISTERS = frozenset((JUMP, BRIF, BR_TABLE, RETURN, CALL_, CALL_INDIRECT))


def lower(func: Function, target: Target) -> VCode:
    """Lower ``func`` for ``target``."""
    cfg = cfg_analysis.compute(func)
    loops = loops_analysis.compute(cfg, domtree_analysis.compute(cfg))
    order = blockorder.compute(func, cfg, loops)
    ctx = target.contexts.pop() if target.contexts else LowerCtx(target)
    try:
        return _Lowering(ctx, func, order).run()
    finally:
        target.contexts.append(ctx)


class _Lowering:
    """The state of one function's lowering."""

    def __init__(self, ctx: LowerCtx, func: Function, order: blockorder.BlockOrder) -> None:
        self.ctx = ctx
        self.func = func
        self.order = order
        self.target = ctx.target
        self.sig = ctx.signatures.of(func.sig)
        frame = Frame(func, ctx.target, self.sig.abi)
        if self.sig.abi.callee_pops:
            frame.incoming = self.sig.stack_size
        if func.stack_limit is not None:
            frame.limit = calls.stack_limit(func, self.sig)
        ctx.begin(func, frame)
        self.entry_params = func.block_params[func.layout[0]]
        self.sinkable: dict[int, list[int]] = {}  # barrier -> loads that may sink to it
        self.out: list[MInst] = []  # backwards
        self.aliases: dict[int, int] = {}

    def run(self) -> VCode:
        self.count_uses()
        ctx, order, out = self.ctx, self.order, self.out
        vcode = VCode(self.func.name)
        blocks = len(order.clif)
        ends = [0] * (blocks + 1)
        params: list[list[int]] = [[] for _ in range(blocks)]
        args: list[list[int]] = [[] for _ in range(blocks)]
        for m in range(blocks - 1, -1, -1):
            b = order.clif[m]
            landing = b < 0 and m > 0 and self.try_call_before(m)
            if len(order.succs[m]) == 1 and order.args[m] and not landing:
                args[m] = self.passed(order.succs[m][0], order.args[m])
            if b >= 0:
                self.lower_block(m, b)
                if m > 0:
                    params[m] = self.block_params(b)
            else:
                if landing:
                    args[m] = try_calls.lower_landing(ctx, landing, self.wanted(order.succs[m][0], order.args[m]))
                ctx.emit(self.target.jump(order.succs[m][0]))
                if m == 0:
                    args[0] = self.entry_again()
                self.flush()
            if m == 0:
                calls.lower_arguments(ctx, self.func, self.entry_params, self.sig)
                self.flush()
            ends[m] = len(out)
        out.reverse()
        total = len(out)
        vcode.insts = out
        vcode.block_starts = [total - end for end in ends]
        vcode.succs = order.succs
        vcode.preds = order.preds
        vcode.block_params = params
        vcode.block_args = args
        vcode.loop_depth = order.loop_depth
        vcode.cold = order.cold
        vcode.clif_blocks = order.clif
        vcode.vreg_class = ctx.classes[:]
        vcode.frame = ctx.frame
        if self.aliases:
            self.resolve_aliases(vcode)
        return vcode

    # -- the first pass ---------------------------------------------------------------------------

    def count_uses(self) -> None:
        """Fill ``ctx.uses``, ``ctx.nodes`` and ``sinkable``."""
        ctx = self.ctx
        insts, results, uses, nodes = ctx.insts, ctx.results, ctx.uses, ctx.nodes
        block_insts = self.func.block_insts
        sinkable = self.sinkable
        kinds = _KIND
        passed: dict[int, int] = {}  # value -> uses by block arguments, returns and calls
        for v, p in zip(self.entry_params, self.func.sig.params):
            if p.purpose == "sret":  # returned, see `calls.lower_return`
                uses[v] += 1
        for b in reversed(self.order.clif):
            if b < 0:
                continue
            barrier = trapping = -1
            for i in reversed(block_insts[b]):
                node = insts[i]
                kind = kinds[node[0]]
                if kind == _PURE:
                    out = results[i]
                    v = out[0]
                    if len(out) == 1:
                        count = uses[v]
                        nodes[v] = node
                    else:
                        count = max([uses[v] for v in out])
                    if count == 1 or (count and passed.get(v) == count):
                        for a in node[3:]:
                            uses[a] += 1
                    elif count:
                        for a in node[3:]:
                            uses[a] = 2
                    continue
                if kind == _LOAD:
                    v = results[i][0]
                    notrap = node[2][0] & NOTRAP
                    if uses[v] == 1:
                        sinkable.setdefault(barrier if notrap else trapping, []).append(v)
                    elif notrap and not uses[v]:
                        continue
                    if not notrap:
                        trapping = i
                elif kind == _TRAPS:
                    trapping = i
                else:
                    barrier = trapping = i
                    if node[0] in _TAKES_REGISTERS:
                        # Wanted in registers, never merged: such users do not make the definition be computed again.
                        for a in node[4:] if node[0] == BRIF or node[0] == BR_TABLE else node[3:]:
                            passed[a] = passed.get(a, 0) + 1
                for a in node[3:]:
                    uses[a] += 1

    # -- the second pass --------------------------------------------------------------------------

    def lower_block(self, m: int, b: int) -> None:
        """Lower the instructions of CLIF block ``b``, last first."""
        ctx, out = self.ctx, self.out
        insts, results, regs, nodes = ctx.insts, ctx.results, ctx.regs, ctx.nodes
        buffer, sunk, kinds, sinkable = ctx.buffer, ctx.sunk, _KIND, self.sinkable
        srclocs = self.func.srclocs
        table = ctx.table
        body = self.func.block_insts[b]
        ctx.block = body
        for place in range(len(body) - 1, -1, -1):
            i = body[place]
            node = insts[i]
            op = node[0]
            kind = kinds[op]
            produced = results[i]
            if kind == _PURE:
                # Wanted at all?
                if len(produced) == 1:
                    if regs[produced[0]] is None or i in sunk:
                        continue
                elif i in sunk or all(regs[v] is None for v in produced):
                    continue
            else:
                if i in sinkable:
                    for v in sinkable[i]:
                        nodes[v] = insts[ctx.value_defs[v]]
                if kind == _LOAD:
                    v = produced[0]
                    nodes[v] = OPAQUE
                    if i in sunk:
                        if regs[v] is not None:
                            raise CompileError(f"v{v} was merged into its user and also asked for")
                        continue
                    if regs[v] is None and node[2][0] & NOTRAP:
                        continue
            ctx.place = place
            rule = table[op]
            output = None if rule is None else rule(node, i)
            if output is None and (rule is not None or not self.lower_special(m, b, i, node)):
                output = ctx.more_rules(node, i)
                if output is None:
                    raise self.no_rule(node)
            if output is not None:
                if len(produced) == 1:
                    v = produced[0]
                    wanted = regs[v]
                    if wanted is not None and wanted != output:
                        if output.__class__ is int:
                            last = buffer[-1] if buffer else None
                            if last is not None and last.defs == (output,) and len(buffer) == 1:
                                last.defs = (wanted,)  # the usual case: one instruction, one result
                            else:
                                self.bind(wanted, output)
                        else:
                            self.bind_parts(v, output)
                elif produced:
                    for v, parts in zip(produced, output):
                        if regs[v] is not None:
                            self.bind_parts(v, (parts,) if parts.__class__ is int else parts)
            if ctx.defined:
                for v, parts in ctx.defined:
                    if regs[v] is not None:
                        self.bind_parts(v, parts)
                ctx.defined.clear()
            if buffer:
                srcloc = srclocs[i]
                if srcloc:
                    for inst in buffer:
                        inst.srcloc = srcloc
                buffer.reverse()
                out += buffer
                buffer.clear()

    def lower_special(self, m: int, b: int, i: int, node: Node) -> bool:
        """Lower what the engine itself knows; False: it does not."""
        ctx = self.ctx
        op = node[0]
        if op == JUMP:
            ctx.emit(self.target.jump(self.order.succs[m][0]))
        elif op == RETURN:
            calls.lower_return(ctx, node, self.func.sig, self.sig, self.entry_params)
        elif op in (CALL_, CALL_INDIRECT):
            calls.lower_call(ctx, i, node)
        elif op in (RETURN_CALL, RETURN_CALL_INDIRECT):
            calls.lower_tail_call(ctx, node, self.sig)
        elif op in blockorder.TRY_CALLS:
            try_calls.lower_try_call(ctx, i, node, self.order.targets[b])
        elif op == opcodes.GET_EXCEPTION_HANDLER_ADDRESS:
            self.lower_handler_address(i, node)
        elif op in (BRIF, BR_TABLE):
            rule = ctx.branch_table[op]
            return rule is not None and rule(node, i, self.order.targets[b]) is not None
        elif op == opcodes.SEQUENCE_POINT:
            calls.lower_sequence_point(ctx, i)
        else:
            return bool(op == opcodes.NOP)
        return True

    def lower_handler_address(self, i: int, node: Node) -> None:
        """The address of the block where an exception arrives: (block of the try_call, which of its handlers)."""
        block, index = node[2]
        v = self.ctx.results[i][0]
        if self.ctx.regs[v] is not None:
            table = self.func.insts[self.func.block_insts[block][-1]][2][1]
            reached = [handler[-1] for handler in table.handlers if handler[0] != "context"]
            goal = self.order.targets[block][reached[index]]
            self.ctx.emit(self.target.block_address(self.ctx.put_in_reg(v), goal))

    def bind(self, wanted: int, output: int) -> None:
        """Make ``wanted``, which users name, the register in which the rule left its output."""
        found = False
        for inst in self.ctx.buffer:
            if output in inst.defs:
                found = True
                inst.defs = tuple([wanted if r == output else r for r in inst.defs])
            if output in inst.uses and found:
                inst.uses = tuple([wanted if r == output else r for r in inst.uses])
        if not found:
            self.aliases[wanted] = output

    def bind_parts(self, v: int, output: Any) -> None:
        """``bind`` for each register of value ``v``."""
        wanted = self.ctx.put_in_regs(v)
        if output.__class__ is int:
            output = (output,)
        if len(wanted) != len(output):
            raise CompileError(f"the rule for v{v} gave {len(output)} registers, {len(wanted)} are needed")
        renamed: dict[int, int] = {}
        for w, r in zip(wanted, output):
            if r in renamed:  # two parts that are the same register
                self.aliases[w] = renamed[r]
            elif w != r:
                self.bind(w, r)
                if w not in self.aliases:
                    renamed[r] = w

    def flush(self) -> None:
        """Take over what was emitted outside of a rule."""
        buffer = self.ctx.buffer
        buffer.reverse()
        self.out += buffer
        buffer.clear()

    def no_rule(self, node: Node) -> UnsupportedError:
        """The error of an instruction that the target cannot lower."""
        types = " ".join([NAME[self.ctx.types[v]] for v in node[3:]])
        return UnsupportedError(
            f"{self.target.name}: {self.func.name}: no lowering for {opcodes.NAME[node[0]]}.{NAME[node[1]]} ({types})"
        )

    # -- edges ------------------------------------------------------------------------------------

    def block_params(self, b: int) -> list[int]:
        """The vregs of the parameters of ``b`` that have uses."""
        ctx = self.ctx
        found: list[int] = []
        for v in self.func.block_params[b]:
            if ctx.uses[v]:
                found.extend(ctx.put_in_regs(v))
        return found

    def passed(self, m: int, args: tuple[int, ...]) -> list[int]:
        """The vregs of ``args``, passed to machine block ``m``, without those for unused
        parameters."""
        found: list[int] = []
        for v in self.wanted(m, args):
            found.extend(self.ctx.put_in_regs(v))
        return found

    def wanted(self, m: int, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Those of ``args``, passed to machine block ``m``, whose parameters have uses."""
        uses = self.ctx.uses
        return tuple([v for p, v in zip(self.func.block_params[self.order.clif[m]], args) if uses[p]])

    def try_call_before(self, m: int) -> Node | None:
        """The try_call whose edge block ``m`` is, or None."""
        source = self.order.clif[self.order.preds[m][0]]
        node = self.func.insts[self.func.block_insts[source][-1]]
        return node if node[0] in blockorder.TRY_CALLS else None

    def entry_again(self) -> list[int]:
        """Where something branches to the entry, its parameters are ordinary ones, fed by a block
        in front that takes the arguments."""
        ctx = self.ctx
        found: list[int] = []
        for v in self.entry_params:
            if ctx.uses[v]:
                ctx.regs[v] = None
                found.extend(ctx.put_in_regs(v))
        return found

    # -- aliases ----------------------------------------------------------------------------------

    def resolve_aliases(self, vcode: VCode) -> None:
        """Replace every name of a register by its last one."""
        aliases = self.aliases
        final: dict[int, int] = {}
        for name in aliases:
            chain = [name]
            end = aliases[name]
            while end in aliases and end not in final:
                chain.append(end)
                end = aliases[end]
            end = final.get(end, end)
            for link in chain:
                final[link] = end
        get = final.get
        disjoint = final.keys().isdisjoint
        for inst in vcode.insts:
            if not disjoint(inst.uses):
                inst.uses = tuple([get(r, r) for r in inst.uses])
        vcode.block_args = [[get(r, r) for r in regs] if regs else regs for regs in vcode.block_args]
