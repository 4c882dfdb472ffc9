"""The acyclic e-graph: every value in one dense space, nodes hash-consed, rules applied as nodes are made.

One walk over the blocks in dominator-tree preorder. A pure instruction becomes a node ``(op, type, imm, *args)`` over e-graph
values; an equal node that exists already is the value. A new node meets the rules at once: their results join its class, which
is fixed from then on, so there is nothing to rebuild. A class is at most `CLASS_LIMIT` nodes; the cheapest tree is kept as it
grows, so there is no extraction pass. A rewritten form is taken for the cheaper one, unless the target's own rules say that it
takes more instructions (`price`).

A class only ever grows downwards: a node's class takes the members of its rewritten forms, never the other way round. What a
rewriting refers to is part of what the node refers to, so any member may be computed wherever the node's operands are known.

Everything else (memory, calls, traps, several results) is the skeleton: it stays where it is, with its operands renamed. Skeleton
instructions that may be merged with a dominating equal one (IDEMPOTENT, several pure results, loads in an equal memory state) are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir import types as ty
from jitpy.backend.ir.memflags import NOTRAP
from jitpy.backend.opt import memory
from jitpy.backend.opt.cost import COST, LIMIT
from jitpy.backend.opt.facts import Facts

if TYPE_CHECKING:
    from collections.abc import Callable

    from jitpy.backend.analysis.cfg import Cfg
    from jitpy.backend.analysis.domtree import DomTree
    from jitpy.backend.analysis.loops import Loops
    from jitpy.backend.ir.function import Function, Node
    from jitpy.backend.target.target import Target

#: Rewritings of rewritings, at most so deep.
REWRITE_LIMIT = 5
#: Nodes in a class.
CLASS_LIMIT = 5
_LAST_SCALAR = ty.F128
#: Nodes made per instruction of the input, all rules together.
FUEL = 64

OPAQUE = (-1,)

_PURE_ONE = [op.PURE[k] and len(op.RESULTS[k]) == 1 for k in range(len(op.NAME))]
_SIMPLE_TYPE = [op.RESULTS[k] == ("T",) for k in range(len(op.NAME))]
_MERGEABLE = [
    bool(e & op.IDEMPOTENT) or (op.PURE[k] and len(op.RESULTS[k]) > 1) for k, e in enumerate(op.EFFECTS)
]
_WRITES = [bool(e & (op.STORE | op.CALL)) for e in op.EFFECTS]
_COND_TRAP = [form == "cond_trap" for form in op.FORMAT]
_IS_LOAD = [bool(e & op.LOAD) and not e & (op.STORE | op.SIDE_EFFECT | op.CALL) for e in op.EFFECTS]


def result_type(node: Node, arg_types: list[int]) -> int:
    """The type of a one-result node's value."""
    code = op.RESULTS[node[0]][0]
    t: int = node[1]
    return _RESULT_TYPES[code](t) if code in _RESULT_TYPES else ty.BY_NAME[code]


_RESULT_TYPES: dict[str, Callable[[int], int]] = {
    "T": lambda t: t,
    "bool": ty.as_truthy,
    "lane": lambda t: ty.LANE[t],
    "half": ty.half_width,
    "double": ty.double_width,
    "split": ty.split_lanes,
    "merge": ty.merge_lanes,
    "fixed": lambda t: t & ~ty.DYNAMIC,
}


class EGraph:
    """The graph of one function at a time; also the context that the rules are bound to (its containers are reused)."""

    def __init__(self, counted: bool = False) -> None:
        from jitpy.backend.opt.host import rules

        # Per e-graph value: its own node, the nodes of its class, its type, the value whose own node is best, that tree's cost.
        self.nodes: list[Node] = []
        self.classes: list[tuple[Node, ...]] = []
        self.types: list[int] = []
        self.best: list[int] = []
        self.cost: list[int] = []
        self.intern: dict[Node, int] = {}
        # The skeleton: per block, (original instruction, node over e-graph values, e-graph result values).
        self.skeleton: list[list[tuple[int, Node, tuple[int, ...]]]] = []
        self.params: list[list[int]] = []
        self.folded_branches = False
        self.target: Target | None = None
        self.in_loop = False  # is the instruction that is being brought in
        self.subsumed: list[int] = []
        self._depth = 0
        self._fuel = 0
        self.facts = Facts(self.nodes, self.types)
        self.ways: dict[int, dict[int, int]] = {}  # block that ends in a table -> target -> its place in the table
        self.members = self.lister()
        self._counted = counted
        bound = rules(self, counted)
        self._table: list[Any] = bound["simplify.table"]
        self._replace: list[Any] = bound["replace.table"]
        self._rewrite: list[Any] = bound["rewrite.table"]
        self._vector_rule: Callable[[Node, int, list[int]], None] = self._first_vector

    def lister(self) -> Callable[[int], tuple[Node, ...]]:
        """What lists a class's nodes to the rules."""
        return self.classes.__getitem__

    def reset(self) -> None:
        """Forget the function, keep the containers."""
        for container in (self.nodes, self.classes, self.types, self.best, self.cost, self.intern, self.facts):
            container.clear()
        self.skeleton = []
        self.ways.clear()
        self.params = []

    def opaque(self, t: int) -> int:
        """A value that is simply there."""
        v = len(self.nodes)
        self.nodes.append(OPAQUE)
        self.classes.append(())
        self.types.append(t)
        self.best.append(v)
        self.cost.append(0)
        return v

    def make(self, node: Node) -> int:
        """The value of a pure one-result node over e-graph values: an existing one, or a new class after rewriting."""
        v = self.intern.get(node)
        if v is not None:
            return v
        o = node[0]
        cost = self.cost
        total = COST[o]
        for a in node[3:]:
            total += cost[a]
        if total > LIMIT:
            total = LIMIT
        nodes = self.nodes
        v = len(nodes)
        nodes.append(node)
        self.classes.append((node,))
        self.types.append(node[1] if _SIMPLE_TYPE[o] else result_type(node, self.types))
        self.best.append(v)
        cost.append(total)
        self.intern[node] = v
        rule = self._table[o]
        if node[1] > _LAST_SCALAR or o == op.VHIGH_BITS:
            rule = self._vector_rule
        if rule is None or self._depth >= REWRITE_LIMIT or self._fuel <= 0:
            return v
        self._depth += 1
        self._fuel -= 1
        found: list[int] = []
        rule(node, v, found)
        self._depth -= 1
        if found:
            return self._unite(v, node, found)
        return v

    def _first_vector(self, node: Node, v: int, found: list[int]) -> None:
        """The rules for nodes of vector types are loaded with the first."""
        from jitpy.backend.opt import vector

        self._vector_rule = vector.rules(self, self._table, self._counted)
        self._vector_rule(node, v, found)

    def _unite(self, v: int, node: Node, found: list[int]) -> int:
        """Join ``v`` with what the rules made of it; the value that stands for the class."""
        subsumed = self.subsumed
        if subsumed:
            for f in found:
                if f in subsumed:
                    subsumed.clear()
                    self.intern[node] = f
                    return f
            subsumed.clear()
        cost, best, classes = self.cost, self.best, self.classes
        own = classes[v]
        for f in found:
            if f == v:
                continue
            # A member that is simply there (or free) is the answer.
            if cost[f] < cost[v] or (cost[f] == cost[v] and best[v] == v and COST[node[0]] >= 3):
                # One that was there before comes for nothing; without a target nobody can say more.
                if best[f] < v or self.target is None or len(self.nodes[best[f]]) <= 3 or not self._worse(v, f):
                    cost[v] = cost[f]
                    best[v] = best[f]
            if len(own) < CLASS_LIMIT:
                own += tuple([m for m in classes[f] if m not in own])
        classes[v] = own[:CLASS_LIMIT]
        b = best[v]
        if self.nodes[b] is OPAQUE or (b != v and len(classes[v]) == 1):
            self.intern[node] = b
            return b
        return v

    def _worse(self, v: int, f: int) -> bool:
        """Whether the target needs more for what ``f`` chose than for ``v``'s own node."""
        assert self.target is not None
        if self.target.prices is None:
            from jitpy.backend.opt.price import Prices

            self.target.prices = Prices(self.target)
        found: bool = self.target.prices.worse(self, v, f)
        return found

    def subsume(self, v: int) -> int:
        """Used by rules: this result replaces the node altogether."""
        self.subsumed.append(v)
        return v

    def run(self, func: Function, cfg: Cfg, tree: DomTree, loops: Loops, states: list[memory.State]) -> None:
        """Bring ``func`` into the graph."""
        insts, results, value_types = func.insts, func.results, func.value_types
        rename = [-1] * len(value_types)
        self.skeleton = [[] for _ in func.block_insts]
        self.params = [[] for _ in func.block_insts]
        self.folded_branches = False
        make = self.make
        nodes = self.nodes
        facts = self.facts
        pre, end = tree.pre, tree.end
        merged: dict[Any, tuple[int, tuple[int, ...]]] = {}  # key -> (block, e-graph results)
        for b in tree.order:
            params = self.params[b]
            for p in func.block_params[b]:
                rename[p] = v = self.opaque(value_types[p])
                params.append(v)
            out = self.skeleton[b]
            state = states[b]
            self.in_loop = loops.header[b] >= 0
            if len(cfg.preds[b]) == 1 and b not in func.cold:
                self._learn(b, cfg.preds[b][0], pre[b], end[b])
            for i in func.block_insts[b]:
                node = insts[i]
                o = node[0]
                count = len(node)
                if count == 5:
                    x, y = rename[node[3]], rename[node[4]]
                    if op.COMMUTATIVE[o] and (nodes[x][0] == _ICONST or (x > y and nodes[y][0] != _ICONST)):
                        x, y = y, x
                    node = (o, node[1], node[2], x, y)
                elif count == 4:
                    node = (o, node[1], node[2], rename[node[3]])
                elif count > 5:
                    node = (o, node[1], node[2], *[rename[a] for a in node[3:]])
                if _PURE_ONE[o]:
                    self._fuel = FUEL
                    v = make(node)
                    if o == _ICMP and facts.about and (known := facts.value(v, pre[b])) is not None:
                        v = make((_ICONST, self.types[v], known))
                    rename[results[i][0]] = v
                    continue
                made = results[i]
                if (rewrite := self._rewrite[o]) is not None:
                    node = self._rewritten(node, rewrite)
                    o = node[0]
                if _COND_TRAP[o] and (truth := self._truth(node[3], pre[b])) is not None:
                    if truth != (o == _TRAPNZ):
                        continue
                    node, o = (_TRAP, 0, node[2]), _TRAP
                if (replace := self._replace[o]) is not None:
                    self._fuel = FUEL
                    found: list[tuple[int, ...]] = []
                    replace(node, found)
                    if found:
                        for r, v in zip(made, found[0]):
                            rename[r] = v
                        continue
                if _IS_LOAD[o]:
                    key: Any = self._load_key(node, state)
                elif _MERGEABLE[o]:
                    key = node
                else:
                    key = None
                if key is not None:
                    before = merged.get(key)
                    if before is not None and pre[before[0]] <= pre[b] < end[before[0]]:
                        for r, v in zip(made, before[1]):
                            rename[r] = v
                        continue
                values = tuple([self.opaque(value_types[r]) for r in made])
                for r, v in zip(made, values):
                    rename[r] = v
                if o == _TRAP:
                    # What follows is never reached: it is walked, for others name its values, and not kept.
                    out.append((i, node, ()))
                    if i != func.block_insts[b][-1]:
                        self.folded_branches = True
                        out = []
                    continue
                if key is not None:
                    merged[key] = (b, values)
                elif _WRITES[o]:
                    if o == _STORE and self._is_there(node, state, b, merged, pre, end):
                        continue
                    state = memory.written(node, i, state)
                    if o == _STORE:
                        self._forward(node, state, b, merged)
                elif o == _BRIF:
                    if node[3] in node[4:]:
                        node = self._known_on_edges(node)
                    node = self._fold_brif(node, pre[b])
                elif o == _BR_TABLE:
                    node = self._fold_br_table(node, pre[b])
                out.append((i, node, values))
                if _COND_TRAP[o]:
                    facts.learn(node[3], o == _TRAPZ, pre[b], end[b])
            memory.drop_dead_stores(self.skeleton[b])

    def _rewritten(self, node: Node, rewrite: Callable[[Node, list[Node]], None] | None) -> Node:
        """What an instruction in place becomes; a few times over, for one rewriting may call for another."""
        for _ in range(REWRITE_LIMIT):
            found: list[Node] = []
            self._fuel = FUEL
            if rewrite is not None:
                rewrite(node, found)
            if not found:
                break
            node = found[0]
            rewrite = self._rewrite[node[0]]
        return node

    def _learn(self, block: int, pred: int, first: int, last: int) -> None:
        """Below the only edge into ``block`` it is known what the branch at its other end decided."""
        if not self.skeleton[pred]:
            return
        node = self.skeleton[pred][-1][1]
        if node[0] == _BRIF:
            self.facts.learn(node[3], node[2][0][0] == block, first, last)
        elif node[0] == _BR_TABLE:
            ends = node[2]
            if ends[0][0] == block:
                self.facts.choose(node[3], "uge", len(ends) - 1, first, last)
            else:
                ways = self.ways.get(pred)
                if ways is None:
                    ways = self.ways[pred] = {b: k for k, (b, _) in enumerate(ends)}
                self.facts.choose(node[3], "eq", ways[block] - 1, first, last)

    def _truth(self, condition: int, at: int) -> bool | None:
        """Whether a condition is not zero, if that is known at this place."""
        known = self.nodes[condition]
        if known[0] == _ICONST:
            return bool(known[2])
        return self.facts.truth(condition, at) if self.facts.about else None

    def _load_key(self, node: Node, state: memory.State) -> Any:
        """Two loads with equal keys read the same value."""
        flags, offset = node[2]
        if flags & _ORDER:
            offset = offset, flags & _ORDER  # in another byte order than the target's the same bytes may be another value
        if flags & _READONLY:
            return (node[0], node[1], offset, node[3], -1)
        r = memory.region_of(node)
        if r == memory.ANY:
            if len(state) > 1:
                return (node[0], node[1], offset, node[3], *sorted(state.items()))
            return (node[0], node[1], offset, node[3], state[memory.ANY])
        return (node[0], node[1], offset, node[3], state.get(r, state[memory.ANY]))

    def _forward(self, node: Node, state: memory.State, block: int, merged: dict[Any, Any]) -> None:
        """A load of what was just stored, in the state just made, is the stored value."""
        load = (_LOAD, self.types[node[3]], node[2], node[4])
        merged[self._load_key(load, state)] = (block, (node[3],))

    def _is_there(
        self, node: Node, state: memory.State, block: int, merged: dict[Any, Any], pre: list[int], end: list[int]
    ) -> bool:  # fmt: skip
        """Whether a store puts back what a load, or a store, has just shown to be there; one that may trap is needed for that."""
        if not node[2][0] & NOTRAP:
            return False
        load = (_LOAD, self.types[node[3]], node[2], node[4])
        known = merged.get(self._load_key(load, state))
        return known is not None and known[1][0] == node[3] and pre[known[0]] <= pre[block] < end[known[0]]

    def _known_on_edges(self, node: Node) -> Node:
        """A condition that its own branch passes on is zero on one side; a truth value is one on the other."""
        first, second = node[2]
        c = node[3]
        t = self.types[c]
        if first[0] == second[0] or t > ty.I64:
            return node
        split = 4 + first[1]
        taken, other = node[4:split], node[split:]
        if c in other:
            zero = self.make((_ICONST, t, 0))
            other = tuple([zero if a == c else a for a in other])
        if c in taken and self.nodes[c][0] in (_ICMP, _FCMP):
            one = self.make((_ICONST, t, 1))
            taken = tuple([one if a == c else a for a in taken])
        return (*node[:4], *taken, *other)

    def _fold_brif(self, node: Node, at: int) -> Node:
        """A branch on what is known is a jump; a branch on a comparison with zero tests the operand; on a negation, swaps."""
        condition = node[3]
        first, second = node[2]
        split = 4 + first[1]
        same = first == second and node[4:split] == node[split:]
        truth = True if same else self._truth(condition, at)
        if truth is not None:
            self.folded_branches = True
            return (_JUMP, 0, (first,), *node[4:split]) if truth else (_JUMP, 0, (second,), *node[split:])
        known = self.nodes[condition]
        if known[0] in _KEEP_ZERO and ty.IS_INT[self.types[known[3]]] and self.types[known[3]] != ty.I128:
            return self._fold_brif((_BRIF, self.types[known[3]], node[2], known[3], *node[4:]), at)
        if known[0] == _ICMP and known[2] in ("eq", "ne") and self.nodes[known[4]][0] == _ICONST:
            if self.nodes[known[4]][2] == 0 and known[1] & ~15 == 0 and known[1] != ty.I128:
                t = known[1]
                if known[2] == "ne":
                    return self._fold_brif((_BRIF, t, node[2], known[3], *node[4:]), at)
                return self._fold_brif((_BRIF, t, (second, first), known[3], *node[split:], *node[4:split]), at)
        return node

    def _fold_br_table(self, node: Node, at: int) -> Node:
        """A switch on a constant is a jump, and so is one that always leads to the same place; one with one case is a branch.
        Entries at the end that lead where the default leads are not needed."""
        ends = node[2]
        known = self.nodes[node[3]]
        k = known[2] if known[0] == _ICONST else self.facts.value(node[3], at) if self.facts.about else None
        if k is not None:
            self.folded_branches = True
            k = k + 1 if k + 1 < len(ends) else 0
            start = 4 + sum(n for _, n in ends[:k])
            return (_JUMP, 0, (ends[k],), *node[start : start + ends[k][1]])
        default = node[4 : 4 + ends[0][1]]
        count, stop = len(ends), len(node)
        while count > 1 and ends[count - 1] == ends[0] and node[stop - len(default) : stop] == default:
            count -= 1
            stop -= len(default)
        if count < len(ends):
            ends = ends[:count]
            node = (_BR_TABLE, node[1], ends, *node[3:stop])
        if count == 1:
            self.folded_branches = True
            return (_JUMP, 0, ends, *default)
        if count == 2:
            return self._fold_brif((_BRIF, ty.I32, ends, node[3], *default, *node[4 + len(default) :]), at)
        return node


_ICONST, _ICMP, _FCMP, _BRIF, _BR_TABLE, _JUMP = op.ICONST, op.ICMP, op.FCMP, op.BRIF, op.BR_TABLE, op.JUMP
_TRAP, _TRAPZ, _TRAPNZ = op.TRAP_, op.TRAPZ, op.TRAPNZ
_STORE, _LOAD = op.STORE_, op.LOAD_
#: What is zero just where its operand is.
_KEEP_ZERO = frozenset((op.UEXTEND, op.SEXTEND, op.INEG, op.BMASK))
_READONLY, _ORDER = 4, 8 | 16
