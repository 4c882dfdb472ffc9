"""What object files and the linker have to know of an ISA: ELF's numbers.

An ISA states them as ``MACHINE`` in its ``elf.py``, and `backend.isa.machine` imports it; docs/object.md tells how they are used.
"""

from __future__ import annotations

#: What an ELF relocation names: the symbol, or the field itself, as riscv64's pairs do.
SYMBOL, FIELD = 0, 1


class Machine:
    """``number``, ``flags``: e_machine and e_flags. ``page``: the largest page of systems for it. ``hash_word``: bytes of
    the words in its libraries' hash tables.

    ``relocations``: kind, as the encoders write it -> the ELF relocations it becomes, each (bytes behind the field, type, what it
    names: `SYMBOL` or `FIELD`). Besides the ISA's own kinds all have ``abs8``, ``abs4`` and ``pcrel8``, plain words. ``undefined``:
    kinds that have another type where the symbol is not in the object. ``thread_local``: kinds whose symbols are
    thread-local, which the symbol table must say. ``relative``, ``absolute``: what a dynamic linker applies to a word: base +
    addend, symbol + addend.

    ``triple``: what Debian's tools for it are called.
    """

    __slots__ = (
        "absolute", "big_endian", "flags", "hash_word", "number", "page", "relative", "relocations", "thread_local",
        "triple", "undefined",
    )  # fmt: skip

    def __init__(
        self, number: int, relocations: dict[str, tuple[tuple[int, int, int], ...]], *, relative: int, absolute: int, triple: str,
        flags: int = 0, big_endian: bool = False, page: int = 4096, hash_word: int = 4, undefined: dict[str, int] | None = None,
        thread_local: frozenset[str] = frozenset(),
    ) -> None:  # fmt: skip
        self.number = number
        self.flags = flags
        self.big_endian = big_endian
        self.page = page
        self.hash_word = hash_word
        self.relocations = relocations
        self.undefined = undefined or {}
        self.thread_local = thread_local
        self.relative = relative
        self.absolute = absolute
        self.triple = triple

    @property
    def order(self) -> str:
        """Byte order, as `struct` writes it."""
        return ">" if self.big_endian else "<"


def plain(type: int) -> tuple[tuple[int, int, int], ...]:
    """The row of a kind that is one ELF relocation of the field."""
    return ((0, type, SYMBOL),)
