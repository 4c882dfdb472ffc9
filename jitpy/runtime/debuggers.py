"""What debuggers, profilers and unwinders are told of compiled code, each behind an environment variable.

    JITPY_PERF_MAP   a line per function in /tmp/perf-PID.map: names in Linux's perf
    JITPY_UNWIND     unwind tables registered with libgcc: backtraces and C++ exceptions through kernels
    JITPY_GDB        both of these for gdb, by its JIT interface: an ELF file in memory for each blob of code

Frames always keep frame pointers, so ``perf record --call-graph fp`` and py-spy walk through kernels without any of
these. Making an unwind table takes 40 us a function, which is why it is not made unasked. What was registered is
taken back when the code is freed.

gdb's interface is a variable and a function that gdb finds by name and stops at. They must be in a file that gdb can
read, and we ship no C, so that shared object is written here and loaded from memory.
"""

from __future__ import annotations

import os
import platform

from jitpy.runtime.libc import C, address, ffi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from jitpy.runtime.memory import Image, Loaded

Functions = list[tuple[str, int, int]]


def registrations(loaded: Loaded, image: Image, tools: list[str]) -> list[object]:
    """Tell the tools about code that was loaded; objects that take it back when they die."""
    starts = sorted((at, name) for name, at in loaded.symbols.items())
    ends = [at for at, _ in starts[1:]] + [loaded.address + loaded.size]
    functions = [(name, at, end - at) for (at, name), end in zip(starts, ends)]
    made = [_TOOLS[tool](loaded, image, functions) for tool in tools]
    return [m for m in made if m is not None]


def write_perf_map(loaded: Loaded, image: Image, functions: Functions) -> None:
    """Append to the file where perf looks for names. A forked child has a file of its own, for what it compiles."""
    with open(f"/tmp/perf-{os.getpid()}.map", "a", encoding="utf-8") as file:
        for name, at, size in functions:
            file.write(f"{at:x} {size:x} jitpy:{name}\n")


class _Frames:
    """What `eh_frame` reads of a module: (start, function) pairs."""

    def __init__(self, image: Image) -> None:
        self.functions = [(row[0], _Frame(row)) for row in image.frames]


class _Frame:
    def __init__(self, row: tuple[Any, ...]) -> None:
        _, size, self.entry, self.prologue_end, self.frame_size, self.saved, self.returns = row
        self.code = range(size)  # only its length counts
        self.signed = 0  # kernels of the host sign no return addresses


def unwind_table(image: Image, start: int) -> tuple[Any, int]:
    """The bytes of an ``.eh_frame`` section for code at ``start``, in C memory, and how many."""
    from jitpy.backend import isa
    from jitpy.backend.object.unwind import eh_frame

    frames: Any = _Frames(image)
    dwarf = isa.host().dwarf
    assert dwarf is not None
    size = len(eh_frame(frames, dwarf, 0))
    memory = ffi.new("char[]", size + 8)
    ffi.buffer(memory)[:size] = eh_frame(frames, dwarf, address(memory) - start)
    return memory, size


class Unwind:
    """An unwind table that libgcc knows."""

    _library: Any = None

    def __init__(self, loaded: Loaded, image: Image, functions: Functions) -> None:
        if Unwind._library is None:
            Unwind._library = ffi.dlopen("libgcc_s.so.1")
        # By getattr: Python changes names with two underscores.
        register, self.deregister = (getattr(Unwind._library, f"__{what}_frame") for what in ("register", "deregister"))
        self.table, _ = unwind_table(image, loaded.address)
        register(self.table)

    def __del__(self) -> None:
        self.deregister(self.table)


class Gdb:
    """An entry in gdb's list of code made at run time."""

    _interface: Any = None
    _first: Gdb | None = None

    def __init__(self, loaded: Loaded, image: Image, functions: Functions) -> None:
        if Gdb._interface is None:
            Gdb._interface = _load_interface()
        self.interface = Gdb._interface
        self.table, size = unwind_table(image, loaded.address)
        table = bytes(ffi.buffer(self.table, size))
        text = code_object(loaded.address, loaded.size, functions, table, address(self.table))
        self.text = ffi.new("char[]", text)
        self.entry = ffi.new("jitpy_gdb_entry *")
        descriptor = self.interface[0]
        self.entry.symfile, self.entry.size = self.text, len(text)
        self.entry.next = descriptor.first
        if descriptor.first != ffi.NULL:
            descriptor.first.prev = self.entry
        descriptor.first = self.entry
        self.tell(1)

    def tell(self, action: int) -> None:
        """Let gdb, if there is one, look at the entry."""
        descriptor, register, _ = self.interface
        descriptor.relevant, descriptor.action = self.entry, action
        register()
        descriptor.action = 0

    def __del__(self) -> None:
        entry = self.entry
        if entry.prev != ffi.NULL:
            entry.prev.next = entry.next
        else:
            self.interface[0].first = entry.next
        if entry.next != ffi.NULL:
            entry.next.prev = entry.prev
        self.tell(2)


def code_object(start: int, size: int, functions: Functions, unwind: bytes, at: int) -> bytes:
    """An ELF file of what a debugger needs of code that lies at an address: its functions, and its unwind table, made to lie
    at ``at``.
    """
    from jitpy.backend import isa
    from jitpy.backend.object import elf

    table, names = elf.symbol_table([elf.Symbol(name, elf.FUNCTION, 1, begin - start, length) for name, begin, length in functions])
    return elf.build(isa.machine(isa.host_name()), elf.RELOCATABLE, [
        elf.Section(".text", elf.NOBITS, b"", elf.ALLOC | elf.EXEC, address=start, size=size, align=16),
        elf.Section(".symtab", elf.SYMTAB, table, link=3, info=1, entry=elf.SYMBOL_BYTES),
        elf.Section(".strtab", elf.STRTAB, names, align=1),
        elf.Section(".eh_frame", elf.PROGBITS, unwind, elf.ALLOC, address=at),
    ])  # fmt: skip


#: ``ret``, by machine.
_RETURN = {"x86_64": "c3", "aarch64": "c0035fd6"}
_FUNCTION, _VARIABLE = "__jit_debug_register_code", "__jit_debug_descriptor"


def _load_interface() -> tuple[Any, Any, Any]:
    """gdb's variable and its function, in a shared object in memory, which goes with its last reference."""
    machine = platform.machine()
    if machine not in _RETURN:
        raise OSError(f"JITPY_GDB: gdb's interface has not been made for {machine}")
    from jitpy.backend import isa
    from jitpy.backend.object import link
    from jitpy.backend.object.unit import Unit

    unit = Unit(isa.host(), isa.machine(isa.host_name()))
    unit.add_routine(_FUNCTION, bytes.fromhex(_RETURN[machine]), exported=True)
    unit.add_data(_VARIABLE, (1).to_bytes(4, "little") + bytes(20), ".data", exported=True)  # version 1
    text = link.shared_library([unit])
    file = C.memfd_create(b"jitpy-gdb", 0)
    os.write(file, text)
    library = ffi.dlopen(f"/proc/{os.getpid()}/fd/{file}")
    return ffi.addressof(library, _VARIABLE), library.__jit_debug_register_code, library


_TOOLS: dict[str, Callable[[Loaded, Image, Functions], object]] = {
    "JITPY_PERF_MAP": write_perf_map, "JITPY_UNWIND": Unwind, "JITPY_GDB": Gdb,
}  # fmt: skip
