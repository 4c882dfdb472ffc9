"""Constants of loops, made once before them: for targets on which making one is an instruction.

    for each instruction without operands (REMAT) in an innermost loop without calls, used as an ordinary operand
        move it to the end of the block before the outermost loop without calls, one for all that are alike

The mid-end makes constants again in every block that uses them, so that lowering can fold them into instructions; what is left here
are those that it could not. One that an instruction overwrites, or that is only passed on, would be copied in the loop instead, so
it stays, and so does one of a loop around others, in which it would only hold a register. Where registers run out the allocator
recomputes a hoisted constant before its use, which is where it was; all the same only a few go before each loop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.target.row import CALL, MOVE, REMAT, reuse

if TYPE_CHECKING:
    from jitpy.backend.analysis.domtree import DomTree
    from jitpy.backend.analysis.loops import Loops
    from jitpy.backend.target.row import MInst
    from jitpy.backend.vcode.vcode import VCode

#: How many constants of a register class go before one loop.
_MOST = 4


def hoist(vcode: VCode, index: list[int], tree: DomTree, loops: Loops) -> None:
    """Change ``vcode`` in place. ``index``: CLIF block -> machine block; ``tree``, ``loops``: of CLIF blocks."""
    found, calling = _constants(vcode, loops)
    if not found:
        return
    wanted = _operands(vcode.insts, {vcode.insts[i].defs[0] for i, _ in found})
    moved: dict[int, list[MInst]] = {}  # block -> what goes to its end
    made: dict[Any, int] = {}  # what a constant is and where -> its register
    counts: dict[tuple[int, int], int] = {}
    renamed: dict[int, int] = {}
    dropped = set()
    for i, block in found:
        inst = vcode.insts[i]
        vreg = inst.defs[0]
        home = _home(block, calling, index, tree, loops) if vreg in wanted else -1
        if home < 0:
            continue
        key = inst.row.name, inst.imm, home
        cls = vcode.vreg_class[vreg]
        if key not in made:
            if counts.get((home, cls), 0) == _MOST:
                continue
            counts[home, cls] = counts.get((home, cls), 0) + 1
            made[key] = vreg
            inst.srcloc = vcode.insts[vcode.block_starts[home + 1] - 1].srcloc
            moved.setdefault(home, []).append(inst)
        else:
            renamed[vreg] = made[key]
        dropped.add(i)
    if dropped:
        _rebuild(vcode, moved, dropped)
    if renamed:
        vcode.rename(renamed)


def _constants(vcode: VCode, loops: Loops) -> tuple[list[tuple[int, int]], set[int]]:
    """Constants in innermost loops with their CLIF blocks, and the headers of loops that call something, but on cold paths."""
    found = []
    calling: set[int] = set()
    around = {loops.parent[header] for header in loops.headers}
    insts, starts = vcode.insts, vcode.block_starts
    for m, block in enumerate(vcode.clif_blocks):
        header = loops.header[block] if block >= 0 else -1
        if header < 0:
            continue
        for i in range(starts[m], starts[m + 1]):
            flags = insts[i].row.flags
            if flags & REMAT and header not in around:
                found.append((i, block))
            elif flags & CALL and not vcode.cold[m]:
                h = header
                while h >= 0 and h not in calling:
                    calling.add(h)
                    h = loops.parent[h]
    return found, calling


def _operands(insts: list[MInst], constants: set[int]) -> set[int]:
    """Those of the constants that an instruction reads and leaves."""
    wanted: set[int] = set()
    for inst in insts:
        if constants.isdisjoint(inst.uses) or inst.row.flags & MOVE:
            continue
        defs, uses = (inst.row.defs, inst.row.uses) if inst.constraints is None else inst.constraints[:2]
        for k, vreg in enumerate(inst.uses):
            if vreg in constants and uses[k] < 0 and reuse(k) not in defs:
                wanted.add(vreg)
    return wanted


def _home(block: int, calling: set[int], index: list[int], tree: DomTree, loops: Loops) -> int:
    """The machine block before the outermost loop around a CLIF block that calls nothing, -1 if there is none."""
    header, outermost = loops.header[block], -1
    while header >= 0 and header not in calling:
        outermost, header = header, loops.parent[header]
    before = tree.idom[outermost] if outermost >= 0 else -1
    return index[before] if before >= 0 else -1


def _rebuild(vcode: VCode, moved: dict[int, list[MInst]], dropped: set[int]) -> None:
    """Take instructions out, and put others before the last ones of blocks."""
    insts: list[MInst] = []
    starts = [0]
    for m in range(len(vcode.block_starts) - 1):
        first, last = vcode.block_starts[m], vcode.block_starts[m + 1] - 1
        insts += [vcode.insts[i] for i in range(first, last) if i not in dropped]
        insts += moved.get(m, ())
        insts.append(vcode.insts[last])
        starts.append(len(insts))
    vcode.insts, vcode.block_starts = insts, starts
