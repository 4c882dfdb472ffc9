"""Programs that answer requests, in the emulator and on this machine: results, traps of both kinds, crashes, endless loops."""

from __future__ import annotations

from typing import Any

import pytest
from jitpy.backend import isa
from jitpy.backend.emulation import process, programs
from jitpy.backend.errors import UnsupportedError
from jitpy.backend.filetests import emulated
from jitpy.backend.filetests.outcome import FAIL, PASS
from jitpy.backend.filetests.runner import run_text
from jitpy.backend.interp.meaning import Trap
from jitpy.backend.settings import Settings
from jitpy.backend.text.parser import parse_functions

FUNCTIONS = """
function %twice(i32, i128, f64) -> i128, f64, i32 system_v {
block0(v0: i32, v1: i128, v2: f64):
    v3 = iadd v0, v0
    v4 = iadd v1, v1
    v5 = fadd v2, v2
    return v4, v5, v3
}
function %divide(i32, i32) -> i32 system_v {
block0(v0: i32, v1: i32):
    v2 = udiv v0, v1
    return v2
}
function %below(i32) -> i32 system_v {
    fn0 = colocated %deeper(i32) -> i32 system_v
block0(v0: i32):
    v1 = call fn0(v0)
    v2 = iadd v1, v0
    return v2
}
function %deeper(i32) -> i32 system_v {
block0(v0: i32):
    trapz v0, user7
    return v0
}
function %load(i64) -> i32 system_v {
block0(v0: i64):
    v1 = load.i32 v0
    v2 = load.i32 v0+8
    v3 = iadd v1, v2
    return v3
}
function %endless(i64) -> i64 system_v {
    fn0 = colocated %endless(i64) -> i64 system_v
block0(v0: i64):
    v1 = call fn0(v0)
    v2 = iadd v1, v0
    return v2
}
function %loop() system_v {
block0:
    jump block1
block1:
    jump block1
}
"""


def there(name: str) -> bool:
    """Whether that ISA is part of this installation, and its emulator of this machine."""
    try:
        isa.lookup(name, {})
    except UnsupportedError:
        return False
    return programs.has(name)


ISAS = [pytest.param(name, marks=pytest.mark.skipif(not there(name), reason=f"no {name} or no emulator for it here"))
        for name in ("x64", "aarch64", "riscv64", "s390x")]  # fmt: skip
HOST = pytest.mark.skipif(isa.host_name() != "x64", reason="an x86-64 program, run as it is")


def load(name: str, traps: str = "signal", in_emulator: bool = True, timeout: float = process.TIMEOUT) -> Any:
    settings = Settings("none", "onepass", traps=traps)
    return emulated.load_functions(parse_functions(FUNCTIONS), isa.lookup(name, {}), settings, in_emulator, timeout)


def answers(call: Any) -> None:
    for i in range(20):
        assert call("twice", [i, i << 64 | 1, 0x3FF0 << 48]) == [i << 65 | 2, 0x4000 << 48, 2 * i]
    for args, name, code in (
        ([7, 0], "divide", "int_divz"), ([0], "below", "user7"), ([0], "load", "heap_oob"), ([1], "endless", "SIGSEGV"),
    ):  # fmt: skip
        with pytest.raises(Trap, match=code):
            call(name, args)
        assert call("divide", [7, 2]) == [3]


@pytest.mark.parametrize("traps", ("signal", "call"))
@pytest.mark.parametrize("name", ISAS)
def test_requests_are_answered(name: str, traps: str) -> None:
    """A trap ends its own request alone, in the same process."""
    answers(load(name, traps))


@HOST
@pytest.mark.parametrize("traps", ("signal", "call"))
def test_the_same_without_an_emulator(traps: str) -> None:
    answers(load("x64", traps, False))


@HOST
def test_an_endless_loop_ends_its_process_and_the_next_call_starts_another() -> None:
    call = load("x64", in_emulator=False, timeout=0.2)
    with pytest.raises(Trap, match=r"no answer in 0\.2 s"):
        call("loop", [])
    assert call("divide", [7, 2]) == [3]


@pytest.mark.parametrize("name", ISAS[:1])
def test_features_that_the_emulator_lacks_are_named(name: str) -> None:
    target = isa.lookup(name, isa.parse_features(name, ["x86-64-v4"]))
    with pytest.raises(UnsupportedError, match=r"qemu-x86_64 lacks has_avx512bw"):
        emulated.load_functions(parse_functions(FUNCTIONS), target, Settings("none"))


def test_a_missing_emulator_is_an_unsupported_target(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JITPY_TOOLS", "/nowhere")
    with pytest.raises(UnsupportedError, match="tools/unpack_other_isas puts it there"):
        load("x64")


@pytest.mark.parametrize("name", ISAS[:1])
def test_files_run_in_the_emulator(name: str) -> None:
    text = "test run\ntarget x86_64\n" + FUNCTIONS
    directives = "; run: %divide(6, 2) == 3\n; run: %divide(6, 2) == 4\n; run: %divide(6, 0) traps int_divz\n"
    text = text.replace("function %below", directives + "function %below")
    assert [outcome.status for outcome in run_text(text, emulated=True)] == [PASS, FAIL, PASS]
