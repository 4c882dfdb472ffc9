"""Compiling a piece of ISLE text and running what comes out."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from jitpy.backend.isle.driver import compile_texts
from jitpy.backend.isle.host import Host


@pytest.fixture
def load():
    """``load(text, host, **context)`` gives what ``make(ctx)`` returns, plus the module's globals."""

    def run(text: str, host: Host | None = None, **context: object) -> dict[str, object]:
        source = compile_texts([("t.isle", text)], host if host is not None else Host())
        module: dict[str, object] = {}
        exec(compile(source, "generated", "exec"), module)
        made = module["make"](SimpleNamespace(**context))
        made["module"] = module
        made["source"] = source
        return made

    return run
