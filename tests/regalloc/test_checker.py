"""The checker must see faults: right allocations are damaged, and executing them says which damage matters."""

from __future__ import annotations

import random

import pytest
from jitpy.backend.regalloc import allocate
from jitpy.backend.regalloc.checker import AllocationError, check, validate
from jitpy.backend.vcode.vcode import Allocation, MachineEnv, VCode
from regalloc_programs import Shape, generate, make_env, run_allocated, run_vregs


def copy(allocation: Allocation) -> Allocation:
    return Allocation(list(allocation.allocs), list(allocation.edits), allocation.slots, (1 << 128) - 1)


def accepts(vcode: VCode, env: MachineEnv, allocation: Allocation) -> bool:
    try:
        check(vcode, env, allocation)
    except AllocationError:
        return False
    return True


def damage(rng: random.Random, allocation: Allocation) -> str:
    """Change one thing."""
    kind = rng.choice(["operand", "drop", "source", "destination", "swap"])
    edits, allocs = allocation.edits, allocation.allocs
    if kind == "operand" or not edits:
        at = rng.choice([k for k, operands in enumerate(allocs) if operands])
        operands = list(allocs[at])
        k = rng.randrange(len(operands))
        old = operands[k]
        operands[k] = old ^ 1 if old >= 0 else ~(~old ^ 1)
        allocs[at] = tuple(operands)
    elif kind == "drop":
        del edits[rng.randrange(len(edits))]
    elif kind == "swap":
        k = rng.randrange(len(edits))
        if k + 1 < len(edits):
            (p, a, b, c), (q, d, e, f) = edits[k], edits[k + 1]
            edits[k], edits[k + 1] = (p, d, e, f), (q, a, b, c)
    else:
        k = rng.randrange(len(edits))
        position, src, dst, cls = edits[k]
        if kind == "source" and isinstance(src, int):
            src = src ^ 1 if src >= 0 else ~(~src ^ 1)
        elif dst >= 0:
            dst ^= 1
        edits[k] = (position, src, dst, cls)
    return kind


@pytest.mark.parametrize("algorithm", ["onepass", "linear"])
def test_faults_are_found(algorithm: str) -> None:
    env = make_env()
    wrong = found = 0
    for seed in range(40):
        vcode = generate(seed, Shape(blocks=8, insts=8))
        good = allocate(vcode, env, algorithm)
        check(vcode, env, good)
        expected = run_vregs(vcode)
        rng = random.Random(seed)
        for _ in range(12):
            bad = copy(good)
            bad.slots += 2
            damage(rng, bad)
            accepted = accepts(vcode, env, bad)
            if run_allocated(vcode, env, bad) != expected:
                wrong += 1
                assert not accepted, f"seed {seed}: a wrong allocation was accepted"
            found += not accepted
    assert wrong > 50
    assert found >= wrong


def test_written_registers_and_slots_are_counted() -> None:
    env = make_env()
    vcode = generate(3, Shape(blocks=6, insts=12))
    good = allocate(vcode, env, "onepass")
    with pytest.raises(AllocationError, match="clobbered"):
        check(vcode, env, Allocation(good.allocs, good.edits, good.slots, 0))
    with pytest.raises(AllocationError, match="spill area"):
        check(vcode, env, Allocation(good.allocs, good.edits, 0, good.clobbered))


def test_validate_finds_broken_vcode() -> None:
    env = make_env()
    vcode = generate(3, Shape(blocks=6, insts=12))
    validate(vcode, env)
    inst = next(i for i in vcode.insts if i.uses)
    inst.uses = (len(vcode.vreg_class), *inst.uses[1:])
    with pytest.raises(AllocationError, match="never defined"):
        validate(vcode, env)
    vcode = generate(3, Shape(blocks=6, insts=12))
    twice = [inst for inst in vcode.insts if len(inst.defs) == 1]
    twice[1].defs = twice[0].defs
    with pytest.raises(AllocationError, match="twice"):
        validate(vcode, env)
