"""The C face of a jitted function: its address lives as long as the function."""

import gc
import weakref

from cffi import FFI

from jitpy import jit


def test_the_bare_address_stays_good():
    f = jit("float64(float64, int64)")(lambda x, n: x * n)
    ffi = FFI()
    call = ffi.cast("int32_t (*)(double *, double, int64_t)", int(FFI().cast("uintptr_t", f.cffi)))
    result = ffi.new("double *")
    gc.collect()
    assert call(result, 1.5, 4) == 0 and result[0] == 6.0
    assert FFI().cast("uintptr_t", f.cffi) == FFI().cast("uintptr_t", f.cffi)


def test_the_pointer_keeps_the_function_and_no_longer():
    f = jit("int64(int64)")(lambda n: n + 1)
    pointer, reference = f.cffi, weakref.ref(f)
    del f
    gc.collect()
    result = FFI().new("int64_t *")
    assert pointer(result, 4) == 0 and result[0] == 5
    del pointer
    gc.collect()
    assert reference() is None
