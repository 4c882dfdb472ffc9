"""Each program of `errors_programs` gives one error: the text in ``errors_expected.txt``, with the line, a caret and advice.

``python tests/frontend/test_error_messages.py`` prints that file anew.
"""

from __future__ import annotations

import inspect
import os
import sys

import numpy as np
import pytest

sys.path.insert(0, os.path.dirname(__file__))
import errors_programs

import jitpy

PROGRAMS = [
    f for f in vars(errors_programs).values()
    if inspect.isfunction(f) and list(inspect.signature(f).parameters) == ["x", "a", "s"]
]  # fmt: skip


def message(function) -> str:
    """The class and text of the error; the path of the file left out."""
    try:
        result = jitpy.jit(function)(2.5, np.ones(3), "text")
    except Exception as error:
        return f"{type(error).__name__}: {error}".replace(errors_programs.__file__, "programs.py")
    return f"returned {result!r}"


def _expected() -> dict[str, str]:
    with open(os.path.join(os.path.dirname(__file__), "errors_expected.txt"), encoding="utf-8") as file:
        sections = file.read().split("== ")[1:]
    return {name: text.rstrip("\n") for name, text in (s.split("\n", 1) for s in sections)}


EXPECTED = _expected() if __name__ != "__main__" else {}


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="carets of Python 3.11's positions")
@pytest.mark.parametrize("function", PROGRAMS, ids=lambda f: f.__name__)
def test_error(function) -> None:
    assert message(function) == EXPECTED[function.__name__]


if __name__ == "__main__":
    for f in PROGRAMS:
        print(f"== {f.__name__}\n{message(f)}\n")
