"""Wrappers: values of every type go in, through a kernel that hands them back, and come out the same."""

import gc
import pickle
import sys

import numpy as np
import pytest
from jitpy.backend.errors import UnsupportedError
from jitpy.frontend.types import types as ty
from kernels import identity

SCALARS = [
    0, 1, -1, 12345, -(2**30), 2**30, 2**30 - 1, -(2**31), 2**45 + 3, -(2**60), 2**62, 2**63 - 1, -(2**63),
    0.0, -0.0, 1.5, float("inf"), 1e-310, True, False, 1.5 - 2.5j, None, "", "abc", "\xe9\xe8", "\u0100x", "\U0001f600",
    np.float64(2.5), np.float32(-1.25), np.float16(0.5), np.bool_(True), np.bool_(False), np.complex64(1 - 2j),
    np.complex128(3 + 4j),
    *(np.dtype(t).type(v) for t in ("i1", "i2", "i4", "i8") for v in (-5, 100)),
    *(np.dtype(t).type(v) for t in ("u1", "u2", "u4", "u8") for v in (5, 250)),
    np.uint64(2**64 - 1), np.int64(-(2**63)),
]  # fmt: skip


@pytest.mark.parametrize("value", SCALARS, ids=lambda v: f"{type(v).__name__}-{v!r}")
def test_scalars_come_back_as_they_went_in(hand, value):
    f = hand.jit(lambda x: x, identity(0))
    for _ in range(3):
        got = f(value)
        assert type(got) is type(value) and (got == value) and repr(got) == repr(value)
    assert len(hand.compiled) == 1


def test_nan_keeps_its_kind(hand):
    f = hand.jit(lambda x: x, identity(0))
    assert np.isnan(f(float("nan"))) and type(f(np.float32("nan"))) is np.float32


def test_ints_beyond_64_bits_are_refused(hand):
    f = hand.jit(lambda x: x, identity(0))
    f(1)
    for big in (2**63, -(2**63) - 1, 2**64, 10**30):
        with pytest.raises(OverflowError, match="64 bits"):
            f(big)
    assert f(7) == 7


def test_tuples(hand):
    f = hand.jit(lambda x: x, identity(0))
    for value in ((1, 2.5), (1,), (), (1, (True, (np.float32(2), None)), "a"), ((), ((),))):
        got = f(value)
        assert got == value and repr(got) == repr(value)
    assert f((3, 4.5)) == (3, 4.5) and len(hand.compiled) == 5


def test_each_signature_gets_its_kernel_and_finds_it_again(hand):
    f = hand.jit(lambda x: x, identity(0))
    values = [1, 1.0, np.float64(1), True, np.int8(1), (1,), (1.0,), np.zeros(3), np.zeros((2, 2)), None, "s"]
    for _ in range(3):
        for v in values:
            assert type(f(v)) is type(v)
    assert len(hand.compiled) == len(values) == len(f.signatures)


def arrays():
    a = np.arange(24.0).reshape(2, 3, 4)
    frozen = np.arange(5)
    frozen.flags.writeable = False
    yield from (
        a,
        np.asfortranarray(a),
        a[:, ::2],
        a[::-1, 1:],
        a.T,
        a[0, 0, 0:0],
        np.zeros((0, 3)),
        np.array(5.0),
        frozen,
    )
    for dtype in ("?", "i1", "u2", "i4", "u8", "f2", "f4", "c8", "c16"):
        yield np.ones(3, dtype)
    yield pickle.loads(pickle.dumps(np.arange(3.0)))


@pytest.mark.parametrize("a", list(arrays()), ids=lambda a: f"{a.dtype}{a.shape}{a.strides}")
def test_arrays_come_back_as_the_same_object(hand, a):
    f = hand.jit(lambda x: x, identity(0))
    before = sys.getrefcount(a)
    for _ in range(3):
        assert f(a) is a
    assert sys.getrefcount(a) == before and len(hand.compiled) == 1


def test_array_types_are_exact(hand):
    f = hand.jit(lambda x: x, identity(0))
    for a in arrays():
        f(a)
    names = {t[0].name for t in hand.compiled}
    assert {
        "float64[:, :, ::1]",
        "float64[::1, :, :]",
        "float64[:, :, :]",
        "readonly int64[::1]",
        "float64[()]",
    } <= names
    count = len(hand.compiled)
    for a in arrays():
        assert f(a) is a
    assert len(hand.compiled) == count


def test_other_dtype_objects_of_the_same_meaning_use_the_same_kernel(hand):
    f = hand.jit(lambda x: x, identity(0))
    a = np.arange(3.0)
    f(a)
    b = pickle.loads(pickle.dumps(a))
    assert f(b) is b
    c = np.zeros(3, np.dtype("f8", metadata={"unit": "m"}))
    assert f(c) is c
    assert len(hand.compiled) == 1


VIEW = """function %kernel(i64, i64, i64, i64, i64, i64) -> i32 system_v {
block0(v0: i64, v1: i64, v2: i64, v3: i64, v4: i64, v5: i64):
    v6 = iconst.i64 0
    store notrap aligned v6, v1
    store notrap aligned v2, v1+8
    v7 = iadd v3, v5
    store notrap aligned v7, v1+16
    v8 = iconst.i64 1
    v9 = isub v4, v8
    store notrap aligned v9, v1+24
    store notrap aligned v5, v1+32
    v10 = iconst.i32 0
    return v10
}"""


def test_a_view_has_the_argument_as_base(hand):
    f = hand.jit(lambda x: x[1:], lambda types, module: (VIEW, (types[0],)))
    a = np.arange(4.0)
    before = sys.getrefcount(a)
    v = f(a)
    assert v.base is a and v.tolist() == [1, 2, 3] and v.flags.writeable and v.flags.c_contiguous and v.flags.aligned
    v[0] = 9
    assert a[1] == 9 and sys.getrefcount(a) == before + 1
    del v
    assert sys.getrefcount(a) == before


BLOCK = """function %kernel(i64, i64, i64) -> i32 system_v {
    fn0 = %jitpy_alloc(i64) -> i64 system_v
block0(v0: i64, v1: i64, v2: i64):
    v3 = iconst.i64 0
    store notrap aligned v3, v1
    v4 = iconst.i64 8
    v5 = imul v2, v4
    v6 = call fn0(v5)
    v7 = iconst.i64 1
    v8 = bor v6, v7
    store notrap aligned v8, v1+8
    store notrap aligned v6, v1+16
    store notrap aligned v2, v1+24
    store notrap aligned v4, v1+32
    store notrap aligned v2, v6
    v9 = iconst.i32 0
    return v9
}"""


def test_a_block_becomes_an_array_that_frees_it(hand):
    result = ty.array_of(ty.int64, 1, "C")
    f = hand.jit(lambda n: np.empty(n), lambda types, module: (BLOCK, (result,)))
    a = f(1000)
    assert a.shape == (1000,) and a.dtype == np.int64 and a[0] == 1000 and a.ctypes.data % 64 == 0
    assert a.flags.writeable and type(a.base).__name__ == "block"
    view = a[:5]
    del a
    assert view[0] == 1000
    for _ in range(300):  # would need 24 GB if blocks were not freed
        f(10_000_000)[0] = 1


def test_result_variants(hand):
    text = """function %kernel(i64, i64, i64) -> i32 system_v {
block0(v0: i64, v1: i64, v2: i64):
    store notrap aligned v2, v1
    v3 = iconst.i64 42
    store notrap aligned v3, v1+8
    v4 = iconst.i32 0
    return v4
}"""
    f = hand.jit(lambda k: k, lambda types, module: (text, (ty.none, ty.py_int, ty.tuple_of((ty.int16,)))))
    assert f(0) is None and f(1) == 42 and f(2) == (np.int16(42),) and type(f(2)[0]) is np.int16


def test_results_leak_nothing(hand):
    f = hand.jit(lambda *x: x, identity())
    g = hand.jit(lambda a, b: (a, b), identity())
    args = 1234567, np.float32(3)
    for _ in range(10):
        g(*args), g(args, np.zeros(2)), f(1)
    gc.collect()
    before = sys.getallocatedblocks()
    for _ in range(1000):
        g(*args), g(args, np.zeros(2))
    gc.collect()
    assert sys.getallocatedblocks() - before < 50


def test_what_cannot_be_an_argument_gets_advice(hand):
    f = hand.jit(lambda x: x, identity(0))

    class Sub(np.ndarray):
        pass

    class MyInt(int):
        pass

    for value, advice in (
        (np.zeros(3).view(Sub), "np.asarray"), (np.zeros(3, object), "numeric"), (np.zeros(3, ">f8"), "astype"),
        (frozenset(), "sorted"), (MyInt(3), "plain value"), (np.zeros(3, "M8[s]"), "int64"), (object(), "object"),
        ([1, 2.0], "one type"),
    ):  # fmt: skip
        with pytest.raises(UnsupportedError, match=advice):
            f(value)


LIST = """function %kernel(i64, i64, i64) -> i32 system_v {
block0(v0: i64, v1: i64, v2: i64):
    v3 = iconst.i64 0
    store notrap aligned v3, v1
    v4 = load.i64 v2+7
    store notrap aligned v4, v1+8
    v5 = load.i64 v2+23
    v6 = load.i64 v5
    v7 = iconst.i64 100
    v8 = iadd v6, v7
    store v8, v5
    v9 = iconst.i64 1
    store v9, v2+31
    v10 = iconst.i32 0
    return v10
}"""


def test_lists_are_written_back(hand):
    f = hand.jit(lambda x: x, lambda types, module: (LIST, (ty.py_int,)))
    big = 10**15
    items = [1, big, 3]
    assert f(items) == 3
    assert items == [101, big, 3] and items[1] is big
    assert f(items) == 3 and items[0] == 201


def test_nogil(hand):
    f = hand.jit(lambda x: x, identity(0), nogil=True)
    assert f(5) == 5 and f(2.5) == 2.5
