"""What a jitted function says about its compilations: ``f.stats()`` and ``f.recompilations``."""

import numpy as np

from jitpy import jit


def test_stats_per_overload():
    @jit
    def f(x):
        return x + 1

    assert f.stats() == []
    f(1)
    f(np.arange(3.0))
    first, second = f.stats()
    assert [first["types"], second["types"]] == f.signatures
    for row in first, second:
        assert row["frontend"] > 0 and row["backend"] > 0 and row["install"] > 0
        assert row["clif_instructions"] > 0 and row["bytes"] > 0
    assert second["clif_instructions"] > first["clif_instructions"]


def test_a_cached_overload_costs_installation_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("JITPY_CACHE_DIR", str(tmp_path))

    def f(x):
        return x * 3

    jit(cache=True)(f)(2)
    again = jit(cache=True)(f)
    assert again(2) == 6
    (row,) = again.stats()
    assert row["frontend"] == row["backend"] == 0 < row["install"]


def test_recompilations_are_logged():
    names = {"K": 2}
    exec("def f(x):\n    return x * K\n", names)
    f = jit(names["f"])
    assert f(3) == 6 and f.recompilations == []
    names["K"] = 5
    assert f(3) == 15
    (line,) = f.recompilations
    assert "int" in line and "global K changed" in line
