"""Chaos in the mid-end: any order of rewriting and any member of a class computes the same."""

from __future__ import annotations

import random

from jitpy.backend.analysis.verifier import find_errors, verify
from jitpy.backend.chaos import Chaos
from jitpy.backend.opt import optimize
from jitpy.backend.text.parser import parse_function
from jitpy.backend.text.printer import print_function
from rule_instances import Misfit, instance, rules
from test_rules import agree

RULES = rules()
SEEDS = range(1, 4)


def optimized(text: str, seed: int) -> str:
    func = parse_function(text)
    optimize(func, Chaos(seed))
    verify(func)
    return print_function(func)


def test_any_order_and_choice_computes_the_same() -> None:
    """On functions made from the rules' left sides, most of which come out in several ways."""
    r = random.Random(1)
    functions = several = 0
    for name in RULES:
        try:
            func = instance(RULES[name], r)
        except Misfit:
            continue
        if find_errors(func):
            continue
        text = print_function(func)
        ways = {optimized(text, seed) for seed in SEEDS}
        assert optimized(text, SEEDS[0]) in ways, "the same seed, the same code"
        functions += 1
        several += len(ways) > 1
        for way in ways:
            agree(func, parse_function(way), text, r)
    assert functions > len(RULES) / 2
    assert several > functions / 2, f"{several} of {functions} came out in several ways"
