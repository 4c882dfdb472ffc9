"""The arena, the loader, and the layouts."""

import gc
import os
import random
import threading

import capstone
import pytest

from jitpy import CompileError
from jitpy.runtime import errors, helpers, interrupts, layout, memory, traps
from jitpy.runtime.libc import ffi, pointer


def test_extents():
    e = memory.Extents(1000)
    a, b, c = e.take(100), e.take(200), e.take(300)
    assert (a, b, c) == (0, 100, 300)
    e.give(a, 100)
    e.give(b, 200)
    assert e.take(200) == b and e.take(100) == a and e.take(400) == 600 and e.top == 1000
    e.give(c, 300)
    assert (e.take(100), e.take(50), e.take(150)) == (c, c + 100, c + 150)  # full: cut from what is too large
    with pytest.raises(MemoryError):
        e.take(1)


def test_sizes_are_rounded_by_an_eighth_at_most():
    for size in (*range(1, 3000), 10**5, 10**6 + 1):
        got = memory.rounded(size, 64)
        assert size <= got and got % 64 == 0 and got - size < 64 + size / 8 and memory.rounded(got, 64) == got


class Node:
    """Something that only the garbage collector frees."""

    def __init__(self, loaded):
        self.me = self
        self.loaded = loaded


def test_code_freed_at_any_moment_leaves_live_code_alone():
    """The collector runs finalizers in the middle of anything, also of placing code."""
    randomly = random.Random(1)
    threshold = gc.get_threshold()
    live = []
    gc.set_threshold(5, 1, 1)
    try:
        for i in range(3000):
            code = i.to_bytes(4, "little") * randomly.choice((16, 32, 50, 250))
            node = Node(memory.load(memory.Image(code, {}, []), {}))
            if randomly.random() < 0.3:
                live.append((node, code))
            if len(live) > 50:
                del live[randomly.randrange(50)]
            if i % 10 == 0:
                for node, code in live:
                    assert bytes(ffi.buffer(pointer(node.loaded.address), len(code))) == code
    finally:
        gc.set_threshold(*threshold)
    assert memory.arena().extents.top < 1 << 24


def test_a_child_has_the_code_as_it_was_at_the_fork(monkeypatch):
    """Also where the parent frees it and writes other code there before the child does anything."""
    memory.arena()
    place = memory.Arena()
    monkeypatch.setattr(memory, "_arena", place)
    loaded = memory.load(memory.Image(bytes.fromhex("b801000000c3"), {"f": 0}, []), {})  # mov eax, 1; ret
    f = ffi.cast("jitpy_nullary", loaded.symbols["f"])
    reader, writer = os.pipe()
    ours = memory.Arena.after_fork_in_child

    def late(self):
        os.read(reader, 1)
        ours(self)

    monkeypatch.setattr(memory.Arena, "after_fork_in_child", late)
    pid = os.fork()
    if pid == 0:
        os._exit(f())
    place.write(loaded.address, bytes.fromhex("b802000000c3"))
    os.write(writer, b"x")
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 1 and f() == 2
    del loaded
    os.close(reader)
    os.close(writer)


def test_a_stack_is_forgotten_with_its_thread():
    """The next thread may have a smaller one at the same place."""
    cell = helpers.cell("jitpy_stack")
    seen = []

    def run():
        interrupts.find_stack()
        seen.append((layout.word(cell), layout.word(cell + 8)))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen[0][1] > 0 and (layout.word(cell) != seen[0][0] or layout.word(cell + 8) == 0)


def test_sites_are_found_and_forgotten():
    first, second = ["a", "b"], ["c"]
    cells = errors.register_sites(first), errors.register_sites(second)
    assert errors.site_at(cells[0] + 8) == (first, 1) and errors.site_at(cells[1]) == (second, 0)
    errors.forget_sites(cells[0])
    assert errors.site_at(cells[1]) == (second, 0)
    errors.forget_sites(cells[1])
    with pytest.raises(CompileError, match="too long"):
        errors.register_sites(range(1 << 21))


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
    assert place.allocate(7) == at


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
