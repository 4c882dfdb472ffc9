"""Random functions on vectors: operands are often the same, often constants, so that rules meet what they look for."""

from __future__ import annotations

import random
from typing import Any

from jitpy.backend.ir import ieee
from jitpy.backend.ir import types as T

INTS = (T.I8X16, T.I16X8, T.I32X4, T.I64X2)
FLOATS = (T.F32X4, T.F64X2)
BINARY = (
    "iadd", "isub", "imul", "band", "bor", "bxor", "uadd_sat", "sadd_sat", "usub_sat", "ssub_sat", "avg_round", "umin", "umax",
    "smin", "smax",
)  # fmt: skip
FLOAT_BINARY = ("fadd", "fsub", "fmul", "fdiv", "fmin", "fmax", "fcopysign")
FLOAT_UNARY = ("sqrt", "fneg", "fabs", "ceil", "floor", "trunc", "nearest")
CONDITIONS = ("eq", "ne", "slt", "sle", "sgt", "ult", "ule", "uge", "ugt")


class Writer:
    """A random function of one vector type and its lane; ``scale``: vectors of 128 bits times this."""

    def __init__(self, seed: int, scale: int = 1) -> None:
        self.random = rng = random.Random(seed)
        self.type = rng.choice(INTS if rng.random() < 0.85 else FLOATS) + 16 * (scale.bit_length() - 1)
        self.lane = T.LANE[self.type]
        self.is_int = self.lane <= T.I64
        self.lines: list[str] = []
        self.count = 10
        self.vectors = ["v0", "v1"]
        self.scalars = ["v2"]
        name, size = T.NAME[self.type], T.BYTES[self.type]
        if not self.is_int:
            one = (1.0).hex()
            self.scalars.append(self.add(f"{T.NAME[self.lane]}const {rng.choice((one, '-0x1.0p1', '0.0', '-0.0', '0x1.0p-1'))}"))
        if self.is_int:
            lane = size // T.LANES[self.type]
            for data in (bytes(size), b"\xff" * size, (1).to_bytes(lane, "little") * T.LANES[self.type]):
                self.vectors.append(self.add(f"vconst.{name} 0x{data[::-1].hex()}"))
            self.scalars.append(self.add(f"iconst.{T.NAME[self.lane]} {rng.choice((0, 1, 4))}"))
        self.scalars_as_vectors = [self.add(f"splat.{name} {s}") for s in self.scalars]
        self.vectors += self.scalars_as_vectors

    def add(self, text: str) -> str:
        value = f"v{self.count}"
        self.count += 1
        self.lines.append(f"    {value} = {text}")
        return value

    def vector(self) -> str:
        return self.random.choice(self.vectors[-3:] if self.random.random() < 0.4 else self.vectors)

    def step(self) -> None:
        rng = self.random
        x = self.vector()
        y = x if rng.random() < 0.25 else self.vector()
        lane = rng.randrange(min(T.LANES[self.type], 3))
        kind = rng.randrange(12)
        name = T.NAME[self.type]
        if not self.is_int and kind < 8:
            self.vectors.append(self.add(rng.choice((f"{rng.choice(FLOAT_BINARY)} {x}, {y}", f"{rng.choice(FLOAT_UNARY)} {x}"))))
        elif kind == 3 and T.LANE[self.type] < T.I64 and rng.random() < 0.3:
            sign = rng.choice("su")
            halves = [self.add(f"{sign}widen_{half} {x}") for half in ("low", "high")]
            self.vectors.append(self.add(f"{rng.choice(('snarrow', 'unarrow', 'uunarrow'))} {', '.join(halves)}"))
            self.vectors.append(self.add(f"iadd_pairwise {x}, {y}"))
        elif kind < 4:
            self.vectors.append(self.add(f"{rng.choice(BINARY)} {x}, {y}"))
        elif kind == 4:
            made = self.add(f"{rng.choice(('bnot', 'ineg', 'iabs'))} {x}")
            self.vectors.append(self.add(f"{rng.choice(('band', 'bor'))} {made}, {y}") if rng.random() < 0.3 else made)
        elif kind == 5:
            self.vectors.append(self.add(f"icmp {rng.choice(CONDITIONS)} {x}, {y}"))
        elif kind == 6:
            mask = self.add(f"icmp {rng.choice(CONDITIONS)} {x}, {y}") if rng.random() < 0.5 else self.vector()
            op = rng.choice(("bitselect", "bitselect", "bitselect", "blendv"))
            pair = rng.sample((x, y), 2) if rng.random() < 0.6 else (self.vector(), self.vector())
            self.vectors.append(self.add(f"{op} {mask}, {', '.join(pair)}"))
        elif kind == 7:
            self.vectors.append(self.add(f"{rng.choice(('ishl', 'ushr', 'sshr'))} {x}, {rng.choice(('v3', self.scalars[1]))}"))
        elif kind == 8:
            self.scalars.append(self.add(f"extractlane {x}, {lane if rng.random() < 0.7 else 0}"))
        elif kind == 9:
            base = rng.choice(self.scalars_as_vectors) if rng.random() < 0.3 else x
            self.vectors.append(self.add(f"insertlane {base}, {rng.choice(self.scalars)}, {lane}"))
        elif kind == 10:
            op = rng.choice(("splat", "scalar_to_vector"))
            self.vectors.append(self.add(f"{op}.{name} {rng.choice(self.scalars)}"))
        elif self.type == T.I8X16:
            masks = [list(range(16)), list(range(16, 32)), *[[rng.randrange(n) for _ in range(16)] for n in (16, 32)]]
            mask = " ".join(map(str, rng.choice(masks)))
            self.vectors.append(self.add(f"swizzle {x}, {y}" if rng.random() < 0.5 else f"shuffle {x}, {y}, [{mask}]"))
        elif not self.is_int:
            condition = self.add(f"fcmp {rng.choice(('lt', 'ge', 'eq', 'uno'))} {x}, {y}")
            inverse = self.add(f"bnot {condition}")
            self.vectors.append(self.add(f"bitcast.{name} little {inverse}"))
        else:
            if rng.random() < 0.5:
                x = self.add(f"icmp {rng.choice(('ne', 'ne', 'slt'))} {x}, {self.vectors[2]}")
            truth = self.add(f"{rng.choice(('vany_true', 'vall_true', 'vhigh_bits.i8'))} {x}")
            extended = truth if self.lane == T.I8 else self.add(f"uextend.{T.NAME[self.lane]} {truth}")
            self.scalars.append(extended)

    def text(self) -> str:
        for _ in range(self.random.randint(4, 14)):
            self.step()
        name, lane = T.NAME[self.type], T.NAME[self.lane]
        head = [f"function %f({name}, {name}, {lane}, i32) -> {name}, {lane}, {name} {{"]
        head += [f"block0(v0: {name}, v1: {name}, v2: {lane}, v3: i32):"]
        results = f"{self.vectors[-1]}, {self.scalars[-1]}, {self.vectors[-2]}"
        return "\n".join([*head, *self.lines, f"    return {results}", "}"])


def canonical(value: int, type: int) -> Any:
    if T.LANE[type] not in ieee.FORMATS:
        return value
    format, bits = ieee.FORMATS[T.LANE[type]], T.LANE_BITS[type]
    lanes = [value >> i & ((1 << bits) - 1) for i in range(0, T.BITS[type], bits)]
    return ["nan" if ieee.is_nan(x, format) else x for x in lanes]
