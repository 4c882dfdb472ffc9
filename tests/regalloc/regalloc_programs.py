"""Random VCode over a made-up target, and an interpreter of it: on vregs, and on allocated locations.

The target has every kind of constraint: two-address rows, a division in fixed registers, calls with clobbers, early
defs, late uses, operands that may or must lie in slots, constants that can be recomputed, four classes of which two
share a bank. An instruction's results are a hash of its name and of the values it reads, so that a wrong value
anywhere shows up in the trace.
"""

from __future__ import annotations

import random
from typing import Any

from jitpy.backend.target.row import (
    ANY,
    BRANCH,
    CALL,
    FLOAT,
    INT,
    JUMP,
    MASK,
    MOVE,
    REG,
    REMAT,
    RETURN,
    STACK,
    TERMINATOR,
    VECTOR,
    MInst,
    Row,
    reuse,
)  # fmt: skip
from jitpy.backend.vcode.vcode import Allocation, MachineEnv, VCode


def make_env(ints: int = 6, floats: int = 4, masks: int = 2) -> MachineEnv:
    """Ints 0.. (the last third callee-saved), scratch 31; floats, vectors 32.., scratch 63; masks 64.., scratch 31."""
    int_regs = tuple(range(ints))
    float_regs = tuple(range(32, 32 + floats))
    callee = 0
    for preg in int_regs[ints - ints // 3 :]:
        callee |= 1 << preg
    return MachineEnv(
        (int_regs, float_regs, float_regs, tuple(range(64, 64 + masks))),
        callee, (31, 63, 63, 31), (1, 1, 2, 1), (0, 1, 1, 2),
    )  # fmt: skip


CALL_CLOBBERS = (1 << 0) | (1 << 1) | (1 << 2) | (1 << 3) | (0xFFFF << 32) | (3 << 64)

JUMP_ROW = Row("jump", flags=TERMINATOR | JUMP)
BRIF = Row("brif", uses=(REG,), flags=TERMINATOR | BRANCH)
BRTABLE = Row("brtable", defs=(REG,), uses=(REG,), early_defs=1, flags=TERMINATOR | BRANCH)
RET = Row("ret", uses=(0,), flags=TERMINATOR | RETURN)
ARGS = Row("args", defs=(0, 1, 2))
MOV = {cls: Row(f"mov{cls}", (REG,), (REG,), flags=MOVE) for cls in range(4)}
CONST = {cls: Row(f"const{cls}", (REG,), flags=REMAT) for cls in range(4)}

# (row, def classes, use classes, weight)
GENERAL: list[tuple[Row, tuple[int, ...], tuple[int, ...], int]] = [
    (Row("add", (reuse(0),), (REG, REG)), (INT,), (INT, INT), 8),
    (Row("addm", (reuse(0),), (REG, ANY)), (INT,), (INT, INT), 5),
    (Row("lea", (REG,), (REG, REG)), (INT,), (INT, INT), 6),
    (Row("cmp", (), (REG, ANY)), (), (INT, INT), 3),
    (Row("store", (), (REG, REG, REG)), (), (INT, INT, INT), 2),
    (Row("fadd", (reuse(0),), (REG, ANY)), (FLOAT,), (FLOAT, FLOAT), 6),
    (Row("fadd3", (REG,), (REG, REG)), (FLOAT,), (FLOAT, FLOAT), 4),
    (Row("cvt", (REG,), (REG,)), (FLOAT,), (INT,), 3),
    (Row("trunc", (REG,), (ANY,)), (INT,), (FLOAT,), 2),
    (Row("vadd", (REG,), (REG, REG)), (VECTOR,), (VECTOR, VECTOR), 3),
    (Row("splat", (REG,), (REG,)), (VECTOR,), (FLOAT,), 2),
    (Row("lane", (reuse(0),), (REG,)), (FLOAT,), (VECTOR,), 2),
    (Row("vcmp", (REG,), (REG, REG)), (MASK,), (VECTOR, VECTOR), 2),
    (Row("kand", (REG,), (REG, REG)), (MASK,), (MASK, MASK), 2),
    (Row("kmov", (REG,), (REG,)), (INT,), (MASK,), 2),
    (Row("shl", (reuse(0),), (REG, 1)), (INT,), (INT, INT), 3),
    (Row("div", (0, 2), (0, 2, REG)), (INT, INT), (INT, INT, INT), 2),
    (Row("divl", (0, 2), (0, 2, REG), late_uses=4), (INT, INT), (INT, INT, INT), 1),
    (Row("mul", (reuse(0), 2), (0, ANY)), (INT, INT), (INT, INT), 2),
    (Row("call", (0,), (0, 1), clobbers=CALL_CLOBBERS, flags=CALL), (INT,), (INT, INT), 2),
    (Row("fcall", (32,), (32, 33, 1), clobbers=CALL_CLOBBERS, flags=CALL), (FLOAT,), (FLOAT, FLOAT, INT), 2),
    (Row("icall", (0, 1), (ANY, 0), clobbers=CALL_CLOBBERS, flags=CALL), (INT, INT), (INT, INT), 1),
    (Row("temp", (REG, REG), (REG,), early_defs=1), (INT, INT), (INT,), 2),
    (Row("late", (REG,), (REG, REG), late_uses=2), (INT,), (INT, INT), 2),
    (Row("ftemp", (reuse(0), REG), (REG, REG), early_defs=2), (FLOAT, INT), (FLOAT, INT), 1),
    (Row("push", (), (STACK,)), (), (INT,), 1),
    (Row("vpush", (), (STACK,)), (), (VECTOR,), 1),
    (Row("stackarg", (STACK,), ()), (INT,), (), 1),
    (Row("anydef", (ANY,), (REG,)), (INT,), (INT,), 1),
    (Row("cpuid", (0, 1), (0,), clobbers=1 << 2), (INT, INT), (INT,), 1),
]
CALLY = {"call", "fcall", "icall"}


class Shape:
    """Knobs of the generator."""

    def __init__(
        self, blocks: int = 8, insts: int = 6, fresh: float = 0.5, params: float = 0.5, calls: bool = True,
        classes: tuple[int, ...] = (INT, INT, INT, FLOAT, VECTOR, MASK), shuffle: bool = False,
    ) -> None:  # fmt: skip
        self.blocks = blocks
        self.insts = insts
        self.fresh = fresh  # how often an operand is a recent value
        self.params = params
        self.calls = calls
        self.classes = classes
        self.shuffle = shuffle  # emit blocks in a random order


def _graph(rng: random.Random, blocks: int) -> list[list[int]]:
    """Successors of a random graph without critical edges, every block reachable from block 0."""
    succs: list[list[int]] = []
    for block in range(blocks):
        if block == blocks - 1:
            succs.append([])
            continue
        count = rng.choice((1, 1, 2, 2, 2, 3))
        out = [block + 1]
        for _ in range(count - 1):
            if rng.random() < 0.35 and block:
                out.append(rng.randrange(1, block + 1))
            else:
                out.append(rng.randrange(block + 1, min(blocks, block + 6)))
        rng.shuffle(out)
        succs.append(out)
    preds = [0] * blocks
    for out in succs:
        for succ in out:
            preds[succ] += 1
    for block in range(blocks):
        if len(succs[block]) > 1:
            for k, succ in enumerate(succs[block]):
                if preds[succ] > 1:
                    succs[block][k] = len(succs)
                    succs.append([succ])
    return succs


def _dominators(succs: list[list[int]]) -> list[set[int]]:
    count = len(succs)
    preds: list[list[int]] = [[] for _ in range(count)]
    for block, out in enumerate(succs):
        for succ in out:
            preds[succ].append(block)
    dom = [set(range(count)) for _ in range(count)]
    dom[0] = {0}
    changed = True
    while changed:
        changed = False
        for block in range(1, count):
            new = set.intersection(*(dom[p] for p in preds[block])) | {block}
            if new != dom[block]:
                dom[block] = new
                changed = True
    return dom


def generate(seed: int, shape: Shape | None = None) -> VCode:
    """A random program."""
    rng = random.Random(seed)
    shape = shape or Shape()
    succs = _graph(rng, rng.randint(1, shape.blocks))
    count = len(succs)
    # The order of emission: the split edges' blocks lie at the end unless everything is shuffled.
    order = list(range(1, count))
    if shape.shuffle:
        rng.shuffle(order)
    order = [0, *order]
    number = {old: new for new, old in enumerate(order)}
    succs = [[number[s] for s in succs[old]] for old in order]
    preds: list[list[int]] = [[] for _ in range(count)]
    for block, out in enumerate(succs):
        for succ in out:
            preds[succ].append(block)
    dom = _dominators(succs)
    vcode = VCode(f"random{seed}")
    vcode.succs, vcode.preds = succs, preds
    classes = vcode.vreg_class
    defs_of: list[list[int]] = [[] for _ in range(count)]  # vregs defined per block, in order
    code: list[list[MInst]] = [[] for _ in range(count)]
    params: list[list[int]] = [[] for _ in range(count)]

    def new(cls: int) -> int:
        classes.append(cls)
        return len(classes) - 1

    for block in range(1, count):
        if all(len(succs[p]) == 1 for p in preds[block]) and rng.random() < shape.params:
            params[block] = [new(rng.choice(shape.classes)) for _ in range(rng.randint(1, 4))]
            defs_of[block].extend(params[block])

    def available(block: int) -> list[int]:
        out: list[int] = []
        for other in sorted(dom[block], key=lambda b: len(dom[b])):
            out.extend(defs_of[other])
        return out

    def pick(block: int, cls: int, seen: list[int]) -> int:
        fits = [v for v in seen if classes[v] == cls]
        if not fits or rng.random() < 0.08:
            vreg = new(cls)
            code[block].append(MInst(CONST[cls], (vreg,), (), rng.randrange(1000)))
            defs_of[block].append(vreg)
            seen.append(vreg)
            return vreg
        if rng.random() < shape.fresh:
            return rng.choice(fits[-4:])
        return rng.choice(fits)

    rows = [r for r in GENERAL if shape.calls or r[0].name not in CALLY]
    rows = [r for r in rows if all(c in shape.classes for c in r[1] + r[2])]
    weights = [r[3] for r in rows]
    for block in sorted(range(count), key=lambda b: len(dom[b])):
        seen = available(block)
        if block == 0:
            vregs = tuple(new(INT) for _ in range(3))
            code[0].append(MInst(ARGS, vregs, ()))
            defs_of[0].extend(vregs)
            seen.extend(vregs)
        for _ in range(rng.randint(0, shape.insts)):
            if rng.random() < 0.1:
                cls = rng.choice(shape.classes)
                uses: tuple[int, ...] = (pick(block, cls, seen),)
                row, def_classes = MOV[cls], (cls,)
            else:
                row, def_classes, use_classes, _ = rng.choices(rows, weights)[0]
                uses = tuple(pick(block, cls, seen) for cls in use_classes)
            vregs = tuple(new(cls) for cls in def_classes)
            code[block].append(MInst(row, vregs, uses, rng.randrange(1000)))
            defs_of[block].extend(vregs)
            seen.extend(vregs)
    for block in range(count):
        seen = available(block)
        if not succs[block]:
            code[block].append(MInst(RET, (), (pick(block, INT, seen),)))
        elif len(succs[block]) == 1:
            args = [pick(block, classes[p], seen) for p in params[succs[block][0]]]
            vcode.block_args.append(args)
            code[block].append(MInst(JUMP_ROW, (), ()))
            continue
        elif len(succs[block]) == 2:
            code[block].append(MInst(BRIF, (), (pick(block, INT, seen),)))
        else:
            code[block].append(MInst(BRTABLE, (new(INT),), (pick(block, INT, seen),)))
        vcode.block_args.append([])
    vcode.block_params = params
    for block in range(count):
        vcode.block_starts.append(len(vcode.insts))
        vcode.insts.extend(code[block])
    vcode.block_starts.append(len(vcode.insts))
    vcode.loop_depth = _depths(succs, preds, dom)
    vcode.cold = [rng.random() < 0.2 for _ in range(count)]
    vcode.clif_blocks = list(range(count))
    return vcode


def _depths(succs: list[list[int]], preds: list[list[int]], dom: list[set[int]]) -> list[int]:
    bodies: dict[int, set[int]] = {}
    for block, out in enumerate(succs):
        for head in out:
            if head in dom[block]:
                body = bodies.setdefault(head, {head})
                work = [block]
                while work:
                    at = work.pop()
                    if at not in body:
                        body.add(at)
                        work.extend(preds[at])
    return [sum(block in body for body in bodies.values()) for block in range(len(succs))]


def _results(inst: MInst, values: list[int], count: int) -> list[int]:
    name = inst.row.name
    if inst.row.flags & MOVE:
        return values[:1]
    return [hash((sum(map(ord, name)), inst.imm, k, *values)) & 0xFFFFFFFF for k in range(count)]


def _next_block(vcode: VCode, block: int, values: list[int]) -> int:
    succs = vcode.succs[block]
    return succs[(values[0] if values else 0) % len(succs)]


def run_vregs(vcode: VCode, fuel: int = 600) -> list[tuple[int, tuple[int, ...]]]:
    """Execute on vregs; the trace is (instruction, values read)."""
    values: dict[int, int] = {}
    trace = []
    block = 0
    while fuel > 0:
        read: list[int] = []
        for index in range(vcode.block_starts[block], vcode.block_starts[block + 1]):
            inst = vcode.insts[index]
            read = [values[v] for v in inst.uses]
            trace.append((index, tuple(read)))
            values.update(zip(inst.defs, _results(inst, read, len(inst.defs))))
            fuel -= 1
        if not vcode.succs[block]:
            break
        succ = _next_block(vcode, block, read)
        passed = [values[v] for v in vcode.block_args[block]]
        values.update(zip(vcode.block_params[succ], passed))
        block = succ
    return trace


def run_allocated(
    vcode: VCode, env: MachineEnv, allocation: Allocation, fuel: int = 600
) -> list[tuple[int, tuple[int, ...]]]:
    """Execute on pregs and slots; garbage is written wherever a register is clobbered."""
    places: dict[int, int] = {}
    trace = []
    block = 0
    edits: dict[int, list[tuple[Any, int]]] = {}
    for position, src, dst, _ in allocation.edits:
        edits.setdefault(position, []).append((src, dst))

    def move(position: int) -> None:
        for src, dst in edits.get(position, ()):
            if isinstance(src, tuple):
                places[dst] = _results(src[1], [], 1)[0]
            else:
                places[dst] = places.get(src, -1)

    while fuel > 0:
        read: list[int] = []
        for index in range(vcode.block_starts[block], vcode.block_starts[block + 1]):
            inst = vcode.insts[index]
            row = inst.row
            move(2 * index)
            count = len(inst.defs)
            allocs = allocation.allocs[index]
            for k in range(count):
                if row.early_defs >> k & 1:
                    places[allocs[k]] = -2
            read = [places.get(a, -3) for a in allocs[count:]]
            trace.append((index, tuple(read)))
            results = _results(inst, read, count)
            clobbers = inst.constraints[2] if inst.constraints else row.clobbers
            for preg in list(places):
                if preg >= 0 and clobbers >> preg & 1:
                    places[preg] = -4
            for preg in env.scratch:
                places[preg] = -5
            for k in range(count):
                places[allocs[k]] = results[k]
            for k, alloc in enumerate(allocs[count:]):
                if row.late_uses >> k & 1 and places.get(alloc, -3) != read[k]:
                    places[alloc] = -6
                    trace.append((index, (-6,)))
            fuel -= 1
            move(2 * index + 1)
        if not vcode.succs[block]:
            break
        block = _next_block(vcode, block, read)
    return trace
