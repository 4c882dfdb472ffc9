"""Exceptions of CLIF across texts that were compiled one by one, and on their way back to Python where nobody catches them."""

from __future__ import annotations

import ctypes
import gc
import pickle
import threading
from typing import Any

import pytest

from jitpy import Trap, clif
from jitpy.runtime import traps

pytestmark = pytest.mark.skipif(not traps.supported(), reason="traps and exceptions end the process on this system")

THROW = """
function %throw(i64, i32, i64, i64) -> i64 {
    fn0 = %jitpy_throw(i64, i64, i32, i64, i64)
block0(v0: i64, v1: i32, v2: i64, v3: i64):
    v4 = get_frame_pointer.i64
    v5 = iconst.i64 0
    call fn0(v5, v4, v1, v2, v3)
    trap user1
}
"""
CATCH = """
function %catch(i64, i64, i32, i64, i64) -> i64 {
    sig0 = (i64, i32, i64, i64) -> i64
block0(v0: i64, v1: i64, v2: i32, v3: i64, v4: i64):
    try_call_indirect v0(v1, v2, v3, v4), sig0, block1(ret0), [ tag1: block2(exn0, exn1), tag2: block3(exn1, v3) ]
block1(v5: i64):
    return v5
block2(v6: i64, v7: i64):
    v8 = isub v7, v6
    return v8
block3(v9: i64, v10: i64):
    v11 = imul v9, v10
    return v11
}
"""
#: Calls its first argument with the rest, its own address with it: a frame between.
PASS_ON = """
function %pass_on(i64, i32, i64, i64) -> i64 {
    sig0 = (i64, i32, i64, i64) -> i64
block0(v0: i64, v1: i32, v2: i64, v3: i64):
    v4 = call_indirect sig0, v0(v0, v1, v2, v3)
    return v4
}
"""


@pytest.fixture(scope="module")
def f() -> dict[str, Any]:
    return {name: made for text in (THROW, CATCH, PASS_ON) for name, made in clif.compile(text).items()}


def uncaught(function: Any, *args: Any) -> tuple[Any, ...]:
    with pytest.raises(Trap) as caught:
        function(*args)
    trap = caught.value
    return trap.code, trap.function, trap.line, trap.thrown


@pytest.mark.parametrize("way", ["throw", "pass_on"])
def test_thrown_in_one_text_and_caught_in_another(f: Any, way: str) -> None:
    """Also over frames of a third between them."""
    at, further = f[way].address, f["throw"].address
    assert f["catch"](at, further, 1, 5, 9) == 4
    assert f["catch"](at, further, 2, 5, 9) == 45
    assert uncaught(f["catch"], at, further, 3, 5, 9) == ("uncaught", "throw", 7, (3, 5, 9))


def test_nobody_catches(f: Any) -> None:
    assert uncaught(f["throw"], 0, 7, -1, 2) == ("uncaught", "throw", 7, (7, (1 << 64) - 1, 2))
    with pytest.raises(Trap, match=r"uncaught in %throw, line 7: exception tag7 with 0x1 and 0x2") as caught:
        f["throw"](0, 7, 1, 2)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.thrown) == (str(caught.value), (7, 1, 2))


def test_a_given_entry_ends_the_search() -> None:
    """There the thrower returns, as it does within one text."""
    text = THROW.replace("call fn0(v5, v4", "call fn0(v4, v4").replace("trap user1", "return v3")
    assert clif.compile(text)["throw"](0, 7, 1, 2) == 2


def test_not_through_python(f: Any) -> None:
    """Python called from CLIF is an entry of its own: the exception is Python's there, and what is further out goes on."""
    seen = []

    @ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, ctypes.c_int32, ctypes.c_int64, ctypes.c_int64)
    def back(where: int, tag: int, x: int, y: int) -> int:
        seen.append(uncaught(f["throw"], 0, tag, x, y)[-1])
        seen.append(f["catch"](f["throw"].address, 0, 1, 1, 3))
        return 12

    assert f["catch"](ctypes.cast(back, ctypes.c_void_p).value, 0, 1, 5, 9) == 12
    assert seen == [(1, 5, 9), 2]


def test_called_past_the_wrapper(f: Any) -> None:
    """By ctypes, with and without the interpreter lock: nothing above is searched, and what a frame has thrown for nobody traps."""
    for kind in (ctypes.CFUNCTYPE, ctypes.PYFUNCTYPE):
        text = THROW.replace("trap user1", "return v3")
        throw = clif.compile(text)["throw"]
        bare = kind(ctypes.c_int64, ctypes.c_int64, ctypes.c_int32, ctypes.c_int64, ctypes.c_int64)(throw.address)
        assert bare(0, 1, 5, 9) == 9


def test_many_texts_that_come_and_go(f: Any) -> None:
    """Their places in the list are used again, and tables of what is gone are not looked at."""
    kept: list[Any] = []
    gc.collect()
    gc.freeze()  # the sixty collections to come need not walk through what other tests left
    for k in range(60):
        made = clif.compile(CATCH.replace("isub", ("isub", "iadd")[k % 2]))["catch"]
        assert made(f["throw"].address, 0, 1, 5, 9) == (4, 14)[k % 2]
        kept = [*kept[-3:], made] if k % 5 else []
        gc.collect()
    assert len(traps.net().nodes) < 40


def test_on_many_threads(f: Any) -> None:
    wrong: list[int] = []

    def run(k: int) -> None:
        for i in range(200):
            if f["catch"](f["pass_on"].address, f["throw"].address, 1, k, k + i) != i:
                wrong.append(i)
            if uncaught(f["throw"], 0, k, i, i)[-1] != (k, i, i):
                wrong.append(i)

    threads = [threading.Thread(target=run, args=(k,)) for k in range(8)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert not wrong
