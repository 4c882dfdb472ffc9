"""Thread-local symbols: object files with `tls_value`, linked by Debian's cross compilers in each way, find every thread's own."""

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

from jitpy.cross import targets

#: Two symbols, one with an offset, and values that live across both.
CLIF = """
function %bump(i64, f64) -> i64, f64 {
    gv0 = symbol tls %counter
    gv1 = symbol tls %counter+8
    gv2 = symbol tls %total
block0(v0: i64, v20: f64):
    v1 = tls_value.i64 gv0
    v2 = load.i64 v1
    v3 = iadd v2, v0
    store v3, v1
    v4 = tls_value.i64 gv1
    v5 = load.i64 v4
    v6 = iadd v5, v0
    store v6, v4
    v8 = tls_value.i64 gv2
    v9 = load.f64 v8
    v10 = fadd v9, v20
    store v10, v8
    v11 = isub v6, v3
    v12 = iadd v11, v3
    return v12, v10
}
function %step(i64) -> i64 system_v {
    fn0 = colocated %bump(i64, f64) -> i64, f64
block0(v0: i64):
    v1 = fcvt_from_sint.f64 v0
    v2, v3 = call fn0(v0, v1)
    v4 = fcvt_to_sint.i64 v3
    v5 = iadd v2, v4
    return v5
}
"""
PROGRAM = r"""
#include <pthread.h>
#include <stdio.h>
#ifdef OPENED
#include <dlfcn.h>
static void *part;
static long (*step)(long);
#define counter ((long *)dlsym(part, "counter"))
#define total (*(double *)dlsym(part, "total"))
#else
extern long step(long);
extern __thread long counter[2];
extern __thread double total;
#endif
static void *other(void *arg) { long a = step(7); *(long *)arg = a + step(7); return 0; }
int main(void) {
    pthread_t threads[3];
    long theirs[3];
#ifdef OPENED
    part = dlopen("./libpart.so", RTLD_NOW);
    step = (long (*)(long))dlsym(part, "step");
#endif
    step(5);
    for (int i = 0; i < 3; i++) pthread_create(&threads[i], 0, other, &theirs[i]);
    for (int i = 0; i < 3; i++) pthread_join(threads[i], 0);
    printf("%ld %ld %ld %ld %ld %g\n", theirs[0], theirs[1], theirs[2], counter[0], counter[1], total);
    return 0;
}
"""
VARIABLES = "__thread long pad[3]; __thread long counter[2] = {100, 1000}; __thread double total = 0.5;\n"
#: In other threads 1007 + 7, then 1014 + 14 (0.5 is cut off); in the first, 5 more each.
WANTED = ["2042", "2042", "2042", "105", "1005", "5.5"]
#: How the program is linked: what becomes a shared library, and what the program is made from, with which options.
WAYS = {
    "static": ("", ["main.c", "variables.c", "code.o", "-static"]),
    "pie": ("", ["main.c", "variables.c", "code.o", "-pie"]),
    "no-pie": ("", ["main.c", "variables.c", "code.o", "-no-pie"]),
    "code in a library": ("code.o", ["main.c", "variables.c", "-L.", "-lpart", "-Wl,-rpath,.", "-rdynamic"]),
    "both in a library": ("code.o variables.c", ["main.c", "-L.", "-lpart", "-Wl,-rpath,."]),
    "opened while running": ("code.o variables.c", ["main.c", "-DOPENED"]),
    "variables in a library": ("variables.c", ["main.c", "code.o", "-L.", "-lpart", "-Wl,-rpath,."]),
}


@pytest.mark.parametrize("level", ["none", "speed"])
@pytest.mark.parametrize("way", WAYS)
def test_each_thread_has_its_own(tmp_path: Path, target: str, way: str, level: str) -> None:
    name = targets.TARGETS[target][0]
    machine = isa.machine(name)
    compiler = f"{machine.triple}-gcc"
    if not shutil.which(compiler):
        pytest.skip(f"{compiler} is not installed")
    unit = Unit(isa.lookup(name, {}), machine)
    unit.add_code(compile_module(parse_functions(CLIF), unit.target, Settings(level)), ["step"])
    (tmp_path / "code.o").write_bytes(elf.relocatable(unit))
    (tmp_path / "main.c").write_text(PROGRAM)
    (tmp_path / "variables.c").write_text(VARIABLES)

    def run(*command: str) -> str:
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0 and not done.stderr, (command, done)
        return done.stdout

    library, parts = WAYS[way]
    if library:
        run(compiler, "-shared", "-fPIC", "-o", "libpart.so", *library.split())
    run(compiler, "-O1", "-pthread", "-o", "program", *parts)
    emulator = [programs.find(f"qemu-{target}"), "-cpu", "max", "-L", f"/usr/{machine.triple}"] if target != "x86_64" else []
    assert run(*emulator, "./program").split() == WANTED
