"""The interpreter's end: jitted functions may be visited by the collector, called and freed after their modules are gone."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

START = """
import sys
import numpy as np
import jitpy
from jitpy.runtime import memory

@jitpy.jit
def f(a, k=1):
    return a + k

@jitpy.jit
def total(x):
    s = 0.0
    for i in range(len(x)):
        s += x[i]
    return s

f(1)
total(np.ones(3))
"""

#: Names of this script live until the modules of jitpy go, as they do where a callback is registered with one.
KEPT = """
original = memory.Image.of
memory.Image.of = staticmethod(lambda module: original(module))
"""

CALLED_LATE = """
class Late:
    def __del__(self, f=f, total=total, ones=np.ones(3), write=__import__("os").write):
        for call in (lambda: f(2), lambda: f(2, k=3), lambda: total(ones), lambda: f(2.5), lambda: f("no")):
            try:
                write(1, b"%r\\n" % (call(),))
            except BaseException:
                write(1, b"error\\n")
late = Late()
late.me = late
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, env={**os.environ, "PYTHONPATH": root}
    )


@pytest.mark.parametrize("rest", ["", KEPT, KEPT + "import threading; threading.f = f", CALLED_LATE, KEPT + CALLED_LATE])
def test_the_process_ends_well(rest: str) -> None:
    done = run(START + rest)
    assert done.returncode == 0, done.stderr
    if rest == CALLED_LATE:
        assert done.stdout.splitlines()[:1] == ["3"], done


def test_daemon_threads_in_kernels() -> None:
    """One may be in a kernel when the interpreter goes."""
    done = run(
        START + "import threading, time\n"
        "@jitpy.jit(nogil=True)\ndef spin(n):\n    s = 0\n    for i in range(n):\n        s ^= i * i\n    return s\n"
        "spin(10)\n"
        "for _ in range(3): threading.Thread(target=spin, args=(1 << 62,), daemon=True).start()\n"
        "for _ in range(2): threading.Thread(target=lambda: [f(i) for i in range(1 << 40)], daemon=True).start()\n"
        "time.sleep(0.2)\n"
    )
    assert done.returncode == 0, done.stderr
