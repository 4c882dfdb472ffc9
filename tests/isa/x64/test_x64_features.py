"""Features come with what they are built on, or not at all: mixtures that no processor has once gave wrong code."""

import pytest
from jitpy.backend.filetests.runner import run_text
from jitpy.backend.isa import lookup, x64
from jitpy.backend.isa.x64.features import PRESETS, closed, none


def on(features: dict[str, int]) -> set[str]:
    return {name for name, value in closed(features).items() if value}


def test_a_feature_brings_what_it_is_built_on() -> None:
    assert on({"has_avx": 1}) == {"has_sse3", "has_ssse3", "has_sse41", "has_sse42", "has_avx"}
    assert on({"has_avx512vbmi": 1}) >= {"has_avx512f", "has_avx2", "has_avx"}
    assert on({"has_bmi2": 1}) == {"has_bmi2"}


def test_what_is_off_takes_along_what_is_built_on_it() -> None:
    assert on({**dict.fromkeys(PRESETS["icelake-server"], 1), "has_avx": 0}) == set(PRESETS["x86-64-v2"]) | {
        "has_bmi1", "has_bmi2", "has_lzcnt"}  # fmt: skip
    assert on({**none(), "has_avx2": 1}) == set()


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_are_closed(preset: str) -> None:
    assert on(dict.fromkeys(PRESETS[preset], 1)) == set(PRESETS[preset])


def test_targets_are_closed() -> None:
    assert x64.target({"has_avx2": 1}).features["has_sse41"] == 1
    assert lookup("x86_64").features == closed(lookup("x86_64").features)


def test_lanes_with_avx512_and_without_avx() -> None:
    text = """test run
target x86_64 has_sse41 has_avx=false has_avx2 has_avx512f has_avx512bw has_avx512vl
function %f(i16x8, i16x8, i32x4) -> i8x16, i32x4 {
block0(v0: i16x8, v1: i16x8, v2: i32x4):
    v3 = uunarrow v0, v1
    return v3, v2
}
; run: %f([1 2 3 4 5 6 7 8], [256 255 0 9 1 1 1 1], [1 2 3 4]) == [[1 2 3 4 5 6 7 8 255 255 0 9 1 1 1 1], [1 2 3 4]]
"""
    assert [outcome.status for outcome in run_text(text, "t.clif")] in (["pass"], ["skip"])
