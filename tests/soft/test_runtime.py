"""The soft library and exceptions in CLIF that Python calls."""

from __future__ import annotations

import numpy as np
import pytest
from jitpy.backend import isa

import jitpy

pytestmark = pytest.mark.skipif(isa.host_name() != "x64", reason="hand-written CLIF runs on x86-64 so far")


def quad(x: float) -> bytes:
    from jitpy.backend.ir.instructions import float_bits
    from jitpy.backend.ir.types import F128

    return float_bits(x, F128).to_bytes(16, "little")


def test_library_by_name() -> None:
    functions = jitpy.clif.compile("""
        function %axpy(f128, f128, f128) -> f128 {
        block0(v0: f128, v1: f128, v2: f128):
            v3 = fma v0, v1, v2
            v4 = sqrt v3
            return v4
        }
        function %divide(i128, i128) -> i128 {
        block0(v0: i128, v1: i128):
            v2 = sdiv v0, v1
            return v2
        }
        function %half(f16, f16) -> f16 {
        block0(v0: f16, v1: f16):
            v2 = fdiv v0, v1
            return v2
        }
        function %to_int(f128) -> i32 {
        block0(v0: f128):
            v1 = fcvt_to_sint.i32 v0
            return v1
        }
    """)
    assert functions["axpy"](quad(2.0), quad(3.0), quad(19.0)) == quad(5.0)
    assert functions["divide"](-(10**30), 7) == -(10**30 // 7)
    assert functions["half"](np.float16(1), np.float16(3)) == np.float16(1) / np.float16(3)
    assert functions["to_int"](quad(-2147483648.5)) == -2147483648
    for name, args, code in (
        ("divide", (1, 0), "int_divz"), ("divide", (-(1 << 127), -1), "int_ovf"), ("to_int", (quad(2147483648.0),), "int_ovf"),
        ("to_int", (quad(float("nan")),), "bad_toint"),
    ):  # fmt: skip
        with pytest.raises(jitpy.Trap) as caught:
            functions[name](*args)
        assert caught.value.code == code


def test_exceptions() -> None:
    f = jitpy.clif.compile("""
        function %throw_if_odd(i64, i64) -> i64 tail {
            fn0 = %jitpy_throw(i64, i64, i32, i64, i64)
        block0(v0: i64, v1: i64):
            v2 = iconst.i64 1
            v3 = band v1, v2
            brif v3, block1, block2
        block1:
            v4 = get_frame_pointer.i64
            v5 = iconst.i32 1
            call fn0(v0, v4, v5, v1, v2)
            trap user9
        block2:
            return v1
        }
        function %catch(i64) -> i64 {
            sig0 = (i64, i64) -> i64 tail
            fn0 = colocated %throw_if_odd(i64, i64) -> i64 tail
        block0(v0: i64):
            v1 = iconst.i64 0
            try_call fn0(v1, v0), sig0, block1(ret0), [ tag1: block2(exn0, exn1) ]
        block1(v2: i64):
            return v2
        block2(v3: i64, v4: i64):
            v5 = iadd v3, v4
            v6 = ineg v5
            return v6
        }
    """)["catch"]
    assert [f(x) for x in (4, 5, 6, 7)] == [4, -6, 6, -8]
