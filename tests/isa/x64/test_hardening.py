"""What guards against speculation and stray jumps is in the machine code: no branch decides a guarded select, a switch's index is
clamped by cmov, and with ``enable_cet`` every function begins with endbr64.
"""

from __future__ import annotations

import re

import pytest
from jitpy.backend import isa
from jitpy.backend.pipeline import compile_function
from jitpy.backend.settings import Settings
from jitpy.backend.text.parser import parse_functions

pytestmark = pytest.mark.skipif(isa.host_name() != "x64", reason="x86-64's instructions")
ENDBR64 = b"\xf3\x0f\x1e\xfa"


def mnemonics(text: str, level: str, **choices: int) -> list[str]:
    capstone = pytest.importorskip("capstone")
    target = isa.lookup("x64", {**isa.host().features, **choices})
    code = compile_function(parse_functions(text)[0], target, Settings(level, enable_verifier=True)).code
    decoder = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    return [f"{i.mnemonic} {i.op_str}" for i in decoder.disasm(code, 0)]


@pytest.mark.parametrize("level", ["none", "speed"])
@pytest.mark.parametrize("type", ["i8", "i16", "i32", "i64", "i128", "f16", "f32", "f64", "f128"])
def test_guards_do_not_branch(type: str, level: str) -> None:
    text = f"""
        function %f(i64, i64, {type}, {type}) -> {type} {{
        block0(v0: i64, v1: i64, v2: {type}, v3: {type}):
            v4 = icmp ugt v0, v1
            v5 = select_spectre_guard v4, v2, v3
            return v5
        }}
    """
    found = mnemonics(text, level)
    assert any(m.startswith("cmov") for m in found), found
    assert not [m for m in found if re.match(r"j(?!mp\b)", m)], found


@pytest.mark.parametrize("level", ["none", "speed"])
def test_switches_clamp_their_index(level: str) -> None:
    blocks = "".join(f"block{k}:\n v{k} = iconst.i32 {7 * k * k}\n return v{k}\n" for k in range(1, 9))
    table = ", ".join(f"block{k}" for k in range(2, 9))
    found = mnemonics(f"function %f(i32) -> i32 {{\nblock0(v0: i32):\n br_table v0, block1, [{table}]\n{blocks}}}", level)
    at = next(k for k, m in enumerate(found) if m.startswith("movsxd"))
    assert any(m.startswith("cmov") for m in found[:at]), found


def test_functions_begin_with_a_landing_mark() -> None:
    text = "function %f(i64) -> i64 {\nblock0(v0: i64):\n return v0\n}"
    for enabled in (0, 1):
        target = isa.lookup("x64", {**isa.host().features, "enable_cet": enabled})
        code = compile_function(parse_functions(text)[0], target, Settings()).code
        assert code.startswith(ENDBR64) == bool(enabled)
