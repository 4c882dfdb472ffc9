"""A unit: what goes into one object file, or into the linker: parts (sections) with relocations, and symbols.

    unit = Unit(target, machine)
    unit.add_code(module, exported=["f"])            a `CodeModule`: .text, and .eh_frame where the target has unwind tables
    unit.add_data("table", data, ".rodata")          data under a name
    unit.add_zeros("heap", 1 << 20)                  memory in .bss
    elf.relocatable(unit)                            a .o
    link.executable([unit, ...])                     see `link`
    link.shared_library([unit, ...])

Relocations are (offset, kind, symbol or name of a part, addend), kinds as encoders write them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend.errors import CompileError
from jitpy.backend.object.elf import ALLOC, EXEC, FUNCTION, OBJECT, WRITE
from jitpy.backend.object.unwind import addresses, eh_frame

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jitpy.backend.pipeline import CodeModule, Reloc
    from jitpy.backend.target.machine import Machine
    from jitpy.backend.target.target import Target

#: Flags by the names that parts have; others are not loaded (debug information).
_FLAGS = {
    ".text": ALLOC | EXEC, ".rodata": ALLOC, ".eh_frame": ALLOC, ".data.rel.ro": ALLOC | WRITE, ".data": ALLOC | WRITE,
    ".bss": ALLOC | WRITE,
}  # fmt: skip


class Part:
    """A section of a unit; ``zeros``: bytes of a part that has no data."""

    __slots__ = ("align", "data", "flags", "name", "relocs", "zeros")

    def __init__(self, name: str) -> None:
        self.name = name
        self.flags = _FLAGS.get(name, 0)
        self.data = bytearray()
        self.zeros = 0
        self.align = 1
        self.relocs: list[Reloc] = []

    @property
    def size(self) -> int:
        """Bytes in memory."""
        return self.zeros or len(self.data)


class Defined:
    """Where a symbol is; ``exported``: other units and programs see it."""

    __slots__ = ("exported", "kind", "offset", "part", "size")

    def __init__(self, part: str, offset: int, size: int, kind: int, exported: bool) -> None:
        self.part = part
        self.offset = offset
        self.size = size
        self.kind = kind
        self.exported = exported


class Unit:
    """See the module's docstring. ``weak``: undefined symbols that need not be found and then are 0."""

    def __init__(self, target: Target, machine: Machine) -> None:
        self.target = target
        self.machine = machine
        self.parts: list[Part] = []
        self.symbols: dict[str, Defined] = {}
        self.weak: set[str] = set()

    def part(self, name: str, align: int = 1) -> Part:
        """The part of this name, made if it is not there, aligned at least so."""
        found = next((p for p in self.parts if p.name == name), None)
        if found is None:
            found = Part(name)
            self.parts.append(found)
        found.align = max(found.align, align)
        return found

    def define(self, name: str, part: str, offset: int, size: int, kind: int = OBJECT, exported: bool = False) -> None:
        """Give a place a name. CompileError where the name is taken."""
        if name in self.symbols:
            raise CompileError(f"{name!r} is defined twice in one object file")
        self.symbols[name] = Defined(part, offset, size, kind, exported)

    def add_code(self, module: CodeModule, exported: Iterable[str] = ()) -> int:
        """Append a module to .text with its symbols; the offset where it begins."""
        text = self.part(".text", max(module.align, self.target.code_align))
        text.data += self.target.nop(-len(text.data) % text.align)
        start = len(text.data)
        text.data += module.code
        text.relocs += [(start + offset, kind, symbol, addend) for offset, kind, symbol, addend in module.relocs]
        exported = set(exported)
        sizes = {f.name: len(f.code) for _, f in module.functions}
        for name, offset in module.symbols.items():
            kind = FUNCTION if name in sizes else OBJECT
            self.define(name, ".text", start + offset, sizes.get(name, 0), kind, name in exported)
        if self.target.dwarf is not None and module.functions:
            frames = self.part(".eh_frame", 8)
            at = len(frames.data)
            table = bytearray(eh_frame(module, self.target.dwarf, 0, "big" if self.machine.big_endian else "little")[:-4])
            for field, (offset, _) in zip(addresses(table, self.machine.order), module.functions):
                table[field : field + 8] = bytes(8)
                frames.relocs.append((at + field, "pcrel8", ".text", start + offset))
            frames.data += table
        return start

    def add_routine(self, name: str, code: bytes, relocs: Iterable[Reloc] = (), align: int = 16, exported: bool = False) -> None:
        """Append machine code that no CLIF says to .text under a name."""
        text = self.part(".text", align)
        text.data += self.target.nop(-len(text.data) % align)
        start = len(text.data)
        text.data += code
        text.relocs += [(start + offset, kind, symbol, addend) for offset, kind, symbol, addend in relocs]
        self.define(name, ".text", start, len(code), FUNCTION, exported)

    def add_data(
        self, name: str, data: bytes, part: str = ".rodata", align: int = 8, relocs: Iterable[Reloc] = (), exported: bool = False
    ) -> None:
        """Append data to a part under a name. ``relocs``: offsets from the data's start."""
        into = self.part(part, align)
        into.data += bytes(-len(into.data) % align)
        start = len(into.data)
        into.data += data
        into.relocs += [(start + offset, kind, symbol, addend) for offset, kind, symbol, addend in relocs]
        self.define(name, part, start, len(data), OBJECT, exported)

    def add_zeros(self, name: str, size: int, align: int = 16, exported: bool = False) -> None:
        """Memory that begins as zeros, in .bss."""
        into = self.part(".bss", align)
        start = -(-into.zeros // align) * align
        into.zeros = start + size
        self.define(name, ".bss", start, size, OBJECT, exported)

    def undefined(self) -> list[str]:
        """Symbols that relocations name and the unit does not define, in the order they are met."""
        names = {p.name for p in self.parts}
        found: dict[str, None] = {}
        for p in self.parts:
            for _, _, symbol, _ in p.relocs:
                if symbol not in self.symbols and symbol not in names:
                    found[symbol] = None
        return list(found)
