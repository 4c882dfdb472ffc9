"""`Settings.stack_limit`: a word beside the thread pointer ends what would run over the stack, with stk_ovf, on every ISA."""

from __future__ import annotations

import pytest
from jitpy.backend import isa
from jitpy.backend.emulation import program, programs
from jitpy.backend.filetests import engines
from jitpy.backend.interp.meaning import Trap
from jitpy.backend.settings import Settings
from jitpy.backend.text.parser import parse_functions

FUNCTIONS = """
function %deep(i64) -> i64 system_v {{
    ss0 = explicit_slot {slot}
    fn0 = colocated %deep(i64) -> i64 system_v
block0(v0: i64):
    v1 = iconst.i64 1
    v2 = stack_addr.i64 ss0
    store v0, v2
    brif v0, block1, block2
block1:
    v3 = isub v0, v1
    v4 = call fn0(v3)
    v5 = load.i64 v2
    v6 = iadd v4, v5
    return v6
block2:
    return v0
}}
function %leaf(i64) -> i64 system_v {{
    ss0 = explicit_slot {wide}
block0(v0: i64):
    v1 = stack_addr.i64 ss0
    store v0, v1
    v2 = load.i64 v1
    return v2
}}
"""
MEGABYTE = 1 << 20


@pytest.mark.parametrize("settings", [("none", "onepass"), ("none", "linear"), ("speed", "linear")], ids=" ".join)
@pytest.mark.parametrize("name", ["x64", "aarch64", "riscv64", "s390x"])
def test_what_runs_over_the_stack_traps(name: str, settings: tuple[str, str]) -> None:
    """Frames of less than a page, and of more; one that does not call, but takes more than there is."""
    if not programs.has(name) and isa.host_name() != name:
        pytest.skip(f"no emulator for {name} here")
    for traps, slot, wide in (("signal", 64, program.STACK_BYTES + 64), ("call", 3 * 4096, program.STACK_BYTES - MEGABYTE // 2)):
        made = Settings(*settings, stack_limit=program.STACK_LIMIT, traps=traps)
        call = engines.load(parse_functions(FUNCTIONS.format(slot=slot, wide=wide)), isa.lookup(name, {}), made)
        assert call("deep", [100]) == [5050]
        with pytest.raises(Trap, match="stk_ovf"):
            call("deep", [MEGABYTE])
        if wide < program.STACK_BYTES:
            assert call("leaf", [7]) == [7]
        else:
            with pytest.raises(Trap, match="stk_ovf"):
                call("leaf", [7])
