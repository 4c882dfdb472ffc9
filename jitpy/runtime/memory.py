"""Executable memory: one reserved arena, loaded blobs, and their release.

In comes a code module (bytes, relocations, symbols: see ``docs/contracts.md``); out goes a `Loaded`: the same code at
an address.

The arena is one range of addresses mapped twice from an anonymous file: once readable and executable, once readable and
writable. Code is written through the second view and runs in the first, so no page is ever writable and executable,
live pages never change protection, and "is this pc ours" is two compares. Where executing such a file is refused,
each blob gets fresh pages that go from writable to executable once, and never back.

After ``fork`` both processes would write into the same file, so the child gets a copy of what was in use, in a file of
its own, and maps both views anew at the same addresses.
"""

from __future__ import annotations

import os
import sys
import threading

from jitpy.runtime.libc import C, address, ffi, pointer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

PROT_NONE, PROT_READ, PROT_WRITE, PROT_EXEC = 0, 1, 2, 4
MAP_SHARED, MAP_PRIVATE, MAP_FIXED, MAP_ANONYMOUS, MAP_NORESERVE = 1, 2, 0x10, 0x20, 0x4000
MFD_CLOEXEC = 1
FAILED = (1 << 64) - 1

#: Addresses reserved: calls between any two functions reach each other with 32-bit displacements.
ARENA_BYTES = 256 << 20
GRANULE = 64
PAGE = 4096


class Extents:
    """Which ranges of the arena are free: a list per size, sizes rounded up by at most an eighth.

    Code is freed when the garbage collector finds it unused, and that may be in the middle of any Python function,
    `take` included, or while another thread is in it. So nothing here is read, decided and written back: a free range
    changes hands by one ``list.append`` or ``list.pop``, which nothing interrupts, and neighbours are never joined.
    """

    __slots__ = ("free", "size", "top")

    def __init__(self, size: int) -> None:
        self.size = size
        self.top = 0  # everything above was never used
        self.free: dict[int, list[int]] = {}  # rounded size -> offsets

    def take(self, size: int) -> int:
        """The offset of ``size`` bytes (as `rounded` gives them); MemoryError when there are none."""
        try:
            return self.free[size].pop()
        except LookupError:
            pass
        # No call and no loop between reading and writing: no other thread and no finalizer gets in between.
        offset = self.top
        if (top := offset + size) <= self.size:
            self.top = top
            return offset
        for larger in sorted(self.free):  # full: what is too large will do
            if larger > size:
                try:
                    offset = self.free[larger].pop()
                except IndexError:
                    continue
                self.give(offset + size, larger - size)
                return offset
        raise MemoryError(f"jitpy: the {self.size >> 20} MB reserved for machine code are full")

    def give(self, offset: int, size: int) -> None:
        """Make a range free."""
        self.free.setdefault(size, []).append(offset)


def rounded(size: int, granule: int) -> int:
    """A size as `Extents` knows it: so many granules that three bits follow the highest."""
    count = -(-size // granule) or 1
    shift = max(count.bit_length() - 4, 0)
    return -(-count >> shift << shift) * granule


class Arena:
    """The double-mapped range. ``base``: the executable view, ``writable``: the other."""

    __slots__ = ("base", "extents", "snapshot", "writable")

    def __init__(self) -> None:
        self.base = reserve(ARENA_BYTES)
        self.writable = reserve(ARENA_BYTES)
        self.snapshot = b""
        self.extents = Extents(ARENA_BYTES)
        self._map_views(b"")

    def _map_views(self, content: bytes) -> None:
        fd = C.memfd_create(b"jitpy", MFD_CLOEXEC)
        if fd < 0:
            raise OSError(ffi.errno, "memfd_create")
        try:
            os.ftruncate(fd, ARENA_BYTES)
            if content:
                os.pwrite(fd, content, 0)
            _map(self.base, ARENA_BYTES, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED, fd)
            _map(self.writable, ARENA_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd)
        finally:
            os.close(fd)

    def allocate(self, size: int) -> int:
        """The executable address of ``size`` fresh bytes."""
        return self.base + self.extents.take(rounded(size, GRANULE))

    def write(self, at: int, code: bytes) -> None:
        """Put ``code`` at the executable address ``at``."""
        ffi.memmove(pointer(at - self.base + self.writable), code, len(code))

    def release(self, at: int, size: int) -> None:
        """Free what `allocate` returned; the bytes become trapping instructions."""
        size = rounded(size, GRANULE)
        C.memset(pointer(at - self.base + self.writable), 0xCC, size)
        self.extents.give(at - self.base, size)

    def before_fork(self) -> None:
        """Copy the code for the child: the parent may write into the file before the child is ready to."""
        self.snapshot = bytes(ffi.buffer(pointer(self.base), self.extents.top))

    def after_fork_in_parent(self) -> None:
        """The child has its copy."""
        self.snapshot = b""

    def after_fork_in_child(self) -> None:
        """Put the code into a file of our own."""
        self._map_views(self.snapshot)
        self.snapshot = b""


class FreshPages:
    """The fallback: every blob on pages of its own in the arena, written before they become executable."""

    __slots__ = ("base", "extents")

    def __init__(self) -> None:
        self.base = reserve(ARENA_BYTES)
        self.extents = Extents(ARENA_BYTES)

    def allocate(self, size: int) -> int:
        """The address of ``size`` bytes, still writable."""
        pages = rounded(size, PAGE)
        at = self.base + self.extents.take(pages)
        return _map(at, pages, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED)

    def write(self, at: int, code: bytes) -> None:
        """Put ``code`` there and make the pages executable for good."""
        ffi.memmove(pointer(at), code, len(code))
        if C.mprotect(pointer(at), -(-len(code) // PAGE) * PAGE, PROT_READ | PROT_EXEC):
            raise OSError(ffi.errno, "jitpy: this system refuses executable memory (mprotect)")

    def release(self, at: int, size: int) -> None:
        """Back to reserved addresses."""
        pages = rounded(size, PAGE)
        _map(at, pages, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED)
        self.extents.give(at - self.base, pages)

    def before_fork(self) -> None:
        """Nothing to do, nor after: private pages are copied by the system."""

    after_fork_in_parent = after_fork_in_child = before_fork


def _map(at: int, size: int, protection: int, flags: int, fd: int = -1) -> int:
    got = address(C.mmap(pointer(at), size, protection, flags, fd, 0))
    if got == FAILED:
        raise OSError(ffi.errno, "mmap")
    return got


def reserve(size: int) -> int:
    """Addresses without memory behind them."""
    return _map(0, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)


_arena: Arena | FreshPages | None = None

#: Held while code is written, and around a fork: a child's copy has all code that its objects know of.
_placing = threading.RLock()


def arena() -> Arena | FreshPages:
    """The process's arena, made at first use."""
    return _arena or _make_arena()


def _make_arena() -> Arena | FreshPages:
    global _arena
    with _placing:
        if _arena is None:
            # A debugger cannot set breakpoints in a file's pages.
            fresh = os.environ.get("JITPY_FRESH_PAGES") or "JITPY_GDB" in _TOOLS
            try:
                made: Arena | FreshPages = FreshPages() if fresh else Arena()
            except OSError:
                made = FreshPages()
            _arena = made
            os.register_at_fork(
                before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child
            )
    return _arena


def _before_fork() -> None:
    _placing.acquire()
    arena().before_fork()


def _after_fork_in_parent() -> None:
    arena().after_fork_in_parent()
    _placing.release()


def _after_fork_in_child() -> None:
    global _placing
    arena().after_fork_in_child()
    _placing = threading.RLock()


class Image:
    """Machine code as data: what `load` needs of a code module, and what the caches keep.

    ``frames`` is for unwinding: of each function its start, size, and the fields of `CompiledFunction` that say how its
    frame is built: entry, prologue_end, frame_size, saved, returns.
    """

    __slots__ = ("code", "frames", "relocs", "symbols")

    def __init__(
        self, code: bytes, symbols: dict[str, int], relocs: list[tuple[int, str, str, int]],
        frames: list[tuple[Any, ...]] | None = None,
    ) -> None:  # fmt: skip
        self.code = code
        self.symbols = symbols
        self.relocs = relocs
        self.frames = frames or []

    def parts(self) -> tuple[Any, ...]:
        """What makes it again."""
        return self.code, self.symbols, self.relocs, self.frames

    @staticmethod
    def of(module: Any) -> Image:
        """The image of a code module of the backend."""
        frames = [
            (start, len(f.code), f.entry, f.prologue_end, f.frame_size, f.saved, f.returns)
            for start, f in module.functions
            if getattr(f, "prologue_end", 0)  # tables of the math library have none
        ]
        return Image(bytes(module.code), dict(module.symbols), [tuple(r) for r in module.relocs], frames)


class Loaded:
    """Code at an address: ``address`` of the blob, ``symbols`` (name -> address). Freed with the last reference to it.

    ``keep`` holds what the code refers to by address: constants, other loaded code.
    """

    __slots__ = ("__weakref__", "address", "keep", "registrations", "size", "symbols")

    def __init__(self, at: int, size: int, symbols: dict[str, int], keep: Any) -> None:
        self.address = at
        self.size = size
        self.symbols = symbols
        self.keep = keep
        self.registrations: list[object] = []

    def __del__(self, ending: Callable[[], bool] = sys.is_finalizing) -> None:
        # At the interpreter's end objects go in any order, and the collector may still visit jitted functions: code stays.
        if not ending() and _arena is not None:
            self.registrations.clear()
            _arena.release(self.address, self.size)


def load(module: Image, externs: Mapping[str, int] | Callable[[str], int], keep: Any = None) -> Loaded:
    """Place an image in the arena, filling its relocations from ``externs`` (a table or a function)."""
    blob = bytearray(module.code)
    place = arena()
    at = place.allocate(len(blob))
    symbols = {name: at + offset for name, offset in module.symbols.items()}
    resolve: Callable[[str], int] = externs if callable(externs) else externs.__getitem__
    try:
        for offset, kind, symbol, addend in module.relocs:
            target = symbols[symbol] if symbol in symbols else resolve(symbol)
            if kind == "abs8":
                value = target + addend & 0xFFFFFFFFFFFFFFFF
                blob[offset : offset + 8] = value.to_bytes(8, "little")
            elif kind == "pcrel4":
                distance = target + addend - (at + offset)
                if not -(1 << 31) <= distance < 1 << 31:
                    raise OverflowError(f"%{symbol} is beyond the reach of a near call; call it without 'colocated'")
                blob[offset : offset + 4] = (distance & 0xFFFFFFFF).to_bytes(4, "little")
            else:
                raise ValueError(f"relocation kind {kind!r} cannot be applied in memory")
    except BaseException:
        place.release(at, len(blob))
        raise
    with _placing:
        place.write(at, bytes(blob))
    loaded = Loaded(at, len(blob), symbols, keep)
    if _TOOLS:
        from jitpy.runtime.debuggers import registrations

        loaded.registrations = registrations(loaded, module, _TOOLS)
    return loaded


#: Tools to be told about all code (see `debuggers`).
_TOOLS = [name for name in ("JITPY_PERF_MAP", "JITPY_UNWIND", "JITPY_GDB") if os.environ.get(name)]
