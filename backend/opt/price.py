"""What the forms that a rewriting leaves to choose from cost on a target: its rules lower each, and the instructions are counted.

So a constant that an instruction holds, an extension that is there anyway, a comparison under a select, a shift of an operand cost
nothing where lowering folds them, and there is no list of what it folds beside its rules. In a loop a constant that is not folded
costs nothing either, for elaboration makes it before the loop.
What the number of instructions does not tell, that products and quotients take long, is added from `cost`.

Only that is lowered in which the forms differ: both end where they meet, a node below the values that both take (`difference`).
That is about what the rule matched and what it made, so few nodes, and the same ones again and again: verdicts are remembered per
target by shape. A verdict follows from its shape alone, so what a process compiled before changes no choice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.errors import CompileError
from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.function import Function, signature
from jitpy.backend.opt.cost import COST
from jitpy.backend.target.row import MOVE
from jitpy.backend.vcode.context import OPAQUE, LowerCtx
from jitpy.backend.vcode.frame import Frame

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Node
    from jitpy.backend.opt.egraph import EGraph
    from jitpy.backend.target.target import Target

#: Nodes, users before operands, each ``(opcode, type, immediate, result type, *indices of operands)`` or, where the forms end,
#: ``(result type,)``.
Shape = tuple[tuple[Any, ...], ...]

#: What has no operands and means the same in every function; symbols, slots and registers are ends.
_CONSTANTS = frozenset((op.ICONST, op.F16CONST, op.F32CONST, op.F64CONST, op.F128CONST, op.VCONST))
#: Nodes with operands in which two forms may differ; where they go on, they are cut.
_NODES = 12
#: Verdicts kept per target; then all are forgotten.
_REMEMBERED = 20_000
#: Cost of one instruction in `cost`.
_INSTRUCTION = 4
#: Who takes a value: nodes of one form, of the other, or only nodes of both.
_OWN, _OTHER, _BELOW = 1, 2, 4


class Prices:
    """The prices of one target."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.known: dict[tuple[Shape, int, int, bool], bool] = {}
        # A function of nothing, for rules want one.
        self.func = Function("price", signature([], []))
        self.frame = Frame(self.func, target, target.abi(self.func.sig.call_conv))

    def worse(self, graph: EGraph, v: int, other: int) -> bool:
        """Whether the tree that ``other`` chose costs more than ``v``'s own node over what its operands chose."""
        key = *difference(graph, v, graph.best[other]), graph.in_loop
        found = self.known.get(key)
        if found is None:
            if len(self.known) >= _REMEMBERED:
                self.known.clear()
            shape, own, others, in_loop = key
            price, others_price = self.of(shape, own, in_loop), self.of(shape, others, in_loop)
            found = self.known[key] = price is not None and others_price is not None and others_price > price
        return found

    def of(self, shape: Shape, root: int, in_loop: bool) -> int | None:
        """The price of node ``root`` of ``shape`` and what it takes: lowered as `vcode.lower` would, counted. None: it has none."""
        types = [node[3] if len(node) > 1 else node[0] for node in shape]
        if not self.target.lacks_types.isdisjoint(types):
            return None
        contexts = self.target.contexts
        ctx: LowerCtx = contexts.pop() if contexts else LowerCtx(self.target)
        try:
            return self.count(ctx, shape, types, root, in_loop)
        except CompileError:
            return None
        finally:
            contexts.append(ctx)

    def count(self, ctx: LowerCtx, shape: Shape, types: list[int], root: int, in_loop: bool) -> int:
        """`of`, in a context."""
        count = len(shape)
        ctx.begin(self.func, self.frame)
        nodes = [(*node[:3], *node[4:]) if len(node) > 1 else OPAQUE for node in shape]
        ctx.insts[:] = ctx.nodes[:] = nodes
        ctx.types[:] = types
        ctx.results[:] = [(v,) for v in range(count)]
        ctx.value_defs[:] = [v if len(node) > 1 else ~0 for v, node in enumerate(shape)]
        ctx.regs[:] = [None] * count
        ctx.uses[:] = uses = [0] * count
        ctx.block = []
        uses[root] = 1
        price = 0
        for node, used in zip(nodes, uses):
            if used and node is not OPAQUE:
                price += max(COST[node[0]] - _INSTRUCTION, 0)
                for a in node[3:]:
                    uses[a] = uses[a] + 1 if used == 1 else 2
        ctx.put_in_regs(root)
        for v, node in enumerate(nodes):
            if ctx.regs[v] is None or node is OPAQUE or (in_loop and len(node) == 3):
                continue
            rule = ctx.table[node[0]]
            if (rule is None or rule(node, v) is None) and ctx.more_rules(node, v) is None:
                raise CompileError("no rule")
            price += _INSTRUCTION * sum(not inst.row.flags & MOVE for inst in ctx.buffer)
            ctx.buffer.clear()
        return price


def difference(graph: EGraph, v: int, other: int) -> tuple[Shape, int, int]:
    """The nodes below ``v`` and ``other`` that are not below both, those of both that they take, since rules look through a
    comparison or an extension there, and the constants among the ends; the indices of the two.

    A node's operands have smaller numbers than it has, so the largest one that is left cannot come up again.
    """
    nodes, best, types = graph.nodes, graph.best, graph.types
    sides = {v: _OWN, other: _OTHER}  # value -> who takes it
    left = [*sides]
    order: dict[int, int] = {}  # value -> index
    inner: list[int] = []
    while left:
        x = max(left)
        left.remove(x)
        order[x] = len(order)
        side = sides[x]
        node: Node = nodes[x]
        if side == _BELOW or len(node) < 4 or len(inner) == _NODES:
            continue
        inner.append(x)
        if side > _OTHER:
            side = _BELOW
        for a in node[3:]:
            a = best[a]
            known = sides.get(a)
            if known is None:
                sides[a] = side
                left.append(a)
            else:
                sides[a] = known | side
    shape: list[tuple[Any, ...]] = []
    for x in order:
        node = nodes[x]
        if x in inner:
            shape.append((*node[:3], types[x], *[order[best[a]] for a in node[3:]]))
        elif node[0] in _CONSTANTS:
            shape.append((*node[:3], types[x]))
        else:
            shape.append((types[x],))
    return tuple(shape), order[v], order[other]
