"""``jitpy.clif.compile``: values at the boundary, traps, and the net below them."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

import jitpy
from jitpy import CompileError, Trap, clif
from jitpy.runtime import traps

needs_net = pytest.mark.skipif(not traps.supported(), reason="no trap net on this system")

CODE = """
function %gcd(i64, i64) -> i64 {
block0(v0: i64, v1: i64):
    jump block1(v0, v1)
block1(v2: i64, v3: i64):
    brif v3, block2, block3
block2:
    v4 = srem v2, v3
    jump block1(v3, v4)
block3:
    return v2
}

function %divide(i32, i32) -> i32 {
block0(v0: i32, v1: i32):
    v2 = sdiv v0, v1
    return v2
}

function %peek(i64) -> i64 {
block0(v0: i64):
    v1 = load.i64 v0
    return v1
}

function %trap_if(i64) {
block0(v0: i64):
    trapnz v0, user1
    return
}

function %recurse(i64) -> i64 {
    fn0 = colocated %recurse(i64) -> i64
block0(v0: i64):
    v1 = call fn0(v0)
    v2 = iadd v1, v0
    return v2
}

function %jump_to(i64) -> i64 {
    sig0 = () -> i64
block0(v0: i64):
    v1 = call_indirect sig0, v0()
    return v1
}

function %lengths(i64, f64) -> i64, f64 {
    fn0 = %strlen(i64) -> i64
block0(v0: i64, v1: f64):
    v2 = call fn0(v0)
    v3 = sqrt v1
    return v2, v3
}
"""


@pytest.fixture(scope="module")
def f():
    return clif.compile(CODE)


def identity(t, extension=""):
    text = f"function %f({t}) -> {t} {extension} {{\nblock0(v0: {t}):\n    return v0\n}}"
    return clif.compile(text)["f"]


@pytest.mark.parametrize(
    "t, values", [("i8", (-128, 127)), ("i16", (-5,)), ("i32", (-1,)), ("i64", (-(2**63), 2**63 - 1)), ("i128", (-(2**127), 5)),
                  ("f32", (1.5,)), ("f64", (-0.1, float("inf")))]
)  # fmt: skip
def test_scalars(t, values):
    f = identity(t)
    for v in values:
        assert f(v) == v and type(f(v)) is type(v)


def test_unsigned_results_and_ranges():
    assert identity("i8")(255) == -1 and identity("i8", "uext")(255) == 255
    with pytest.raises(OverflowError, match="i8"):
        identity("i8")(256)
    with pytest.raises(TypeError, match="int"):
        identity("i8")(1.5)


def test_several_results_and_c_functions(f):
    text = np.frombuffer(b"hello\0", np.uint8)
    assert f["lengths"](text, 9.0) == (5, 3.0)
    assert f["gcd"](12, 18) == 6 and "gcd(i64, i64) -> i64" in repr(f["gcd"])
    with pytest.raises(TypeError, match="2 arguments"):
        f["gcd"](1)


@needs_net
@pytest.mark.parametrize(
    "name, args, code, line",
    [("divide", (1, 0), "int_divz", 16), ("divide", (-(2**31), -1), "int_ovf", 16), ("peek", (0,), "heap_oob", 22),
     ("peek", (1 << 46,), "heap_oob", 22), ("trap_if", (1,), "user1", 28), ("recurse", (1,), "stk_ovf", 35),
     ("jump_to", (0,), "heap_oob", 43)],
)  # fmt: skip
def test_traps(f, name, args, code, line):
    for _ in range(20):
        with pytest.raises(Trap, match=code) as info:
            f[name](*args)
        assert (info.value.code, info.value.function, info.value.line) == (code, name, line)
    assert f["gcd"](12, 18) == 6 and f["trap_if"](0) is None


@needs_net
def test_traps_on_many_threads(f):
    bad = []

    def run():
        for _ in range(50):
            for name in ("recurse", "peek", "trap_if"):
                try:
                    f[name](1)
                    bad.append(name)
                except Trap:
                    pass

    threads = [threading.Thread(target=run) for _ in range(8)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert not bad


def in_child(code):
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    return subprocess.run(
        [sys.executable, "-c", f"from jitpy import clif, Trap\nCODE = {CODE!r}\nf = clif.compile(CODE)\n{code}"],
        capture_output=True, text=True, timeout=60, env={**os.environ, "PYTHONPATH": root}, cwd=root,
    )  # fmt: skip


@needs_net
def test_faults_that_are_not_ours_still_kill():
    done = in_child("try: f['peek'](0)\nexcept Trap: pass\nimport ctypes\nctypes.string_at(0)")
    assert done.returncode == -11
    done = in_child(
        "import faulthandler, ctypes\nfaulthandler.enable()\ntry: f['peek'](0)\nexcept Trap: print('ok')\nctypes.string_at(0)"
    )
    assert done.returncode == -11 and done.stdout == "ok\n" and "Fatal Python error" in done.stderr


@needs_net
def test_faulthandler_enabled_later():
    code = "try: f['peek'](0)\nexcept Trap: print('ok')\n"
    done = in_child(
        f"{code}import faulthandler; faulthandler.enable()\nfrom jitpy.runtime import traps; traps.net().install()\n{code * 2}"
        "faulthandler.disable()\ntraps.net().install()\n" + code
    )
    assert done.returncode == 0 and done.stdout == "ok\n" * 4 and done.stderr == ""


def test_errors_name_the_place():
    with pytest.raises(CompileError, match="line 2"):
        clif.compile("function %f() {\n nonsense\n}")
    with pytest.raises(CompileError, match="no_such_c_function"):
        clif.compile("function %f() {\n fn0 = %no_such_c_function()\nblock0:\n call fn0()\n return\n}")
    assert issubclass(CompileError, TypeError) and jitpy.Trap is Trap


def test_cells_of_a_notebook(capsys):
    from jitpy import notebook

    names = {}
    notebook.run_cell(names, "--show", CODE)
    assert names["gcd"](4, 6) == 2
    out = capsys.readouterr().out
    assert "gcd(i64, i64) -> i64" in out and "idiv" in out
    with pytest.raises(ValueError, match="--show"):
        notebook.run_cell(names, "--slow", CODE)
