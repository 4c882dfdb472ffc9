"""The mid-end's rules for vectors: on random functions that try to meet them, interpreter before and after; each rule fires."""

from __future__ import annotations

import random
import types as python_types
from typing import Any

import pytest
from jitpy.backend import opt
from jitpy.backend.analysis.verifier import verify
from jitpy.backend.interp.interpreter import Interpreter
from jitpy.backend.ir import types as T
from jitpy.backend.isle.driver import compile_files
from jitpy.backend.opt import vector
from jitpy.backend.opt.egraph import EGraph
from jitpy.backend.text.parser import parse_functions
from jitpy.backend.text.printer import print_function
from random_vectors import Writer, canonical

FUNCTIONS = 1500


def counted() -> Any:
    """The rules, built with counters."""
    host = vector.host()
    host.count_rules()
    module = python_types.ModuleType("counted")
    exec(compile_files(vector.SOURCES, host), module.__dict__)
    return module


@pytest.fixture(scope="module")
def module() -> Any:
    return counted()


def test_random_functions(module: Any) -> None:
    graph = EGraph()
    graph._vector_rule = vector.rules(graph, graph._table, module)
    kept = opt._egraph[:]
    opt._egraph[:] = [graph]
    try:
        for seed in range(FUNCTIONS):
            writer = Writer(seed)
            text = writer.text()
            func, optimized = parse_functions(text)[0], parse_functions(text)[0]
            verify(func)
            opt.optimize(optimized)
            verify(optimized)
            returns = [r.type for r in func.sig.returns]
            rng = random.Random(seed)
            for _ in range(3):
                given = [rng.getrandbits(T.BITS[p.type]) for p in func.sig.params]
                if rng.random() < 0.3:
                    given[0] = given[1]
                before = Interpreter([func], {}).call("f", given)
                after = Interpreter([optimized], {}).call("f", given)
                for a, b, t in zip(before, after, returns):
                    assert canonical(a, t) == canonical(b, t), f"seed {seed}\n{text}\n{print_function(optimized)}"
    finally:
        opt._egraph[:] = kept
    idle = [f"{name} {where}" for (name, where), fired in zip(module.RULES, module.FIRED) if not fired]
    assert not idle, f"{len(idle)} rules never fired: {idle}"


def optimized(body: str, params: str, returns: str) -> str:
    func = parse_functions(f"function %f({params}) -> {returns} {{\nblock0({body}\n}}")[0]
    opt.optimize(func)
    return print_function(func)


def test_constants_fold_by_the_interpreter() -> None:
    body = """):
        v0 = iconst.i16 -3
        v1 = splat.i16x8 v0
        v2 = iabs v1
        v3 = snarrow v1, v2
        v4 = vhigh_bits.i32 v3
        return v4"""
    text = optimized(body, "", "i32")
    assert "iconst.i32 255" in text and "splat" not in text


def test_a_nan_is_left_to_the_machine() -> None:
    text = optimized("):\n v0 = f64const 0.0\n v1 = splat.f64x2 v0\n v2 = fdiv v1, v1\n return v2", "", "f64x2")
    assert "fdiv" in text
