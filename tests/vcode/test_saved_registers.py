"""Which registers a function that only passes a number on saves: those that its callee destroys and its own convention keeps.

A register of which both conventions keep the same part (d8 to d15 on AArch64, xmm6 to xmm15 beside AVX in fastcall) is the
callee's to save.
"""

from __future__ import annotations

import pytest
from jitpy.backend import isa
from jitpy.backend.isa.aarch64 import regs as aarch64
from jitpy.backend.isa.riscv64 import regs as riscv64
from jitpy.backend.isa.s390x import regs as s390x
from jitpy.backend.isa.x64 import regs as x64
from jitpy.backend.pipeline import compile_function
from jitpy.backend.settings import Settings
from jitpy.backend.text.parser import parse_functions

FEATURES: dict[str, dict[str, int]] = {"x64": isa.parse_features("x64", ["haswell"]), "aarch64": {}, "riscv64": {}, "s390x": {}}
#: Callee-saved registers of the platform's convention.
PLATFORM = {"x64": x64.SYSV_SAVED, "aarch64": aarch64.SAVED, "riscv64": riscv64.SAVED, "s390x": s390x.SAVED}
PASS = """
function %f(i64) {caller} {{
    sig0 = (i64) {callee}
    fn0 = colocated %g(i64) {callee}
block0(v0: i64):
    {call}
}}
"""
CALLS = {
    "call": "call fn0(v0)\n    return",
    "indirect": "call_indirect sig0, v0(v0)\n    return",
    "loop": "jump block1(v0)\nblock1(v1: i64):\n    call fn0(v1)\n    v2 = load.i64 v1\n    brif v2, block1(v2), block2\n"
    "block2:\n    return",
    "tail": "return_call fn0(v0)",
    "try": "try_call fn0(v0), sig0, block1, [ default: block1 ]\nblock1:\n    return",
    "switch": "v1 = stack_switch v0, v0, v0\n    return",
}
FASTCALL_WIDE = x64.FASTCALL_SAVED & x64.VECTORS


def saved(name: str, caller: str, callee: str, call: str, level: str) -> int:
    """Mask of the registers that the function saves."""
    text = PASS.format(caller=caller, callee=callee, call=CALLS[call])
    target = isa.lookup(name, FEATURES[name])
    done = compile_function(parse_functions(text)[0], target, Settings(level, regalloc_checker=True))
    return sum(1 << preg for preg, _ in done.saved)


@pytest.mark.parametrize("level", ["none", "speed"])
@pytest.mark.parametrize("name", PLATFORM)
def test_calls_among_conventions_that_keep_the_same_save_nothing(name: str, level: str) -> None:
    kept = s390x.mask(s390x.R6, s390x.R7, s390x.R8) | riscv64.mask(9) | aarch64.mask(19) | x64.mask(x64.RBX)
    for caller, callee in (("system_v", "system_v"), ("tail", "system_v"), ("system_v", "tail"), ("fast", "fast")):
        for call in ("call", "indirect"):
            assert saved(name, caller, callee, call, level) == 0
        # What is used behind the call may be in a general register that is kept, and nothing else.
        assert not saved(name, caller, callee, "loop", level) & ~kept
    assert saved(name, "tail", "tail", "tail", level) == 0


@pytest.mark.parametrize("level", ["none", "speed"])
@pytest.mark.parametrize("name", PLATFORM)
def test_what_a_callee_does_not_keep_is_saved(name: str, level: str) -> None:
    platform = PLATFORM[name]
    assert saved(name, "system_v", "winch", "call", level) == platform
    assert saved(name, "winch", "winch", "call", level) == 0
    assert saved(name, "system_v", "system_v", "switch", level) == platform
    # A thrower restores nothing, so what the allocator may hand out anywhere is saved.
    assert saved(name, "system_v", "system_v", "try", level) == platform & isa.lookup(name, FEATURES[name]).env.all
    # A convention that keeps all wholly counts on nothing of which the callee keeps less.
    target = isa.lookup(name, FEATURES[name])
    everything, usual = target.abi("preserve_all"), target.abi("system_v")
    assert saved(name, "system_v", "preserve_all", "call", level) == 0
    assert saved(name, "preserve_all", "system_v", "call", level) == usual.clobbers & everything.callee_saved
    assert not everything.kept_in_part & usual.kept_in_part


@pytest.mark.parametrize("level", ["none", "speed"])
def test_fastcall(level: str) -> None:
    assert saved("x64", "windows_fastcall", "windows_fastcall", "call", level) == 0
    assert saved("x64", "windows_fastcall", "windows_fastcall", "loop", level) & FASTCALL_WIDE == 0
    assert saved("x64", "windows_fastcall", "system_v", "call", level) & FASTCALL_WIDE == FASTCALL_WIDE
    assert saved("x64", "system_v", "windows_fastcall", "call", level) == 0
    everything = saved("x64", "preserve_all", "windows_fastcall", "call", level)
    assert everything & x64.VECTORS == x64.mask(*range(16, 22))
