"""What a tree of pure nodes costs on a target: its rules lower the tree alone, and the instructions that come out are counted.

So a constant that an instruction holds, an extension that is there anyway, a comparison under a select, a shift of an operand cost
nothing where lowering folds them, and there is no list of what it folds beside its rules. In a loop a constant that is not folded
costs nothing either, for elaboration makes it before the loop: constants stand in a block of their own, which is then not counted.
What the number of instructions does not tell, that products and quotients take long, is added from `cost`.

Prices are asked for only where a rewriting leaves a choice, and remembered per target by shape.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.errors import CompileError
from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.function import Function, signature
from jitpy.backend.opt.cost import COST
from jitpy.backend.target.row import MOVE
from jitpy.backend.vcode.lower import lower

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Node
    from jitpy.backend.opt.egraph import EGraph
    from jitpy.backend.target.target import Target

#: (opcode, type, immediate, result type, operands) or (~ number of a value that the tree takes,).
Shape = tuple[Any, ...]

#: What has no operands and means the same in every function; symbols, slots and registers are leaves.
_CONSTANTS = frozenset((op.ICONST, op.F16CONST, op.F32CONST, op.F64CONST, op.F128CONST, op.VCONST))
#: How deep rules look; values that a tree may take. Larger trees have no price.
_DEPTH, _LEAVES = 4, 4
#: Prices kept per target; then all are forgotten.
_REMEMBERED = 20_000
#: Cost of one instruction in `cost`.
_INSTRUCTION = 4


class Prices:
    """The prices of one target."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.known: dict[tuple[Shape, tuple[int, ...], bool], int | None] = {}

    def worse(self, graph: EGraph, v: int, other: int) -> bool:
        """Whether the tree that ``other`` chose costs more than ``v``'s own node over what its operands chose."""
        leaves: dict[int, int] = {}
        own = self.of(shape_of(graph, v, leaves, {}), leaves, graph)
        if own is None:
            return False
        ends, leaves = leaves, {}
        theirs = self.of(shape_of(graph, graph.best[other], leaves, ends), leaves, graph)
        return theirs is not None and theirs > own

    def of(self, shape: Shape, leaves: dict[int, int], graph: EGraph) -> int | None:
        """The price of a tree over ``leaves``; None: it has none."""
        if len(leaves) > _LEAVES:
            return None
        key = shape, tuple([graph.types[v] for v in leaves]), graph.in_loop
        if key not in self.known:
            if len(self.known) == _REMEMBERED:
                self.known.clear()
            self.known[key] = self.ask(*key)
        return self.known[key]

    def ask(self, shape: Shape, types: tuple[int, ...], in_loop: bool) -> int | None:
        """Lower the tree and count."""
        func = Function("price", signature(list(types), [shape[3]] if len(shape) > 3 else []))
        before, block = func.block(), func.block()
        leaves = [func.param(before, t) for t in types]
        latency = 0

        def build(shape: Shape) -> int:
            nonlocal latency
            if shape[0] < 0:
                leaf: int = ~shape[0]
                return leaves[leaf]
            latency += max(COST[shape[0]] - _INSTRUCTION, 0)
            node: Node = (*shape[:3], *[build(operand) for operand in shape[4:]])
            return func.value(block if len(node) > 3 else before, node, shape[3])

        root = build(shape)
        func.append(before, (op.JUMP, 0, ((block, 0),)))
        func.append(block, (op.RETURN, 0, None, root) if func.sig.returns else (op.RETURN, 0, None))
        if not self.target.lacks_types.isdisjoint(func.value_types):
            return None
        try:
            vcode = lower(func, self.target)
        except CompileError:
            return None
        insts = vcode.insts[vcode.block_starts[1] :] if in_loop else vcode.insts
        count: int = sum(not inst.row.flags & MOVE for inst in insts)
        return _INSTRUCTION * count + latency


def shape_of(graph: EGraph, v: int, leaves: dict[int, int], ends: dict[int, int], depth: int = _DEPTH) -> Shape:
    """The tree at node ``v``, whose ``leaves`` are numbered; it ends at ``ends``, where the one that it is compared with does."""
    node = graph.nodes[v]
    if node[0] < 0 or v in ends or (node[0] not in _CONSTANTS if len(node) == 3 else not depth):
        return (~leaves.setdefault(v, len(leaves)),)
    return (*node[:3], graph.types[v], *[shape_of(graph, graph.best[a], leaves, ends, depth - 1) for a in node[3:]])
