"""The CLIF files of this folder: what s390x does in forms of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from jitpy.backend.emulation import programs
from jitpy.backend.filetests.outcome import FAIL, PASS
from jitpy.backend.filetests.runner import run_file

HERE = Path(__file__).parent

pytestmark = pytest.mark.skipif(not programs.has("s390x"), reason="there is no emulator for s390x here")


@pytest.mark.parametrize("level", ["none", "speed"])
@pytest.mark.parametrize("path", sorted(HERE.glob("*.clif")), ids=lambda path: path.stem)
def test_file(path: Path, level: str) -> None:
    outcomes = run_file(path, ["run"], opt_level=level)
    assert not [str(outcome) for outcome in outcomes if outcome.status == FAIL]
    assert any(outcome.status == PASS for outcome in outcomes)
