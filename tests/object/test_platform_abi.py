"""Each platform's C convention as its GCC has it: GCC's code calls ours and ours calls GCC's, with more arguments of every kind
than there are registers."""

from __future__ import annotations

import random
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from jitpy.backend import isa, pipeline
from jitpy.backend.emulation import programs
from jitpy.backend.object import elf
from jitpy.backend.object.unit import Unit
from jitpy.backend.settings import Settings
from jitpy.backend.text.parser import parse_functions

if TYPE_CHECKING:
    from pathlib import Path

C_TYPES = {"i32": "int", "i64": "long", "f32": "float", "f64": "double"}


def signatures() -> list[list[str]]:
    rng = random.Random(7)
    fixed = [["f64"] * 12, ["f32"] * 11, ["i64"] * 11, ["f64"] * 9 + ["i64"] * 9 + ["f32"] * 3]
    return fixed + [[rng.choice(list(C_TYPES)) for _ in range(rng.randrange(8, 26))] for _ in range(8)]


def clif(n: int, types: list[str]) -> str:
    """``through_n`` passes its arguments, turned round by one, to ``c_n``: what GCC sums, each with a weight of its own."""
    turned = types[1:] + types[:1]
    params = ", ".join(f"v{i}: {t}" for i, t in enumerate(types))
    passed = ", ".join(f"v{(i + 1) % len(types)}" for i in range(len(types)))
    listed = ", ".join(t + " sext" * (t == "i32") for t in types)
    wanted = ", ".join(t + " sext" * (t == "i32") for t in turned)
    return (
        f"function %through_{n}({listed}) -> f64 system_v {{\n    fn0 = %c_{n}({wanted}) -> f64 system_v\n"
        f"block0({params}):\n    v100 = call fn0({passed})\n    return v100\n}}\n"
    )


def program(all_types: list[list[str]]) -> str:
    out = ["#include <stdio.h>"]
    calls = []
    for n, types in enumerate(all_types):
        turned = types[1:] + types[:1]
        params = ", ".join(f"{C_TYPES[t]} a{i}" for i, t in enumerate(turned))
        total = " + ".join(f"{2 * i + 1}.0 * a{i}" for i in range(len(turned)))
        out.append(f"double c_{n}({params}) {{ return {total}; }}")
        out.append(f"double through_{n}({', '.join(C_TYPES[t] for t in types)});")
        values = [f"{i + 1}.5" if t[0] == "f" else f"{-3 * i - 1}" for i, t in enumerate(types)]
        there = values[1:] + values[:1]
        calls.append(f"bad |= through_{n}({', '.join(values)}) != c_{n}({', '.join(there)});")
        calls.append(f'if (bad) {{ printf("signature {n}\\n"); return 1; }}')
    return "\n".join([*out, "int main(void) { int bad = 0;", *calls, "return 0; }"]) + "\n"


@pytest.mark.parametrize("regalloc", ["linear", "onepass"])
@pytest.mark.parametrize("name", ["x64", "aarch64", "riscv64", "s390x"])
def test_arguments_beyond_the_registers(name: str, regalloc: str, tmp_path: Path) -> None:
    host = isa.host_name() == name
    compiler = "gcc" if host else f"{isa.machine(name).triple}-gcc"
    if shutil.which(compiler) is None or not (host or programs.has(name)):
        pytest.skip(f"{compiler} or the emulator is not installed")
    types = signatures()
    target = isa.lookup(name, {})
    text = "".join(clif(n, t) for n, t in enumerate(types))
    level = "speed" if regalloc == "linear" else "none"
    settings = Settings(level, regalloc, regalloc_checker=True)
    made = Unit(target, isa.machine(name))
    made.add_code(pipeline.compile_module(parse_functions(text), target, settings), [f"through_{n}" for n in range(len(types))])
    (tmp_path / "ours.o").write_bytes(elf.relocatable(made))
    (tmp_path / "main.c").write_text(program(types))
    subprocess.run([compiler, "-O1", "-static", "-no-pie", "-o", "main", "main.c", "ours.o"], cwd=tmp_path, check=True)
    emulator = [] if host else [programs.find(isa.linux(name).EMULATOR[0]), *isa.linux(name).EMULATOR[1:]]
    done = subprocess.run([*emulator, "./main"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
