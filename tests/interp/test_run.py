"""Control, calls, memory, traps and limits of the interpreter."""

import ctypes
import struct

import pytest
from jitpy.backend.errors import UnsupportedError
from jitpy.backend.interp.interpreter import Interpreter, OutOfFuel, Throw
from jitpy.backend.interp.meaning import Trap
from jitpy.backend.text.parser import parse_functions


def machine(text: str, **externs: object) -> Interpreter:
    return Interpreter(parse_functions(text), externs)


def test_externs_and_addresses_of_functions() -> None:
    it = machine(
        """function %f(i32) -> i32, i32 {
            fn0 = %host(i32) -> i32, i32
            fn1 = %twice(i32) -> i32
            sig9 = (i32) -> i32
        block0(v0: i32):
            v1, v2 = call fn0(v0)
            v3 = func_addr.i64 fn1
            v4 = call_indirect sig9, v3(v2)
            return v1, v4
        }
        function %twice(i32) -> i32 { block0(v0: i32): v1 = iadd v0, v0 return v1 }""",
        host=lambda x: (-x, x + 1),
    )
    assert it.call("f", [20]) == [(1 << 32) - 20, 42]
    with pytest.raises(UnsupportedError, match="host is not defined: give it in externs"):
        Interpreter(list(it.functions.values())).call("f", [1])


def test_memory_is_the_process_own() -> None:
    it = machine(
        """function %sum(i64) -> f64 {
        block0(v0: i64): v1 = load.f64 v0 v2 = load.f64 v0+8 v3 = fadd v1, v2 store v3, v0-8 return v3 }"""
    )
    data = (ctypes.c_double * 3)(0.0, 1.5, 2.25)
    (bits,) = it.call("sum", [ctypes.addressof(data) + 8])
    assert struct.unpack("<d", struct.pack("<Q", bits))[0] == 3.75 == data[0]


@pytest.mark.parametrize("address", [0, 8, 1 << 63, (1 << 64) - 8, 0x7A00_0000_0000_0000])
def test_wild_addresses_trap(address: int) -> None:
    it = machine(
        """function %f(i64) -> i8 { block0(v0: i64): v1 = load.i8 user9 v0 return v1 }
        function %g(i64) { block0(v0: i64): store v0, v0 return }"""
    )
    with pytest.raises(Trap, match="user9"):
        it.call("f", [address])
    with pytest.raises(Trap, match="heap_oob"):
        it.call("g", [address])


def test_traps_say_where() -> None:
    it = machine("function %f(i32) { block0(v0: i32): nop @0042 trapz v0, int_ovf return }")
    assert it.call("f", [1]) == []
    with pytest.raises(Trap) as caught:
        it.call("f", [0])
    trap = caught.value
    assert (trap.code, trap.function, trap.inst, trap.srcloc) == ("int_ovf", "f", 1, 0x42)


def test_fuel_and_depth_are_limited() -> None:
    it = machine(
        """function %loop() { block0: jump block1 block1: jump block1 }
        function %deep(i64) -> i64 { fn0 = %deep(i64) -> i64 block0(v0: i64): v1 = call fn0(v0) return v1 }
        function %tail(i64) -> i64 tail { fn0 = %tail(i64) -> i64 tail
        block0(v0: i64): brif v0, block1, block2
        block1: v1 = iconst.i64 1 v2 = isub v0, v1 return_call fn0(v2)
        block2: return v0 }"""
    )
    with pytest.raises(OutOfFuel):
        it.call("loop", [], fuel=1000)
    with pytest.raises(Trap, match="stk_ovf"):
        it.call("deep", [1])
    assert it.call("tail", [30_000]) == [0]  # tail calls take no stack


def test_exceptions_unwind_to_their_handler() -> None:
    def throw(tag: int) -> None:
        raise Throw(tag, [tag + 100, 7])

    it = machine(
        """function %f(i32) -> i64 {
            sig0 = (i32)
            fn0 = %middle sig0
        block0(v0: i32):
            try_call fn0(v0), sig0, block1, [tag1: block2(exn0), default: block3(exn1, v0)]
        block1: v1 = iconst.i64 0 return v1
        block2(v2: i64): return v2
        block3(v3: i64, v4: i32): v5 = uextend.i64 v4 v6 = iadd v5, v3 return v6
        }
        function %middle(i32) { fn0 = %throw(i32) block0(v0: i32): brif v0, block1, block2
        block1: call fn0(v0) return
        block2: return }
        function %bare(i32) { fn0 = %middle(i32) block0(v0: i32): call fn0(v0) return }""",
        throw=throw,
    )
    assert it.call("f", [0]) == [0]
    assert it.call("f", [1]) == [101]
    assert it.call("f", [5]) == [12]
    with pytest.raises(Throw):
        it.call("bare", [5])


def test_atomics() -> None:
    it = machine(
        """function %f(i64, i16) -> i16, i16, i16 { block0(v0: i64, v1: i16):
            v2 = atomic_rmw.i16 smax v0, v1
            v3 = atomic_cas v0, v1, v2
            v4 = atomic_load.i16 v0
            return v2, v3, v4 }"""
    )
    cell = ctypes.c_int16(-5)
    assert it.call("f", [ctypes.addressof(cell), 3]) == [0x10000 - 5, 3, 0x10000 - 5]


def test_global_values() -> None:
    table = (ctypes.c_uint64 * 2)(0, 1234)
    it = machine(
        """function %f() -> i64 {
            gv0 = symbol %table
            gv1 = iadd_imm.i64 gv0, 8
        block0: v0 = symbol_value.i64 gv1 v1 = load.i64 v0 return v1 }""",
        table=ctypes.addressof(table),
    )
    assert it.call("f", []) == [1234]


def test_a_wrong_number_of_arguments_is_refused() -> None:
    with pytest.raises(TypeError, match="f takes 1 arguments, not 2"):
        machine("function %f(i8) { block0(v0: i8): return }").call("f", [1, 2])


def test_the_target_may_be_big_endian() -> None:
    """Then accesses that name no order are, atomics too; lane 0 comes first in either order."""
    functions = parse_functions(
        """function %f(i64, i32) -> i8, i8, i32 {
        block0(v0: i64, v1: i32): store v1, v0 v2 = load.i8 v0 v3 = load.i8 v0+3
            v4 = atomic_rmw.i32 add v0, v1 v5 = atomic_load.i32 big v0 return v2, v3, v5 }
        function %lanes(i64, i16x4) -> i8, i16x4, i16x4 {
        block0(v0: i64, v1: i16x4): store big v1, v0 v2 = load.i8 v0
            v3 = load.i16x4 v0 v4 = load.i16x4 big v0 return v2, v3, v4 }"""
    )
    memory = ctypes.create_string_buffer(16)
    at, lanes = ctypes.addressof(memory), 0x0708_0506_0304_0102
    big, little = Interpreter(functions, big_endian=True), Interpreter(functions)
    assert big.call("f", [at, 0x01020304]) == [1, 4, 0x02040608]
    assert little.call("f", [at, 0x01020304]) == [4, 1, 0x08060402]
    assert big.call("lanes", [at, lanes]) == [1, lanes, lanes]
    assert little.call("lanes", [at, lanes]) == [1, 0x0807_0605_0403_0201, lanes]
