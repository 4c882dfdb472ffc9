"""Every rule of the mid-end, on functions made from its own left side: it fires, and the function computes what it computed."""

from __future__ import annotations

import random

import pytest
from jitpy.backend.analysis.verifier import find_errors, verify
from jitpy.backend.filetests.random_values import value_bits
from jitpy.backend.interp.interpreter import Interpreter
from jitpy.backend.interp.meaning import Trap
from jitpy.backend.ir import types as ty
from jitpy.backend.ir.function import Function
from jitpy.backend.opt import optimize_counting
from jitpy.backend.text.parser import parse_function
from jitpy.backend.text.printer import print_function
from rule_instances import Misfit, instance, rules

RULES = rules()
#: Functions on which each rule must have fired, and how many are tried to that end.
WANTED, TRIES = 6, 3000
#: Float type -> bits of its infinity: what is above, but for the sign, is a NaN.
_INFINITY = {ty.F16: 0x7C00, ty.F32: 0x7F800000, ty.F64: 0x7FF << 52, ty.F128: 0x7FFF << 112}


@pytest.mark.parametrize("name", RULES)
def test_rule(name: str) -> None:
    r = random.Random(name)
    fired = 0
    for _ in range(TRIES):
        try:
            func = instance(RULES[name], r)
        except Misfit:
            continue
        if find_errors(func):
            continue
        text = print_function(func)
        optimized = parse_function(text)
        if optimize_counting(optimized).get(name):
            verify(optimized)
            agree(func, optimized, text, r)
            fired += 1
            if fired == WANTED:
                return
    assert fired, f"{name} never fired"


def agree(func: Function, optimized: Function, text: str, r: random.Random) -> None:
    """Both give the same on a few arguments."""
    for _ in range(8):
        arguments = [value_bits(r, p.type) for p in func.sig.params]
        if arguments and r.random() < 0.3:
            arguments = [arguments[0] & ty.MASK[p.type] for p in func.sig.params]
        expected, got = outcome(func, arguments), outcome(optimized, arguments)
        if isinstance(expected, str) and "_proven" in text:
            continue  # what was promised does not hold for these
        assert expected == got, f"{arguments}: {expected} became {got}\n{text}\n{print_function(optimized)}"


def outcome(func: Function, arguments: list[int]) -> object:
    """Results, any NaN as one, or the trap."""
    try:
        results = Interpreter([func]).call("f", arguments)
    except Trap as trap:
        return trap.code
    return [_one_nan(value, param.type) for value, param in zip(results, func.sig.returns)]


def _one_nan(value: int, type: ty.Type) -> object:
    lane = ty.LANE[type]
    if lane not in _INFINITY:
        return value
    bits = ty.LANE_BITS[type]
    lanes = [value >> bits * k & ty.MASK[lane] for k in range(ty.LANES[type])]
    return ["NaN" if x & ty.MASK[lane] >> 1 > _INFINITY[lane] else x for x in lanes]
