"""For all tests: Ctrl-C means KeyboardInterrupt, also where the shell started the run in the background (which ignores SIGINT); and
collecting garbage stays cheap."""

from __future__ import annotations

import gc
import signal

import pytest


def pytest_configure() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish(session: pytest.Session) -> None:
    """What collecting the tests made (tables of encodings, parameters) lives to the end: tests of leaks, which collect garbage
    often, need not walk through it each time."""
    gc.collect()
    gc.freeze()
