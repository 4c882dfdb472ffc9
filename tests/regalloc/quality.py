"""Quality and speed of the allocators on loop nests like those of kernels: ``python tests/regalloc/quality.py``.

The metric: moves count 1, loads, stores and recomputed constants 3 and 1, each times 10 to the power of its block's
loop depth (cold blocks 0.01), divided by the instructions weighted in the same way.
"""

from __future__ import annotations

import gc
import random
import time
from bisect import bisect_right

from jitpy.backend.regalloc import allocate
from jitpy.backend.regalloc.checker import check, validate
from jitpy.backend.target.row import ANY, BRANCH, FLOAT, INT, REG, TERMINATOR, MInst, Row, reuse
from jitpy.backend.vcode.vcode import Allocation, MachineEnv, VCode
from regalloc_programs import ARGS, CONST, JUMP_ROW, RET, make_env

LOAD = Row("load", (REG,), (REG, REG))
FLOAD = Row("fload", (REG,), (REG, REG))
FADD = Row("fadd", (reuse(0),), (REG, ANY))
FADD3 = Row("fadd3", (REG,), (REG, ANY))
STORE = Row("fstore", (), (REG, REG, REG))
ADD = Row("add", (reuse(0),), (REG, ANY))
LEA = Row("lea", (REG,), (REG, REG))
CMP = Row("cmpjcc", (), (REG, ANY), flags=TERMINATOR | BRANCH)


def nest(depth: int, live: int, body: int, seed: int = 0, floats: int = 6, exits: bool = True) -> VCode:
    """``depth`` nested counted loops, ``live`` values defined before them, cold exits from the innermost."""
    rng = random.Random(seed)
    vcode = VCode(f"nest{depth}x{live}")
    classes = vcode.vreg_class
    blocks: list[dict] = []

    def new(cls: int) -> int:
        classes.append(cls)
        return len(classes) - 1

    def block(loop_depth: int, cold: bool = False) -> int:
        blocks.append({"code": [], "succs": [], "params": [], "args": [], "depth": loop_depth, "cold": cold})
        return len(blocks) - 1

    def emit(at: int, row: Row, cls: int | None, *uses: int, imm: int = 0) -> int:
        vregs = () if cls is None else (new(cls),)
        blocks[at]["code"].append(MInst(row, vregs, uses, imm))
        return vregs[0] if vregs else -1

    entry = block(0)
    first = tuple(new(INT) for _ in range(3))
    blocks[entry]["code"].append(MInst(ARGS, first, ()))
    values = list(first)
    for k in range(live):
        values.append(emit(entry, LOAD, INT, values[0], values[1], imm=k))
    fvalues = [emit(entry, FLOAD, FLOAT, values[0], values[1], imm=k) for k in range(floats)]
    heads, counters, cold = [], [], []
    at = entry
    total = emit(entry, CONST[FLOAT], FLOAT)
    for level in range(1, depth + 1):
        zero = emit(at, CONST[INT], INT)
        blocks[at]["code"].append(MInst(JUMP_ROW, (), ()))
        head = block(level)
        blocks[at]["succs"] = [head]
        i, acc = new(INT), new(FLOAT)
        blocks[head]["params"] = [i, acc]
        blocks[at]["args"] = [zero, total]
        total = acc
        heads.append(head)
        counters.append(i)
        at = head
        if level < depth:
            for _ in range(3):
                values.append(emit(at, LEA, INT, rng.choice(values), rng.choice(counters)))
    inner = rng.sample(values, min(6, len(values)))
    accs = total
    temps = [emit(at, LEA, INT, inner[0], counters[-1])]
    for _ in range(body):
        index = emit(at, LEA, INT, rng.choice(inner + counters + temps[-3:]), rng.choice(counters + temps[-2:]))
        temps.append(index)
        x = emit(at, FLOAD, FLOAT, rng.choice(inner), index)
        y = emit(at, FADD3, FLOAT, x, rng.choice(fvalues))
        accs = emit(at, FADD, FLOAT, accs, y)
        if exits and rng.random() < 0.4:
            exit_block, go = block(depth, True), block(depth)
            cold.append((exit_block, index))
            blocks[at]["code"].append(MInst(CMP, (), (index, rng.choice(inner))))
            blocks[at]["succs"] = [exit_block, go]
            at = go
    if exits:
        for exit_block, index in cold:
            emit(exit_block, STORE, None, rng.choice(values), rng.choice(values), index)
            blocks[exit_block]["code"].append(MInst(RET, (), (rng.choice(values),)))
    for level in range(depth, 0, -1):
        step = emit(at, CONST[INT], INT, imm=1)
        following = emit(at, ADD, INT, counters[level - 1], step)
        latch, leave = block(level), block(level - 1)
        blocks[at]["code"].append(MInst(CMP, (), (following, values[level % len(values)])))
        blocks[at]["succs"] = [latch, leave]
        blocks[latch]["code"].append(MInst(JUMP_ROW, (), ()))
        blocks[latch]["succs"] = [heads[level - 1]]
        blocks[latch]["args"] = [following, accs]
        at = leave
        emit(at, STORE, None, rng.choice(values), rng.choice(values), rng.choice(values[:3]))
    for value in values[3:]:
        if rng.random() < 0.5:
            emit(at, STORE, None, value, values[0], values[1])
    blocks[at]["code"].append(MInst(RET, (), (values[0],)))
    order = [b for b in range(len(blocks)) if not blocks[b]["cold"]]
    order += [b for b in range(len(blocks)) if blocks[b]["cold"]]
    number = {old: k for k, old in enumerate(order)}
    for old in order:
        one = blocks[old]
        vcode.block_starts.append(len(vcode.insts))
        vcode.insts.extend(one["code"])
        vcode.succs.append([number[s] for s in one["succs"]])
        vcode.block_params.append(one["params"])
        vcode.block_args.append(one["args"])
        vcode.loop_depth.append(one["depth"])
        vcode.cold.append(one["cold"])
        vcode.clif_blocks.append(old)
    vcode.block_starts.append(len(vcode.insts))
    vcode.preds = [[] for _ in order]
    for b, succs in enumerate(vcode.succs):
        for succ in succs:
            vcode.preds[succ].append(b)
    return vcode


def cost(vcode: VCode, allocation: Allocation) -> tuple[float, float, int, int, int]:
    """(metric, metric of the innermost blocks alone, moves, memory accesses, slots)."""
    weights = [0.01 if c else 10.0**d for d, c in zip(vcode.loop_depth, vcode.cold)]
    deepest = max(vcode.loop_depth)
    total = inner = 0.0
    moves = memory = 0
    for position, src, dst, _ in allocation.edits:
        b = bisect_right(vcode.block_starts, position >> 1) - 1
        if isinstance(src, tuple):
            price = 1
        elif src < 0 or dst < 0:
            price = 3
            memory += 1
        else:
            price = 1
            moves += 1
        total += price * weights[b]
        if vcode.loop_depth[b] == deepest and not vcode.cold[b]:
            inner += price
    instructions = sum(
        weights[b] * (vcode.block_starts[b + 1] - vcode.block_starts[b]) for b in range(len(weights))
    )
    return total / instructions, inner, moves, memory, allocation.slots


def report(name: str, vcode: VCode, env: MachineEnv, checked: bool = True) -> None:
    validate(vcode, env) if checked else None
    for algorithm in ("onepass", "linear"):
        gc.collect()
        gc.disable()
        best = 1e9
        for _ in range(3 if len(vcode.insts) < 5000 else 1):
            before = time.perf_counter()
            allocation = allocate(vcode, env, algorithm)
            best = min(best, time.perf_counter() - before)
        gc.enable()
        if checked:
            check(vcode, env, allocation)
        metric, inner, moves, memory, slots = cost(vcode, allocation)
        print(
            f"{name:14} {algorithm:8} {len(vcode.insts):7} insts {best / len(vcode.insts) * 1e6:7.2f} us/inst"
            f"  metric {metric:6.3f}  innermost {inner:6.0f}  moves {moves:5} memory {memory:5} slots {slots}"
        )


def main() -> None:
    env = make_env(ints=14, floats=15, masks=7)
    report("1 loop", nest(1, 4, 3, exits=False), env)
    report("2 loops", nest(2, 8, 8), env)
    report("3 loops 20", nest(3, 20, 15), env)
    report("3 loops 40", nest(3, 40, 15), env)
    report("3 loops 60", nest(3, 60, 30), env)
    report("big", nest(3, 40, 700), env)
    report("huge", nest(3, 40, 7000), env, checked=False)


if __name__ == "__main__":
    main()
