"""Facts of branches and traps: trees of random comparisons of two small integers give what they gave, and get smaller."""

from __future__ import annotations

import random

import pytest
from jitpy.backend.analysis.verifier import verify
from jitpy.backend.interp.interpreter import Interpreter
from jitpy.backend.interp.meaning import Trap
from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir import types as ty
from jitpy.backend.ir.function import Function, signature
from jitpy.backend.opt import optimize
from jitpy.backend.opt.facts import _decided, narrowed, whole
from jitpy.backend.opt.fold import fold_icmp
from jitpy.backend.text.parser import parse_function
from jitpy.backend.text.printer import print_function

CONDITIONS = list(op.INT_CC)
NUMBERS = (0, 1, 2, 3, 100, 126, 127, 128, 129, 200, 253, 254, 255)


def tree(r: random.Random) -> Function:
    """Branches, switches and traps on comparisons of two i8, each way with a number of its own at its end."""
    func = Function("f", signature([ty.I8, ty.I8], [ty.I32]))
    entry = func.block()
    values = func.param(entry, ty.I8), func.param(entry, ty.I8)
    leaves = iter(range(1, 1000))

    def condition(block: int, depth: int = 2) -> int:
        if depth and r.random() < 0.3:
            parts = condition(block, depth - 1), condition(block, depth - 1)
            return func.value(block, (r.choice((op.BAND, op.BOR)), ty.I8, None, *parts), ty.I8)
        if r.random() < 0.1:
            return r.choice(values)
        x, y = r.choice(values), r.choice(values)
        if x == y or r.random() < 0.6:
            y = func.value(block, (op.ICONST, ty.I8, r.choice(NUMBERS)), ty.I8)
        return func.value(block, (op.ICMP, ty.I8, r.choice(CONDITIONS), x, y), ty.I8)

    def grow(block: int, depth: int) -> None:
        if r.random() < 0.2:
            func.append(block, (r.choice((op.TRAPZ, op.TRAPNZ)), ty.I8, "user1", condition(block)))
        if not depth:
            number = func.value(block, (op.ICONST, ty.I32, next(leaves)), ty.I32)
            truth = func.value(block, (op.UEXTEND, ty.I32, None, condition(block)), ty.I32)
            func.append(block, (op.RETURN, 0, None, func.value(block, (op.ISUB, ty.I32, None, number, truth), ty.I32)))
            return
        ends = [func.block() for _ in range(r.choice((2, 2, 2, 3)))]
        if len(ends) == 2:
            func.append(block, (op.BRIF, ty.I8, tuple((b, 0) for b in ends), condition(block)))
        else:
            index = func.value(block, (op.UEXTEND, ty.I32, None, r.choice(values)), ty.I32)
            func.append(block, (op.BR_TABLE, ty.I32, tuple((b, 0) for b in ends), index))
        for b in ends:
            grow(b, depth - 1)

    grow(entry, r.randint(2, 4))
    return func


def outcome(func: Function, arguments: list[int]) -> object:
    try:
        return Interpreter([func]).call("f", arguments)
    except Trap as trap:
        return trap.code


def test_trees_of_comparisons() -> None:
    smaller = 0
    for seed in range(150):
        r = random.Random(seed)
        func = tree(r)
        text = print_function(func)
        optimized = parse_function(text)
        optimize(optimized)
        verify(optimized)
        smaller += len(optimized.layout) < len(func.layout)
        for _ in range(60):
            arguments = [r.choice(NUMBERS), r.choice(NUMBERS) if r.random() < 0.7 else r.randrange(256)]
            expected, got = outcome(func, arguments), outcome(optimized, arguments)
            assert expected == got, f"{arguments}: {expected} became {got}\n{text}\n{print_function(optimized)}"
    assert smaller > 100


@pytest.mark.parametrize("cc", CONDITIONS)
def test_ranges_hold_just_what_they_must(cc: str) -> None:
    """All i8 that two comparisons let through lie within the range, and what is decided of them is true."""
    r = random.Random(cc)
    for _ in range(60):
        k, limit, about = [r.choice(NUMBERS) for _ in range(3)]
        other, asked = r.choice(CONDITIONS), r.choice(CONDITIONS)
        left = [x for x in range(256) if fold_icmp(ty.I8, cc, x, k) and fold_icmp(ty.I8, other, x, limit)]
        known = narrowed(narrowed(whole(ty.I8), ty.I8, cc, k), ty.I8, other, limit)
        for x in left:
            assert known[0] <= x <= known[1] and known[2] <= ty.to_signed(x, ty.I8) <= known[3]
        answer = _decided(known, ty.I8, asked, about)
        if answer is not None:
            assert all(fold_icmp(ty.I8, asked, x, about) == answer for x in left)
