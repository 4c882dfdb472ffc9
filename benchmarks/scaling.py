"""How compile time grows with the size of a function: microseconds per instruction per pass, and the slope.

    python -m benchmarks.scaling [--largest N] [SHAPE ...]

Each shape is generated in several sizes. The slope is that of the straight line fitted to log(time) over log(instructions): 1 is
linear, 2 quadratic. The extreme shapes are those on which compilers have gone quadratic: very many blocks, very deep expressions,
very many values alive at once.
"""

from __future__ import annotations

import gc
import math
import random
import sys
import time
from typing import TYPE_CHECKING

from jitpy.backend.ir import opcodes as o
from jitpy.backend.ir.function import Function, signature
from jitpy.backend.ir.types import I8, I64
from jitpy.backend.isa import host
from jitpy.backend.pipeline import compile_function
from jitpy.backend.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from jitpy.backend.target.target import Target

SIZES = (1_000, 3_000, 10_000, 30_000, 100_000)
_TRUSTED = 3
_OPERATIONS = (o.IADD, o.ISUB, o.BXOR, o.IMUL)


def _start(params: int) -> tuple[Function, int, list[int]]:
    func = Function("f", signature([I64] * params, [I64]))
    block = func.block()
    return func, block, [func.param(block, I64) for _ in range(params)]


def _total(func: Function, block: int, values: list[int]) -> None:
    """Return the sum of ``values``."""
    total = values[0]
    for v in values[1:]:
        total = func.value(block, (o.IADD, I64, None, total, v), I64)
    func.append(block, (o.RETURN, 0, None, total))


def straight(size: int) -> Function:
    """One block of arithmetic, loads and stores."""
    rng = random.Random(size)
    func, block, values = _start(3)
    address = values[0]
    for k in range(size):
        if k % 10 == 8:
            x = func.value(block, (o.LOAD_, I64, (_TRUSTED, 8 * rng.randrange(64)), address), I64)
            values.append(func.value(block, (o.IADD, I64, None, values[-1], x), I64))
        elif k % 10 == 9:
            func.append(block, (o.STORE_, I64, (_TRUSTED, 8 * rng.randrange(64)), values[-1], address))
        else:
            x, y = values[-1], values[-rng.randrange(2, min(len(values), 9) + 1)]  # the last one: nothing is dead
            values.append(func.value(block, (rng.choice(_OPERATIONS), I64, None, x, y), I64))
    _total(func, block, values[-4:])
    return func


def loops(size: int) -> Function:
    """Loops one after the other, each with a conditional inside: about 16 instructions a loop."""
    rng = random.Random(size)
    func, block, (address, n, total) = _start(3)
    for _ in range(size // 16):
        head, body, then, join, after = (func.block() for _ in range(5))
        zero = func.value(block, (o.ICONST, I64, 0), I64)
        func.append(block, (o.JUMP, 0, ((head, 2),), zero, total))
        i, t = func.param(head, I64), func.param(head, I64)
        more = func.value(head, (o.ICMP, I64, "slt", i, n), I8)
        func.append(head, (o.BRIF, I8, ((body, 0), (after, 0)), more))
        three = func.value(body, (o.ICONST, I64, 3), I64)
        place = func.value(body, (o.IADD, I64, None, address, func.value(body, (o.ISHL, I64, None, i, three), I64)), I64)
        x = func.value(body, (o.LOAD_, I64, (_TRUSTED, 8 * rng.randrange(8)), place), I64)
        less = func.value(body, (o.ICMP, I64, "slt", x, t), I8)
        func.append(body, (o.BRIF, I8, ((then, 0), (join, 1)), less, t))
        func.append(then, (o.JUMP, 0, ((join, 1),), func.value(then, (o.ISUB, I64, None, t, x), I64)))
        u = func.param(join, I64)
        one = func.value(join, (o.ICONST, I64, 1), I64)
        func.append(join, (o.JUMP, 0, ((head, 2),), func.value(join, (o.IADD, I64, None, i, one), I64), u))
        block, total = after, t
    func.append(block, (o.RETURN, 0, None, total))
    return func


def blocks(size: int) -> Function:
    """A chain of diamonds: a block for every three instructions or so."""
    func, block, (x, y, z) = _start(3)
    for _ in range(size // 7):
        left, right, join = (func.block() for _ in range(3))
        c = func.value(block, (o.ICMP, I64, "slt", x, y), I8)
        func.append(block, (o.BRIF, I8, ((left, 0), (right, 0)), c))
        func.append(left, (o.JUMP, 0, ((join, 1),), func.value(left, (o.IADD, I64, None, x, z), I64)))
        func.append(right, (o.JUMP, 0, ((join, 1),), func.value(right, (o.ISUB, I64, None, y, x), I64)))
        y, x = x, func.param(join, I64)
        block = join
    func.append(block, (o.RETURN, 0, None, x))
    return func


def deep(size: int) -> Function:
    """One expression as deep as it is long, which nothing can simplify."""
    func, block, values = _start(3)
    v = values[0]
    for k in range(size):
        v = func.value(block, (o.BXOR if k & 1 else o.IADD, I64, None, v, values[1 + k % 2]), I64)
    func.append(block, (o.RETURN, 0, None, v))
    return func


def alive(size: int) -> Function:
    """Half of the instructions make values that are all alive before the other half adds them up, in the order of making."""
    func, block, (address, _, _) = _start(3)
    values = [func.value(block, (o.LOAD_, I64, (_TRUSTED, 8 * k), address), I64) for k in range(size // 2)]
    func.append(block, (o.STORE_, I64, (_TRUSTED, 0), values[0], address))
    _total(func, block, values)
    return func


def nested(size: int) -> Function:
    """Loops 40 deep, side by side: about 200 instructions a nest."""
    func, block, (n, _, total) = _start(3)
    for _ in range(max(size // 320, 1)):
        levels: list[tuple[int, int]] = []
        for _ in range(40):
            head, body, after = func.block(), func.block(), func.block()
            zero = func.value(block, (o.ICONST, I64, 0), I64)
            func.append(block, (o.JUMP, 0, ((head, 1),), zero))
            i = func.param(head, I64)
            more = func.value(head, (o.ICMP, I64, "slt", i, n), I8)
            func.append(head, (o.BRIF, I8, ((body, 0), (after, 0)), more))
            levels.append((head, after))
            block = body
            one = func.value(body, (o.ICONST, I64, 1), I64)
            step = func.value(body, (o.IADD, I64, None, i, one), I64)
            func.append(body, (o.STORE_, I64, (_TRUSTED, 0), step, n))
        while levels:
            head, after = levels.pop()
            own = func.block_params[head][0]
            one = func.value(block, (o.ICONST, I64, 1), I64)
            func.append(block, (o.JUMP, 0, ((head, 1),), func.value(block, (o.IADD, I64, None, own, one), I64)))
            block = after
    func.append(block, (o.RETURN, 0, None, total))
    return func


SHAPES: dict[str, Callable[[int], Function]] = {
    "straight": straight, "loops": loops, "blocks": blocks, "deep": deep, "alive": alive, "nested": nested,
}  # fmt: skip


def measure(shape: Callable[[int], Function], size: int, target: Target, settings: Settings) -> tuple[int, dict[str, float]]:
    """(instructions, seconds per pass) of one compilation; the total is the processor's time."""
    func = shape(size)
    count = len(func.insts)
    times: dict[str, float] = {}
    gc.collect()
    start = time.process_time()
    compile_function(func, target, settings, times)
    times["total"] = time.process_time() - start
    return count, times


def slope(points: list[tuple[int, float]]) -> float:
    """Of the line fitted through (log x, log y)."""
    xs, ys = [math.log(x) for x, _ in points], [math.log(y) for _, y in points]
    mx, my = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((x - mx) * (y - my) for x, y in zip(xs, ys, strict=True)) / sum((x - mx) ** 2 for x in xs)


def main(arguments: list[str]) -> None:
    """Print a table per shape."""
    largest = SIZES[-1]
    if "--largest" in arguments:
        at = arguments.index("--largest")
        largest = int(arguments[at + 1])
        del arguments[at : at + 2]
    target, settings = host(), Settings()
    measure(loops, 1_000, target, settings)
    for name in arguments or SHAPES:
        rows = [measure(SHAPES[name], size, target, settings) for size in SIZES if size <= largest]
        passes = list(rows[0][1])
        print(f"\n{name}: us per instruction")
        print("  instructions" + "".join(f"{p:>10}" for p in passes))
        for count, times in rows:
            print(f"  {count:12}" + "".join(f"{1e6 * times[p] / count:10.2f}" for p in passes))
        if len(rows) > 1:
            print("         slope" + "".join(f"{slope([(n, t[p]) for n, t in rows]):10.2f}" for p in passes))


if __name__ == "__main__":
    main(sys.argv[1:])
