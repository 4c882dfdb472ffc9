"""A fence has no operands on any ISA. The baseline places it by itself the first time, so its row must say so too."""

from __future__ import annotations

import pytest
from jitpy.backend import isa
from jitpy.backend.pipeline import compile_function
from jitpy.backend.settings import Settings
from jitpy.backend.text.parser import parse_functions

TEXT = "function %f() {\nblock0:\n    fence\n    return\n}\n"


@pytest.mark.parametrize("name", ["x86_64", "aarch64", "riscv64", "s390x"])
def test_a_fence_is_the_same_for_both_settings(name: str) -> None:
    settings = (Settings("none", "onepass"), Settings("none", "onepass", regalloc_checker=True), Settings())
    codes = [compile_function(parse_functions(TEXT)[0], isa.lookup(name), s).code for s in settings]
    assert codes[0] == codes[1] == codes[2]
