"""Many files at once, and the ledger."""

import subprocess
import sys
from pathlib import Path

import pytest
from jitpy.backend.filetests import suite

GOOD = "test interpret\nfunction %f(i8) -> i8 {\nblock0(v0: i8):\n  return v0\n}\n; run: %f(1) == 1\n; run: %f(2) == 2\n"


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_run_is_held_against_the_ledger(tmp_path: Path, jobs: int) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.clif").write_text(GOOD)

    def run() -> suite.Ledger:
        results = suite.run_files(suite.files_below([str(tmp_path)]), None, "", "", jobs)
        return suite.ledger_of([outcome for _, outcomes in results for outcome in outcomes], tmp_path)

    ledger = tmp_path / "ledger.txt"
    suite.write_ledger(ledger, run())
    assert ledger.read_text() == "a.clif\tinterpret\t2\nb.clif\tinterpret\t2\n"
    assert suite.fallen_behind(suite.read_ledger(ledger), run()) == []
    (tmp_path / "b.clif").write_text(GOOD.replace("%f(2) == 2", "%f(2) == 3"))
    assert suite.fallen_behind(suite.read_ledger(ledger), run()) == ["b.clif: interpret: 1 passed, 2 in the ledger; line 7 fail"]


def test_a_failure_in_the_ledger_may_become_a_skip_but_not_a_pass_a_failure() -> None:
    ledger = {("a.clif", "run"): (1, {3: "fail", 4: "skip"})}
    assert suite.fallen_behind(ledger, {("a.clif", "run"): (1, {3: "skip", 4: "skip"})}) == []
    assert suite.fallen_behind(ledger, {("a.clif", "run"): (1, {3: "fail", 4: "fail"})}) != []
    assert suite.fallen_behind(ledger, {}) == []


def test_a_missing_file_is_named() -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        suite.files_below(["nowhere.clif"])


_INTERRUPTED_AT_BIRTH = """
import os, signal, sys
from jitpy.backend.filetests import suite

os.register_at_fork(after_in_child=lambda: os.kill(os.getpid(), signal.SIGINT))
files = suite.files_below(sys.argv[1:])
print([len(found) for _, found in suite.run_files(files, None, "interpret", "", 2)])
"""


def test_an_interrupt_while_the_processes_start_is_the_parents_alone(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.clif").write_text(GOOD)
    ran = subprocess.run([sys.executable, "-c", _INTERRUPTED_AT_BIRTH, tmp_path], capture_output=True, text=True, timeout=60)
    assert (ran.stdout, ran.stderr) == ("[2, 2]\n", "")
