"""The commands of a header, each with a file that is right and one that is wrong; and expected texts, blessed."""

from pathlib import Path

import pytest
from jitpy.backend.filetests.commands import COMMANDS
from jitpy.backend.filetests.outcome import FAIL, PASS, SKIP
from jitpy.backend.filetests.runner import run_file, run_text

DIAMOND = """
function %f(i32) -> i32 {
block0(v0: i32):
    brif v0, block1, block2     ; dominates: block1 block2 block3
block1:
    jump block3(v0)
block2:
    v1 = iconst.i32 7
    jump block3(v1)
block3(v2: i32):
    return v2
}
"""


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_a_right_file_passes_every_command(command: str) -> None:
    outcomes = run_text(f"test {command}\n{DIAMOND}")
    assert [(o.status, o.function) for o in outcomes] == [(PASS, "f")], str(outcomes[0])


def test_a_wrong_dominator_fails() -> None:
    (outcome,) = run_text("test domtree\n" + DIAMOND.replace("block1 block2 block3", "block1 block2"))
    assert outcome.status == FAIL and "dominates [1, 2, 3], expected [1, 2]" in outcome.detail


def test_expect_fail_wants_an_error() -> None:
    (outcome,) = run_text("test compile expect-fail\n" + DIAMOND)
    assert outcome.status == FAIL and "an error was expected" in outcome.detail


def test_what_no_rule_lowers_is_skipped_with_the_reason() -> None:
    text = "test compile\nfunction %f(i64) -> i64 {\nblock0(v0: i64):\n  v1 = stack_switch v0, v0, v0\n  return v1\n}\n"
    (outcome,) = run_text(text.replace("test compile", "test compile\ntarget aarch64 no_such_flag"))
    assert outcome.status == SKIP and "aarch64" in outcome.detail


def test_a_target_line_compiles_for_its_features_alone() -> None:
    text = "test compile\ntarget x86_64\ntarget x86_64 has_popcnt\nfunction %f(i32) -> i32 {\nblock0(v0: i32):\n"
    outcomes = run_text(text + "    v1 = popcnt v0\n    return v1\n}\n")
    assert [(o.target, o.flags, o.status) for o in outcomes] == [("x86_64", "", PASS), ("x86_64", "has_popcnt", PASS)]


def test_blessed_text_is_written_and_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "add.clif"
    path.write_text("test optimize blessed\n\nfunction %f(i32) -> i32 {\nblock0(v0: i32):\n    v1 = iconst.i32 0\n"
                    "    v2 = iadd v0, v1\n    return v2\n}\n")  # fmt: skip
    (outcome,) = run_file(path)
    assert outcome.status == FAIL and "JITPY_BLESS=1" in outcome.detail
    monkeypatch.setenv("JITPY_BLESS", "1")
    run_file(path)
    monkeypatch.delenv("JITPY_BLESS")
    assert ";|     return v0\n" in path.read_text()
    (outcome,) = run_file(path)
    assert outcome.status == PASS
    path.write_text(path.read_text().replace(";|     return v0", ";|     return v1"))
    (outcome,) = run_file(path)
    assert outcome.status == FAIL and "'return v0', expected 'return v1'" in outcome.detail
