"""Random chains of tail calls among functions with different arguments: the interpreter and machine code agree.

Each function counts down and goes on at another one, directly or by pointer, with its own arguments in other places and a
few constants; the last returns a checksum of what it got and several results. Some go through a try_call on the way.
"""

from __future__ import annotations

import random

import pytest
from jitpy.backend import isa
from jitpy.backend.filetests.engines import settings
from jitpy.backend.filetests.native import load_functions
from jitpy.backend.interp.interpreter import Interpreter
from jitpy.backend.text.parser import parse_functions

TYPES = ("i64", "i32", "i8", "i128", "f64", "f32", "f128", "i32x4")
RETURNS = "i64, i64, f64, i128"


def module(seed: int) -> str:
    """Functions %f0 ... and %entry, which calls the first."""
    rng = random.Random(seed)
    params = [["i64", *rng.choices(TYPES, k=rng.choice((1, 3, 8, 14, 22)))] for _ in range(5)]
    text = "".join(function(rng, k, params) for k in range(len(params)))
    constants, arguments = constant_list(100, params[0][1:])
    return (
        text + f"function %entry(i64) -> {RETURNS} {{\n fn0 = colocated %f0({', '.join(params[0])}) -> {RETURNS} tail\n"
        f"block0(v0: i64):\n{constants} v1, v2, v3, v4 = call fn0({', '.join(['v0', *arguments])})\n return v1, v2, v3, v4\n}}\n"
    )


def constant_list(first: int, types: list[str]) -> tuple[str, list[str]]:
    """Instructions that make a value of each type, from number ``first`` on, and their names."""
    text, names = "", []
    for k, t in enumerate(types):
        v = first + 4 * k
        number = 7 * k + 3
        text += {
            "i128": f" v{v + 1} = iconst.i64 {number}\n v{v} = iconcat v{v + 1}, v{v + 1}\n",
            "f64": f" v{v} = f64const 0x{number:x}.8\n", "f32": f" v{v} = f32const 0x{number:x}.4\n",
            "f128": f" v{v + 1} = f64const 0x{number:x}.2\n v{v} = fpromote.f128 v{v + 1}\n",
            "i32x4": f" v{v + 1} = iconst.i32 {number}\n v{v} = splat.i32x4 v{v + 1}\n",
        }.get(t, f" v{v} = iconst.{t} {number}\n")  # fmt: skip
        names.append(f"v{v}")
    return text, names


def function(rng: random.Random, k: int, params: list[list[str]]) -> str:
    """Function k: counts v0 down, then goes on at another, or ends."""
    mine, goal = params[k], rng.randrange(len(params))
    theirs = params[goal]
    signature = f"({', '.join(theirs)}) -> {RETURNS} tail"
    head = ", ".join(f"v{i}: {t}" for i, t in enumerate(mine))
    constants, names = constant_list(1000, theirs[1:])
    passed = []
    for name, t in zip(names, theirs[1:]):
        same = [i for i, own in enumerate(mine) if own == t and i]
        passed.append(f"v{rng.choice(same)}" if same and rng.random() < 0.8 else name)
    arguments = ", ".join(["v900", *passed])
    call = {
        0: f" return_call fn0({arguments})\n",
        1: f" v902 = func_addr.i64 fn0\n return_call_indirect sig0, v902({arguments})\n",
        2: f" try_call fn0({arguments}), sig0, block3(ret0, ret1, ret2, ret3), [ tag1: block2 ]\n"
        "block3(v910: i64, v911: i64, v912: f64, v913: i128):\n v914 = bxor v910, v0\n return v914, v911, v912, v913\n",
    }[rng.choice((0, 0, 1, 2))]
    return (
        f"function %f{k}({', '.join(mine)}) -> {RETURNS} tail {{\n sig0 = {signature}\n fn0 = colocated %f{goal}{signature}\n"
        f"block0({head}):\n brif v0, block1, block2\n"
        f"block1:\n v901 = iconst.i64 1\n v900 = isub v0, v901\n{constants}{call}"
        f"block2:\n{checksum(mine)}}}\n"
    )


def checksum(types: list[str]) -> str:
    """Returns what the parameters add up to, as four results."""
    text, total = " v500 = iconst.i64 17\n", 500
    for i, t in enumerate(types):
        v = total + 1
        text += {
            "i32": f" v{v} = uextend.i64 v{i}\n", "i8": f" v{v} = uextend.i64 v{i}\n",
            "i128": f" v{v}, v{v + 1} = isplit v{i}\n", "f64": f" v{v} = bitcast.i64 v{i}\n",
            "f32": f" v{v + 1} = bitcast.i32 v{i}\n v{v} = uextend.i64 v{v + 1}\n",
            "f128": f" v{v + 1} = fdemote.f64 v{i}\n v{v} = bitcast.i64 v{v + 1}\n",
            "i32x4": f" v{v + 1} = extractlane v{i}, 3\n v{v} = uextend.i64 v{v + 1}\n",
        }.get(t, "")  # fmt: skip
        text += f" v{v + 2} = rotl v{total}, v{total}\n v{v + 3} = iadd v{v + 2}, v{v if t != 'i64' else i}\n"
        total = v + 3
    text += f" v{total + 1} = bnot v{total}\n v{total + 2} = fcvt_from_sint.f64 v{total}\n v{total + 3} = uextend.i128 v{total}\n"
    return text + f" return v{total}, v{total + 1}, v{total + 2}, v{total + 3}\n"


@pytest.mark.parametrize("level", ["none", "speed"])
@pytest.mark.parametrize("seed", range(12))
def test_chains(seed: int, level: str) -> None:
    if isa.host_name() not in isa.NAMES.values():
        pytest.skip("this host has no target")
    text = module(seed)
    call = load_functions(parse_functions(text), isa.host(), settings(level))
    interpreter = Interpreter(parse_functions(text))
    for depth in (0, 1, 2, 3, 40, 41):
        assert call("entry", [depth]) == interpreter.call("entry", [depth]), f"seed {seed}, {depth} calls"
