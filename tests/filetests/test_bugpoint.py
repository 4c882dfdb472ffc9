"""Reduction keeps the failure and drops the rest."""

import zlib

import pytest
from jitpy.backend.errors import UnsupportedError
from jitpy.backend.filetests import bugpoint
from jitpy.backend.filetests.header import Header
from jitpy.backend.text.parser import parse_file

LONG = """
function %other(i32) -> i32 {
block0(v0: i32):
    return v0
}

function %f(i32, i32) -> i32 {
    ss0 = explicit_slot 8
block0(v0: i32, v1: i32):
    v2 = iconst.i32 1000
    v3 = imul v0, v2
    v4 = stack_addr.i64 ss0
    store v3, v4
    brif v1, block1, block2(v3)
block1:
    v5 = load.i32 v4
    v6 = bxor v5, v0
    v7, v8 = uadd_overflow v6, v0
    jump block2(v7)
block2(v9: i32):
    v10 = iadd v9, v9
    return v10
}
; run: %f(1, 2) == 3
; run: %f(1000, 5) == 6
"""
SPEED = "set opt_level=speed\n"
DIFFERS = "differs: results, not results"


def test_a_predicate_on_one_instruction_leaves_little_else() -> None:
    small = bugpoint.reduce(LONG, lambda text: "imul" in text)
    assert len(parse_file(small).functions) == 1
    assert len(small.splitlines()) <= 12, small
    assert "run" not in small and "store" not in small and "bxor" not in small


def test_reduction_keeps_the_kind_of_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """With an interpreter that is wrong about xor, what is left is the xor and its directive."""
    from jitpy.backend.interp.meaning import MEANING
    from jitpy.backend.ir import opcodes

    monkeypatch.setitem(MEANING, opcodes.BXOR, MEANING[opcodes.BOR])
    assert bugpoint.failure(SPEED + LONG) == DIFFERS
    small = bugpoint.reduce(SPEED + LONG, lambda text: bugpoint.failure(text) == DIFFERS)
    assert bugpoint.failure(small) == DIFFERS
    assert "bxor" in small and "imul" not in small and len(small.splitlines()) < 16, small


def test_settings_and_features_go_that_the_failure_does_not_need() -> None:
    head = "test run\nset opt_level=speed is_pic\nset traps=call\ntarget x86_64 sse41 has_avx has_bmi1\n"
    small = bugpoint.reduce(head + LONG, lambda text: "imul" in text and "is_pic" in text and "has_avx" in text)
    assert small.splitlines()[:3] == ["test run", "set is_pic", "target x86_64 has_avx"]


def test_in_chaos_mode_other_seeds_are_tried() -> None:
    """A failure that one text in three shows is made as small as one that all show, and the seed that shows it is kept."""

    def fails(text: str) -> bool:
        seed = Header(parse_file(text)).settings.get("chaos_seed")
        dice = zlib.crc32(text.partition("function")[2].encode())
        return "imul" in text and seed is not None and (seed + dice) % 3 == 0

    start = next(text for k in range(1, 4) if fails(text := f"set regalloc=linear chaos_seed={k}\n{LONG}"))
    small = bugpoint.reduce(start, fails)
    assert fails(small)
    assert len(small.splitlines()) <= 12, small


def test_what_cannot_be_run_here_is_no_failure() -> None:
    for head, why in (
        ("target riscv32\n", "no target line of this file names an ISA that there is"),
        ("target x86_64 has_bmi7\n", "x64 has no feature 'has_bmi7'"),
        ("set stack_limit=8\n", "stack_limit=8: a test's limit lies at 96"),
    ):
        with pytest.raises(UnsupportedError, match=why):
            bugpoint.failure(head + LONG)


def test_a_refusal_is_a_failure_of_its_own() -> None:
    text = """
set opt_level=speed
function %f(i64) -> i64 {
    ss0 = explicit_slot 8, align = 65536
block0(v0: i64):
    v1 = stack_addr.i64 ss0
    store v0, v1
    v2 = load.i64 v1
    return v2
}
; run: %f(1) == 1
"""
    assert bugpoint.failure(text) == "refused: f: a stack slot wants alignment #; there is # at most"


def test_what_is_right_does_not_fail() -> None:
    assert bugpoint.failure(LONG) == bugpoint.failure(SPEED + LONG) == ""


@pytest.mark.parametrize(
    "address", ["stack_addr.i64 ss0", "func_addr.i64 fn0", "get_frame_pointer.i64", "get_return_address.i64", "load.i64 v9"]
)
def test_an_address_is_no_difference(address: str) -> None:
    """What depends on where things lie, or on memory that was not written, differs in every correct compiler."""
    text = f"""
function %g(i64) -> i64 {{
    ss0 = explicit_slot 8
    fn0 = %g(i64) -> i64
block0(v0: i64):
    v9 = stack_addr.i64 ss0
    v1 = {address}
    v2 = iadd v0, v1
    return v2
}}
; run: %g(1) == 2
"""
    assert bugpoint.failure(text) == bugpoint.failure(SPEED + text) == ""


def test_a_trap_is_another_failure_than_a_wrong_result(monkeypatch: pytest.MonkeyPatch) -> None:
    from jitpy.backend.interp.meaning import MEANING
    from jitpy.backend.ir import opcodes

    text = """
function %f(i32, i32) -> i32 {
block0(v0: i32, v1: i32):
    v2 = bxor v0, v1
    v3 = udiv v0, v2
    return v3
}
; run: %f(6, 2) == 3
"""
    assert bugpoint.failure(text) == bugpoint.failure(SPEED + text) == ""
    monkeypatch.setitem(MEANING, opcodes.BXOR, MEANING[opcodes.BY_NAME["isub"]])
    assert bugpoint.failure(text.replace("(6, 2)", "(6, 6)")) == ""
    assert bugpoint.failure(text.replace("(6, 2)", "(6, 5)")) == DIFFERS
    monkeypatch.setitem(MEANING, opcodes.BXOR, MEANING[opcodes.BY_NAME["band"]])
    assert bugpoint.failure(text.replace("(6, 2)", "(6, 9)")) == "differs: results, not int_divz"
