"""Every .clif file here does what its header says: on the interpreter and, where it says ``test run``, as machine code."""

from pathlib import Path

import pytest
from jitpy.backend.filetests.commands import COMMANDS
from jitpy.backend.filetests.directives import Run
from jitpy.backend.filetests.outcome import FAIL, PASS, SKIP
from jitpy.backend.filetests.runner import EXECUTE, run_file, run_text
from jitpy.backend.text.parser import parse_file

HERE = Path(__file__).parent
CASES = [
    (path, words[1])
    for path in sorted(HERE.rglob("*.clif"))
    for _, words in parse_file(path.read_text(), str(path)).header
    if words[0] == "test"
]


@pytest.mark.parametrize(("path", "command"), CASES, ids=[f"{path.stem}-{command}" for path, command in CASES])
def test_file(path: Path, command: str) -> None:
    levels = ("none", "speed") if command == "run" else ("",)
    outcomes = [outcome for level in levels for outcome in run_file(path, [command], opt_level=level)]
    assert outcomes and not [str(outcome) for outcome in outcomes if outcome.status == FAIL]
    assert any(outcome.status == PASS for outcome in outcomes), "nothing ran: " + str(outcomes[0])


def statuses(text: str, command: str = "interpret") -> list[str]:
    return [outcome.status for outcome in run_text(text, "t.clif", [command])]


IDENTITY = "function %f(i8) -> i8 {\nblock0(v0: i8):\n return v0\n}\n"


def test_wrong_expectations_fail() -> None:
    assert statuses(IDENTITY + "; run: %f(1) == 1\n; run: %f(1) == 2\n; run: %f(1) != 1\n") == [PASS, FAIL, FAIL]
    (outcome,) = run_text(IDENTITY + "; run: %f(1) == 2", "t.clif", ["interpret"])
    assert str(outcome) == "t.clif:5: fail: interpret: run: %f(1) == 2: got 1"


def test_a_bare_run_wants_something_nonzero() -> None:
    text = "function %f() -> i32 {\nblock0:\n v0 = iconst.i32 NUMBER\n return v0\n}\n; run\n"
    assert statuses(text.replace("NUMBER", "256")) == [PASS]
    assert statuses(text.replace("NUMBER", "0")) == [FAIL]


def test_expected_traps() -> None:
    text = "function %f(i8) {\nblock0(v0: i8):\n trapnz v0, user1\n return\n}\n"
    assert statuses(text + "; run: %f(1) traps user1\n; run: %f(1) traps user2\n; run: %f(0) traps user1") == [PASS, FAIL, FAIL]


def test_a_literal_may_span_two_comments() -> None:
    text = "function %f(i32x4) -> i32x4 {\nblock0(v0: i32x4):\n return v0\n}\n; run: %f([1 2\n;    3 4]) == [1 2 3 4]\n"
    assert statuses(text) == [PASS]


def test_unknown_commands_are_skipped_and_bad_text_fails() -> None:
    assert statuses(IDENTITY, "frobnicate") == [SKIP]
    assert statuses("function %f( {", "interpret") == [FAIL]


def test_commands_that_execute_are_the_runners_own() -> None:
    assert not set(EXECUTE) & set(COMMANDS)


def test_machine_code_that_crashes_or_hangs_ends_only_its_own_test() -> None:
    text = "function %f(i64) -> i8 {\nblock0(v0: i64):\n v1 = load.i8 v0\n return v1\n}\n"
    outcomes = run_text(text + "; run: %f(16) == 1\n; run: %f(16) traps heap_oob\n; run: %f(16) traps user1", "t.clif", ["run"])
    assert [outcome.status for outcome in outcomes] == [FAIL, PASS, FAIL]


def test_run_directive_remembers_its_line() -> None:
    assert Run(7, "f", "run").line == 7
