"""What a target may lack, all of it lacking: nothing of it is left, and the interpreter gives the same answers and traps."""

from __future__ import annotations

import sys
from copy import deepcopy
from itertools import chain
from pathlib import Path
from random import Random

import pytest
from jitpy.backend.analysis.verifier import verify
from jitpy.backend.interp.interpreter import Interpreter
from jitpy.backend.interp.meaning import Trap
from jitpy.backend.ir import ieee
from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir import types as ty
from jitpy.backend.ir.function import Function, signature
from jitpy.backend.ir.memflags import NOTRAP
from jitpy.backend.soft import library
from jitpy.backend.soft.atomic import OPERATIONS
from jitpy.backend.soft.expand import expand
from jitpy.backend.target import lacks
from jitpy.backend.text.printer import print_function

sys.path.append(str(Path(__file__).parents[1] / "fuzz"))

from clif_generator import PLAIN, SCALARS, Choice, combinations, immediate, value_bits

ALL: lacks.Pairs = frozenset().union(*[group for group in vars(lacks).values() if isinstance(group, frozenset)])
_MEMORY = {op.ATOMIC_RMW, op.ATOMIC_STORE}
#: What is known not to trap, by what it would be otherwise; no text has them.
PROVEN = {op.BY_NAME[name.removesuffix("_proven")]: n for n, name in enumerate(op.NAME) if name.endswith("_proven")}
CHOICES = {
    name: [c for c in choices if (c[0], c[1]) in ALL or (c[2] and (c[0], c[2][0]) in ALL)]
    for name, choices in combinations(PLAIN, (*SCALARS, *chain(*map(lacks.vectors, SCALARS)))).items()
}


def function(choice: Choice, r: Random) -> Function:
    """The one instruction on parameters."""
    number, control, arg_types, result_types = choice
    func = Function("f", signature(list(arg_types), list(result_types)))
    block = func.block()
    args = [func.param(block, t) for t in arg_types]
    inst = func.append(block, (number, control, immediate(r, number, control, arg_types), *args), result_types)
    func.append(block, (op.RETURN, 0, None, *func.results[inst]))
    return func


def expanded(func: Function) -> Function:
    """What becomes of a function where all is lacking: no instruction of any group is left."""
    made = deepcopy(func)
    expand(made, ALL)
    verify(made)
    for block in made.layout:
        for i in made.block_insts[block]:
            node = made.insts[i]
            assert (node[0], node[1]) not in ALL, print_function(made)
            assert len(node) == 3 or (node[0], made.value_types[node[3]]) not in ALL, print_function(made)
    return made


def outcome(func: Function, arguments: list[int]) -> object:
    """Results, any NaN as one, or the trap."""
    callees = [library.make(symbol) for symbol in library.needed([f.name for f in func.ext_funcs])]
    try:
        results = Interpreter([func, *callees]).call("f", arguments)
    except Trap as trap:
        return trap.code
    return [_one_nan(value, param.type) for value, param in zip(results, func.sig.returns)]


def _one_nan(value: int, t: ty.Type) -> object:
    lane = ty.LANE[t]
    if lane not in ieee.FORMATS:
        return value
    lanes = [value >> ty.BITS[lane] * k & ty.MASK[lane] for k in range(ty.LANES[t])]
    return ["NaN" if ieee.is_nan(x, ieee.FORMATS[lane]) else x for x in lanes]


@pytest.mark.parametrize("name", [name for name, choices in CHOICES.items() if choices])
def test_expansion_means_the_same(name: str) -> None:
    r = Random(name)
    for choice in CHOICES[name]:
        for _ in range(3):
            func = function(choice, r)
            made = expanded(func)
            for _ in range(2):
                arguments = [value_bits(r, t) for t in choice[2]]
                assert outcome(made, arguments) == outcome(func, arguments), f"{arguments}\n{print_function(made)}"


@pytest.mark.parametrize("name", [name for name, choices in CHOICES.items() if choices and op.BY_NAME[name] in PROVEN])
def test_proven_forms_mean_the_same_where_nothing_traps(name: str) -> None:
    r = Random(name)
    compared = 0
    for number, control, arg_types, result_types in CHOICES[name]:
        func = function((number, control, arg_types, result_types), r)
        made = expanded(function((PROVEN[number], control, arg_types, result_types), r))
        for _ in range(6):
            arguments = [value_bits(r, t) for t in arg_types]
            expected = outcome(func, arguments)
            if isinstance(expected, list):
                assert outcome(made, arguments) == expected, f"{arguments}\n{print_function(made)}"
                compared += 1
    assert compared > 3


def test_every_pair_of_every_group_is_tried() -> None:
    tried = {(c[0], t) for choices in CHOICES.values() for c in choices for t in (c[1], *c[2][:1])}
    tried |= {(PROVEN[o], t) for o, t in tried if o in PROVEN}
    left = {(o, t) for o, t in ALL - tried if o not in _MEMORY}
    assert {f"{op.NAME[o]}.{ty.NAME[t]}" for o, t in left} == {"fpromote.f16x32", "fdemote.f16x32"}  # there is no f32x32


@pytest.mark.parametrize("operation", [*OPERATIONS, "store"])
def test_atomics(operation: str) -> None:
    for flags in (0, NOTRAP):
        func = Function("f", signature([ty.I128, ty.I128], [ty.I128, ty.I128]))
        func.stack_slot(16, 4)
        block = func.block()
        old, x = func.param(block, ty.I128), func.param(block, ty.I128)
        address = func.value(block, (op.STACK_ADDR, ty.I64, (0, 0)), ty.I64)
        func.append(block, (op.STORE_, ty.I128, (0, 0), old, address))
        if operation == "store":
            func.append(block, (op.ATOMIC_STORE, ty.I128, flags, x, address))
            found = old
        else:
            found = func.value(block, (op.ATOMIC_RMW, ty.I128, (flags, operation), address, x), ty.I128)
        now = func.value(block, (op.LOAD_, ty.I128, (0, 0), address), ty.I128)
        func.append(block, (op.RETURN, 0, None, found, now))
        made = expanded(func)
        r = Random(operation)
        for _ in range(3):
            arguments = [value_bits(r, ty.I128), value_bits(r, ty.I128)]
            assert outcome(made, arguments) == outcome(func, arguments)
