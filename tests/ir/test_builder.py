"""Variables become SSA values: random structured programs against their meaning in Python."""

import random

import pytest
from jitpy.backend.analysis.verifier import verify
from jitpy.backend.interp.interpreter import Interpreter
from jitpy.backend.ir.builder import FunctionBuilder
from jitpy.backend.ir.compare import equivalent
from jitpy.backend.ir.types import F64, I32, I64
from jitpy.backend.text.parser import parse_function
from jitpy.backend.text.printer import print_function

MASK = (1 << 64) - 1
VARIABLES = 4


def random_program(rng: random.Random, depth: int) -> list[tuple]:
    """Statements: ("op", target, opcode, x, y), ("if", x, y, then, else), ("loop", times, body)."""
    program: list[tuple] = []
    for _ in range(rng.randint(1, 4)):
        kind = rng.random() if depth else 0.0
        if kind < 0.5:
            opcode = rng.choice(["iadd", "isub", "imul"])
            program.append(("op", *[rng.choice((0, 1, 2, 3)), opcode, rng.randrange(VARIABLES), rng.randrange(VARIABLES)]))
        elif kind < 0.8:
            branches = [random_program(rng, depth - 1), random_program(rng, depth - 1)]
            program.append(("if", rng.randrange(VARIABLES), rng.randrange(VARIABLES), *branches))
        else:
            program.append(("loop", rng.randint(0, 3), random_program(rng, depth - 1)))
    return program


def evaluate(program: list[tuple], v: list[int]) -> None:
    for statement in program:
        if statement[0] == "op":
            _, target, opcode, x, y = statement
            v[target] = {"iadd": v[x] + v[y], "isub": v[x] - v[y], "imul": v[x] * v[y]}[opcode] & MASK
        elif statement[0] == "if":
            evaluate(statement[3] if v[statement[1]] < v[statement[2]] else statement[4], v)
        else:
            for _ in range(statement[1]):
                evaluate(statement[2], v)


def build(b: FunctionBuilder, program: list[tuple], variables: list[int]) -> None:
    for statement in program:
        if statement[0] == "op":
            _, target, opcode, x, y = statement
            b.define(variables[target], getattr(b, opcode)(b.value(variables[x]), b.value(variables[y])))
        elif statement[0] == "if":
            then, otherwise, join = b.block(), b.block(), b.block()
            b.brif(b.icmp("ult", b.value(variables[statement[1]]), b.value(variables[statement[2]])), then, [], otherwise)
            for block, body in ((then, statement[3]), (otherwise, statement[4])):
                b.use(block, sealed=True)
                build(b, body, variables)
                b.jump(join)
            b.use(join, sealed=True)
        else:
            count = b.variable(I64)
            b.define(count, b.iconst(I64, statement[1]))
            head, body, done = b.block(), b.block(), b.block()
            b.jump(head)
            b.use(head)
            b.brif(b.value(count), body, [], done)
            b.use(body, sealed=True)
            build(b, statement[2], variables)
            b.define(count, b.isub(b.value(count), b.iconst(I64, 1)))
            b.jump(head)
            b.seal(head)
            b.use(done, sealed=True)


@pytest.mark.parametrize("seed", range(60))
def test_random_programs(seed: int) -> None:
    rng = random.Random(seed)
    program = random_program(rng, 3)
    b = FunctionBuilder("f", [I64] * VARIABLES, [I64] * VARIABLES)
    variables = [b.variable(I64) for _ in range(VARIABLES)]
    for variable, arg in zip(variables, b.args):
        b.define(variable, arg)
    build(b, program, variables)
    b.return_([b.value(variable) for variable in variables])
    func = b.finish()
    verify(func)
    assert equivalent(parse_function(print_function(func)), func)
    for _ in range(3):
        values = [rng.randrange(1 << 64) for _ in range(VARIABLES)]
        wanted = list(values)
        evaluate(program, wanted)
        assert Interpreter([func]).call("f", values) == wanted


def test_parameters_that_stand_for_one_value_are_dropped() -> None:
    b = FunctionBuilder("f", [I64], [I64])
    x = b.variable(I64)
    b.define(x, b.args[0])
    head, done = b.block(), b.block()
    b.jump(head)
    b.use(head)
    b.brif(b.value(x), head, [], done)
    b.use(done)
    b.return_([b.value(x)])
    func = b.finish()
    assert func.block_params[head] == [] and func.block_params[done] == []
    verify(func)


def test_a_long_chain_of_blocks_needs_no_recursion() -> None:
    b = FunctionBuilder("f", [I64], [I64])
    x = b.variable(I64)
    b.define(x, b.args[0])
    for _ in range(20_000):
        block = b.block()
        b.jump(block)
        b.use(block, sealed=True)
    b.return_([b.value(x)])
    assert b.finish().insts[-1][3] == b.args[0]


def test_misuse_is_refused() -> None:
    b = FunctionBuilder("f", [I64], [])
    x = b.variable(F64)
    with pytest.raises(ValueError, match="before it is defined"):
        b.value(x)
    with pytest.raises(TypeError, match="v0 is i64; the variable is f64"):
        b.define(x, b.args[0])
    sealed = b.block()
    b.seal(sealed)
    with pytest.raises(ValueError, match="takes no more branches"):
        b.jump(sealed)


def test_constants_are_encoded_by_type() -> None:
    b = FunctionBuilder("f", [], [I32])
    b.return_([b.iconst(I32, -1)])
    assert b.finish().insts[0][2] == 0xFFFF_FFFF
    b = FunctionBuilder("g", [], [F64])
    assert b.func.insts[b.func.value_defs[b.f64const(-1.5)]][2] == 0xBFF8_0000_0000_0000
