"""For all tests: Ctrl-C means KeyboardInterrupt, also where the shell started the run in the background (which ignores SIGINT)."""

from __future__ import annotations

import signal


def pytest_configure() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
