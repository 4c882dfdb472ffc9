"""The mid-end's rules for vectors: on random functions that try to meet them, interpreter before and after.

`test_rules` holds that each of them fires; here they meet each other.
"""

from __future__ import annotations

import random
from collections import Counter

from jitpy.backend import opt
from jitpy.backend.analysis.verifier import verify
from jitpy.backend.interp.interpreter import Interpreter
from jitpy.backend.ir import types as T
from jitpy.backend.opt import vector
from jitpy.backend.text.parser import parse_functions
from jitpy.backend.text.printer import print_function
from random_vectors import Writer, canonical

FUNCTIONS = 1500


def test_random_functions() -> None:
    fired: Counter[str] = Counter()
    for seed in range(FUNCTIONS):
        text = Writer(seed).text()
        func, better = parse_functions(text)[0], parse_functions(text)[0]
        verify(func)
        fired.update(opt.optimize_counting(better))
        verify(better)
        returns = [r.type for r in func.sig.returns]
        rng = random.Random(seed)
        for _ in range(3):
            given = [rng.getrandbits(T.BITS[p.type]) for p in func.sig.params]
            if rng.random() < 0.3:
                given[0] = given[1]
            before, after = (Interpreter([f], {}).call("f", given) for f in (func, better))
            for a, b, t in zip(before, after, returns):
                assert canonical(a, t) == canonical(b, t), f"seed {seed}\n{text}\n{print_function(better)}"
    met = {name for name, _ in vector.module(counted=True).RULES} & set(fired)
    assert len(met) > 150, f"only {len(met)} rules fired"


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
