"""Random Python functions over whole arrays: slices, broadcasting, reductions, masks, ufuncs, in-place operations, from a seed.

A program is source text of a function ``f(u, v, w, k, x)``: two tables of one shape, a line as long as their rows, an int, a float.
Names are kept by rank: 2 (shape of the tables), 1 (a row's length), 0.
"""

from __future__ import annotations

import random

import numpy as np

DTYPES = (
    "float64", "float64", "float64", "float32", "int64", "int32", "uint8", "int8", "uint64", "bool", "complex128", "float16",
)  # fmt: skip
BINARY = ("+", "*", "-", "+", "*", "+", "*", "/", "//", "%", "<", "==", ">=")
UNARY = ("np.abs", "np.sqrt", "np.sign", "np.square", "np.floor", "np.isnan", "np.negative", "np.logical_not", "np.exp")
PAIRS = ("np.maximum", "np.minimum", "np.add", "np.multiply", "np.logical_and", "np.hypot", "np.power", "np.fmod", "np.not_equal")
#: Functions whose last bit is the library's own are computed in doubles, for which the comparison leaves room in every result.
_DOUBLE = dict.fromkeys(("np.exp", "np.hypot", "np.power"), " * np.float64(1)")
FOLDS = ("sum", "min", "max", "mean", "prod", "any", "all", "argmax", "argmin", "std")
SLICES = (":", "1:", ":-1", "::-1", "::2", "-2:", "k:", ":k")


class Generator:
    """Writes one program."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.names: dict[int, list[str]] = {2: ["u", "v"], 1: ["w"], 0: ["k", "x"]}
        self.lines: list[str] = []
        self.fresh = 0

    def leaf(self, rank: int) -> str:
        r = self.random
        if rank == 0:
            return r.choice([*self.names[0], "2", "1", "0.5", "-1", "3", "w[1]", "u[0, 1]", "v[k, -1]", "w.size", "u.shape[0]"])
        if rank == 1:
            return r.choice([*self.names[1], *self.names[1], "u[0]", "v[-1]", "u[k]", "v.T[:, 0]", "w[::-1]"])
        return r.choice([*self.names[2], *self.names[2], "u[::-1]", "v[:, ::-1]", "u.T.T"])

    def expression(self, rank: int, depth: int = 2) -> str:
        r = self.random
        if depth == 0 or r.random() < 0.2:
            return self.leaf(rank)
        kind = r.random()
        if kind < 0.4:
            other = r.choice([rank, rank, r.randint(0, rank)])
            x, y = self.expression(rank, depth - 1), self.expression(other, depth - 1)
            if r.random() < 0.3:
                x, y = y, x
            return f"({x} {r.choice(BINARY)} {y})"
        if kind < 0.5:
            name = r.choice(UNARY)
            return f"{name}({self.expression(rank, depth - 1)}{_DOUBLE.get(name, '')})"
        if kind < 0.6:
            name = r.choice(PAIRS)
            x, y = self.expression(rank, depth - 1), self.expression(r.randint(0, rank), depth - 1)
            return f"{name}({x}{_DOUBLE.get(name, '')}, {y})"
        if kind < 0.7:
            condition = f"{self.expression(rank, depth - 1)} {r.choice(['<', '>', '!='])} {self.leaf(0)}"
            return f"np.where({condition}, {self.expression(rank, depth - 1)}, {self.expression(r.randint(0, rank), depth - 1)})"
        if kind < 0.8 and rank < 2:
            axis = "axis=0" if rank else ""
            return f"{self.expression(rank + 1 if rank else r.choice([1, 2]), depth - 1)}.{r.choice(FOLDS)}({axis})"
        if kind < 0.85 and rank == 2:
            return f"({self.leaf(2)} {r.choice('+-*')} {self.leaf(2)}.{r.choice(FOLDS)}(axis=1)[:, None])"
        if kind < 0.9:
            dtype = r.choice(["np.float64", "np.int32", "np.uint8", "np.float32", "bool"])
            return f"{self.expression(rank, depth - 1)}.astype({dtype})" if rank else self.leaf(0)
        if rank == 1:
            line = self.leaf(1)
            return r.choice([f"np.cumsum({line})", f"np.sort({line})", f"({self.leaf(2)} @ w)[:1] + w", f"{line}.copy()"])
        return self.leaf(rank)

    def statement(self) -> None:
        r = self.random
        kind = r.random()
        if kind < 0.4:
            rank = r.choice([2, 2, 1, 1, 0])
            self.fresh += 1
            name = f"t{self.fresh}"
            self.lines.append(f"{name} = {self.expression(rank)}")
            self.names[rank].append(name)
            return
        rank = r.choice([2, 1])
        target = r.choice(self.names[rank])
        op = r.choice(["=", "=", "+=", "-=", "*=", "*="])
        if kind < 0.6:
            part = r.choice(SLICES)
            source = r.choice([f"{self.leaf(rank)}[{r.choice([part, part, r.choice(SLICES)])}]", self.expression(0, 1)])
            self.lines.append(f"{target}[{part}] {op} {source}")
        elif kind < 0.7:
            self.lines.append(f"{target}[...] {op} {self.expression(rank, 1)}")
        elif kind < 0.8:
            self.lines.append(f"{target} {r.choice(['+=', '-=', '*='])} {self.expression(r.randint(0, rank), 1)}")
        elif kind < 0.9:
            self.lines.append(f"{target}[{target} > {self.leaf(0)}] {op} {self.leaf(0)}")
        elif rank == 2:
            at = r.choice(["0", "-1", "k", ":, 0", ":, k", "1:, 1", "k, 1:", "..., -1"])
            self.lines.append(f"{target}[{at}] {op} {self.expression(0, 1)}")
        else:
            self.lines.append(f"{target}[{r.choice(['0', '-1', 'k'])}] {op} {self.expression(0, 1)}")

    def source(self) -> str:
        for _ in range(self.random.randint(2, 6)):
            self.statement()
        results = [self.random.choice(self.names[rank]) for rank in (2, 1, 0)]
        self.lines.append(f"return {', '.join(results)}, {self.expression(self.random.randint(0, 2), 1)}")
        return "def f(u, v, w, k, x):\n" + "".join(f"    {line}\n" for line in self.lines)

    def arguments(self) -> tuple[object, ...]:
        r = self.random
        rows, columns = r.choice([(3, 4), (2, 5), (4, 4), (1, 3), (3, 1)])

        def values(shape: tuple[int, ...], dtype: str) -> np.ndarray:
            flat = [r.randint(-4, 9) if dtype[0] != "u" else r.randint(0, 9) for _ in range(int(np.prod(shape)))]
            array = np.array(flat).reshape(shape).astype(dtype)
            return array * array.dtype.type(0.75) if dtype[0] == "f" else array

        tables = []
        for _ in range(2):
            table = values((rows, columns), r.choice(DTYPES))
            table = np.asfortranarray(table) if r.random() < 0.25 else table
            tables.append(table)
        return (*tables, values((columns,), r.choice(DTYPES)), r.choice([0, 1, 2]), r.choice([0.5, -1.5, 2.0]))
