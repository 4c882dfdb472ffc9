"""``agree``: our own files on random arguments, that it notices a difference, and what it leaves aside."""

from pathlib import Path

import pytest
from jitpy.backend import isa
from jitpy.backend.filetests.outcome import FAIL, PASS, SKIP
from jitpy.backend.filetests.runner import run_file, run_text
from jitpy.backend.interp.meaning import MEANING
from jitpy.backend.ir import opcodes as O

from jitpy.cli import main

FILES = sorted(Path(__file__).parent.glob("*.clif"))
NATIVE = pytest.mark.skipif(isa.host_name() not in isa.NAMES.values(), reason="this host has no target")
ADD = "function %f(i32, i32) -> i32 {\nblock0(v0: i32, v1: i32):\n    v2 = iadd v0, v1\n    return v2\n}\n"


@NATIVE
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_our_own_files_agree(path: Path) -> None:
    outcomes = run_file(path, ["agree"])
    assert {outcome.opt_level for outcome in outcomes} == {"none", "speed"}
    assert not [str(outcome) for outcome in outcomes if outcome.status == FAIL]


@NATIVE
def test_a_difference_is_shown_as_the_directive_that_would_be_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MEANING, O.IADD, MEANING[O.ISUB])
    wrong, right = run_text(ADD + ADD.replace("iadd", "isub"), "t.clif", ["agree"], opt_level="speed")
    assert (wrong.status, wrong.line, right.status) == (FAIL, 1, PASS), "both are called f"
    assert wrong.detail.startswith("run: %f(") and " == " in wrong.detail and ": got " in wrong.detail


@NATIVE
def test_traps_are_compared_and_nan_are_one() -> None:
    text = "function %f(i8, i8) -> i8 {\nblock0(v0: i8, v1: i8):\n    v2 = sdiv v0, v1\n    trapz v0, user3\n    return v2\n}\n"
    text += "function %g(f32, f32) -> f32 {\nblock0(v0: f32, v1: f32):\n    v2 = fmul v0, v1\n    v3 = fsub v2, v2\n"
    text += "    return v3\n}\n"
    assert [outcome.status for outcome in run_text(text, "", ["agree"])] == [PASS] * 4


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("(i64 sret) {\nblock0(v0: i64):\n    return", "it takes memory"),
        ("(i64) -> i8 {\nblock0(v0: i64):\n    v1 = load.i8 v0\n    return v1", "it accesses memory"),
        ("() {\n    fn0 = %g()\nblock0:\n    call fn0()\n    return", "it calls"),
        ("() -> i64 {\nblock0:\n    v0 = get_stack_pointer.i64\n    return v0", "get_stack_pointer has no meaning that all"),
        ("(i8) {\nblock0(v0: i8):\n    v1 = iadd v0, v1\n    return", "it is not valid"),
        ("(i64 vmctx) {\n    gv0 = vmctx\n    gv1 = load.i64 gv0+8\n    stack_limit = gv1\nblock0(v0: i64):\n    return",
         "it reads a stack limit"),
        ("(i8) {\nblock0(v0: i8):\n    jump block1\nblock1:\n    jump block1", "it does not end in time"),
    ],
)  # fmt: skip
def test_what_is_left_aside(body: str, why: str) -> None:
    (outcome,) = run_text(f"function %f{body}\n}}\n", "", ["agree"], opt_level="none")
    assert outcome.status == SKIP and outcome.detail.startswith(why)


@NATIVE
def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "add.clif"
    path.write_text(ADD)
    assert main(["agree", str(path), "-j", "1"]) == 0
    assert "2 passed, 0 failed, 0 skipped" in capsys.readouterr().out
