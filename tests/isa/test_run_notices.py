"""The run tests notice a wrong result, a missing trap, one too many, and a function that cannot be compiled."""

from __future__ import annotations

from typing import Any

import pytest
import run
from run import Check

ADD = "r0 = iadd a0, a1"


@pytest.fixture(autouse=True)
def fresh(check: Check) -> Any:
    """Answers that the interpreter gave before do not count here, nor those given here elsewhere."""
    run._interpreted.cache_clear()
    yield
    run._interpreted.cache_clear()


def test_wrong_results(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    from jitpy.backend.interp.meaning import MEANING
    from jitpy.backend.ir.opcodes import BY_NAME

    check(ADD, ("i32", "i32"), ("i32",), [(1, 2), (3, 4)])
    assert check.run() == 2 * len(run.SCALAR[check.isa]) * (2 if check.isa == "x64" else 1)
    monkeypatch.setitem(MEANING, BY_NAME["iadd"], MEANING[BY_NAME["isub"]])
    run._interpreted.cache_clear()
    check(ADD, ("i32", "i32"), ("i32",), [(1, 0), (3, 4)])
    with pytest.raises(AssertionError, match=r"\['0x3', '0x4'\]: \[\[7\]\], not \[\[4294967295\]\]"):
        check.run()


@pytest.mark.parametrize(("code", "message"), (("user7", "user6, not user7"), ("", r"user6, not \[\[8\]\]")))
def test_wrong_traps(check: Check, monkeypatch: pytest.MonkeyPatch, code: str, message: str) -> None:
    monkeypatch.setattr(run, "_interpreted", lambda *_: [[[5]], code or [[8]]])
    monkeypatch.setattr(run._interpreted, "cache_clear", lambda: None, raising=False)
    check("trapnz a1, user6\nr0 = iadd a0, a1", ("i32", "i32"), ("i32",), [(5, 0), (5, 3)])
    with pytest.raises(AssertionError, match=message):
        check.run()


def test_functions_that_do_not_compile(check: Check) -> None:
    check("r0 = iadd a0, a1", ("i32", "i64"), ("i32",), [(1, 2)])
    with pytest.raises(AssertionError, match=check.isa):
        check.run()
