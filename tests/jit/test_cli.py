"""``python -m jitpy``: each command on a small file, by its output and exit status."""

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from jitpy.cli import main

suite = pytest.mark.skipif(find_spec("rich") is None, reason="the command test needs rich, which other Pythons' tests lack")
CLIF = """test interpret
test run

function %double(i32) -> i32 {
block0(v0: i32):
    v1 = iconst.i32 0
    v2 = iadd v0, v1
    v3 = iadd v2, v0
    return v3
}
; run: %double(4) == 8
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "double.clif"
    path.write_text(CLIF)
    return str(path)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(list(arguments))
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_cat_and_pass(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, text, _ = run(capsys, "cat", file)
    assert status == 0 and "v2 = iadd v0, v1" in text
    status, text, _ = run(capsys, "pass", file, "verify", "optimize")
    assert status == 0 and "iconst" not in text
    status, text, _ = run(capsys, "pass", file, "optimize", "--rules")
    assert status == 0 and "; add_zero: 1\n" in text
    assert "; double: v2 = iadd v0, v1: add_zero\n" in text


@pytest.mark.parametrize("command", ["run", "interpret"])
def test_directives(command: str, file: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, text, _ = run(capsys, command, file)
    assert status == 0 and ": pass: " + command in text
    Path(file).write_text(CLIF.replace("== 8", "== 9"))
    status, text, _ = run(capsys, command, file)
    assert status == 1 and "got 8" in text


def test_graph_and_code(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, text, _ = run(capsys, "print-cfg", file, "--code")
    assert status == 0 and text.startswith('digraph "%double" {') and "v3 = iadd v2, v0" in text
    status, text, _ = run(capsys, "compile", file)
    assert status == 0 and text.startswith("%double:\n") and "ret" in text
    status, text, _ = run(capsys, "compile", file, "--target", "riscv64", "--features=-c")
    assert status == 0 and "addw     a0,a0,a0" in text and "67800000  jalr" in text  # not compressed
    status, _, error = run(capsys, "compile", file, "--target", "risc")
    assert status == 1 and "no target 'risc'" in error


@suite
def test_suite_reports(file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report, ledger = tmp_path / "report.json", tmp_path / "ledger"
    common = ("test", file, "-j", "1", "--opt", "speed", "--ledger", str(ledger))
    status, text, _ = run(capsys, *common, "--json", str(report), "--update")
    assert status == 0 and "2 passed, 0 failed, 0 skipped" in text
    rows = json.loads(report.read_text())
    assert [(row["function"], row["line"], row["command"], row["opt_level"]) for row in rows] == [
        ("double", 11, "interpret", ""), ("double", 11, "run", "speed"),
    ]  # fmt: skip
    Path(file).write_text(CLIF.replace("== 8", "== 9"))
    status, text, _ = run(capsys, *common)
    assert status == 1 and "behind the ledger: double.clif: interpret: 0 passed, 1 in the ledger; line 11 fail" in text
    status, text, _ = run(capsys, "test", file, "-j", "1", "--target", "interpret")
    assert status == 1 and "0 passed, 1 failed" in text


def test_bugpoint_without_a_bug(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, error = run(capsys, "bugpoint", file)
    assert status == 1 and "nothing fails in this file" in error


def test_bugpoint_compiles_as_the_header_says(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = Path(file).read_text()
    Path(file).write_text("set opt_level=fast\n" + text)
    status, _, error = run(capsys, "bugpoint", file)
    assert status == 1 and "opt_level is one of none, speed, speed_and_size\n    set opt_level=fast\n        ^" in error
    Path(file).write_text("set opt_level=speed\ntarget x86_64 has_bmi7\n" + text)
    status, _, error = run(capsys, "bugpoint", file)
    assert status == 1 and "error: x64 has no feature 'has_bmi7'" in error


def test_bad_input_is_an_error_not_a_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, error = run(capsys, "cat", str(tmp_path / "nowhere.clif"))
    assert status == 1 and "nowhere.clif: No such file" in error
    bad = tmp_path / "bad.clif"
    bad.write_text("function %f( {")
    status, _, error = run(capsys, "compile", str(bad))
    assert status == 1 and f"error: {bad}:1:" in error


@suite
def test_a_missing_folder_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, error = run(capsys, "test", str(tmp_path / "none"), "-j", "1")
    assert status == 1 and "no such file or folder" in error


WRONG = "function %f(i32) -> i32 {\nblock0(v0: i32):\n  v1 = iad v0, v0\n  return v1\n}\n"


@pytest.mark.parametrize("command", [["cat"], ["compile"], ["print-cfg"], ["bugpoint"], ["pass", "optimize"]], ids=" ".join)
def test_wrong_files_are_refused_in_words(command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The line with a caret for what is no CLIF; no traceback for what is no text or no file."""
    path = tmp_path / "t.clif"

    def message(content: bytes) -> str:
        path.write_bytes(content)
        assert main([command[0], str(path), *command[1:]]) == 1
        return capsys.readouterr().err

    said = message(WRONG.encode())
    assert "expected an instruction, found 'iad'\n    v1 = iad v0, v0\n         ^\n    did you mean iadd?" in said
    assert message(b"\xd3\xff function") == f"error: {path}: this is no text: byte 0 is not UTF-8\n"
    assert main([command[0], str(tmp_path / "none"), *command[1:]]) == 1
    assert "none: No such file" in capsys.readouterr().err
    assert main([command[0], str(tmp_path), *command[1:]]) == 1
    assert "Is a directory" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["run"], ["interpret"], ["compile"], ["bugpoint"], ["pass", "optimize"]], ids=" ".join)
def test_functions_that_break_the_rules_are_refused_with_the_line(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "t.clif"
    path.write_text("function %f(i32) -> i64 {\nblock0(v0: i32):\n  return v0\n}\n; run: %f(1) == 1\n")
    assert main([command[0], str(path), *command[1:]]) == 1
    said = capsys.readouterr().err
    assert said == f"error: {path}:3, in %f: return: v0, value 0, is i32, not i64\n    return v0\n"


@pytest.mark.parametrize(
    ("directive", "message"),
    [
        ("%f(1, 2) == [1, 2]", "2:12: %f takes 1 argument\n    ; run: %f(1, 2) == [1, 2]\n               ^"),
        ("%f() == [1, 2]", "2:11: %f takes 1 argument"),
        ("%f(x) == [1, 2]", "expected a constant, found 'x'"),
        ("%f(1) == [1]", "%f returns 2 values"),
        ("%f(1) == [1, 2, 3]", "%f returns 2 values"),
    ],
)
def test_directives_are_refused_with_the_place(
    directive: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "t.clif"
    path.write_text(f"function %f(i32) -> i32, i32 {{ block0(v0: i32): return v0, v0 }}\n; run: {directive}\n")
    assert main(["interpret", str(path)]) == 1
    assert message in capsys.readouterr().err


@suite
def test_a_test_of_what_breaks_the_rules_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "t.clif"
    function = "function %f(i32) -> i64 {\nblock0(v0: i32):\n  return v0\n}\n; run: %f(1) == 1\n"
    path.write_text("test interpret\ntest run\n" + function)
    assert main(["test", str(path), "-j", "1"]) == 1
    assert "0 passed, 2 failed" in capsys.readouterr().out


@suite
def test_runs_of_nothing_say_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", str(tmp_path)]) == 1
    assert "there is no .clif file below" in capsys.readouterr().err
    path = tmp_path / "t.clif"
    path.write_bytes(b"\xd3\xff")
    assert main(["test", str(path), "-j", "1"]) == 1
    assert "t.clif:1: fail: parse: this is no text: byte 0 is not UTF-8" in capsys.readouterr().out
    path.write_text("")
    assert main(["test", str(path), "-j", "1"]) == 0
    assert "nothing was run" in capsys.readouterr().err
    path.write_text(WRONG)
    assert main(["test", str(path), "-j", "1", "--ledger", str(path)]) == 1
    assert f"{path}:1: this is no line of a ledger" in capsys.readouterr().err


def test_an_interrupt_ends_a_command_in_a_word(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(path: str) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("jitpy.cli.clif.read", interrupted)
    assert main(["cat", "t.clif"]) == 130
    assert capsys.readouterr().err == "interrupted\n"
