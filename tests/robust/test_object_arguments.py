"""An ordinary object as an argument: the error says what to do."""

from __future__ import annotations

import pytest

import jitpy
from jitpy import jit


class Body:
    def __init__(self) -> None:
        self.mass = 2.0

    @jit
    def unused(self, x):
        return x * 2

    @jit
    def weight(self, g):
        return self.mass * g


@pytest.mark.parametrize("method", [Body().unused, Body().weight])
def test_self_of_an_ordinary_class(method) -> None:
    with pytest.raises(jitpy.CompileError, match="a method of Body: jit a function of self's attributes"):
        method(3.0)
