"""The callable type: shapes of calls, binding, collection, what functions have."""

import copy
import gc
import inspect
import threading
import weakref

import pytest
from kernels import identity


def three(a, b=2, *, c=3):
    """Doc."""
    return a, b, c


def two(a, b=20):
    return a, b


def test_shapes_of_calls(hand):
    f = hand.jit(two, identity())
    for _ in range(3):
        assert f(1, 2) == (1, 2)
        assert f(1) == (1, 20)
        assert f(1, b=5) == (1, 5)
        assert f(b=5, a=1) == (1, 5)
        assert f(a=1) == (1, 20)
        assert f(*(1,), b=7) == (1, 7)
    assert len(hand.compiled) == 1


def test_keyword_only(hand):
    f = hand.jit(three, identity())
    for _ in range(3):
        assert f(1) == (1, 2, 3)
        assert f(1, c=9) == (1, 2, 9)
        assert f(1, 5, c=9) == (1, 5, 9)
        assert f(c=7, a=1) == (1, 2, 7)
        for call in (lambda: f(1, 2, 3), lambda: f(1, 2, 3, 4)):
            with pytest.raises(TypeError, match="three"):
                call()


def test_defaults_are_read_at_the_call(hand):
    def f(a, b=1):
        return a, b

    g = hand.jit(f, identity())
    assert g(0) == (0, 1)
    f.__defaults__ = (5,)
    assert g(0) == (0, 5) and g(0) == (0, 5)


def test_varargs(hand):
    """The kernel takes the extra arguments one by one, after all named ones."""

    def f(a, *rest, k=5):
        return a, k, *rest

    def g(a, *rest):
        return a, *rest

    fast = hand.jit(f, identity()), hand.jit(g, identity())
    for _ in range(3):
        assert fast[1](1, 2.0, 3) == (1, 2.0, 3)
        assert fast[1](1, (2, 3)) == (1, (2, 3))
        assert fast[0](1, 2.0, 3) == (1, 5, 2.0, 3)
        assert fast[0](1, 2.0, k=7) == (1, 7, 2.0)
        assert fast[0](1, k=(1, 2)) == (1, (1, 2))


@pytest.mark.parametrize(
    "args, kwargs", [((), {}), ((1, 2, 3), {}), ((1,), {"a": 2}), ((1,), {"z": 2}), ((), {"b": 1})]
)
def test_wrong_arguments_are_type_errors(hand, args, kwargs):
    f = hand.jit(two, identity())
    with pytest.raises(TypeError, match="two"):
        f(*args, **kwargs)


def test_it_binds_as_a_method(hand):
    f = hand.jit(lambda self, x: x, identity(1))

    class A:
        m = f
        s = staticmethod(hand.jit(lambda x: x, identity(0)))

    with pytest.raises(TypeError):  # an instance of A is no argument of a kernel, but it did arrive
        A().m(1)
    assert A.m is f and A().m.__func__ is f and A().s(3) == 3


def test_it_looks_like_a_function(hand):
    f = hand.jit(three, identity())
    assert f.__name__ == "three" and f.__doc__ == "Doc." and f.__wrapped__ is three and f.py_func is three
    assert inspect.signature(f) == inspect.signature(three) and f.__module__ == three.__module__
    assert copy.copy(f) is f and copy.deepcopy(f) is f and "three" in repr(f) and callable(f)
    f.note = 1
    assert f.note == 1 and f.__dict__["note"] == 1
    with pytest.raises(TypeError):
        type(f)()


def test_cycles_are_collected(hand):
    f = hand.jit(two, identity())
    f(1, 2)
    f.me = f
    ref = weakref.ref(f)
    del f
    gc.collect()
    assert ref() is None


def test_code_is_freed(hand):
    from jitpy.runtime import memory

    def once():
        f = hand.jit(lambda x: x, identity(0))
        f(1.5)
        hand.modules.clear()

    once()
    gc.collect()
    used = memory.arena().extents.top
    for _ in range(50):
        once()
    gc.collect()
    assert memory.arena().extents.top - used < 4096


def test_threads(hand):
    f = hand.jit(lambda x: x, identity(0))
    values = [1, 1.0, True, None, (1, 2), "x"]
    bad = []
    start = threading.Barrier(8)

    def run(k):
        start.wait()
        for i in range(2000):
            v = values[(i + k) % len(values)]
            if f(v) != v:
                bad.append(v)

    threads = [threading.Thread(target=run, args=(k,)) for k in range(8)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert not bad and len(hand.compiled) == len(values)


def test_fork(hand):
    import os

    f = hand.jit(lambda x: x, identity(0))
    assert f(1) == 1
    pid = os.fork()
    if pid == 0:
        good = f(1) == 1 and f(2.5) == 2.5 and f((1, 2)) == (1, 2)
        os._exit(0 if good else 1)
    assert f("text") == "text"
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0 and f(2.5) == 2.5
