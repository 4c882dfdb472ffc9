"""The files that name no target run on every ISA: calls, exceptions, tail calls, limits of the stack, soft floats."""

from __future__ import annotations

from pathlib import Path

import pytest
from jitpy.backend.emulation import programs
from jitpy.backend.filetests.outcome import FAIL, PASS
from jitpy.backend.filetests.runner import run_text

HERE = Path(__file__).parent
FILES = [path for path in sorted(HERE.glob("*.clif")) if "test run" in (text := path.read_text()) and "\ntarget" not in text]


@pytest.mark.parametrize("level", ["none", "speed"])
@pytest.mark.parametrize("target", ["aarch64", "riscv64", "s390x"])
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_file(path: Path, target: str, level: str) -> None:
    if not programs.has(target):
        pytest.skip(f"there is no emulator for {target} here")
    text = path.read_text().replace("\nfunction ", f"\ntarget {target}\nfunction ", 1)
    outcomes = run_text(text, str(path), ["run"], opt_level=level)
    assert not [str(outcome) for outcome in outcomes if outcome.status == FAIL]
    assert any(outcome.status == PASS for outcome in outcomes)
