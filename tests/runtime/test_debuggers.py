"""What tools outside see of compiled code: perf's map, unwind tables, gdb's list."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"), reason="the tools and tables of x86-64 Linux"
)

PROGRAM = """
import gc, os, ctypes
import numpy as np
import jitpy
from jitpy import clif

@jitpy.jit
def kernel_of_mine(x):
    return x * 2 + 1

assert kernel_of_mine(20) == 41
TEXT = '''
function %outer(i64, i64) -> i64 {
    fn0 = colocated %middle(i64, i64) -> i64
block0(v0: i64, v1: i64):
    v2 = call fn0(v0, v1)
    v3 = iadd v2, v1
    return v3
}

function %middle(i64, i64) -> i64 {
    fn0 = %backtrace(i64, i32) -> i32
block0(v0: i64, v1: i64):
    v2 = ireduce.i32 v1
    v3 = call fn0(v0, v2)
    v4 = sextend.i64 v3
    return v4
}
'''
for _ in range(3):  # registered, freed, registered anew
    functions = clif.compile(TEXT)
    frames = np.zeros(64, np.int64)
    count = functions["outer"](frames, 64) - 64
    inside = [f.address for f in functions.values()]
    del functions
    gc.collect()
"""


def run(variable: str, code: str = PROGRAM, *before: str) -> subprocess.CompletedProcess[str]:
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    env = {k: v for k, v in os.environ.items() if not k.startswith("JITPY_")}
    return subprocess.run(
        [*before, sys.executable, "-c", code], capture_output=True, text=True, timeout=120,
        env={**env, "PYTHONPATH": root, variable: "1"},
    )  # fmt: skip


def test_unwind_tables() -> None:
    """libc's backtrace goes through both functions, their caller and Python's frames; it stops at once without tables."""
    report = "\nprint(count, [sum(0 <= pc - at < 200 for pc in frames[:count].tolist()) for at in sorted(inside)])"
    done = run("JITPY_UNWIND", PROGRAM + report)
    assert done.returncode == 0, done.stderr
    count, first, second = map(int, re.findall(r"\d+", done.stdout))
    assert count > 8 and first and second, done.stdout
    done = run("JITPY_OTHER", PROGRAM + report)
    assert done.returncode == 0 and int(done.stdout.split()[0]) < count, (done.stdout, done.stderr)


def test_perf_map() -> None:
    report = "\npid = os.fork()\nif not pid:\n    kernel_of_mine(1.5)\n    print(os.getpid(), flush=True)\n    os._exit(0)\n"
    report += "os.waitpid(pid, 0)\n"
    done = run("JITPY_PERF_MAP", PROGRAM + report + "print(os.getpid())")
    assert done.returncode == 0, done.stderr
    child, parent = done.stdout.split()
    texts = []
    for pid in (parent, child):
        path = Path(f"/tmp/perf-{pid}.map")
        texts.append(path.read_text())
        path.unlink()
    assert all(re.fullmatch(r"[0-9a-f]+ [0-9a-f]+ jitpy:\S+", line) for text in texts for line in text.splitlines())
    assert "jitpy:middle" in texts[0] and texts[0].count("kernel_of_mine") == 1 and texts[1].count("kernel_of_mine") >= 1


GDB = bool(shutil.which("gdb")) and Path(sys.executable).read_bytes()[:4] == b"\x7fELF"


@pytest.mark.skipif(not GDB, reason="no gdb, or Python is started by a script")
def test_gdb() -> None:
    """It stops in functions by name, and shows the frames of a stop in C code that they call."""
    commands = ("set breakpoint pending on", "break middle", "run", "bt 3", "delete", "break backtrace", "continue", "bt 4")
    done = run("JITPY_GDB", PROGRAM, "gdb", "-nx", "-batch", *[w for c in commands for w in ("-ex", c)], "--args")
    frames = re.findall(r"^#(\d+)\s+(?:0x[0-9a-f]+ in )?(\w+)", done.stdout, re.M)
    first, second = frames[:3], frames[3:]
    assert [name for _, name in first][:2] == ["middle", "outer"], done.stdout + done.stderr
    assert [name for _, name in second][1:3] == ["middle", "outer"], done.stdout + done.stderr


def test_everything_at_once_and_freed() -> None:
    """Registrations end with their code; the process ends well."""
    done = run("JITPY_GDB", f"import os\nos.environ.update(JITPY_UNWIND='1')\n{PROGRAM}\nprint(count)")
    assert done.returncode == 0 and int(done.stdout) > 8, done.stderr
