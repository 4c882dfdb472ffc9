"""What guards against speculation, stray jumps and forged return addresses is in the machine code, and code with it still runs."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from disassemble import disassembled
from jitpy.backend import isa
from jitpy.backend.emulation import programs
from jitpy.backend.filetests import emulated
from jitpy.backend.object import elf
from jitpy.backend.object.unit import Unit
from jitpy.backend.pipeline import compile_function, compile_module
from jitpy.backend.settings import Settings
from jitpy.backend.text.parser import parse_functions

LEAF = "function %f(i64) -> i64 {\nblock0(v0: i64):\n return v0\n}"
CALLS = """
function %f(i64) -> i64 {
    fn0 = colocated %g(i64) -> i64
block0(v0: i64):
    v1 = call fn0(v0)
    v2 = iadd v1, v0
    return v2
}
function %g(i64) -> i64 {
block0(v0: i64):
    v1 = iadd v0, v0
    return v1
}
"""
SWITCH = """
function %f(i32) -> i32 {
block0(v0: i32):
    br_table v0, block1, [block2, block3, block4]
block1:
    v1 = iconst.i32 10
    return v1
block2:
    v2 = iconst.i32 20
    return v2
block3:
    v3 = iconst.i32 30
    return v3
block4:
    v4 = iconst.i32 40
    return v4
}
"""


def mnemonics(text: str, level: str, folder: Path, **choices: int) -> list[str]:
    code = compile_function(parse_functions(text)[0], isa.lookup("aarch64", choices), Settings(level)).code
    return [text.replace("\t", " ") for _, text in disassembled("aarch64", code, folder).values()]


@pytest.mark.parametrize("level", ["none", "speed"])
@pytest.mark.parametrize("type", ["i8", "i16", "i32", "i64", "i128", "f16", "f32", "f64", "f128", "i32x4"])
def test_guards_do_not_branch(type: str, level: str, tmp_path: Path) -> None:
    text = f"""
        function %f(i64, i64, {type}, {type}) -> {type} {{
        block0(v0: i64, v1: i64, v2: {type}, v3: {type}):
            v4 = icmp ugt v0, v1
            v5 = select_spectre_guard v4, v2, v3
            return v5
        }}
    """
    found = mnemonics(text, level, tmp_path, use_csdb=1)
    assert not [m for m in found if m.startswith(("b.", "cb", "tb"))], found
    if type != "i128":
        assert "csdb" in found


def test_functions_begin_with_a_landing_mark(tmp_path: Path) -> None:
    for enabled in (0, 1):
        assert (mnemonics(LEAF, "none", tmp_path, use_bti=enabled)[0] == "bti c") == bool(enabled)


@pytest.mark.parametrize(
    ("choices", "signed", "leaf_signed"),
    [
        ({}, "", ""), ({"sign_return_address": 1}, "paciasp", ""),
        ({"sign_return_address": 1, "sign_return_address_all": 1}, "paciasp", "paciasp"),
        ({"sign_return_address": 1, "sign_return_address_with_bkey": 1}, "pacibsp", ""),
    ],
)  # fmt: skip
def test_return_addresses_are_signed(choices: dict[str, int], signed: str, leaf_signed: str, tmp_path: Path) -> None:
    for text, wanted in ((CALLS, signed), (LEAF, leaf_signed)):
        found = mnemonics(text, "none", tmp_path, **choices)
        assert [m for m in found if m.startswith("pac")] == ([wanted] if wanted else [])
        assert len([m for m in found if m.startswith("aut")]) == bool(wanted)


@pytest.mark.skipif(not programs.has("aarch64"), reason="no emulator for aarch64 here")
@pytest.mark.parametrize("bkey", [0, 1])
def test_hardened_code_runs(bkey: int) -> None:
    choices = {
        "use_bti": 1, "use_csdb": 1, "has_pauth": 1, "sign_return_address": 1, "sign_return_address_all": 1,
        "sign_return_address_with_bkey": bkey,
    }  # fmt: skip
    target = isa.lookup("aarch64", choices)
    call = emulated.load_functions(parse_functions(CALLS), target, Settings("none"), True)
    assert call("f", [7]) == [21]
    call = emulated.load_functions(parse_functions(SWITCH), target, Settings("speed"), True)
    assert [call("f", [i])[0] for i in (0, 1, 2, 3, 0xFFFFFFFF)] == [20, 30, 40, 10, 10]


TAIL = """
function %f(i64) -> i64 tail {
    fn0 = %g(i64) -> i64
    fn1 = %h(i64) -> i64 tail
block0(v0: i64):
    v1 = call fn0(v0)
    brif v1, block1, block2
block1:
    return v1
block2:
    return_call fn1(v1)
}"""
POPS = """
function %f(i64, i64, i64, i64, i64, i64, i64, i64, i64, i64) -> i64 tail {
    fn0 = %g(i64) -> i64
block0(v0: i64, v1: i64, v2: i64, v3: i64, v4: i64, v5: i64, v6: i64, v7: i64, v8: i64, v9: i64):
    v10 = call fn0(v9)
    return v10
}"""


@pytest.mark.parametrize("level", ["none", "speed"])
@pytest.mark.parametrize(("bkey", "key"), [(0, "a"), (1, "b")])
def test_pauth_authenticates_and_returns_at_once(bkey: int, key: str, level: str, tmp_path: Path) -> None:
    """Where the stack pointer is then still what the address was signed with; the code of other returns stays as it is."""
    choices = {"sign_return_address": 1, "sign_return_address_with_bkey": bkey}

    def leaving(text: str, **more: int) -> list[str]:
        return sorted(m for m in mnemonics(text, level, tmp_path, **choices, **more) if m.startswith(("aut", "ret")))

    assert leaving(CALLS) == [f"auti{key}sp", "ret"]
    assert leaving(CALLS, has_pauth=1) == [f"reta{key}"]
    assert leaving(TAIL, has_pauth=1) == [f"auti{key}sp", f"reta{key}"]
    assert leaving(POPS, has_pauth=1) == [f"auti{key}sp", "ret"]
    assert leaving(LEAF, has_pauth=1) == ["ret"]
    assert leaving(LEAF, has_pauth=1, sign_return_address_all=1) == [f"reta{key}"]


SIGNED = [
    {"sign_return_address": 1}, {"sign_return_address": 1, "sign_return_address_with_bkey": 1},
    {"sign_return_address": 1, "sign_return_address_with_bkey": 1, "has_pauth": 1},
    {"sign_return_address": 1, "sign_return_address_all": 1, "has_pauth": 1, "use_bti": 1},
]  # fmt: skip
THROWS = """
function %throws(i64, i64) -> i64 tail {
    fn0 = %jitpy_throw(i64, i64, i32, i64, i64)
block0(v0: i64, v1: i64):
    v2 = get_frame_pointer.i64
    v3 = iconst.i32 7
    brif v1, block1, block2
block1:
    call fn0(v0, v2, v3, v1, v1)
    trap user1
block2:
    return v1
}
function %between(i64, i64) -> i64 tail {
    fn0 = colocated %throws(i64, i64) -> i64 tail
block0(v0: i64, v1: i64):
    v2 = call fn0(v0, v1)
    v4 = iconst.i64 1
    v3 = iadd v2, v4
    return v3
}
function %f(i64) -> i64 {
    sig0 = (i64, i64) -> i64 tail
    fn0 = colocated %between(i64, i64) -> i64 tail
block0(v0: i64):
    v1 = get_frame_pointer.i64
    v2 = load.i64 v1
    try_call fn0(v2, v0), sig0, block1(ret0), [ tag7: block2(exn0, exn1) ]
block1(v3: i64):
    return v3
block2(v4: i64, v5: i64):
    v6 = iadd v4, v5
    v7 = iadd v6, v0
    return v7
}
"""


@pytest.mark.skipif(not programs.has("aarch64"), reason="no emulator for aarch64 here")
@pytest.mark.parametrize("level", ["none", "speed"])
@pytest.mark.parametrize("choices", SIGNED)
def test_throwers_find_handlers_by_signed_addresses(choices: dict[str, int], level: str) -> None:
    call = emulated.load_functions(parse_functions(THROWS), isa.lookup("aarch64", choices), Settings(level), True)
    assert call("f", [0]) == [1]
    assert call("f", [14]) == [42]


#: The unwinder of GCC takes the signatures off by what .eh_frame says, or finds nothing behind the first of our frames.
BACKTRACE = r"""
#include <stdio.h>
#include <unwind.h>
extern long f(long);
static int found[2];
static _Unwind_Reason_Code step(struct _Unwind_Context *c, void *a) {
    char *start = (char *)_Unwind_FindEnclosingFunction((void *)(_Unwind_GetIP(c) - 1));
    extern int main(void);
    found[0]++;
    found[1] += start == (char *)f || start == (char *)main;
    return 0;
}
long probe(long x) { _Unwind_Backtrace(step, 0); return x + 1; }
int main(void) { long r = f(40); printf("%ld %d %d\n", r, found[0] >= 4, found[1]); return 0; }
"""
PROBES = """
function %f(i64) -> i64 {
    fn0 = colocated %g(i64) -> i64
block0(v0: i64):
    v1 = call fn0(v0)
    v3 = iconst.i64 1
    v2 = iadd v1, v3
    return v2
}
function %g(i64) -> i64 {
    fn0 = %probe(i64) -> i64
block0(v0: i64):
    v1 = call fn0(v0)
    return v1
}
"""


@pytest.mark.skipif(not programs.has("aarch64") or not shutil.which("aarch64-linux-gnu-gcc"), reason="wants GCC for aarch64")
@pytest.mark.parametrize("choices", [{}, *SIGNED])
def test_gccs_unwinder_walks_through_signed_frames(choices: dict[str, int], tmp_path: Path) -> None:
    unit = Unit(isa.lookup("aarch64", choices), isa.machine("aarch64"))
    unit.add_code(compile_module(parse_functions(PROBES), unit.target, Settings("speed")), ["f"])
    (tmp_path / "code.o").write_bytes(elf.relocatable(unit))
    (tmp_path / "main.c").write_text(BACKTRACE)
    command = ["aarch64-linux-gnu-gcc", "-O1", "-static", "-fexceptions", "-o", "program", "main.c", "code.o"]
    subprocess.run(command, cwd=tmp_path, check=True)
    run = [programs.find("qemu-aarch64"), "-cpu", "max", "./program"]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["42", "1", "2"], done
    frames = subprocess.run(
        [programs.gnu("aarch64", "readelf"), "--debug-dump=frames", "code.o"], cwd=tmp_path, capture_output=True, text=True
    ).stdout
    # At the entry of both functions, and again before each return that does not authenticate.
    places = (2 if "has_pauth" in choices else 4) * ("sign_return_address" in choices)
    assert frames.count("DW_CFA_AARCH64_negate_ra_state") == places, frames
    assert ('"zRB"' in frames) == ("sign_return_address_with_bkey" in choices)
