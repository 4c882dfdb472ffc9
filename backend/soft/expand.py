"""The pass that replaces what a target lacks: by calls of the library, or by short sequences of other instructions.

    lacks                   (opcode, type) pairs of a target: an instruction is replaced if its controlling type, or the type of
                            its first operand, makes such a pair
    rules/legalize.isle     how it is replaced

It runs behind the mid-end, to which f128 additions are pure like any others. Replacements go through the pass
themselves: a target without f16 arithmetic may also lack the conversions that stand for it. The results of what is replaced
are renamed to those of its replacement; equal pure instructions of replacements in one block are one.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import infer, memflags
from jitpy.backend.ir import opcodes as O
from jitpy.backend.ir import types as T
from jitpy.backend.ir.function import signature
from jitpy.backend.soft.host import rules
from jitpy.backend.soft.notation import PREFIX

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Function, Node

Lacks = frozenset[tuple[int, T.Type]]
Results = tuple[int, ...]
_SAME_LANES = {"T", "bool", "int", "double", "half", "any"}


@cache
def _opcodes(lacks: Lacks) -> frozenset[int]:
    """Those that are in any pair; once per target, for there are hundreds of pairs."""
    return frozenset(op for op, _ in lacks)


def expand(func: Function, lacks: Lacks) -> None:
    """Replace in place what is in ``lacks``."""
    expansion = _expansions.pop() if _expansions else Expansion()
    expansion.run(func, lacks)
    _expansions.append(expansion)


class Expansion:
    """One function at a time; also the context that the rules are bound to, so its containers are reused."""

    func: Function

    def __init__(self) -> None:
        self.types: list[T.Type] = []  # of the function's values
        self.out: list[int] = []  # instructions of the current block
        self.srcloc = 0
        self.made: dict[Node, Results] = {}  # pure ones emitted in this block
        self.lacks: Lacks = frozenset()
        self.table = rules(self)

    def run(self, func: Function, lacks: Lacks) -> None:
        """Walk over all instructions of ``func``."""
        self.func, self.lacks = func, lacks
        self.types[:] = func.value_types
        renamed: dict[int, int] = {}
        opcodes = _opcodes(lacks)
        insts = func.insts
        for block in func.layout:
            body = func.block_insts[block]
            if opcodes.isdisjoint([insts[i][0] for i in body]):
                continue
            self.out = []
            self.made.clear()
            for i in body:
                node = insts[i]
                results = None
                if node[0] in opcodes:
                    self.srcloc = func.srclocs[i]
                    results = self.replaced(node)
                if results is None:
                    self.out.append(i)
                else:
                    renamed.update(zip(func.results[i], results, strict=True))
            func.block_insts[block] = self.out
        if renamed:
            _rename(func, renamed)

    def replaced(self, node: Node) -> Results | None:
        """The results of what takes the place of ``node``; None: it stays."""
        op, lacks = node[0], self.lacks
        if (op, node[1]) not in lacks and (len(node) == 3 or (op, self.types[node[3]]) not in lacks):
            return None
        rule = self.table[op]
        results: Results | None = None if rule is None else rule(node)
        return results

    # What rules emit with.

    def emit(self, node: Node) -> Results:
        """Append an instruction, or what takes its place; its results."""
        results = self.made.get(node)
        if results is None:
            results = self.replaced(node)
            if results is None:
                results = self._append(node)
            if O.PURE[node[0]]:
                self.made[node] = results
        return results

    def call(self, name: str, returns: tuple[T.Type, ...], *args: int) -> Results:
        """Call a function of the library."""
        sig = signature([self.types[a] for a in args], list(returns))
        return self._append((O.CALL_, T.INVALID, self.func.import_function(PREFIX + name, sig), *args))

    def _append(self, node: Node) -> Results:
        func = self.func
        inst = len(func.insts)
        func.insts.append(node)
        func.srclocs.append(self.srcloc)
        first = len(self.types)
        made = infer.node_result_types(func, node)
        for values in (func.value_types, self.types):
            values.extend(made)
        func.value_defs.extend([inst] * len(made))
        results = tuple(range(first, first + len(made)))
        func.results.append(results)
        self.out.append(inst)
        return results

    def touch(self, arg: tuple[int, str], address: int) -> Results:
        """Load a byte of what an atomic access is about, unless that cannot trap."""
        flags = arg[0]
        return () if flags & memflags.NOTRAP else self.emit((O.LOAD_, T.I8, (flags & ~memflags.ALIGNED, 0), address))

    # Lane after lane.

    def lanewise(self, node: Node) -> bool:
        """Whether lane k of the one result is the same operation on the operands' lanes k."""
        op = node[0]
        codes = {*O.RESULTS[op], *O.ARGS[op]}
        return len(O.RESULTS[op]) == 1 and codes <= _SAME_LANES and any(T.IS_VECTOR[self.types[a]] for a in node[3:])

    def each_lane(self, node: Node) -> Results:
        """The scalar operation on each lane in order; a comparison's truth value is spread over its lane."""
        op, type, imm = node[:3]
        (t,) = infer.node_result_types(self.func, node)
        lane = T.LANE[t]
        (made,) = self.emit((O.VCONST, t, bytes(T.BYTES[t])))
        for k in range(T.LANES[t]):
            args = []
            for a in node[3:]:
                vector = self.types[a]
                args.append(self.emit((O.EXTRACTLANE, vector, k, a))[0] if T.IS_VECTOR[vector] else a)
            (x,) = self.emit((op, T.LANE[type], imm, *args))
            if op in (O.ICMP, O.FCMP):
                (x,) = self.emit((O.BMASK, lane, None, x))
            (made,) = self.emit((O.INSERTLANE, t, k, made, x))
        return (made,)


_expansions: list[Expansion] = []


def _rename(func: Function, renamed: dict[int, int]) -> None:
    """Use other values in place of those of instructions that are gone."""
    for old, new in renamed.items():
        while new in renamed:
            new = renamed[new]
        renamed[old] = new
    insts, get, gone = func.insts, renamed.get, renamed.keys()
    for block in func.layout:
        for i in func.block_insts[block]:
            node: Any = insts[i]
            if not gone.isdisjoint(node[3:]):
                insts[i] = (*node[:3], *[get(a, a) for a in node[3:]])
