"""From a status to a Python exception: class, arguments, traceback through inlined and nested kernels."""

import traceback

import numpy as np
import pytest
from jitpy.frontend.types import types as ty
from kernels import identity  # noqa: F401

RAISE = """function %kernel(i64, i64, i64) -> i32 system_v {
    gv0 = symbol %$sites
    gv1 = symbol %$sites+8
block0(v0: i64, v1: i64, v2: i64):
    v3 = symbol_value.i64 gv0
    store notrap aligned v3, v0+16
    store notrap aligned v2, v0+320
    v4 = symbol_value.i64 gv1
    store notrap aligned v4, v0+64
    v5 = iconst.i64 1
    store notrap aligned v5, v0+24
    v6 = iconst.i32 1
    return v6
}"""


def kernel_raising(*fields):
    def kernel(types, module):
        module.site("inner", "inner.py", 10, *fields)
        module.site("outer", "outer.py", 20, None)
        return RAISE, (ty.none,)

    return kernel


def test_message_class_and_traceback(hand):
    f = hand.jit(lambda x: x, kernel_raising(IndexError, ("index ", (0, ty.py_int), " is out of bounds")))
    with pytest.raises(IndexError, match=r"^index 7 is out of bounds$") as info:
        f(7)
    frames = [(e.name, e.filename, e.lineno) for e in traceback.extract_tb(info.value.__traceback__)][1:]
    assert frames == [("outer", "outer.py", 20), ("inner", "inner.py", 10)]
    assert info.value.__context__ is None


def test_context_is_kept(hand):
    f = hand.jit(lambda x: x, kernel_raising(ZeroDivisionError, ("division by zero",)))
    with pytest.raises(ZeroDivisionError) as info:
        try:
            raise KeyError("first")
        except KeyError:
            f(1)
    assert isinstance(info.value.__context__, KeyError)


def test_arguments_instead_of_text(hand):
    f = hand.jit(lambda x: x, kernel_raising(ValueError, ("what", (0, ty.py_int), (0, ty.uint8)), -1, "args"))
    with pytest.raises(ValueError) as info:
        f(258)
    assert info.value.args == ("what", 258, np.uint8(2)) and type(info.value.args[2]) is np.uint8
    g = hand.jit(lambda x: 0 * x, kernel_raising(KeyError))
    with pytest.raises(KeyError) as info:
        g(1)
    assert info.value.args == ()


def test_inlined_calls_have_frames(hand):
    def kernel(types, module):
        call = module.site("outer", "o.py", 3, None)
        module.site("inner", "i.py", 5, ValueError, (), call)
        # cell 0 must be the raising site, cell 1 a call further out
        module.sites.reverse()
        module.sites[0].caller = 1
        return RAISE.replace("v5 = iconst.i64 1", "v5 = iconst.i64 0"), (ty.none,)

    f = hand.jit(lambda x: x, kernel)
    with pytest.raises(ValueError) as info:
        f(1)
    assert [e.name for e in traceback.extract_tb(info.value.__traceback__)][1:] == ["outer", "inner"]


POLL = """function %kernel(i64, i64, i64) -> i32 system_v {
    fn0 = %jitpy_poll(i64) -> i32 system_v
block0(v0: i64, v1: i64, v2: i64):
    jump block1
block1:
    v3 = load.i64 v0+8
    v4 = iconst.i64 1
    v5 = isub v3, v4
    store v5, v0+8
    brif v5, block1, block2
block2:
    v6 = call fn0(v0)
    brif v6, block3(v6), block1
block3(v7: i32):
    return v7
}"""


@pytest.mark.parametrize("nogil", [False, True])
def test_endless_loops_are_interrupted(hand, nogil):
    import signal
    import threading
    import time

    f = hand.jit(lambda x: x, lambda types, module: (POLL, (ty.none,)), nogil=nogil)
    ticks = []

    def tick():
        for _ in range(10):
            time.sleep(0.01)
            ticks.append(1)
        signal.raise_signal(signal.SIGINT)

    thread = threading.Thread(target=tick)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        f(1)
    thread.join()
    assert len(ticks) == 10


def test_print(hand, capsys):
    text = """function %kernel(i64, i64, i64, f64) -> i32 system_v {
    gv0 = symbol %$sites
    ss0 = explicit_slot 16
    fn0 = %jitpy_print(i64, i64, i64) -> i32 system_v
block0(v0: i64, v1: i64, v2: i64, v3: f64):
    v4 = stack_addr.i64 ss0
    store v2, v4
    store v3, v4+8
    v5 = symbol_value.i64 gv0
    v6 = call fn0(v0, v5, v4)
    v7 = iconst.i64 0
    store v7, v1
    return v6
}"""

    def kernel(types, module):
        module.site("f", "f.py", 1, None, ("x =", (0, ty.py_int), (1, ty.float64), ("end", "!\n")))
        return text, (ty.none,)

    f = hand.jit(lambda x, y: None, kernel)
    assert f(3, np.float64(1.5)) is None
    assert capsys.readouterr().out == "x = 3 1.5!\n"
