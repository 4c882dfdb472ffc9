"""What only a linker can finish: thread-local addresses. The bytes and their relocations go through gcc into a program."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from jitpy.backend import isa
from jitpy.backend.pipeline import compile_module
from jitpy.backend.settings import Settings
from jitpy.backend.text.parser import parse_functions

pytestmark = pytest.mark.skipif(isa.host_name() != "x64" or not shutil.which("gcc"), reason="wants gcc on x86-64")

ELF = {"tlsgd4": "R_X86_64_TLSGD", "plt4": "R_X86_64_PLT32", "abs8": "R_X86_64_64", "pcrel4": "R_X86_64_PC32"}
CLIF = """
function %bump(i64) -> i64 {
    gv0 = symbol tls %counter
    gv1 = symbol tls %counter+8
block0(v0: i64):
    v1 = tls_value.i64 gv0
    v2 = load.i64 v1
    v3 = iadd v2, v0
    store v3, v1
    v4 = tls_value.i64 gv1
    v5 = load.i64 v4
    v6 = iadd v5, v0
    store v6, v4
    v7 = isub v6, v3
    v8 = iadd v7, v3
    return v8
}
"""
PROGRAM = r"""
#include <pthread.h>
#include <stdio.h>
__thread long counter[2] = {100, 1000};
long bump(long);
static void *other(void *arg) { *(long *)arg = bump(7) + bump(7); return 0; }
int main(void) {
    pthread_t thread;
    long theirs;
    bump(5);
    pthread_create(&thread, 0, other, &theirs);
    pthread_join(thread, 0);
    printf("%ld %ld %ld\n", theirs, counter[0], counter[1]);
    return 0;
}
"""


@pytest.mark.parametrize("level", ["none", "speed"])
@pytest.mark.parametrize("shared", [False, True])
def test_thread_local(tmp_path: Path, level: str, shared: bool) -> None:
    module = compile_module(parse_functions(CLIF), isa.host(), Settings(level))
    lines = [".text", *(f".globl {name}\n.set {name}, code + {at}" for name, at in module.symbols.items()), ".p2align 6", "code:"]
    lines += [f".byte {', '.join(map(str, module.code))}"]
    lines.append(".type counter, @tls_object")
    lines += [f".reloc code + {at}, {ELF[kind]}, {symbol} + {addend}" for at, kind, symbol, addend in module.relocs]
    (tmp_path / "code.s").write_text("\n".join(lines) + '\n.section .note.GNU-stack,"",@progbits\n')
    (tmp_path / "main.c").write_text(PROGRAM)
    sources = [tmp_path / "main.c", tmp_path / "code.s"]
    if shared:
        subprocess.run(["gcc", "-shared", "-fPIC", "-o", tmp_path / "libcode.so", tmp_path / "code.s"], check=True)
        sources[1] = tmp_path / "libcode.so"
    command = ["gcc", "-O1", "-o", tmp_path / "program", *sources, f"-Wl,-rpath,{tmp_path}", "-rdynamic", "-lpthread"]
    subprocess.run(command, check=True)
    run = subprocess.run([tmp_path / "program"], capture_output=True, text=True, check=True)
    # In the other thread: (1007) then (1014); in the first, 5 more each.
    assert run.stdout.split() == ["2021", "105", "1005"]
