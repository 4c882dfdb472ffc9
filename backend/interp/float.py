"""Floating-point arithmetic, rounding and comparison, on bits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jitpy.backend.interp.int import compare_lanes
from jitpy.backend.interp.meaning import Evaluate, constant, float_lanes, meaning
from jitpy.backend.ir import ieee, types

FLOAT: dict[str, Callable[..., int]] = {
    "fadd": ieee.add,
    "fsub": ieee.sub,
    "fmul": ieee.mul,
    "fdiv": ieee.div,
    "sqrt": ieee.sqrt,
    "fma": ieee.fma,
    "fneg": lambda x, f: x ^ f.sign,
    "fabs": lambda x, f: x & (f.sign - 1),
    "fcopysign": lambda x, y, f: x & (f.sign - 1) | y & f.sign,
    "fmin": ieee.minimum,
    "fmax": ieee.maximum,
    "ceil": lambda x, f: ieee.round_integral(x, f, "ceil"),
    "floor": lambda x, f: ieee.round_integral(x, f, "floor"),
    "trunc": lambda x, f: ieee.round_integral(x, f, "trunc"),
    "nearest": lambda x, f: ieee.round_integral(x, f, "nearest"),
}

for _name, _function in FLOAT.items():
    meaning(_name)(float_lanes(_function))

#: Condition -> the outcomes of `ieee.compare` (None: unordered) for which it holds.
FLOAT_CONDITIONS: dict[str, tuple[int | None, ...]] = {
    "ord": (-1, 0, 1),
    "uno": (None,),
    "eq": (0,),
    "ne": (-1, 1, None),
    "one": (-1, 1),
    "ueq": (0, None),
    "lt": (-1,),
    "le": (-1, 0),
    "gt": (1,),
    "ge": (0, 1),
    "ult": (-1, None),
    "ule": (-1, 0, None),
    "ugt": (1, None),
    "uge": (0, 1, None),
}


@meaning("fcmp")
def _fcmp(type: types.Type, imm: Any, arg_types: tuple[types.Type, ...]) -> Evaluate:
    format, outcomes = ieee.FORMATS[types.LANE[type]], FLOAT_CONDITIONS[imm]
    return compare_lanes(type, lambda x, y: ieee.compare(x, y, format) in outcomes)


def _bits(type: types.Type, imm: Any, arg_types: tuple[types.Type, ...]) -> Evaluate:
    return constant(imm)


for _name in ("f16const", "f32const", "f64const"):
    meaning(_name)(_bits)


@meaning("f128const")
@meaning("vconst")
def _bytes(type: types.Type, imm: Any, arg_types: tuple[types.Type, ...]) -> Evaluate:
    return constant(int.from_bytes(imm, "little"))
