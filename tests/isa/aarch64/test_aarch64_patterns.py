"""Shapes that are one instruction: that they become it, and what they compute, under qemu against the interpreter."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from disassemble import disassembled
from jitpy.backend import isa
from jitpy.backend.emulation import programs
from jitpy.backend.filetests import emulated
from jitpy.backend.filetests.random_values import value_bits
from jitpy.backend.interp.interpreter import Interpreter
from jitpy.backend.pipeline import compile_function
from jitpy.backend.settings import Settings
from jitpy.backend.text.parser import parse_functions

FEATURES = {"has_dotprod": 1, "has_i8mm": 1, "has_lse": 1}


def dot(a: str, b: str, wide: str) -> str:
    return f"""(i8x16, i8x16, i32x4) -> i32x4 {{
block0(v0: i8x16, v1: i8x16, v2: i32x4):
    v3 = {a}_low v0
    v4 = {b}_low v1
    v5 = imul v3, v4
    v6 = {a}_high v0
    v7 = {b}_high v1
    v8 = imul v6, v7
    v9 = {wide}_low v5
    v10 = {wide}_high v5
    v11 = iadd_pairwise v9, v10
    v12 = {wide}_low v8
    v13 = {wide}_high v8
    v14 = iadd_pairwise v12, v13
    v15 = iadd_pairwise v11, v14
    v16 = iadd v15, v2
    return v16
}}"""


def of(signature: str, *lines: str) -> str:
    params, result = signature.split(" -> ")
    types = params.split()
    given = ", ".join(f"v{i}: {t}" for i, t in enumerate(types))
    body = "\n".join(f"    v{len(types) + i} = {line}" for i, line in enumerate(lines))
    return f"({', '.join(types)}) -> {result} {{\nblock0({given}):\n{body}\n    return v{len(types) + len(lines) - 1}\n}}"


#: Instruction -> a function without its name.
PATTERNS = {
    "sdot": dot("swiden", "swiden", "swiden"), "udot": dot("uwiden", "uwiden", "uwiden"),
    "usdot": dot("uwiden", "swiden", "swiden"),
    "mla": of("i16x8 i16x8 i16x8 -> i16x8", "imul v0, v1", "iadd v2, v3"),
    "mls": of("i16x8 i16x8 i16x8 -> i16x8", "imul v0, v1", "isub v2, v3"),
    "fmls": of("f32x4 f32x4 f32x4 -> f32x4", "fneg v0", "fma v3, v1, v2"),
    "smull2": of("i32x4 i32x4 -> i64x2", "swiden_high v0", "swiden_high v1", "imul v2, v3"),
    "uaddlp": of("i8x16 -> i16x8", "uwiden_low v0", "uwiden_high v0", "iadd_pairwise v1, v2"),
    "madd": of("i64 i64 i64 -> i64", "imul v0, v1", "iadd v3, v2"),
    "msub": of("i32 i32 i32 -> i32", "imul v0, v1", "isub v2, v3"),
    "smaddl": of("i32 i32 i64 -> i64", "sextend.i64 v0", "sextend.i64 v1", "imul v3, v4", "iadd v2, v5"),
    "umull": of("i32 i32 -> i64", "uextend.i64 v0", "uextend.i64 v1", "imul v2, v3"),
    "bic": of("i64 i64 -> i64", "bnot v0", "band v1, v2"),
    "eon": of("i32 i32 -> i32", "bnot v0", "bxor v1, v2"),
    "fnmul": of("f64 f64 -> f64", "fmul v0, v1", "fneg v2"),
    "fmsub": of("f64 f64 f64 -> f64", "fneg v0", "fma v3, v1, v2"),
    "fnmsub": of("f64 f64 f64 -> f64", "fneg v2", "fma v0, v1, v3"),
    "fnmadd": of("f64 f64 f64 -> f64", "fneg v2", "fneg v0", "fma v4, v1, v3"),
}  # fmt: skip


@pytest.mark.parametrize("name", PATTERNS)
def test_is_one_instruction(name: str, tmp_path: Path) -> None:
    func = parse_functions(f"function %f{PATTERNS[name]}")[0]
    code = compile_function(func, isa.lookup("aarch64", FEATURES), Settings("none", "linear")).code
    found = [text.split()[0] for _, text in disassembled("aarch64", code, tmp_path).values()]
    assert name in found, found
    assert len([m for m in found if m not in ("mov", "movi", "ret", "fmov")]) == 1, found


@pytest.mark.skipif(not programs.has("aarch64"), reason="no emulator for aarch64 here")
@pytest.mark.parametrize("level", ["none", "speed"])
def test_results(level: str) -> None:
    text = "\n".join(f"function %{name}{body}" for name, body in PATTERNS.items())
    functions = parse_functions(text)
    call = emulated.load_functions(parse_functions(text), isa.lookup("aarch64", FEATURES), Settings(level), True)
    interpreter = Interpreter(functions)
    rng = random.Random(5)
    for func in functions:
        for _ in range(12):
            args = [value_bits(rng, p.type) for p in func.sig.params]
            if func.name[0] == "f":  # numbers whose results are no NaN
                args = [0x4000000040000000400000004000 * (i + 1) & 0x7FEFFFFF7FEFFFFF7FEFFFFF7FEFFFFF for i, _ in enumerate(args)]
                args = [a & (1 << 64) - 1 if p.type < 16 else a for a, p in zip(args, func.sig.params)]
            assert call(func.name, args) == interpreter.call(func.name, args), (func.name, args)
