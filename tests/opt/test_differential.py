"""What the mid-end makes of a function computes what the function computed: interpreter before and after, on random functions."""

from __future__ import annotations

import pytest
from jitpy.backend.analysis.verifier import verify
from jitpy.backend.interp.interpreter import Interpreter
from jitpy.backend.opt import optimize
from jitpy.backend.text.parser import parse_functions
from jitpy.backend.text.printer import print_function
from random_clif import Generator, equal


@pytest.mark.parametrize("chunk", range(20))
def test_random_functions(chunk: int) -> None:
    for seed in range(chunk * 25, chunk * 25 + 25):
        generator = Generator(seed)
        func = generator.build(generator.random.randint(3, 40))
        verify(func)
        text = print_function(func)
        arguments = [generator.arguments() for _ in range(4)]
        expected = [Interpreter([func], {}).call("f", list(a), fuel=100_000) for a in arguments]
        optimized = parse_functions(text)[0]
        optimize(optimized)
        verify(optimized)
        for a, e in zip(arguments, expected):
            got = Interpreter([optimized], {}).call("f", list(a), fuel=100_000)
            assert equal(generator.result, e[0], got[0]), (
                f"seed {seed}, {a}: {e} became {got}\n{text}\n{print_function(optimized)}"
            )
