"""Every opcode at every type on every ISA where it is hard: in a loop, behind a branch, among more values than registers; and on
operands that come from memory, which lowering may make a part of the instruction.

The functions come from the opcode table (`clif_generator.PALETTE`), eight instructions each, those that trap alone: half of them
stand in the loop, half of them on both sides of a branch in it. Results become operands of the next round.
"""

from __future__ import annotations

import random

import pytest
from clif_differential import base, supports
from clif_generator import _DIVISIONS, PALETTE, Choice, immediate
from jitpy.backend import isa
from jitpy.backend.errors import UnsupportedError
from jitpy.backend.filetests import engines
from jitpy.backend.filetests.random_values import value_bits
from jitpy.backend.interp.interpreter import Interpreter
from jitpy.backend.interp.meaning import Trap
from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir import types as ty
from jitpy.backend.ir.function import Function, signature
from jitpy.backend.ir.memflags import NOTRAP
from jitpy.backend.opt.nan import canonicalize
from jitpy.backend.settings import Settings

#: Values of either file that are alive throughout: more than any ISA has registers.
LIVE, TOGETHER = 34, 8


def groups(name: str, part: int) -> list[list[Choice]]:
    """Half of what an ISA has: by eight, what traps alone."""
    every = [c for found in PALETTE.values() for c in found if supports(c, name)]
    alone = [c for c in every if op.EFFECTS[c[0]] & op.TRAP or c[0] in _DIVISIONS or "_proven" in op.NAME[c[0]]]
    rest = [c for c in every if c not in alone]
    random.Random(0).shuffle(rest)
    return ([[c] for c in alone] + [rest[k : k + TOGETHER] for k in range(0, len(rest), TOGETHER)])[part::2]


def written(number: int, group: list[Choice]) -> Function:
    """``f(operands..., i64) -> results..., i64``, where the last result is made of the values that were alive."""
    r = random.Random(number)
    operands = [t for _, _, args, _ in group for t in args]
    results = [t for _, _, _, made in group for t in made]
    func = Function(f"f{number}", signature([*operands, ty.I64], [*results, ty.I64]))
    entry, loop, left, right, join, done = [func.block() for _ in range(6)]
    half = (len(group) + 1) // 2
    late = [t for _, _, _, made in group[half:] for t in made]

    def instructions(block: int, choices: list[Choice], values: list[int], swap: bool) -> list[int]:
        made: list[int] = []
        at = 0
        for opcode, control, args, types in choices:
            given = values[at : at + len(args)]
            at += len(args)
            if swap and len(set(args)) == 1:
                given.reverse()
            node = (opcode, control, immediate(r, opcode, control, args), *given)
            made += func.results[func.append(block, node, types)]
        return made

    given = [func.param(entry, t) for t in [*operands, ty.I64]]
    alive = []
    for k in range(LIVE):
        factor = func.value(entry, (op.ICONST, ty.I64, r.getrandbits(63) | 1), ty.I64)
        value = func.value(entry, (op.IMUL, ty.I64, None, given[-1], factor), ty.I64)
        alive.append(value)
        alive.append(func.value(entry, (op.BITCAST, ty.F64, 0, value), ty.F64) if k % 2 else value)
    three = func.value(entry, (op.ICONST, ty.I32, 3), ty.I32)
    func.append(entry, (op.JUMP, 0, ((loop, 1 + len(operands)),), three, *given[:-1]))
    count, *carried = [func.param(loop, t) for t in (ty.I32, *operands)]
    early_operands = sum(len(args) for _, _, args, _ in group[:half])
    early = instructions(loop, group[:half], carried, False)
    one = func.value(loop, (op.ICONST, ty.I32, 1), ty.I32)
    odd = func.value(loop, (op.BAND, ty.I32, None, count, one), ty.I32)
    func.append(loop, (op.BRIF, ty.I32, ((left, 0), (right, 0)), odd))
    for side in (left, right):
        made = instructions(side, group[half:], carried[early_operands:], side == right)
        func.append(side, (op.JUMP, 0, ((join, len(made)),), *made))
    made = early + [func.param(join, t) for t in late]
    following = list(carried)
    for value in made:  # the first operand of a result's type, so that what is found goes round
        same = [k for k, t in enumerate(operands) if t == func.value_types[value] and following[k] == carried[k]]
        if same:
            following[same[0]] = value
    less = func.value(join, (op.ISUB, ty.I32, None, count, one), ty.I32)
    func.append(join, (op.BRIF, ty.I32, ((loop, 1 + len(operands)), (done, len(made))), less, less, *following, *made))
    out = [func.param(done, t) for t in results]
    total = given[-1]
    for value in alive:
        if func.value_types[value] == ty.F64:
            value = func.value(done, (op.BITCAST, ty.I64, 0, value), ty.I64)
        turned = func.value(done, (op.ROTL, ty.I64, None, total, func.value(done, (op.ICONST, ty.I64, 7), ty.I64)), ty.I64)
        total = func.value(done, (op.BXOR, ty.I64, None, turned, value), ty.I64)
    func.append(done, (op.RETURN, 0, None, *out, total))
    canonicalize(func)
    return func


def on_memory(number: int, choice: Choice) -> Function:
    """``f(operands...) -> results...``, where each operand has been in memory and has one use."""
    opcode, control, args, types = choice
    func = Function(f"m{number}", signature(list(args), list(types)))
    func.stack_slot(64 * len(args), 6)
    block = func.block()
    params = [func.param(block, t) for t in args]
    address = func.value(block, (op.STACK_ADDR, ty.I64, (0, 0)), ty.I64)
    for k, v in enumerate(params):
        func.append(block, (op.STORE_, func.value_types[v], (NOTRAP, 64 * k), v, address))
    loaded = [func.value(block, (op.LOAD_, t, (NOTRAP, 64 * k), address), t) for k, t in enumerate(args)]
    node = (opcode, control, immediate(random.Random(number), opcode, control, args), *loaded)
    func.append(block, (op.RETURN, 0, None, *func.results[func.append(block, node, types)]))
    canonicalize(func)
    return func


Run = tuple[str, list[int], "list[int] | str"]


def expected_of(functions: list[Function], name: str) -> list[Run]:
    """What the interpreter says of functions for an ISA."""
    r = random.Random(len(functions))
    interpreter = Interpreter(functions, big_endian=isa.lookup(name, {}).big_endian)
    runs: list[Run] = []
    for func in functions:
        for _ in range(3):
            args = [value_bits(r, p.type) for p in func.sig.params]
            try:
                runs.append((func.name, args, interpreter.call(func.name, args)))
            except Trap as trap:
                if not any("_proven" in op.NAME[node[0]] for node in func.insts):
                    runs.append((func.name, args, trap.code))
    return runs


@pytest.mark.parametrize("name", sorted(set(isa.NAMES.values())))
@pytest.mark.parametrize(("level", "regalloc"), [("none", "onepass"), ("speed", "linear")])
def test_every_opcode_among_many_values(name: str, level: str, regalloc: str) -> None:
    """Half of them by the baseline with the ISA's base, half by the optimizing compiler with all that can be run."""
    functions = [written(k, group) for k, group in enumerate(groups(name, level == "none"))]
    assert len(functions) > 150
    agrees(functions, name, Settings(level, regalloc, enable_verifier=True, regalloc_checker=True))


@pytest.mark.parametrize("name", sorted(set(isa.NAMES.values())))
def test_every_opcode_on_operands_in_memory(name: str) -> None:
    """Without the mid-end, which would give the stored values on, but with the optimizing compiler's features."""
    every = [c for found in PALETTE.values() for c in found if supports(c, name)]
    functions = [on_memory(k, choice) for k, choice in enumerate(every)]
    assert len(functions) > 800
    agrees(functions, name, Settings("none", "linear", enable_verifier=True, regalloc_checker=True))


def agrees(functions: list[Function], name: str, settings: Settings) -> None:
    """The functions as machine code have the interpreter's results; the baseline's for the ISA's base."""
    try:
        best = engines.best(name)
    except UnsupportedError as error:  # there is no emulator here
        pytest.skip(str(error))
    runs = expected_of(functions, name)  # first, for compiling changes them
    call = engines.load(functions, base(name) if settings.regalloc == "onepass" else best, settings)
    wrong = []
    for function, args, expected in runs:
        try:
            got: list[int] | str = call(function, args)
        except Trap as trap:
            got = trap.code
        if got != expected:
            wrong.append((function, args, got, expected))
    assert not wrong, f"{len(wrong)} of {len(runs)}: {wrong[:3]}"
