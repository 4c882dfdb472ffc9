"""Cases whose best answer is known, moves in parallel, and inputs of a size at which anything quadratic shows."""

from __future__ import annotations

import itertools
import random
import time
from typing import Any

import pytest
from jitpy.backend.regalloc import allocate
from jitpy.backend.regalloc.checker import check, validate
from jitpy.backend.regalloc.moves import sequence_moves
from jitpy.backend.target.row import ANY, FLOAT, INT, REG, REMAT, REMAT_SLOT, MInst, Row
from jitpy.backend.vcode.vcode import VCode
from quality import cost, nest
from regalloc_programs import ARGS, BRIF, CONST, GENERAL, JUMP_ROW, RET, make_env

ENV = make_env(ints=14, floats=15, masks=7)
ROWS = {row.name: row for row, _, _, _ in GENERAL}


def test_loop_without_pressure_has_no_moves() -> None:
    vcode = nest(1, 4, 3, exits=False)
    allocation = allocate(vcode, ENV)
    check(vcode, ENV, allocation)
    assert not allocation.edits
    assert allocation.slots == 0


@pytest.mark.parametrize("live", [20, 40, 60])
def test_inner_loop_is_free_of_spills(live: int) -> None:
    """Far more values live through the nest than registers; the inner loop itself needs few."""
    vcode = nest(3, live, 4, seed=live)
    validate(vcode, ENV)
    allocation = allocate(vcode, ENV)
    check(vcode, ENV, allocation)
    _, inner, _, memory, _ = cost(vcode, allocation)
    assert memory > 0
    assert inner <= 1


def test_value_across_a_call_in_a_loop_is_callee_saved() -> None:
    vcode = VCode("call")
    vcode.vreg_class = [INT] * 8
    vcode.insts = [
        MInst(ARGS, (0, 1, 2), ()), MInst(JUMP_ROW, (), ()),
        MInst(ROWS["call"], (3,), (0, 1)), MInst(ROWS["lea"], (4,), (3, 0)), MInst(BRIF, (), (4,)),
        MInst(JUMP_ROW, (), ()), MInst(RET, (), (0,)),
    ]  # fmt: skip
    vcode.block_starts = [0, 2, 5, 6, 7]
    vcode.succs, vcode.preds = [[1], [2, 3], [1], []], [[], [0, 2], [1], [1]]
    vcode.block_params, vcode.block_args = [[], [], [], []], [[], [], [], []]
    vcode.loop_depth, vcode.cold = [0, 1, 1, 0], [False] * 4
    env = make_env()
    validate(vcode, env)
    allocation = allocate(vcode, env)
    check(vcode, env, allocation)
    assert allocation.slots == 0
    assert allocation.clobbered & env.callee_saved


def execute(moves: list[tuple[Any, int, int]], state: dict[int, int]) -> dict[int, int]:
    state = dict(state)
    for src, dst, _ in moves:
        assert src >= 0 or dst >= 0
        state[dst] = state[src]
    return state


def test_parallel_moves() -> None:
    locations = [0, 1, 2, -1, -2, -3]
    start = {loc: k for k, loc in enumerate(locations)}
    rng = random.Random(1)
    cases = list(itertools.product(locations, repeat=3))
    for sources in cases:
        destinations = rng.sample(locations, 3)
        moves = [(s, d, INT) for s, d in zip(sources, destinations)]
        after = execute(sequence_moves(moves, (31,) * 4, lambda cls: -9), start)
        for src, dst, _ in moves:
            assert after[dst] == start[src]
        for loc in locations:
            assert loc in destinations or after[loc] == start[loc]
    for order in itertools.permutations(locations):
        moves = [(s, d, INT) for s, d in zip(order, locations)]
        after = execute(sequence_moves(moves, (31,) * 4, lambda cls: -9), start)
        assert [after[d] for d in locations] == [start[s] for s in order]


@pytest.mark.parametrize("algorithm", ["onepass", "linear"])
def test_division_with_hardly_any_registers(algorithm: str) -> None:
    """Two of four registers are fixed, the other two hold what is copied there and still wanted: the divisor needs one."""
    env = make_env(ints=4)
    store = Row("store", (), (REG, REG, REG))
    for divide in (Row("div", (0, 2), (REG, 0, 2)), Row("divm", (0, 2), (ANY, 0, 2))):
        for order in itertools.product(range(3), repeat=3):
            for after in itertools.product(range(5), repeat=3):
                vcode = VCode("div")
                vcode.vreg_class = [INT] * 5
                vcode.insts = [
                    MInst(ARGS, (0, 1, 2), ()), MInst(divide, (3, 4), order), MInst(store, (), after), MInst(RET, (), (3,)),
                ]  # fmt: skip
                vcode.block_starts, vcode.succs, vcode.preds = [0, 4], [[]], [[]]
                vcode.block_params, vcode.block_args = [[]], [[]]
                vcode.loop_depth, vcode.cold = [0], [False]
                validate(vcode, env)
                check(vcode, env, allocate(vcode, env, algorithm))


def chain(blocks: int, live: int) -> VCode:
    """``live`` values over a chain of small blocks, each with an exit."""
    rng = random.Random(blocks)
    vcode = VCode(f"chain{blocks}")
    classes = vcode.vreg_class
    code: list[list[MInst]] = [[MInst(ARGS, (0, 1, 2), ())]]
    classes.extend([INT] * 3)
    values = [0, 1, 2]
    for k in range(live):
        classes.append(INT if k % 2 else FLOAT)
        code[0].append(MInst(CONST[classes[-1]], (len(classes) - 1,), (), k))
        if k % 2:
            values.append(len(classes) - 1)
    exits = []
    for _ in range(blocks):
        classes.append(INT)
        vreg = len(classes) - 1
        code[-1].append(MInst(ROWS["lea"], (vreg,), (rng.choice(values), values[-1])))
        code[-1].append(MInst(BRIF, (), (vreg,)))
        exits.append([MInst(RET, (), (rng.choice(values),))])
        code.append([])
    code[-1].append(MInst(RET, (), (0,)))
    for block in code + exits:
        vcode.block_starts.append(len(vcode.insts))
        vcode.insts.extend(block)
    vcode.block_starts.append(len(vcode.insts))
    count = len(code) + len(exits)
    vcode.succs = [[k + 1, len(code) + k] for k in range(blocks)] + [[] for _ in range(blocks + 1)]
    vcode.preds = [[] for _ in range(count)]
    for block, succs in enumerate(vcode.succs):
        for succ in succs:
            vcode.preds[succ].append(block)
    vcode.block_params = [[] for _ in range(count)]
    vcode.block_args = [[] for _ in range(count)]
    vcode.loop_depth = [0] * count
    vcode.cold = [False] * len(code) + [True] * len(exits)
    return vcode


@pytest.mark.parametrize("algorithm", ["onepass", "linear"])
def test_time_is_nearly_linear(algorithm: str) -> None:
    def per_instruction(size: int) -> float:
        vcode = chain(size, size // 5)
        best = 1e9
        for _ in range(2):
            before = time.process_time()
            allocate(vcode, ENV, algorithm)
            best = min(best, time.process_time() - before)
        return best / len(vcode.insts)

    small, large = per_instruction(500), per_instruction(5000)
    assert large < 6 * small


def test_constant_recomputed_into_a_slot_avoids_the_scratch_register() -> None:
    """The scratch register of ints may be a float register: a row that can write memory is not sent through it."""
    into_memory = MInst(Row("const", (REG,), (), flags=REMAT | REMAT_SLOT), (0,), ())
    into_register = MInst(Row("load", (REG,), (), flags=REMAT), (0,), ())
    scratch = (31, 31, 31, -1)
    assert sequence_moves([(("remat", into_memory), -1, INT)], scratch, lambda _: -9) == [(("remat", into_memory), -1, INT)]
    assert sequence_moves([(("remat", into_register), -1, INT)], scratch, lambda _: -9) == [
        (("remat", into_register), 31, INT),
        (31, -1, INT),
    ]
