"""Inlining: direct calls of small functions of the same module become copies of their bodies.

A function is visited after those it calls, so that what it takes in is already as it will be. The block of a call ends before it;
the callee's blocks follow, its parameters replaced by the arguments, its returns by jumps to a new block whose parameters are the
call's results and which holds the rest.

A callee is worth its place when its cost is below a bound: `BASE`, more for each argument that is a constant, twice as much
where the call stands in a loop. A caller may grow to `GROWTH` times its size, or to `ROOM` instructions. Recursive
functions, and those whose meaning is bound to their own frame, stay calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from jitpy.backend.analysis import cfg as cfg_analysis
from jitpy.backend.analysis import domtree, loops
from jitpy.backend.ir import memflags
from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.function import ExtFunc

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Function, Node

BASE, PER_CONSTANT, GROWTH, ROOM = 16, 6, 3, 300
_FREE = frozenset((op.ICONST, op.F16CONST, op.F32CONST, op.F64CONST, op.JUMP, op.RETURN, op.NOP, op.UEXTEND, op.IREDUCE))
_DEAR = {op.CALL_: 5, op.CALL_INDIRECT: 6, op.UDIV: 4, op.SDIV: 4, op.UREM: 4, op.SREM: 4, op.FDIV: 3, op.SQRT: 3}
#: What says something about the frame it stands in, or leaves it in another way than by returning.
_OWN_FRAME = frozenset(
    (op.RETURN_CALL, op.RETURN_CALL_INDIRECT, op.TRY_CALL, op.TRY_CALL_INDIRECT, op.GET_FRAME_POINTER, op.GET_STACK_POINTER,
     op.GET_RETURN_ADDRESS, op.GET_EXCEPTION_HANDLER_ADDRESS, op.STACK_SWITCH, op.SEQUENCE_POINT)
)  # fmt: skip
#: Formats whose immediates name an entity of the function, and its kind.
_ENTITY = {
    "call": "function", "func_addr": "function", "call_indirect": "signature", "stack_addr": "slot",
    "dynamic_stack_addr": "dynamic slot", "unary_global_value": "global",
}  # fmt: skip
#: Formats whose immediates hold memory flags.
_FLAGS = frozenset(("load", "store", "load_no_offset", "store_no_offset", "atomic_rmw", "atomic_cas"))


def inline_module(functions: Iterable[Function]) -> None:
    """Inline among ``functions``, in place, callees before their callers."""
    known = {func.name: func for func in functions}
    for func in _callees_first(known):
        inline_calls(func, known)


def _callees_first(known: Mapping[str, Function]) -> list[Function]:
    order: list[Function] = []
    state: dict[str, int] = {}
    for root in known:
        stack = [root]
        while stack:
            name = stack[-1]
            if state.get(name) is None:
                state[name] = 0
                stack += [f.name for f in known[name].ext_funcs if f.name in known and f.name not in state]
                continue
            stack.pop()
            if state[name] == 0:
                state[name] = 1
                order.append(known[name])
    return order


def inline_calls(func: Function, known: Mapping[str, Function], every: bool = False) -> int:
    """Inline calls of ``known`` functions in ``func``, in place, where it pays (``every``: wherever it can be done); how many."""
    if not func.layout or not any(f.name in known for f in func.ext_funcs):
        return 0
    cfg = cfg_analysis.compute(func)
    depth = loops.compute(cfg, domtree.compute(cfg)).depth
    size = len(func.insts)
    room = max(GROWTH * size, ROOM)
    done = 0
    layout: list[int] = []
    for start in list(func.layout):  # which grows
        block, bound = start, BASE * (2 if depth[start] else 1)
        layout.append(block)
        at = 0
        while at < len(func.block_insts[block]):
            inst = func.block_insts[block][at]
            node = func.insts[inst]
            at += 1
            if node[0] != op.CALL_:
                continue
            callee = known.get(func.ext_funcs[node[2]].name)
            if callee is None or callee is func or callee.sig.key() != func.signatures[func.ext_funcs[node[2]].sig].key():
                continue
            cost = cost_of(callee)
            constants = sum(_is_constant(func, a) for a in node[3:])
            if cost is None or not (every or (cost <= bound + PER_CONSTANT * constants and size + len(callee.insts) <= room)):
                continue
            blocks, rest = _Copy(func, callee).into(block, at - 1)
            layout += blocks
            size += len(callee.insts)
            done += 1
            block, at = rest, 0
    func.layout = layout
    return done


def _is_constant(func: Function, value: int) -> bool:
    definition = func.value_defs[value]
    return definition >= 0 and func.insts[definition][0] in (op.ICONST, op.F32CONST, op.F64CONST)


def cost_of(func: Function) -> int | None:
    """What a copy of ``func`` costs, or None: it cannot be copied."""
    if not func.layout or func.stack_limit is not None or func.name in [f.name for f in func.ext_funcs]:
        return None
    cost = 0
    for block in func.layout:
        for inst in func.block_insts[block]:
            number = func.insts[inst][0]
            if number in _OWN_FRAME:
                return None
            cost += 0 if number in _FREE else _DEAR.get(number, 1)
    return cost


class _Copy:
    """One callee on its way into a caller: what its numbers become there."""

    def __init__(self, func: Function, callee: Function) -> None:
        self.func = func
        self.callee = callee
        self.blocks = {block: func.block() for block in callee.layout}  # the layout is the caller's business
        self.values: dict[int, int] = {}
        self.regions: dict[int, int] = {}
        self.entities: dict[tuple[str, int], int] = {}
        for number in callee.dynamic_types:  # values may have them without a slot's help
            self._dynamic_type(number)

    def into(self, block: int, at: int) -> tuple[list[int], int]:
        """Put the callee in place of the call at index ``at`` of ``block``; the new blocks in order, and the last of them,
        which holds what stood behind the call.
        """
        func, callee = self.func, self.callee
        insts = func.block_insts[block]
        call = insts[at]
        rest = func.block()
        func.block_insts[block] = insts[:at]
        func.block_insts[rest] = insts[at + 1 :]
        func.block_params[rest] = list(func.results[call])
        for result in func.results[call]:
            func.value_defs[result] = ~rest
        func.results[call] = ()
        entry = callee.layout[0]
        self.values.update(zip(callee.block_params[entry], func.insts[call][3:]))
        for old in callee.layout[1:]:
            for param in callee.block_params[old]:
                self.values[param] = func.param(self.blocks[old], callee.value_types[param])
        func.append(block, (op.JUMP, 0, ((self.blocks[entry], 0),)), (), func.srclocs[call])
        # Results first: blocks need not stand in an order in which definitions come before their uses.
        for old in callee.layout:
            for inst in callee.block_insts[old]:
                types = tuple(callee.value_types[r] for r in callee.results[inst])
                made = func.append(self.blocks[old], callee.insts[inst], types, callee.srclocs[inst])
                self.values.update(zip(callee.results[inst], func.results[made]))
        for old in callee.layout:
            for made in func.block_insts[self.blocks[old]]:
                func.insts[made] = self.node(func.insts[made], rest)
        func.cold.update(self.blocks[old] for old in callee.cold if old in self.blocks)
        if block in func.cold:
            func.cold.update([*self.blocks.values(), rest])
        return [*self.blocks.values(), rest], rest

    def node(self, node: Node, rest: int) -> Node:
        """A node of the callee as one of the caller."""
        number, type, imm, *args = node
        args = [self.values[a] for a in args]
        format = op.FORMAT[number]
        if number == op.RETURN:
            return op.JUMP, 0, ((rest, len(args)),), *args
        if op.EFFECTS[number] & op.BRANCH:
            imm = tuple((self.blocks[target], count) for target, count in imm)
        elif format in _ENTITY:
            imm = self.entity(_ENTITY[format], imm)
        elif format in _FLAGS and imm is not None:
            imm = (self.flags(imm[0]), *imm[1:]) if isinstance(imm, tuple) else self.flags(imm)
        return number, type, imm, *args

    def entity(self, kind: str, imm: Any) -> Any:
        """A reference to a function, signature, slot or global value."""
        reference = imm[0] if kind == "slot" else imm
        key = (kind, reference)
        made = self.entities.get(key)
        if made is None:
            made = self.entities[key] = self._imported(kind, reference)
        return (made, imm[1]) if kind == "slot" else made

    def _imported(self, kind: str, reference: int) -> int:
        func, callee = self.func, self.callee
        if kind == "signature":
            return func.import_signature(callee.signatures[reference])
        if kind == "function":
            ext = callee.ext_funcs[reference]
            sig = func.import_signature(callee.signatures[ext.sig])
            for number, other in enumerate(func.ext_funcs):
                if other.name == ext.name and other.sig == sig:
                    return number
            func.ext_funcs.append(ExtFunc(ext.name, sig, ext.colocated, ext.patchable))
            return len(func.ext_funcs) - 1
        if kind == "slot":
            slot = callee.stack_slots[reference]
            return func.stack_slot(slot.size, slot.align_shift)
        if kind == "dynamic slot":
            func.dynamic_slots.append(self._dynamic_type(callee.dynamic_slots[reference]))
            return len(func.dynamic_slots) - 1
        func.global_values.append(callee.global_values[reference])
        return len(func.global_values) - 1

    def _dynamic_type(self, reference: int) -> int:
        """The caller's dynamic type that is the callee's."""
        base, scale = self.callee.dynamic_types[reference]
        known = self.func.dynamic_types
        for number, (other, _) in known.items():
            if other == base:
                return number
        number = max(known, default=-1) + 1
        known[number] = base, self.entity("global", scale)
        return number

    def flags(self, flags: int) -> int:
        """Memory flags with the caller's number of the alias region; regions are the same by their number in the text's list."""
        region = memflags.region(flags)
        if region is None:
            return flags
        made = self.regions.get(region)
        if made is None:
            made = self.regions[region] = self._region(region)
        return memflags.with_region(flags, made)

    def _region(self, region: int) -> int:
        wanted = self.callee.regions[region]
        regions = self.func.regions
        for number, (identity, _) in regions.items():
            if identity == wanted[0]:
                return number
        number = max(regions, default=-1) + 1
        regions[number] = wanted
        return number
