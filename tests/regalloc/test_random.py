"""Random programs through both allocators: checked symbolically, and executed. `JITPY_FUZZ_MINUTES`: for so long, on new seeds."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from jitpy.backend.chaos import Chaos
from jitpy.backend.regalloc import allocate, linear
from jitpy.backend.regalloc.checker import check, validate
from jitpy.backend.regalloc.scan import MEMORY, Scan
from jitpy.backend.target.row import FLOAT, INT
from minutes import for_minutes, search
from regalloc_programs import Shape, generate, make_env, run_allocated, run_vregs

SHAPES = {
    "mixed": (Shape(), make_env()),
    "straight": (Shape(blocks=1, insts=40), make_env()),
    "tight": (Shape(blocks=6, insts=10, fresh=0.2), make_env(ints=4, floats=3)),
    "branchy": (Shape(blocks=25, insts=3, fresh=0.3), make_env()),
    "pressure": (Shape(blocks=10, insts=25, fresh=0.1), make_env(ints=6, floats=4)),
    "roomy": (Shape(blocks=12, insts=12), make_env(ints=14, floats=15, masks=7)),
    "params": (Shape(blocks=14, insts=3, params=1.0, fresh=0.3), make_env()),
    "shuffled": (Shape(blocks=16, insts=5, shuffle=True), make_env()),
    "ints": (Shape(blocks=10, insts=14, classes=(INT, FLOAT), calls=False), make_env(ints=8)),
}


def run(seed: int, shape: str, algorithm: str) -> None:
    knobs, env = SHAPES[shape]
    vcode = generate(seed, knobs)
    validate(vcode, env)
    chaotic = algorithm == "chaos"
    allocation = linear.allocate(vcode, env, Chaos(seed).scan) if chaotic else allocate(vcode, env, algorithm)
    check(vcode, env, allocation)
    assert run_allocated(vcode, env, allocation) == run_vregs(vcode)


@pytest.mark.parametrize("algorithm", ["onepass", "linear"])
@pytest.mark.parametrize("shape", SHAPES)
def test_random(shape: str, algorithm: str) -> None:
    for seed in range(60):
        run(seed, shape, algorithm)


@pytest.mark.parametrize("shape", SHAPES)
def test_chaos_splits_and_spills(shape: str) -> None:
    """Lives split and values spilled without need: more moves and stores than else, the same results."""
    knobs, env = SHAPES[shape]
    splits = spills = more = 0
    for seed in range(40):
        vcode = generate(seed, knobs)
        chaos, scans = Chaos(seed), []

        def scanning(*args: Any, chaos: Chaos = chaos, scans: list[Any] = scans) -> Scan:
            scans.append(chaos.scan(*args))
            return scans[-1]

        allocation = linear.allocate(vcode, env, scanning)
        check(vcode, env, allocation)
        assert run_allocated(vcode, env, allocation) == run_vregs(vcode)
        (scan,) = scans
        splits, spills = splits + scan.splits, spills + scan.spills
        more += len(allocation.edits) - len(allocate(vcode, env).edits)
    assert splits > 40
    assert spills > 40
    assert more > 40


def test_split_life_goes_from_register_to_register() -> None:
    """A split is more than a spill: some values change registers, not through memory."""
    knobs, env = SHAPES["roomy"]
    changes = 0
    for seed in range(20):
        scans = []

        def scanning(*args: Any, seed: int = seed, scans: list[Any] = scans) -> Scan:
            scans.append(Chaos(seed).scan(*args))
            return scans[-1]

        linear.allocate(generate(seed, knobs), env, scanning)
        for places in scans[0].places:
            changes += sum(MEMORY not in (a, b) and a != b for (_, a), (_, b) in itertools.pairwise(places))
    assert changes > 20


@for_minutes
def test_for_minutes() -> None:
    def every(seed: int) -> None:
        for shape, algorithm in itertools.product(SHAPES, ("onepass", "linear", "chaos")):
            try:
                run(seed, shape, algorithm)
            except Exception as error:
                raise AssertionError(f"{shape}, {algorithm}") from error

    search("regalloc", every)


def test_classes_of_the_contract() -> None:
    assert (INT, FLOAT) == (0, 1)
