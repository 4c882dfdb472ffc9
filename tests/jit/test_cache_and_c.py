"""The cache, the C face and threads with functions compiled whole."""

import subprocess
import sys
import threading

import numpy as np

from jitpy import cache, jit

SOURCE = """
import numpy as np
from jitpy import jit, cache
K = {k}
def helper(x):
    return x * K
@jit(cache=True)
def f(a, i):
    return helper(a[i]) + 1.5
print(f(np.arange(4.0), 2), cache.hits, cache.misses)
try:
    f(np.arange(4.0), 9)
except IndexError as e:
    import traceback
    print(traceback.extract_tb(e.__traceback__)[-1].lineno)
"""


def test_processes_share_code(tmp_path, monkeypatch):
    monkeypatch.setenv("JITPY_CACHE_DIR", str(tmp_path / "cache"))
    script = tmp_path / "script.py"

    def run(k, before=""):
        script.write_text(before + SOURCE.format(k=k))
        done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=60)
        assert not done.stderr, done.stderr
        return done.stdout.split()

    assert run(2) == ["5.5", "0", "1", "9"]
    assert run(2) == ["5.5", "1", "0", "9"]
    assert run(3) == ["7.5", "0", "1", "9"]
    assert run(2, "\n\n") == ["5.5", "1", "0", "11"]


def test_cached_arrays_of_the_outside(tmp_path, monkeypatch):
    monkeypatch.setenv("JITPY_CACHE_DIR", str(tmp_path))
    source = "def f(i):\n    return table[i]\n"
    for table in (np.arange(3.0), np.arange(3.0) * 2, np.arange(3)):
        names = {"table": table, "__name__": "m"}
        exec(source, names)
        f = jit(cache=True)(names["f"])
        assert f(1) == table[1] and type(f(1)) is type(table[1])
    assert cache.hits >= 1


def test_called_from_c():
    from cffi import FFI

    @jit("float64(float64, int64)")
    def power(x, n):
        r = 1.0
        for _ in range(n):
            r *= x
        return r

    out = FFI().new("double *")
    pointer = power.cffi
    assert pointer(FFI().cast("void *", out), 2.0, 10) == 0 and out[0] == 1024.0


def test_threads_compile_and_run():
    @jit
    def work(a, k):
        s = 0
        for i in range(a.shape[0]):
            s += int(a[i]) * k
        return s

    a = np.arange(1000)
    results = []

    def run(k):
        for _ in range(20):
            results.append(work(a, k) == 499500 * k and work(a[::2], k) == 249500 * k)

    threads = [threading.Thread(target=run, args=(k,)) for k in range(6)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert all(results) and len(work.signatures) == 2
