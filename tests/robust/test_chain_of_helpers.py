"""Plain helpers that call one another: inlined, out of line further down, and a located error where there are too many."""

from __future__ import annotations

from typing import Any

import pytest

import jitpy
from jitpy import jit


def _chain(count: int) -> Any:
    lines = ["def f0(x): return x + 1.0"]
    lines += [f"def f{i}(x): return f{i - 1}(x) + 1.0" for i in range(1, count + 1)]
    namespace: dict[str, Any] = {}
    exec(compile("\n".join(lines), "<chain>", "exec"), namespace)
    return namespace[f"f{count}"]


def test_forty_helpers_compile() -> None:
    assert jit(_chain(40))(1.0) == 42.0


def test_five_hundred_helpers_are_a_located_error() -> None:
    with pytest.raises(jitpy.CompileError, match=r"(?s)nest too deep.*<chain>.*line \d+.*shorter"):
        jit(_chain(500))(1.0)
