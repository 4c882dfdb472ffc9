"""Random Python functions for differential tests: scalars and arrays, branches, loops, helper calls, from a seed.

A program is source text of a function ``f(a, b, x, y, u, v)``: two ints, two floats, two one-dimensional arrays. It always
terminates: loops are counted by constants or by array lengths.
"""

from __future__ import annotations

import random

import numpy as np

DTYPES = ("int8", "uint8", "int16", "int32", "uint32", "int64", "uint64", "float32", "float64", "bool", "complex128")


class Generator:
    """Writes one program; ``names`` are variables known to be set, by rough kind (i, f, e: element of unknown kind)."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.names = {"i": ["a", "b"], "f": ["x", "y"], "e": []}
        self.arrays = ["u", "v"]
        self.lines: list[str] = []
        self.depth = 1
        self.fresh = 0

    def new(self, kind: str) -> str:
        self.fresh += 1
        name = f"{kind}{self.fresh}"
        return name

    def line(self, text: str) -> None:
        self.lines.append("    " * self.depth + text)

    def integer(self, depth: int = 2) -> str:
        r = self.random
        if depth == 0 or r.random() < 0.3:
            return r.choice([*self.names["i"], str(r.choice([0, 1, 2, 3, 5, 7, 10, 100, -1, -3]))])
        kind = r.random()
        x, y = self.integer(depth - 1), self.integer(depth - 1)
        if kind < 0.45:
            return f"({x} {r.choice('+-*')} {y})"
        if kind < 0.6:
            return f"({x} {r.choice(['//', '%'])} {r.choice(['3', '-4', '7', y])})"
        if kind < 0.75:
            return f"({x} {r.choice('&|^')} {y})"
        if kind < 0.8:
            return f"({x} {r.choice(['<<', '>>'])} {r.choice(['1', '3', '(' + y + ' & 7)'])})"
        if kind < 0.9:
            return r.choice([f"abs({x})", f"min({x}, {y})", f"max({x}, {y})", f"-{x}", f"~{x}"])
        return r.choice([
            f"len({r.choice(self.arrays)})", f"int({self.floating(depth - 1)})", f"({x} if {self.condition()} else {y})",
        ])  # fmt: skip

    def floating(self, depth: int = 2) -> str:
        r = self.random
        if depth == 0 or r.random() < 0.3:
            return r.choice([*self.names["f"], str(r.choice([0.0, 1.0, 0.5, -2.5, 3.25, 1e10]))])
        kind = r.random()
        x, y = self.floating(depth - 1), self.floating(depth - 1)
        if kind < 0.5:
            return f"({x} {r.choice('+-*')} {y})"
        if kind < 0.6:
            return f"({x} {r.choice(['/', '//', '%'])} {y})"
        if kind < 0.7:
            return f"({x} {r.choice('+-*')} {self.integer(depth - 1)})"
        if kind < 0.8:
            return r.choice([f"math.sqrt(abs({x}))", f"math.floor({x})", f"float({self.integer(0)})", f"math.fabs({x})"])
        return r.choice([f"min({x}, {y})", f"max({x}, {y})", f"abs({x})", f"({x} if {self.condition()} else {y})"])

    def index(self) -> str:
        r = self.random
        return r.choice([*self.names["i"], "0", "-1", "1", f"({r.choice(self.names['i'])} % 5)", "2"])

    def element(self, depth: int = 2) -> str:
        r = self.random
        if depth == 0 or r.random() < 0.35:
            choices = [f"{r.choice(self.arrays)}[{self.index()}]"]
            return r.choice([*choices, *self.names["e"]])
        kind = r.random()
        x = self.element(depth - 1)
        y = r.choice([self.element(depth - 1), str(r.choice([1, 2, 3, 0.5, 2.0]))])
        if kind < 0.6:
            return f"({x} {r.choice('+-*')} {y})"
        if kind < 0.7:
            return f"({x} / {y})"
        return r.choice([f"np.minimum({x}, {y})", f"abs({x})", f"np.sqrt(abs({x}))", f"({x} if {self.condition()} else {x})"])

    def condition(self) -> str:
        r = self.random
        kind = r.random()
        cc = r.choice(["<", "<=", "==", "!=", ">", ">="])
        if kind < 0.5:
            return f"{r.choice(self.names['i'])} {cc} {self.integer(0)}"
        if kind < 0.8:
            return f"{r.choice(self.names['f'])} {cc} {self.floating(0)}"
        return f"({r.choice(self.names['i'])} {cc} 2 {r.choice(['and', 'or'])} not {r.choice(self.names['f'])} > 1.5)"

    def statement(self, nesting: int) -> None:
        r = self.random
        kind = r.random()
        if kind < 0.2:
            name = self.new("i")
            self.line(f"{name} = {self.integer()}")
            self.names["i"].append(name)
        elif kind < 0.35:
            name = self.new("f")
            self.line(f"{name} = {self.floating()}")
            self.names["f"].append(name)
        elif kind < 0.45:
            name = self.new("e")
            self.line(f"{name} = {self.element()}")
            self.names["e"].append(name)
        elif kind < 0.55:
            self.line(f"{r.choice(self.arrays)}[{self.index()}] = {r.choice([self.element, self.integer])()}")
        elif kind < 0.62:
            self.line(f"{r.choice(self.arrays)}[{self.index()}] {r.choice('+-*')}= {r.choice([self.element, self.integer])()}")
        elif kind < 0.7:
            name = r.choice(self.names[r.choice("if")])
            # No *= on ints: in nested loops CPython's would grow for minutes.
            is_int = name[0] in "abi"
            self.line(f"{name} {r.choice('+-' if is_int else '+-*')}= {self.integer(1) if is_int else self.floating(1)}")
        elif kind < 0.82 and nesting:
            self.block(f"if {self.condition()}:", nesting)
            if r.random() < 0.5:
                self.block("else:", nesting)
        elif nesting:
            i = self.new("i")
            header = r.choice([
                f"for {i} in range({r.choice(['3', '5', 'len(u)', 'v.shape[0]'])}):",
                f"for {i} in range({r.choice(['0', '1', '2'])}, {r.choice(['len(u)', '6'])}, {r.choice(['1', '2'])}):",
                f"for {i} in range(len(v) - 1, -1, -1):",
            ])  # fmt: skip
            self.names["i"].append(i)
            self.block(header, nesting)
            self.names["i"].remove(i)
        else:
            self.line(f"x = {self.floating(1)}")

    def block(self, header: str, nesting: int) -> None:
        self.line(header)
        self.depth += 1
        before = {k: list(v) for k, v in self.names.items()}
        for _ in range(self.random.randint(1, 4)):
            self.statement(nesting - 1)
        if "for" in header and self.random.random() < 0.2:
            self.line(f"if {self.condition()}:")
            self.line(f"    {self.random.choice(['break', 'continue'])}")
        self.names = before
        self.depth -= 1

    def source(self) -> str:
        for _ in range(self.random.randint(3, 9)):
            self.statement(2)
        results = [self.random.choice(self.names[k]) for k in "if"] + self.names["e"][-1:]
        self.line(f"return {', '.join(results)}")
        return "def f(a, b, x, y, u, v):\n" + "\n".join(self.lines) + "\n"

    def arguments(self) -> tuple[object, ...]:
        r = self.random
        arrays = []
        for _ in range(2):
            dtype = r.choice(DTYPES)
            values = np.array([r.randint(0, 100) for _ in range(r.choice([5, 6, 8]))])
            array = values.astype(dtype)
            if dtype.startswith("float") and r.random() < 0.3:
                array[r.randrange(len(array))] = r.choice([np.nan, np.inf, -0.0])
            arrays.append(array[::-1] if r.random() < 0.2 else array)
        return (
            r.choice([0, 1, 2, 5, -3, 40]), r.choice([1, 2, 3, -7]), r.choice([0.0, 1.5, -2.25, 100.0]),
            r.choice([0.5, -0.0, 3.0]), *arrays,
        )  # fmt: skip
