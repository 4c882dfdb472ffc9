"""Traps of CLIF on their way back to Python: found by checks, with signals as a net below."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import threading
from typing import Any

import pytest
from jitpy.backend.settings import Settings

from jitpy import Trap, clif
from jitpy.runtime import traps

pytestmark = pytest.mark.skipif(not traps.supported(), reason="traps end the process on this system")

CODE = """
function %udiv(i64, i64) -> i64 {
block0(v0: i64, v1: i64):
    v2 = udiv v0, v1
    return v2
}

function %sdiv(i64, i64) -> i64 {
block0(v0: i64, v1: i64):
    v2 = sdiv v0, v1
    return v2
}

function %srem8(i8, i8) -> i8 {
block0(v0: i8, v1: i8):
    v2 = srem v0, v1
    return v2
}

function %wide(i128, i128) -> i128 {
block0(v0: i128, v1: i128):
    v2 = sdiv v0, v1
    return v2
}

function %to_int(f64) -> i32 {
block0(v0: f64):
    v1 = fcvt_to_sint.i32 v0
    return v1
}

function %add(i32, i32) -> i32 {
block0(v0: i32, v1: i32):
    v2 = uadd_overflow_trap v0, v1, user7
    return v2
}

function %zero(i8) {
block0(v0: i8):
    trapz v0, user200
    return
}

function %never() {
block0:
    trap user1
}

function %deep(i64) -> i64 {
    ss0 = explicit_slot 40
    fn0 = colocated %deep(i64) -> i64
block0(v0: i64):
    v1 = call fn0(v0)
    v2 = stack_addr.i64 ss0
    store v1, v2
    v3 = load.i64 v2
    v4 = iadd v3, v0
    return v4
}

function %large(i64) -> i64 {
    ss0 = explicit_slot 100000
    fn0 = colocated %large(i64) -> i64
block0(v0: i64):
    v1 = call fn0(v0)
    v2 = stack_addr.i64 ss0+8
    store v1, v2
    v3 = load.i64 v2
    return v3
}

function %peek(i64) -> i64 {
block0(v0: i64):
    v1 = load.i64 v0
    return v1
}
"""

#: name, arguments, code, line
TRAPS: list[tuple[str, tuple[Any, ...], str, int]] = [
    ("udiv", (1, 0), "int_divz", 4), ("sdiv", (1, 0), "int_divz", 10), ("sdiv", (-(2**63), -1), "int_ovf", 10),
    ("srem8", (5, 0), "int_divz", 16), ("wide", (1, 0), "int_divz", 22), ("wide", (-(2**127), -1), "int_ovf", 22),
    ("to_int", (1e10,), "int_ovf", 28), ("to_int", (float("nan"),), "bad_toint", 28), ("add", (-1, 1), "user7", 34),
    ("zero", (0,), "user200", 40), ("never", (), "user1", 46), ("deep", (1,), "stk_ovf", 53),
    ("large", (1,), "stk_ovf", 65),
]  # fmt: skip


@pytest.fixture(scope="module", params=["call", "signal"])
def f(request: pytest.FixtureRequest) -> dict[str, Any]:
    return clif.compile(CODE, settings=traps.settings() if request.param == "call" else Settings())


def trap(function: Any, *args: Any) -> tuple[str, str, int]:
    with pytest.raises(Trap) as info:
        function(*args)
    return info.value.code, info.value.function, info.value.line


@pytest.mark.parametrize("name, args, code, line", TRAPS)
def test_every_kind_by_check_and_by_signal(f: Any, name: str, args: Any, code: str, line: int) -> None:
    for _ in range(3):
        assert trap(f[name], *args) == (code, name, line)
    assert f["udiv"](12, 5) == 2 and f["to_int"](-3.7) == -3


def in_child(code: str) -> subprocess.CompletedProcess[str]:
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    text = f"from jitpy import clif, Trap\nCODE = {CODE!r}\nnan = float('nan')\nTRAPS = {TRAPS!r}\nf = clif.compile(CODE)\n{code}"
    return subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, timeout=120, env={**os.environ, "PYTHONPATH": root}
    )


WITHOUT_HANDLERS = """
import signal, threading, faulthandler
f['udiv'](1, 1)
def all_of_them():
    for name, args, code, line in TRAPS:
        try:
            f[name](*args)
        except Trap as t:
            assert (t.code, t.function, t.line) == (code, name, line), t
        else:
            raise AssertionError(name)
for number in (signal.SIGILL, signal.SIGFPE, signal.SIGSEGV, signal.SIGBUS, signal.SIGTRAP):
    signal.signal(number, signal.SIG_DFL)
all_of_them()
faulthandler.enable()
all_of_them()
faulthandler.disable()
for size in (64 << 10, 256 << 10, 0):
    threading.stack_size(size)
    thread = threading.Thread(target=all_of_them)
    thread.start()
    thread.join()
all_of_them()
print('ok')
"""


def test_checks_need_no_handler() -> None:
    done = in_child(WITHOUT_HANDLERS)
    assert (done.returncode, done.stdout, done.stderr) == (0, "ok\n", "")


def test_handlers_of_others_before_and_after() -> None:
    done = in_child(
        "import faulthandler\n"
        "def net():\n    try: f['peek'](8)\n    except Trap as t: print(t.code)\n"
        "faulthandler.enable()\nnet()\nfaulthandler.disable()\nclif.compile(CODE)\nnet()\n"
        "faulthandler.enable()\nclif.compile(CODE)\nnet()\n"
    )
    assert (done.returncode, done.stdout) == (0, "heap_oob\n" * 3), done.stderr


def test_threads_with_small_stacks(f: Any) -> None:
    before = threading.stack_size()
    found: list[Any] = []

    def run() -> None:
        found.extend(trap(f[name], 1)[0] for name in ("deep", "large", "deep"))

    try:
        for size in (64 << 10, 128 << 10, 1 << 20, 16 << 20, 64 << 10):
            threading.stack_size(size)
            threads = [threading.Thread(target=run) for _ in range(3)]
            [t.start() for t in threads]
            [t.join() for t in threads]
    finally:
        threading.stack_size(before)
    assert found == ["stk_ovf"] * 45


CALLBACKS = """
function %through(i64, i64) -> i64 {
    sig0 = (i64) -> i64
block0(v0: i64, v1: i64):
    v2 = call_indirect sig0, v0(v1)
    v3 = sdiv v1, v2
    return v3
}
"""


def test_nested_through_callbacks(f: Any) -> None:
    """CLIF calls Python, which calls CLIF, six deep; each level traps or not, and the ones around go on."""
    through = clif.compile(CALLBACKS)["through"]
    inner: list[Any] = []

    @ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)
    def back(depth: int) -> int:
        inner.append(trap(f["sdiv"], 1, 0)[0])
        if depth > 1:
            try:
                through(address, depth - 1)
            except Trap as error:
                inner.append((error.code, depth))
        inner.append(trap(f["never"])[0])
        return depth % 2  # the caller traps on every other level

    address = ctypes.cast(back, ctypes.c_void_p).value
    assert trap(through, address, 6) == ("int_divz", "through", 6)
    assert [x for x in inner if isinstance(x, tuple)] == [("int_divz", 3), ("int_divz", 5)]
    assert inner.count("int_divz") == inner.count("user1") == 6
    assert through(address, 5) == 5


def test_many_threads_at_once(f: Any) -> None:
    through = clif.compile(CALLBACKS)["through"]
    wrong: list[Any] = []
    start = threading.Barrier(16)

    @ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)
    def back(k: int) -> int:
        return 0 if trap(f["udiv"], k, 0)[0] == "int_divz" else 1

    address = ctypes.cast(back, ctypes.c_void_p).value

    def run(k: int) -> None:
        start.wait()
        for i in range(30):
            name, args, code, line = TRAPS[(i + k) % len(TRAPS)]
            if trap(f[name], *args) != (code, name, line) or trap(through, address, k)[0] != "int_divz":
                wrong.append((k, i))

    threads = [threading.Thread(target=run, args=(k,)) for k in range(16)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert not wrong


def test_after_fork(f: Any) -> None:
    trap(f["never"])
    pid = os.fork()
    if pid == 0:
        good = False
        try:
            good = all(trap(f[name], *args) == (code, name, line) for name, args, code, line in TRAPS)
            good = good and trap(f["peek"], 0)[0] == "heap_oob"
            good = good and trap(clif.compile(CODE)["udiv"], 1, 0)[0] == "int_divz"
        finally:
            os._exit(0 if good else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert trap(f["never"])[0] == "user1"


def test_code_of_another_text(f: Any) -> None:
    """A trap is told by the text whose code it is in."""
    calls = clif.compile(
        "function %calls(i64, i64, i64) -> i64 {\nsig0 = (i64, i64) -> i64\nblock0(v0: i64, v1: i64, v2: i64):\n"
        "    v3 = call_indirect sig0, v0(v1, v2)\n    return v3\n}"
    )["calls"]
    assert calls(f["sdiv"].address, 7, 2) == 3
    assert trap(calls, f["sdiv"].address, 7, 0) == ("int_divz", "sdiv", 10)


STRAY = "import ctypes\nstray = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)(f['udiv'].address)\n"


def test_a_stray_trap_ends_the_process_in_words() -> None:
    """One in code that was not entered through its wrapper; also where an entry lies further out, behind Python's frames."""
    done = in_child(STRAY + "stray(1, 0)")
    assert done.returncode == -6 and "Fatal Python error" in done.stderr and "jitpy.clif.compile" in done.stderr
    done = in_child(
        f"{STRAY}through = clif.compile({CALLBACKS!r})['through']\n"
        "pystray = ctypes.PYFUNCTYPE(ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)(f['udiv'].address)\n"
        "back = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(lambda x: pystray(1, 0))\n"
        "through(ctypes.cast(back, ctypes.c_void_p).value, 1)"
    )
    assert done.returncode == -6 and "jitpy.clif.compile" in done.stderr
