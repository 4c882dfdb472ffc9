"""Memory states: which version of its alias region a load sees.

A state is an int: ``2 * store`` after the store or call ``store`` (an instruction number), ``2 * block + 1`` where the states of a
block's predecessors differ. Two loads of the same address in the same state read the same value. Regions are those of the
memory flags; an access without one may alias all regions.

Forward data flow over reverse postorder: a block begins with its predecessors' common state, or with a state of its own. Back edges
are taken not to change anything until a visit shows otherwise; every revisit only adds states of a block's own, so the walk ends
after at most one round per nesting level that matters (bounded by `_ROUNDS`, after which every merge gets its own states).

A store is dead when the same bytes are stored again, later in its block, before anything could see them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.ir.memflags import NOTRAP, region
from jitpy.backend.ir.opcodes import CALL, EFFECTS, LOAD, SIDE_EFFECT, STORE, STORE_, TERMINATOR, TRAP

if TYPE_CHECKING:
    from jitpy.backend.analysis.cfg import Cfg
    from jitpy.backend.ir.function import Function, Node

#: Region of an access that may alias everything.
ANY = -1
_ROUNDS = 8

State = dict[int, int]  # region -> state; the key ANY: all regions that have no entry
_WRITES = [bool(e & (STORE | CALL)) or bool(e & SIDE_EFFECT and e & STORE) for e in EFFECTS]


def region_of(node: Node) -> int:
    """The alias region a load or store touches, or ANY."""
    imm = node[2]
    flags = imm[0] if isinstance(imm, tuple) else imm
    found = region(flags) if isinstance(flags, int) else None
    return ANY if found is None else found


def written(node: Node, number: int, state: State) -> State:
    """The state after instruction ``number``, whose node writes memory."""
    if EFFECTS[node[0]] & CALL or (touched := region_of(node)) == ANY:
        return {ANY: 2 * number}
    return {**state, touched: 2 * number}


def states(func: Function, cfg: Cfg) -> list[State]:
    """The state at the beginning of each block (empty dicts for unreachable ones)."""
    insts, block_insts = func.insts, func.block_insts
    count = len(block_insts)
    writers = [[i for i in block_insts[b] if _WRITES[insts[i][0]]] for b in range(count)]
    begin: list[State] = [{} for _ in range(count)]
    end: list[State | None] = [None] * count
    index, preds = cfg.rpo_index, cfg.preds
    loops = any(index[p] >= index[b] for b in cfg.rpo for p in preds[b])
    for round_ in range(_ROUNDS + 1):
        changed = False
        for b in cfg.rpo:
            before = preds[b]
            state: State | None
            if len(before) == 1 and b != cfg.entry:
                state = end[before[0]]  # which comes first in this order
            else:
                known = [s for p in before if (s := end[p]) is not None]
                if not known or round_ == _ROUNDS:
                    state = {ANY: 2 * b + 1}
                else:
                    state = _join(known, b, begin[b] if round_ else None)
            assert state is not None
            if state != begin[b]:
                begin[b] = state
                changed = True
            for i in writers[b]:
                state = written(insts[i], i, state)
            end[b] = state
        if not changed or not loops:
            break
    return begin


def _join(known: list[State], block: int, before: State | None) -> State:
    """The common state of a block's predecessors; where they differ, or differed before, the block's own."""
    own = 2 * block + 1
    first = known[0]
    if before is None and all(s is first or s == first for s in known[1:]):
        return first
    regions = set(first)
    for s in known[1:]:
        regions |= set(s)
    if before is not None:
        regions |= set(before)
    joined: State = {}
    for r in sorted(regions):
        seen = {s.get(r, s[ANY]) for s in known}
        if before is not None and before.get(r, before[ANY]) == own:
            seen.add(own)
        joined[r] = seen.pop() if len(seen) == 1 else own
    return joined


#: (address, flags and offset, type) of bytes that are stored again.
_Place = tuple[int, tuple[int, int], int]
_SEES = CALL | SIDE_EFFECT | TERMINATOR


def drop_dead_stores(instructions: list[tuple[int, tuple[Any, ...], tuple[int, ...]]]) -> None:
    """Remove the dead stores of a block's (instruction, node, results), in place. Plain stores of one type to one place are
    compared; whatever reads a region that may hold them, or may stop the function, sees them.
    """
    stores = sum(node[0] == STORE_ for _, node, _ in instructions)
    if stores < 2:
        return
    again: dict[_Place, int] = {}  # place -> region of the later store
    dead: list[int] = []
    for k in range(len(instructions) - 1, -1, -1):
        node = instructions[k][1]
        effects = EFFECTS[node[0]]
        if node[0] == STORE_:
            place = (node[4], node[2], node[1])
            if place in again:
                dead.append(k)
                continue
            if not node[2][0] & NOTRAP:
                again.clear()  # where it traps, what was stored before is seen
            again[place] = region_of(node)
        elif effects & _SEES or (effects & TRAP and not effects & LOAD):
            again.clear()
        elif effects & (LOAD | STORE):
            if not node[2][0] & NOTRAP:
                again.clear()
                continue
            touched = region_of(node)
            again = {p: r for p, r in again.items() if ANY not in (r, touched) and r != touched}
    for k in dead:
        del instructions[k]
