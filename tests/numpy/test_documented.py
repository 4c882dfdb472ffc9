"""docs/numpy.md lists what there is, and only that."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from jitpy.frontend.library import arrays, registry
from jitpy.frontend.library import numpy as functions

TEXT = (Path(__file__).parents[2] / "docs" / "numpy.md").read_text()
WORDS = set(re.findall(r"\w+", TEXT))


def test_everything_is_listed() -> None:
    named = [*functions.THEMES.values(), *functions.LINALG.values(), *arrays.METHODS.values(), " ".join(arrays.ATTRIBUTES)]
    missing = {name for names in named for name in names.split() if name not in WORDS}
    assert not missing


def test_everything_listed_is_there() -> None:
    rows = [line.split("|")[2] for line in TEXT.splitlines() if line.startswith("| ") and not line.startswith("| ufuncs")][1:]
    names = {word for row in rows for word in re.findall(r"\w+", re.sub(r"\([^)]*\)|`\w+`", "", row))} - {"linalg"}
    known = [getattr(np, name, None) or getattr(np.linalg, name, None) for name in names]
    assert len(names) > 150
    assert [f for f in known if f is None or registry.find_call(f) is None] == []
