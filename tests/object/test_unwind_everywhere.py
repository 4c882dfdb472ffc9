"""GCC's unwinder walks through our frames on every ISA, whatever their stack pointers were aligned to, and finds the registers of
their callers."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from jitpy.backend import isa
from jitpy.backend.emulation import programs
from jitpy.backend.object import elf
from jitpy.backend.object.unit import Unit
from jitpy.backend.pipeline import compile_module
from jitpy.backend.settings import Settings
from jitpy.backend.text.parser import parse_functions

#: A register that calls keep, by its name and its number in DWARF.
KEPT = {"x86_64": ("rbx", 3), "aarch64": ("x19", 19), "riscv64": ("s1", 9), "s390x": ("r7", 7)}
PROGRAM = r"""
#include <stdio.h>
#include <unwind.h>
extern long f(long, long, long, long, long, long, long, long, long, long);
extern int main(void);
static long ours, kept;
static _Unwind_Reason_Code step(struct _Unwind_Context *c, void *a) {
    char *start = (char *)_Unwind_FindEnclosingFunction((void *)(_Unwind_GetIP(c) - 1));
    ours += start == (char *)f;
    if (start == (char *)main) kept = (long)_Unwind_GetGR(c, NUMBER);
    return 0;
}
long probe(long x) { _Unwind_Backtrace(step, 0); return x; }
int main(void) {
    register long value asm(REGISTER) = 0x1234567;
    asm volatile("" : "+r"(value));
    long r = f(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
    asm volatile("" : "+r"(value));
    printf("%ld %ld %d %d\n", r, ours, kept == 0x1234567, value == 0x1234567);
    return 0;
}
"""
_LIVE = 24  # values that live across the calls: more than there are registers for


def keeping(name: str, callee: str, align: int, arity: int, passed: int) -> str:
    """A function that keeps many values, some in an aligned slot, while it calls another."""
    ins = [f"v{k}: i64" for k in range(arity)]
    made = [f"    v{arity + k} = {'isub' if k & 1 else 'iadd'} v{arity + k - 1}, v{k % arity}" for k in range(_LIVE)]
    last = arity + _LIVE
    lines = [
        f"function %{name}({', '.join(['i64'] * arity)}) -> i64 {{", f"    ss0 = explicit_slot 24, align = {align}",
        f"    fn0 = %{callee}({', '.join(['i64'] * passed)}) -> i64", f"block0({', '.join(ins)}):", *made,
        f"    v{last} = stack_addr.i64 ss0", f"    store v{arity - 1}, v{last}+8",
        f"    v{last + 1} = call fn0({', '.join(f'v{k}' for k in range(passed))})",
        f"    v{last + 2} = load.i64 v{last}+8", f"    v{last + 3} = iconst.i64 {align - 1}",
        f"    v{last + 4} = band v{last}, v{last + 3}", f"    v{last + 5} = iadd v{last + 1}, v{last + 2}",
        f"    v{last + 6} = bor v{last + 5}, v{last + 4}",
    ]  # fmt: skip
    sums = [f"    v{last + 7 + k} = bxor v{last + 6 + k}, v{arity + k}" for k in range(_LIVE)]
    return "\n".join([*lines, *sums, f"    return v{last + 6 + _LIVE}", "}", ""])


def kept_sum(arguments: list[int], inner: int) -> int:
    """What such a function gives."""
    x, made = arguments[-1], []
    for k in range(_LIVE):
        x += -arguments[k % len(arguments)] if k & 1 else arguments[k % len(arguments)]
        made.append(x)
    found = inner + arguments[-1]
    for x in made:
        found ^= x
    return found


@pytest.mark.parametrize("align", [8, 32, 4096])
@pytest.mark.parametrize("name", KEPT)
def test_gccs_unwinder_walks_through_aligned_frames(name: str, align: int, tmp_path: Path) -> None:
    machine, target = isa.machine(name), isa.lookup(name, {})
    compiler = f"{machine.triple}-gcc"
    if not shutil.which(compiler) or not programs.has(name):
        pytest.skip(f"wants {compiler} and an emulator")
    unit = Unit(target, machine)
    text = keeping("f", "g", align, 10, 3) + keeping("g", "probe", 64, 3, 1)
    unit.add_code(compile_module(parse_functions(text), target, Settings("speed")), ["f"])
    (tmp_path / "code.o").write_bytes(elf.relocatable(unit))
    (tmp_path / "main.c").write_text(PROGRAM)
    register, number = KEPT[name]
    options = ["-O1", "-static", "-fexceptions", f"-DNUMBER={number}", f'-DREGISTER="{register}"']
    subprocess.run([compiler, *options, "-o", "program", "main.c", "code.o"], cwd=tmp_path, check=True)
    run = [programs.find(f"qemu-{name}"), "-cpu", "max", "./program"]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    wanted = kept_sum(list(range(1, 11)), kept_sum([1, 2, 3], 1))
    assert done.stdout.split() == [str(wanted), "1", "1", "1"], done
