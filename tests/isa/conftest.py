"""Lets the tests of these folders share what lies beside this file, and runs what a test collected with ``check``."""

import os
import sys
from collections.abc import Generator
from typing import Any

import pytest

sys.path.insert(0, os.path.dirname(__file__))


@pytest.fixture(params=("x64", "aarch64", "riscv64", "s390x"))
def check(request: pytest.FixtureRequest) -> Any:
    """A `run.Check` for each ISA in turn."""
    from run import Check, here

    why = here(request.param)
    if why:
        pytest.skip(why)
    return Check(request.param)


@pytest.hookimpl(hookwrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, Any, None]:
    outcome = yield
    if "check" in pyfuncitem.fixturenames and not outcome.excinfo:
        pyfuncitem.funcargs["check"].run()
