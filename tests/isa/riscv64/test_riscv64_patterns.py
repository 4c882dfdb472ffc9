"""Shapes that are one instruction: that they become it, and what they compute, in the emulator against the interpreter."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from disassemble import disassembled
from jitpy.backend.ir import types as T
from jitpy.backend.pipeline import compile_function
from jitpy.backend.settings import Settings
from jitpy.backend.text.parser import parse_function
from run import Check, here, random_value, scalar_function, target, vector_function

#: Instruction -> operand types, result type, lines: scalars (a0 a1 .. to r0).
SCALARS = {
    "bexti": ("i32", "i32", "v1 = iconst.i8 13\nv2 = ushr a0, v1\nv3 = iconst.i32 1\nr0 = band v2, v3"),
    "bext": ("i64 i64", "i64", "v2 = ushr a0, a1\nv3 = iconst.i64 1\nr0 = band v2, v3"),
    "bset": ("i64 i64", "i64", "v3 = iconst.i64 1\nv2 = ishl v3, a1\nr0 = bor v2, a0"),
    "binv": ("i64 i64", "i64", "v3 = iconst.i64 1\nv2 = ishl v3, a1\nr0 = bxor a0, v2"),
    "bclr": ("i64 i64", "i64", "v3 = iconst.i64 1\nv2 = ishl v3, a1\nv4 = bnot v2\nr0 = band a0, v4"),
    "slli.uw": ("i32", "i64", "v1 = uextend.i64 a0\nv2 = iconst.i8 9\nr0 = ishl v1, v2"),
    "pack": ("i32 i32", "i64", "r0 = iconcat a0, a1"), "packw": ("i16 i16", "i32", "r0 = iconcat a0, a1"),
    "packh": ("i8 i8", "i16", "r0 = iconcat a0, a1"),
    "fcvt.w.d": ("f64", "i32", "v1 = floor a0\nr0 = fcvt_to_sint_sat.i32 v1"),
    "fcvt.lu.s": ("f32", "i64", "v1 = ceil a0\nr0 = fcvt_to_uint_sat.i64 v1"),
    "fcvt.l.d": ("f64", "i32", "v1 = nearest a0\nr0 = fcvt_to_sint.i32 v1"),
    "fcvt.l.h": ("f16", "i8", "v1 = floor a0\nr0 = fcvt_to_uint.i8 v1"),
}  # fmt: skip
#: The same of vectors (v0 v1 .. to v100).
VECTORS = {
    "vmseq.vi": ("i32x4", "i32x4", "v1 = iconst.i32 -16\nv2 = splat.i32x4 v1\nv100 = icmp eq v0, v2"),
    "vmsgt.vi": ("i8x16", "i8x16", "v1 = iconst.i8 3\nv2 = splat.i8x16 v1\nv100 = icmp slt v2, v0"),
    "vmsltu.vx": ("i16x8 i16", "i16x8", "v2 = splat.i16x8 v1\nv100 = icmp uge v0, v2"),
    "vmfge.vf": ("f64x2 f64", "i64x2", "v2 = splat.f64x2 v1\nv100 = fcmp le v2, v0"),
    "vrsub.vx": ("i64x2 i64", "i64x2", "v2 = splat.i64x2 v1\nv100 = isub v2, v0"),
    "vfrdiv.vf": ("f32x4 f32", "f32x4", "v2 = splat.f32x4 v1\nv100 = fdiv v2, v0"),
    "vfmacc.vf": ("f32x4 f32x4 f32", "f32x4", "v3 = splat.f32x4 v2\nv100 = fma v0, v3, v1"),
    "vmacc.vv": ("i32x4 i32x4 i32x4", "i32x4", "v3 = imul v0, v1\nv100 = iadd v3, v2"),
    "vnmsac.vx": ("i16x8 i16x8 i16", "i16x8", "v3 = splat.i16x8 v2\nv4 = imul v0, v3\nv100 = isub v1, v4"),
    "vwmulu.vv": ("i8x16 i8x16", "i16x8", "v2 = uwiden_high v0\nv3 = uwiden_low v1\nv100 = imul v2, v3"),
    "vwsub.wv": ("i32x4 i16x8", "i32x4", "v2 = swiden_low v1\nv100 = isub v0, v2"),
    "vsext.vf4": ("i8x4", "i32x4", "v100 = sextend.i32x4 v0"), "vzext.vf8": ("i8x4", "i64x4", "v100 = uextend.i64x4 v0"),
    "vror.vi": ("i32x4", "i32x4", "v1 = iconst.i8 9\nv100 = rotl v0, v1"),
    "vrev8.v": ("i32x4 i64", "i32x4", "store v0, v1\nv100 = load.i32x4 big v1"),
    "vnclip.wi": ("f64x2", "i16x2", "v100 = fcvt_to_sint_sat.i16x2 v0"),
    "vfwcvt.f.xu.v": ("i16x4", "f32x4", "v100 = fcvt_from_uint.f32x4 v0"),
    "vfncvt.rtz.x.f.w": ("f64x2", "i32x2", "v100 = fcvt_to_sint_sat.i32x2 v0"),
    "vfadd.vf": ("f16x8 f16", "f16x8", "v2 = splat.f16x8 v1\nv100 = fadd v2, v0"),
}  # fmt: skip


def mnemonics(text: str, folder: Path) -> list[str]:
    code = compile_function(parse_function(text), target("riscv64", "all"), Settings("none", "linear")).code
    return [line.split()[0] for _, line in disassembled("riscv64", code, folder, "-M", "no-aliases").values()]


@pytest.mark.parametrize("name", SCALARS)
def test_scalars(name: str, tmp_path: Path) -> None:
    args, result, body = SCALARS[name]
    assert name in mnemonics(scalar_function(body, args.split(), [result], False, ""), tmp_path)


@pytest.mark.parametrize("name", VECTORS)
def test_vectors(name: str, tmp_path: Path) -> None:
    args, result, body = VECTORS[name]
    text = vector_function(body.split("\n"), [T.BY_NAME[t] for t in args.split()], [T.BY_NAME[result]], "")
    assert name in mnemonics(text, tmp_path)


@pytest.mark.skipif(bool(here("riscv64")), reason="no emulator of riscv64")
def test_results() -> None:
    check = Check("riscv64")
    rng = random.Random(7)
    for args, result, body in SCALARS.values():
        types = args.split()
        inputs = [tuple(random_value(T.BY_NAME[t], rng) for t in types) for _ in range(40)]
        check(body, types, [result], inputs)
    for args, result, body in VECTORS.values():
        if "store" not in body:
            check.vectors(body.split("\n"), [T.BY_NAME[t] for t in args.split()], [T.BY_NAME[result]])
    check.run()
