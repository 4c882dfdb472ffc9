"""The C face: structs in, structs out, called through cffi."""

import numpy as np
import pytest
from cffi import FFI
from jitpy.backend.errors import CompileError
from jitpy.frontend.types import types as ty
from kernels import identity

from jitpy import cabi


def test_scalars(hand):
    f = hand.jit(lambda a, b: (b, a), identity(0, 1))
    f(1, 2.5)
    g = f.cffi
    ffi = FFI()
    out = ffi.new("char[16]")
    assert g(ffi.cast("void *", out), 7, 1.5) == 0
    assert np.frombuffer(ffi.buffer(out), "i8")[0] == 7 and np.frombuffer(ffi.buffer(out), "f8")[1] == 1.5
    del f


def test_arrays(hand):
    f = hand.jit(lambda a, b: a, identity(0))
    a = np.arange(6.0).reshape(2, 3)
    f(a, np.float32(1))
    ffi = FFI()
    ffi.cdef("typedef struct { double *data; int64_t shape[2]; int64_t strides[2]; void *owner; } s;")
    given, got = ffi.new("s *"), ffi.new("s *")
    given.data = ffi.cast("double *", a.ctypes.data)
    given.shape, given.strides = a.shape, a.strides
    assert f.cffi(ffi.cast("void *", got), ffi.cast("void *", given), 2.0) == 0
    assert list(got.shape) == [2, 3] and list(got.strides) == [24, 8] and got.data[4] == 4.0


def test_declarations():
    array = ty.array_of(ty.float64, 2, "C")
    text = cabi.declarations("f", (array, ty.py_int, ty.complex64), ty.tuple_of((ty.py_float, ty.int8)))
    assert "jitpy_array_float64_2d" in text and text.splitlines()[-1] == (
        "int32_t f(f_result *, const jitpy_array_float64_2d *, int64_t, float, float);"
    )
    FFI().cdef(text)


def test_one_signature_is_needed(hand):
    f = hand.jit(lambda a: a, identity(0))
    with pytest.raises(CompileError, match="exactly one signature"):
        f.cffi  # noqa: B018
