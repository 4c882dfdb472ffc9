"""Vector code is the instruction that one would write by hand: mnemonics of what lies between loads and stores."""

from __future__ import annotations

import subprocess
import sys

import pytest
from jitpy.backend.isa import x64
from jitpy.backend.isa.x64.features import PRESETS, none
from jitpy.backend.pipeline import compile_function
from jitpy.backend.settings import Settings
from jitpy.backend.text.parser import parse_functions

capstone = pytest.importorskip("capstone")
TARGETS = {
    name: x64.target({**none(), **dict.fromkeys(PRESETS.get(name, ()), 1)})
    for name in ("sse2", "sse41", "haswell", "skylake-avx512")
}
TWO = ("i8x16, i8x16) -> i8x16", "v0: i8x16, v1: i8x16")
WORDS = ("i16x8, i16x8) -> i32x4", "v0: i16x8, v1: i16x8")
FLOATS = ("f32x4, f32x4) -> f32x4", "v0: f32x4, v1: f32x4")


def shuffled(*mask: int) -> str:
    return f"v9 = shuffle v0, v1, [{' '.join(map(str, mask))}]"


CASES = [
    (TWO, shuffled(*range(4, 20)), {"haswell": "vpalignr", "sse2": "*"}),
    (TWO, shuffled(*[m for i in range(8) for m in (i, i + 16)]), {"haswell": "vpunpcklbw", "sse2": "punpcklbw"}),
    (TWO, shuffled(4, 5, 6, 7, 0, 1, 2, 3, *range(8, 16)), {"haswell": "vpshufd", "sse2": "pshufd"}),
    (TWO, shuffled(2, 3, 0, 1, *range(4, 16)), {"haswell": "vpshuflw", "sse2": "pshuflw"}),
    (TWO, shuffled(*range(8), *range(24, 32)), {"haswell": "vpblendw", "sse2": "shufps"}),
    (TWO, shuffled(*[0] * 16), {"haswell": "vpbroadcastb"}),
    (TWO, shuffled(*range(15, -1, -1)), {"haswell": "vpshufb"}),
    (TWO, "v2 = bnot v0\n v9 = band v2, v1", {"haswell": "vpandn", "sse2": "pandn"}),
    (TWO, "v2 = icmp ult v0, v1\n v9 = bitselect v2, v0, v1", {"haswell": "vpminub", "sse2": "pminub"}),
    (TWO, "v2 = band v0, v0\n v3 = bxor v0, v1\n v9 = bitselect v3, v0, v1", {"skylake-avx512": "vpxor vpternlogd"}),
    (
        WORDS,
        "v2 = swiden_low v0\n v3 = swiden_low v1\n v4 = swiden_high v0\n v5 = swiden_high v1\n"
        " v6 = imul v2, v3\n v7 = imul v4, v5\n v9 = iadd_pairwise v6, v7",
        {"haswell": "vpmaddwd", "sse2": "pmaddwd"},
    ),
    (WORDS, "v2 = uwiden_high v0\n v3 = uwiden_high v1\n v9 = imul v2, v3", {"haswell": "vpmullw vpmulhuw vpunpckhwd"}),
    (FLOATS, "v2 = fcmp lt v0, v1\n v3 = bitcast.f32x4 v2\n v9 = bitselect v3, v0, v1", {"haswell": "vminps", "sse2": "minps"}),
    (FLOATS, "v2 = fcmp gt v0, v1\n v3 = bitcast.f32x4 v2\n v9 = bitselect v3, v0, v1", {"haswell": "vmaxps"}),
    (("f64x2) -> f64x2", "v0: f64x2"), "v9 = floor v0", {"sse41": "roundpd", "haswell": "vroundpd"}),
    (("i32x4) -> f64x2", "v0: i32x4"), "v2 = swiden_low v0\n v9 = fcvt_from_sint.f64x2 v2", {"sse2": "cvtdq2pd"}),
    (("i64x2, i64x2) -> i64x2", "v0: i64x2, v1: i64x2"), "v9 = imul v0, v1", {"skylake-avx512": "vpmullq"}),
    (("i64x2, i64x2) -> i64x2", "v0: i64x2, v1: i64x2"), "v9 = smin v0, v1", {"skylake-avx512": "vpminsq"}),
    (("i32x8, i32x8) -> i32x8", "v0: i32x8, v1: i32x8"), "v9 = iadd v0, v1", {"haswell": "vpaddd", "sse41": "paddd paddd"}),
    (("i64) -> i32x4", "v0: i64"), "v1 = load.i32 v0\n v9 = splat.i32x4 v1", {"haswell": "vpbroadcastd"}),
    (("i64, i32x4) -> i32x4", "v0: i64, v1: i32x4"), "v2 = load.i32x4 v0\n v9 = iadd v2, v1", {"haswell": "vpaddd"}),
]


@pytest.mark.parametrize("case", range(len(CASES)))
def test_pattern(case: int) -> None:
    (signature, params), body, wanted = CASES[case]
    for level, expected in wanted.items():
        text = f"function %f({signature} {{\nblock0({params}):\n {body}\n return v9\n}}"
        code = compile_function(parse_functions(text)[0], TARGETS[level], Settings("speed", "linear", regalloc_checker=True)).code
        names = []
        for _, _, name, _ in capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64).disasm_lite(code, 0):
            if name == "ret":
                break
            names.append(name)
        made = [n for n in names if n not in ("push", "mov", "pop", "movaps", "vmovaps")]
        assert expected == "*" or made == expected.split(), f"{level}: {body}"


def test_upper_parts_are_cleared_on_the_way_out() -> None:
    """For callers with legacy instructions; not where the upper parts are the result."""
    made = TARGETS["haswell"]
    for result, wanted in (("", True), (" -> i32x8", False)):
        text = f"function %f(i64){result} {{\nblock0(v0: i64):\n v1 = load.i32x8 v0\n v2 = iadd v1, v1\n store v2, v0\n"
        text += f" return{' v2' if result else ''}\n}}"
        done = compile_function(parse_functions(text)[0], made, Settings("none", "onepass", regalloc_checker=True))
        assert (b"\xc5\xf8\x77" in done.code) == wanted


def test_scalars_load_nothing_of_vectors() -> None:
    program = """
import sys
from jitpy.backend.isa import host
from jitpy.backend.pipeline import compile_function
from jitpy.backend.settings import Settings
from jitpy.backend.text.parser import parse_functions
text = "function %f(i64) -> i64 {\\nblock0(v0: i64):\\n v1 = iadd v0, v0\\n return v1\\n}"
compile_function(parse_functions(text)[0], host(), Settings("speed", "linear"))
print([name for name in sys.modules if "vector" in name or ".interp" in name])
"""
    made = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert made.stdout.strip() == "[]"
