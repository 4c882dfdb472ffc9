"""C's callee-saved float registers survive our functions (of d8 to d15 and f8 to f15 the convention keeps half a vector register):
chains of calls by several conventions, tail and indirect calls, loops, exceptions, switches of stacks and calls back to C."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from jitpy.backend import isa, pipeline
from jitpy.backend.emulation import programs
from jitpy.backend.interp.interpreter import Interpreter
from jitpy.backend.interp.libcalls import LIBCALLS
from jitpy.backend.object import elf
from jitpy.backend.object.unit import Unit
from jitpy.backend.settings import Settings
from jitpy.backend.text.parser import parse_functions

CONVENTIONS = ("system_v", "tail", "winch", "preserve_all")
_LIVE = 30  # doubles alive at once: more than there are registers that calls destroy


def busy(name: str, convention: str, then: str = "return") -> str:
    """Replaces the double at an address by one that takes all registers to compute."""
    lines = [f"function %{name}(i64) {convention} {{", "    fn0 = colocated %busy_tail(i64) tail", "block0(v0: i64):"]
    lines.append("    v1 = load.f64 v0")
    lines += [f"    v{k} = fadd v{k - 1}, v1" for k in range(2, _LIVE + 1)]
    at = _LIVE
    for k in range(_LIVE - 1, 0, -1):
        lines.append(f"    v{at + 1} = {'fsub' if k & 1 else 'fadd'} v{at}, v{k}")
        at += 1
    return "\n".join([*lines, f"    store v{at}, v0", f"    {then}", "}", ""])


def between(name: str, convention: str, callee: str, of: str, call: str = "call fn0(v0)") -> str:
    """Keeps a double across a call of ``callee``, a function of the convention ``of``."""
    return f"""
function %{name}(i64) {convention} {{
    sig0 = (i64) {of}
    fn0 = colocated %{callee}(i64) {of}
block0(v0: i64):
    v1 = load.f64 v0
    v2 = func_addr.i64 fn0
    v3 = fadd v1, v1
    {call}
    v4 = load.f64 v0
    v5 = fadd v4, v3
    store v5, v0
    return
}}
"""


def entry(callee: str, of: str) -> str:
    """What C calls."""
    return f"""
function %entry_{callee}(f64) -> f64 system_v {{
    ss0 = explicit_slot 8
    fn0 = colocated %{callee}(i64) {of}
block0(v0: f64):
    v1 = stack_addr.i64 ss0
    store v0, v1
    call fn0(v1)
    v2 = load.f64 v1
    v3 = fsub v2, v0
    return v3
}}
"""


#: A loop of calls; a throw through a frame that has changed all registers; a generator on its own stack that does so; C.
REST = """
function %loop(i64) system_v {
    fn0 = colocated %busy_tail(i64) tail
    fn1 = colocated %busy_system_v(i64) system_v
block0(v0: i64):
    v1 = iconst.i32 3
    v2 = load.f64 v0
    jump block1(v1, v2)
block1(v3: i32, v4: f64):
    call fn0(v0)
    v5 = load.f64 v0
    v6 = fadd v5, v4
    store v6, v0
    call fn1(v0)
    v7 = iconst.i32 -1
    v8 = iadd v3, v7
    v9 = load.f64 v0
    brif v8, block1(v8, v6), block2(v9, v6)
block2(v10: f64, v11: f64):
    v12 = fadd v10, v11
    store v12, v0
    return
}

function %throws(i64, i64) tail {
    fn0 = %jitpy_throw(i64, i64, i32, i64, i64)
    fn1 = colocated %busy_system_v(i64) system_v
block0(v0: i64, v1: i64):
    call fn1(v0)
    v2 = get_frame_pointer.i64
    v3 = iconst.i32 1
    call fn0(v1, v2, v3, v0, v0)
    trap user1
}

function %busy_then_throws(i64, i64) tail {
    fn0 = colocated %throws(i64, i64) tail
block0(v0: i64, v1000: i64):
BUSY
    call fn0(v0, v1000)
    trap user2
}

function %catches(i64) system_v {
    fn0 = colocated %handles(i64, i64) system_v
block0(v0: i64):
    v1 = get_frame_pointer.i64
    call fn0(v0, v1)
    return
}

function %handles(i64, i64) system_v {
    sig0 = (i64, i64) tail
    fn0 = colocated %busy_then_throws(i64, i64) tail
block0(v0: i64, v1: i64):
    v2 = load.f64 v0
    try_call fn0(v0, v1), sig0, block1, [ tag1: block2(exn0, v2) ]
block1:
    trap user3
block2(v3: i64, v4: f64):
    v5 = load.f64 v3
    v6 = fadd v5, v4
    store v6, v3
    return
}

function %generator(i64) -> i64 {
block0(v1000: i64):
    v1001 = iconst.i64 24
    v1002 = iadd v1000, v1001
    v1003 = stack_switch v1002, v1000, v1000
    jump block1(v1003)
block1(v0: i64):
BUSY
    v1004 = stack_switch v1002, v1000, v0
    jump block1(v1004)
}

function %switches(i64) system_v {
    ss0 = explicit_slot 48
    ss1 = explicit_slot 16384, align = 16
    fn0 = %generator(i64) -> i64
block0(v0: i64):
    v1 = stack_addr.i64 ss0
    v2 = stack_addr.i64 ss1+16208
    v3 = func_addr.i64 fn0
    v4 = iconst.i64 0
    store v2, v1+24
    store v4, v1+32
    store v3, v1+40
    v5 = iconst.i64 24
    v6 = iadd v1, v5
    v7 = load.f64 v0
    v8 = stack_switch v1, v6, v1
    v9 = stack_switch v1, v6, v0
    v10 = stack_switch v1, v6, v0
    v11 = load.f64 v10
    v12 = fadd v11, v7
    store v12, v0
    return
}

function %to_c(i64) tail {
    fn0 = %c_half(f64) -> f64 system_v
    fn1 = colocated %busy_system_v(i64) system_v
block0(v0: i64):
    v1 = load.f64 v0
    v2 = call fn0(v1)
    store v2, v0
    call fn1(v0)
    v3 = load.f64 v0
    v4 = call fn0(v3)
    v5 = fadd v4, v2
    store v5, v0
    return
}
"""
#: For the interpreter.
C_HALF = """
function %c_half(f64) -> f64 system_v {
block0(v0: f64):
    v1 = f64const 0x1.0p-1
    v2 = fmul v0, v1
    return v2
}
"""


def functions() -> tuple[str, list[str]]:
    """All functions, and the names of the entries."""
    parts, entries = [busy(f"busy_{c}", c) for c in CONVENTIONS], []

    def enter(name: str, convention: str) -> None:
        parts.append(entry(name, convention))
        entries.append(f"entry_{name}")

    for outer in CONVENTIONS:
        for inner in CONVENTIONS:
            name = f"{outer}_{inner}"
            parts.append(between(name, outer, f"busy_{inner}", inner))
            enter(name, outer)
    for inner in CONVENTIONS[:3]:
        parts.append(between(f"indirect_{inner}", "system_v", f"busy_{inner}", inner, "call_indirect sig0, v2(v0)"))
        enter(f"indirect_{inner}", "system_v")
    parts.append(busy("tails", "tail", "return_call fn0(v0)"))
    enter("tails", "tail")
    parts.append(REST.replace("BUSY", "\n".join(busy("", "").split("\n")[3:-3])))
    for name, convention in (("loop", "system_v"), ("catches", "system_v"), ("switches", "system_v"), ("to_c", "tail")):
        enter(name, convention)
    return "".join(parts), entries


def _each(instruction: str, names: list[str], base: str, offset: int = 0) -> str:
    """The instruction for each of the registers and its place."""
    return "\n".join(f"{instruction} {name}, {base.format(offset + 8 * k)}" for k, name in enumerate(names))


def keeper(name: str, kept: list[str]) -> str:
    """Assembly of ``double call_keeping(f, double x, in, out)``: f(x), with ``kept`` loaded from ``in``, then stored to ``out``."""
    if name == "aarch64":
        return "\n".join([
            "stp x29, x30, [sp, -112]!", "mov x29, sp", "str x2, [sp, 16]", _each("str", kept, "[sp, {}]", 32),
            _each("ldr", kept, "[x1, {}]"), "blr x0", "ldr x2, [sp, 16]", _each("str", kept, "[x2, {}]"),
            _each("ldr", kept, "[sp, {}]", 32), "ldp x29, x30, [sp], 112", "ret",
        ])  # fmt: skip
    if name == "riscv64":
        return "\n".join([
            "addi sp, sp, -128", "sd ra, 0(sp)", "sd a2, 8(sp)", _each("fsd", kept, "{}(sp)", 16), _each("fld", kept, "{}(a1)"),
            "jalr a0", "ld a2, 8(sp)", _each("fsd", kept, "{}(a2)"), _each("fld", kept, "{}(sp)", 16), "ld ra, 0(sp)",
            "addi sp, sp, 128", "ret",
        ])  # fmt: skip
    return "\n".join([
        "stmg %r6, %r15, 48(%r15)", "lay %r15, -232(%r15)", "stg %r4, 224(%r15)", _each("std", kept, "{}(%r15)", 160),
        _each("ld", kept, "{}(%r3)"), "basr %r14, %r2", "lg %r4, 224(%r15)", _each("std", kept, "{}(%r4)"),
        _each("ld", kept, "{}(%r15)", 160), "lmg %r6, %r15, 280(%r15)", "br %r14",
    ])  # fmt: skip


KEPT = {
    "aarch64": [f"d{k}" for k in range(8, 16)], "riscv64": [f"fs{k}" for k in range(12)],
    "s390x": [f"%f{k}" for k in range(8, 16)],
}  # fmt: skip


def program(name: str, entries: list[str]) -> str:
    """C's side: calls each entry and tells its result, and whether the registers are what they were."""
    clobbered = ", ".join(f'"{register.strip("%")}"' for register in KEPT[name])
    lines = keeper(name, KEPT[name]).replace("\n", "\\n")
    tests = "".join(
        f'double {e}(double);\nstatic void test_{e}(void) {{ double out[12] = {{0}}; double r = call_keeping({e}, 3.0, in, out);\n'
        f'    printf("{e} %.17g %d\\n", r, memcmp(in, out, 8 * {len(KEPT[name])})); }}\n'
        for e in entries
    )  # fmt: skip
    return (
        "#include <stdio.h>\n#include <string.h>\n"
        f'asm(".text\\n.globl call_keeping\\ncall_keeping:\\n{lines}\\n");\n'
        "double call_keeping(double (*f)(double), double x, const double *in, double *out);\n"
        "static const double in[12] = {1.25, 2.5, 3.75, 5, 6.25, 7.5, 8.75, 10, 11.25, 12.5, 13.75, 15};\n"
        f'double c_half(double x) {{ asm volatile("" ::: {clobbered}); return x * 0.5; }}\n{tests}'
        f"int main(void) {{ {' '.join(f'test_{e}();' for e in entries)} return 0; }}\n"
    )


@pytest.mark.parametrize("level", ["none", "speed"])
@pytest.mark.parametrize("name", KEPT)
def test_kept_by_every_way_to_call(name: str, level: str, tmp_path: Path) -> None:
    machine, target = isa.machine(name), isa.lookup(name, {})
    compiler = f"{machine.triple}-gcc"
    if not shutil.which(compiler) or not programs.has(name):
        pytest.skip(f"wants {compiler} and an emulator")
    text, entries = functions()
    interpreter = Interpreter(parse_functions(text + C_HALF), LIBCALLS, big_endian=target.big_endian)
    three = struct.unpack("<Q", struct.pack("<d", 3.0))[0]
    wanted = []
    for e in entries:
        (bits,) = interpreter.call(e, [three], 100_000)
        wanted.append(f"{e} {struct.unpack('<d', struct.pack('<Q', bits))[0]:.17g} 0")
    unit = Unit(target, machine)
    unit.add_code(pipeline.compile_module(parse_functions(text), target, Settings(level, regalloc_checker=True)), entries)
    (tmp_path / "code.o").write_bytes(elf.relocatable(unit))
    (tmp_path / "main.c").write_text(program(name, entries))
    subprocess.run([compiler, "-O1", "-static", "-o", "program", "main.c", "code.o"], cwd=tmp_path, check=True)
    run = [programs.find(f"qemu-{name}"), "-cpu", "max", "./program"]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.stdout.split("\n")[:-1] == wanted, done
