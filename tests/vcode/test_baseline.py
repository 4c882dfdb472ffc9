"""The baseline compiler over the toy target: templates are derived, shared, and not where they must not be."""

from __future__ import annotations

import random
from types import SimpleNamespace

import pytest
import toy
from jitpy.backend import isa, pipeline
from jitpy.backend.baseline import compile_baseline
from jitpy.backend.baseline.derive import REFERENCES
from jitpy.backend.baseline.kit import Kit
from jitpy.backend.baseline.walk import Walk, handles
from jitpy.backend.errors import CompileError
from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.function import Function
from jitpy.backend.ir.memflags import NOTRAP
from jitpy.backend.ir.types import I8, I64, I128
from jitpy.backend.settings import Settings
from jitpy.backend.target.row import INT
from jitpy.backend.target.target import Target
from test_engine import start, sum_loop

PLAIN = Settings("none", "onepass")
CHECKED = Settings("none", "onepass", regalloc_checker=True)


def run(func: Function, target: Target, settings: Settings, *args: int) -> int:
    found: int = toy.run(pipeline.compile_module([func], target, settings).code, 0, list(args))[0]
    return found


def mixed(seed: int) -> Function:
    """Straight code with many live values, constants, pairs, a stack slot and unused results; then a loop over its result."""
    rng = random.Random(seed)
    func, b, values = start([I64] * 3, [I64])
    slot = func.stack_slot(8)
    for _ in range(rng.randrange(5, 60)):
        kind = rng.randrange(8)
        x, y = rng.choice(values[-12:]), rng.choice(values[-12:])
        if kind < 4:
            values.append(func.value(b, (rng.choice((op.IADD, op.ISUB)), I64, None, x, y), I64))
        elif kind == 4:
            values.append(func.value(b, (op.ICONST, I64, rng.choice((1, 7, 1 << 40))), I64))
        elif kind == 5:
            wide = func.value(b, (op.ICONCAT, I64, None, x, y), I128)
            wide = func.value(b, (op.IADD, I128, None, wide, wide), I128)
            values += func.results[func.append(b, (op.ISPLIT, I128, None, wide), (I64, I64))]
        elif kind == 6:
            place = func.value(b, (op.STACK_ADDR, I64, (slot, 0)), I64)
            func.append(b, (op.STORE_, I64, (NOTRAP, 0), x, place))
            values.append(func.value(b, (op.LOAD_, I64, (NOTRAP, 0), place), I64))
        else:
            values.append(func.value(b, (op.ICMP, I64, "slt", x, y), I64))
    head, turn, done = func.block(), func.block(), func.block()
    few = func.value(b, (op.ICONST, I64, 5), I64)
    func.append(b, (op.JUMP, 0, ((head, 2),), values[0], values[-1]))
    i, total = func.param(head, I64), func.param(head, I64)
    less = func.value(head, (op.ICMP, I64, "slt", i, few), I8)
    func.append(head, (op.BRIF, I8, ((turn, 0), (done, 1)), less, total))
    one = func.value(turn, (op.ICONST, I64, 1), I64)
    more = func.value(turn, (op.IADD, I64, None, total, rng.choice(values)), I64)
    func.append(turn, (op.JUMP, 0, ((head, 2),), func.value(turn, (op.IADD, I64, None, i, one), I64), more))
    out = func.param(done, I64)
    func.append(done, (op.RETURN, 0, None, func.value(done, (op.IADD, I64, None, out, values[-2]), I64)))
    return func


@pytest.mark.parametrize("seed", range(60))
def test_agrees_with_the_long_way(seed: int) -> None:
    """Without templates, with those of the first compilation, and with all of them made under the checker."""
    func, args = mixed(seed), (2, 1000003, -17)
    expected = run(func, toy.target(), Settings("none", "linear", regalloc_checker=True), *args)
    fresh, checked = toy.target(), toy.target()
    for _ in range(3):
        assert run(func, fresh, PLAIN, *args) == expected
        assert run(func, checked, CHECKED, *args) == expected


def test_what_is_checked_is_what_runs() -> None:
    target = toy.target()
    for seed in range(10):
        checked = pipeline.compile_function(mixed(seed), target, CHECKED)
        assert pipeline.compile_function(mixed(seed), target, PLAIN).code == checked.code


def shapes(target: Target) -> dict[object, object]:
    found: dict[object, object] = target.baselines[0].shapes
    return found


def test_shapes_are_derived_when_met_again() -> None:
    target = toy.target()
    func, b, (x, y) = start([I64, I64], [I64])
    func.append(b, (op.RETURN, 0, None, func.value(b, (op.IADD, I64, None, x, y), I64)))
    key = (op.IADD, I64, None, I64, I64)
    for derived in (False, True, True):
        assert run(func, target, PLAIN, 20, 22) == 42
        assert bool(shapes(target)[key]) == derived


def test_a_comparison_is_part_of_the_branch() -> None:
    target = toy.target()
    assert run(sum_loop(), target, CHECKED, 10) == 45
    assert any(key[0] == op.BRIF and key[3][0] == op.ICMP for key in shapes(target) if key[3:])  # type: ignore[index]


def elsewhere(target: Target, sizes: tuple[int, ...]) -> None:
    """Functions whose slot 1 lies behind a slot 0 of each size."""
    for size in sizes:
        func, b, (x,) = start([I64], [I64])
        func.stack_slot(size)
        slot = func.stack_slot(8)
        place = func.value(b, (op.STACK_ADDR, I64, (slot, 0)), I64)
        func.append(b, (op.STORE_, I64, (NOTRAP, 0), x, place))
        func.append(b, (op.RETURN, 0, None, func.value(b, (op.LOAD_, I64, (NOTRAP, 0), place), I64)))
        for _ in range(3):
            assert run(func, target, CHECKED, 99) == 99
            assert run(func, target, PLAIN, 99) == 99


def test_what_depends_on_the_function_has_no_template(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(REFERENCES, op.STACK_ADDR)
    target = toy.target()
    elsewhere(target, (8, 64, 16))
    assert not shapes(target)[op.STACK_ADDR, I64, (1, 0)]


def test_a_reference_stands_in_the_shape_by_what_it_means() -> None:
    target = toy.target()
    elsewhere(target, (8, 64, 16, 64))
    assert all(shapes(target)[op.STACK_ADDR, I64, size] for size in (8, 64, 16))


def test_a_branch_to_the_entry_goes_the_long_way() -> None:
    func, b, (x,) = start([I64], [I64])
    done = func.block()
    step = func.value(b, (op.ISUB, I64, None, x, func.value(b, (op.ICONST, I64, 1), I64)), I64)
    more = func.value(b, (op.ICMP, I64, "slt", func.value(b, (op.ICONST, I64, 3), I64), step), I8)
    func.append(b, (op.BRIF, I8, ((b, 1), (done, 0)), more, step))
    func.append(done, (op.RETURN, 0, None, step))
    assert not handles(func)
    assert compile_baseline(func, toy.target(), PLAIN) is None
    assert run(func, toy.target(), CHECKED, 10) == 3


def test_one_block_that_is_its_own_loop() -> None:
    func, b, (x,) = start([I64], [I64])
    func.append(b, (op.JUMP, 0, ((b, 1),), x))
    assert compile_baseline(func, toy.target(), PLAIN) is None
    assert pipeline.compile_function(func, toy.target(), CHECKED).code


def test_an_instruction_that_wants_more_registers_than_there_are() -> None:
    func, _, _ = start([I64], [I64])
    target = toy.target()
    walk = Walk(Kit(target), func, False)
    with pytest.raises(CompileError, match="f: an instruction needs more registers of class 0 at once than toy has"):
        walk.choose(INT, target.env.all, walk.index)


def test_moves_are_shared_among_frames_laid_out_alike() -> None:
    """Slots lie elsewhere from the frame pointer when the prologue aligns the stack pointer further, so such frames share nothing
    with others."""
    kit = Kit(toy.target())
    layouts = [SimpleNamespace(spills=16, size=64, realigned=aligned) for aligned in (False, True, False)]
    first, other, again = [kit.moves(frame) for frame in layouts]
    assert first is again
    assert first is not other


def test_each_instruction_has_its_own_source_location() -> None:
    """What lies from one location to the next is the code of the instruction that carries it, the return included."""
    func, b, (x, y) = start([I64, I64], [I64])
    for loc, opcode in ((7, op.IADD), (8, op.ISUB)):
        x = func.value(b, (opcode, I64, None, x, y), I64, loc)
    func.append(b, (op.RETURN, 0, None, x), srcloc=9)
    target = toy.target()
    for settings in (PLAIN, PLAIN, PLAIN, CHECKED, Settings("none", "linear")):
        done = pipeline.compile_function(func, target, settings)
        assert [loc for _, loc in done.lines] == [7, 8, 9]
        places = [place for place, _ in done.lines]
        assert done.prologue_end <= places[0] < places[1] < places[2] < len(done.code)


def test_one_instruction_that_wants_the_sink_does_not_spoil_the_others() -> None:
    """The masks of a popcount come from the constant pool of riscv64; what is between them is remembered all the same."""
    target = isa.lookup("riscv64")
    kit = Kit(target)
    target.baselines = [kit]
    func, b, values = start([I64], [I64])
    count = func.value(b, (op.POPCNT, I64, None, values[0]), I64)
    func.append(b, (op.RETURN, 0, None, func.value(b, (op.IADD, I64, None, count, values[0]), I64)))
    _, *others = [pipeline.compile_module([func], target, PLAIN).code for _ in range(4)]
    assert set(others) == {pipeline.compile_module([func], target, CHECKED).code}
    (template,) = [t for key, t in kit.shapes.items() if key[0] == op.POPCNT]
    (pieces,) = template.memo.values()
    assert pieces.__class__ is list
    assert 1 < len(pieces) < len(template.insts)
    assert sum([len(data) for data, *_ in pieces]) > 40
