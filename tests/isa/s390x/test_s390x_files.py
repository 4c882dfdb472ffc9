"""The CLIF files that no target is named in run here as well: calls, exceptions, tail calls, limits of the stack, soft floats."""

from __future__ import annotations

from pathlib import Path

import pytest
from jitpy.backend.emulation import programs
from jitpy.backend.filetests.outcome import FAIL, PASS
from jitpy.backend.filetests.runner import run_text

FOLDER = Path(__file__).parents[2] / "filetests"
HERE = Path(__file__).parent
FILES = [p for p in sorted(FOLDER.glob("*.clif")) if "test run" in (text := p.read_text()) and "\ntarget" not in text]

pytestmark = pytest.mark.skipif(not programs.has("s390x"), reason="there is no emulator for s390x here")


@pytest.mark.parametrize("level", ["none", "speed"])
@pytest.mark.parametrize("path", [*FILES, *sorted(HERE.glob("*.clif"))], ids=lambda path: path.stem)
def test_file(path: Path, level: str) -> None:
    text = path.read_text().replace("test run\n", "test run\ntarget s390x\n", 1)
    outcomes = run_text(text, str(path), ["run"], opt_level=level)
    assert not [str(outcome) for outcome in outcomes if outcome.status == FAIL]
    assert any(outcome.status == PASS for outcome in outcomes)
