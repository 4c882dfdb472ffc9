"""Random programs of nested try statements and loops: decorated and undecorated, the same outcome."""

from __future__ import annotations

import random

import pytest

import jitpy

CLASSES = ("ZeroDivisionError", "ValueError", "IndexError", "ArithmeticError", "LookupError", "Exception", "(ValueError, KeyError)")


class Writer:
    """Writes one function; ``budget`` bounds its statements."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.lines: list[str] = []
        self.budget = 22
        self.loops = 0

    def block(self, depth: int, in_loop: bool, in_handler: bool = False) -> None:
        for _ in range(self.random.randint(1, 3)):
            self.statement(depth, in_loop, in_handler)

    def put(self, depth: int, text: str) -> None:
        self.lines.append("    " * depth + text)

    def statement(self, depth: int, in_loop: bool, in_handler: bool) -> None:
        self.budget -= 1
        r = self.random
        choice = r.random()
        if self.budget < 0 or depth > 5 or choice < 0.4:
            self.put(depth, r.choice((
                f"s = s * 3 + {r.randint(1, 9)}", f"s += 60 // (k - {r.randint(0, 4)})", f"s += v[k + {r.randint(-3, 2)}]",
                "k += 1", f"v[{r.randint(0, 2)}] = s % 100", f"s -= divide(s, k - {r.randint(0, 3)})",
            )))  # fmt: skip
        elif choice < 0.55:
            self.put(depth, f"if k > {r.randint(0, 4)}:")
            self.block(depth + 1, in_loop, in_handler)
            if r.random() < 0.5:
                self.put(depth, "else:")
                self.block(depth + 1, in_loop, in_handler)
        elif choice < 0.65:
            self.loops += 1
            self.put(depth, f"for i{self.loops} in range({r.randint(1, 4)}):")
            self.put(depth + 1, f"k += i{self.loops} - 1")
            self.block(depth + 1, True, in_handler)
        elif choice < 0.7:
            text = r.choice(("raise ValueError('a')", "raise KeyError(s)", "return s, k, v"))
            self.put(depth, f"if s % {r.randint(2, 5)} == 0:")
            self.put(depth + 1, text)
        elif choice < 0.75 and in_loop:
            self.put(depth, f"if k > {r.randint(1, 5)}:")
            self.put(depth + 1, r.choice(("break", "continue")))
        elif choice < 0.8 and in_handler:
            self.put(depth, "if s > 50:")
            self.put(depth + 1, "raise")
        else:
            self.put(depth, "try:")
            self.block(depth + 1, in_loop, in_handler)
            handlers = r.randint(0, 2)
            for _ in range(handlers):
                self.put(depth, f"except {r.choice(CLASSES)}:")
                self.block(depth + 1, in_loop, True)
            if handlers and r.random() < 0.4:
                self.put(depth, "else:")
                self.block(depth + 1, in_loop, in_handler)
            if not handlers or r.random() < 0.4:
                self.put(depth, "finally:")
                self.block(depth + 1, False, in_handler)

    def function(self):
        self.put(0, "def f(s, k, v):")
        while self.budget > 0:
            self.block(1, False)
        self.put(1, "return s, k, v")
        return "\n".join(self.lines)


def divide(a, b):
    if b < -50:
        return a
    return a // b


def outcome(function, s, k):
    v = [1, 2, 3]
    try:
        return "returned", function(s, k, v), v
    except Exception as error:
        return "raised", type(error), v


@pytest.mark.parametrize("seed", range(12))
def test_same_outcome(seed: int) -> None:
    text = Writer(seed).function()
    namespace: dict[str, object] = {"divide": divide}
    exec(text, namespace)
    function = namespace["f"]
    compiled = jitpy.jit(function)
    for s, k in ((1, 1), (0, 0), (7, 3), (20, 2), (5, -2), (2, 9)):
        expected = outcome(function, s, k)
        if expected[0] == "returned" and max(map(abs, expected[1][:2])) >= 2**63:
            continue
        assert outcome(compiled, s, k) == expected, text
