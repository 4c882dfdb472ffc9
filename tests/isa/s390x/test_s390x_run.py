"""Every opcode on every type, as machine code under the emulator and on the interpreter, at the feature levels that it has."""

from __future__ import annotations

import random

import pytest
from clif_generator import PALETTE, Choice, immediate
from jitpy.backend import isa
from jitpy.backend.emulation import programs
from jitpy.backend.errors import UnsupportedError
from jitpy.backend.filetests.engines import load
from jitpy.backend.filetests.random_values import value_bits
from jitpy.backend.interp.interpreter import Interpreter
from jitpy.backend.interp.meaning import Trap
from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.function import Function, signature
from jitpy.backend.opt.nan import canonicalize
from jitpy.backend.pipeline import compile_function
from jitpy.backend.settings import Settings

LEVELS = {"z14": {}, "arch13": {"arch13": 1}}
#: What exists for another ISA alone.
FOREIGN = {name for name in PALETTE if name.startswith("x86_")}
RUNS = 6

pytestmark = pytest.mark.skipif(not programs.has("s390x"), reason="there is no emulator for s390x here")


def function(name: str, choice: Choice, rng: random.Random) -> Function:
    """A function of one instruction."""
    number, control, arg_types, result_types = choice
    func = Function(name, signature(list(arg_types), list(result_types)))
    block = func.block()
    args = [func.param(block, t) for t in arg_types]
    inst = func.append(block, (number, control, immediate(rng, number, control, arg_types), *args), result_types)
    func.append(block, (op.RETURN, 0, None, *func.results[inst]))
    canonicalize(func)
    return func


def supported(func: Function, features: dict[str, int]) -> bool:
    try:
        compile_function(func, isa.lookup("s390x", features), Settings("none"))
    except UnsupportedError:
        return False
    return True


@pytest.mark.parametrize("level", LEVELS)
def test_every_opcode(level: str) -> None:
    rng = random.Random(level)
    features = LEVELS[level]
    functions: list[Function] = []
    lacking = set()
    for name, choices in PALETTE.items():
        for choice in choices:
            seed = rng.random()
            func = function(f"f{len(functions)}", choice, random.Random(seed))
            if supported(func, features):
                functions.append(function(f"f{len(functions)}", choice, random.Random(seed)))
            else:
                lacking.add(name)
    assert lacking <= FOREIGN
    expected = []
    interpreter = Interpreter(functions, {}, big_endian=True)
    for func in functions:
        for _ in range(RUNS):
            arguments = [value_bits(rng, p.type) for p in func.sig.params]
            try:
                expected.append((func, arguments, interpreter.call(func.name, arguments, 1000)))
            except Trap as trap:
                expected.append((func, arguments, trap.code))
    call = load(functions, isa.lookup("s390x", features), Settings("none", "onepass"))
    wrong = []
    for func, arguments, result in expected:
        try:
            got: object = call(func.name, arguments)
        except Trap as trap:
            got = trap.code
        if got != result:
            node = func.insts[0]
            wrong.append(f"{op.NAME[node[0]]} {node}: {[hex(a) for a in arguments]} gives {got}, not {result}")
    assert not wrong, f"{len(wrong)} of {len(expected)}\n" + "\n".join(wrong[:: max(1, len(wrong) // 40)])
