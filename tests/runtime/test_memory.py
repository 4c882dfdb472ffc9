"""The arena, the loader, and the layouts."""

import capstone
import pytest

from jitpy.runtime import layout, memory, traps
from jitpy.runtime.libc import ffi


def test_extents_join():
    e = memory.Extents(1000)
    a, b, c = e.take(100), e.take(200), e.take(300)
    assert (a, b, c) == (0, 100, 300)
    e.give(a, 100)
    e.give(b, 200)
    assert e.free == [(0, 300)] and e.take(250) == 0 and e.free == [(250, 50)]
    e.give(c, 300)
    e.give(0, 250)
    assert e.free == [] and e.top == 0
    with pytest.raises(MemoryError):
        e.take(1001)


def test_relocations():
    # f: mov rax, imm64 (abs8 to %data + 5); ret      g: call f (pcrel4); inc rax; ret
    code = bytes.fromhex("48b80000000000000000c3" + "90" * 5 + "e800000000" + "48ffc0" + "c3")
    image = memory.Image(code, {"f": 0, "g": 16}, [(2, "abs8", "data", 5), (17, "pcrel4", "f", -4)])
    loaded = memory.load(image, {"data": 1000})
    assert ffi.cast("jitpy_nullary", loaded.symbols["f"])() == 1005
    assert ffi.cast("jitpy_nullary", loaded.symbols["g"])() == 1006
    with pytest.raises(KeyError):
        memory.load(image, {})


def test_no_page_is_writable_and_executable():
    memory.arena()
    with open("/proc/self/maps") as maps:
        assert not [line for line in maps if "wx" in line.split()[1] and "jitpy" in line]


def test_fresh_pages_where_the_arena_is_refused():
    place = memory.FreshPages()
    at = place.allocate(6)
    place.write(at, bytes.fromhex("b82a000000c3"))
    assert ffi.cast("jitpy_nullary", at)() == 42
    place.release(at, 6)
    assert place.extents.top == 0


def test_the_trampoline_is_what_its_listing_says():
    code = bytes.fromhex("".join(row[0] for row in traps.ENTER_X64))
    lines = [
        f"{i.mnemonic} {i.op_str}".strip()
        for i in capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64).disasm(code, 0)
    ]
    assert lines == [row[1] for row in traps.ENTER_X64]


def test_symbols():
    assert layout.symbol("PyFloat_Type") == id(float)
    for name in ("PyFloat_FromDouble", "PyArray_NewFromDescr", "memcpy", "free", "numpy_float32", "descr_int8"):
        assert layout.symbol(name)
    with pytest.raises(AttributeError):
        layout.symbol("no_such_function_at_all")
